//! The nouns of the project and their arithmetic.
//!
//! Guarantees: no I/O, no clock, no async, no text for users; every interval is half-open; every
//! length, time and share is an integer inside and becomes a decimal only where it is printed.
//! Must not import any other room.

mod calendar;
mod cause;
mod credential;
mod diagnostic;
mod duration;
mod hidden;
mod id;
mod incident;
mod index;
mod interval;
mod inventory;
mod kept;
mod limits;
mod maintenance;
mod metric;
mod moment;
mod neighbour;
mod note;
mod params;
mod penalty;
mod plan;
mod point;
mod recurrence;
mod round;
mod sample;
mod scaled;
mod sentinel;
mod service;
mod source;
mod state;
mod storm;
mod subject;
mod time;
mod trouble;
mod unit;
mod untrusted;

pub use calendar::Calendar;
pub use cause::{Cause, Guess, Sign};
pub use credential::{AuthKind, Credential, Keys, PrivKind, Secret, Security, SnmpParams};
pub use diagnostic::{Diagnostic, Message, Place, Severity};
pub use duration::{DurationError, format_duration, parse_duration};
pub use hidden::{is_hidden, push_visible};
pub use id::{
    CalendarId, CarrierId, CredentialId, DeviceId, Id, IdError, NetworkId, ServiceId, SubjectId,
    UnitId,
};
pub use incident::{Ack, AlertSeverity, Impact, Incident, IncidentId};
pub use index::{CalendarIx, CarrierIx, NetworkIx, SubjectIx, UnitIx};
pub use interval::{ClassMillis, StateInterval, check_partition};
pub use inventory::{Carrier, Inventory, Network, ServiceLevel};
pub use kept::{KeptIncident, Told};
pub use limits::{Band, Limits};
pub use maintenance::{Maintenance, OnAt, WorkHours, WorkedOn, is_planned, planned_spans};
pub use metric::Metric;
pub use moment::Moment;
pub use neighbour::{Beside, Neighbour, Seeing};
pub use note::{NoOutageId, OutageId, OutageNote};
pub use params::{HealthParams, Misfit, PingParams, misfit};
pub use penalty::{Penalty, PenaltyStep};
pub use plan::{PlanItem, Progress, Rung};
pub use point::{Point, PointKind};
pub use recurrence::{
    DAYS, NoRecurrence, Recurrence, days_of, minute_of_day, time_of_day, weekday,
};
pub use round::{MAX_PINGS_PER_ROUND, Round, RoundError, Rtts};
pub use sample::Sample;
pub use scaled::{format_scaled, parse_scaled};
pub use sentinel::Sentinel;
pub use service::{DnsRecord, HttpAsk, ServiceAsk, ServiceCheck, TlsAsk};
pub use source::Source;
pub use state::State;
pub use storm::{Storm, StormEnd, StormOver, storm_name};
pub use subject::{
    Check, CheckKind, Connection, Device, PortSpeed, Service, Subject, SubjectDetail, SubjectKind,
    Via,
};
pub use time::{Span, UnixMs};
pub use trouble::{ServiceTrouble, SnmpTrouble, Threshold};
pub use unit::{Contact, Location, Tier, Unit, UnitKind};
pub use untrusted::Untrusted;
