//! A request to whatever takes one: in the shape of Alertmanager, or in one's own by a template;
//! with a key that stays the same however often it is sent, and signed where a secret is given.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use ureq::http::{HeaderName, HeaderValue};

use super::body::Body;
use super::look::{hex, part_key};
use super::settings::{Reader, mistake, needed_secret, optional, optional_secret};
use super::{
    Call, Channel, Form, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings,
    alertmanager, judge,
};
use crate::locale::visible;
use crate::model::{Message, Secret, UnixMs};

/// `webhook` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "webhook";
const KEYS: &[Key] = &[
    needed_secret("url"),
    optional("method"),
    Key { name: "headers", is_required: false, form: Form::Map },
    optional("body"),
    optional_secret("secret"),
    optional("receiver"),
];
const METHODS: [&str; 3] = ["POST", "PUT", "PATCH"];
/// Longest body, in bytes.
const BODY_MAX: usize = 1_000_000;
/// Headers that are written here and nowhere else.
const OWN: [&str; 6] = [
    "content-length",
    "host",
    "idempotency-key",
    "transfer-encoding",
    "x-signature",
    "x-timestamp",
];

#[derive(Debug)]
struct Webhook {
    url: Secret,
    method: String,
    headers: Vec<(String, Secret)>,
    template: Option<Body>,
    secret: Option<Secret>,
    receiver: String,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    reader.url("url")?;
    let method = METHODS[reader.choice("method", &METHODS)?];
    for (name, value) in reader.map("headers") {
        let is_header = name.parse::<HeaderName>().is_ok()
            && value.reveal().parse::<HeaderValue>().is_ok_and(|value| value.to_str().is_ok());
        let text = if !is_header {
            "channel.bad_header"
        } else if OWN.contains(&name.to_ascii_lowercase().as_str()) {
            "channel.own_header"
        } else {
            continue;
        };
        let shown: String = visible(name).chars().take(32).collect();
        return Err(mistake("headers", Message::new(text).with("name", shown)));
    }
    Ok(Box::new(Webhook {
        url: reader.required(NAME, "url")?.clone(),
        method: method.to_owned(),
        headers: reader.map("headers").to_vec(),
        template: reader.text("body").map(Body::new).transpose()?,
        secret: reader.secret("secret").cloned(),
        receiver: reader.text("receiver").unwrap_or("tuantra").to_owned(),
    }))
}

impl Webhook {
    fn bodies(&self, letter: &Letter<'_>) -> Vec<String> {
        let own = self.template.as_ref().and_then(|template| match template.render(letter) {
            Ok(made) if made.len() <= BODY_MAX && serde_json::from_str::<Value>(&made).is_ok() => {
                Some(made)
            }
            // The message goes in the usual shape: a receiver that cannot read it says so, and
            // that is told.
            Ok(_) => {
                tracing::warn!(key = letter.key, "the webhook's template made no JSON of a letter");
                None
            }
            Err(error) => {
                let error = visible(&error.to_string());
                tracing::warn!(key = letter.key, %error, "the webhook's template failed");
                None
            }
        });
        match own {
            Some(made) => vec![made],
            None => alertmanager::bodies(letter, &self.receiver, BODY_MAX)
                .iter()
                .map(Value::to_string)
                .collect(),
        }
    }

    fn call(&self, key: &str, body: String, now: UnixMs) -> Call {
        let mut headers = vec![("Idempotency-Key".to_owned(), Secret::new(key))];
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".to_owned(), Secret::new("application/json")));
        }
        if let Some(secret) = &self.secret {
            let timestamp = now.0.div_euclid(1_000).to_string();
            let signature = sign(secret, &timestamp, &body);
            headers.push(("X-Timestamp".to_owned(), Secret::new(&timestamp)));
            headers.push(("X-Signature".to_owned(), Secret::new(&format!("sha256={signature}"))));
        }
        headers.extend(self.headers.iter().cloned());
        Call::Http(Request {
            method: self.method.clone(),
            url: self.url.clone(),
            headers,
            body: body.into_bytes(),
        })
    }
}

/// HMAC-SHA-256 of `timestamp.body` in hexadecimal. The time is signed with it, so that what was
/// overheard once cannot be sent again later.
fn sign(secret: &Secret, timestamp: &str, body: &str) -> String {
    match Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) {
        Ok(mut mac) => {
            mac.update(timestamp.as_bytes());
            mac.update(b".");
            mac.update(body.as_bytes());
            hex(mac.finalize().into_bytes().as_slice())
        }
        // HMAC takes keys of every length.
        Err(_) => String::new(),
    }
}

impl Channel for Webhook {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let bodies = self.bodies(letter);
        let count = bodies.len();
        let key = |n| part_key(letter.key, n, count);
        let call = |(n, body)| self.call(&key(n), body, letter.now);
        bodies.into_iter().enumerate().map(call).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        judge::http(reply, |_, _| None)
    }

    fn pace(&self) -> Pace {
        Pace { burst: 20, per_minute: 600 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_openssl() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key
        let signature = sign(&Secret::new("key"), "1700000000", r#"{"a":1}"#);
        assert_eq!(signature, "a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03");
    }
}
