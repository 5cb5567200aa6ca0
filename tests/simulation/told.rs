//! What must hold of what is told, checked as it is said, from the scenario alone: the announced
//! work, the office hours (reckoned by hand) and what the core itself says of who comes and goes.

use std::collections::{BTreeMap, BTreeSet};

use tuantra::health::{News, Telling};
use tuantra::model::{
    IncidentId, Inventory, KeptIncident, State, SubjectId, SubjectIx, Told, UnixMs,
};

use crate::drive::{START, Scenario};
use crate::faults::{Fault, Trouble, Worked};
use crate::hours::DAY;
use crate::subject_under_test::{Core, Seen};

/// What is trouble for so long without a break has been told: the time in which an incident
/// gathers its impact, and a tick.
const TOLD_WITHIN_MS: i64 = 35_000;

/// A deliberate mistake in what the core knows or in what is heard of it, to prove that it is
/// found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// The core knows of no announced work.
    ForgetsWork,
    /// The core knows of no work that recurs.
    ForgetsRoutine,
    /// The core knows of no office hours.
    ForgetsHours,
    /// The core takes the opening for the end of the grace.
    ForgetsGrace,
    /// What comes and goes is told as down.
    TellsFlappingAsDown,
    /// That it comes and goes is told twice.
    TellsFlappingTwice,
    /// Nobody is told of what is down.
    TellsNobody,
}

impl Slip {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ForgetsWork,
        Self::ForgetsRoutine,
        Self::ForgetsHours,
        Self::ForgetsGrace,
        Self::TellsFlappingAsDown,
        Self::TellsFlappingTwice,
        Self::TellsNobody,
    ];

    /// What the core believes to be there.
    pub fn misread(self, inventory: &Inventory) -> Inventory {
        let mut inventory = inventory.clone();
        if self == Self::ForgetsRoutine {
            inventory.maintenance.clear();
        }
        for subject in &mut inventory.subjects {
            match self {
                Self::ForgetsHours => subject.off_hours_allowed = false,
                Self::ForgetsGrace => subject.health.off_hours_grace_ms = 0,
                _ => {}
            }
        }
        inventory
    }

    /// What is heard of it.
    pub fn mishear(self, telling: Telling) -> Vec<Telling> {
        match (self, telling.news) {
            (Self::TellsFlappingAsDown, News::Flapping) => {
                vec![Telling { news: News::Down, ..telling }]
            }
            (Self::TellsFlappingTwice, News::Flapping) => vec![telling.clone(), telling],
            (Self::TellsNobody, News::Down | News::Reminder) => Vec::new(),
            _ => vec![telling],
        }
    }
}

/// What is so when somebody is told.
pub struct Scene<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// What of its troubles is announced work.
    pub work: &'a [Trouble],
    /// What the inventory in force says.
    pub inventory: &'a Inventory,
    /// The place of each of its subjects.
    pub place_of: &'a [usize],
    /// For the last verdicts.
    pub core: &'a Core,
    /// Who is down by them.
    pub down: &'a BTreeSet<SubjectIx>,
    /// By the wall.
    pub now: UnixMs,
    /// The patrol as a whole.
    pub is_blind: bool,
    /// So are some carriers.
    pub is_half_blind: bool,
}

impl Scene<'_> {
    fn place(&self, subject: SubjectIx) -> usize {
        self.place_of[subject.ix()]
    }

    /// Rule 10: inside announced work on it, its carrier, its unit or one above.
    fn is_planned(&self, place: usize) -> bool {
        let minute = (self.now.0 - START).rem_euclid(DAY) / 60_000;
        let is_on = |worked: &Worked| worked.includes(&self.scenario.province, place);
        self.work.iter().any(|trouble| {
            (START + trouble.from..START + trouble.to).contains(&self.now.0)
                && match &trouble.fault {
                    Fault::Work(worked) => is_on(worked),
                    Fault::Routine(worked, from, to) => {
                        is_on(worked) && (*from..*to).contains(&minute)
                    }
                    _ => false,
                }
        })
    }

    /// Rule 11: when the hours begin in which its silence is an outage, if it began outside them.
    fn opening(&self, place: usize, seen: &Seen) -> Option<UnixMs> {
        let since = seen.since.filter(|_| seen.hard == Some(State::Down))?;
        self.scenario.province.subjects[place].off_hours?.opening(since)
    }

    /// Something that it is reached through is off outside its hours.
    fn is_behind_off(&self, subject: SubjectIx) -> bool {
        let above = self.inventory.subject(subject).via.subjects();
        above.into_iter().any(|s| {
            self.opening(self.place(s), &self.core.seen(s)).is_some() || self.is_behind_off(s)
        })
    }

    /// Down by the last verdict, and not merely off outside its hours.
    fn is_down(&self, subject: SubjectIx) -> bool {
        let (seen, place) = (self.core.seen(subject), self.place(subject));
        let is_due = |opening: UnixMs| opening + self.grace_ms(place) <= self.now;
        seen.hard == Some(State::Down) && self.opening(place, &seen).is_none_or(is_due)
    }

    /// Rule 11: so long after the opening nobody is told yet.
    fn grace_ms(&self, place: usize) -> i64 {
        self.scenario.province.subjects[place].health.off_hours_grace_ms
    }

    /// The subject and the other lines of its unit that are down.
    fn lines(&self, root: SubjectIx) -> Vec<SubjectIx> {
        let of = |s: SubjectIx| &self.scenario.province.subjects[self.place(s)];
        let is_line = |s: SubjectIx| !of(s).is_device && of(s).unit == of(root).unit;
        let mut lines = vec![root];
        if is_line(root) && self.is_down(root) {
            let others = self.down.iter().filter(|s| **s != root);
            lines.extend(others.filter(|s| is_line(**s) && self.is_down(**s)));
        }
        lines
    }
}

/// Who hears what is told.
#[derive(Debug, Default)]
pub struct Ear {
    /// By place: it comes and goes.
    flapping: Vec<bool>,
    /// Open incidents of which trouble was told, with the last of it and its root then.
    told: BTreeMap<IncidentId, (News, SubjectId)>,
    /// By place: since when its being down should be told.
    due: BTreeMap<usize, i64>,
    looked: i64,
}

impl Ear {
    /// A daemon starts with what the store knows.
    pub fn restart(&mut self, flapping: Vec<bool>, open: &[KeptIncident], clock: i64) {
        self.due.clear();
        self.flapping = flapping;
        self.looked = clock;
        let told = |incident: &KeptIncident| {
            let news = match incident.told? {
                Told::Down => News::Down,
                Told::Degraded => News::Degraded,
                Told::Flapping => News::Flapping,
            };
            Some((incident.id.clone(), (news, incident.root.clone())))
        };
        self.told = open.iter().filter_map(told).collect();
    }

    /// Of what is not listed any more nobody says that it comes and goes no longer.
    pub fn reload(&mut self, is_listed: impl Fn(usize) -> bool) {
        for (place, flapping) in self.flapping.iter_mut().enumerate() {
            *flapping &= is_listed(place);
        }
    }

    /// A place begins to come and go, or no longer does.
    pub fn flaps(&mut self, place: usize, begins: bool) -> Result<(), String> {
        let was = std::mem::replace(&mut self.flapping[place], begins);
        if was == begins { Err(format!("flapping {begins} is said twice")) } else { Ok(()) }
    }

    /// An incident is over. What was told of one that is merged goes over to the one that is left.
    pub fn closed(&mut self, incident: &KeptIncident) {
        let Some(heir) = &incident.merged_into else { return };
        if let Some(told) = self.told.remove(&incident.id) {
            self.told.entry(heir.clone()).or_insert(told);
        }
    }

    /// Somebody is told.
    pub fn tell(&mut self, telling: &Telling, scene: &Scene) -> Result<(), String> {
        let before = match telling.news {
            News::Recovered | News::Removed => self.told.remove(&telling.incident),
            news => telling
                .subject
                .clone()
                .and_then(|subject| self.told.insert(telling.incident.clone(), (news, subject))),
        };
        let Some(id) = telling.subject.as_ref() else { return Ok(()) };
        let Some(root) = scene.inventory.find_subject(id.as_str()) else { return Ok(()) };
        let place = scene.place(root);
        let seen = scene.core.seen(root);
        let flaps = |s: &SubjectIx| self.flapping[scene.place(*s)];
        let lines = scene.lines(root);
        let fail = |what: &str| Err(format!("{:?} is told {what}: {telling:?}", telling.news));
        if telling.news == News::Removed {
            let is_asked = scene.inventory.subject(root).is_enabled;
            return if is_asked { fail("of what is patrolled") } else { Ok(()) };
        }
        if telling.news == News::Recovered {
            // One that is off outside its hours is no trouble, whatever it did before, and what is
            // reached through it is nobody's news either.
            let is_off = scene.opening(place, &seen).is_some() || scene.is_behind_off(root);
            return match () {
                () if seen.hard.is_none() || is_off => Ok(()),
                () if flaps(&root) => fail("of what comes and goes still"),
                () if scene.core.is_in_trouble(root) => fail("of what is down or degraded still"),
                () => Ok(()),
            };
        }
        let opening = scene.opening(place, &seen);
        if scene.is_blind {
            return fail("while the patrol is blind");
        }
        if lines.iter().all(|line| scene.is_planned(scene.place(*line))) {
            return fail("inside announced work");
        }
        if let Some(opening) = opening {
            if scene.now < opening + scene.grace_ms(place) {
                return fail("outside the hours of the subject");
            }
            if lines.len() == 1 && telling.since < opening {
                return fail("with a start before the opening");
            }
        }
        match telling.news {
            News::Flapping if !lines.iter().any(flaps) => fail("of what does not come and go"),
            News::Flapping if before == Some((News::Flapping, id.clone())) => fail("a second time"),
            News::Down | News::Degraded | News::Reminder if lines.iter().any(flaps) => {
                fail("of what comes and goes")
            }
            _ => Ok(()),
        }
    }

    /// It last looked so many milliseconds ago.
    pub fn has_looked_since(&self, clock: i64, each: i64) -> bool {
        clock < self.looked + each
    }

    /// What is down, could be seen and was not planned for long enough has been told.
    pub fn look(&mut self, clock: i64, scene: &Scene) -> Result<(), (usize, String)> {
        self.looked = clock;
        let before = std::mem::take(&mut self.due);
        for subject in scene.down.iter().copied() {
            let place = scene.place(subject);
            let is_due = scene.is_down(subject)
                && !scene.is_planned(place)
                && !scene.is_blind
                && !scene.is_half_blind;
            if !is_due {
                continue;
            }
            let since = before.get(&place).copied().unwrap_or(clock);
            self.due.insert(place, since);
            if clock < since + TOLD_WITHIN_MS {
                continue;
            }
            let lines = scene.lines(subject);
            // A part that stays when the rest of its incident turns out to be a consequence is an
            // incident of its own, and gathers anew.
            let is_told = scene.core.incidents().iter().any(|incident| {
                let root = scene.inventory.find_subject(incident.root.as_str());
                root.is_some_and(|root| lines.contains(&root))
                    && (self.told.contains_key(&incident.id)
                        || (0..TOLD_WITHIN_MS).contains(&scene.now.since(incident.opened)))
            });
            if !is_told {
                return Err((place, "it is down, and nobody was told".to_owned()));
            }
        }
        Ok(())
    }
}
