//! How questions go out and answers come in. SNMPv3 is the library's: this is the one file of the
//! patrol that names it (`sim/agent.rs` does for the demo's devices). SNMPv1 and v2c, which most
//! devices speak, are our own ([`plain`]): the library takes four times as long over them.
//!
//! Guarantees: one try a question (a retry is the caller's, so that it gets numbers of its own); an
//! answer counts only from the address asked, under the number asked; what the library calls an
//! error is one of [`Fault`]. Nothing here is logged.

mod ber;
pub(super) mod ear;
mod plain;
mod post;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_snmp::{
    Auth, AuthProtocol, Client, DesSaltState, EngineCache, Error, MasterKeys,
    PersistedDesSaltState, PrivProtocol, Retry, UdpClient, UdpTransport, UsmConfig, VarBind,
};
pub use async_snmp::{ErrorStatus, Oid, Value};

pub(super) use plain::Plain;
pub(super) use post::Key;
use post::Post;
use tokio::sync::OnceCell;

use super::error::Report;
use super::values::Values;
use crate::model::{AuthKind, Keys, PrivKind, Secret, Security, UnixMs};

/// Receive buffer asked for, in bytes: the default holds 256 small answers, and thousands of
/// devices answer in the same second. The system may give less (`net.core.rmem_max`).
const RECEIVE_BUFFER_BYTES: usize = 8 << 20;
/// Most objects of one GET or GETNEXT.
pub(super) const OBJECTS_MAX: usize = 24;
/// Longest wait for a socket's own work.
const OPENING: Duration = Duration::from_secs(5);

/// One UDP socket for all devices of its address family that speak SNMPv3, and one for the others;
/// each opened when it is first needed.
pub(super) struct Socket {
    is_v6: bool,
    plain: OnceCell<Arc<Post>>,
    secure: OnceCell<UdpTransport>,
}

impl Socket {
    /// Opens nothing yet.
    pub(super) fn new(is_v6: bool) -> Self {
        Self { is_v6, plain: OnceCell::new(), secure: OnceCell::new() }
    }

    async fn plain(&self) -> Result<Arc<Post>, Fault> {
        let open = async || Post::open(self.is_v6).map(Arc::new);
        let post = self.plain.get_or_try_init(open).await;
        post.cloned().map_err(|error| Fault::Local(error.to_string()))
    }

    async fn secure(&self) -> Result<&UdpTransport, Fault> {
        let open = async || {
            let builder = UdpTransport::builder()
                .bind(if self.is_v6 { "[::]:0" } else { "0.0.0.0:0" })
                .recv_buffer_size(RECEIVE_BUFFER_BYTES)
                .warn_on_source_mismatch(false);
            builder.build().await.map_err(|error| fault(&error))
        };
        self.secure.get_or_try_init(open).await
    }

    /// Datagrams that answered nothing (late, doubled, forged, from elsewhere) and those that were
    /// no SNMP at all.
    pub(super) fn dropped(&self) -> (u64, u64) {
        let (stray, malformed) = self.plain.get().map_or((0, 0), |post| post.dropped());
        match self.secure.get().map(UdpTransport::stats) {
            Some(stats) => {
                (stray + stats.discarded_datagrams, malformed + stats.malformed_datagrams)
            }
            None => (stray, malformed),
        }
    }
}

/// What an answer by SNMPv1 or v2c holds; `None` of what is no such answer. For whoever has a datagram
/// and no question: the fuzz target.
#[must_use]
pub fn values_of(datagram: &[u8]) -> Option<Vec<(Oid, Value)>> {
    ber::answer(datagram).ok()?.values().ok().map(Vec::from)
}

/// A credential's keys, derived: for SNMPv3 that is a megabyte of hashing for each passphrase.
#[derive(Clone)]
pub(super) enum Access {
    /// A community.
    Plain(Arc<Key>),
    /// A user.
    Secure {
        /// With his keys.
        auth: Auth,
        /// His messages are encrypted by DES.
        is_des: bool,
    },
}

impl Access {
    /// Derives the keys.
    pub(super) fn derive(security: &Security<Secret>) -> Result<Self, Fault> {
        let plain = |version, community: &Secret| {
            let community = community.reveal().as_bytes().to_vec();
            Ok(Self::Plain(Arc::new(Key { version, community })))
        };
        match security {
            Security::V1 { community } => plain(0, community),
            Security::V2c { community } => plain(1, community),
            Security::V3 { user, keys, context } => {
                let mut config = UsmConfig::new(user.clone()).context_name(context.clone());
                if let Some(keys) = keys {
                    config = master_keys(keys)
                        .and_then(|master| config.with_master_keys(master))
                        .map_err(|error| Fault::Local(error.to_string()))?;
                }
                let kind = keys.as_ref().and_then(|keys| keys.privacy.as_ref());
                let is_des = matches!(kind, Some((PrivKind::Des, _)));
                Ok(Self::Secure { auth: config.into(), is_des })
            }
        }
    }
}

fn master_keys(keys: &Keys<Secret>) -> async_snmp::v3::CryptoResult<MasterKeys> {
    let auth = match keys.auth {
        AuthKind::Md5 => AuthProtocol::Md5,
        AuthKind::Sha1 => AuthProtocol::Sha1,
        AuthKind::Sha224 => AuthProtocol::Sha224,
        AuthKind::Sha256 => AuthProtocol::Sha256,
        AuthKind::Sha384 => AuthProtocol::Sha384,
        AuthKind::Sha512 => AuthProtocol::Sha512,
    };
    let master = MasterKeys::new(auth, keys.auth_secret.reveal().as_bytes())?;
    let Some((kind, secret)) = &keys.privacy else { return Ok(master) };
    let privacy = match kind {
        PrivKind::Des => PrivProtocol::Des,
        PrivKind::Aes128 => PrivProtocol::Aes128,
        PrivKind::Aes192 => PrivProtocol::Aes192Blumenthal,
        PrivKind::Aes192Cisco => PrivProtocol::Aes192Reeder,
        PrivKind::Aes256 => PrivProtocol::Aes256Blumenthal,
        PrivKind::Aes256Cisco => PrivProtocol::Aes256Reeder,
    };
    master.with_privacy(privacy, secret.reveal().as_bytes())
}

/// What all SNMPv3 sessions share: the engines met so far with their clocks, and the counter that
/// keeps two DES messages from using one salt.
pub(super) struct Engines {
    cache: Arc<EngineCache>,
    salt: Option<DesSaltState>,
}

impl Engines {
    /// `started_at` takes the place of a number of starts kept on disk: DES needs one that never
    /// comes again (RFC 3414, section 8.1.1.1), and so does the second in which we start.
    pub(super) fn new(started_at: UnixMs) -> Self {
        const EPOCH_2020_MS: i64 = 1_577_836_800_000;
        let second = u32::try_from((started_at.0 - EPOCH_2020_MS) / 1_000).unwrap_or(1).max(1);
        let before = PersistedDesSaltState::new(second).ok();
        let nothing_to_keep = |_: &PersistedDesSaltState| Ok::<(), std::io::Error>(());
        let salt = before.and_then(|state| DesSaltState::restart(state, nothing_to_keep).ok());
        Self { cache: Arc::new(EngineCache::new()), salt }
    }
}

/// Why one try of a question has no whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing came in time, or nothing that counts.
    Silent,
    /// The device says that the answer would be too big.
    TooBig,
    /// The device refuses, naming the object (by its place in the question) or not.
    Refused {
        /// With what word.
        status: ErrorStatus,
        /// Place in the question.
        at: Option<usize>,
    },
    /// The device's SNMPv3 engine refuses the message itself.
    Report(Report),
    /// What came is no answer to what was asked.
    Malformed,
    /// Our own side's.
    Local(String),
}

/// What one try brought: values in the order they came, and why it is not all.
pub(super) type Got = (Values, Option<Fault>);

/// One device, to be asked one thing at a time.
pub(super) enum Link {
    /// By SNMPv1 or v2c.
    Plain(Plain),
    /// By SNMPv3.
    Secure(Box<Secure>),
}

/// One device that speaks SNMPv3.
pub(super) struct Secure {
    client: UdpClient,
    engines: Arc<Engines>,
    address: SocketAddr,
}

impl Link {
    /// Nothing is sent yet.
    pub(super) async fn new(
        socket: &Socket,
        engines: &Arc<Engines>,
        access: &Access,
        address: SocketAddr,
        timeout: Duration,
    ) -> Result<Self, Fault> {
        let (auth, is_des) = match access {
            Access::Plain(key) => {
                let (post, key) = (socket.plain().await?, Arc::clone(key));
                return Ok(Self::Plain(Plain { post, key, address, timeout }));
            }
            Access::Secure { auth, is_des } => (auth.clone(), *is_des),
        };
        let mut builder = Client::builder(address, auth)
            .construction_timeout(OPENING)
            .strict_source(true)
            .request_timeout(timeout)
            .retry(Retry::none())
            .max_oids_per_request(OBJECTS_MAX)
            // Without it a Report such as "wrong digest", which no device can sign, is silence. It
            // is believed only as the reason why there is no answer.
            .allow_unauthenticated_v3_time_correction(true)
            .engine_cache(Arc::clone(&engines.cache));
        if let Some(salt) = engines.salt.as_ref().filter(|_| is_des) {
            builder = builder.des_salt_state(salt.clone());
        }
        let transport = socket.secure().await?;
        let client = builder.build_with(transport).await.map_err(|error| fault(&error))?;
        Ok(Self::Secure(Box::new(Secure { client, engines: Arc::clone(engines), address })))
    }

    /// GET. At most [`OBJECTS_MAX`] objects; a question that is too big is halved.
    pub(super) async fn get(&self, objects: &[Oid]) -> Got {
        match self {
            Self::Plain(plain) => plain.get(objects).await,
            // In a box, here and below: what the library needs for it is kilobytes, and every turn would
            // make room for them.
            Self::Secure(secure) => Box::pin(secure.get(objects)).await,
        }
    }

    /// GETNEXT. At most [`OBJECTS_MAX`] objects; of a question that is too big the rest is for the
    /// next one: an answer's cells are told apart by their places.
    pub(super) async fn next(&self, objects: &[Oid]) -> Got {
        match self {
            Self::Plain(plain) => plain.next(objects).await,
            Self::Secure(secure) => Box::pin(secure.next(objects)).await,
        }
    }

    /// GETBULK, all but the first `singles` objects repeated; `rows` is at least 1.
    pub(super) async fn bulk(&self, objects: Vec<Oid>, singles: u16, rows: u16) -> Got {
        match self {
            Self::Plain(plain) => plain.bulk(objects, singles, rows).await,
            Self::Secure(secure) => Box::pin(secure.bulk(&objects, singles, rows)).await,
        }
    }

    /// The engine that was met at this address, by its id; `None` before the first answer, and for
    /// devices that are not asked by SNMPv3.
    pub(super) fn engine(&self) -> Option<Vec<u8>> {
        match self {
            Self::Plain(_) => None,
            Self::Secure(secure) => secure.engine(),
        }
    }

    /// Forgets the engine and its clock, and asks who is there now; see [`Secure::rediscover`].
    pub(super) async fn rediscover(&self) -> Result<(), Fault> {
        match self {
            // Who has none is not asked for it.
            Self::Plain(_) => Err(Fault::Silent),
            Self::Secure(secure) => Box::pin(secure.rediscover()).await,
        }
    }
}

impl Secure {
    async fn get(&self, objects: &[Oid]) -> Got {
        match self.client.get_many_chunks(objects) {
            Ok(mut chunks) => {
                let mut values = Values::default();
                while let Some(chunk) = chunks.next().await {
                    match chunk {
                        Ok(chunk) => values.append(taken(&chunk.response.varbinds)),
                        Err(error) => {
                            let first = error.failed_request_range.start;
                            return (values, Some(moved(fault(&error.source), first)));
                        }
                    }
                }
                (values, None)
            }
            Err(error) => (Values::default(), Some(fault(&error))),
        }
    }

    async fn next(&self, objects: &[Oid]) -> Got {
        match self.client.get_next_many_chunks(objects) {
            Ok(mut chunks) => match chunks.next().await {
                Some(Ok(chunk)) => (taken(&chunk.response.varbinds), None),
                Some(Err(error)) => {
                    let first = error.failed_request_range.start;
                    (Values::default(), Some(moved(fault(&error.source), first)))
                }
                None => (Values::default(), Some(Fault::Malformed)),
            },
            Err(error) => (Values::default(), Some(fault(&error))),
        }
    }

    async fn bulk(&self, objects: &[Oid], singles: u16, rows: u16) -> Got {
        let (singles, rows) = (u32::from(singles), u32::from(rows));
        match self.client.get_bulk_with_metadata(objects, singles, rows).await {
            Ok(response) => (taken(&response.varbinds), None),
            Err(error) => (Values::default(), Some(fault(&error))),
        }
    }

    fn engine(&self) -> Option<Vec<u8>> {
        self.engines.cache.get(&self.address).map(|engine| engine.engine_id().to_vec())
    }

    /// Forgets the engine and its clock, and asks who is there now. The clock goes, too: a device
    /// whose number of starts went back (restored, or replaced by its twin) is never believed
    /// again otherwise.
    async fn rediscover(&self) -> Result<(), Fault> {
        self.engines.cache.remove(&self.address);
        self.client.rediscover_engine().await.map_err(|error| fault(&error))
    }
}

fn taken(bindings: &[VarBind]) -> Values {
    let mut values = Values::default();
    bindings.iter().for_each(|bound| values.push(bound.oid.arcs(), (&bound.value).into()));
    values
}

/// A refusal's place in the whole question instead of in the part that was sent.
fn moved(fault: Fault, first: usize) -> Fault {
    match fault {
        Fault::Refused { status, at } => Fault::Refused { status, at: at.map(|at| first + at) },
        other => other,
    }
}

fn fault(error: &Error) -> Fault {
    use async_snmp::v3::ReportStatus;
    match error.exchange_source() {
        Error::Timeout { .. } => Fault::Silent,
        Error::Snmp { status: ErrorStatus::TooBig, .. } => Fault::TooBig,
        Error::Snmp { status, index, .. } => {
            let at = usize::try_from(*index).ok().and_then(|index| index.checked_sub(1));
            Fault::Refused { status: *status, at }
        }
        Error::Report { status, .. } => Fault::Report(match **status {
            ReportStatus::UnknownUserName { .. } => Report::UnknownUser,
            ReportStatus::WrongDigest { .. } => Report::WrongDigest,
            ReportStatus::DecryptionError { .. } => Report::DecryptionError,
            ReportStatus::UnsupportedSecurityLevel { .. } => Report::UnsupportedLevel,
            ReportStatus::NotInTimeWindow { .. } => Report::NotInTimeWindow,
            ReportStatus::UnknownEngineId { .. } => Report::UnknownEngine,
            _ => Report::Other,
        }),
        Error::Auth { .. }
        | Error::Decode(_)
        | Error::MalformedResponse { .. }
        | Error::ResponseShape { .. } => Fault::Malformed,
        Error::Network { source, .. } => Fault::Local(source.to_string()),
        other => Fault::Local(other.to_string()),
    }
}
