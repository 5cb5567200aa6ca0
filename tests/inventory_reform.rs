//! The worked example: the sample's Tiền Giang of 2016 becomes part of the two-tier Đồng Tháp on
//! 2025-07-01. Reports of an earlier month are the same bytes before and after, both trees come to
//! the same sums, and undo puts every byte back.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tuantra::coverage::Clock;
use tuantra::inventory::reform::{apply, prepare, undo};
use tuantra::inventory::{Defaults, load};
use tuantra::locale::Lang;
use tuantra::model::{Inventory, Span, State, StateInterval, Tier, UnitIx, UnixMs};
use tuantra::report::{
    GroupBy, Page, Records, Said, Scope, availability, availability_document, coverage,
    coverage_document, kinds, moment, month, with_coverage_figures, write,
};

const HOUR: i64 = 3_600_000;

fn zone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn plan() -> PathBuf {
    root().join("examples/reform/dong-thap-2025-07-01.csv")
}

/// A copy of the sample inventory in a folder of its own.
fn sample() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("inventory");
    fs::create_dir(&folder).unwrap();
    for entry in fs::read_dir(root().join("inventory")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    dir
}

fn read(folder: &Path) -> Inventory {
    let loaded = load(folder, &Defaults::default(), &zone());
    assert_eq!(loaded.diagnostics, []);
    loaded.inventory.unwrap()
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    paths.filter(|p| p.is_file()).map(|p| (p.clone(), fs::read(p).unwrap())).collect()
}

/// Every subject with an outage of its own length and hour in every week of `window`, some of them
/// degraded, some not measured for a while.
fn records(inventory: &Inventory, window: Span, now: UnixMs) -> Records {
    let intervals = inventory.subjects.iter().enumerate().map(|(n, subject)| {
        // By the id, which a reform leaves as it is.
        let seed = subject.id.as_str().bytes().fold(7_i64, |h, b| (h * 31 + i64::from(b)) % 9_973);
        let other = [State::Down, State::Unmeasured, State::Degraded][seed as usize % 3];
        let mut at = window.from - 40 * 24 * HOUR;
        let mut record = Vec::new();
        while at < now {
            let (good, bad) = ((100 + seed % 60) * HOUR, (1 + seed % 5) * HOUR + n as i64 % 2);
            let bad = bad - n as i64 % 2;
            for (state, length) in [(State::Up, good), (other, bad)] {
                let to = Some(at + length);
                record.push(StateInterval { from: at, to, state, cause: None });
                at = at + length;
            }
        }
        (subject.id.clone(), record)
    });
    Records::new(inventory, intervals.collect(), Some(now), now)
}

fn page(lang: Lang, zone: &jiff::tz::TimeZone) -> Page<'_> {
    Page { lang, zone, zone_name: "Asia/Ho_Chi_Minh", excel: false, letter: None }
}

fn scope<'a>(
    inventory: &'a Inventory,
    records: &'a Records,
    period: Span,
    now: UnixMs,
    as_of: Option<UnixMs>,
) -> Scope<'a> {
    Scope {
        inventory,
        records,
        period,
        now,
        unit: None,
        clock: Clock::AroundTheClock,
        as_of,
        rule: tuantra::coverage::SlaRule::Tuantra,
        coverage_goal_ppm: 980_000,
        availability_goal_ppm: 995_000,
        floor_ppm: 950_000,
    }
}

/// Reports of every kind that the record alone makes, in all formats.
fn written(scope: &Scope<'_>, langs: &[Lang]) -> BTreeMap<String, Vec<u8>> {
    let zone = zone();
    let mut out = BTreeMap::new();
    for &lang in langs {
        let page = page(lang, &zone);
        let mut put = |name: &str, bytes: Vec<u8>| {
            assert!(out.insert(format!("{name}.{lang:?}"), bytes).is_none());
        };
        let mut documents = Vec::new();
        let covered = coverage(scope);
        put("coverage.csv", covered.csv(scope.inventory, &page).into_bytes());
        put("coverage.json", covered.json(scope.inventory).into_bytes());
        let mut document = coverage_document(&covered, scope, &page);
        with_coverage_figures(&mut document, &covered, scope, &page);
        documents.push(("coverage".to_owned(), document));
        for by in [
            GroupBy::Subject,
            GroupBy::Unit,
            GroupBy::District,
            GroupBy::Department,
            GroupBy::Network,
            GroupBy::Carrier,
        ] {
            let got = availability(scope, by, true);
            put(&format!("{by:?}.csv"), got.csv(scope.inventory, &page).into_bytes());
            put(&format!("{by:?}.json"), got.json(scope.inventory, &page, None).into_bytes());
            documents.push((format!("{by:?}"), availability_document(&got, scope, &page)));
        }
        let said = Said::default();
        for sheet in [
            kinds::outages(scope, &page, &said, true),
            kinds::plan(scope, &page),
            kinds::capacity(scope, &page, &[]),
            kinds::devices(scope, &page, &BTreeMap::new()),
        ] {
            put(&format!("{}.csv", sheet.kind), sheet.csv(&page).into_bytes());
            put(&format!("{}.json", sheet.kind), sheet.json(&page).into_bytes());
            documents.push((sheet.kind.to_owned(), sheet.document(&page)));
        }
        for (name, document) in documents {
            put(&format!("{name}.txt"), write::text(&document, &page).into_bytes());
            put(&format!("{name}.html"), write::html(&document, &page).unwrap().into_bytes());
            put(&format!("{name}.xlsx"), write::xlsx(&document, &page).unwrap());
        }
    }
    out
}

#[test]
fn a_report_of_an_earlier_month_is_the_same_bytes_before_and_after_and_undo_is_whole() {
    let dir = sample();
    let folder = dir.path().join("inventory");
    let (first, zone) = (files(&folder), zone());
    let prepared = prepare(&folder, &plan(), &Defaults::default(), &zone, Lang::Vi).unwrap();
    assert_eq!(prepared.warnings, [], "the new units have the lines of those merged into them");
    let before = read(&folder);
    apply(&folder, &prepared).unwrap();
    let after = read(&folder);
    let june = month("2025-06", &zone).unwrap();
    let now = moment("2025-08-20T07:00", &zone).unwrap();
    let both = [Lang::Vi, Lang::En];
    for (as_of, langs) in [(None, &both[..]), (Some(june.from), &both[..1])] {
        let then = records(&before, june, now);
        let then = written(&scope(&before, &then, june, now, as_of), langs);
        let since = records(&after, june, now);
        let since = written(&scope(&after, &since, june, now, as_of), langs);
        assert!(then.keys().eq(since.keys()) && then.len() > 50 * langs.len(), "{}", then.len());
        for (name, bytes) in &then {
            assert!(since.get(name) == Some(bytes), "{name} is not what it was");
        }
    }
    // The figures are there at all, and by the new tree they are others.
    let since = records(&after, june, now);
    let covered = |as_of| coverage(&scope(&after, &since, june, now, as_of)).json(&after);
    assert_ne!(covered(None), covered(Some(now)));
    undo(&folder, &Defaults::default(), &zone).unwrap();
    assert!(files(&folder) == first, "undo left something else");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the journal is gone");
}

#[test]
fn both_trees_come_to_the_same_sums_of_a_month_before_within_and_after() {
    let dir = sample();
    let (folder, zone) = (dir.path().join("inventory"), zone());
    let prepared = prepare(&folder, &plan(), &Defaults::default(), &zone, Lang::En).unwrap();
    let inventory = prepared.after;
    let day = prepared.reform.at;
    assert_eq!(day, moment("2025-07-01", &zone).unwrap());
    let now = moment("2025-09-01", &zone).unwrap();
    let middle = Span::new(day - 15 * 24 * HOUR, day + 15 * 24 * HOUR);
    for period in [month("2025-06", &zone).unwrap(), middle, month("2025-07", &zone).unwrap()] {
        let records = records(&inventory, period, now);
        let [old, new] =
            [day - 1, day].map(|as_of| scope(&inventory, &records, period, now, Some(as_of)));
        let counted = |scope: &Scope<'_>| {
            let tree = scope.tree();
            let of = |tier| tree.units().filter(|u| inventory.unit(*u).kind.tier() == tier).count();
            (of(Tier::District), of(Tier::Commune))
        };
        assert_eq!((counted(&old), counted(&new)), ((11, 173), (0, 57)));
        // Every line counts for exactly one unit of either tree.
        let sums = |scope: &Scope<'_>| {
            let report = availability(scope, GroupBy::Unit, true);
            let mut sum = tuantra::coverage::Availability::none(Clock::AroundTheClock);
            report.rows.iter().for_each(|row| sum += row.availability);
            assert_eq!(sum.millis, report.total.availability.millis);
            (sum.millis, sum.outages)
        };
        let (by_old, by_new) = (sums(&old), sums(&new));
        assert_eq!(by_old, by_new);
        let lines = i64::try_from(inventory.subjects.len()).unwrap();
        assert_eq!(by_old.0.total(), lines * period.len_ms());
        assert!(by_old.0.down > 0 && by_old.0.unmeasured > 0 && by_old.1 > 0);
        // What the communes got, on the ladder of coverage.
        let communes = |scope: &Scope<'_>| {
            let report = coverage(scope);
            let rows = report.tiers.iter().filter(|row| row.tier == Tier::Commune);
            rows.map(|row| {
                let network = inventory.network(row.network).id.to_string();
                (network, row.ladder.required, row.availability.millis)
            })
            .collect::<Vec<_>>()
        };
        let (by_old, by_new) = (communes(&old), communes(&new));
        assert_eq!(by_old.len(), 2);
        for (old, new) in by_old.iter().zip(&by_new) {
            assert_eq!((&old.0, old.1, &new.0, new.1), (&new.0, 173, &old.0, 57));
            assert_eq!(old.2, new.2, "{}", old.0);
        }
    }
}

#[test]
fn a_merged_commune_is_live_where_all_its_buildings_are() {
    let dir = sample();
    let (folder, zone) = (dir.path().join("inventory"), zone());
    let prepared = prepare(&folder, &plan(), &Defaults::default(), &zone, Lang::En).unwrap();
    let inventory = prepared.after;
    let new = inventory.find_unit("phuong-my-tho").unwrap();
    let july = month("2025-07", &zone).unwrap();
    let live = |down: &str| {
        let up = |state| vec![StateInterval { from: july.from, to: None, state, cause: None }];
        let record = inventory.subjects.iter().map(|subject| {
            let is_down = subject.id.as_str() == down;
            (subject.id.clone(), up(if is_down { State::Down } else { State::Up }))
        });
        let records = Records::new(&inventory, record.collect(), Some(july.to), july.to);
        let report = coverage(&scope(&inventory, &records, july, july.to, None));
        let of = |unit: UnitIx| {
            let rows = report.rows.iter().filter(|row| row.unit == unit);
            rows.map(|row| (row.ladder.deployed, row.ladder.live)).collect::<Vec<_>>()
        };
        of(new)
    };
    assert_eq!(live(""), [(1, 1), (1, 1)]);
    assert_eq!(live("my-tho.phuong-7/tslcd"), [(1, 0), (1, 1)]);
    assert_eq!(live("cai-be.cai-be/tslcd"), [(1, 1), (1, 1)]);
}
