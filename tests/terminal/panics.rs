//! A dashboard that panics gives the terminal back first, so that the message can be read.

use std::rc::Rc;

use super::sample;
use super::terminal::Terminal;
use tuantra::api::{ClosedIncident, EventRow, History, LineLoad, Snapshot, Work};
use tuantra::dash::reports::{ReportRequest, SaveReport, Saved};
use tuantra::dash::saved::View;
use tuantra::dash::{Answer, Changes, Colours, Options, ReportMaker, Source, SourceError};
use tuantra::locale::Lang;
use tuantra::model::{Span, SubjectId};

/// A province that never changes, and whose past nobody may ask for.
struct Brittle;

struct Silence;

impl Changes for Silence {
    fn next(&mut self) -> Answer<'_, Option<tuantra::api::Change>> {
        Box::pin(std::future::pending())
    }
}

impl Source for Brittle {
    fn snapshot(&self) -> Answer<'_, Snapshot> {
        Box::pin(async { Ok(sample::province()) })
    }

    fn changes(&self, _after: u64) -> Answer<'_, Box<dyn Changes>> {
        Box::pin(async { Ok(Box::new(Silence) as Box<dyn Changes>) })
    }

    fn history<'a>(&'a self, subject: &'a SubjectId, _: Span, _: usize) -> Answer<'a, History> {
        panic!("the past of {subject} is brittle");
    }

    fn events<'a>(&'a self, _: Span, _: usize) -> Answer<'a, Vec<EventRow>> {
        away()
    }

    fn closed(&self, _: Span) -> Answer<'_, Vec<ClosedIncident>> {
        away()
    }

    fn loads(&self, _: Span) -> Answer<'_, Vec<LineLoad>> {
        away()
    }

    fn works(&self) -> Answer<'_, Vec<Work>> {
        away()
    }
}

impl ReportMaker for Brittle {
    fn text<'a>(&'a self, _: &'a ReportRequest) -> Answer<'a, String> {
        away()
    }

    fn save<'a>(&'a self, _: &'a SaveReport) -> Answer<'a, Saved> {
        away()
    }
}

fn away<'a, T: 'a>() -> Answer<'a, T> {
    Box::pin(async { Err(SourceError("away".to_owned())) })
}

/// The other side of the test below: the program's own dashboard over a source that panics. Runs
/// in a process of its own, which this very program starts in a terminal.
#[test]
#[ignore = "needs a terminal; started by the test of this module"]
fn a_dashboard_over_a_brittle_source() {
    let options = Options {
        lang: Lang::Vi,
        live: Rc::new(Brittle),
        offline: None,
        reports: Rc::new(Brittle),
        ascii: false,
        colours: Colours::Indexed,
        read_only: false,
        has_mouse: true,
        has_bell: false,
        view: View::default(),
        view_file: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tuantra::dash::run(options)).unwrap();
}

#[test]
fn a_panic_gives_the_terminal_back_before_its_message() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(folder.path(), (100, 40));
    let this = std::env::current_exe().unwrap();
    let name = "panics::a_dashboard_over_a_brittle_source";
    terminal.start(&format!("{} --ignored --exact {name} --nocapture", this.display()));
    terminal.expect("Tiền Giang");
    assert!(terminal.screen().alternate_screen());
    terminal.press("/");
    terminal.press("cai be tslcd");
    terminal.expect("kết quả");
    terminal.press("\r");
    assert_eq!(terminal.must_be_given_back(), 101, "as every panicking test");
    // Read on the terminal's own screen, a line beneath the other and not staircase.
    let contents = terminal.screen().contents();
    let message = contents.lines().find(|line| line.contains("is brittle"));
    assert_eq!(message, Some("the past of cai-be/tslcd is brittle"), "{contents}");
    assert!(contents.contains("panicked at"), "{contents}");
}
