//! Where things stand in the files, and the list of what is wrong there.
//!
//! Every value read from a file carries an [`At`]: twelve bytes that become a
//! [`Place`](crate::model::Place) only when something must be said about it. The [`Desk`] keeps the
//! texts and collects the findings; it keeps at most [`MAX_FINDINGS`] and says when there were more.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Diagnostic, Message, Place, Severity};

/// Most findings kept of one run; beyond, errors displace warnings and the rest is only counted.
pub(super) const MAX_FINDINGS: usize = 1_000;
/// Most "did you mean" searches in one run: each looks at every known id.
const MAX_SUGGESTIONS: usize = 200;
/// Most characters of a source line kept for display.
const MAX_SOURCE_LINE: usize = 400;

/// A stretch of bytes in one of the [`Desk`]'s sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct At {
    /// Index of the source.
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// Bytes.
    pub len: u32,
}

/// One file's text.
#[derive(Debug, Clone)]
struct Source {
    file: Arc<PathBuf>,
    text: Arc<str>,
    line_starts: Vec<u32>,
    sheet: Option<Sheet>,
}

/// What a text was before it was one: a sheet, row for line.
#[derive(Debug, Clone)]
struct Sheet {
    name: String,
    /// Where each cell begins, and its column from 0.
    cells: Vec<(u32, u32)>,
}

impl Sheet {
    /// "Đơn vị!C5".
    fn cell(&self, start: u32, line: usize) -> String {
        let before = self.cells.partition_point(|(from, _)| *from <= start);
        let column = before.checked_sub(1).map_or(0, |n| self.cells[n].1);
        format!("{}!{}{line}", self.name, letters(column))
    }
}

/// A column as spreadsheets call it: A, B, … Z, AA, …
fn letters(column: u32) -> String {
    let (mut rest, mut out) = (column + 1, String::new());
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        out.insert(0, char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    out
}

/// A finding before its place is worked out.
#[derive(Debug)]
pub(super) struct Finding {
    severity: Severity,
    at: At,
    message: Message,
    hint: Option<Message>,
    related: Option<(At, Message)>,
}

impl Finding {
    /// The file cannot be used because of this.
    pub(super) fn error(at: At, message: Message) -> Self {
        Self { severity: Severity::Error, at, message, hint: None, related: None }
    }

    /// Worth knowing.
    pub(super) fn warning(at: At, message: Message) -> Self {
        Self { severity: Severity::Warning, ..Self::error(at, message) }
    }

    /// What to do about it.
    pub(super) fn hint(self, hint: Message) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// What to do about it, when that is known.
    pub(super) fn hint_if(self, hint: Option<Message>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }

    /// Another place it has to do with.
    pub(super) fn related(self, at: At, message: Message) -> Self {
        Self { related: Some((at, message)), ..self }
    }
}

/// The texts read and the findings about them.
#[derive(Debug, Default)]
pub(super) struct Desk {
    sources: Vec<Source>,
    found: Vec<Diagnostic>,
    /// A default's mistake would otherwise be told once for every entry it applies to.
    told: HashSet<(At, &'static str)>,
    warnings: usize,
    errors: usize,
    beyond: usize,
    /// Ids that are reported, and all words of the files that could not be understood.
    broken_ids: HashSet<String>,
    has_broken_source: bool,
    claimed: HashMap<(&'static str, String), At>,
    suggestions: usize,
    stand_ins: usize,
    overlay: Overlay,
}

/// Files as they are to be, over what is on the disk; `None`: there is none any more.
pub(super) type Overlay = HashMap<PathBuf, Option<Arc<[u8]>>>;

impl Desk {
    /// A desk that reads files as they are to be.
    pub(super) fn over(overlay: Overlay) -> Self {
        Self { overlay, ..Self::default() }
    }

    /// The files that are to be otherwise than on the disk.
    pub(super) const fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// Takes a file's text in; it must be below 4 GiB.
    pub(super) fn add_source(&mut self, file: PathBuf, text: Arc<str>) -> u32 {
        let newlines = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let line_starts =
            std::iter::once(0).chain(newlines).map(|i| u32::try_from(i).unwrap_or(u32::MAX));
        let line_starts = line_starts.collect();
        self.sources.push(Source { file: Arc::new(file), text, line_starts, sheet: None });
        u32::try_from(self.sources.len() - 1).unwrap_or(u32::MAX)
    }

    /// The index that the next source will have.
    pub(super) fn next_source(&self) -> u32 {
        u32::try_from(self.sources.len()).unwrap_or(u32::MAX)
    }

    /// Takes in a sheet as a text of a line each row. `cells` are the bytes where cells begin, in
    /// order, each with its column from 0.
    pub(super) fn add_sheet(
        &mut self,
        file: PathBuf,
        name: &str,
        text: Arc<str>,
        cells: Vec<(u32, u32)>,
    ) {
        self.add_source(file, text);
        if let Some(source) = self.sources.last_mut() {
            source.sheet = Some(Sheet { name: name.to_owned(), cells });
        }
    }

    /// A desk with the same texts and nothing found in them yet.
    pub(super) fn fresh(&self) -> Self {
        Self { sources: self.sources.clone(), ..Self::default() }
    }

    /// The file of a source.
    pub(super) fn file(&self, source: u32) -> Arc<PathBuf> {
        self.sources.get(source as usize).map_or_else(Arc::default, |s| Arc::clone(&s.file))
    }

    /// The text of a source.
    pub(super) fn text(&self, source: u32) -> Arc<str> {
        self.sources.get(source as usize).map_or_else(|| Arc::from(""), |s| s.text.clone())
    }

    /// Says that what stands in a source could not be understood, so that references to names in
    /// it are not reported as well.
    pub(super) fn mark_broken(&mut self, source: u32) {
        self.has_broken_source = true;
        let is_mark = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.' | '/'));
        let text = self.text(source);
        self.broken_ids.extend(text.split(is_mark).map(str::to_owned));
    }

    /// Says that a file could not be read at all.
    pub(super) fn mark_unread(&mut self) {
        self.has_broken_source = true;
    }

    /// True when some file could not be understood: absences then prove nothing.
    pub(super) const fn has_broken_source(&self) -> bool {
        self.has_broken_source
    }

    /// Says that an entry meant to have this id, which is reported already.
    pub(super) fn mark_broken_id(&mut self, id: &str) {
        self.broken_ids.insert(id.to_owned());
    }

    /// Takes an id in a name space; the place of the entry that already has it, if any.
    pub(super) fn claim(&mut self, space: &'static str, id: &str, at: At) -> Option<At> {
        match self.claimed.entry((space, id.to_owned())) {
            std::collections::hash_map::Entry::Occupied(first) => Some(*first.get()),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(at);
                None
            }
        }
    }

    /// A valid id, distinct from all others given out, for an entry whose own id is reported;
    /// it never leaves the room because there is an error.
    pub(super) fn stand_in_id(&mut self) -> String {
        self.stand_ins += 1;
        format!("stand-in/{}", self.stand_ins)
    }

    /// True when an unknown name follows from something that is reported already.
    pub(super) fn is_excused(&self, name: &str) -> bool {
        let unit = name.split_once('/').map_or(name, |(unit, _)| unit);
        self.broken_ids.contains(name) || self.broken_ids.contains(unit)
    }

    /// The known word nearest to `word`, when one is near enough to be meant.
    pub(super) fn nearest<'a>(
        &mut self,
        word: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> Option<&'a str> {
        if self.suggestions >= MAX_SUGGESTIONS {
            return None;
        }
        self.suggestions += 1;
        let word = word.to_lowercase();
        let length = word.chars().count();
        let most = (length / 3).clamp(1, 4);
        known
            .filter(|k| k.len().abs_diff(word.len()) <= 2 * most)
            .map(|k| (strsim::damerau_levenshtein(&word, k), k))
            .filter(|(distance, _)| *distance <= most)
            .min()
            .map(|(_, k)| k)
    }

    /// Takes a finding in; the same about the same place is kept once.
    pub(super) fn report(&mut self, finding: Finding) {
        if self.told.insert((finding.at, finding.message.key)) {
            self.report_again(finding);
        }
    }

    /// Takes a finding in even if the same has been said about the same place.
    pub(super) fn report_again(&mut self, finding: Finding) {
        let place = self.place(finding.at);
        let related = finding.related.map(|(at, message)| (self.place(at), message));
        self.keep(Diagnostic {
            severity: finding.severity,
            message: finding.message,
            place: Some(place),
            hint: finding.hint,
            related,
        });
    }

    /// Takes in an error about a whole file.
    pub(super) fn report_whole(&mut self, severity: Severity, message: Message) {
        self.keep(Diagnostic { severity, message, place: None, hint: None, related: None });
    }

    /// Takes in an error about a whole file with what to do about it.
    pub(super) fn refuse_whole(&mut self, message: Message, hint: Message) {
        let (severity, hint) = (Severity::Error, Some(hint));
        self.keep(Diagnostic { severity, message, place: None, hint, related: None });
    }

    fn keep(&mut self, diagnostic: Diagnostic) {
        let is_error = diagnostic.severity == Severity::Error;
        if is_error {
            self.errors += 1;
        }
        if self.found.len() >= MAX_FINDINGS {
            self.beyond += 1;
            if !is_error || self.warnings == 0 {
                return;
            }
            if let Some(i) = self.found.iter().rposition(|d| d.severity == Severity::Warning) {
                self.found.swap_remove(i);
                self.warnings -= 1;
            }
        }
        if !is_error {
            self.warnings += 1;
        }
        self.found.push(diagnostic);
    }

    /// Errors so far, those beyond the bound included.
    pub(super) const fn errors(&self) -> usize {
        self.errors
    }

    /// Whether there is an error of another kind.
    pub(super) fn has_errors_beside(&self, key: &str) -> bool {
        let is_it = |d: &&Diagnostic| d.severity == Severity::Error && d.message.key == key;
        self.errors > self.found.iter().filter(is_it).count()
    }

    /// The findings by file, line and column; those without a place first.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.take_diagnostics()
    }

    /// As [`Self::into_diagnostics`], and the desk goes on with its texts.
    pub(super) fn take_diagnostics(&mut self) -> Vec<Diagnostic> {
        let key = |d: &Diagnostic| {
            d.place.as_ref().map(|p| (Arc::clone(&p.file), p.line, p.column, d.message.key))
        };
        self.found.sort_by_cached_key(key);
        if self.beyond > 0 {
            let severity =
                if self.errors > MAX_FINDINGS { Severity::Error } else { Severity::Warning };
            self.found.push(Diagnostic {
                severity,
                message: Message::new("check.and_more").with("count", self.beyond),
                place: None,
                hint: None,
                related: None,
            });
        }
        std::mem::take(&mut self.found)
    }

    /// What an editor would call the place.
    pub(super) fn place(&self, at: At) -> Place {
        let Some(source) = self.sources.get(at.source as usize) else {
            return Place {
                file: Arc::default(),
                line: 1,
                column: 1,
                len: 1,
                source: String::new(),
            };
        };
        let line = source.line_starts.partition_point(|s| *s <= at.start).max(1);
        let starts = source.line_starts[line - 1] as usize;
        let rest = source.text.get(starts..).unwrap_or_default();
        let whole = rest.split('\n').next().unwrap_or_default();
        let whole = whole.strip_suffix('\r').unwrap_or(whole);
        let before = (at.start as usize - starts).min(whole.len());
        let until = (before + at.len as usize).min(whole.len());
        let column = whole.get(..before).map_or(0, |t| t.chars().count());
        let len = whole.get(before..until).map_or(1, |t| t.trim_end().chars().count()).max(1);
        let as_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let file = source.sheet.as_ref().map_or_else(
            || Arc::clone(&source.file),
            |sheet| {
                let cell = sheet.cell(at.start, line);
                Arc::new(PathBuf::from(format!("{} [{cell}]", source.file.display())))
            },
        );
        Place {
            file,
            line: as_u32(line),
            column: as_u32(column + 1),
            len: as_u32(len),
            source: whole.chars().take(MAX_SOURCE_LINE).collect(),
        }
    }
}

/// A text from a file as a message shows it: nothing invisible, not endless.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let cut: String = text.chars().take(MOST).collect();
    let tail = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    format!("{}{tail}", crate::locale::visible(&cut))
}
