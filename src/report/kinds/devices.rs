//! The inventory in figures: devices by kind, maker and age, out of support, without SNMP, and what
//! is declared against what was observed.

use std::collections::BTreeMap;

use super::super::{Page, Scope, Sheet, Table, Value};
use super::{DAY_MS, block, subjects};
use crate::coverage::Verdict;
use crate::heads;
use crate::inventory::drift::{What, agree};
use crate::model::{Device, SubjectId, SubjectIx, UnixMs};
use crate::store::Sighting;
use crate::t;

const YEAR_MS: i64 = 31_556_952_000;

/// The report, as of the end of the scope's window. `seen` is the newest that each device has said
/// of itself.
#[must_use]
pub fn devices(
    scope: &Scope<'_>,
    page: &Page<'_>,
    seen: &BTreeMap<SubjectId, Vec<Sighting>>,
) -> Sheet {
    let lang = page.lang;
    let at = scope.window().to;
    let all: Vec<(SubjectIx, &Device)> = subjects(scope)
        .into_iter()
        .filter(|ix| scope.inventory.subject(*ix).exists_at(at - 1))
        .filter_map(|ix| Some((ix, scope.inventory.subject(ix).device()?)))
        .collect();
    let mut frame = block("kinds.inventory_title", scope, page);
    // Nothing here is reckoned by a clock.
    frame.heads.retain(|line| !line.starts_with(&t!(lang, "report.clock", clock = "")));
    let drift = drift(&all, scope, page, seen);
    let notes = ["note_declared", "note_age", "note_support", "note_drift"];
    let by = |key, heading, name: &dyn Fn(SubjectIx, &Device) -> Value| {
        grouped(&all, scope, page, key, heading, name)
    };
    let kind = |_: SubjectIx, device: &Device| Value::text(&device.role);
    let maker = |_: SubjectIx, device: &Device| Value::of(device.vendor.as_ref(), Value::text);
    let model = |_: SubjectIx, device: &Device| {
        let parts = [device.vendor.as_deref(), device.model.as_deref()];
        let known: Vec<&str> = parts.into_iter().flatten().collect();
        Value::of((!known.is_empty()).then(|| known.join(" ")), Value::Text)
    };
    let age = |ix: SubjectIx, _: &Device| age(scope.inventory.subject(ix).since, at);
    Sheet {
        kind: "inventory",
        frame,
        facts: vec![("at", serde_json::json!(at))],
        tables: vec![
            by("by_kind", "kinds.by_kind", &kind),
            by("by_vendor", "kinds.by_vendor", &maker),
            by("by_model", "kinds.by_model", &model),
            by("by_age", "kinds.by_age", &age),
            unsupported(&all, scope, page, at),
            silent(&all, scope, page),
            drift,
        ],
        picture: None,
        notes: notes.iter().map(|key| t!(lang, &format!("kinds.{key}"))).collect(),
        proof: None,
        verdict: Verdict::Met,
    }
}

fn age(since: Option<UnixMs>, at: UnixMs) -> Value {
    let Some(since) = since else { return Value::Word("unknown", "kinds.age_unknown") };
    match at.since(since) / YEAR_MS {
        i64::MIN..=0 => Value::Word("under_1", "kinds.age_0"),
        1..=2 => Value::Word("1_to_3", "kinds.age_1"),
        3..=4 => Value::Word("3_to_5", "kinds.age_3"),
        5..=7 => Value::Word("5_to_8", "kinds.age_5"),
        8.. => Value::Word("over_8", "kinds.age_8"),
    }
}

/// The last day of support is one with it.
fn is_out(device: &Device, at: UnixMs) -> bool {
    device.support_until.is_some_and(|until| until + DAY_MS <= at)
}

/// Numbers by what `name` says of a device, the most first, and of all.
fn grouped(
    all: &[(SubjectIx, &Device)],
    scope: &Scope<'_>,
    page: &Page<'_>,
    key: &'static str,
    heading: &'static str,
    name: &dyn Fn(SubjectIx, &Device) -> Value,
) -> Table {
    let lang = page.lang;
    let at = scope.window().to;
    // Number, with SNMP, out of support, of unknown support.
    let mut groups: Vec<(Value, [i64; 4])> = Vec::new();
    let mut total = [0; 4];
    for (ix, device) in all {
        let is_unknown = device.support_until.is_none();
        let add = [true, device.snmp.is_some(), is_out(device, at), is_unknown];
        let named = match name(*ix, device) {
            Value::None => Value::Word("unknown", "kinds.age_unknown"),
            named => named,
        };
        let place = groups.iter().position(|(known, _)| *known == named);
        let place = place.unwrap_or_else(|| {
            groups.push((named, [0; 4]));
            groups.len() - 1
        });
        let Some((_, sums)) = groups.get_mut(place) else { continue };
        for ((sum, whole), add) in sums.iter_mut().zip(&mut total).zip(add) {
            *sum += i64::from(add);
            *whole += i64::from(add);
        }
    }
    // Stable: those of one size stay in the inventory's order.
    groups.sort_by_key(|(_, sums)| std::cmp::Reverse(sums[0]));
    let row = |(name, sums): (Value, [i64; 4])| {
        let mut row = vec![name];
        row.extend(sums.map(Value::Count));
        row
    };
    let has_total = !groups.is_empty();
    let mut rows: Vec<Vec<Value>> = groups.into_iter().map(row).collect();
    if has_total {
        rows.push(row((Value::Word("total", "common.total"), total)));
    }
    Table {
        key,
        title: t!(lang, heading),
        columns: heads!(lang,
            "name" => "kinds.group",
            "devices" => "kinds.devices",
            "snmp" => "kinds.with_snmp",
            "out_of_support" => "kinds.out_of_support",
            "support_unknown" => "kinds.support_unknown",
        ),
        rows,
        has_total,
    }
}

fn about(scope: &Scope<'_>, ix: SubjectIx, device: &Device) -> Vec<Value> {
    let subject = scope.inventory.subject(ix);
    vec![
        Value::text(subject.id.as_str()),
        Value::text(&scope.inventory.unit(subject.unit).name),
        Value::text(&device.role),
        Value::of(device.vendor.as_ref(), Value::text),
        Value::of(device.model.as_ref(), Value::text),
    ]
}

fn unsupported(
    all: &[(SubjectIx, &Device)],
    scope: &Scope<'_>,
    page: &Page<'_>,
    at: UnixMs,
) -> Table {
    let lang = page.lang;
    let mut out: Vec<_> = all.iter().filter(|(_, device)| is_out(device, at)).collect();
    out.sort_by_key(|(ix, device)| (device.support_until, *ix));
    let row = |(ix, device): &&(SubjectIx, &Device)| {
        let mut row = about(scope, *ix, device);
        row.push(Value::of(device.support_until, Value::Day));
        row.push(Value::of(scope.inventory.subject(*ix).since, Value::Day));
        row
    };
    Table {
        key: "unsupported",
        title: t!(lang, "kinds.unsupported", n = out.len()),
        columns: heads!(lang,
            "device" => "common.device",
            "unit" => "common.unit",
            "kind" => "kinds.kind",
            "vendor" => "kinds.vendor",
            "model" => "kinds.model",
            "support_until" => "kinds.support_until",
            "since" => "kinds.in_use_since",
        ),
        rows: out.iter().map(row).collect(),
        has_total: false,
    }
}

fn silent(all: &[(SubjectIx, &Device)], scope: &Scope<'_>, page: &Page<'_>) -> Table {
    let lang = page.lang;
    let silent = all.iter().filter(|(_, device)| device.snmp.is_none());
    let rows: Vec<Vec<Value>> = silent.map(|(ix, device)| about(scope, *ix, device)).collect();
    Table {
        key: "without_snmp",
        title: t!(lang, "kinds.without_snmp", n = rows.len()),
        columns: heads!(lang,
            "device" => "common.device",
            "unit" => "common.unit",
            "kind" => "kinds.kind",
            "vendor" => "kinds.vendor",
            "model" => "kinds.model",
        ),
        rows,
        has_total: false,
    }
}

/// Model and serial number, where both are known and do not agree.
fn drift(
    all: &[(SubjectIx, &Device)],
    scope: &Scope<'_>,
    page: &Page<'_>,
    seen: &BTreeMap<SubjectId, Vec<Sighting>>,
) -> Table {
    let lang = page.lang;
    let mut rows = Vec::new();
    for (ix, device) in all {
        let subject = scope.inventory.subject(*ix);
        let facts = seen.get(&subject.id).map_or(&[][..], Vec::as_slice);
        let kinds = [
            (What::Model, Value::Word("model", "kinds.model"), &device.model),
            (What::Serial, Value::Word("serial", "kinds.serial"), &device.serial),
        ];
        for (sort, what, declared) in kinds {
            let Some(declared) = declared else { continue };
            let Some(said) = facts.iter().find(|fact| &*fact.key == sort.as_str()) else {
                continue;
            };
            if agree(sort, declared, &said.value) {
                continue;
            }
            rows.push(vec![
                Value::text(subject.id.as_str()),
                Value::text(&scope.inventory.unit(subject.unit).name),
                what,
                Value::text(declared),
                Value::text(said.value.to_string()),
                Value::Time(said.last),
            ]);
        }
    }
    Table {
        key: "drift",
        title: t!(lang, "kinds.drift", n = rows.len()),
        columns: heads!(lang,
            "device" => "common.device",
            "unit" => "common.unit",
            "what" => "kinds.what",
            "declared" => "kinds.declared",
            "observed" => "kinds.observed",
            "seen" => "kinds.seen",
        ),
        rows,
        has_total: false,
    }
}
