//! What came of the user's actions, for the status line.

use crate::dash::answers::Answers;
use crate::dash::draw::Line;
use crate::dash::notice::Said;
use crate::dash::view::Shot;
use crate::dash::words::subject_title;
use crate::locale::{Lang, answer_words, cause_key, fit, number, reason_words, text, visible};
use crate::model::SubjectId;
use crate::t;

/// What is asked now, or what came last, for the status line.
pub fn told(shot: &Shot<'_>) -> Option<Line> {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    if let Some(words) = asked(shot) {
        return Some(Line::styled(format!("{} {words}", theme.turning(shot.now)), theme.strong()));
    }
    let name = |subject: &SubjectId| title_of(shot, subject);
    let fault = |words: String| Some(Line::styled(words, theme.fault()));
    let plain = |words: String| Some(Line::styled(words, theme.strong()));
    match ui.notices.at(shot.now)? {
        Said::Taken(subject, ack) => {
            let by = visible(&ack.by);
            let holds = match ack.until {
                Some(until) => t!(lang, "ack.until", by = by, when = shot.until(until)),
                None => t!(lang, "ack.until_over", by = by),
            };
            plain(format!("{}: {holds}", name(subject)))
        }
        Said::TakenAlready(subject, by, at) => {
            let by = visible(by.as_deref().unwrap_or("?"));
            let when = at.map_or_else(|| "?".to_owned(), |at| shot.when(at));
            let words = t!(lang, "ack.already", by = by, when = when);
            fault(format!("{}: {words}", name(subject)))
        }
        Said::IncidentOver(subject) => {
            fault(format!("{}: {}", name(subject), text(lang, "dash.take_over")))
        }
        Said::NothingOpen => fault(text(lang, "dash.take_nothing").to_owned()),
        Said::TakeRefused(subject, why) => {
            let reason = reason_words(lang, why);
            fault(t!(lang, "dash.take_refused", root = name(subject), reason = reason))
        }
        Said::TakeUnanswered(subject, why) => {
            let reason = reason_words(lang, why);
            fault(t!(lang, "dash.take_unanswered", root = name(subject), reason = reason))
        }
        Said::Announced(id, subjects, to) => {
            let (count, to) = (number(lang, i64::from(*subjects)), shot.until(*to));
            plain(t!(lang, "dash.work_done", id = id, count = count, to = to))
        }
        Said::Ended(id) => plain(t!(lang, "dash.works.ended", id = id)),
        Said::NotEnded(why) => {
            fault(t!(lang, "dash.works.not_ended", reason = reason_words(lang, why)))
        }
        Said::WorkInInventory(id) => fault(t!(lang, "dash.works.fixed", id = id)),
        Said::Noted(subject, cause) => {
            let cause = text(lang, cause_key(*cause));
            plain(t!(lang, "dash.cause.done", name = name(subject), cause = cause))
        }
        Said::NotedAlready(subject, by) => {
            fault(t!(lang, "dash.cause.already", name = name(subject), by = visible(by)))
        }
        Said::NoteNeedsReason(subject, by) => {
            fault(t!(lang, "dash.cause.needs_reason", name = name(subject), by = visible(by)))
        }
        Said::NoteRefused(why) => {
            fault(t!(lang, "dash.cause.refused", reason = reason_words(lang, why)))
        }
        Said::NoteUnanswered(why) => {
            fault(t!(lang, "dash.cause.unanswered", reason = reason_words(lang, why)))
        }
        Said::NoOutage => fault(text(lang, "dash.cause.nothing").to_owned()),
        Said::WorkRefused(why) => {
            fault(t!(lang, "dash.work_refused", reason = reason_words(lang, why)))
        }
        Said::WorkUnanswered(why) => {
            fault(t!(lang, "dash.work_unanswered", reason = reason_words(lang, why)))
        }
        Said::Storm(name, until) => {
            plain(t!(lang, "dash.storm_done", name = name, until = shot.until(*until)))
        }
        Said::StormOver(name, folded, open) => {
            let number = |n: u32| number(lang, i64::from(n));
            let (folded, open) = (number(*folded), number(*open));
            plain(t!(lang, "dash.storm_over", name = name, folded = folded, open = open))
        }
        Said::StormRefused(why) => {
            fault(t!(lang, "dash.storm_refused", reason = reason_words(lang, why)))
        }
        Said::StormUnanswered(why) => {
            fault(t!(lang, "dash.storm_unanswered", reason = reason_words(lang, why)))
        }
        Said::ReadOnly => fault(text(lang, "dash.work_read_only").to_owned()),
        Said::NoDaemon => fault(text(lang, "dash.work_no_daemon").to_owned()),
        Said::Nothing => fault(text(lang, "dash.nothing_selected").to_owned()),
        Said::Loading => fault(text(lang, "dash_loading.wait").to_owned()),
        Said::Copied(what) => plain(t!(lang, "dash.copied", what = fit(what, 60))),
        Said::Exported(path, count) => {
            let count = number(lang, i64::try_from(*count).unwrap_or(i64::MAX));
            plain(t!(lang, "dash.exported", count = count, path = visible(path)))
        }
        Said::Reported(path) => plain(t!(lang, "dash_reports.written", path = visible(path))),
        Said::ReportExists(name) => fault(t!(lang, "dash_reports.exists", name = visible(name))),
        Said::Kept(path) => plain(t!(lang, "dash.kept", path = visible(path))),
        Said::NotExported(why) => {
            fault(t!(lang, "dash.not_exported", reason = reason_words(lang, why)))
        }
        Said::Asked(asking, done) => {
            let figure = |n: u32| number(lang, i64::from(n));
            let (subjects, addresses) = (figure(done.subjects), figure(done.addresses));
            let mut words = t!(
                lang,
                "dash.sure.asked",
                name = asking.name,
                subjects = subjects,
                addresses = addresses
            );
            if done.joined > 0 {
                words += &t!(lang, "dash.sure.joined", count = figure(done.joined));
            }
            if !done.never.is_empty() {
                let never = number(lang, i64::try_from(done.never.len()).unwrap_or(i64::MAX));
                words += &t!(lang, "dash.sure.never", count = never);
            }
            if asking.left_out > 0 {
                let left = number(lang, i64::try_from(asking.left_out).unwrap_or(i64::MAX));
                words += &t!(lang, "dash.sure.not_asked", count = left);
            }
            plain(words)
        }
        Said::Answered(answers) => {
            let words = answered(lang, answers);
            if answers.silent > 0 { fault(words) } else { plain(words) }
        }
        Said::NotAsked(why) => fault(t!(lang, "dash.not_asked", reason = reason_words(lang, why))),
    }
}

/// "TSLCD Huyện Cái Bè: trả lời, 3,2 ms"; of several how many said what.
fn answered(lang: Lang, answers: &Answers) -> String {
    let Answers { name, answered, silent, unknown, only } = answers;
    if let Some((rtt_us, lost, trouble)) = *only {
        return format!("{name}: {}", answer_words(lang, lost, rtt_us, trouble));
    }
    let said = [(answered, "ask.answered"), (silent, "ask.silent"), (unknown, "ask.not_yet")];
    let said = said.into_iter().filter(|(count, _)| **count > 0);
    let is_only = answered + silent + unknown == 1;
    let words = said.map(|(count, key)| match is_only {
        true => text(lang, key).to_owned(),
        false => {
            let count = number(lang, i64::try_from(*count).unwrap_or(i64::MAX));
            format!("{count} {}", text(lang, key))
        }
    });
    format!("{name}: {}", words.collect::<Vec<String>>().join(", "))
}

/// What is asked and has no answer yet.
fn asked(shot: &Shot<'_>) -> Option<String> {
    let (lang, ui) = (shot.ui.lang, shot.ui);
    if let Some(ask) = ui.taking.asked() {
        return Some(t!(lang, "dash.taking", root = title_of(shot, &ask.request.subject)));
    }
    if let Some(ask) = ui.working.asked() {
        return Some(t!(lang, "dash.working", id = ask.id));
    }
    if let Some(ask) = ui.storming.asked() {
        return Some(t!(lang, "dash.storming", unit = ask.unit));
    }
    let request = ui.speaking.asked()?;
    Some(t!(lang, "dash.cause.under_way", name = title_of(shot, &request.subject)))
}

/// A subject's name with its unit's.
fn title_of(shot: &Shot<'_>, id: &SubjectId) -> String {
    let subject = shot.board.subject(id);
    subject.map_or_else(|| id.to_string(), |s| subject_title(shot.board, s))
}
