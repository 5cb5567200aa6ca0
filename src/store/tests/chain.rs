//! The chain of sealed days.

use super::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const MIDNIGHT: i64 = T0 - T0 % DAY;

/// Day, why and head of every link.
fn links(place: &Place) -> Vec<(i64, String, Vec<u8>)> {
    let conn = rusqlite::Connection::open(place.db()).unwrap();
    let mut statement = conn.prepare("SELECT day, why, head FROM chain ORDER BY n").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// A store with a state change and a sample on each of these days after the first midnight,
/// looked after until the given time.
fn filled(days: &[i64], rtt_us: u32, until: i64) -> (Place, Store) {
    let place = Place::new();
    let store = place.open_at(MIDNIGHT);
    for day in days {
        let at = MIDNIGHT + day * DAY + HOUR;
        let flip = if day % 2 == 0 { State::Up } else { State::Down };
        store.submit(Batch {
            facts: vec![replace("a", at, vec![interval(at, None, flip)])],
            samples: readings(&[(id("a"), sample(at, &[rtt_us]))]),
        });
    }
    store.submit(facts(vec![Fact::Alive { at: UnixMs(until) }]));
    store.tidy_blocking().unwrap();
    (place, store)
}

#[test]
fn a_day_is_linked_two_hours_after_its_end_and_empty_days_are_passed_over() {
    let first = MIDNIGHT / DAY;
    let (place, store) = filled(&[0, 1, 4], 900, MIDNIGHT + 2 * DAY + 2 * HOUR - 1);
    let days = |place: &Place| links(place).iter().map(|l| l.0 - first).collect::<Vec<_>>();
    assert_eq!(days(&place), [0]);
    store.submit(facts(vec![Fact::Alive { at: UnixMs(MIDNIGHT + 9 * DAY) }]));
    store.tidy_blocking().unwrap();
    assert_eq!(days(&place), [0, 1, 4]);
    assert!(links(&place).iter().all(|(_, why, head)| why == "sealed" && head.len() == 32));
}

#[test]
fn a_head_depends_on_every_sample_before_it_and_on_nothing_else() {
    let until = MIDNIGHT + 5 * DAY;
    let one = links(&filled(&[0, 1], 900, until).0);
    assert_eq!(one, links(&filled(&[0, 1], 900, until).0), "the same input, the same chain");
    let other = links(&filled(&[0, 1], 901, until).0);
    assert!(one[0].2 != other[0].2 && one[1].2 != other[1].2);
}

#[test]
fn what_changes_a_sealed_day_adds_a_link_that_says_so() {
    let (place, store) = filled(&[0, 1, 2], 900, MIDNIGHT + 5 * DAY);
    let before = links(&place);
    let late = sample(MIDNIGHT + DAY + 2 * HOUR, &[700]);
    store.submit(Batch { facts: Vec::new(), samples: readings(&[(id("a"), late)]) });
    store.tidy_blocking().unwrap();
    let with_sample = links(&place);
    assert_eq!(with_sample[..3], before[..]);
    assert_eq!((with_sample[3].0, with_sample[3].1.as_str()), (MIDNIGHT / DAY + 1, "amended"));
    // The record is cut: what ended on the last day does so no more.
    let at = MIDNIGHT + 2 * DAY;
    store.submit(facts(vec![replace("a", at, vec![interval(at, None, State::Up)])]));
    store.tidy_blocking().unwrap();
    let cut = links(&place);
    assert_eq!(cut[..4], with_sample[..]);
    assert_eq!((cut[4].0, cut[4].1.as_str(), cut.len()), (MIDNIGHT / DAY + 2, "amended", 5));
    // Nothing is amended twice.
    store.submit(facts(vec![Fact::Alive { at: UnixMs(MIDNIGHT + 6 * DAY) }]));
    store.tidy_blocking().unwrap();
    assert_eq!(links(&place), cut);
}
