//! Devices read over the wire, from the question to what it means: net-snmp's own agent, and a
//! device that restarts, renumbers its interfaces and sets its counters back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_snmp::Value;
use axum::body::Bytes;
use tuantra::model::UnixMs;
use tuantra::probe::snmp::Session;
use tuantra::probe::snmp::facts::FactKind;
use tuantra::probe::snmp::interfaces::{Counter, find};
use tuantra::probe::snmp::profile::Profiles;
use tuantra::probe::snmp::reading::{DeviceReading, Memory, Pass, read, wanted};
use tuantra::probe::snmp::wire::Oid;

use super::agent::Agent;
use super::common::{net, oid, patient, session, v2c};
use super::netsnmp::snmpd;

const MINUTE_MS: i64 = 60_000;

/// All that is due in the round that begins at `tick`.
async fn round(asking: &mut Session, memory: &mut Memory, tick: UnixMs) -> Vec<DeviceReading> {
    let profiles = Profiles::default();
    let mut readings = Vec::new();
    while let Some(pass) = memory.due(tick, memory.profile(&profiles)) {
        let profile = memory.profile(&profiles).clone();
        let answers = asking.ask(&wanted(pass, &profile, memory)).await.unwrap();
        readings.push(read(pass, &answers, tick, &profile, memory));
    }
    readings
}

#[tokio::test]
async fn a_real_agent_is_read_whole() {
    let Some(agent) = snmpd("rocommunity public\nsysLocation Xã Hòa Khánh\nsysName agent\n").await
    else {
        return;
    };
    let net = net(patient());
    let mut asking = session(&net, v2c(), agent.port).await;
    let mut memory = Memory::default();
    let began = tokio::time::Instant::now();
    let readings = round(&mut asking, &mut memory, UnixMs(0)).await;
    let passes: Vec<Pass> = readings.iter().map(|reading| reading.pass).collect();
    assert_eq!(passes, [Pass::Identity, Pass::Facts, Pass::Neighbours]);
    let facts: BTreeMap<FactKind, &str> =
        readings[1].facts.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
    assert_eq!(facts.get(&FactKind::Name), Some(&"agent"));
    assert_eq!(facts.get(&FactKind::Location), Some(&"Xã Hòa Khánh"));
    assert_eq!(facts.get(&FactKind::Vendor), Some(&"net-snmp"));
    let uptime = &readings[1].uptime;
    assert!(uptime.ms.is_some_and(|ms| ms > 0) && uptime.boots.is_some(), "{uptime:?}");
    let lo = find(&readings[1].interfaces, "lo").unwrap();
    assert!(lo.status.is_some_and(|status| !status.is_down()) && !lo.is_counted());
    let kinds: Vec<&str> = readings[1].gauges.iter().map(|gauge| gauge.kind.as_str()).collect();
    assert!(kinds.contains(&"memory"), "{kinds:?}");

    // The agent's clocks are real, so ours must be.
    let octets = |reading: &DeviceReading| {
        find(&reading.interfaces, "lo").unwrap().counts[Counter::OctetsIn as usize].unwrap()
    };
    let tick = UnixMs(i64::try_from(began.elapsed().as_millis()).unwrap());
    let next = round(&mut asking, &mut memory, tick).await;
    assert_eq!((next.len(), next[0].pass), (1, Pass::Cycle));
    assert_eq!((next[0].uptime.restarted, next[0].uptime.has_agent_restarted), (None, false));
    assert!(next[0].uptime.ms >= uptime.ms);
    assert!(octets(&next[0]) >= octets(&readings[1]));
}

/// A router with two interfaces as it is at one time.
struct Router {
    up_cs: u32,
    boots: i32,
    /// Number, name, octets in.
    interfaces: [(u32, &'static str, u64); 2],
}

fn mib(router: &Router) -> BTreeMap<Oid, Value> {
    let text = |text: &'static str| Value::OctetString(Bytes::from_static(text.as_bytes()));
    let mut mib = BTreeMap::from([
        (oid("1.3.6.1.2.1.1.1.0"), text("RouterOS RB952Ui-5ac2nD")),
        (oid("1.3.6.1.2.1.1.2.0"), Value::ObjectIdentifier(oid("1.3.6.1.4.1.14988.1"))),
        (oid("1.3.6.1.2.1.1.3.0"), Value::TimeTicks(router.up_cs)),
        (oid("1.3.6.1.6.3.10.2.1.2.0"), Value::Integer(router.boots)),
    ]);
    for (index, name, octets) in router.interfaces {
        mib.insert(oid("1.3.6.1.2.1.2.2.1.8").child(index), Value::Integer(1));
        mib.insert(oid("1.3.6.1.2.1.31.1.1.1.1").child(index), text(name));
        mib.insert(oid("1.3.6.1.2.1.31.1.1.1.6").child(index), Value::Counter64(octets));
    }
    mib
}

/// What passed in, by name, in the last reading that knows.
fn passed(readings: &[DeviceReading]) -> Vec<(&str, Option<u64>)> {
    let last = readings.iter().rfind(|reading| !reading.interfaces.is_empty()).unwrap();
    let rate = |i: &tuantra::probe::snmp::interfaces::Interface| i.passed.and_then(|p| p.bps().0);
    last.interfaces.iter().map(|i| (&*i.name, rate(i))).collect()
}

#[tokio::test]
async fn a_restart_that_renumbers_makes_no_spike_and_no_confusion() {
    let now = Arc::new(Mutex::new(Router {
        up_cs: 8_000_000,
        boots: 4,
        interfaces: [(1, "wan", 1_000_000), (2, "lan", 9_000_000_000)],
    }));
    let told = Arc::clone(&now);
    let agent = Agent::start(move |request| {
        vec![request.answer(request.bindings(&mib(&told.lock().unwrap())))]
    })
    .await;
    let net = net(patient());
    let mut asking = session(&net, v2c(), agent.port).await;
    let mut memory = Memory::default();
    let mut step = 0;
    let mut next = async |router: Router| {
        *now.lock().unwrap() = router;
        let readings = round(&mut asking, &mut memory, UnixMs(step * MINUTE_MS)).await;
        step += 1;
        readings
    };
    let running = |up_cs, wan, lan| Router {
        up_cs,
        boots: 4,
        interfaces: [(1, "wan", wan), (2, "lan", lan)],
    };
    next(running(8_000_000, 1_000_000, 9_000_000_000)).await;
    let second = next(running(8_006_000, 1_750_000, 9_000_000_000)).await;
    assert_eq!(passed(&second), [("wan", Some(100_000)), ("lan", Some(0))]);

    // It restarts: the numbers change places, the counters begin anew, and `lan` has counted more
    // than `wan` ever had.
    let restarted = next(Router {
        up_cs: 3_000,
        boots: 5,
        interfaces: [(1, "lan", 5_000_000), (2, "wan", 2_000)],
    })
    .await;
    assert_eq!(restarted[0].uptime.restarted, Some(UnixMs(2 * MINUTE_MS - 30_000)));
    assert!(restarted[0].points.is_empty() && !restarted[0].are_interfaces_sure);
    assert_eq!(passed(&restarted), [("lan", None), ("wan", None)]);
    let after = next(Router {
        up_cs: 9_000,
        boots: 5,
        interfaces: [(1, "lan", 5_750_000), (2, "wan", 752_000)],
    })
    .await;
    assert_eq!(passed(&after), [("lan", Some(100_000)), ("wan", Some(100_000))]);

    // A counter goes back by itself, and the boots do: another device's memory.
    let back = next(Router {
        up_cs: 15_000,
        boots: 1,
        interfaces: [(1, "lan", 6_500_000), (2, "wan", 10)],
    })
    .await;
    assert!(back[0].uptime.have_boots_gone_back);
    assert_eq!(passed(&back), [("lan", None), ("wan", None)]);
}
