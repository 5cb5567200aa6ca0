//! Help and wrong usage in the user's language, as every other text is.
//!
//! The commands are written in English (`clap`'s derive); what is typed is read by that alone. Only
//! when there is help to print or a complaint to make, and in Vietnamese, the same words are read
//! once more by the same commands with every text replaced, and what comes of that is printed.
//! Nothing that a command does depends on anything here.

mod catalogue;
mod help;
mod refusal;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use super::{Cli, EXIT_OK, EXIT_USAGE, Global, context};
use crate::config::DEFAULT_FILE;
use crate::locale::Lang;

/// Prints help, or what is wrong with the words typed, and gives the exit code.
pub(super) fn tell(error: &clap::Error, words: &[OsString]) -> ExitCode {
    let told = match language(words) {
        Lang::Vi => in_vietnamese(words),
        Lang::En => None,
    };
    // Printing fails only when the terminal is gone.
    match told {
        Some(text) if error.use_stderr() => {
            use std::io::Write as _;
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
        Some(text) => {
            let _ = super::print(&text);
        }
        None => {
            let _ = error.print();
        }
    }
    ExitCode::from(if error.use_stderr() { EXIT_USAGE } else { EXIT_OK })
}

/// The language that the program would speak if the words could be read: that of `--lang`, else
/// that of the configuration named, else Vietnamese.
fn language(words: &[OsString]) -> Lang {
    let config = given(words, "--config", Some("-c"));
    let global = Global {
        config: config.map_or_else(|| PathBuf::from(DEFAULT_FILE), PathBuf::from),
        lang: given(words, "--lang", None).and_then(|word| word.into_string().ok()),
    };
    context::read(&global).lang
}

/// The value of an option among words that `clap` could not make sense of.
fn given(words: &[OsString], long: &str, short: Option<&str>) -> Option<OsString> {
    let mut words = words.iter().skip(1).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == long || short.is_some_and(|short| word == short) {
            return words.next().cloned();
        }
        let after = |name: &str| word.to_str().and_then(|word| word.strip_prefix(name));
        let value = after(long).and_then(|rest| rest.strip_prefix('='));
        let value = value.or_else(|| {
            let rest = after(short?)?;
            Some(rest.strip_prefix('=').unwrap_or(rest))
        });
        if let Some(value) = value {
            return Some(OsStr::new(value).to_owned());
        }
    }
    None
}

/// `None` when the words can be read after all, which they cannot.
fn in_vietnamese(words: &[OsString]) -> Option<String> {
    let error = help::translated(Cli::command()).try_get_matches_from(words).err()?;
    Some(match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::DisplayVersion => help::without_english(&error.render().to_string()),
        _ => refusal::sentence(&error),
    })
}

#[cfg(test)]
mod tests;
