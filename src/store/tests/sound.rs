//! Whether the store notices what was done to it: `check` and `verify` on sound and on tampered
//! files, and copies of it.

use rusqlite::Connection;

use super::*;
use crate::model::{Metric, Point, PointKind};
use crate::store::block::{decode_rounds, encode_rounds};
use crate::store::{Checked, Differs, Lost, StoreError, Verified, backup, restore};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const MIDNIGHT: i64 = T0 - T0 % DAY;
/// The last sign of life: three days are sealed, the fourth is in blocks of hours, its last hour
/// in the journal.
const ALIVE: i64 = MIDNIGHT + 3 * DAY + 7 * HOUR;

/// Three days and a morning of two subjects: a round every ten minutes, a state change and an
/// event every day, a metric of one of them.
fn filled() -> Place {
    let place = Place::new();
    let store = place.open_at(MIDNIGHT);
    let heat = Metric { kind: PointKind::Gauge, name: "temperature".into() };
    for hour in 0..=(ALIVE - MIDNIGHT) / HOUR {
        let at = MIDNIGHT + hour * HOUR;
        let mut batch = Batch::default();
        for (n, subject) in ["a", "b/tslcd"].iter().enumerate() {
            for minute in (0..60).step_by(10) {
                let round = sample(at + minute * 60_000 + 7, &[900 + hour as u32, 1_000, 1_100]);
                batch.samples.push((id(subject), round.into()));
            }
            if hour % 24 == 5 {
                let state = if hour / 24 % 2 == n as i64 { State::Down } else { State::Up };
                batch.facts.push(replace(subject, at, vec![interval(at, None, state)]));
                batch.facts.push(Fact::Event(Event {
                    at: UnixMs(at),
                    kind: EventKind::State,
                    subject: Some(id(subject)),
                    detail: serde_json::json!({"to": state.as_str()}),
                }));
            }
        }
        let point = Point { at: UnixMs(at), value: 40_000 + hour };
        batch.samples.push((id("a"), Reading::Point(heat.clone(), point)));
        batch.facts.push(Fact::Alive { at: UnixMs(at) });
        store.submit(batch);
        store.tidy_blocking().unwrap();
    }
    store.close().unwrap();
    place
}

fn check(place: &Place) -> Checked {
    place.reader().check(UnixMs(0), &mut |_| {}).unwrap()
}

fn verify(place: &Place) -> Verified {
    place.reader().verify(ALL_TIME, UnixMs(0), &mut |_, _| {}).unwrap()
}

#[test]
fn a_sound_store_is_clean_wherever_its_samples_stand() {
    let place = filled();
    let found = check(&place);
    assert_eq!(found.findings, []);
    assert_eq!((found.subjects, found.links), (2, 3));
    let reader = place.reader();
    let stats = reader.stats().unwrap();
    // 80 hours of 12 rounds and a point; hours 72 to 78 are in blocks of hours and decoded there.
    assert_eq!(stats.samples, 80 * 13);
    assert_eq!(found.samples, 80 * 13);
    assert_eq!((stats.subjects, stats.series, stats.intervals, stats.events), (2, 3, 8, 8));
    assert_eq!(stats.first, Some(UnixMs(MIDNIGHT + 5 * HOUR)));
    assert_eq!(stats.oldest_samples, Some(UnixMs(MIDNIGHT)));
    let pages: u64 = stats.tables.iter().map(|table| table.pages).sum();
    assert!(pages + stats.free_pages <= stats.pages && pages > 10, "{stats:?}");
    let verified = verify(&place);
    assert_eq!((verified.flaws.as_slice(), verified.days, verified.links), (&[][..], 3, 3));
    assert_eq!(verified.head, reader.chain_head().unwrap());
    assert_eq!(verified.head, stats.head);
    let head = verified.head.unwrap();
    assert_eq!(head.day, UnixMs(MIDNIGHT + 2 * DAY));
    assert_eq!(reader.find_head(&head.head[..10].to_uppercase()).unwrap(), [head]);
    assert_eq!(reader.find_head("00000000").unwrap(), []);
}

/// Changes a round in the block of a day and encodes it as we would.
fn forge(conn: &Connection) {
    let (key, data): (i64, Vec<u8>) = conn
        .query_row("SELECT key, data FROM block_day LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let mut rounds = Vec::new();
    decode_rounds(&data, 0, &mut rounds).unwrap();
    rounds[3].lost = 3;
    rounds[3].rtts = Rtts::default();
    let mut bytes = Vec::new();
    encode_rounds(&rounds, &mut bytes);
    conn.execute("UPDATE block_day SET data = ?2 WHERE key = ?1", (key, bytes)).unwrap();
}

fn run(sql: &'static str) -> impl Fn(&Connection) {
    move |conn| assert!(conn.execute(sql, []).unwrap() > 0, "{sql}")
}

#[test]
fn whatever_is_changed_is_found() {
    type Change = Box<dyn Fn(&Connection)>;
    let changes: [(&str, Change, &str, &[Differs]); 20] = [
        ("a sample", Box::new(forge), "verify.samples", &[Differs::Samples]),
        (
            "a sample's block is gone",
            Box::new(run("DELETE FROM block_day WHERE key = (SELECT max(key) FROM block_day)")),
            "verify.samples",
            &[Differs::Samples],
        ),
        (
            "a state that ended",
            Box::new(run("UPDATE state SET state = 1 WHERE t1 IS NOT NULL")),
            "verify.states",
            &[Differs::States, Differs::States],
        ),
        (
            "an event",
            Box::new(run("UPDATE event SET detail = '{}' WHERE seq = (SELECT min(seq) FROM event)")),
            "verify.events",
            &[Differs::Events],
        ),
        (
            "an event is gone",
            Box::new(run("DELETE FROM event WHERE seq = (SELECT min(seq) FROM event)")),
            "verify.events",
            &[Differs::Events],
        ),
        (
            "a link's own hash",
            Box::new(run("UPDATE chain SET states = samples WHERE n = 2")),
            "verify.head",
            &[Differs::Head, Differs::States],
        ),
        (
            "a head",
            Box::new(run("UPDATE chain SET head = randomblob(32) WHERE n = 2")),
            "verify.head",
            &[Differs::Head, Differs::Head],
        ),
        (
            "a link is gone",
            Box::new(run("DELETE FROM chain WHERE n = 2")),
            "verify.order",
            &[Differs::Order, Differs::Head, Differs::Events, Differs::Uncovered],
        ),
        (
            "a byte of a block",
            Box::new(run("UPDATE block SET data = zeroblob(length(data)) WHERE key = (SELECT min(key) FROM block)")),
            "db.found_undecodable",
            &[],
        ),
        (
            "a byte of the journal",
            Box::new(run("UPDATE journal SET data = CAST(substr(data, 1, 20) AS BLOB) WHERE key = (SELECT min(key) FROM journal)")),
            "db.found_undecodable",
            &[],
        ),
        (
            "a rollup, to another's",
            Box::new(run("UPDATE rollup_hour SET data = (SELECT data FROM rollup_hour ORDER BY key DESC LIMIT 1)
                  WHERE key = (SELECT min(key) FROM rollup_hour)")),
            "db.found_rollup",
            &[],
        ),
        (
            "the rollups of a day's hours, to another day's",
            Box::new(run("UPDATE rollup_hours SET data = (SELECT data FROM rollup_hours ORDER BY key DESC LIMIT 1)
                  WHERE key = (SELECT min(key) FROM rollup_hours)")),
            "db.found_rollup",
            &[],
        ),
        (
            "the rollups of a day's hours are gone",
            Box::new(run("DELETE FROM rollup_hours WHERE key = (SELECT max(key) FROM rollup_hours)")),
            "db.found_rollup",
            &[],
        ),
        (
            "a byte of the rollups of a day's hours",
            Box::new(run("UPDATE rollup_hours SET data = zeroblob(length(data)) WHERE key = (SELECT max(key) FROM rollup_hours)")),
            "db.found_undecodable",
            &[],
        ),
        (
            "a rollup is gone",
            Box::new(run("DELETE FROM rollup_day WHERE key = (SELECT max(key) FROM rollup_day)")),
            "db.found_rollup",
            &[],
        ),
        (
            "a block under another hour",
            Box::new(run("UPDATE block SET key = key + (50 << 24) WHERE key = (SELECT max(key) FROM block)")),
            "db.found_misplaced",
            &[],
        ),
        (
            "a block of a series that nobody knows",
            Box::new(run("UPDATE block SET key = key + 1000 WHERE key = (SELECT max(key) FROM block)")),
            "db.found_no_series",
            &[],
        ),
        (
            "a hole in the states",
            Box::new(run("UPDATE state SET t1 = t1 - 1 WHERE t1 = (SELECT max(t1) FROM state)")),
            "db.found_partition",
            &[],
        ),
        (
            "a number twice",
            Box::new(run("UPDATE run SET seq = (SELECT max(seq) FROM event)")),
            "db.found_twice",
            &[],
        ),
        (
            "a number that was never given",
            Box::new(run("UPDATE meta SET v = v - 1 WHERE k = 'sequence'")),
            "db.found_beyond",
            &[],
        ),
    ];
    let sound = filled();
    for (what, change, finding, differs) in changes {
        let place = Place::new();
        std::fs::copy(sound.db(), place.db()).unwrap();
        let conn = Connection::open(place.db()).unwrap();
        conn.pragma_update(None, "foreign_keys", false).unwrap();
        change(&conn);
        conn.close().unwrap();
        let found = check(&place);
        assert!(found.findings.iter().any(|f| f.what.key == finding), "{what}: {found:?}");
        let verified: Vec<Differs> = verify(&place).flaws.iter().map(|flaw| flaw.what).collect();
        assert_eq!(verified, differs, "{what}");
    }
}

#[test]
fn rows_without_their_parent_and_pages_that_are_no_pages_are_found() {
    let sound = filled();
    let place = Place::new();
    std::fs::copy(sound.db(), place.db()).unwrap();
    let conn = Connection::open(place.db()).unwrap();
    conn.execute_batch("PRAGMA foreign_keys=OFF; DELETE FROM subject WHERE key = 'a'").unwrap();
    conn.close().unwrap();
    let found = check(&place);
    let tables: Vec<_> = found.findings.iter().filter_map(|f| f.table).collect();
    assert!(tables.contains(&"state") && tables.contains(&"series"), "{found:?}");
    assert!(found.findings.iter().any(|f| f.what.key == "db.found_stray"));

    let place = Place::new();
    let mut bytes = std::fs::read(sound.db()).unwrap();
    let conn = Connection::open(sound.db()).unwrap();
    let leaf = "SELECT max(pageno) FROM dbstat WHERE name = 'rollup_hour' AND pagetype = 'leaf'";
    let page: u32 = conn.query_row(leaf, [], |row| row.get(0)).unwrap();
    let page = page as usize;
    bytes[(page - 1) * 4_096..page * 4_096].fill(0x5a);
    std::fs::write(place.db(), bytes).unwrap();
    let found = check(&place);
    assert!(found.findings.iter().any(|f| f.what.key == "db.found_file"), "{found:?}");
}

#[test]
fn samples_whose_time_is_over_are_said_to_be_gone_and_others_are_missed() {
    let place = filled();
    let conn = Connection::open(place.db()).unwrap();
    let first_day = MIDNIGHT / DAY;
    conn.execute("DELETE FROM block_day WHERE key < ?1", [(first_day + 1) << 24]).unwrap();
    conn.close().unwrap();
    let reader = place.reader();
    let kept_from = |at| reader.verify(ALL_TIME, UnixMs(at), &mut |_, _| {}).unwrap();
    let aged = kept_from(MIDNIGHT + DAY);
    assert_eq!((aged.aged.as_slice(), aged.flaws.len()), (&[UnixMs(MIDNIGHT)][..], 0));
    let missed = kept_from(MIDNIGHT + DAY - 1);
    assert_eq!(missed.flaws.iter().map(|f| f.what).collect::<Vec<_>>(), [Differs::Gone]);
    // A day is judged by itself, heads by all before them.
    let later = Span::new(UnixMs(MIDNIGHT + DAY), UnixMs(i64::MAX));
    let later = reader.verify(later, UnixMs(0), &mut |_, _| {}).unwrap();
    assert_eq!((later.flaws.len(), later.days, later.links), (0, 2, 3));
}

#[test]
fn a_day_that_has_changed_is_not_proved_until_a_link_says_so() {
    let place = filled();
    let conn = Connection::open(place.db()).unwrap();
    run("UPDATE state SET state = 1 WHERE t1 = (SELECT min(t1) FROM state)")(&conn);
    conn.execute("INSERT INTO amended (day) VALUES (?1)", [MIDNIGHT / DAY + 1]).unwrap();
    conn.close().unwrap();
    let verified = verify(&place);
    assert_eq!(verified.pending, [UnixMs(MIDNIGHT + DAY)]);
    assert_eq!(verified.flaws, []);
}

#[test]
fn samples_that_come_late_for_a_day_that_had_none_get_a_link() {
    let place = Place::new();
    let store = place.open_at(MIDNIGHT);
    for day in [0, 2] {
        let at = MIDNIGHT + day * DAY + HOUR;
        let samples = readings(&[(id("a"), sample(at, &[900]))]);
        store.submit(Batch { facts: vec![Fact::Alive { at: UnixMs(at) }], samples });
        store.tidy_blocking().unwrap();
    }
    store.submit(facts(vec![Fact::Alive { at: UnixMs(MIDNIGHT + 4 * DAY) }]));
    store.tidy_blocking().unwrap();
    assert_eq!(verify(&place).links, 2);
    let late = readings(&[(id("a"), sample(MIDNIGHT + DAY, &[800]))]);
    store.submit(Batch { facts: Vec::new(), samples: late });
    store.submit(facts(vec![Fact::Alive { at: UnixMs(MIDNIGHT + 4 * DAY + 1) }]));
    store.tidy_blocking().unwrap();
    let verified = verify(&place);
    assert_eq!((verified.flaws.as_slice(), verified.links, verified.days), (&[][..], 3, 3));
}

#[test]
fn a_copy_is_the_same_store_and_takes_its_place_while_the_old_one_is_kept() {
    let place = filled();
    let copy = place.folder.path().join("copy.db");
    let mut seen = Vec::new();
    let copied = backup(&place.db(), &copy, UnixMs(0), &mut |p| seen.push(p.what)).unwrap();
    assert!(copied.checked.is_clean() && copied.bytes > 0);
    assert_eq!(copied.head, place.reader().chain_head().unwrap());
    assert!(seen.contains(&"db.step_copy") && seen.contains(&"db.step_samples"));
    let again = backup(&place.db(), &copy, UnixMs(0), &mut |_| {});
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");

    // What is recorded afterwards is not in the copy.
    let store = place.open_at(ALIVE);
    store.submit(facts(vec![replace("a", ALIVE, vec![interval(ALIVE, None, State::Degraded)])]));
    store.flush_blocking().unwrap();
    let who = (1, UnixMs(ALIVE));
    let refused = restore(&place.db(), &copy, who, UnixMs(0), &mut |_| {});
    assert!(matches!(refused, Err(StoreError::Locked { .. })), "{refused:?}");
    store.close().unwrap();
    let newer = record(&place.reader(), "a");

    let restored = restore(&place.db(), &copy, who, UnixMs(0), &mut |_| {}).unwrap();
    let aside = restored.aside.unwrap();
    assert_eq!(restored.head, copied.head);
    assert_eq!(record(&Reader::open(&aside).unwrap(), "a"), newer);
    let older = record(&place.reader(), "a");
    assert_eq!((older.len() + 1, older.last().unwrap().state), (newer.len(), State::Up));
    assert!(check(&place).is_clean());
    // A daemon goes on with it.
    place.open_at(ALIVE + 1).close().unwrap();
    let names: Vec<_> = std::fs::read_dir(place.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".new") || name.contains(".tmp"))
        .collect();
    assert_eq!(names, [""; 0]);
}

#[test]
fn a_flawed_copy_is_not_put_in_place() {
    let place = filled();
    let copy = place.folder.path().join("copy.db");
    backup(&place.db(), &copy, UnixMs(0), &mut |_| {}).unwrap();
    let conn = Connection::open(&copy).unwrap();
    forge(&conn);
    conn.close().unwrap();
    let before = std::fs::read(place.db()).unwrap();
    let refused = restore(&place.db(), &copy, (1, UnixMs(ALIVE)), UnixMs(0), &mut |_| {});
    assert!(matches!(refused, Err(StoreError::Flawed { .. })), "{refused:?}");
    assert!(std::fs::read(place.db()).unwrap() == before);
    let missing = place.folder.path().join("nothing.db");
    let refused = restore(&place.db(), &missing, (1, UnixMs(ALIVE)), UnixMs(0), &mut |_| {});
    assert!(matches!(refused, Err(StoreError::Missing { .. })), "{refused:?}");
}

#[test]
fn what_was_received_is_what_the_totals_count() {
    let place = filled();
    let reader = place.reader();
    for (from, to) in [(0, 80), (3, 77), (30, 31), (24, 48), (79, 90)] {
        let window = Span::new(
            UnixMs(MIDNIGHT + from * HOUR + 600_000),
            UnixMs(MIDNIGHT + to * HOUR + 1_800_000),
        );
        let totals = reader.totals(window).unwrap();
        let expected: BTreeMap<SubjectId, u64> =
            totals.into_iter().map(|(id, rollup)| (id, rollup.rounds)).collect();
        assert_eq!(reader.received(window).unwrap(), expected, "{from} {to}");
    }
}

#[test]
fn events_come_in_pages_without_a_gap() {
    let place = filled();
    let reader = place.reader();
    let mut seen = Vec::new();
    reader
        .each_event(ALL_TIME, &mut |event| {
            seen.push(event.clone());
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, reader.events(ALL_TIME, usize::MAX).unwrap());
    assert_eq!(seen.len(), 8);
}

/// Salvages the store as if some of `torn` could not be read, and lets it seal what is due.
fn salvaged(place: &Place, torn: &[&str]) {
    let mut conn = Connection::open(place.db()).unwrap();
    let mut found = crate::store::salvage::Salvaged {
        torn: torn.iter().map(|table| (*table).to_owned()).collect(),
        ..Default::default()
    };
    let tx = conn.transaction().unwrap();
    crate::store::repair::repair(&tx, &mut found, UnixMs(SALVAGED)).unwrap();
    tx.commit().unwrap();
    drop(conn);
    let store = place.open_at(SALVAGED);
    store.submit(facts(vec![Fact::Alive { at: UnixMs(SALVAGED) }]));
    store.tidy_blocking().unwrap();
    store.close().unwrap();
}

const SALVAGED: i64 = MIDNIGHT + 5 * DAY;

#[test]
fn what_a_salvage_lost_is_said_to_be_lost_and_nothing_else_is() {
    let lost = |n: i64, lost| (n, lost, UnixMs(SALVAGED));
    let gone = "DELETE FROM event WHERE seq = (SELECT min(seq) FROM event)";
    let all = |found: &Verified| -> Vec<_> {
        found.lost.iter().map(|one| (one.n, one.lost, one.salvaged)).collect()
    };
    let flaws = |found: &Verified| found.flaws.iter().map(|f| f.what).collect::<Vec<_>>();
    let change = |place: &Place, sql| {
        let conn = Connection::open(place.db()).unwrap();
        assert!(conn.execute(sql, []).unwrap() > 0, "{sql}");
    };

    let place = filled();
    change(&place, gone);
    salvaged(&place, &["event"]);
    let found = verify(&place);
    assert_eq!((all(&found), flaws(&found)), (vec![lost(1, Lost::Events)], vec![]));
    assert!(found.links > 3, "what is left has got links of its own");
    assert_eq!(check(&place).findings, []);
    // What the salvage left is held against its note: a later change is no loss.
    let place_of_left = "UPDATE event SET detail = '{}' WHERE seq = (SELECT min(seq) FROM event)";
    change(&place, place_of_left);
    assert_eq!(flaws(&verify(&place)), [Differs::Events]);

    // An event that was missing before the damage, which has left the events alone.
    let place = filled();
    change(&place, gone);
    salvaged(&place, &["block_day"]);
    let found = verify(&place);
    assert_eq!((all(&found), flaws(&found)), (vec![], vec![Differs::Events]));

    // A link, and with it where the next one's events begin; its day gets another.
    let place = filled();
    change(&place, "DELETE FROM chain WHERE n = 2");
    salvaged(&place, &["chain"]);
    let found = verify(&place);
    assert_eq!(all(&found), [lost(3, Lost::Links), lost(3, Lost::Events)]);
    assert_eq!(flaws(&found), []);
    change(&place, "UPDATE chain SET at = at + 1 WHERE n = 3");
    assert_eq!(flaws(&verify(&place)), [Differs::Order, Differs::Head]);
}
