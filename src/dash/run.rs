//! The dashboard's loop: the one place here with a clock, a terminal and signals.
//!
//! Keys are drawn at once, data at most ten times a second, and nothing when no cell changes.

use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{
    Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::bell::Bell;
use super::board::Board;
use super::errands::{self, Errand};
use super::hangup;
use super::keys::meaning;
use super::link::{Feed, Link, Pace, follow};
use super::log::LogRequest;
use super::mouse::Mouse;
use super::saved::View;
use super::source::{ReportMaker, Source};
use super::state::{Action, Cmd, HistoryRequest, Ui};
use super::terminal::Screen;
use super::theme::{Colours, Theme};
use super::update::update;
use super::view::{Scene, view};
use crate::api::{EventRow, History};
use crate::locale::Lang;
use crate::memory;
use crate::model::UnixMs;

/// Least time between two frames that data alone ask for.
const FRAME: Duration = Duration::from_millis(100);

/// How often ages are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Longest a history is waited for.
const HISTORY: Duration = Duration::from_secs(15);

/// What the dashboard is started with.
pub struct Options {
    /// Language at the start.
    pub lang: Lang,
    /// The running daemon.
    pub live: Rc<dyn Source>,
    /// What is shown while the daemon is away: the store, read-only.
    pub offline: Option<Rc<dyn Source>>,
    /// Who makes reports.
    pub reports: Rc<dyn ReportMaker>,
    /// Signs and lines in ASCII.
    pub ascii: bool,
    /// Colours of the terminal.
    pub colours: Colours,
    /// Nothing may be commanded.
    pub read_only: bool,
    /// Clicks and the wheel are listened to.
    pub has_mouse: bool,
    /// The bell rings at a new incident.
    pub has_bell: bool,
    /// How the user looked at things the last time.
    pub view: View,
    /// Where that is kept; `None` where there is no place for it.
    pub view_file: Option<PathBuf>,
}

/// Why the dashboard ended before the user wanted.
#[derive(Debug, thiserror::Error)]
pub enum DashError {
    /// The terminal.
    #[error("{doing} the terminal: {source}")]
    Terminal {
        /// "take", "draw on", …
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The signals that end it.
    #[error("listen for signals: {0}")]
    Signals(io::Error),
}

fn terminal(doing: &'static str) -> impl FnOnce(io::Error) -> DashError {
    move |source| DashError::Terminal { doing, source }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the dashboard's own clock; everything below gets it"
)]
fn now() -> UnixMs {
    jiff::Timestamp::now().into()
}

/// Runs the dashboard until the user leaves it, the terminal goes away or a signal ends it. Must
/// be called on a current-thread runtime with time and I/O enabled.
///
/// # Errors
/// [`DashError`] when the terminal cannot be used.
pub async fn run(options: Options) -> Result<(), DashError> {
    let mut signals = Signals::new().map_err(DashError::Signals)?;
    let continued = signal(SignalKind::from_raw(libc::SIGCONT)).map_err(DashError::Signals)?;
    let link = Link::Reconnecting { since: now(), reason: String::new() };
    let (sender, receiver) = watch::channel(Feed { board: None, link });
    let screen = Screen::take(options.has_mouse).map_err(terminal("take"))?;
    let size = screen.size().map_err(terminal("measure"))?;
    let theme = Theme { colours: options.colours, ascii: options.ascii };
    let sources = (options.live.clone(), options.offline.clone());
    let following = follow(options.live, options.offline, now, Pace::default(), sender);
    let mut ui = Ui { read_only: options.read_only, ..Ui::new(options.lang, size) };
    options.view.restore(&mut ui);
    let mut desk = Desk {
        screen,
        continued,
        theme,
        ui,
        feed: receiver,
        sources,
        asked: FuturesUnordered::new(),
        logged: FuturesUnordered::new(),
        listed: FuturesUnordered::new(),
        reports: options.reports,
        commanded: FuturesUnordered::new(),
        bell: options.has_bell.then(Bell::default),
        view_file: options.view_file,
    };
    tokio::select! {
        never = following => match never {},
        ended = desk.work() => ended,
        () = signals.ending() => Ok(()),
    }
}

/// The signals after which the terminal is given back and the dashboard ends.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn ending(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

type Asked =
    std::pin::Pin<Box<dyn Future<Output = (HistoryRequest, Result<Arc<History>, String>)>>>;

type Logged = std::pin::Pin<Box<dyn Future<Output = (LogRequest, Result<Vec<EventRow>, String>)>>>;

struct Desk {
    screen: Screen,
    continued: tokio::signal::unix::Signal,
    theme: Theme,
    ui: Ui,
    feed: watch::Receiver<Feed>,
    sources: (Rc<dyn Source>, Option<Rc<dyn Source>>),
    asked: FuturesUnordered<Asked>,
    logged: FuturesUnordered<Logged>,
    /// Lists and reports that are made while somebody looks at them.
    listed: FuturesUnordered<Errand>,
    reports: Rc<dyn ReportMaker>,
    commanded: FuturesUnordered<Errand>,
    bell: Option<Bell>,
    view_file: Option<PathBuf>,
}

impl Desk {
    async fn work(&mut self) -> Result<(), DashError> {
        let mut events = EventStream::new();
        let line = hangup::Line::new();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        self.draw()?;
        // When the next frame asked for by data may be drawn; `None` when none is wanted.
        let mut due: Option<Instant> = None;
        let mut last_frame = tokio::time::Instant::now();
        let mut has_board = false;
        // What loading leaves behind goes once it is done and drawn: the month's figures are all
        // taken in anew now and then.
        let mut has_left: Option<u64> = None;
        let mut is_started = false;
        loop {
            if !self.commanded.is_empty() || !self.listed.is_empty() {
                // The sign that something is waited for turns.
                due.get_or_insert(last_frame + FRAME);
            }
            let mut at_once = false;
            let mut leave = false;
            tokio::select! {
                event = poll_fn(|task| match line.is_hung_up() {
                    true => Poll::Ready(None),
                    false => events.poll_next_unpin(task),
                }) => match event {
                    Some(Ok(event)) => {
                        if let Some(action) = self.action(event) {
                            leave = self.act(action)?;
                            at_once = true;
                        }
                    }
                    // The terminal is gone.
                    Some(Err(_)) | None => return Ok(()),
                },
                Ok(()) = self.feed.changed() => {
                    leave = self.act(Action::Data)?;
                    self.ring()?;
                    // Who sees nothing yet waits for no frame's time.
                    at_once = !std::mem::replace(&mut has_board, self.feed.borrow().board.is_some());
                    due.get_or_insert(last_frame + FRAME);
                }
                Some((request, answer)) = self.asked.next() => {
                    leave = self.act(Action::History(request, answer))?;
                    at_once = true;
                }
                Some((request, answer)) = self.logged.next() => {
                    leave = self.act(Action::Log(request, answer))?;
                    due.get_or_insert(last_frame + FRAME);
                }
                Some(done) = self.listed.next() => {
                    leave = self.act(done)?;
                    at_once = true;
                }
                Some(done) = self.commanded.next() => {
                    leave = self.act(done)?;
                    at_once = true;
                }
                Some(()) = self.continued.recv() => {
                    self.screen.retake().map_err(terminal("take back"))?;
                    let (columns, rows) = self.screen.size().map_err(terminal("measure"))?;
                    leave = self.act(Action::Resized(columns, rows))?;
                    at_once = true;
                }
                _ = tick.tick() => {
                    // A change of size that comes together with a key is lost on the way here.
                    let size = self.screen.size().map_err(terminal("measure"))?;
                    if size != self.ui.size {
                        self.act(Action::Resized(size.0, size.1))?;
                        at_once = true;
                    }
                    leave = self.act(Action::Tick)?;
                    due.get_or_insert(last_frame + FRAME);
                    let loaded = self.feed.borrow().board.as_deref().and_then(Board::loaded);
                    if loaded.is_some() && loaded != has_left {
                        has_left = loaded;
                        if !std::mem::replace(&mut is_started, true) {
                            memory::forget_start();
                        }
                        memory::trim();
                    }
                }
                () = sleep_until(due), if due.is_some() => at_once = true,
            }
            if leave {
                return Ok(());
            }
            if at_once {
                self.draw()?;
                last_frame = Instant::now();
                due = None;
            }
        }
    }

    fn action(&self, event: Event) -> Option<Action> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                if let Some(key) = meaning(self.ui.screen, self.ui.mode, &key) {
                    return Some(Action::Key(key));
                }
                typed(&key).filter(|_| self.ui.mode.is_typing()).map(Action::Text)
            }
            Event::Paste(text) => Some(Action::Text(text)),
            Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => {
                    Some(Action::Mouse(Mouse::Click(mouse.column, mouse.row)))
                }
                MouseEventKind::ScrollDown => Some(Action::Mouse(Mouse::Wheel(1))),
                MouseEventKind::ScrollUp => Some(Action::Mouse(Mouse::Wheel(-1))),
                _ => None,
            },
            Event::Resize(columns, rows) => Some(Action::Resized(columns, rows)),
            _ => None,
        }
    }

    /// Takes an action in and does what it asks for; true when the user leaves.
    fn act(&mut self, action: Action) -> Result<bool, DashError> {
        let Feed { board, link } = self.feed.borrow_and_update().clone();
        let before = self.ui.screen;
        let commands = update(&mut self.ui, board.as_deref(), &link, action, now());
        if self.ui.screen != before {
            // Nobody waits for what was left; what the new screen lacks is among the commands.
            self.listed.clear();
        }
        for command in commands {
            match command {
                Cmd::Quit => return Ok(true),
                Cmd::Redraw => self.screen.forget().map_err(terminal("clear"))?,
                Cmd::Suspend => {
                    self.screen.suspend().map_err(terminal("take back"))?;
                    self.ui.size = self.screen.size().map_err(terminal("measure"))?;
                }
                Cmd::History(request) => self.asked.push(self.ask(request)),
                Cmd::Log(request) => self.logged.push(self.ask_log(request)),
                Cmd::Heat(query) => self.listed.push(errands::lost(self.shown_source(), query)),
                Cmd::Drift(question) => {
                    self.listed.push(errands::drifts(self.shown_source(), question));
                }
                Cmd::Report(request) => {
                    self.listed.push(errands::report(self.reports.clone(), request));
                }
                Cmd::SaveReport(what) => {
                    self.commanded.push(errands::save_report(self.reports.clone(), what));
                }
                Cmd::Take(ask) => self.commanded.push(errands::take(self.sources.0.clone(), ask)),
                Cmd::Work(ask) => {
                    self.commanded.push(errands::announce(self.sources.0.clone(), ask))
                }
                Cmd::End(id) => self.commanded.push(errands::end_work(self.sources.0.clone(), id)),
                Cmd::Storm(ask) => self.commanded.push(errands::storm(self.sources.0.clone(), ask)),
                Cmd::Note(request) => {
                    self.commanded.push(errands::note(self.sources.0.clone(), request))
                }
                Cmd::Ask(asking) => {
                    self.commanded.push(errands::ask_now(self.sources.0.clone(), asking))
                }
                Cmd::Closed(window) => {
                    self.listed.push(errands::closed(self.shown_source(), window))
                }
                Cmd::Loads(window) => self.listed.push(errands::loads(self.shown_source(), window)),
                Cmd::Works => self.listed.push(errands::works(self.shown_source())),
                Cmd::Copy(text) => self.screen.copy(&text).map_err(terminal("copy through"))?,
                Cmd::Keep(view) => {
                    self.commanded.push(Box::pin(errands::keep(view, self.view_file.clone())))
                }
                Cmd::Export(export) => self.commanded.push(Box::pin(errands::write(export))),
            }
        }
        Ok(false)
    }

    /// Rings when an incident was opened since the last time.
    fn ring(&mut self) -> Result<(), DashError> {
        let board = self.feed.borrow().board.clone();
        if let (Some(bell), Some(board)) = (&mut self.bell, board)
            && bell.is_due(&board)
        {
            self.screen.ring().map_err(terminal("ring"))?;
        }
        Ok(())
    }

    /// The source that the screen shows.
    fn shown_source(&self) -> Rc<dyn Source> {
        let offline = matches!(self.feed.borrow().link, Link::Offline { .. });
        match (&self.sources.1, offline) {
            (Some(second), true) => second.clone(),
            _ => self.sources.0.clone(),
        }
    }

    /// Asks the source that is shown for lines of the log.
    fn ask_log(&self, request: LogRequest) -> Logged {
        let source = self.shown_source();
        Box::pin(async move {
            let asked = source.events(request.window, request.limit);
            let answer = match tokio::time::timeout(HISTORY, asked).await {
                Ok(answer) => answer.map_err(|e| e.to_string()),
                Err(_) => Err("no answer in time".to_owned()),
            };
            (request, answer)
        })
    }

    /// Asks the source that is shown for a history. At most a handful are under way: each range
    /// of the open subject asks again only when its answer is due.
    fn ask(&self, request: HistoryRequest) -> Asked {
        let source = self.shown_source();
        Box::pin(async move {
            let asked = source.history(&request.subject, request.window, request.columns);
            let answer = match tokio::time::timeout(HISTORY, asked).await {
                Ok(answer) => answer.map(Arc::new).map_err(|e| e.to_string()),
                Err(_) => Err("no answer in time".to_owned()),
            };
            (request, answer)
        })
    }

    fn draw(&mut self) -> Result<(), DashError> {
        let feed = self.feed.borrow().clone();
        let scene = Scene {
            board: feed.board.as_deref(),
            link: &feed.link,
            ui: &self.ui,
            theme: &self.theme,
            now: now(),
        };
        let shown = self.screen.show(self.ui.size, |frame| view(&scene, frame.area, frame));
        shown.map_err(terminal("draw on"))
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// The letter a key types.
fn typed(key: &KeyEvent) -> Option<String> {
    let shift_only = (key.modifiers - KeyModifiers::SHIFT).is_empty();
    match key.code {
        KeyCode::Char(c) if shift_only => Some(c.to_string()),
        _ => None,
    }
}
