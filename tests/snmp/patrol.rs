//! The patrol with real sessions: whoever answers is heard, whoever does not holds nobody up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tuantra::model::{DeviceId, SnmpParams};
use tuantra::probe::snmp::ask::Wanted;
use tuantra::probe::snmp::{Patrol, SnmpError, Target};

use super::agent::{Agent, mib};
use super::common::{LOCALHOST, credential, net, oid, oids, v2c};

#[tokio::test]
async fn devices_have_their_turns_each_interval_and_the_silent_hold_nobody_up() {
    let fine = Agent::start(|r| vec![r.answer(r.bindings(&mib(20)))]).await;
    let silent = Agent::start(|_| Vec::new()).await;
    let params = SnmpParams {
        interval_ms: 2_000,
        timeout_ms: 500,
        retries: 0,
        in_flight: 4,
        group_rate_pps: 500,
        ..SnmpParams::default()
    };
    let target = |name: &str, port: u16, group: u32| Target {
        device: DeviceId::new(name).unwrap(),
        address: LOCALHOST,
        credential: Arc::new(credential(v2c(), port)),
        group,
    };
    let targets: Vec<Target> = (0..8)
        .map(|i| match i % 2 {
            0 => target(&format!("fine-{i}"), fine.port, i),
            _ => target(&format!("silent-{i}"), silent.port, i),
        })
        .collect();
    let wanted = Wanted { scalars: oids(["1.3.6.1.1.0"]), columns: oids(["1.3.6.5.1"]) };
    let mut patrol = Patrol::new(Arc::new(net(params)), params);
    patrol.set_targets(targets, &Arc::new(wanted));
    let mut turns: BTreeMap<String, usize> = BTreeMap::new();
    // Twelve turns of those that answer: three intervals, however busy the machine is.
    while turns.iter().filter(|(id, _)| id.starts_with("fine")).map(|(_, n)| n).sum::<usize>() < 12
    {
        let turn = tokio::time::timeout(Duration::from_secs(60), patrol.next()).await.unwrap();
        let id = turn.device.to_string();
        match turn.outcome {
            Ok(answers) => {
                assert!(id.starts_with("fine"), "{id}");
                assert_eq!(answers.column(&oid("1.3.6.5.1")).count(), 20);
            }
            Err(error) => {
                assert!(id.starts_with("silent"), "{id}: {error}");
                assert!(matches!(error, SnmpError::Silent { .. }));
                assert!(turn.took >= Duration::from_millis(500));
            }
        }
        *turns.entry(id).or_default() += 1;
    }
    assert_eq!(turns.len(), 8, "{turns:?}");
    let most = turns.iter().filter(|(id, _)| id.starts_with("silent")).map(|(_, n)| n).max();
    assert!(most.is_some_and(|n| *n <= 3), "{turns:?}");
}
