//! Escaping for the services, a character at a time, so that what it costs is known before.

/// Breaks a word without being seen, where a service knows no escape.
pub(super) const BREAK: char = '\u{200b}';

/// HTML text and attribute values.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Bytes that a character takes as HTML.
pub(super) fn html_bytes(c: char) -> usize {
    match c {
        '&' => 5,
        '<' | '>' => 4,
        '"' => 6,
        c => c.len_utf8(),
    }
}

/// Bytes that a character takes inside a string of JSON, as `serde_json` writes it.
pub(super) fn json_bytes(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if u32::from(c) < 0x20 => 6,
        c => c.len_utf8(),
    }
}

/// What means something to Slack's old markup.
pub(super) fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A dialect of Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markdown {
    /// Discord: a backslash before anything.
    Discord,
    /// Mattermost: the same, but `<!channel>` and `<url|text>` of Slack are turned into its own
    /// before that, and `@all` is looked for in the text as it stands.
    Mattermost,
    /// Rocket.Chat: a backslash before few characters; links cannot be escaped, but broken.
    RocketChat,
    /// Google Chat: no escapes at all.
    GoogleChat,
}

/// The text as plain words of a dialect.
pub(super) fn markdown(dialect: Markdown, text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut before = '\n';
    let mut in_head = true;
    for c in text.chars() {
        let way = way(dialect, c, before, in_head);
        if way == Way::Backslash {
            escaped.push('\\');
        }
        escaped.push(c);
        if way == Way::Broken {
            escaped.push(BREAK);
        }
        // Blanks and digits at the head of a line may be followed by what makes it a list.
        in_head = c == '\n' || (in_head && (c == ' ' || c.is_ascii_digit()));
        before = c;
    }
    escaped
}

/// The most characters that one of a text takes: no character is both escaped and broken.
pub(super) fn markdown_cost(c: char) -> usize {
    c.len_utf16() + usize::from(c.is_ascii_punctuation())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    Backslash,
    Broken,
}

fn way(dialect: Markdown, c: char, before: char, in_head: bool) -> Way {
    // An address of mail is no mention: what stands before its @ is part of a word.
    let mention = c == '@' && !before.is_alphanumeric();
    match dialect {
        Markdown::Discord | Markdown::Mattermost => match c {
            '@' if mention => Way::Broken,
            '<' if dialect == Markdown::Mattermost => Way::Broken,
            '\\' | '`' | '*' | '_' | '~' | '|' | '[' | ']' => Way::Backslash,
            '<' | '>' if dialect == Markdown::Discord => Way::Backslash,
            '#' if dialect == Markdown::Mattermost => Way::Backslash,
            '#' | '>' | '-' | '+' | '.' | ')' if in_head => Way::Backslash,
            _ => Way::Plain,
        },
        Markdown::RocketChat => match c {
            '@' if mention => Way::Broken,
            '<' | ']' | '[' => Way::Broken,
            '*' | '_' | '~' | '`' | '#' => Way::Backslash,
            _ => Way::Plain,
        },
        Markdown::GoogleChat => match c {
            '@' if mention => Way::Broken,
            '<' | '*' | '_' | '~' | '`' => Way::Broken,
            _ => Way::Plain,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stay_words() {
        for (dialect, text, expected) in [
            (
                Markdown::Discord,
                "*a* <@1> [x](http://y)",
                "\\*a\\* \\<@\u{200b}1\\> \\[x\\](http://y)",
            ),
            (Markdown::Discord, "- a\n1. b - c.", "\\- a\n1\\. b - c."),
            (Markdown::Mattermost, "@all a@b.vn", "@\u{200b}all a@b.vn"),
            (Markdown::Mattermost, "<!channel>", "<\u{200b}!channel>"),
            (Markdown::RocketChat, "@here [a](b)", "@\u{200b}here [\u{200b}a]\u{200b}(b)"),
            (Markdown::GoogleChat, "<users/all>", "<\u{200b}users/all>"),
            (Markdown::GoogleChat, "10.0.0.1 (07:31)", "10.0.0.1 (07:31)"),
        ] {
            assert_eq!(markdown(dialect, text), expected);
        }
        assert_eq!(html("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
        assert_eq!(slack("<!channel> &"), "&lt;!channel&gt; &amp;");
    }

    proptest! {
        #[test]
        fn no_text_costs_more_than_was_reckoned(text: String) {
            for dialect in [
                Markdown::Discord, Markdown::Mattermost, Markdown::RocketChat, Markdown::GoogleChat,
            ] {
                let escaped = markdown(dialect, &text);
                let most: usize = text.chars().map(markdown_cost).sum();
                prop_assert!(escaped.encode_utf16().count() <= most);
            }
            prop_assert_eq!(html(&text).len(), text.chars().map(html_bytes).sum::<usize>());
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(json.len(), text.chars().map(json_bytes).sum::<usize>() + 2);
        }

        #[test]
        fn nobody_is_called(head: String, word in "all|here|channel|everyone") {
            let text = format!("{head} @{word} <!{word}>");
            for dialect in [Markdown::Mattermost, Markdown::RocketChat, Markdown::GoogleChat] {
                let escaped = markdown(dialect, &text);
                let called = format!("@{word}");
                let slack_called = format!("<!{word}");
                prop_assert!(!escaped.contains(&called), "{escaped}");
                prop_assert!(!escaped.contains(&slack_called), "{escaped}");
            }
        }
    }
}
