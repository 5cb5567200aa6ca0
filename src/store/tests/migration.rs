//! Stores of older versions: `tests/store/v1.db` and `v2.db`, each written by the daemon of that
//! version on a real (loopback) network, `v3.db`, written by the store of that version over a
//! day that is at rest and a morning that is not, and `v5.db`, written in two runs by the daemon of
//! that version, which asked a device by SNMP that was renamed in between. `v8.db`, with every kind of
//! row in it, is made and read by [`super::whole`].

use std::path::Path;

use rusqlite::types::Value;

use super::*;
use crate::store::Resolution;
use crate::store::block::{decode_rounds, scan_row};
use crate::store::sketch::Rollup;

/// A place with the store of version 1 in it.
fn old() -> Place {
    of_version(1)
}

fn of_version(version: i64) -> Place {
    let place = Place::new();
    let file = format!("tests/store/v{version}.db");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), place.db()).unwrap();
    place
}

fn copy_of(place: &Place) -> PathBuf {
    place.folder.path().join("tuantra.db.v1.bak")
}

fn rows(file: &Path, sql: &str) -> Vec<Vec<Value>> {
    let conn = rusqlite::Connection::open(file).unwrap();
    let mut statement = conn.prepare(sql).unwrap();
    let columns = statement.column_count();
    let found = statement.query_map([], |row| (0..columns).map(|n| row.get(n)).collect()).unwrap();
    found.map(Result::unwrap).collect()
}

fn version(file: &Path) -> Vec<Vec<Value>> {
    rows(file, "SELECT * FROM pragma_user_version, pragma_application_id")
}

const OLD_TABLES: [&str; 6] = ["meta", "subject", "run", "state", "event", "latest"];

/// A sample as a row of version 1 or 2 held it.
fn old_samples(file: &Path) -> Vec<(String, Sample)> {
    let conn = rusqlite::Connection::open(file).unwrap();
    let mut statement = conn
        .prepare(
            "SELECT k.key, s.at, s.chk, s.sent, s.lost, s.error, s.rtts FROM sample s
             JOIN subject k ON k.id = s.subject ORDER BY k.key, s.at, s.chk",
        )
        .unwrap();
    let found = statement.query_map([], |row| {
        let error: Option<i64> = row.get(5)?;
        let rtts: Vec<u8> = row.get(6)?;
        let sample = Sample {
            at: UnixMs(row.get(1)?),
            check: row.get(2)?,
            sent: row.get(3)?,
            lost: row.get(4)?,
            rtts: super::super::codec::decode_rtts(&rtts).unwrap(),
            error: error.map(|code| super::super::codec::error_of(code).unwrap()),
        };
        Ok((row.get(0)?, sample))
    });
    found.unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_sample_of_an_old_store_comes_back_from_the_new_one() {
    for version in [1, 2] {
        let place = of_version(version);
        let before = old_samples(&place.db());
        assert!(before.len() > 10, "{}", before.len());
        let store = place.open();
        let new = |what: &str| {
            let reader = place.reader();
            let mut all = Vec::new();
            reader
                .rounds(Span::new(UnixMs(i64::MIN), UnixMs(i64::MAX)), &mut |id, sample| {
                    all.push((id.to_string(), sample));
                    std::ops::ControlFlow::Continue(())
                })
                .unwrap();
            all.sort_by_key(|(id, s)| (id.clone(), s.at, s.check));
            assert_eq!(all, before, "version {version}, {what}");
        };
        new("migrated");
        let long_after = before[0].1.at + 90 * 86_400_000;
        store.submit(facts(vec![Fact::Alive { at: long_after }]));
        store.tidy_blocking().unwrap();
        new("sealed");
    }
}

#[test]
fn an_old_store_is_migrated_with_all_it_holds_and_a_copy_stays_beside_it() {
    let place = old();
    let all = |file: &Path| -> Vec<_> {
        let read = |table: &&str| rows(file, &format!("SELECT * FROM {table} ORDER BY 1, 2"));
        OLD_TABLES.iter().map(read).collect()
    };
    let before = all(&place.db());
    assert!(before.iter().all(|table| !table.is_empty()), "{before:?}");
    let newest = schema::known_version();
    assert!(matches!(
        Reader::open(&place.db()),
        Err(StoreError::Older { found: 1, known, .. }) if known == newest
    ));

    place.open().close().unwrap();
    assert_eq!(all(&place.db()), before);
    assert_eq!(all(&copy_of(&place)), before);
    let id = Value::Integer(i64::from(schema::APPLICATION_ID));
    assert_eq!(version(&place.db()), [[Value::Integer(newest), id.clone()]]);
    assert_eq!(version(&copy_of(&place)), [[Value::Integer(1), id]]);

    let reader = place.reader();
    let district = record(&reader, "huyen/tslcd");
    let states: Vec<State> = district.iter().map(|i| i.state).collect();
    assert_eq!(states, [State::Unmeasured, State::Down, State::Up]);
    assert_eq!(reader.outages(ALL_TIME, &OutageFilter::default()).unwrap().len(), 2);
    assert_eq!(reader.open_incidents().unwrap(), []);
    assert_eq!(reader.maintenance(ALL_TIME).unwrap(), []);
}

#[test]
fn a_migrated_store_is_a_new_one_in_form_and_goes_on_counting() {
    let place = old();
    let last = rows(&place.db(), "SELECT v FROM meta WHERE k = 'sequence'");
    let store = place.open();
    store.submit(facts(vec![Fact::Blind { carrier: None, since: UnixMs(T0), until: None }]));
    store.close().unwrap();
    let Value::Integer(last) = last[0][0] else { panic!("{last:?}") };
    assert_eq!(rows(&place.db(), "SELECT seq FROM blind"), [[Value::Integer(last + 1)]]);

    let new = Place::new();
    new.open().close().unwrap();
    let form = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    assert_eq!(rows(&place.db(), form), rows(&new.db(), form));
    let names = std::fs::read_dir(new.folder.path()).unwrap();
    let copies =
        names.filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains("bak"));
    assert_eq!(copies.count(), 0, "a new store has nothing to copy");
}

#[test]
fn a_copy_from_an_attempt_before_is_replaced() {
    let place = old();
    std::fs::write(copy_of(&place), b"of an earlier attempt").unwrap();
    std::fs::write(place.folder.path().join("tuantra.db.v1.bak.new"), b"torn").unwrap();
    place.open().close().unwrap();
    assert_eq!(rows(&copy_of(&place), "SELECT count(*) FROM run"), [[Value::Integer(1)]]);
    assert!(!place.folder.path().join("tuantra.db.v1.bak.new").exists());
}

#[test]
fn without_a_copy_nothing_is_migrated() {
    let place = old();
    // A folder in the place of the copy's name: it cannot be made.
    std::fs::create_dir(place.folder.path().join("tuantra.db.v1.bak.new")).unwrap();
    let before = std::fs::read(place.db()).unwrap();
    let refused = Store::open(&place.db(), &options()).unwrap_err();
    assert!(refused.to_string().contains("tuantra.db.v1.bak.new"), "{refused}");
    assert_eq!(version(&place.db())[0][0], Value::Integer(1));
    assert_eq!(rows(&place.db(), "SELECT count(*) FROM event"), [[Value::Integer(13)]]);
    assert_eq!(before.len() as u64, std::fs::metadata(place.db()).unwrap().len());
}

#[test]
fn the_copy_is_as_private_as_the_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = old();
    std::fs::set_permissions(place.db(), std::fs::Permissions::from_mode(0o600)).unwrap();
    place.open().close().unwrap();
    let mode = std::fs::metadata(copy_of(&place)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// The primary rounds of a store of version 3, wherever they stand, and its rollups of hours.
type Third = (Vec<(String, Sample)>, Vec<(String, UnixMs, Rollup)>);

fn third(file: &Path) -> Third {
    let conn = rusqlite::Connection::open(file).unwrap();
    let blobs = |table: &str| -> Vec<(i64, Vec<u8>)> {
        let mut statement = conn.prepare(&format!("SELECT key, data FROM {table}")).unwrap();
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        found.unwrap().map(Result::unwrap).collect()
    };
    let names: BTreeMap<u32, String> = conn
        .prepare(
            "SELECT s.id, k.key FROM series s JOIN subject k ON k.id = s.subject
             WHERE s.kind = 'rounds'",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut samples = Vec::new();
    for (_, row) in blobs("journal") {
        // Rows of points are refused.
        _ = scan_row(&row, &(0..u32::MAX), |series, sample| {
            samples.push((names[&series].clone(), sample));
        });
    }
    for table in ["block", "block_day"] {
        for (key, block) in blobs(table) {
            let Some(name) = names.get(&((key & 0xff_ffff) as u32)) else { continue };
            let mut rounds = Vec::new();
            assert_eq!(block[0], 0x11, "the version before");
            decode_rounds(&block, 0, &mut rounds).unwrap();
            samples.extend(rounds.into_iter().map(|sample| (name.clone(), sample)));
        }
    }
    samples.sort_by_key(|(name, sample)| (name.clone(), sample.at));
    let hours = blobs("rollup_hour").into_iter().map(|(key, bytes)| {
        let name = names[&((key & 0xff_ffff) as u32)].clone();
        (name, UnixMs((key >> 24) * 3_600_000), Rollup::decode(&bytes).unwrap())
    });
    let mut hours: Vec<_> = hours.collect();
    hours.sort_by_key(|(name, at, _)| (name.clone(), *at));
    (samples, hours)
}

#[test]
fn hours_of_a_store_of_version_3_are_packed_and_stay_what_they_are() {
    const DAY: i64 = 86_400_000;
    let place = of_version(3);
    let before = third(&place.db());
    assert_eq!((before.0.len() > 4_000, before.1.len()), (true, 81));
    let store = place.open_at(T0);
    let end = before.0.iter().map(|(_, sample)| sample.at).max().unwrap();
    let now = |what: &str, count: [i64; 3]| {
        let reader = place.reader();
        let mut found = Third::default();
        for subject in reader.known_subjects().unwrap() {
            let samples = reader.samples(&subject, ALL_TIME).unwrap();
            found.0.extend(samples.into_iter().map(|sample| (subject.to_string(), sample)));
            let hours = reader.rollups(&subject, ALL_TIME, Resolution::Hour).unwrap();
            let hours = hours.into_iter().filter(|(at, _)| *at + 3_600_000 <= end);
            found.1.extend(hours.map(|(at, rollup)| (subject.to_string(), at, rollup)));
        }
        assert!(found == before, "{what}");
        let tables = ["rollup_hour", "rollup_hours", "chain"];
        let counts = tables.map(|table| {
            let found = rows(&place.db(), &format!("SELECT count(*) FROM {table}"));
            let Value::Integer(count) = found[0][0] else { panic!("{found:?}") };
            count
        });
        assert_eq!(counts, count, "{what}");
        let checked = reader.check(UnixMs(0), &mut |_| {}).unwrap();
        assert_eq!(checked.findings, [], "{what}");
        let verified = reader.verify(ALL_TIME, UnixMs(0), &mut |_, _| {}).unwrap();
        assert_eq!(verified.flaws, [], "{what}");
        let totals = reader.totals(Span::new(UnixMs(0), end + 1)).unwrap();
        let rounds: u64 = totals.values().map(|total| total.rounds).sum();
        assert_eq!(rounds, before.0.len() as u64, "{what}");
    };
    now("migrated", [81, 0, 1]);
    store.submit(facts(vec![Fact::Alive { at: end }]));
    store.tidy_blocking().unwrap();
    // The day at rest was packed without another link of the chain.
    now("tidied", [9, 3, 1]);
    store.submit(facts(vec![Fact::Alive { at: end + 2 * DAY }]));
    store.tidy_blocking().unwrap();
    now("at rest", [0, 6, 2]);
}

#[test]
fn what_devices_said_to_version_5_is_there_and_their_neighbours_are_added() {
    let place = of_version(5);
    // The journal is not among them: at its first look the new writer joins its hours.
    let tables = ["subject", "run", "state", "event", "device_fact", "series"];
    let all = |file: &Path| -> Vec<_> {
        tables.map(|table| rows(file, &format!("SELECT * FROM {table} ORDER BY 1, 2"))).into()
    };
    let before = all(&place.db());
    assert!(before.iter().all(|table| !table.is_empty()), "{before:?}");
    let router = id("xa/router");
    let store = place.open_at(T0 + 400 * 86_400_000);
    assert_eq!(all(&place.db()), before);
    let names: Vec<String> = place
        .reader()
        .sightings(&router)
        .unwrap()
        .into_iter()
        .filter(|seen| &*seen.key == "name")
        .map(|seen| seen.value.to_string())
        .collect();
    assert_eq!(names, ["xa-2", "xa-1"]);
    assert_eq!(place.reader().neighbours(&router).unwrap(), []);
    let seen = vec![super::neighbours::cable("sw-1", T0)];
    let looked = Some(UnixMs(T0));
    store.submit(facts(vec![Fact::Neighbours { subject: router.clone(), looked, seen }]));
    store.flush_blocking().unwrap();
    assert_eq!(place.reader().neighbours(&router).unwrap().len(), 1);
    let checked = place.reader().check(UnixMs(0), &mut |_| {}).unwrap();
    assert_eq!(checked.findings, []);
    assert!(place.folder.path().join("tuantra.db.v5.bak").exists());
}
