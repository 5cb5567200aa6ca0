//! Warnings about what is not there: networks a unit must have, addresses to ask, use of a carrier.
//! What has an end is history or soon will be, and nothing is missed of it.

use std::collections::HashSet;

use super::build::life;
use super::checks::checks;
use super::drafts::Draft;
use super::place::{Desk, Finding};
use super::raw::Raw;
use super::resolve::Tree;
use crate::model::{CarrierIx, Message, UnitIx};

/// Warns; says nothing where a file could not be read at all.
pub(super) fn warn(desk: &mut Desk, raw: &Raw, tree: &Tree<'_>, drafts: &[Draft<'_>]) {
    if desk.has_broken_source() {
        return;
    }
    let links = || drafts.iter().filter_map(|d| d.link.as_ref().map(|l| (d, l)));
    let mut deployed: HashSet<_> = links().map(|(d, l)| (d.unit, l.network)).collect();
    // What stays in the buildings of those merged into it, one after another, is a unit's own.
    let own: Vec<_> = deployed.iter().copied().collect();
    for (unit, network) in own {
        let heirs = std::iter::successors(Some(unit), |u| {
            let unit = &tree.units[u.ix()];
            unit.merged_into.filter(|_| unit.equipment_stays)
        });
        deployed.extend(heirs.take(tree.units.len()).map(|heir| (heir, network)));
    }
    for (ix, required) in (0_u32..).map(UnitIx).zip(&tree.required_at) {
        if tree.units[ix.ix()].until.is_some() {
            continue;
        }
        for (network, at) in required {
            if !deployed.contains(&(ix, *network)) {
                let id = &raw.networks[network.ix()].id;
                let message = Message::new("check.not_deployed")
                    .with("unit", &tree.units[ix.ix()].name)
                    .with("network", id);
                desk.report_again(
                    Finding::warning(tree.raw[ix.ix()].at, message)
                        .hint(Message::new("check.not_deployed_hint"))
                        .related(*at, Message::new("check.required_here")),
                );
            }
        }
    }
    for (draft, link) in links() {
        // A bad address or an unknown device is reported as that.
        let is_told = draft.raw.has_address || (link.raw.device.is_some() && link.device.is_none());
        let is_default = draft.raw.asked.checks.is_none();
        let ends = life(draft, &tree.units[draft.unit.ix()]).1.is_some();
        let is_asked = draft.raw.is_enabled && !ends;
        if is_asked && is_default && !is_told && checks(draft, drafts).is_empty() {
            let message = Message::new("check.never_measured").with("id", &draft.raw.id);
            desk.report(
                Finding::warning(draft.raw.at, message)
                    .hint(Message::new("check.never_measured_hint")),
            );
        }
    }
    let used: HashSet<_> = links().filter_map(|(_, l)| l.carrier).collect();
    for (ix, carrier) in (0_u32..).map(CarrierIx).zip(&raw.carriers) {
        if !used.contains(&ix) {
            let message = Message::new("check.unused_carrier").with("id", &carrier.id);
            desk.report(Finding::warning(carrier.at, message));
        }
    }
}
