//! Mail: by aiosmtpd, and by servers that break off where it hurts.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tuantra::alert::Progress;
use tuantra::alert::channel::{Call, Channel, Outcome, Reply};
use tuantra::alert::outlet::{Outlet, outlets};
use tuantra::alert::post::{Post, PostOptions};
use tuantra::alert::sender::{Desk, deliver};
use tuantra::alert::{Parcel, Texts};
use tuantra::model::{Id, Severity};

use crate::common::{
    HOSTILE_BODY, HOSTILE_TITLE, NOW, build, down, letter, patient, recovered, skip,
};

/// A Python that has aiosmtpd.
fn python() -> Option<&'static str> {
    ["python3", "/usr/bin/python3"].into_iter().find(|python| {
        let tried =
            Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    })
}

struct Smtpd {
    child: Child,
    lines: Receiver<String>,
    _stdin: ChildStdin,
    port: u16,
    folder: tempfile::TempDir,
}

impl Smtpd {
    fn start(mode: &str) -> Option<Self> {
        let Some(python) = python() else {
            skip("python3-aiosmtpd is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("ca.pem"), authority.pem()).unwrap();
        std::fs::write(path("cert.pem"), leaf.pem()).unwrap();
        std::fs::write(path("key.pem"), key.serialize_pem()).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/channels/smtpd.py");
        let mut child = Command::new(python)
            .args([script, &port.to_string(), mode])
            .args([path("cert.pem"), path("key.pem")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        // A pipe that nobody empties would hold the server up.
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        assert_eq!(lines.recv().unwrap(), "listening");
        let stdin = child.stdin.take().unwrap();
        Some(Self { child, lines, _stdin: stdin, port, folder })
    }

    fn post(&self) -> Post {
        let ca_file = Some(self.folder.path().join("ca.pem"));
        Post::new(&PostOptions { ca_file, ..patient() }).unwrap()
    }

    /// The next mail that was taken.
    fn mail(&self) -> serde_json::Value {
        serde_json::from_str(&self.lines.recv().unwrap()).unwrap()
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const FROM: &str = "Tuần tra mạng <tuantra@tiengiang.gov.vn>";

fn smtp(port: u16, more: &[(&str, &str)]) -> Box<dyn Channel> {
    let port = port.to_string();
    let mut values = vec![("host", "localhost"), ("port", port.as_str()), ("from", FROM)];
    values.extend_from_slice(more);
    build("smtp", &values).unwrap()
}

const LOGIN: [(&str, &str); 2] = [("user", "tuantra"), ("password", "s3cr3t-passw0rd")];

fn send(post: &Post, channel: &dyn Channel) -> (Reply, Outcome) {
    let notice = down();
    let calls = channel.calls(&letter(&notice, HOSTILE_TITLE, HOSTILE_BODY));
    let reply = post.make(&calls[0]);
    let outcome = channel.judge(&reply);
    let told = format!("{channel:?} {calls:?} {reply:?} {outcome:?}");
    assert!(!told.contains("s3cr3t"), "{told}");
    (reply, outcome)
}

/// Asks Python's own reader of mails what is in one.
fn read(mail: &str) -> serde_json::Value {
    const READ: &str = "
import email, email.policy, json, sys
m = email.message_from_string(sys.stdin.read(), policy=email.policy.default)
h = {k: str(v) for k, v in m.items()}
p = [[part.get_content_type(), part.get_content()] for part in m.walk() if not part.is_multipart()]
print(json.dumps({'headers': h, 'parts': p, 'defects': [str(d) for d in m.defects]}))
";
    let mut child = Command::new(python().unwrap())
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(mail.as_bytes()).unwrap();
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_mail_is_what_was_meant() {
    let Some(server) = Smtpd::start("starttls") else { return };
    let mut more = vec![("to", r#"["truc@tiengiang.gov.vn", "Lãnh đạo <ld@tiengiang.gov.vn>"]"#)];
    more.extend(LOGIN);
    let channel = smtp(server.port, &more);
    let (reply, outcome) = send(&server.post(), &*channel);
    assert_eq!(outcome, Outcome::Sent, "{reply:?}");
    let mail = server.mail();
    assert_eq!(mail["from"], "tuantra@tiengiang.gov.vn");
    assert_eq!(mail["to"], serde_json::json!(["truc@tiengiang.gov.vn"]));
    assert_eq!(mail["tls"], true);
    assert_eq!(mail["user"], "tuantra");
    let raw = mail["mail"].as_str().unwrap();
    assert!(raw.is_ascii() && raw.lines().all(|line| line.len() <= 998));
    let read = read(raw);
    assert_eq!(read["defects"], serde_json::json!([]));
    let headers = &read["headers"];
    assert_eq!(headers["Subject"], HOSTILE_TITLE);
    assert_eq!(headers["Auto-Submitted"], "auto-generated");
    assert_eq!(headers["From"], FROM);
    assert_eq!(headers["Date"], "Wed, 26 Nov 2025 00:00:00 +0000");
    let id = headers["Message-ID"].as_str().unwrap();
    assert!(id.starts_with('<') && id.ends_with("@tiengiang.gov.vn>"), "{id}");
    assert_eq!(headers["References"], headers["In-Reply-To"]);
    assert!(headers["References"].as_str().unwrap().starts_with("<incident."));
    assert_eq!(read["parts"][0][0], "text/plain");
    let text = read["parts"][0][1].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), format!("{HOSTILE_TITLE}\n{HOSTILE_BODY}"));
    assert_eq!(read["parts"][1][0], "text/html");
    let html = read["parts"][1][1].as_str().unwrap().replace("\r\n", "\n");
    insta::assert_snapshot!("smtp_html", html);

    // The same letter has the same name; another of the incident stands in the same thread.
    send(&server.post(), &*channel);
    let again = self::read(server.mail()["mail"].as_str().unwrap());
    assert_eq!(again["headers"]["Message-ID"], headers["Message-ID"]);
    let over = recovered();
    let mut other = letter(&over, "ĐÃ CÓ LẠI", "");
    other.key = "cai-be/tslcd@2025-11-26T00:00:00Z:duty:recovered";
    assert_eq!(channel.judge(&server.post().make(&channel.calls(&other)[0])), Outcome::Sent);
    let other = self::read(server.mail()["mail"].as_str().unwrap());
    assert_ne!(other["headers"]["Message-ID"], headers["Message-ID"]);
    assert_eq!(other["headers"]["References"], headers["References"]);
}

#[test]
fn a_mail_of_the_longest_is_under_its_bound() {
    let Some(server) = Smtpd::start("clear") else { return };
    let channel = smtp(server.port, &[("security", "none"), ("to", "truc@tiengiang.gov.vn")]);
    let notice = down();
    for body in ["Xã Tân Bình ".repeat(8_000), "&<>\"".repeat(20_000), "a, ".repeat(40_000)] {
        let calls = channel.calls(&letter(&notice, "MẤT", &body));
        assert!(calls.len() > 1);
        for call in &calls {
            assert_eq!(channel.judge(&server.post().make(call)), Outcome::Sent);
            let size = server.mail()["mail"].as_str().unwrap().len();
            assert!(size <= 100_000, "{size}");
        }
    }
}

#[test]
fn tls_from_the_start_and_a_wrong_password() {
    let Some(server) = Smtpd::start("tls") else { return };
    let mut more = vec![("security", "tls"), ("to", "truc@tiengiang.gov.vn")];
    more.extend(LOGIN);
    let (reply, outcome) = send(&server.post(), &*smtp(server.port, &more));
    assert_eq!(outcome, Outcome::Sent, "{reply:?}");
    assert_eq!(server.mail()["user"], "tuantra");
    more[3] = ("password", "s3cr3t-wrong");
    let (reply, outcome) = send(&server.post(), &*smtp(server.port, &more));
    assert!(matches!(reply, Reply::Mail { code: 535, .. }), "{reply:?}");
    assert!(matches!(outcome, Outcome::Refused { is_channel: true, .. }), "{outcome:?}");
    // Without the authority nobody vouches for it.
    let stranger = Post::new(&patient()).unwrap();
    let (reply, _) = send(&stranger, &*smtp(server.port, &more));
    assert!(
        matches!(&reply, Reply::Failed { is_unsure: false, reason, .. } if reason.contains("UnknownIssuer")),
        "{reply:?}"
    );
}

/// A channel as a lane has it, and what the lane works with.
fn lane(server: &Smtpd, to: &str) -> (Outlet, Desk) {
    let text = format!(
        "alerts:\n  routes: [ {{ to: mail }} ]\n  channels: {{ mail: {{ smtp: {{ host: localhost, \
         port: {}, security: none, from: a@example.vn, to: {to} }} }} }}\n",
        server.port
    );
    let loaded = tuantra::config::from_text(Path::new("config.yaml"), &text);
    let outlet = outlets(&loaded.config.unwrap(), Severity::Error).0.remove(0);
    let desk = Desk {
        post: Some(Arc::new(server.post())),
        texts: Arc::new(Texts::builtin()),
        zone: jiff::tz::TimeZone::UTC,
        clock: || NOW,
        report: Arc::new(|_| {}),
    };
    (outlet, desk)
}

fn parcel() -> Parcel {
    let channel = Id::new("mail").unwrap();
    Parcel { key: "one".to_owned(), channel, notice: down(), progress: Progress::NONE }
}

#[test]
fn a_recipient_who_is_refused_or_late_holds_up_no_other() {
    let Some(server) = Smtpd::start("clear") else { return };
    let (outlet, desk) = lane(&server, "[ nobody@example.vn, second@example.vn, truc@example.vn ]");
    let mut parcel = parcel();
    let report = deliver(&outlet, &desk, &parcel);
    let Outcome::Again { is_unsure: false, reason, .. } = &report.outcome else {
        panic!("{report:?}")
    };
    assert!(reason.starts_with("451 ") && reason.contains("(second@example.vn)"), "{reason}");
    // Who is refused is done with.
    assert_eq!((report.progress.parts_done, report.progress.has_ended(2)), (1, true));
    let first = server.mail();
    assert_eq!(first["to"], serde_json::json!(["truc@example.vn"]));
    // Only the one who is missing is tried again, with the same mail, also by a daemon that knows
    // no more than the row.
    parcel.progress = report.progress;
    let report = deliver(&outlet, &desk, &parcel);
    assert_eq!((report.outcome, report.progress.parts_done), (Outcome::Sent, 3));
    let second = server.mail();
    assert_eq!(second["to"], serde_json::json!(["second@example.vn"]));
    let headers =
        [first, second].map(|mail| read(mail["mail"].as_str().unwrap())["headers"].clone());
    assert_eq!(headers[0]["Message-ID"], headers[1]["Message-ID"]);
    assert_eq!(headers[0]["To"], "nobody@example.vn, second@example.vn, truc@example.vn");
}

#[test]
fn a_mail_that_nobody_takes_is_refused() {
    let Some(server) = Smtpd::start("clear") else { return };
    let (outlet, desk) = lane(&server, "[ nobody@example.vn, nobody-else@example.vn ]");
    let report = deliver(&outlet, &desk, &parcel());
    let Outcome::Refused { reason, is_channel: true } = &report.outcome else {
        panic!("{report:?}")
    };
    assert!(reason.contains("(nobody@example.vn)"), "{reason}");
    let (outlet, desk) = lane(&server, "[ nobody@example.vn, truc@example.vn ]");
    let report = deliver(&outlet, &desk, &parcel());
    assert_eq!(report.outcome, Outcome::Sent);
}

#[test]
fn no_mail_goes_in_clear_where_starttls_was_asked_for() {
    let Some(server) = Smtpd::start("clear") else { return };
    let mut more = vec![("to", "truc@example.vn")];
    more.extend(LOGIN);
    let (reply, outcome) = send(&server.post(), &*smtp(server.port, &more));
    assert!(
        matches!(&reply, Reply::Failed { is_unsure: false, reason, .. } if reason.contains("STARTTLS")),
        "{reply:?}"
    );
    assert!(matches!(outcome, Outcome::Again { .. }));
}

/// A server that says its lines in turn, one for what it hears, then closes; after DATA it hears
/// the whole mail.
fn scripted(lines: &'static [&'static str]) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        for line in lines {
            stream.write_all(line.as_bytes()).unwrap();
            stream.write_all(b"\r\n").unwrap();
            let mut heard = String::new();
            if line.starts_with("354") {
                while heard != ".\r\n" {
                    heard.clear();
                    if reader.read_line(&mut heard).unwrap() == 0 {
                        return;
                    }
                }
            } else if reader.read_line(&mut heard).unwrap_or(0) == 0 {
                return;
            }
        }
    });
    (port, thread)
}

#[test]
fn only_silence_after_the_whole_mail_leaves_doubt() {
    for (lines, doubt) in [
        (&["220 hi", "250 hi", "250 ok", "250 ok", "354 go"][..], true),
        (&["220 hi", "250 hi", "250 ok", "250 ok"][..], false),
        (&["220 hi", "250 hi", "250 ok"][..], false),
        (&["220 hi", "250 hi"][..], false),
        (&["220 hi"][..], false),
        (&["nonsense"][..], false),
        (&[][..], false),
    ] {
        let (port, thread) = scripted(lines);
        let channel = smtp(port, &[("security", "none"), ("to", "truc@example.vn")]);
        let (reply, outcome) = send(&Post::new(&patient()).unwrap(), &*channel);
        let Reply::Failed { is_unsure, is_final: false, .. } = reply else { panic!("{reply:?}") };
        assert_eq!(is_unsure, doubt, "{lines:?}: {reply:?}");
        assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
        thread.join().unwrap();
    }
    // Answers at every step are answers.
    for (lines, code) in [
        (&["421 busy"][..], 421),
        (&["220 hi", "250 hi", "452 full"][..], 452),
        (&["220 hi", "250 hi", "250 ok", "250 ok", "554 no data"][..], 554),
        (&["220 hi", "250 hi", "250 ok", "250 ok", "354 go", "451 try later"][..], 451),
    ] {
        let (port, thread) = scripted(lines);
        let channel = smtp(port, &[("security", "none"), ("to", "truc@example.vn")]);
        let (reply, _) = send(&Post::new(&patient()).unwrap(), &*channel);
        assert!(matches!(reply, Reply::Mail { code: found, .. } if found == code), "{reply:?}");
        thread.join().unwrap();
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let channel = smtp(closed, &[("security", "none"), ("to", "truc@example.vn")]);
    let (reply, _) = send(&Post::new(&patient()).unwrap(), &*channel);
    assert!(matches!(reply, Reply::Failed { is_unsure: false, .. }), "{reply:?}");
}

#[test]
fn a_mail_is_made_of_a_letter() {
    let notice = down();
    let channel = smtp(2525, &[("to", "truc@example.vn")]);
    let calls = channel.calls(&letter(&notice, "MẤT", "một"));
    let Call::Mail(mail) = &calls[0] else { panic!() };
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("MẤT", "MẤT\nmột\n"));
}
