//! The `defaults` lists: `for` says which entries, `set` what they get. Applied in file order,
//! the later over the earlier and the entry's own keys over all.

use super::node::{Fields, Map, Node, Value, check_keys};
use super::place::{At, Desk, Finding};
use super::scalar::{self, Ref};
use super::{asked, entries};
use crate::model::{Message, UnitKind};

/// What a rule is about, by the keys of its `for`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Units,
    Connections,
    Devices,
}

#[derive(Debug)]
struct Rule<'a> {
    target: Target,
    /// Empty: every one. So for the two below.
    kinds: Vec<UnitKind>,
    networks: Vec<Ref>,
    roles: Vec<Ref>,
    set: &'a Map,
    set_at: At,
}

/// All rules, in file order.
#[derive(Debug, Default)]
pub(super) struct Rules<'a>(Vec<Rule<'a>>);

impl<'a> Rules<'a> {
    /// Reads the rules; what is wrong in one is reported and the rest of it used.
    pub(super) fn read(desk: &mut Desk, rules: &[&'a Node]) -> Self {
        Self(rules.iter().filter_map(|node| rule(desk, node)).collect())
    }

    /// Checks what the rules set, whether or not an entry takes it.
    pub(super) fn check(&self, desk: &mut Desk, context: &entries::Context<'_>) {
        for rule in &self.0 {
            let fields = Fields::new(rule.set_at, rule.set);
            match rule.target {
                Target::Units => entries::check_unit_defaults(desk, context, &fields),
                Target::Connections => entries::check_connection_defaults(desk, context, &fields),
                Target::Devices => entries::check_device_defaults(desk, context, &fields),
            }
        }
    }

    /// The networks named by the rules' `for`.
    pub(super) fn networks(&self) -> impl Iterator<Item = &Ref> {
        self.0.iter().flat_map(|rule| &rule.networks)
    }

    /// The calendars named by what the rules set.
    pub(super) fn calendars(&self) -> impl Iterator<Item = Ref> + '_ {
        self.0.iter().flat_map(|rule| {
            let own = rule.set.entry("calendar").map(|(_, node)| node);
            let sla = rule.set.entry("sla").and_then(|(_, node)| match &node.value {
                Value::Map(sla) => sla.entry("hours").map(|(_, node)| node),
                _ => None,
            });
            own.into_iter().chain(sla).filter_map(|node| match &node.value {
                Value::Text(name) if !name.trim().is_empty() => {
                    Some(Ref { name: name.trim().to_owned(), at: node.at })
                }
                _ => None,
            })
        })
    }

    /// What units of a kind get, the strongest first.
    pub(super) fn for_unit(&self, kind: UnitKind) -> impl Iterator<Item = &'a Map> {
        self.matching(Target::Units, move |rule| rule.is_for(kind))
    }

    /// What connections to a network get in a unit of a kind, the strongest first.
    pub(super) fn for_connection(
        &self,
        network: &str,
        kind: Option<UnitKind>,
    ) -> impl Iterator<Item = &'a Map> {
        self.matching(Target::Connections, move |rule| {
            rule.networks.iter().any(|n| n.name == network) && rule.is_for_any(kind)
        })
    }

    /// What devices of a role get in a unit of a kind, the strongest first.
    pub(super) fn for_device(
        &self,
        role: &str,
        kind: Option<UnitKind>,
    ) -> impl Iterator<Item = &'a Map> {
        self.matching(Target::Devices, move |rule| {
            rule.roles.iter().any(|r| r.name == role) && rule.is_for_any(kind)
        })
    }

    fn matching(
        &self,
        target: Target,
        is_meant: impl Fn(&Rule<'a>) -> bool,
    ) -> impl Iterator<Item = &'a Map> {
        self.0
            .iter()
            .rev()
            .filter(move |rule| rule.target == target && is_meant(rule))
            .map(|rule| rule.set)
    }
}

impl Rule<'_> {
    fn is_for(&self, kind: UnitKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    fn is_for_any(&self, kind: Option<UnitKind>) -> bool {
        self.kinds.is_empty() || kind.is_some_and(|kind| self.kinds.contains(&kind))
    }
}

fn rule<'a>(desk: &mut Desk, node: &'a Node) -> Option<Rule<'a>> {
    let map = node.as_map(desk, "defaults")?;
    check_keys(desk, map, &["for", "set"]);
    let fields = Fields::new(node.at, map);
    let whom = fields.required(desk, "for");
    let set_node = fields.required(desk, "set");
    let whom = whom?;
    let whom_map = whom.as_map(desk, "for")?;
    check_keys(desk, whom_map, &["kind", "network", "role"]);
    let whom_fields = Fields::new(whom.at, whom_map);
    let mut named =
        |key: &str| whom_fields.get(key).map(|n| (n, scalar::references(desk, key, n))).unzip();
    let (_, networks) = named("network");
    let (roles_node, roles) = named("role");
    let (_, kinds) = named("kind");
    let target = match (&networks, &roles, &kinds) {
        (Some(_), None, _) => Target::Connections,
        (None, Some(_), _) => Target::Devices,
        (None, None, Some(_)) => Target::Units,
        (Some(_), Some(_), _) => {
            let at = roles_node.map_or(whom.at, |n| n.at);
            desk.report(
                Finding::error(at, Message::new("check.rule_two_targets"))
                    .hint(Message::new("check.rule_hint")),
            );
            return None;
        }
        (None, None, None) => {
            if whom_map.entries.is_empty() {
                desk.report(
                    Finding::error(whom.at, Message::new("check.rule_no_target"))
                        .hint(Message::new("check.rule_hint")),
                );
            }
            return None;
        }
    };
    let kinds = kinds.unwrap_or_default().iter().filter_map(|k| entries::kind(desk, k)).collect();
    let set_node = set_node?;
    let set = set_node.as_map(desk, "set")?;
    check_keys(desk, set, known(target));
    Some(Rule {
        target,
        kinds,
        networks: networks.unwrap_or_default(),
        roles: roles.unwrap_or_default(),
        set,
        set_at: set_node.at,
    })
}

/// What may be set for many: nothing that is one entry's alone.
const fn known(target: Target) -> &'static [&'static str] {
    match target {
        Target::Units => &entries::UNIT_DEFAULT_KEYS,
        Target::Connections => &asked::CONNECTION_DEFAULT_KEYS,
        Target::Devices => &asked::DEVICE_DEFAULT_KEYS,
    }
}

/// The items of a section: `defaults` and all others are lists of mappings.
pub(super) fn items<'a>(desk: &mut Desk, key: &str, node: &'a Node) -> &'a [Node] {
    match node.value {
        Value::Null => &[],
        _ => node.as_list(desk, key),
    }
}
