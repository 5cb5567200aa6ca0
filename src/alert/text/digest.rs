//! What a digest tells: one line an incident, what is open before what is over, the worst first.

use std::collections::HashMap;

use crate::alert::notice::Notice;

/// Lines of a digest; the rest is counted.
pub(super) const LINES_MAX: usize = 30;

/// The latest part of every incident, in the order in which they are told: open before over, the
/// worst first, then the oldest.
pub(super) fn told(parts: &[Notice]) -> Vec<&Notice> {
    let mut latest: HashMap<&str, usize> = HashMap::new();
    let mut told: Vec<&Notice> = Vec::new();
    for part in parts {
        // A channel's trouble has no incident: its name holds its parts together.
        let name = match (&part.incident, &part.through) {
            (Some(incident), _) => incident.as_str(),
            (None, Some(through)) => through,
            (None, None) => {
                told.push(part);
                continue;
            }
        };
        match latest.get(name).and_then(|ix| told.get_mut(*ix)) {
            Some(before) if before.at <= part.at => *before = part,
            Some(_) => {}
            None => {
                latest.insert(name, told.len());
                told.push(part);
            }
        }
    }
    told.sort_by_key(|part| (part.topic.is_over(), std::cmp::Reverse(part.severity), part.since));
    told
}
