//! What may be wrong in `config.yaml`, in both languages.

use tuantra::alert::channel::{KINDS, Mistake};
use tuantra::locale::{Lang, message};

use crate::common::build;

fn told(mistake: &Mistake) -> String {
    for lang in Lang::ALL {
        let text = message(lang, &mistake.message);
        assert_ne!(text, mistake.message.key, "no text for it");
        assert!(!text.contains('{'), "a placeholder is left: {text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    format!("{}: {}", mistake.key, message(Lang::En, &mistake.message))
}

const WRONG: &[(&str, &[(&str, &str)])] = &[
    ("zalo", &[("token", "s3cr3t"), ("chat", "1"), ("chta", "2")]),
    ("zalo", &[("token", "s3cr3t"), ("chat", "1"), ("something", "2")]),
    ("zalo", &[("chat", "1")]),
    ("zalo", &[("token", "s3cr3t/../x"), ("chat", "1")]),
    ("zalo", &[("token", "s3cr3t"), ("chat", "a b")]),
    ("zalo", &[("token", "s3cr3t"), ("chat", "[\"1\"]")]),
    ("zalo", &[("token", "  "), ("chat", "1")]),
    ("zalo", &[("token", "s3cr3t"), ("chat", "1"), ("api_url", "https://x.vn/?a=1")]),
    ("telegram", &[("token", "1:s3cr3t"), ("chat", "duty room")]),
    ("telegram", &[("token", "1:s3cr3t"), ("chat", "-100"), ("thread", "0")]),
    ("telegram", &[("token", "1:s3cr3t"), ("chat", "-100"), ("silent", "yes")]),
    ("telegram", &[("token", "1:s3cr3t"), ("chat", "-100"), ("api_url", "tele.example.vn")]),
    ("slack", &[("url", "ftp://s3cr3t.example.vn")]),
    ("slack", &[("url", "https://x.example.vn/s3cr3t"), ("flavour", "mattermots")]),
    ("slack", &[("url", "https://x.example.vn/s3cr3t"), ("channel", "noc")]),
    ("discord", &[("url", "https://x.example.vn/s3cr3t#part")]),
    ("discord", &[("url", "https://x.example.vn/s3cr3t"), ("thread", "abc")]),
    ("matrix", &[("server", "https://x.example.vn"), ("token", "s3cr3t"), ("room", "#noc:x.vn")]),
    ("matrix", &[("server", "https://x.example.vn"), ("token", "s3cr3t x"), ("room", "!a:x.vn")]),
    ("ntfy", &[("topic", "s3cr3t topic")]),
    ("smtp", &[("host", "mx.example.vn"), ("from", "nobody"), ("to", "a@example.vn")]),
    (
        "smtp",
        &[("host", "mx.example.vn"), ("from", "a@example.vn"), ("to", "[\"a@example.vn\",\"b@\"]")],
    ),
    ("smtp", &[("host", "mx.example.vn"), ("from", "a@example.vn"), ("to", "[]")]),
    ("smtp", &[("host", "https://mx"), ("from", "a@example.vn"), ("to", "a@example.vn")]),
    (
        "smtp",
        &[("host", "mx"), ("port", "70000"), ("from", "a@example.vn"), ("to", "a@example.vn")],
    ),
    (
        "smtp",
        &[("host", "mx"), ("security", "ssl"), ("from", "a@example.vn"), ("to", "a@example.vn")],
    ),
    ("smtp", &[("host", "mx"), ("user", "me"), ("from", "a@example.vn"), ("to", "a@example.vn")]),
    (
        "smtp",
        &[("host", "mx"), ("password", "s3cr3t"), ("from", "a@example.vn"), ("to", "a@example.vn")],
    ),
    (
        "smtp",
        &[
            ("host", "mx"),
            ("user", "me"),
            ("password", "s3cr3t"),
            ("security", "none"),
            ("from", "a@example.vn"),
            ("to", "a@example.vn"),
        ],
    ),
    ("webhook", &[("url", "https://x.example.vn/"), ("method", "GET")]),
    ("webhook", &[("url", "https://x.example.vn/"), ("headers", "X: s3cr3t")]),
    ("webhook", &[("url", "https://x.example.vn/"), ("headers", "{\"X Y\":\"s3cr3t\"}")]),
    (
        "webhook",
        &[("url", "https://x.example.vn/"), ("headers", "{\"X\":\"s3cr3t\\nInjected: 1\"}")],
    ),
    ("webhook", &[("url", "https://x.example.vn/"), ("headers", "{\"x-signature\":\"s3cr3t\"}")]),
    ("webhook", &[("url", "https://x.example.vn/"), ("body", "{\"text\": {{ title }")]),
    (
        "webhook",
        &[
            ("url", "https://x.example.vn/"),
            ("body", "{\"text\": \"{{ title }}\", \"n\": {{ notice.units_count }}}"),
        ],
    ),
    ("exec", &[]),
    ("exec", &[("command", "notify --now")]),
    ("exec", &[("command", "true"), ("timeout", "10m")]),
    ("exec", &[("command", "true"), ("timeout", "soon")]),
    ("exec", &[("command", "true"), ("environment", "{\"A=B\":\"s3cr3t\"}")]),
];

#[test]
fn every_mistake_is_named_and_shows_no_secret() {
    let mut all = String::new();
    for (kind, values) in WRONG {
        let mistake = build(kind, values).expect_err(kind);
        all.push_str(&format!("{kind}: {}\n", told(&mistake)));
    }
    insta::assert_snapshot!("mistakes", all);
}

#[test]
fn every_kind_says_what_it_lacks() {
    for kind in KINDS {
        let mistake = build(kind.name, &[]).unwrap_err();
        assert_eq!(mistake.message.key, "channel.missing_key", "{}", kind.name);
        let first = kind.keys.iter().find(|key| key.is_required).unwrap();
        assert_eq!(mistake.key, first.name);
    }
}
