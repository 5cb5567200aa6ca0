//! Takes the secrets of a call out of whatever came back: a service may repeat its token, a
//! library names the address it called, a program prints its arguments.

use crate::model::Secret;

/// What stands where a secret was.
const GONE: &str = "***";
/// Shorter pieces of an address or an argument are words.
const PIECE_MIN: usize = 8;

/// Shorter secrets would take common words and numbers along.
const SECRET_MIN: usize = 4;

/// What must not be in any text.
#[derive(Clone, Default)]
pub(in crate::alert) struct Redactor {
    /// The longest first, so that a whole address goes before its pieces.
    secrets: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("secrets", &self.secrets.len()).finish()
    }
}

impl Redactor {
    /// What is known for a secret, whatever it looks like: as it is, and with everything in it that
    /// may be one where it is an address or has a word before it.
    pub(in crate::alert) fn secret(mut self, secret: &Secret) -> Self {
        let text = secret.reveal();
        self.add(text);
        if let Some((_, token)) = text.split_once(' ') {
            self.add(token);
        }
        if text.contains("://") { self.url(secret) } else { self }
    }

    /// An address and everything in it that may be a token: what follows the host.
    pub(super) fn url(mut self, url: &Secret) -> Self {
        let url = url.reveal();
        self.add(url);
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        if let Some((user, _)) = rest.split('/').next().and_then(|host| host.rsplit_once('@')) {
            self.add(user);
            user.split(':').skip(1).for_each(|password| self.add(password));
        }
        let path = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
        self.add(path);
        for piece in path.split(['/', '?', '&', '=']).filter(|piece| is_token(piece)) {
            self.add(piece);
            // Bots: the path's piece is "bot" with the token behind it.
            if let Some(token) = piece.strip_prefix("bot") {
                self.add(token);
            }
        }
        self
    }

    /// A header's value, with and without the word that says its kind.
    pub(super) fn header(mut self, value: &Secret) -> Self {
        let value = value.reveal();
        if is_token(value) {
            self.add(value);
        }
        if let Some((_, token)) = value.split_once(' ').filter(|(_, token)| is_token(token)) {
            self.add(token);
        }
        self
    }

    /// An argument of a program, if it may be a secret.
    pub(super) fn argument(mut self, value: &Secret) -> Self {
        let value = value.reveal();
        if is_token(value) {
            self.add(value);
        }
        // `--token=…`, and addresses in any argument.
        if let Some((_, token)) = value.split_once('=').filter(|(_, token)| is_token(token)) {
            self.add(token);
        }
        if value.contains("://") { self.url(&Secret::new(value)) } else { self }
    }

    fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.len() >= SECRET_MIN && !self.secrets.iter().any(|known| known == text) {
            self.secrets.push(text.to_owned());
            self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// The text without them.
    pub(in crate::alert) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), GONE);
            }
        }
        text
    }
}

/// True of what is long enough to be a secret and is not the name of a method or a type.
fn is_token(text: &str) -> bool {
    text.len() >= PIECE_MIN
        && (text.len() >= 24 || !text.chars().all(|c| c.is_ascii_alphabetic() || c == '.'))
        && text != "application/json"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_wherever_it_is_said() {
        let url =
            Secret::new("https://api.example.vn/bot123456:AAF-secret/sendMessage?key=k3yk3yk3y");
        let redactor = Redactor::default().url(&url).header(&Secret::new("Bearer t0kent0ken"));
        for text in [
            "no host https://api.example.vn/bot123456:AAF-secret/sendMessage?key=k3yk3yk3y",
            "bad path /bot123456:AAF-secret/sendMessage?key=k3yk3yk3y",
            "token 123456:AAF-secret is revoked",
            "key k3yk3yk3y",
            "header Bearer t0kent0ken, token t0kent0ken",
        ] {
            let clean = redactor.clean(text);
            for secret in ["AAF", "k3yk3y", "t0ken"] {
                assert!(!clean.contains(secret), "{clean}");
            }
        }
        // What is no secret stays readable.
        let told = "sendMessage failed: api.example.vn has no application/json";
        assert_eq!(redactor.header(&Secret::new("application/json")).clean(told), told);
    }

    #[test]
    fn a_password_in_an_address_is_a_secret() {
        let redactor =
            Redactor::default().argument(&Secret::new("mailtos://me:s3cr3t@mx.example.vn?to=a"));
        assert_eq!(redactor.clean("login s3cr3t refused"), "login *** refused");
    }

    #[test]
    fn what_is_known_for_a_secret_needs_no_look_of_one() {
        let redactor = Redactor::default()
            .secret(&Secret::new("duty"))
            .secret(&Secret::new("Bearer wxyz"))
            .secret(&Secret::new("socks5://me:pass@proxy.example.vn:1080"));
        let told = "topic duty, Bearer wxyz, key wxyz, login pass";
        assert_eq!(redactor.clean(told), "topic ***, ***, key ***, login ***");
        assert!(!format!("{redactor:?}").contains("duty"));
    }
}
