//! The desk one rule at a time; whole stories are in `tests/alerts`.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::channel::{Outcome, Pace};
use super::super::facts;
use super::super::notice::{Notice, Severity, Topic};
use super::super::progress::Progress;
use super::super::route::{Router, Scope};
use super::*;
use crate::config;
use crate::model::{Impact, IncidentId, State, SubjectId, SubjectIx, UnitId};

mod storm;

const MINUTE: i64 = 60_000;

/// A desk with a clock, channels that do as told, and a store that keeps what it is given.
struct Bench {
    desk: Desk,
    /// Incidents that became parts of others.
    parts: Vec<(IncidentId, IncidentId)>,
    inventory: Inventory,
    open: Vec<Incident>,
    kept: BTreeMap<String, Message>,
    /// What leaves: when, channel, topic, incident.
    left: Vec<(i64, String, Topic, Option<String>)>,
    /// What a channel answers; without one it takes everything.
    answers: BTreeMap<String, Outcome>,
    now: UnixMs,
    plan: Plan,
}

fn plan(alerts: &str) -> Plan {
    let text = format!("timezone: Asia/Ho_Chi_Minh\nalerts:\n{alerts}");
    let loaded = config::from_text(Path::new("config.yaml"), &text);
    let config = loaded.config.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let channels = config.alerts.channels.iter().map(|entry| {
        let per_minute = entry.per_minute.unwrap_or(60);
        let fallback = entry.fallback.as_ref().map(|named| named.name.clone());
        let pace = Pace { burst: per_minute.min(10), per_minute };
        (entry.id.clone(), ChannelPlan { pace, fallback })
    });
    Plan {
        channels: channels.collect(),
        router: Router::new(config.alerts.routes.clone(), config.timezone.clone()),
        core_wait_ms: 0,
        telling: config.telling,
    }
}

impl Bench {
    fn new(alerts: &str) -> Self {
        let plan = plan(alerts);
        Self {
            desk: Desk::new(plan.clone(), &[], &[], &[], UnixMs(0)),
            parts: Vec::new(),
            inventory: crate::health::bench_inventory(20),
            open: Vec::new(),
            kept: BTreeMap::new(),
            left: Vec::new(),
            answers: BTreeMap::new(),
            now: UnixMs(0),
            plan,
        }
    }

    fn incident(&self, n: u32, units: u32) -> Incident {
        let root = SubjectId::new(&format!("s{n}")).unwrap();
        Incident {
            id: IncidentId::new(root.as_str(), UnixMs(0)),
            opened: self.now,
            root,
            with: Vec::new(),
            state: State::Down,
            since: self.now,
            unit: UnitId::new(&format!("u{n}")).unwrap(),
            impact: Impact {
                unreachable: units,
                units: (0..units).map(|u| UnitId::new(&format!("u{u}")).unwrap()).collect(),
                services: Vec::new(),
            },
            ack: None,
            planned: false,
            flapping: false,
            guess: None,
            split_from: None,
        }
    }

    fn down(&mut self, n: u32, units: u32) {
        self.news(n, units, Topic::Down);
    }

    fn news(&mut self, n: u32, units: u32, topic: Topic) {
        let mut incident = self.incident(n, units);
        let severity = match topic {
            Topic::Degraded => Severity::Degraded,
            Topic::Flapping => Severity::Flapping,
            _ => Severity::Down,
        };
        incident.flapping = topic == Topic::Flapping;
        self.open.retain(|open| open.id != incident.id);
        self.open.push(incident.clone());
        let mut notice = facts::open(&self.inventory, &incident, topic, self.now);
        notice.severity = severity;
        let scope = Scope { subject: Some(SubjectIx(n)), carrier: None, units };
        self.desk.tell(&self.inventory, notice, &scope, self.now);
        self.keep();
    }

    fn up(&mut self, n: u32) {
        let incident = self.incident(n, 1);
        self.open.retain(|open| open.id != incident.id);
        let mut notice = facts::open(&self.inventory, &incident, Topic::Recovered, self.now);
        notice.until = Some(self.now);
        let scope = Scope { subject: Some(SubjectIx(n)), carrier: None, units: 1 };
        self.desk.tell(&self.inventory, notice, &scope, self.now);
        self.keep();
    }

    fn ack(&mut self, n: u32) {
        let id = self.incident(n, 1).id;
        let ack = Ack { by: "minh".into(), note: String::new(), at: self.now, until: None };
        let open = self.open.iter_mut().find(|open| open.id == id).unwrap();
        open.ack = Some(ack.clone());
        let open = open.clone();
        self.desk.acknowledged(&self.inventory, &open, &ack, self.now);
        self.keep();
    }

    /// The patrol goes blind at `at`.
    fn blind(&mut self, name: &str, at: i64) {
        let mut notice = facts::blank(Topic::Blind, Severity::Blind, self.now);
        notice.incident = Some(IncidentId::new(name, UnixMs(at)));
        self.desk.tell(&self.inventory, notice, &Scope::default(), self.now);
        self.keep();
    }

    /// Incident `from` becomes a part of `into`, which is open then.
    fn merge(&mut self, from: u32, into: u32, units: u32) {
        let (part, whole) = (self.incident(from, 1).id, self.incident(into, units));
        self.open.retain(|open| open.id != part && open.id != whole.id);
        self.desk.merged(&part, &whole.id, self.now);
        self.parts.push((part, whole.id.clone()));
        self.open.push(whole);
        self.keep();
    }

    fn keep(&mut self) -> bool {
        let (messages, ticket) = self.desk.take_changed();
        let is_any = !messages.is_empty();
        self.kept.extend(messages.into_iter().map(|m| (m.id.clone(), m)));
        self.desk.kept(ticket);
        is_any
    }

    /// Lets every second until `minute` pass.
    fn until(&mut self, minute: i64) {
        while self.now.0 < minute * MINUTE {
            self.now = self.now + 1_000;
            self.desk.tick(&self.inventory, &self.open, &[], self.now);
            self.keep();
            self.send();
        }
    }

    fn send(&mut self) {
        loop {
            let due = self.desk.due(self.now);
            let is_marked = self.keep();
            if due.is_empty() && !is_marked {
                return;
            }
            for parcel in due {
                self.deliver(parcel);
            }
            self.keep();
        }
    }

    fn deliver(&mut self, parcel: Parcel) {
        let channel = parcel.channel.to_string();
        let outcome = self.answers.get(&channel).cloned().unwrap_or(Outcome::Sent);
        if outcome == Outcome::Sent {
            let incident = parcel.notice.incident.as_ref().map(ToString::to_string);
            let seconds = self.now.0 / 1_000;
            self.left.push((seconds, channel, parcel.notice.topic, incident));
        }
        let parts_done = usize::from(outcome == Outcome::Sent);
        self.desk.outcome(&parcel.key, &outcome, parts_done, self.now);
    }

    /// What leaves next; its services have not answered yet.
    fn leaving(&mut self) -> Vec<Parcel> {
        loop {
            let due = self.desk.due(self.now);
            if !self.keep() || !due.is_empty() {
                return due;
            }
        }
    }

    /// The daemon is killed and starts again.
    fn restart(&mut self) {
        let kept: Vec<Message> = self.kept.values().cloned().collect();
        let open: Vec<IncidentId> = self.open.iter().map(|open| open.id.clone()).collect();
        self.desk = Desk::new(self.plan.clone(), &kept, &open, &self.parts, self.now);
    }

    /// What left, "seconds channel topic".
    fn told(&mut self) -> Vec<String> {
        let left = std::mem::take(&mut self.left);
        left.iter().map(|(at, channel, topic, _)| format!("{at} {channel} {topic:?}")).collect()
    }

    fn states(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for message in self.kept.values() {
            *counts.entry(message.state.as_str()).or_default() += 1;
        }
        counts
    }
}

const ONE: &str =
    "  group_wait: 0s\n  routes: [ { to: duty } ]\n  channels: { duty: { gotify: {} } }\n";

#[test]
fn one_message_when_it_breaks_and_one_when_it_is_over() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.until(5);
    bench.up(1);
    bench.until(600);
    assert_eq!(bench.told(), ["1 duty Down", "301 duty Recovered"]);
    assert_eq!(bench.states(), BTreeMap::from([("sent", 2)]));
}

#[test]
fn nothing_leaves_before_the_disk_has_it() {
    let mut bench = Bench::new(ONE);
    let incident = bench.incident(1, 1);
    let notice = facts::open(&bench.inventory, &incident, Topic::Down, UnixMs(0));
    let scope = Scope { subject: Some(SubjectIx(1)), carrier: None, units: 1 };
    bench.desk.tell(&bench.inventory, notice, &scope, UnixMs(0));
    let (messages, ticket) = bench.desk.take_changed();
    assert_eq!(messages.len(), 1);
    assert_eq!(bench.desk.due(UnixMs(5_000)), []);
    bench.desk.kept(ticket);
    assert_eq!(bench.desk.due(UnixMs(5_000)), [], "that it leaves is not on the disk yet");
    assert_eq!(bench.desk.due(UnixMs(5_500)), []);
    let (messages, ticket) = bench.desk.take_changed();
    assert_eq!(messages.len(), 1);
    bench.desk.kept(ticket);
    assert_eq!(bench.desk.due(UnixMs(5_900)).len(), 1);
    assert_eq!(bench.desk.due(UnixMs(6_000)), [], "it is away");
}

#[test]
fn nobody_is_told_of_the_end_of_what_he_was_not_told_of() {
    let mut bench = Bench::new(
        "  group_wait: 0s\n  routes: [ { to: duty, group_wait: 2m } ]\n  channels: { duty: { gotify: {} } }\n",
    );
    bench.down(1, 1);
    bench.until(1);
    bench.up(1);
    bench.until(60);
    assert_eq!(bench.told(), [] as [&str; 0]);
    assert_eq!(bench.states(), BTreeMap::from([("dead", 1)]));
}

#[test]
fn what_was_over_before_it_could_leave_is_one_message() {
    let mut bench = Bench::new(ONE);
    let away = Outcome::Again { after_ms: None, is_unsure: false, reason: "no route".into() };
    bench.answers.insert("duty".into(), away);
    bench.down(1, 1);
    bench.until(3);
    bench.up(1);
    bench.until(20);
    bench.answers.clear();
    bench.until(40);
    assert_eq!(
        bench.told().iter().map(|s| s.split_once(' ').unwrap().1).collect::<Vec<_>>(),
        ["duty Passed"]
    );
}

#[test]
fn what_may_have_been_taken_is_followed_by_its_end() {
    let mut bench = Bench::new(ONE);
    let unsure = Outcome::Again { after_ms: None, is_unsure: true, reason: "no answer".into() };
    bench.answers.insert("duty".into(), unsure);
    bench.down(1, 1);
    bench.until(1);
    bench.up(1);
    bench.answers.clear();
    bench.until(10);
    let told = bench.told();
    let topics: Vec<&str> = told.iter().map(|s| s.rsplit(' ').next().unwrap()).collect();
    assert_eq!(topics, ["Down", "Recovered"], "{told:?}");
}

#[test]
fn reminders_come_until_somebody_takes_it_and_who_did_is_told() {
    let mut bench = Bench::new(
        "  group_wait: 0s\n  repeat: 60m\n  routes: [ { to: duty } ]\n  channels: { duty: { gotify: {} } }\n",
    );
    bench.down(1, 1);
    bench.until(130);
    bench.ack(1);
    bench.until(400);
    bench.up(1);
    bench.until(410);
    assert_eq!(
        bench.told(),
        [
            "1 duty Down",
            "3601 duty Reminder",
            "7201 duty Reminder",
            "7801 duty Acknowledged",
            "24001 duty Recovered"
        ]
    );
}

#[test]
fn more_that_is_cut_off_is_told_after_the_interval() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.until(1);
    let grown = bench.incident(1, 12);
    bench.open = vec![grown];
    bench.until(30);
    assert_eq!(bench.told(), ["1 duty Down", "301 duty Update"]);
}

#[test]
fn steps_are_taken_once_and_who_was_called_hears_the_end() {
    let alerts = "  group_wait: 0s\n  routes:\n    - to: duty\n      escalate: [ { after: 30m, to: head }, { after: 2h, to: [head, boss] } ]\n  channels: { duty: { gotify: {} }, head: { gotify: {} }, boss: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    bench.down(1, 1);
    bench.until(40);
    bench.restart();
    bench.until(150);
    bench.up(1);
    bench.until(151);
    assert_eq!(
        bench.told(),
        [
            "1 duty Down",
            "1800 head Escalation",
            "7200 boss Escalation",
            "7200 head Escalation",
            "9001 boss Recovered",
            "9001 duty Recovered",
            "9001 head Recovered"
        ]
    );
}

#[test]
fn the_night_is_told_in_the_morning_in_one_digest() {
    // The clock starts at 08:00 there: in 1970 it was an hour ahead of today's.
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty, quiet: \"07:00-09:00\" } ]\n  channels: { duty: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(10);
    bench.up(2);
    bench.until(70);
    bench.up(1);
    bench.until(80);
    assert_eq!(bench.told(), ["3600 duty Digest", "4201 duty Recovered"]);
    assert_eq!(bench.states(), BTreeMap::from([("sent", 4)]));
}

#[test]
fn a_thousand_outages_in_a_minute_keep_the_rate_and_nothing_is_lost() {
    let mut bench = Bench::new(
        "  group_wait: 0s\n  routes: [ { to: duty } ]\n  channels: { duty: { gotify: {}, per_minute: 20 } }\n",
    );
    bench.inventory = crate::health::bench_inventory(1_000);
    for n in 0..1_000 {
        bench.down(n, 1);
        if n % 17 == 0 {
            bench.now = bench.now + 1_000;
            bench.send();
        }
    }
    bench.until(10);
    let told = bench.told();
    let digests = told.iter().filter(|line| line.ends_with("Digest")).count();
    assert!(told.len() <= 10 + 20 + 10 && digests >= 1, "{told:?}");
    assert_eq!(bench.kept.values().filter(|m| m.incident.is_some()).count(), 1_000);
    assert_eq!(bench.states(), BTreeMap::from([("sent", 1_000 + digests)]));
}

#[test]
fn what_a_channel_refuses_goes_to_its_fallback_with_its_end() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty } ]\n  channels: { duty: { gotify: {}, fallback: mail }, mail: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let refused = Outcome::Refused { reason: "401".into(), is_channel: true };
    bench.answers.insert("duty".into(), refused);
    bench.down(1, 1);
    bench.until(5);
    bench.up(1);
    bench.until(10);
    let told = bench.told();
    let topics: Vec<&str> = told.iter().map(|s| s.split_once(' ').unwrap().1).collect();
    assert_eq!(topics, ["mail ChannelLost", "mail Down", "mail Recovered"], "{told:?}");
    bench.answers.clear();
    bench.down(2, 1);
    bench.until(20);
    let told = bench.told();
    assert!(told.iter().any(|s| s.ends_with("mail ChannelBack")), "{told:?}");
}

#[test]
fn one_failing_channel_delays_no_other() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: [duty, mail] } ]\n  channels: { duty: { gotify: {} }, mail: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let away = Outcome::Again { after_ms: Some(90_000), is_unsure: false, reason: "429".into() };
    bench.answers.insert("duty".into(), away);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(1);
    assert_eq!(bench.told(), ["1 mail Down", "1 mail Down"]);
    bench.answers.clear();
    bench.until(3);
    assert_eq!(bench.told(), ["91 duty Down", "91 duty Down"]);
}

#[test]
fn a_restart_repeats_nothing_and_forgets_nothing() {
    let mut bench = Bench::new(ONE);
    let away = Outcome::Again { after_ms: None, is_unsure: false, reason: "no route".into() };
    bench.down(1, 1);
    bench.until(1);
    bench.answers.insert("duty".into(), away);
    bench.down(2, 1);
    bench.until(2);
    bench.restart();
    bench.answers.clear();
    bench.until(8);
    bench.restart();
    bench.up(1);
    bench.up(2);
    bench.until(9);
    let topics: Vec<(Topic, String)> = bench
        .left
        .iter()
        .map(|(_, _, topic, id)| (*topic, id.clone().unwrap()[..2].to_owned()))
        .collect();
    let s = |text: &str| text.to_owned();
    assert_eq!(
        topics,
        [
            (Topic::Down, s("s1")),
            (Topic::Down, s("s2")),
            (Topic::Recovered, s("s1")),
            (Topic::Recovered, s("s2"))
        ]
    );
}

#[test]
fn what_was_away_when_the_daemon_was_killed_may_have_been_taken() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.desk.due(UnixMs(1_000));
    bench.keep();
    assert_eq!(bench.desk.due(UnixMs(1_000)).len(), 1);
    bench.restart();
    bench.up(1);
    bench.until(1);
    // Its end is no change of it, but a message of its own.
    let told = bench.told();
    let topics: Vec<&str> = told.iter().map(|s| s.rsplit(' ').next().unwrap()).collect();
    assert_eq!(topics, ["Down", "Recovered"], "{told:?}");
}

#[test]
fn what_is_for_a_channel_that_is_gone_is_given_up() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.plan = plan("  routes: [ { to: mail } ]\n  channels: { mail: { gotify: {} } }\n");
    bench.desk.set_plan(bench.plan.clone(), bench.now);
    bench.until(1);
    assert_eq!(bench.states(), BTreeMap::from([("dead", 1)]));
}

#[test]
fn an_operator_drops_and_retries() {
    let mut bench = Bench::new(ONE);
    let refused = Outcome::Refused { reason: "400".into(), is_channel: false };
    bench.answers.insert("duty".into(), refused);
    bench.down(1, 1);
    bench.until(1);
    assert_eq!(bench.states(), BTreeMap::from([("dead", 1)]));
    bench.answers.clear();
    let dead = bench.kept.values().next().unwrap().clone();
    assert!(bench.desk.retry(&dead, bench.now));
    bench.keep();
    bench.until(2);
    assert_eq!(bench.told(), ["61 duty Down"]);
    assert!(!bench.desk.give_up_by(&dead.id, "minh"), "it was sent");
}

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
fn the_recovery_says_how_bad_it_was() {
    let mut bench = Bench::new(ONE);
    bench.news(1, 1, Topic::Degraded);
    bench.until(1);
    bench.up(1);
    bench.send();
    let row = bench.kept.values().last().unwrap();
    let notice: Notice = serde_json::from_value(row.body["notice"].clone()).unwrap();
    assert_eq!((notice.topic, notice.severity), (Topic::Recovered, Severity::Degraded));
}

#[test]
fn the_end_of_what_is_on_its_way_in_a_digest_is_told_after_it() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty, quiet: \"07:00-09:00\" } ]\n  channels: { duty: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.now = UnixMs(60 * MINUTE);
    // The digest is out, and its answer is late.
    let out = bench.leaving();
    assert_eq!((out[0].notice.topic, out[0].notice.parts.len()), (Topic::Digest, 2));
    bench.up(1);
    assert_eq!(bench.desk.due(bench.now), []);
    let late = Outcome::Again { after_ms: None, is_unsure: true, reason: "no answer".into() };
    bench.desk.outcome(&out[0].key, &late, 0, bench.now);
    bench.until(70);
    let told: Vec<String> =
        bench.told().iter().map(|s| s.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(told, ["Digest", "Recovered"]);
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
fn a_digest_that_nobody_took_is_written_anew() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty, quiet: \"07:00-09:00\" } ]\n  channels: { duty: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let away = Outcome::Again { after_ms: None, is_unsure: false, reason: "no route".into() };
    bench.answers.insert("duty".into(), away);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(70);
    bench.up(1);
    bench.down(3, 1);
    bench.until(100);
    bench.answers.clear();
    bench.until(120);
    let told: Vec<String> =
        bench.told().iter().map(|s| s.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(told, ["Digest"]);
    let digest = bench.kept.values().find(|m| m.id.starts_with("digest:")).unwrap();
    let notice: Notice = serde_json::from_value(digest.body["notice"].clone()).unwrap();
    let topics: Vec<Topic> = notice.parts.iter().map(|part| part.topic).collect();
    assert_eq!(topics, [Topic::Passed, Topic::Down, Topic::Down]);
    assert_eq!(bench.states(), BTreeMap::from([("sent", 4)]));
}

#[test]
fn a_fallback_hears_of_what_is_over_that_it_was() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty } ]\n  channels: { duty: { gotify: {}, fallback: mail }, mail: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let unsure = Outcome::Again { after_ms: None, is_unsure: true, reason: "no answer".into() };
    bench.answers.insert("duty".into(), unsure);
    bench.down(1, 1);
    bench.until(1);
    bench.up(1);
    bench.until(60);
    let told: Vec<String> =
        bench.told().iter().map(|s| s.split_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(told, ["mail ChannelLost", "mail Passed"]);
    assert!(bench.desk.threads.is_empty());
    bench
        .answers
        .insert("duty".into(), Outcome::Refused { reason: "400".into(), is_channel: false });
    bench.until(80);
    assert_eq!(bench.told(), [] as [&str; 0], "once is enough");
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

/// A blind time is told, and the daemon is killed.
fn killed_blind() -> Bench {
    let mut bench = Bench::new(ONE);
    bench.blind("blind/patrol", 0);
    bench.until(1);
    bench.restart();
    bench.until(2);
    assert_eq!(bench.told(), ["1 duty Blind"]);
    bench
}

#[test]
fn the_end_of_a_blind_time_of_before_a_restart_is_told_once_something_is_seen() {
    let mut bench = killed_blind();
    bench.desk.see_again(&bench.inventory, |_| false, bench.now);
    bench.until(3);
    assert_eq!(bench.told(), [] as [&str; 0], "nobody knows yet");
    bench.restart();
    bench.desk.see_again(&bench.inventory, |_| true, bench.now);
    bench.until(4);
    assert_eq!(bench.told(), ["181 duty Recovered"]);
    bench.restart();
    bench.desk.see_again(&bench.inventory, |_| true, bench.now);
    bench.until(5);
    assert_eq!(bench.told(), [] as [&str; 0], "told once");
}

#[test]
fn a_blind_time_that_goes_on_after_a_restart_is_closed_under_its_old_name() {
    let mut bench = killed_blind();
    bench.blind("blind/patrol", 120_000);
    bench.until(3);
    assert_eq!(bench.told(), ["121 duty Merged", "121 duty Blind"]);
    bench.restart();
    bench.desk.see_again(&bench.inventory, |_| true, bench.now);
    bench.until(4);
    let (_, _, topic, incident) = bench.left[0].clone();
    assert_eq!(topic, Topic::Recovered);
    assert_eq!(incident.as_deref(), Some("blind/patrol@1970-01-01T00:02:00Z"));
    assert_eq!(bench.left.len(), 1);
}

#[test]
fn who_was_refused_alone_is_not_asked_again_after_a_restart() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    let out = bench.leaving();
    let mut progress = Progress::default();
    progress.end(1);
    progress.is_taken = true;
    let again = Outcome::Again { after_ms: None, is_unsure: false, reason: "greylisted".into() };
    bench.desk.outcome(&out[0].key, &again, progress.clone(), bench.now);
    bench.keep();
    bench.restart();
    bench.now = bench.now + 60_000;
    assert_eq!(bench.leaving()[0].progress, progress);
}

#[test]
fn a_route_is_known_by_what_it_says_wherever_it_stands() {
    let route = |more: &str| {
        format!(
            "  group_wait: 0s\n  routes:\n{more}    - {{ to: duty, escalate: [ {{ after: 30m, to: head }} ] }}\n  \
             channels: {{ duty: {{ gotify: {{}} }}, head: {{ gotify: {{}} }} }}\n"
        )
    };
    let mut bench = Bench::new(&route(""));
    bench.down(1, 1);
    bench.until(10);
    // Another route stands before it now; its times and steps go on.
    let other = "    - { match: { severity: blind }, to: head }\n";
    assert_eq!(bench.desk.set_plan(plan(&route(other)), bench.now), []);
    bench.until(31);
    assert_eq!(bench.told(), ["1 duty Down", "1800 head Escalation"]);
    let key = |plan: &Plan, n: usize| {
        let scope = Scope { subject: Some(SubjectIx(1)), carrier: None, units: 1 };
        plan.router.hits(&bench.inventory, &scope, Severity::Down, UnixMs(0))[n].key
    };
    assert_eq!(key(&plan(&route("")), 0), key(&plan(&route(other)), 0));
    assert_ne!(key(&plan(ONE), 0), key(&plan(&route("")), 0));
}

#[test]
fn what_a_reload_takes_away_is_counted_by_channel() {
    let two = "  group_wait: 0s\n  routes: [ { to: [duty, mail] } ]\n  channels: { duty: { gotify: {} }, mail: { gotify: {} } }\n";
    let mut bench = Bench::new(two);
    let away = Outcome::Again { after_ms: None, is_unsure: false, reason: "away".into() };
    bench.answers.insert("mail".to_owned(), away);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(1);
    let mail = Id::new("mail").unwrap();
    assert_eq!(bench.desk.set_plan(plan(ONE), bench.now), [(mail, 2, 2)]);
    bench.keep();
    let dead = |m: &&Message| m.channel.as_str() == "mail" && m.state == MessageState::Dead;
    let reasons: Vec<_> = bench.kept.values().filter(dead).map(|m| m.reason.clone()).collect();
    assert_eq!(reasons, vec![Some(crate::t!(crate::locale::Lang::En, GONE)); 2]);
    // Told once, and who is there still hears the end.
    assert_eq!(bench.desk.set_plan(plan(ONE), bench.now), []);
    bench.told();
    bench.up(1);
    bench.until(2);
    assert_eq!(bench.told(), ["61 duty Recovered"]);
}

#[test]
fn a_digest_that_was_given_up_leaves_as_it_was_when_it_is_tried_again() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty, quiet: \"07:00-09:00\" } ]\n  channels: { duty: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let refused = Outcome::Refused { reason: "no".into(), is_channel: false };
    bench.answers.insert("duty".to_owned(), refused);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(125);
    let dead = bench.kept.values().find(|m| m.id.starts_with("digest:")).unwrap().clone();
    assert_eq!(dead.state, MessageState::Dead);
    bench.answers.clear();
    assert!(bench.desk.retry(&dead, bench.now));
    bench.until(126);
    assert_eq!(bench.told(), ["7501 duty Digest"]);
    let sent = &bench.kept[&dead.id];
    assert_eq!(sent.state, MessageState::Sent);
    assert_eq!(sent.body["notice"], dead.body["notice"], "not written anew: its parts are gone");
}

#[test]
fn the_end_of_a_root_that_is_in_the_inventory_no_more_names_it() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.until(1);
    bench.restart();
    let mut notice = facts::blank(Topic::Removed, Severity::Down, bench.now);
    notice.incident = Some(bench.incident(1, 1).id);
    bench.desk.tell(&bench.inventory, notice, &Scope::default(), bench.now);
    bench.keep();
    let row = bench.kept.values().find(|m| m.body["notice"]["topic"] == "removed").unwrap();
    assert_eq!(row.body["notice"]["subject"]["id"], "s1");
}

#[test]
fn the_end_is_told_under_the_name_under_which_it_began() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.until(1);
    // Of two lines of one incident the other one is its root by then.
    let incident = Incident { root: SubjectId::new("s2").unwrap(), ..bench.incident(1, 1) };
    let mut notice = facts::open(&bench.inventory, &incident, Topic::Recovered, bench.now);
    notice.until = Some(bench.now);
    bench.desk.tell(&bench.inventory, notice, &Scope::default(), bench.now);
    bench.keep();
    let row = bench.kept.values().find(|m| m.body["notice"]["topic"] == "recovered").unwrap();
    assert_eq!(row.body["notice"]["subject"]["id"], "s1");
}
