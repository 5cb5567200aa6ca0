//! What the user is looking at, what he can do, and what has to be done for him.

use std::sync::Arc;

use super::board::Board;
use super::link::Link;
use super::place::{Place, Step};
use super::search::Search;
use super::source::Refusal;
use super::take::{Ask, Taking};
use crate::api::{Acknowledged, History};
use crate::locale::Lang;
use crate::model::{NetworkId, Span, SubjectId, UnitId, UnixMs};

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Screen {
    /// The tree of units with its coverage.
    Coverage,
    /// What is open now, by root cause.
    Incidents,
    /// All lines with their carriers.
    Lines,
    /// The departments' branch.
    Departments,
    /// One subject.
    Subject,
}

impl Screen {
    /// Those with a tab, in the order of their digits.
    pub const TABS: [Self; 4] = [Self::Coverage, Self::Incidents, Self::Lines, Self::Departments];
}

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Within the list.
    Step(Step),
    /// A window's height down (1) or up (-1).
    Page(isize),
    /// Open what is selected.
    Open,
    /// Back to where this was opened from.
    Back,
    /// The next order.
    Sort,
    /// The next network.
    Network,
    /// A longer (1) or shorter (-1) window of time.
    Range(isize),
    /// To a tab.
    Tab(Screen),
    /// To the tab after (1) or before (-1).
    NextTab(isize),
    /// Take the incident that is selected.
    Take,
    /// Open the search.
    Search,
    /// Open or close the help.
    Help,
    /// The other language.
    Language,
    /// Draw everything anew.
    Redraw,
    /// Into the background.
    Suspend,
    /// Leave.
    Quit,
    /// Take the last letter of what is typed away.
    Erase,
    /// Empty what is typed.
    EraseAll,
}

/// Everything that can happen to the user interface.
#[derive(Debug, Clone)]
pub enum Action {
    /// A key.
    Key(Key),
    /// Text typed or pasted into the search or the dialog.
    Text(String),
    /// The terminal has this many columns and rows.
    Resized(u16, u16),
    /// The board or the link has changed.
    Data,
    /// Time has passed.
    Tick,
    /// A history has come, or why it has not.
    History(HistoryRequest, Result<Arc<History>, String>),
    /// What came of a command.
    Taken(Ask, Result<Acknowledged, Refusal>),
}

/// What `update` wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cmd {
    /// Leave the dashboard.
    Quit,
    /// Give the terminal back and stop until continued.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// Ask for a history.
    History(HistoryRequest),
    /// Have the daemon give the user an incident.
    Take(Ask),
}

/// The orders of the lists of units and lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By official code, as the daemon lists them.
    #[default]
    Official,
    /// Worst state first, then the worst figure.
    Worst,
    /// By name in Vietnamese order (lines: by carrier, then name).
    Name,
}

impl Sort {
    /// The order after this one.
    pub const fn next(self) -> Self {
        match self {
            Self::Official => Self::Worst,
            Self::Worst => Self::Name,
            Self::Name => Self::Official,
        }
    }
}

/// A row of a screen's list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Row {
    /// A unit beneath the open one.
    Unit(UnitId),
    /// The open unit's own lines and devices.
    Own(UnitId),
    /// A subject.
    Subject(SubjectId),
    /// An incident, by its root.
    Incident(SubjectId),
    /// A unit that an incident cuts off.
    Cut(UnitId),
}

/// How deep a tree screen is opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// The open unit; `None` is the top.
    pub open: Option<UnitId>,
    /// True when the open unit's own subjects are listed although units lie beneath it.
    pub own: bool,
    /// Within the list.
    pub place: Place<Row>,
}

/// The windows of time of a subject's chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    /// 1 h
    #[default]
    Hour,
    /// 24 h
    Day,
    /// 7 d
    Week,
    /// 30 d
    Month,
}

impl Range {
    /// From short to long.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Length in milliseconds.
    pub const fn len_ms(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 7 * 86_400_000,
            Self::Month => 30 * 86_400_000,
        }
    }

    /// The key of its text.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Hour => "dash.range_hour",
            Self::Day => "dash.range_day",
            Self::Week => "dash.range_week",
            Self::Month => "dash.range_month",
        }
    }
}

/// What is asked of a source for a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Whose.
    pub subject: SubjectId,
    /// Over what.
    pub range: Range,
    /// The range's place in time.
    pub window: Span,
    /// In how many points.
    pub columns: usize,
}

/// The open subject.
#[derive(Debug, Clone)]
pub struct Detail {
    /// Which.
    pub subject: SubjectId,
    /// Window of its chart.
    pub range: Range,
    /// What was asked for last.
    pub asked: Option<HistoryRequest>,
    /// What came last, and when.
    pub history: Option<(HistoryRequest, Result<Arc<History>, String>)>,
}

/// What lies over the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The screen itself.
    Normal,
    /// The search lies over it.
    Search,
    /// The help lies over it.
    Help,
    /// The dialog in which an incident is taken lies over it.
    Take,
}

/// Everything the user has chosen. Contains no data of the province except ids.
#[derive(Debug, Clone)]
pub struct Ui {
    /// Language.
    pub lang: Lang,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Shown now.
    pub screen: Screen,
    /// The screen the open subject was opened from.
    pub back: Screen,
    /// What lies over it.
    pub mode: Mode,
    /// The coverage tree.
    pub coverage: Tree,
    /// The departments' branch.
    pub departments: Tree,
    /// The incident whose consequences are listed.
    pub incident: Option<SubjectId>,
    /// Within the incidents.
    pub incidents: Place<Row>,
    /// Within an incident's consequences.
    pub consequences: Place<Row>,
    /// Within the lines.
    pub lines: Place<Row>,
    /// The open subject.
    pub detail: Option<Detail>,
    /// The search.
    pub search: Search,
    /// Taking incidents.
    pub taking: Taking,
    /// Nothing may be commanded.
    pub read_only: bool,
    /// First line of the help.
    pub help_top: usize,
    /// Order of the trees.
    pub sort: Sort,
    /// Order of the lines.
    pub lines_sort: Sort,
    /// The network chosen; `None` is the first that the counted units must have.
    pub network: Option<NetworkId>,
    /// Rows of the open list, in their order.
    pub rows: Vec<Row>,
    /// The state of the board `rows` were made of.
    pub(super) rows_of: Option<RowsKey>,
}

/// When this changes, the rows of the open list are made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowsKey {
    pub(super) seq: u64,
    pub(super) at: UnixMs,
    pub(super) screen: Screen,
    pub(super) open: Option<UnitId>,
    pub(super) own: bool,
    pub(super) incident: Option<SubjectId>,
    pub(super) sort: Sort,
    pub(super) network: Option<NetworkId>,
    pub(super) subjects: usize,
}

impl Ui {
    /// A user who has just arrived.
    #[must_use]
    pub fn new(lang: Lang, size: (u16, u16)) -> Self {
        Self {
            lang,
            size,
            screen: Screen::Coverage,
            back: Screen::Coverage,
            mode: Mode::Normal,
            coverage: Tree::default(),
            departments: Tree::default(),
            incident: None,
            incidents: Place::default(),
            consequences: Place::default(),
            lines: Place::default(),
            detail: None,
            search: Search::default(),
            taking: Taking::default(),
            read_only: false,
            help_top: 0,
            sort: Sort::default(),
            lines_sort: Sort::default(),
            network: None,
            rows: Vec::new(),
            rows_of: None,
        }
    }

    /// The tree of the open screen, when it has one.
    #[must_use]
    pub fn tree(&self) -> Option<&Tree> {
        match self.screen {
            Screen::Coverage => Some(&self.coverage),
            Screen::Departments => Some(&self.departments),
            _ => None,
        }
    }

    /// The network the figures are about.
    #[must_use]
    pub fn network<'a>(&self, board: &'a Board) -> Option<&'a crate::api::NetworkInfo> {
        let chosen = self.network.as_ref().and_then(|id| board.network(id));
        chosen.or_else(|| board.counted_network()).or_else(|| board.networks.first())
    }

    /// The place within the open list.
    #[must_use]
    pub fn place(&self) -> Option<&Place<Row>> {
        match self.screen {
            Screen::Coverage => Some(&self.coverage.place),
            Screen::Departments => Some(&self.departments.place),
            Screen::Incidents if self.incident.is_some() => Some(&self.consequences),
            Screen::Incidents => Some(&self.incidents),
            Screen::Lines => Some(&self.lines),
            Screen::Subject => None,
        }
    }

    /// The place within the open list, to move in it.
    pub(super) fn place_mut(&mut self) -> Option<&mut Place<Row>> {
        match self.screen {
            Screen::Coverage => Some(&mut self.coverage.place),
            Screen::Departments => Some(&mut self.departments.place),
            Screen::Incidents if self.incident.is_some() => Some(&mut self.consequences),
            Screen::Incidents => Some(&mut self.incidents),
            Screen::Lines => Some(&mut self.lines),
            Screen::Subject => None,
        }
    }

    /// The selected row of the open list.
    #[must_use]
    pub fn selected(&self) -> Option<&Row> {
        self.rows.get(self.place()?.index(&self.rows)?)
    }
}

/// Whether what is shown can be trusted to be now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// It can.
    Fresh,
    /// The daemon is connected and silent for over two cycles.
    Late {
        /// Age of the data in milliseconds.
        age_ms: i64,
    },
    /// The daemon is being sought.
    Lost {
        /// Age of the data in milliseconds.
        age_ms: i64,
    },
    /// The store is shown, read-only.
    Store {
        /// Age of the data in milliseconds.
        age_ms: i64,
    },
}

/// Least age at which connected data count as late, in milliseconds.
const LATE_MS_MIN: i64 = 10_000;

/// How fresh `board` is at `now`: late when older than two of the daemon's cycles, at least ten
/// seconds.
#[must_use]
pub fn freshness(board: &Board, link: &Link, now: UnixMs) -> Freshness {
    let age_ms = now.since(board.at).max(0);
    match link {
        Link::Live if age_ms > (2 * board.daemon.interval_ms).max(LATE_MS_MIN) => {
            Freshness::Late { age_ms }
        }
        Link::Live => Freshness::Fresh,
        Link::Reconnecting { .. } => Freshness::Lost { age_ms },
        Link::Offline { as_of, .. } => Freshness::Store { age_ms: now.since(*as_of).max(0) },
    }
}
