//! One line of a file of recorded rounds, made into something the core can be fed.
//!
//! What cannot be read is told with its line and column; nothing is guessed.

use std::net::IpAddr;

use serde::Deserialize;

use crate::daemon::replay::{Input, find_check};
use crate::health::Evidence;
use crate::model::{
    Ack, CarrierId, Id, Inventory, Maintenance, Message, Round, RoundError, Rtts, Sentinel, Span,
    SubjectId, SubjectIx, UnitId, UnixMs, WorkHours, WorkedOn,
};

/// Longest line read, in bytes.
pub(super) const LINE_BYTES_MAX: usize = 64 * 1024;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// In characters from 1; `None` when it is about the line as a whole.
    pub(super) column: Option<usize>,
    pub(super) message: Message,
}

impl Flaw {
    fn whole(message: Message) -> Self {
        Self { column: None, message }
    }
}

/// A line as it is written. Every key that is not here is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    t: UnixMs,
    subject: Option<String>,
    check: Option<String>,
    sent: Option<u8>,
    lost: Option<u8>,
    #[serde(default)]
    rtt_us: Vec<u32>,
    #[serde(default, deserialize_with = "error")]
    error: Option<RoundError>,
    sentinel: Option<IpAddr>,
    ack: Option<String>,
    by: Option<String>,
    note: Option<String>,
    until: Option<UnixMs>,
    maintenance: Option<Work>,
    tick: Option<bool>,
    uptime_s: Option<u32>,
    on_battery: Option<bool>,
}

/// An error as it is written now, or `"ttl_exceeded"` alone, as it was before routers were named.
fn error<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<RoundError>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Bare {
        TtlExceeded,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Bare(Bare),
        Whole(serde_json::Value),
    }
    Ok(match Option::<Written>::deserialize(from)? {
        None => None,
        Some(Written::Bare(Bare::TtlExceeded)) => Some(RoundError::TtlExceeded { by: None }),
        Some(Written::Whole(value)) => {
            Some(serde_json::from_value(value).map_err(serde::de::Error::custom)?)
        }
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Work {
    subject: Option<SubjectId>,
    unit: Option<UnitId>,
    carrier: Option<CarrierId>,
    from: UnixMs,
    to: UnixMs,
    #[serde(default)]
    id: Option<Id>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    by: String,
}

/// What lines are read with.
pub(super) struct Reading<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) sentinels: &'a [Sentinel],
}

impl Reading<'_> {
    /// The time of a line and what it feeds: a round of a subject whose address is a sentinel's
    /// is the sentinel's round, too.
    pub(super) fn line(&self, text: &str, number: usize) -> Result<(UnixMs, Vec<Input>), Flaw> {
        let line: Line = serde_json::from_str(text).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.rsplit_once(" at line ").map_or(&*reason, |(text, _)| text);
            let message = Message::new("replay.bad_json").with("reason", reason);
            Flaw { column: Some(error.column().max(1)), message }
        })?;
        let kinds = [
            line.sentinel.is_some(),
            line.ack.is_some(),
            line.maintenance.is_some(),
            line.tick.is_some(),
            line.subject.is_some(),
        ];
        if kinds.iter().filter(|is_there| **is_there).count() != 1 {
            return Err(Flaw::whole(Message::new("replay.which_kind")));
        }
        let at = line.t;
        let inputs = if let Some(address) = line.sentinel {
            vec![self.sentinel(address, &line)?]
        } else if let Some(word) = &line.ack {
            let subject = self.subject(word)?;
            let by = line.by.clone().unwrap_or_default();
            let note = line.note.clone().unwrap_or_default();
            vec![Input::Ack(subject, Ack { by, note, at, until: line.until })]
        } else if let Some(work) = line.maintenance {
            vec![Input::Maintenance(self.maintenance(work, number)?)]
        } else if line.tick.is_some() {
            vec![Input::Tick]
        } else {
            self.of_subject(&line)?
        };
        Ok((at, inputs))
    }

    fn subject(&self, word: &str) -> Result<SubjectIx, Flaw> {
        self.inventory.find_subject(word).ok_or_else(|| {
            Flaw::whole(Message::new("replay.unknown_subject").with("subject", word))
        })
    }

    /// Sent and lost, as they must be there and fit each other.
    fn counts(line: &Line) -> Result<(u8, u8), Flaw> {
        match (line.sent, line.lost) {
            (Some(sent), Some(lost)) if lost <= sent => Ok((sent, lost)),
            (Some(sent), Some(lost)) => Err(Flaw::whole(
                Message::new("replay.lost_over_sent").with("sent", sent).with("lost", lost),
            )),
            _ => Err(Flaw::whole(Message::new("replay.no_counts"))),
        }
    }

    fn sentinel(&self, address: IpAddr, line: &Line) -> Result<Input, Flaw> {
        let (sent, lost) = Self::counts(line)?;
        let place = self.sentinels.iter().position(|s| s.address == address);
        let place = place.ok_or_else(|| {
            Flaw::whole(Message::new("replay.unknown_sentinel").with("address", address))
        })?;
        Ok(Input::Sentinel(place, lost < sent))
    }

    fn of_subject(&self, line: &Line) -> Result<Vec<Input>, Flaw> {
        let word = line.subject.as_deref().unwrap_or_default();
        // A sentinel may be named where a subject is: by its address.
        if self.inventory.find_subject(word).is_none()
            && let Ok(address) = word.parse::<IpAddr>()
            && self.sentinels.iter().any(|s| s.address == address)
        {
            return Ok(vec![self.sentinel(address, line)?]);
        }
        let subject = self.subject(word)?;
        let evidence = match (line.uptime_s, line.on_battery) {
            (Some(seconds), _) => {
                Some(Evidence::Uptime { at: line.t, uptime_ms: i64::from(seconds) * 1_000 })
            }
            (None, Some(is_on)) => Some(Evidence::Battery { at: line.t, is_on }),
            (None, None) => None,
        };
        let mut inputs: Vec<Input> =
            evidence.into_iter().map(|e| Input::Evidence(subject, e)).collect();
        if inputs.is_empty() || line.sent.is_some() {
            inputs.extend(self.round(subject, word, line)?);
        }
        Ok(inputs)
    }

    fn round(&self, subject: SubjectIx, word: &str, line: &Line) -> Result<Vec<Input>, Flaw> {
        let (sent, lost) = Self::counts(line)?;
        if line.rtt_us.len() > usize::from(sent - lost) {
            let message = Message::new("replay.too_many_rtts")
                .with("rtts", line.rtt_us.len())
                .with("answered", sent - lost);
            return Err(Flaw::whole(message));
        }
        let check = line.check.as_deref().unwrap_or("ping");
        let Some(place) = find_check(self.inventory, subject, check) else {
            let message = Message::new("replay.unknown_check").with("check", check);
            return Err(Flaw::whole(message.with("subject", word)));
        };
        let round = Round {
            subject,
            check: place,
            at: line.t,
            sent,
            lost,
            rtts: Rtts::from_us(&line.rtt_us),
            error: line.error,
        };
        Ok(self.inputs(round).collect())
    }

    /// A round of one of the subject's checks, and before it, where its address is a sentinel's,
    /// the sentinel's: that tells whether the failed round can be believed.
    pub(super) fn inputs(&self, round: Round) -> impl Iterator<Item = Input> + use<> {
        let check = self.inventory.subject(round.subject).checks.get(usize::from(round.check));
        let is_it = |s: &Sentinel| check.is_some_and(|c| c.kind.address() == s.address);
        let of_sentinel = self.sentinels.iter().position(is_it).filter(|_| !round.is_invalid());
        let sentinel = of_sentinel.map(|place| Input::Sentinel(place, !round.is_failed()));
        sentinel.into_iter().chain([Input::Round(round)])
    }

    fn maintenance(&self, work: Work, number: usize) -> Result<Maintenance, Flaw> {
        let on = match (work.subject, work.unit, work.carrier) {
            (Some(id), None, None) => self.subject(id.as_str()).map(|_| WorkedOn::Subject(id))?,
            (None, Some(id), None) if self.inventory.find_unit(id.as_str()).is_some() => {
                WorkedOn::Unit(id)
            }
            (None, None, Some(id)) if self.inventory.carriers.iter().any(|c| c.id == id) => {
                WorkedOn::Carrier(id)
            }
            _ => return Err(Flaw::whole(Message::new("replay.bad_maintenance"))),
        };
        if work.to <= work.from {
            return Err(Flaw::whole(Message::new("replay.maintenance_reversed")));
        }
        // A line's number makes a name that no other line has.
        let id = match work.id {
            Some(id) => id,
            None => Id::new(&format!("line-{number}"))
                .map_err(|_| Flaw::whole(Message::new("replay.bad_maintenance")))?,
        };
        let hours = WorkHours::Once(Span::new(work.from, work.to));
        Ok(Maintenance { id, on, hours, by: work.by, note: work.note })
    }
}
