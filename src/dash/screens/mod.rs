//! The screens: each draws itself into the area given and changes nothing.

pub(super) mod carriers;
pub(super) mod channels;
pub(super) mod chart;
pub(super) mod chrome;
pub(super) mod closed;
pub(super) mod confirm;
pub(super) mod coverage;
pub(super) mod device;
pub(super) mod devices;
pub(super) mod dialog;
pub(super) mod facts;
pub(super) mod heat;
pub(super) mod help;
pub(super) mod incidents;
pub(super) mod lines;
pub(super) mod log;
pub(super) mod map;
pub(super) mod outage;
pub(super) mod palette;
pub(super) mod said;
pub(super) mod search;
pub(super) mod subject;
pub(super) mod take;
pub(super) mod wall;
pub(super) mod work;
pub(super) mod works;
