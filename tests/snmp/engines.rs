//! SNMPv3 engines that come back as others: replaced, restored from a copy, with their clocks put back
//! or wrong, and reports that anybody can send. The engine is made by hand, so that it can lie.

use std::sync::{Arc, Mutex, OnceLock};

use async_snmp::message::{MsgFlags, MsgGlobalData, ScopedPdu, V3Message};
use async_snmp::pdu::{PduBody, StandardPduType};
use async_snmp::v3::{UsmSecurityParams, report_oids};
use async_snmp::{
    AuthProtocol, DecodeConfig, MasterKey, MessageSize, Oid, Pdu, SecurityLevel, Value, VarBind,
};
use axum::body::Bytes;
use tokio::net::UdpSocket;
use tuantra::model::{AuthKind, Keys, Secret, Security, SnmpParams};
use tuantra::probe::snmp::ask::{Answers, Wanted};
use tuantra::probe::snmp::{Reason, Report, Session, SnmpError};

use super::common::{net, oids, patient, session};

const PASSPHRASE: &str = "a passphrase";

/// What an engine says of itself, to be changed while it runs.
#[derive(Debug, Clone)]
struct Engine {
    id: &'static [u8],
    boots: u32,
    time: u32,
    /// Sends a report of an unknown user, signed by nobody, before every answer.
    is_slandered: bool,
}

const ONE: &[u8] = b"\x80\x00\x1f\x88\x04engine-one";
const TWO: &[u8] = b"\x80\x00\x1f\x88\x04engine-two";

impl Engine {
    /// A message of this engine's, signed where the level says so.
    fn message(&self, id: i32, level: SecurityLevel, user: &Bytes, pdu: Pdu) -> Vec<u8> {
        let size = MessageSize::new(1_472).unwrap();
        let header = MsgGlobalData::new(id, size, MsgFlags::new(level, false)).unwrap();
        // A megabyte is hashed for it: once.
        static MASTER: OnceLock<MasterKey> = OnceLock::new();
        let master = MASTER.get_or_init(|| {
            MasterKey::from_password(AuthProtocol::Sha256, PASSPHRASE.as_bytes()).unwrap()
        });
        let key = master.localize(self.id).unwrap();
        let mut usm = UsmSecurityParams::new(self.id, self.boots, self.time, user.clone()).unwrap();
        if level.requires_auth() {
            usm = usm.with_auth_placeholder(key.mac_len()).unwrap();
        }
        let scoped = ScopedPdu::new(self.id, Bytes::new(), pdu);
        let message = V3Message::new(header, usm.encode().unwrap(), scoped).unwrap();
        let mut bytes = message.encode().unwrap().to_vec();
        if level.requires_auth() {
            let (at, len) = UsmSecurityParams::find_auth_params_offset(&bytes).unwrap();
            let mac = key.compute_hmac(&bytes).unwrap();
            bytes[at..at + len].copy_from_slice(&mac);
        }
        bytes
    }

    fn answer(&self, datagram: &[u8]) -> Vec<Vec<u8>> {
        let bytes = Bytes::copy_from_slice(datagram);
        let message = V3Message::decode(bytes, DecodeConfig::DEFAULT).unwrap().value;
        let usm = message.security_params().clone();
        let usm = UsmSecurityParams::decode(usm, DecodeConfig::DEFAULT).unwrap().value;
        let id = message.msg_id();
        let asked = message.into_pdu().unwrap();
        let report = |oid: Oid, level: SecurityLevel, user: &Bytes| {
            let body = PduBody::Standard {
                pdu_type: StandardPduType::Report,
                error_status: 0,
                error_index: 0,
            };
            let bound = VarBind::new(oid, Value::Counter32(1));
            self.message(
                id,
                level,
                user,
                Pdu::from_raw_parts(asked.request_id(), body, vec![bound]),
            )
        };
        let open = SecurityLevel::NoAuthNoPriv;
        let signed = SecurityLevel::AuthNoPriv;
        if usm.engine_id() != self.id {
            return vec![report(report_oids::unknown_engine_ids(), open, &Bytes::new())];
        }
        if usm.engine_boots() != self.boots || usm.engine_time().abs_diff(self.time) > 150 {
            return vec![report(report_oids::not_in_time_windows(), signed, usm.username())];
        }
        let body = PduBody::Standard {
            pdu_type: StandardPduType::Response,
            error_status: 0,
            error_index: 0,
        };
        let bound = asked.varbinds().iter();
        let bound = bound.map(|bound| VarBind::new(bound.oid.clone(), Value::Integer(7)));
        let pdu = Pdu::from_raw_parts(asked.request_id(), body, bound.collect());
        let answer = self.message(id, signed, usm.username(), pdu);
        let slander = report(report_oids::unknown_user_names(), open, usm.username());
        if self.is_slandered { vec![slander, answer] } else { vec![answer] }
    }
}

/// An engine on loopback.
async fn engine(id: &'static [u8], boots: u32, time: u32) -> (Arc<Mutex<Engine>>, u16) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let engine = Arc::new(Mutex::new(Engine { id, boots, time, is_slandered: false }));
    let own = Arc::clone(&engine);
    tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        loop {
            let (len, from) = socket.recv_from(&mut buffer).await.unwrap();
            let answers = own.lock().unwrap().answer(&buffer[..len]);
            for answer in answers {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
    (engine, port)
}

fn user() -> Security<Secret> {
    let keys = Keys { auth: AuthKind::Sha256, auth_secret: Secret::new(PASSPHRASE), privacy: None };
    Security::V3 { user: "patrol".into(), keys: Some(keys), context: String::new() }
}

async fn ask(session: &mut Session) -> Result<Answers, SnmpError> {
    let wanted = Wanted { scalars: oids(["1.3.6.1.2.1.1.3.0"]), columns: Vec::new() };
    session.ask(&wanted).await
}

/// One try a question, so that silence is soon over, yet long enough for a busy machine.
fn brisk() -> SnmpParams {
    SnmpParams { timeout_ms: 1_000, retries: 0, ..patient() }
}

#[tokio::test]
async fn a_restart_is_followed_at_once() {
    let (engine, port) = engine(ONE, 5, 1_000).await;
    let net = net(brisk());
    let mut session = session(&net, user(), port).await;
    assert!(ask(&mut session).await.is_ok());
    (engine.lock().unwrap().boots, engine.lock().unwrap().time) = (6, 3);
    assert!(ask(&mut session).await.is_ok());
    // A clock that was put forward is followed, too.
    engine.lock().unwrap().time = 500_000;
    assert!(ask(&mut session).await.is_ok());
}

#[tokio::test]
async fn starts_that_went_back_and_clocks_put_back_are_found_out_by_asking_anew() {
    for (boots, time) in [(2, 1_000), (5, 10)] {
        let (engine, port) = engine(ONE, 5, 1_000).await;
        let net = net(brisk());
        let mut session = session(&net, user(), port).await;
        assert!(ask(&mut session).await.is_ok());
        {
            let mut engine = engine.lock().unwrap();
            (engine.boots, engine.time) = (boots, time);
        }
        // What is older than what we know might be a recording: it is not believed at first.
        let mut silent = 0;
        while let Err(error) = ask(&mut session).await {
            assert!(matches!(error, SnmpError::Silent { .. }), "{error:?}");
            silent += 1;
            assert!(silent <= 2, "never believed again");
        }
        assert_eq!(silent, 2);
        assert!(ask(&mut session).await.is_ok());
    }
}

#[tokio::test]
async fn another_engine_at_the_address_is_told_and_asked_from_then_on() {
    let (engine, port) = engine(ONE, 5, 1_000).await;
    let net = net(brisk());
    let mut session = session(&net, user(), port).await;
    assert!(ask(&mut session).await.is_ok());
    {
        let mut engine = engine.lock().unwrap();
        (engine.id, engine.boots, engine.time) = (TWO, 1, 20);
    }
    assert!(matches!(ask(&mut session).await, Err(SnmpError::Silent { .. })));
    assert_eq!(ask(&mut session).await, Err(SnmpError::IdentityChanged));
    assert!(ask(&mut session).await.is_ok());
}

#[tokio::test]
async fn a_report_that_nobody_signed_is_a_reason_at_most() {
    let (engine, port) = engine(ONE, 5, 1_000).await;
    let net = net(brisk());
    let mut session = session(&net, user(), port).await;
    assert!(ask(&mut session).await.is_ok());
    engine.lock().unwrap().is_slandered = true;
    let outcome = ask(&mut session).await;
    assert_eq!(outcome, Err(SnmpError::CredentialRefused(Report::UnknownUser)));
    engine.lock().unwrap().is_slandered = false;
    assert!(ask(&mut session).await.is_ok());
}

#[tokio::test]
async fn an_engine_that_says_who_it_is_and_nothing_more_points_at_the_credential() {
    let (engine, port) = engine(ONE, 5, 1_000).await;
    let net = net(brisk());
    let keys = Keys { auth: AuthKind::Sha512, auth_secret: Secret::new(PASSPHRASE), privacy: None };
    let other = Security::V3 { user: "patrol".into(), keys: Some(keys), context: String::new() };
    let mut session = session(&net, other, port).await;
    let outcome = ask(&mut session).await;
    assert_eq!(
        outcome,
        Err(SnmpError::Silent { likely: &[Reason::Credential, Reason::AccessList] })
    );
    drop(engine);
}
