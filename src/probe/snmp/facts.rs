//! What a device is: its name, place, maker, model, serial number and versions. ENTITY-MIB says it
//! of the chassis; where that is silent the maker's own objects do, and then `sysDescr`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::ask::{Answers, Datum, Wanted};
use super::mib::{self, Arcs, oid};
use super::profile::{FactSpec, Profile};
use super::wire::Oid;
use super::{neighbours, value};
use crate::inventory::drift::{ADDRESSES, MORE};
use crate::model::Untrusted;

/// Longest `sysDescr` looked through, in bytes.
const DESCR_BYTES_MAX: usize = 4_096;
/// Identities that are kept once, at most.
const IDENTITIES_MAX: usize = 1_024;
/// Most parts of a device looked through.
const PARTS_MAX: usize = 2_000;
/// Longest list of addresses, in bytes: what comes from the network is cut at 255 characters.
const ADDRESSES_BYTES: usize = 240;
/// ENTITY-MIB `PhysicalClass` in the order in which parts stand for the device: chassis, stack,
/// module.
const CLASSES: [i64; 3] = [3, 11, 9];

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// `sysDescr`.
    Description,
    /// `sysObjectID`.
    ObjectId,
    /// `sysName`.
    Name,
    /// `sysLocation`.
    Location,
    /// `sysContact`.
    Contact,
    /// The maker, by the profile.
    Vendor,
    /// Its model.
    Model,
    /// Its serial number.
    Serial,
    /// The version of what runs on it.
    Firmware,
    /// The revision of the hardware.
    Hardware,
    /// Its own IPv4 addresses.
    Addresses,
}

impl FactKind {
    /// All.
    pub const ALL: [Self; 11] = [
        Self::Description,
        Self::ObjectId,
        Self::Name,
        Self::Location,
        Self::Contact,
        Self::Vendor,
        Self::Model,
        Self::Serial,
        Self::Firmware,
        Self::Hardware,
        Self::Addresses,
    ];

    /// The word used in the store and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::ObjectId => "object_id",
            Self::Name => "name",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::Vendor => "vendor",
            Self::Model => "model",
            Self::Serial => "serial",
            Self::Firmware => "firmware",
            Self::Hardware => "hardware",
            Self::Addresses => ADDRESSES,
        }
    }
}

/// What tells which kind of device it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// `sysObjectID`.
    pub object_id: Option<Oid>,
    /// `sysDescr` as it came, cut; not for showing.
    pub descr: String,
}

/// Asks what [`Identity`] needs.
pub fn want_identity(wanted: &mut Wanted) {
    wanted.scalars.extend([mib::SYS_OBJECT_ID, mib::SYS_DESCR].map(oid));
}

/// Who the device is; `None` when it said neither.
#[must_use]
pub fn identity(answers: &Answers) -> Option<Identity> {
    let object_id = answers.get(&oid(mib::SYS_OBJECT_ID)).and_then(|v| match v {
        Datum::ObjectIdentifier(arcs) => Some(Oid::from_slice(arcs)),
        _ => None,
    });
    let descr = answers.get(&oid(mib::SYS_DESCR)).and_then(|v| match v {
        Datum::OctetString(bytes) => {
            let bytes = &bytes[..bytes.len().min(DESCR_BYTES_MAX)];
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        _ => None,
    });
    (object_id.is_some() || descr.is_some())
        .then(|| Identity { object_id, descr: descr.unwrap_or_default() })
}

/// The one copy of it: most devices of a kind say the same.
pub(super) fn share(identity: Identity) -> Arc<Identity> {
    static KEPT: LazyLock<Mutex<HashSet<Arc<Identity>>>> = LazyLock::new(Mutex::default);
    // Every change is one call: nothing is left half done by a panic.
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(there) = kept.get(&identity) {
        return Arc::clone(there);
    }
    if kept.len() >= IDENTITIES_MAX {
        kept.retain(|there| Arc::strong_count(there) > 1);
    }
    let identity = Arc::new(identity);
    if kept.len() < IDENTITIES_MAX {
        kept.insert(Arc::clone(&identity));
    }
    identity
}

const SYSTEM: [(FactKind, Arcs); 4] = [
    (FactKind::Description, mib::SYS_DESCR),
    (FactKind::Name, mib::SYS_NAME),
    (FactKind::Location, mib::SYS_LOCATION),
    (FactKind::Contact, mib::SYS_CONTACT),
];

const PARTS: [Arcs; 8] = [
    mib::ENT_CLASS,
    mib::ENT_CONTAINED_IN,
    mib::ENT_MODEL,
    mib::ENT_SERIAL,
    mib::ENT_SOFTWARE,
    mib::ENT_FIRMWARE,
    mib::ENT_HARDWARE,
    mib::ENT_DESCR,
];

/// A UPS's own words for what it is (RFC 1628).
const UPS: [(FactKind, Arcs); 3] = [
    (FactKind::Vendor, mib::UPS_MANUFACTURER),
    (FactKind::Model, mib::UPS_MODEL),
    (FactKind::Firmware, mib::UPS_SOFTWARE),
];

/// Adds what is to be asked.
pub fn want(wanted: &mut Wanted, profile: &Profile) {
    want_identity(wanted);
    let scalars = SYSTEM.iter().skip(1).chain(&UPS).map(|(_, arcs)| oid(arcs));
    wanted.scalars.extend(scalars);
    wanted.scalars.push(oid(mib::EATON_MANUFACTURER));
    wanted.columns.extend(PARTS.map(oid));
    wanted.columns.push(oid(mib::IP_ADDRESS));
    for spec in [&profile.model, &profile.serial, &profile.firmware, &profile.hardware] {
        wanted.scalars.extend(spec.scalars.iter().cloned());
    }
}

/// The facts of a pass, each kind at most once, in the order of [`FactKind`].
#[must_use]
pub fn read(answers: &Answers, profile: &Profile) -> Vec<(FactKind, Untrusted)> {
    let text = |oid: &Oid| answers.get(oid).and_then(value::text);
    let mut facts: BTreeMap<FactKind, Untrusted> = BTreeMap::new();
    for (kind, arcs) in SYSTEM {
        facts.extend(text(&oid(arcs)).map(|text| (kind, text)));
    }
    let identity = identity(answers).unwrap_or_default();
    if let Some(object_id) = &identity.object_id {
        facts.insert(FactKind::ObjectId, Untrusted::from_text(&object_id.to_string()));
    }
    let parts = Parts::read(answers);
    for (kind, columns, spec) in [
        (FactKind::Model, &[mib::ENT_MODEL][..], &profile.model),
        (FactKind::Serial, &[mib::ENT_SERIAL], &profile.serial),
        (FactKind::Firmware, &[mib::ENT_SOFTWARE, mib::ENT_FIRMWARE], &profile.firmware),
        (FactKind::Hardware, &[mib::ENT_HARDWARE], &profile.hardware),
    ] {
        let said = columns
            .iter()
            .find_map(|column| parts.text(answers, column))
            .or_else(|| of_maker(answers, spec, &identity.descr));
        facts.extend(said.map(|text| (kind, text)));
    }
    for (kind, arcs) in UPS {
        if let (false, Some(text)) = (facts.contains_key(&kind), text(&oid(arcs))) {
            facts.insert(kind, text);
        }
    }
    let vendor = profile.vendor.as_deref().map(Untrusted::from_text);
    let vendor = vendor.or_else(|| text(&oid(mib::EATON_MANUFACTURER)));
    facts.extend(vendor.map(|vendor| (FactKind::Vendor, vendor)));
    // No chassis has a model, but it may be described.
    if !facts.contains_key(&FactKind::Model) {
        let said = parts.text(answers, mib::ENT_DESCR);
        facts.extend(said.map(|text| (FactKind::Model, text)));
    }
    facts.extend(addresses(answers).map(|list| (FactKind::Addresses, list)));
    facts.into_iter().collect()
}

/// Its own addresses in order, as many as there is room for; none of those that every device has.
/// The index of the table is the address.
fn addresses(answers: &Answers) -> Option<Untrusted> {
    let column = oid(mib::IP_ADDRESS);
    let address = |index: &[u32]| -> Option<Ipv4Addr> {
        let octets: Vec<u8> = index.iter().filter_map(|arc| u8::try_from(*arc).ok()).collect();
        let octets: [u8; 4] = octets.try_into().ok().filter(|_| index.len() == 4)?;
        let address = Ipv4Addr::from(octets);
        let is_ours = !address.is_loopback() && !address.is_unspecified();
        (is_ours && !address.is_link_local()).then_some(address)
    };
    let cells = answers.column(&column);
    let found: BTreeSet<Ipv4Addr> = cells.filter_map(|(index, _)| address(index)).collect();
    let mut is_whole = neighbours::is_whole(answers);
    let mut list = String::new();
    for address in &found {
        let next = address.to_string();
        if list.len() + 1 + next.len() > ADDRESSES_BYTES {
            is_whole = false;
            break;
        }
        if !list.is_empty() {
            list.push(' ');
        }
        list += &next;
    }
    if list.is_empty() {
        return None;
    }
    // What could not be read may be there.
    if !is_whole {
        list.push(MORE);
    }
    Some(Untrusted::from_text(&list))
}

fn of_maker(answers: &Answers, spec: &FactSpec, descr: &str) -> Option<Untrusted> {
    let by_scalar = || spec.scalars.iter().find_map(|oid| value::text(answers.get(oid)?));
    let by_pattern = || spec.patterns.iter().find_map(|pattern| matched(pattern, descr));
    by_scalar().or_else(by_pattern)
}

/// What stands in `text` where `{}` stands in `pattern`: from behind the first place of what comes
/// before it to what comes after it, else to the end of the line.
fn matched(pattern: &str, text: &str) -> Option<Untrusted> {
    let (before, after) = pattern.split_once("{}")?;
    let from = text.find(before)? + before.len();
    let rest = &text[from..];
    let line_end = rest.find(['\r', '\n']).unwrap_or(rest.len());
    let to = if after.is_empty() { line_end } else { rest.find(after).unwrap_or(line_end) };
    let found = rest[..to.min(line_end)].trim_matches([' ', '\t', '"', '\0']);
    (!found.is_empty()).then(|| Untrusted::from_text(found))
}

/// The parts that may stand for the device, the likeliest first.
struct Parts(Vec<Vec<u32>>);

impl Parts {
    fn read(answers: &Answers) -> Self {
        let numbers = |arcs| -> BTreeMap<Vec<u32>, i64> {
            answers
                .column(&oid(arcs))
                .take(PARTS_MAX)
                .filter_map(|(index, v)| Some((index.to_vec(), value::integer(v)?)))
                .collect()
        };
        let classes = numbers(mib::ENT_CLASS);
        let inside = numbers(mib::ENT_CONTAINED_IN);
        let mut all: Vec<Vec<u32>> = Vec::new();
        for arcs in PARTS {
            let column = oid(arcs);
            let cells = answers.column(&column).take(PARTS_MAX);
            all.extend(cells.map(|(index, _)| index.to_vec()));
        }
        all.sort();
        all.dedup();
        // A device that says no classes is its outermost part, else its first.
        let rank = |index: &Vec<u32>| match classes.get(index) {
            Some(class) => CLASSES.iter().position(|c| c == class),
            None if classes.is_empty() => {
                Some(usize::from(inside.get(index).is_none_or(|inside| *inside != 0)))
            }
            None => None,
        };
        all.retain(|index| rank(index).is_some());
        all.sort_by_key(|index| (rank(index), index.clone()));
        Self(all)
    }

    /// The first that says something in this column. A module's description is not the device's.
    fn text(&self, answers: &Answers, column: Arcs) -> Option<Untrusted> {
        let most = if column == mib::ENT_DESCR { 1 } else { self.0.len() };
        self.0.iter().take(most).find_map(|index| {
            let cell = column.iter().chain(index).copied();
            value::text(answers.get(&Oid::new(cell))?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::snmp::wire::Value;

    #[test]
    fn patterns_find_what_stands_between() {
        let descr = "\"Cisco IOS Software, C3560 Software, Version 12.2(55)SE12, RELEASE (fc2)\r\nCopyright";
        let found = |pattern| matched(pattern, descr).map(|t| t.as_str().to_owned());
        assert_eq!(found("Version {},").as_deref(), Some("12.2(55)SE12"));
        assert_eq!(found("RELEASE {}").as_deref(), Some("(fc2)"));
        assert_eq!(found("{},").as_deref(), Some("Cisco IOS Software"));
        assert_eq!(found("Release {}"), None);
        assert_eq!(found("Copyright{}"), None);
        assert_eq!(found("RELEASE {} soft").as_deref(), Some("(fc2)"), "to the end of the line");
    }

    fn parts(cells: &[(Arcs, u32, &str)], classes: &[(u32, i32)]) -> Answers {
        let mut answers = Answers::default();
        for (arcs, index, text) in cells {
            let text = Value::OctetString(text.as_bytes().to_vec().into());
            answers.insert(oid(arcs).child(*index), text);
        }
        for (index, class) in classes {
            answers.insert(oid(mib::ENT_CLASS).child(*index), Value::Integer(*class));
        }
        answers
    }

    fn serial(answers: &Answers) -> Option<String> {
        let facts = read(answers, &Profile::default());
        facts
            .into_iter()
            .find(|(kind, _)| *kind == FactKind::Serial)
            .map(|f| f.1.as_str().to_owned())
    }

    #[test]
    fn the_chassis_speaks_for_the_device() {
        let cells = [(mib::ENT_SERIAL, 1, "port"), (mib::ENT_SERIAL, 9, "chassis")];
        assert_eq!(serial(&parts(&cells, &[(1, 10), (9, 3)])).as_deref(), Some("chassis"));
        // A stack without a serial number of its own has its first member's.
        let cells = [(mib::ENT_SERIAL, 1, " "), (mib::ENT_SERIAL, 5, "member")];
        assert_eq!(serial(&parts(&cells, &[(1, 11), (5, 3)])).as_deref(), Some("member"));
        // No classes: the outermost part.
        let mut answers = parts(&[(mib::ENT_SERIAL, 1, "fan"), (mib::ENT_SERIAL, 2, "box")], &[]);
        answers.insert(oid(mib::ENT_CONTAINED_IN).child(1), Value::Integer(2));
        answers.insert(oid(mib::ENT_CONTAINED_IN).child(2), Value::Integer(0));
        assert_eq!(serial(&answers).as_deref(), Some("box"));
        // Only ports: nobody.
        assert_eq!(serial(&parts(&[(mib::ENT_SERIAL, 1, "port")], &[(1, 10)])), None);
    }

    #[test]
    fn its_own_addresses_are_told_in_order_and_a_list_that_was_cut_says_so() {
        let told = |addresses: &[[u32; 4]]| {
            let mut answers = Answers::default();
            for octets in addresses {
                let index = mib::IP_ADDRESS.iter().chain(octets).copied();
                answers.insert(Oid::new(index), Value::IpAddress([9, 9, 9, 9]));
            }
            let facts = read(&answers, &Profile::default());
            let found = facts.into_iter().find(|(kind, _)| *kind == FactKind::Addresses);
            found.map(|(_, list)| list.as_str().to_owned())
        };
        let some =
            [[10, 0, 1, 1], [127, 0, 0, 1], [10, 0, 0, 9], [169, 254, 1, 1], [10, 0, 0, 999]];
        assert_eq!(told(&some).as_deref(), Some("10.0.0.9 10.0.1.1"));
        assert_eq!(told(&some[1..2]), None);
        let many: Vec<[u32; 4]> = (0..200).map(|n| [10, 200, 200, n]).collect();
        let list = told(&many).unwrap();
        assert!(list.starts_with("10.200.200.0 10.200.200.1 "), "{list}");
        assert!(list.ends_with("…") && list.chars().count() <= 255, "{list}");
        let last = list.trim_end_matches('…').rsplit(' ').next().unwrap();
        assert!(last.parse::<Ipv4Addr>().is_ok(), "{last}");
    }
}
