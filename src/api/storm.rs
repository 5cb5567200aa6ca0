//! Storm mode: what is ordered, checked, and how it stands.

use serde::{Deserialize, Serialize};

use super::commands::checked_note;
use super::types::Problem;
use crate::locale::Lang;
use crate::model::{Id, Storm, UnitId, UnixMs};
use crate::t;

/// Somebody orders storm mode for a unit and all beneath it, or orders it otherwise.
/// `PUT /v1/storm/{unit}`; asked twice it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StormRequest {
    /// How long, in milliseconds; this or `until`, a week at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<i64>,
    /// Until when, itself no longer inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixMs>,
    /// What for.
    #[serde(default)]
    pub note: String,
}

impl StormRequest {
    /// The storm mode that `by` orders for `unit` at `now`.
    ///
    /// # Errors
    /// `bad_note`, `bad_until`.
    pub fn order(&self, unit: UnitId, by: &str, now: UnixMs) -> Result<Storm, Problem> {
        let bad = |key: &str| Err(Problem::new("bad_until", t!(Lang::En, key)));
        let until = match (self.for_ms, self.until) {
            (Some(ms), None) => now + ms,
            (None, Some(until)) => until,
            _ => return bad("reason.storm_one_end"),
        };
        if until <= now {
            return bad("reason.storm_past");
        }
        if until > now + Storm::MAX_MS {
            return bad("reason.storm_long");
        }
        Ok(Storm {
            unit,
            since: now,
            until,
            by: by.to_owned(),
            note: checked_note(&self.note)?,
            channels: Vec::new(),
            ended: None,
        })
    }
}

/// Storm mode in a unit and all beneath it, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormInfo {
    /// The unit.
    pub unit: UnitId,
    /// Its full name.
    pub name: String,
    /// Since when.
    pub since: UnixMs,
    /// Until when; of one that was ended just now, when that was.
    pub until: UnixMs,
    /// Who ordered it, or changed it last.
    pub by: String,
    /// What for.
    pub note: String,
    /// Messages that were told in digests, or are about to be.
    pub folded: u32,
    /// Messages that wait for the next digest.
    pub waiting: u32,
    /// When that leaves.
    pub next: UnixMs,
    /// Channels that were told of it.
    pub channels: Vec<Id>,
    /// Of one that was ended just now: incidents that are still open.
    #[serde(default)]
    pub open: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_has_one_end_and_that_within_a_week() {
        let now = UnixMs(1_000);
        let order = |json: &str| -> Result<UnixMs, String> {
            let request: StormRequest = serde_json::from_str(json).map_err(|e| e.to_string())?;
            let unit = UnitId::new("cai-be").unwrap();
            request.order(unit, "lan", now).map(|s| s.until).map_err(|problem| problem.error)
        };
        assert_eq!(order(r#"{"for_ms":500}"#), Ok(UnixMs(1_500)));
        assert_eq!(order(r#"{"until":"1970-01-01T00:00:02Z","note":"x"}"#), Ok(UnixMs(2_000)));
        assert_eq!(order(r#"{"for_ms":604800000}"#), Ok(UnixMs(604_801_000)));
        for wrong in [
            "{}",
            r#"{"for_ms":604800001}"#,
            r#"{"for_ms":0}"#,
            r#"{"for_ms":-9223372036854775808}"#,
            r#"{"for_ms":9223372036854775807}"#,
            r#"{"until":"1970-01-01T00:00:01Z"}"#,
            r#"{"for_ms":5,"until":"1970-01-01T00:00:02Z"}"#,
        ] {
            assert_eq!(order(wrong), Err("bad_until".to_owned()), "{wrong}");
        }
        let note = order(r#"{"for_ms":5,"note":"a\u202eb"}"#);
        assert_eq!(note, Err("bad_note".to_owned()));
        assert!(order(r#"{"until_ms":5}"#).is_err_and(|e| e.contains("until_ms")));
    }
}
