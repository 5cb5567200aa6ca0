//! Devices that say something of themselves: agents on loopback, asked by the real binary.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use async_snmp::agent::Agent;
use async_snmp::handler::{
    BoxFuture, GetNextResult, GetResult, HandlerResult, MibHandler, RequestContext,
};
use async_snmp::{Oid, Value, VarBind, oid};
use tuantra::api::Snapshot;
use tuantra::model::{
    Cause, RoundError, Sign, SnmpTrouble, Span, State, SubjectId, Threshold, UnixMs,
};
use tuantra::store::{EventKind, Reader};

use super::common::{Daemon, Province, assert_partition, follow, may_ping};

/// What an agent says, to be changed while it is asked.
#[derive(Clone, Default)]
pub struct Said(Arc<Mutex<BTreeMap<Oid, Value>>>);

impl Said {
    pub fn set(&self, at: &str, value: Value) {
        self.0.lock().unwrap().insert(Oid::parse(at).unwrap(), value);
    }
}

impl MibHandler for Said {
    fn get<'a>(
        &'a self,
        _: &'a RequestContext,
        oid: &'a Oid,
    ) -> BoxFuture<'a, HandlerResult<GetResult>> {
        let said = self.0.lock().unwrap().get(oid).cloned();
        Box::pin(async move { Ok(said.map_or(GetResult::NoSuchObject, GetResult::Value)) })
    }

    fn get_next<'a>(
        &'a self,
        _: &'a RequestContext,
        oid: &'a Oid,
    ) -> BoxFuture<'a, HandlerResult<GetNextResult>> {
        let said = self.0.lock().unwrap();
        let next = said.range((Bound::Excluded(oid.clone()), Bound::Unbounded)).next();
        let next = next.map(|(oid, value)| VarBind::new(oid.clone(), value.clone()));
        Box::pin(async move { Ok(next.map_or(GetNextResult::EndOfMibView, GetNextResult::Value)) })
    }
}

/// An agent at an address, on a port that was free; it answers until it is dropped.
pub struct Speaker {
    agent: Arc<Agent>,
}

impl Speaker {
    pub async fn at(address: &str, said: &Said) -> Self {
        let agent = Agent::builder()
            .bind(address)
            .community(b"public")
            .allow_all_access()
            .without_builtin_handlers()
            .handler(oid!(1, 3, 6, 1), Arc::new(said.clone()))
            .build()
            .await
            .unwrap();
        let agent = Arc::new(agent);
        let running = Arc::clone(&agent);
        tokio::spawn(async move { running.run().await });
        Self { agent }
    }

    pub fn port(&self) -> u16 {
        self.agent.local_addr().port()
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.agent.cancel();
    }
}

pub fn router() -> Said {
    let said = Said::default();
    said.set("1.3.6.1.2.1.1.1.0", Value::from("Router \u{1b}[31mred"));
    said.set("1.3.6.1.2.1.1.3.0", Value::TimeTicks(360_000));
    said.set("1.3.6.1.2.1.1.5.0", Value::from("xa-1"));
    said.set("1.3.6.1.2.1.31.1.1.1.1.7", Value::from("wan"));
    said.set("1.3.6.1.2.1.2.2.1.7.7", Value::Integer(1));
    said.set("1.3.6.1.2.1.2.2.1.8.7", Value::Integer(1));
    said.set("1.3.6.1.2.1.31.1.1.1.6.7", Value::Counter64(1_000_000));
    said.set("1.3.6.1.2.1.31.1.1.1.10.7", Value::Counter64(5_000));
    said
}

pub fn ups() -> Said {
    let said = Said::default();
    said.set("1.3.6.1.2.1.1.3.0", Value::TimeTicks(100_000_000));
    said.set("1.3.6.1.2.1.33.1.4.1.0", Value::Integer(3));
    said.set("1.3.6.1.2.1.33.1.2.4.0", Value::Integer(100));
    said
}

fn inventory() -> String {
    "networks: [ { id: tslcd, name: TSLCD } ]\n\
     units:\n\
     \x20 - { id: tinh, name: Tỉnh Thử, kind: province }\n\
     \x20 - id: xa\n\
     \x20   name: Xã Một\n\
     \x20   kind: commune\n\
     \x20   parent: tinh\n\
     \x20   requires: [tslcd]\n\
     \x20   connections:\n\
     \x20     tslcd: { address: 127.0.9.2, via: [], device: router, interface: WAN, bandwidth: 10Mbps, checks: [ping, interface] }\n\
     \x20   devices:\n\
     \x20     router: { address: 127.0.9.3, via: [], snmp: test }\n\
     \x20     ups: { address: 127.0.9.4, via: [], snmp: test }\n"
        .to_owned()
}

/// A province whose devices are asked every second on `port`, and a daemon that does.
fn patrolled(port: u16) -> (Province, Daemon) {
    let province = province(port);
    let daemon = province.daemon();
    (province, daemon)
}

fn province(port: u16) -> Province {
    let province = Province::new();
    let config = format!(
        "language: en\n\
         health: {{ interval: 1s, retry: 500ms }}\n\
         probe: {{ icmp: {{ count: 2, spacing: 50ms, timeout: 300ms }}, snmp: {{ interval: 1s, timeout: 300ms, retries: 1 }} }}\n\
         credentials: {{ test: {{ version: 2c, community: public, allow_weak: true, port: {port} }} }}\n"
    );
    std::fs::write(province.path("config.yaml"), config).unwrap();
    province.set_inventory(&inventory());
    province
}

pub fn now(snapshot: &Snapshot, id: &str) -> (State, Option<RoundError>) {
    let subject = snapshot.subjects.iter().find(|s| s.id.as_str() == id);
    subject.map_or((State::Unmeasured, None), |s| (s.now.state, s.now.trouble))
}

const ALL: Span = Span { from: UnixMs(0), to: UnixMs(i64::MAX) };

#[tokio::test]
async fn what_devices_say_is_judged_stored_and_told() {
    if !may_ping() {
        return;
    }
    let (router_says, ups_says) = (router(), ups());
    let ups = Speaker::at("127.0.9.4:0", &ups_says).await;
    let port = ups.agent.local_addr().port();
    let router = Speaker::at(&format!("127.0.9.3:{port}"), &router_says).await;
    let (province, _daemon) = patrolled(port);
    let client = province.client();
    let up = |s: &Snapshot| {
        ["xa/tslcd", "xa/router", "xa/ups"].iter().all(|id| now(s, id) == (State::Up, None))
    };
    follow(&client, up).await;

    // What they said last stands beside the past, of the device and of the line that ends at it.
    let device = async |id: &str| {
        let id = SubjectId::new(id).unwrap();
        let window = Span::new(UnixMs(0), UnixMs(1_000));
        // Up by ping is not yet heard by SNMP.
        let mut seen = follow(&client, up).await;
        loop {
            let said = client.history(&id, window, 10).await.unwrap().device;
            match said.filter(|said| said.interfaces.len() + usize::from(said.ups.is_some()) > 0) {
                Some(said) => return said,
                None => seen = follow(&client, |s| s.at > seen.at).await,
            }
        }
    };
    let said = device("xa/router").await;
    assert!(said.uptime_ms == Some(3_600_000) && said.heard.is_some(), "{said:?}");
    assert_eq!(said.interfaces.len(), 1);
    let line = device("xa/tslcd").await;
    assert_eq!(line.interfaces[0].contracted_bps, Some(10_000_000));
    assert!(line.interfaces == said.interfaces && line.ups.is_none(), "{line:?}");
    assert_eq!(device("xa/ups").await.ups.unwrap().charge_permille, Some(1_000));

    // The far end still answers ping, and the line is down all the same.
    router_says.set("1.3.6.1.2.1.2.2.1.8.7", Value::Integer(2));
    let is_down = (State::Down, Some(RoundError::InterfaceDown { admin: false }));
    follow(&client, |s| now(s, "xa/tslcd") == is_down).await;
    router_says.set("1.3.6.1.2.1.2.2.1.8.7", Value::Integer(1));
    follow(&client, up).await;

    ups_says.set("1.3.6.1.2.1.33.1.4.1.0", Value::Integer(5));
    let on_battery = (State::Degraded, Some(RoundError::Over(Threshold::Battery)));
    let told = follow(&client, |s| {
        now(s, "xa/ups") == on_battery && s.incidents.iter().any(|i| i.root.as_str() == "xa/ups")
    })
    .await;
    let incident = told.incidents.iter().find(|i| i.root.as_str() == "xa/ups").unwrap();
    let guess = incident.guess.as_ref().unwrap();
    assert_eq!(guess.cause, Cause::Power);
    assert!(
        matches!(&guess.signs[..], [Sign::OnBattery { device }] if device.as_str() == "xa/ups")
    );
    ups_says.set("1.3.6.1.2.1.33.1.4.1.0", Value::Integer(3));
    follow(&client, up).await;

    // It answers ping and not SNMP: degraded, with the likely reasons, and its line is not blamed.
    drop(router);
    let silent = (State::Degraded, Some(RoundError::Snmp(SnmpTrouble::Silent)));
    let seen = follow(&client, |s| now(s, "xa/router") == silent).await;
    assert_eq!(now(&seen, "xa/tslcd").0, State::Up);
    let explained = province.command(&["explain", "xa/router"]).output().unwrap();
    let explained = String::from_utf8(explained.stdout).unwrap();
    assert!(explained.contains("credential, access list or service?"), "{explained}");

    // It comes back restarted and with another name.
    router_says.set("1.3.6.1.2.1.1.3.0", Value::TimeTicks(100));
    router_says.set("1.3.6.1.2.1.1.5.0", Value::from("xa-2"));
    let _router = Speaker::at(&format!("127.0.9.3:{port}"), &router_says).await;
    let back = follow(&client, up).await;
    follow(&client, |s| s.daemon.written.is_some_and(|w| w > back.at + 2_500)).await;

    let reader = Reader::open(&province.path("tuantra.db")).unwrap();
    let id = SubjectId::new("xa/router").unwrap();
    let names: Vec<String> = reader
        .sightings(&id)
        .unwrap()
        .iter()
        .filter(|s| &*s.key == "name")
        .map(|s| s.value.to_string())
        .collect();
    assert_eq!(names, ["xa-2", "xa-1"]);
    let events = reader.events(ALL, 10_000).unwrap();
    let of = |kind| events.iter().filter(|e| e.event.kind == kind).count();
    assert_eq!((of(EventKind::Restarted), of(EventKind::FactChanged)), (1, 1), "{events:?}");
    let described = reader.sightings(&id).unwrap();
    let described = described.iter().find(|s| &*s.key == "description").unwrap();
    assert!(!described.value.contains('\u{1b}'), "{described:?}");
    drop(reader);
    assert_partition(&province.path("tuantra.db"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_patrol_would_read_can_be_read_by_hand() {
    let (router_says, ups_says) = (router(), ups());
    router_says.set("1.3.6.1.2.1.31.1.1.1.18.7", Value::from("Cáp quang VNPT"));
    router_says.set("1.3.6.1.2.1.31.1.1.1.15.7", Value::Gauge32(1_000));
    let ups = Speaker::at("127.0.9.14:0", &ups_says).await;
    let port = ups.agent.local_addr().port();
    let _router = Speaker::at(&format!("127.0.9.13:{port}"), &router_says).await;
    let province = province(port);
    province.set_inventory(&inventory().replace("127.0.9.", "127.0.9.1"));
    let told = |args: &[&str], code: i32| {
        let output = province.command(args).output().unwrap();
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}{err}");
        (out, err)
    };
    let (facts, _) = told(&["snmp", "facts", "xa/router"], 0);
    assert!(facts.contains("xa-1") && facts.contains("1 h 00 min"), "{facts}");
    assert!(!facts.contains('\u{1b}'), "{facts}");
    let (facts, _) = told(&["snmp", "facts", "xa/ups"], 0);
    assert!(facts.contains("on mains, charge 100 %"), "{facts}");
    let (ports, _) = told(&["snmp", "interfaces", "xa/router"], 0);
    let lines: Vec<&str> = ports.lines().collect();
    assert_eq!(lines.len(), 2, "{ports}");
    for word in ["wan", "up", "1 Gbit/s", "Cáp quang VNPT"] {
        assert!(lines[1].contains(word), "{word}: {ports}");
    }
    let (json, _) = told(&["snmp", "interfaces", "xa/router", "--format", "json"], 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["said"]["interfaces"][0]["name"], "wan");
    assert_eq!(json["said"]["interfaces"][0]["state"], "up");
    let (_, none) = told(&["snmp", "interfaces", "xa/ups"], 1);
    assert!(none.contains("no interface"), "{none}");
    let (_, wrong) = told(&["snmp", "interfaces", "xa/router", "--measure", "1s"], 2);
    assert!(wrong.contains("5s to 10m"), "{wrong}");
    drop(ups);
    let (_, silent) = told(&["snmp", "facts", "xa/ups"], 1);
    assert!(silent.contains("access list"), "{silent}");
}
