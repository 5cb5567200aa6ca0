//! Traps and informs: what devices send without being asked.
//!
//! ```text
//! device ──► Receiver (community or user of ours, address of a device of ours) ──► Trap ──► Sooner
//!               └─ an inform is acknowledged                       asked again at once, or in a while
//! ```
//! Guarantees: a trap is never believed, only a reason to ask the device that it comes from; whoever
//! sends them without end has his device asked once in [`EVERY_MS`] and nothing more; the last of
//! several is never lost: the device is asked after it. Must not know what the device then says.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::wire::Oid;
use super::wire::ear::{Ear, EarFault, Notice, OwnEngine};
use crate::locale::Lang;
use crate::model::{Credential, DeviceId, Security, UnixMs};
use crate::t;

/// A device is asked because of traps once in so long, in milliseconds.
pub const EVERY_MS: i64 = 5_000;

/// What a notification is about, as far as it is a reason to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum About {
    /// `coldStart` (SNMPv2-MIB): it restarted, perhaps with another configuration.
    ColdStart,
    /// `warmStart` (SNMPv2-MIB).
    WarmStart,
    /// `linkDown` (IF-MIB).
    LinkDown,
    /// `linkUp` (IF-MIB).
    LinkUp,
    /// `authenticationFailure` (SNMPv2-MIB): somebody asked with a wrong credential.
    AuthenticationFailure,
    /// A UPS': on battery, back on mains, battery low and the like.
    Ups,
    /// Anything else: no reason to ask.
    Other,
}

/// `snmpTraps` (SNMPv2-MIB), whose numbers are those of SNMPv1's generic traps, from 1.
const SNMP_TRAPS: &[u32] = &[1, 3, 6, 1, 6, 3, 1, 1, 5];
/// `upsTraps` (UPS-MIB, RFC 1628): `upsTrapOnBattery` and the others.
const UPS_TRAPS: &[u32] = &[1, 3, 6, 1, 2, 1, 33, 2];
/// APC's own (PowerNet-MIB): `upsOnBattery`, `lowBattery`, `powerRestored` … as SNMPv1's become
/// (RFC 3584, section 3.1).
const APC_TRAPS: &[u32] = &[1, 3, 6, 1, 4, 1, 318, 0];
/// Eaton's and Powerware's own (XUPS-MIB): `xupstdOnBattery` and the others.
const EATON_TRAPS: &[u32] = &[1, 3, 6, 1, 4, 1, 534, 1, 11];

impl About {
    /// What a notification of this name (`snmpTrapOID`) is about.
    #[must_use]
    pub fn of(name: &Oid) -> Self {
        let arcs = name.arcs();
        if let Some(rest) = arcs.strip_prefix(SNMP_TRAPS) {
            return match rest {
                [1] => Self::ColdStart,
                [2] => Self::WarmStart,
                [3] => Self::LinkDown,
                [4] => Self::LinkUp,
                [5] => Self::AuthenticationFailure,
                _ => Self::Other,
            };
        }
        let is_ups = [UPS_TRAPS, APC_TRAPS, EATON_TRAPS]
            .iter()
            .any(|prefix| arcs.starts_with(prefix) && arcs.len() > prefix.len());
        if is_ups { Self::Ups } else { Self::Other }
    }

    /// True when its device is asked at once.
    #[must_use]
    pub const fn is_reason_to_ask(self) -> bool {
        !matches!(self, Self::Other)
    }

    /// The word used in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ColdStart => "cold_start",
            Self::WarmStart => "warm_start",
            Self::LinkDown => "link_down",
            Self::LinkUp => "link_up",
            Self::AuthenticationFailure => "authentication_failure",
            Self::Ups => "ups",
            Self::Other => "other",
        }
    }
}

/// One notification from an address of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trap {
    /// Who sent it, by the datagram: anybody in the network can write that, as a rule.
    pub from: IpAddr,
    /// What it is about.
    pub about: About,
    /// For an inform: whether the acknowledgement was sent; `None` of a trap.
    pub acknowledged: Option<bool>,
}

/// Who may send: the addresses of the inventory's devices, to be replaced while it is asked.
#[derive(Debug, Clone, Default)]
pub struct Welcome {
    addresses: Arc<RwLock<HashSet<IpAddr>>>,
    strangers: Arc<AtomicU64>,
}

impl Welcome {
    /// Replaces the addresses.
    pub fn set(&self, addresses: HashSet<IpAddr>) {
        *self.addresses.write().unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    /// Notifications with a community or user of ours that came from elsewhere.
    #[must_use]
    pub fn strangers(&self) -> u64 {
        self.strangers.load(Ordering::Relaxed)
    }

    fn lets_in(&self, from: IpAddr) -> bool {
        let addresses = self.addresses.read().unwrap_or_else(PoisonError::into_inner);
        let is_known = addresses.contains(&from);
        if !is_known {
            self.strangers.fetch_add(1, Ordering::Relaxed);
        }
        is_known
    }
}

/// What a [`Receiver`] is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// Address and port.
    pub listen: SocketAddr,
    /// Whose communities and users are accepted.
    pub credentials: Vec<Credential>,
    /// Where our SNMPv3 engine is kept.
    pub engine_file: PathBuf,
}

/// Why notifications cannot be received.
#[derive(Debug, thiserror::Error)]
pub enum TrapError {
    /// The address cannot be had.
    #[error("{}", unheard(listen, source))]
    Listen {
        /// Which.
        listen: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The library refuses what it is given.
    #[error("{}", t!(Lang::En, "reason.traps_refused", detail = .0))]
    Refused(String),
    /// The socket or the engine failed while it listened.
    #[error("{}", t!(Lang::En, "reason.traps_failed", detail = .0))]
    Failed(String),
}

/// Why an address cannot be had, and what to do.
fn unheard(listen: &SocketAddr, source: &io::Error) -> String {
    let key = match source.kind() {
        io::ErrorKind::PermissionDenied => "reason.traps_denied",
        io::ErrorKind::AddrInUse => "reason.traps_taken",
        io::ErrorKind::AddrNotAvailable => "reason.traps_no_address",
        _ => "reason.traps_unheard",
    };
    t!(Lang::En, key, listen = listen, detail = source)
}

/// Listens for notifications.
pub struct Receiver {
    ear: Ear,
    /// Why no SNMPv3 is heard although there are users.
    deaf: Option<String>,
}

impl Receiver {
    /// Opens the socket; our engine begins anew and counts that. An engine that cannot be kept
    /// costs SNMPv3 alone, see [`Self::deaf`].
    ///
    /// # Errors
    /// [`TrapError`], naming the fix.
    pub async fn open(listening: &Listening, welcome: &Welcome) -> Result<Self, TrapError> {
        let is_v3 = |c: &Credential| matches!(c.security, Security::V3 { .. });
        let file = &listening.engine_file;
        let (engine, deaf) = if listening.credentials.iter().any(is_v3) {
            match OwnEngine::take_up(file) {
                Ok(engine) => (Some(engine), None),
                Err(error) => {
                    let file = file.display();
                    (None, Some(t!(Lang::En, "reason.traps_deaf", file = file, detail = error)))
                }
            }
        } else {
            (None, None)
        };
        let welcome = welcome.clone();
        let ear = Ear::open(listening.listen, &listening.credentials, engine, move |from| {
            welcome.lets_in(from)
        });
        match ear.await {
            Ok(ear) => Ok(Self { ear, deaf }),
            Err(EarFault::Socket(source)) => {
                Err(TrapError::Listen { listen: listening.listen, source })
            }
            Err(EarFault::Other(what)) => Err(TrapError::Refused(what)),
        }
    }

    /// The address it listens on, with the port that the system chose where none was named.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.ear.address()
    }

    /// Why no SNMPv3 is heard although there are users (English, for the log and the status).
    #[must_use]
    pub fn deaf(&self) -> Option<&str> {
        self.deaf.as_deref()
    }

    /// Messages of SNMPv3 that were not believed: unknown user, wrong key, replayed.
    #[must_use]
    pub fn disbelieved(&self) -> u64 {
        self.ear.disbelieved()
    }

    /// The next notification; one that is lost when this is given up was not acknowledged, or its
    /// device is asked in its turn.
    ///
    /// # Errors
    /// [`TrapError::Failed`]; it may be called again after a while.
    pub async fn next(&self) -> Result<Trap, TrapError> {
        let heard = self.ear.next().await;
        let notice = heard.map_err(|fault| TrapError::Failed(format!("{fault:?}")))?;
        let Notice { from, what, acknowledged } = notice;
        let about = what.as_ref().map_or(About::Other, About::of);
        Ok(Trap { from, about, acknowledged })
    }
}

/// Which devices are asked sooner because of their traps, and when.
#[derive(Debug, Default)]
pub struct Sooner {
    devices: HashMap<DeviceId, Hurried>,
}

#[derive(Debug, Clone, Copy)]
struct Hurried {
    last: UnixMs,
    is_owed: bool,
}

impl Hurried {
    /// A clock that was set back must not silence anybody.
    fn is_over(self, now: UnixMs) -> bool {
        !(0..EVERY_MS).contains(&now.since(self.last))
    }
}

impl Sooner {
    /// A trap came from a device: true when it is to be asked now; otherwise it is asked when its
    /// time has come, see [`Self::due`].
    pub fn wants(&mut self, device: &DeviceId, now: UnixMs) -> bool {
        match self.devices.get_mut(device) {
            Some(hurried) if !hurried.is_over(now) => {
                hurried.is_owed = true;
                false
            }
            _ => {
                self.devices.insert(device.clone(), Hurried { last: now, is_owed: false });
                true
            }
        }
    }

    /// It is being asked already, and may have answered before what the trap tells of: it is asked
    /// once more.
    pub fn owe(&mut self, device: &DeviceId, now: UnixMs) {
        let hurried = Hurried { last: now, is_owed: true };
        self.devices.entry(device.clone()).or_insert(hurried).is_owed = true;
    }

    /// Those whose time has come, to be asked now.
    pub fn due(&mut self, now: UnixMs) -> Vec<DeviceId> {
        let mut due = Vec::new();
        self.devices.retain(|device, hurried| {
            if !hurried.is_over(now) {
                return true;
            }
            if hurried.is_owed {
                due.push(device.clone());
            }
            let was_owed = hurried.is_owed;
            *hurried = Hurried { last: now, is_owed: false };
            was_owed
        });
        due
    }
}

#[cfg(test)]
#[path = "traps_tests.rs"]
mod tests;
