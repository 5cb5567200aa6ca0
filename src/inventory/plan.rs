//! Addresses: no two subjects on one at a time, and each inside its plan.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::build;
use super::drafts::Draft;
use super::place::{At, Desk, Finding};
use super::raw::{RawDetail, RawNetwork};
use super::resolve::Tree;
use crate::model::{Message, UnixMs};

/// Reports addresses that two subjects have at one time and warns of those outside every plan that
/// could be theirs. A connection may name an address of the device it ends at, and what follows
/// another on its address takes it over. Subjects that are not patrolled clash with nobody.
pub(super) fn check(
    desk: &mut Desk,
    tree: &Tree<'_>,
    networks: &[RawNetwork],
    drafts: &[Draft<'_>],
) {
    let mut owners: HashMap<IpAddr, Vec<(At, usize)>> = HashMap::new();
    for (i, draft) in drafts.iter().enumerate() {
        for (address, at) in addresses(draft) {
            let owners = owners.entry(address).or_default();
            // What is switched off may have given its address to what stands in for it.
            if !draft.raw.is_enabled {
                warn_outside(desk, tree, networks, draft, address, at);
                continue;
            }
            let first = owners.iter().find(|(_, other)| {
                *other != i
                    && !share_device(drafts, i, *other, address)
                    && live_together(tree, draft, &drafts[*other])
            });
            if let Some((first_at, first)) = first {
                let message = Message::new("check.duplicate_address")
                    .with("address", address)
                    .with("id", &draft.raw.id)
                    .with("other", &drafts[*first].raw.id);
                let hint = takeover_hint(tree, draft, &drafts[*first])
                    .unwrap_or_else(|| Message::new("check.duplicate_address_hint"));
                desk.report(
                    Finding::error(at, message)
                        .hint(hint)
                        .related(*first_at, Message::new("check.first")),
                );
            }
            owners.push((at, i));
            warn_outside(desk, tree, networks, draft, address, at);
        }
    }
}

/// True when the address is that of a device which is one of the two or which both end at, or of
/// something that runs somewhere: several services on one server are as it should be.
fn share_device(drafts: &[Draft<'_>], one: usize, other: usize, address: IpAddr) -> bool {
    let is_service = |i: usize| matches!(drafts[i].raw.detail, RawDetail::Service);
    if is_service(one) || is_service(other) {
        return true;
    }
    let device = |i: usize| drafts[i].link.as_ref().and_then(|link| link.device);
    let (mine, theirs) = (device(one), device(other));
    mine == Some(other)
        || theirs == Some(one)
        || mine.is_some_and(|device| {
            theirs == mine && addresses(&drafts[device]).any(|(known, _)| known == address)
        })
}

fn life(tree: &Tree<'_>, draft: &Draft<'_>) -> (Option<UnixMs>, Option<UnixMs>) {
    build::life(draft, &tree.units[draft.unit.ix()])
}

/// Where one of two ends and the other goes on, the other most likely takes the address over and
/// only does not say from when.
fn takeover_hint(tree: &Tree<'_>, one: &Draft<'_>, other: &Draft<'_>) -> Option<Message> {
    let ends = |draft: &Draft<'_>| life(tree, draft).1.is_some();
    let (old, new) = match (ends(one), ends(other)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return None,
    };
    let hint = Message::new("check.takeover_hint");
    Some(hint.with("old", &old.raw.id).with("new", &new.raw.id))
}

/// True when there is a time at which both are in force.
fn live_together(tree: &Tree<'_>, one: &Draft<'_>, other: &Draft<'_>) -> bool {
    let ((from, to), (other_from, other_to)) = (life(tree, one), life(tree, other));
    let begins_in_time =
        |from: Option<UnixMs>, to: Option<UnixMs>| from.zip(to).is_none_or(|(from, to)| from < to);
    begins_in_time(from, other_to) && begins_in_time(other_from, to)
}

/// The addresses that are the subject's own.
fn addresses<'a>(draft: &'a Draft<'_>) -> impl Iterator<Item = (IpAddr, At)> + 'a {
    let interfaces = draft.device().map_or(&[][..], |d| &d.addresses);
    draft.raw.address.into_iter().chain(interfaces.iter().map(|(_, address, at)| (*address, *at)))
}

fn warn_outside(
    desk: &mut Desk,
    tree: &Tree<'_>,
    networks: &[RawNetwork],
    draft: &Draft<'_>,
    address: IpAddr,
    at: At,
) {
    let own = unit_plan(tree, draft);
    let shared = || networks.iter().flat_map(|n| &n.prefixes);
    let has_plan = !own.is_empty() || shared().next().is_some();
    if has_plan && !own.iter().chain(shared()).any(|net| net.contains(&address)) {
        let plan: Vec<String> = own.iter().chain(shared()).take(4).map(IpNet::to_string).collect();
        let message = Message::new("check.outside_plan").with("address", address);
        let hint = Message::new("check.outside_plan_hint").with("plan", plan.join(", "));
        desk.report(Finding::warning(at, message).hint(hint));
    }
}

/// The prefixes of the unit or of the nearest one above it that has some.
fn unit_plan<'a>(tree: &'a Tree<'_>, draft: &Draft<'_>) -> &'a [IpNet] {
    let mut unit = Some(draft.unit);
    while let Some(ix) = unit {
        let plan = &tree.raw[ix.ix()].prefixes;
        if !plan.is_empty() {
            return plan;
        }
        unit = tree.units[ix.ix()].parent;
    }
    &[]
}
