//! The channels of `config.yaml`, made: kinds and keys checked, secrets fetched.

mod mistakes;

use std::sync::Arc;
use std::time::Duration;

pub use mistakes::told;

use super::channel::{self, Channel, Form, Key, Kind, Settings, Value};
use super::desk::{ChannelPlan, Plan};
use super::post::redact::Redactor;
use super::post::{Post, PostError, PostOptions};
use super::route::{self, Router};
use super::text::{TextError, Texts};
use crate::config::alerts::{ChannelEntry, Named, Setting, SettingValue};
use crate::config::{Config, Origin, SecretSource, fetch, nearest};
use crate::locale::Lang;
use crate::model::{Diagnostic, Id, Inventory, Message, Place, Severity};

/// A channel that is ready to be used.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// Its name.
    pub id: Id,
    /// Its kind: the word in `config.yaml`.
    pub kind: &'static str,
    /// Makes and judges calls.
    pub channel: Arc<dyn Channel>,
    /// The language of its messages.
    pub lang: Lang,
    /// What its settings have from elsewhere, or should.
    secrets: Redactor,
}

impl Outlet {
    /// A text that came back, without what the channel's settings have from a variable, a file or a
    /// credential, and without what stands in place of that. Not before it was judged: a secret may
    /// be a word that the service's answers are made of.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        self.secrets.clean(text)
    }
}

/// Makes every channel of a configuration; one that cannot be made is left out, with what is wrong
/// with it: of the severity `absent` where a secret cannot be had, else an error.
#[must_use]
pub fn outlets(config: &Config, absent: Severity) -> (Vec<Outlet>, Vec<Diagnostic>) {
    let mut made = Vec::new();
    let mut found = Vec::new();
    for entry in &config.alerts.channels {
        made.extend(outlet(entry, config.language, absent, &mut found));
    }
    (made, found)
}

fn outlet(
    entry: &ChannelEntry,
    lang: Lang,
    absent: Severity,
    found: &mut Vec<Diagnostic>,
) -> Option<Outlet> {
    let Some(kind) = channel::kind(&entry.kind.name) else {
        let words: Vec<&str> = channel::KINDS.iter().map(|kind| kind.name).collect();
        let message = Message::new("channel.unknown_kind").with("name", &entry.kind.name);
        found.push(error(&entry.kind.place, message, Some(meant(&entry.kind.name, &words))));
        return None;
    };
    // A key that is not known may be why another is missing: that is told alone.
    let unknown = entry.settings.iter().filter_map(|setting| {
        let mistake = channel::unknown_key(kind, &setting.key)?;
        Some(error(&setting.place, mistake.message, None))
    });
    let before = found.len();
    found.extend(unknown);
    let is_known = found.len() == before;
    let (settings, secrets, is_whole) = settings(entry, kind, absent, found);
    if !is_known {
        return None;
    }
    match mistakes::build(kind, &settings) {
        Ok(_) if !is_whole => None,
        Ok(channel) => {
            let lang = entry.lang.unwrap_or(lang);
            let (id, kind, channel) = (entry.id.clone(), kind.name, channel.into());
            Some(Outlet { id, kind, channel, lang, secrets })
        }
        Err(mistakes) => {
            found.extend(mistakes.into_iter().map(|mistake| mistakes::told(entry, mistake)));
            None
        }
    }
}

/// The settings of a channel as they are, and what takes its secrets out of a text: for what is done
/// with a channel that need not be whole yet.
///
/// # Errors
/// Secrets that cannot be had.
pub fn settings_of(
    entry: &ChannelEntry,
) -> Result<(Settings, impl Fn(&str) -> String + use<>), Vec<Diagnostic>> {
    let Some(kind) = channel::kind(&entry.kind.name) else { return Err(Vec::new()) };
    let mut found = Vec::new();
    let (settings, secrets, is_whole) = settings(entry, kind, Severity::Error, &mut found);
    if !is_whole {
        found.retain(|one| one.severity == Severity::Error);
        return Err(found);
    }
    Ok((settings, move |text: &str| secrets.clean(text)))
}

/// The settings with their secrets, what must not be shown of them, and whether all could be had; for
/// one that cannot another stands, so that the rest can be looked at.
fn settings(
    entry: &ChannelEntry,
    kind: &Kind,
    absent: Severity,
    found: &mut Vec<Diagnostic>,
) -> (Settings, Redactor, bool) {
    let mut settings = Settings::default();
    let mut secrets = Redactor::default();
    let mut is_whole = true;
    for setting in &entry.settings {
        let Some(key) = kind.keys.iter().find(|key| key.name == setting.key) else { continue };
        warn_of_clear(setting, *key, found);
        let mut fetched = |source: &SecretSource| match fetch(source, absent) {
            Ok(secret) => {
                if key.form == Form::Secret || !matches!(source.origin, Origin::Literal(_)) {
                    secrets = std::mem::take(&mut secrets).secret(&secret);
                }
                Some(secret)
            }
            Err(diagnostic) => {
                is_whole = false;
                found.push(*diagnostic);
                match mistakes::neutral(Key { form: Form::Text, ..*key }) {
                    Value::Text(text) => Some(text),
                    Value::List(_) | Value::Map(_) => None,
                }
            }
        };
        let value = match &setting.value {
            SettingValue::Text(source) => fetched(source).map(Value::Text),
            SettingValue::List(sources) => {
                Some(Value::List(sources.iter().filter_map(fetched).collect()))
            }
            SettingValue::Map(sources) => {
                let all = sources.iter().filter_map(|(n, s)| Some((n.clone(), fetched(s)?)));
                Some(Value::Map(all.collect()))
            }
        };
        settings.values.extend(value.map(|value| (setting.key.clone(), value)));
    }
    (settings, secrets, is_whole)
}

/// A secret that stands in the file itself is worth a warning.
fn warn_of_clear(setting: &Setting, key: Key, found: &mut Vec<Diagnostic>) {
    let is_clear = matches!(
        &setting.value,
        SettingValue::Text(SecretSource { origin: Origin::Literal(_), .. })
    );
    if key.form == Form::Secret && is_clear {
        found.push(Diagnostic {
            severity: Severity::Warning,
            message: Message::new("config.secret_in_file").with("key", key.name),
            place: Some(setting.place.clone()),
            hint: Some(Message::new("config.secret_hint")),
            related: None,
        });
    }
}

fn error(place: &Place, message: Message, hint: Option<Message>) -> Diagnostic {
    let place = Some(place.clone());
    Diagnostic { severity: Severity::Error, message, place, hint, related: None }
}

/// The word that was meant, else those there are.
fn meant(word: &str, known: &[&str]) -> Message {
    match nearest(word, known.iter().copied()) {
        Some(near) => Message::new("config.did_you_mean").with("word", near),
        None => Message::new("config.allowed_words").with("words", known.join(", ")),
    }
}

/// What the desk goes by.
#[must_use]
pub fn plan(config: &Config, outlets: &[Outlet]) -> Plan {
    let router = Router::new(config.alerts.routes.clone(), config.timezone.clone());
    let core_wait_ms = core_wait_ms(config);
    let channels = config.alerts.channels.iter().map(|entry| {
        let made = outlets.iter().find(|outlet| outlet.id == entry.id);
        let own = made.map_or(channel::Pace { burst: 5, per_minute: 20 }, |o| o.channel.pace());
        let pace = entry.per_minute.map_or(own, |per_minute| channel::Pace {
            burst: own.burst.min(per_minute),
            per_minute,
        });
        let fallback = entry.fallback.as_ref().map(|named| named.name.clone());
        (entry.id.clone(), ChannelPlan { pace, fallback })
    });
    Plan { router, channels: channels.collect(), core_wait_ms, telling: config.telling }
}

/// How long the core waits before it says that something is to be told: the shortest wait of any
/// route.
#[must_use]
pub fn core_wait_ms(config: &Config) -> i64 {
    let waits = config.alerts.routes.iter().map(|route| route.telling.group_wait_ms);
    waits.min().unwrap_or(config.telling.group_wait_ms)
}

/// What the routes say of the inventory: errors where it has no such thing, a warning for each that
/// can never match.
#[must_use]
pub fn check_routes(config: &Config, inventory: &Inventory) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let units: Vec<&str> = inventory.units.iter().map(|u| u.id.as_str()).collect();
    let networks: Vec<&str> = inventory.networks.iter().map(|n| n.id.as_str()).collect();
    let carriers: Vec<&str> = inventory.carriers.iter().map(|c| c.id.as_str()).collect();
    let calendars: Vec<&str> = inventory.calendars.iter().map(|c| c.id.as_str()).collect();
    for (n, route) in config.alerts.routes.iter().enumerate() {
        let before = found.len();
        let matches = &route.matches;
        unknown(&matches.units, "config.unknown_unit", &units, |id| id.as_str(), &mut found);
        unknown(
            &matches.networks,
            "config.unknown_network",
            &networks,
            |id| id.as_str(),
            &mut found,
        );
        unknown(
            &matches.carriers,
            "config.unknown_carrier",
            &carriers,
            |id| id.as_str(),
            &mut found,
        );
        if let Some(hours) = &matches.hours
            && let crate::config::alerts::When::Calendar(name) = &hours.when
        {
            let named = [Named { name: name.clone(), place: hours.place.clone() }];
            unknown(&named, "config.unknown_calendar", &calendars, |id| id.as_str(), &mut found);
        }
        if found.len() > before {
            continue;
        }
        let earlier = config.alerts.routes[..n].iter().find(|earlier| {
            !earlier.goes_on && route::covers(inventory, &earlier.matches, matches)
        });
        let warning = |key, related| Diagnostic {
            severity: Severity::Warning,
            message: Message::new(key),
            place: Some(route.place.clone()),
            hint: None,
            related,
        };
        match earlier {
            Some(earlier) => {
                let related = (earlier.place.clone(), Message::new("config.route_shadows"));
                found.push(warning("config.route_shadowed", Some(related)));
            }
            None if !route::can_match(inventory, matches) => {
                found.push(warning("config.route_matches_nothing", None));
            }
            None => {}
        }
    }
    found
}

fn unknown<T>(
    named: &[Named<T>],
    key: &'static str,
    known: &[&str],
    text: impl Fn(&T) -> &str,
    found: &mut Vec<Diagnostic>,
) {
    for one in named.iter().filter(|one| !known.contains(&text(&one.name))) {
        let word = text(&one.name);
        let hint = match nearest(word, known.iter().copied()) {
            Some(near) => Message::new("config.did_you_mean").with("word", near),
            None => {
                let words: Vec<&str> = known.iter().copied().take(12).collect();
                Message::new("config.allowed_words").with("words", words.join(", "))
            }
        };
        found.push(error(&one.place, Message::new(key).with("name", word), Some(hint)));
    }
}

/// The texts of a configuration: the built-in ones with the operator's in their places.
///
/// # Errors
/// Every mistake in the operator's files.
pub fn texts_of(config: &Config) -> Result<Texts, Vec<Diagnostic>> {
    let texts = match &config.alerts.templates {
        None => Texts::builtin(),
        Some(folder) => Texts::with_folder(folder).map_err(|error| match error {
            TextError::Files(found) => found,
            TextError::Template { .. } => Vec::new(),
        })?,
    };
    Ok(match &config.alerts.link {
        Some(pattern) => texts.with_link(pattern),
        None => texts,
    })
}

/// What makes the calls of a configuration's channels.
///
/// # Errors
/// A proxy whose secret cannot be had, or a file of authorities that cannot be read.
pub fn post_of(config: &Config) -> Result<Post, Box<Diagnostic>> {
    post_within(config, PostOptions::default().total)
}

/// The same for calls that may take so long.
///
/// # Errors
/// Those of [`post_of`].
pub fn post_within(config: &Config, total: Duration) -> Result<Post, Box<Diagnostic>> {
    let proxy = config.alerts.proxy.as_ref().map(|source| fetch(source, Severity::Error));
    let options = PostOptions {
        proxy: proxy.transpose()?,
        ca_file: config.alerts.ca.clone(),
        total,
        ..PostOptions::default()
    };
    Post::new(&options).map_err(|failed| {
        let message = failed.message();
        let is_proxy = matches!(failed, PostError::Proxy);
        let proxy = config.alerts.proxy.as_ref().filter(|_| is_proxy);
        let (severity, place) = (Severity::Error, proxy.map(|source| source.place.clone()));
        Box::new(Diagnostic { severity, message, place, hint: None, related: None })
    })
}
