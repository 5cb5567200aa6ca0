//! What every command needs first: the configuration, in the language asked for, or a complete
//! account of why there is none.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use super::{EXIT_USAGE, Global, diagnostics};
use crate::config::{self, Config, DEFAULT_FILE};
use crate::inventory;
use crate::locale::Lang;
use crate::model::{Diagnostic, Inventory, Message, Severity};

/// The user has been told everything already; only the exit code is left. Passes through `anyhow`
/// with `?`, and `main` prints nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("exit code {0}")]
pub(crate) struct Told(pub u8);

/// What came of reading the configuration, warnings and all.
pub(crate) struct Read {
    /// `None` when a diagnostic is an error.
    pub config: Option<Config>,
    /// `--lang`, else the file's, else Vietnamese.
    pub lang: Lang,
    /// Everything found.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the configuration as `--config` and `--lang` say; prints nothing.
pub(crate) fn read(global: &Global) -> Read {
    let asked = global.lang.as_deref().map(str::parse::<Lang>);
    let is_default = global.config == Path::new(DEFAULT_FILE);
    let exists = global.config.try_exists().unwrap_or(true);
    let (config, file_lang, mut diagnostics) = if exists {
        let loaded = config::load(&global.config);
        (loaded.config, loaded.language, loaded.diagnostics)
    } else {
        match absent(&global.config, is_default) {
            Ok(config) => (Some(config), Lang::default(), Vec::new()),
            Err(diagnostic) => (None, Lang::default(), vec![*diagnostic]),
        }
    };
    let lang = asked.as_ref().and_then(|l| l.as_ref().ok()).copied().unwrap_or(file_lang);
    let mut config = config.map(|config| Config { language: lang, ..config });
    if let Some(Err(unknown)) = asked {
        let message = Message::new("config.bad_language").with("value", unknown.0);
        diagnostics.insert(0, whole(message, None));
        config = None;
    }
    Read { config, lang, diagnostics }
}

/// A province with an `inventory/` and no `config.yaml` runs on the defaults; a folder with
/// neither is where somebody starts.
fn absent(file: &Path, is_default: bool) -> Result<Config, Box<Diagnostic>> {
    let shown = file.display();
    if !is_default {
        let message = Message::new("config.file_missing").with("file", shown);
        return Err(Box::new(whole(message, Some(Message::new("config.given_missing_hint")))));
    }
    let config = Config::defaults(Path::new(""));
    if config.inventory.is_dir() {
        return Ok(config);
    }
    let message = Message::new("config.nothing_here")
        .with("file", shown)
        .with("inventory", config.inventory.display());
    Err(Box::new(whole(message, Some(Message::new("config.nothing_here_hint")))))
}

fn whole(message: Message, hint: Option<Message>) -> Diagnostic {
    Diagnostic { severity: Severity::Error, message, place: None, hint, related: None }
}

/// The configuration in force, its `language` being `--lang` where that is given.
///
/// # Errors
/// [`Told`] with exit code 2 after printing all diagnostics to standard error. Warnings alone are
/// left to `tuantra check`.
pub(crate) fn config(global: &Global) -> Result<Config, Told> {
    let Read { config, lang, diagnostics } = read(global);
    config.ok_or_else(|| tell(&diagnostics, lang))
}

/// The inventory that a configuration names.
///
/// # Errors
/// [`Told`] with exit code 2 after printing all diagnostics to standard error. Warnings alone are
/// left to `tuantra check`.
pub(crate) fn inventory(config: &Config) -> Result<Inventory, Told> {
    let loaded = load_inventory(config);
    loaded.inventory.ok_or_else(|| tell(&loaded.diagnostics, config.language))
}

/// Loads the inventory with the configuration's defaults; prints nothing.
pub(crate) fn load_inventory(config: &Config) -> inventory::Loaded {
    let defaults = inventory::Defaults { health: config.health, ping: config.ping };
    inventory::load(&config.inventory, &defaults)
}

/// Prints diagnostics to standard error.
pub(crate) fn tell(diagnostics: &[Diagnostic], lang: Lang) -> Told {
    let mut stderr = std::io::stderr().lock();
    let shown = diagnostics::render(diagnostics, lang, wants_colour(stderr.is_terminal()));
    // A reader that went away has no use for the rest.
    let _ = stderr.write_all(shown.as_bytes());
    Told(EXIT_USAGE)
}

/// Colours on a terminal, unless the user asked for none (<https://no-color.org>).
pub(crate) fn wants_colour(is_terminal: bool) -> bool {
    is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
