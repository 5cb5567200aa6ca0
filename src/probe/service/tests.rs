//! Every kind of check against real listeners on this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::model::{DnsRecord, HttpAsk, Threshold, TlsAsk};

const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Ends its task with the test.
struct Listener(SocketAddr, AbortHandle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.1.abort();
    }
}

/// Answers each connection by `talk`.
async fn listen<F, T>(talk: F) -> Listener
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
    Listener(address, task.abort_handle())
}

/// Says one thing and holds the connection open until the other side closes it.
async fn say(words: &'static [u8]) -> Listener {
    listen(move |mut stream| async move {
        let _ = stream.write_all(words).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await
}

/// Answers each datagram by `reply`; nothing where that is `None`.
async fn datagrams(reply: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> Listener {
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut buffer = [0; 2_048];
        while let Ok((read, from)) = socket.recv_from(&mut buffer).await {
            if let Some(answer) = reply(&buffer[..read]) {
                let _ = socket.send_to(&answer, from).await;
            }
        }
    });
    Listener(address, task.abort_handle())
}

fn check(at: SocketAddr, ask: ServiceAsk) -> ServiceCheck {
    ServiceCheck { address: at.ip(), port: at.port(), timeout_ms: 2_000, ask }
}

async fn ask_it(at: SocketAddr, what: ServiceAsk) -> Result<Detail, Failure> {
    ask(&check(at, what), &nobody(), None).await
}

fn nobody() -> Trust {
    Trust::of(RootCertStore::empty()).unwrap()
}

fn service(trouble: ServiceTrouble) -> Failure {
    Failure::Service(trouble)
}

#[expect(clippy::disallowed_methods, reason = "certificates and time servers go by the wall clock")]
fn now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap()
}

/// A port at which nobody listens.
async fn closed() -> SocketAddr {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn a_tcp_port_that_is_open_closed_or_says_something_else() {
    let ssh = say(b"SSH-2.0-OpenSSH_9.2\r\n").await;
    let tcp = |expect: Option<&str>| ServiceAsk::Tcp { expect: expect.map(Into::into) };
    let open = ask_it(ssh.0, tcp(None)).await.unwrap();
    assert!(open.rtt_us > 0 && open.over.is_none());
    assert!(ask_it(ssh.0, tcp(Some("SSH-2.0"))).await.is_ok());
    let mut other = check(ssh.0, tcp(Some("220 ")));
    other.timeout_ms = 300;
    // It goes on listening: what is expected may still come.
    assert_eq!(ask(&other, &nobody(), None).await, Err(service(ServiceTrouble::Silent)));
    let short = listen(|mut stream| async move {
        let _ = stream.write_all(b"no").await;
    })
    .await;
    assert_eq!(ask_it(short.0, tcp(Some("yes"))).await, Err(service(ServiceTrouble::Unexpected)));
    assert_eq!(ask_it(closed().await, tcp(None)).await, Err(service(ServiceTrouble::Refused)));
}

#[tokio::test]
async fn mail_servers_greet_or_turn_away() {
    let good = say(b"220-mail.vn\r\n220 ESMTP ready\r\n").await;
    assert!(ask_it(good.0, ServiceAsk::Smtp).await.is_ok());
    let busy = say(b"421 too many connections\r\n").await;
    let refused = Err(service(ServiceTrouble::Status(421)));
    assert_eq!(ask_it(busy.0, ServiceAsk::Smtp).await, refused);
    let web = say(b"HTTP/1.1 400 Bad\r\n").await;
    assert_eq!(ask_it(web.0, ServiceAsk::Smtp).await, Err(service(ServiceTrouble::Malformed)));
    let imap = say(b"* OK [CAPABILITY IMAP4rev1] ready\r\n").await;
    assert!(ask_it(imap.0, ServiceAsk::Imap).await.is_ok());
    let bye = say(b"* BYE down for work\r\n").await;
    assert_eq!(ask_it(bye.0, ServiceAsk::Imap).await, Err(service(ServiceTrouble::Unexpected)));
}

fn http() -> HttpAsk {
    HttpAsk {
        tls: None,
        host: "portal.vn".into(),
        path: "/".into(),
        is_head: false,
        status: vec![(200, 399)],
        text: None,
        json: None,
        redirects: 0,
        body_max: 1_000,
    }
}

/// A web server: `/` is a page, `/json` a document, `/moved` a redirect, `/loop` one to itself,
/// `/away` one to another host, `/big` more than is read, `/broken` breaks off, the rest 503.
async fn web_talk(mut stream: TcpStream) {
    let mut asked = Vec::new();
    let mut buffer = [0; 1_024];
    while !asked.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => asked.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let asked = String::from_utf8(asked).unwrap();
    assert!(asked.contains("host: portal.vn"), "{asked}");
    let path = asked.split(' ').nth(1).unwrap();
    let whole = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let moved = |to: &str| whole(&format!("302 Found\r\nlocation: {to}"), "");
    let answer = match path {
        "/" => whole("200 OK", "Cổng thông tin điện tử"),
        "/json" => whole("200 OK", r#"{"checks":[{"state":"UP","left":3}]}"#),
        "/chunked" => "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nCổ\r\n0\r\n\r\n"
            .replace("3\r\nCổ", "4\r\nCổ"),
        "/moved" => moved("/"),
        "/loop" => moved("/loop"),
        "/away" => moved("http://elsewhere.vn/"),
        "/big" => whole("200 OK", &"x".repeat(5_000)),
        "/broken" => "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf".to_owned(),
        "/strange" => "250 hello\r\n\r\n".to_owned(),
        _ => whole("503 Busy", "later"),
    };
    let _ = stream.write_all(answer.as_bytes()).await;
}

#[tokio::test]
async fn an_http_answer_is_judged_by_status_text_json_redirects_and_length() {
    let web = listen(web_talk).await;
    let at = |path: &str, change: &dyn Fn(&mut HttpAsk)| {
        let mut ask = HttpAsk { path: path.into(), ..http() };
        change(&mut ask);
        ServiceAsk::Http(Box::new(ask))
    };
    let text = |text: &'static str| move |ask: &mut HttpAsk| ask.text = Some(text.into());
    let json = |place: &'static str, is: &'static str| {
        move |ask: &mut HttpAsk| ask.json = Some((place.into(), is.into()))
    };
    let follow = |times: u8| move |ask: &mut HttpAsk| ask.redirects = times;

    let page = ask_it(web.0, at("/", &text("Cổng"))).await.unwrap();
    let names: Vec<&str> = page.points.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["http.connect_us", "http.wait_us", "http.body_us"]);
    let parts: i64 = page.points.iter().map(|(_, us)| us).sum();
    assert!(parts <= i64::from(page.rtt_us), "the parts are no longer than the whole");
    for (ask, trouble) in [
        (at("/", &text("Cổng dịch vụ")), Some(ServiceTrouble::Unexpected)),
        (at("/chunked", &text("Cổ")), None),
        (at("/json", &json("/checks/0/state", "UP")), None),
        (at("/json", &json("/checks/0/left", "3")), None),
        (at("/json", &json("/checks/1/state", "UP")), Some(ServiceTrouble::Unexpected)),
        (at("/", &json("/x", "1")), Some(ServiceTrouble::Malformed)),
        (at("/x", &|_| {}), Some(ServiceTrouble::Status(503))),
        (at("/x", &|ask| ask.status = vec![(503, 503)]), None),
        (at("/moved", &|_| {}), None),
        (at("/moved", &|ask| (ask.redirects, ask.text) = (1, Some("Cổng".into()))), None),
        (at("/loop", &follow(4)), Some(ServiceTrouble::Redirected)),
        (at("/away", &follow(4)), Some(ServiceTrouble::Redirected)),
        (at("/big", &|_| {}), None),
        (at("/big", &text("y")), Some(ServiceTrouble::TooLong)),
        (at("/broken", &|_| {}), Some(ServiceTrouble::Closed)),
        (at("/strange", &|_| {}), Some(ServiceTrouble::Malformed)),
    ] {
        let said = ask_it(web.0, ask.clone()).await.err();
        assert_eq!(said, trouble.map(Failure::Service), "{ask:?}");
    }
}

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    fn trust(&self) -> Trust {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.issuer.der().to_vec())).unwrap();
        Trust::of(roots).unwrap()
    }

    /// A web server by TLS whose certificate is for `name` and ends in `year`, or in `days` days.
    async fn serve(&self, name: &str, ends: Ends) -> Listener {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        match ends {
            Ends::Year(year) => {
                params.not_before = date_time_ymd(year - 1, 1, 1);
                params.not_after = date_time_ymd(year, 1, 1);
            }
            Ends::Days(days) => {
                let end = now().as_secs() + days * 86_400;
                params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(end);
            }
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS12])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        listen(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 1_024]).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }
}

#[derive(Clone, Copy)]
enum Ends {
    Year(i32),
    Days(u64),
}

fn tls(name: &str) -> TlsAsk {
    TlsAsk { name: name.into(), expiry_days: 21, is_13_needed: false, is_chain_needed: true }
}

#[tokio::test]
async fn a_certificate_is_judged_by_its_end_its_name_and_who_signed_it() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let trust = ours.trust();
    let good = ours.serve("portal.vn", Ends::Days(90)).await;
    let soon = ours.serve("portal.vn", Ends::Days(10)).await;
    let expired = ours.serve("portal.vn", Ends::Year(2020)).await;
    let strange = theirs.serve("portal.vn", Ends::Days(90)).await;
    let days = |detail: &Detail| {
        detail.points.iter().find(|(name, _)| *name == "tls.days_left").map(|(_, days)| *days)
    };

    let said = ask(&check(good.0, ServiceAsk::Tls(tls("portal.vn"))), &trust, None).await.unwrap();
    assert!(matches!(days(&said), Some(89..=90)), "{said:?}");
    assert_eq!(said.over, None);
    let said = ask(&check(soon.0, ServiceAsk::Tls(tls("portal.vn"))), &trust, None).await.unwrap();
    assert_eq!(said.over, Some(Threshold::Certificate));

    let any_chain = TlsAsk { is_chain_needed: false, ..tls("portal.vn") };
    for (at, ask_tls, trouble) in [
        (expired.0, tls("portal.vn"), Some(ServiceTrouble::Expired)),
        (good.0, tls("mail.vn"), Some(ServiceTrouble::OtherName)),
        (strange.0, tls("portal.vn"), Some(ServiceTrouble::Untrusted)),
        (strange.0, any_chain.clone(), None),
        (expired.0, any_chain.clone(), Some(ServiceTrouble::Expired)),
        (
            strange.0,
            TlsAsk { name: "mail.vn".into(), ..any_chain.clone() },
            Some(ServiceTrouble::OtherName),
        ),
        (
            good.0,
            TlsAsk { is_13_needed: true, ..tls("portal.vn") },
            Some(ServiceTrouble::Handshake),
        ),
    ] {
        let said = ask(&check(at, ServiceAsk::Tls(ask_tls.clone())), &trust, None).await.err();
        assert_eq!(said, trouble.map(Failure::Service), "{ask_tls:?}");
    }
    let plain = say(b"220 ready\r\n").await;
    let said = ask(&check(plain.0, ServiceAsk::Tls(tls("portal.vn"))), &trust, None).await;
    assert_eq!(said, Err(service(ServiceTrouble::Malformed)));

    let by_tls = HttpAsk { tls: Some(tls("portal.vn")), text: Some("ok".into()), ..http() };
    let said = ask(&check(soon.0, ServiceAsk::Http(Box::new(by_tls))), &trust, None).await.unwrap();
    assert_eq!(said.over, Some(Threshold::Certificate));
    assert!(said.points.iter().any(|(name, _)| *name == "http.tls_us"));
}

/// An answer of a name server to a question: its header's flags, and records behind it.
fn dns_answer(question: &[u8], flags: [u8; 2], records: &[&[u8]]) -> Vec<u8> {
    let asked = &question[12..question.len() - 11];
    let count = u8::try_from(records.len()).unwrap();
    let mut said = vec![question[0], question[1], flags[0], flags[1], 0, 1, 0, count, 0, 0, 0, 0];
    said.extend_from_slice(asked);
    records.iter().for_each(|record| said.extend_from_slice(record));
    said
}

const A_RECORD: &[u8] = &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 82, 12, 11];

#[tokio::test]
async fn a_name_server_is_asked_for_a_record() {
    let dns = |record, answer: Option<&str>| ServiceAsk::Dns {
        name: "portal.vn".into(),
        record,
        answer: answer.map(Into::into),
    };
    let good = datagrams(|asked| Some(dns_answer(asked, [0x84, 0], &[A_RECORD]))).await;
    assert!(ask_it(good.0, dns(DnsRecord::A, None)).await.is_ok());
    assert!(ask_it(good.0, dns(DnsRecord::A, Some("10.82.12.11"))).await.is_ok());
    for (ask, trouble) in [
        (dns(DnsRecord::A, Some("10.82.12.12")), ServiceTrouble::OtherRecord),
        (dns(DnsRecord::Aaaa, None), ServiceTrouble::NoRecord),
    ] {
        assert_eq!(ask_it(good.0, ask).await, Err(service(trouble)));
    }
    let missing = datagrams(|asked| Some(dns_answer(asked, [0x84, 3], &[]))).await;
    assert_eq!(
        ask_it(missing.0, dns(DnsRecord::A, None)).await,
        Err(service(ServiceTrouble::Rcode(3)))
    );
    // The first packet is lost, the second answered; a stranger's number before it is passed over.
    let heard = AtomicUsize::new(0);
    let lossy = datagrams(move |asked| match heard.fetch_add(1, Ordering::Relaxed) {
        0 => None,
        _ => Some(dns_answer(asked, [0x84, 0], &[A_RECORD])),
    })
    .await;
    assert!(ask_it(lossy.0, dns(DnsRecord::A, None)).await.is_ok());
    let forged = datagrams(|asked| {
        let mut said = dns_answer(asked, [0x84, 0], &[A_RECORD]);
        said[0] ^= 1;
        Some(said)
    })
    .await;
    assert_eq!(
        ask_it(forged.0, dns(DnsRecord::A, None)).await,
        Err(service(ServiceTrouble::Silent))
    );
}

#[tokio::test]
async fn a_cut_off_answer_of_a_name_server_comes_by_tcp() {
    let tcp = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let at = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(at).await.unwrap();
    let server = tokio::spawn(async move {
        let mut buffer = [0; 512];
        let (read, from) = udp.recv_from(&mut buffer).await.unwrap();
        let cut = dns_answer(&buffer[..read], [0x86, 0], &[]);
        udp.send_to(&cut, from).await.unwrap();
        let (mut stream, _) = tcp.accept().await.unwrap();
        let length = stream.read_u16().await.unwrap();
        let mut asked = vec![0; length.into()];
        stream.read_exact(&mut asked).await.unwrap();
        let said = dns_answer(&asked, [0x84, 0], &[A_RECORD]);
        stream.write_u16(u16::try_from(said.len()).unwrap()).await.unwrap();
        stream.write_all(&said).await.unwrap();
    });
    let ask = ServiceAsk::Dns {
        name: "Portal.vn".into(),
        record: DnsRecord::A,
        answer: Some("10.82.12.11".into()),
    };
    assert!(ask_it(at, ask).await.is_ok());
    server.await.unwrap();
}

/// A time server's answer, so many seconds ahead of this machine.
fn ntp_answer(asked: &[u8], leap: u8, stratum: u8, ahead_s: u64) -> Vec<u8> {
    let now = now();
    let seconds = u32::try_from(now.as_secs() + ahead_s + 2_208_988_800).unwrap();
    let fraction = u32::try_from((u64::from(now.subsec_nanos()) << 32) / 1_000_000_000).unwrap();
    let time = [seconds.to_be_bytes(), fraction.to_be_bytes()].concat();
    let mut said = vec![0; 48];
    (said[0], said[1]) = (leap << 6 | 0x24, stratum);
    said[24..32].copy_from_slice(&asked[40..48]);
    said[32..40].copy_from_slice(&time);
    said[40..48].copy_from_slice(&time);
    said
}

#[tokio::test]
async fn a_time_server_is_held_against_our_clock() {
    let ntp = ServiceAsk::Ntp { offset_ms: 1_000 };
    let good = datagrams(|asked| Some(ntp_answer(asked, 0, 2, 0))).await;
    let said = ask_it(good.0, ntp.clone()).await.unwrap();
    assert_eq!(said.over, None);
    let ahead = datagrams(|asked| Some(ntp_answer(asked, 0, 2, 90))).await;
    let said = ask_it(ahead.0, ntp.clone()).await.unwrap();
    assert_eq!(said.over, Some(Threshold::Clock));
    assert!((89_000_000..=91_000_000).contains(&said.points[0].1), "{said:?}");
    let lost = datagrams(|asked| Some(ntp_answer(asked, 3, 16, 0))).await;
    let unsure = Err(service(ServiceTrouble::NotSynchronised));
    assert_eq!(ask_it(lost.0, ntp.clone()).await, unsure);
    // An answer to somebody else's question.
    let forged = datagrams(|_| Some(ntp_answer(&[7; 48], 0, 2, 0))).await;
    assert_eq!(ask_it(forged.0, ntp).await, Err(service(ServiceTrouble::Silent)));
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fn target(key: &str, check: ServiceCheck, interval_ms: i64) -> Target {
    Target {
        key: key.into(),
        check: Arc::new(check),
        source: None,
        interval_ms,
        retry_ms: interval_ms / 2,
    }
}

/// Thousands that take the connection and say nothing, and one that answers: each has its round,
/// and nothing is left behind.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn thousands_of_hanging_peers_leave_nothing_behind() {
    const PEERS: usize = 2_000;
    let hanging = listen(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let good = say(b"220 ready\r\n").await;
    let before = descriptors();
    let mut services = Services::new(nobody(), Duration::from_millis(100)).unwrap();
    let mut targets: Vec<Target> = (0..PEERS)
        .map(|n| {
            let mut check = check(hanging.0, ServiceAsk::Smtp);
            check.timeout_ms = 200;
            target(&format!("hanging-{n}"), check, 600_000)
        })
        .collect();
    targets.push(target("good", check(good.0, ServiceAsk::Smtp), 600_000));
    services.set(targets);
    let (mut silent, mut answered) = (0, 0);
    while silent + answered <= PEERS {
        let said = services.next().await;
        match said.outcome {
            Ok(_) => answered += 1,
            Err(RoundError::Service(ServiceTrouble::Silent)) => silent += 1,
            Err(other) => panic!("{}: {other:?}", said.key),
        }
        assert!(services.stats().in_flight <= IN_FLIGHT_MAX);
    }
    assert_eq!((silent, answered), (PEERS, 1));
    assert_eq!(services.stats().in_flight, 0);
    drop(services);
    // The listeners' ends close when they have read the end of ours.
    let most = before + 16;
    tokio::time::timeout(Duration::from_secs(5), async {
        while descriptors() > most {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("descriptors are left open");
}

#[tokio::test]
async fn what_is_taken_away_is_given_up_and_what_stays_goes_on() {
    let hanging = listen(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let good = say(b"220 ready\r\n").await;
    let mut services = Services::new(nobody(), Duration::ZERO).unwrap();
    let slow = || target("slow", check(hanging.0, ServiceAsk::Smtp), 60_000);
    let quick = || target("quick", check(good.0, ServiceAsk::Smtp), 60_000);
    services.set(vec![slow(), quick()]);
    assert_eq!(&*services.next().await.key, "quick");
    assert_eq!(services.stats().in_flight, 1);
    // Asked for while it runs: once more right after; asked for while it waits: at once.
    services.set(vec![slow(), quick()]);
    services.ask_now(&"quick".into());
    assert_eq!(&*services.next().await.key, "quick");
    services.set(vec![quick()]);
    services.ask_now(&"quick".into());
    assert_eq!(&*services.next().await.key, "quick");
    assert_eq!(services.stats().rounds, 3, "the one that is gone is none of them");
    services.ask_now(&"quick".into());
    assert_eq!(&*services.next().await.key, "quick");
    // A suspect is asked every retry; whoever was given up never comes back.
    services.set(vec![Target { retry_ms: 50, ..quick() }]);
    services.set_pace(&"quick".into(), Pace::Retry);
    for _ in 0..3 {
        assert_eq!(&*services.next().await.key, "quick");
    }
}
