//! Prometheus' Alertmanager: takes what a template makes for it, and calls webhooks in the shape
//! that is our default.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tuantra::alert::channel::Outcome;
use tuantra::alert::{Notice, Severity, Topic};

use crate::common::{build, channel, down, http, http_cases, letter, post, recovered, skip};
use crate::schema::{Form, Seen};
use crate::server::{Answer, Server};

/// Alerts as Alertmanager's API takes them.
const TEMPLATE: &str = r#"[{
  "labels": {"alertname": "Tuantra", "incident": {{ notice.incident }}, "unit": {{ notice.subject.unit.id }}},
  "annotations": {"summary": {{ title }}, "description": {{ body }}},
  {% if notice.until %}"endsAt": {{ notice.until }},{% endif %}
  "startsAt": {{ notice.since }}
}]"#;

/// Ends it, whatever becomes of the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn it_takes_ours_and_calls_like_us() {
    let Some(program) = ["/usr/bin/prometheus-alertmanager", "/usr/bin/alertmanager"]
        .into_iter()
        .find(|path| Path::new(path).exists())
    else {
        return skip("prometheus-alertmanager is not installed");
    };
    let receiver = Server::start(vec![Answer::full(200, "")]);
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "route: {{receiver: us, group_wait: 0s, group_by: [incident]}}\n\
         receivers: [{{name: us, webhook_configs: [{{url: '{}/hook'}}]}}]\n",
        receiver.url()
    );
    std::fs::write(folder.path().join("am.yml"), config).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = Command::new(program)
        .arg(format!("--config.file={}", folder.path().join("am.yml").display()))
        .arg(format!("--storage.path={}", folder.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let running = Running(child);
    let mut line = String::new();
    while !line.contains("Listening on") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended");
    }
    let drain = std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));

    let url = format!("http://127.0.0.1:{port}/api/v2/alerts");
    let ours = build("webhook", &[("url", &url), ("body", TEMPLATE)]).unwrap();
    let notice = down();
    let calls = ours.calls(&letter(&notice, "MẤT KẾT NỐI: \"Cái Bè\"", "Xã An Cư"));
    let reply = post().make(&calls[0]);
    assert_eq!(ours.judge(&reply), Outcome::Sent, "{reply:?}");

    // What it calls us with has the shape that we call others with, and both the published one.
    let theirs = receiver.wait();
    drop(running);
    drain.join().unwrap().unwrap();
    let cases = http_cases("https://chat.example.vn");
    let case = cases.iter().find(|case| case.0 == "webhook").unwrap();
    let ours = channel(case).calls(&letter(&recovered(), "ĐÃ CÓ LẠI", "…"));
    let request = http(&ours[0]);
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.reveal().to_owned()))
        .collect();
    // Theirs is held against the form with our headers: they have none of these.
    let form = Form::of("webhook");
    form.check(&Seen { headers, ..theirs.clone() }).unwrap();
    let theirs: Value = serde_json::from_slice(&theirs.body).unwrap();
    let ours: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(keys(&ours), keys(&theirs));
    assert_eq!(keys(&ours["alerts"][0]), keys(&theirs["alerts"][0]));
    assert_eq!(theirs["alerts"][0]["annotations"]["summary"], "MẤT KẾT NỐI: \"Cái Bè\"");
    assert_eq!(theirs["alerts"][0]["endsAt"], "0001-01-01T00:00:00Z");
}

/// What a webhook without a body of its own is called with.
fn called(notice: &Notice) -> Value {
    let ours = build("webhook", &[("url", "https://chat.example.vn/hook")]).unwrap();
    let mut letter = letter(notice, "MẤT", "Xã An Cư");
    // Every letter has a key of its own.
    let key = format!("key-of-{:?}", notice.topic);
    letter.key = &key;
    serde_json::from_slice(&http(&ours.calls(&letter)[0]).body).unwrap()
}

#[test]
fn what_is_over_is_known_for_what_was_told() {
    let lost = Notice {
        topic: Topic::ChannelLost,
        severity: Severity::Down,
        incident: None,
        subject: None,
        through: Some("duty".to_owned()),
        ..down()
    };
    let back = Notice { topic: Topic::ChannelBack, severity: Severity::Degraded, ..lost.clone() };
    // How bad it was is not how bad it is.
    let over = Notice { severity: Severity::Degraded, ..recovered() };
    for (name, open, over) in
        [("TuantraIncident", down(), over), ("TuantraChannel", lost.clone(), back)]
    {
        let (open, over) = (called(&open), called(&over));
        assert_eq!((&open["status"], &over["status"]), (&"firing".into(), &"resolved".into()));
        assert_eq!(open["groupKey"], over["groupKey"]);
        let (open, over) = (&open["alerts"][0], &over["alerts"][0]);
        assert_eq!(open["labels"]["alertname"], name);
        assert_eq!(open["labels"], over["labels"]);
        assert_eq!(open["fingerprint"], over["fingerprint"]);
        assert_ne!(open["annotations"]["severity"], over["annotations"]["severity"]);
    }
    let other = Notice { through: Some("mail".to_owned()), ..lost.clone() };
    let fingerprint = |notice| called(notice)["alerts"][0]["fingerprint"].clone();
    assert_ne!(fingerprint(&lost), fingerprint(&other));
    // A test leaves nothing behind that fires for ever.
    let test = Notice { topic: Topic::Test, incident: None, subject: None, ..down() };
    let test = called(&test);
    assert_eq!(
        (&test["status"], &test["alerts"][0]["status"]),
        (&"resolved".into(), &"resolved".into())
    );
    assert_ne!(test["alerts"][0]["endsAt"], "0001-01-01T00:00:00Z");
}
