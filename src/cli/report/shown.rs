//! Reports for the dashboard: the same that the command line makes, on threads of their own and one
//! after the other, whoever asks.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::anyhow;
use clap::Parser as _;
use tokio::sync::Semaphore;

use super::made::Made;
use super::slow::Slow;
use super::told::told;
use super::{Args, Asked, with_source};
use crate::cli::{context, diagnostics};
use crate::config::Config;
use crate::daemon::clock;
use crate::dash::reports::{Format as Wanted, ReportRequest, SaveReport, Saved};
use crate::dash::{Answer, ReportMaker, SourceError};
use crate::locale::Lang;
use crate::model::Severity;
use crate::report::{self, ReportError};
use crate::t;

/// The words behind `tuantra report`.
#[derive(Debug, clap::Parser)]
#[command(no_binary_name = true)]
struct Words {
    #[command(flatten)]
    args: Args,
}

/// Makes reports of a configuration's store.
pub(in crate::cli) struct Maker {
    config: Arc<Config>,
    /// Who is left waits for nobody, but a report that is being made is made to its end: only one
    /// at a time is, so that moving through the list starts no dozen of them.
    turn: Arc<Semaphore>,
    /// Files that are being written.
    writing: Arc<AtomicUsize>,
}

impl Maker {
    pub(in crate::cli) fn new(config: Arc<Config>) -> Self {
        Self { config, turn: Arc::new(Semaphore::new(1)), writing: Arc::default() }
    }

    /// A file is being written: it is worth waiting for.
    pub(in crate::cli) fn is_writing(&self) -> bool {
        self.writing.load(Ordering::SeqCst) > 0
    }

    /// Runs `work` on a thread of its own when its turn has come.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Config) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, SourceError> {
        let failed = |error: &dyn std::fmt::Display| SourceError(error.to_string());
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|e| failed(&e))?;
        let config = Arc::clone(&self.config);
        let made = tokio::task::spawn_blocking(move || {
            let made = work(&config);
            drop(turn);
            made
        });
        match made.await {
            Ok(made) => made.map_err(|error| SourceError(format!("{error:#}"))),
            Err(error) => Err(failed(&error)),
        }
    }
}

impl ReportMaker for Maker {
    fn text<'a>(&'a self, request: &'a ReportRequest) -> Answer<'a, String> {
        let request = request.clone();
        Box::pin(self.in_turn(move |config| {
            let bytes = written(config, &request, Wanted::Text)
                .map_err(|error| in_words(request.lang, error))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }))
    }

    fn save<'a>(&'a self, what: &'a SaveReport) -> Answer<'a, Saved> {
        let (what, writing) = (what.clone(), Arc::clone(&self.writing));
        Box::pin(self.in_turn(move |config| {
            let _writing = Writing::begun(writing);
            let folder = std::env::current_dir().map_err(|error| {
                anyhow!(t!(what.request.lang, "report.no_folder", error = error))
            })?;
            save(config, &what, &folder)
        }))
    }
}

/// A file that is being written, until this goes: also where the writing panics.
struct Writing(Arc<AtomicUsize>);

impl Writing {
    fn begun(count: Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Why there is no report, in the language of whoever asked for it.
fn in_words(lang: Lang, error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<ReportError>() {
        Ok(error) => anyhow!(told(lang, &error)),
        Err(error) => error,
    }
}

/// Writes a report into `folder`. The name is taken before the report is made, so that two who
/// write at once do not write over each other.
fn save(config: &Config, what: &SaveReport, folder: &Path) -> anyhow::Result<Saved> {
    let path = folder.join(what.name());
    if !what.is_over {
        match std::fs::File::create_new(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Ok(Saved::Exists);
            }
            Err(source) => {
                let error = ReportError::Save { path, source };
                return Err(in_words(what.request.lang, error.into()));
            }
        }
    }
    let made = written(config, &what.request, what.format)
        .and_then(|bytes| Ok(report::save(&path, &bytes)?))
        .map_err(|error| in_words(what.request.lang, error));
    if let Err(error) = made {
        if !what.is_over {
            // What took the name is empty still.
            let _ = std::fs::remove_file(&path);
        }
        return Err(error);
    }
    Ok(Saved::Written(path.display().to_string()))
}

/// A report in a format, made as `tuantra report` makes it with the same words.
fn written(config: &Config, request: &ReportRequest, format: Wanted) -> anyhow::Result<Vec<u8>> {
    let mut words = request.words();
    words.extend(["--format".to_owned(), format.word().to_owned()]);
    let args = Words::try_parse_from(words)?.args;
    let config = Config { language: request.lang, ..config.clone() };
    let loaded = context::load_inventory(&config);
    let inventory = loaded.inventory.ok_or_else(|| {
        // The first of them says where to begin; `tuantra check` has them all.
        let first = loaded.diagnostics.iter().find(|found| found.severity == Severity::Error);
        let first = first.map(|found| diagnostics::first_line(found, config.language));
        anyhow!(first.unwrap_or_default())
    })?;
    let asked = Asked::new(&args, &config, clock::now())?;
    with_source(&asked, &inventory, Slow::silent(), |source| {
        let made = Made::of(args.kind, source)?;
        let document = made.document(source.scope, source.page);
        made.written(args.format, &document, source.scope, source.page)
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::dash::reports::{Length, ReportKind};
    use crate::locale::Lang;
    use crate::model::{State, StateInterval, SubjectId, UnitId, UnixMs};
    use crate::store::{Batch, Fact, OpenOptions, Store};

    const INVENTORY: &str = "
networks: [{ id: tslcd, name: Mạng TSLCD, short: TSLCD }]
carriers: [{ id: vnpt, name: VNPT }]
units:
  - { id: tg, name: Tỉnh, kind: province }
  - id: cai-be
    name: Huyện Cái Bè
    kind: district
    parent: tg
    requires: [tslcd]
    connections: { tslcd: { address: 127.0.0.2, carrier: vnpt, via: [] } }
";

    /// January 2020, up throughout.
    fn province(folder: &Path) -> (Config, Store) {
        std::fs::create_dir(folder.join("inventory")).unwrap();
        std::fs::write(folder.join("inventory/all.yaml"), INVENTORY).unwrap();
        std::fs::write(folder.join("config.yaml"), "language: vi\n").unwrap();
        let config = crate::config::load(&folder.join("config.yaml")).config.unwrap();
        let start: UnixMs = "2019-12-31T17:00:00Z".parse().unwrap();
        let store = Store::open(&config.store, &OpenOptions { now: start, pid: 1 }).unwrap();
        let up = StateInterval { from: start, to: None, state: State::Up, cause: None };
        let facts = vec![
            Fact::Intervals {
                subject: SubjectId::new("cai-be/tslcd").unwrap(),
                from: start,
                intervals: vec![up],
            },
            Fact::Alive { at: start + 31 * 86_400_000 },
        ];
        store.submit(Batch { facts, samples: Vec::new() });
        store.tidy_blocking().unwrap();
        (config, store)
    }

    fn january(kind: ReportKind) -> ReportRequest {
        ReportRequest {
            kind,
            length: Length::Month,
            first: date(2020, 1, 1),
            unit: None,
            lang: Lang::Vi,
        }
    }

    #[test]
    fn every_kind_is_made_of_every_period_in_either_language() {
        let folder = tempfile::tempdir().unwrap();
        let (config, _store) = province(folder.path());
        for kind in ReportKind::ALL {
            for (length, lang) in Length::ALL.into_iter().zip([Lang::Vi, Lang::En, Lang::Vi]) {
                let unit = (lang == Lang::En).then(|| UnitId::new("cai-be").unwrap());
                let request = ReportRequest { length, lang, unit, ..january(kind) };
                let text = written(&config, &request, Wanted::Text).unwrap();
                let text = String::from_utf8(text).unwrap();
                let words = if lang == Lang::Vi { "Lập lúc" } else { "Made: " };
                assert!(text.contains(words), "{text}");
                assert!(text.contains("2020") || kind == ReportKind::Plan, "{text}");
            }
        }
    }

    #[test]
    fn what_cannot_be_made_is_told_in_a_line_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (config, store) = province(folder.path());
        let gone =
            ReportRequest { unit: UnitId::new("gone").ok(), ..january(ReportKind::Coverage) };
        let what = SaveReport { request: gone, format: Wanted::Csv, is_over: false };
        assert!(save(&config, &what, folder.path()).is_err());
        assert!(!folder.path().join(what.name()).exists());
        drop(store);
        std::fs::write(folder.path().join("inventory/all.yaml"), "units: [{ id: tg }]").unwrap();
        let error = written(&config, &january(ReportKind::Coverage), Wanted::Text).unwrap_err();
        assert!(error.to_string().contains("all.yaml:1:"), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }

    #[test]
    fn a_file_is_written_over_only_when_that_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let (config, _store) = province(folder.path());
        let request = january(ReportKind::Availability);
        let mut what = SaveReport { request, format: Wanted::Csv, is_over: false };
        let path = folder.path().join("tuantra-availability-2020-01.csv");
        let written = Ok(Saved::Written(path.display().to_string()));
        assert_eq!(save(&config, &what, folder.path()).map_err(drop), written);
        let first = std::fs::read_to_string(&path).unwrap();
        assert!(first.contains("cai-be/tslcd"), "{first}");
        std::fs::write(&path, "somebody's").unwrap();
        assert_eq!(save(&config, &what, folder.path()).map_err(drop), Ok(Saved::Exists));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody's");
        what.is_over = true;
        assert_eq!(save(&config, &what, folder.path()).map_err(drop), written);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    }
}
