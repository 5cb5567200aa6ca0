//! What devices send without being asked, as the library has it: traps and informs.
//!
//! Guarantees: nothing is handed on, and no inform acknowledged, that does not come from a welcome
//! address with a community or user of ours; whoever has a passphrase has used it.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use async_snmp::notification::{
    InformAckOutcome, Notification, NotificationAcceptance, NotificationEnvelope,
    NotificationReceiver,
};
use async_snmp::v3::generate_engine_id;
use async_snmp::{
    AuthoritativeEngine, DesSaltState, Error, PersistedAuthoritativeEngine, PersistedDesSaltState,
    SecurityLevel,
};

use super::{Fault, Oid, fault, master_keys};
use crate::model::{Credential, PrivKind, Security};
use crate::probe::snmp::engine::{self, Kept};

/// Our own SNMPv3 engine: informs are addressed to it, under its number of starts.
pub(in crate::probe::snmp) struct OwnEngine(AuthoritativeEngine);

impl OwnEngine {
    /// Takes up the engine that is kept in a file, one start later; a new one where there is none.
    ///
    /// # Errors
    /// The file cannot be read or written. What is no engine gives way to a new one, which senders
    /// discover.
    pub(in crate::probe::snmp) fn take_up(file: &Path) -> io::Result<Self> {
        let path = file.to_owned();
        let keep = move |state: &PersistedAuthoritativeEngine| {
            engine::save(
                &path,
                &Kept { id: state.engine_id().to_vec(), boots: state.engine_boots() },
            )
        };
        let kept = engine::load(file)?
            .and_then(|kept| PersistedAuthoritativeEngine::new(kept.id, kept.boots).ok());
        let begun = match kept {
            Some(kept) => AuthoritativeEngine::restart(kept, keep),
            None => {
                generate_engine_id().and_then(|id| AuthoritativeEngine::install(id.to_vec(), keep))
            }
        };
        begun.map(Self).map_err(|error| match *error {
            Error::AuthoritativeEnginePersistence(kept) => {
                let known = kept.downcast_source_ref::<io::Error>();
                io::Error::new(known.map_or(io::ErrorKind::Other, io::Error::kind), kept)
            }
            other => io::Error::other(other.to_string()),
        })
    }

    /// DES needs numbers of starts that never come again: the engine's.
    fn salt(&self) -> Option<DesSaltState> {
        let nothing_to_keep = |_: &PersistedDesSaltState| Ok::<(), io::Error>(());
        match PersistedDesSaltState::new(self.0.engine_boots().saturating_sub(1)) {
            Ok(before) => DesSaltState::restart(before, nothing_to_keep).ok(),
            Err(_) => DesSaltState::install(nothing_to_keep).ok(),
        }
    }
}

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe::snmp) struct Notice {
    /// Who sent it, by the datagram.
    pub from: IpAddr,
    /// What it is about (`snmpTrapOID`).
    pub what: Option<Oid>,
    /// For an inform: whether the acknowledgement was sent.
    pub acknowledged: Option<bool>,
}

/// A socket on which notifications are heard.
pub(in crate::probe::snmp) struct Ear(NotificationReceiver);

impl Ear {
    /// Listens. Hashes a megabyte for each passphrase. Without an engine no SNMPv3 is heard.
    ///
    /// # Errors
    /// [`Fault::Local`], with the system's error where the address cannot be had.
    pub(in crate::probe::snmp) async fn open(
        listen: SocketAddr,
        credentials: &[Credential],
        engine: Option<OwnEngine>,
        is_welcome: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
    ) -> Result<Self, EarFault> {
        let other = |error: &dyn std::fmt::Display| EarFault::Other(error.to_string());
        let mut builder = NotificationReceiver::builder().bind(listen.to_string());
        let mut has_communities = false;
        let mut keyed: HashSet<Vec<u8>> = HashSet::new();
        let mut users: HashSet<&str> = HashSet::new();
        for credential in credentials {
            match &credential.security {
                Security::V1 { community } | Security::V2c { community } => {
                    builder = builder.community(community.reveal().as_bytes());
                    has_communities = true;
                }
                // The first of two users of one name: a receiver can have only one.
                Security::V3 { user, keys, .. } if engine.is_some() && users.insert(user) => {
                    let name = user.clone().into_bytes();
                    let master = keys.as_ref().map(master_keys).transpose();
                    let master = master.map_err(|error| other(&error))?;
                    if master.is_some() {
                        keyed.insert(name.clone());
                    }
                    let with_keys = builder.usm_user(name, |user| match master {
                        Some(master) => user.with_master_keys(master),
                        None => Ok(user),
                    });
                    builder = with_keys.map_err(|error| other(&error))?;
                }
                Security::V3 { .. } => {}
            }
        }
        if let Some(engine) = engine {
            let uses_des = credentials.iter().any(|credential| {
                matches!(&credential.security, Security::V3 { keys: Some(keys), .. }
                    if matches!(keys.privacy, Some((PrivKind::Des, _))))
            });
            if let Some(salt) = uses_des.then(|| engine.salt()).flatten() {
                builder = builder.des_salt_state(salt);
            }
            builder = builder.authoritative_engine(engine.0);
        }
        let builder = builder.acceptance_policy(move |said: &NotificationEnvelope<'_>| {
            let is_ours = match said.security_level {
                // Where no community is ours, the library takes any.
                None => has_communities,
                // Whoever has a passphrase and does not use it is anybody.
                Some(SecurityLevel::NoAuthNoPriv) => {
                    said.username.is_some_and(|user| !keyed.contains(user))
                }
                Some(_) => true,
            };
            // Asked last: it counts strangers among those who know a community.
            if is_ours && is_welcome(said.source.ip().to_canonical()) {
                NotificationAcceptance::Accept
            } else {
                NotificationAcceptance::Reject
            }
        });
        builder.build().await.map(Self).map_err(|error| match *error {
            Error::Network { source, .. } => EarFault::Socket(source),
            error => other(&error),
        })
    }

    /// The address it is bound to, with the port that the system chose where none was named.
    pub(in crate::probe::snmp) fn address(&self) -> SocketAddr {
        self.0.local_addr()
    }

    /// Messages of SNMPv3 that were not believed: unknown user, wrong key, replayed.
    pub(in crate::probe::snmp) fn disbelieved(&self) -> u64 {
        let counts = [
            self.0.usm_unknown_usernames(),
            self.0.usm_wrong_digests(),
            self.0.usm_not_in_time_windows(),
        ];
        counts.into_iter().map(u64::from).sum()
    }

    /// The next notification; an inform has been acknowledged by then.
    ///
    /// # Errors
    /// [`Fault`] of our own side; it may be called again.
    pub(in crate::probe::snmp) async fn next(&self) -> Result<Notice, Fault> {
        let heard = self.0.recv().await.map_err(|error| fault(&error))?;
        let acknowledged = heard.inform_ack.map(|ack| matches!(ack, InformAckOutcome::Sent));
        let from = heard.source.ip().to_canonical();
        let what = Notification::trap_oid(&heard.notification).ok();
        Ok(Notice { from, what, acknowledged })
    }
}

/// Why nothing can be heard.
#[derive(Debug)]
pub(in crate::probe::snmp) enum EarFault {
    /// The address cannot be had.
    Socket(io::Error),
    /// The library refuses something else.
    Other(String),
}
