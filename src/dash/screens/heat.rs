//! The lost time of units over a period: a row a unit, a column an hour or a day.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::coverage::position;
use super::dialog::choice;
use crate::coverage::LostSlot;
use crate::dash::draw::{Line, boxed, line, line_right, rows, text as write};
use crate::dash::state::{Range, Row};
use crate::dash::theme::Theme;
use crate::dash::view::{HEAT_NAME, HEAT_SUM, Shot, empty, title};
use crate::locale::{self, Lang, date_time, duration_short, reason_words, text, width};
use crate::model::{State, UnitId, UnixMs};
use crate::t;

/// Columns from which the heading has room for whose time is shown.
const WHOSE: u16 = 110;

/// What part of the time that counts is degraded when a cell shows it: a tenth.
const DEGRADED_FROM: i64 = 10;

/// Draws the heat map.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, ui) = (shot.ui.lang, shot.theme, shot.ui);
    let inside = boxed(buffer, area, theme, &heading(shot, area.width));
    line_right(buffer, rows(area, 0, 1), area.width / 2, &position(shot));
    if ui.rows.is_empty() {
        return empty(buffer, inside, theme, text(lang, "dash.no_units"));
    }
    let edges = ui.heat.edges();
    let name = HEAT_NAME.min(inside.width);
    let room = inside.width.saturating_sub(name + 1 + HEAT_SUM + 1);
    let cells = Rect { x: inside.x + (name + 1).min(inside.width), width: room, ..inside };
    axis(shot, edges, rows(cells, 0, 1), buffer);
    let sum = Rect {
        x: cells.x + cells.width,
        width: inside.width.saturating_sub(name + 1 + room),
        ..inside
    };
    line_right(
        buffer,
        rows(sum, 0, 1),
        0,
        &Line::styled(text(lang, "dash.heat_lost"), theme.dim()),
    );
    let Some(place) = ui.place() else { return };
    let height = usize::from(inside.height.saturating_sub(3));
    let (first, selected) = (place.first_visible(&ui.rows, height), place.index(&ui.rows));
    for (y, i) in (1..inside.height.saturating_sub(2)).zip(first..ui.rows.len()) {
        let Some(row @ (Row::Unit(id) | Row::Own(id))) = ui.rows.get(i) else { continue };
        let label = match row {
            Row::Own(_) => text(lang, "dash_heat.own"),
            _ => shot.board.unit(id).map_or("", |unit| &unit.short),
        };
        let is_selected = selected == Some(i);
        let style = if is_selected { theme.selected() } else { Style::new() };
        let left = Rect { width: name, ..rows(inside, y, 1) };
        if is_selected {
            buffer.set_style(left, style);
        }
        write(buffer, left, 1, label, style);
        let lost = unit(shot, id, rows(cells, y, 1), buffer);
        line_right(buffer, rows(sum, y, 1), 0, &lost);
    }
    if let Some(Row::Unit(id) | Row::Own(id)) = selected.and_then(|i| ui.rows.get(i)) {
        let below = rows(inside, inside.height.saturating_sub(2), 1);
        line(buffer, below, 1, &worst(shot, id, usize::from(inside.width.saturating_sub(2))));
    }
    let last = rows(inside, inside.height.saturating_sub(1), 1);
    line(buffer, last, 1, &signs(shot));
}

/// "TSLCD: thời gian mất kết nối, 24 giờ đến 08:00 24/11".
fn heading(shot: &Shot<'_>, room: u16) -> Line {
    let (lang, theme, heat) = (shot.ui.lang, shot.theme, &shot.ui.heat);
    let open = heat.open.as_ref().and_then(|id| shot.board.unit(id));
    let unit = open.map_or_else(|| text(lang, "dash.list_units").to_owned(), |u| u.short.clone());
    let network = shot.ui.network(shot.board).map(|n| n.short.clone()).unwrap_or_default();
    // What may be chosen matters more than whose time it is.
    let key = if room < WHOSE { "dash.heat_of_short" } else { "dash.heat_of" };
    let words = t!(lang, key, unit = unit, network = network);
    let mut heading = title(theme, words);
    for range in [Range::Day, Range::Week, Range::Month] {
        heading.push(" ", Style::new());
        heading.append(choice(theme, text(lang, range.key()), range == heat.range));
    }
    if room >= WHOSE
        && let Some(key) = shot.ui.sort.key()
    {
        heading.push(format!(" ({})", text(lang, key)), theme.dim());
    }
    if heat.end.is_some()
        && let Some(to) = heat.edges().last()
    {
        let at = date_time(lang, &shot.board.local(*to));
        heading.push(format!("  {}", t!(lang, "dash.take_until", at = at)), theme.strong());
    }
    heading
}

/// The left edge of a column: all of them are equally wide, so that as much looks like as much.
fn left(column: usize, columns: usize, room: u16) -> u16 {
    let wide = (usize::from(room) / columns.max(1)).max(1);
    u16::try_from(wide * column).unwrap_or(u16::MAX).min(room)
}

/// One unit's cells; what was lost in all.
fn unit(shot: &Shot<'_>, id: &UnitId, row: Rect, buffer: &mut Buffer) -> Line {
    let (lang, theme, heat) = (shot.ui.lang, shot.theme, &shot.ui.heat);
    let words = match heat.outcome() {
        Some(Err(reason)) => t!(lang, "dash.no_history", reason = reason_words(lang, reason)),
        None => format!("{} {}", theme.turning(shot.now), text(lang, "dash.loading")),
        Some(Ok(())) => text(lang, "dash.heat_no_line").to_owned(),
    };
    let Some(found) = heat.row(id) else {
        write(buffer, row, 0, &words, theme.dim());
        return Line::default();
    };
    let slots = &found.slots;
    for (i, slot) in slots.iter().enumerate() {
        let Some((sign, style)) = look(theme, slot) else { continue };
        let (from, to) = (left(i, slots.len(), row.width), left(i + 1, slots.len(), row.width));
        let wide = usize::from(to.saturating_sub(from));
        write(buffer, row, from, &sign.to_string().repeat(wide), style);
    }
    let lost = heat.lost_ms(id);
    if lost == 0 {
        return Line::styled("0", theme.dim());
    }
    Line::styled(duration_short(lang, lost), theme.fault())
}

/// "Mất nhiều nhất: 17/11 23g, 16/11 8g12p": when the selected unit lost most, as many as have room.
fn worst(shot: &Shot<'_>, id: &UnitId, room: usize) -> Line {
    let (lang, theme, heat) = (shot.ui.lang, shot.theme, &shot.ui.heat);
    let slots = heat.row(id).map_or(&[][..], |row| &row.slots);
    let mut lost: Vec<(i64, UnixMs)> =
        slots.iter().zip(heat.edges()).map(|(slot, begin)| (slot.lost_ms, *begin)).collect();
    lost.retain(|(ms, _)| *ms > 0);
    lost.sort_by_key(|(ms, begin)| (std::cmp::Reverse(*ms), *begin));
    if lost.is_empty() {
        return Line::default();
    }
    let mut words = Line::styled(format!("{}:", text(lang, "dash_heat.worst")), theme.dim());
    for (i, (ms, begin)) in lost.into_iter().enumerate() {
        let local = shot.board.local(begin);
        let day = match lang {
            Lang::Vi => local.strftime("%d/%m"),
            Lang::En => local.strftime("%m-%d"),
        };
        let hour: String = locale::clock(&local).chars().take(5).collect();
        let when = match heat.range {
            Range::Month => day.to_string(),
            Range::Week => format!("{hour} {day}"),
            _ => hour,
        };
        let comma = if i > 0 { "," } else { "" };
        let next = format!("{comma} {when} {}", duration_short(lang, ms));
        if words.width() + width(&next) > room {
            break;
        }
        words.push(next, Style::new());
    }
    words
}

/// The lost share in thousandths; something lost is never nothing.
fn lost_permille(slot: &LostSlot) -> u16 {
    if slot.lost_ms <= 0 || slot.judged_ms <= 0 {
        return 0;
    }
    let share = i128::from(slot.lost_ms) * 1000 / i128::from(slot.judged_ms);
    u16::try_from(share).unwrap_or(1000).clamp(1, 1000)
}

/// A slot's sign and style: blocks as high as what was lost, in colours; else tenths as digits. What
/// is neither well nor lost has a sign of its own, so that no colour is needed to tell them. `None`
/// where nothing is recorded.
fn look(theme: &Theme, slot: &LostSlot) -> Option<(char, Style)> {
    if slot.is_empty() {
        return None;
    }
    let lost = lost_permille(slot);
    if lost == 0 {
        // What most of it was: a restart of the daemon must not hide a day.
        let most = slot.judged_ms.max(slot.planned_ms);
        if most < slot.unmeasured_ms {
            return Some((theme.glyph(State::Unmeasured), theme.unknown()));
        }
        if slot.judged_ms < most {
            return Some((theme.incident_signs()[0], theme.dim()));
        }
        // Of many units some are always a little worse than they should be.
        if slot.degraded_ms > 0 && slot.degraded_ms * DEGRADED_FROM >= slot.judged_ms {
            return Some((theme.glyph(State::Degraded), theme.poor()));
        }
    }
    Some(match (theme.is_plain(), lost) {
        (true, 0) => ('.', theme.dim()),
        (true, 1000..) => ('#', theme.strong()),
        (true, lost) => {
            let tenths = (lost.saturating_add(99) / 100).clamp(1, 9);
            (char::from_digit(u32::from(tenths), 10).unwrap_or('9'), theme.strong())
        }
        (false, 0) => ('▁', theme.lost(0)),
        (false, ..100) => ('▃', theme.lost(lost)),
        (false, ..500) => ('▅', theme.lost(lost)),
        (false, _) => ('█', theme.lost(lost)),
    })
}

/// What the signs mean.
fn signs(shot: &Shot<'_>) -> Line {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let lost = |lost_ms| LostSlot { lost_ms, judged_ms: 1000, ..LostSlot::default() };
    let (degraded, unmeasured, planned) = (
        LostSlot { degraded_ms: 1000, ..lost(0) },
        LostSlot { unmeasured_ms: 1000, ..LostSlot::default() },
        LostSlot { planned_ms: 1000, ..LostSlot::default() },
    );
    let shown: &[(LostSlot, &str)] = if theme.is_plain() {
        // The digits stand for what is between nothing and all.
        &[
            (lost(0), "dash.heat_none"),
            (lost(50), "dash_heat.tenths"),
            (lost(1000), "dash_heat.whole"),
        ]
    } else {
        &[
            (lost(0), "dash.heat_none"),
            (lost(50), "dash.heat_some"),
            (lost(300), "dash.heat_part"),
            (lost(1000), "dash.heat_most"),
        ]
    };
    let others = [
        (degraded, "state.degraded"),
        (unmeasured, "state.unmeasured"),
        (planned, "dash_heat.planned"),
    ];
    let shown = shown.iter().chain(&others).filter_map(|(slot, key)| {
        let (sign, style) = look(theme, slot)?;
        let is_digit = sign.is_ascii_digit();
        Some(((if is_digit { "1-9".to_owned() } else { sign.to_string() }, style), *key))
    });
    let mut words = Line::default();
    for ((sign, style), key) in shown {
        if words.width() > 0 {
            words.push("  ", Style::new());
        }
        words.push(sign, style);
        words.push(format!(" {}", text(lang, key)), theme.dim());
    }
    words
}

/// Hours or days above the columns, as many as there is room for.
fn axis(shot: &Shot<'_>, edges: &[UnixMs], row: Rect, buffer: &mut Buffer) {
    let (lang, range) = (shot.ui.lang, shot.ui.heat.range);
    let mut free = 0;
    let columns = edges.len().saturating_sub(1);
    for (i, edge) in edges.iter().take(columns).enumerate() {
        let local = shot.board.local(*edge);
        let words = match (range, lang) {
            (Range::Month, Lang::Vi) => local.strftime("%d/%m").to_string(),
            (Range::Month, Lang::En) => local.strftime("%m-%d").to_string(),
            (Range::Week, _) if local.hour() != 0 => continue,
            (Range::Week, Lang::Vi) => local.strftime("%d/%m").to_string(),
            (Range::Week, Lang::En) => local.strftime("%m-%d").to_string(),
            _ => locale::clock(&local).chars().take(5).collect(),
        };
        let x = left(i, columns, row.width);
        let wide = u16::try_from(width(&words)).unwrap_or(u16::MAX);
        if x < free || x.saturating_add(wide) > row.width {
            continue;
        }
        free = write(buffer, row, x, &words, shot.theme.dim()) + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dash::theme::Colours;

    #[test]
    fn a_slot_shows_what_most_of_it_was_and_whatever_was_lost() {
        let theme = Theme { colours: Colours::None, ascii: false };
        let slot = |lost_ms, judged_ms, unmeasured_ms, planned_ms| LostSlot {
            lost_ms,
            judged_ms,
            degraded_ms: 0,
            unmeasured_ms,
            planned_ms,
        };
        let sign = |slot: LostSlot| look(&theme, &slot).map(|(sign, _)| sign);
        assert_eq!(sign(LostSlot::default()), None, "nothing is recorded, or it lies ahead");
        assert_eq!(sign(slot(0, 10, 0, 0)), Some('.'));
        assert_eq!(sign(slot(0, 8, 8, 0)), Some('.'), "a short hole hides nothing");
        assert_eq!(sign(slot(0, 8, 9, 0)), Some('?'), "less than half of it is known");
        assert_eq!(sign(slot(0, 8, 7, 9)), Some('■'));
        assert_eq!(sign(slot(1, 8, 90, 90)), Some('2'), "what was lost is never hidden");
        assert_eq!(sign(slot(1, 100_000, 0, 0)), Some('1'), "something lost is never nothing");
        assert_eq!(sign(slot(10, 10, 0, 0)), Some('#'));
        let degraded = |degraded_ms| LostSlot { degraded_ms, ..slot(0, 100, 0, 0) };
        assert_eq!((sign(degraded(9)), sign(degraded(10))), (Some('.'), Some('▲')));
        let lost: Vec<u16> = [(0, 5), (2, 10), (5, 5), (1, 0)]
            .map(|(lost, judged)| lost_permille(&slot(lost, judged, 0, 0)))
            .to_vec();
        assert_eq!(lost, [0, 200, 1000, 0]);
    }
}
