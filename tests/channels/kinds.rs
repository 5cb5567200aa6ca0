//! Every kind's requests: their form, their limits, what becomes of hostile text.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tuantra::alert::channel::{Call, Channel, KINDS, Outcome, Request};

use crate::common::{
    HOSTILE_BODY, HOSTILE_TITLE, build, channel, digest, down, good_answer, http, http_cases,
    letter, post, recovered,
};
use crate::schema::{Form, Seen};
use crate::server::{Answer, Server};

const HOST: &str = "https://chat.example.vn";

/// A request as it will be on the wire.
fn seen(request: &Request) -> Seen {
    Seen {
        method: request.method.clone(),
        path: request.url.reveal().strip_prefix(HOST).unwrap().to_owned(),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.reveal().to_owned()))
            .collect::<BTreeMap<_, _>>(),
        body: request.body.clone(),
    }
}

fn shown(call: &Call) -> String {
    let request = http(call);
    let mut text = format!("{} {}\n", request.method, request.url.reveal());
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {}\n", value.reveal()));
    }
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    // What breaks words is not seen, so it is written out.
    text + "\n" + &serde_json::to_string_pretty(&body).unwrap().replace('\u{200b}', "‹U+200B›")
}

#[test]
fn every_kind_is_tried_here() {
    let mut tried: Vec<&str> = http_cases(HOST).iter().map(|case| case.1).collect();
    tried.extend(["smtp", "exec"]);
    for kind in KINDS {
        assert!(tried.contains(&kind.name), "{} is not tried", kind.name);
        let named: Vec<&str> = kind.keys.iter().map(|key| key.name).collect();
        let mut once = named.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), named.len(), "{}", kind.name);
    }
}

#[test]
fn hostile_text_stays_text() {
    for case in http_cases(HOST) {
        let channel = channel(&case);
        let notice = down();
        let calls = channel.calls(&letter(&notice, HOSTILE_TITLE, HOSTILE_BODY));
        assert_eq!(calls.len(), 1, "{}", case.0);
        Form::of(case.0).check(&seen(http(&calls[0]))).unwrap();
        insta::assert_snapshot!(format!("{}_hostile", case.0), shown(&calls[0]));
    }
}

#[test]
fn no_secret_is_shown_by_debug() {
    for case in http_cases(HOST) {
        let channel = channel(&case);
        let notice = down();
        let calls = channel.calls(&letter(&notice, "một", "hai"));
        let text = format!("{channel:?} {calls:?}");
        assert!(!text.contains("XXXXXXXX"), "{text}");
        assert!(!text.contains("AbC-dEf_1"), "{text}");
    }
}

#[test]
fn a_webhook_takes_the_shape_of_its_template() {
    let template = r#"{"text": {{ title }}, "units": [{% for u in notice.units %}{{ u.name }}{% if not loop.last %},{% endif %}{% endfor %}], "since": {{ notice.since }}, "key": {{ key }}}"#;
    let channel = build(
        "webhook",
        &[("url", "https://x.example.vn/"), ("method", "PUT"), ("body", template)],
    )
    .unwrap();
    let notice = down();
    let calls = channel.calls(&letter(&notice, HOSTILE_TITLE, HOSTILE_BODY));
    insta::assert_snapshot!("webhook_template", shown(&calls[0]));
}

#[test]
fn a_template_that_fails_at_night_loses_no_message() {
    // Fine for the samples, a failure or no JSON for a notice with more than a few units.
    for template in [
        r#"{% if notice.units_count > 2 %}{{ notice.units | no_such_thing }}{% endif %}{}"#,
        r#"{% if notice.units_count > 2 %}{{ 1 // 0 }}{% endif %}{}"#,
        r#"{% if notice.units_count > 2 %}no JSON{% endif %}{}"#,
    ] {
        let values = [("url", "https://x.example.vn/"), ("body", template)];
        let channel = build("webhook", &values).unwrap();
        let mut notice = down();
        notice.units_count = 24;
        let calls = channel.calls(&letter(&notice, "một", "hai"));
        let body: serde_json::Value = serde_json::from_slice(&http(&calls[0]).body).unwrap();
        assert_eq!(body["version"], "4");
    }
    // Nor does one that never ends.
    let endless =
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}{}";
    let mistake =
        build("webhook", &[("url", "https://x.example.vn/"), ("body", endless)]).unwrap_err();
    assert_eq!(mistake.message.key, "channel.bad_template");
}

#[test]
fn a_digest_of_thousands_is_told_in_webhooks_of_a_megabyte() {
    let cases = http_cases(HOST);
    let case = cases.iter().find(|case| case.0 == "webhook").unwrap();
    let notice = digest(3_000);
    let calls = channel(case).calls(&letter(&notice, "3.000 vụ việc", "…"));
    assert!(calls.len() > 1);
    let mut alerts = 0;
    for call in &calls {
        Form::of("webhook").check(&seen(http(call))).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&http(call).body).unwrap();
        alerts += body["alerts"].as_array().unwrap().len();
    }
    assert_eq!(alerts, 3_000);
    insta::assert_snapshot!("webhook_recovered", {
        let notice = recovered();
        shown(&channel(case).calls(&letter(&notice, "ĐÃ CÓ LẠI", "mất 21 phút"))[0])
    });
}

#[test]
fn a_key_is_the_same_for_ever_and_another_for_every_part() {
    let cases = http_cases(HOST);
    let long = "Xã An Cư\n".repeat(9_000);
    for name in ["matrix", "webhook"] {
        let case = cases.iter().find(|case| case.0 == name).unwrap();
        let notice = if name == "webhook" { digest(3_000) } else { down() };
        let body = if name == "webhook" { "" } else { long.as_str() };
        let key = |call: &Call| {
            let request = http(call);
            match request.headers.iter().find(|(name, _)| name == "Idempotency-Key") {
                Some((_, key)) => key.reveal().to_owned(),
                None => request.url.reveal().to_owned(),
            }
        };
        let keys = || -> Vec<String> {
            channel(case).calls(&letter(&notice, "MẤT", body)).iter().map(key).collect()
        };
        let first = keys();
        assert!(first.len() > 1, "{name}");
        assert_eq!(first, keys());
        let mut once = first.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), first.len());
    }
}

#[test]
fn a_signature_is_of_the_time_and_the_body() {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let cases = http_cases(HOST);
    let case = cases.iter().find(|case| case.0 == "webhook").unwrap();
    let notice = down();
    let calls = channel(case).calls(&letter(&notice, "MẤT", "…"));
    let request = http(&calls[0]);
    let header = |wanted: &str| {
        let found = request.headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.reveal().to_owned()).unwrap()
    };
    assert_eq!(header("X-Timestamp"), "1764115200");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"shared-XXXXXXXX").unwrap();
    mac.update(b"1764115200.");
    mac.update(&request.body);
    let expected: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(header("X-Signature"), format!("sha256={expected}"));
}

#[test]
fn what_is_sent_is_what_arrives() {
    let server = Server::start(vec![Answer::full(500, "")]);
    let post = post();
    for case in http_cases(&server.url()) {
        let (status, body) = good_answer(case.0);
        server.answer(vec![Answer::full(status, body)]);
        let channel = channel(&case);
        let notice = down();
        let long = "Xã Tân Bình, ".repeat(2_000);
        let calls = channel.calls(&letter(&notice, "MẤT KẾT NỐI", &long));
        assert_eq!(calls.len() > 1, !matches!(case.0, "webhook"), "{}", case.0);
        for call in &calls {
            let outcome = channel.judge(&post.make(call));
            assert_eq!(outcome, Outcome::Sent, "{}", case.0);
        }
        let arrived = server.seen();
        assert_eq!(arrived.len(), calls.len());
        for (arrived, call) in arrived.iter().zip(&calls) {
            Form::of(case.0).check(arrived).unwrap();
            assert_eq!(arrived.body, http(call).body);
            assert!(arrived.headers["user-agent"].starts_with("tuantra/"));
        }
        let last = String::from_utf8_lossy(&arrived.last().unwrap().body).into_owned();
        let mark = format!("({}/{})", calls.len(), calls.len());
        assert!(calls.len() == 1 || last.contains(&mark), "{last}");
    }
}

/// Text in which every character that means something to a service is common.
fn words() -> impl Strategy<Value = String> {
    "([a-zàảãáạăâđêếộơư0-9<>&\"'*_~`#@\\\\|\\[\\]().:;/ -]|😀|\u{301}|\n|, ){0,400}"
}

fn check_limits(
    cases: &[(Form, Box<dyn Channel>)],
    title: &str,
    body: &str,
) -> Result<(), TestCaseError> {
    let notice = down();
    for (form, channel) in cases {
        for call in channel.calls(&letter(&notice, title, body)) {
            form.check(&seen(http(&call))).map_err(TestCaseError::fail)?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_breaks_a_form_or_a_limit(title in "[^\n]{1,120}", body in words(), times in 1_usize..60) {
        let cases: Vec<_> =
            http_cases(HOST).iter().map(|case| (Form::of(case.0), channel(case))).collect();
        check_limits(&cases, &title, &body.repeat(times))?;
    }

    #[test]
    fn nor_does_a_title_without_an_end(title in "[a-zđ<>&*_@\"\\\\ 😀]{100,6000}", body: String) {
        let cases: Vec<_> =
            http_cases(HOST).iter().map(|case| (Form::of(case.0), channel(case))).collect();
        check_limits(&cases, &title, &body)?;
    }
}
