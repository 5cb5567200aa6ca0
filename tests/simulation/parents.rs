//! A subject is never recorded *down* inside the outage of the only thing it is reached through
//! (DESIGN section 5, rules 5 and 6), but where these rules say so:
//!
//! 1. it fell silent before its parent did (the parent's outage may be its own affair);
//! 2. its parent was undecided for the whole `correlation_window`: it was decided without it;
//! 3. its parent's outage was over when it failed to prove itself: down from the parent's recovery on,
//!    which is the end of the parent's outage and so not inside it;
//! 4. its parent had answered again when it was decided: it is down since its first failed round,
//!    which may have been the parent's fault still.
//!
//! What another inventory says, a clock that was set and a daemon that was killed before it wrote what
//! it knew leave records that these rules do not speak of.

use tuantra::coverage::{Outage, outages};
use tuantra::model::{State, UnixMs};

use crate::drive::{Outcome, Scenario};
use crate::faults::Fault;
use crate::province::Way;
use crate::records::{Stretch, intervals};

/// The only thing a place is reached through, if that is so all the time.
fn parent(scenario: &Scenario, place: usize) -> Option<usize> {
    let parent = match &scenario.province.subjects[place].way {
        Way::Through(parent) => *parent,
        Way::All(parts) | Way::Any(parts) => match &parts[..] {
            [Way::Through(parent)] => *parent,
            _ => return None,
        },
    };
    let is_asked = |place: usize| scenario.province.subjects[place].is_asked;
    let is_spoken_of = scenario.troubles.iter().all(|trouble| match &trouble.fault {
        Fault::Reload { .. } | Fault::Step(_) => false,
        Fault::Restart { killed } => !killed,
        _ => true,
    });
    let is_kept = is_spoken_of && is_asked(place) && is_asked(parent);
    (is_kept && scenario.listing.listed[place] && scenario.listing.listed[parent]).then_some(parent)
}

/// When `down` was recorded from, of each run of it; holes inside do not part it.
fn begun_down(record: &[Stretch]) -> Vec<UnixMs> {
    let known: Vec<&Stretch> = record.iter().filter(|s| s.state != State::Unmeasured).collect();
    let is_begin = |n: &usize| {
        known[*n].state == State::Down && (*n == 0 || known[*n - 1].state != State::Down)
    };
    (0..known.len()).filter(is_begin).map(|n| known[n].from).collect()
}

/// The first time at which it is so all the same.
pub fn blamed_inside(scenario: &Scenario, outcome: &Outcome, place: usize) -> Option<UnixMs> {
    let parent = parent(scenario, place)?;
    let of_parent = outages(&intervals(&outcome.records[parent]));
    let found_out = |at: UnixMs| outcome.found_down.get(&(place, at)).copied();
    let is_inside = |at: UnixMs, outage: &Outage| {
        let lasts = |end: UnixMs| at < end && found_out(at).is_none_or(|found| found < end);
        outage.start <= at && outage.end.is_none_or(lasts)
    };
    begun_down(&outcome.records[place]).into_iter().find(|at| {
        !outcome.undecided.contains(&(place, *at))
            && of_parent.iter().any(|outage| is_inside(*at, outage))
    })
}
