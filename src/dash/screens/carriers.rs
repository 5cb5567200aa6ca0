//! The carriers with the state of their lines and whom to call.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dash::board::slot;
use crate::dash::draw::{Column, Line, Table, boxed, list};
use crate::dash::lens::{Look, Whose};
use crate::dash::view::{Shot, title};
use crate::dash::words::{NOTHING, measured, rtt_or_nothing, share, used};
use crate::locale::{number, reason_words, text};

use crate::model::State;
use crate::t;

/// Whose lines they are.
pub fn name(shot: &Shot<'_>, whose: &Whose) -> String {
    match whose {
        Whose::Of(id) => {
            let carrier = shot.board.carriers.iter().find(|c| c.id == *id);
            carrier.map_or_else(|| id.to_string(), |c| c.name.clone())
        }
        Whose::Nobodys => text(shot.ui.lang, "dash.no_carrier").to_owned(),
    }
}

/// Draws the carriers; the chosen one is reversed.
pub fn draw(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let mut heading = title(theme, text(lang, "dash.carriers"));
    let loads = &shot.ui.loads.fetched;
    if let Some(reason) = &loads.failure {
        let words = t!(lang, "dash.load.unread", reason = reason_words(lang, reason));
        heading.push(format!("  {words}"), theme.fault());
    } else if !loads.is_loaded() {
        heading.push(format!("  {}", text(lang, "dash.load.loading")), theme.dim());
    }
    let inside = boxed(buffer, area, theme, &heading);
    let figure = |key, width, rank| Column::figures(text(lang, key), width, rank);
    let columns = vec![
        Column::words("", 1, 0),
        Column::growing(text(lang, "dash.column_carrier"), 14),
        figure("dash.column_live", 9, 0),
        Column::words(text(lang, "dash.column_states"), 18, 3),
        figure("dash.column_loss", 8, 5),
        figure("dash.column_rtt_p50", 8, 7),
        figure("dash.column_rtt_p95", 8, 6),
        figure("dash.load.column", 10, 4),
        figure("dash.column_own_minutes", 11, 1),
        figure("dash.column_own_month", 11, 2),
        figure("dash.column_measured", 6, 8),
        Column::words(text(lang, "dash.column_hotline"), 14, 0),
        Column::words(text(lang, "dash.column_contract"), 18, 9),
    ];
    let table = Table::new(columns, inside.width);
    let carriers = &shot.ui.carriers;
    let chosen = carriers.looks.iter().position(|l| Some(&l.whose) == carriers.chosen.as_ref());
    list(buffer, inside, theme, &table, (0, chosen, carriers.looks.len()), |i| {
        carriers.looks.get(i).map(|look| cells(shot, look)).unwrap_or_default()
    });
}

fn cells(shot: &Shot<'_>, look: &Look) -> Vec<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let info = match &look.whose {
        Whose::Of(id) => shot.board.carriers.iter().find(|c| c.id == *id),
        Whose::Nobodys => None,
    };
    let figure = |n: u32| number(lang, i64::from(n));
    let live = look.counts[slot(State::Up)] + look.counts[slot(State::Degraded)];
    let all: u32 = look.counts.iter().sum();
    let style = if live < all { theme.fault() } else { Style::new() };
    let mut states = Line::default();
    for state in [State::Down, State::Degraded, State::Unreachable, State::Unmeasured] {
        let count = look.counts[slot(state)];
        if count > 0 {
            states.push(format!("{} {}  ", theme.glyph(state), figure(count)), theme.state(state));
        }
    }
    let or_nothing =
        |text: Option<&String>| Line::plain(text.cloned().unwrap_or_else(|| NOTHING.to_owned()));
    let loss = look.loss_permille.map(|loss| u32::from(loss) * 1000);
    let pointer = if theme.is_plain() && shot.ui.carriers.chosen.as_ref() == Some(&look.whose) {
        theme.pointer()
    } else {
        ""
    };
    vec![
        Line::plain(pointer),
        Line::plain(name(shot, &look.whose)),
        Line::styled(format!("{}/{}", figure(live), figure(all)), style),
        states,
        Line::plain(share(lang, loss, 1)),
        Line::plain(rtt_or_nothing(lang, look.rtt_us.map(|r| r.0))),
        Line::plain(rtt_or_nothing(lang, look.rtt_us.map(|r| r.1))),
        used(lang, theme, shot.ui.loads.of_carrier(&look.whose)),
        Line::plain(number(lang, look.month.millis.down / 60_000)),
        Line::plain(share(lang, look.month.own_ppm(), 2)),
        Line::plain(measured(lang, &look.month)),
        or_nothing(info.and_then(|c| c.hotline.as_ref())),
        or_nothing(info.and_then(|c| c.contract.as_ref())),
    ]
}
