//! What answers mean, service by service.

use tuantra::alert::channel::{Outcome, Reply};

use crate::common::{build, channel, good_answer, http_cases};

/// An outcome in a few words: `sent`, `again`, `again 34000`, `unsure`, `dead`, `lost`.
fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Sent => "sent".to_owned(),
        Outcome::Again { is_unsure: true, .. } => "unsure".to_owned(),
        Outcome::Again { after_ms: Some(ms), .. } => format!("again {ms}"),
        Outcome::Again { .. } => "again".to_owned(),
        Outcome::Refused { is_channel: false, .. } => "dead".to_owned(),
        Outcome::Refused { is_channel: true, .. } => "lost".to_owned(),
    }
}

fn reply(status: u16, body: &str) -> Reply {
    Reply::Http { status, retry_after_ms: None, body: body.to_owned() }
}

const CASES: &[(&str, u16, &str, &str)] = &[
    // Zalo and Telegram answer alike; 200 alone says nothing.
    ("zalo", 200, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#, "lost"),
    ("zalo", 200, r#"{"ok":false,"error_code":429,"description":"Too many requests"}"#, "again"),
    ("zalo", 200, r#"{"ok":false,"error_code":400,"description":"Bad request: text"}"#, "dead"),
    ("zalo", 200, r#"{"ok":false,"error_code":-14,"description":"?"}"#, "again"),
    ("zalo", 200, r#"{"ok":false}"#, "again"),
    ("zalo", 200, "<html>not found</html>", "unsure"),
    ("zalo", 200, "", "unsure"),
    ("zalo", 404, "<html>not found</html>", "lost"),
    (
        "telegram",
        429,
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 34","parameters":{"retry_after":34}}"#,
        "again 34000",
    ),
    (
        "telegram",
        400,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: message is too long"}"#,
        "dead",
    ),
    (
        "telegram",
        400,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#,
        "lost",
    ),
    (
        "telegram",
        400,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001}}"#,
        "lost",
    ),
    (
        "telegram",
        400,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: message thread not found"}"#,
        "lost",
    ),
    ("telegram", 401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#, "lost"),
    (
        "telegram",
        403,
        r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked from the group chat"}"#,
        "lost",
    ),
    ("telegram", 502, "Bad Gateway", "unsure"),
    (
        "telegram",
        500,
        r#"{"ok":false,"error_code":500,"description":"Internal Server Error"}"#,
        "again",
    ),
    ("slack", 200, "<html>proxy</html>", "unsure"),
    ("slack", 400, "invalid_payload", "dead"),
    ("slack", 400, "user_not_found", "lost"),
    ("slack", 403, "action_prohibited", "lost"),
    ("slack", 404, "no_service", "lost"),
    ("slack", 410, "channel_is_archived", "lost"),
    ("slack", 500, "rollup_error", "again"),
    (
        "mattermost",
        400,
        r#"{"id":"web.incoming_webhook.invalid.app_error","message":"Invalid webhook","status_code":400}"#,
        "lost",
    ),
    (
        "mattermost",
        400,
        r#"{"id":"web.incoming_webhook.text.app_error","message":"No text specified","status_code":400}"#,
        "dead",
    ),
    ("mattermost", 429, "limit exceeded", "again"),
    ("rocketchat", 200, r#"{"success":false,"error":"error-message-size-exceeded"}"#, "dead"),
    ("rocketchat", 400, r#"{"success":false,"error":"invalid-channel"}"#, "dead"),
    ("rocketchat", 400, r#"{"success":false,"error":"Invalid webhook"}"#, "lost"),
    ("rocketchat", 200, "{}", "unsure"),
    ("teams", 200, "1", "sent"),
    ("teams", 200, "Microsoft Teams endpoint returned HTTP error 429 with ContextId x", "again"),
    ("teams", 200, "Microsoft Teams endpoint returned HTTP error 413 with ContextId x", "dead"),
    ("teams", 400, r#"{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"…"}}"#, "lost"),
    ("teams", 401, r#"{"error":{"code":"DirectApiAuthorizationRequired","message":"…"}}"#, "lost"),
    ("teams", 413, "", "dead"),
    ("discord", 204, "", "sent"),
    (
        "discord",
        429,
        r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#,
        "again 64570",
    ),
    ("discord", 404, r#"{"message":"Unknown Webhook","code":10015}"#, "lost"),
    ("discord", 400, r#"{"message":"Invalid Form Body","code":50035}"#, "dead"),
    (
        "discord",
        400,
        r#"{"message":"Webhooks posted to forum channels must have a thread_name or thread_id","code":220001}"#,
        "lost",
    ),
    (
        "matrix",
        429,
        r#"{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":4866}"#,
        "again 4866",
    ),
    ("matrix", 413, r#"{"errcode":"M_TOO_LARGE","error":"event too large"}"#, "dead"),
    ("matrix", 403, r#"{"errcode":"M_FORBIDDEN","error":"User not in room"}"#, "lost"),
    ("matrix", 401, r#"{"errcode":"M_UNKNOWN_TOKEN","error":"Invalid access token"}"#, "lost"),
    ("matrix", 200, "{}", "unsure"),
    (
        "google_chat",
        400,
        r#"{"error":{"code":400,"message":"Message cannot be empty","status":"INVALID_ARGUMENT"}}"#,
        "dead",
    ),
    (
        "google_chat",
        403,
        r#"{"error":{"code":403,"message":"denied","status":"PERMISSION_DENIED"}}"#,
        "lost",
    ),
    (
        "google_chat",
        429,
        r#"{"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED"}}"#,
        "again",
    ),
    (
        "ntfy",
        429,
        r#"{"code":42901,"http":429,"error":"limit reached: too many requests"}"#,
        "again",
    ),
    ("ntfy", 403, r#"{"code":40301,"http":403,"error":"forbidden"}"#, "lost"),
    ("ntfy", 200, "<html>log in to the hotel</html>", "unsure"),
    (
        "gotify",
        401,
        r#"{"error":"Unauthorized","errorCode":401,"errorDescription":"you need to provide a valid access token"}"#,
        "lost",
    ),
    ("gotify", 200, "[]", "unsure"),
    ("webhook", 408, "", "unsure"),
    ("webhook", 425, "", "again"),
    ("webhook", 400, "", "dead"),
    ("webhook", 422, "", "dead"),
    ("webhook", 301, "", "lost"),
    ("webhook", 307, "", "lost"),
    ("webhook", 404, "", "lost"),
    ("webhook", 503, "", "again"),
    ("webhook", 504, "", "unsure"),
];

#[test]
fn answers_mean_what_the_services_say() {
    let cases = http_cases("https://chat.example.vn");
    for (form, status, body, expected) in CASES {
        let case = cases.iter().find(|case| case.0 == *form).unwrap();
        let outcome = channel(case).judge(&reply(*status, body));
        assert_eq!(word(&outcome), *expected, "{form} {status} {body}: {outcome:?}");
    }
}

#[test]
fn what_means_the_same_everywhere() {
    for case in http_cases("https://chat.example.vn") {
        let channel = channel(&case);
        let (status, body) = good_answer(case.0);
        assert_eq!(channel.judge(&reply(status, body)), Outcome::Sent, "{}", case.0);
        let limited = Reply::Http { status: 429, retry_after_ms: Some(7_000), body: String::new() };
        assert_eq!(word(&channel.judge(&limited)), "again 7000", "{}", case.0);
        let years =
            Reply::Http { status: 503, retry_after_ms: Some(u64::MAX), body: String::new() };
        assert_eq!(word(&channel.judge(&years)), "again 86400000", "{}", case.0);
        assert_eq!(word(&channel.judge(&reply(401, "{}"))), "lost", "{}", case.0);
        assert_eq!(word(&channel.judge(&reply(413, ""))), "dead", "{}", case.0);
        let failed = |is_unsure, is_final| {
            let reason = "no answer in time".to_owned();
            word(&channel.judge(&Reply::Failed { is_unsure, is_final, reason }))
        };
        assert_eq!(failed(true, false), "unsure");
        assert_eq!(failed(false, false), "again");
        assert_eq!(failed(false, true), "lost");
        let pace = channel.pace();
        assert!(pace.burst > 0 && pace.per_minute > 0);
    }
}

#[test]
fn a_reason_is_short_and_steers_no_terminal() {
    let cases = http_cases("https://chat.example.vn");
    let case = cases.iter().find(|case| case.0 == "webhook").unwrap();
    let body = format!("\u{1b}[31mred\u{202e}\n{}", "x".repeat(10_000));
    let Outcome::Refused { reason, .. } = channel(case).judge(&reply(400, &body)) else { panic!() };
    assert!(reason.starts_with("400 Bad Request: ‹U+001B›[31mred‹U+202E› xxx"), "{reason}");
    assert!(reason.chars().count() < 250 && reason.ends_with('…'));
}

#[test]
fn mail_servers_and_programs_are_judged_by_their_codes() {
    let smtp = build(
        "smtp",
        &[("host", "mx.example.vn"), ("from", "a@example.vn"), ("to", "b@example.vn")],
    )
    .unwrap();
    for (code, text, expected) in [
        (250, "2.0.0 Ok: queued as 4F", "sent"),
        (421, "4.3.2 shutting down", "again"),
        (451, "4.7.1 greylisted", "again"),
        (452, "4.2.2 mailbox full", "again"),
        (550, "5.1.1 no such user", "lost"),
        (554, "5.7.1 relay access denied", "lost"),
        (535, "5.7.8 authentication failed", "lost"),
        (552, "5.3.4 message too big", "dead"),
        (554, "5.6.0 spam", "dead"),
        (550, "no such user", "lost"),
        (554, "no", "dead"),
    ] {
        let reply = Reply::Mail { code, text: text.to_owned(), is_recipient: false };
        assert_eq!(word(&smtp.judge(&reply)), expected, "{code} {text}");
    }
    let exec = build("exec", &[("command", "true")]).unwrap();
    for (code, expected) in [
        (Some(0), "sent"),
        (Some(1), "again"),
        (Some(65), "dead"),
        (Some(75), "again"),
        (Some(78), "lost"),
        (None, "unsure"),
    ] {
        let output = "one\nlast words".to_owned();
        let outcome = exec.judge(&Reply::Ended { code, output });
        assert_eq!(word(&outcome), expected, "{code:?}");
        assert!(code == Some(0) || format!("{outcome:?}").contains(": last words"), "{outcome:?}");
    }
}
