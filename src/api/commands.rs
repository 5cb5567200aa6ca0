//! What users ask the daemon to do, checked, and its answers.

use serde::{Deserialize, Serialize};

use super::types::Problem;
use crate::locale::{self, Lang};
use crate::model::{Ack, Cause, Id, IncidentId, Recurrence, Span, SubjectId, UnixMs, WorkedOn};
use crate::t;

/// Longest note, in characters.
pub const NOTE_MAX: usize = 300;
/// Longest announced work: 90 days.
pub const WORK_MAX_MS: i64 = 90 * 86_400_000;
/// Longest time that an acknowledgement may be limited to: a year.
pub const ACK_MAX_MS: i64 = 366 * 86_400_000;

/// Somebody takes an incident. `POST /v1/ack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AckRequest {
    /// The incident's root, one of the lines that are down with it, or one of its consequences.
    pub subject: SubjectId,
    /// What he says about it.
    #[serde(default)]
    pub note: String,
    /// How long that holds, in milliseconds; without it and `until`: until the incident is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<i64>,
    /// Until when that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixMs>,
}

impl AckRequest {
    /// The acknowledgement by `by` at `now`.
    ///
    /// # Errors
    /// `bad_note`, `bad_until`.
    pub fn ack(&self, by: &str, now: UnixMs) -> Result<Ack, Problem> {
        let bad = |key: &str| Err(Problem::new("bad_until", t!(Lang::En, key)));
        let until = match (self.for_ms, self.until) {
            (None, None) => None,
            (Some(_), Some(_)) => return bad("reason.two_ends"),
            (Some(ms), None) => Some(now + ms),
            (None, Some(until)) => Some(until),
        };
        match until {
            Some(until) if until <= now => return bad("reason.held_past"),
            Some(until) if until > now + ACK_MAX_MS => return bad("reason.held_long"),
            _ => {}
        }
        Ok(Ack { by: by.to_owned(), note: checked_note(&self.note)?, at: now, until })
    }
}

/// An incident has been taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Which.
    pub incident: IncidentId,
    /// By whom, with what note, until when.
    pub ack: Ack,
}

/// Somebody says what an outage was. `POST /v1/outage`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteRequest {
    /// Whose outage.
    pub subject: SubjectId,
    /// Its first failed round, or any time inside it.
    pub start: UnixMs,
    /// What it was.
    pub cause: Cause,
    /// What he says about it; must be there when it was called something else before.
    #[serde(default)]
    pub note: String,
}

impl NoteRequest {
    /// The same with its note as it will be kept.
    ///
    /// # Errors
    /// `bad_note`.
    pub fn checked(self) -> Result<Self, Problem> {
        Ok(Self { note: checked_note(&self.note)?, ..self })
    }
}

/// An outage has its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Whose outage.
    pub subject: SubjectId,
    /// Its first failed round.
    pub start: UnixMs,
    /// Its end; `None` while it lasts.
    pub end: Option<UnixMs>,
    /// What it was.
    pub cause: Cause,
    /// What was said about it.
    pub note: String,
    /// Who said so.
    pub by: String,
    /// What it was called before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Cause>,
    /// The other lines of its incident that are down with it and of which nothing was said yet: it is said of
    /// them, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<SubjectId>,
}

/// Most subjects of one [`AskRequest`].
pub const ASK_MAX: usize = 100;

/// Somebody wants to know now. `POST /v1/ask`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskRequest {
    /// Whom to ask, 1 to [`ASK_MAX`].
    pub subjects: Vec<SubjectId>,
}

/// They are being asked; what they answer comes with the changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AskedNow {
    /// Subjects asked for this request.
    #[serde(default)]
    pub subjects: u32,
    /// Subjects that are being asked already, for an earlier request that has no answer yet: this
    /// one gets the same.
    #[serde(default)]
    pub joined: u32,
    /// Addresses that are pinged; a device may be asked by SNMP beside that.
    pub addresses: u32,
    /// Subjects that nobody asks, now or in their turns: disabled, not in force, without a check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never: Vec<SubjectId>,
}

/// A message of the outbox is tried again, or given up. `POST /v1/outbox`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxRequest {
    /// Its name.
    pub message: String,
    /// What is to be done.
    pub action: OutboxAction,
}

/// What may be done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutboxAction {
    /// Try it again at once, though it was given up.
    Retry,
    /// Give it up.
    Drop,
}

/// It was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxDone {
    /// With which message.
    pub message: String,
}

/// Longest life of work that recurs: a year.
pub const RECURRING_MAX_MS: i64 = 366 * 86_400_000;

/// Somebody announces work. `PUT /v1/maintenance/{id}`; the client chooses the id, so that
/// asking twice announces once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkRequest {
    /// What is worked on.
    pub on: WorkedOn,
    /// Its beginning; may lie in the past. Of what recurs: before it, nothing is worked.
    pub from: UnixMs,
    /// Its end. Of what recurs: after it, nothing is worked any more.
    pub to: UnixMs,
    /// On which days and at which hours of the configured zone it recurs in between; without it: once,
    /// the whole time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Recurrence>,
    /// What for.
    #[serde(default)]
    pub note: String,
}

impl WorkRequest {
    /// The same with its note as it will be kept.
    ///
    /// # Errors
    /// `bad_note`, `bad_window`.
    pub fn checked(self, now: UnixMs) -> Result<Self, Problem> {
        let bad = |key: &str| Err(Problem::new("bad_window", t!(Lang::En, key)));
        if self.from >= self.to {
            return bad("reason.work_backwards");
        }
        match self.every {
            None if self.to > self.from + WORK_MAX_MS => return bad("reason.work_long"),
            Some(_) if self.to > self.from + RECURRING_MAX_MS => {
                return bad("reason.work_recurs_long");
            }
            _ => {}
        }
        if self.to <= now {
            return bad("reason.work_past");
        }
        Ok(Self { note: checked_note(&self.note)?, ..self })
    }
}

/// Announced work as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Its id.
    pub id: Id,
    /// What is worked on.
    pub on: WorkedOn,
    /// It is worked again and again.
    pub recurring: bool,
    /// It is written in the inventory and can only be changed there.
    #[serde(default)]
    pub in_inventory: bool,
    /// When it recurs, where that is some hours on some days of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Recurrence>,
    /// Until when it recurs; `None` of what does not, and of what recurs for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixMs>,
    /// From when to when: now or next.
    pub next: Span,
    /// Who announced it.
    pub by: String,
    /// What for.
    pub note: String,
    /// Subjects worked on.
    pub subjects: u32,
}

/// The note without spaces around it, composed (NFC).
///
/// # Errors
/// `bad_note`: longer than [`NOTE_MAX`] characters, or with a character that steers a terminal,
/// turns text round or cannot be seen.
pub(super) fn checked_note(note: &str) -> Result<String, Problem> {
    let note = locale::nfc(note.trim());
    if note.chars().count() > NOTE_MAX {
        return Err(Problem::new("bad_note", t!(Lang::En, "reason.note_long")));
    }
    if let Some(hidden) = note.chars().find(|c| locale::is_hidden(*c)) {
        let code = format!("{:04X}", u32::from(hidden));
        let message = t!(Lang::En, "reason.note_hidden", code = code);
        return Err(Problem::new("bad_note", message));
    }
    Ok(note)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(json: &str) -> Result<Ack, String> {
        let request: AckRequest = serde_json::from_str(json).map_err(|e| e.to_string())?;
        request.ack("lan", UnixMs(1_000)).map_err(|problem| problem.error)
    }

    #[test]
    fn an_acknowledgement_holds_for_a_time_to_come_or_to_the_end() {
        let plain = ack(r#"{"subject":"cai-be/tslcd","note":"  Gọi VNPT "}"#).unwrap();
        let lan = |note: &str, until| Ack {
            by: "lan".to_owned(),
            note: note.to_owned(),
            at: UnixMs(1_000),
            until,
        };
        assert_eq!(plain, lan("Gọi VNPT", None));
        let limited = ack(r#"{"subject":"a","for_ms":500}"#).unwrap();
        assert_eq!(limited, lan("", Some(UnixMs(1_500))));
        let until = ack(r#"{"subject":"a","until":"1970-01-01T00:00:02Z"}"#).unwrap();
        assert_eq!(until.until, Some(UnixMs(2_000)));
        for wrong in [
            r#"{"subject":"a","for_ms":0}"#,
            r#"{"subject":"a","for_ms":-1}"#,
            r#"{"subject":"a","for_ms":9223372036854775807}"#,
            r#"{"subject":"a","until":"1970-01-01T00:00:01Z"}"#,
            r#"{"subject":"a","for_ms":5,"until":"1970-01-01T00:00:02Z"}"#,
        ] {
            assert_eq!(ack(wrong), Err("bad_until".to_owned()), "{wrong}");
        }
        assert!(ack(r#"{"subject":"a","fro_ms":5}"#).is_err_and(|e| e.contains("fro_ms")));
        assert!(ack(r#"{"subject":"Cái Bè"}"#).is_err());
    }

    #[test]
    fn notes_are_bounded_and_hide_nothing() {
        assert_eq!(checked_note(&"ữ".repeat(300)).unwrap().chars().count(), 300);
        // Decomposed letters count as what they become.
        assert_eq!(checked_note(&"u\u{31b}\u{303}".repeat(300)).unwrap(), "ữ".repeat(300));
        let long = checked_note(&"x".repeat(301)).unwrap_err();
        assert_eq!(long.error, "bad_note");
        for (hidden, code) in [
            ("a\u{1b}[2J", "001B"),
            ("a\u{202e}b", "202E"),
            ("a\nb", "000A"),
            ("a\u{200b}", "200B"),
        ] {
            let refused = checked_note(hidden).unwrap_err();
            assert!(refused.message.contains(code), "{}", refused.message);
        }
    }

    #[test]
    fn work_begins_before_it_ends_lasts_ninety_days_and_is_not_over() {
        let now = UnixMs(1_000_000);
        let on = || WorkedOn::Subject(SubjectId::new("a").unwrap());
        let asked = |from, to| {
            let (from, to, note) = (UnixMs(from), UnixMs(to), String::new());
            let request = WorkRequest { on: on(), from, to, every: None, note };
            request.checked(now).map(|r| (r.from.0, r.to.0)).map_err(|p| p.error)
        };
        let bad = || Err("bad_window".to_owned());
        assert_eq!(asked(0, 1_000_001), Ok((0, 1_000_001)), "announced late");
        assert_eq!(asked(5, 5 + WORK_MAX_MS), Ok((5, 5 + WORK_MAX_MS)));
        assert_eq!(asked(5, 6 + WORK_MAX_MS), bad());
        assert_eq!(asked(0, 1_000_000), bad(), "over");
        assert_eq!(asked(2_000_000, 2_000_000), bad());
        assert_eq!(asked(2_000_001, 2_000_000), bad());
        assert_eq!(asked(i64::MIN, i64::MAX), bad());
    }
}
