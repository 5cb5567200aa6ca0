//! Every mistake in one channel's settings, each in its place.

use super::{error, meant};
use crate::alert::channel::{Channel, Form, Key, Kind, Mistake, Settings, Value};
use crate::config::alerts::ChannelEntry;
use crate::model::{Diagnostic, Place, Secret};

/// Longest source line that is shown with a mistake, in characters.
const SOURCE_MAX: usize = 400;

/// Makes a channel of its settings.
///
/// # Errors
/// Every mistake: a kind tells its first, so what is wrong is taken away, or made good, and it is
/// asked again.
pub(super) fn build(kind: &Kind, settings: &Settings) -> Result<Box<dyn Channel>, Vec<Mistake>> {
    let mut mended = settings.clone();
    let mut found: Vec<Mistake> = Vec::new();
    loop {
        match (kind.build)(&mended) {
            Ok(channel) if found.is_empty() => return Ok(channel),
            Ok(_) => return Err(found),
            Err(mistake) => {
                let key = kind.keys.iter().find(|key| key.name == mistake.key);
                let is_again = found.iter().any(|other| other.key == mistake.key);
                if !is_again {
                    found.push(mistake.clone());
                }
                let Some(key) = key.filter(|_| !is_again) else { return Err(found) };
                let before = mended.values.len();
                mended.values.retain(|(name, _)| *name != key.name);
                // One that is missed beside another is given, too.
                if key.is_required || mended.values.len() == before {
                    mended.values.push((key.name.to_owned(), neutral(*key)));
                }
            }
        }
    }
}

/// What every kind takes for the value of a key that must be there; it stands in for one that is
/// wrong, or that cannot be had, while the others are looked at.
pub(super) fn neutral(key: Key) -> Value {
    let text = Secret::new(match key.name {
        "url" | "server" => "https://example.invalid/x",
        "host" => "example.invalid",
        "from" | "to" => "a@example.invalid",
        "room" => "!a:example.invalid",
        "chat" | "port" => "1",
        _ => "x",
    });
    match key.form {
        Form::Text | Form::Secret => Value::Text(text),
        Form::List => Value::List(vec![text]),
        Form::Map => Value::Map(Vec::new()),
    }
}

/// A mistake as it is told, where its value stands; of one inside a template of several lines, there.
#[must_use]
pub fn told(entry: &ChannelEntry, mistake: Mistake) -> Diagnostic {
    let setting = entry.settings.iter().find(|setting| setting.key == mistake.key);
    let place = setting.map_or(&entry.kind.place, |setting| &setting.place);
    let Some(slip) = mistake.slip else { return error(place, mistake.message, None) };
    let hint = (!slip.known.is_empty()).then(|| meant(&slip.word, &slip.known));
    error(&inside(place, slip.line, &slip.word), mistake.message, hint)
}

/// The place of a word on a line of a text that stands at `place`. Only its numbers are read off
/// the file: what a channel's values say is not shown.
fn inside(place: &Place, line: usize, word: &str) -> Place {
    let text = std::fs::read_to_string(&*place.file).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let nth = |n: u32| usize::try_from(n).ok().and_then(|n| lines.get(n.checked_sub(1)?).copied());
    let start = nth(place.line).unwrap_or_default();
    let at = usize::try_from(place.column).map_or(0, |column| column.saturating_sub(1));
    let is_block = |text: &str| text.trim_start().starts_with('|');
    let rest: String = start.chars().skip(at).collect();
    let before = nth(place.line.saturating_sub(1)).unwrap_or_default();
    let is_after_head = before.rsplit_once(": ").is_some_and(|(_, rest)| is_block(rest));
    let first = match () {
        () if is_block(&rest) => place.line + 1,
        () if is_after_head => place.line,
        // On one line with its key.
        () => return found(place, place.line, start, at, word),
    };
    let there = first.saturating_add(u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX));
    match nth(there) {
        Some(text) => found(place, there, text, 0, word),
        None => place.clone(),
    }
}

/// A line of which no letter is shown: it may hold a secret.
fn hidden(text: &str) -> String {
    let dot = |c: char| if c.is_whitespace() { ' ' } else { '•' };
    text.chars().take(SOURCE_MAX).map(dot).collect()
}

/// The word on a line, from the character `from` on; the line's first character when it is not there.
fn found(place: &Place, line: u32, text: &str, from: usize, word: &str) -> Place {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let skipped: usize = text.chars().take(from).map(char::len_utf8).sum();
    let tail = text.get(skipped..).unwrap_or_default();
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let whole = |at: &usize| {
        let after = tail.get(at + word.len()..).unwrap_or_default();
        !tail[..*at].ends_with(is_letter) && !after.starts_with(is_letter)
    };
    let at = tail.match_indices(word).map(|(at, _)| at).find(whole).filter(|_| !word.is_empty());
    let (column, len) = match at {
        Some(at) => (from + tail[..at].chars().count(), word.chars().count()),
        None if from > 0 => (from, 1),
        None => (text.chars().take_while(|c| c.is_whitespace()).count(), 1),
    };
    let source = if line == place.line { place.source.clone() } else { hidden(text) };
    Place { line, column: count(column + 1), len: count(len.max(1)), source, ..place.clone() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::alert::channel::KINDS;
    use crate::alert::outlet::outlets;
    use crate::config;
    use crate::model::Severity;

    #[test]
    fn every_kind_takes_what_stands_in_for_its_keys() {
        for kind in KINDS {
            let values = kind.keys.iter().filter(|key| key.is_required);
            let values = values.map(|key| (key.name.to_owned(), neutral(*key))).collect();
            assert!((kind.build)(&Settings { values }).is_ok(), "{}", kind.name);
        }
    }

    /// Every error, `line:column key`.
    fn errors(channels: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        let text = format!("alerts:\n  routes: [ {{ to: a }} ]\n  channels:\n{channels}");
        std::fs::write(&file, &text).unwrap();
        let loaded = config::from_text(Path::new(&file), &text);
        let config = loaded.config.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        let found = outlets(&config, Severity::Error).1;
        let errors = found.iter().filter(|d| d.severity == Severity::Error);
        errors
            .map(|d| {
                let place = d.place.as_ref().unwrap();
                format!("{}:{} {}", place.line, place.column, d.message.key)
            })
            .collect()
    }

    #[test]
    fn all_mistakes_of_a_channel_are_told_at_once() {
        let channels = "    a:
      smtp:
        host: bad host
        port: 99999
        security: maybe
        from: nobody
        to: [a@b.vn]
        user: x
";
        assert_eq!(
            errors(channels),
            [
                "6:15 channel.bad_host",
                "8:19 channel.not_choice",
                "7:15 channel.not_number",
                "5:7 channel.half_login",
                "9:15 channel.bad_address",
            ]
        );
    }

    #[test]
    fn a_mistake_in_a_template_is_told_where_it_stands() {
        let body = |template: &str| {
            let lines: String = template.lines().map(|l| format!("          {l}\n")).collect();
            errors(&format!(
                "    a:\n      webhook:\n        url: https://a.vn/x\n        body: |\n{lines}"
            ))
        };
        for (template, (line, column), key) in [
            ("{ \"a\": {{ title }},\n  \"b\": {{ tilte }} }", (2, 11), "channel.template_variable"),
            ("{ \"a\": {{ notice.sinse }} }", (1, 18), "channel.template_variable"),
            ("{ \"a\": {{ notice.subject.unit.nmae }} }", (1, 31), "channel.template_variable"),
            ("{\n \"a\": {{ title|uper }} }", (2, 16), "channel.bad_template"),
            ("{\n \"a\": {{ title }\n}", (2, 2), "channel.bad_template"),
            ("{\n \"a\": {% if topic %}{% endif %} }", (2, 13), "channel.template_variable"),
            (
                "{ \"a\": {% if notice.topic == 'merged' %}{{ title|nope }}{% else %}1{% endif %} }",
                (1, 50),
                "channel.bad_template",
            ),
        ] {
            // Behind ten blanks, from the eighth line of the file on.
            let expected = format!("{}:{} {key}", line + 7, column + 10);
            assert_eq!(body(template), [expected], "{template}");
        }
        assert_eq!(body("{ \"a\": {{ title }} \"b\" }"), ["8:11 channel.template_not_json"]);
        let sound = "{ \"a\": [{% for u in notice.units %}{{ u.name }}{% if not loop.last %},{% endif %}\
                     {% endfor %}], \"b\": {{ notice.subject.contact.phone }}, \"c\": {{ now }},\n\
                     \"d\": {{ notice.merged_into }}, \"e\": {{ notice.parts|length }} }";
        assert_eq!(body(sound), [] as [&str; 0]);
        let line = errors("    a: { webhook: { url: https://a.vn/x, body: '{{ tilte }}' } }\n");
        assert_eq!(line, ["4:52 channel.template_variable"]);
    }
}
