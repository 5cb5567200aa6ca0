//! An explanation as an answer to "why?": the state with the rule that decided first, then what it
//! rests on, then the rounds themselves.

mod facts;

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::rounds::{Rounds, as_round, is_poor};
use super::{Account, Source, state_word};
use crate::cli::status::table;
use crate::health::{Explanation, ParentSeen, PassageSeen, Rule};
use crate::locale::{self, Lang, duration, number, pad, percent, rtt, state_glyph, visible};
use crate::model::{RoundError, Sample, State, SubjectId, UnixMs};
use crate::t;

/// An instant in full.
pub(super) fn moment(lang: Lang, zone: &TimeZone, at: UnixMs) -> String {
    let local = at.to_timestamp().to_zoned_datetime(zone.clone());
    format!("{} {}", locale::clock(&local), locale::date(lang, &local))
}

/// The whole answer.
pub(super) fn text(account: &Account, lang: Lang) -> String {
    let told = Told { account, e: &account.explanation, lang };
    let mut out = String::new();
    let _ = writeln!(out, "{} {}", state_glyph(told.e.state), told.head());
    let _ = writeln!(out, "  {}", account.name);
    let at = moment(lang, &account.zone, told.e.at);
    match account.source {
        Source::Daemon => {}
        Source::Store => {
            let _ = writeln!(out, "  {}", t!(lang, "explain.from_store", at = at));
        }
        Source::Idle => {
            let _ = writeln!(out, "  ! {}", t!(lang, "explain.from_store_idle", at = at));
        }
    }
    out.push('\n');
    let facts = told.facts();
    let label = |key| locale::text(lang, key);
    let width = facts.iter().map(|(key, _)| locale::width(label(key))).max().unwrap_or(0);
    let mut before = "";
    for (key, fact) in &facts {
        let label = if before == *key { "" } else { label(key) };
        before = key;
        let _ = writeln!(out, "  {}  {fact}", pad(label, width));
    }
    out.push('\n');
    told.rounds(&mut out);
    out
}

struct Told<'a> {
    account: &'a Account,
    e: &'a Explanation,
    lang: Lang,
}

impl Told<'_> {
    /// The time of day, with the date when it is another than the explanation's.
    fn when(&self, at: UnixMs) -> String {
        let local = |t: UnixMs| t.to_timestamp().to_zoned_datetime(self.account.zone.clone());
        let (then, now) = (local(at), local(self.e.at));
        if then.date() == now.date() {
            locale::clock(&then)
        } else {
            moment(self.lang, &self.account.zone, at)
        }
    }

    fn loss(&self) -> String {
        percent(self.lang, u32::from(self.e.thresholds.loss_permille) * 1000, 0)
    }

    fn rtt(&self) -> String {
        rtt(self.lang, self.e.thresholds.rtt_us)
    }

    fn rate(&self, permille: u16) -> String {
        percent(self.lang, u32::from(permille) * 1000, 1)
    }

    fn cause(&self, cause: Option<&SubjectId>) -> String {
        cause.map_or_else(|| t!(self.lang, "explain.unknown_cause"), |id| visible(id.as_str()))
    }

    /// What the subject is reached through, in a list: what is open of it when some is, so that a
    /// way that is not taken is not named; `None` for nothing.
    fn way(&self) -> Option<String> {
        let named = |is_wanted: &dyn Fn(&&ParentSeen) -> bool| -> Vec<String> {
            let wanted = self.e.parents.iter().filter(is_wanted);
            wanted.map(|p| visible(p.id.as_str())).collect()
        };
        let mut ids = named(&|p| p.passage == PassageSeen::Open);
        if ids.is_empty() {
            ids = named(&|_| true);
        }
        (!ids.is_empty()).then(|| ids.join(", "))
    }

    /// Failed rounds of the outage, as far as they have been kept; at least those that decided.
    fn failed(&self) -> String {
        let none = Rounds::default();
        let rounds = self.account.rounds.as_ref().unwrap_or(&none);
        let count =
            number(self.lang, i64::from(rounds.failed.max(u32::from(self.e.thresholds.confirm))));
        if rounds.is_cut { t!(self.lang, "explain.more_than", count = count) } else { count }
    }

    /// The first sentence.
    fn head(&self) -> String {
        let (lang, e) = (self.lang, self.e);
        let why = match (e.state, e.last_round) {
            (State::Unmeasured, None) => t!(lang, "explain.never_asked"),
            (State::Unmeasured, Some(last)) => {
                let rule = self.rule();
                let is_blind = !self.account.blind.is_empty();
                match e.verdict {
                    None => rule,
                    Some(verdict) if is_blind => t!(
                        lang,
                        "explain.not_counted_since",
                        last = self.when(last),
                        verdict = state_word(lang, verdict),
                        why = rule
                    ),
                    Some(verdict) => t!(
                        lang,
                        "explain.not_asked_since",
                        last = self.when(last),
                        vouched = self.when(e.vouched_until.unwrap_or(last)),
                        verdict = state_word(lang, verdict),
                        why = rule
                    ),
                }
            }
            _ => self.rule(),
        };
        // A guess ends as a question.
        let ends_well = why.ends_with('?');
        let mut head = t!(
            lang,
            "explain.head",
            id = visible(e.subject.as_str()),
            state = state_word(lang, e.state),
            since = self.when(e.since),
            age = duration(lang, e.at.since(e.since).max(0)),
            why = why
        );
        if ends_well {
            head.truncate(head.trim_end_matches('.').len());
        }
        head
    }

    /// What decided the last verdict, with its numbers.
    fn rule(&self) -> String {
        let (lang, e, limits) = (self.lang, self.e, &self.e.thresholds);
        let (confirm, failed) = (limits.confirm, self.failed());
        match e.rule {
            Rule::NotJudged => t!(lang, "explain.rule_not_judged"),
            Rule::Resumed => t!(lang, "explain.rule_resumed"),
            Rule::Answered => {
                t!(lang, "explain.rule_answered", loss = self.loss(), rtt = self.rtt())
            }
            Rule::Recovered => t!(
                lang,
                "explain.rule_recovered",
                recover = limits.recover,
                since = self.when(e.since)
            ),
            Rule::GoodAgain => t!(lang, "explain.rule_good_again"),
            Rule::PoorRounds => {
                // It lasts until five good rounds, so fewer may be poor by now.
                let is_over = e.poor_rounds < u32::from(limits.poor);
                let key =
                    if is_over { "explain.rule_poor_over" } else { "explain.rule_poor_rounds" };
                t!(
                    lang,
                    key,
                    poor = e.poor_rounds,
                    limit = limits.poor,
                    loss = self.loss(),
                    rtt = self.rtt()
                )
            }
            Rule::SecondaryCheck => match self.trouble() {
                Some(trouble) => t!(lang, "explain.rule_secondary_said", trouble = trouble),
                None => t!(lang, "explain.rule_secondary"),
            },
            // Beyond a threshold before, and by now it does not say so any more.
            Rule::OverThreshold if matches!(e.trouble, Some(RoundError::Snmp(_))) => {
                let trouble = self.trouble().unwrap_or("–".into());
                t!(lang, "explain.rule_secondary_said", trouble = trouble)
            }
            Rule::OverThreshold => {
                let is_found = matches!(e.trouble, Some(RoundError::Over(over)) if over.is_found());
                let key = if is_found { "explain.rule_over_found" } else { "explain.rule_over" };
                t!(lang, key, trouble = self.trouble().unwrap_or("–".into()))
            }
            Rule::OnBackup => {
                t!(lang, "explain.rule_on_backup", cause = self.cause(e.backup.as_ref()))
            }
            Rule::Confirmed => match self.way() {
                Some(way) => t!(
                    lang,
                    "explain.rule_confirmed",
                    failed = failed,
                    confirm = confirm,
                    way = way
                ),
                None => {
                    t!(lang, "explain.rule_confirmed_alone", failed = failed, confirm = confirm)
                }
            },
            Rule::WindowOver => t!(
                lang,
                "explain.rule_window_over",
                failed = failed,
                confirm = confirm,
                window = duration(lang, limits.correlation_window_ms),
                way = self.way().unwrap_or_else(|| t!(lang, "explain.unknown_cause"))
            ),
            Rule::Blocked => t!(
                lang,
                "explain.rule_blocked",
                failed = failed,
                confirm = confirm,
                cause = self.cause(e.cause.as_ref())
            ),
            Rule::BlockedLater => {
                t!(lang, "explain.rule_blocked_later", cause = self.cause(e.cause.as_ref()))
            }
            Rule::StillSilent => match self.way() {
                Some(way) => {
                    t!(lang, "explain.rule_still_silent_way", way = way, confirm = confirm)
                }
                None => t!(lang, "explain.rule_still_silent", confirm = confirm),
            },
        }
    }

    /// What a check says is wrong, while it counts.
    fn trouble(&self) -> Option<std::borrow::Cow<'static, str>> {
        self.e.trouble.and_then(|error| locale::trouble_words(self.lang, error))
    }

    /// The table of the last rounds.
    fn rounds(&self, out: &mut String) {
        let lang = self.lang;
        let rounds = match &self.account.rounds {
            Ok(rounds) if rounds.last.is_empty() => {
                let _ = writeln!(out, "{}", t!(lang, "explain.no_rounds"));
                return;
            }
            Ok(rounds) => &rounds.last,
            Err(reason) => {
                let _ = writeln!(out, "{}", t!(lang, "explain.no_rounds_read", reason = reason));
                return;
            }
        };
        let _ = writeln!(out, "{}", t!(lang, "explain.rounds", count = rounds.len()));
        let heading = |key| locale::text(lang, key).to_owned();
        let mut rows = vec![[
            format!("  {}", heading("explain.column_at")),
            heading("explain.column_check"),
            heading("explain.column_sent"),
            heading("explain.column_lost"),
            heading("explain.column_rtt"),
            heading("explain.column_said"),
        ]];
        rows.extend(rounds.iter().map(|sample| {
            [
                format!("  {}", self.when(sample.at)),
                format!("#{}", u32::from(sample.check) + 1),
                sample.sent.to_string(),
                sample.lost.to_string(),
                sample.rtts.median_us().map_or_else(|| "–".to_owned(), |us| rtt(lang, us)),
                self.said(sample),
            ]
        }));
        table(out, &rows, 6);
    }

    fn said(&self, sample: &Sample) -> String {
        let lang = self.lang;
        let round = as_round(sample);
        if round.is_invalid() {
            return t!(lang, "explain.round_invalid");
        }
        let trouble = sample.error.and_then(|e| locale::trouble_words(lang, e));
        if let Some(said) = trouble.as_ref().filter(|_| !round.is_failed()) {
            return t!(lang, "explain.round_said", trouble = said);
        }
        if let Some(RoundError::OwnLoss { packets }) = sample.error {
            return t!(lang, "explain.round_own_loss", packets = packets);
        }
        if !round.is_failed() {
            let is_poor = is_poor(sample, self.e);
            return match is_poor {
                true => t!(lang, "explain.round_poor"),
                false => t!(lang, "explain.round_answered"),
            };
        }
        let network = || sample.error.and_then(|error| locale::network_words(lang, error));
        let said = trouble.map(std::borrow::Cow::into_owned).or_else(network);
        let said = said.unwrap_or_else(|| t!(lang, "explain.round_failed"));
        // Or else rounds that failed stand beneath "0 of the last 5 poor", and nobody sees why.
        let is_blind = self.account.blind.iter().any(|(_, since)| sample.at >= *since);
        match is_blind && self.e.is_seen == Some(false) {
            true => t!(lang, "explain.round_unseen", said = said),
            false => said,
        }
    }
}
