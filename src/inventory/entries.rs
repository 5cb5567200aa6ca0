//! The entries of `units`, `networks` and `carriers`, each by itself.

use jiff::tz::TimeZone;

use super::Defaults;
use super::asked;
use super::defaults::Rules;
use super::node::{Fields, Node, check_keys};
use super::place::{At, Desk, Finding, shown};
use super::raw::{Raw, RawCarrier, RawNetwork, RawSla, RawUnit};
use super::scalar::{self, Ref};
use super::thresholds::{self, Fit};
use super::{calendars, goals, subjects};
use crate::model::{Contact, Id, Location, Message, ServiceLevel, UnitKind, UnixMs};

/// What applies to every entry.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// The configuration's thresholds.
    pub defaults: &'a Defaults,
    /// In which dates are read.
    pub zone: &'a TimeZone,
    /// The inventory's own defaults.
    pub rules: &'a Rules<'a>,
}

/// Keys of a unit.
pub(super) const UNIT_KEYS: [&str; 20] = [
    "id",
    "name",
    "short",
    "kind",
    "parent",
    "code",
    "codes",
    "contact",
    "location",
    "sites",
    "requires",
    "since",
    "until",
    "merged_into",
    "equipment",
    "calendar",
    "off_hours",
    "prefixes",
    "connections",
    "devices",
];
/// What the defaults may set for units.
pub(super) const UNIT_DEFAULT_KEYS: [&str; 8] =
    ["contact", "parent", "requires", "since", "until", "calendar", "off_hours", "sites"];

const CONTACT_KEYS: [&str; 3] = ["name", "phone", "email"];
const SLA_KEYS: [&str; 5] = ["availability", "rtt", "rtt_ms", "loss", "hours"];

/// The entry's id in a name space; a stand-in after reporting what is wrong with it.
pub(super) fn id(desk: &mut Desk, fields: &Fields<'_>, space: &'static str) -> (At, Id) {
    let node = fields.required(desk, "id");
    let at = node.map_or(fields.at, |n| n.at);
    let id = node
        .and_then(|n| scalar::word(desk, "id", n))
        .and_then(|text| scalar::slug(desk, at, text))
        .and_then(|id| claimed(desk, space, at, id));
    (at, id.unwrap_or_else(|| stand_in(desk)))
}

/// The id, unless another entry of its name space has it, which is reported.
pub(super) fn claimed(desk: &mut Desk, space: &'static str, at: At, id: Id) -> Option<Id> {
    let Some(first) = desk.claim(space, id.as_str(), at) else { return Some(id) };
    let message = Message::new("check.duplicate_id").with("id", id);
    desk.report(
        Finding::error(at, message)
            .hint(Message::new("check.duplicate_id_hint"))
            .related(first, Message::new("check.first")),
    );
    None
}

/// An id for an entry whose own is reported.
pub(super) fn stand_in(desk: &mut Desk) -> Id {
    let text = desk.stand_in_id();
    Id::new(&text).unwrap_or_else(|_| unreachable!("a stand-in id is a slug"))
}

/// A text for people under a key, when there is one.
pub(super) fn text(desk: &mut Desk, fields: &Fields<'_>, key: &str) -> Option<String> {
    fields.get(key).and_then(|n| scalar::text(desk, key, n))
}

/// A text for people under a key that must be there; empty after reporting.
pub(super) fn required_text(desk: &mut Desk, fields: &Fields<'_>, key: &str) -> String {
    let node = fields.required(desk, key);
    node.and_then(|n| scalar::text(desk, key, n)).unwrap_or_default()
}

/// `since` and `until`.
pub(super) fn life(
    desk: &mut Desk,
    context: &Context<'_>,
    fields: &Fields<'_>,
) -> (Option<UnixMs>, Option<UnixMs>) {
    let mut instant =
        |key: &str| fields.get(key).and_then(|n| scalar::instant(desk, key, n, context.zone));
    let (since, until) = (instant("since"), instant("until"));
    if let (Some(from), Some(to)) = (since, until)
        && to <= from
    {
        let at = fields.get("until").map_or(fields.at, |n| n.at);
        desk.report(Finding::error(at, Message::new("check.until_before_since")));
    }
    (since, until)
}

/// `sla`: what was promised.
pub(super) fn sla(desk: &mut Desk, fields: &Fields<'_>) -> RawSla {
    let Some(sla) = fields.sub(desk, "sla", &SLA_KEYS) else { return RawSla::default() };
    let availability = sla.get("availability").and_then(|n| scalar::share_ppm(desk, n));
    let loss = sla.get("loss").and_then(|n| scalar::decimal(desk, "loss", n, 1, 0..=1_000));
    RawSla {
        level: ServiceLevel {
            availability_ppm: availability.and_then(|n| u32::try_from(n).ok()),
            rtt_us: thresholds::rtt_us(desk, &sla),
            loss_permille: loss.and_then(|n| u16::try_from(n).ok()),
            hours: None,
        },
        hours: sla.get("hours").and_then(|n| scalar::reference(desk, "hours", n)),
    }
}

/// A kind of unit by its word.
pub(super) fn kind(desk: &mut Desk, word: &Ref) -> Option<UnitKind> {
    let found = UnitKind::ALL.into_iter().find(|k| k.as_str() == word.name);
    if found.is_none() {
        let words = UnitKind::ALL.map(UnitKind::as_str);
        let near = desk.nearest(&word.name, words.into_iter());
        let hint = near.map_or_else(
            || Message::new("check.known_words").with("words", words.join(", ")),
            |near| Message::new("check.did_you_mean").with("word", near),
        );
        let message = Message::new("check.unknown_kind").with("kind", shown(&word.name));
        desk.report(Finding::error(word.at, message).hint(hint));
    }
    found
}

/// A unit with the connections and devices nested in it.
pub(super) fn unit(desk: &mut Desk, context: &Context<'_>, node: &Node, raw: &mut Raw) {
    let Some(map) = node.as_map(desk, "units") else { return };
    check_keys(desk, map, &UNIT_KEYS);
    let own = Fields::new(node.at, map);
    let (at, id) = id(desk, &own, "unit");
    let name = required_text(desk, &own, "name");
    let kind_node = own.required(desk, "kind");
    let kind = kind_node
        .and_then(|n| scalar::reference(desk, "kind", n))
        .and_then(|word| kind(desk, &word));
    let fields = own.clone().over(kind.into_iter().flat_map(|kind| context.rules.for_unit(kind)));
    let (since, until) = life(desk, context, &fields);
    let reference =
        |desk: &mut Desk, key: &str| fields.get(key).and_then(|n| scalar::reference(desk, key, n));
    let unit = RawUnit {
        at,
        name,
        short: text(desk, &own, "short"),
        kind: kind.unwrap_or(UnitKind::Commune),
        parent: reference(desk, "parent"),
        code: code(desk, context, &own),
        contact: contact(desk, &fields),
        location: location(desk, &own),
        requires: requires(desk, &fields),
        since,
        until,
        has_until: fields.get("until").is_some(),
        merged_into: reference(desk, "merged_into"),
        equipment_stays: own.get("equipment").is_some_and(|n| stays(desk, n)),
        clock: calendars::clock(desk, &fields),
        prefixes: prefixes(desk, &own),
        id,
    };
    check_sites(desk, &fields);
    subjects::nested(desk, context, &own, &unit, kind, raw);
    raw.units.push(unit);
}

/// `equipment`: whether what stands in the unit's building outlives it.
fn stays(desk: &mut Desk, node: &Node) -> bool {
    match scalar::word(desk, "equipment", node) {
        Some("stays") => true,
        Some("ends") | None => false,
        Some(other) => {
            let message = Message::new("check.bad_equipment").with("text", shown(other));
            let hint = Message::new("check.known_words").with("words", "ends, stays");
            desk.report(Finding::error(node.at, message).hint(hint));
            false
        }
    }
}

/// Checks what a rule sets for units.
pub(super) fn check_unit_defaults(desk: &mut Desk, context: &Context<'_>, set: &Fields<'_>) {
    life(desk, context, set);
    contact(desk, set);
    requires(desk, set);
    calendars::clock(desk, set);
    check_sites(desk, set);
}

/// Checks what a rule sets for connections.
pub(super) fn check_connection_defaults(desk: &mut Desk, context: &Context<'_>, set: &Fields<'_>) {
    sla(desk, set);
    check_subject_defaults(desk, context, set);
    subjects::bandwidth(desk, set);
}

/// Checks what a rule sets for devices.
pub(super) fn check_device_defaults(desk: &mut Desk, context: &Context<'_>, set: &Fields<'_>) {
    subjects::speeds(desk, set);
    check_subject_defaults(desk, context, set);
}

fn check_subject_defaults(desk: &mut Desk, context: &Context<'_>, set: &Fields<'_>) {
    life(desk, context, set);
    calendars::clock(desk, set);
    subjects::is_enabled(desk, set);
    asked::read(desk, context, set, Fit::Open);
}

fn requires(desk: &mut Desk, fields: &Fields<'_>) -> Vec<Ref> {
    fields.get("requires").map_or_else(Vec::new, |n| scalar::references(desk, "requires", n))
}

fn check_sites(desk: &mut Desk, fields: &Fields<'_>) {
    if let Some(node) = fields.get("sites") {
        for site in node.as_words(desk, "sites") {
            scalar::text(desk, "sites", site);
        }
    }
}

/// The code in force: `code`, else of `codes` the GSO's (or the first scheme's) that has not
/// ended, else the one that ended last.
fn code(desk: &mut Desk, context: &Context<'_>, fields: &Fields<'_>) -> Option<String> {
    if let Some(code) = text(desk, fields, "code") {
        return Some(code);
    }
    let node = fields.get("codes")?;
    let mut codes = Vec::new();
    for (place, node) in node.as_list(desk, "codes").iter().enumerate() {
        let Some(map) = node.as_map(desk, "codes") else { continue };
        check_keys(desk, map, &["scheme", "code", "since", "until"]);
        let entry = Fields::new(node.at, map);
        let scheme = text(desk, &entry, "scheme");
        let code = required_text(desk, &entry, "code");
        let (_, until) = life(desk, context, &entry);
        let rank = scheme.is_none_or(|s| s == "gso");
        codes.push((rank, until.map_or(i64::MAX, |t| t.0), std::cmp::Reverse(place), code));
    }
    codes.into_iter().max().map(|(.., code)| code)
}

fn contact(desk: &mut Desk, fields: &Fields<'_>) -> Contact {
    let Some(contact) = fields.sub(desk, "contact", &CONTACT_KEYS) else {
        return Contact::default();
    };
    Contact {
        name: text(desk, &contact, "name"),
        phone: text(desk, &contact, "phone"),
        email: text(desk, &contact, "email"),
    }
}

fn location(desk: &mut Desk, fields: &Fields<'_>) -> Option<Location> {
    let place = fields.sub(desk, "location", &["lat", "lon"])?;
    let mut degrees = |key: &str| {
        let node = place.required(desk, key)?;
        scalar::degrees(desk, key, node)
    };
    let (lat, lon) = (degrees("lat"), degrees("lon"));
    Some(Location { lat_e6: lat?, lon_e6: lon? })
}

fn prefixes(desk: &mut Desk, fields: &Fields<'_>) -> Vec<ipnet::IpNet> {
    let Some(node) = fields.get("prefixes") else { return Vec::new() };
    let items = node.as_words(desk, "prefixes");
    items.iter().filter_map(|n| scalar::prefix(desk, "prefixes", n)).collect()
}

/// A network.
pub(super) fn network(desk: &mut Desk, node: &Node, raw: &mut Raw) {
    let Some(map) = node.as_map(desk, "networks") else { return };
    check_keys(desk, map, &["id", "name", "name_en", "short", "over", "sla", "prefixes"]);
    let fields = Fields::new(node.at, map);
    let (at, id) = id(desk, &fields, "network");
    let over = fields.get("over");
    raw.networks.push(RawNetwork {
        at,
        id,
        name: required_text(desk, &fields, "name"),
        name_en: text(desk, &fields, "name_en"),
        short: text(desk, &fields, "short"),
        over: over.map_or_else(Vec::new, |n| scalar::references(desk, "over", n)),
        sla: sla(desk, &fields),
        prefixes: prefixes(desk, &fields),
    });
}

/// A carrier.
pub(super) fn carrier(desk: &mut Desk, node: &Node, raw: &mut Raw) {
    let Some(map) = node.as_map(desk, "carriers") else { return };
    check_keys(desk, map, &["id", "name", "contract", "hotline", "sla", "penalty"]);
    let fields = Fields::new(node.at, map);
    let (at, id) = id(desk, &fields, "carrier");
    raw.carriers.push(RawCarrier {
        at,
        id,
        name: required_text(desk, &fields, "name"),
        contract: text(desk, &fields, "contract"),
        hotline: text(desk, &fields, "hotline"),
        sla: sla(desk, &fields),
        penalty: goals::penalty(desk, &fields),
    });
}
