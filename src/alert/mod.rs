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
pub mod notice;
pub mod text;

pub use notice::{Notice, Severity, Subject, Topic, UnitName};
pub use text::{TextError, Texts, Words};
