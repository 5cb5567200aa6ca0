//! Real calls with faults on the way: what was surely not taken is told from what may have been,
//! and no secret is told at all.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tuantra::alert::channel::{Channel, Outcome, Reply};
use tuantra::alert::post::{Post, PostError, PostOptions};
use tuantra::locale::{Lang, message};
use tuantra::model::Secret;

use crate::common::{brief, build, down, hasty, letter, patient, post};
use crate::server::{Answer, Server};

const TOKEN: &str = "12345678:AbC-s3cr3t-dEf_1";

/// A bot at an address.
fn bot(api: &str) -> Box<dyn Channel> {
    build("telegram", &[("api_url", api), ("token", TOKEN), ("chat", "-100123")]).unwrap()
}

fn send(post: &Post, channel: &dyn Channel) -> (Reply, Outcome) {
    let notice = down();
    let calls = channel.calls(&letter(&notice, "MẤT KẾT NỐI", "Xã An Cư"));
    let reply = post.make(&calls[0]);
    let outcome = channel.judge(&reply);
    let told = format!("{reply:?} {outcome:?}");
    assert!(!told.contains("s3cr3t") && !told.contains("12345678"), "{told}");
    (reply, outcome)
}

/// `Some(is_unsure)` of a reply that is none.
fn unsure(reply: &Reply) -> Option<bool> {
    match reply {
        Reply::Failed { is_unsure, is_final: false, .. } => Some(*is_unsure),
        _ => None,
    }
}

#[test]
fn faults_after_the_request_leave_doubt() {
    let server = Server::start(vec![Answer::Hang]);
    let brief = Post::new(&brief()).unwrap();
    let patient = post();
    for answer in [Answer::Hang, Answer::Half, Answer::Close, Answer::Garbage] {
        server.answer(vec![answer.clone()]);
        let post = if matches!(answer, Answer::Hang) { &brief } else { &patient };
        let (reply, outcome) = send(post, &*bot(&server.url()));
        assert_eq!(unsure(&reply), Some(true), "{answer:?}: {reply:?}");
        assert!(matches!(outcome, Outcome::Again { is_unsure: true, .. }), "{outcome:?}");
        // It was taken, so whoever sends again must use the same key.
        assert_eq!(server.seen().len(), 1, "{answer:?}");
    }
    server.answer(vec![Answer::Deaf]);
    let (_, outcome) = send(&patient, &*bot(&server.url()));
    assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
}

#[test]
fn a_body_without_an_end_is_cut() {
    let server = Server::start(vec![Answer::Flood]);
    let (reply, outcome) = send(&post(), &*bot(&server.url()));
    let Reply::Http { status: 200, body, .. } = reply else { panic!("{reply:?}") };
    assert_eq!(body.len(), 65_536);
    assert!(matches!(outcome, Outcome::Again { is_unsure: true, .. }), "{outcome:?}");
}

#[test]
fn waits_are_obeyed_wherever_they_stand() {
    let server = Server::start(vec![Answer::Hang]);
    let post = post();
    for (answer, expected) in [
        (Answer::full(429, "").with("Retry-After", "34"), Some(34_000)),
        (
            Answer::full(503, "")
                .with("Date", "Thu, 01 Jan 2026 00:00:00 GMT")
                .with("Retry-After", "Thu, 01 Jan 2026 00:02:00 GMT"),
            Some(120_000),
        ),
        (
            Answer::full(429, r#"{"ok":false,"error_code":429,"parameters":{"retry_after":9}}"#),
            Some(9_000),
        ),
        (Answer::full(429, r#"{"retry_after":0.25}"#), Some(250)),
        (Answer::full(429, r#"{"retry_after_ms":1234}"#), Some(1_234)),
        (Answer::full(429, r#"{"retry_after":-5}"#), Some(0)),
        (Answer::full(500, ""), None),
    ] {
        server.answer(vec![answer.clone()]);
        let (_, outcome) = send(&post, &*bot(&server.url()));
        let Outcome::Again { after_ms, is_unsure: false, .. } = outcome else {
            panic!("{answer:?}: {outcome:?}")
        };
        assert_eq!(after_ms, expected, "{answer:?}");
    }
}

#[test]
fn a_service_that_repeats_the_token_gives_nothing_away() {
    let server = Server::start(vec![Answer::Hang]);
    let url = format!("{}/bot{TOKEN}/sendMessage", server.url());
    for body in [
        format!("no such method: {url}"),
        format!(r#"{{"ok":false,"error_code":404,"description":"token {TOKEN} is revoked"}}"#),
    ] {
        server.answer(vec![Answer::full(404, &body)]);
        let (_, outcome) = send(&post(), &*bot(&server.url()));
        assert!(matches!(outcome, Outcome::Refused { is_channel: true, .. }), "{outcome:?}");
    }
    let webhook = build(
        "webhook",
        &[
            ("url", &format!("{}/hook?key=s3cr3t-key", server.url())),
            ("headers", r#"{"Authorization":"Bearer s3cr3t-bearer"}"#),
        ],
    )
    .unwrap();
    server.answer(vec![Answer::full(403, "key s3cr3t-key with Bearer s3cr3t-bearer is wrong")]);
    let (_, outcome) = send(&post(), &*webhook);
    let Outcome::Refused { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(reason, "403 Forbidden: key *** with *** is wrong");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(vec![Answer::full(200, r#"{"ok":true}"#)]);
    let server = Server::start(vec![Answer::Hang]);
    for status in [301, 302, 303, 307, 308] {
        server.answer(vec![Answer::full(status, "").with("Location", &elsewhere.url())]);
        let (reply, outcome) = send(&post(), &*bot(&server.url()));
        assert!(matches!(reply, Reply::Http { .. }), "{reply:?}");
        assert!(matches!(outcome, Outcome::Refused { is_channel: true, .. }), "{outcome:?}");
    }
    assert!(elsewhere.seen().is_empty());
}

#[test]
fn what_was_never_sent_leaves_no_doubt() {
    let post = post();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for api in [
        format!("http://127.0.0.1:{closed}"),
        format!("https://127.0.0.1:{closed}"),
        "https://no-such-host.invalid".to_owned(),
    ] {
        let (reply, outcome) = send(&post, &*bot(&api));
        assert_eq!(unsure(&reply), Some(false), "{api}: {reply:?}");
        assert!(matches!(outcome, Outcome::Again { is_unsure: false, .. }), "{outcome:?}");
    }
}

#[test]
fn a_handshake_without_an_end_leaves_no_doubt() {
    // Accepts by its backlog, and never says a word.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let (reply, _) = send(&Post::new(&hasty()).unwrap(), &*bot(&api));
    assert_eq!(unsure(&reply), Some(false), "{reply:?}");
}

/// An authority, and a certificate by it for `name` that is good from `from` to `to`.
struct Paper {
    authority: String,
    chain: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

fn paper(name: &str, from: i32, to: i32) -> Paper {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &authority).unwrap();
    Paper {
        authority: authority.pem(),
        chain: leaf.der().clone(),
        key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
    }
}

#[test]
fn certificates_are_held_to_name_time_and_authority() {
    let folder = tempfile::tempdir().unwrap();
    let ok = || vec![Answer::full(200, r#"{"ok":true}"#)];
    for (name, from, to, is_known, expected) in [
        ("localhost", 2020, 2099, true, None),
        ("localhost", 2020, 2021, true, Some("expired")),
        ("localhost", 2098, 2099, true, Some("not valid yet")),
        ("chat.example.vn", 2020, 2099, true, Some("not valid for name")),
        ("localhost", 2020, 2099, false, Some("UnknownIssuer")),
    ] {
        let paper = paper(name, from, to);
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, &paper.authority).unwrap();
        let server = Server::start_tls(ok(), paper.chain, paper.key);
        let options = PostOptions { ca_file: is_known.then(|| ca_file.clone()), ..patient() };
        let (reply, outcome) = send(&Post::new(&options).unwrap(), &*bot(&server.url()));
        match expected {
            None => assert_eq!(outcome, Outcome::Sent, "{reply:?}"),
            Some(words) => {
                // It may be mended, so it is tried again; nothing was sent.
                assert_eq!(unsure(&reply), Some(false), "{reply:?}");
                assert!(format!("{reply:?}").contains(words), "{words}: {reply:?}");
                assert!(server.seen().is_empty());
            }
        }
    }
}

#[test]
fn a_proxy_or_an_authority_that_cannot_be_used_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let post = |options: PostOptions| Post::new(&options).map(|_| ()).unwrap_err();
    let with_ca = |path| PostOptions { ca_file: Some(path), ..patient() };
    let absent = post(with_ca(folder.path().join("absent.pem")));
    assert!(matches!(absent, PostError::CaUnreadable { .. }), "{absent:?}");
    let empty = post(with_ca(empty));
    assert!(matches!(empty, PostError::CaEmpty(_)), "{empty:?}");
    let proxy = Some(Secret::new("quite:// s3cr3t"));
    let proxy = post(PostOptions { proxy, ..patient() });
    assert_eq!(proxy, PostError::Proxy);
    for error in [absent, empty, proxy] {
        for lang in Lang::ALL {
            let text = message(lang, &error.message());
            assert!(!text.contains("s3cr3t") && !text.contains('{'), "{text}");
        }
    }
}

/// Carries bytes both ways until one side is done.
fn carry(client: TcpStream, server: TcpStream) {
    let (mut back_from, mut back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let (mut from, mut to) = (client, server);
    let back = std::thread::spawn(move || {
        let _ = std::io::copy(&mut back_from, &mut back_to);
    });
    let _ = std::io::copy(&mut from, &mut to);
    back.join().unwrap();
}

fn until_blank(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn a_proxy_is_gone_through() {
    let paper = paper("localhost", 2020, 2099);
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, &paper.authority).unwrap();
    let server =
        Server::start_tls(vec![Answer::full(200, r#"{"ok":true}"#)], paper.chain, paper.key);
    let port = server.port();

    // By CONNECT, with a password.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://user:s3cr3tpass@{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let head = until_blank(&mut client);
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        carry(client, TcpStream::connect(("127.0.0.1", port)).unwrap());
        head
    });
    let options = PostOptions {
        proxy: Some(Secret::new(&proxy)),
        ca_file: Some(ca_file.clone()),
        ..patient()
    };
    let (reply, outcome) = send(&Post::new(&options).unwrap(), &*bot(&server.url()));
    assert_eq!(outcome, Outcome::Sent, "{reply:?}");
    let head = thread.join().unwrap();
    assert!(head.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")), "{head}");
    assert!(head.to_ascii_lowercase().contains("proxy-authorization: basic "), "{head}");
    assert!(!head.contains("AbC-"), "{head}");

    // By SOCKS5 (RFC 1928), without one.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("socks5://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut hello = [0; 2];
        client.read_exact(&mut hello).unwrap();
        client.read_exact(&mut vec![0; hello[1].into()]).unwrap();
        client.write_all(&[5, 0]).unwrap();
        let mut request = [0; 4];
        client.read_exact(&mut request).unwrap();
        let rest = match request[3] {
            1 => 4,
            4 => 16,
            _ => {
                let mut length = [0];
                client.read_exact(&mut length).unwrap();
                length[0].into()
            }
        };
        client.read_exact(&mut vec![0; rest + 2]).unwrap();
        client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).unwrap();
        carry(client, TcpStream::connect(("127.0.0.1", port)).unwrap());
    });
    let options =
        PostOptions { proxy: Some(Secret::new(&proxy)), ca_file: Some(ca_file), ..patient() };
    let (reply, outcome) = send(&Post::new(&options).unwrap(), &*bot(&server.url()));
    assert_eq!(outcome, Outcome::Sent, "{reply:?}");
    thread.join().unwrap();

    // One that says no: nothing was sent.
    let refusing = Server::start(vec![Answer::full(407, "")]);
    let options = PostOptions { proxy: Some(Secret::new(&refusing.url())), ..patient() };
    let (reply, _) = send(&Post::new(&options).unwrap(), &*bot(&server.url()));
    assert_eq!(unsure(&reply), Some(false), "{reply:?}");
}
