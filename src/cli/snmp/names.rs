//! Well-known objects by name: those a person at a terminal asks for.

use crate::probe::snmp::wire::Oid;

/// Scalars: their one value is at `.0`.
const SCALARS: [(&str, &str); 22] = [
    ("sysDescr", "1.3.6.1.2.1.1.1"),
    ("sysObjectID", "1.3.6.1.2.1.1.2"),
    ("sysUpTime", "1.3.6.1.2.1.1.3"),
    ("sysContact", "1.3.6.1.2.1.1.4"),
    ("sysName", "1.3.6.1.2.1.1.5"),
    ("sysLocation", "1.3.6.1.2.1.1.6"),
    ("sysServices", "1.3.6.1.2.1.1.7"),
    ("ifNumber", "1.3.6.1.2.1.2.1"),
    ("hrSystemUptime", "1.3.6.1.2.1.25.1.1"),
    ("hrMemorySize", "1.3.6.1.2.1.25.2.2"),
    ("upsIdentManufacturer", "1.3.6.1.2.1.33.1.1.1"),
    ("upsIdentModel", "1.3.6.1.2.1.33.1.1.2"),
    ("upsBatteryStatus", "1.3.6.1.2.1.33.1.2.1"),
    ("upsSecondsOnBattery", "1.3.6.1.2.1.33.1.2.2"),
    ("upsEstimatedMinutesRemaining", "1.3.6.1.2.1.33.1.2.3"),
    ("upsEstimatedChargeRemaining", "1.3.6.1.2.1.33.1.2.4"),
    ("upsOutputSource", "1.3.6.1.2.1.33.1.4.1"),
    ("snmpEngineID", "1.3.6.1.6.3.10.2.1.1"),
    ("snmpEngineBoots", "1.3.6.1.6.3.10.2.1.2"),
    ("snmpEngineTime", "1.3.6.1.6.3.10.2.1.3"),
    ("lldpLocSysName", "1.0.8802.1.1.2.1.3.3"),
    ("lldpLocSysDesc", "1.0.8802.1.1.2.1.3.4"),
];

/// Columns: a value for each row.
const COLUMNS: [(&str, &str); 43] = [
    ("ifIndex", "1.3.6.1.2.1.2.2.1.1"),
    ("ifDescr", "1.3.6.1.2.1.2.2.1.2"),
    ("ifType", "1.3.6.1.2.1.2.2.1.3"),
    ("ifMtu", "1.3.6.1.2.1.2.2.1.4"),
    ("ifSpeed", "1.3.6.1.2.1.2.2.1.5"),
    ("ifPhysAddress", "1.3.6.1.2.1.2.2.1.6"),
    ("ifAdminStatus", "1.3.6.1.2.1.2.2.1.7"),
    ("ifOperStatus", "1.3.6.1.2.1.2.2.1.8"),
    ("ifLastChange", "1.3.6.1.2.1.2.2.1.9"),
    ("ifInOctets", "1.3.6.1.2.1.2.2.1.10"),
    ("ifInUcastPkts", "1.3.6.1.2.1.2.2.1.11"),
    ("ifInDiscards", "1.3.6.1.2.1.2.2.1.13"),
    ("ifInErrors", "1.3.6.1.2.1.2.2.1.14"),
    ("ifOutOctets", "1.3.6.1.2.1.2.2.1.16"),
    ("ifOutUcastPkts", "1.3.6.1.2.1.2.2.1.17"),
    ("ifOutDiscards", "1.3.6.1.2.1.2.2.1.19"),
    ("ifOutErrors", "1.3.6.1.2.1.2.2.1.20"),
    ("ifName", "1.3.6.1.2.1.31.1.1.1.1"),
    ("ifHCInOctets", "1.3.6.1.2.1.31.1.1.1.6"),
    ("ifHCInUcastPkts", "1.3.6.1.2.1.31.1.1.1.7"),
    ("ifHCOutOctets", "1.3.6.1.2.1.31.1.1.1.10"),
    ("ifHCOutUcastPkts", "1.3.6.1.2.1.31.1.1.1.11"),
    ("ifHighSpeed", "1.3.6.1.2.1.31.1.1.1.15"),
    ("ifAlias", "1.3.6.1.2.1.31.1.1.1.18"),
    ("ifCounterDiscontinuityTime", "1.3.6.1.2.1.31.1.1.1.19"),
    ("ipNetToMediaPhysAddress", "1.3.6.1.2.1.4.22.1.2"),
    ("hrStorageDescr", "1.3.6.1.2.1.25.2.3.1.3"),
    ("hrStorageSize", "1.3.6.1.2.1.25.2.3.1.5"),
    ("hrStorageUsed", "1.3.6.1.2.1.25.2.3.1.6"),
    ("hrProcessorLoad", "1.3.6.1.2.1.25.3.3.1.2"),
    ("upsInputVoltage", "1.3.6.1.2.1.33.1.3.3.1.3"),
    ("entPhysicalDescr", "1.3.6.1.2.1.47.1.1.1.1.2"),
    ("entPhysicalName", "1.3.6.1.2.1.47.1.1.1.1.7"),
    ("entPhysicalHardwareRev", "1.3.6.1.2.1.47.1.1.1.1.8"),
    ("entPhysicalFirmwareRev", "1.3.6.1.2.1.47.1.1.1.1.9"),
    ("entPhysicalSoftwareRev", "1.3.6.1.2.1.47.1.1.1.1.10"),
    ("entPhysicalSerialNum", "1.3.6.1.2.1.47.1.1.1.1.11"),
    ("entPhysicalModelName", "1.3.6.1.2.1.47.1.1.1.1.13"),
    ("entPhySensorValue", "1.3.6.1.2.1.99.1.1.1.4"),
    ("lldpRemChassisId", "1.0.8802.1.1.2.1.4.1.1.5"),
    ("lldpRemPortId", "1.0.8802.1.1.2.1.4.1.1.7"),
    ("lldpRemSysName", "1.0.8802.1.1.2.1.4.1.1.9"),
    ("lldpRemSysDesc", "1.0.8802.1.1.2.1.4.1.1.10"),
];

/// What has others below it.
const TREES: [(&str, &str); 18] = [
    ("mib-2", "1.3.6.1.2.1"),
    ("system", "1.3.6.1.2.1.1"),
    ("interfaces", "1.3.6.1.2.1.2"),
    ("ifTable", "1.3.6.1.2.1.2.2"),
    ("ifXTable", "1.3.6.1.2.1.31.1.1"),
    ("host", "1.3.6.1.2.1.25"),
    ("hrStorageTable", "1.3.6.1.2.1.25.2.3"),
    ("upsMIB", "1.3.6.1.2.1.33"),
    ("entPhysicalTable", "1.3.6.1.2.1.47.1.1.1"),
    ("entPhySensorTable", "1.3.6.1.2.1.99.1.1"),
    ("snmpEngine", "1.3.6.1.6.3.10.2.1"),
    ("lldpMIB", "1.0.8802.1.1.2"),
    ("lldpLocPortTable", "1.0.8802.1.1.2.1.3.7"),
    ("lldpRemTable", "1.0.8802.1.1.2.1.4.1"),
    ("cdpCacheTable", "1.3.6.1.4.1.9.9.23.1.2.1"),
    ("ipNetToMediaTable", "1.3.6.1.2.1.4.22"),
    ("ipNetToPhysicalTable", "1.3.6.1.2.1.4.35"),
    ("enterprises", "1.3.6.1.4.1"),
];

/// An object that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// What is walked.
    pub(super) root: Oid,
    /// What is got: a scalar's one value.
    pub(super) instance: Oid,
    /// A column or a tree without an index: nothing that could be got.
    pub(super) is_whole_column: bool,
}

fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    SCALARS.into_iter().chain(COLUMNS).chain(TREES)
}

/// An OID, with or without its leading dot, or a name with or without an index. `None` for what is
/// neither.
pub(super) fn read(word: &str) -> Option<Asked> {
    let word = word.trim();
    let numeric = word.strip_prefix('.').unwrap_or(word);
    if numeric.starts_with(|c: char| c.is_ascii_digit()) {
        let oid = oid(numeric)?;
        return Some(Asked { root: oid.clone(), instance: oid, is_whole_column: false });
    }
    let (name, index) = word.split_once('.').map_or((word, None), |(n, i)| (n, Some(i)));
    let (known, at) = all().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let whole = oid(at)?;
    if let Some(index) = index {
        let oid = oid(&format!("{at}.{index}"))?;
        return Some(Asked { root: oid.clone(), instance: oid, is_whole_column: false });
    }
    let is_scalar = SCALARS.iter().any(|(scalar, _)| *scalar == known);
    Some(Asked { instance: whole.child(0), root: whole, is_whole_column: !is_scalar })
}

/// An OID that can be asked for: at least two arcs, the first two as they may be.
fn oid(text: &str) -> Option<Oid> {
    let oid = Oid::parse(text).ok()?;
    (oid.len() >= 2 && oid.validate_for_wire().is_ok()).then_some(oid)
}

/// The known name nearest to a word.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    let name = word.split('.').next().unwrap_or(word).to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&name, &known.to_lowercase());
    let (slips, known) = all().map(|(known, _)| (distance(known), known)).min()?;
    (slips <= (name.chars().count() / 3).max(1)).then_some(known)
}

/// An OID by the longest known name it begins with: `ifDescr.3`; in numbers where there is none.
pub(super) fn name(of: &Oid) -> String {
    let begins = |(_, at): &(&str, &str)| {
        of.to_string().strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let known = SCALARS.into_iter().chain(COLUMNS).filter(begins).max_by_key(|(_, at)| at.len());
    match known {
        Some((name, at)) => format!("{name}{}", &of.to_string()[at.len()..]),
        None => of.to_string(),
    }
}

/// True for a column whose texts are hardware addresses.
pub(super) fn is_hardware_address(of: &Oid) -> bool {
    let name = name(of);
    name.starts_with("ifPhysAddress.") || name.starts_with("ipNetToMediaPhysAddress.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(word: &str) -> Option<(String, String, bool)> {
        let asked = read(word)?;
        Some((asked.root.to_string(), asked.instance.to_string(), asked.is_whole_column))
    }

    #[test]
    fn objects_are_named_or_numbered() {
        let of =
            |root: &str, instance: &str, whole| Some((root.to_owned(), instance.to_owned(), whole));
        assert_eq!(read_as("sysName"), of("1.3.6.1.2.1.1.5", "1.3.6.1.2.1.1.5.0", false));
        assert_eq!(read_as("SYSNAME.0"), of("1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.5.0", false));
        assert_eq!(read_as(".1.3.6.1.2"), of("1.3.6.1.2", "1.3.6.1.2", false));
        assert_eq!(
            read_as("ifdescr.3"),
            of("1.3.6.1.2.1.2.2.1.2.3", "1.3.6.1.2.1.2.2.1.2.3", false)
        );
        assert!(read_as("ifTable").is_some_and(|(_, _, whole)| whole));
        for wrong in
            ["", ".", "1", "4.1.1", "1.3.x", "sysNam", "ifDescr.x", "1.3.99999999999", "1..3"]
        {
            assert_eq!(read_as(wrong), None, "{wrong}");
        }
        assert_eq!(nearest("sysNmae.0"), Some("sysName"));
        assert_eq!(nearest("temperature"), None);
    }

    #[test]
    fn every_name_is_of_one_object_and_can_be_read_back() {
        for (known, at) in all() {
            assert_eq!(all().filter(|(n, a)| n.eq_ignore_ascii_case(known) || a == &at).count(), 1);
            assert_eq!(read(known).map(|asked| asked.root.to_string()).as_deref(), Some(at));
        }
        for (known, at) in SCALARS.into_iter().chain(COLUMNS) {
            let below = Oid::parse(&format!("{at}.7.1")).expect("an OID");
            assert_eq!(name(&below), format!("{known}.7.1"));
        }
        let far = Oid::parse("1.3.6.1.2.1.1.55.0").expect("an OID");
        assert_eq!(name(&far), "1.3.6.1.2.1.1.55.0");
    }
}
