//! What came of a case in the words of the tables, and how it differs from what was expected.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tuantra::coverage::{Clock, Judge};
use tuantra::daemon::replay::{Decision, Told};
use tuantra::health::Change;
use tuantra::model::{Guess, IncidentId, Sign, Span, SubjectId};

use super::play::Played;
use super::services;
use super::table::Case;
use super::words::{Base, rows, say_length};

/// Units named one by one in what is told; more are counted.
const UNITS_NAMED: usize = 4;

/// Every section that the case has, compared; empty when all is as expected.
pub fn differences(case: &Case, played: &Played) -> Result<String, String> {
    let mut found = broken_records(played);
    for (name, expected, said) in [
        ("verdicts", &case.verdicts, verdicts as Said),
        ("rules", &case.rules, rules),
        ("records", &case.records, records),
        ("outages", &case.outages, outages),
        ("time", &case.time, time),
    ] {
        let Some(expected) = expected else { continue };
        let expected = lines(expected);
        let subjects = expected.iter().filter_map(|line| line.split('|').next().map(str::trim));
        let mut got = Vec::new();
        for subject in subjects {
            let id = SubjectId::new(subject).map_err(|error| format!("{name}: {error}"))?;
            got.push(format!("{subject} | {}", said(played, &id)).trim_end().to_owned());
        }
        found.push_str(&difference(name, &expected, &got));
    }
    for (name, expected, got) in [
        ("told", &case.told, told as fn(&Played) -> Vec<String>),
        ("incidents", &case.incidents, incidents),
        ("asked", &case.asked, asked),
        ("blind", &case.blind, blind),
        ("flapping", &case.flapping, flapping),
        ("messages", &case.messages, services::messages),
        ("titles", &case.titles, services::titles),
        ("outbox", &case.outbox, services::outbox),
    ] {
        if let Some(expected) = expected {
            found.push_str(&difference(name, &lines(expected), &got(played)));
        }
    }
    Ok(found)
}

/// Rule 13, for every case: a record's intervals meet each other, and the last one is open.
fn broken_records(played: &Played) -> String {
    let mut text = String::new();
    for subject in &played.inventory.subjects {
        let record = played.replay.record_of(&subject.id);
        let meet = record.windows(2).all(|w| w[0].to == Some(w[1].from) && w[0].from < w[1].from);
        if !meet || record.last().is_none_or(|last| last.to.is_some()) {
            let _ = writeln!(text, "  the record of {} has holes: {record:?}", subject.id);
        }
    }
    text
}

type Said = fn(&Played, &SubjectId) -> String;

fn lines(text: &str) -> Vec<String> {
    let tidy = |cell: String| cell.split_whitespace().collect::<Vec<_>>().join(" ");
    let row = |cells: Vec<String>| cells.into_iter().map(tidy).collect::<Vec<_>>().join(" | ");
    rows(text).into_iter().map(|cells| row(cells).trim_end().to_owned()).collect()
}

/// `- expected`, `+ got`, what is common unmarked.
fn difference(section: &str, expected: &[String], got: &[String]) -> String {
    if expected == got {
        return String::new();
    }
    let mut text = format!("  {section}:\n");
    let (mut e, mut g) = (expected, got);
    while let (Some((e0, e_rest)), Some((g0, g_rest))) = (e.split_first(), g.split_first()) {
        if e0 == g0 {
            let _ = writeln!(text, "      {e0}");
            (e, g) = (e_rest, g_rest);
        } else if g_rest.contains(e0) && !e_rest.contains(g0) {
            let _ = writeln!(text, "    + {g0}");
            g = g_rest;
        } else {
            let _ = writeln!(text, "    - {e0}");
            e = e_rest;
            if !e.contains(g0) {
                let _ = writeln!(text, "    + {g0}");
                g = g_rest;
            }
        }
    }
    for line in e {
        let _ = writeln!(text, "    - {line}");
    }
    for line in g {
        let _ = writeln!(text, "    + {line}");
    }
    text
}

fn by(cause: Option<&SubjectId>) -> String {
    cause.map_or_else(String::new, |cause| format!(" by {cause}"))
}

fn verdicts(played: &Played, of: &SubjectId) -> String {
    let say = |at| played.base.say(at);
    let given = played.decisions.iter().filter_map(|decision| match decision {
        Decision::State { t, subject, to, since, cause, planned, .. } if subject == of => {
            let said = if t == since { String::new() } else { format!(" said {}", say(*t)) };
            let planned = if *planned { " planned" } else { "" };
            Some(format!("{} {}{said}{}{planned}", to.as_str(), say(*since), by(cause.as_ref())))
        }
        _ => None,
    });
    given.collect::<Vec<_>>().join(", ")
}

fn rules(played: &Played, of: &SubjectId) -> String {
    let given = played.decisions.iter().filter_map(|decision| match decision {
        Decision::State { subject, rule, .. } if subject == of => {
            let word = serde_json::to_value(rule).ok()?;
            Some(word.as_str()?.replace('_', " "))
        }
        _ => None,
    });
    given.collect::<Vec<_>>().join(", ")
}

fn records(played: &Played, of: &SubjectId) -> String {
    let record = played.replay.record_of(of).iter();
    let parts = record.map(|i| {
        format!("{} {}{}", i.state.as_str(), played.base.say(i.from), by(i.cause.as_ref()))
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn outages(played: &Played, of: &SubjectId) -> String {
    let say = |at| played.base.say(at);
    let given = played.decisions.iter().filter_map(|decision| match decision {
        Decision::Outage { subject, start, end, state, cause, planned, unmeasured_s, .. }
            if subject == of =>
        {
            let span = match end {
                Some(end) => format!("{} to {}", say(*start), say(*end)),
                None => format!("from {}", say(*start)),
            };
            let planned = if *planned { " planned" } else { "" };
            let hole = match unmeasured_s {
                0 => String::new(),
                s => format!(" with {} unmeasured", say_length(s * 1_000)),
            };
            Some(format!("{} {span}{}{planned}{hole}", state.as_str(), by(cause.as_ref())))
        }
        _ => None,
    });
    given.collect::<Vec<_>>().join(", ")
}

fn time(played: &Played, of: &SubjectId) -> String {
    let Some(subject) = played.inventory.find_subject(of.as_str()) else { return String::new() };
    let replay = &played.replay;
    let window = Span::new(replay.from(), replay.clock());
    let judge = Judge::new(&played.inventory, replay.announced(), window, window.to);
    let got =
        judge.availability(&[subject], window, Clock::AroundTheClock, |s| replay.record(s)).millis;
    let classes = [
        ("up", got.up),
        ("degraded", got.degraded),
        ("down", got.down),
        ("unreachable", got.unreachable),
        ("off hours", got.off_hours),
        ("unmeasured", got.unmeasured),
        ("planned", got.planned),
    ];
    let there = classes.iter().filter(|(_, ms)| *ms != 0);
    there.map(|(name, ms)| format!("{name} {}", say_length(*ms))).collect::<Vec<_>>().join(", ")
}

fn told(played: &Played) -> Vec<String> {
    let given = played.decisions.iter().filter_map(|decision| match decision {
        Decision::Alert { t, event, subject, impact, carrier, .. } => {
            let patrol =
                || carrier.as_ref().map_or_else(|| "patrol".to_owned(), ToString::to_string);
            let who = subject.as_ref().map_or_else(patrol, ToString::to_string);
            let event = serde_json::to_value(event).ok()?;
            let event = event.as_str()?;
            Some(format!("{} | {event} {who}{}", played.base.say(*t), say_impact(impact)))
        }
        _ => None,
    });
    given.collect()
}

fn say_impact(impact: &Told) -> String {
    let mut text = String::new();
    let units: Vec<&str> = impact.units.iter().map(|u| u.as_str()).collect();
    if units.len() > UNITS_NAMED {
        let _ = write!(text, ", {} units", units.len());
    } else if !units.is_empty() {
        let _ = write!(text, ", units {}", units.join(" "));
    }
    if impact.unreachable > 0 {
        let _ = write!(text, ", {} cut off", impact.unreachable);
    }
    if !impact.services.is_empty() {
        let services: Vec<&str> = impact.services.iter().map(|s| s.as_str()).collect();
        let _ = write!(text, ", services {}", services.join(" "));
    }
    text
}

/// What was last said of an incident.
#[derive(PartialEq)]
struct Shown {
    root: String,
    guess: String,
}

fn incidents(played: &Played) -> Vec<String> {
    let mut names: BTreeMap<IncidentId, String> = BTreeMap::new();
    let mut shown: BTreeMap<IncidentId, Shown> = BTreeMap::new();
    let mut said = Vec::new();
    for decision in &played.decisions {
        let Decision::Incident {
            t,
            incident,
            change,
            root,
            state,
            since,
            guess,
            split_from,
            merged_into,
        } = decision
        else {
            continue;
        };
        let name = name(&mut names, incident);
        let now = Shown {
            root: format!("{root} {} since {}", state.as_str(), played.base.say(*since)),
            guess: say_guess(guess.as_ref()),
        };
        let at = played.base.say(*t);
        let before = shown.get(incident);
        let mut parts = Vec::new();
        match change {
            Change::Opened => parts.push(format!("opened: {}", now.root)),
            _ if before.is_some_and(|b| b.root != now.root) => {
                parts.push(format!("now: {}", now.root));
            }
            _ => {}
        }
        if let Some(from) = split_from.as_ref().filter(|_| *change == Change::Opened) {
            parts.push(format!("split from {}", self::name(&mut names, from)));
        }
        if before.map_or("", |b| b.guess.as_str()) != now.guess {
            parts.push(format!("guess {}", if now.guess.is_empty() { "none" } else { &now.guess }));
        }
        if *change == Change::Closed {
            parts.push(match merged_into {
                Some(into) => format!("closed into {}", self::name(&mut names, into)),
                None => "closed".to_owned(),
            });
        }
        if !parts.is_empty() {
            said.push(format!("{at} | {name} {}", parts.join(", ")));
        }
        shown.insert(incident.clone(), now);
    }
    said
}

/// Incidents are called A, B, C in the order in which they are heard of.
fn name(names: &mut BTreeMap<IncidentId, String>, id: &IncidentId) -> String {
    let next = names.len();
    let letter = u8::try_from(next).ok().filter(|n| *n < 26).map(|n| char::from(b'A' + n));
    let fresh = letter.map_or_else(|| format!("I{next}"), |letter| letter.to_string());
    names.entry(id.clone()).or_insert(fresh).clone()
}

fn say_guess(guess: Option<&Guess>) -> String {
    let Some(guess) = guess else { return String::new() };
    let signs = guess.signs.iter().map(|sign| match sign {
        Sign::Restarted { device } => format!("restarted {device}"),
        Sign::KeptRunning { device } => format!("kept running {device}"),
        Sign::OnBattery { device } => format!("on battery {device}"),
        Sign::NeighboursOtherCarriers { units } => format!("{units} on other carriers"),
        Sign::NeighboursSameCarrier { units } => format!("{units} on the same carrier"),
        Sign::LanOff { router } => format!("answers {router}"),
        Sign::Announced => "announced".to_owned(),
    });
    format!("{} ({})", guess.cause.as_str(), signs.collect::<Vec<_>>().join(" and "))
}

fn each(played: &Played, say: impl Fn(Base, &Decision) -> Option<String>) -> Vec<String> {
    played.decisions.iter().filter_map(|decision| say(played.base, decision)).collect()
}

fn asked(played: &Played) -> Vec<String> {
    each(played, |base, decision| match decision {
        Decision::Asked { t, subject } => Some(format!("{} | {subject}", base.say(*t))),
        _ => None,
    })
}

fn blind(played: &Played) -> Vec<String> {
    each(played, |base, decision| match decision {
        Decision::Blind { t, carrier, since, until } => {
            let who = carrier.as_ref().map_or("patrol", |c| c.as_str());
            Some(match until {
                None => format!("{} | {who} blind since {}", base.say(*t), base.say(*since)),
                Some(until) => format!("{} | {who} sees since {}", base.say(*t), base.say(*until)),
            })
        }
        _ => None,
    })
}

fn flapping(played: &Played) -> Vec<String> {
    each(played, |base, decision| match decision {
        Decision::Flapping { t, subject, begins } => {
            let turn = if *begins { "begins" } else { "ends" };
            Some(format!("{} | {subject} {turn}", base.say(*t)))
        }
        _ => None,
    })
}
