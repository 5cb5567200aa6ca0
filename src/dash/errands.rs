//! What is carried out for the user while the screen goes on: commands to the daemon, files.

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::confirm::Asking;
use super::export::Export;
use super::reports::{ReportRequest, SaveReport};
use super::saved::View;
use super::source::{Refusal, ReportMaker, Source, SourceError};
use super::state::Action;
use super::storm::StormAsk;
use super::take::Ask;
use super::work::WorkAsk;
use crate::api::{LostQuery, NoteRequest};
use crate::model::{Id, Span};

/// Longest the answer to a command is waited for.
const COMMAND: Duration = Duration::from_secs(15);

/// What came of it, sooner or later.
pub(super) type Errand = std::pin::Pin<Box<dyn Future<Output = Action>>>;

/// Waits for the answer to a command; the screen goes on meanwhile.
async fn in_time<T>(asked: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    match tokio::time::timeout(COMMAND, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(Refusal::Unanswered(SourceError("no answer in time".to_owned()))),
    }
}

pub(super) fn take(source: Rc<dyn Source>, ask: Ask) -> Errand {
    Box::pin(async move {
        let answer = in_time(source.acknowledge(&ask.request)).await;
        Action::Taken(ask, answer)
    })
}

pub(super) fn announce(source: Rc<dyn Source>, ask: WorkAsk) -> Errand {
    Box::pin(async move {
        let answer = in_time(source.announce(&ask.id, &ask.request)).await;
        Action::Worked(ask, answer)
    })
}

pub(super) fn end_work(source: Rc<dyn Source>, id: Id) -> Errand {
    Box::pin(async move {
        let answer = in_time(source.end_work(&id)).await;
        Action::Ended(id, answer)
    })
}

pub(super) fn note(source: Rc<dyn Source>, request: NoteRequest) -> Errand {
    Box::pin(async move {
        let answer = in_time(source.note(&request)).await;
        Action::Noted(request, answer)
    })
}

pub(super) fn storm(source: Rc<dyn Source>, ask: StormAsk) -> Errand {
    Box::pin(async move {
        let answer = match &ask.request {
            Some(request) => in_time(source.storm(&ask.unit, request)).await,
            None => in_time(source.end_storm(&ask.unit)).await,
        };
        Action::Stormed(ask, answer)
    })
}

pub(super) fn ask_now(source: Rc<dyn Source>, asking: Asking) -> Errand {
    Box::pin(async move {
        let answer = in_time(source.ask_now(&asking.request)).await;
        Action::Asked(asking, answer)
    })
}

/// What is not as the inventory says, by the source that is shown.
pub(super) fn drifts(source: Rc<dyn Source>, question: u64) -> Errand {
    Box::pin(async move {
        let answer = match tokio::time::timeout(COMMAND, source.drifts()).await {
            Ok(answer) => answer.map_err(|e| e.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        };
        Action::Drift(question, answer)
    })
}

/// A report to be read; how long that takes depends on how much there is to tell.
pub(super) fn report(maker: Rc<dyn ReportMaker>, request: ReportRequest) -> Errand {
    Box::pin(async move {
        let answer = maker.text(&request).await.map_err(|e| e.to_string());
        Action::Report(request, answer)
    })
}

/// A report as a file.
pub(super) fn save_report(maker: Rc<dyn ReportMaker>, what: SaveReport) -> Errand {
    Box::pin(async move {
        let answer = maker.save(&what).await.map_err(|e| e.to_string());
        Action::ReportSaved(what, answer)
    })
}

/// Waits for what a list is made of.
async fn read<T>(asked: impl Future<Output = Result<T, SourceError>>) -> Result<T, String> {
    match tokio::time::timeout(COMMAND, asked).await {
        Ok(answer) => answer.map_err(|e| e.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

pub(super) fn closed(source: Rc<dyn Source>, window: Span) -> Errand {
    Box::pin(async move { Action::Closed(read(source.closed(window)).await) })
}

pub(super) fn loads(source: Rc<dyn Source>, window: Span) -> Errand {
    Box::pin(async move { Action::Loads(read(source.loads(window)).await) })
}

pub(super) fn lost(source: Rc<dyn Source>, query: LostQuery) -> Errand {
    Box::pin(async move {
        let answer = read(source.lost(&query)).await;
        Action::Heat(query, answer)
    })
}

pub(super) fn works(source: Rc<dyn Source>) -> Errand {
    Box::pin(async move { Action::Works(read(source.works()).await) })
}

/// Writes a file that was not there before into the folder the dashboard was started in.
pub(super) async fn write(export: Export) -> Action {
    let Export { name, text, rows } = export;
    let written = tokio::task::spawn_blocking(move || -> io::Result<String> {
        let path = std::env::current_dir()?.join(&name);
        // With the mark by which a spreadsheet knows UTF-8: without it Vietnamese is not read right.
        let text = format!("\u{feff}{text}");
        io::Write::write_all(&mut std::fs::File::create_new(&path)?, text.as_bytes())?;
        Ok(path.display().to_string())
    });
    let answer = match written.await {
        Ok(done) => done.map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    };
    Action::Exported(rows, answer)
}

/// Keeps a view, whole or not at all.
pub(super) async fn keep(view: View, file: Option<PathBuf>) -> Action {
    let Some(path) = file else {
        return Action::Kept(Err("neither XDG_CONFIG_HOME nor HOME is set".to_owned()));
    };
    let written = tokio::task::spawn_blocking(move || -> io::Result<String> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let fresh = path.with_extension(format!("new-{}", std::process::id()));
        std::fs::write(&fresh, format!("{:#}\n", serde_json::json!(view)))?;
        std::fs::rename(&fresh, &path)?;
        Ok(path.display().to_string())
    });
    Action::Kept(match written.await {
        Ok(done) => done.map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    })
}
