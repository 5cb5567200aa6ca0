//! What every command needs first: the configuration, in the language asked for, or a complete
//! account of why there is none.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use super::{EXIT_USAGE, Global, diagnostics};
use crate::alert::outlet;
use crate::config::{self, Config, DEFAULT_FILE};
use crate::inventory;
use crate::locale::Lang;
use crate::model::{Credential, CredentialId, Diagnostic, Inventory, Message, Place, Severity};
use crate::probe::snmp::profile::Profiles;

/// The user has been told everything already; only the exit code is left. Passes through `anyhow`
/// with `?`, and `main` prints nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("exit code {0}")]
pub struct Told(pub u8);

/// What came of reading the configuration, warnings and all.
pub struct Read {
    /// `None` when a diagnostic is an error; its `language` is `lang`.
    pub config: Option<Config>,
    /// What could be read of a file with errors, to go on checking with.
    pub draft: Option<Config>,
    /// `--lang`, else the file's, else Vietnamese.
    pub lang: Lang,
    /// Everything found.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the configuration as `--config` and `--lang` say; prints nothing.
pub fn read(global: &Global) -> Read {
    let exists = global.config.try_exists().unwrap_or(true);
    let mut loaded = if exists { config::load(&global.config) } else { absent(&global.config) };
    let file_lang = loaded.draft.as_ref().map_or(Lang::default(), |draft| draft.language);
    let lang = match global.lang.as_deref().map(str::parse::<Lang>) {
        None => file_lang,
        Some(Ok(lang)) => lang,
        Some(Err(unknown)) => {
            let message = Message::new("config.bad_language").with("value", unknown.0);
            loaded.diagnostics.insert(0, whole(message, None));
            loaded.config = None;
            file_lang
        }
    };
    let spoken = |config: Config| Config { language: lang, ..config };
    Read {
        config: loaded.config.map(spoken),
        draft: loaded.draft.map(spoken),
        lang,
        diagnostics: loaded.diagnostics,
    }
}

/// A province with an `inventory/` and no `config.yaml` runs on the defaults; a folder with
/// neither is where somebody starts.
fn absent(file: &Path) -> config::Loaded {
    let refused = |message: Message, hint| config::Loaded {
        config: None,
        draft: None,
        diagnostics: vec![whole(message.with("file", file.display()), Some(Message::new(hint)))],
    };
    if file != Path::new(DEFAULT_FILE) {
        return refused(Message::new("config.file_missing"), "config.given_missing_hint");
    }
    let config = Config::defaults(Path::new(""));
    if config.inventory.is_dir() {
        return config::Loaded {
            config: Some(config.clone()),
            draft: Some(config),
            diagnostics: Vec::new(),
        };
    }
    let message = Message::new("config.nothing_here").with("inventory", config.inventory.display());
    refused(message, "config.nothing_here_hint")
}

fn whole(message: Message, hint: Option<Message>) -> Diagnostic {
    Diagnostic { severity: Severity::Error, message, place: None, hint, related: None }
}

/// The configuration in force, its `language` being `--lang` where that is given.
///
/// # Errors
/// [`Told`] with exit code 2 after printing all diagnostics to standard error. Warnings alone are
/// left to `tuantra check`.
pub fn config(global: &Global) -> Result<Config, Told> {
    let Read { config, draft: _, lang, diagnostics } = read(global);
    config.ok_or_else(|| tell(&diagnostics, lang))
}

/// The inventory that a configuration names.
///
/// # Errors
/// [`Told`] with exit code 2 after printing all diagnostics to standard error. Warnings alone are
/// left to `tuantra check`.
pub fn inventory(config: &Config) -> Result<Inventory, Told> {
    let loaded = load_inventory(config);
    loaded.inventory.ok_or_else(|| tell(&loaded.diagnostics, config.language))
}

/// Loads the inventory with the configuration's defaults, and holds what the configuration says of
/// the inventory against it; prints nothing.
pub fn load_inventory(config: &Config) -> inventory::Loaded {
    let defaults = inventory_defaults(config);
    let mut loaded = inventory::load(&config.inventory, &defaults, &config.timezone);
    let mut unknown = hold_against(config, loaded.inventory.as_ref(), &loaded.credentials);
    unknown.extend(Profiles::load(config.snmp_profiles.as_deref()).1);
    if !unknown.is_empty() {
        if unknown.iter().any(|found| found.severity == Severity::Error) {
            loaded.inventory = None;
        }
        loaded.diagnostics.splice(0..0, unknown);
    }
    loaded
}

/// What the configuration says of an inventory that is not so, and the credentials that it lacks.
pub fn hold_against(
    config: &Config,
    inventory: Option<&Inventory>,
    credentials: &[(CredentialId, Place)],
) -> Vec<Diagnostic> {
    let mut unknown = config.check_credentials(credentials);
    if let Some(inventory) = inventory {
        unknown.extend(config.check_carriers(inventory));
        unknown.extend(outlet::check_routes(config, inventory));
    }
    unknown
}

/// The thresholds where the inventory says nothing.
pub fn inventory_defaults(config: &Config) -> inventory::Defaults {
    inventory::Defaults { health: config.health, ping: config.ping, limits: config.limits }
}

/// What is wrong with the channels, the texts and the proxy of a configuration: of the severity
/// `absent` where a secret cannot be had.
pub fn check_alerts(config: &Config, absent: Severity) -> Vec<Diagnostic> {
    let mut found = outlet::outlets(config, absent).1;
    found.extend(outlet::texts_of(config).err().unwrap_or_default());
    found.extend(outlet::post_of(config).err().map(|found| *found));
    found
}

/// Makes sure that alerts can leave: who is told of nothing at night has not been started well.
///
/// # Errors
/// [`Told`] with exit code 2 after printing to standard error what keeps a channel from being made.
pub fn alerts(config: &Config) -> Result<(), Told> {
    let mut found = check_alerts(config, Severity::Error);
    found.retain(|d| d.severity == Severity::Error);
    if found.is_empty() { Ok(()) } else { Err(tell(&found, config.language)) }
}

/// The credentials of a configuration, with their secrets.
///
/// # Errors
/// [`Told`] with exit code 2 after printing to standard error what keeps one from being had.
pub fn credentials(config: &Config) -> Result<Vec<Credential>, Told> {
    let (credentials, diagnostics) = config.fetch_credentials(Severity::Error);
    if diagnostics.is_empty() { Ok(credentials) } else { Err(tell(&diagnostics, config.language)) }
}

/// Prints diagnostics to standard error.
pub fn tell(diagnostics: &[Diagnostic], lang: Lang) -> Told {
    let mut stderr = std::io::stderr().lock();
    let shown = diagnostics::render(diagnostics, lang, wants_colour(stderr.is_terminal()));
    // A reader that went away has no use for the rest.
    let _ = stderr.write_all(shown.as_bytes());
    Told(EXIT_USAGE)
}

/// Colours on a terminal, unless the user asked for none (<https://no-color.org>).
pub fn wants_colour(is_terminal: bool) -> bool {
    is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
