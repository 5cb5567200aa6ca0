//! Whatever happens to incidents, services, the daemon and time: what the desk promises holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use tuantra::alert::channel::Outcome;
use tuantra::alert::{Desk, Notice, Parcel, Plan, Scope, Sight, Topic, facts, outlet};
use tuantra::config;
use tuantra::model::{
    Ack, Id, Impact, Incident, IncidentId, Inventory, State, Storm, SubjectId, UnitId, UnixMs,
};
use tuantra::store::{Message, MessageState};

use super::crowds::lines;

const LINES: usize = 5;
const CHANNELS: [&str; 3] = ["duty", "head", "mail"];
/// Two routes that differ in all they can, an escalation, a fallback and a slow channel.
const ALERTS: &str = "  repeat: 1h
  group_interval: 5m
  group_wait: 0s
  routes:
    - { match: { unit: [c0, c1] }, to: [duty, mail], continue: true, group_wait: 20s }
    - { to: duty, quiet: \"22:00-06:00\", escalate: [ { after: 30m, to: head }, { after: 2h, to: [head, mail] } ] }
  channels:
    duty: { gotify: {}, fallback: mail, per_minute: 10 }
    head: { gotify: {}, per_minute: 2 }
    mail: { gotify: {} }
";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Takes,
    /// Its answer comes after so many seconds.
    Late(i64),
    /// It takes the message; nobody hears that.
    Unheard,
    Hangs,
    Away,
    /// 429 with so many seconds.
    Full(u64),
    Refuses,
    Revoked,
}

#[derive(Debug, Clone)]
enum Op {
    Down {
        line: usize,
        units: usize,
        severity: u8,
    },
    Grow {
        line: usize,
    },
    Up {
        line: usize,
    },
    Ack {
        line: usize,
    },
    Merge {
        from: usize,
        into: usize,
    },
    Wait {
        seconds: i64,
    },
    Answer {
        channel: usize,
        manner: Manner,
    },
    Kill,
    Retry,
    /// Storm mode in a line's unit, or in all of them.
    Storm {
        line: usize,
        minutes: i64,
    },
    Calm {
        line: usize,
    },
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        4 => Just(Manner::Takes),
        2 => (1_i64..40).prop_map(Manner::Late),
        2 => Just(Manner::Unheard),
        1 => Just(Manner::Hangs),
        2 => Just(Manner::Away),
        1 => (1_u64..120).prop_map(Manner::Full),
        1 => Just(Manner::Refuses),
        1 => Just(Manner::Revoked),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let line = || 0..LINES;
    prop_oneof![
        4 => (line(), 1..4_usize, 0..3_u8)
            .prop_map(|(line, units, severity)| Op::Down { line, units, severity }),
        1 => line().prop_map(|line| Op::Grow { line }),
        3 => line().prop_map(|line| Op::Up { line }),
        1 => line().prop_map(|line| Op::Ack { line }),
        1 => (line(), line()).prop_map(|(from, into)| Op::Merge { from, into }),
        4 => (1_i64..90).prop_map(|seconds| Op::Wait { seconds }),
        2 => (90_i64..20_000).prop_map(|seconds| Op::Wait { seconds }),
        3 => (0..CHANNELS.len(), manner()).prop_map(|(channel, manner)| Op::Answer { channel, manner }),
        2 => Just(Op::Kill),
        1 => Just(Op::Retry),
        2 => (0..=LINES, 1_i64..90).prop_map(|(line, minutes)| Op::Storm { line, minutes }),
        1 => (0..=LINES).prop_map(|line| Op::Calm { line }),
    ]
}

/// A message that was with its service.
#[derive(Debug, Clone)]
struct Call {
    key: String,
    channel: String,
    notice: Notice,
    /// The service has it.
    is_taken: bool,
    /// What the daemon heard; `None`: nothing yet, or it was killed before.
    heard: Option<Outcome>,
    until: UnixMs,
    outcome: Outcome,
}

impl Call {
    /// Of itself or of what it folds.
    fn notices(&self) -> impl Iterator<Item = &Notice> {
        let own = (self.notice.topic != Topic::Digest).then_some(&self.notice);
        own.into_iter().chain(&self.notice.parts)
    }

    /// For all that the daemon knows the service may have it.
    fn may_be_taken(&self) -> bool {
        !matches!(
            &self.heard,
            Some(Outcome::Again { is_unsure: false, .. } | Outcome::Refused { .. })
        )
    }
}

struct World<'a> {
    inventory: &'a Inventory,
    plan: Plan,
    desk: Desk,
    open: BTreeMap<usize, Incident>,
    kept: BTreeMap<String, Message>,
    calls: Vec<Call>,
    away: Vec<usize>,
    manners: BTreeMap<String, Manner>,
    /// Incidents that became parts of others.
    merged: BTreeSet<IncidentId>,
    /// The same, each with the one that it became a part of.
    parts: Vec<(IncidentId, IncidentId)>,
    /// Storm modes that are on, as the store would keep them.
    storms: Vec<Storm>,
    now: UnixMs,
    opened: i64,
}

const fn is_trouble(topic: Topic) -> bool {
    matches!(
        topic,
        Topic::Down
            | Topic::Degraded
            | Topic::Flapping
            | Topic::Update
            | Topic::Reminder
            | Topic::Escalation
    )
}

const fn is_end(topic: Topic) -> bool {
    matches!(topic, Topic::Recovered | Topic::Removed | Topic::Merged)
}

impl<'a> World<'a> {
    fn new(inventory: &'a Inventory, plan: Plan) -> Self {
        let now = UnixMs(1_775_008_800_000);
        Self {
            inventory,
            desk: Desk::new(plan.clone(), &[], &[], &[], now),
            parts: Vec::new(),
            plan,
            open: BTreeMap::new(),
            kept: BTreeMap::new(),
            calls: Vec::new(),
            away: Vec::new(),
            manners: BTreeMap::new(),
            merged: BTreeSet::new(),
            storms: Vec::new(),
            now,
            opened: 0,
        }
    }

    fn keep(&mut self) -> bool {
        let (messages, ticket) = self.desk.take_changed();
        let is_any = !messages.is_empty();
        self.kept.extend(messages.into_iter().map(|m| (m.id.clone(), m)));
        self.desk.kept(ticket);
        is_any
    }

    fn tell(&mut self, incident: &Incident, topic: Topic) {
        let mut notice = facts::open(self.inventory, incident, topic, self.now);
        if topic == Topic::Recovered {
            notice.until = Some(self.now);
        }
        let scope = Scope {
            subject: self.inventory.find_subject(incident.root.as_str()),
            carrier: None,
            units: notice.units_count,
        };
        self.desk.tell(self.inventory, notice, &scope, self.now);
    }

    fn impact(units: usize) -> Impact {
        let units: Vec<UnitId> =
            (0..units).map(|u| UnitId::new(&format!("c{u}")).unwrap()).collect();
        Impact { unreachable: u32::try_from(units.len()).unwrap(), units, services: Vec::new() }
    }

    fn act(&mut self, op: &Op) {
        match op {
            Op::Down { line, units, severity } => {
                let root = SubjectId::new(&format!("c{line}/net")).unwrap();
                self.opened += 1;
                // No two incidents have one name.
                let fresh =
                    IncidentId::new(root.as_str(), UnixMs(self.now.0 + self.opened * 1_000));
                let id = self.open.get(line).map_or(fresh, |open| open.id.clone());
                let incident = Incident {
                    id,
                    opened: self.now,
                    root,
                    with: Vec::new(),
                    state: if *severity == 1 { State::Degraded } else { State::Down },
                    since: self.now,
                    unit: UnitId::new(&format!("c{line}")).unwrap(),
                    impact: Self::impact(*units),
                    ack: None,
                    planned: false,
                    flapping: *severity == 2,
                    guess: None,
                    noted: None,
                    split_from: None,
                };
                let topic = [Topic::Down, Topic::Degraded, Topic::Flapping][usize::from(*severity)];
                self.tell(&incident, topic);
                self.open.insert(*line, incident);
            }
            Op::Grow { line } => {
                if let Some(open) = self.open.get_mut(line) {
                    open.impact = Self::impact(LINES);
                }
            }
            Op::Up { line } => {
                if let Some(incident) = self.open.remove(line) {
                    self.tell(&incident, Topic::Recovered);
                }
            }
            Op::Ack { line } => {
                if let Some(open) = self.open.get_mut(line) {
                    let (by, note) = ("minh".to_owned(), String::new());
                    let ack = Ack { by, note, at: self.now, until: None };
                    open.ack = Some(ack.clone());
                    self.desk.acknowledged(self.inventory, open, &ack, self.now);
                }
            }
            Op::Merge { from, into } => {
                if from != into
                    && self.open.contains_key(into)
                    && let Some(part) = self.open.remove(from)
                {
                    let whole = self.open[into].id.clone();
                    self.merged.insert(part.id.clone());
                    self.parts.push((part.id.clone(), whole.clone()));
                    self.desk.merged(&part.id, &whole, self.now);
                }
            }
            Op::Wait { seconds } => self.wait(*seconds),
            Op::Answer { channel, manner } => {
                self.manners.insert(CHANNELS[*channel].to_owned(), *manner);
            }
            Op::Kill => {
                self.keep();
                self.away.clear();
                let kept: Vec<Message> = self.kept.values().cloned().collect();
                let open: Vec<IncidentId> = self.open.values().map(|i| i.id.clone()).collect();
                self.desk = Desk::new(self.plan.clone(), &kept, &open, &self.parts, self.now);
                let storms = self.storms.iter().map(|s| (s.clone(), BTreeMap::new()));
                self.desk.take_up_storms(self.inventory, storms, self.now);
            }
            Op::Storm { line, minutes } => {
                let (unit, until) = (Self::unit(*line), self.now + minutes * 60_000);
                let order = Storm {
                    unit: unit.clone(),
                    since: self.now,
                    until,
                    by: "minh".to_owned(),
                    note: String::new(),
                    channels: Vec::<Id>::new(),
                    ended: None,
                };
                let (stand, _) = self.desk.begin_storm(self.inventory, order, self.now);
                self.storms.retain(|storm| storm.unit != unit);
                self.storms.push(stand.storm);
            }
            Op::Calm { line } => {
                let unit = Self::unit(*line);
                let open: Vec<Incident> = self.open.values().cloned().collect();
                let sight = Sight { inventory: self.inventory, open: &open, blind: &[] };
                let ended = self.desk.end_storm(&unit, "minh", sight, self.now);
                assert_eq!(ended.is_some(), self.storms.iter().any(|storm| storm.unit == unit));
                self.storms.retain(|storm| storm.unit != unit);
            }
            Op::Retry => {
                let pending = self.kept.values().find(|m| m.state == MessageState::Pending);
                if let Some(message) = pending.cloned() {
                    self.desk.retry(&message, self.now);
                }
            }
        }
        self.keep();
    }

    fn wait(&mut self, seconds: i64) {
        let until = self.now + seconds * 1_000;
        while self.now < until {
            // Second by second where something may happen, else by the half minute.
            let step = if until.since(self.now) > 120_000 { 30_000 } else { 1_000 };
            self.now = self.now + step;
            let heard: Vec<usize> =
                self.away.iter().copied().filter(|n| self.calls[*n].until <= self.now).collect();
            self.away.retain(|n| !heard.contains(n));
            for n in heard {
                self.hear(n);
            }
            let open: Vec<Incident> = self.open.values().cloned().collect();
            let sight = Sight { inventory: self.inventory, open: &open, blind: &[] };
            for over in self.desk.pass_storms(sight, self.now) {
                self.storms.retain(|storm| storm.unit != over.storm.unit);
            }
            self.desk.tick(self.inventory, &open, &[], self.now);
            loop {
                self.keep();
                let due = self.desk.due(self.now);
                if due.is_empty() && !self.keep() {
                    break;
                }
                for parcel in due {
                    self.call(parcel);
                }
            }
        }
        self.bounded();
    }

    fn call(&mut self, parcel: Parcel) {
        let channel = parcel.channel.to_string();
        let manner = self.manners.get(&channel).copied().unwrap_or(Manner::Takes);
        let again = |after_ms, is_unsure| Outcome::Again {
            after_ms,
            is_unsure,
            reason: format!("{manner:?}"),
        };
        let refused = |is_channel| Outcome::Refused { reason: format!("{manner:?}"), is_channel };
        let (outcome, is_taken, seconds) = match manner {
            Manner::Takes => (Outcome::Sent, true, 0),
            Manner::Late(seconds) => (Outcome::Sent, true, seconds),
            Manner::Unheard => (again(None, true), true, 30),
            Manner::Hangs => (again(None, true), false, 30),
            Manner::Away => (again(None, false), false, 0),
            Manner::Full(seconds) => (again(Some(seconds * 1_000), false), false, 0),
            Manner::Refuses => (refused(false), false, 0),
            Manner::Revoked => (refused(true), false, 0),
        };
        assert_eq!(self.kept[&parcel.key].state, MessageState::Pending, "{}", parcel.key);
        let (key, notice) = (parcel.key, parcel.notice);
        let until = self.now + seconds * 1_000;
        let call = Call { key, channel, notice, is_taken, heard: None, until, outcome };
        self.follows(&call);
        self.is_folded(&call);
        self.calls.push(call);
        let n = self.calls.len() - 1;
        if seconds == 0 { self.hear(n) } else { self.away.push(n) }
    }

    fn hear(&mut self, n: usize) {
        let Call { key, outcome, .. } = self.calls[n].clone();
        self.calls[n].heard = Some(outcome.clone());
        let parts_done = usize::from(outcome == Outcome::Sent);
        self.desk.outcome(&key, &outcome, parts_done, self.now);
        self.keep();
    }

    /// A line's unit; behind the last one the unit above all.
    fn unit(line: usize) -> UnitId {
        let name = if line == LINES { "province".to_owned() } else { format!("c{line}") };
        UnitId::new(&name).unwrap()
    }

    /// In a storm nothing leaves by itself but what may have left before, and a digest of one storm
    /// tells of nothing else.
    fn is_folded(&self, call: &Call) {
        let is_in = |unit: &UnitId, notice: &Notice| {
            let own = notice.subject.as_ref().map(|subject| &subject.unit.id);
            own.is_some_and(|own| own == unit || unit.as_str() == "province")
        };
        let is_again = self.calls.iter().any(|c| c.key == call.key && c.may_be_taken());
        if call.notice.topic != Topic::Digest && !is_again {
            let is_stormy = |storm: &Storm| is_in(&storm.unit, &call.notice);
            assert!(!self.storms.iter().any(is_stormy), "{} leaves in a storm", call.key);
        }
        if let Some(storm) = &call.notice.storm {
            assert!(call.notice.parts.iter().all(|part| is_in(&storm.unit, part)), "{}", call.key);
        }
    }

    /// What a call may be after those before it.
    fn follows(&self, call: &Call) {
        let before = || self.calls.iter().filter(|other| other.channel == call.channel);
        for other in before().filter(|other| other.key == call.key && other.may_be_taken()) {
            assert_ne!(other.heard, Some(Outcome::Sent), "{} is sent again", call.key);
            // The service that has it knows it by its key: it must be the same.
            assert_eq!(other.notice, call.notice, "{} says something else now", call.key);
        }
        for notice in call.notices() {
            let Some(incident) = &notice.incident else { continue };
            let of_incident = || {
                let calls = before().filter(|other| other.key != call.key);
                calls
                    .flat_map(|other| other.notices().map(move |n| (other, n)))
                    .filter(|(_, n)| n.incident.as_ref() == Some(incident))
            };
            if is_end(notice.topic) {
                // A part's trouble counts for the whole that it became a part of.
                let is_heir = !self.merged.is_empty() && notice.topic != Topic::Merged;
                let is_told =
                    of_incident().any(|(other, n)| is_trouble(n.topic) && other.may_be_taken());
                assert!(is_told || is_heir, "{}: the end of what was not told", call.key);
            } else {
                let is_over = of_incident().any(|(other, n)| {
                    other.may_be_taken() && (is_end(n.topic) || n.topic == Topic::Passed)
                });
                assert!(!is_over, "{}: {:?} after the end", call.key, notice.topic);
            }
        }
        // Rows of one incident leave in the order they were made in.
        if let Some((thread, number)) = numbered(&call.key) {
            for other in before() {
                if let Some((other_thread, other_number)) = numbered(&other.key) {
                    let is_before = other_thread != thread || other_number <= number;
                    assert!(is_before, "{} after {}", call.key, other.key);
                }
            }
        }
    }

    /// What the desk holds is what is open or pending.
    fn bounded(&self) {
        let pending = self.kept.values().filter(|m| m.state == MessageState::Pending).count();
        let desk = format!("{:?}", self.desk);
        assert_eq!(desk.matches(" Row {").count(), pending);
        let threads = desk.matches("Thread {").count();
        assert!(threads <= self.open.len() * CHANNELS.len(), "{threads} threads");
    }

    /// Everything works again, for long enough.
    fn settle(&mut self) {
        self.manners.clear();
        // Past the quiet hours, whenever that is; then nobody is reminded any more.
        self.wait(36_000);
        for line in 0..LINES {
            self.act(&Op::Ack { line });
        }
        self.wait(36_000);
    }

    /// Nothing waits, nothing is lost.
    fn ended(&self) {
        for message in self.kept.values() {
            assert_ne!(message.state, MessageState::Pending, "{}", message.id);
        }
        let has = |channel: &str, incident: &IncidentId, is_it: fn(Topic) -> bool| {
            self.calls.iter().any(|call| {
                call.is_taken
                    && call.channel == channel
                    && call
                        .notices()
                        .any(|n| n.incident.as_ref() == Some(incident) && is_it(n.topic))
            })
        };
        // It gave a message up, for another reason than that there was nothing left to say.
        let gave_up = |channel: &str| {
            self.kept.values().any(|message| {
                let reason = message.reason.as_deref().unwrap_or_default();
                let is_needless = ["it was over", "it is a part of", "somebody has taken"]
                    .iter()
                    .any(|known| reason.starts_with(known));
                let is_dead = message.state == MessageState::Dead;
                message.channel.as_str() == channel && is_dead && !is_needless
            })
        };
        for incident in self.open.values() {
            // Every route tells duty; what that refuses goes to the mail.
            let is_told = has("duty", &incident.id, is_trouble)
                || gave_up("duty") && has("mail", &incident.id, is_trouble)
                || gave_up("mail");
            assert!(is_told, "{} lasts, and nobody was told", incident.id);
        }
        // Where the trouble is, is its end.
        let ids: BTreeSet<&IncidentId> =
            self.kept.values().filter_map(|m| m.incident.as_ref()).collect();
        for id in ids {
            let is_open = self.open.values().any(|open| open.id == *id);
            for channel in CHANNELS {
                let is_over = has(channel, id, is_end) || has(channel, id, |t| t == Topic::Passed);
                let must_end = !is_open && !gave_up(channel);
                if must_end && has(channel, id, is_trouble) {
                    assert!(is_over, "{channel} was never told of the end of {id}");
                }
            }
        }
    }
}

/// The thread and the number that a row's key says.
fn numbered(key: &str) -> Option<(&str, u32)> {
    if key.starts_with("digest:") || key.starts_with("channel:") {
        return None;
    }
    let (thread, number) = key.rsplit_once(':')?;
    Some((thread, number.parse().ok()?))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_desk_keeps_its_promises(ops in prop::collection::vec(op(), 1..60)) {
        let inventory = lines(LINES);
        let text = format!("timezone: Asia/Ho_Chi_Minh\nalerts:\n{ALERTS}");
        let loaded = config::from_text(Path::new("config.yaml"), &text);
        let config = loaded.config.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        let mut world = World::new(&inventory, outlet::plan(&config, &[]));
        for op in &ops {
            world.act(op);
        }
        world.settle();
        world.ended();
    }
}
