//! Inventories by chance: every list and nearly every key, nested and flat, in YAML and CSV, with
//! texts that spreadsheets and YAML like to misread. Same seed, same inventory.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const TEXTS: [&str; 26] = [
    "Xã Hòa Khánh",
    "Phường 1",
    "=1+2",
    "+84 273 000",
    "-5",
    "@home",
    "'x",
    "'=x",
    "a, b",
    "a;b",
    "x: y",
    "x #y",
    "null",
    "true",
    "0815",
    "1e3",
    "{ a }",
    "[b]",
    "\"q\"",
    "~x",
    "C:\\new",
    "2016-01-01",
    "07:30",
    "off",
    "Đ “ă” ế",
    "100%",
];

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n.max(1)).unwrap()).unwrap()
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn text(&mut self) -> String {
        serde_json::to_string(self.of(&TEXTS)).unwrap()
    }

    /// A value for a key, one time in `n`.
    fn maybe(&mut self, fields: &mut Vec<(String, String)>, n: usize, key: &str, values: &[&str]) {
        if self.one_in(n) {
            let value = self.of(values).to_owned();
            fields.push((key.to_owned(), value));
        }
    }

    fn maybe_text(&mut self, fields: &mut Vec<(String, String)>, n: usize, key: &str) {
        if self.one_in(n) {
            let text = self.text();
            fields.push((key.to_owned(), text));
        }
    }
}

type Fields = Vec<(String, String)>;

fn flow(fields: &Fields) -> String {
    let pairs: Vec<String> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// An item of a list, on one line or on several.
fn item(chance: &mut Chance, fields: &Fields) -> String {
    if chance.one_in(2) {
        return format!("  - {}\n", flow(fields));
    }
    let lines: Vec<String> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("  - {}\n", lines.join("\n    "))
}

fn set(key: &str, value: impl Into<String>) -> (String, String) {
    (key.to_owned(), value.into())
}

const SLAS: [&str; 4] = [
    "{ availability: 0.995, rtt: 30ms }",
    "{ loss: 1, rtt_ms: 12.5 }",
    "{ availability: 0.9 }",
    "{ availability: ~, loss: 0.5 }",
];
const CHECKS: [&str; 7] = [
    "ping",
    "[ping]",
    "[]",
    "[ping, { ping: 10.255.0.1 }]",
    "[{ tcp: 22 }]",
    "[ping, { ping: 10.255.0.2, critical: true }, { http: { url: \"http://10.255.0.3/\", text: \"a, b\" } }]",
    "[{ dns: { name: a.example, answer: 10.0.0.9 } }]",
];
const HEALTHS: [&str; 4] = [
    "{ interval: 10s, retry: 5s }",
    "{ loss_pct: 40, baseline: 3 }",
    "{ flapping: { window: 20, high_pct: 40 } }",
    "{ thresholds: { cpu: { high: 90, low: 80 } } }",
];

struct Writer {
    chance: Chance,
    addresses: u32,
    carriers: usize,
    has_calendar: bool,
}

impl Writer {
    fn address(&mut self) -> String {
        self.addresses += 1;
        let n = self.addresses;
        format!("10.{}.{}.{}", n / 65_536, n / 256 % 256, n % 256)
    }

    fn subject(&mut self, fields: &mut Fields) {
        let chance = &mut self.chance;
        chance.maybe(fields, 4, "checks", &CHECKS);
        chance.maybe(fields, 6, "via", &["[]"]);
        chance.maybe(fields, 8, "since", &["2016-01-31", "\"2016-01-31T07:00:00+07:00\""]);
        chance.maybe(fields, 8, "enabled", &["false", "true"]);
        chance.maybe(fields, 6, "health", &HEALTHS);
        chance.maybe(fields, 8, "ping", &["{ count: 2, spacing: 50ms, timeout: 300ms }"]);
        chance.maybe(fields, 8, "off_hours", &["counted"]);
        let calendars: &[&str] = if self.has_calendar { &["office", "~"] } else { &["~"] };
        chance.maybe(fields, 6, "calendar", calendars);
    }

    fn connection(&mut self, fields: &mut Fields, devices: &[String]) {
        let address = self.address();
        match devices {
            [first, ..] if self.chance.one_in(3) => fields.push(set("device", first.as_str())),
            _ => fields.push(set("address", address)),
        }
        let chance = &mut self.chance;
        chance.maybe_text(fields, 3, "name");
        chance.maybe_text(fields, 3, "circuit");
        if chance.one_in(2) {
            chance.maybe(fields, 2, "bandwidth", &["10Mbps", "1.5Gbps", "~"]);
        } else {
            chance.maybe(fields, 2, "bandwidth_mbps", &["10", "2.5", "100.0"]);
        }
        chance.maybe(fields, 4, "sla", &SLAS);
        chance.maybe_text(fields, 5, "interface");
        if self.carriers > 0 && chance.one_in(2) {
            let carrier = chance.below(self.carriers);
            fields.push(set("carrier", format!("c{carrier}")));
        }
        self.subject(fields);
    }

    fn device(&mut self, fields: &mut Fields) {
        let address = self.address();
        fields.push(set("address", address));
        if self.chance.one_in(4) {
            let (a, b) = (self.address(), self.address());
            fields.push(set("addresses", format!("{{ wan: {a}, \"ge-0/0/0.1\": {b} }}")));
        }
        let chance = &mut self.chance;
        let speeds = "{ wan: 1Gbps, \"ge-0/0/0.1\": 10Mbps, \"a, b\": 2.5Gbps }";
        chance.maybe(fields, 6, "speeds", &[speeds]);
        for key in ["name", "vendor", "model", "serial", "firmware"] {
            chance.maybe_text(fields, 4, key);
        }
        chance.maybe(fields, 8, "role", &["kiosk", "router"]);
        chance.maybe(fields, 8, "support_until", &["2027-12-31"]);
        chance.maybe(fields, 8, "snmp", &["core"]);
        self.subject(fields);
    }
}

/// Writes the inventory of a seed into a folder.
pub fn write(seed: u64, folder: &Path) {
    let mut w = Writer { chance: Chance(seed), addresses: 256, carriers: 0, has_calendar: false };
    w.carriers = w.chance.below(3);
    w.has_calendar = w.chance.one_in(2);
    let (mut basics, mut units) = (String::from("networks:\n"), String::from("units:\n"));
    for (id, over) in [("tslcd", "[]"), ("lan", "[tslcd]"), ("wan", "tslcd")] {
        let mut fields = vec![set("id", id), set("name", w.chance.text())];
        w.chance.maybe_text(&mut fields, 2, "short");
        w.chance.maybe(&mut fields, 2, "over", &[over]);
        w.chance.maybe(&mut fields, 3, "sla", &SLAS[..3]);
        basics += &item(&mut w.chance, &fields);
    }
    if w.carriers > 0 {
        basics += "carriers:\n";
    }
    for n in 0..w.carriers {
        let mut fields = vec![set("id", format!("c{n}")), set("name", w.chance.text())];
        w.chance.maybe_text(&mut fields, 2, "contract");
        w.chance.maybe_text(&mut fields, 2, "hotline");
        w.chance.maybe(&mut fields, 3, "sla", &SLAS[..3]);
        let penalty = "{ monthly_price: 100, prices: [{ bandwidth: 10Mbps, price: 5 }], steps: [{ below: 0.99, pct: 5 }] }";
        w.chance.maybe(&mut fields, 2, "penalty", &[penalty]);
        basics += &item(&mut w.chance, &fields);
    }
    if w.has_calendar {
        basics += "calendars:\n  - { id: office, name: \"Giờ, hành chính\", hours: { mon-fri: [\"07:00-11:30\", \"13:30-17:00\"], sat: \"08:00-10:00\" }, holidays: [2016-01-01, 2016-09-02], make_up: [] }\n";
    }
    let mut rules = String::new();
    for _ in 0..w.chance.below(3) {
        rules += w.chance.of(&[
            "  - { for: { kind: [commune, ward] }, set: { requires: [tslcd, lan], contact: { name: Chung } } }\n",
            "  - for: { kind: commune }\n    set: { sites: [\"a;b\", c] }\n",
            "  - for: { network: tslcd, kind: commune }\n    set: { bandwidth: 20Mbps, health: { interval: 20s } }\n",
            "  - { for: { role: router }, set: { vendor: Cisco, snmp: core } }\n",
        ]);
    }
    if !rules.is_empty() {
        basics += &format!("defaults:\n{rules}");
    }
    fs::write(folder.join("00-basics.yaml"), basics).unwrap();

    let mut flat = [String::new(), String::new()];
    let mut table = String::new();
    let mut subjects: Vec<(String, String)> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    let count = 2 + w.chance.below(8);
    for n in 0..count {
        let kinds = ["dic", "department", "city", "district", "ward", "commune", "township"];
        let kind = if n == 0 { "province" } else { w.chance.of(&kinds) };
        let id = match w.chance.below(4) {
            0 if n > 1 => format!("{}.x{n}", ids[n - 1]),
            1 if n > 1 => format!("{}/x{n}", ids[n - 1]),
            _ => format!("u{n}"),
        };
        let mut fields =
            vec![set("id", id.as_str()), set("name", w.chance.text()), set("kind", kind)];
        if n > 0 {
            let parent = w.chance.below(n);
            fields.push(set("parent", ids[parent].as_str()));
        }
        let contact = format!("{{ name: {}, phone: {} }}", w.chance.text(), w.chance.text());
        w.chance.maybe(&mut fields, 3, "contact", &[&contact, "~", "{ phone: ~ }", "{}"]);
        w.chance.maybe_text(&mut fields, 3, "short");
        w.chance.maybe(&mut fields, 6, "equipment", &["stays", "ends"]);
        w.chance.maybe_text(&mut fields, 4, "code");
        let codes = "[{ scheme: gso, code: \"001\", until: 2020-01-01 }, { code: \"1\" }]";
        w.chance.maybe(&mut fields, 6, "codes", &[codes]);
        w.chance.maybe(
            &mut fields,
            4,
            "location",
            &["{ lat: 10.5, lon: 106.25 }", "{ lat: -0.10, lon: -3 }"],
        );
        w.chance.maybe(&mut fields, 3, "requires", &["[tslcd, lan]", "tslcd", "[]"]);
        w.chance.maybe(&mut fields, 6, "sites", &["[\"Trụ sở; nhà A\", B]", "Một nơi", "[\"=x\"]"]);
        w.chance.maybe(&mut fields, 8, "since", &["2016-01-01"]);
        let (mut lines, mut devices) = (Vec::new(), Vec::new());
        let mut keys = Vec::new();
        for key in ["router", "switch-1", "switch-2", "core-router-1", "core-router-2"] {
            if !w.chance.one_in(3) {
                continue;
            }
            let whole = format!("{id}/{key}");
            let mut own = Vec::new();
            w.device(&mut own);
            if w.chance.one_in(4) {
                let mut entry = vec![set("id", whole.as_str()), set("unit", id.as_str())];
                entry.extend(own);
                flat[1] += &item(&mut w.chance, &entry);
            } else if w.chance.one_in(6) {
                let address = w.address();
                let _ = writeln!(table, "{whole},{id},{address}");
            } else if own.len() == 1 {
                devices.push(set(key, own[0].1.as_str()));
            } else {
                devices.push(set(key, flow(&own)));
            }
            keys.push(key.to_owned());
            subjects.push((whole, id.clone()));
        }
        for key in ["tslcd", "tslcd-2", "lan", "wan", "4g"] {
            if !w.chance.one_in(3) {
                continue;
            }
            let network = key.split('-').next().filter(|n| *n != "4g").unwrap_or("tslcd");
            let mut own = Vec::new();
            w.connection(&mut own, &keys);
            if w.chance.one_in(3) {
                let whole = if w.chance.one_in(2) {
                    format!("{id}/{key}")
                } else {
                    format!("line-{n}-{key}")
                };
                let mut entry = vec![
                    set("id", whole.as_str()),
                    set("unit", id.as_str()),
                    set("network", network),
                ];
                entry.extend(own);
                flat[0] += &item(&mut w.chance, &entry);
                subjects.push((whole, id.clone()));
            } else {
                if key != network {
                    own.insert(0, set("network", network));
                }
                lines.push(set(key, flow(&own)));
                subjects.push((format!("{id}/{key}"), id.clone()));
            }
        }
        if !lines.is_empty() {
            fields.push(set("connections", flow(&lines)));
        }
        if !devices.is_empty() {
            fields.push(set("devices", flow(&devices)));
        }
        units += &item(&mut w.chance, &fields);
        ids.push(id);
    }
    fs::write(folder.join("units.yaml"), units).unwrap();
    let mut rest = String::new();
    for (name, entries) in ["connections", "devices"].iter().zip(&flat) {
        if !entries.is_empty() {
            let _ = write!(rest, "{name}:\n{entries}");
        }
    }
    if w.chance.one_in(2) {
        let (unit, text) = (&ids[w.chance.below(count)], w.chance.text());
        let via = subjects.first().map_or_else(
            || "[]".to_owned(),
            |(id, _)| format!("{{ any: [{id}, {{ all: [{id}] }}] }}"),
        );
        let _ = write!(
            rest,
            "services:\n  - {{ id: portal, unit: {unit}, name: {text}, url: \"https://10.9.9.9/a?b=c,d\", via: {via}, checks: [http, {{ tls: {{ expiry: 30d }}, critical: false }}] }}\n  - {{ id: mail, unit: {unit}, name: Thư, address: 10.9.9.8, port: 25 }}\n"
        );
    }
    if w.chance.one_in(2) {
        let (unit, text) = (&ids[w.chance.below(count)], w.chance.text());
        let _ = write!(
            rest,
            "maintenance:\n  - {{ id: m1, unit: {unit}, from: \"2026-12-05T22:00:00+07:00\", until: 2026-12-06, note: {text}, by: Lan }}\n  - {{ id: m2, unit: {unit}, hours: {{ sat: [\"22:00-24:00\"] }} }}\n"
        );
    }
    if w.chance.one_in(2) {
        let text = w.chance.text();
        let _ = write!(
            rest,
            "plan:\n  - {{ id: p1, name: {text}, group: {text}, goal: 7, done: 5, at: 2016-12-02, source: {text} }}\n  - {{ id: p2, name: Kết nối, due: 2016-12-31, measured: {{ network: tslcd, tier: commune, rung: live }} }}\n"
        );
    }
    if !rest.is_empty() {
        fs::write(folder.join("z-rest.yaml"), rest).unwrap();
    }
    if !table.is_empty() {
        fs::write(folder.join("devices.csv"), format!("id,unit,address\n{table}")).unwrap();
    }
}
