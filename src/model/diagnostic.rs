//! What is wrong in a user's file, and where: language-free, rendered at the edge.

use std::path::PathBuf;
use std::sync::Arc;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the file is used.
    Warning,
    /// The file cannot be used.
    Error,
}

/// A text of the catalogue with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Key in `locales/*.toml`, e.g. `check.unknown_reference`.
    pub key: &'static str,
    /// Values of its placeholders.
    pub args: Vec<(&'static str, String)>,
}

impl Message {
    /// A text without placeholders; add them with [`Message::with`].
    #[must_use]
    pub fn new(key: &'static str) -> Self {
        Self { key, args: Vec::new() }
    }

    /// Fills the placeholder `name`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

/// A place in a file, counted as an editor does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Path as the user named it.
    pub file: Arc<PathBuf>,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// Characters to underline, at least 1.
    pub len: u32,
    /// The line itself, without its end; at most 400 characters.
    pub source: String,
}

/// One finding about a user's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub message: Message,
    /// Where; `None` when it is about the whole (a file that cannot be opened).
    pub place: Option<Place>,
    /// What to do about it.
    pub hint: Option<Message>,
    /// Another place it has to do with ("first used here").
    pub related: Option<(Place, Message)>,
}
