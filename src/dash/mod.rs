//! The terminal dashboard.
//!
//! One direction: a [`Source`] gives snapshots and changes, [`link`] keeps them in a [`Board`] and
//! says how fresh they are, [`update()`] turns keys into a new [`Ui`] and [`Cmd`]s, [`view()`] draws
//! board and ui into a buffer. `update` and `view` are pure: time comes in as an argument, nothing
//! is read from a clock, a socket or a file; only [`run`] does that.
//!
//! Must not know where the data come from (socket or store) and must never show old data as if
//! they were fresh: see [`Freshness`](state::Freshness).

mod actions;
pub mod answers;
mod api_source;
mod bell;
mod board;
pub mod closed;
mod command;
pub mod confirm;
mod detail;
mod draw;
pub mod drift;
mod errands;
pub mod export;
pub mod fetched;
pub mod form;
mod frames;
mod fresh;
mod hangup;
pub mod heat;
mod key;
pub mod keys;
pub mod lens;
pub mod link;
pub mod loads;
pub mod log;
pub mod map;
pub mod mouse;
pub mod notice;
pub mod outage;
pub mod palette;
pub mod place;
pub mod reports;
mod rows;
mod run;
pub mod saved;
mod screens;
pub mod search;
mod settle;
mod source;
mod standing;
pub mod state;
pub mod storm;
mod tabs;
pub mod take;
mod terminal;
mod theme;
mod times;
mod travel;
mod update;
mod view;
mod words;
pub mod work;
pub mod works;

pub use api_source::ApiSource;
pub use board::Board;
pub use frames::Frames;
pub use link::{Feed, Link};
pub use run::{DashError, Options, run};
pub use source::{Answer, Changes, Outcome, Refusal, ReportMaker, Source, SourceError};
pub use state::{Action, Cmd, Ui};
pub use theme::{Colours, Theme};
pub use update::update;
pub use view::{Scene, view};
