//! What the tests share: one channel of every kind, notices with what devices may say.

use std::time::Duration;

use tuantra::alert::channel::{Call, Channel, Kind, Letter, Mistake, Settings, Value, kind};
use tuantra::alert::notice::Notice;
use tuantra::alert::post::{Post, PostOptions};
use tuantra::model::{Secret, UnixMs};

/// When every letter of the tests leaves.
pub const NOW: UnixMs = UnixMs(1_764_115_200_000);

/// Says why a test does not run here; where everything must run, that is a failure.
pub fn skip(why: &str) {
    assert!(std::env::var_os("TUANTRA_NO_SKIP").is_none(), "this must not be skipped: {why}");
    println!("skipped: {why}");
}

/// Settings of plain texts; a value with several lines is a list, one of `[["name", "text"]]` a map.
pub fn settings(values: &[(&str, &str)]) -> Settings {
    let value = |text: &str| match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Array(list)) => Value::List(list.iter().map(secret).collect()),
        Ok(serde_json::Value::Object(map)) => {
            Value::Map(map.iter().map(|(name, text)| (name.clone(), secret(text))).collect())
        }
        _ => Value::Text(Secret::new(text)),
    };
    Settings {
        values: values.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect(),
    }
}

fn secret(value: &serde_json::Value) -> Secret {
    Secret::new(value.as_str().unwrap())
}

pub fn build(name: &str, values: &[(&str, &str)]) -> Result<Box<dyn Channel>, Mistake> {
    let kind: &Kind = kind(name).unwrap();
    (kind.build)(&settings(values))
}

/// A channel of a kind.
pub type Case = (&'static str, &'static str, Vec<(&'static str, String)>);

/// One of every kind that speaks HTTP, at a server: the name of its form, its kind, its settings.
pub fn http_cases(server: &str) -> Vec<Case> {
    let at = |path: &str| format!("{server}{path}");
    vec![
        (
            "zalo",
            "zalo",
            vec![
                ("api_url", at("")),
                ("token", "12345678:AbC-dEf_1".into()),
                ("chat", "6ede9afa66b88fe6d6a9".into()),
            ],
        ),
        (
            "telegram",
            "telegram",
            vec![
                ("api_url", at("/")),
                ("token", "12345678:AbC-dEf_1".into()),
                ("chat", "-1001234567890".into()),
                ("thread", "7".into()),
                ("silent", "true".into()),
            ],
        ),
        ("slack", "slack", vec![("url", at("/services/T000/B000/XXXXXXXX"))]),
        (
            "mattermost",
            "slack",
            vec![
                ("url", at("/hooks/XXXXXXXX")),
                ("flavour", "mattermost".into()),
                ("channel", "truc-ban".into()),
                ("username", "tuantra".into()),
            ],
        ),
        (
            "rocketchat",
            "slack",
            vec![
                ("url", at("/hooks/1/XXXXXXXX")),
                ("flavour", "rocketchat".into()),
                ("username", "tuantra".into()),
            ],
        ),
        (
            "teams",
            "teams",
            vec![("url", at("/workflows/XXXXXXXX/triggers/manual/paths/invoke?sig=XXXXXXXX"))],
        ),
        (
            "discord",
            "discord",
            vec![("url", at("/api/webhooks/1/XXXXXXXX")), ("username", "tuantra".into())],
        ),
        (
            "matrix",
            "matrix",
            vec![
                ("server", at("")),
                ("token", "syt_XXXXXXXX".into()),
                ("room", "!room:chat.example.vn".into()),
            ],
        ),
        (
            "google_chat",
            "google_chat",
            vec![("url", at("/v1/spaces/S/messages?key=XXXXXXXX&token=XXXXXXXX"))],
        ),
        (
            "ntfy",
            "ntfy",
            vec![
                ("server", at("")),
                ("topic", "tuantra-duty".into()),
                ("token", "tk_XXXXXXXX".into()),
                ("click", "https://dash.example.vn/".into()),
            ],
        ),
        ("gotify", "gotify", vec![("server", at("")), ("token", "AXXXXXXXX".into())]),
        (
            "webhook",
            "webhook",
            vec![
                ("url", at("/hook")),
                ("secret", "shared-XXXXXXXX".into()),
                ("headers", r#"{"X-Room":"noc"}"#.into()),
            ],
        ),
    ]
}

/// The channel of a case.
pub fn channel(case: &Case) -> Box<dyn Channel> {
    let (_, kind, values) = case;
    let values: Vec<(&str, &str)> =
        values.iter().map(|(key, text)| (*key, text.as_str())).collect();
    build(kind, &values).unwrap()
}

/// The good answer of each service.
pub fn good_answer(form: &str) -> (u16, &'static str) {
    match form {
        "zalo" => {
            (200, r#"{"ok":true,"result":{"message_id":"82599fa32f56d0","date":1749632637199}}"#)
        }
        "telegram" => (200, r#"{"ok":true,"result":{"message_id":5}}"#),
        "slack" | "mattermost" => (200, "ok"),
        "rocketchat" => (200, r#"{"success":true}"#),
        "teams" => (202, ""),
        "discord" => (200, r#"{"id":"1","type":0}"#),
        "matrix" => (200, r#"{"event_id":"$abc"}"#),
        "google_chat" => (200, r#"{"name":"spaces/S/messages/M"}"#),
        "ntfy" => (200, r#"{"id":"sPs71M8A2T","event":"message"}"#),
        "gotify" => (200, r#"{"id":25,"appid":5}"#),
        "webhook" => (204, ""),
        other => panic!("{other}"),
    }
}

/// A post that waits for a busy machine.
pub fn post() -> Post {
    Post::new(&patient()).unwrap()
}

/// Waits far longer than anything takes.
pub fn patient() -> PostOptions {
    PostOptions {
        connect: Duration::from_secs(60),
        total: Duration::from_secs(120),
        ..PostOptions::default()
    }
}

/// For an answer that never comes: long enough for a busy machine to send what it has to.
pub fn brief() -> PostOptions {
    PostOptions { total: Duration::from_secs(5), ..patient() }
}

/// For a connection that is never made.
pub fn hasty() -> PostOptions {
    PostOptions { connect: Duration::from_millis(500), ..patient() }
}

pub fn letter<'a>(notice: &'a Notice, title: &'a str, body: &'a str) -> Letter<'a> {
    Letter { key: "cai-be/tslcd@2025-11-26T00:00:00Z:duty:down", title, body, notice, now: NOW }
}

pub fn http(call: &Call) -> &tuantra::alert::channel::Request {
    match call {
        Call::Http(request) => request,
        other => panic!("{other:?}"),
    }
}

/// A line that is down, and what it cuts off.
pub fn down() -> Notice {
    serde_json::from_str(
        r#"{"topic":"down","severity":"down","incident":"cai-be/tslcd@2025-11-26T00:00:00Z",
            "at":"2025-11-26T00:01:00Z","since":"2025-11-26T00:00:00Z",
            "subject":{"id":"cai-be/tslcd","kind":"connection",
                       "unit":{"id":"cai-be","name":"Huyện Cái Bè","kind":"district"},
                       "network":["Mạng TSLCD","TSLCD"],"carrier":"VNPT","hotline":"18001166",
                       "circuit":"TGG-0042","contact":{"phone":"0273 3824 000"}},
            "unreachable":25,"units_count":2,
            "units":[{"id":"an-cu","name":"Xã An Cư","kind":"commune"},
                     {"id":"an-huu","name":"Xã An Hữu","kind":"commune"}]}"#,
    )
    .unwrap()
}

/// The same, over.
pub fn recovered() -> Notice {
    let mut notice = down();
    notice.topic = tuantra::alert::notice::Topic::Recovered;
    notice.until = Some(notice.since + 1_260_000);
    notice
}

/// Several in one.
pub fn digest(count: usize) -> Notice {
    let mut notice = down();
    notice.topic = tuantra::alert::notice::Topic::Digest;
    notice.incident = None;
    notice.subject = None;
    notice.parts = (0..count).map(|n| if n % 3 == 0 { recovered() } else { down() }).collect();
    notice
}

/// What whoever named a device may have hoped for.
pub const HOSTILE_TITLE: &str = "MẤT KẾT NỐI: <script>alert(1)</script> *bold* @everyone từ 07:31";
pub const HOSTILE_BODY: &str = "\
[x](http://evil.example/a?b=c&d) <http://evil.example|bấm> <a href=\"x\">y</a>
@here @channel @all <!channel> <!here> <users/all> @room <@1> <@&2>
_under_ ~strike~ `code` ||spoiler|| # head
# head
> quote
- list
1. list
\"quotes\" \\ back & amp &lt; {{ title }} ${HOME} $(id)
Xã An Cư, Xã An Hữu, Xã An Thái Đông
Trực: nguyen.van.a@tiengiang.gov.vn 0273 3824 000";
