//! Who has written to a Zalo bot: a bot may write only to whoever has, and knows him by an id that
//! is nowhere else. <https://docs.zaloplatforms.com/docs/BOT/apis/getUpdates>

use serde_json::{Value, json};

use super::settings::Reader;
use super::{Call, Mistake, Outcome, Reply, Request, Settings, judge, zalo};
use crate::model::Secret;

/// A chat that the bot was written to in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    /// Its id, for `chat` of the channel.
    pub id: String,
    /// Who wrote, as he calls himself.
    pub name: String,
    /// A group, and not one person.
    pub is_group: bool,
    /// What was written.
    pub text: String,
}

/// Asks for what the bot was told and nobody has read, waiting `wait_s` seconds for it. Of the
/// settings only `token` and `api_url` are looked at: who pairs has no `chat` yet.
///
/// # Errors
/// What is wrong with one of the two.
pub fn ask(settings: &Settings, wait_s: u32) -> Result<Call, Mistake> {
    let is_wanted = |name: &str| matches!(name, "token" | "api_url");
    let values = settings.values.iter().filter(|(name, _)| is_wanted(name)).cloned();
    let settings = Settings { values: values.collect() };
    let keys: Vec<_> = zalo::KIND.keys.iter().filter(|key| is_wanted(key.name)).copied().collect();
    let reader = Reader::new(zalo::KIND.name, &keys, &settings)?;
    let api = reader.base("api_url")?.unwrap_or(zalo::API);
    let token = reader.path_token(zalo::KIND.name, "token")?;
    let url = Secret::new(&format!("{api}/bot{token}/getUpdates"));
    Ok(Request::json("POST", &url, &json!({ "timeout": wait_s })))
}

/// The chats in an answer; none when nobody wrote in time.
///
/// # Errors
/// What an answer that holds no updates means.
pub fn chats(reply: &Reply) -> Result<Vec<Chat>, Outcome> {
    let Reply::Http { body, .. } = reply else { return Err(judge::failed(reply)) };
    let answer = judge::json(body);
    let code = answer.as_ref().and_then(|answer| answer.get("error_code")?.as_u64());
    if code == Some(408) {
        return Ok(Vec::new());
    }
    match judge::bot(reply, |_| true) {
        Outcome::Sent => {}
        other => return Err(other),
    }
    let result = answer.and_then(|mut answer| answer.get_mut("result").map(Value::take));
    let updates = match result {
        Some(Value::Array(updates)) => updates,
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    };
    let mut found: Vec<Chat> = Vec::new();
    for update in updates {
        let message = &update["message"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        // Ids are texts; one that were a number would be the same.
        let id = match &message["chat"]["id"] {
            Value::Number(number) => number.to_string(),
            other => text(other),
        };
        let from = &message["from"];
        let name = ["display_name", "name"].into_iter().find_map(|key| from[key].as_str());
        let chat = Chat {
            id,
            name: name.unwrap_or_default().to_owned(),
            is_group: message["chat"]["chat_type"].as_str() == Some("GROUP"),
            text: text(&message["text"]),
        };
        if !chat.id.is_empty() && found.iter().all(|other| other.id != chat.id) {
            found.push(chat);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &str) -> Result<Vec<Chat>, Outcome> {
        chats(&Reply::Http { status, retry_after_ms: None, body: body.to_owned() })
    }

    #[test]
    fn whoever_wrote_is_found_once() {
        let update = r#"{"message":{"from":{"id":"6ede","display_name":"Trúc","is_bot":false},
            "chat":{"id":"6ede","chat_type":"PRIVATE"},"text":"Xin chào","message_id":"1",
            "date":1750316131602},"event_name":"message.text.received"}"#;
        let truc = Chat {
            id: "6ede".to_owned(),
            name: "Trúc".to_owned(),
            is_group: false,
            text: "Xin chào".to_owned(),
        };
        let one = format!(r#"{{"ok":true,"result":{update}}}"#);
        assert_eq!(told(200, &one), Ok(vec![truc.clone()]));
        let twice = format!(r#"{{"ok":true,"result":[{update},{update}]}}"#);
        assert_eq!(told(200, &twice), Ok(vec![truc]));
        let group = one.replace("PRIVATE", "GROUP");
        assert!(told(200, &group).is_ok_and(|found| found[0].is_group));
    }

    #[test]
    fn nobody_is_no_fault_and_a_wrong_token_is() {
        let late = r#"{"ok":false,"description":"Request timeout","error_code":408}"#;
        for body in [late, r#"{"ok":true}"#, r#"{"ok":true,"result":{}}"#] {
            assert_eq!(told(200, body), Ok(Vec::new()), "{body}");
        }
        let wrong = told(200, r#"{"ok":false,"description":"Unauthorized","error_code":401}"#);
        assert!(matches!(wrong, Err(Outcome::Refused { is_channel: true, .. })), "{wrong:?}");
        assert!(told(404, "<html>").is_err());
    }
}
