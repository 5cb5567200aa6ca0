//! A bench that drives the core as the daemon does, for the rules one by one ([`rules`]), for what
//! went wrong once or could ([`trouble`]), and for what goes on between subjects ([`stories`]) and for properties over random rounds ([`properties`]).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::*;
use crate::model::{
    Check, CheckKind, Connection, Contact, HealthParams, NetworkId, PingParams, Rtts, ServiceLevel,
    State, Subject, SubjectDetail, Unit, UnitId, UnitIx, UnitKind, Via,
};

mod announced;
mod asking;
mod backup;
mod blind;
mod calm;
mod checks;
mod details;
mod explained;
mod flapping;
mod holes;
mod hours;
mod leaps;
mod merged;
mod over;
mod properties;
mod roots;
mod rules;
mod seen;
mod signs;
mod stories;
mod trouble;
mod ways;

const SECOND: i64 = 1000;

/// A driver that applies effects to plain interval lists, as the store does.
struct Bench {
    health: Health,
    records: BTreeMap<SubjectIx, Vec<(UnixMs, State, Option<SubjectIx>)>>,
    verdicts: Vec<(SubjectIx, State, UnixMs, Option<SubjectIx>)>,
    asked_now: Vec<SubjectIx>,
    paces: BTreeMap<SubjectIx, Pace>,
    /// Everything that is news rather than something to do.
    news: Vec<Effect>,
}

fn subject(n: u32, via: Via) -> Subject {
    Subject {
        id: SubjectId::new(&format!("s{n}")).unwrap(),
        name: format!("s{n}"),
        unit: UnitIx(n),
        via,
        checks: vec![Check {
            kind: CheckKind::Ping {
                address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1)),
                params: PingParams::default(),
            },
            critical: false,
            name: None,
        }],
        health: HealthParams::default(),
        limits: crate::model::Limits::default(),
        calendar: None,
        off_hours_allowed: false,
        is_enabled: true,
        detail: SubjectDetail::Connection(Connection {
            network: crate::model::NetworkIx(0),
            carrier: None,
            circuit: None,
            bandwidth_kbps: None,
            sla: ServiceLevel::default(),
            device: None,
            interface: None,
        }),
        since: None,
        until: None,
    }
}

fn unit(n: u32) -> Unit {
    Unit {
        id: UnitId::new(&format!("u{n}")).unwrap(),
        name: format!("u{n}"),
        short: format!("u{n}"),
        kind: UnitKind::Commune,
        parent: None,
        code: None,
        contact: Contact::default(),
        location: None,
        requires: vec![crate::model::NetworkIx(0)],
        since: None,
        until: None,
        merged_into: None,
        equipment_stays: false,
    }
}

fn inventory(vias: Vec<Via>) -> Arc<Inventory> {
    let network = crate::model::Network {
        id: NetworkId::new("tslcd").unwrap(),
        name: "TSLCD".into(),
        name_en: "TSLCD".into(),
        short: "TSLCD".into(),
        over: Vec::new(),
        sla: ServiceLevel::default(),
    };
    let n = u32::try_from(vias.len()).unwrap();
    let subjects = (0..n).zip(vias).map(|(i, via)| subject(i, via)).collect();
    Arc::new(Inventory::new((0..n).map(unit).collect(), vec![network], vec![], vec![], subjects))
}

/// `n` lines with nothing between them.
pub(crate) fn bench_inventory(n: usize) -> Inventory {
    (*inventory(vec![Via::none(); n])).clone()
}

const fn t(seconds: i64) -> UnixMs {
    UnixMs(seconds * SECOND)
}

const A: SubjectIx = SubjectIx(0);
const B: SubjectIx = SubjectIx(1);
const C: SubjectIx = SubjectIx(2);

impl Bench {
    fn new(vias: Vec<Via>) -> Self {
        let mut effects = Vec::new();
        let health = Health::new(
            inventory(vias),
            Settings::default(),
            Memory::default(),
            t(0),
            &mut effects,
        );
        let mut bench = Self {
            health,
            records: BTreeMap::new(),
            verdicts: Vec::new(),
            asked_now: Vec::new(),
            paces: BTreeMap::new(),
            news: Vec::new(),
        };
        bench.apply(effects);
        bench
    }

    /// A core that takes up what `resume` gives of every subject.
    fn resume(
        &mut self,
        inventory: Arc<Inventory>,
        seconds: i64,
        resume: &dyn Fn(&SubjectId) -> Option<Resumed>,
    ) -> Vec<Effect> {
        let memory = Memory { subject: resume, ..Memory::default() };
        let mut effects = Vec::new();
        self.health = Health::new(inventory, Settings::default(), memory, t(seconds), &mut effects);
        effects
    }

    fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Record { subject, entries } => {
                    let record = self.records.entry(subject).or_default();
                    record.retain(|(from, ..)| *from < entries[0].from);
                    record.extend(entries.iter().map(|e| (e.from, e.state, e.cause)));
                    assert!(record.is_sorted_by(|a, b| a.0 < b.0), "unsorted: {record:?}");
                }
                Effect::Verdict { subject, after, since, cause, .. } => {
                    self.verdicts.push((subject, after, since, cause));
                }
                Effect::Pace { subject, pace } => {
                    self.paces.insert(subject, pace);
                }
                Effect::AskNow { subject } => self.asked_now.push(subject),
                other => self.news.push(other),
            }
        }
    }

    fn round(&mut self, subject: SubjectIx, at: UnixMs, lost: u8, rtt_us: u32) {
        self.check(subject, 0, at, lost, rtt_us);
    }

    fn check(&mut self, subject: SubjectIx, check: u8, at: UnixMs, lost: u8, rtt_us: u32) {
        let rtts = vec![rtt_us; usize::from(3 - lost)];
        let round =
            Round { subject, check, at, sent: 3, lost, rtts: Rtts::from_us(&rtts), error: None };
        let mut effects = Vec::new();
        self.health.round(&round, at + 100, &mut effects);
        self.apply(effects);
    }

    fn good(&mut self, subject: SubjectIx, seconds: i64) {
        self.round(subject, t(seconds), 0, 4_000);
    }

    fn fail(&mut self, subject: SubjectIx, seconds: i64) {
        self.round(subject, t(seconds), 3, 0);
    }

    fn tick(&mut self, seconds: i64) {
        let mut effects = Vec::new();
        self.health.tick(t(seconds), &mut effects);
        self.apply(effects);
    }

    fn reload(&mut self, inventory: Arc<Inventory>, seconds: i64) -> Vec<(SubjectId, UnixMs)> {
        let mut effects = Vec::new();
        let gone = self.health.reload(inventory, Settings::default(), t(seconds), &mut effects);
        self.apply(effects);
        gone
    }

    fn incidents(&mut self) -> Vec<crate::model::Incident> {
        self.settle(0);
        self.health.incidents().to_vec()
    }

    fn settle(&mut self, seconds: i64) {
        let mut effects = Vec::new();
        self.health.settle(t(seconds), &mut effects);
        self.apply(effects);
    }

    fn state(&self, subject: SubjectIx) -> State {
        self.health.view(subject).state
    }

    fn record(&self, subject: SubjectIx) -> Vec<(i64, State)> {
        self.records[&subject].iter().map(|(from, s, _)| (from.0 / SECOND, *s)).collect()
    }
}

fn via(ix: SubjectIx) -> Via {
    Via::Subject(ix)
}
