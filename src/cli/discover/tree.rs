//! What is reached through what, by what devices see beside them. Pure.
//!
//! A cable has no direction: what the inventory has already, or was named on the command line, is
//! nearer to the core than what is new, and so is, of two new ones, that which fewer cables lead to
//! from there. Where no cable is told, the router that has an address in its table of network cards
//! is before it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;

/// A device with what it sees.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// All its addresses.
    pub addresses: Vec<IpAddr>,
    /// Its name, as it says.
    pub name: Option<String>,
    /// Where the inventory has it, or it was named: a beginning.
    pub is_root: bool,
    /// What passes packets on.
    pub is_router: bool,
    /// At the other ends of its cables: address and name, as far as told.
    pub neighbours: Vec<(Option<IpAddr>, Option<String>)>,
    /// Addresses of the network cards it knows.
    pub cards: Vec<IpAddr>,
}

/// How it is known that one is reached through another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// By a cable (LLDP or CDP).
    Cable,
    /// By a router's table of network cards (ARP).
    Cards,
}

/// The name by which a device may be known to its neighbours: without its domain and its case.
pub(super) fn plain(name: &str) -> String {
    let first = name.trim().split('.').next().unwrap_or_default();
    first.to_lowercase()
}

/// For each node the one it is reached through, by its place, where that is known. Nobody is
/// reached through himself, nor through what is reached through him.
pub(super) fn parents(nodes: &[Node]) -> Vec<Option<(usize, By)>> {
    let mut by_address: HashMap<IpAddr, usize> = HashMap::new();
    let mut by_name: HashMap<String, Option<usize>> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        for address in &node.addresses {
            by_address.entry(*address).or_insert(at);
        }
        if let Some(name) = node.name.as_deref().map(plain).filter(|name| !name.is_empty()) {
            // A name that two have names nobody.
            by_name.entry(name).and_modify(|of| *of = None).or_insert(Some(at));
        }
    }
    let mut cables: Vec<HashSet<usize>> = vec![HashSet::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        for (address, name) in &node.neighbours {
            let named = || by_name.get(&plain(name.as_deref()?)).copied().flatten();
            let other = address.and_then(|a| by_address.get(&a).copied()).or_else(named);
            if let Some(other) = other.filter(|other| *other != at) {
                cables[at].insert(other);
                cables[other].insert(at);
            }
        }
    }
    let mut found: Vec<Option<(usize, By)>> = vec![None; nodes.len()];
    let mut is_placed: Vec<bool> = nodes.iter().map(|node| node.is_root).collect();
    let mut next: VecDeque<usize> = (0..nodes.len()).filter(|at| is_placed[*at]).collect();
    while let Some(at) = next.pop_front() {
        let mut beside: Vec<usize> = cables[at].iter().copied().collect();
        beside.sort_unstable();
        for other in beside {
            if !std::mem::replace(&mut is_placed[other], true) {
                found[other] = Some((at, By::Cable));
                next.push_back(other);
            }
        }
    }
    for (at, node) in nodes.iter().enumerate() {
        // Routers see each other: which is before which is not in their tables.
        if is_placed[at] || node.is_router {
            continue;
        }
        let knows = |router: &&usize| {
            let cards = &nodes[**router].cards;
            **router != at && node.addresses.iter().any(|address| cards.contains(address))
        };
        let mut routers: Vec<usize> = (0..nodes.len()).filter(|i| nodes[*i].is_router).collect();
        routers.sort_by_key(|router| !nodes[*router].is_root);
        found[at] = routers.iter().find(knows).map(|router| (*router, By::Cards));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(address: u8, name: &str) -> Node {
        Node {
            addresses: vec![IpAddr::from([10, 0, 0, address])],
            name: Some(name.to_owned()),
            ..Node::default()
        }
    }

    fn sees(mut node: Node, address: Option<u8>, name: Option<&str>) -> Node {
        let address = address.map(|last| IpAddr::from([10, 0, 0, last]));
        node.neighbours.push((address, name.map(str::to_owned)));
        node
    }

    #[test]
    fn cables_lead_away_from_what_is_known() {
        let router = Node { is_root: true, ..sees(node(1, "R1"), Some(2), None) };
        let core = sees(sees(node(2, "core-sw"), None, Some("r1.tinh.vn")), None, Some("ACCESS-1"));
        // Only the far end tells of this cable.
        let access = node(3, "access-1.tinh.vn");
        let deep = sees(node(4, "cam"), None, Some("Access-1"));
        let alone = sees(node(5, "alone"), None, Some("nobody"));
        let cable = |at| Some((at, By::Cable));
        let nodes = [router, core, access, deep, alone];
        assert_eq!(parents(&nodes), [None, cable(0), cable(1), cable(2), None]);
        // In a ring the shorter way counts, and nobody is his own parent.
        let ring = [
            Node { is_root: true, ..sees(sees(node(1, "a"), Some(2), None), Some(3), None) },
            sees(node(2, "b"), Some(3), None),
            sees(node(3, "c"), Some(3), Some("c")),
        ];
        assert_eq!(parents(&ring), [None, cable(0), cable(0)]);
    }

    #[test]
    fn a_name_that_two_have_names_nobody() {
        let nodes = [
            Node { is_root: true, ..sees(node(1, "a"), None, Some("switch")) },
            node(2, "switch"),
            node(3, "Switch"),
        ];
        assert_eq!(parents(&nodes), [None, None, None]);
    }

    #[test]
    fn where_no_cable_is_told_the_router_that_knows_the_card_is_before_it() {
        let cards = |last: &[u8]| last.iter().map(|n| IpAddr::from([10, 0, 0, *n])).collect();
        let router = Node { is_router: true, cards: cards(&[2, 3, 4]), ..node(1, "new-router") };
        let known =
            Node { is_router: true, is_root: true, cards: cards(&[1, 3]), ..node(9, "known") };
        let server = Node { cards: cards(&[1, 3]), ..node(2, "server") };
        let nodes = [router, known, server, node(3, "printer"), node(5, "elsewhere")];
        let by_cards = |at| Some((at, By::Cards));
        assert_eq!(parents(&nodes), [None, None, by_cards(0), by_cards(1), None]);
    }
}
