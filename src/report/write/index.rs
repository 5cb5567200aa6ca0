//! The page that leads to the reports of a folder.

use minijinja::value::{Serde, Value as Context};
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use super::super::Page;
use super::super::text::verdict_key;
use crate::coverage::Verdict;
use crate::locale::{Lang, visible};
use crate::t;

const TEMPLATE: &str = include_str!("index.html");

/// A report of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its title.
    pub title: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// Names of its files, in the folder.
    pub files: Vec<String>,
}

#[derive(Serialize)]
struct View {
    lang: &'static str,
    title: String,
    heads: Vec<String>,
    columns: [String; 3],
    entries: Vec<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    title: String,
    verdict: String,
    class: &'static str,
    files: Vec<FileView>,
}

#[derive(Serialize)]
struct FileView {
    name: String,
    /// Its format, as its ending says.
    label: String,
}

/// The page; `heads` are the lines under its title.
///
/// # Errors
/// What the template engine says; it has our own template and plain data, so only where memory ends.
pub fn index(
    heads: &[String],
    entries: &[Entry],
    page: &Page<'_>,
) -> Result<String, minijinja::Error> {
    let lang = page.lang;
    let entry = |entry: &Entry| EntryView {
        title: visible(&entry.title),
        verdict: t!(lang, verdict_key(entry.verdict)),
        class: match entry.verdict {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::NotProven => "not_proven",
        },
        files: entry.files.iter().map(|name| file(name)).collect(),
    };
    let view = View {
        lang: match lang {
            Lang::Vi => "vi",
            Lang::En => "en",
        },
        title: t!(lang, "report.all.title"),
        heads: heads.iter().map(|head| visible(head)).collect(),
        columns: ["kind", "files", "verdict"].map(|key| t!(lang, &format!("report.all.{key}"))),
        entries: entries.iter().map(entry).collect(),
    };
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("index", TEMPLATE)?;
    environment.get_template("index")?.render(Context::from(Serde(view)))
}

fn file(name: &str) -> FileView {
    let ending = name.rsplit('.').next().unwrap_or(name);
    FileView { name: name.to_owned(), label: ending.to_uppercase() }
}
