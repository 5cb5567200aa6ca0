//! A carrier's own monthly table against ours: where the two differ, and our evidence for it.

use super::super::{Page, Said, Scope, Sheet, Table, Value};
use super::carrier::{FailedRounds, carrier};
use super::theirs::{TheirTable, Theirs};
use super::{block, facts};
use crate::coverage::{CarrierMillis, Verdict, carrier_account, outages as of_record};
use crate::heads;
use crate::locale::fold;
use crate::model::{CarrierIx, SubjectIx};
use crate::t;

/// Within this the two agree: a minute, and a hundredth of a percent.
const SAME_MS: i64 = 60_000;
const SAME_PPM: i64 = 100;

/// A line of theirs with ours.
struct Pair<'a> {
    theirs: &'a Theirs,
    subject: SubjectIx,
    ours: CarrierMillis,
    outages: i64,
}

impl Pair<'_> {
    fn lost_difference(&self) -> Option<i64> {
        Some(self.theirs.lost_ms? - self.ours.counted)
    }

    fn share_difference(&self) -> Option<i64> {
        Some(i64::from(self.theirs.ppm?) - i64::from(self.ours.ppm()?))
    }

    fn outage_difference(&self) -> Option<i64> {
        Some(self.theirs.outages? - self.outages)
    }

    fn is_same(&self) -> bool {
        self.lost_difference().is_none_or(|ms| ms.abs() <= SAME_MS)
            && self.share_difference().is_none_or(|ppm| ppm.abs() <= SAME_PPM)
            && self.outage_difference().is_none_or(|n| n == 0)
    }
}

/// Holds `theirs` against the account of `carrier` over the scope's window. Missed when they
/// differ anywhere.
#[must_use]
pub fn reconcile(
    scope: &Scope<'_>,
    page: &Page<'_>,
    said: &Said,
    ix: CarrierIx,
    theirs: &TheirTable,
    failed: &FailedRounds,
) -> Sheet {
    let (lang, inventory, records) = (page.lang, scope.inventory, scope.records);
    let confirmed = said.confirmed(inventory, |ix| of_record(records.of(ix)));
    let account = carrier_account(
        &scope.judge(),
        ix,
        |subject| records.of(subject),
        |subject| confirmed.get(subject.ix()).map_or(&[][..], Vec::as_slice),
        scope.availability_goal_ppm,
        scope.floor_ppm,
    );
    let plain =
        |text: &str| -> String { fold(text).chars().filter(|c| c.is_alphanumeric()).collect() };
    let means = |name: &str, subject: SubjectIx| {
        let found = inventory.subject(subject);
        let circuit = found.connection().and_then(|c| c.circuit.as_deref());
        found.id.as_str() == name || circuit.is_some_and(|circuit| plain(circuit) == plain(name))
    };
    let line_of = |row: &Theirs| {
        let mut names = std::iter::once(&row.circuit).chain(&row.also);
        names.find_map(|name| account.lines.iter().find(|line| means(name, line.subject)))
    };
    let (mut pairs, mut strangers, mut again) = (Vec::<Pair<'_>>::new(), Vec::new(), Vec::new());
    for row in &theirs.rows {
        match line_of(row) {
            // Which of the two is meant is theirs to say; the first is held against ours.
            Some(line) if pairs.iter().any(|pair| pair.subject == line.subject) => again.push(row),
            Some(line) => pairs.push(Pair {
                theirs: row,
                subject: line.subject,
                ours: line.millis.clone(),
                outages: i64::from(line.outages),
            }),
            None => strangers.push(row),
        }
    }
    let is_theirs = |subject| pairs.iter().any(|pair| pair.subject == subject);
    let missing: Vec<SubjectIx> =
        account.lines.iter().map(|l| l.subject).filter(|s| !is_theirs(*s)).collect();
    let differing: Vec<String> = pairs
        .iter()
        .filter(|pair| !pair.is_same())
        .map(|pair| inventory.subject(pair.subject).id.to_string())
        .collect();
    // The evidence is the carriers' report's, of the circuits in dispute.
    let mut evidence = carrier(scope, page, said, Some(ix), failed).tables;
    evidence.retain(|table| table.key == "evidence");
    for table in &mut evidence {
        table.rows.retain(|row| {
            let Some(Value::Text(id)) = row.first() else { return false };
            let subject = id.rsplit_once('@').map_or("", |(subject, _)| subject);
            differing.iter().any(|known| known == subject)
        });
    }
    let mut frame = block("kinds.reconcile_title", scope, page);
    frame.heads.retain(|line| !line.starts_with(&t!(lang, "report.clock", clock = "")));
    frame.heads.push(t!(lang, "report.clock", clock = t!(lang, "report.clock_contract")));
    frame.heads.push(t!(
        lang,
        "kinds.reconcile_sum",
        carrier = inventory.carrier(ix).name,
        rows = theirs.rows.len(),
        differing = differing.len(),
        missing = missing.len(),
        strangers = strangers.len()
    ));
    let is_clean = differing.is_empty()
        && missing.is_empty()
        && strangers.is_empty()
        && again.is_empty()
        && theirs.unread.is_empty();
    let mut tables = vec![
        compared(&pairs, scope, page),
        left(&missing, (&strangers, &again), &theirs.unread, scope, page),
    ];
    tables.extend(evidence);
    let notes = ["note_reconcile", "note_counted", "note_rounds"];
    Sheet {
        kind: "reconcile",
        frame,
        facts: facts(scope),
        tables,
        picture: None,
        notes: notes.iter().map(|key| t!(lang, &format!("kinds.{key}"))).collect(),
        proof: super::super::proof::proof(scope, &scope.units(&scope.tree())),
        verdict: if is_clean { Verdict::Met } else { Verdict::Missed },
    }
}

fn compared(pairs: &[Pair<'_>], scope: &Scope<'_>, page: &Page<'_>) -> Table {
    let lang = page.lang;
    let row = |pair: &Pair<'_>| {
        let theirs = pair.theirs;
        let minutes = |ms: i64| Value::Count((ms + ms.signum() * 30_000) / 60_000);
        let subject = scope.inventory.subject(pair.subject);
        let (same, other) =
            (Value::Word("same", "kinds.same"), Value::Word("differs", "kinds.differs"));
        vec![
            Value::text(&theirs.circuit),
            Value::text(subject.id.as_str()),
            Value::text(&scope.inventory.unit(subject.unit).name),
            Value::of(theirs.ppm, Value::Share),
            Value::of(pair.ours.ppm(), Value::Share),
            Value::of(theirs.lost_ms, minutes),
            minutes(pair.ours.counted),
            Value::of(pair.lost_difference(), minutes),
            Value::of(theirs.outages, Value::Count),
            Value::Count(pair.outages),
            if pair.is_same() { same } else { other },
        ]
    };
    Table {
        key: "compared",
        title: t!(lang, "kinds.compared"),
        columns: heads!(lang,
            "circuit" => "common.circuit",
            "subject" => "common.connection",
            "unit" => "common.unit",
            "their_availability" => "kinds.their_availability",
            "our_availability" => "kinds.our_availability",
            "their_minutes" => "kinds.their_minutes",
            "our_minutes" => "kinds.our_minutes",
            "difference_minutes" => "kinds.difference",
            "their_outages" => "kinds.their_outages",
            "our_outages" => "kinds.our_outages",
            "result" => "kinds.result",
        ),
        rows: pairs.iter().map(row).collect(),
        has_total: false,
    }
}

fn left(
    missing: &[SubjectIx],
    (strangers, again): (&[&Theirs], &[&Theirs]),
    unread: &[(u64, String)],
    scope: &Scope<'_>,
    page: &Page<'_>,
) -> Table {
    let lang = page.lang;
    let line = |line: u64| Value::Count(i64::try_from(line).unwrap_or(i64::MAX));
    let ours = missing.iter().map(|ix| {
        let id = scope.inventory.subject(*ix).id.as_str();
        vec![Value::Word("missing", "kinds.missing"), Value::None, Value::text(id)]
    });
    let row = |row: &&Theirs, why| vec![why, line(row.line), Value::text(&row.circuit)];
    let theirs = strangers.iter().map(|r| row(r, Value::Word("stranger", "kinds.stranger")));
    let twice = again.iter().map(|r| row(r, Value::Word("twice", "kinds.twice")));
    let cells = unread
        .iter()
        .map(|(n, text)| vec![Value::Word("unread", "kinds.unread"), line(*n), Value::text(text)]);
    Table {
        key: "left",
        title: t!(lang, "kinds.left"),
        columns: heads!(lang,
            "why" => "kinds.why",
            "line" => "kinds.line",
            "what" => "kinds.what",
        ),
        // What somebody has to look into stands above what they simply did not name.
        rows: theirs.chain(twice).chain(cells).chain(ours).collect(),
        has_total: false,
    }
}
