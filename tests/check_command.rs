//! `tuantra check` as it is typed: exit codes, the two formats, and where one starts.

use std::path::Path;
use std::process::{Command, Output};

const PROVINCE: &str = "\
networks:
  - { id: tslcd, name: Mạng truyền số liệu chuyên dùng, short: TSLCD }
units:
  - { id: tien-giang, name: Tỉnh Tiền Giang, kind: province }
  - { id: hoa-khanh, name: Xã Hòa Khánh, kind: commune, parent: tien-giang, requires: [tslcd],
      connections: { tslcd: { address: 10.84.0.2 } } }
";
/// A unit that lacks what it must have is worth a warning.
const NOT_DEPLOYED: &str = "\
units:
  - { id: my-loi-a, name: Xã Mỹ Lợi A, kind: commune, parent: tien-giang, requires: [tslcd] }
";

struct Sample(tempfile::TempDir);

impl Sample {
    fn new(files: &[(&str, &str)]) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
            std::fs::write(path, text)?;
        }
        Ok(Self(folder))
    }

    fn tuantra(&self, args: &[&str]) -> std::io::Result<Output> {
        Command::new(env!("CARGO_BIN_EXE_tuantra")).args(args).current_dir(&self.0).output()
    }

    fn json(&self) -> Result<(Option<i32>, serde_json::Value), Box<dyn std::error::Error>> {
        let output = self.tuantra(&["check", "--format", "json"])?;
        Ok((output.status.code(), serde_json::from_slice(&output.stdout)?))
    }
}

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

#[test]
fn help_and_wrong_usage_speak_the_language_of_all_else() -> Result<()> {
    let english = [("config.yaml", "language: en\n"), ("other.yaml", "language: vi\n")];
    let (bare, english) = (Sample::new(&[])?, Sample::new(&english)?);
    // Where the words are wrong, whether they are told in Vietnamese.
    for (sample, words, is_vietnamese) in [
        (&bare, &["--help"][..], true),
        (&bare, &["--lang", "en", "--help"], false),
        (&bare, &["--lang", "en", "help", "status"], false),
        (&bare, &["help", "db", "backup"], true),
        (&bare, &["statsu"], true),
        (&bare, &["statsu", "--lang", "en"], false),
        (&bare, &["status", "--lang", "fr", "--at"], true),
        (&bare, &[], true),
        (&english, &["--help"], false),
        (&english, &["status", "-h"], false),
        (&english, &["status", "--lang", "vi", "-h"], true),
        (&english, &["status", "--fromat", "json"], false),
        (&english, &["--config", "other.yaml", "status", "--fromat"], true),
    ] {
        let output = sample.tuantra(words)?;
        let is_help = words.iter().any(|word| matches!(*word, "--help" | "-h" | "help"));
        assert_eq!(output.status.code(), Some(if is_help { 0 } else { 2 }), "{words:?}");
        let (said, silent) = match is_help {
            true => (output.stdout, output.stderr),
            false => (output.stderr, output.stdout),
        };
        let said = String::from_utf8(said)?;
        assert!(silent.is_empty(), "{words:?}");
        let (wanted, other) = match is_vietnamese {
            true => ("Cách dùng:", "Usage:"),
            false => ("Usage:", "Cách dùng:"),
        };
        // A value that is missing has no usage.
        let has_usage = !words.contains(&"--at");
        assert_eq!(said.contains(wanted), has_usage, "{words:?}: {said}");
        assert!(!said.contains(other), "{words:?}: {said}");
    }
    let version = bare.tuantra(&["--version"])?;
    assert!(version.status.success() && version.stdout.starts_with(b"tuantra "), "{version:?}");
    Ok(())
}

#[test]
fn a_sound_province_is_summed_up() -> Result<()> {
    let sample = Sample::new(&[("inventory/a.yaml", PROVINCE)])?;
    let output = sample.tuantra(&["check", "--strict"])?;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    insta::assert_snapshot!("sound_vi", String::from_utf8(output.stdout)?);
    let output = sample.tuantra(&["check", "--lang", "en"])?;
    insta::assert_snapshot!("sound_en", String::from_utf8(output.stdout)?);
    let (code, json) = sample.json()?;
    assert_eq!(code, Some(0));
    assert_eq!(json["errors"], 0);
    assert_eq!(json["diagnostics"], serde_json::json!([]));
    assert_eq!(
        json["summary"],
        serde_json::json!({
            "files": 1,
            "units": 2,
            "units_by_tier": { "province": 1, "department": 0, "district": 0, "commune": 1 },
            "connections": 1,
            "devices": 0,
            "services": 0,
            "addresses": 1,
            "rounds_per_1000_s": 33,
            "packets_per_1000_s": 100,
            "sentinels": 0,
        })
    );
    Ok(())
}

#[test]
fn the_pace_is_that_of_addresses_and_leaves_out_what_is_not_asked() -> Result<()> {
    let more = "
connections:
  - { id: a, unit: hoa-khanh, network: tslcd, device: router }
  - { id: b, unit: hoa-khanh, network: tslcd, device: router, health: { interval: 10s } }
  - { id: c, unit: hoa-khanh, network: tslcd, device: router, ping: { count: 1 } }
  - { id: old, unit: hoa-khanh, network: tslcd, address: 10.84.0.9, until: 2016-01-01 }
  - { id: off, unit: hoa-khanh, network: tslcd, address: 10.84.0.10, enabled: false }
devices:
  - { id: router, unit: hoa-khanh, address: 10.84.0.3 }
";
    let sample = Sample::new(&[("inventory/a.yaml", PROVINCE), ("inventory/b.yaml", more)])?;
    let (code, json) = sample.json()?;
    assert_eq!(code, Some(0), "{json}");
    let summary = &json["summary"];
    assert_eq!((&summary["connections"], &summary["addresses"]), (&6.into(), &2.into()));
    // Every 30 s the one of the province; the router every 10 s, for `c` also every 30 s.
    assert_eq!(summary["rounds_per_1000_s"], 33 + 100 + 33);
    assert_eq!(summary["packets_per_1000_s"], 100 + 300 + 33);
    Ok(())
}

#[test]
fn warnings_count_only_when_strict() -> Result<()> {
    let sample =
        Sample::new(&[("inventory/a.yaml", PROVINCE), ("inventory/b.yaml", NOT_DEPLOYED)])?;
    assert_eq!(sample.tuantra(&["check"])?.status.code(), Some(0));
    assert_eq!(sample.tuantra(&["check", "--strict"])?.status.code(), Some(1));
    let (_, json) = sample.json()?;
    assert_eq!((&json["errors"], &json["warnings"]), (&0.into(), &1.into()));
    Ok(())
}

#[test]
fn mistakes_of_the_configuration_and_of_the_inventory_are_told_together() -> Result<()> {
    let twice = [PROVINCE, "  - { id: hoa-khanh, name: Xã Hòa Khánh, kind: xã }\n"].concat();
    let sample = Sample::new(&[
        ("config.yaml", "language: en\nhealth: { interval: 30, retri: 5s }\n"),
        ("inventory/a.yaml", &twice),
    ])?;
    let (code, json) = sample.json()?;
    assert_eq!(code, Some(2));
    assert_eq!(json["summary"], serde_json::Value::Null);
    let found = json["diagnostics"].as_array().ok_or("a list")?;
    let of = |file: &str| found.iter().filter(|d| d["file"] == *file).count();
    assert_eq!(of("config.yaml"), 2);
    assert!(of("inventory/a.yaml") >= 1);
    assert_eq!(found[0]["code"], "config.duration_no_unit");
    assert_eq!(found[0]["message"], "“30” lacks its unit of time");
    assert_eq!((&found[0]["line"], &found[0]["column"]), (&2.into(), &21.into()));
    Ok(())
}

const CARRIERS: &str = "\
carriers:
  - { id: vnpt, name: VNPT Tiền Giang }
  - { id: viettel, name: Viettel Tiền Giang }
units:
  - { id: dic, name: TTTHDL, kind: dic, parent: tien-giang, connections: {
      level1-1: { network: tslcd, carrier: vnpt, address: 10.80.0.2 },
      level1-2: { network: tslcd, carrier: viettel, address: 10.80.0.6 } } }
";

#[test]
fn a_sentinel_speaks_for_a_carrier_of_the_inventory() -> Result<()> {
    let config = |carrier: &str| {
        format!(
            "language: en\nsentinels:\n  - {{ address: 10.82.0.2 }}\n  \
             - {{ address: 10.80.0.2, carrier: {carrier} }}\n"
        )
    };
    let sample = |carrier: &str| {
        let config = config(carrier);
        Sample::new(&[
            ("config.yaml", config.as_str()),
            ("inventory/a.yaml", PROVINCE),
            ("inventory/b.yaml", CARRIERS),
        ])
    };
    assert_eq!(sample("vnpt")?.tuantra(&["check", "--strict"])?.status.code(), Some(0));
    let misspelt = sample("vntp")?;
    let output = misspelt.tuantra(&["check"])?;
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("sentinel_of_unknown_carrier", String::from_utf8(output.stdout)?);
    // Every other command refuses it, too.
    let shown = misspelt.tuantra(&["inventory", "show"])?;
    assert_eq!((shown.status.code(), shown.stdout.len()), (Some(2), 0));
    let (_, json) = sample("fpt")?.json()?;
    assert_eq!(json["diagnostics"][0]["code"], "config.unknown_carrier");
    assert_eq!(json["diagnostics"][0]["line"], 4);
    assert_eq!(json["diagnostics"][0]["hint"], "the inventory's carriers: vnpt, viettel");
    Ok(())
}

#[test]
fn an_empty_folder_says_how_to_start() -> Result<()> {
    let sample = Sample::new(&[])?;
    let output = sample.tuantra(&["check", "--lang", "en"])?;
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("nothing_here", String::from_utf8(output.stdout)?);
    let output = sample.tuantra(&["check", "--config", "there.yaml", "--lang", "vi"])?;
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("given_missing", String::from_utf8(output.stdout)?);
    let output = sample.tuantra(&["check", "--lang", "fr"])?;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stdout)?.contains("“fr”"));
    Ok(())
}
