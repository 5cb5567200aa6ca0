//! The data integration centre's services, answering at addresses of the namespace's own: web pages,
//! mail, names. They live and die with what the world says of them, and answer as late.
//!
//! Guarantees: a certificate of each HTTPS service, signed by an authority of this run alone; who is
//! silent in the world takes the connection and says nothing. Must not be used outside a namespace.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;

use super::namespace::LOOPBACK;
use super::netlink::Netlink;
use super::world::{Moment, World};
use crate::model::{CheckKind, HttpAsk, Inventory, ServiceAsk, SubjectIx, UnixMs};

/// Most of a request that is read, in bytes.
const REQUEST_MAX: usize = 8_192;
/// A silent service closes the connection after so long at last.
const SILENT: Duration = Duration::from_secs(60);
/// How long most certificates last, and that of the mail server: somebody has to order another one.
const DAYS: i64 = 200;
const DAYS_OF_MAIL: i64 = 12;

/// Why the services could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// An address or a port.
    #[error("{step}: {source}")]
    Io {
        /// What was tried.
        step: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A certificate.
    #[error("make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS with it.
    #[error("set up TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// The authority that signs the services' certificates in this run.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// [`ServicesError::Certificate`].
    pub fn new() -> Result<Self, ServicesError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "tuantra demo");
        Ok(Self(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// Its certificate, as whoever trusts it needs it.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    fn acceptor(&self, name: &str, now: UnixMs) -> Result<TlsAcceptor, ServicesError> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        let days = if name.starts_with("mail.") { DAYS_OF_MAIL } else { DAYS };
        let end = (now.0 / 1_000 + days * 86_400).unsigned_abs();
        params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(end);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.0)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// What all services of a province share.
struct Province {
    world: World,
    clock: fn() -> UnixMs,
    /// As it is until something changes.
    moment: Mutex<Moment>,
}

impl Province {
    /// How long an answer of a subject takes; `None` when there is none.
    fn delay(&self, subject: SubjectIx) -> Option<Duration> {
        let now = (self.clock)();
        // It is replaced whole: a holder that broke has left a good one behind.
        let mut moment = self.moment.lock().unwrap_or_else(PoisonError::into_inner);
        if !moment.span.contains(now) {
            *moment = self.world.moment(now);
        }
        let reach = moment.reach(subject);
        reach.live.then(|| Duration::from_micros(reach.delay_us.into()))
    }
}

/// Who answers at one port.
#[derive(Debug, Clone)]
struct Post {
    subject: SubjectIx,
    ask: ServiceAsk,
}

/// Gives the services of `world`'s inventory their addresses, and answers there, on a thread of its
/// own, until the process ends. Must be called inside the namespace.
///
/// # Errors
/// [`ServicesError`].
pub fn start(
    world: World,
    authority: Authority,
    clock: fn() -> UnixMs,
) -> Result<(), ServicesError> {
    let step = |step| move |source| ServicesError::Io { step, source };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(step("start the services"))?;
    let (told, outcome) = mpsc::channel();
    let work = move || {
        runtime.block_on(async {
            // Whoever started it waits for this.
            let _ = told.send(answer(world, &authority, clock).await);
            std::future::pending::<()>().await;
        });
    };
    let named = std::thread::Builder::new().name("services".to_owned());
    named.spawn(work).map_err(step("start the services"))?;
    let gone = || io::Error::other("its thread ended");
    outcome.recv().map_err(|_| gone()).map_err(step("start the services"))?
}

async fn answer(
    world: World,
    authority: &Authority,
    clock: fn() -> UnixMs,
) -> Result<(), ServicesError> {
    let inventory = Arc::clone(world.inventory());
    let moment = Mutex::new(world.moment(clock()));
    let province = Arc::new(Province { world, clock, moment });
    let posts = posts(&inventory);
    let step = |step| move |source| ServicesError::Io { step, source };
    let mut netlink = Netlink::open().map_err(step("open netlink"))?;
    let mut addresses: Vec<IpAddr> = posts.keys().map(|at| at.ip()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    for address in addresses {
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        netlink.address(LOOPBACK, address, prefix).map_err(step("add a service's address"))?;
    }
    for (at, post) in posts {
        if let ServiceAsk::Dns { .. } = post.ask {
            let socket = UdpSocket::bind(at).await.map_err(step("bind a name server"))?;
            tokio::spawn(names(socket, post, Arc::clone(&province)));
            continue;
        }
        let tls = match &post.ask {
            ServiceAsk::Http(http) => http.tls.as_ref(),
            ServiceAsk::Tls(tls) => Some(tls),
            _ => None,
        };
        let acceptor = tls.map(|tls| authority.acceptor(&tls.name, clock())).transpose()?;
        let listener = TcpListener::bind(at).await.map_err(step("bind a service"))?;
        tokio::spawn(accept(listener, acceptor, post, Arc::clone(&province)));
    }
    Ok(())
}

/// By address and port; of several checks at one the first decides what is said there, a request
/// before a handshake.
fn posts(inventory: &Inventory) -> HashMap<SocketAddr, Post> {
    let mut posts: HashMap<SocketAddr, Post> = HashMap::new();
    for subject in inventory.subject_ixs() {
        for check in &inventory.subject(subject).checks {
            let CheckKind::Service(service) = &check.kind else { continue };
            // The virtual province has no name servers.
            if check.name.is_some() {
                continue;
            }
            if matches!(service.ask, ServiceAsk::Ntp { .. } | ServiceAsk::Mtu { .. }) {
                continue;
            }
            let post = Post { subject, ask: service.ask.clone() };
            let at = SocketAddr::new(service.address, service.port);
            let known = posts.entry(at).or_insert_with(|| post.clone());
            if matches!(known.ask, ServiceAsk::Tls(_) | ServiceAsk::Tcp { .. }) {
                *known = post;
            }
        }
    }
    posts
}

async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    post: Post,
    province: Arc<Province>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, post) = (acceptor.clone(), post.clone());
        let delay = province.delay(post.subject);
        tokio::spawn(async move {
            // Whoever asks may hang up at any time.
            let _ = talk(stream, acceptor, &post.ask, delay).await;
        });
    }
}

async fn talk(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    ask: &ServiceAsk,
    delay: Option<Duration>,
) -> io::Result<()> {
    let Some(delay) = delay else {
        tokio::time::sleep(SILENT).await;
        return Ok(());
    };
    tokio::time::sleep(delay).await;
    match acceptor {
        Some(acceptor) => say(acceptor.accept(stream).await?, ask).await,
        None => say(stream, ask).await,
    }
}

async fn say(mut stream: impl AsyncRead + AsyncWrite + Unpin, ask: &ServiceAsk) -> io::Result<()> {
    let words = match ask {
        ServiceAsk::Http(http) => {
            if !hear_request(&mut stream).await? {
                return Ok(());
            }
            page(http)
        }
        ServiceAsk::Smtp => "220 mail ESMTP\r\n".to_owned(),
        ServiceAsk::Imap => "* OK IMAP4rev1 ready\r\n".to_owned(),
        ServiceAsk::Tcp { expect: Some(expect) } => expect.to_string(),
        _ => return Ok(()),
    };
    stream.write_all(words.as_bytes()).await?;
    if !matches!(ask, ServiceAsk::Http(_)) {
        // Until the farewell, or the end.
        let _read = stream.read(&mut [0; 64]).await?;
    }
    stream.shutdown().await
}

/// Reads to the end of a request's head.
async fn hear_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<bool> {
    let (mut heard, mut buffer) = (Vec::new(), [0; 1_024]);
    while !heard.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await?;
        if read == 0 || heard.len() > REQUEST_MAX {
            return Ok(false);
        }
        heard.extend_from_slice(&buffer[..read]);
    }
    Ok(true)
}

/// A page on which stands what is expected.
fn page(ask: &HttpAsk) -> String {
    let status = ask.status.first().map_or(200, |(from, _)| *from);
    let text = ask.text.as_deref().unwrap_or("tuantra");
    let body = format!("<!doctype html><title>{text}</title>\n");
    format!(
        "HTTP/1.1 {status} OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )
}

async fn names(socket: UdpSocket, post: Post, province: Arc<Province>) {
    let ServiceAsk::Dns { answer, .. } = &post.ask else { return };
    let address = answer.as_ref().and_then(|answer| answer.parse::<std::net::Ipv4Addr>().ok());
    let mut buffer = [0; 1_500];
    while let Ok((read, from)) = socket.recv_from(&mut buffer).await {
        let Some(delay) = province.delay(post.subject) else { continue };
        let Some(said) = named(&buffer[..read], address) else { continue };
        tokio::time::sleep(delay).await;
        // Nobody may listen any more.
        let _ = socket.send_to(&said, from).await;
    }
}

/// The answer to a question for an IPv4 address (RFC 1035); `None` of what is no question.
fn named(question: &[u8], address: Option<std::net::Ipv4Addr>) -> Option<Vec<u8>> {
    let mut end = 12;
    while *question.get(end)? != 0 {
        end += 1 + usize::from(question[end]);
    }
    let asked = question.get(12..end + 5)?;
    let count = u8::from(address.is_some());
    let mut said = vec![question[0], question[1], 0x85, 0, 0, 1, 0, count, 0, 0, 0, 0];
    said.extend_from_slice(asked);
    if let Some(address) = address {
        said.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
        said.extend_from_slice(&address.octets());
    }
    Some(said)
}
