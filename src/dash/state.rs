//! What the user is looking at, what he can do, and what has to be done for him.

use super::answers::Awaited;
use super::board::{Board, Version};
use super::closed::Closed;
pub use super::command::{Action, Cmd};
use super::confirm::Confirm;
pub use super::detail::{Detail, HistoryRequest, Range};
use super::drift::DriftList;
pub use super::fresh::{Freshness, freshness};
use super::heat::Heat;
pub use super::key::Key;
use super::lens::{Carriers, Filter};
use super::loads::Loads;
use super::log::Log;
use super::map::Map;
use super::notice::Notices;
use super::outage::Speaking;
use super::palette::Palette;
use super::place::Place;
use super::reports::{ReportKind, Reports};
use super::search::Search;
use super::storm::Storming;
use super::take::Taking;
use super::work::Working;
use super::works::Works;
use crate::locale::Lang;
use crate::model::{Id, IncidentId, NetworkId, SubjectId, UnitId};

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
    /// Where the units are.
    Map,
    /// What happened.
    Log,
    /// Reports.
    Reports,
    /// All devices and services.
    Devices,
    /// What is not as the inventory says.
    Drift,
    /// The lost time of units, hour by hour or day by day.
    Heat,
    /// The announced work of now and to come.
    Works,
    /// What is read from five metres.
    Wall,
    /// One subject.
    Subject,
}

impl Screen {
    /// Those with a tab and their digits, in order.
    pub const TABS: [(Self, char); 8] = [
        (Self::Coverage, '1'),
        (Self::Incidents, '2'),
        (Self::Lines, '3'),
        (Self::Departments, '4'),
        (Self::Map, '5'),
        (Self::Log, '6'),
        (Self::Reports, '7'),
        (Self::Devices, '8'),
    ];
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
    /// The key of its text; none of the official order, which needs no word.
    #[must_use]
    pub const fn key(self) -> Option<&'static str> {
        match self {
            Self::Official => None,
            Self::Worst => Some("dash.sort_worst"),
            Self::Name => Some("dash.sort_name"),
        }
    }

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
    /// The line that folds the incidents that are over.
    Fold,
    /// An incident that is over.
    Closed(IncidentId),
    /// A line of the log, by its number.
    Event(i64),
    /// Something that is not as the inventory says.
    Drift(String),
    /// A kind of report.
    Report(ReportKind),
    /// Announced work.
    Work(Id),
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
    /// The dialog in which work is announced lies over it.
    Work,
    /// The dialog in which an outage gets its cause lies over it.
    Outage,
    /// What is to be done waits for the user's word.
    Confirm,
    /// The dialog in which storm mode is ordered lies over it.
    Storm,
    /// The list of actions lies over it.
    Palette,
    /// The dialog in which a report is written into a file lies over it.
    Saving,
}

impl Mode {
    /// Whether letters are text.
    #[must_use]
    pub const fn is_typing(self) -> bool {
        matches!(
            self,
            Self::Search | Self::Take | Self::Work | Self::Outage | Self::Storm | Self::Palette
        )
    }
}

/// Everything the user has chosen. Contains no data of the province except ids and what the open
/// screen has reckoned from them.
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
    /// The screen that one without a tab was opened from.
    pub aside: Screen,
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
    /// The incidents that are over.
    pub closed: Closed,
    /// Within the lines.
    pub lines: Place<Row>,
    /// Which lines are listed.
    pub lines_filter: Filter,
    /// The carriers above the lines, and the one chosen.
    pub carriers: Carriers,
    /// Within the devices and services.
    pub devices: Place<Row>,
    /// Which devices and services are listed.
    pub devices_filter: Filter,
    /// The map.
    pub map: Map,
    /// The heat map.
    pub heat: Heat,
    /// How full the lines are.
    pub loads: Loads,
    /// The announced work.
    pub works: Works,
    /// The log.
    pub log: Log,
    /// What is not as the inventory says.
    pub drift: DriftList,
    /// The reports.
    pub reports: Reports,
    /// The list of actions.
    pub palette: Palette,
    /// The open subject.
    pub detail: Option<Detail>,
    /// The search.
    pub search: Search,
    /// Taking incidents.
    pub taking: Taking,
    /// Announcing work.
    pub working: Working,
    /// Saying what outages were.
    pub speaking: Speaking,
    /// What waits for the user's word, while the mode is [`Mode::Confirm`].
    pub confirm: Option<Confirm>,
    /// Subjects that are being asked for the user.
    pub awaited: Vec<Awaited>,
    /// Ordering and ending storm mode.
    pub storming: Storming,
    /// What came of everything else.
    pub notices: Notices,
    /// Nothing may be commanded.
    pub read_only: bool,
    /// First line of the help.
    pub help_top: usize,
    /// Order of the trees.
    pub sort: Sort,
    /// Order of the lines.
    pub lines_sort: Sort,
    /// Order of the devices and services.
    pub devices_sort: Sort,
    /// The network chosen; `None` is the first that the counted units must have.
    pub network: Option<NetworkId>,
    /// Rows of the open list, in their order.
    pub rows: Vec<Row>,
    /// The open list is to be seen from its first row on.
    pub(super) from_top: bool,
    /// The state of the board `rows` were made of.
    pub(super) rows_of: Option<RowsKey>,
}

/// When this changes, the rows of the open list are made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowsKey {
    pub(super) version: Version,
    pub(super) standing: u64,
    pub(super) screen: Screen,
    pub(super) open: Option<UnitId>,
    pub(super) own: bool,
    pub(super) incident: Option<SubjectId>,
    pub(super) filter: Filter,
    pub(super) log: u64,
    pub(super) drift: u64,
    pub(super) closed: (u64, bool),
    pub(super) works: u64,
    pub(super) heat: u64,
    pub(super) carrier: Option<super::lens::Whose>,
    pub(super) sort: Sort,
    pub(super) network: Option<NetworkId>,
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
            aside: Screen::Coverage,
            mode: Mode::Normal,
            coverage: Tree::default(),
            departments: Tree::default(),
            incident: None,
            incidents: Place::default(),
            consequences: Place::default(),
            closed: Closed::default(),
            lines: Place::default(),
            lines_filter: Filter::default(),
            carriers: Carriers::default(),
            devices: Place::default(),
            devices_filter: Filter::default(),
            map: Map::default(),
            heat: Heat::default(),
            loads: Loads::default(),
            works: Works::default(),
            log: Log::default(),
            drift: DriftList::default(),
            reports: Reports::default(),
            palette: Palette::default(),
            detail: None,
            search: Search::default(),
            taking: Taking::default(),
            working: Working::default(),
            speaking: Speaking::default(),
            confirm: None,
            awaited: Vec::new(),
            storming: Storming::default(),
            notices: Notices::default(),
            read_only: false,
            help_top: 0,
            sort: Sort::default(),
            lines_sort: Sort::default(),
            devices_sort: Sort::default(),
            network: None,
            rows: Vec::new(),
            from_top: false,
            rows_of: None,
        }
    }

    /// The screen whose tab is open: beneath a subject, the one it was opened from.
    #[must_use]
    pub fn tab(&self) -> Screen {
        if self.screen == Screen::Subject { self.back } else { self.screen }
    }

    /// The order of the open list.
    pub(super) const fn sort_mut(&mut self) -> &mut Sort {
        match self.screen {
            Screen::Lines => &mut self.lines_sort,
            Screen::Devices => &mut self.devices_sort,
            _ => &mut self.sort,
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
            Screen::Devices => Some(&self.devices),
            Screen::Map => Some(&self.map.place),
            Screen::Heat => Some(&self.heat.place),
            Screen::Works => Some(&self.works.place),
            Screen::Log => Some(&self.log.place),
            Screen::Drift => Some(&self.drift.place),
            Screen::Reports => Some(&self.reports.place),
            Screen::Subject | Screen::Wall => None,
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
            Screen::Devices => Some(&mut self.devices),
            Screen::Map => Some(&mut self.map.place),
            Screen::Heat => Some(&mut self.heat.place),
            Screen::Works => Some(&mut self.works.place),
            Screen::Log => Some(&mut self.log.place),
            Screen::Drift => Some(&mut self.drift.place),
            Screen::Reports => Some(&mut self.reports.place),
            Screen::Subject | Screen::Wall => None,
        }
    }

    /// The selected row of the open list.
    #[must_use]
    pub fn selected(&self) -> Option<&Row> {
        self.rows.get(self.place()?.index(&self.rows)?)
    }
}
