//! Sessions, and what is missing where a test does not run.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;

use tuantra::model::{Credential, CredentialId, Secret, Security, SnmpParams, UnixMs};
use tuantra::probe::snmp::wire::Oid;
use tuantra::probe::snmp::{Learned, Net, Session};

pub const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Says why a test does not run here; where everything must run, that is a failure.
pub fn skip(why: &str) {
    assert!(std::env::var_os("TUANTRA_NO_SKIP").is_none(), "this must not be skipped: {why}");
    println!("skipped: {why}");
}

/// Where a program of the system is.
pub fn program(name: &str) -> Option<String> {
    let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];
    let found = folders.iter().map(|folder| format!("{folder}/{name}"));
    found.into_iter().find(|path| Command::new(path).arg("-v").output().is_ok())
}

pub fn oid(text: &str) -> Oid {
    Oid::parse(text).unwrap()
}

pub fn oids<const N: usize>(texts: [&str; N]) -> Vec<Oid> {
    texts.map(oid).to_vec()
}

pub fn v2c() -> Security<Secret> {
    Security::V2c { community: Secret::new("public") }
}

pub fn credential(security: Security<Secret>, port: u16) -> Credential {
    Credential { id: CredentialId::new("test").unwrap(), security, port }
}

/// For agents that answer: long enough for a busy machine.
pub fn patient() -> SnmpParams {
    SnmpParams { timeout_ms: 5_000, retries: 1, ..SnmpParams::default() }
}

/// For what must not be answered.
pub fn hasty() -> SnmpParams {
    SnmpParams { timeout_ms: 100, retries: 2, ..SnmpParams::default() }
}

pub fn net(params: SnmpParams) -> Net {
    Net::new(params, UnixMs(1_764_000_000_000))
}

pub async fn session(net: &Net, security: Security<Secret>, port: u16) -> Session {
    session_at(net, security, LOCALHOST, port).await
}

pub async fn session_at(
    net: &Net,
    security: Security<Secret>,
    address: IpAddr,
    port: u16,
) -> Session {
    let credential = credential(security, port);
    net.session(address, &credential, Learned::default(), None).await.unwrap()
}

/// True where `::1` is there.
pub fn has_v6() -> bool {
    std::net::UdpSocket::bind("[::1]:0").is_ok()
}
