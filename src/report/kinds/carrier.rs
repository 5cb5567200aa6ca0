//! What each carrier owes: by contract and circuit the minutes that count against it, what is
//! excluded and why, the level reached or missed, the penalty, and the evidence outage by outage.

use std::collections::BTreeMap;

use super::super::proof::proof;
use super::super::{Page, Said, Scope, Sheet, Table, Value, overall};
use super::{block, facts, subjects};
use crate::coverage::{
    CarrierLine, CarrierMillis, CarrierOutage, Verdict, carrier_account, carrier_outages,
    outages as of_record,
};
use crate::heads;
use crate::model::{CarrierIx, Cause, OutageId, PenaltyStep, Span, SubjectIx, UnixMs};
use crate::t;

/// First and last failed round of outages, as far as samples are kept.
pub type FailedRounds = BTreeMap<OutageId, (UnixMs, UnixMs)>;

/// One line with all that is told of it.
struct Line {
    carrier: CarrierIx,
    account: CarrierLine,
    /// The contract has a rule of penalties.
    has_penalty: bool,
    step: Option<PenaltyStep>,
    price: Option<i64>,
    outages: Vec<CarrierOutage>,
}

impl Line {
    /// Whether anything can be said of its level; without a verdict nothing is owed.
    fn is_judged(&self) -> bool {
        self.account.verdict != Verdict::NotProven
    }

    /// `None` where the contract does not say what is owed, or nothing can be said of the level.
    fn owed(&self) -> Option<i64> {
        match self.step {
            _ if !self.has_penalty || !self.is_judged() => None,
            None => Some(0),
            Some(step) => self.price.map(|price| step.of(price)),
        }
    }
}

/// The report on all carriers, or on `only` one. `failed` has the rounds of the outages.
#[must_use]
pub fn carrier(
    scope: &Scope<'_>,
    page: &Page<'_>,
    said: &Said,
    only: Option<CarrierIx>,
    failed: &FailedRounds,
) -> Sheet {
    let lang = page.lang;
    let lines = lines(scope, said, only);
    let is_month = is_whole_month(scope, page);
    let mut frame = block("kinds.carrier_title", scope, page);
    // This report has one clock whatever was asked: the contract's.
    frame.heads.retain(|line| !line.starts_with(&t!(lang, "report.clock", clock = "")));
    frame.heads.push(t!(lang, "report.clock", clock = t!(lang, "report.clock_contract")));
    let mut keys =
        vec!["note_counted", "note_excluded", "note_level", "note_rounds", "note_penalty"];
    if !is_month {
        keys.push("note_no_month");
    }
    let floor = crate::locale::percent(lang, scope.floor_ppm, 1);
    let note = |key: &&str| t!(lang, &format!("kinds.{key}"), floor = floor);
    let mut facts = facts(scope);
    facts.retain(|(key, _)| *key != "clock");
    facts.push(("clock", serde_json::json!("contract")));
    facts.push(("whole_month", serde_json::json!(is_month)));
    Sheet {
        kind: "carrier",
        frame,
        facts,
        tables: vec![
            contracts(&lines, scope, page, is_month),
            levels(&lines, scope, page, is_month),
            accounts(&lines, scope, page),
            evidence(&lines, scope, page, said, failed),
        ],
        picture: None,
        notes: keys.iter().map(note).collect(),
        proof: proof(scope, &scope.units(&scope.tree())),
        verdict: match lines.is_empty() {
            true => Verdict::NotProven,
            false => overall(lines.iter().map(|line| line.account.verdict)),
        },
    }
}

/// The outages whose failed rounds the report shows.
pub(super) fn wanted(
    scope: &Scope<'_>,
    said: &Said,
    only: Option<CarrierIx>,
) -> Vec<(OutageId, Span)> {
    let mut found = Vec::new();
    for line in lines(scope, said, only) {
        let subject = &scope.inventory.subject(line.account.subject).id;
        for CarrierOutage { outage, .. } in &line.outages {
            let end = outage.end.unwrap_or(scope.now);
            let id = OutageId { subject: subject.clone(), start: outage.start };
            found.push((id, Span::new(outage.start, end)));
        }
    }
    found
}

fn lines(scope: &Scope<'_>, said: &Said, only: Option<CarrierIx>) -> Vec<Line> {
    let (inventory, records, judge) = (scope.inventory, scope.records, scope.judge());
    let confirmed = said.confirmed(inventory, |ix| of_record(records.of(ix)));
    let of = |ix: SubjectIx| confirmed.get(ix.ix()).map_or(&[][..], Vec::as_slice);
    let reported: Vec<SubjectIx> = subjects(scope);
    let mut found = Vec::new();
    for (ix, carrier) in (0_u32..).map(CarrierIx).zip(&inventory.carriers) {
        if only.is_some_and(|only| only != ix) {
            continue;
        }
        let account = carrier_account(
            &judge,
            ix,
            |subject| records.of(subject),
            of,
            scope.availability_goal_ppm,
            scope.floor_ppm,
        );
        for account in account.lines {
            if !reported.contains(&account.subject) {
                continue;
            }
            let CarrierMillis { live, counted, .. } = account.millis;
            let bandwidth =
                inventory.subject(account.subject).connection().and_then(|c| c.bandwidth_kbps);
            let penalty = carrier.penalty.as_ref();
            found.push(Line {
                carrier: ix,
                has_penalty: penalty.is_some(),
                step: penalty.and_then(|p| p.step(live, live + counted)),
                price: penalty.and_then(|p| p.price(bandwidth)),
                outages: carrier_outages(
                    &judge,
                    account.subject,
                    records.of(account.subject),
                    of(account.subject),
                ),
                account,
            });
        }
    }
    found
}

/// Prices are a month's: money is reckoned for a whole calendar month that is over, and for
/// nothing else.
fn is_whole_month(scope: &Scope<'_>, page: &Page<'_>) -> bool {
    let first = page.zone.to_datetime(scope.period.from.to_timestamp()).date();
    let name = format!("{:04}-{:02}", first.year(), first.month());
    let month = super::super::month(&name, page.zone);
    month.is_ok_and(|month| month == scope.period) && scope.period.to <= scope.now
}

fn contracts(lines: &[Line], scope: &Scope<'_>, page: &Page<'_>, is_month: bool) -> Table {
    let lang = page.lang;
    let mut rows = Vec::new();
    for (ix, carrier) in (0_u32..).map(CarrierIx).zip(&scope.inventory.carriers) {
        let own: Vec<&Line> = lines.iter().filter(|line| line.carrier == ix).collect();
        if own.is_empty() {
            continue;
        }
        let mut sum = CarrierMillis::default();
        own.iter().for_each(|line| sum += &line.account.millis);
        let with = |verdict| own.iter().filter(|l| l.account.verdict == verdict).count();
        let outages: i64 = own.iter().map(|line| i64::from(line.account.outages)).sum();
        // Lines without a verdict stand in the column beside it.
        let judged = || own.iter().filter(|line| line.is_judged());
        let owed: Option<i64> = judged().map(|line| line.owed()).sum();
        let owed = owed.filter(|_| judged().next().is_some());
        rows.push(vec![
            Value::text(&carrier.name),
            Value::of(carrier.contract.as_ref(), Value::text),
            Value::count(own.len()),
            Value::count(with(Verdict::Met)),
            Value::count(with(Verdict::Missed)),
            Value::count(with(Verdict::NotProven)),
            Value::Count(outages),
            Value::Minutes(sum.counted),
            Value::of((outages > 0).then(|| sum.counted / outages), Value::Minutes),
            Value::of(sum.ppm(), Value::Share),
            measured(&sum),
            Value::of(owed.filter(|_| is_month), Value::Money),
        ]);
    }
    Table {
        key: "contracts",
        title: t!(lang, "kinds.contracts"),
        columns: heads!(lang,
            "carrier" => "common.carrier",
            "contract" => "kinds.contract",
            "circuits" => "kinds.circuits",
            "met" => "common.met",
            "missed" => "common.not_met",
            "not_proven" => "common.not_proven",
            "outages" => "report.outages",
            "counted_s" => "kinds.counted_min",
            "mttr_s" => "kinds.mttr_min",
            "availability" => "common.availability",
            "measured" => "common.measured",
            "penalty" => "kinds.penalty",
        ),
        rows,
        has_total: false,
    }
}

fn measured(millis: &CarrierMillis) -> Value {
    let (total, unmeasured) = (millis.total(), millis.unmeasured);
    let known = i128::from(total - unmeasured) * 1_000_000;
    let share = (total > 0).then(|| known / i128::from(total));
    Value::of(share.and_then(|ppm| u32::try_from(ppm).ok()), Value::Share)
}

/// Circuit, subject and unit of a line.
fn names(line: &Line, scope: &Scope<'_>) -> [Value; 4] {
    let subject = scope.inventory.subject(line.account.subject);
    let circuit = subject.connection().and_then(|c| c.circuit.as_ref());
    [
        Value::text(&scope.inventory.carrier(line.carrier).name),
        Value::of(circuit, Value::text),
        Value::text(subject.id.as_str()),
        Value::text(&scope.inventory.unit(subject.unit).name),
    ]
}

fn levels(lines: &[Line], scope: &Scope<'_>, page: &Page<'_>, is_month: bool) -> Table {
    let lang = page.lang;
    let row = |line: &Line| {
        let account = &line.account;
        let pct = line.step.filter(|_| line.is_judged()).map(|step| step.pct_hundredths * 100);
        let mut row = Vec::from(names(line, scope));
        row.extend([
            Value::Count(i64::from(account.outages)),
            Value::Minutes(account.millis.counted),
            Value::of(account.millis.ppm(), Value::Share),
            measured(&account.millis),
            Value::Share(account.sla_ppm),
            Value::verdict(account.verdict),
            Value::of(pct, Value::Share),
            Value::of(line.price, Value::Money),
            Value::of(line.owed().filter(|_| is_month), Value::Money),
        ]);
        row
    };
    Table {
        key: "levels",
        title: t!(lang, "kinds.levels"),
        columns: heads!(lang,
            "carrier" => "common.carrier",
            "circuit" => "common.circuit",
            "subject" => "common.connection",
            "unit" => "common.unit",
            "outages" => "report.outages",
            "counted_s" => "kinds.counted_min",
            "availability" => "common.availability",
            "measured" => "common.measured",
            "sla" => "common.sla_short",
            "verdict" => "report.verdict",
            "penalty_share" => "kinds.penalty_share",
            "price" => "kinds.price",
            "penalty" => "kinds.penalty",
        ),
        rows: lines.iter().map(row).collect(),
        has_total: false,
    }
}

fn accounts(lines: &[Line], scope: &Scope<'_>, page: &Page<'_>) -> Table {
    let lang = page.lang;
    let cells = |millis: &CarrierMillis| {
        let excused = |causes: &[Cause]| {
            Value::Minutes(causes.iter().filter_map(|cause| millis.excused.get(cause)).sum())
        };
        vec![
            Value::Minutes(millis.total()),
            Value::Minutes(millis.live),
            Value::Minutes(millis.counted),
            Value::Minutes(millis.planned.total()),
            excused(&[Cause::Power]),
            excused(&[Cause::Equipment, Cause::Configuration, Cause::Planned]),
            Value::Minutes(millis.unreachable),
            Value::Minutes(millis.off_hours),
            Value::Minutes(millis.unmeasured),
        ]
    };
    let mut total = CarrierMillis::default();
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for line in lines {
        let [_, circuit, subject, _] = names(line, scope);
        total += &line.account.millis;
        let mut row = vec![subject, circuit];
        row.extend(cells(&line.account.millis));
        rows.push(row);
    }
    let has_total = !rows.is_empty();
    if has_total {
        let mut row = vec![Value::Word("total", "common.total"), Value::None];
        row.extend(cells(&total));
        rows.push(row);
    }
    Table {
        key: "accounts",
        title: t!(lang, "kinds.accounts"),
        columns: heads!(lang,
            "subject" => "common.connection",
            "circuit" => "common.circuit",
            "hours_s" => "kinds.hours_min",
            "live_s" => "kinds.live_min",
            "counted_s" => "kinds.counted_min",
            "planned_s" => "kinds.planned_min",
            "power_s" => "kinds.power_min",
            "other_excused_s" => "kinds.other_excused_min",
            "upstream_s" => "kinds.upstream_min",
            "off_hours_s" => "kinds.off_hours_min",
            "unmeasured_s" => "kinds.unmeasured_min",
        ),
        rows,
        has_total,
    }
}

fn evidence(
    lines: &[Line],
    scope: &Scope<'_>,
    page: &Page<'_>,
    said: &Said,
    failed: &FailedRounds,
) -> Table {
    let lang = page.lang;
    let mut rows = Vec::new();
    for line in lines {
        let subject = scope.inventory.subject(line.account.subject);
        let circuit = subject.connection().and_then(|c| c.circuit.as_ref());
        for found in &line.outages {
            let CarrierOutage { outage, millis, cause } = found;
            let id = OutageId { subject: subject.id.clone(), start: outage.start };
            let rounds = failed.get(&id);
            let word = said.of(&subject.id, outage);
            let excused: i64 = millis.excused.values().sum();
            let excluded = millis.planned.lost() + excused + millis.unreachable + millis.off_hours;
            let note = word.map(|w| &w.last.note).filter(|note| !note.is_empty());
            rows.push(vec![
                Value::text(id.to_string()),
                Value::of(circuit, Value::text),
                Value::Time(outage.start),
                Value::of(outage.end, Value::Time),
                Value::of(rounds, |(first, _)| Value::Time(*first)),
                Value::of(rounds, |(_, last)| Value::Time(*last)),
                Value::Minutes(millis.counted),
                Value::Minutes(excluded),
                why(millis),
                Value::of(*cause, Value::cause),
                Value::of(word.and_then(|w| w.before), Value::cause),
                Value::of(word, |w| Value::text(&w.last.by)),
                Value::of(said.taken_by(&subject.id, outage), Value::text),
                Value::of(note, Value::text),
            ]);
        }
    }
    Table {
        key: "evidence",
        title: t!(lang, "kinds.evidence"),
        columns: heads!(lang,
            "id" => "kinds.outage",
            "circuit" => "common.circuit",
            "start" => "kinds.start",
            "end" => "kinds.end",
            "first_failed" => "kinds.first_failed",
            "last_failed" => "kinds.last_failed",
            "counted_s" => "kinds.counted_min",
            "excluded_s" => "kinds.excluded_min",
            "why" => "kinds.why",
            "cause" => "common.cause",
            "before" => "kinds.before",
            "said_by" => "kinds.said_by",
            "taken_by" => "kinds.taken_by",
            "note" => "common.note",
        ),
        rows,
        has_total: false,
    }
}

/// By what most of an outage is excluded, or that it counts.
fn why(millis: &CarrierMillis) -> Value {
    let power = millis.excused.get(&Cause::Power).copied().unwrap_or(0);
    let other = millis.excused.values().sum::<i64>() - power;
    let all = [
        (millis.counted, Value::Word("counted", "kinds.why_counted")),
        (millis.planned.lost(), Value::Word("planned", "kinds.why_planned")),
        (power, Value::Word("power", "kinds.why_power")),
        (other, Value::Word("other", "kinds.why_other")),
        (millis.unreachable, Value::Word("upstream", "kinds.why_upstream")),
        (millis.off_hours, Value::Word("off_hours", "kinds.why_off_hours")),
    ];
    let most = all.into_iter().filter(|(ms, _)| *ms > 0).max_by_key(|(ms, _)| *ms);
    most.map_or(Value::None, |(_, word)| word)
}
