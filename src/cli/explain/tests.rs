use super::*;
use crate::health::{ParentSeen, PassageSeen, PhaseSeen, Rule};
use crate::model::{
    HealthParams, IncidentId, RoundError, Rtts, Sample, SnmpTrouble, State, SubjectId, Threshold,
    UnixMs,
};

/// 2026-11-26 07:42:10 in Vietnam.
const NOW: UnixMs = UnixMs(1_795_653_730_000);
const SINCE: UnixMs = UnixMs(NOW.0 - 660_000);

fn id(text: &str) -> SubjectId {
    SubjectId::new(text).unwrap()
}

fn parent(text: &str, state: State, passage: PassageSeen) -> ParentSeen {
    ParentSeen {
        id: id(text),
        state,
        since: NOW - 7_200_000,
        suspect: 0,
        last_answer: Some(NOW - 2_000),
        passage,
        cause: None,
    }
}

fn sample(before_ms: i64, lost: u8, us: &[u32]) -> Sample {
    let rtts = Rtts::from_us(us);
    Sample { at: NOW - before_ms, check: 0, sent: 3, lost, rtts, error: None }
}

/// The line of Cái Bè, steady in `state` by `rule`.
fn account(state: State, rule: Rule) -> Account {
    let is_outage = state.is_outage();
    let failed = |n: i64| sample(5_000 * n, 3, &[]);
    let answered = |n: i64| sample(5_000 * n, 0, &[4_100, 4_300, 5_000]);
    let last = (0..4).rev().map(if is_outage { failed } else { answered }).collect();
    Account {
        explanation: Explanation {
            subject: id("cai-be/tslcd"),
            at: NOW,
            state,
            since: SINCE,
            verdict: Some(state),
            rule,
            cause: (state == State::Unreachable).then(|| id("tinh/truc")),
            phase: PhaseSeen::Steady,
            last_round: Some(NOW),
            last_answer: Some(if is_outage { SINCE - 30_000 } else { NOW }),
            vouched_until: Some(NOW + 60_000),
            poor_rounds: u32::from(state == State::Degraded) * 3,
            usual_us: None,
            secondary_fails: false,
            trouble: None,
            backup: None,
            is_flapping: false,
            change_permille: 0,
            is_planned: false,
            off_hours_until: None,
            is_seen: Some(true),
            parents: vec![parent("dic/core-router-1", State::Up, PassageSeen::Open)],
            incident: None,
            thresholds: HealthParams::default(),
        },
        name: "Huyện Cái Bè · TSLCD".to_owned(),
        source: Source::Daemon,
        ack: None,
        record: None,
        rounds: Ok(Rounds { last, failed: if is_outage { 132 } else { 0 }, is_cut: false }),
        has_sentinels: false,
        blind: Vec::new(),
        zone: TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
    }
}

const RULES: [(Rule, State); 14] = [
    (Rule::NotJudged, State::Unmeasured),
    (Rule::Resumed, State::Up),
    (Rule::Answered, State::Up),
    (Rule::Recovered, State::Up),
    (Rule::GoodAgain, State::Up),
    (Rule::PoorRounds, State::Degraded),
    (Rule::SecondaryCheck, State::Degraded),
    (Rule::OverThreshold, State::Degraded),
    (Rule::OnBackup, State::Degraded),
    (Rule::Confirmed, State::Down),
    (Rule::WindowOver, State::Down),
    (Rule::Blocked, State::Unreachable),
    (Rule::BlockedLater, State::Unreachable),
    (Rule::StillSilent, State::Down),
];

fn first_line(account: &Account, lang: Lang) -> String {
    text::text(account, lang).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn every_rule_has_its_sentence() {
    for lang in Lang::ALL {
        let mut told = Vec::new();
        for (rule, state) in RULES {
            let mut account = account(state, rule);
            if rule == Rule::NotJudged {
                account.explanation.verdict = None;
            }
            if rule == Rule::OnBackup {
                account.explanation.backup = Some(id("cai-be/truc"));
            }
            if rule == Rule::OverThreshold {
                account.explanation.trouble = Some(RoundError::Over(Threshold::Battery));
            }
            told.push(first_line(&account, lang));
        }
        // What a rule says where its numbers have moved on, or where there is no way.
        let mut over = account(State::Degraded, Rule::PoorRounds);
        over.explanation.poor_rounds = 1;
        told.push(first_line(&over, lang));
        let mut silent = account(State::Degraded, Rule::SecondaryCheck);
        silent.explanation.trouble = Some(RoundError::Snmp(SnmpTrouble::Silent));
        told.push(first_line(&silent, lang));
        let mut expiring = account(State::Degraded, Rule::OverThreshold);
        expiring.explanation.trouble = Some(RoundError::Over(Threshold::Certificate));
        told.push(first_line(&expiring, lang));
        for rule in [Rule::Confirmed, Rule::StillSilent] {
            let mut alone = account(State::Down, rule);
            alone.explanation.parents.clear();
            told.push(first_line(&alone, lang));
        }
        let mut long = account(State::Down, Rule::Confirmed);
        long.explanation.since = NOW - 3 * 86_400_000;
        long.rounds = Ok(Rounds { last: Vec::new(), failed: 17_280, is_cut: true });
        told.push(first_line(&long, lang));
        let mut unasked = account(State::Unmeasured, Rule::Confirmed);
        unasked.explanation.verdict = Some(State::Down);
        unasked.explanation.last_round = Some(SINCE - 60_000);
        unasked.explanation.vouched_until = Some(SINCE);
        told.push(first_line(&unasked, lang));
        unasked.blind = vec![(None, SINCE - 1_000)];
        told.push(first_line(&unasked, lang));
        unasked.explanation.last_round = None;
        told.push(first_line(&unasked, lang));
        insta::assert_snapshot!(format!("rules_{lang}"), told.join("\n"));
    }
}

#[test]
fn every_phase_has_its_words() {
    let first = NOW - 10_000;
    let phases = [
        (State::Up, PhaseSeen::Steady),
        (State::Up, PhaseSeen::Suspect { first, failed: 2 }),
        (State::Up, PhaseSeen::Held { first, failed: 4, until: NOW + 20_000 }),
        (State::Down, PhaseSeen::Recovering { first, answered: 1 }),
        (State::Unreachable, PhaseSeen::Proving { from: first, failed: 1 }),
    ];
    for lang in Lang::ALL {
        let told = phases.map(|(state, phase)| {
            let mut account = account(state, Rule::Resumed);
            account.explanation.phase = phase;
            text::text(&account, lang).lines().nth(3).unwrap_or_default().to_owned()
        });
        insta::assert_snapshot!(format!("phases_{lang}"), told.join("\n"));
    }
}

/// Everything that can be said besides.
fn everything() -> Account {
    let mut account = account(State::Degraded, Rule::OnBackup);
    let e = &mut account.explanation;
    e.incident = Some(IncidentId::new("cai-be/tslcd", SINCE));
    e.backup = Some(id("cai-be/truc"));
    e.is_planned = true;
    e.off_hours_until = Some(NOW + 1_800_000);
    e.is_flapping = true;
    e.change_permille = 342;
    e.is_seen = Some(false);
    e.secondary_fails = true;
    e.thresholds.baseline_tenths = Some(25);
    e.usual_us = Some(4_100);
    e.parents = vec![
        ParentSeen {
            cause: Some(id("tinh/truc")),
            ..parent("cai-be/truc", State::Unreachable, PassageSeen::Blocked)
        },
        parent("cai-be/4g", State::Up, PassageSeen::Open),
        ParentSeen { suspect: 2, ..parent("dic/loi", State::Up, PassageSeen::Undecided) },
        parent("dic/loi-2", State::Down, PassageSeen::Blocked),
    ];
    account.has_sentinels = true;
    account.blind = vec![(Some("VNPT".to_owned()), NOW - 90_000), (None, NOW - 30_000)];
    account.ack = Some(Ack {
        by: "l\u{202e}an".to_owned(),
        note: "gọi VNPT".to_owned(),
        at: SINCE + 60_000,
        until: Some(NOW + 86_400_000),
    });
    let error = |error| Sample { error: Some(error), ..sample(9_000, 3, &[]) };
    account.rounds = Ok(Rounds {
        last: vec![
            sample(40_000, 0, &[4_000, 4_100, 4_200]),
            sample(35_000, 1, &[4_000, 4_100]),
            sample(30_000, 0, &[11_000, 12_000, 13_000]),
            sample(10_000, 3, &[]),
            error(RoundError::Unreachable { code: 1 }),
            error(RoundError::TtlExceeded),
            error(RoundError::FragNeeded { mtu: 1_400 }),
            error(RoundError::Snmp(SnmpTrouble::Silent)),
            Sample { lost: 0, ..error(RoundError::Over(Threshold::Battery)) },
            Sample { check: 1, ..error(RoundError::Local { errno: 101 }) },
        ],
        failed: 0,
        is_cut: false,
    });
    account
}

#[test]
fn a_whole_answer() {
    for lang in Lang::ALL {
        let mut plain = account(State::Down, Rule::Confirmed);
        plain.explanation.incident = Some(IncidentId::new("cai-be/tslcd", SINCE));
        insta::assert_snapshot!(format!("down_{lang}"), text::text(&plain, lang));
        insta::assert_snapshot!(format!("everything_{lang}"), text::text(&everything(), lang));
        let mut past = account(State::Up, Rule::Answered);
        past.source = Source::Store;
        past.explanation.phase = PhaseSeen::Suspect { first: NOW - 5_000, failed: 2 };
        past.explanation.is_seen = None;
        past.has_sentinels = true;
        past.record =
            Some(StateInterval { from: NOW - 5_000, to: None, state: State::Down, cause: None });
        past.rounds = Ok(Rounds::default());
        insta::assert_snapshot!(format!("past_{lang}"), text::text(&past, lang));
        past.source = Source::Idle;
        past.rounds = Err("no".to_owned());
        let idle = text::text(&past, lang);
        assert!(idle.lines().nth(2).is_some_and(|l| l.starts_with("  ! ")), "{idle}");
        assert!(idle.ends_with("no.\n"), "{idle}");
    }
}

#[test]
fn json_has_the_explanation_and_what_the_store_adds() {
    let value = everything().json();
    for (key, wanted) in [
        ("kind", json!("explanation")),
        ("source", json!("daemon")),
        ("subject", json!("cai-be/tslcd")),
        ("state", json!("degraded")),
        ("rule", json!("on_backup")),
        ("phase", json!("steady")),
    ] {
        assert_eq!(value[key], wanted, "{key}");
    }
    assert_eq!(value["parents"][0]["passage"], "blocked");
    assert_eq!(value["ack"]["note"], "gọi VNPT");
    assert_eq!(value["last_rounds"][1]["lost"], 1);
    assert_eq!(value["last_rounds"][1]["median_us"], 4_000);
    assert_eq!(value["record"], Value::Null);
}

#[test]
fn a_unit_means_its_only_line() {
    let snapshot = super::super::sample::snapshot();
    let found = |word: &str| {
        find::in_snapshot(Lang::En, word, &snapshot)
            .map(|s| s.to_string())
            .map_err(|e| e.to_string())
    };
    assert_eq!(found(" cai-be/tslcd "), Ok("cai-be/tslcd".to_owned()));
    assert_eq!(found("hoa khanh"), Ok("cai-be.xa/tslcd".to_owned()));
    assert!(found("cai-be/wan").is_err_and(|e| e.contains("cai-be/wan")));
    assert_eq!(found("tinh"), Err("nothing of Tỉnh is patrolled".to_owned()));
    let mut two = snapshot.clone();
    let mut second = two.subjects[0].clone();
    second.id = id("cai-be/4g");
    two.subjects.push(second);
    let several = find::in_snapshot(Lang::En, "cai-be", &two).unwrap_err().to_string();
    assert!(several.ends_with("\n  cai-be/tslcd  TSLCD\n  cai-be/4g  TSLCD"), "{several}");
}
