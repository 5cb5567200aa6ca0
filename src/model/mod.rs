//! The nouns of the project and their arithmetic.
//!
//! Guarantees: no I/O, no clock, no async, no text for users; every interval is half-open; every
//! length, time and share is an integer inside and becomes a decimal only where it is printed.
//! Must not import any other room.

mod diagnostic;
mod duration;
mod id;
mod incident;
mod interval;
mod inventory;
mod params;
mod round;
mod sample;
mod scaled;
mod state;
mod time;

pub use diagnostic::{Diagnostic, Message, Place, Severity};
pub use duration::{DurationError, format_duration, parse_duration};
pub use id::{
    CalendarId, CarrierId, DeviceId, Id, IdError, NetworkId, ServiceId, SubjectId, UnitId,
};
pub use incident::{Impact, Incident};
pub use interval::{ClassMillis, StateInterval, check_partition};
pub use inventory::{
    Calendar, Carrier, CarrierIx, Check, CheckKind, Connection, Contact, Device, Inventory,
    Location, Network, NetworkIx, Service, ServiceLevel, Subject, SubjectDetail, SubjectIx,
    SubjectKind, Tier, Unit, UnitIx, UnitKind, Via,
};
pub use params::{HealthParams, Misfit, PingParams, misfit};
pub use round::{MAX_PINGS_PER_ROUND, Round, RoundError, Rtts};
pub use sample::Sample;
pub use scaled::{format_scaled, parse_scaled};
pub use state::State;
pub use time::{Span, UnixMs};
