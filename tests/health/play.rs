//! Plays a case on the virtual clock.

use std::collections::BTreeMap;
use std::path::Path;

use tuantra::daemon::replay::{Decision, Input, Replay};
use tuantra::health::{Evidence, Memory};
use tuantra::model::{
    Ack, CarrierId, Id, Inventory, Maintenance, Round, Span, Storm, SubjectId, SubjectIx, UnitId,
    UnixMs, WorkHours, WorkedOn,
};

use super::say;
use super::scene::{Scene, duration};
use super::services::{Got, Services};
use super::table::{Case, Table};
use super::words::{Base, Sign, length, rows, signs};

/// What a row makes happen.
#[derive(Debug, Clone)]
enum Event {
    Round {
        subject: SubjectId,
        check: u8,
        sign: Sign,
    },
    Sentinel {
        place: usize,
        answered: bool,
    },
    Ack {
        subject: SubjectId,
        ack: Words,
        refused: bool,
    },
    Work(Maintenance),
    /// Storm mode in a unit, until then; `None`: it is ended.
    Storm(UnitId, Option<UnixMs>),
    Uptime(SubjectId, i64),
    Battery(SubjectId, bool),
    /// The daemon is away until then.
    Restart(UnixMs),
    Reload(String),
    /// The wall clock is set on by so many milliseconds.
    Clock(i64),
}

/// Who, and until when.
#[derive(Debug, Clone)]
struct Words {
    by: String,
    until: Option<UnixMs>,
}

/// All that came of a case.
pub struct Played {
    pub base: Base,
    pub replay: Replay,
    pub inventory: std::sync::Arc<Inventory>,
    pub decisions: Vec<Decision>,
    /// What the services got.
    pub got: Vec<Got>,
}

/// Runs every case of a table of `tests/FOLDER` and gives all that differs.
pub fn run(folder: &str, file: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder).join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
    run_text(file, &text)
}

pub fn run_text(file: &str, text: &str) -> Result<(), String> {
    let table = Table::read(text).map_err(|error| format!("{file}: {error}"))?;
    let mut failures = String::new();
    for one in &table.case {
        if let Err(difference) = case(one) {
            failures.push_str(&format!("\n{file}: case \"{}\"\n{difference}", one.name));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

/// Every table of a folder is among those that are run.
pub fn is_run(folder: &str, tables: &[&str]) -> Result<(), String> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    for entry in std::fs::read_dir(place).map_err(|error| error.to_string())? {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".toml") && !tables.contains(&&*name) {
            return Err(format!("{name} is run by nobody"));
        }
    }
    Ok(())
}

/// Plays a case and compares; `Err` with all differences.
fn case(case: &Case) -> Result<(), String> {
    let played = play(case).map_err(|error| format!("  {error}\n"))?;
    let differences = say::differences(case, &played)?;
    if differences.is_empty() { Ok(()) } else { Err(differences) }
}

fn play(case: &Case) -> Result<Played, String> {
    let base = Base::new(case.day.as_deref())?;
    let mut scene = Scene::new(case, &case.subjects)?;
    let mut later = BTreeMap::new();
    for (name, subjects) in &case.then {
        later.insert(name.clone(), Scene::new(case, subjects)?);
    }
    let step = duration(&case.every)?;
    let mut events: Vec<(UnixMs, Event)> = Vec::new();
    for row in rows(&case.rounds) {
        let read = read_row(&row, base, step, &scene, &later);
        events.extend(read.map_err(|error| format!("row '{}': {error}", row.join(" | ")))?);
    }
    events.sort_by_key(|(at, _)| *at);
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Err("nothing happens".to_owned());
    };
    let until = match &case.until {
        Some(text) => base.time(text)?,
        None => last.0 + step,
    };
    let mut replay =
        Replay::new(scene.inventory.clone(), scene.settings.clone(), Memory::default(), first.0);
    let services = Services::read(&case.answers, base)?;
    if let Some(plan) = scene.plan.clone() {
        replay = replay.with_alerts(plan).with_service(services.player());
    }
    // What the wall clock was set on by, all in all.
    let mut set_on = 0;
    for (at, event) in events {
        let now = at + set_on;
        match event {
            Event::Clock(by) => set_on += by,
            Event::Restart(start) => {
                replay.pass(now);
                replay.restart(start + set_on);
            }
            Event::Storm(unit, Some(until)) => {
                let order = Storm {
                    unit,
                    since: now,
                    until,
                    by: "lan".to_owned(),
                    note: String::new(),
                    channels: Vec::new(),
                    ended: None,
                };
                replay.storm(order, now);
            }
            Event::Storm(unit, None) => {
                if !replay.end_storm(&unit, "lan", now) {
                    return Err(format!("{unit} is in no storm"));
                }
            }
            Event::Reload(name) => {
                scene = later.remove(&name).ok_or_else(|| format!("{name} is used twice"))?;
                replay.reload(scene.inventory.clone(), scene.settings.clone(), now);
            }
            Event::Ack { subject, ack: Words { by, until }, refused } => {
                let ack = Ack { by, note: String::new(), at: now, until };
                let taken = replay.feed(now, Input::Ack(find(&scene.inventory, &subject)?, ack));
                match taken {
                    Err(error) if !refused => return Err(format!("ack of {subject}: {error}")),
                    Ok(()) if refused => return Err(format!("ack of {subject} was not refused")),
                    _ => {}
                }
            }
            other => {
                let input = input(other, now, &scene.inventory)?;
                replay.feed(now, input).map_err(|error| error.to_string())?;
            }
        }
    }
    replay.pass(until + set_on);
    replay.finish();
    let decisions = replay.take();
    Ok(Played { base, replay, inventory: scene.inventory, decisions, got: services.got() })
}

fn input(event: Event, at: UnixMs, inventory: &Inventory) -> Result<Input, String> {
    Ok(match event {
        Event::Round { subject, check, sign: Sign::Round(sent, lost, rtt_us, error) } => {
            let subject = find(inventory, &subject)?;
            let rtts = Sign::rtts(sent, lost, rtt_us);
            Input::Round(Round { subject, check, at, sent, lost, rtts, error })
        }
        Event::Sentinel { place, answered } => Input::Sentinel(place, answered),
        Event::Work(work) => Input::Maintenance(work),
        Event::Uptime(subject, uptime_ms) => {
            Input::Evidence(find(inventory, &subject)?, Evidence::Uptime { at, uptime_ms })
        }
        Event::Battery(subject, is_on) => {
            Input::Evidence(find(inventory, &subject)?, Evidence::Battery { at, is_on })
        }
        _ => Input::Tick,
    })
}

fn find(inventory: &Inventory, id: &SubjectId) -> Result<SubjectIx, String> {
    inventory.find_subject(id.as_str()).ok_or_else(|| format!("there is no subject {id} then"))
}

/// Subjects that a word names: one, or all that begin with what stands before its `*`.
fn named<'a>(
    word: &str,
    scenes: impl Iterator<Item = &'a Scene>,
) -> Result<Vec<SubjectId>, String> {
    let mut found: Vec<SubjectId> = Vec::new();
    for subject in scenes.flat_map(|s| &s.inventory.subjects) {
        let is_it = match word.strip_suffix('*') {
            Some(stem) => subject.id.as_str().starts_with(stem),
            None => subject.id.as_str() == word,
        };
        if is_it && !found.contains(&subject.id) {
            found.push(subject.id.clone());
        }
    }
    if found.is_empty() { Err(format!("there is no subject {word}")) } else { Ok(found) }
}

fn read_row(
    row: &[String],
    base: Base,
    step: i64,
    scene: &Scene,
    later: &BTreeMap<String, Scene>,
) -> Result<Vec<(UnixMs, Event)>, String> {
    let [at, who, what] = row else {
        return Err("a row is 'at | who | what'".to_owned());
    };
    let at = base.time(at)?;
    let scenes = || std::iter::once(scene).chain(later.values());
    let one = |word: &str| named(word, scenes()).map(|found| found[0].clone());
    let (word, rest) = who.split_once(' ').unwrap_or((who, ""));
    let rest = rest.trim();
    let event = match word {
        "sentinel" => {
            let place = scene.sentinels.iter().position(|s| s == rest);
            let place = place.ok_or_else(|| format!("there is no sentinel {rest}"))?;
            let at_of = (0_i64..).map(|n| at + n * step);
            let asked = at_of.zip(signs(what)?).filter_map(|(at, sign)| match sign {
                Sign::Round(sent, lost, ..) => {
                    Some((at, Event::Sentinel { place, answered: lost < sent }))
                }
                Sign::NotAsked => None,
            });
            return Ok(asked.collect());
        }
        "ack" => {
            let (what, refused) = match what.strip_suffix(", refused") {
                Some(what) => (what, true),
                None => (what.as_str(), false),
            };
            let (by, until) = what.split_once(" until ").unwrap_or((what, ""));
            let until = Some(until).filter(|u| !u.is_empty()).map(|u| base.time(u)).transpose()?;
            Event::Ack { subject: one(rest)?, ack: Words { by: by.to_owned(), until }, refused }
        }
        "work" => Event::Work(work(rest, what, base)?),
        "storm" => {
            let unit = UnitId::new(rest).map_err(|error| format!("{rest}: {error}"))?;
            match what.strip_prefix("until ") {
                Some(until) => Event::Storm(unit, Some(base.time(until)?)),
                None if what == "over" => Event::Storm(unit, None),
                None => return Err("a storm lasts 'until 3:00:00', or is 'over'".to_owned()),
            }
        }
        "uptime" => Event::Uptime(one(rest)?, length(what)?),
        "battery" => Event::Battery(one(rest)?, what == "on"),
        "restart" => Event::Restart(base.time(what)?),
        "reload" if later.contains_key(what) => Event::Reload(what.clone()),
        "clock" => {
            let by = |text: &str| length(text.trim());
            Event::Clock(match what.split_once(' ') {
                Some(("back", text)) => -by(text)?,
                Some(("on", text)) => by(text)?,
                _ => return Err("a clock is set 'back 10:00' or 'on 1:00:00'".to_owned()),
            })
        }
        _ => return timeline(word, rest, what, at, step, &scenes().collect::<Vec<_>>()),
    };
    Ok(vec![(at, event)])
}

/// `line`, `line#2` (its second check), `commune-* spread 45:00` (one after the other), and
/// `every 5s` where the columns are not the case's.
fn timeline(
    word: &str,
    rest: &str,
    what: &str,
    at: UnixMs,
    step: i64,
    scenes: &[&Scene],
) -> Result<Vec<(UnixMs, Event)>, String> {
    let (word, check) = match word.split_once('#') {
        Some((word, number)) => (word, number.parse::<u8>().map_err(|e| e.to_string())? - 1),
        None => (word, 0),
    };
    let (mut spread, mut step) = (0, step);
    let mut clauses = rest.split_whitespace();
    while let Some(clause) = clauses.next() {
        let value = clauses.next().unwrap_or_default();
        match clause {
            "spread" => spread = length(value)?,
            "every" => step = duration(value)?,
            _ => return Err(format!("'{rest}' says nothing of a timeline")),
        }
    }
    let subjects = named(word, scenes.iter().copied())?;
    let signs = signs(what)?;
    let mut events = Vec::new();
    let count = i64::try_from(subjects.len()).map_err(|error| error.to_string())?;
    for (n, subject) in (0_i64..).zip(subjects) {
        let first = at + spread / count * n;
        for (column, &sign) in (0_i64..).zip(&signs) {
            if sign != Sign::NotAsked {
                let event = Event::Round { subject: subject.clone(), check, sign };
                events.push((first + column * step, event));
            }
        }
    }
    Ok(events)
}

/// `work unit cai-be | 1:00 to 2:00`: the same thing again replaces what was announced.
fn work(on: &str, when: &str, base: Base) -> Result<Maintenance, String> {
    let (kind, name) = on.split_once(' ').ok_or("work is on a subject, a unit or a carrier")?;
    let bad = |error: &dyn std::fmt::Display| format!("{name}: {error}");
    let worked_on = match kind {
        "subject" => WorkedOn::Subject(SubjectId::new(name).map_err(|e| bad(&e))?),
        "unit" => WorkedOn::Unit(UnitId::new(name).map_err(|e| bad(&e))?),
        "carrier" => WorkedOn::Carrier(CarrierId::new(name).map_err(|e| bad(&e))?),
        _ => return Err(format!("work is not on a {kind}")),
    };
    let (from, to) = when.split_once(" to ").ok_or("work lasts from … to …")?;
    Ok(Maintenance {
        id: Id::new(&format!("work-{name}")).map_err(|e| bad(&e))?,
        on: worked_on,
        hours: WorkHours::Once(Span::new(base.time(from)?, base.time(to)?)),
        by: "lan".to_owned(),
        note: String::new(),
    })
}
