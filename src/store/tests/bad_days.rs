//! Damaged files, clocks that step back, a full queue. What needs a file system of its own is in
//! `tests/store_bad_days.rs`.

use std::path::Path;

use super::*;

const SUBJECTS: i64 = 40;
const STEPS: i64 = 240;

/// Some hundred pages: states, events, samples of two days, of which the first is sealed. Written
/// once for all tests.
fn written(place: &Place) {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let place = Place::new();
        let store = place.open();
        for n in 0..STEPS {
            store.submit(step(n));
        }
        store.tidy_blocking().unwrap();
        store.close().unwrap();
        std::fs::read(place.db()).unwrap()
    });
    std::fs::write(place.db(), bytes).unwrap();
}

/// Ten minutes of all subjects, every second one with another state than before.
fn step(n: i64) -> Batch {
    let at = T0 + n * 600_000;
    let state = State::ALL[usize::try_from(n).unwrap() % 3];
    let subject = format!("unit-{}/tslcd", n % SUBJECTS);
    let detail = serde_json::json!({ "n": n, "text": "x".repeat(600) });
    let event =
        Event { at: UnixMs(at), kind: EventKind::State, subject: Some(id(&subject)), detail };
    let samples = (0..SUBJECTS)
        .flat_map(|s| (0..20).map(move |k| (s, k)))
        .map(|(s, k)| {
            let us = u32::try_from(4_000 + (s * 977 + k * 31 + n * 7) % 5_000).unwrap();
            let sample = Sample {
                at: UnixMs(at + k * 30_000),
                check: 0,
                sent: 3,
                lost: 0,
                rtts: Rtts::from_us(&[us, us + 13, us * 2]),
                error: None,
            };
            (id(&format!("unit-{s}/tslcd")), sample.into())
        })
        .collect();
    Batch {
        facts: vec![
            replace(&subject, at, vec![interval(at, None, state)]),
            Fact::Event(event),
            Fact::Alive { at: UnixMs(at) },
        ],
        samples,
    }
}

/// What there is, so that two stores can be held against each other.
#[derive(Debug, PartialEq)]
struct Content {
    events: Vec<i64>,
    intervals: BTreeMap<SubjectId, Vec<StateInterval>>,
    samples: usize,
}

fn content(place: &Place) -> Content {
    let reader = place.reader();
    let events = reader.events(ALL_TIME, 100_000).unwrap();
    assert!(events.windows(2).all(|w| w[0].seq < w[1].seq));
    let events = events.iter().filter_map(|e| e.event.detail["n"].as_i64()).collect();
    let intervals = reader.intervals(None, ALL_TIME).unwrap();
    for (subject, record) in &intervals {
        check_partition(record).unwrap_or_else(|e| panic!("{subject}: {e:?}"));
    }
    let samples = intervals.keys().map(|s| reader.samples(s, ALL_TIME).unwrap().len()).sum();
    // Everything else that a store holds to. The chain may tell that something was lost, and a
    // rollup outlives the samples it was made of.
    let checked = reader.check(UnixMs(0), &mut |_| {}).unwrap();
    let may_differ =
        |f: &&Finding| f.table.is_some_and(|t| t == "chain" || t.starts_with("rollup"));
    let findings: Vec<_> = checked.findings.iter().filter(|f| !may_differ(f)).collect();
    assert!(findings.is_empty(), "{findings:?}");
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let orphans: i64 = conn
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(orphans, 0, "rows that refer to nothing");
    Content { events, intervals, samples }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

/// The files that were set aside, without their logs.
fn set_aside(place: &Place) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(place.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.display().to_string().contains(".corrupt-"))
        .filter(|p| !p.display().to_string().ends_with("-wal"))
        .collect();
    found.sort();
    found
}

fn change(path: &Path, f: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    f(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

fn page_of(place: &Place, what: &str) -> usize {
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let page: i64 = conn
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [what], |row| row.get(0))
        .unwrap();
    usize::try_from(page).unwrap()
}

/// The pages that hold these tables' rows, in the file's order.
fn leaves_of(place: &Place, tables: &[&str]) -> Vec<usize> {
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let sql = "SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf'";
    let mut query = conn.prepare(sql).unwrap();
    let mut pages: Vec<usize> = Vec::new();
    for table in tables {
        let found = query.query_map([table], |row| row.get::<_, i64>(0)).unwrap();
        pages.extend(found.map(|page| usize::try_from(page.unwrap()).unwrap()));
    }
    assert!(pages.len() > 50, "{}", pages.len());
    pages.sort_unstable();
    pages
}

/// Opens the store again: it has to go on, and to say that it was damaged.
fn recover(place: &Place) -> String {
    let damaged = std::fs::read(place.db()).unwrap();
    let later = T0 + STEPS * 600_000;
    let store = place.open_at(later);
    let told = store.status().trouble.expect("nothing was told");
    let asides = set_aside(place);
    assert_eq!(asides.len(), 1, "{asides:?}");
    assert!(told.contains(&asides[0].display().to_string()), "{told}");
    assert!(asides[0].display().to_string().ends_with("tuantra.db.corrupt-20260923T061320Z"));
    assert!(std::fs::read(&asides[0]).unwrap() == damaged, "the evidence was changed");
    store.submit(step(STEPS));
    store.tidy_blocking().unwrap();
    store.close().unwrap();
    let events = place.reader().events(ALL_TIME, 100_000).unwrap();
    let trouble = events.iter().find(|e| e.event.kind == EventKind::Trouble).unwrap();
    assert_eq!(trouble.event.at, UnixMs(later));
    // The sequence goes on above all that was given out.
    let last = events.last().unwrap();
    assert_eq!(last.event.detail["n"], STEPS);
    assert!(trouble.seq > STEPS * 2 && last.seq > trouble.seq, "{} {}", trouble.seq, last.seq);
    told
}

#[test]
fn of_a_lost_header_nothing_else_is_lost() {
    for damage in [0..100_usize, 0..16, 16..18, 68..72] {
        let place = Place::new();
        written(&place);
        let before = content(&place);
        change(&place.db(), |bytes| bytes[damage.clone()].iter_mut().for_each(|b| *b ^= 0xa5));
        let told = recover(&place);
        assert!(told.contains("Nothing is known to be lost"), "{damage:?}: {told}");
        let mut after = content(&place);
        assert_eq!(after.events.pop(), Some(STEPS));
        assert_eq!(after.events, before.events, "{damage:?}");
        assert!(after.samples > before.samples);
    }
}

#[test]
fn of_a_page_in_the_middle_only_that_page_is_lost() {
    let place = Place::new();
    written(&place);
    let before = content(&place);
    // Four leaves of what everybody reads: which pages these are depends on how the writer's turns fell.
    let leaves = leaves_of(&place, &["event", "block"]);
    change(&place.db(), |bytes| {
        for part in 2..6 {
            let page = leaves[leaves.len() * part / 7] - 1;
            bytes[page * 4_096..(page + 1) * 4_096].fill(0x5a);
        }
    });
    let store = place.open_at(T0 + STEPS * 600_000);
    // Whoever reads it all finds it, if the start has not.
    let found = (|| -> Result<(), StoreError> {
        let reader = Reader::open(&place.db())?;
        reader.events(ALL_TIME, 100_000)?;
        let all = reader.intervals(None, ALL_TIME)?;
        all.keys().try_for_each(|s| reader.samples(s, ALL_TIME).map(|_| ()))
    })();
    if let Err(error) = found {
        assert!(error.is_rot(), "{error}");
        store.mend_blocking(&error).unwrap();
    }
    store.submit(step(STEPS));
    store.tidy_blocking().unwrap();
    assert_eq!(set_aside(&place).len(), 1);
    let told = store.status().trouble.unwrap();
    assert!(told.contains("Lost: "), "{told}");
    store.close().unwrap();
    let after = content(&place);
    assert!(after.events.len() * 10 > before.events.len() * 8, "{told}");
    assert!(after.samples * 10 > before.samples * 7, "{} of {}", after.samples, before.samples);
    assert_eq!(after.intervals.len(), before.intervals.len());
    assert!(after.events.is_sorted());
}

#[test]
fn whatever_is_damaged_the_new_one_holds_what_a_store_holds() {
    let sound = Place::new();
    written(&sound);
    let known = samples_of(&sound);
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 1).unwrap() % below
    };
    let (mut kept, mut lossy) = (0, 0);
    let rounds = std::env::var("TUANTRA_DAMAGES").map_or(6, |text| text.parse().unwrap());
    for round in 0..rounds {
        let place = Place::new();
        written(&place);
        change(&place.db(), |bytes| {
            let len = bytes.len();
            for _ in 0..1 + random(6) {
                match random(4) {
                    0 => bytes[random(len)] ^= 1 << random(8),
                    1 => {
                        let at = random(len - 600);
                        (at..at + 600).for_each(|n| bytes[n] = random(256).to_le_bytes()[0]);
                    }
                    2 => {
                        let page = random(len / 4_096);
                        bytes[page * 4_096..(page + 1) * 4_096].fill(0);
                    }
                    // A page lands where another belongs.
                    _ => {
                        let (from, to) = (random(len / 4_096), random(len / 4_096));
                        bytes.copy_within(from * 4_096..(from + 1) * 4_096, to * 4_096);
                    }
                }
            }
        });
        let store = place.open_at(T0 + STEPS * 600_000);
        // A byte in a record is nobody's to notice: as if somebody had.
        let rot = StoreError::Corrupt { path: place.db(), what: "x", value: String::new() };
        let at_start = store.status().trouble.unwrap_or_default();
        store.mend_blocking(&rot).unwrap();
        let told = store.status().trouble.unwrap();
        lossy += usize::from(told.contains("Lost: ") || at_start.contains("Lost: "));
        store.submit(step(STEPS));
        store.tidy_blocking().unwrap();
        store.close().unwrap();
        let content = content(&place);
        assert!(content.events.contains(&STEPS), "round {round}");
        for (subject, samples) in samples_of(&place) {
            let new = |s: &Sample| s.at.0 >= T0 + STEPS * 600_000;
            let old = samples.into_iter().filter(|s| !new(s));
            let all = known.get(&subject).map(Vec::as_slice).unwrap_or_default();
            let mut found = 0;
            for sample in old {
                assert!(all.contains(&sample), "round {round}: {subject} never was {sample:?}");
                found += 1;
            }
            kept += found;
        }
    }
    assert!(lossy * 3 > rounds, "{lossy} of {rounds}");
    let all = known.values().map(Vec::len).sum::<usize>() * rounds;
    assert!(kept * 2 > all, "{kept} of {all} samples");
}

fn samples_of(place: &Place) -> BTreeMap<SubjectId, Vec<Sample>> {
    let reader = place.reader();
    let subjects = (0..SUBJECTS).map(|s| id(&format!("unit-{s}/tslcd")));
    subjects.map(|s| (s.clone(), reader.samples(&s, ALL_TIME).unwrap())).collect()
}

#[test]
fn a_table_that_starts_with_rubbish_is_read_by_its_other_ways() {
    let place = Place::new();
    written(&place);
    let before = content(&place);
    // The names of all subjects: without them every record would be nobody's.
    let page = page_of(&place, "subject");
    change(&place.db(), |bytes| bytes[(page - 1) * 4_096..page * 4_096].fill(0));
    let told = recover(&place);
    assert!(told.contains("parts of subject"), "{told}");
    let after = content(&place);
    assert_eq!(after.intervals.len(), before.intervals.len());
    assert!(after.samples > before.samples);
}

#[test]
fn half_a_file_gives_what_is_in_it() {
    let place = Place::new();
    written(&place);
    change(&place.db(), |bytes| bytes.truncate(bytes.len() / 2 + 777));
    let told = recover(&place);
    assert!(told.contains("Lost: "), "{told}");
    assert!(content(&place).samples > 0);
}

#[test]
fn a_log_of_zeros_is_noticed_and_the_file_without_it_is_salvaged() {
    let place = Place::new();
    written(&place);
    let before = content(&place);
    let wal = beside(&place.db(), "-wal");
    std::fs::write(&wal, vec![0; 50_000]).unwrap();
    let told = recover(&place);
    assert!(told.contains("after the last checkpoint"), "{told}");
    assert_eq!(content(&place).events.len(), before.events.len() + 1);
    let aside = set_aside(&place).pop().unwrap();
    assert_eq!(std::fs::metadata(beside(&aside, "-wal")).unwrap().len(), 50_000);
}

#[test]
fn what_is_of_no_use_at_all_gives_way_to_a_new_one() {
    let place = Place::new();
    written(&place);
    // The header alone tells whose it was.
    change(&place.db(), |bytes| bytes[100..].fill(0xee));
    let damaged = std::fs::read(place.db()).unwrap();
    let store = place.open();
    let told = store.status().trouble.unwrap();
    assert!(told.contains("Nothing of it could be read"), "{told}");
    store.submit(step(1));
    store.close().unwrap();
    assert_eq!(content(&place).events, [1]);
    assert!(std::fs::read(&set_aside(&place)[0]).unwrap() == damaged);
}

#[test]
fn a_foreign_a_newer_and_a_locked_file_are_never_set_aside() {
    let place = Place::new();
    std::fs::write(place.db(), vec![7; 9_000]).unwrap();
    assert!(matches!(Store::open(&place.db(), &options()), Err(StoreError::Foreign { .. })));
    std::fs::remove_file(place.db()).unwrap();
    let other = rusqlite::Connection::open(place.db()).unwrap();
    other.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
    drop(other);
    assert!(matches!(Store::open(&place.db(), &options()), Err(StoreError::Foreign { .. })));
    std::fs::remove_file(place.db()).unwrap();
    place.open().close().unwrap();
    rusqlite::Connection::open(place.db())
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    assert!(matches!(Store::open(&place.db(), &options()), Err(StoreError::Newer { .. })));
    rusqlite::Connection::open(place.db())
        .unwrap()
        .pragma_update(None, "user_version", schema::known_version())
        .unwrap();
    let store = place.open();
    assert!(matches!(Store::open(&place.db(), &options()), Err(StoreError::Locked { .. })));
    drop(store);
    assert!(set_aside(&place).is_empty());
}

#[test]
fn a_store_that_breaks_while_it_is_written_loses_nothing_that_waits() {
    let place = Place::new();
    let store = place.open();
    for n in 0..50 {
        store.submit(step(n));
    }
    store.flush_blocking().unwrap();
    let reader = place.reader();
    // The root of the events and the log behind it, under the writer's feet: SQLite sees it when
    // it has to read that page again.
    let page = page_of(&place, "event");
    let outside = rusqlite::Connection::open(place.db()).unwrap();
    outside.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(outside);
    {
        use std::os::unix::fs::FileExt as _;
        let file = std::fs::File::options().write(true).open(place.db()).unwrap();
        file.write_all_at(&[0x5a; 4_096], (page as u64 - 1) * 4_096).unwrap();
        std::mem::forget(file);
    }
    // Another connection's write makes the writer forget what it has read.
    let outside = rusqlite::Connection::open(place.db()).unwrap();
    outside.execute("UPDATE meta SET v = v + 1 WHERE k = 'sequence'", []).unwrap();
    drop(outside);
    for n in 50..60 {
        store.submit(step(n));
    }
    store.flush_blocking().unwrap();
    assert_eq!(set_aside(&place).len(), 1);
    let told = store.status().trouble.unwrap();
    assert!(told.contains("parts of event"), "{told}");
    drop(reader);
    store.close().unwrap();
    let after = content(&place);
    assert!(after.events.ends_with(&(50..60).collect::<Vec<_>>()), "{:?}", after.events);
    assert_eq!(place.reader().last_alive().unwrap(), Some(UnixMs(T0 + 59 * 600_000 + 19 * 30_000)));
    let runs: i64 = rusqlite::Connection::open(place.db())
        .unwrap()
        .query_row("SELECT count(*) FROM run", [], |row| row.get(0))
        .unwrap();
    assert_eq!(runs, 1, "the run goes on in the new file");
}

#[test]
fn whoever_is_killed_while_setting_aside_ends_it_at_the_next_start() {
    let place = Place::new();
    written(&place);
    let before = content(&place);
    let db = place.db();
    // Killed after the damaged one was moved: the new one waits, the old log is still there.
    std::fs::rename(&db, beside(&db, ".salvaged")).unwrap();
    std::fs::write(beside(&db, "-wal"), [9; 100]).unwrap();
    let store = place.open_at(T0 + STEPS * 600_000);
    store.close().unwrap();
    assert_eq!(content(&place), before);
    let aside = beside(&db, ".corrupt-20260923T061320Z-wal");
    assert_eq!(std::fs::read(aside).unwrap(), [9; 100]);
    // Killed before: what was salvaged is thrown away, the store stays as it is.
    std::fs::write(beside(&db, ".salvaged"), b"half").unwrap();
    place.open().close().unwrap();
    assert!(!beside(&db, ".salvaged").exists());
    assert_eq!(content(&place), before);
}

#[test]
fn a_disk_that_breaks_every_store_is_not_filled_with_copies() {
    let place = Place::new();
    let store = place.open();
    store.submit(step(0));
    store.flush_blocking().unwrap();
    let rot = StoreError::Corrupt { path: place.db(), what: "thing", value: String::new() };
    for _ in 0..3 {
        store.mend_blocking(&rot).unwrap();
    }
    assert!(matches!(store.mend_blocking(&rot), Err(StoreError::Behind { .. })));
    store.submit(step(1));
    store.flush_blocking().unwrap();
    assert_eq!(set_aside(&place).len(), 3);
    store.close().unwrap();
    assert_eq!(content(&place).events, [0, 1]);
}

#[test]
fn the_reserve_is_made_of_real_room() {
    use std::os::unix::fs::MetadataExt as _;
    let place = Place::new();
    let store = place.open();
    let ballast = std::fs::metadata(beside(&place.db(), ".ballast")).unwrap();
    assert_eq!(ballast.len(), 8 << 20);
    drop(store);
    // Blocks are given out when the page cache is written back.
    let file = std::fs::File::open(beside(&place.db(), ".ballast")).unwrap();
    file.sync_all().unwrap();
    assert!(file.metadata().unwrap().blocks() * 512 >= 8 << 20);
}

#[test]
fn a_clock_that_steps_back_seals_hours_twice_and_loses_nothing() {
    let place = Place::new();
    let store = place.open();
    let hour = 3_600_000;
    // Ahead by three days; then right; the same hours come a second time, other samples in them.
    for (start, offset) in [(T0 + 72 * hour, 0), (T0, 0), (T0 + 72 * hour, 1_000)] {
        for n in 0..30 {
            let mut batch = step(0);
            batch.facts = vec![Fact::Alive { at: UnixMs(start + n * hour + offset) }];
            for (_, reading) in &mut batch.samples {
                if let Reading::Round(sample) = reading {
                    sample.at = UnixMs(start + n * hour + offset + (sample.at.0 - T0));
                }
            }
            store.submit(batch);
            store.tidy_blocking().unwrap();
        }
    }
    store.submit(facts(vec![Fact::Alive { at: UnixMs(T0 + 200 * hour) }]));
    store.tidy_blocking().unwrap();
    let samples = place.reader().samples(&id("unit-3/tslcd"), ALL_TIME).unwrap();
    let instants: std::collections::BTreeSet<i64> = samples.iter().map(|s| s.at.0).collect();
    assert_eq!(samples.len(), 3 * 30 * 20);
    assert_eq!(instants.len(), samples.len(), "a sample is there twice");
    assert!(samples.is_sorted_by_key(|s| s.at));
    store.close().unwrap();
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let left: i64 = conn
        .query_row(
            "SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM block)",
            [],
            |r| r.get(0),
        )
        .unwrap();
    assert_eq!(left, 0, "everything is in the blocks of its days");
}
