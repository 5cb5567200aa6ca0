//! A province of six units with a record made by hand.

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::model::{
    Carrier, CarrierId, CarrierIx, Connection, Contact, HealthParams, Network, NetworkId,
    NetworkIx, ServiceLevel, State, StateInterval, Subject, SubjectDetail, SubjectId, SubjectIx,
    Unit, UnitId, UnitKind, Via,
};

mod classes;
mod compared;
mod edges;
mod kinds;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn unit(id: &str, name: &str, kind: UnitKind, parent: Option<u32>, requires: &[u32]) -> Unit {
    Unit {
        id: UnitId::new(id).unwrap(),
        name: name.to_owned(),
        short: name.to_owned(),
        kind,
        parent: parent.map(UnitIx),
        code: None,
        contact: Contact::default(),
        location: None,
        requires: requires.iter().map(|n| NetworkIx(*n)).collect(),
        since: None,
        until: None,
        merged_into: None,
        equipment_stays: false,
    }
}

fn network(id: &str, name: &str, name_en: &str, sla_ppm: Option<u32>) -> Network {
    Network {
        id: NetworkId::new(id).unwrap(),
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        short: id.to_uppercase(),
        over: Vec::new(),
        sla: ServiceLevel { availability_ppm: sla_ppm, ..ServiceLevel::default() },
    }
}

fn carrier(id: &str, name: &str) -> Carrier {
    Carrier {
        id: CarrierId::new(id).unwrap(),
        name: name.to_owned(),
        contract: None,
        hotline: None,
        penalty: None,
        sla: ServiceLevel { availability_ppm: Some(995_000), ..ServiceLevel::default() },
    }
}

fn line(id: &str, unit: u32, network: u32, carrier: Option<u32>) -> Subject {
    let sla = carrier.map(|_| 995_000);
    Subject {
        id: SubjectId::new(id).unwrap(),
        name: id.to_owned(),
        unit: UnitIx(unit),
        via: Via::none(),
        checks: Vec::new(),
        health: HealthParams::default(),
        limits: crate::model::Limits::default(),
        calendar: None,
        off_hours_allowed: false,
        is_enabled: true,
        detail: SubjectDetail::Connection(Connection {
            network: NetworkIx(network),
            carrier: carrier.map(CarrierIx),
            circuit: None,
            bandwidth_kbps: None,
            sla: ServiceLevel { availability_ppm: sla, ..ServiceLevel::default() },
            device: None,
            interface: None,
        }),
        since: None,
        until: None,
    }
}

fn province() -> Inventory {
    Inventory::new(
        vec![
            unit("tien-giang", "Tỉnh Tiền Giang", UnitKind::Province, None, &[]),
            unit("so-y-te", "Sở Y tế", UnitKind::Department, Some(0), &[0]),
            unit("cai-be", "Huyện Cái Bè", UnitKind::District, Some(0), &[0]),
            unit("cai-be.an-cu", "Xã An Cư", UnitKind::Commune, Some(2), &[0, 1]),
            unit("cai-be.hoa-khanh", "Xã Hòa Khánh", UnitKind::Commune, Some(2), &[0, 1]),
            unit("cai-be.tan-hung", "=Xã \"Tân Hưng\"; Bắc", UnitKind::Commune, Some(2), &[0]),
        ],
        vec![
            network("tslcd", "Mạng truyền số liệu chuyên dùng", "Data network", Some(990_000)),
            network("lan", "Mạng cục bộ", "Local network", None),
        ],
        vec![carrier("vnpt", "VNPT Tiền Giang"), carrier("viettel", "Viettel")],
        Vec::new(),
        vec![
            line("so-y-te/tslcd", 1, 0, Some(0)),
            line("cai-be/tslcd", 2, 0, Some(0)),
            line("cai-be.an-cu/tslcd", 3, 0, Some(0)),
            line("cai-be.an-cu/tslcd-4g", 3, 0, Some(1)),
            line("cai-be.an-cu/lan", 3, 1, None),
            line("cai-be.hoa-khanh/tslcd", 4, 0, Some(1)),
            line("cai-be.hoa-khanh/lan", 4, 1, None),
        ],
    )
}

fn from() -> UnixMs {
    "2026-09-30T17:00:00Z".parse().unwrap()
}

fn now() -> UnixMs {
    from() + 10 * DAY
}

/// Parts of `(hours, state)` one after another from the period's start; the last one is open.
fn record(parts: &[(i64, State)]) -> Vec<StateInterval> {
    let mut at = from();
    let mut intervals = Vec::new();
    for (hours, state) in parts {
        let to = at + hours * HOUR;
        let cause = (*state == State::Unreachable).then(|| SubjectId::new("cai-be/tslcd").unwrap());
        intervals.push(StateInterval { from: at, to: Some(to), state: *state, cause });
        at = to;
    }
    if let Some(last) = intervals.last_mut() {
        last.to = None;
    }
    intervals
}

fn intervals() -> BTreeMap<SubjectId, Vec<StateInterval>> {
    use State::{Degraded, Down, Unmeasured, Unreachable, Up};
    let id = |text| SubjectId::new(text).unwrap();
    BTreeMap::from([
        (id("so-y-te/tslcd"), record(&[(240, Up)])),
        (id("cai-be/tslcd"), record(&[(100, Up), (1, Down), (130, Up), (9, Degraded)])),
        (id("cai-be.an-cu/tslcd"), record(&[(100, Up), (1, Unreachable), (130, Up), (9, Down)])),
        (id("cai-be.an-cu/tslcd-4g"), record(&[(240, Up)])),
        (id("cai-be.an-cu/lan"), record(&[(50, Up), (190, Unmeasured)])),
        (id("cai-be.hoa-khanh/tslcd"), record(&[(20, Up), (5, Down), (5, Up), (210, Down)])),
    ])
}

struct Desk {
    inventory: Inventory,
    records: Records,
}

impl Desk {
    fn new() -> Self {
        let inventory = province();
        let records = Records::new(&inventory, intervals(), Some(now()), now());
        Self { inventory, records }
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            inventory: &self.inventory,
            records: &self.records,
            period: Span::new(from(), from() + 31 * DAY),
            now: now(),
            unit: None,
            clock: Clock::default(),
            as_of: None,
            rule: SlaRule::default(),
            coverage_goal_ppm: 980_000,
            availability_goal_ppm: 995_000,
            floor_ppm: 950_000,
        }
    }
}

fn zone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

fn page(zone: &jiff::tz::TimeZone, lang: Lang, excel: bool) -> Page<'_> {
    Page { lang, zone, zone_name: "Asia/Ho_Chi_Minh", excel, letter: None }
}

fn coverage_text(report: &CoverageReport, scope: &Scope<'_>, page: &Page<'_>) -> String {
    write::text(&coverage_document(report, scope, page), page)
}

fn availability_text(report: &AvailabilityReport, scope: &Scope<'_>, page: &Page<'_>) -> String {
    write::text(&availability_document(report, scope, page), page)
}

#[test]
fn coverage_reads_well_in_both_languages() {
    let (desk, zone) = (Desk::new(), zone());
    let report = coverage(&desk.scope());
    assert_snapshot!(
        "coverage_vi",
        coverage_text(&report, &desk.scope(), &page(&zone, Lang::Vi, false))
    );
    assert_snapshot!(
        "coverage_en",
        coverage_text(&report, &desk.scope(), &page(&zone, Lang::En, false))
    );
    assert_snapshot!("coverage_json", report.json(&desk.inventory));
    assert_snapshot!("coverage_csv", report.csv(&desk.inventory, &page(&zone, Lang::Vi, false)));
}

#[test]
fn availability_reads_well_in_both_languages() {
    let (desk, zone) = (Desk::new(), zone());
    let report = availability(&desk.scope(), GroupBy::Subject, false);
    assert_snapshot!(
        "availability_vi",
        availability_text(&report, &desk.scope(), &page(&zone, Lang::Vi, false))
    );
    assert_snapshot!(
        "availability_en",
        availability_text(&report, &desk.scope(), &page(&zone, Lang::En, false))
    );
    assert_snapshot!(
        "availability_json",
        report.json(&desk.inventory, &page(&zone, Lang::Vi, false), None)
    );
    assert_snapshot!(
        "availability_csv",
        report.csv(&desk.inventory, &page(&zone, Lang::Vi, false))
    );
    assert_snapshot!(
        "availability_excel",
        report.csv(&desk.inventory, &page(&zone, Lang::Vi, true))
    );
}

#[test]
fn availability_is_gathered_by_group() {
    let (desk, zone) = (Desk::new(), zone());
    let mut all = String::new();
    for by in
        [GroupBy::Unit, GroupBy::District, GroupBy::Department, GroupBy::Network, GroupBy::Carrier]
    {
        let report = availability(&desk.scope(), by, false);
        all += &report.csv(&desk.inventory, &page(&zone, Lang::En, false));
    }
    assert_snapshot!("availability_groups", all);
    let report = availability(&desk.scope(), GroupBy::Carrier, false);
    assert_snapshot!(
        "availability_by_carrier_vi",
        availability_text(&report, &desk.scope(), &page(&zone, Lang::Vi, false))
    );
}

#[test]
fn a_district_is_reported_with_its_communes() {
    let (desk, zone) = (Desk::new(), zone());
    let scope = Scope { unit: desk.inventory.find_unit("cai-be"), ..desk.scope() };
    let report = coverage(&scope);
    assert_snapshot!(
        "coverage_district_vi",
        coverage_text(&report, &scope, &page(&zone, Lang::Vi, false))
    );
    assert!(report.rows.iter().all(|r| r.unit.0 >= 2));
    assert_eq!(availability(&scope, GroupBy::Subject, false).rows.len(), 6);
}

#[test]
fn what_nobody_vouches_for_is_unmeasured() {
    let inventory = province();
    let alive = from() + 5 * DAY;
    let records = Records::new(&inventory, intervals(), Some(alive), now());
    let subject = SubjectIx(0);
    let until = alive + 30_000;
    assert_eq!(records.state_at(subject, until - 1), State::Up);
    assert_eq!(records.state_at(subject, until), State::Unmeasured);
    let judge = Judge::new(&inventory, &[], Span::new(from(), now()), now());
    let got = judge.availability(&[subject], judge.window(), Clock::default(), |s| records.of(s));
    assert_eq!(got.millis.up, 5 * DAY + 30_000);
    assert_eq!(got.millis.total(), 10 * DAY);
    // Two intervals without a sign of life are not yet a hole.
    let records = Records::new(&inventory, intervals(), Some(now() - 60_000), now());
    assert_eq!(records.state_at(subject, now()), State::Up);
    let records = Records::new(&inventory, intervals(), None, now());
    assert_eq!(records.state_at(subject, now()), State::Unmeasured);
    // Where rounds come faster than the daemon signs, its record may lag behind them.
    let mut inventory = inventory;
    inventory.subjects[0].health.interval_ms = 500;
    let records = Records::new(&inventory, intervals(), Some(now() - 16_000), now());
    assert_eq!(records.state_at(subject, now()), State::Up);
    let records = Records::new(&inventory, intervals(), Some(now() - 21_000), now());
    assert_eq!(records.state_at(subject, now()), State::Unmeasured);
}

#[test]
fn what_is_to_come_is_not_unmeasured_and_what_did_not_exist_is_not_judged() {
    let mut desk = Desk::new();
    assert_eq!(desk.scope().window(), Span::new(from(), now()));
    desk.inventory.subjects[6].since = Some(now() - DAY);
    let report = availability(&desk.scope(), GroupBy::Subject, false);
    let row = report.rows.iter().find(|r| r.key == GroupKey::Subject(SubjectIx(6))).unwrap();
    assert_eq!(row.availability.millis.total(), DAY);
    assert_eq!(row.availability.millis.unmeasured, DAY);
}

#[test]
fn a_missed_goal_outweighs_what_is_not_proven() {
    use Verdict::{Met, Missed, NotProven};
    assert_eq!(overall([]), Met);
    assert_eq!(overall([Met, NotProven]), NotProven);
    assert_eq!(overall([Missed, NotProven, Met]), Missed);
    let desk = Desk::new();
    assert_eq!(coverage(&desk.scope()).verdict(), Missed);
    assert_eq!(availability(&desk.scope(), GroupBy::Subject, false).verdict(), NotProven);
}

#[test]
fn a_report_is_saved_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.csv");
    save(&path, b"one").unwrap();
    save(&path, b"two").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(save(&folder.path().join("absent/report.csv"), b"x").is_err());
}

/// Records of all seven lines, drawn.
fn any_records() -> impl Strategy<Value = BTreeMap<SubjectId, Vec<StateInterval>>> {
    proptest::collection::vec(proptest::collection::vec((1..90_i64, 0..5_usize), 0..12), 7)
        .prop_map(|lists| {
            let inventory = province();
            let parts = lists.iter().map(|parts| {
                let parts: Vec<(i64, State)> =
                    parts.iter().map(|(hours, state)| (*hours, State::ALL[*state])).collect();
                record(&parts)
            });
            inventory.subjects.iter().map(|s| s.id.clone()).zip(parts).collect()
        })
}

proptest! {
    #[test]
    fn classes_sum_to_the_window_and_rungs_are_subsets(intervals in any_records()) {
        let inventory = province();
        let records = Records::new(&inventory, intervals, Some(now()), now());
        let desk = Desk { inventory, records };
        let scope = desk.scope();
        let report = availability(&scope, GroupBy::Subject, false);
        for row in &report.rows {
            prop_assert_eq!(row.availability.millis.total(), scope.window().len_ms());
            let got = &row.availability;
            if let (Some(low), Some(is), Some(high)) = (got.low_ppm(), got.delivered_ppm(), got.high_ppm()) {
                prop_assert!(low <= is && is <= high);
            }
        }
        let sum: i64 = report.rows.iter().map(|r| r.availability.millis.up).sum();
        for by in [GroupBy::Unit, GroupBy::Network, GroupBy::Carrier] {
            let grouped = availability(&scope, by, false);
            prop_assert_eq!(grouped.rows.iter().map(|r| r.availability.millis.up).sum::<i64>(), sum);
        }
        // It does not matter in which order records come; of whom there is none, none comes.
        for by in [GroupBy::Subject, GroupBy::Unit, GroupBy::District, GroupBy::Network] {
            let mut tally = tally::Tally::new(scope, by, true);
            let mut subjects: Vec<_> = desk.inventory.subject_ixs().collect();
            subjects.reverse();
            for subject in subjects {
                let record = desk.records.of(subject);
                if !record.is_empty() {
                    tally.take(subject, record);
                }
            }
            prop_assert_eq!(tally.report(), availability(&scope, by, true));
        }
        let report = coverage(&scope);
        for row in &report.rows {
            let l = row.ladder;
            prop_assert!(l.required >= l.deployed && l.deployed >= l.measured);
            prop_assert!(l.measured >= l.live && l.live >= l.met);
        }
        for network in [NetworkIx(0), NetworkIx(1)] {
            let top = report.rows.iter().find(|r| r.unit == UnitIx(0) && r.network == network).unwrap();
            let named = report.not_live.iter().filter(|n| n.network == network).count();
            prop_assert_eq!(u32::try_from(named).unwrap(), top.ladder.required - top.ladder.live);
        }
    }

    #[test]
    fn every_format_has_the_same_figures(intervals in any_records()) {
        let inventory = province();
        let records = Records::new(&inventory, intervals, Some(now()), now());
        let desk = Desk { inventory, records };
        let (scope, zone) = (desk.scope(), zone());
        let page = page(&zone, Lang::En, false);
        let report = availability(&scope, GroupBy::Subject, false);
        let json: serde_json::Value =
            serde_json::from_str(&report.json(&desk.inventory, &page, None)).unwrap();
        let text = availability_text(&report, &scope, &page);
        let csv = report.csv(&desk.inventory, &page);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let header = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(rows.len(), json["rows"].as_array().unwrap().len());
        for (row, object) in rows.iter().zip(json["rows"].as_array().unwrap()) {
            let cells: BTreeMap<&str, &str> = header.iter().zip(row.iter()).collect();
            let mut seen = BTreeSet::new();
            for (class, seconds) in object["seconds"].as_object().unwrap() {
                prop_assert_eq!(cells[format!("{class}_s").as_str()], seconds.to_string());
                seen.insert(class.as_str());
            }
            prop_assert_eq!(seen.len(), 7);
            for (state, seconds) in object["planned_seconds"].as_object().unwrap() {
                prop_assert_eq!(cells[format!("planned_{state}_s").as_str()], seconds.to_string());
            }
            for key in ["availability", "measured", "low", "high", "outages", "mttr_s", "mtbf_s", "sla", "own"] {
                let value = &object[key];
                let same = match value.as_f64() {
                    None => cells[key].is_empty(),
                    Some(n) => cells[key].parse::<f64>().unwrap() == n,
                };
                prop_assert!(same, "{key}: {} and {value}", cells[key]);
            }
            let line = text.lines().find(|l| l.contains(&format!("({})", cells["subject"]))).unwrap();
            let ppm = |n: f64| u32::try_from((n * 1e6).round() as i64).unwrap();
            for (key, decimals) in [("availability", 2), ("own", 2), ("measured", 1), ("low", 2), ("high", 2)] {
                if let Some(n) = object[key].as_f64() {
                    let shown = crate::locale::percent(Lang::En, ppm(n), decimals);
                    prop_assert!(line.contains(&shown), "{key} {shown} in {line}");
                }
            }
        }
        let report = coverage(&scope);
        let json: serde_json::Value = serde_json::from_str(&report.json(&desk.inventory)).unwrap();
        let csv = report.csv(&desk.inventory, &page);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let header = reader.headers().unwrap().clone();
        for (row, object) in reader.records().zip(json["rows"].as_array().unwrap()) {
            let row = row.unwrap();
            for (name, cell) in header.iter().zip(row.iter()).filter(|(name, _)| *name != "unit_name") {
                let value = &object[name];
                let same = match (value.as_str(), value.as_f64()) {
                    (Some(text), _) => text == cell,
                    (None, Some(n)) => cell.parse::<f64>().unwrap() == n,
                    (None, None) => cell.is_empty(),
                };
                prop_assert!(same, "{name}: {cell} and {value}");
            }
        }
    }
}
