//! The outages of a period with what operators said they were: by cause, by carrier, the ten worst,
//! and one by one.

use std::collections::BTreeMap;

use super::super::figures::timeline;
use super::super::proof::proof;
use super::super::{AvailabilityRow, GroupBy, GroupKey, Page, Said, Scope, Sheet, Table, Value};
use super::{block, facts, subjects};
use crate::coverage::{
    Clock, MarkedOutage, Outage, Tree, Verdict, mark_outages, outages as of_record,
};
use crate::heads;
use crate::model::{CarrierIx, Cause, OutageId, State, SubjectIx, UnitIx};
use crate::t;

/// How many of the worst are shown.
const WORST: usize = 10;

/// An outage with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Whose.
    pub subject: SubjectIx,
    /// When, and what of it counts.
    pub marked: MarkedOutage,
    /// The cause in force: its own note's, else that of the root it was unreachable through.
    pub cause: Option<Cause>,
    /// What it was called before.
    pub before: Option<Cause>,
    /// Who said so.
    pub by: Option<String>,
    /// What he said.
    pub note: String,
    /// Who took it.
    pub taken_by: Option<String>,
}

/// Every outage that touches the scope's window, oldest first, of connections and, when
/// `devices_too`, of devices and services.
#[must_use]
pub fn list(scope: &Scope<'_>, said: &Said, devices_too: bool) -> Vec<Listed> {
    let judge = scope.judge();
    let mut found = Vec::new();
    for ix in subjects(scope) {
        let subject = scope.inventory.subject(ix);
        if !devices_too && subject.connection().is_none() {
            continue;
        }
        let record = scope.records.of(ix);
        for marked in mark_outages(record, &judge.classes(ix, record)) {
            let word = said.of(&subject.id, &marked.outage);
            found.push(Listed {
                subject: ix,
                cause: word
                    .map(|word| word.last.cause)
                    .or_else(|| through(scope, said, &marked.outage)),
                before: word.and_then(|word| word.before),
                by: word.map(|word| word.last.by.clone()),
                note: word.map_or_else(String::new, |word| word.last.note.clone()),
                taken_by: said.taken_by(&subject.id, &marked.outage).map(str::to_owned),
                marked,
            });
        }
    }
    found.sort_by_key(|l| (l.marked.outage.start, l.subject));
    found
}

/// What was said of the outage that this one is a consequence of.
pub(super) fn through(scope: &Scope<'_>, said: &Said, outage: &Outage) -> Option<Cause> {
    let root = outage.cause.as_ref()?;
    let ix = scope.inventory.find_subject(root.as_str())?;
    let within = super::super::notes::span(outage);
    let roots = of_record(scope.records.of(ix));
    let found =
        roots.iter().find(|o| !super::super::notes::span(o).intersect(within).is_empty())?;
    Some(said.of(root, found)?.last.cause)
}

impl Listed {
    /// Its name.
    #[must_use]
    pub fn id(&self, scope: &Scope<'_>) -> OutageId {
        let subject = scope.inventory.subject(self.subject).id.clone();
        OutageId { subject, start: self.marked.outage.start }
    }

    /// True when it counts and is the subject's own, not a consequence.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.marked.is_counted() && self.marked.outage.state == State::Down
    }
}

/// What outages are summed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutagesBy {
    /// What they were.
    Cause,
    /// Whose line.
    Carrier,
    /// The unit that the line stood for when it began.
    Unit,
}

/// The report. Consequences are listed and count in no other table than their line's own.
#[must_use]
pub fn outages(scope: &Scope<'_>, page: &Page<'_>, said: &Said, devices_too: bool) -> Sheet {
    outages_by(scope, page, said, devices_too, None)
}

/// As [`outages`]; with `by` summed by that alone, the list in the order of the sums.
#[must_use]
pub fn outages_by(
    scope: &Scope<'_>,
    page: &Page<'_>,
    said: &Said,
    devices_too: bool,
    by: Option<OutagesBy>,
) -> Sheet {
    // Every table has one clock whatever was asked: an outage is one at any hour.
    let scope = &Scope { clock: Clock::AroundTheClock, ..*scope };
    let mut all = list(scope, said, devices_too);
    let lang = page.lang;
    let tree = scope.tree();
    let shown = subjects(scope)
        .into_iter()
        .filter(|ix| devices_too || scope.inventory.subject(*ix).connection().is_some());
    let picture = timeline(scope, &shown.collect::<Vec<_>>(), page);
    let tables = match by {
        None => {
            let by_carrier = super::super::availability(scope, GroupBy::Carrier, devices_too);
            let title = t!(lang, "kinds.by_carrier");
            vec![
                by_cause(&all, page),
                figures("by_carrier", &title, &by_carrier.rows, scope, page),
                worst(scope, page, devices_too),
                one_by_one(&all, scope, page),
            ]
        }
        Some(by) => {
            let sums = summed(&mut all, by, (scope, &tree), page);
            vec![sums, one_by_one(&all, scope, page)]
        }
    };
    let unnamed = all.iter().filter(|l| l.is_root() && l.cause.is_none()).count();
    let mut frame = block("kinds.outages_title", scope, page);
    frame.heads.push(t!(
        lang,
        "kinds.outages_sum",
        n = crate::locale::number(lang, all.iter().filter(|l| l.is_root()).count() as i64),
        unnamed = crate::locale::number(lang, unnamed as i64)
    ));
    // What a note explains must be there.
    let notes: &[&str] = match by {
        None => &["note_root", "note_mttr", "note_cause", "note_planned"],
        Some(OutagesBy::Cause) => &["note_root", "note_cause", "note_planned"],
        Some(_) => &["note_sums", "note_cause", "note_planned"],
    };
    Sheet {
        kind: "outages",
        frame,
        facts: facts(scope),
        tables,
        picture,
        notes: notes.iter().map(|key| t!(lang, &format!("kinds.{key}"))).collect(),
        proof: proof(scope, &scope.units(&tree)),
        verdict: Verdict::Met,
    }
}

/// The outages alone, as `tuantra outage list` shows them: of everything that is asked; `unsaid`
/// keeps those whose cause is still to be said.
#[must_use]
pub fn listing(scope: &Scope<'_>, page: &Page<'_>, said: &Said, unsaid: bool) -> Sheet {
    let mut all = list(scope, said, true);
    all.retain(|l| !unsaid || (l.is_root() && l.cause.is_none()));
    Sheet {
        kind: "outage_list",
        frame: block("kinds.outages_title", scope, page),
        facts: facts(scope),
        tables: vec![one_by_one(&all, scope, page)],
        picture: None,
        notes: Vec::new(),
        proof: None,
        verdict: Verdict::Met,
    }
}

/// How many outages, time lost and the longest of them.
type Sum = (i64, i64, i64);

fn by_cause(all: &[Listed], page: &Page<'_>) -> Table {
    let mut groups: BTreeMap<Option<Cause>, Sum> = BTreeMap::new();
    for listed in all.iter().filter(|l| l.is_root()) {
        add(groups.entry(listed.cause).or_default(), listed);
    }
    let named = Cause::ALL.into_iter().map(Some).chain([None]);
    let rows = named.filter_map(|cause| Some((cause, *groups.get(&cause)?)));
    let title = t!(page.lang, "kinds.by_cause");
    sums(
        ("by_cause", title),
        ("cause", "common.cause"),
        rows.map(|(c, s)| (cause_name(c), s)),
        page,
    )
}

fn cause_name(cause: Option<Cause>) -> Value {
    cause.map_or(Value::Word("unsaid", "kinds.unsaid"), Value::cause)
}

fn add(sum: &mut Sum, listed: &Listed) {
    let lost = listed.marked.lost_ms;
    *sum = (sum.0 + 1, sum.1 + lost, sum.2.max(lost));
}

/// Sums by what is asked for, the most time lost first, and `all` in their order.
fn summed(
    all: &mut [Listed],
    by: OutagesBy,
    (scope, tree): (&Scope<'_>, &Tree),
    page: &Page<'_>,
) -> Table {
    let inventory = scope.inventory;
    let unit = |listed: &Listed| {
        let own = inventory.subject(listed.subject).unit;
        let start = listed.marked.outage.start;
        let served = tree.serves(own).iter().find(|s| s.span.contains(start));
        served.map_or(own, |s| s.unit)
    };
    let carrier =
        |listed: &Listed| inventory.subject(listed.subject).connection().and_then(|c| c.carrier);
    let group = |listed: &Listed| match by {
        OutagesBy::Cause => Group::Cause(listed.cause),
        OutagesBy::Carrier => Group::Carrier(carrier(listed)),
        OutagesBy::Unit => Group::Unit(unit(listed)),
    };
    let mut groups: BTreeMap<Group, Sum> = BTreeMap::new();
    for listed in all.iter() {
        let sum = groups.entry(group(listed)).or_default();
        if listed.is_root() {
            add(sum, listed);
        }
    }
    let mut order: Vec<(Group, Sum)> = groups.into_iter().collect();
    order.sort_by_key(|(group, (_, lost, _))| (std::cmp::Reverse(*lost), *group));
    let place: BTreeMap<Group, usize> =
        order.iter().enumerate().map(|(n, (group, _))| (*group, n)).collect();
    all.sort_by_key(|l| (place.get(&group(l)).copied(), l.marked.outage.start, l.subject));
    let rows = order.into_iter().filter(|(_, (n, _, _))| *n > 0).map(|(group, sum)| {
        let name = match group {
            Group::Cause(cause) => cause_name(cause),
            Group::Carrier(Some(ix)) => Value::text(&inventory.carrier(ix).name),
            Group::Carrier(None) => Value::Word("own", "report.no_carrier"),
            Group::Unit(ix) => Value::text(&inventory.unit(ix).name),
        };
        (name, sum)
    });
    let (key, title, column, heading) = match by {
        OutagesBy::Cause => ("by_cause", "kinds.by_cause", "cause", "common.cause"),
        OutagesBy::Carrier => ("by_carrier", "kinds.by_carrier", "carrier", "common.carrier"),
        OutagesBy::Unit => ("by_unit", "kinds.by_unit", "unit", "common.unit"),
    };
    sums((key, t!(page.lang, title)), (column, heading), rows, page)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Cause(Option<Cause>),
    Carrier(Option<CarrierIx>),
    Unit(UnitIx),
}

/// A row for each group and one for all of them.
fn sums(
    (key, title): (&'static str, String),
    (column, heading): (&'static str, &'static str),
    groups: impl Iterator<Item = (Value, Sum)>,
    page: &Page<'_>,
) -> Table {
    let lang = page.lang;
    let mut total = (0, 0, 0);
    let row = |name: Value, (n, lost, longest): Sum| {
        let mean = (n > 0).then(|| lost / n);
        vec![
            name,
            Value::Count(n),
            Value::Length(lost),
            Value::of(mean, Value::Length),
            Value::Length(longest),
        ]
    };
    let mut rows = Vec::new();
    for (name, sum) in groups {
        total = (total.0 + sum.0, total.1 + sum.1, total.2.max(sum.2));
        rows.push(row(name, sum));
    }
    let has_total = !rows.is_empty();
    if has_total {
        rows.push(row(Value::Word("total", "common.total"), total));
    }
    let mut columns = heads!(lang,
        "cause" => "common.cause",
        "outages" => "report.outages",
        "lost_s" => "report.lost",
        "mttr_s" => "report.mttr",
        "longest_s" => "kinds.longest",
    );
    columns[0] = (column, t!(lang, heading));
    Table { key, title, columns, rows, has_total }
}

/// Rows of an availability report in short.
fn figures(
    key: &'static str,
    title: &str,
    rows: &[AvailabilityRow],
    scope: &Scope<'_>,
    page: &Page<'_>,
) -> Table {
    let lang = page.lang;
    let inventory = scope.inventory;
    let row = |row: &AvailabilityRow| {
        let name = match row.key {
            GroupKey::Subject(ix) => {
                let subject = inventory.subject(ix);
                let unit = &inventory.unit(row.unit.unwrap_or(subject.unit)).name;
                Value::text(format!("{unit} ({})", subject.id))
            }
            GroupKey::Carrier(Some(ix)) => Value::text(&inventory.carrier(ix).name),
            GroupKey::Unit(unit) => Value::text(&inventory.unit(unit).name),
            _ => Value::Word("own", "report.no_carrier"),
        };
        let got = &row.availability;
        vec![
            name,
            Value::Count(i64::from(got.outages)),
            Value::Length(got.millis.down),
            Value::Length(got.millis.unreachable),
            Value::of(got.mttr_ms(), Value::Length),
            Value::of(got.mtbf_ms(), Value::Length),
            Value::of(got.delivered_ppm(), Value::Share),
            Value::Share(got.measured_ppm()),
        ]
    };
    Table {
        key,
        title: title.to_owned(),
        columns: heads!(lang,
            "name" => "report.subject",
            "outages" => "report.outages",
            "down_s" => "kinds.down",
            "unreachable_s" => "kinds.unreachable",
            "mttr_s" => "report.mttr",
            "mtbf_s" => "report.mtbf",
            "availability" => "common.availability",
            "measured" => "common.measured",
        ),
        rows: rows.iter().map(row).collect(),
        has_total: false,
    }
}

fn worst(scope: &Scope<'_>, page: &Page<'_>, devices_too: bool) -> Table {
    let mut rows = super::super::availability(scope, GroupBy::Subject, devices_too).rows;
    rows.retain(|row| row.availability.outages > 0 && row.availability.millis.down > 0);
    rows.sort_by_key(|row| std::cmp::Reverse(row.availability.millis.down));
    rows.truncate(WORST);
    figures("worst", &t!(page.lang, "kinds.worst"), &rows, scope, page)
}

fn one_by_one(all: &[Listed], scope: &Scope<'_>, page: &Page<'_>) -> Table {
    let lang = page.lang;
    let row = |listed: &Listed| {
        let outage = &listed.marked.outage;
        let subject = scope.inventory.subject(listed.subject);
        let text = |text: &Option<String>| Value::of(text.clone(), Value::Text);
        vec![
            Value::text(listed.id(scope).to_string()),
            Value::text(&scope.inventory.unit(subject.unit).name),
            Value::Time(outage.start),
            Value::of(outage.end, Value::Time),
            match outage.state {
                State::Unreachable => Value::Word("unreachable", "state.unreachable"),
                _ => Value::Word("down", "state.down"),
            },
            Value::Length(listed.marked.lost_ms),
            Value::Length(listed.marked.planned_ms),
            Value::of(outage.cause.as_ref(), |id| Value::text(id.as_str())),
            Value::of(listed.cause, Value::cause),
            Value::of(listed.before, Value::cause),
            text(&listed.by),
            Value::of(Some(&listed.note).filter(|n| !n.is_empty()), Value::text),
            text(&listed.taken_by),
        ]
    };
    Table {
        key: "outages",
        title: t!(lang, "kinds.one_by_one"),
        columns: heads!(lang,
            "id" => "kinds.outage",
            "unit" => "common.unit",
            "start" => "kinds.start",
            "end" => "kinds.end",
            "state" => "common.state",
            "lost_s" => "report.lost",
            "planned_s" => "kinds.planned",
            "root" => "common.root_cause",
            "cause" => "common.cause",
            "before" => "kinds.before",
            "by" => "kinds.said_by",
            "note" => "common.note",
            "taken_by" => "kinds.taken_by",
        ),
        rows: all.iter().map(row).collect(),
        has_total: false,
    }
}
