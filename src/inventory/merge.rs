//! Administrative reform: which unit took over which.

use super::graph;
use super::place::{Desk, Finding};
use super::raw::RawUnit;
use super::resolve::{self, Names};
use crate::model::Message;

/// Whom each unit was merged into, by index in file order. A merger needs the day it happened,
/// a successor that is still there on that day, and an end to the chain.
pub(super) fn resolve(desk: &mut Desk, raw: &[RawUnit], names: &Names<'_>) -> Vec<Option<usize>> {
    let mut merged: Vec<Option<usize>> = Vec::with_capacity(raw.len());
    for unit in raw {
        let reference = unit.merged_into.as_ref();
        merged.push(reference.and_then(|r| resolve::find(desk, names, r, "check.unknown_unit")));
    }
    let next: Vec<Vec<usize>> = merged.iter().map(|m| m.iter().copied().collect()).collect();
    for cycle in graph::cycles(&next) {
        let unit = &raw[cycle[0]];
        let at = unit.merged_into.as_ref().map_or(unit.at, |r| r.at);
        let path = resolve::path(&cycle, |i| raw[i].id.as_str());
        desk.report(Finding::error(at, Message::new("check.cycle_merged").with("path", path)));
        merged[cycle[0]] = None;
    }
    for (unit, into) in raw.iter().zip(&merged) {
        let (Some(reference), Some(into)) = (&unit.merged_into, into) else { continue };
        let into = &raw[*into];
        let (message, hint) = match (unit.until, into.until) {
            // `until` is there and not a date, which is reported as that.
            (None, _) if unit.has_until => continue,
            (None, _) => {
                let message = Message::new("check.merged_without_until").with("id", &unit.id);
                (message, "check.merged_without_until_hint")
            }
            (Some(until), Some(ended)) if ended < until => {
                let message = Message::new("check.merged_into_ended").with("id", &into.id);
                (message, "check.merged_into_ended_hint")
            }
            _ => continue,
        };
        desk.report(Finding::error(reference.at, message).hint(Message::new(hint)));
    }
    merged
}
