//! What devices say of themselves: rounds that say something is beyond its threshold.

use super::stories::down;
use super::*;
use crate::model::{
    Cause, CredentialId, Device, DeviceId, Guess, RoundError, Sign, SnmpTrouble, Threshold,
};

const BUSY: RoundError = RoundError::Over(Threshold::Cpu);
const ON_BATTERY: RoundError = RoundError::Over(Threshold::Battery);
const SILENT: RoundError = RoundError::Snmp(SnmpTrouble::Silent);

/// A is asked by ping and, as a check that only degrades, by SNMP.
fn asked_twice() -> Bench {
    let mut twice = Inventory::clone(&inventory(vec![Via::none()]));
    let second = Check { kind: snmp(), critical: false, name: None };
    twice.subjects[0].checks.push(second);
    let mut b = Bench::with(twice, Settings::default());
    b.good(A, 0);
    b
}

/// A is asked by SNMP alone.
fn asked_by_snmp() -> Bench {
    let mut alone = Inventory::clone(&inventory(vec![Via::none()]));
    alone.subjects[0].checks[0].kind = snmp();
    Bench::with(alone, Settings::default())
}

fn snmp() -> CheckKind {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    CheckKind::Snmp { address, credential: CredentialId::new("public").unwrap() }
}

impl Bench {
    /// A device's answer by SNMP, or its silence: what it says is wrong.
    fn says(&mut self, check: u8, seconds: i64, error: Option<RoundError>) {
        let lost = u8::from(error == Some(SILENT));
        let (at, rtts) = (t(seconds), Rtts::default());
        let round = Round { subject: A, check, at, sent: 1, lost, rtts, error };
        let mut effects = Vec::new();
        self.health.round(&round, at + 100, &mut effects);
        self.apply(effects);
    }

    fn rule(&self) -> Rule {
        self.health.explain(A, t(0)).rule
    }

    fn trouble(&self) -> Option<RoundError> {
        self.health.view(A).trouble
    }
}

/// The states after each of these answers of the second check, five seconds apart; `!`: busy.
fn states_after(answers: &str) -> Vec<State> {
    let mut b = asked_twice();
    let mut states = Vec::new();
    for (n, said) in (1_i64..).zip(answers.chars()) {
        b.good(A, 5 * n);
        b.says(1, 5 * n + 1, (said == '!').then_some(BUSY));
        states.push(b.state(A));
    }
    states
}

#[test]
fn three_of_the_last_five_answers_over_a_threshold_degrade_and_five_without_end_it() {
    let degraded_from = |answers| states_after(answers).iter().position(|s| *s != State::Up);
    assert_eq!(degraded_from("!.!.!"), Some(4));
    assert_eq!(degraded_from("!!!"), Some(2));
    assert_eq!(degraded_from("!!...!!...!!"), None, "never three of five");
    assert_eq!(degraded_from("!!..!"), Some(4), "the first of five counts still");
    let states = states_after("!!!....!.....");
    assert_eq!(states[2..12], [State::Degraded; 10], "four without, one with, four without");
    assert_eq!(states[12], State::Up);
}

#[test]
fn why_a_subject_is_degraded_is_said_while_it_is() {
    let mut b = asked_twice();
    assert_eq!(b.trouble(), None);
    (1..=3).for_each(|n| b.says(1, 5 * n, Some(BUSY)));
    assert_eq!((b.rule(), b.trouble()), (Rule::OverThreshold, Some(BUSY)));
    (4..=8).for_each(|n| b.says(1, 5 * n, None));
    assert_eq!((b.rule(), b.trouble()), (Rule::GoodAgain, None));
    b.good(A, 45);
    (10..=12).for_each(|n| b.says(1, 5 * n, Some(SILENT)));
    assert_eq!((b.rule(), b.trouble()), (Rule::SecondaryCheck, Some(SILENT)));
}

#[test]
fn what_is_told_is_believed_at_once_and_is_over_at_once() {
    let mut b = asked_twice();
    b.says(1, 5, Some(ON_BATTERY));
    assert_eq!((b.state(A), b.trouble()), (State::Degraded, Some(ON_BATTERY)));
    b.says(1, 10, None);
    assert_eq!((b.state(A), b.trouble()), (State::Up, None));
}

#[test]
fn a_device_that_answers_by_snmp_alone_is_poor_only_where_it_says_so() {
    let mut b = asked_by_snmp();
    (0..6).for_each(|n| b.says(0, 30 * n, None));
    assert_eq!(b.state(A), State::Up, "an answer without times is no lost one");
    b.says(0, 180, Some(BUSY));
    assert_eq!((b.state(A), b.trouble()), (State::Up, None), "once is no trouble yet");
    [210, 240].into_iter().for_each(|s| b.says(0, s, Some(BUSY)));
    assert_eq!((b.state(A), b.trouble()), (State::Degraded, Some(BUSY)));
    b.says(0, 270, None);
    assert_eq!((b.state(A), b.trouble()), (State::Degraded, Some(BUSY)), "it may be so again");
    (10..14).for_each(|n| b.says(0, 30 * n, None));
    assert_eq!((b.state(A), b.trouble()), (State::Up, None));
}

#[test]
fn why_a_check_fails_is_said_while_it_fails() {
    let mut b = asked_by_snmp();
    b.says(0, 0, None);
    b.says(0, 30, Some(SILENT));
    assert_eq!(b.trouble(), Some(SILENT), "as soon as it is suspect");
    b.says(0, 35, None);
    assert_eq!(b.trouble(), None);
}

#[test]
fn a_ups_that_answers_and_is_on_battery_says_that_the_mains_are_gone() {
    let mut b = asked_twice();
    let mut ups = Inventory::clone(b.health.inventory());
    ups.subjects[0].detail = SubjectDetail::Device(Device {
        id: DeviceId::new("ups").unwrap(),
        role: "ups".to_owned(),
        vendor: None,
        model: None,
        serial: None,
        firmware: None,
        speeds: Vec::new(),
        support_until: None,
        snmp: None,
        addresses: Vec::new(),
    });
    b.reload(Arc::new(ups), 1);
    let mut effects = Vec::new();
    let said = Evidence::Battery { at: t(5), is_on: true };
    b.health.evidence(A, said, t(5), &mut effects);
    b.apply(effects);
    b.says(1, 5, Some(ON_BATTERY));
    b.settle(6);
    let incident = &b.health.incidents()[0];
    assert_eq!(incident.state, State::Degraded);
    let device = SubjectId::new("s0").unwrap();
    let expected = Guess { cause: Cause::Power, signs: vec![Sign::OnBattery { device }] };
    assert_eq!(incident.guess, Some(expected));
}

#[test]
fn a_line_that_has_ended_keeps_no_unit_connected() {
    let mut lines = Inventory::clone(&inventory(vec![Via::none(), Via::none()]));
    lines.subjects[1].unit = UnitIx(0);
    lines.subjects[1].until = Some(t(40));
    let (units, networks, subjects) = (lines.units, lines.networks, lines.subjects);
    let lines = Inventory::new(units, networks, vec![], vec![], subjects);
    let cut_off = |from: i64| {
        let mut b = Bench::with(lines.clone(), Settings::default());
        [A, B].into_iter().for_each(|s| b.good(s, 0));
        down(&mut b, A, from);
        b.settle(from + 11);
        b.health.incidents()[0].impact.units.len()
    };
    assert_eq!(cut_off(20), 0, "it has another line still");
    assert_eq!(cut_off(30), 1);
}
