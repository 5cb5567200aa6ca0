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
    Cause, RoundError, Seeing, Sign, SnmpTrouble, Span, State, SubjectId, Threshold, UnixMs,
};
use tuantra::store::{EventKind, Reader};

use super::common::{Daemon, PATIENCE, Province, assert_partition, follow, may_ping};

/// What an agent says, to be changed while it is asked.
#[derive(Clone, Default)]
pub struct Said(Arc<Mutex<BTreeMap<Oid, Value>>>);

impl Said {
    pub fn set(&self, at: &str, value: Value) {
        self.0.lock().unwrap().insert(Oid::parse(at).unwrap(), value);
    }

    /// Takes a neighbour at a port out of a table of LLDP's.
    fn remove_all(&self, table: &str, port: u32) {
        let table = Oid::parse(table).unwrap();
        self.0.lock().unwrap().retain(|oid, _| {
            let index = oid.arcs().strip_prefix(table.arcs());
            index.is_none_or(|index| index.get(2) != Some(&port))
        });
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
            // LLDP-MIB lies outside of 1.3.6.1, in which all others are.
            .handler(oid!(1), Arc::new(said.clone()))
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

/// Adds a neighbour to what a device sees by LLDP: at which of its ports, who, where it is managed.
pub fn sees(said: &Said, port: u32, name: &str, address: Option<[u8; 4]>) {
    const LLDP: &str = "1.0.8802.1.1.2.1";
    let remote = |column: u32| format!("{LLDP}.4.1.1.{column}.0.{port}.1");
    said.set(&format!("{LLDP}.3.7.1.2.{port}"), Value::Integer(5));
    said.set(&format!("{LLDP}.3.7.1.3.{port}"), Value::from(format!("ether{port}").as_str()));
    said.set(&remote(4), Value::Integer(4));
    let card = [0, 0x1b, 0xc0, 0, 0, u8::try_from(port).unwrap()];
    said.set(&remote(5), Value::OctetString(card.to_vec().into()));
    said.set(&remote(6), Value::Integer(5));
    said.set(&remote(7), Value::from("Gi0/1"));
    said.set(&remote(9), Value::from(name));
    if let Some([a, b, c, d]) = address {
        said.set(&format!("{LLDP}.4.2.1.3.0.{port}.1.1.4.{a}.{b}.{c}.{d}"), Value::Integer(2));
    }
}

/// Adds an address with its card to what a device sees.
fn sees_card(said: &Said, address: &str, last: u8) {
    let card = vec![0, 0x1b, 0xc0, 0, 1, last];
    said.set(&format!("1.3.6.1.2.1.4.22.1.2.7.{address}"), Value::OctetString(card.into()));
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

#[tokio::test(flavor = "multi_thread")]
async fn who_is_beside_a_device_is_kept_and_others_than_before_are_an_event() {
    if !may_ping() {
        return;
    }
    let says = router();
    sees(&says, 7, "sw-1\u{1b}[31m", Some([127, 0, 9, 64]));
    sees(&says, 8, "ap-1", None);
    sees_card(&says, "127.0.9.64", 1);
    sees_card(&says, "10.9.9.9", 2);
    let ups = Speaker::at("127.0.9.64:0", &ups()).await;
    let port = ups.agent.local_addr().port();
    let _router = Speaker::at(&format!("127.0.9.63:{port}"), &says).await;
    let province = province(port);
    province.set_inventory(&inventory().replace("127.0.9.", "127.0.9.6"));
    let client = province.client();
    let router = SubjectId::new("xa/router").unwrap();
    // Who is there, by name or card, in the order that is shown.
    let beside = async |count: usize| {
        let found = async {
            let mut seen = follow(&client, |_| true).await;
            loop {
                let window = Span::new(UnixMs(0), UnixMs(1_000));
                let found = client.history(&router, window, 10).await.ok().and_then(|h| h.device);
                let found = found.map(|device| device.neighbours).unwrap_or_default();
                if found.len() == count {
                    return found;
                }
                seen = follow(&client, |s| s.at > seen.at).await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("they were not seen in time")
    };
    let daemon = province.daemon();
    let found = beside(4).await;
    let who: Vec<_> = found
        .iter()
        .map(|b| {
            let said = |text: &Option<Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
            (b.who.protocol, said(&b.who.local_port), said(&b.who.name), b.is_there)
        })
        .collect();
    assert_eq!(
        who,
        [
            (Seeing::Lldp, "ether7".into(), "sw-1‹U+001B›[31m".into(), true),
            (Seeing::Lldp, "ether8".into(), "ap-1".into(), true),
            (Seeing::Arp, "wan".into(), "-".into(), true),
            (Seeing::Arp, "wan".into(), "-".into(), true),
        ]
    );
    drop(daemon);

    // Another daemon looks at once, and knows from the store who was there.
    says.remove_all("1.0.8802.1.1.2.1.4.1.1", 8);
    sees(&says, 9, "cam-1", None);
    let _daemon = province.daemon();
    let found = beside(5).await;
    let gone: Vec<_> = found.iter().filter(|b| !b.is_there).collect();
    assert_eq!(gone.len(), 1, "{found:?}");
    assert_eq!(gone[0].who.name.as_deref(), Some("ap-1"));
    let events = async || {
        let reader = Reader::open(&province.path("tuantra.db")).unwrap();
        let events = reader.events(ALL, 10_000).unwrap();
        events
            .into_iter()
            .filter(|e| e.event.kind == EventKind::NeighboursChanged)
            .collect::<Vec<_>>()
    };
    let events = events().await;
    assert_eq!(events.len(), 1, "the first look of all is no change: {events:?}");
    let detail = &events[0].event.detail;
    assert_eq!([&detail["found"][0]["name"], &detail["lost"][0]["name"]], ["cam-1", "ap-1"]);

    let shown = |args: &[&str]| {
        let output = province.command(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = shown(&["inventory", "show", "xa/router"]);
    for words in ["ether9", "cam-1", "no longer seen", "xa/ups", "00:1b:c0:00:01:02"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
    let json = shown(&["inventory", "show", "xa/router", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let known = json["neighbours"].as_array().unwrap().iter().find(|n| n["id"] == "xa/ups");
    assert_eq!(known.unwrap()["local_port"], "ether7");
    assert_partition(&province.path("tuantra.db"));
}
