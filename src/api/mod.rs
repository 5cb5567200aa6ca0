//! What the daemon and its clients say to each other over the Unix socket: the types of the
//! protocol, the server's routes and the client. No decision about health is made here.

mod types;

pub use types::{
    CarrierInfo, Change, DaemonInfo, History, NetworkInfo, Problem, ReloadFailure, Snapshot,
    SubjectRow, SubjectState, UnitCoverage, UnitRow,
};
