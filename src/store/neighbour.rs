//! What two looks at a device's neighbours come to together, and how many are kept.

use std::collections::HashMap;

use crate::model::{Beside, Neighbour, UnixMs};

/// Most neighbours at cables that are kept of a device as being there.
pub const CABLES_MAX: usize = 256;
/// Most addresses that are kept of a device as being there: a router of a large network knows
/// thousands, which come and go.
pub const ADDRESSES_MAX: usize = 512;
/// Most neighbours that are kept of a device although they are gone, the last seen ones.
pub(super) const GONE_MAX: usize = 256;

/// Gives `known` the effect of a look and of the one that followed it; `is_whole`: all that is
/// there was seen in the later one.
pub(super) fn look_again(known: &mut Vec<Beside>, later: Vec<Beside>, is_whole: bool) {
    let places: HashMap<Neighbour, usize> =
        known.iter().enumerate().map(|(place, beside)| (beside.who.clone(), place)).collect();
    if is_whole {
        known.iter_mut().for_each(|beside| beside.is_there = false);
    }
    for beside in later {
        match places.get(&beside.who).and_then(|place| known.get_mut(*place)) {
            Some(same) => {
                let first = same.first;
                *same = Beside { first, ..beside };
            }
            None => known.push(beside),
        }
    }
    let gone = known.iter().filter(|beside| !beside.is_there);
    let mut gone: Vec<UnixMs> = gone.map(|beside| beside.last).collect();
    if let Some(excess) = gone.len().checked_sub(GONE_MAX).filter(|excess| *excess > 0) {
        gone.sort_unstable();
        let mut excess = excess;
        let oldest = gone[excess - 1];
        known.retain(|beside| {
            let is_given_up = excess > 0 && !beside.is_there && beside.last <= oldest;
            excess -= usize::from(is_given_up);
            !is_given_up
        });
    }
}
