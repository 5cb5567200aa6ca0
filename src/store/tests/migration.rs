//! Stores of older versions, each written by the daemon of that version on a real (loopback)
//! network: `tests/store/v1.db`, `tests/store/v2.db`.

use std::path::Path;

use rusqlite::types::Value;

use super::*;

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
