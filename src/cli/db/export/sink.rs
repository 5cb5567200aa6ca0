//! Where rows go: standard output, or a file that is never seen half written.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Result, StdoutLock, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::locale::Lang;
use crate::report::{Cell, csv_line};

enum Target {
    Stdout(BufWriter<StdoutLock<'static>>),
    File { file: BufWriter<File>, unfinished: PathBuf, target: PathBuf },
}

/// Takes rows until it is closed; the first error is kept for then.
pub(super) struct Sink {
    target: Target,
    /// For office spreadsheets, in this language.
    excel: Option<Lang>,
    failed: Option<std::io::Error>,
}

impl Sink {
    /// Standard output when there is no file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(super) fn open(file: Option<&Path>, excel: Option<Lang>) -> Result<Self> {
        let target = match file {
            None => Target::Stdout(BufWriter::with_capacity(1 << 16, std::io::stdout().lock())),
            Some(target) => {
                let mut name = target.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
                name.push(format!(".{}.tmp", std::process::id()));
                let unfinished = target.with_file_name(name);
                let file = BufWriter::with_capacity(1 << 16, File::create(&unfinished)?);
                Target::File { file, unfinished, target: target.to_owned() }
            }
        };
        let mut sink = Self { target, excel, failed: None };
        if excel.is_some() {
            _ = sink.put("\u{feff}");
        }
        Ok(sink)
    }

    /// The names of the columns.
    pub(super) fn head(&mut self, names: &[&str]) {
        let cells: Vec<Cell> = names.iter().map(|name| Cell::text(name)).collect();
        _ = self.row(&cells);
    }

    /// A row; `Break` when no more can be taken.
    pub(super) fn row(&mut self, cells: &[Cell]) -> ControlFlow<()> {
        let line = csv_line(cells, self.excel);
        self.put(&line)
    }

    fn put(&mut self, text: &str) -> ControlFlow<()> {
        if self.failed.is_some() {
            return ControlFlow::Break(());
        }
        let written = match &mut self.target {
            Target::Stdout(out) => out.write_all(text.as_bytes()),
            Target::File { file, .. } => file.write_all(text.as_bytes()),
        };
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Brings all to its place.
    ///
    /// # Errors
    /// The first that occurred; a reader that has gone away (`| head`) is none.
    pub(super) fn close(mut self) -> Result<()> {
        let failed = self.failed.take();
        let done = match (&mut self.target, failed) {
            (_, Some(error)) => Err(error),
            (Target::Stdout(out), None) => out.flush(),
            (Target::File { file, unfinished, target }, None) => file
                .flush()
                .and_then(|()| file.get_ref().sync_all())
                .and_then(|()| std::fs::rename(&*unfinished, &*target)),
        };
        match (&self.target, done) {
            (Target::Stdout(_), Err(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            (_, done) => done,
        }
    }
}

impl Drop for Sink {
    /// What did not come to its place is of no use.
    fn drop(&mut self) {
        if let Target::File { unfinished, .. } = &self.target {
            // Moved away when all went well.
            let _ = std::fs::remove_file(unfinished);
        }
    }
}
