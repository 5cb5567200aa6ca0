//! Circuits against the rule on capacity: who uses more than 90 % of what was contracted, and which
//! to enlarge first.

use super::super::document::{Bar, Data, Figure};
use super::super::proof::proof;
use super::super::{Page, Scope, Sheet, Table, Value, overall};
use super::{block, facts};
use crate::coverage::{Capacity, CapacityReading, Verdict, capacity as judge};
use crate::heads;
use crate::model::{SubjectIx, UnixMs};
use crate::store::Rates;
use crate::t;

/// What a circuit's load comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// The connection.
    pub subject: SubjectIx,
    /// What the unit receives and sends, or why nobody knows.
    pub loads: Result<[Capacity; 2], NotCounted>,
    /// Some of it is out of what hours came to, because the readings have aged.
    pub is_rolled_up: bool,
}

/// Why nothing is known of a circuit's load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCounted {
    /// The inventory names no device and interface.
    NoInterface,
    /// The device gave no counters of it.
    NoCounters,
}

impl Circuit {
    /// Of mean bit/s of each five minutes from `from` on, received and sent, against what the
    /// inventory says was contracted.
    #[must_use]
    pub fn of_rates(
        scope: &Scope<'_>,
        subject: SubjectIx,
        from: UnixMs,
        rates: &[Rates; 2],
    ) -> Self {
        if rates.iter().flat_map(|rates| &rates.bps).all(Option::is_none) {
            return Self::not_counted(subject, NotCounted::NoCounters);
        }
        let connection = scope.inventory.subject(subject).connection();
        let kbps = connection.and_then(|c| c.bandwidth_kbps);
        let load = |rates: &Rates| judge(&rates.bps, from, kbps, scope.floor_ppm);
        let is_rolled_up = rates.iter().any(|rates| rates.rolled_up > 0);
        Self { subject, loads: Ok(rates.each_ref().map(load)), is_rolled_up }
    }

    /// One of which nothing is known.
    #[must_use]
    pub const fn not_counted(subject: SubjectIx, why: NotCounted) -> Self {
        Self { subject, loads: Err(why), is_rolled_up: false }
    }
}

/// Most bars of the picture: what fits a page.
const BARS_MAX: usize = 20;
/// What of the contracted bandwidth may be used, in millionths.
const ALLOWED_PPM: u32 = 900_000;

struct Row {
    subject: SubjectIx,
    direction: Value,
    kbps: Option<u64>,
    found: Capacity,
}

impl Row {
    /// The direction, for people.
    fn named(&self, page: &Page<'_>) -> String {
        match self.direction {
            Value::Word(_, key) => t!(page.lang, key),
            _ => String::new(),
        }
    }

    /// The worst week by what was contracted, in millionths; more than whole is possible.
    fn used_ppm(&self, reading: Option<CapacityReading>) -> Option<u32> {
        let bps = u128::from(self.kbps?) * 1_000;
        let ppm = u128::from(reading?.p95_bps) * 1_000_000 / bps.max(1);
        Some(u32::try_from(ppm).unwrap_or(u32::MAX))
    }
}

/// The report: a row per direction of a circuit, the fullest first.
#[must_use]
pub fn capacity(scope: &Scope<'_>, page: &Page<'_>, circuits: &[Circuit]) -> Sheet {
    let lang = page.lang;
    let mut rows: Vec<Row> = Vec::new();
    let mut unknown: Vec<Vec<Value>> = Vec::new();
    for circuit in circuits {
        let subject = scope.inventory.subject(circuit.subject);
        let kbps = subject.connection().and_then(|c| c.bandwidth_kbps);
        let loads = match circuit.loads {
            Ok(loads) => loads,
            Err(why) => {
                unknown.push(vec![
                    Value::text(subject.id.as_str()),
                    Value::text(&scope.inventory.unit(subject.unit).name),
                    match why {
                        NotCounted::NoInterface => {
                            Value::Word("no_interface", "kinds.no_interface")
                        }
                        NotCounted::NoCounters => Value::Word("no_counters", "kinds.no_counters"),
                    },
                ]);
                continue;
            }
        };
        let directions =
            [Value::Word("in", "kinds.direction_in"), Value::Word("out", "kinds.direction_out")];
        for (direction, found) in directions.into_iter().zip(loads) {
            rows.push(Row { subject: circuit.subject, direction, kbps, found });
        }
    }
    rows.sort_by_key(|row| {
        let used = row.used_ppm(row.found.rolling.or(row.found.whole));
        (std::cmp::Reverse(used), row.subject)
    });
    let over = rows.iter().filter(|row| row.found.verdict == Verdict::Missed).count();
    let mut frame = block("kinds.capacity_title", scope, page);
    frame.heads.push(t!(lang, "kinds.capacity_sum", over = over, of = rows.len()));
    let verdict = match rows.is_empty() {
        true => Verdict::NotProven,
        // What could not be counted is not proven.
        false => {
            let uncounted = unknown.iter().map(|_| Verdict::NotProven);
            overall(rows.iter().map(|row| row.found.verdict).chain(uncounted))
        }
    };
    let is_rolled_up = circuits.iter().any(|circuit| circuit.is_rolled_up);
    let keys = ["note_rule", "note_readings", "note_gap", "note_first"];
    let keys = keys.into_iter().chain(is_rolled_up.then_some("note_rolled_up"));
    let floor = crate::locale::percent(lang, scope.floor_ppm, 1);
    Sheet {
        kind: "capacity",
        frame,
        facts: facts(scope),
        tables: vec![circuits_table(&rows, scope, page), unknown_table(unknown, page)],
        picture: bars(&rows, scope, page),
        notes: keys.map(|key| t!(lang, &format!("kinds.{key}"), floor = floor)).collect(),
        proof: proof(scope, &scope.units(&scope.tree())),
        verdict,
    }
}

/// The fullest directions, each a bar up to what was contracted.
fn bars(rows: &[Row], scope: &Scope<'_>, page: &Page<'_>) -> Option<Figure> {
    let known = rows.iter().filter_map(|row| {
        let used = row.used_ppm(row.found.rolling)?;
        let name = format!("{} ({})", scope.inventory.subject(row.subject).id, row.named(page));
        Some(Bar { name, ppm: Some(used.min(1_000_000)), verdict: row.found.verdict })
    });
    let bars: Vec<Bar> = known.take(BARS_MAX).collect();
    let caption = t!(page.lang, "kinds.bars_capacity", n = bars.len());
    let is_any = !bars.is_empty();
    is_any.then_some(Figure { caption, data: Data::Bars { goal_ppm: ALLOWED_PPM, bars } })
}

fn circuits_table(rows: &[Row], scope: &Scope<'_>, page: &Page<'_>) -> Table {
    let lang = page.lang;
    let row = |row: &Row| {
        let subject = scope.inventory.subject(row.subject);
        let circuit = subject.connection().and_then(|c| c.circuit.as_ref());
        let p95 = |reading: Option<CapacityReading>| Value::of(reading, |r| Value::Rate(r.p95_bps));
        let Capacity { rolling, fixed, day, whole, verdict } = row.found;
        vec![
            Value::text(subject.id.as_str()),
            Value::text(&scope.inventory.unit(subject.unit).name),
            Value::of(circuit, Value::text),
            row.direction.clone(),
            Value::of(row.kbps, |kbps| Value::Rate(kbps.saturating_mul(1_000))),
            p95(rolling),
            Value::of(row.used_ppm(rolling), Value::Share),
            Value::of(rolling, |r| Value::Time(r.span.from)),
            p95(fixed),
            p95(day),
            p95(whole),
            Value::of(rolling.or(whole), |r| Value::count(r.samples)),
            Value::of(rolling.or(whole), |r| Value::count(r.of)),
            Value::verdict(verdict),
        ]
    };
    Table {
        key: "circuits",
        title: t!(lang, "kinds.circuits_by_load"),
        columns: heads!(lang,
            "subject" => "common.connection",
            "unit" => "common.unit",
            "circuit" => "common.circuit",
            "direction" => "kinds.direction",
            "bandwidth_bps" => "common.bandwidth",
            "p95_rolling_bps" => "kinds.p95_rolling",
            "used" => "kinds.used",
            "week_from" => "kinds.week_from",
            "p95_fixed_bps" => "kinds.p95_fixed",
            "p95_day_bps" => "kinds.p95_day",
            "p95_whole_bps" => "kinds.p95_whole",
            "samples" => "kinds.samples",
            "samples_of" => "kinds.samples_of",
            "verdict" => "report.verdict",
        ),
        rows: rows.iter().map(row).collect(),
        has_total: false,
    }
}

fn unknown_table(rows: Vec<Vec<Value>>, page: &Page<'_>) -> Table {
    Table {
        key: "not_counted",
        title: t!(page.lang, "kinds.not_counted", n = rows.len()),
        columns: heads!(page.lang,
            "subject" => "common.connection",
            "unit" => "common.unit",
            "why" => "kinds.why",
        ),
        rows,
        has_total: false,
    }
}
