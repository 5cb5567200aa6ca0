//! The screens: each draws itself into the area given and changes nothing.

pub(super) mod carriers;
pub(super) mod channels;
pub(super) mod chart;
pub(super) mod chrome;
pub(super) mod coverage;
pub(super) mod device;
pub(super) mod devices;
pub(super) mod drift;
pub(super) mod facts;
pub(super) mod heat;
pub(super) mod help;
pub(super) mod incidents;
pub(super) mod lines;
pub(super) mod log;
pub(super) mod map;
pub(super) mod palette;
pub(super) mod reports;
pub(super) mod saving;
pub(super) mod search;
pub(super) mod storm;
pub(super) mod subject;
pub(super) mod take;
pub(super) mod wall;
pub(super) mod work;
