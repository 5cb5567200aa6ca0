//! The batched ICMP engine for Linux: one thread, non-blocking sockets, no async inside.
//!
//! Sleeps by ticks, never per packet (a wake-up costs several times a ping): each tick sends what
//! is due, drains the sockets, closes the rounds whose time is up and hands over one batch.
//! Round-trip times come from the kernel's receive stamps, so neither the ticks nor a busy
//! machine show in them. Why it exists: `docs/decisions/0001-own-ping-engine.md`.

mod channel;
mod engine;
mod interfaces;
pub(super) mod lone;
#[cfg(test)]
mod network_tests;
mod packet;
mod slots;
mod socket;
mod stamp;
mod sys;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::mailbox::Mailbox;
use super::outbox::Outbox;
use super::{EngineChoice, EngineKind, Options, ProbeError, Stats};
use channel::Channel;
use engine::Engine;
use packet::Family;
use socket::{IDENTS, Kind};

/// The channels of a machine; one of them may be missing, not both.
#[derive(Debug)]
struct Channels {
    kind: Kind,
    v4: Option<Channel>,
    v6: Option<Channel>,
}

/// Opens the sockets and starts the thread.
pub(super) fn spawn(
    options: Options,
    outbox: Outbox,
) -> Result<(Arc<Mailbox>, JoinHandle<()>), ProbeError> {
    let channels = open(options.engine)?;
    let kind = match channels.kind {
        Kind::Datagram => EngineKind::Datagram,
        Kind::Raw => EngineKind::Raw,
    };
    let stats = Stats::new(kind);
    let mailbox = Arc::new(Mailbox::new(stats));
    let engine = Engine::new(&options, channels, stats, Arc::clone(&mailbox), outbox);
    let thread = std::thread::Builder::new()
        .name("probe".to_owned())
        .spawn(move || engine.run())
        .map_err(ProbeError::Thread)?;
    Ok((mailbox, thread))
}

fn open(choice: EngineChoice) -> Result<Channels, ProbeError> {
    let (kinds, tried): (&[Kind], _) = match choice {
        EngineChoice::Raw => (&[Kind::Raw], "raw"),
        EngineChoice::Datagram => (&[Kind::Datagram], "datagram"),
        EngineChoice::Auto | EngineChoice::Portable => {
            (&[Kind::Datagram, Kind::Raw], "datagram or raw")
        }
    };
    let mut refused = io::Error::from(io::ErrorKind::PermissionDenied);
    for kind in kinds {
        match open_kind(*kind) {
            // Not permitted, or a kernel without this kind: the next one may do.
            Err(ProbeError::Socket { source, .. })
                if matches!(
                    source.raw_os_error(),
                    Some(libc::EACCES | libc::EPERM | libc::EPROTONOSUPPORT)
                ) =>
            {
                refused = source;
            }
            opened => return opened,
        }
    }
    Err(ProbeError::NotPermitted { tried, source: refused })
}

fn open_kind(kind: Kind) -> Result<Channels, ProbeError> {
    let mut random = [0; 2];
    // Identifiers need only differ from other programs'; the tokens are what cannot be guessed.
    if getrandom::fill(&mut random).is_err() {
        random = std::process::id().to_le_bytes()[..2].try_into().unwrap_or_default();
    }
    let block = u16::from_le_bytes(random) & !(IDENTS - 1);
    let v4 = Channel::open(Family::V4, kind, block);
    let v6 = Channel::open(Family::V6, kind, block);
    match (v4, v6) {
        (Ok(v4), Ok(v6)) => Ok(Channels { kind, v4: Some(v4), v6: Some(v6) }),
        (Ok(v4), Err(error)) if socket::is_absent_family(&error) => {
            Ok(Channels { kind, v4: Some(v4), v6: None })
        }
        (Err(error), Ok(v6)) if socket::is_absent_family(&error) => {
            Ok(Channels { kind, v4: None, v6: Some(v6) })
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}
