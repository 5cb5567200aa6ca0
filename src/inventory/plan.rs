//! Addresses: no two subjects on one, and each inside its plan.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::place::{At, Desk, Finding};
use super::raw::RawNetwork;
use super::resolve::{Draft, Tree};
use crate::model::Message;

/// Reports addresses that two subjects have and warns of those outside every plan that could be
/// theirs. A connection may name an address of the device it ends at.
pub(super) fn check(
    desk: &mut Desk,
    tree: &Tree<'_>,
    networks: &[RawNetwork],
    drafts: &[Draft<'_>],
) {
    let mut owners: HashMap<IpAddr, (At, usize)> = HashMap::new();
    for (i, draft) in drafts.iter().enumerate() {
        for (address, at) in addresses(draft) {
            let (first_at, first) = *owners.entry(address).or_insert((at, i));
            if first != i && !ends_at(&drafts[i], first) && !ends_at(&drafts[first], i) {
                let message = Message::new("check.duplicate_address")
                    .with("address", address)
                    .with("id", &draft.raw.id)
                    .with("other", &drafts[first].raw.id);
                desk.report(
                    Finding::error(at, message)
                        .hint(Message::new("check.duplicate_address_hint"))
                        .related(first_at, Message::new("check.first")),
                );
            }
            warn_outside(desk, tree, networks, draft, address, at);
        }
    }
}

fn ends_at(draft: &Draft<'_>, device: usize) -> bool {
    draft.link.as_ref().is_some_and(|link| link.device == Some(device))
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
