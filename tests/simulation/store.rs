//! What the daemon's store would have kept when it is killed: facts are committed within 50 ms,
//! samples within 2 s.

use std::collections::{BTreeMap, VecDeque};

use tuantra::health::Usual;
use tuantra::model::{IncidentId, KeptIncident, UnixMs};

use crate::records::{Remembered, Stretch, joined, replace};

const FACTS_WAIT_MS: i64 = 50;
const SAMPLES_WAIT_MS: i64 = 2_000;

/// What is written together.
#[derive(Debug, Clone)]
pub enum Fact {
    /// From the first stretch on the record of a place reads like this.
    Record(usize, Vec<Stretch>),
    /// It comes and goes, or no longer.
    Flapping(usize, bool),
    /// An incident reads like this.
    Incident(Box<KeptIncident>),
    /// What the rounds of a place usually take at an hour of the day.
    Usual(usize, u8, Usual),
}

/// What is in the file.
#[derive(Debug, Clone, Default)]
struct Contents {
    records: Vec<Vec<Stretch>>,
    flapping: Vec<bool>,
    usual: Vec<BTreeMap<u8, Usual>>,
    incidents: BTreeMap<IncidentId, KeptIncident>,
}

impl Contents {
    fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::Record(place, news) => {
                let from = news[0].from;
                replace(&mut self.records[place], from, news);
            }
            Fact::Flapping(place, begins) => self.flapping[place] = begins,
            Fact::Usual(place, hour, usual) => {
                self.usual[place].insert(hour, usual);
            }
            Fact::Incident(incident) => {
                self.incidents.insert(incident.id.clone(), *incident);
            }
        }
    }
}

/// The store.
#[derive(Debug, Default)]
pub struct Store {
    /// As the daemon believes it to be.
    hoped: Contents,
    committed: Contents,
    waiting: VecDeque<(i64, Fact)>,
    /// By place: when a round was judged, and when it had been sent; the last two seconds and one
    /// before.
    samples: Vec<VecDeque<(i64, UnixMs)>>,
}

impl Store {
    /// Empty.
    pub fn new(places: usize) -> Self {
        let contents = Contents {
            records: vec![Vec::new(); places],
            flapping: vec![false; places],
            usual: vec![BTreeMap::new(); places],
            incidents: BTreeMap::new(),
        };
        Self {
            hoped: contents.clone(),
            committed: contents,
            waiting: VecDeque::new(),
            samples: vec![VecDeque::new(); places],
        }
    }

    /// Hands over a fact.
    pub fn keep(&mut self, clock: i64, fact: Fact) {
        self.hoped.apply(fact.clone());
        self.waiting.push_back((clock, fact));
    }

    /// Hands over a round.
    pub fn sample(&mut self, place: usize, clock: i64, at: UnixMs) {
        let samples = &mut self.samples[place];
        if samples.len() == 2 && samples[1].0 < clock - SAMPLES_WAIT_MS {
            samples[0] = samples[1];
            samples[1] = (clock, at);
            return;
        }
        samples.push_back((clock, at));
        while samples.len() > 2 && samples[1].0 < clock - SAMPLES_WAIT_MS {
            samples.pop_front();
        }
    }

    /// Writes what has waited long enough.
    pub fn commit(&mut self, clock: i64) {
        while self.waiting.front().is_some_and(|(at, _)| *at <= clock - FACTS_WAIT_MS) {
            if let Some((_, fact)) = self.waiting.pop_front() {
                self.committed.apply(fact);
            }
        }
    }

    /// Writes everything.
    pub fn close(&mut self) {
        self.commit(i64::MAX);
    }

    /// Forgets what was not written.
    pub fn kill(&mut self, clock: i64) {
        self.commit(clock);
        self.waiting.clear();
        self.hoped = self.committed.clone();
        for samples in &mut self.samples {
            while samples.len() > 1
                && samples.back().is_some_and(|(judged, _)| *judged > clock - SAMPLES_WAIT_MS)
            {
                samples.pop_back();
            }
        }
    }

    /// Every place's record; empty of what was never listed.
    pub fn records(&self) -> &[Vec<Stretch>] {
        &self.hoped.records
    }

    /// The incidents that are open.
    pub fn open_incidents(&self) -> Vec<KeptIncident> {
        self.hoped.incidents.values().filter(|i| i.closed.is_none()).cloned().collect()
    }

    /// What a daemon that starts learns of a place.
    pub fn remembered(&self, place: usize) -> Option<Remembered> {
        let record = &self.hoped.records[place];
        (!record.is_empty()).then(|| Remembered {
            record: joined(record),
            last_round: self.samples[place].back().map(|(_, at)| *at),
            is_flapping: self.hoped.flapping[place],
            usual: self.hoped.usual[place].iter().map(|(hour, usual)| (*hour, *usual)).collect(),
        })
    }
}
