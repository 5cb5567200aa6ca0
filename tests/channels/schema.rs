//! Holds requests against the published form and limits of their services: `schemas/*.json`, in
//! the words of JSON Schema as far as they go, and in words of ours (`x-…`) for what services count
//! otherwise. A word that is not known here is a failure of the test.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A service's form.
pub struct Form(Value);

/// A request as it is on the wire.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Form {
    pub fn of(name: &str) -> Self {
        let path = format!("{}/tests/channels/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let form: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(
            form["$comment"].as_str().unwrap().starts_with("https://"),
            "a form names its source"
        );
        Self(form)
    }

    /// What is wrong with a request; nothing is `Ok`.
    pub fn check(&self, seen: &Seen) -> Result<(), String> {
        let form = &self.0;
        let text = |key: &str| form[key].as_str().unwrap();
        let hold = |what: &str, pattern: &str, found: &str| {
            let is_like = match pattern.split_once('*') {
                Some((head, tail)) => {
                    found.len() > head.len() + tail.len()
                        && found.starts_with(head)
                        && found.ends_with(tail)
                }
                None => found == pattern,
            };
            if is_like { Ok(()) } else { Err(format!("{what}: {found:?} is not {pattern:?}")) }
        };
        hold("method", text("method"), &seen.method)?;
        hold("path", text("path"), &seen.path)?;
        for (name, pattern) in form["headers"].as_object().unwrap() {
            let found = seen.headers.get(name).ok_or_else(|| format!("no header {name}"))?;
            hold(name, pattern.as_str().unwrap(), found)?;
        }
        if let Some(most) = form.get("x-maxBytes").and_then(Value::as_u64) {
            bound("body", seen.body.len(), most)?;
        }
        let body: Value = serde_json::from_slice(&seen.body).map_err(|error| error.to_string())?;
        check("$", form["body"].as_object().unwrap(), &body)
    }
}

fn bound(place: &str, found: usize, most: u64) -> Result<(), String> {
    if found as u64 <= most { Ok(()) } else { Err(format!("{place}: {found} is over {most}")) }
}

fn check(place: &str, form: &Map<String, Value>, value: &Value) -> Result<(), String> {
    let fail = |what: &str| Err(format!("{place}: {what}: {value}"));
    if let Some(wanted) = form.get("type") {
        let is_one = |name: &Value| is_type(name.as_str().unwrap(), value);
        let fits = match wanted {
            Value::Array(names) => names.iter().any(is_one),
            name => is_one(name),
        };
        if !fits {
            return fail("another type");
        }
    }
    for (word, wanted) in form {
        let most = || wanted.as_u64().unwrap();
        let text = || value.as_str().ok_or_else(|| format!("{place}: no text: {value}"));
        match word.as_str() {
            "type" => {}
            "const" if value != wanted => return fail("another value"),
            "enum" if !wanted.as_array().unwrap().contains(value) => return fail("another word"),
            "const" | "enum" => {}
            "required" => {
                for name in wanted.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        return fail(&format!("{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, form) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        check(&format!("{place}.{name}"), form.as_object().unwrap(), value)?;
                    }
                }
            }
            "additionalProperties" => {
                let known = form.get("properties").and_then(Value::as_object);
                for (name, value) in value.as_object().unwrap() {
                    if known.is_some_and(|known| known.contains_key(name)) {
                        continue;
                    }
                    match wanted {
                        Value::Object(form) => check(&format!("{place}.{name}"), form, value)?,
                        _ => return fail(&format!("{name} is not known")),
                    }
                }
            }
            "items" => {
                for (n, item) in value.as_array().unwrap().iter().enumerate() {
                    check(&format!("{place}[{n}]"), wanted.as_object().unwrap(), item)?;
                }
            }
            "minItems" if (value.as_array().unwrap().len() as u64) < most() => {
                return fail("too few");
            }
            "maxItems" => bound(place, value.as_array().unwrap().len(), most())?,
            "minimum" if value.as_i64() < wanted.as_i64() => return fail("too small"),
            "maximum" if value.as_i64() > wanted.as_i64() => return fail("too large"),
            "minLength" if (text()?.chars().count() as u64) < most() => return fail("too short"),
            "minItems" | "minimum" | "maximum" | "minLength" => {}
            "maxLength" => bound(place, text()?.chars().count(), most())?,
            "x-maxUtf16" => bound(place, text()?.encode_utf16().count(), most())?,
            "x-maxUtf8" => bound(place, text()?.len(), most())?,
            "x-maxTotal" => {
                let all =
                    value.as_array().unwrap().iter().flat_map(|item| item.as_object().unwrap());
                let sizes = all.filter_map(|(_, text)| Some(text.as_str()?.encode_utf16().count()));
                bound(place, sizes.sum(), most())?;
            }
            "x-never" => {
                for never in wanted.as_array().unwrap() {
                    if text()?.contains(never.as_str().unwrap()) {
                        return fail(&format!("{never} must not be in it"));
                    }
                }
            }
            "x-prefix" if !text()?.starts_with(wanted.as_str().unwrap()) => {
                return fail("another head");
            }
            "x-prefix" => {}
            "x-time" => {
                text()?.parse::<jiff::Timestamp>().map_err(|error| format!("{place}: {error}"))?;
            }
            "x-telegramHtml" => {
                let shown = plain(text()?, &["b"]).map_err(|what| format!("{place}: {what}"))?;
                bound(place, shown.encode_utf16().count(), most())?;
            }
            "x-tags" => {
                let tags: Vec<&str> =
                    wanted.as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
                plain(text()?, &tags).map_err(|what| format!("{place}: {what}"))?;
            }
            other => panic!("{place}: no such word: {other}"),
        }
    }
    Ok(())
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("no such type: {other}"),
    }
}

/// The text of a piece of HTML that has only `tags`, without attributes, every one closed; `br`
/// stands alone. This is how Telegram reads it: anything else it refuses.
pub fn plain(html: &str, tags: &[&str]) -> Result<String, String> {
    let mut shown = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&', '>']) {
        shown.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(inside) = rest.strip_prefix('<') {
            let (tag, after) = inside.split_once('>').ok_or("a tag without an end")?;
            match tag.strip_prefix('/') {
                Some(name) if open.pop() == Some(name) => {}
                Some(name) => return Err(format!("</{name}> closes nothing")),
                None if tag == "br" && tags.contains(&"br") => shown.push('\n'),
                None if tags.contains(&tag) => open.push(tag),
                None => return Err(format!("<{tag}> is not allowed")),
            }
            rest = after;
        } else if rest.starts_with('>') {
            return Err("a lone >".to_owned());
        } else {
            let (entity, c) = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"')]
                .into_iter()
                .find(|(entity, _)| rest.starts_with(entity))
                .ok_or("an entity that is none")?;
            shown.push(c);
            rest = &rest[entity.len()..];
        }
    }
    if let Some(tag) = open.pop() {
        return Err(format!("<{tag}> is not closed"));
    }
    shown.push_str(rest);
    Ok(shown)
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let form = Form::of("zalo");
    let good = Seen {
        method: "POST".into(),
        path: "/bot12345678:AbC-dEf_1/sendMessage".into(),
        headers: BTreeMap::from([("content-type".into(), "application/json".into())]),
        body: br#"{"chat_id":"1","text":"a"}"#.to_vec(),
    };
    assert_eq!(form.check(&good), Ok(()));
    let long = format!(r#"{{"chat_id":"1","text":"{}"}}"#, "😀".repeat(1001));
    for body in [
        r#"{"text":"a"}"#,
        r#"{"chat_id":1,"text":"a"}"#,
        r#"{"chat_id":"1","text":""}"#,
        r#"{"chat_id":"1","text":"a","more":1}"#,
        r#"{"chat_id":"1","text":"a","parse_mode":"pdf"}"#,
        "[]",
        "no JSON",
        &long,
    ] {
        let bad = Seen { body: body.as_bytes().to_vec(), ..good.clone() };
        assert!(form.check(&bad).is_err(), "{body}");
    }
    assert!(form.check(&Seen { method: "PUT".into(), ..good.clone() }).is_err());
    assert!(form.check(&Seen { path: "/".into(), ..good.clone() }).is_err());
    assert!(form.check(&Seen { headers: BTreeMap::new(), ..good }).is_err());
    assert_eq!(plain("<b>a &lt; b</b>", &["b"]).as_deref(), Ok("a < b"));
    for html in ["<b>a", "<i>a</i>", "a < b", "a & b", "</b>", "<b onclick=1>a</b>", "a > b"] {
        assert!(plain(html, &["b"]).is_err(), "{html}");
    }
}
