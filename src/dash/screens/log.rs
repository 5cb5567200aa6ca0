//! The log: what happened, newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use serde_json::Value;

use super::coverage::position;
use super::facts::wrapped;
use crate::api::EventRow;
use crate::dash::draw::{Column, Line, Table, boxed, line_right, list, rows};
use crate::dash::state::Row;
use crate::dash::theme::Theme;
use crate::dash::view::{Shot, empty, panes, title};
use crate::dash::words::{NOTHING, subject_title};
use crate::locale::{
    Lang, cause_key, clock, date_time, number, reason_words, state_name, text, visible,
};
use crate::model::{Cause, State};
use crate::t;

/// Draws the log.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    let panes = panes(ui, shot.board, area);
    let area = panes.list;
    if let Some(below) = panes.below {
        selected(shot, below, buffer);
    }
    let mut heading = title(theme, text(lang, "dash.tab_log"));
    let following = ui.log.is_followed.then_some("dash.log_followed");
    let said: Vec<&str> =
        [ui.log.kinds.key(), following].into_iter().flatten().map(|key| text(lang, key)).collect();
    if !said.is_empty() {
        heading.push(format!(" ({})", said.join(", ")), theme.dim());
    }
    if let Some(reason) = &ui.log.failure {
        let words = t!(lang, "dash.no_log", reason = reason_words(lang, reason));
        heading.push(format!("  {words}"), theme.fault());
    }
    let inside = boxed(buffer, area, theme, &heading);
    line_right(buffer, rows(area, 0, 1), area.width / 2, &position(shot));
    if ui.rows.is_empty() {
        let key = if ui.log.is_loaded() { "dash.log_empty" } else { "dash.loading" };
        return empty(buffer, inside, theme, text(lang, key));
    }
    let columns = vec![
        Column::words(text(lang, "dash.column_at"), 14, 0),
        Column::words(text(lang, "dash.column_event"), 18, 0),
        Column::words(
            text(lang, "dash.column_subject"),
            if inside.width < 100 { 20 } else { 34 },
            1,
        ),
        Column::growing(text(lang, "dash.column_detail"), 20),
    ];
    let table = Table::new(columns, inside.width);
    let Some(place) = ui.place() else { return };
    let height = usize::from(inside.height.saturating_sub(1));
    let window = (place.first_visible(&ui.rows, height), place.index(&ui.rows), ui.rows.len());
    list(buffer, inside, theme, &table, window, |i| match ui.rows.get(i) {
        Some(Row::Event(seq)) => {
            ui.log.event(*seq).map(|event| cells(shot, event)).unwrap_or_default()
        }
        _ => Vec::new(),
    });
}

/// The selected line without anything cut off.
fn selected(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let event = match shot.ui.selected() {
        Some(Row::Event(seq)) => shot.ui.log.event(*seq),
        _ => None,
    };
    let Some(event) = event else {
        boxed(buffer, area, theme, &Line::default());
        return;
    };
    let inside = boxed(buffer, area, theme, &title(theme, kind(lang, event)));
    let mut words = Line::styled(date_time(lang, &board.local(event.at)), theme.dim());
    if let Some(id) = &event.subject {
        let name = board.subject(id).map_or_else(|| id.to_string(), |s| subject_title(board, s));
        words.push(format!("  {name}"), theme.strong());
        words.push(format!("  {id}"), theme.dim());
    }
    let detail = detail(lang, event);
    words.push(format!("  {detail}"), Style::new());
    wrapped(buffer, inside, &words);
}

fn cells(shot: &Shot<'_>, event: &EventRow) -> Vec<Line> {
    let (lang, theme, board) = (shot.ui.lang, shot.theme, shot.board);
    let local = board.local(event.at);
    let day = match lang {
        Lang::Vi => local.strftime("%d/%m"),
        Lang::En => local.strftime("%m-%d"),
    };
    let subject = match &event.subject {
        Some(id) => board.subject(id).map_or_else(|| id.to_string(), |s| subject_title(board, s)),
        None => NOTHING.to_owned(),
    };
    let style = style(theme, event);
    vec![
        Line::styled(format!("{day} {}", clock(&local)), theme.dim()),
        Line::styled(kind(lang, event), style),
        Line::plain(subject),
        Line::styled(detail(lang, event), if event.kind == "state" { style } else { Style::new() }),
    ]
}

/// The name of a kind; of one that this version does not know, its word.
pub fn kind(lang: Lang, event: &EventRow) -> String {
    let key = match event.kind.as_str() {
        "started" => "event.started",
        "stopped" => "event.stopped",
        "state" => "event.state",
        "incident_opened" => "event.incident_opened",
        "incident_closed" => "event.incident_closed",
        "reloaded" => "event.reloaded",
        "reload_refused" => "event.reload_refused",
        "gap" => "event.gap",
        "trouble" => "event.trouble",
        "scripted" => "event.scripted",
        "acknowledged" => "event.acknowledged",
        "maintenance_announced" => "event.maintenance_announced",
        "maintenance_ended" => "event.maintenance_ended",
        "blind" => "event.blind",
        "seeing" => "event.seeing",
        "told" => "event.told",
        "flapping" => "event.flapping",
        "calmed" => "event.calmed",
        "switched" => "event.switched",
        "restarted" => "event.restarted",
        "fact_changed" => "event.fact_changed",
        "identity_changed" => "event.identity_changed",
        "neighbours_changed" => "event.neighbours_changed",
        "outage_noted" => "event.outage_noted",
        "outbox" => "event.outbox",
        "storm_began" => "event.storm_began",
        "storm_ended" => "event.storm_ended",
        other => return visible(other),
    };
    text(lang, key).to_owned()
}

fn state(event: &EventRow, key: &str) -> Option<State> {
    State::ALL.into_iter().find(|state| event.detail[key].as_str() == Some(state.as_str()))
}

fn style(theme: &Theme, event: &EventRow) -> Style {
    match event.kind.as_str() {
        "state" => state(event, "to").map_or(Style::new(), |to| theme.state(to)),
        "incident_opened" => state(event, "state").map_or(theme.fault(), |of| theme.state(of)),
        "reload_refused" | "trouble" | "gap" | "blind" => theme.fault(),
        "flapping" | "restarted" | "identity_changed" => theme.poor(),
        "acknowledged"
        | "maintenance_announced"
        | "maintenance_ended"
        | "reloaded"
        | "outbox"
        | "storm_began"
        | "storm_ended" => theme.strong(),
        _ => Style::new(),
    }
}

/// What is known of it, in words; a kind of its own words is told by its fields.
pub fn detail(lang: Lang, event: &EventRow) -> String {
    let of = |key: &str| match &event.detail[key] {
        Value::Null => None,
        Value::String(text) => Some(visible(text)),
        other => Some(visible(&other.to_string())),
    };
    let count = |key: &str| match &event.detail[key] {
        Value::Array(list) => i64::try_from(list.len()).unwrap_or(i64::MAX),
        other => other.as_i64().unwrap_or(0),
    };
    let text_of = |key: &str| of(key).unwrap_or_else(|| NOTHING.to_owned());
    let by_user = |words: String| match of("user") {
        Some(user) if words.is_empty() => user,
        Some(user) => t!(lang, "event.by", user = user, words = words),
        None => words,
    };
    let noted = |words: String| match of("note").filter(|note| !note.is_empty()) {
        Some(note) if words.is_empty() => note,
        Some(note) => format!("{words}: {note}"),
        None => words,
    };
    match event.kind.as_str() {
        "started" => {
            let subjects = number(lang, count("subjects"));
            t!(lang, "event.started_detail", version = text_of("version"), subjects = subjects)
        }
        "state" => match (state(event, "from"), state(event, "to")) {
            (Some(from), Some(to)) => {
                let (from, to) = (state_name(lang, from), state_name(lang, to));
                t!(lang, "event.state_detail", from = from, to = to)
            }
            (None, Some(to)) => state_name(lang, to).to_owned(),
            _ => String::new(),
        },
        "incident_opened" | "incident_closed" | "told" => {
            let (units, subjects) = (count("units"), count("unreachable"));
            let impact = if (units, subjects) == (0, 0) {
                text(lang, "dash.impact_none").to_owned()
            } else {
                let (units, subjects) = (number(lang, units), number(lang, subjects));
                t!(lang, "event.impact", units = units, subjects = subjects)
            };
            match state(event, "state") {
                Some(state) => format!("{}, {impact}", state_name(lang, state)),
                None => impact,
            }
        }
        "reloaded" => {
            let subjects = number(lang, count("subjects"));
            by_user(t!(lang, "event.reloaded_detail", subjects = subjects))
        }
        "reload_refused" => {
            let errors = number(lang, count("errors"));
            t!(lang, "event.refused_detail", errors = errors, first = text_of("first"))
        }
        "acknowledged" => noted(by_user(String::new())),
        "maintenance_announced" | "maintenance_ended" => noted(by_user(text_of("id"))),
        "storm_began" | "storm_ended" => noted(by_user(text_of("unit"))),
        "outage_noted" => {
            let cause =
                Cause::ALL.into_iter().find(|cause| of("cause").as_deref() == Some(cause.as_str()));
            let cause = cause
                .map_or_else(|| text_of("cause"), |cause| text(lang, cause_key(cause)).to_owned());
            noted(by_user(cause))
        }
        "neighbours_changed" if event.detail.get("address").is_some() => {
            let (fact, from, to) = (text_of("address"), text_of("from"), text_of("to"));
            t!(lang, "event.fact_detail", fact = fact, from = from, to = to)
        }
        "neighbours_changed" => {
            let (found, lost) =
                (number(lang, count("found_count")), number(lang, count("lost_count")));
            t!(lang, "event.neighbours_detail", found = found, lost = lost)
        }
        "outbox" => by_user(format!("{} {}", text_of("outbox"), text_of("message"))),
        "trouble" => match (of("reason"), of("message")) {
            (Some(reason), Some(message)) => format!("{message}: {reason}"),
            (Some(reason), None) => reason,
            _ => fields(&event.detail),
        },
        "blind" | "seeing" => of("carrier").map_or_else(
            || text(lang, "event.everything").to_owned(),
            |carrier| carrier.to_uppercase(),
        ),
        "switched" => {
            let (off, on) = (number(lang, count("off")), number(lang, count("on")));
            t!(lang, "event.switched_detail", off = off, on = on)
        }
        "fact_changed" => {
            let (fact, from, to) = (text_of("fact"), text_of("from"), text_of("to"));
            t!(lang, "event.fact_detail", fact = fact, from = from, to = to)
        }
        _ => fields(&event.detail),
    }
}

/// "key=value, …".
fn fields(detail: &Value) -> String {
    let Value::Object(fields) = detail else { return String::new() };
    let shown = fields.iter().filter(|(_, value)| !value.is_null());
    let shown: Vec<String> = shown.map(|(key, value)| format!("{key}={value}")).collect();
    visible(&shown.join(", "))
}
