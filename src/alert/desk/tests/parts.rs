//! Incidents that became parts of others.

use super::*;

#[test]
fn who_was_told_of_a_part_is_told_of_the_whole() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.until(1);
    bench.merge(1, 2, 5);
    bench.down(2, 5);
    bench.until(2);
    bench.up(2);
    bench.until(3);
    let told = ["1 duty Down", "61 duty Merged", "61 duty Down", "121 duty Recovered"];
    assert_eq!(bench.told(), told);
}

#[test]
fn a_part_that_is_out_while_it_is_merged_hands_its_channel_on() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    let out = bench.leaving();
    bench.merge(1, 2, 5);
    bench.desk.outcome(&out[0].key, &Outcome::Sent, 1, bench.now);
    bench.up(2);
    bench.until(2);
    assert_eq!(bench.told(), ["1 duty Merged", "1 duty Recovered"]);
}

#[test]
fn who_was_not_told_of_a_part_is_not_told_that_it_is_one() {
    let mut bench = Bench::new(
        "  group_wait: 10m\n  routes: [ { to: duty } ]\n  channels: { duty: { gotify: {} } }\n",
    );
    bench.down(1, 1);
    bench.until(1);
    bench.merge(1, 2, 5);
    bench.until(20);
    assert_eq!(bench.told(), [] as [&str; 0]);
}

#[test]
fn what_became_a_part_of_a_part_is_closed_once_under_its_own_name() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.until(1);
    bench.merge(1, 2, 5);
    bench.merge(2, 3, 9);
    bench.until(2);
    bench.up(3);
    bench.until(3);
    let of = |n| Some(bench.incident(n, 1).id.to_string());
    let told: Vec<_> = bench.left.iter().map(|(_, _, topic, of)| (*topic, of.clone())).collect();
    let (down, merged) = ((Topic::Down, of(1)), (Topic::Merged, of(1)));
    assert_eq!(told, [down, merged, (Topic::Recovered, of(3))]);
}

#[test]
fn many_parts_of_one_incident_are_closed_in_one_message() {
    let mut bench = Bench::new(ONE);
    for n in 1..=5 {
        bench.down(n, 1);
    }
    bench.until(1);
    bench.told();
    let whole = bench.incident(9, 9).id;
    for n in 1..=5 {
        bench.desk.merged(&bench.incident(n, 1).id, &whole, bench.now);
    }
    bench.keep();
    bench.until(2);
    assert_eq!(bench.told(), ["61 duty Digest"]);
    let digest = bench.kept.values().find(|m| m.id.starts_with("digest:")).unwrap();
    let notice: Notice = serde_json::from_value(digest.body["notice"].clone()).unwrap();
    assert!(notice.parts.iter().all(|p| p.topic == Topic::Merged && p.merged_into.is_some()));
    assert_eq!(notice.parts.len(), 5);
}

#[test]
fn what_was_taken_over_lasts_over_a_restart() {
    for restarts in [false, true] {
        let mut bench = Bench::new(ONE);
        bench.down(1, 1);
        bench.until(1);
        bench.merge(1, 2, 5);
        bench.merge(2, 3, 5);
        bench.until(2);
        if restarts {
            bench.restart();
        }
        bench.up(3);
        bench.until(4);
        let told = ["1 duty Down", "61 duty Merged", "121 duty Recovered"];
        assert_eq!(bench.told(), told, "with a restart: {restarts}");
    }
}
