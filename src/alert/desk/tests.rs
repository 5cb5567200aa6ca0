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

mod parts;
mod restarts;
mod sending;
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
            noted: None,
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
