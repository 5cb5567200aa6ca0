//! What Icinga DB and Zabbix make of a record.

use super::*;

/// A window of 1000 ms; the record begins at `start`.
fn theirs(rule: SlaRule, entries: &[(i64, State)], planned: &[(i64, i64)]) -> (i64, i64) {
    let planned: Vec<Span> =
        planned.iter().map(|(a, b)| Span::new(UnixMs(*a), UnixMs(*b))).collect();
    let intervals = record(entries);
    let classes = classify(&intervals, WINDOW, &planned, None);
    let found = foreign_sla(rule, &intervals, &classes, &[WINDOW]).unwrap();
    (found.ok_ms, found.counted_ms)
}

#[test]
fn icinga_carries_the_last_hard_state_over_holes_and_leaves_pending_time_out() {
    let icinga = |entries: &[_], planned: &[_]| theirs(SlaRule::Icinga, entries, planned);
    assert_eq!(icinga(&[(0, Up), (100, Down), (300, Degraded)], &[]), (800, 1000));
    assert_eq!(icinga(&[(0, Up), (100, Unreachable), (300, Up)], &[]), (800, 1000));
    // The hole after the outage is outage, the hole after an answer is OK.
    assert_eq!(icinga(&[(0, Up), (100, Down), (200, Unmeasured), (400, Up)], &[]), (700, 1000));
    assert_eq!(icinga(&[(0, Up), (200, Unmeasured), (400, Down), (500, Up)], &[]), (900, 1000));
    // Pending until the first state.
    assert_eq!(icinga(&[(400, Down), (500, Up)], &[]), (500, 600));
    assert_eq!(icinga(&[(0, Unmeasured), (400, Up)], &[]), (600, 600));
    // Never a state: its SQL only takes pending time out when something ends it.
    assert_eq!(icinga(&[], &[]), (1000, 1000));
    // The state before the window is known.
    assert_eq!(icinga(&[(-50, Down), (-10, Unmeasured), (300, Up)], &[]), (700, 1000));
    // Downtime counts as OK, and stays in the total.
    assert_eq!(icinga(&[(0, Up), (100, Down), (300, Up)], &[(150, 250)]), (900, 1000));
}

#[test]
fn zabbix_keeps_states_without_values_and_takes_excluded_downtime_out() {
    let zabbix = |entries: &[_], planned: &[_]| theirs(SlaRule::Zabbix, entries, planned);
    assert_eq!(zabbix(&[(0, Up), (100, Down), (300, Degraded)], &[]), (800, 1000));
    // A dependent trigger does not fire; one that had fired does not recover either.
    assert_eq!(zabbix(&[(0, Up), (100, Unreachable), (300, Up)], &[]), (1000, 1000));
    assert_eq!(zabbix(&[(0, Up), (100, Down), (200, Unreachable), (300, Up)], &[]), (800, 1000));
    assert_eq!(zabbix(&[(0, Up), (100, Unmeasured), (300, Up)], &[]), (1000, 1000));
    assert_eq!(zabbix(&[(0, Up), (100, Down), (200, Unmeasured), (400, Up)], &[]), (700, 1000));
    assert_eq!(zabbix(&[(400, Up)], &[]), (1000, 1000), "no problem yet");
    assert_eq!(zabbix(&[], &[]), (1000, 1000));
    assert_eq!(zabbix(&[(0, Up), (100, Down), (300, Up)], &[(150, 350)]), (750, 800));
    assert_eq!(zabbix(&[(0, Up)], &[(0, 1000)]), (0, 0));
}

#[test]
fn figures_sum_and_ours_is_no_foreign_one() {
    assert_eq!(foreign_sla(SlaRule::Tuantra, &[], &[], &[]), None);
    let mut sum = ForeignSla { ok_ms: 900, counted_ms: 1000 };
    sum += ForeignSla { ok_ms: 600, counted_ms: 600 };
    assert_eq!(sum.ppm(), Some(937_500));
    assert_eq!((sum.reaches(937_500), sum.reaches(937_501)), (Some(true), Some(false)));
    let nothing = ForeignSla::default();
    assert_eq!((nothing.ppm(), nothing.reaches(0)), (None, None));
}

#[test]
fn only_the_clocks_hours_are_counted() {
    let intervals = record(&[(0, Up), (100, Down), (300, Up)]);
    let classes = classify(&intervals, WINDOW, &[], None);
    let hours = [Span::new(UnixMs(200), UnixMs(400))];
    let found = foreign_sla(SlaRule::Zabbix, &intervals, &classes, &hours).unwrap();
    assert_eq!((found.ok_ms, found.counted_ms), (100, 200));
}
