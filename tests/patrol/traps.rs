//! Traps and informs of net-snmp's own senders: they bring a device's asking forward and are not
//! believed.

use std::net::UdpSocket;
use std::process::{Command, Stdio};

use tuantra::api::{Snapshot, TrapsInfo};
use tuantra::model::{RoundError, State};

use super::common::{Daemon, Province, follow, may_ping, skip};
use super::snmp::{Said, Speaker, now, router};

const AUTH: &str = "a passphrase for proof";
const PRIVACY: &str = "and one for hiding it";
const ROUTER: &str = "127.0.9.23";
const LINK_DOWN: &str = "1.3.6.1.6.3.1.1.5.3";
const IF_OPER_STATUS: &str = "1.3.6.1.2.1.2.2.1.8.7";

/// False, with a message, where the senders are not installed.
fn can_send() -> bool {
    let is_there = |program: &str| {
        let mut version = Command::new(program);
        version.arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let all = ["snmptrap", "snmpinform"].into_iter().all(is_there);
    if !all {
        skip("snmptrap and snmpinform are not installed (tests/setup.sh)");
    }
    all
}

/// A free UDP port of 127.0.0.1.
fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A province whose router is asked once a day, unless there is a reason, by a daemon that listens
/// for traps.
struct Listened {
    province: Province,
    traps: u16,
    /// The senders keep a state of their own.
    senders: tempfile::TempDir,
}

impl Listened {
    fn new(agents: u16) -> Self {
        let province = Province::new();
        let traps = free_port();
        let config = format!(
            "language: en\n\
             health: {{ interval: 1s, retry: 500ms }}\n\
             probe:\n\
             \x20 icmp: {{ count: 2, spacing: 50ms, timeout: 300ms }}\n\
             \x20 snmp: {{ interval: 1d, timeout: 1s, retries: 1, traps: {{ listen: \"127.0.0.1:{traps}\" }} }}\n\
             credentials:\n\
             \x20 test: {{ version: 2c, community: public, allow_weak: true, port: {agents} }}\n\
             \x20 senders: {{ version: 3, user: patrol, auth: {{ sha256: {AUTH} }}, priv: {{ aes128: {PRIVACY} }} }}\n"
        );
        std::fs::write(province.path("config.yaml"), config).unwrap();
        province.set_inventory(
            "networks: [ { id: tslcd, name: TSLCD } ]\n\
             units:\n\
             \x20 - id: xa\n\
             \x20   name: Xã Một\n\
             \x20   kind: province\n\
             \x20   requires: [tslcd]\n\
             \x20   connections:\n\
             \x20     tslcd: { address: 127.0.9.22, via: [], device: router, interface: wan, checks: [ping, interface] }\n\
             \x20   devices:\n\
             \x20     router: { address: 127.0.9.23, via: [], snmp: test, addresses: { lan: 127.0.9.24 } }\n",
        );
        Self { province, traps, senders: tempfile::tempdir().unwrap() }
    }

    fn daemon(&self) -> Daemon {
        self.province.daemon()
    }

    /// Sends `what` as if from an address; true when the sender is content: of an inform, that it is
    /// acknowledged.
    fn send(&self, program: &str, from: &str, arguments: &[&str], what: &str) -> bool {
        self.send_words(program, from, arguments, &["", what])
    }

    fn send_words(&self, program: &str, from: &str, arguments: &[&str], what: &[&str]) -> bool {
        let to = format!("127.0.0.1:{}", self.traps);
        let status = Command::new(program)
            .args(arguments)
            .args(["-r", "0", "-t", "3", "-m", "", &format!("--clientaddr={from}"), &to])
            .args(what)
            .env("SNMP_PERSISTENT_DIR", self.senders.path())
            .env("SNMPCONFPATH", self.senders.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.unwrap().success()
    }
}

fn traps(snapshot: &Snapshot) -> &TrapsInfo {
    snapshot.daemon.traps.as_ref().expect("it listens for traps")
}

const V2C: [&str; 3] = ["-v2c", "-c", "public"];
const V3: [&str; 11] =
    ["-v3", "-u", "patrol", "-l", "authPriv", "-a", "SHA-256", "-A", AUTH, "-x", "AES"];

fn v3(more: &[&'static str]) -> Vec<&'static str> {
    V3.iter().chain(&["-X", PRIVACY]).chain(more).copied().collect()
}

async fn agent() -> (Said, Speaker, u16) {
    let says = router();
    let speaker = Speaker::at(&format!("{ROUTER}:0"), &says).await;
    let port = speaker.port();
    (says, speaker, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_has_its_device_asked_at_once_and_is_not_believed() {
    if !may_ping() || !can_send() {
        return;
    }
    let (says, _speaker, port) = agent().await;
    let listened = Listened::new(port);
    let _daemon = listened.daemon();
    let client = listened.province.client();
    let is_up = |s: &Snapshot| now(s, "xa/tslcd").0 == State::Up && traps(s).is_heard;
    let before = follow(&client, is_up).await;
    assert_eq!(traps(&before).received, 0);

    // It says that a link is down, and asked it says that none is. What is sent without end is
    // answered with one asking, and one more after it.
    for _ in 0..20 {
        assert!(listened.send("snmptrap", ROUTER, &V2C, LINK_DOWN));
    }
    let seen = follow(&client, |s| traps(s).received == 20 && traps(s).asked >= 2).await;
    assert!(traps(&seen).asked <= 4, "{:?}", traps(&seen));
    assert!(traps(&seen).merged >= 16, "{:?}", traps(&seen));
    assert_eq!(now(&seen, "xa/tslcd"), (State::Up, None));

    // Now there is one. It was sent from another of its addresses.
    says.set(IF_OPER_STATUS, async_snmp::Value::Integer(2));
    assert!(listened.send("snmptrap", "127.0.9.24", &V2C, LINK_DOWN));
    let is_down = (State::Down, Some(RoundError::InterfaceDown { admin: false }));
    follow(&client, |s| now(s, "xa/tslcd") == is_down).await;
    let status = listened.province.command(&["status"]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("21 received"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn informs_are_acknowledged_to_whom_we_know_and_to_nobody_else() {
    if !may_ping() || !can_send() {
        return;
    }
    let (_says, _speaker, port) = agent().await;
    let listened = Listened::new(port);
    let daemon = listened.daemon();
    let client = listened.province.client();
    follow(&client, |s| traps(s).is_heard).await;
    let inform =
        |from: &str, arguments: &[&str]| listened.send("snmpinform", from, arguments, LINK_DOWN);
    assert!(inform(ROUTER, &V2C));
    assert!(inform(ROUTER, &v3(&[])));
    assert!(listened.send("snmptrap", ROUTER, &v3(&["-e", "0x8000000001020304"]), LINK_DOWN));
    // SNMPv1 tells a linkDown by a number, at an address that the sender may write as he likes.
    let v1 = ["1.3.6.1.4.1.8072.3.2.10", "10.9.9.9", "2", "0", ""];
    assert!(listened.send_words("snmptrap", ROUTER, &["-v1", "-c", "public"], &v1));
    let seen = follow(&client, |s| traps(s).received == 4).await;
    assert_eq!(traps(&seen).asked + traps(&seen).merged, 4, "{:?}", traps(&seen));

    assert!(!inform(ROUTER, &["-v2c", "-c", "other"]), "a community that is not ours");
    assert!(!inform("127.0.9.99", &V2C), "from no device of ours");
    let wrong: Vec<&str> =
        v3(&[]).into_iter().map(|word| if word == AUTH { PRIVACY } else { word }).collect();
    assert!(!inform(ROUTER, &wrong), "a wrong passphrase");
    assert!(!inform(ROUTER, &["-v3", "-u", "patrol", "-l", "noAuthNoPriv"]), "without its keys");
    assert!(!inform(ROUTER, &["-v3", "-u", "nobody", "-l", "noAuthNoPriv"]), "nobody");
    let seen = follow(&client, |s| traps(s).strangers == 1 && traps(s).disbelieved >= 2).await;
    assert_eq!(traps(&seen).received, 4, "{:?}", traps(&seen));

    // The engine that senders know goes on over a restart, one start later.
    let engine = || std::fs::read_to_string(listened.province.path("tuantra.engine")).unwrap();
    let first = engine();
    assert!(first.ends_with("boots 1\n"), "{first}");
    daemon.signal("-TERM");
    drop(daemon);
    let _daemon = listened.daemon();
    follow(&client, |s| traps(s).is_heard && traps(s).received == 0).await;
    assert_eq!(engine(), first.replace("boots 1", "boots 2"));
    assert!(inform(ROUTER, &v3(&[])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_and_nothing_else_suffers() {
    if !may_ping() {
        return;
    }
    let (_says, _speaker, port) = agent().await;
    let listened = Listened::new(port);
    let taken = UdpSocket::bind(("127.0.0.1", listened.traps)).unwrap();
    let daemon = listened.daemon();
    let client = listened.province.client();
    let is_told = |s: &Snapshot| {
        s.daemon.trouble.as_ref().is_some_and(|trouble| {
            trouble.contains("listen for traps on 127.0.0.1") && trouble.contains("snmptrapd")
        })
    };
    let seen = follow(&client, |s| is_told(s) && now(s, "xa/tslcd").0 == State::Up).await;
    assert!(!traps(&seen).is_heard);
    assert!(daemon.log().contains("traps are not heard"), "{}", daemon.log());
    // Tried again, here by a reload that names another port, and there it is heard.
    let config = std::fs::read_to_string(listened.province.path("config.yaml")).unwrap();
    let config = config.replace(&listened.traps.to_string(), &free_port().to_string());
    std::fs::write(listened.province.path("config.yaml"), config).unwrap();
    daemon.signal("-HUP");
    follow(&client, |s| traps(s).is_heard && s.daemon.trouble.is_none()).await;
    drop(taken);
}
