//! `credentials`: what devices are asked with, by name. Secrets are kept as where they are to be
//! found; nothing is looked up here.

use serde_saphyr::Location;

use super::super::yaml::{Node, Value};
use super::super::{Config, MAX_CREDENTIALS, NamedCredential, Origin, SecretSource};
use super::desk::{Desk, Section};
use super::words::{cut, nearest};
use crate::model::{AuthKind, Credential, CredentialId, Keys, Message, PrivKind, Secret, Security};

/// Keys whose values are no secrets.
const OPEN_KEYS: [&str; 5] = ["version", "user", "context", "allow_weak", "port"];
/// How a secret begins that is kept elsewhere; a variable is all there is, or none (`variable`).
const ELSEWHERE: [&str; 2] = ["file:", "credential:"];
/// Keys of one version, and that version.
const OWN_KEYS: [(&str, &str); 5] =
    [("community", "1, 2c"), ("user", "3"), ("auth", "3"), ("priv", "3"), ("context", "3")];

/// Keeps the secrets below a node out of every source line that a diagnostic shows, also those
/// behind a misspelt key.
pub(super) fn hide(desk: &mut Desk<'_>, node: Option<&Node>) {
    hide_below(desk, node, &OPEN_KEYS);
}

/// The same with other keys whose values are no secrets.
pub(super) fn hide_below(desk: &mut Desk<'_>, node: Option<&Node>, open: &[&str]) {
    let Some(node) = node else { return };
    match &node.value {
        Value::Map(map) => {
            for (key, value) in map {
                let is_open = matches!(&key.value, Value::Text(k) if open.contains(&k.as_str()));
                if !is_open {
                    hide_below(desk, Some(value), open);
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| hide_below(desk, Some(item), open)),
        Value::Text(text) if ELSEWHERE.iter().any(|start| text.starts_with(start)) => {}
        Value::Text(text) if variable(text).is_some() => {}
        Value::Text(_) | Value::Plain => desk.hide(node.defined),
        Value::Null => {}
    }
}

/// Reads every credential; one with an error is left out.
pub(super) fn read(desk: &mut Desk<'_>, root: &Section<'_>, config: &mut Config) {
    let named = desk.named(root, "credentials");
    if let Some((_, beyond, _)) = named.get(MAX_CREDENTIALS) {
        let message = Message::new("config.too_many_credentials").with("max", MAX_CREDENTIALS);
        desk.error(Some(*beyond), message, None);
    }
    for (name, at, node) in named.into_iter().take(MAX_CREDENTIALS) {
        let id = CredentialId::new(name).ok();
        if id.is_none() {
            let message = Message::new("config.not_credential").with("value", cut(name));
            desk.error(Some(at), message, Some(Message::new("config.credential_id_hint")));
        }
        // References to a credential with a mistake are not mistakes, too.
        config.credential_names.push(name.to_owned());
        let before = desk.errors();
        let found = credential(desk, node, at);
        if let (Some(id), Some((security, port)), true) = (id, found, desk.errors() == before) {
            config.credentials.push(NamedCredential { id, security, port });
        }
    }
}

fn credential(
    desk: &mut Desk<'_>,
    node: &Node,
    at: Location,
) -> Option<(Security<SecretSource>, u16)> {
    if !matches!(node.value, Value::Map(_)) {
        let hint = Message::new("config.credential_hint");
        let place = if matches!(node.value, Value::Null) { at } else { node.defined };
        desk.error(Some(place), Message::new("config.expect_credential"), Some(hint));
        return None;
    }
    let told = desk.count();
    let section = desk.section(Some(node), "credentials");
    // A misspelt key is why it is missing, as a rule.
    let is_told = desk.count() > told;
    let port = desk.number(&section, "port", 0, Credential::PORTS).unwrap_or(Credential::PORT);
    let weak = desk.word(&section, "allow_weak", &["true", "false"]);
    let is_weak_allowed = weak == Some("true");
    let version = if section.get("version").is_none() {
        if !is_told {
            let hint = Message::new("config.credential_hint");
            desk.error(Some(at), Message::new("config.credential_no_version"), Some(hint));
        }
        return None;
    } else {
        desk.word(&section, "version", &["1", "2c", "3"])?
    };
    let belongs = |of: &str| of.split(", ").any(|v| v == version);
    for (key, of) in OWN_KEYS {
        if section.get(key).is_some() && !belongs(of) {
            let message = Message::new("config.credential_other_version")
                .with("key", key)
                .with("versions", of)
                .with("version", version);
            desk.error(section.place(key), message, None);
        }
    }
    let required = |desk: &mut Desk<'_>, key: &str| {
        if section.get(key).is_none() && !is_told {
            let message =
                Message::new("config.credential_lacks").with("key", key).with("version", version);
            desk.error(Some(at), message, Some(Message::new("config.credential_hint")));
        }
        section.get(key).is_some()
    };
    let security = if version == "3" {
        required(desk, "user");
        user(desk, &section, is_weak_allowed, at)?
    } else {
        required(desk, "community");
        let community = secret(desk, &section, "community", 1)?;
        if !is_weak_allowed {
            let message = Message::new("config.community_in_clear").with("version", version);
            let hint = Message::new("config.community_in_clear_hint");
            desk.warning(section.place("version"), message, Some(hint));
        }
        if version == "1" { Security::V1 { community } } else { Security::V2c { community } }
    };
    Some((security, port))
}

fn user(
    desk: &mut Desk<'_>,
    section: &Section<'_>,
    is_weak_allowed: bool,
    at: Location,
) -> Option<Security<SecretSource>> {
    let name = bounded(desk, section, "user", Credential::USER_BYTES_MAX);
    let context = bounded(desk, section, "context", Credential::TEXT_BYTES_MAX);
    let auth = algorithm(desk, section, "auth", &AuthKind::ALL.map(AuthKind::as_str));
    let privacy = algorithm(desk, section, "priv", &PrivKind::ALL.map(PrivKind::as_str));
    for (key, weak) in [
        (
            "auth",
            auth.as_ref()
                .map(|(i, _)| AuthKind::ALL[*i])
                .filter(|k| k.is_weak())
                .map(AuthKind::as_str),
        ),
        (
            "priv",
            privacy
                .as_ref()
                .map(|(i, _)| PrivKind::ALL[*i])
                .filter(|k| k.is_weak())
                .map(PrivKind::as_str),
        ),
    ] {
        let Some(word) = weak else { continue };
        if is_weak_allowed {
            let message = Message::new("config.weak_used").with("word", word);
            desk.warning(section.place(key), message, Some(Message::new("config.weak_used_hint")));
        } else {
            let message = Message::new("config.weak_refused").with("word", word);
            desk.error(section.place(key), message, Some(Message::new("config.weak_hint")));
        }
    }
    if section.get("priv").is_some() && section.get("auth").is_none() {
        let hint = Message::new("config.priv_without_auth_hint");
        desk.error(section.place("priv"), Message::new("config.priv_without_auth"), Some(hint));
    }
    if section.get("auth").is_none() && section.get("priv").is_none() && !is_weak_allowed {
        let hint = Message::new("config.user_in_clear_hint");
        desk.warning(Some(at), Message::new("config.user_in_clear"), Some(hint));
    }
    let privacy = privacy.map(|(i, secret)| (PrivKind::ALL[i], secret));
    let keys = auth.map(|(i, auth_secret)| Keys { auth: AuthKind::ALL[i], auth_secret, privacy });
    Some(Security::V3 { user: name?, keys, context: context.unwrap_or_default() })
}

/// A text that goes into a message as it is.
fn bounded(
    desk: &mut Desk<'_>,
    section: &Section<'_>,
    key: &'static str,
    bytes_max: usize,
) -> Option<String> {
    let text = desk.text(section, key)?;
    if text.len() > bytes_max {
        let message = Message::new("config.text_too_long").with("key", key).with("max", bytes_max);
        desk.error(section.place(key), message, None);
        return None;
    }
    Some(text)
}

/// The one algorithm of `auth` or `priv`, as an index of `words`, and its passphrase.
fn algorithm(
    desk: &mut Desk<'_>,
    section: &Section<'_>,
    key: &'static str,
    words: &[&str],
) -> Option<(usize, SecretSource)> {
    let node = section.get(key)?;
    let name = if key == "auth" { "credentials.auth" } else { "credentials.priv" };
    if !matches!(node.value, Value::Map(_)) {
        let message = Message::new("config.expect_algorithm").with("key", key);
        let hint = Message::new("config.algorithm_hint").with("words", words.join(", "));
        desk.error(Some(node.defined), message, Some(hint));
        return None;
    }
    let told = desk.count();
    let inner = desk.section(Some(node), name);
    let is_told = desk.count() > told;
    let given: Vec<usize> = (0..words.len()).filter(|i| inner.get(words[*i]).is_some()).collect();
    match given[..] {
        [i] => secret(desk, &inner, words[i], Credential::PASSPHRASE_MIN).map(|s| (i, s)),
        [] if is_told => None,
        _ => {
            let message = Message::new("config.expect_algorithm").with("key", key);
            let hint = Message::new("config.algorithm_hint").with("words", words.join(", "));
            desk.error(Some(node.defined), message, Some(hint));
            None
        }
    }
}

/// A secret by where it is to be found; one written out is warned of.
fn secret(
    desk: &mut Desk<'_>,
    section: &Section<'_>,
    key: &str,
    bytes_min: usize,
) -> Option<SecretSource> {
    let at = section.place(key)?;
    let text = desk.verbatim(section, key)?;
    let origin = origin(desk, at, text)?;
    if let Origin::Literal(secret) = &origin {
        if !is_long_enough(desk, at, key, secret.reveal(), bytes_min) {
            return None;
        }
        let hint = Message::new("config.secret_hint");
        desk.warning(Some(at), Message::new("config.secret_in_file").with("key", key), Some(hint));
    }
    Some(SecretSource { origin, bytes_min, key: key.to_owned(), place: desk.place(at) })
}

/// Where a text says that it is kept: `${NAME}`, `file:PATH`, `credential:NAME`, else in itself.
/// `${` inside a longer text is an error.
pub(super) fn origin(desk: &mut Desk<'_>, at: Location, text: String) -> Option<Origin> {
    if let Some(name) = variable(&text) {
        let is_name = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(is_of_name);
        if !is_name {
            let message = Message::new("config.not_variable").with("value", cut(&text));
            desk.error(Some(at), message, Some(Message::new("config.secret_hint")));
            return None;
        }
        return Some(Origin::Environment(name.to_owned()));
    }
    if let Some(path) = text.strip_prefix("file:") {
        if path.trim().is_empty() {
            let message = Message::new("config.secret_no_path");
            desk.error(Some(at), message, Some(Message::new("config.secret_hint")));
            return None;
        }
        return Some(Origin::File(desk.folder().join(path.trim())));
    }
    if let Some(name) = text.strip_prefix("credential:") {
        let name = name.trim();
        if name.is_empty() || name.starts_with('.') || name.contains('/') {
            let message = Message::new("config.not_systemd_credential").with("value", cut(&text));
            desk.error(Some(at), message, Some(Message::new("config.secret_hint")));
            return None;
        }
        return Some(Origin::Credential(name.to_owned()));
    }
    // The rest of it may be a secret: nothing of it is shown. Who writes so expects the variable to
    // be filled in, and it would be sent as it stands.
    if text.contains("${") {
        let hint = Message::new("config.variable_inside_hint");
        desk.error(Some(at), Message::new("config.variable_inside"), Some(hint));
        return None;
    }
    Some(Origin::Literal(Secret::new(&text)))
}

/// What stands in `${…}` where that is the whole text and is or was meant as a name; what could be
/// more than that is `None`.
fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    name.chars().all(|c| is_of_name(c) || matches!(c, '-' | '.' | ' ')).then_some(name)
}

const fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_long_enough(
    desk: &mut Desk<'_>,
    at: Location,
    key: &str,
    text: &str,
    bytes_min: usize,
) -> bool {
    let max = Credential::TEXT_BYTES_MAX;
    let is_good = (bytes_min..=max).contains(&text.len());
    if !is_good {
        let message = Message::new("config.secret_length")
            .with("key", key)
            .with("min", bytes_min)
            .with("max", max);
        desk.error(Some(at), message, None);
    }
    is_good
}

/// The known credential nearest to one that is not known, else all of them.
pub(in crate::config) fn unknown_hint(name: &str, known: &[String]) -> Message {
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => Message::new("config.did_you_mean").with("word", near),
        None if known.is_empty() => Message::new("config.no_credentials"),
        None => {
            let words: Vec<&str> = known.iter().take(12).map(String::as_str).collect();
            Message::new("config.known_credentials").with("words", words.join(", "))
        }
    }
}
