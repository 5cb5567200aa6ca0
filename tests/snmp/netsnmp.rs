//! net-snmp's own agent, asked by us and by `snmpbulkwalk`: the same objects with the same values, for
//! every version and every algorithm that its build has.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::process::{Child, Command, Stdio};

use async_snmp::Value;
use tuantra::model::{AuthKind, Keys, PrivKind, Secret, Security, SnmpParams};
use tuantra::probe::snmp::ask::{Answers, Wanted};
use tuantra::probe::snmp::wire::Oid;
use tuantra::probe::snmp::{Net, Report, Session, SnmpError};

use super::common::{
    LOCALHOST, has_v6, net, oid, oids, patient, program, session, session_at, skip, v2c,
};

const PASSPHRASE: &str = "a passphrase for proof";
const OTHER_PASSPHRASE: &str = "and one for hiding it";
/// Subtrees that are compared: names and addresses, tables of interfaces, what `extend` says (texts of
/// every kind), engine and users.
const ROOTS: [&str; 5] = [
    "1.3.6.1.2.1.1",
    "1.3.6.1.2.1.2",
    "1.3.6.1.2.1.31.1.1",
    "1.3.6.1.4.1.8072.1.3",
    "1.3.6.1.6.3.15.1",
];

/// net-snmp's words for ours.
const AUTHS: [(AuthKind, &str); 6] = [
    (AuthKind::Md5, "MD5"),
    (AuthKind::Sha1, "SHA"),
    (AuthKind::Sha224, "SHA-224"),
    (AuthKind::Sha256, "SHA-256"),
    (AuthKind::Sha384, "SHA-384"),
    (AuthKind::Sha512, "SHA-512"),
];
const PRIVS: [(PrivKind, &str); 4] = [
    (PrivKind::Des, "DES"),
    (PrivKind::Aes128, "AES"),
    (PrivKind::Aes192, "AES-192"),
    (PrivKind::Aes256, "AES-256"),
];

pub struct Snmpd {
    child: Child,
    pub address: IpAddr,
    pub port: u16,
    _folder: tempfile::TempDir,
}

/// A place in net-snmp's words.
fn place(address: IpAddr, port: u16) -> String {
    match address {
        IpAddr::V4(v4) => format!("udp:{v4}:{port}"),
        IpAddr::V6(v6) => format!("udp6:[{v6}]:{port}"),
    }
}

impl Snmpd {
    /// A session with it.
    pub async fn session(&self, net: &Net, security: Security<Secret>) -> Session {
        session_at(net, security, self.address, self.port).await
    }
}

impl Drop for Snmpd {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A user of the agent with what `snmpbulkwalk` and we need for him.
struct User {
    name: String,
    arguments: Vec<String>,
    security: Security<Secret>,
}

/// What this build knows, by its own help.
fn known(words: &[(impl Copy, &'static str)], help: &str, of: &str) -> Vec<usize> {
    let line = help.lines().find(|line| line.contains(of) && line.contains('(')).unwrap();
    let list = line.rsplit_once('(').unwrap().1.trim_end_matches(')');
    let list: Vec<&str> = list.split('|').collect();
    (0..words.len()).filter(|i| list.contains(&words[*i].1)).collect()
}

fn users(help: &str) -> Vec<User> {
    let mut users = vec![User {
        name: "nobody".into(),
        arguments: ["-v3", "-u", "nobody", "-l", "noAuthNoPriv"].map(str::to_owned).to_vec(),
        security: Security::V3 { user: "nobody".into(), keys: None, context: String::new() },
    }];
    let privs = known(&PRIVS, help, "privacy protocol");
    for auth in known(&AUTHS, help, "authentication protocol") {
        let (auth, auth_word) = AUTHS[auth];
        for privacy in std::iter::once(None).chain(privs.iter().map(|i| Some(PRIVS[*i]))) {
            let priv_word = privacy.map_or("none", |(_, word)| word);
            let name = format!("{auth_word}-{priv_word}").to_lowercase();
            let level = if privacy.is_some() { "authPriv" } else { "authNoPriv" };
            let mut arguments: Vec<String> =
                ["-v3", "-u", &name, "-l", level, "-a", auth_word, "-A", PASSPHRASE]
                    .map(str::to_owned)
                    .to_vec();
            if privacy.is_some() {
                arguments.extend(["-x", priv_word, "-X", OTHER_PASSPHRASE].map(str::to_owned));
            }
            let keys = Keys {
                auth,
                auth_secret: Secret::new(PASSPHRASE),
                privacy: privacy.map(|(kind, _)| (kind, Secret::new(OTHER_PASSPHRASE))),
            };
            let security =
                Security::V3 { user: name.clone(), keys: Some(keys), context: String::new() };
            users.push(User { name, arguments, security });
        }
    }
    users
}

fn configuration(users: &[User]) -> String {
    let mut text = String::from(
        "rocommunity public\n\
         sysLocation Xã Hòa Khánh\n\
         sysContact \"trực ban <0273 000 000>\"\n\
         sysName agent\n\
         extend lines /bin/sh -c 'echo một; echo hai; printf \"\\033[31mba\"'\n\
         extend bytes /bin/sh -c 'printf \"\\377\\376\\001\"'\n\
         extend empty /bin/true\n",
    );
    for user in users {
        let Security::V3 { keys, .. } = &user.security else { continue };
        let level = match keys {
            None => {
                text.push_str(&format!("createUser {}\n", user.name));
                "noauth"
            }
            Some(keys) => {
                let auth = AUTHS.iter().find(|(kind, _)| *kind == keys.auth).unwrap().1;
                let privacy = keys.privacy.as_ref().map_or(String::new(), |(kind, _)| {
                    let word = PRIVS.iter().find(|(known, _)| known == kind).unwrap().1;
                    format!(" {word} \"{OTHER_PASSPHRASE}\"")
                });
                let name = &user.name;
                text.push_str(&format!("createUser {name} {auth} \"{PASSPHRASE}\"{privacy}\n"));
                if keys.privacy.is_some() { "priv" } else { "auth" }
            }
        };
        text.push_str(&format!("rouser {} {level}\n", user.name));
    }
    text
}

/// net-snmp's agent on a free port of loopback, answering; `None` with a message where it is not
/// installed.
pub async fn snmpd(configuration: &str) -> Option<Snmpd> {
    snmpd_at(LOCALHOST, configuration).await
}

/// The same at an address.
pub async fn snmpd_at(address: IpAddr, configuration: &str) -> Option<Snmpd> {
    let Some(program) = program("snmpd") else {
        skip("there is no snmpd (tests/setup.sh installs it)");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snmpd.conf");
    std::fs::write(&file, configuration).unwrap();
    let port = std::net::UdpSocket::bind((address, 0)).unwrap().local_addr().unwrap().port();
    let child = Command::new(program)
        .args(["-f", "-C", "-Lf"])
        .arg(folder.path().join("log"))
        .arg("-c")
        .arg(&file)
        .arg("-p")
        .arg(folder.path().join("pid"))
        .arg(place(address, port))
        .env("SNMP_PERSISTENT_DIR", folder.path())
        .env("SNMPCONFPATH", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let agent = Snmpd { child, address, port, _folder: folder };
    // It makes a key for every user before it listens.
    let net = net(SnmpParams { timeout_ms: 250, retries: 0, ..patient() });
    let mut asking = agent.session(&net, v2c()).await;
    let wanted = Wanted { scalars: oids(["1.3.6.1.2.1.1.3.0"]), columns: Vec::new() };
    let answers = async { while asking.ask(&wanted).await.is_err() {} };
    tokio::time::timeout(std::time::Duration::from_secs(120), answers).await.unwrap();
    Some(agent)
}

/// What `snmpbulkwalk` (or `snmpwalk`, for version 1) says, by OID: type and value.
fn walked_by_them(arguments: &[String], agent: &Snmpd, root: &str) -> BTreeMap<Oid, String> {
    let is_v1 = arguments.iter().any(|word| word == "-v1");
    let program = program(if is_v1 { "snmpwalk" } else { "snmpbulkwalk" }).unwrap();
    let output = Command::new(program)
        .args(arguments)
        // Numbers for OIDs and enumerations, hexadecimal for every text, no MIBs.
        .args(["-On", "-Oe", "-Ox", "-m", "", "-t", "5"])
        .arg(place(agent.address, agent.port))
        .arg(root)
        .env("SNMPCONFPATH", "/nonexistent")
        .env("SNMP_PERSISTENT_DIR", std::env::temp_dir().join("tuantra-snmp-tests"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found: BTreeMap<Oid, String> = BTreeMap::new();
    let mut last: Option<Oid> = None;
    for line in text.lines() {
        // Long texts go on in the next line.
        match line.strip_prefix('.').and_then(|rest| rest.split_once(" = ")) {
            Some((name, value)) => {
                let name = oid(name);
                found.insert(name.clone(), value.trim().to_owned());
                last = Some(name);
            }
            None => {
                let value = found.get_mut(last.as_ref().unwrap()).unwrap();
                value.push(' ');
                value.push_str(line.trim());
            }
        }
    }
    found
}

/// A value as `snmpbulkwalk` prints it.
fn printed(value: &Value) -> String {
    match value {
        Value::Integer(number) => format!("INTEGER: {number}"),
        Value::OctetString(bytes) if bytes.is_empty() => "\"\"".into(),
        Value::OctetString(bytes) => {
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("Hex-STRING: {}", hex.join(" "))
        }
        Value::ObjectIdentifier(oid) => format!("OID: .{oid}"),
        Value::IpAddress([a, b, c, d]) => format!("IpAddress: {a}.{b}.{c}.{d}"),
        Value::Counter32(number) => format!("Counter32: {number}"),
        Value::Gauge32(number) => format!("Gauge32: {number}"),
        Value::Counter64(number) => format!("Counter64: {number}"),
        Value::TimeTicks(ticks) => {
            let (rest, hundredths) = (ticks / 100, ticks % 100);
            let (days, seconds) = (rest / 86_400, rest % 86_400);
            let clock = format!(
                "{}:{:02}:{:02}.{hundredths:02}",
                seconds / 3_600,
                seconds / 60 % 60,
                seconds % 60
            );
            match days {
                0 => format!("Timeticks: ({ticks}) {clock}"),
                1 => format!("Timeticks: ({ticks}) 1 day, {clock}"),
                days => format!("Timeticks: ({ticks}) {days} days, {clock}"),
            }
        }
        other => format!("{other:?}"),
    }
}

/// The number of a value that grows while we look.
fn growing(printed: &str) -> Option<(&str, u64)> {
    let (kind, rest) = printed.split_once(": ")?;
    if !matches!(kind, "Counter32" | "Counter64" | "Timeticks") {
        return None;
    }
    let digits = rest.trim_start_matches('(');
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    Some((kind, digits[..end].parse().ok()?))
}

/// Holds what we walked against what they walked just before and just after: every object is there
/// on both sides, and every value is theirs, or lies between what it was and what it became.
async fn compare(session: &mut Session, arguments: &[String], agent: &Snmpd, root: &str) -> usize {
    let before = walked_by_them(arguments, agent, root);
    let ours: Answers = session.walk(&oid(root), 10_000).await.unwrap();
    let after = walked_by_them(arguments, agent, root);
    let names =
        |map: &BTreeMap<Oid, String>| map.keys().map(ToString::to_string).collect::<Vec<_>>();
    let own: Vec<String> = ours.iter().map(|(oid, _)| oid.to_string()).collect();
    assert_eq!(own, names(&before), "{root}");
    assert_eq!(own, names(&after), "{root}");
    assert!(ours.broken().is_empty() && !ours.is_cut());
    for (name, value) in ours.iter() {
        let (was, is, became) = (&before[&name], printed(&value), &after[&name]);
        let lies_between = || {
            let (was, is, became) = (growing(was)?, growing(&is)?, growing(became)?);
            Some(was.0 == is.0 && is.0 == became.0 && (was.1..=became.1).contains(&is.1))
        };
        let is_theirs = is == *was || is == *became || lies_between() == Some(true);
        assert!(is_theirs, "{name}: {was} … {is} … {became}");
    }
    own.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_and_algorithm_gives_what_snmpbulkwalk_prints() {
    let Some(snmpget) = program("snmpget") else {
        return skip("there is no snmpget (tests/setup.sh installs it)");
    };
    let help = Command::new(snmpget).arg("-h").output().unwrap();
    let users = users(&String::from_utf8_lossy(&help.stderr));
    assert!(users.len() >= 7, "no SNMPv3 in this build of net-snmp");
    let Some(agent) = snmpd(&configuration(&users)).await else { return };
    let net = net(patient());
    let mut compared = 0;
    for (version, security) in
        [("-v1", Security::V1 { community: Secret::new("public") }), ("-v2c", v2c())]
    {
        let arguments = [version, "-c", "public"].map(str::to_owned);
        let mut session = session(&net, security, agent.port).await;
        for root in ROOTS {
            compared += compare(&mut session, &arguments, &agent, root).await;
        }
    }
    for user in &users {
        let mut session = session(&net, user.security.clone(), agent.port).await;
        let roots = if user.name == "sha-256-aes" { &ROOTS[..] } else { &ROOTS[..1] };
        for root in roots {
            compared += compare(&mut session, &user.arguments, &agent, root).await;
        }
    }
    println!("{} users, {compared} values the same", users.len());
    assert!(compared > 500, "{compared}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_ipv6_it_is_the_same() {
    if program("snmpbulkwalk").is_none() || !has_v6() {
        return skip("there is no snmpbulkwalk (tests/setup.sh installs it), or no ::1");
    }
    let users: Vec<User> = users("authentication protocol (SHA-256)\nprivacy protocol (AES)");
    let text = configuration(&users).replace("rocommunity", "rocommunity6");
    let Some(agent) = snmpd_at(Ipv6Addr::LOCALHOST.into(), &text).await else { return };
    let net = net(patient());
    let mut compared = 0;
    let community = ["-v2c", "-c", "public"].map(str::to_owned).to_vec();
    let whole = users.iter().find(|user| user.name == "sha-256-aes").unwrap();
    for (arguments, security) in [(&community, v2c()), (&whole.arguments, whole.security.clone())] {
        let mut session = agent.session(&net, security).await;
        for root in ROOTS {
            compared += compare(&mut session, arguments, &agent, root).await;
        }
    }
    println!("{compared} values the same");
    assert!(compared > 100, "{compared}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_user_passphrase_or_level_is_told_apart_from_silence() {
    let text = format!(
        "rocommunity public\n\
         createUser whole SHA-256 \"{PASSPHRASE}\" AES \"{OTHER_PASSPHRASE}\"\nrouser whole priv\n\
         createUser half SHA-256 \"{PASSPHRASE}\"\nrouser half auth\n"
    );
    let Some(agent) = snmpd(&text).await else { return };
    let net = net(patient());
    let user = |name: &str, auth: &str, privacy: Option<&str>| Security::V3 {
        user: name.into(),
        keys: Some(Keys {
            auth: AuthKind::Sha256,
            auth_secret: Secret::new(auth),
            privacy: privacy.map(|secret| (PrivKind::Aes128, Secret::new(secret))),
        }),
        context: String::new(),
    };
    let wanted = Wanted { scalars: oids(["1.3.6.1.2.1.1.5.0"]), columns: Vec::new() };
    for (security, report) in [
        (user("nobody", PASSPHRASE, Some(OTHER_PASSPHRASE)), Some(Report::UnknownUser)),
        (user("whole", "not the passphrase", Some(OTHER_PASSPHRASE)), Some(Report::WrongDigest)),
        (user("half", PASSPHRASE, Some(OTHER_PASSPHRASE)), Some(Report::UnsupportedLevel)),
        (user("whole", PASSPHRASE, Some(OTHER_PASSPHRASE)), None),
    ] {
        let outcome = session(&net, security, agent.port).await.ask(&wanted).await;
        assert_eq!(outcome.err(), report.map(SnmpError::CredentialRefused));
    }
    // A level below what the device wants is refused by it, as an access, not as a user.
    let low = session(&net, user("whole", PASSPHRASE, None), agent.port).await.ask(&wanted).await;
    assert!(matches!(low, Err(SnmpError::Refused(_))), "{low:?}");
    // A wrong key for hiding: some agents say so, net-snmp says nothing.
    let net = super::common::net(super::common::hasty());
    let hidden = user("whole", PASSPHRASE, Some("not that passphrase"));
    let outcome = session(&net, hidden, agent.port).await.ask(&wanted).await;
    println!("wrong key for hiding: {outcome:?}");
    assert!(matches!(
        outcome,
        Err(SnmpError::CredentialRefused(Report::DecryptionError) | SnmpError::Silent { .. })
    ));
}
