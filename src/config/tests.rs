use std::path::Path;

use super::*;
use crate::model::{AlertSeverity, CarrierId, Security, Sentinel, Source};

fn read(text: &str) -> Loaded {
    from_text(Path::new("conf/config.yaml"), text)
}

/// `key line:column+len` of every finding.
fn findings(text: &str) -> Vec<String> {
    read(text)
        .diagnostics
        .iter()
        .map(|d| {
            let place = d.place.as_ref();
            let place = place.map(|p| format!(" {}:{}+{}", p.line, p.column, p.len));
            format!("{}{}", d.message.key, place.unwrap_or_default())
        })
        .collect()
}

#[test]
fn an_empty_file_means_the_defaults() {
    for text in ["", "\n", "# nothing yet\n", "{}", "health:\n", "\u{feff}", "---\n"] {
        let loaded = read(text);
        assert_eq!(loaded.diagnostics, [], "{text:?}");
        assert_eq!(loaded.config, Some(Config::defaults(Path::new("conf"))), "{text:?}");
    }
}

#[test]
fn every_key_is_taken_over() {
    let text = r#"timezone: Asia/Bangkok
language: en
inventory: /srv/inventory
store: data/t.db
socket: run/t.sock
health:
  interval: 60s
  retry: 10s
  confirm: 4
  recover: 1
  poor: 2
  loss_pct: 12.5
  rtt_ms: 150.5
  correlation_window: 1m
  baseline: 2.5
  flapping: { window: 10, high_pct: 30.5, low_pct: 20 }
  off_hours_grace: 45m
  measured_floor: 0.9
sentinels: [ { address: 10.0.0.1 }, { address: 10.0.0.2, carrier: vnpt } ]
probe:
  icmp: { engine: datagram, count: 5, spacing: 100ms, timeout: 1s, size: 1200, df: true, tos: 184, source: 10.0.0.9, sources: { tslcd: eth1 }, rate: 200, group_rate: 50 }
  snmp: { interval: 2m, timeout: 3s, retries: 1, in_flight: 64, group_rate: 20, max_repetitions: 25, traps: { listen: "[::]:162", credentials: [core] } }
credentials:
  core: { version: 3, user: patrol, auth: { sha256: "${TUANTRA_AUTH}" }, priv: { aes128: "file:/etc/tuantra/priv" } }
goals: { coverage_pct: 97.5, availability: 0.999 }
alerts:
  group_wait: 0s
  group_interval: 10m
  repeat: 2h
  templates: words
  ca: ca.pem
  proxy: "${PROXY}"
  link: "https://noc.example.vn/{incident}"
  routes:
    - match: { unit: cai-be, network: [tslcd, wan], carrier: vnpt, kind: commune, severity: down, impact: 3, outside: 07:00-17:00 }
      to: [duty, mail]
      group_wait: 1m
      quiet: 22:00-06:30
      escalate: [ { after: 2h, to: mail }, { after: 30m, to: [duty] } ]
      continue: true
  channels:
    duty: { gotify: { server: "https://push.example.vn", token: "credential:push" }, fallback: mail, per_minute: 7, language: en }
    mail: { exec: { command: [cat, "file:word"], environment: { A: b } } }
retention: { samples: 30d, rollups: 10y }
"#;
    let loaded = read(text);
    assert_eq!(loaded.diagnostics, []);
    let config = loaded.config.expect("no error");
    let folder = Path::new("conf");
    assert_eq!(config.timezone_name, "Asia/Bangkok");
    assert_eq!(config.language, Lang::En);
    assert_eq!(config.inventory, Path::new("/srv/inventory"));
    assert_eq!(config.store, folder.join("data/t.db"));
    assert_eq!(config.socket, folder.join("run/t.sock"));
    assert_eq!(
        config.health,
        HealthParams {
            interval_ms: 60_000,
            retry_ms: 10_000,
            confirm: 4,
            recover: 1,
            poor: 2,
            loss_permille: 125,
            rtt_us: 150_500,
            correlation_window_ms: 60_000,
            baseline_tenths: Some(25),
            flap_window: 10,
            flap_high_permille: 305,
            flap_low_permille: 200,
            off_hours_grace_ms: 2_700_000,
        }
    );
    assert_eq!(
        config.ping,
        PingParams {
            count: 5,
            spacing_ms: 100,
            timeout_ms: 1_000,
            size: 1_200,
            df: true,
            tos: 184
        }
    );
    assert_eq!(config.source, Source::parse("10.0.0.9"));
    let own = &config.sources[0];
    assert_eq!(
        (own.network.as_str(), Some(&own.source)),
        ("tslcd", Source::parse("eth1").as_ref())
    );
    assert_eq!((config.engine, config.rate_pps), (Engine::Datagram, 200));
    assert_eq!(config.group_rate_pps, 50);
    let snmp = SnmpParams {
        interval_ms: 120_000,
        timeout_ms: 3_000,
        retries: 1,
        in_flight: 64,
        group_rate_pps: 20,
        max_repetitions: 25,
    };
    assert_eq!(config.snmp, snmp);
    let core = CredentialId::new("core").unwrap();
    let traps = Traps { listen: "[::]:162".parse().unwrap(), credentials: Some(vec![core]) };
    assert_eq!(config.traps, Some(traps));
    assert_eq!(config.credential_names, ["core"]);
    assert_eq!(config.measured_floor_ppm, 900_000);
    assert_eq!(config.goals, Goals { coverage_permille: 975, availability_ppm: 999_000 });
    assert_eq!(config.samples_kept_ms, 30 * 86_400_000);
    assert_eq!(config.rollups_kept_ms, 3_650 * 86_400_000);
    let telling = Telling { group_wait_ms: 0, group_interval_ms: 600_000, repeat_ms: 7_200_000 };
    assert_eq!(config.telling, telling);
    let alerts = &config.alerts;
    assert_eq!(alerts.templates.as_deref(), Some(&*folder.join("words")));
    assert_eq!(alerts.ca.as_deref(), Some(&*folder.join("ca.pem")));
    assert_eq!(alerts.link.as_deref(), Some("https://noc.example.vn/{incident}"));
    let proxy = alerts.proxy.as_ref().map(|source| &source.origin);
    assert_eq!(proxy, Some(&Origin::Environment("PROXY".into())));
    let [route] = &alerts.routes[..] else { panic!("{:?}", alerts.routes) };
    assert_eq!(route.telling, Telling { group_wait_ms: 60_000, ..telling });
    let quiet = alerts::DayTime { from_min: 22 * 60, to_min: 6 * 60 + 30 };
    assert_eq!((route.quiet, route.goes_on), (Some(quiet), true));
    let steps: Vec<i64> = route.escalate.iter().map(|step| step.after_ms).collect();
    assert_eq!(steps, [1_800_000, 7_200_000], "the soonest first");
    let matches = &route.matches;
    assert_eq!((matches.impact, &matches.severities[..]), (Some(3), &[AlertSeverity::Down][..]));
    assert_eq!(matches.networks.len(), 2);
    assert!(matches.hours.as_ref().is_some_and(|hours| hours.is_outside));
    let [duty, mail] = &alerts.channels[..] else { panic!("{:?}", alerts.channels) };
    assert_eq!(
        (duty.kind.name.as_str(), duty.per_minute, duty.lang),
        ("gotify", Some(7), Some(Lang::En))
    );
    assert_eq!(duty.fallback.as_ref().map(|named| named.name.as_str()), Some("mail"));
    assert!(matches!(&duty.settings[1].value,
        alerts::SettingValue::Text(source) if source.origin == Origin::Credential("push".into())));
    assert!(
        matches!(&mail.settings[0].value, alerts::SettingValue::List(words) if words.len() == 2)
    );
    assert!(
        matches!(&mail.settings[1].value, alerts::SettingValue::Map(names) if names[0].0 == "A")
    );
    let sentinel = |address: [u8; 4], carrier: Option<&str>| Sentinel {
        is_control: false,
        address: address.into(),
        carrier: carrier.map(|id| CarrierId::new(id).expect("a slug")),
    };
    assert_eq!(
        config.sentinels,
        [sentinel([10, 0, 0, 1], None), sentinel([10, 0, 0, 2], Some("vnpt"))]
    );
    let places: Vec<_> = config.sentinel_places.iter().map(|p| (p.line, p.column)).collect();
    assert_eq!(places, [(19, 14), (19, 67)]);
}

#[test]
fn a_flapping_threshold_alone_is_held_against_the_other_s_default() {
    assert_eq!(findings("health: { flapping: { high_pct: 25 } }"), Vec::<String>::new());
    assert_eq!(
        findings("health: { flapping: { high_pct: 24.9 } }"),
        ["config.flapping_low_over_high 1:33+4"]
    );
    // What is wrong by itself is not compared.
    assert_eq!(
        findings("health: { flapping: { high_pct: 0, low_pct: 30 } }"),
        ["config.out_of_range 1:33+1"]
    );
}

#[test]
fn a_baseline_is_off_unless_it_is_given() {
    let baseline = |text: &str| {
        read(&format!("health: {{ {text} }}")).config.map(|c| c.health.baseline_tenths)
    };
    assert_eq!(baseline(""), Some(None));
    assert_eq!(baseline("baseline: off"), Some(None));
    assert_eq!(baseline("baseline: 3"), Some(Some(30)));
    assert_eq!(baseline("baseline: 1.1"), Some(Some(11)));
    assert_eq!(baseline("baseline: 1.05"), None);
    assert_eq!(baseline("baseline: 100.1"), None);
}

#[test]
fn as_many_sentinels_as_there_may_be() {
    let list = |n: u8| {
        let items: Vec<_> = (1..=n).map(|i| format!("{{ address: 10.0.0.{i} }}")).collect();
        read(&format!("sentinels: [{}]", items.join(", "))).config.map(|c| c.sentinels.len())
    };
    assert_eq!(list(64), Some(64));
    assert_eq!(list(65), None);
    assert_eq!(read("sentinels:").config.map(|c| c.sentinels.len()), Some(0));
    // A sentinel that is wrong keeps its carrier from being held against the inventory.
    let draft = read("sentinels: [{ address: nowhere, carrier: nobody }]").draft.expect("a draft");
    assert_eq!((draft.sentinels.len(), draft.sentinel_places.len()), (0, 0));
}

#[test]
fn all_mistakes_are_found_at_once_each_at_its_place() {
    let text = "\
langage: vi
language: fr
health: { intervall: 30s, interval: 30, confirm: ba, loss_pct: 120 }
probe: 5
goals: { coverage_pct: 98, coverage_pct: 97 }
timezone: Asia/Ho_Chi_Min
";
    assert_eq!(
        findings(text),
        [
            "config.unknown_key 1:1+7",
            "config.unknown_word 2:11+2",
            "config.unknown_key 3:11+9",
            "config.duration_no_unit 3:37+2",
            "config.not_integer 3:50+2",
            "config.out_of_range 3:64+3",
            "config.expect_mapping 4:8+1",
            "config.duplicate_key 5:28+12",
            "config.unknown_timezone 6:11+15",
        ]
    );
    assert!(read(text).config.is_none());
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        findings("health: { \"nhịp\": 1, retry: 0s }"),
        ["config.unknown_key 1:11+6", "config.out_of_range 1:29+2"]
    );
}

#[test]
fn a_round_must_fit_into_the_retry() {
    assert_eq!(findings("health: { retry: 2s }"), ["config.round_too_long 1:18+2"]);
    assert_eq!(findings("probe: { icmp: { count: 10, timeout: 4s } }").len(), 1);
    assert_eq!(findings("health: { interval: 3s }"), ["config.retry_over_interval 1:21+2"]);
    // One mistake is told once.
    assert_eq!(findings("health: { retry: 2 }"), ["config.duration_no_unit 1:18+1"]);
    let fast = "health: { interval: 500ms, retry: 500ms }\n\
                probe: { icmp: { count: 2, spacing: 50ms, timeout: 300ms } }";
    assert_eq!(findings(fast), Vec::<String>::new());
}

#[test]
fn a_group_never_has_more_than_all_together() {
    let group_rate = |icmp: &str| {
        let loaded = read(&format!("probe: {{ icmp: {{ {icmp} }} }}"));
        loaded.config.map(|c| c.group_rate_pps).ok_or(loaded.diagnostics.len())
    };
    assert_eq!(group_rate("rate: 5000"), Ok(500));
    assert_eq!(group_rate("rate: 80"), Ok(80));
    assert_eq!(group_rate("rate: 80, group_rate: 80"), Ok(80));
    assert_eq!(group_rate("rate: 80, group_rate: 81"), Err(1));
    assert_eq!(group_rate("group_rate: 0"), Err(1));
    // What a wrong rate would allow is not judged.
    assert_eq!(group_rate("rate: 0, group_rate: 9000"), Err(1));
}

#[test]
fn a_socket_path_must_fit_into_an_address() {
    let long = format!("socket: /{}\n", "s".repeat(100));
    assert_eq!(findings(&long), ["config.socket_too_long 1:9+101"]);
    assert!(findings(&format!("socket: /{}\n", "s".repeat(99))).is_empty());
}

#[test]
fn numbers_keep_every_decimal_and_refuse_what_they_cannot_hold() {
    for (text, ok) in [
        ("0.995", true),
        ("1", true),
        ("1.0000000", true),
        ("0.1234567", false),
        ("1.1", false),
        ("0,995", false),
        ("-1", false),
        (".5", false),
        ("99999999999999999999", false),
        ("1e-1", false),
        ("[1]", false),
        ("true", false),
    ] {
        let found = findings(&format!("goals: {{ availability: \"{text}\" }}"));
        let bare = findings(&format!("goals:\n  availability: {text}\n"));
        assert_eq!(found.is_empty(), ok, "{text}: {found:?}");
        assert_eq!(bare.is_empty(), ok, "{text}: {bare:?}");
    }
}

#[test]
fn what_is_no_yaml_is_one_error_at_its_place() {
    for text in ["health: [1, 2", "a: 1\n---\nb: 2\n", "health:\n\tinterval: 30s\n", "x: *nobody"] {
        let loaded = read(text);
        assert_eq!(loaded.diagnostics.len(), 1, "{text:?}: {:?}", loaded.diagnostics);
        assert!(loaded.config.is_none());
    }
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = |file: &Path| load(file).diagnostics[0].message.key;
    assert_eq!(key(&folder.path().join("none.yaml")), "config.file_missing");
    assert_eq!(key(folder.path()), "config.file_unreadable");
    let bytes = folder.path().join("bytes.yaml");
    std::fs::write(&bytes, b"\xff\xfe").expect("written");
    assert_eq!(key(&bytes), "config.file_not_utf8");
    let large = folder.path().join("large.yaml");
    std::fs::write(&large, "#".repeat((1 << 20) + 1)).expect("written");
    assert_eq!(key(&large), "config.file_too_large");
}

#[test]
fn the_sample_s_file_says_what_the_defaults_are() {
    let loaded = read(include_str!("../../config.yaml"));
    assert_eq!(loaded.diagnostics, []);
    let config = loaded.config.expect("no error");
    let defaults = Config::defaults(Path::new("conf"));
    // Who can be asked whether we see out is the one thing that only the province knows.
    let sentinels = (config.sentinels.clone(), config.sentinel_places.clone());
    let with_sentinels =
        Config { sentinels: sentinels.0, sentinel_places: sentinels.1, ..defaults };
    assert_eq!(config, with_sentinels);
    assert!(config.sentinels.iter().filter(|s| s.carrier.is_none()).count() >= 2);
}

/// `severity key line:column` and the source line of every finding.
fn told(text: &str) -> Vec<String> {
    let told = read(text).diagnostics.into_iter().map(|d| {
        let place = d.place.expect("a place");
        format!(
            "{:?} {} {}:{} {}",
            d.severity, d.message.key, place.line, place.column, place.source
        )
    });
    told.collect()
}

#[test]
fn the_example_of_the_design_is_accepted_as_it_stands() {
    let text = r#"timezone: Asia/Ho_Chi_Minh
language: vi                     # vi | en
inventory: inventory/            # relative to this file
store: tuantra.db
socket: tuantra.sock
health:                          # defaults; a network, kind or subject may override any of them in the inventory
  interval: 30s
  retry: 5s
  confirm: 3                     # failed rounds to down
  recover: 2                     # good rounds to up
  poor: 3                        # poor rounds of the last 5 to degraded
  loss_pct: 20
  rtt_ms: 200
  correlation_window: 30s
  flapping: { window: 20, high_pct: 30, low_pct: 25 }
  measured_floor: 0.95
sentinels: [ { address: 10.0.0.1 }, { address: 10.0.0.2, carrier: vnpt } ]
probe:
  icmp: { engine: auto, count: 3, spacing: 200ms, timeout: 2s, rate: 5000 }
  snmp: { interval: 60s, timeout: 2s, retries: 2 }
credentials:
  core: { version: 3, user: patrol, auth: { sha256: "${TUANTRA_AUTH}" }, priv: { aes128: "file:/etc/tuantra/priv" } }
goals: { coverage_pct: 98, availability: 0.995 }
alerts:
  group_wait: 30s
  group_interval: 5m
  repeat: 4h
  routes: [ { match: { network: tslcd, severity: down }, to: [duty] } ]
  channels: { duty: { zalo: { token: "${ZALO_TOKEN}", chat: "123" }, fallback: mail }, mail: { smtp: { … } } }
retention: { samples: 400d, rollups: 10y }
"#;
    let loaded = read(text);
    assert_eq!(loaded.diagnostics, []);
    let config = loaded.config.expect("no error");
    assert_eq!(config.snmp, SnmpParams::default());
    let [core] = &config.credentials[..] else { panic!("{:?}", config.credentials) };
    assert_eq!((core.id.as_str(), core.port, core.security.version()), ("core", 161, "3"));
    let mut origins = Vec::new();
    let _ = core.security.try_map(|source| {
        origins.push(source.origin.clone());
        Ok::<_, ()>(())
    });
    let file = Path::new("/etc/tuantra/priv").to_owned();
    assert_eq!(origins, [Origin::Environment("TUANTRA_AUTH".to_owned()), Origin::File(file)]);
}

#[test]
fn what_is_weak_or_in_clear_is_warned_of_and_no_line_shows_a_secret() {
    let text = r#"credentials:
  a: { version: 2c, community: 8secret8 }
  b: { version: 1, community: "${C}", allow_weak: true }
  c: { version: 3, user: x, auth: { md5: '8secret8' }, priv: { des: "8secret8" }, allow_weak: true }
  d: { version: 3, user: x }
  e: { version: 3, user: x, allow_weak: true, context: vlan-3, port: 1161 }
  f: { version: 3, user: x, auth: { sha512: "file:auth" }, priv: { aes256c: 12345678 } }
"#;
    assert_eq!(
        told(text),
        [
            "Warning config.community_in_clear 2:17   a: { version: 2c, community: •••••••• }",
            "Warning config.secret_in_file 2:32   a: { version: 2c, community: •••••••• }",
            "Warning config.weak_used 4:35   c: { version: 3, user: x, auth: { md5: •••••••••• }, priv: { des: •••••••••• }, allow_weak: true }",
            "Warning config.secret_in_file 4:42   c: { version: 3, user: x, auth: { md5: •••••••••• }, priv: { des: •••••••••• }, allow_weak: true }",
            "Warning config.weak_used 4:62   c: { version: 3, user: x, auth: { md5: •••••••••• }, priv: { des: •••••••••• }, allow_weak: true }",
            "Warning config.secret_in_file 4:69   c: { version: 3, user: x, auth: { md5: •••••••••• }, priv: { des: •••••••••• }, allow_weak: true }",
            "Warning config.user_in_clear 5:3   d: { version: 3, user: x }",
            "Warning config.secret_in_file 7:77   f: { version: 3, user: x, auth: { sha512: \"file:auth\" }, priv: { aes256c: •••••••• } }",
        ]
    );
    let config = read(text).config.expect("warnings alone");
    assert_eq!(config.credentials.len(), 6);
    assert!(!format!("{config:?}").contains("secret8"), "{config:?}");
}

#[test]
fn secrets_are_fetched_from_files_that_nobody_else_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    write("auth", "a-passphrase\r\n", 0o600);
    write("open", "a-passphrase\n", 0o644);
    write("short", "seven77\n", 0o640);
    let fetched = |word: &str| {
        let text = format!(
            "credentials: {{ core: {{ version: 3, user: x, auth: {{ sha256: \"{word}\" }} }} }}"
        );
        let loaded = from_text(&folder.path().join("config.yaml"), &text);
        let (credentials, found) =
            loaded.config.expect("no error").fetch_credentials(Severity::Warning);
        let found: Vec<_> = found.iter().map(|d| (d.severity, d.message.key)).collect();
        let secrets: Vec<String> = credentials
            .iter()
            .map(|c| match &c.security {
                Security::V3 { keys: Some(keys), .. } => keys.auth_secret.reveal().to_owned(),
                other => panic!("{other:?}"),
            })
            .collect();
        (secrets, found)
    };
    assert_eq!(fetched("file:auth"), (vec!["a-passphrase".to_owned()], vec![]));
    let refused = |severity, key| (vec![], vec![(severity, key)]);
    assert_eq!(fetched("file:open"), refused(Severity::Warning, "config.secret_open_to_all"));
    assert_eq!(fetched("file:none"), refused(Severity::Warning, "config.secret_unreadable"));
    assert_eq!(fetched("file:."), refused(Severity::Warning, "config.secret_unreadable"));
    assert_eq!(fetched("file:short"), refused(Severity::Error, "config.secret_length"));
    let unset = "${TUANTRA_A_VARIABLE_NOBODY_SETS}";
    assert_eq!(fetched(unset), refused(Severity::Warning, "config.variable_not_set"));
    assert_eq!(fetched("${PATH}").1, []);
}

#[test]
fn a_name_the_inventory_uses_must_be_a_credential() {
    let place = |line| Place {
        file: std::sync::Arc::new("inventory/all.yaml".into()),
        line,
        column: 1,
        len: 4,
        source: String::new(),
    };
    let named = |name: &str, line| (CredentialId::new(name).expect("a slug"), place(line));
    let config = read("credentials: { core: { version: 3, user: x }, Bad: 1, worse: 1 }");
    let config = config.draft.expect("a draft");
    let wrong = config.check_credentials(&[
        named("core", 1),
        named("coer", 2),
        named("routers", 3),
        // Its mistake is told where it is made.
        named("worse", 4),
    ]);
    let wrong: Vec<_> = wrong
        .iter()
        .map(|d| (d.place.as_ref().map(|p| p.line), d.hint.as_ref().map(|h| h.key)))
        .collect();
    assert_eq!(
        wrong,
        [(Some(2), Some("config.did_you_mean")), (Some(3), Some("config.known_credentials")),]
    );
}

#[test]
fn every_key_is_documented() {
    let page =
        concat!(include_str!("../../docs/configuration.md"), include_str!("../../docs/alerts.md"));
    for key in super::read::KEYS.iter().flat_map(|(_, keys)| keys.iter()) {
        let named = [format!("`{key}`"), format!("`{key}:"), format!(".{key}`")];
        let titled = [format!("`{key}."), format!("## `{key}`")];
        assert!(named.iter().chain(&titled).any(|name| page.contains(name.as_str())), "{key}");
    }
}

#[test]
fn what_is_wrong_with_sources_and_control_targets_is_told() {
    for (text, key) in [
        ("probe: { icmp: { source: 'a b' } }", "config.not_source"),
        ("probe: { icmp: { source: 224.0.0.1 } }", "config.not_source"),
        ("probe: { icmp: { sources: { 'T S': eth0 } } }", "config.not_network"),
        ("probe: { icmp: { sources: { tslcd: much-too-long-a-name } } }", "config.not_source"),
        ("probe: { icmp: { size: 7 } }", "config.out_of_range"),
        ("probe: { icmp: { tos: 256 } }", "config.out_of_range"),
        ("probe: { icmp: { df: perhaps } }", "config.unknown_word"),
        (
            "sentinels: [{ address: 10.0.0.1, control: true, carrier: vnpt }]",
            "config.control_carrier",
        ),
    ] {
        let keys: Vec<_> = read(text).diagnostics.iter().map(|d| d.message.key).collect();
        assert_eq!(keys, [key], "{text}");
    }
    let config = read("probe: { icmp: { sources: { nowhere: eth0 } } }").config.unwrap();
    let unknown = config.check_networks(&crate::model::Inventory::default());
    assert_eq!(
        unknown.iter().map(|d| d.message.key).collect::<Vec<_>>(),
        ["config.unknown_network"]
    );
    let control = read("sentinels: [{ address: 10.0.0.1, control: true }]").config.unwrap();
    assert!(control.sentinels[0].is_control);
}
