//! What an entry of the inventory would say of a device, guessed from what the device says. Pure.

use crate::locale::fold;
use crate::probe::snmp::facts::FactKind;

use super::ask::Said;

/// The role where nothing tells.
pub(super) const UNKNOWN: &str = "device";
/// Longest part of an id that is made of a name, in bytes.
const KEY_BYTES_MAX: usize = 40;
/// A net-snmp with more ports than this is a switch's.
const SERVER_PORTS_MAX: usize = 8;

/// Words in `sysDescr` and models that tell a role, the telling ones first.
const ROLES: [(&str, &str); 21] = [
    ("fortigate", "firewall"),
    ("fortiwifi", "firewall"),
    ("firewall", "firewall"),
    ("adaptive security", "firewall"),
    ("srx", "firewall"),
    ("uninterruptible", "ups"),
    ("smart-ups", "ups"),
    ("catalyst", "switch"),
    ("switch", "switch"),
    ("routerswitch", "switch"),
    ("s5700", "switch"),
    ("crs", "switch"),
    ("access point", "access-point"),
    ("uap", "access-point"),
    ("printer", "printer"),
    ("laserjet", "printer"),
    ("camera", "camera"),
    ("nvr", "recorder"),
    ("routeros", "router"),
    ("router", "router"),
    ("windows", "server"),
];

/// What kind of device it is, by its own words; [`UNKNOWN`] where they do not tell.
pub(super) fn role(said: &Said) -> &'static str {
    if said.has_ups {
        return "ups";
    }
    let text = |kind| said.fact(kind).map(fold).unwrap_or_default();
    let (descr, model) = (text(FactKind::Description), text(FactKind::Model));
    let is_word = |text: &str, word: &str| {
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        if word.contains(' ') {
            text.contains(word)
        } else {
            parts.into_iter().any(|part| part.starts_with(word))
        }
    };
    let told = ROLES.iter().find(|(word, _)| is_word(&model, word) || is_word(&descr, word));
    match (told, said.profile.as_str()) {
        (Some((_, role)), _) => role,
        (None, "fortinet") => "firewall",
        (None, "draytek" | "mikrotik") => "router",
        (None, "aruba" | "h3c") => "switch",
        (None, "ubiquiti") => "access-point",
        (None, "apc") => "ups",
        (None, "netsnmp") if said.ports <= SERVER_PORTS_MAX => "server",
        _ => UNKNOWN,
    }
}

/// True of the roles that pass packets on between networks.
pub(super) fn is_router(role: &str) -> bool {
    role.contains("router") || role.contains("firewall")
}

/// The last part of an id made of a name; `None` where nothing of the name can stand in one.
pub(super) fn key(name: &str) -> Option<String> {
    let name = name.trim();
    // The domain is the same for all; what is all digits is an address.
    let host = name.split('.').next().filter(|host| !host.bytes().all(|b| b.is_ascii_digit()));
    let mut key = String::new();
    for c in fold(host.unwrap_or(name)).chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            key.push(c);
        } else if !key.is_empty() && !key.ends_with('-') {
            key.push('-');
        }
        if key.len() >= KEY_BYTES_MAX {
            break;
        }
    }
    let key = key.trim_end_matches('-');
    (!key.is_empty()).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(profile: &str, descr: &str, model: &str) -> Said {
        let mut said = Said { profile: profile.to_owned(), ..Said::default() };
        said.facts.insert(FactKind::Description, descr.to_owned());
        said.facts.insert(FactKind::Model, model.to_owned());
        said
    }

    #[test]
    fn devices_tell_their_role() {
        for (profile, descr, model, expected) in [
            ("cisco", "Cisco IOS Software, C2960 Software", "WS-C2960X Catalyst", "switch"),
            ("cisco", "Cisco IOS Software, 2800 Software", "CISCO2811", "device"),
            ("cisco", "Cisco Adaptive Security Appliance Version 9", "ASA5506", "firewall"),
            ("mikrotik", "RouterOS CCR1009-7G-1C-1S+", "", "router"),
            ("mikrotik", "RouterOS CRS326-24G-2S+", "", "switch"),
            ("fortinet", "", "FGT_60E", "firewall"),
            ("huawei", "S5720-28P Huawei Versatile Routing Platform Switch", "", "switch"),
            ("netsnmp", "Linux dns-1 6.1.0", "", "server"),
            ("apc", "APC Web/SNMP Management Card", "Smart-UPS 1500", "ups"),
            ("generic", "HP LaserJet 400", "", "printer"),
            ("generic", "a thing", "", "device"),
        ] {
            assert_eq!(role(&said(profile, descr, model)), expected, "{descr} {model}");
        }
        assert_eq!(role(&Said { has_ups: true, ..said("generic", "router", "") }), "ups");
        assert_eq!(role(&Said { ports: 24, ..said("netsnmp", "Linux box", "") }), "device");
    }

    #[test]
    fn names_become_parts_of_ids() {
        for (name, expected) in [
            ("SW-Tang_2.cai-be.tiengiang.gov.vn", Some("sw-tang-2")),
            ("Bộ định tuyến Đông", Some("bo-dinh-tuyen-dong")),
            ("10.1.2.3", Some("10-1-2-3")),
            ("--", None),
            ("路由器", None),
            ("", None),
        ] {
            assert_eq!(key(name).as_deref(), expected, "{name}");
        }
        let long = key(&"a".repeat(300)).unwrap();
        assert_eq!(long.len(), KEY_BYTES_MAX);
    }
}
