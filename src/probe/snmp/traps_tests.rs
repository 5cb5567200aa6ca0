//! What traps mean, whom they are believed of and how often they count.

use super::*;
use crate::model::{AuthKind, CredentialId, Keys, PrivKind, Secret};

fn about(text: &str) -> About {
    About::of(&Oid::parse(text).unwrap())
}

#[test]
fn traps_are_known_by_their_names() {
    for (text, what) in [
        ("1.3.6.1.6.3.1.1.5.1", About::ColdStart),
        ("1.3.6.1.6.3.1.1.5.2", About::WarmStart),
        ("1.3.6.1.6.3.1.1.5.3", About::LinkDown),
        ("1.3.6.1.6.3.1.1.5.4", About::LinkUp),
        ("1.3.6.1.6.3.1.1.5.5", About::AuthenticationFailure),
        ("1.3.6.1.6.3.1.1.5.6", About::Other),
        ("1.3.6.1.6.3.1.1.5", About::Other),
        ("1.3.6.1.2.1.33.2.1", About::Ups),
        ("1.3.6.1.2.1.33.2.0.1", About::Ups),
        ("1.3.6.1.2.1.33.2", About::Other),
        ("1.3.6.1.4.1.318.0.5", About::Ups),
        ("1.3.6.1.4.1.3180.0.5", About::Other),
        ("1.3.6.1.4.1.534.1.11.4.1.0.3", About::Ups),
        ("1.3.6.1.4.1.9.9.43.2.0.1", About::Other),
    ] {
        assert_eq!(about(text), what, "{text}");
    }
    assert!(!About::Other.is_reason_to_ask() && About::LinkUp.is_reason_to_ask());
}

fn device(name: &str) -> DeviceId {
    DeviceId::new(name).unwrap()
}

#[test]
fn a_storm_of_traps_asks_once_in_a_while_and_once_after_its_end() {
    let (storm, calm) = (device("xa/router"), device("xa/ups"));
    let mut sooner = Sooner::default();
    let mut asked = Vec::new();
    // A hundred a second for 12 seconds.
    for at in (0..12_000).step_by(10) {
        if sooner.wants(&storm, UnixMs(at)) {
            asked.push(at);
        }
        if at % 1_000 == 0 {
            asked.extend(sooner.due(UnixMs(at)).iter().map(|_| at));
        }
        if at == 7_000 {
            assert!(sooner.wants(&calm, UnixMs(at)), "another is not kept waiting by it");
        }
    }
    assert!(sooner.due(UnixMs(14_000)).is_empty());
    asked.extend(sooner.due(UnixMs(15_000)).iter().map(|_| 15_000));
    assert_eq!(asked, [0, 5_000, 10_000, 15_000]);
    assert!(sooner.due(UnixMs(16_000)).is_empty());
    assert!(sooner.due(UnixMs(20_000)).is_empty());
    assert!(sooner.devices.is_empty(), "nobody is remembered for ever");
}

#[test]
fn one_that_is_being_asked_is_asked_once_more() {
    let device = device("xa/router");
    let mut sooner = Sooner::default();
    assert!(sooner.wants(&device, UnixMs(1_000)));
    sooner.owe(&device, UnixMs(1_000));
    assert!(sooner.due(UnixMs(5_999)).is_empty());
    assert_eq!(sooner.due(UnixMs(6_000)), std::slice::from_ref(&device));
    assert!(sooner.due(UnixMs(11_000)).is_empty());
    // A clock set back by an hour.
    assert!(sooner.wants(&device, UnixMs(12_000)));
    assert!(sooner.wants(&device, UnixMs(12_000 - 3_600_000)));
}

#[test]
fn strangers_are_counted_and_not_let_in() {
    let welcome = Welcome::default();
    let [known, other] = [1, 2].map(|n| IpAddr::from([127, 0, 0, n]));
    assert!(!welcome.lets_in(known));
    welcome.set([known].into());
    assert!(welcome.lets_in(known) && !welcome.lets_in(other));
    assert_eq!(welcome.strangers(), 2);
}

#[tokio::test]
async fn every_way_of_proving_and_hiding_can_be_listened_for_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let secret = || Secret::new("a passphrase");
    let user = |auth, privacy: Option<PrivKind>| {
        let privacy = privacy.map(|kind| (kind, secret()));
        let keys = Keys { auth, auth_secret: secret(), privacy };
        let user = format!("u{}", keys.privacy.as_ref().map_or("", |(k, _)| k.as_str()));
        Security::V3 { user, keys: Some(keys), context: String::new() }
    };
    let all = [Security::V2c { community: secret() }, user(AuthKind::Md5, None)];
    let hidden = PrivKind::ALL.map(|kind| user(AuthKind::Sha256, Some(kind)));
    let id = CredentialId::new("test").unwrap();
    let credential = |security| Credential { id: id.clone(), security, port: Credential::PORT };
    let listening = Listening {
        listen: "127.0.0.1:0".parse().unwrap(),
        credentials: all.into_iter().chain(hidden).map(credential).collect(),
        engine_file: folder.path().join("tuantra.engine"),
    };
    for _ in 0..3 {
        // DES wants the engine's own number of starts, the first one and the next.
        let receiver = Receiver::open(&listening, &Welcome::default()).await.unwrap();
        assert_eq!(receiver.deaf(), None);
    }
    // Where the engine cannot be kept, communities are heard all the same.
    let nowhere = folder.path().join("missing/tuantra.engine");
    let listening = Listening { engine_file: nowhere, ..listening };
    let receiver = Receiver::open(&listening, &Welcome::default()).await.unwrap();
    assert!(receiver.deaf().is_some_and(|why| why.contains("missing/tuantra.engine")));
    let taken = Listening { listen: receiver.address(), ..listening };
    let error = Receiver::open(&taken, &Welcome::default()).await.err().unwrap();
    assert!(error.to_string().contains("snmptrapd"), "{error}");
}

#[test]
fn an_error_names_the_fix() {
    let listen: SocketAddr = "0.0.0.0:162".parse().unwrap();
    let told = |kind: io::ErrorKind| TrapError::Listen { listen, source: kind.into() }.to_string();
    assert!(told(io::ErrorKind::PermissionDenied).contains("CAP_NET_BIND_SERVICE"));
    assert!(told(io::ErrorKind::AddrInUse).contains("snmptrapd"));
    assert!(told(io::ErrorKind::OutOfMemory).starts_with("listen for traps on 0.0.0.0:162"));
}
