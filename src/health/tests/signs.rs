//! Signs of what an incident is, and those that come late.

use super::stories::{down, good};
use super::*;
use crate::model::{Cause, Device, DeviceId, Guess, Sign};

const D: SubjectIx = SubjectIx(3);

/// The line of unit 1 with its router, and the line of unit 0 with another.
fn two_units() -> Inventory {
    let lines = inventory(vec![Via::none(), Via::none(), Via::none(), Via::none()]);
    let mut subjects = lines.subjects.clone();
    for (router, unit) in [(2, 0), (3, 1)] {
        subjects[router].unit = UnitIx(unit);
        subjects[router].detail = SubjectDetail::Device(Device {
            id: DeviceId::new(&format!("router-{unit}")).unwrap(),
            role: "router".to_owned(),
            vendor: None,
            model: None,
            serial: None,
            firmware: None,
            speeds: Vec::new(),
            support_until: None,
            snmp: None,
            addresses: Vec::new(),
        });
    }
    Inventory::new(lines.units.clone(), lines.networks.clone(), vec![], vec![], subjects)
}

/// What incidents are guessed to be, as far as they changed since the last call.
fn guesses(b: &mut Bench, device: SubjectIx, at: i64, uptime_s: i64) -> Vec<(String, Guess)> {
    b.news.clear();
    let mut effects = Vec::new();
    let said = Evidence::Uptime { at: t(at), uptime_ms: uptime_s * SECOND };
    b.health.evidence(device, said, t(at), &mut effects);
    b.apply(effects);
    let of = |effect: &Effect| match effect {
        Effect::Incident { incident, guess: Some(guess), change: Change::Changed, .. } => {
            Some((incident.root.to_string(), guess.clone()))
        }
        _ => None,
    };
    b.news.iter().filter_map(of).collect()
}

fn restarted(device: &str) -> Guess {
    let device = SubjectId::new(device).unwrap();
    Guess { cause: Cause::Power, signs: vec![Sign::Restarted { device }] }
}

/// A is down from 30 to 60 s, B from 30 to 65 s; both routers answer.
fn two_closed() -> Bench {
    let mut b = Bench::with(two_units(), Settings::default());
    [A, B, C, D].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 30);
    down(&mut b, B, 30);
    b.pass(41);
    good(&mut b, A, 60);
    good(&mut b, B, 65);
    b.pass(71);
    b
}

#[test]
fn a_late_sign_is_kept_once_and_only_with_the_incident_of_its_own_unit() {
    let mut b = two_closed();
    assert_eq!(guesses(&mut b, C, 80, 30), [("s0".to_owned(), restarted("s2"))]);
    assert_eq!(guesses(&mut b, C, 90, 40), [], "the same once more is no news");
    assert_eq!(guesses(&mut b, D, 100, 50), [("s1".to_owned(), restarted("s3"))]);
}

#[test]
fn a_late_sign_that_says_nothing_takes_no_earlier_one_back() {
    let mut b = two_closed();
    assert_eq!(guesses(&mut b, C, 80, 30), [("s0".to_owned(), restarted("s2"))]);
    // The router says that it has been on battery since yesterday: no sign of anything.
    b.news.clear();
    let mut effects = Vec::new();
    let said = Evidence::Battery { at: t(90), is_on: false };
    b.health.evidence(C, said, t(90), &mut effects);
    b.apply(effects);
    assert_eq!(b.news, [], "what was guessed stays");
}

#[test]
fn after_a_reload_no_sign_reaches_the_incident_of_another_unit() {
    let mut b = two_closed();
    // Unit 0 is taken out; what was A's place is B's now, what was C's is gone.
    let old = two_units();
    let mut subjects = vec![old.subjects[1].clone(), old.subjects[3].clone()];
    subjects.iter_mut().for_each(|s| s.unit = UnitIx(0));
    let smaller = Inventory::new(
        old.units[1..2].to_vec(),
        old.networks.clone(),
        Vec::new(),
        Vec::new(),
        subjects,
    );
    b.reload(Arc::new(smaller), 75);
    assert_eq!(guesses(&mut b, B, 80, 30), [], "its place is another one's now");
}

#[test]
fn a_ups_that_says_so_at_the_very_end_still_counts() {
    let mut b = Bench::with(two_units(), Settings::default());
    [A, B, C, D].into_iter().for_each(|s| b.good(s, 0));
    down(&mut b, A, 30);
    let mut effects = Vec::new();
    let said = Evidence::Battery { at: t(41), is_on: true };
    b.health.evidence(C, said, t(41), &mut effects);
    b.apply(effects);
    b.settle(41);
    let device = SubjectId::new("s2").unwrap();
    let expected = Guess { cause: Cause::Power, signs: vec![Sign::OnBattery { device }] };
    assert_eq!(b.health.incidents()[0].guess, Some(expected));
}

#[test]
fn a_silent_network_inside_the_unit_behind_a_router_that_answers_was_switched_off() {
    let guess = |is_inside: bool| {
        let mut inventory = two_units();
        if is_inside {
            inventory.networks[0].over = vec![crate::model::NetworkIx(0)];
        }
        let mut b = Bench::with(inventory, Settings::default());
        [A, B, C, D].into_iter().for_each(|s| b.good(s, 0));
        down(&mut b, A, 30);
        b.settle(41);
        b.health.incidents()[0].guess.clone()
    };
    let router = SubjectId::new("s2").unwrap();
    let expected = Guess { cause: Cause::Equipment, signs: vec![Sign::LanOff { router }] };
    assert_eq!(guess(true), Some(expected));
    assert_eq!(guess(false), None, "a line to the outside is no switch");
}
