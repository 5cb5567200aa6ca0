//! What a report's figures rest on: how many rounds were to come and came, and the end of the
//! chain of sealed days, with which anybody can tell later whether the store was changed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::time;
use super::{Page, Scope};
use crate::locale::{date, number};
use crate::model::{Span, SubjectId, UnixMs};
use crate::store::ChainHead;
use crate::t;

/// What the store says of a window, before a report asks for some of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Rounds of each subject's primary check that say something about it.
    pub received: BTreeMap<SubjectId, u64>,
    /// The end of the chain; `None` before the first day is sealed.
    pub head: Option<ChainHead>,
}

/// What stands at the foot of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// First instant judged.
    pub from: UnixMs,
    /// First instant no longer judged.
    pub to: UnixMs,
    /// Rounds that the subjects of the report are asked in that time at their intervals.
    pub rounds_expected: u64,
    /// Rounds that came; more than expected where suspects were asked again sooner.
    pub rounds_received: u64,
    /// The end of the chain.
    pub chain: Option<Chain>,
}

/// A place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// Number of the link.
    pub n: i64,
    /// The day (UTC) that it seals, as a date: `2026-10-31`.
    pub day: String,
    /// Its first instant.
    #[serde(skip)]
    pub start: UnixMs,
    /// When it was added.
    pub at: UnixMs,
    /// SHA-256 in hexadecimal.
    pub head: String,
}

impl From<&ChainHead> for Chain {
    fn from(head: &ChainHead) -> Self {
        let ChainHead { n, day, at, ref head } = *head;
        let date = jiff::tz::TimeZone::UTC.to_datetime(day.to_timestamp()).date();
        Self { n, day: date.to_string(), start: day, at, head: head.clone() }
    }
}

/// Of every subject of the report's units that is asked anything; `None` where the store was not
/// asked.
pub(super) fn proof(scope: &Scope<'_>, inside: &[bool]) -> Option<Proof> {
    let evidence = scope.records.evidence()?;
    let window = scope.window();
    let (mut rounds_expected, mut rounds_received) = (0, 0);
    for subject in &scope.inventory.subjects {
        let is_asked = subject.is_enabled && !subject.checks.is_empty();
        if !is_asked || !inside.get(subject.unit.ix()).is_some_and(|inside| *inside) {
            continue;
        }
        let lifetime: Span = subject.lifetime(window);
        let rounds = lifetime.len_ms() / subject.health.interval_ms.max(1);
        rounds_expected += rounds.max(0).cast_unsigned();
        rounds_received += evidence.received.get(&subject.id).copied().unwrap_or(0);
    }
    Some(Proof {
        from: window.from,
        to: window.to,
        rounds_expected,
        rounds_received,
        chain: evidence.head.as_ref().map(Chain::from),
    })
}

/// What the figures rest on, and how anybody can see later that it has not changed: the last lines
/// of a report for people, under a heading of their own. Empty where the store was not asked.
pub(super) fn foot(proof: Option<&Proof>, page: &Page<'_>) -> Vec<String> {
    let Some(proof) = proof else { return Vec::new() };
    let lang = page.lang;
    let rounds = |n: u64| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    let mut lines = vec![
        t!(lang, "report.proof"),
        t!(
            lang,
            "report.proof_rounds",
            from = time(page, proof.from),
            to = time(page, proof.to),
            expected = rounds(proof.rounds_expected),
            received = rounds(proof.rounds_received)
        ),
    ];
    // Beside a measured share of nearly all the two numbers would contradict each other.
    if proof.rounds_received < proof.rounds_expected / 10 * 9 {
        lines.push(t!(lang, "report.proof_fewer"));
    }
    match &proof.chain {
        Some(chain) => {
            let day = chain.start.to_timestamp().to_zoned_datetime(jiff::tz::TimeZone::UTC);
            let (n, day) = (number(lang, chain.n), date(lang, &day));
            lines.push(t!(lang, "report.proof_chain", n = n, day = day, head = chain.head));
            // As many digits as nobody else's head begins with.
            let head: String = chain.head.chars().take(16).collect();
            lines.push(t!(lang, "report.proof_checked", head = head));
        }
        None => lines.push(t!(lang, "report.proof_no_chain")),
    }
    lines
}
