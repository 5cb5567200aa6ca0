use proptest::prelude::*;

use super::*;
use crate::probe::snmp::wire::Value;

const DAY_CS: i64 = 8_640_000;
const MINUTE_MS: i64 = 60_000;

/// What a device told of its clocks: `sysUpTime`, `snmpEngineTime` (seconds), `hrSystemUptime`,
/// `snmpEngineBoots`.
fn told(
    system: Option<u32>,
    engine: Option<i32>,
    host: Option<u32>,
    boots: Option<i32>,
) -> Answers {
    let mut answers = Answers::default();
    let mut put = |arcs, value: Option<Value>| {
        if let Some(value) = value {
            answers.insert(mib::oid(arcs), value);
        }
    };
    put(mib::SYS_UP_TIME, system.map(Value::TimeTicks));
    put(mib::ENGINE_TIME, engine.map(Value::Integer));
    put(mib::HR_SYSTEM_UPTIME, host.map(Value::TimeTicks));
    put(mib::ENGINE_BOOTS, boots.map(Value::Integer));
    answers
}

fn system(cs: u32) -> Answers {
    told(Some(cs), None, None, None)
}

#[test]
fn the_longest_clock_counts() {
    // A router's recording: its tick clocks turned over once, the engine's did not.
    let answers = told(Some(648_284_385), Some(49_432_516), Some(648_303_035), Some(3));
    let uptime = Clocks::default().read(&answers, UnixMs(0));
    assert_eq!(uptime.clock, Some(Clock::Engine));
    assert_eq!(uptime.ms, Some(49_432_516_000));
    assert_eq!(uptime.boots, Some(3));
    assert_eq!((uptime.restarted, uptime.has_agent_restarted), (None, false));
}

#[test]
fn a_turn_after_497_days_is_no_restart() {
    let mut clocks = Clocks::default();
    clocks.read(&system(u32::MAX - 2_999), UnixMs(0));
    let uptime = clocks.read(&system(3_000), UnixMs(MINUTE_MS));
    assert_eq!(uptime.restarted, None);
    assert_eq!(uptime.ms, Some((TURN_CS + 3_000) * 10));
    // And the next, a day later.
    let next = clocks.read(&system(3_000 + 8_640_000), UnixMs(MINUTE_MS + 86_400_000));
    assert_eq!((next.restarted, next.ms), (None, Some((TURN_CS + 3_000 + DAY_CS) * 10)));
}

#[test]
fn a_restart_is_seen_and_dated() {
    let mut clocks = Clocks::default();
    clocks.read(&system(90 * 8_640_000), UnixMs(0));
    let uptime = clocks.read(&system(2_000), UnixMs(MINUTE_MS));
    assert_eq!(uptime.restarted, Some(UnixMs(MINUTE_MS - 20_000)));
    let next = clocks.read(&system(8_000), UnixMs(2 * MINUTE_MS));
    assert_eq!(next.restarted, None);
}

#[test]
fn a_restart_in_a_long_hole_is_seen_although_the_clock_shows_more() {
    let mut clocks = Clocks::default();
    clocks.read(&system(1_000), UnixMs(0));
    let uptime = clocks.read(&system(300_000), UnixMs(3_600_000));
    assert_eq!(uptime.restarted, Some(UnixMs(600_000)));
}

#[test]
fn late_answers_drift_and_our_own_clock_are_no_restart() {
    for (cs, at_ms, why) in [
        (100_000_000 + 5_000, 60_000, "ten seconds late"),
        (100_000_000 + 6_000, 3_660_000, "our clock was set an hour ahead"),
        (100_000_000 + 6_000, -3_540_000, "our clock was set an hour back"),
        (100_000_000 + 8_650_000, 86_400_000, "a crystal that runs ahead"),
    ] {
        let mut clocks = Clocks::default();
        clocks.read(&system(100_000_000), UnixMs(0));
        assert_eq!(clocks.read(&system(cs), UnixMs(at_ms)).restarted, None, "{why}");
    }
}

#[test]
fn an_agent_that_begins_anew_is_not_the_device() {
    let mut clocks = Clocks::default();
    clocks.read(&told(Some(500_000), Some(5_000), Some(90_000_000), Some(7)), UnixMs(0));
    let again = told(Some(1_000), Some(10), Some(90_006_000), Some(8));
    let uptime = clocks.read(&again, UnixMs(MINUTE_MS));
    assert_eq!((uptime.restarted, uptime.has_agent_restarted), (None, true));
    assert_eq!(uptime.ms, Some(900_060_000));
}

#[test]
fn a_restart_is_not_believed_while_the_longest_clock_is_missing() {
    let mut clocks = Clocks::default();
    clocks.read(&told(Some(500_000), None, Some(90_000_000), None), UnixMs(0));
    // The agent begins anew and the pass is cut short.
    let cut = clocks.read(&system(1_000), UnixMs(MINUTE_MS));
    assert_eq!((cut.restarted, cut.ms), (None, None));
    let whole =
        clocks.read(&told(Some(7_000), None, Some(90_012_000), None), UnixMs(2 * MINUTE_MS));
    assert_eq!((whole.restarted, whole.has_agent_restarted), (None, true));
    // A clock that is gone for good is given up.
    let mut seen = None;
    for pass in 3..10 {
        let cs = u32::try_from(pass).unwrap_or(0) * 10;
        seen = seen.or(clocks.read(&system(cs), UnixMs(pass * MINUTE_MS)).restarted);
    }
    assert!(seen.is_some());
}

#[test]
fn boots_that_go_back_are_told() {
    let mut clocks = Clocks::default();
    clocks.read(&told(Some(500_000), Some(5_000), None, Some(7)), UnixMs(0));
    let reset = clocks.read(&told(Some(1_000), Some(10), None, Some(1)), UnixMs(MINUTE_MS));
    assert!(reset.have_boots_gone_back && reset.restarted.is_some() && !reset.has_agent_restarted);
    let next = clocks.read(&told(Some(7_000), Some(70), None, Some(1)), UnixMs(2 * MINUTE_MS));
    assert!(!next.have_boots_gone_back);
}

#[test]
fn a_device_without_clocks_has_no_uptime() {
    assert_eq!(Clocks::default().read(&Answers::default(), UnixMs(0)), Uptime::default());
}

proptest! {
    /// A device that runs for years and is asked at any distance never restarts; the time it shows
    /// is the true one.
    #[test]
    fn running_on_is_never_a_restart(
        start_cs in 0..(1_i64 << 32),
        steps in prop::collection::vec((1_000_i64..30 * 86_400_000, -500_i64..500), 1..60),
    ) {
        let mut clocks = Clocks::default();
        let (mut at, mut cs) = (UnixMs(0), start_cs);
        let tick = |cs: i64| system(u32::try_from(cs.rem_euclid(TURN_CS)).unwrap_or(0));
        clocks.read(&tick(cs), at);
        for (elapsed_ms, late_cs) in steps {
            at = at + elapsed_ms;
            cs += elapsed_ms / 10;
            let shown = (cs + late_cs).max(0);
            let uptime = clocks.read(&tick(shown), at);
            prop_assert_eq!(uptime.restarted, None);
            prop_assert!(!uptime.has_agent_restarted);
            prop_assert_eq!(uptime.ms, Some(shown * 10));
        }
    }

    /// One that restarts between two answers, long after it began, is always caught.
    #[test]
    fn a_restart_is_always_seen(
        before_cs in 200_000_i64..(1_i64 << 32),
        elapsed_ms in 5_000_i64..3_600_000,
        share in 0.0_f64..1.0,
    ) {
        let mut clocks = Clocks::default();
        clocks.read(&system(u32::try_from(before_cs).unwrap_or(0)), UnixMs(0));
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a draw")]
        let since_cs = ((elapsed_ms / 10) as f64 * share) as i64;
        let expected = before_cs + elapsed_ms / 10;
        // Near the turn a restart cannot be told from it.
        prop_assume!((since_cs - expected.rem_euclid(TURN_CS)).abs() > 4_000);
        let now = system(u32::try_from(since_cs).unwrap_or(0));
        let uptime = clocks.read(&now, UnixMs(elapsed_ms));
        prop_assert_eq!(uptime.restarted, Some(UnixMs(elapsed_ms - since_cs * 10)));
    }
}
