//! Reads the settings of a channel: which keys there are, which must be there, what they hold. A
//! mistake never shows what a secret is.

use super::{Form, Key, Mistake, Settings, Value};
use crate::locale::visible;
use crate::model::{Message, Secret, parse_duration};

/// How far a word may be from a key to be taken for it.
const LIKENESS_MAX: usize = 2;

/// A key that must be there and is no secret.
pub(super) const fn needed(name: &'static str) -> Key {
    Key { name, is_required: true, form: Form::Text }
}

/// A key that may be there and is no secret.
pub(super) const fn optional(name: &'static str) -> Key {
    Key { name, is_required: false, form: Form::Text }
}

/// A secret that must be there.
pub(super) const fn needed_secret(name: &'static str) -> Key {
    Key { name, is_required: true, form: Form::Secret }
}

/// A secret that may be there.
pub(super) const fn optional_secret(name: &'static str) -> Key {
    Key { name, is_required: false, form: Form::Secret }
}

/// What is wrong with `key`.
pub(super) fn mistake(key: &str, message: Message) -> Mistake {
    Mistake { key: key.to_owned(), message, slip: None }
}

/// A mistake whose text has the placeholder `{key}` only.
pub(super) fn plain(key: &'static str, text: &'static str) -> Mistake {
    mistake(key, Message::new(text).with("key", key))
}

/// Settings whose keys are known, in form, and there where they must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    settings: &'a Settings,
}

impl<'a> Reader<'a> {
    /// Holds `settings` against the keys of `kind`.
    ///
    /// # Errors
    /// The first key that is unknown, of another form, empty, or missing.
    pub(super) fn new(
        kind: &'static str,
        keys: &[Key],
        settings: &'a Settings,
    ) -> Result<Self, Mistake> {
        for (name, value) in &settings.values {
            let Some(key) = keys.iter().find(|key| key.name == name) else {
                return Err(unknown(kind, keys, name));
            };
            let wrong = match (key.form, value) {
                (Form::Text | Form::Secret, Value::List(_) | Value::Map(_)) => "channel.not_text",
                (Form::List, Value::Map(_)) => "channel.not_list",
                (Form::Map, Value::Text(_) | Value::List(_)) => "channel.not_map",
                (_, Value::Text(text)) if text.reveal().trim().is_empty() => "channel.empty",
                (_, Value::List(list)) if list.is_empty() => "channel.empty",
                _ => continue,
            };
            return Err(plain(key.name, wrong));
        }
        match keys.iter().find(|key| {
            key.is_required && !settings.values.iter().any(|(name, _)| name == key.name)
        }) {
            Some(key) => Err(missing(kind, key.name)),
            None => Ok(Self { settings }),
        }
    }

    fn value(&self, key: &str) -> Option<&'a Value> {
        self.settings.values.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The secret or text of a key, if it is there.
    pub(super) fn secret(&self, key: &str) -> Option<&'a Secret> {
        match self.value(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a key, if it is there.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.secret(key).map(Secret::reveal)
    }

    /// The secret or text of a key that must be there.
    pub(super) fn required(
        &self,
        kind: &'static str,
        key: &'static str,
    ) -> Result<&'a Secret, Mistake> {
        self.secret(key).ok_or_else(|| missing(kind, key))
    }

    /// The texts of a key; none when it is not there.
    pub(super) fn list(&self, key: &str) -> &'a [Secret] {
        match self.value(key) {
            Some(Value::List(list)) => list,
            Some(Value::Text(text)) => std::slice::from_ref(text),
            _ => &[],
        }
    }

    /// The named texts of a key; none when it is not there.
    pub(super) fn map(&self, key: &str) -> &'a [(String, Secret)] {
        match self.value(key) {
            Some(Value::Map(map)) => map,
            _ => &[],
        }
    }

    /// A whole number from `least` to `most`.
    pub(super) fn number(
        &self,
        key: &'static str,
        least: i64,
        most: i64,
    ) -> Result<Option<i64>, Mistake> {
        let Some(text) = self.text(key) else { return Ok(None) };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => {
                let message = Message::new("channel.not_number").with("key", key);
                Err(mistake(key, message.with("least", least).with("most", most)))
            }
        }
    }

    /// A length of time, in milliseconds.
    pub(super) fn duration(
        &self,
        key: &'static str,
        least: i64,
        most: i64,
    ) -> Result<Option<i64>, Mistake> {
        let Some(text) = self.text(key) else { return Ok(None) };
        match parse_duration(text) {
            Ok(ms) if (least..=most).contains(&ms) => Ok(Some(ms)),
            _ => {
                let message = Message::new("channel.not_duration").with("key", key);
                let bound = crate::model::format_duration;
                Err(mistake(key, message.with("least", bound(least)).with("most", bound(most))))
            }
        }
    }

    /// `true` or `false`; `false` when it is not there.
    pub(super) fn flag(&self, key: &'static str) -> Result<bool, Mistake> {
        match self.text(key) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(plain(key, "channel.not_flag")),
        }
    }

    /// The place among `words` of the one that is given; 0 when none is.
    pub(super) fn choice(&self, key: &'static str, words: &[&str]) -> Result<usize, Mistake> {
        let Some(text) = self.text(key) else { return Ok(0) };
        words.iter().position(|word| *word == text).ok_or_else(|| {
            let message = Message::new("channel.not_choice").with("key", key);
            mistake(key, message.with("choices", words.join(", ")))
        })
    }

    /// An address to be called as it is.
    pub(super) fn url(&self, key: &'static str) -> Result<Option<&'a Secret>, Mistake> {
        let Some(url) = self.secret(key) else { return Ok(None) };
        if is_url(url.reveal()) { Ok(Some(url)) } else { Err(plain(key, "channel.not_url")) }
    }

    /// An address that paths are put behind, without the slash at its end.
    pub(super) fn base(&self, key: &'static str) -> Result<Option<&'a str>, Mistake> {
        match self.url(key)?.map(|url| url.reveal().trim_end_matches('/')) {
            Some(url) if url.contains('?') => Err(plain(key, "channel.not_base")),
            url => Ok(url),
        }
    }

    /// A token that goes into the path of an address, where most characters would change it.
    pub(super) fn path_token(
        &self,
        kind: &'static str,
        key: &'static str,
    ) -> Result<&'a str, Mistake> {
        let token = self.required(kind, key)?.reveal();
        let is_one = token.len() <= 512
            && token.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-'));
        if is_one { Ok(token) } else { Err(plain(key, "channel.bad_token")) }
    }

    /// A token that goes into a header.
    pub(super) fn header_token(&self, key: &'static str) -> Result<Option<&'a str>, Mistake> {
        match self.text(key) {
            Some(token) if !token.bytes().all(|b| b.is_ascii_graphic()) => {
                Err(plain(key, "channel.bad_token"))
            }
            token => Ok(token),
        }
    }
}

fn missing(kind: &'static str, key: &'static str) -> Mistake {
    mistake(key, Message::new("channel.missing_key").with("kind", kind).with("key", key))
}

pub(super) fn unknown(kind: &'static str, keys: &[Key], name: &str) -> Mistake {
    let known = keys.iter().map(|key| key.name);
    let like = known
        .clone()
        .map(|word| (strsim::osa_distance(name, word), word))
        .filter(|(distance, _)| *distance <= LIKENESS_MAX)
        .min();
    let shown: String = visible(name).chars().take(32).collect();
    let message = match like {
        Some((_, word)) => Message::new("channel.unknown_key_like").with("like", word),
        None => {
            Message::new("channel.unknown_key").with("keys", known.collect::<Vec<_>>().join(", "))
        }
    };
    mistake(name, message.with("kind", kind).with("key", shown))
}

/// True of an address that can be called: `http` or `https`, a host, no fragment.
pub(super) fn is_url(text: &str) -> bool {
    text.parse::<ureq::http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.port_u16() != Some(0)
    }) && !text.contains('#')
}

/// The text as it may stand in a path or a query of an address (RFC 3986, unreserved).
pub(super) fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// An address with `name=value` added to its query.
pub(super) fn with_query(url: &str, name: &str, value: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{name}={}", percent(value))
}
