//! The implied `via`, and properties over random input.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::locale::Lang;
use crate::model::Severity;

mod hours;

/// Reads a text as the one YAML file of an inventory.
fn read(text: &str) -> Loaded {
    let mut desk = Desk::default();
    let source = desk.add_source(PathBuf::from("inventory/all.yaml"), Arc::from(text));
    let trees: Vec<Tree> = yaml::read(&mut desk, source).map(Tree::Whole).into_iter().collect();
    let zone = TimeZone::UTC;
    let (inventory, credentials, plan) = read_trees(&mut desk, &trees, &Defaults::default(), &zone);
    let inventory = (desk.errors() == 0).then_some(inventory);
    Loaded { inventory, diagnostics: desk.into_diagnostics(), credentials, plan, files: 1 }
}

fn good(text: &str) -> Inventory {
    let loaded = read(text);
    loaded.inventory.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// What a subject is reached through, as JSON.
fn via(inventory: &Inventory, id: &str) -> String {
    let json = show::json(inventory, None);
    let subjects = json["subjects"].as_array().unwrap();
    let subject = subjects.iter().find(|s| s["id"] == id).unwrap_or_else(|| panic!("{id}"));
    subject["via"].to_string()
}

const NETWORKS: &str = "
networks:
  - { id: wan, name: WAN, over: [tslcd] }
  - { id: tslcd, name: TSLCD }
  - { id: lan, name: LAN, over: [tslcd, wan] }
";

const DIC: &str = "
  - { id: tg, name: Tỉnh, kind: province }
  - id: dic
    name: TTTHDL
    kind: dic
    parent: tg
    connections: { level1: { network: tslcd, address: 10.0.1.1 }, own: { network: lan } }
    devices: { core-router-1: 10.0.0.1, core-router-2: 10.0.0.2, switch: 10.0.0.3 }
";

#[test]
fn in_a_tree_of_two_levels_a_line_goes_by_the_core() {
    let inventory = good(&format!(
        "{NETWORKS}units:{DIC}
  - {{ id: xa, name: Xã, kind: commune, parent: tg, connections: {{ tslcd: {{ address: 10.1.0.1 }} }} }}
"
    ));
    assert_eq!(via(&inventory, "xa/tslcd"), r#"{"any":["dic/core-router-1","dic/core-router-2"]}"#);
}

#[test]
fn in_a_tree_of_three_levels_a_line_goes_by_any_trunk_of_the_nearest_unit_above() {
    let inventory = good(&format!(
        "{NETWORKS}units:{DIC}
  - id: huyen
    name: Huyện
    kind: district
    parent: tg
    connections: {{ tslcd: {{ address: 10.1.0.1 }}, tslcd-2: {{ network: tslcd, address: 10.1.0.2 }} }}
  - {{ id: xa, name: Xã, kind: commune, parent: huyen, connections: {{ tslcd: {{ address: 10.2.0.1 }} }} }}
  - {{ id: ap, name: Ấp, kind: commune, parent: xa, connections: {{ wan: {{ address: 10.2.0.2 }} }} }}
"
    ));
    let core = r#"{"any":["dic/core-router-1","dic/core-router-2"]}"#;
    assert_eq!(via(&inventory, "huyen/tslcd-2"), core);
    assert_eq!(via(&inventory, "xa/tslcd"), r#"{"any":["huyen/tslcd","huyen/tslcd-2"]}"#);
    // Carried by others, but its unit has none of these and no unit above has its network.
    assert_eq!(via(&inventory, "ap/wan"), core);
}

#[test]
fn a_lan_goes_over_its_own_unit_s_lines_and_devices_behind_the_lan() {
    let inventory = good(&format!(
        "{NETWORKS}units:{DIC}
  - id: xa
    name: Xã
    kind: commune
    parent: tg
    connections:
      tslcd: {{ address: 10.1.0.1, device: router }}
      tslcd-4g: {{ network: tslcd, address: 10.1.0.2, device: router }}
      wan: {{ address: 10.1.0.3 }}
      lan: {{ device: switch }}
    devices: {{ router: 10.3.0.1, switch: 10.3.0.2, ups: 10.3.0.3 }}
services:
  - {{ id: portal, unit: xa, name: Cổng, address: 10.3.0.4 }}
"
    ));
    assert_eq!(via(&inventory, "xa/lan"), r#"{"any":["xa/tslcd","xa/tslcd-4g","xa/wan"]}"#);
    assert_eq!(via(&inventory, "xa/wan"), r#"{"any":["xa/tslcd","xa/tslcd-4g"]}"#);
    // The device a line ends at is reached by that line, not behind the LAN.
    assert_eq!(via(&inventory, "xa/router"), r#"{"any":["xa/tslcd","xa/tslcd-4g"]}"#);
    assert_eq!(via(&inventory, "xa/switch"), r#""xa/lan""#);
    assert_eq!(via(&inventory, "xa/ups"), r#"{"any":["xa/wan","xa/lan"]}"#);
    assert_eq!(via(&inventory, "portal"), r#"{"any":["xa/wan","xa/lan"]}"#);
    let lan = inventory.find_subject("xa/lan").unwrap();
    assert_eq!(inventory.subject(lan).checks[0].kind.address().to_string(), "10.3.0.2");
}

#[test]
fn a_subject_s_life_is_its_own_else_its_unit_s() {
    let inventory = good(
        "networks: [{ id: tslcd, name: TSLCD }]
units:
  - { id: tg, name: Tỉnh, kind: province, since: 2016-01-01, until: 2025-07-01,
      connections: { tslcd: { address: 10.0.0.1, until: 2020-01-01 } },
      devices: { router: 10.0.0.2, switch: { address: 10.0.0.3, since: 2016-03-15 } } }
  - { id: always, name: Tỉnh, kind: province, devices: { router: 10.0.0.5 } }
services:
  - { id: portal, unit: tg, name: Cổng, address: 10.0.0.4, until: 2016-02-01T12:00:00Z }
",
    );
    let json = show::json(&inventory, None);
    let ms = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    for (id, since, until) in [
        ("tg/tslcd", Some("2016-01-01T00:00:00Z"), Some("2020-01-01T00:00:00Z")),
        ("tg/router", Some("2016-01-01T00:00:00Z"), Some("2025-07-01T00:00:00Z")),
        ("tg/switch", Some("2016-03-15T00:00:00Z"), Some("2025-07-01T00:00:00Z")),
        ("portal", Some("2016-01-01T00:00:00Z"), Some("2016-02-01T12:00:00Z")),
        ("always/router", None, None),
    ] {
        let subject = inventory.subject(inventory.find_subject(id).unwrap());
        let life = (subject.since.map(|t| t.0), subject.until.map(|t| t.0));
        assert_eq!(life, (since.map(ms), until.map(ms)), "{id}");
        let shown = json["subjects"].as_array().unwrap().iter().find(|s| s["id"] == id).unwrap();
        assert_eq!(shown["since"], serde_json::json!(since), "{id}");
        assert_eq!(shown["until"], serde_json::json!(until), "{id}");
    }
}

/// How many subjects are said to be on another's address.
fn duplicates(devices: &str) -> usize {
    let text = format!(
        "networks: [{{ id: tslcd, name: TSLCD }}]
units:
  - {{ id: tg, name: Tỉnh, kind: province, since: 2016-01-01 }}
  - {{ id: cu, name: Cũ, kind: province, until: 2016-01-01 }}
{devices}"
    );
    let diagnostics = read(&text).diagnostics;
    let errors: Vec<_> = diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    assert!(errors.iter().all(|d| d.message.key == "check.duplicate_address"), "{errors:#?}");
    errors.len()
}

#[test]
fn an_address_belongs_to_one_subject_at_a_time() {
    let device = |id: &str, unit: &str, rest: &str| {
        format!("  - {{ id: {id}, unit: {unit}, role: router, address: 10.0.0.1{rest} }}\n")
    };
    let of = |list: &[String]| duplicates(&format!("devices:\n{}", list.concat()));
    let old = device("old", "tg", ", until: 2016-03-15");
    assert_eq!(of(&[old.clone(), device("new", "tg", ", since: 2016-03-15")]), 0);
    assert_eq!(of(&[device("new", "tg", ", since: 2016-03-15"), old.clone()]), 0);
    assert_eq!(of(&[old.clone(), device("new", "tg", ", since: 2016-03-14")]), 1);
    assert_eq!(of(&[old.clone(), device("new", "tg", "")]), 1);
    // The units' own dates count.
    assert_eq!(of(&[device("old", "cu", ""), device("new", "tg", "")]), 0);
    // The third clashes with the second, not with the first.
    let middle = device("middle", "tg", ", since: 2016-03-15, until: 2017-01-01");
    assert_eq!(of(&[old, middle, device("new", "tg", ", since: 2016-06-01")]), 1);
}

#[test]
fn lines_share_the_address_of_the_device_they_end_at_in_any_order() {
    let lines = "connections:
  - { id: a, unit: tg, network: tslcd, address: 10.0.0.1, device: router }
  - { id: b, unit: tg, network: tslcd, address: 10.0.0.1, device: router }
";
    let devices = |address: &str| {
        format!("devices:\n  - {{ id: router, unit: tg, role: router, address: {address} }}\n")
    };
    assert_eq!(duplicates(&format!("{lines}{}", devices("10.0.0.1"))), 0);
    assert_eq!(duplicates(&format!("{}{lines}", devices("10.0.0.1"))), 0);
    assert_eq!(duplicates(&format!("{lines}{}", devices("10.0.0.2"))), 1);
}

#[test]
fn an_ipv4_address_has_one_spelling() {
    let devices = "devices:
  - { id: a, unit: tg, role: router, address: 10.0.0.1 }
  - { id: b, unit: tg, role: router, address: \"::ffff:10.0.0.1\" }
";
    assert_eq!(duplicates(devices), 1);
    let inventory = good(
        "units: [{ id: tg, name: Tỉnh, kind: province, prefixes: [\"::ffff:10.0.0.0/104\"],
            devices: { a: \"::ffff:10.0.0.1\", b: \"2001:db8::1\" } }]",
    );
    let address = |id: &str| {
        let subject = inventory.subject(inventory.find_subject(id).unwrap());
        subject.checks[0].kind.address().to_string()
    };
    assert_eq!((address("tg/a"), address("tg/b")), ("10.0.0.1".into(), "2001:db8::1".into()));
}

#[test]
fn texts_have_no_character_that_nobody_sees() {
    for hidden in ['\u{ad}', '\u{61c}', '\u{115f}', '\u{200b}', '\u{202e}', '\u{2800}', '\u{3164}']
    {
        let text = format!("units: [{{ id: tg, name: \"Tỉ{hidden}nh\", kind: province }}]");
        let found: Vec<_> = read(&text).diagnostics.iter().map(|d| d.message.key).collect();
        assert_eq!(found, ["check.control_character"], "U+{:04X}", u32::from(hidden));
    }
}

#[test]
fn the_dic_is_reached_through_nothing() {
    let inventory = good(&format!(
        "{NETWORKS}units:{DIC}
  - {{ id: so, name: Sở, kind: department, parent: tg, devices: {{ router: 10.4.0.1 }} }}
"
    ));
    assert_eq!(via(&inventory, "dic/level1"), "[]");
    assert_eq!(via(&inventory, "dic/own"), r#""dic/level1""#);
    assert_eq!(via(&inventory, "dic/core-router-1"), "[]");
    assert_eq!(via(&inventory, "dic/switch"), "[]");
    // Without any line: as a connection of its unit on the first network.
    let core = r#"{"any":["dic/core-router-1","dic/core-router-2"]}"#;
    assert_eq!(via(&inventory, "so/router"), core);
}

#[test]
fn a_line_that_ends_at_another_unit_s_device_is_no_way_to_it() {
    let inventory = good(&format!(
        "{NETWORKS}units:{DIC}
  - {{ id: xa, name: Xã, kind: commune, parent: tg, connections: {{ tslcd: {{ device: dic/core-router-1 }} }} }}
"
    ));
    assert_eq!(via(&inventory, "dic/core-router-1"), "[]");
}

#[test]
fn names_are_composed_whatever_form_the_file_has() {
    let inventory = good("units: [{ id: tg, name: Ti\u{ea}\u{300}n Giang, kind: province }]");
    assert_eq!(inventory.units[0].name, "Tiền Giang");
}

#[test]
fn numbers_that_are_names_keep_their_spelling() {
    let inventory = good(
        "units: [{ id: 0815, name: 007, short: 1_0, kind: province, code: 0x1F, contact: { phone: 0273.10 } }]",
    );
    let unit = &inventory.units[0];
    assert_eq!(
        (unit.id.as_str(), unit.name.as_str(), unit.short.as_str(), unit.code.as_deref()),
        ("0815", "007", "1_0", Some("0x1F"))
    );
    assert_eq!(unit.contact.phone.as_deref(), Some("0273.10"));
}

#[test]
fn aliases_are_read_and_deep_nesting_is_refused() {
    let inventory = good(
        "units: [{ id: a, name: &n Tỉnh, kind: province }, { id: b, name: *n, kind: province }]",
    );
    assert_eq!(inventory.units[1].name, "Tỉnh");
    let deep = format!("units: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(read(&deep).diagnostics.len(), 1);
    let bomb = (0..30).fold(String::from("a0: &a0 [x]\n"), |mut text, i| {
        let _ = writeln!(text, "a{}: &a{} [*a{i}, *a{i}, *a{i}, *a{i}]", i + 1, i + 1);
        text
    });
    assert!(read(&bomb).inventory.is_none());
}

#[test]
fn every_text_of_the_room_is_in_the_catalogue() {
    let sources = [
        include_str!("asked.rs"),
        include_str!("build.rs"),
        include_str!("calendars.rs"),
        include_str!("csv.rs"),
        include_str!("defaults.rs"),
        include_str!("drafts.rs"),
        include_str!("entries.rs"),
        include_str!("files.rs"),
        include_str!("gaps.rs"),
        include_str!("maintenance.rs"),
        include_str!("merge.rs"),
        include_str!("mod.rs"),
        include_str!("node.rs"),
        include_str!("place.rs"),
        include_str!("plan.rs"),
        include_str!("resolve.rs"),
        include_str!("scalar.rs"),
        include_str!("subjects.rs"),
        include_str!("thresholds.rs"),
        include_str!("via.rs"),
        include_str!("yaml.rs"),
    ];
    for key in sources.iter().flat_map(|s| s.split('"')).filter(|s| s.starts_with("check.")) {
        for lang in [Lang::Vi, Lang::En] {
            assert_ne!(crate::locale::text(lang, key), key, "{key} in {lang:?}");
        }
    }
}

/// A tree in which every unit's parent has a smaller number, shuffled in the file.
fn random_tree() -> impl Strategy<Value = (Vec<(usize, Option<usize>, u8)>, u8)> {
    (1_usize..40).prop_flat_map(|n| {
        let units = (0..n).map(move |i| {
            let parent = if i == 0 { Just(None).boxed() } else { (0..i).prop_map(Some).boxed() };
            (Just(i), parent, any::<u8>())
        });
        (units.collect::<Vec<_>>().prop_shuffle(), any::<u8>())
    })
}

fn tree_text(units: &[(usize, Option<usize>, u8)]) -> String {
    let mut text = format!("{NETWORKS}units:\n");
    for (i, parent, bits) in units {
        let kind = ["commune", "district", "department", "dic"][usize::from(bits >> 6)];
        let parent = parent.map_or_else(String::new, |p| format!(", parent: u{p}"));
        let _ = writeln!(text, "  - {{ id: u{i}, name: Đơn vị {i}, kind: {kind}{parent},");
        let mut lines = Vec::new();
        for (bit, key) in [(1, "tslcd"), (2, "wan"), (4, "lan")] {
            if bits & bit != 0 {
                let device = if bits & 8 != 0 { ", device: router" } else { "" };
                lines.push(format!("{key}: {{ address: 10.{bit}.{i}.1{device} }}"));
            }
        }
        let _ = writeln!(text, "      connections: {{ {} }},", lines.join(", "));
        let core = if bits & 16 != 0 { ", core-router: " } else { ", switch: " };
        let _ = writeln!(text, "      devices: {{ router: 10.8.{i}.1{core}10.8.{i}.2 }} }}");
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn parents_stand_before_their_children((units, _) in random_tree()) {
        let inventory = good(&tree_text(&units));
        prop_assert_eq!(inventory.units.len(), units.len());
        for ix in inventory.unit_ixs() {
            prop_assert!(inventory.unit(ix).parent.is_none_or(|parent| parent < ix));
        }
        for ix in inventory.subject_ixs() {
            let parents = inventory.subject(ix).via.subjects();
            prop_assert!(parents.iter().all(|parent| *parent < ix));
        }
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), &bytes).unwrap();
        std::fs::write(folder.path().join("units.csv"), &bytes).unwrap();
        let loaded = load(folder.path(), &Defaults::default(), &TimeZone::UTC);
        prop_assert_eq!(loaded.files, 2);
        let has_error = loaded.diagnostics.iter().any(|d| d.severity == Severity::Error);
        prop_assert_eq!(loaded.inventory.is_none(), has_error);
    }

    #[test]
    fn no_change_to_a_good_file_breaks_the_reader(
        (units, _) in random_tree(),
        at in any::<prop::sample::Index>(),
        cut in 0_usize..6,
        put in "[\\PC\n\t]{0,4}",
    ) {
        let text = tree_text(&units);
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        chars.splice(at..(at + cut).min(chars.len()), put.chars());
        let loaded = read(&chars.into_iter().collect::<String>());
        for diagnostic in &loaded.diagnostics {
            let place = diagnostic.place.as_ref();
            prop_assert!(place.is_none_or(|p| p.line >= 1 && p.column >= 1 && p.len >= 1));
        }
    }

    #[test]
    fn no_csv_breaks_the_reader(text in "(id|name|kind|,|;|\"|\n|\r\n|ấ|[a-z.]{1,3}){0,60}") {
        let mut desk = Desk::default();
        let source = desk.add_source(PathBuf::from("units.csv"), Arc::from(text));
        let list = csv::read(&mut desk, source, Section::Units, &[]);
        let trees: Vec<Tree> = list.map(|l| Tree::List(Section::Units, l)).into_iter().collect();
        read_trees(&mut desk, &trees, &Defaults::default(), &TimeZone::UTC);
    }
}

#[test]
fn a_credential_comes_from_the_device_or_its_defaults_and_is_told_of_once_a_place() {
    let loaded = read(
        "defaults: [{ for: { role: switch }, set: { snmp: switches } }]
units:
  - id: tg
    name: Tỉnh
    kind: province
    devices:
      switch-1: 10.0.0.1
      switch-2: 10.0.0.2
      switch-3: { address: 10.0.0.3, snmp: core }
      router: 10.0.0.4
",
    );
    let places: Vec<_> =
        loaded.credentials.iter().map(|(id, p)| (id.to_string(), p.line, p.column)).collect();
    assert_eq!(places, [("switches".into(), 1, 50), ("core".into(), 9, 44)]);
    let inventory = loaded.inventory.unwrap();
    let snmp = |id: &str| {
        let subject = inventory.subject(inventory.find_subject(id).unwrap());
        subject.device().unwrap().snmp.as_ref().map(ToString::to_string)
    };
    let of = ["tg/switch-1", "tg/switch-2", "tg/switch-3", "tg/router"].map(snmp);
    assert_eq!(of, [Some("switches".into()), Some("switches".into()), Some("core".into()), None]);
}

const SERVER: &str = "  - { id: tg, name: Tỉnh, kind: province, devices: { server: 10.0.0.9 } }";

#[test]
fn a_service_says_once_where_it_is_and_several_share_a_server() {
    let inventory = good(&format!(
        "{NETWORKS}units:
{SERVER}
services:
  - {{ id: web, unit: tg, name: Web, url: https://Web.vn:8443/x, address: 10.0.0.9, via: server }}
  - {{ id: ssh, unit: tg, name: SSH, host: 10.0.0.9, port: 22 }}
  - id: mail
    unit: tg
    name: Mail
    host: mail.vn
    address: 10.0.0.9
    checks: [smtp, {{ imap: 1143 }}, {{ tls: {{ port: 465, expiry: 30d, version: 1.3, chain: false }}, critical: true }}]
"
    ));
    let checks = |id: &str| {
        let ix = inventory.find_subject(id).unwrap();
        show::subject_json(&inventory, ix)["checks"].clone()
    };
    let web = &checks("web")[0];
    assert_eq!((&web["kind"], &web["port"]), (&"http".into(), &8443.into()));
    let ask = &web["ask"]["http"];
    assert_eq!((&ask["host"], &ask["path"]), (&"web.vn:8443".into(), &"/x".into()));
    assert_eq!(ask["tls"]["name"], "web.vn");
    assert_eq!(checks("ssh")[0]["address"], "10.0.0.9");
    let mail = checks("mail");
    let ports: Vec<_> = mail.as_array().unwrap().iter().map(|c| c["port"].clone()).collect();
    assert_eq!(ports, [25, 1143, 465]);
    assert_eq!(mail[2]["ask"]["tls"]["name"], "mail.vn");
    assert_eq!(mail[2]["ask"]["tls"]["expiry_days"], 30);
    assert_eq!(mail[2]["critical"], true);
}

#[test]
fn an_address_that_is_said_comes_before_a_name_that_is_looked_up() {
    let inventory = good(&format!(
        "{NETWORKS}units:
{SERVER}
services:
  - {{ id: web, unit: tg, name: Web, url: https://Web.vn/x }}
  - {{ id: both, unit: tg, name: Both, url: https://web.vn/x, address: 10.0.0.9 }}
  - {{ id: pinged, unit: tg, name: P, host: p.vn, checks: [ping, {{ ping: Q.vn. }}, {{ mtu: 1400 }}] }}
  - {{ id: dressed, unit: tg, name: D, address: 10.0.0.9, checks: [ping], ping: {{ size: 1400, df: true, tos: 184 }} }}
"
    ));
    let checks = |id: &str| {
        let ix = inventory.find_subject(id).unwrap();
        let named = |check: &crate::model::Check| (check.kind.as_str(), check.asked());
        inventory.subject(ix).checks.iter().map(named).collect::<Vec<_>>()
    };
    let said = |kind, asked: &str| (kind, asked.to_owned());
    assert_eq!(checks("web"), [said("http", "web.vn")]);
    assert_eq!(checks("both"), [said("http", "10.0.0.9")]);
    assert_eq!(checks("pinged"), [said("ping", "p.vn"), said("ping", "q.vn"), said("mtu", "p.vn")]);
    let dressed = inventory.subject(inventory.find_subject("dressed").unwrap());
    let crate::model::CheckKind::Ping { params, .. } = dressed.checks[0].kind else { panic!() };
    assert_eq!((params.size, params.df, params.tos), (1_400, true, 184));
}

#[test]
fn what_a_check_of_a_service_lacks_is_told() {
    let service = |entry: &str| {
        let text = format!(
            "{NETWORKS}units:\n{SERVER}\nservices:\n  - {{ id: s, unit: tg, name: S, {entry} }}\n"
        );
        let loaded = read(&text);
        let errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        errors.map(|d| d.message.key).collect::<Vec<_>>()
    };
    for (entry, key) in [
        ("host: 10.9, checks: [{ tcp: 80 }]", "check.service_without_address"),
        ("address: 10.0.0.9, checks: [{ mtu: 500 }]", "check.out_of_bounds"),
        ("address: 10.0.0.9, checks: [{ mtu: { port: 7 } }]", "check.unknown_key"),
        ("address: 10.0.0.9, checks: [ping], ping: { size: 7 }", "check.out_of_bounds"),
        ("address: 10.0.0.9, checks: [ping], ping: { tos: 256 }", "check.out_of_bounds"),
        ("address: 10.0.0.9, checks: [ping], ping: { df: maybe }", "check.expect_truth"),
        ("checks: [{ ping: 'a b' }]", "check.bad_address"),
        ("url: 'ftp://web.vn/', address: 10.0.0.9", "check.bad_url"),
        ("address: 10.0.0.9, checks: [tcp]", "check.service_lacks"),
        ("address: 10.0.0.9, checks: [http]", "check.service_lacks"),
        ("address: 10.0.0.9, checks: [dns]", "check.service_lacks"),
        ("address: 10.0.0.9, checks: [{ tcp: 0 }]", "check.out_of_bounds"),
        (
            "address: 10.0.0.9, checks: [{ http: { url: 'http://a/', status: 99 } }]",
            "check.bad_status",
        ),
        ("address: 10.0.0.9, checks: [{ tls: { name: 'a b' } }]", "check.bad_host"),
        ("address: 10.0.0.9, checks: [{ tcp: { port: 22, banner: x } }]", "check.unknown_key"),
        ("address: 10.0.0.9, checks: [{ smpt: 25 }]", "check.unknown_key"),
    ] {
        assert_eq!(service(entry), [key], "{entry}");
    }
}
