//! Incidents → messages → channels, through the durable outbox.
//!
//! ```text
//!  Telling, Incident ─► desk (PURE: whom, when, folded with what) ─► Message rows ─► store
//!                                    ▲                    │
//!                                    │ Outcome            ▼ Parcel (once its row is on the disk)
//!                                 sender: one thread a channel ─► text ─► channel ─► post
//! ```
//! Guarantees: one message per incident and channel; a recovery is told where the trouble was told
//! and nowhere else; nothing is forgotten over a restart; a failing channel neither delays nor
//! repeats another; no secret is in a log, an error or an answer. Must not judge: what there is to
//! tell comes in decided from `health`.

pub mod channel;
pub mod desk;
pub mod facts;
mod lane;
pub mod notice;
pub mod outlet;
pub mod post;
pub mod progress;
pub mod route;
mod row;
pub mod sender;
pub mod text;

pub use desk::{
    ChannelPlan, ChannelTrouble, Desk, Parcel, Plan, STORMS_MAX, Sight, StormChange, StormStand,
};
pub use notice::{Notice, Severity, StormNote, Subject, Topic, UnitName};
pub use progress::Progress;
pub use route::{Router, Scope};
pub use text::{TextError, Texts, Words};
