//! Storm mode one rule at a time; its stories are in `tests/alerts/storm.toml`.

use super::*;
use crate::alert::desk::storm::{Change, Sight, Stand};
use crate::model::{Storm, StormOver};

const QUARTER: i64 = 15;

impl Bench {
    /// Storm mode in the unit of line `n` until `minute`.
    fn storm(&mut self, n: u32, minute: i64) -> (Stand, Change) {
        let order = Storm {
            unit: UnitId::new(&format!("u{n}")).unwrap(),
            since: self.now,
            until: UnixMs(minute * MINUTE),
            by: "lan".to_owned(),
            note: String::new(),
            channels: Vec::new(),
            ended: None,
        };
        let done = self.desk.begin_storm(&self.inventory, order, self.now);
        self.keep();
        done
    }

    fn calm(&mut self, n: u32) -> Option<Stand> {
        let unit = UnitId::new(&format!("u{n}")).unwrap();
        let sight = Sight { inventory: &self.inventory, open: &self.open, blind: &[] };
        let ended = self.desk.end_storm(&unit, "minh", sight, self.now);
        self.keep();
        ended
    }

    fn over(&mut self) -> Vec<Stand> {
        let sight = Sight { inventory: &self.inventory, open: &self.open, blind: &[] };
        let over = self.desk.pass_storms(sight, self.now);
        self.keep();
        over
    }

    /// Folded and waiting.
    fn counts(&self) -> (u32, u32) {
        let stand = self.desk.storms(self.now).pop().unwrap();
        (stand.folded, stand.waiting)
    }
}

#[test]
fn it_stands_with_what_is_folded_what_waits_and_when_that_leaves() {
    let mut bench = Bench::new(ONE);
    bench.until(1);
    let (stand, change) = bench.storm(1, 100);
    let channels: Vec<&str> = stand.storm.channels.iter().map(|c| c.as_str()).collect();
    assert_eq!((change, channels), (Change::Began, vec!["duty"]));
    assert_eq!((stand.folded, stand.waiting, stand.next), (0, 0, UnixMs(QUARTER * MINUTE)));
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(10);
    assert_eq!(bench.counts(), (0, 1), "another unit's is not counted");
    bench.until(QUARTER + 1);
    assert_eq!(bench.counts(), (1, 0));
    bench.up(1);
    assert_eq!(bench.counts(), (1, 1));
    let ended = bench.calm(1).unwrap();
    assert_eq!((ended.folded, ended.waiting, ended.open), (2, 1, 0));
    assert_eq!(bench.desk.storms(bench.now), []);
    bench.until(20);
    assert_eq!(
        bench.told(),
        [
            "61 duty StormBegan",
            "61 duty Down",
            "900 duty Digest",
            "961 duty StormEnded",
            "961 duty Digest"
        ]
    );
}

#[test]
fn asked_twice_it_is_ordered_once_and_another_end_is_told() {
    let mut bench = Bench::new(ONE);
    assert_eq!(bench.storm(1, 60).1, Change::Began);
    bench.until(1);
    assert_eq!(bench.storm(1, 60).1, Change::Same);
    let (stand, change) = bench.storm(1, 90);
    assert_eq!((change, stand.storm.since), (Change::Changed, UnixMs(0)), "it is the same storm");
    bench.until(2);
    assert_eq!(bench.told(), ["1 duty StormBegan", "61 duty StormBegan"]);
    // What has not left says the newest, once.
    bench.storm(2, 60);
    bench.storm(2, 70);
    bench.until(3);
    assert_eq!(bench.told(), ["121 duty StormBegan"]);
}

#[test]
fn its_time_ends_it_once_and_who_ended_it_is_remembered_for_a_day() {
    let mut bench = Bench::new(ONE);
    bench.storm(1, 10);
    bench.storm(2, 20);
    bench.until(9);
    assert_eq!(bench.over(), []);
    bench.until(10);
    let over: Vec<Stand> = bench.over();
    let end = over[0].storm.ended.clone().unwrap();
    assert_eq!((over.len(), end.why, end.by), (1, StormOver::Time, None));
    assert_eq!(bench.over(), [], "only once");
    bench.calm(2).unwrap();
    assert_eq!(bench.calm(2), None);
    let last = |bench: &Bench, n| bench.desk.last_storm(&UnitId::new(n).unwrap()).cloned();
    let by = last(&bench, "u2").and_then(|storm| storm.ended?.by);
    assert_eq!(by.as_deref(), Some("minh"));
    bench.until(10 + 24 * 60);
    bench.over();
    assert_eq!(last(&bench, "u2"), None);
}

#[test]
fn what_waits_at_the_end_is_in_one_digest_with_what_is_still_down() {
    let mut bench = Bench::new(ONE);
    bench.storm(1, 20);
    bench.down(1, 1);
    bench.until(16);
    bench.ack(1);
    // Sent before the end was noticed: it waits for that.
    bench.until(20);
    bench.send();
    assert_eq!(bench.told(), ["1 duty StormBegan", "900 duty Digest"]);
    let over = bench.over();
    assert_eq!((over.len(), over[0].folded, over[0].open), (1, 2, 1));
    bench.until(21);
    assert_eq!(bench.told(), ["1201 duty Digest", "1201 duty StormEnded"]);
    let digests = bench.kept.keys().filter(|key| key.starts_with("digest:")).count();
    assert_eq!(digests, 2);
}

#[test]
fn a_unit_that_is_gone_ends_it_though_its_messages_are_still_its_own() {
    let mut bench = Bench::new(ONE);
    bench.storm(19, 60);
    bench.down(19, 1);
    bench.until(1);
    bench.inventory = crate::health::bench_inventory(19);
    bench.desk.follow_units(&bench.inventory.clone(), bench.now);
    let over = bench.over();
    assert_eq!(over[0].storm.ended.as_ref().map(|end| end.why), Some(StormOver::Gone));
    bench.until(2);
    assert_eq!(bench.told(), ["1 duty StormBegan", "61 duty Digest", "61 duty StormEnded"]);
}

#[test]
fn what_may_have_left_is_not_held_and_what_has_not_is() {
    let mut bench = Bench::new(ONE);
    let unsure = Outcome::Again { after_ms: None, is_unsure: true, reason: "no answer".into() };
    bench.answers.insert("duty".into(), unsure);
    bench.down(1, 1);
    bench.until(1);
    let sure = Outcome::Again { after_ms: None, is_unsure: false, reason: "no route".into() };
    bench.answers.insert("duty".into(), sure);
    bench.down(2, 1);
    bench.until(2);
    bench.storm(1, 60);
    bench.storm(2, 60);
    bench.answers.clear();
    bench.until(16);
    let told: Vec<String> =
        bench.told().iter().map(|s| s.split_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(told, ["duty Down", "duty StormBegan", "duty StormBegan", "duty Digest"]);
}

#[test]
fn what_was_given_up_and_is_tried_again_waits_for_the_next_digest() {
    let mut bench = Bench::new(ONE);
    let no = Outcome::Refused { reason: "400".into(), is_channel: false };
    bench.answers.insert("duty".into(), no);
    bench.down(1, 1);
    bench.until(1);
    bench.answers.clear();
    bench.storm(1, 60);
    let dead = bench.kept.values().find(|m| m.state == MessageState::Dead).cloned().unwrap();
    bench.until(2);
    // A second message of the incident has a higher number and is older by then.
    bench.ack(1);
    assert!(bench.desk.retry(&dead, bench.now));
    bench.keep();
    bench.until(14);
    assert_eq!(bench.told(), ["61 duty StormBegan"]);
    bench.until(16);
    assert_eq!(bench.told(), ["900 duty Digest"]);
    assert!(bench.kept.values().all(|m| m.state == MessageState::Sent), "{:?}", bench.states());
}

#[test]
fn the_store_gives_back_a_storm_and_its_counts_and_an_old_end_is_forgotten() {
    let mut bench = Bench::new(ONE);
    let storm = bench.storm(1, 60).0.storm;
    let gone = Storm {
        unit: UnitId::new("u2").unwrap(),
        ended: Some(crate::model::StormEnd {
            at: UnixMs(-86_400_000),
            why: StormOver::Time,
            by: None,
        }),
        ..storm.clone()
    };
    bench.restart();
    let duty = storm.channels[0].clone();
    let kept = [(storm, BTreeMap::from([(duty, 7)])), (gone.clone(), BTreeMap::new())];
    bench.desk.take_up_storms(&bench.inventory.clone(), kept, bench.now);
    assert_eq!(bench.counts(), (7, 0));
    assert_eq!(bench.desk.last_storm(&gone.unit), None);
    bench.down(1, 1);
    bench.until(16);
    assert_eq!(bench.told(), ["1 duty StormBegan", "900 duty Digest"]);
    assert_eq!(bench.counts(), (8, 0));
}

#[test]
fn an_end_goes_with_a_clock_that_is_set_back() {
    let mut bench = Bench::new(ONE);
    bench.until(60);
    bench.storm(1, 600);
    bench.until(70);
    bench.calm(1).unwrap();
    bench.until(71);
    bench.told();
    bench.now = UnixMs(30 * MINUTE);
    bench.until(31);
    bench.down(1, 1);
    bench.until(32);
    assert_eq!(bench.told(), ["1861 duty Down"], "that storm is over, whatever the clock says");
}

#[test]
fn only_who_may_be_told_of_something_there_is_told_of_the_storm() {
    let mut bench = Bench::new(
        "  group_wait: 0s\n  routes:\n    - { match: { unit: u1, severity: flapping }, to: mail }\n    \
         - { match: { unit: u1, impact: 500 }, to: head }\n    \
         - { match: { unit: u2 }, to: duty }\n  \
         channels: { duty: { gotify: {} }, mail: { gotify: {} }, head: { gotify: {} } }\n",
    );
    let (stand, _) = bench.storm(1, 60);
    let told: Vec<&str> = stand.storm.channels.iter().map(|c| c.as_str()).collect();
    assert_eq!(told, ["head", "mail"]);
    bench.until(1);
    assert_eq!(bench.told(), ["1 head StormBegan", "1 mail StormBegan"]);
}

#[test]
fn the_end_tells_nothing_of_announced_work() {
    for (is_planned, topics) in [(false, &["StormEnded", "Digest"][..]), (true, &["StormEnded"])] {
        let mut bench = Bench::new(ONE);
        bench.storm(1, 60);
        bench.down(1, 1);
        bench.until(16);
        bench.told();
        bench.open[0].planned = is_planned;
        assert_eq!(bench.calm(1).unwrap().open, u32::from(!is_planned));
        bench.send();
        let told = bench.told();
        let told: Vec<&str> = told.iter().filter_map(|s| s.rsplit(' ').next()).collect();
        assert_eq!(told, topics, "planned {is_planned}");
    }
}

#[test]
fn its_word_waits_for_the_end_of_quiet_hours_over_a_restart() {
    // 1970-01-01T00:00Z is 8:00 there.
    let mut bench = Bench::new(
        "  group_wait: 0s\n  routes: [ { to: duty, quiet: \"06:00-10:00\" } ]\n  channels: { duty: { gotify: {} } }\n",
    );
    let (stand, _) = bench.storm(1, 600);
    bench.until(1);
    bench.restart();
    let kept = [(stand.storm, BTreeMap::new())];
    bench.desk.take_up_storms(&bench.inventory.clone(), kept, bench.now);
    bench.until(119);
    assert_eq!(bench.told(), [] as [&str; 0]);
    bench.until(121);
    assert_eq!(bench.told(), ["7200 duty StormBegan"]);
    // By whose route it came, and when it ended, is in the store.
    bench.calm(1).unwrap();
    let row = bench.kept.values().find(|m| m.state == MessageState::Pending).unwrap();
    let notice = &row.body["notice"];
    assert!(row.body["route"].is_u64() && row.body["wanted"] == bench.now.to_string());
    assert_eq!(
        (&notice["topic"], &notice["until"]),
        (&"storm_ended".into(), &bench.now.to_string().into())
    );
    assert_eq!((&notice["storm"]["folded"], &notice["storm"]["open"]), (&0.into(), &0.into()));
}

#[test]
fn what_was_merged_into_a_unit_is_in_its_storm_from_that_day_on() {
    let folder = tempfile::tempdir().unwrap();
    let text = "networks: [{ id: wan, name: WAN }]
units:
  - { id: u0, name: Tỉnh, kind: province }
  - { id: u1, name: Xã cũ, kind: commune, parent: u0, connections: { wan: { address: 10.0.0.1 } }, until: 1970-01-02, merged_into: u2 }
  - { id: u2, name: Xã mới, kind: commune, parent: u0 }
";
    std::fs::write(folder.path().join("a.yaml"), text).unwrap();
    let defaults = crate::inventory::Defaults::default();
    let zone = jiff::tz::TimeZone::UTC;
    let inventory = crate::inventory::load(folder.path(), &defaults, &zone).inventory.unwrap();
    let concerned = |day: i64| {
        let mut bench = Bench::new(ONE);
        (bench.inventory, bench.now) = (inventory.clone(), UnixMs(day * 24 * 60 * MINUTE));
        bench.storm(2, (day * 24 + 1) * 60).0.storm.channels.len()
    };
    // Nobody would be told of anything there before: all lines are the old unit's.
    assert_eq!((concerned(0), concerned(1)), (0, 1));
}

#[test]
fn what_is_retried_in_a_storm_before_its_time_waits_for_the_digest() {
    let alerts = ONE.replace("group_wait: 0s", "group_wait: 90s");
    assert_ne!(alerts, ONE);
    let mut bench = Bench::new(&alerts);
    bench.storm(1, 1);
    bench.down(1, 1);
    let message = bench.kept.values().find(|m| m.body["notice"]["topic"] == "down").unwrap();
    let message = message.clone();
    assert!(bench.desk.retry(&message, bench.now));
    bench.keep();
    bench.send();
    assert_eq!(bench.told(), ["0 duty StormBegan"]);
}
