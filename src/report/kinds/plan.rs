//! The plan against what is done. What was typed in and what was measured never meet in one sum.

use super::super::sheet::shown_day;
use super::super::{Page, Scope, Sheet, Table, Value, coverage, overall};
use super::{DAY_MS, block, facts};
use crate::coverage::{Ladder, Verdict};
use crate::heads;
use crate::model::{PlanItem, Progress, Rung};
use crate::t;

struct Line<'a> {
    item: &'a PlanItem,
    done: u32,
    goal: u32,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Done,
    UnderWay,
    Late,
}

impl Standing {
    const fn value(self) -> Value {
        match self {
            Self::Done => Value::Word("done", "kinds.plan_done"),
            Self::UnderWay => Value::Word("under_way", "kinds.plan_under_way"),
            Self::Late => Value::Word("late", "kinds.plan_late"),
        }
    }
}

/// The report, at the end of the scope's window.
#[must_use]
pub fn plan(scope: &Scope<'_>, page: &Page<'_>) -> Sheet {
    let lang = page.lang;
    let lines = lines(scope);
    let verdicts = lines.iter().map(|line| match line.standing {
        Standing::Late => Verdict::Missed,
        Standing::Done | Standing::UnderWay => Verdict::Met,
    });
    let notes = ["note_plan_base", "note_plan_measured", "note_plan_late"];
    let mut frame = block("kinds.plan_title", scope, page);
    frame.heads.retain(|line| !line.starts_with(&t!(lang, "report.clock", clock = "")));
    Sheet {
        kind: "plan",
        frame,
        facts: facts(scope),
        tables: vec![
            groups(&lines, page, true),
            groups(&lines, page, false),
            items(&lines, scope, page),
        ],
        picture: None,
        notes: notes.iter().map(|key| t!(lang, &format!("kinds.{key}"))).collect(),
        proof: None,
        verdict: overall(verdicts),
    }
}

fn lines<'a>(scope: &Scope<'a>) -> Vec<Line<'a>> {
    let at = scope.window().to;
    let ladders = coverage(scope);
    let of_one = |item: &'a PlanItem| {
        let (done, all) = match &item.progress {
            Progress::Declared { done, .. } => (*done, None),
            Progress::Measured { network, tier, rung } => {
                let sum = match tier {
                    None => ladders.of_tops(*network),
                    Some(tier) => {
                        let rows = ladders.tiers.iter();
                        let rows = rows.filter(|r| r.network == *network && r.tier == *tier);
                        rows.fold(Ladder::default(), |mut sum, row| {
                            sum += row.ladder;
                            sum
                        })
                    }
                };
                let done = match rung {
                    Rung::Deployed => sum.deployed,
                    Rung::Measured => sum.measured,
                    Rung::Live => sum.live,
                    Rung::Met => sum.met,
                };
                (done, Some(sum.required))
            }
        };
        let goal = item.goal.or(all).unwrap_or(0);
        let standing = if done >= goal && goal > 0 {
            Standing::Done
        } else if item.due.is_some_and(|due| due + DAY_MS <= at) {
            Standing::Late
        } else {
            Standing::UnderWay
        };
        Line { item, done, goal, standing }
    };
    scope.inventory.plan.iter().map(of_one).collect()
}

const fn is_declared(item: &PlanItem) -> bool {
    matches!(item.progress, Progress::Declared { .. })
}

fn share(done: i64, goal: i64) -> Value {
    let ppm = (goal > 0).then(|| i128::from(done) * 1_000_000 / i128::from(goal));
    Value::of(ppm.and_then(|ppm| u32::try_from(ppm).ok()), Value::Share)
}

/// By group what is done of what is to be done, of what is declared or of what is measured.
fn groups(lines: &[Line<'_>], page: &Page<'_>, declared: bool) -> Table {
    let lang = page.lang;
    let mut sums: Vec<(Option<&str>, [i64; 4])> = Vec::new();
    for line in lines.iter().filter(|line| is_declared(line.item) == declared) {
        let group = line.item.group.as_deref();
        let place = sums.iter().position(|(known, _)| *known == group).unwrap_or_else(|| {
            sums.push((group, [0; 4]));
            sums.len() - 1
        });
        let Some((_, sum)) = sums.get_mut(place) else { continue };
        sum[0] += 1;
        sum[1] += i64::from(line.standing == Standing::Done);
        sum[2] += i64::from(line.done);
        sum[3] += i64::from(line.goal);
    }
    let row = |(group, [items, finished, done, goal]): &(Option<&str>, [i64; 4])| {
        vec![
            group.map_or(Value::Word("none", "kinds.no_group"), Value::text),
            Value::Count(*items),
            Value::Count(*finished),
            Value::Count(*done),
            Value::Count(*goal),
            share(*done, *goal),
        ]
    };
    let (key, heading) = match declared {
        true => ("declared", "kinds.plan_declared"),
        false => ("measured", "kinds.plan_measured"),
    };
    Table {
        key,
        title: t!(lang, heading),
        columns: heads!(lang,
            "group" => "kinds.group",
            "items" => "kinds.plan_items",
            "finished" => "kinds.plan_finished",
            "done" => "kinds.plan_figure",
            "goal" => "common.target",
            "share" => "kinds.plan_share",
        ),
        rows: sums.iter().map(row).collect(),
        has_total: false,
    }
}

fn items(lines: &[Line<'_>], scope: &Scope<'_>, page: &Page<'_>) -> Table {
    let lang = page.lang;
    let row = |line: &Line<'_>| {
        let item = line.item;
        let (basis, by) = match &item.progress {
            Progress::Declared { at, source, .. } => {
                let mut parts: Vec<String> = source.iter().cloned().collect();
                parts.extend(at.map(|at| shown_day(at, page)));
                let by = (!parts.is_empty()).then(|| parts.join(", "));
                (Value::Word("declared", "kinds.declared_word"), Value::of(by, Value::Text))
            }
            Progress::Measured { network, tier, rung } => {
                let mut parts = vec![scope.inventory.network(*network).short.clone()];
                parts.extend(tier.map(|tier| t!(lang, &format!("unit.tier.{}", tier.as_str()))));
                parts.push(t!(lang, &format!("common.rung.{}", rung.as_str())));
                (Value::Word("measured", "kinds.measured_word"), Value::Text(parts.join(" · ")))
            }
        };
        vec![
            Value::of(item.group.as_ref(), Value::text),
            Value::text(&item.name),
            Value::Count(i64::from(line.done)),
            Value::Count(i64::from(line.goal)),
            share(i64::from(line.done), i64::from(line.goal)),
            basis,
            by,
            Value::of(item.due, Value::Day),
            line.standing.value(),
        ]
    };
    Table {
        key: "items",
        title: t!(lang, "kinds.plan_lines"),
        columns: heads!(lang,
            "group" => "kinds.group",
            "name" => "kinds.plan_item",
            "done" => "kinds.plan_figure",
            "goal" => "common.target",
            "share" => "kinds.plan_share",
            "basis" => "kinds.plan_basis",
            "by" => "kinds.plan_by",
            "due" => "kinds.plan_due",
            "standing" => "kinds.plan_standing",
        ),
        rows: lines.iter().map(row).collect(),
        has_total: false,
    }
}
