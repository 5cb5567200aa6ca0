//! Holds the daemon's record against the script.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use tuantra::coverage::Outage;
use tuantra::model::{Sample, Span, State, StateInterval, SubjectId, SubjectIx, UnixMs};
use tuantra::store::{EventKind, OutageFilter, Reader};

use super::figures::{Asked, Behind, Class, Figures, Spread};
use super::lab::Run;
use super::plan::{CONFIRM, Phase, Settings};

/// Most false outages described one by one.
const EXAMPLES: usize = 5;

/// Reads the store and compares.
///
/// # Errors
/// The store cannot be read, or the daemon was not ready when the script began.
pub fn judge(run: &Run, settings: &Settings) -> Result<Figures, Box<dyn Error>> {
    let record = Record::read(run)?;
    let periods = settings.periods();
    let is_of_outages = run.phase == Phase::Outages;
    let mut figures = Figures {
        phase: run.phase.as_str().to_owned(),
        run_ms: run.window.len_ms(),
        interval_ms: periods.interval_ms,
        retry_ms: periods.retry_ms,
        slack_ms: settings.slack_ms(),
        guaranteed_ms: periods.guaranteed_ms(),
        limit_ms: settings.limit_ms(),
        classes: settings
            .classes_ms()
            .into_iter()
            .filter(|c| is_of_outages && c.start < settings.lengths_ms().end)
            .map(|c| Class {
                from_ms: c.start,
                to_ms: c.end.min(settings.lengths_ms().end),
                ..Class::default()
            })
            .collect(),
        clock_drift_ms: run.clock_drift_ms,
        overflow: run.overflow,
        ..Figures::default()
    };
    let (mut starts, mut ends, mut told) = (Vec::new(), Vec::new(), Vec::new());
    let mut behind = BehindErrors::default();
    for subject in run.inventory.subject_ixs() {
        let id = &run.inventory.subject(subject).id;
        // A line behind a trunk that is cut is out whenever that is.
        let trunk = run.cast.cut.iter().find(|(_, lines)| lines.contains(&subject));
        let truths = truths(run, trunk.map_or(subject, |(trunk, _)| *trunk));
        let intervals = record.intervals_of(id);
        figures.unmeasured_ms += unmeasured_ms(intervals, &truths, run.window)
            .ok_or_else(|| format!("{id} was not found up before its first outage"))?;
        let matched = Matched::of(&truths, record.outages_of(id), periods.retry_ms);
        figures.broken += matched.broken;
        for stranger in &matched.strangers {
            figures.false_outages += 1;
            if figures.false_examples.len() < EXAMPLES {
                let Outage { start, end, state, .. } = stranger;
                figures.false_examples.push(format!("{id} {} {start} {end:?}", state.as_str()));
            }
        }
        if let Some((trunk, _)) = trunk {
            let cause = &run.inventory.subject(*trunk).id;
            for (truth, found) in &matched.cases {
                let is_short = truth.len_ms() <= figures.limit_ms;
                behind.add(&mut figures.behind, *truth, is_short, found.as_ref(), intervals, cause);
            }
            continue;
        }
        let samples = record.reader.samples(id, run.window)?;
        if run.cast.own.contains(&subject) {
            count_rounds(&mut figures.asked, &samples, periods.ping.count);
        }
        for (truth, found) in matched.cases {
            if truth.len_ms() > figures.limit_ms {
                figures.beyond_limit.0 += 1;
                figures.beyond_limit.1 += usize::from(found.is_some());
            }
            let lasts = truth.len_ms();
            let class = figures.classes.iter_mut().find(|c| (c.from_ms..c.to_ms).contains(&lasts));
            if let Some(class) = class {
                classify(class, truth, found.is_some(), &samples);
            }
            let Some(found) = found else { continue };
            starts.push(found.start.since(truth.from));
            ends.extend(found.end.map(|end| end.since(truth.to)));
            let verdict = record.verdicts.get(&(id.clone(), found.start));
            told.extend(verdict.map(|at| at.since(truth.from)));
            if let (Some(verdict), Some(end)) = (verdict, found.end) {
                // The next round may have begun just before the verdict.
                let settled = Span::new(*verdict + periods.retry_ms, end);
                let too_big = |s: &&Sample| settled.contains(s.at) && s.sent > periods.ping.count;
                let too_big = samples.iter().filter(too_big).count();
                figures.asked.in_doubt_too_long += u64::try_from(too_big)?;
            }
        }
    }
    figures.start = Spread::of(starts);
    figures.end = Spread::of(ends);
    figures.told = Spread::of(told);
    figures.behind.start = Spread::of(behind.starts);
    figures.behind.end = Spread::of(behind.ends);
    Ok(figures)
}

/// The scripted outages of a subject's own, by their start.
fn truths(run: &Run, subject: SubjectIx) -> Vec<Span> {
    let of_subject = |f: &&tuantra::sim::script::Fault| {
        f.kind.is_dark() && f.subjects.contains(&subject) && f.span.from < run.window.to
    };
    run.script.faults().iter().filter(of_subject).map(|f| f.span).collect()
}

/// What the store says.
struct Record {
    reader: Reader,
    intervals: BTreeMap<SubjectId, Vec<StateInterval>>,
    outages: HashMap<SubjectId, Vec<Outage>>,
    /// When a subject was found down, by the start that this verdict gave to the outage.
    verdicts: HashMap<(SubjectId, UnixMs), UnixMs>,
}

impl Record {
    fn read(run: &Run) -> Result<Self, Box<dyn Error>> {
        let reader = Reader::open(&run.store)?;
        let mut outages: HashMap<SubjectId, Vec<Outage>> = HashMap::new();
        for found in reader.outages(run.window, &OutageFilter::default())? {
            outages.entry(found.subject).or_default().push(found.outage);
        }
        let mut verdicts = HashMap::new();
        for recorded in reader.events(run.window, usize::MAX)? {
            let event = recorded.event;
            let since = event.detail.get("since").and_then(|v| v.as_str()?.parse().ok());
            let is_down = event.kind == EventKind::State
                && event.detail.get("to").is_some_and(|to| to == State::Down.as_str());
            if let (true, Some(subject), Some(since)) = (is_down, event.subject, since) {
                verdicts.entry((subject, since)).or_insert(event.at);
            }
        }
        let intervals = reader.intervals(None, run.window)?;
        Ok(Self { reader, intervals, outages, verdicts })
    }

    fn intervals_of(&self, id: &SubjectId) -> &[StateInterval] {
        self.intervals.get(id).map_or(&[], Vec::as_slice)
    }

    fn outages_of(&self, id: &SubjectId) -> &[Outage] {
        self.outages.get(id).map_or(&[], Vec::as_slice)
    }
}

/// Time nobody asked between the first answer and the end of the run; `None` when the first
/// answer came after the first outage had begun.
fn unmeasured_ms(intervals: &[StateInterval], truths: &[Span], window: Span) -> Option<i64> {
    let first = intervals.iter().position(|i| i.state.is_live())?;
    let is_late = truths.first().is_some_and(|t| t.from < intervals[first].from);
    let holes = intervals[first..].iter().filter(|i| i.state == State::Unmeasured);
    (!is_late).then(|| holes.map(|i| i.clip(window).len_ms()).sum())
}

/// Scripted outages and recorded ones, put together.
pub struct Matched {
    /// Each scripted one with what was recorded of it.
    pub cases: Vec<(Span, Option<Outage>)>,
    /// Recorded ones that nothing explains.
    pub strangers: Vec<Outage>,
    /// Scripted ones recorded in more than one piece.
    pub broken: usize,
}

impl Matched {
    /// A recorded outage belongs to the scripted one it overlaps most; one that overlaps none,
    /// give or take `slack_ms`, is a stranger.
    pub fn of(truths: &[Span], outages: &[Outage], slack_ms: i64) -> Self {
        let mut cases: Vec<(Span, Option<Outage>)> = truths.iter().map(|t| (*t, None)).collect();
        let (mut strangers, mut broken) = (Vec::new(), 0);
        for outage in outages {
            let span = Span::new(outage.start, outage.end.unwrap_or(UnixMs(i64::MAX)));
            let shared = |truth: Span| {
                span.intersect(Span::new(truth.from - slack_ms, truth.to + slack_ms)).len_ms()
            };
            let best = cases.iter_mut().max_by_key(|(truth, _)| shared(*truth));
            match best.filter(|(truth, _)| shared(*truth) > 0) {
                None => strangers.push(outage.clone()),
                Some((_, found @ None)) => *found = Some(outage.clone()),
                Some((_, Some(first))) => {
                    broken += 1;
                    first.end = outage.end;
                }
            }
        }
        Self { cases, strangers, broken }
    }
}

fn is_lost_whole(sample: &Sample) -> bool {
    sample.sent > 0 && sample.lost == sample.sent
}

fn count_rounds(asked: &mut Asked, samples: &[Sample], usual: u8) {
    let mut run = 0;
    for sample in samples {
        asked.rounds += 1;
        asked.in_doubt += u64::from(sample.sent > usual);
        asked.packets += u64::from(sample.sent);
        asked.packets_lost += u64::from(sample.lost);
        run = if is_lost_whole(sample) { run + 1 } else { 0 };
        asked.lost_whole += u64::from(run > 0);
        asked.worst_run = asked.worst_run.max(run);
    }
}

/// Counts a scripted outage in its class; one that was not found by what the patrol could see.
pub fn classify(class: &mut Class, truth: Span, is_found: bool, samples: &[Sample]) {
    class.scripted += 1;
    if is_found {
        class.found += 1;
        return;
    }
    let (mut run, mut longest) = (0_u8, 0_u8);
    for sample in samples.iter().filter(|s| truth.contains(s.at)) {
        run = if is_lost_whole(sample) { run.saturating_add(1) } else { 0 };
        longest = longest.max(run);
    }
    match longest {
        0 => class.unseen += 1,
        n if n < CONFIRM => class.unconfirmed += 1,
        _ => class.overlooked += 1,
    }
}

/// Errors of the lines behind cut trunks.
#[derive(Default)]
struct BehindErrors {
    starts: Vec<i64>,
    ends: Vec<i64>,
}

impl BehindErrors {
    fn add(
        &mut self,
        behind: &mut Behind,
        truth: Span,
        is_short: bool,
        found: Option<&Outage>,
        intervals: &[StateInterval],
        cause: &SubjectId,
    ) {
        let span = found.map(|o| Span::new(o.start, o.end.unwrap_or(truth.to)));
        let of_it = |i: &&StateInterval| {
            span.is_some_and(|s| i.from < s.to && i.to.is_none_or(|to| to > s.from))
        };
        let is_blamed = intervals.iter().filter(of_it).any(|i| i.state == State::Down);
        let is_unreachable = intervals
            .iter()
            .filter(of_it)
            .any(|i| i.state == State::Unreachable && i.cause.as_ref() == Some(cause));
        if is_blamed {
            behind.blamed_up_to_ms = behind.blamed_up_to_ms.max(truth.len_ms());
        }
        if is_short {
            behind.short_cases += 1;
            behind.blamed_behind_short += usize::from(is_blamed);
            return;
        }
        behind.cases += 1;
        behind.blamed += usize::from(is_blamed);
        behind.unreachable += usize::from(is_unreachable);
        if let Some(found) = found {
            self.starts.push(found.start.since(truth.from));
            self.ends.extend(found.end.map(|end| end.since(truth.to)));
        }
    }
}
