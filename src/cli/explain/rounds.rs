//! The last rounds of a subject, as the store has kept them.

use serde_json::{Value, json};

use crate::health::Explanation;
use crate::model::{Round, Sample, Span, SubjectIx};
use crate::store::{Reader, StoreError};

/// Rounds shown.
pub(super) const SHOWN: usize = 10;
/// Windows in which they are looked for, in milliseconds, one after the other until one has enough.
const LOOK_BACK_MS: [i64; 4] = [600_000, 3_600_000, 6 * 3_600_000, 2 * 86_400_000];
/// Failed rounds of an outage are counted back to this long before, in milliseconds.
const COUNTED_MS: i64 = 86_400_000;

/// What the store has kept of a subject's rounds up to some time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rounds {
    /// The last ones of all its checks, the newest at the end.
    pub(super) last: Vec<Sample>,
    /// Failed rounds of its primary check since its state began.
    pub(super) failed: u32,
    /// The state began before what was counted.
    pub(super) is_cut: bool,
}

impl Rounds {
    pub(super) fn read(reader: &Reader, explanation: &Explanation) -> Result<Self, StoreError> {
        let Explanation { subject, at, since, .. } = explanation;
        let until = *at + 1;
        let mut last = Vec::new();
        for back_ms in LOOK_BACK_MS {
            last = reader.samples(subject, Span::new(*at - back_ms, until))?;
            if last.len() >= SHOWN {
                break;
            }
        }
        last.drain(..last.len().saturating_sub(SHOWN));
        let is_outage = explanation.verdict.is_some_and(crate::model::State::is_outage);
        let counted = Span::new((*since).max(*at - COUNTED_MS), until);
        let failed = match is_outage && !counted.is_empty() {
            true => reader.samples(subject, counted)?,
            false => Vec::new(),
        };
        let failed = failed.into_iter().filter(|s| s.check == 0 && as_round(s).is_failed()).count();
        Ok(Self {
            last,
            failed: u32::try_from(failed).unwrap_or(u32::MAX),
            is_cut: *since < *at - COUNTED_MS,
        })
    }

    pub(super) fn json(&self) -> Value {
        let rows = self.last.iter().map(|s| {
            json!({
                "at": s.at, "check": s.check, "sent": s.sent, "lost": s.lost,
                "median_us": s.rtts.median_us(), "error": s.error,
            })
        });
        rows.collect()
    }
}

/// A sample with the words of a round: whose it is does not matter to them.
pub(super) fn as_round(sample: &Sample) -> Round {
    let Sample { at, check, sent, lost, rtts, error } = *sample;
    Round { subject: SubjectIx(0), check, at, sent, lost, rtts, error }
}

/// True when a round is poor by the fixed thresholds.
pub(super) fn is_poor(sample: &Sample, explanation: &Explanation) -> bool {
    let limits = &explanation.thresholds;
    let is_slow = |us: u32| {
        let usual = limits.baseline_tenths.zip(explanation.usual_us);
        us > limits.rtt_us
            || usual.is_some_and(|(tenths, usual_us)| {
                u64::from(us) * 10 > u64::from(usual_us) * u64::from(tenths)
            })
    };
    as_round(sample).loss_permille() > limits.loss_permille
        || sample.rtts.median_us().is_some_and(is_slow)
}
