//! One device and what is known of how it can be asked.

use std::sync::Arc;
use std::time::Duration;

use super::ask::{Answers, VALUES_MAX, Wanted};
use super::columns::{Columns, Taken};
use super::error::{Reason, Report, SnmpError};
use super::learned::{Learned, Shape, Step};
use super::rate::Rate;
use super::wire::{ErrorStatus, Fault, Got, Link, OBJECTS_MAX, Oid};
use crate::model::SnmpParams;

/// Silent passes after which an SNMPv3 engine is looked for anew.
const PASSES_UNTIL_REDISCOVERY: u32 = 2;

/// A device with its credential, asked one thing at a time: the borrow is the bound.
///
/// Guarantees: a question is asked at most `1 + retries` times, each under numbers of its own; what
/// came is kept when the rest does not come; a pass ends within the patrol's interval.
pub struct Session {
    link: Link,
    params: SnmpParams,
    rate: Option<Arc<Rate>>,
    learned: Learned,
    /// SNMPv1 knows no GETBULK.
    is_v1: bool,
    silent_passes: u32,
    has_answered: bool,
    /// The SNMPv3 engine that answered last.
    engine: Option<Vec<u8>>,
}

/// How a pass went, apart from what it brought.
#[derive(Debug, Default)]
struct Pass {
    /// What the device refused last.
    refused: Option<ErrorStatus>,
    /// Something came that was no answer to the question.
    is_malformed: bool,
    /// GETBULK stayed without an answer.
    is_bulk_silent: bool,
    /// Tries that were spent on asking for everything in one go.
    spent: u8,
}

impl Session {
    pub(super) fn new(
        link: Link,
        params: SnmpParams,
        rate: Option<Arc<Rate>>,
        learned: Learned,
        is_v1: bool,
    ) -> Self {
        let engine = link.engine();
        Self { link, params, rate, learned, is_v1, silent_passes: 0, has_answered: false, engine }
    }

    /// What was learnt of how much the device can say at once.
    #[must_use]
    pub fn learned(&self) -> Learned {
        self.learned
    }

    /// Asks for all that is wanted. Answers that broke off are answers: columns that did not come
    /// to their end are [`Answers::broken`].
    ///
    /// # Errors
    /// [`SnmpError`] when nothing came.
    pub async fn ask(&mut self, wanted: &Wanted) -> Result<Answers, SnmpError> {
        let mut answers = Answers::default();
        let mut pass = Pass::default();
        let most = self.pass_max();
        let asked = self.ask_all(wanted, &mut answers, &mut pass);
        let ended = match tokio::time::timeout(most, asked).await {
            Ok(ended) => ended,
            Err(_) => {
                // Which columns were not reached is known by what is missing of them.
                wanted.columns.iter().for_each(|column| answers.note_broken(column.clone()));
                Err(Fault::Silent)
            }
        };
        self.conclude(answers, &pass, ended).await
    }

    /// Everything below a root in the order of its OIDs, at most `limit` values.
    ///
    /// # Errors
    /// [`SnmpError`] when nothing came.
    pub async fn walk(&mut self, root: &Oid, limit: usize) -> Result<Answers, SnmpError> {
        let mut answers = Answers::default();
        let mut pass = Pass::default();
        let mut columns =
            Columns::new(std::slice::from_ref(root), limit.min(VALUES_MAX), &mut answers);
        let ended = self.walk_columns(&mut columns, None, &mut answers, &mut pass).await;
        columns.give_up(&mut answers);
        self.conclude(answers, &pass, ended).await
    }

    fn pass_max(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.params.interval_ms).unwrap_or(u64::MAX))
    }

    /// Scalars, then columns; in one go where that was done before and brought as much.
    async fn ask_all(
        &mut self,
        wanted: &Wanted,
        answers: &mut Answers,
        pass: &mut Pass,
    ) -> Result<(), Fault> {
        let (scalars, columns) = (wanted.scalars.len(), wanted.columns.len());
        let is_one_go = !self.is_v1
            && (1..=OBJECTS_MAX).contains(&(scalars + columns))
            && scalars.min(columns) > 0;
        if !is_one_go {
            // In a box, here and below: no turn but the first few asks like that.
            return Box::pin(self.ask_apart(wanted, answers, pass)).await.map(drop);
        }
        let before = self.learned.shape(scalars, columns).filter(|_| self.learned.takes_singles());
        if let Some(before) = before {
            if let Some(ended) = self.ask_in_one_go(wanted, before, answers, pass).await? {
                return ended;
            }
            // It has changed, or it is one that takes scalars for columns.
            *answers = Answers::default();
        }
        let rows = Box::pin(self.ask_apart(wanted, answers, pass)).await?;
        let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let values = u32::try_from(answers.len()).unwrap_or(u32::MAX);
        let shape = Shape { scalars: count(scalars), columns: count(columns), rows, values };
        if answers.broken().is_empty() && rows > 0 {
            self.learned.note_shape(shape, before);
        }
        Ok(())
    }

    /// One GETBULK for the scalars, which are not repeated, and the first rows, then the other rows.
    /// `None` when it did not bring as much as the pass before.
    async fn ask_in_one_go(
        &mut self,
        wanted: &Wanted,
        before: Shape,
        answers: &mut Answers,
        pass: &mut Pass,
    ) -> Result<Option<Result<(), Fault>>, Fault> {
        let (scalars, asked) = (wanted.scalars.len(), wanted.columns.len());
        let most = self.params.max_repetitions;
        let step = self.learned.step(asked, scalars, Some(before.rows), most);
        let (Step::Bulk(rows), Ok(singles)) = (step, u16::try_from(scalars)) else {
            return Ok(None);
        };
        // What follows the name of a scalar without its instance is the scalar.
        let name = |scalar: &Oid| {
            let arcs = scalar.arcs();
            Oid::from_slice(&arcs[..arcs.len().saturating_sub(1)])
        };
        let question: Vec<Oid> =
            wanted.scalars.iter().map(name).chain(wanted.columns.iter().cloned()).collect();
        self.turn().await;
        let (values, fault) = self.link.bulk(question, singles, rows).await;
        // And a row more, which is not there.
        answers.reserve(before.values as usize + asked);
        for (scalar, (name, value)) in wanted.scalars.iter().zip(values.iter()) {
            if name == scalar.arcs() && value.is_value() {
                answers.put(name, value);
            }
        }
        let cells =
            (scalars.min(values.len())..values.len()).map(|at| (values.name(at), values.value(at)));
        let mut columns = Columns::new(&wanted.columns, usize::MAX, answers);
        let taken = columns.take(asked, cells, answers);
        if fault.is_some() || taken.progress == 0 {
            self.learned.forget_shape();
            if fault == Some(Fault::Silent) {
                if self.params.retries == 0 {
                    wanted.columns.iter().for_each(|column| answers.note_broken(column.clone()));
                    return Err(Fault::Silent);
                }
                pass.spent = 1;
                self.pause().await;
            }
            return Ok(None);
        }
        self.learn(step, asked, taken, pass);
        let ended = self.walk_columns(&mut columns, Some(before.rows), answers, pass).await;
        columns.give_up(answers);
        let is_less = u32::try_from(answers.len()).is_ok_and(|values| values < before.values);
        if is_less || !answers.broken().is_empty() {
            self.learned.forget_shape();
        }
        // What broke off for silence is not asked again at once.
        Ok((!is_less || ended.is_err()).then_some(ended))
    }

    /// Each scalar by GET, then the columns side by side; how many cells the longest has.
    async fn ask_apart(
        &mut self,
        wanted: &Wanted,
        answers: &mut Answers,
        pass: &mut Pass,
    ) -> Result<u16, Fault> {
        for scalars in wanted.scalars.chunks(OBJECTS_MAX) {
            if let Err(fault) = self.get(scalars, answers, pass).await {
                wanted.columns.iter().for_each(|column| answers.note_broken(column.clone()));
                return Err(fault);
            }
        }
        let mut rows = 0;
        let mut groups = wanted.columns.chunks(OBJECTS_MAX);
        while let Some(group) = groups.next() {
            // What is kept in all is bounded by the answers.
            let mut columns = Columns::new(group, usize::MAX, answers);
            let ended = self.walk_columns(&mut columns, None, answers, pass).await;
            rows = rows.max(columns.rows());
            columns.give_up(answers);
            if ended.is_err() || answers.is_cut() {
                groups.flatten().for_each(|column| answers.note_broken(column.clone()));
                return ended.map(|()| rows);
            }
        }
        Ok(rows)
    }

    /// Single values. An object that the device has not, or will not tell, is left out.
    async fn get(
        &mut self,
        scalars: &[Oid],
        answers: &mut Answers,
        pass: &mut Pass,
    ) -> Result<(), Fault> {
        let mut open = scalars.to_vec();
        // Some devices refuse a whole question for one object and do not say which.
        let mut is_one_by_one = false;
        while !open.is_empty() {
            let asked = if is_one_by_one { &open[..1] } else { &open[..] };
            let (values, fault) = self.insist(asked, pass).await;
            let asked = asked.len();
            let before = open.len();
            for (name, value) in values.iter() {
                let Some(at) = open.iter().position(|open| open.arcs() == name) else { continue };
                open.remove(at);
                if value.is_value() {
                    answers.put(name, value);
                }
            }
            let is_nearer = open.len() < before;
            match fault {
                None if is_nearer => {}
                // An answer without any of what was asked.
                None => {
                    pass.is_malformed = true;
                    open.drain(..asked);
                }
                Some(Fault::Refused { status, at }) => {
                    note_refusal(pass, status);
                    match at.filter(|at| !is_nearer && *at < asked) {
                        Some(at) => drop(open.remove(at)),
                        None if is_nearer => {}
                        None if asked == 1 => drop(open.remove(0)),
                        None => is_one_by_one = true,
                    }
                }
                // The library has halved it down to one object.
                Some(Fault::TooBig) if is_nearer => {}
                Some(Fault::TooBig) => drop(open.remove(0)),
                Some(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// One GET, again while there is silence.
    async fn insist(&mut self, scalars: &[Oid], pass: &mut Pass) -> Got {
        let mut tries = std::mem::take(&mut pass.spent);
        loop {
            self.turn().await;
            let got = self.link.get(scalars).await;
            if got.1 != Some(Fault::Silent) || !got.0.is_empty() || tries >= self.params.retries {
                return got;
            }
            tries += 1;
            self.pause().await;
        }
    }

    async fn walk_columns(
        &mut self,
        columns: &mut Columns,
        rows_before: Option<u16>,
        answers: &mut Answers,
        pass: &mut Pass,
    ) -> Result<(), Fault> {
        let mut tries = 0;
        let mut is_next_only = self.is_v1;
        // Which column it is that is refused is found by asking one alone.
        let mut is_one_by_one = false;
        while !columns.is_done() {
            let mut question = columns.question(answers);
            if is_one_by_one {
                question.truncate(1);
            }
            let asked = question.len();
            // More rows than there were are asked for like any others.
            let left = rows_before.and_then(|rows| rows.checked_sub(columns.rows()));
            let left = left.filter(|left| *left > 0);
            let step = self.step(asked, left, is_next_only);
            self.turn().await;
            let (values, fault) = match step {
                Step::Bulk(rows) => self.link.bulk(question, 0, rows).await,
                Step::Next => self.link.next(&question).await,
            };
            match (fault, step) {
                (None, _) => {
                    let taken = columns.take(asked, values.iter(), answers);
                    if taken.progress > 0 || answers.is_cut() {
                        tries = 0;
                        self.learn(step, asked, taken, pass);
                        continue;
                    }
                    // An answer that is empty, or has nothing of the question's: RouterOS says
                    // "too big" like that.
                    pass.is_malformed = true;
                    match step {
                        Step::Bulk(rows) => is_next_only = !self.learned.halve(rows),
                        Step::Next => columns.give_up_one(0, answers),
                    }
                }
                (Some(Fault::Silent), _) => {
                    if tries >= self.params.retries {
                        return Err(Fault::Silent);
                    }
                    tries += 1;
                    if let Step::Bulk(rows) = step
                        && !self.learned.halve(rows)
                    {
                        is_next_only = true;
                        pass.is_bulk_silent = true;
                    }
                    self.pause().await;
                }
                (Some(Fault::TooBig), Step::Bulk(rows)) => {
                    if !self.learned.halve(rows) {
                        self.learned.refuse_bulk();
                    }
                }
                (Some(Fault::TooBig), Step::Next) => columns.give_up_one(0, answers),
                (Some(Fault::Refused { status, at }), _) => {
                    note_refusal(pass, status);
                    let at = at.filter(|at| *at < asked).or((asked == 1).then_some(0));
                    match (at, step) {
                        // How SNMPv1 says that nothing follows.
                        (Some(at), Step::Next) if status == ErrorStatus::NoSuchName => {
                            columns.end(at);
                        }
                        (Some(at), Step::Next) => columns.give_up_one(at, answers),
                        (None, Step::Next) => is_one_by_one = true,
                        // Perhaps it is GETBULK itself that is refused.
                        (_, Step::Bulk(_)) => is_next_only = true,
                    }
                }
                (Some(fault), _) => return Err(fault),
            }
        }
        Ok(())
    }

    fn step(&self, columns: usize, left: Option<u16>, is_next_only: bool) -> Step {
        if is_next_only {
            return Step::Next;
        }
        self.learned.step(columns, 0, left, self.params.max_repetitions)
    }

    fn learn(&mut self, step: Step, asked: usize, taken: Taken, pass: &mut Pass) {
        match step {
            Step::Bulk(rows) => {
                self.learned.answered(asked, rows, taken, self.params.max_repetitions);
            }
            Step::Next if std::mem::take(&mut pass.is_bulk_silent) => {
                self.learned.count_bulk_failure();
            }
            Step::Next => {}
        }
    }

    async fn turn(&self) {
        if let Some(rate) = &self.rate {
            rate.turn().await;
        }
    }

    /// A pause of up to a quarter of the time-out before the next try, so that questions that were
    /// lost together are not asked again together.
    async fn pause(&self) {
        let most = self.params.timeout_ms / 4;
        let share = getrandom::u32().unwrap_or(u32::MAX / 2);
        let ms = (u64::from(share) * u64::from(most)) >> 32;
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    async fn conclude(
        &mut self,
        answers: Answers,
        pass: &Pass,
        ended: Result<(), Fault>,
    ) -> Result<Answers, SnmpError> {
        if !answers.is_empty() || ended.is_ok() {
            self.silent_passes = 0;
            self.has_answered = true;
            self.engine = self.link.engine().or(self.engine.take());
        }
        if !answers.is_empty() {
            return Ok(answers);
        }
        match ended {
            Ok(()) => match pass.refused {
                Some(status) => Err(SnmpError::Refused(status)),
                None if pass.is_malformed => Err(SnmpError::Malformed),
                None => Ok(answers),
            },
            Err(Fault::Silent) => Err(self.silent().await),
            Err(Fault::Report(Report::UnknownEngine | Report::NotInTimeWindow)) => {
                // Its clock or its identity is not what we think: begin anew with it.
                Err(self.rediscover().await.unwrap_or(SnmpError::IdentityChanged))
            }
            Err(Fault::Report(report)) => Err(SnmpError::CredentialRefused(report)),
            Err(Fault::Refused { status, .. }) => Err(SnmpError::Refused(status)),
            Err(Fault::TooBig) => Err(SnmpError::Refused(ErrorStatus::TooBig)),
            Err(Fault::Malformed) => Err(SnmpError::Malformed),
            Err(Fault::Local(what)) => Err(SnmpError::Local { what }),
        }
    }

    /// What a silent pass means; now and then it is that another engine answers there.
    async fn silent(&mut self) -> SnmpError {
        self.silent_passes = self.silent_passes.saturating_add(1);
        if self.engine.is_none() {
            // Met in this pass, while asked who it is, and silent since.
            self.engine = self.link.engine();
        }
        let is_due = self.silent_passes.is_multiple_of(PASSES_UNTIL_REDISCOVERY);
        if is_due
            && self.engine.is_some()
            && let Some(error) = self.rediscover().await
        {
            return error;
        }
        let likely = match (self.has_answered, &self.engine) {
            (true, _) => Reason::WAS_HEARD,
            (false, Some(_)) => Reason::ENGINE_HEARD,
            (false, None) => Reason::NEVER_HEARD,
        };
        SnmpError::Silent { likely }
    }

    /// Asks which engine is there. `None` when none says.
    async fn rediscover(&mut self) -> Option<SnmpError> {
        let before = self.engine.clone();
        self.turn().await;
        self.link.rediscover().await.ok()?;
        self.engine = self.link.engine();
        Some(if self.engine == before {
            // The same engine answers when it is asked who it is, and to nothing else.
            SnmpError::Silent { likely: Reason::ENGINE_HEARD }
        } else {
            SnmpError::IdentityChanged
        })
    }
}

/// SNMPv1 says "no such name" of what is simply not there.
fn note_refusal(pass: &mut Pass, status: ErrorStatus) {
    if status != ErrorStatus::NoSuchName {
        pass.refused = Some(status);
    }
}
