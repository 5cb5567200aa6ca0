//! An operator's own templates: read, checked and tried, every mistake told in its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::{Environment, ErrorKind};

use super::filters::Moment;
use super::{TOPICS, engine, facts, sample};
use crate::locale::{Lang, visible};
use crate::model::{Diagnostic, Message, Place, Severity};

/// Largest template.
const FILE_KIB_MAX: u64 = 64;

/// Longest source line that is shown with a mistake, in characters.
const SOURCE_CHARS_MAX: usize = 400;

/// Words at most so far apart are taken for the same word misspelt.
const MISSPELT_MAX: usize = 3;

/// A template of the operator's.
struct File {
    path: PathBuf,
    /// `vi/down.txt`.
    name: String,
    source: String,
}

/// The built-in templates with the folder's in their places; `None` when the folder has none.
///
/// # Errors
/// Every mistake of every file.
pub(super) fn environment(folder: &Path) -> Result<Option<Environment<'static>>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let files = read(folder, &mut found);
    let mut environment = engine::environment();
    for file in &files {
        add(&mut environment, file, &mut found);
    }
    // What does not parse is not there to be tried, and would be blamed twice.
    if found.is_empty() {
        rehearse(&environment, &files, &mut found);
    }
    if found.is_empty() {
        return Ok((!files.is_empty()).then_some(environment));
    }
    found.sort_by_key(|one| one.place.as_ref().map(|place| (Arc::clone(&place.file), place.line)));
    Err(found)
}

fn read(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<File> {
    let mut files = Vec::new();
    for language in entries(folder, found) {
        let name = file_name(&language);
        match Lang::ALL.into_iter().find(|lang| lang.as_str() == name) {
            Some(lang) if language.is_dir() => {
                for path in entries(&language, found) {
                    files.extend(file(path, lang, found));
                }
            }
            _ => found.push(mistake(
                Message::new("notice.unknown_folder").with("name", visible(&name)),
                Some(place(&language, "", 1, "")),
                Some(Message::new("notice.folder_hint")),
            )),
        }
    }
    files
}

/// What is in a folder, by name; what editors leave behind is passed over.
fn entries(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => {
            let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
            paths.retain(|path| {
                let name = file_name(path);
                !name.starts_with('.') && !name.ends_with('~')
            });
            paths.sort();
            paths
        }
        Err(error) => {
            let message = Message::new("notice.folder_unreadable")
                .with("folder", visible(&folder.to_string_lossy()))
                .with("reason", visible(&error.to_string()));
            found.push(mistake(message, None, Some(Message::new("notice.folder_hint"))));
            Vec::new()
        }
    }
}

fn file(path: PathBuf, lang: Lang, found: &mut Vec<Diagnostic>) -> Option<File> {
    let short = file_name(&path);
    let name = format!("{lang}/{short}");
    if !engine::BUILTIN.iter().any(|(known, _)| *known == name) {
        let known: Vec<&str> =
            engine::BUILTIN.iter().filter_map(|(known, _)| known.strip_prefix("vi/")).collect();
        let hint = nearest(&short, known.iter().copied()).map_or_else(
            || Message::new("notice.known_files").with("names", known.join(", ")),
            |word| Message::new("notice.did_you_mean").with("word", word),
        );
        let message = Message::new("notice.unknown_file").with("name", visible(&short));
        found.push(mistake(message, Some(place(&path, "", 1, "")), Some(hint)));
        return None;
    }
    let unusable = |key, hint, reason: Option<String>| {
        let message = Message::new(key)
            .with("file", visible(&path.to_string_lossy()))
            .with("max", FILE_KIB_MAX)
            .with("reason", reason.unwrap_or_default());
        mistake(message, Some(place(&path, "", 1, "")), Some(Message::new(hint)))
    };
    let read = match fs::metadata(&path) {
        Ok(data) if data.len() > FILE_KIB_MAX * 1024 => {
            found.push(unusable("notice.file_too_large", "notice.file_too_large_hint", None));
            return None;
        }
        Ok(_) => fs::read(&path),
        Err(error) => Err(error),
    };
    match read.map(String::from_utf8) {
        Ok(Ok(source)) => {
            // Windows' editors begin a file with it.
            let source = source.trim_start_matches('\u{feff}').to_owned();
            return Some(File { path, name, source });
        }
        Ok(Err(_)) => {
            found.push(unusable("notice.file_not_utf8", "notice.file_not_utf8_hint", None))
        }
        Err(error) => {
            let reason = Some(visible(&error.to_string()));
            found.push(unusable("notice.file_unreadable", "notice.file_unreadable_hint", reason));
        }
    }
    None
}

/// Puts a file in the place of the built-in template, unless it is broken or names what is not.
fn add(environment: &mut Environment<'static>, file: &File, found: &mut Vec<Diagnostic>) {
    if let Err(error) = environment.add_template_owned(file.name.clone(), file.source.clone()) {
        let failure = engine::failure(&file.name, &error);
        found.push(mistake(
            Message::new("notice.template_broken").with("detail", failure.reason),
            Some(place(&file.path, &file.source, failure.line, "")),
            Some(Message::new("notice.template_broken_hint")),
        ));
        return;
    }
    let Ok(template) = environment.get_template(&file.name) else { return };
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|name| !is_known(name));
    unknown.sort();
    for name in unknown {
        let known = facts::NAMES.into_iter().chain(facts::MORE_NAMES);
        let hint = nearest(&name, known).map_or_else(
            || Message::new("notice.known_variables"),
            |word| Message::new("notice.did_you_mean").with("word", word),
        );
        let line = line_of(&file.source, &name);
        found.push(mistake(
            Message::new("notice.unknown_variable").with("name", visible(&name)),
            Some(place(&file.path, &file.source, line, &name)),
            Some(hint),
        ));
    }
}

fn is_known(name: &str) -> bool {
    facts::NAMES.contains(&name) || facts::MORE_NAMES.contains(&name)
}

/// Writes a few messages of every topic; a template that fails on one of them is blamed.
fn rehearse(environment: &Environment<'_>, files: &[File], found: &mut Vec<Diagnostic>) {
    for (topic, topic_name) in TOPICS {
        for lang in Lang::ALL {
            let moment = Moment { lang, zone: TimeZone::UTC, now: sample::NOW };
            for notice in sample::notices(topic) {
                let lines = vec!["…".to_owned(); notice.parts.len()];
                let facts = facts::facts(&notice, &moment, &lines, None);
                let template = engine::template(topic, lang);
                let Err(failure) = engine::words(environment, &template, &facts) else { continue };
                let Some(file) = files.iter().find(|file| file.name == failure.template) else {
                    continue;
                };
                let failed = mistake(
                    Message::new("notice.template_fails")
                        .with("topic", topic_name)
                        .with("detail", &failure.reason),
                    Some(place(&file.path, &file.source, failure.line, "")),
                    Some(what_to_do(failure.kind)),
                );
                // The same line fails on message after message.
                if !found.iter().any(|other| other.place == failed.place) {
                    found.push(failed);
                }
            }
        }
    }
}

/// What helps against a failure.
fn what_to_do(kind: Option<ErrorKind>) -> Message {
    Message::new(match kind {
        None => "notice.template_empty_hint",
        Some(ErrorKind::UndefinedError | ErrorKind::InvalidOperation) => {
            "notice.template_fails_hint"
        }
        Some(ErrorKind::OutOfFuel | ErrorKind::WriteFailure) => "notice.template_endless_hint",
        Some(ErrorKind::TemplateNotFound) => {
            return Message::new("notice.known_files").with("names", known_files().join(", "));
        }
        Some(_) => "notice.known_variables",
    })
}

/// Names of the templates, the same in every language.
fn known_files() -> Vec<&'static str> {
    engine::BUILTIN.iter().filter_map(|(name, _)| name.strip_prefix("vi/")).collect()
}

fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, word) =
        known.map(|k| (strsim::damerau_levenshtein(&word.to_lowercase(), k), k)).min()?;
    (distance <= MISSPELT_MAX).then_some(word)
}

/// The first line on which a name stands as a word of its own, from 1.
fn line_of(source: &str, name: &str) -> usize {
    let is_word = |line: &str| {
        line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
    };
    source.lines().position(is_word).map_or(1, |ix| ix + 1)
}

/// A place in a file: the line, and in it `word` or else its text from the first letter on.
fn place(path: &Path, source: &str, line: usize, word: &str) -> Place {
    let text = source.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let start = if word.is_empty() {
        text.chars().take_while(|c| c.is_whitespace()).count()
    } else {
        text.find(word).map_or(0, |at| text[..at].chars().count())
    };
    let shown: String = text.chars().take(SOURCE_CHARS_MAX).collect();
    let end = shown.trim_end().chars().count();
    let len = if word.is_empty() { end.saturating_sub(start) } else { word.chars().count() };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place {
        file: Arc::new(path.to_owned()),
        line: count(line.max(1)),
        column: count(start + 1),
        len: count(len.max(1)),
        source: shown,
    }
}

fn mistake(message: Message, place: Option<Place>, hint: Option<Message>) -> Diagnostic {
    Diagnostic { severity: Severity::Error, message, place, hint, related: None }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
