//! What stands around every screen: header, tabs, footer, status line; and what stands in its
//! place when there is no room or no data.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::channels::{self, Detail};
use super::{said, storm};
use crate::api::DaemonInfo;
use crate::dash::board::{on, slot};
use crate::dash::draw::{Line, line, line_right, rows, text};
use crate::dash::keys::{keymap, told};
use crate::dash::link::Link;
use crate::dash::rows::{live_ppm, top};
use crate::dash::state::{Freshness, Key, Mode, Screen};
use crate::dash::view::{Scene, Shot, tab_names};
use crate::dash::words::tier_word;
use crate::locale::{self, duration, number, percent};
use crate::model::{CarrierId, State};
use crate::t;

/// How long a daemon may have had no answer of some yet, at most, in milliseconds.
const FRESH_MS_MAX: i64 = 300_000;
/// Of so many one that was never asked yet makes the figure a wrong one.
const UNHEARD_PART: u32 = 50;

/// Coverage of the whole province on the chosen network.
pub struct Coverage {
    /// The network's heading.
    pub network: String,
    /// The words in its place while what is counted says nothing about the network.
    pub figures: Result<Figures, &'static str>,
}

/// Coverage in figures.
pub struct Figures {
    /// "98,3 %".
    pub share: String,
    /// "170/173 xã".
    pub count: String,
    /// Whether the goal is reached.
    pub reached: bool,
}

/// Whether the patrol sees nothing at all now: who is live nobody knows.
pub fn is_blind(shot: &Shot<'_>) -> bool {
    shot.board.daemon.blind.iter().any(|blind| blind.carrier.is_none())
}

/// Coverage of the whole province on the chosen network; `None` where nothing must have one.
pub fn coverage(shot: &Shot<'_>) -> Option<Coverage> {
    let lang = shot.ui.lang;
    let network = shot.ui.network(shot.board)?;
    if is_blind(shot) {
        let figures = Err(locale::text(lang, "dash_blind.unseen"));
        return Some(Coverage { network: network.short.clone(), figures });
    }
    // A daemon that has just started has not heard of everybody yet: that is no loss.
    let DaemonInfo { started, interval_ms, pid, .. } = *shot.board.daemon;
    let is_fresh = pid != 0 && shot.board.at.since(started) < 2 * interval_ms.min(FRESH_MS_MAX);
    let unheard = shot.board.counts[slot(State::Unmeasured)];
    if is_fresh && unheard * UNHEARD_PART > shot.board.counts.iter().sum() {
        let figures = Err(locale::text(lang, "dash_blind.first"));
        return Some(Coverage { network: network.short.clone(), figures });
    }
    let rows = shot.board.roots().flat_map(|u| &u.subtree);
    let tier =
        rows.filter(|c| c.network == network.id && c.ladder.required > 0).map(|c| c.tier).max()?;
    let ladders = shot.board.roots().filter_map(|u| on(&u.subtree, &network.id, tier));
    let (live, required) =
        ladders.fold((0, 0), |sum, c| (sum.0 + c.ladder.live, sum.1 + c.ladder.required));
    let ppm = live_ppm(live, required);
    let reached = ppm >= u32::from(shot.board.goal_permille) * 1000;
    let count = format!(
        "{}/{} {}",
        number(lang, i64::from(live)),
        number(lang, i64::from(required)),
        tier_word(lang, tier, required as usize)
    );
    let figures = Ok(Figures { share: percent(lang, ppm, 1), count, reached });
    Some(Coverage { network: network.short.clone(), figures })
}

/// The province's name: the only root's.
fn province(shot: &Shot<'_>) -> String {
    let root = top(shot.board).and_then(|id| shot.board.unit(&id).map(|u| u.short.clone()));
    root.unwrap_or_default()
}

/// "× 3  ▲ 2  ◊ 1": how many subjects are not as they should be.
fn counts(shot: &Shot<'_>, gap: &str) -> Line {
    let mut counted = Line::default();
    for state in [State::Down, State::Degraded, State::Unreachable, State::Unmeasured] {
        let count = shot.board.counts[slot(state)];
        if count > 0 || state == State::Down {
            let number = number(shot.ui.lang, i64::from(count));
            let words = format!("{gap}{} {number}", shot.theme.glyph(state));
            let style = if count > 0 { shot.theme.state(state) } else { Style::new() };
            counted.push(words, style);
        }
    }
    if shot.board.off_hours > 0 {
        let number = number(shot.ui.lang, i64::from(shot.board.off_hours));
        counted.push(format!("{gap}{} {number}", shot.theme.off_hours()), shot.theme.dim());
    }
    counted
}

/// "MẤT QUAN SÁT từ 07:31 (VNPT)", with the carriers' ids: the header is short of room. `None`
/// while the patrol sees.
fn blind(shot: &Shot<'_>) -> Option<String> {
    let carrier = |id: &CarrierId| id.as_str().to_uppercase();
    let blind = &shot.board.daemon.blind;
    let blind: Vec<_> = blind.iter().map(|b| (b.carrier.as_ref().map(carrier), b.since)).collect();
    locale::blind_words(shot.ui.lang, &blind, |at| shot.when(at))
}

/// The words for data that are not now, or that say nothing about the network.
fn warning(shot: &Shot<'_>) -> Option<String> {
    stale(shot).or_else(|| blind(shot))
}

/// The words for data that are not now.
fn stale(shot: &Shot<'_>) -> Option<String> {
    let lang = shot.ui.lang;
    let age = |ms: i64| duration(lang, ms);
    match shot.freshness() {
        Freshness::Fresh => None,
        Freshness::Late { age_ms } => Some(t!(lang, "dash.stale_late", age = age(age_ms))),
        Freshness::Lost { age_ms } => Some(t!(lang, "dash.stale_lost", age = age(age_ms))),
        Freshness::Store { age_ms } => Some(t!(lang, "dash.stale_store", age = age(age_ms))),
    }
}

/// How much of the header there is room for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Room {
    Everything,
    NoZone,
    Narrow,
    NoWord,
    NoTitle,
    NoClock,
    NoUnits,
    NoCounts,
    NoProvince,
    NoShare,
}

/// Name, warning, coverage and counts; and what stands at the right.
fn header_parts(
    shot: &Shot<'_>,
    warning: Option<&str>,
    (room, detail): (Room, Detail),
) -> (Line, Line) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let gap = if room < Room::Narrow { "  " } else { " " };
    let mut left = Line::styled(" ", theme.strong());
    if room < Room::NoTitle {
        left.push(format!("{}{gap}", locale::text(lang, "dash.title")), theme.strong());
    }
    if room < Room::NoProvince {
        left.push(province(shot), theme.strong());
    }
    if let Some(words) = warning {
        left.push(format!("  {words}"), theme.strong());
    }
    if let Some(sign) = channels::sign(shot, detail) {
        left.push(gap, Style::new());
        left.append(sign);
    }
    if let Some(sign) = storm::sign(shot, detail) {
        left.push(gap, Style::new());
        left.append(sign);
    }
    // A figure is shown whole or not at all.
    if let Some(Coverage { network, figures }) = coverage(shot).filter(|_| room < Room::NoShare) {
        let label = match room {
            Room::Everything | Room::NoZone | Room::Narrow => {
                t!(lang, "dash.header_coverage", network = network)
            }
            _ => network,
        };
        left.push(format!("  {label} "), theme.dim());
        match figures {
            Ok(Figures { share, count, reached }) => {
                left.push(share, if reached { theme.strong() } else { theme.fault() });
                if room < Room::NoUnits {
                    left.push(format!("{gap}{count}"), theme.strong());
                }
            }
            Err(words) => left.push(words, theme.strong()),
        }
        left.push(" ", Style::new());
    }
    if room < Room::NoCounts {
        left.append(counts(shot, gap));
    }
    let at = shot.board.local(shot.board.at);
    let mut clock = Line::default();
    if room < Room::NoClock {
        clock.push(format!("  {} ", locale::clock(&at)), Style::new());
    }
    if room < Room::NoZone {
        clock.push(format!("{} ", at.strftime("%Z")), Style::new());
    }
    (left, clock)
}

/// The most that `width` columns have room for: what a channel's trouble or a storm is gives way first, since
/// the status line tells it in full.
fn room(shot: &Shot<'_>, warning: Option<&str>, width: u16) -> (Room, Detail) {
    let rooms = [
        (Room::Everything, Detail::Why),
        (Room::NoZone, Detail::Why),
        (Room::Everything, Detail::Since),
        (Room::NoZone, Detail::Since),
        (Room::Narrow, Detail::Since),
        (Room::Everything, Detail::Name),
        (Room::NoZone, Detail::Name),
        (Room::Narrow, Detail::Name),
        (Room::NoWord, Detail::Name),
        (Room::NoTitle, Detail::Name),
        (Room::NoClock, Detail::Name),
        (Room::NoUnits, Detail::Name),
        (Room::NoCounts, Detail::Name),
        (Room::NoProvince, Detail::Name),
    ];
    let fits = |room: &(Room, Detail)| {
        let (left, clock) = header_parts(shot, warning, *room);
        left.width() + clock.width() <= usize::from(width)
    };
    // Without a storm or such a channel there is nothing that could give way.
    let daemon = &shot.board.daemon;
    let has_signs = !daemon.channels.is_empty() || !daemon.storms.is_empty();
    let mut rooms = rooms.into_iter().filter(|(_, d)| has_signs || *d == Detail::Name);
    rooms.find(fits).unwrap_or((Room::NoShare, Detail::Name))
}

/// Name, coverage, counts and the data's time; reversed as a whole when the data are old (with
/// their age) or the patrol is blind (since when).
pub fn header(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let warning = warning(shot);
    let room = room(shot, warning.as_deref(), area.width);
    let (left, clock) = header_parts(shot, warning.as_deref(), room);
    let end = line(buffer, area, 0, &left);
    line_right(buffer, area, end, &clock);
    if warning.is_some() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, area.y)) {
                cell.set_style(shot.theme.stale());
            }
        }
    }
}

/// The tabs; the open one is reversed.
pub fn tabs(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let mut at = 0;
    for (screen, name) in tab_names(shot.ui, shot.board, area.width) {
        let is_open = screen == shot.ui.tab();
        let style = if is_open { shot.theme.selected() } else { Style::new() };
        at = text(buffer, area, at, &name, style);
    }
}

/// The keys of the screen that the footer has room for; how to get help and how to leave are always
/// among them.
pub fn footer(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let told = told(shot.ui.screen, shot.ui.mode, shot.ui.read_only);
    let mut pieces: Vec<(Key, Line)> = Vec::new();
    for binding in told.filter(|b| b.in_footer) {
        let Some(press) = binding.presses.first() else { continue };
        let words = locale::text(lang, binding.text);
        let mut piece = Line::styled(press.label(theme.ascii), theme.strong());
        piece.push(format!(" {words}"), theme.dim());
        pieces.push((binding.key, piece));
    }
    let wide = |pieces: &[(Key, Line)]| -> usize { pieces.iter().map(|p| p.1.width() + 2).sum() };
    while wide(&pieces) > usize::from(area.width) + 1 {
        let stays = |key: Key| matches!(key, Key::Help | Key::Quit);
        let Some(last) = pieces.iter().rposition(|(key, _)| !stays(*key)) else { break };
        pieces.remove(last);
    }
    let mut at = 1;
    for (_, piece) in pieces {
        at = line(buffer, area, at, &piece) + 2;
    }
}

/// What came of the user's command, then the daemon's own health, what hinders it first.
pub fn status(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme, daemon) = (shot.ui.lang, shot.theme, &shot.board.daemon);
    let mut words = Line::plain(" ");
    if let Some(told) = said::told(shot) {
        words.append(told);
    }
    let mut say = |text: String, style| {
        if words.width() > 1 {
            words.push("  ", theme.dim());
        }
        words.push(text, style);
    };
    if let Some(words) = shot.loading() {
        say(words, theme.strong());
    }
    match shot.link {
        Link::Live => {}
        Link::Reconnecting { reason, .. } => {
            say(
                t!(lang, "dash.status_reason", reason = locale::reason_words(lang, reason)),
                theme.fault(),
            );
        }
        Link::Offline { as_of, reason } => {
            let at = locale::date_time(lang, &shot.board.local(*as_of));
            say(t!(lang, "dash.status_as_of", at = at), theme.fault());
            say(
                t!(lang, "dash.status_reason", reason = locale::reason_words(lang, reason)),
                theme.fault(),
            );
        }
    }
    // Old data take the header's place.
    if stale(shot).is_some()
        && let Some(words) = blind(shot)
    {
        say(words, theme.fault());
    }
    // The header says it all of a single one where it has the room.
    let is_said = || matches!(room(shot, warning(shot).as_deref(), area.width), (_, Detail::Why));
    if daemon.channels.len() > 1 || daemon.channels.len() == 1 && !is_said() {
        // The language stands at the right.
        let free = usize::from(area.width).saturating_sub(5);
        channels::sentences(shot, free).into_iter().for_each(|words| say(words, theme.fault()));
    }
    if let Some(failure) = &daemon.reload_failure {
        let at = shot.when(failure.at);
        let (errors, first) = (failure.errors, failure.first.clone());
        say(t!(lang, "dash.status_reload", at = at, errors = errors, first = first), theme.fault());
    }
    if let Some(trouble) = &daemon.trouble {
        say(t!(lang, "dash.status_trouble", trouble = trouble), theme.fault());
    }
    if daemon.dropped_samples > 0 {
        let count = i64::try_from(daemon.dropped_samples).unwrap_or(i64::MAX);
        say(t!(lang, "dash.status_dropped", count = number(lang, count)), theme.poor());
    }
    // It was ordered and is no fault: what hinders the patrol comes first.
    if daemon.storms.len() > 1 || daemon.storms.len() == 1 && !is_said() {
        storm::sentences(shot).into_iter().for_each(|words| say(words, theme.poor()));
    }
    if *shot.link == Link::Live {
        let asked = number(lang, i64::from(daemon.asked));
        let interval = duration(lang, daemon.interval_ms);
        let lag = number(lang, daemon.lag_ms);
        let asked = t!(lang, "dash.status_asked", asked = asked, interval = interval, lag = lag);
        say(asked, theme.dim());
        let written = match daemon.written {
            Some(at) => {
                let age = shot.board.at.since(at).max(0);
                t!(lang, "dash.status_written", age = duration(lang, age))
            }
            None => locale::text(lang, "dash.status_not_written").to_owned(),
        };
        say(written, theme.dim());
        if let Some(traps) = &daemon.traps {
            let number = |n: u64| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
            let (received, asked) = (number(traps.received), number(traps.asked));
            if traps.is_heard {
                let said = t!(lang, "dash.status_traps", received = received, asked = asked);
                say(said, theme.dim());
            } else {
                let said = t!(lang, "dash.status_traps_unheard", listen = traps.listen);
                say(said, theme.fault());
            }
        }
    }
    let end = line(buffer, area, 0, &words);
    let mut right = Line::default();
    if shot.ui.read_only {
        right.push(format!("{}  ", locale::text(lang, "dash.read_only")), theme.dim());
    }
    right.push(format!("{} ", lang.as_str()), theme.dim());
    line_right(buffer, area, end + 1, &right);
}

/// One line where there is no room for more.
pub fn summary(shot: &Shot<'_>, area: Rect, buffer: &mut Buffer) {
    let theme = shot.theme;
    let row = rows(area, 0, 1);
    let warning = warning(shot);
    let mut words = Line::default();
    if let Some(warning) = &warning {
        words.push(format!("{warning} "), theme.stale());
    }
    let signs = [channels::sign(shot, Detail::Name), storm::sign(shot, Detail::Name)];
    for sign in signs.into_iter().flatten() {
        words.append(sign);
        words.push(" ", Style::new());
    }
    words.push(format!("{} ", province(shot)), theme.strong());
    // That nothing is seen is among the warnings already.
    let figures = coverage(shot).and_then(|coverage| coverage.figures.ok());
    if let Some(Figures { share, count, reached }) = figures {
        words.push(share, if reached { theme.strong() } else { theme.fault() });
        words.push(format!(" {count} "), Style::new());
    }
    let end = line(buffer, row, 0, &words);
    line(buffer, row, end, &counts(shot, " "));
}

/// Before any source has answered.
pub fn waiting(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let (lang, theme) = (scene.ui.lang, scene.theme);
    let title = format!(" {}", locale::text(lang, "dash.title"));
    text(buffer, rows(area, 0, 1), 0, &title, theme.strong());
    text(buffer, rows(area, 2, 1), 1, locale::text(lang, "dash.connecting"), theme.strong());
    if let Link::Reconnecting { reason, .. } = scene.link
        && !reason.is_empty()
    {
        let reason = t!(lang, "dash.status_reason", reason = locale::reason_words(lang, reason));
        text(buffer, rows(area, 3, 1), 1, &reason, theme.fault());
    }
    let quit = keymap(Screen::Coverage, Mode::Normal);
    let quit = quit.iter().flat_map(|t| t.iter()).find(|b| b.text == "dash.key_quit");
    if let Some((binding, press)) = quit.and_then(|b| Some((b, b.presses.first()?))) {
        let words = format!("{} {}", press.label(theme.ascii), locale::text(lang, binding.text));
        text(buffer, rows(area, 5, 1), 1, &words, theme.dim());
    }
}
