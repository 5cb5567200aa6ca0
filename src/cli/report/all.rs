//! `tuantra report all`: every kind in every format into one folder, with a page that leads to them.

use std::path::Path;

use super::made::{Made, Source};
use super::{Format, Kind};
use crate::coverage::Verdict;
use crate::report::write::{Entry, index};
use crate::report::{self, ReportError};

/// Writes them, the leading page last: whoever finds that finds all of them.
pub(super) fn write(folder: &Path, source: &Source<'_>) -> Result<(usize, Verdict), ReportError> {
    let fail = |source| ReportError::Save { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(fail)?;
    let (scope, page) = (source.scope, source.page);
    let (mut entries, mut verdicts) = (Vec::new(), Vec::new());
    for kind in Kind::EACH {
        let made = Made::of(kind, source)?;
        let document = made.document(scope, page);
        let mut files = Vec::new();
        for format in Format::EACH {
            let name = format!("{}.{}", kind.word(), format.extension());
            let bytes = made.written(format, &document, scope, page)?;
            report::save(&folder.join(&name), &bytes)?;
            files.push(name);
        }
        let verdict = made.verdict();
        verdicts.push(verdict);
        entries.push(Entry { title: document.title, verdict, files });
    }
    let page = index(&report::title_block(scope, page), &entries, page)?;
    report::save(&folder.join("index.html"), page.as_bytes())?;
    Ok((entries.len(), report::overall(verdicts)))
}
