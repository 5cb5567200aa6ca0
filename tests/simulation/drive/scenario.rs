//! What a run depends on.

use std::sync::Arc;

use tuantra::model::{
    Calendar, CalendarId, Id, Inventory, Maintenance, Span, SubjectId, UnitId, UnixMs, WorkHours,
    WorkedOn,
};

use super::START;
use crate::faults::{Fault, Trouble, Worked};
use crate::province::{Listing, Province, carrier_id};
use crate::reference::Quirk;
use crate::told::Slip;

/// All that a run depends on.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// For what is drawn per packet.
    pub seed: u64,
    /// What is there.
    pub province: Province,
    /// Which of it is listed at the start.
    pub listing: Listing,
    /// What goes wrong, by start.
    pub troubles: Vec<Trouble>,
    /// Milliseconds.
    pub length: i64,
}

impl Scenario {
    /// The inventory of a listing with the work that recurs, and the place of each of its subjects.
    pub fn inventory(&self, listing: &Listing) -> (Arc<Inventory>, Vec<usize>) {
        let (inventory, place_of) = self.province.inventory(listing);
        let mut inventory = Arc::unwrap_or_clone(inventory);
        inventory.maintenance = self.announced(true);
        (Arc::new(inventory), place_of)
    }

    /// The work announced once, all of it from the start.
    pub fn work(&self) -> Vec<Maintenance> {
        self.announced(false)
    }

    fn announced(&self, recurs: bool) -> Vec<Maintenance> {
        let works = self.troubles.iter().enumerate().filter_map(|(n, trouble)| {
            let (worked, minutes) = match trouble.fault {
                Fault::Work(worked) if !recurs => (worked, None),
                Fault::Routine(worked, from, to) if recurs => (worked, Some((from, to))),
                _ => return None,
            };
            let on = match worked {
                Worked::Place(place) => {
                    WorkedOn::Subject(SubjectId::new(&self.province.subjects[place].name).unwrap())
                }
                Worked::Unit(unit) => WorkedOn::Unit(UnitId::new(&format!("unit-{unit}")).unwrap()),
                Worked::Carrier(carrier) => WorkedOn::Carrier(carrier_id(carrier)),
            };
            let life = Span::new(UnixMs(START + trouble.from), UnixMs(START + trouble.to));
            let hours = match minutes {
                Some((from, to)) => WorkHours::Recurring(Box::new(daily(from, to)), life),
                None => WorkHours::Once(life),
            };
            Some(Maintenance {
                id: Id::new(&format!("work-{n}")).unwrap(),
                on,
                hours,
                by: "sim".into(),
                note: String::new(),
            })
        });
        works.collect()
    }
}

/// How a scenario is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Keep a line for everything that happens.
    pub trace: bool,
    /// Compare records after every step, not only now and then.
    pub finely: bool,
    /// No reference: what the core alone costs.
    pub alone: bool,
    /// For long stretches in which little happens. Who is sure to answer is asked without the queue
    /// and judged 440 ms after its start. A tick comes every 30 s while nothing is out of the
    /// ordinary, every four while it is settled who is down, else every second. Incidents are settled
    /// at ticks: when there is news, and every four seconds. What was to be told is looked for every 30 s, not five, and records are compared
    /// at the end, not every six hours.
    pub swift: bool,
    /// A deliberate mistake in the reference.
    pub quirk: Option<Quirk>,
    /// A deliberate mistake in what the core knows, or in what is heard of it.
    pub slip: Option<Slip>,
}

impl Options {
    /// The inventory as the core gets it.
    pub(super) fn known(&self, inventory: &Arc<Inventory>) -> Arc<Inventory> {
        self.slip.map_or_else(|| Arc::clone(inventory), |slip| Arc::new(slip.misread(inventory)))
    }
}

/// Open every day from one minute to another, in Vietnam.
fn daily(from: i64, to: i64) -> Calendar {
    Calendar {
        id: CalendarId::new("routine").unwrap(),
        zone: jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
        hours: std::array::from_fn(|_| vec![(from as u16, to as u16)]),
        holidays: Vec::new(),
        make_up: Vec::new(),
    }
}
