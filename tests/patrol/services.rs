//! Services patrolled by the real daemon, and what it gives to Prometheus.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tuantra::api::Snapshot;
use tuantra::model::{RoundError, ServiceTrouble, State};

use super::common::{INVENTORY, Province, follow, may_ping, skip};

/// A web server that answers 200 or, while it is ill, 503.
pub fn web(is_ill: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut heard = Vec::new();
            let mut byte = [0];
            while !heard.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                heard.push(byte[0]);
            }
            let status = if is_ill.load(Ordering::Relaxed) { "503 Ill" } else { "200 OK" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nok");
            // Whoever asked may be gone.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

pub fn metrics(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let ask = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    body.to_owned()
}

/// What Prometheus' own checker says; nothing where it is not installed.
pub fn lint(page: &str) {
    let checker = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut checker) = checker else { return skip("promtool is not installed") };
    checker.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let said = checker.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success() && words.is_empty(), "{words}");
}

#[tokio::test]
async fn a_service_goes_down_for_a_reason_and_prometheus_is_told() {
    if !may_ping() {
        return;
    }
    let is_ill = Arc::new(AtomicBool::new(false));
    let port = web(Arc::clone(&is_ill));
    let province = Province::new();
    province.set_inventory(&format!(
        "{INVENTORY}services:
  - {{ id: web, unit: dic, name: Web, url: 'http://web.vn/', address: 127.0.0.1, \
checks: [{{ http: {{ port: {port}, text: ok }} }}] }}
"
    ));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = province.path("config.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{config}metrics: {{ listen: '127.0.0.1:{free}' }}\n")).unwrap();
    let _daemon = province.daemon();
    let client = province.client();
    let web_is = |state: State| {
        move |s: &Snapshot| {
            s.subjects.iter().any(|s| s.id.as_str() == "web" && s.now.state == state)
        }
    };
    follow(&client, web_is(State::Up)).await;
    let page = metrics(free);
    lint(&page);
    let has = |line: &str| page.lines().any(|l| l.starts_with(line));
    assert!(has(r#"tuantra_subject_state{subject="web",kind="service",unit="dic"} 0"#), "{page}");
    assert!(
        has(r#"tuantra_service_phase_seconds{subject="web",check="1",phase="wait"}"#),
        "{page}"
    );
    assert!(
        has(
            r#"tuantra_coverage_units{unit="tinh",network="tslcd",tier="commune",rung="required"} 1"#
        ),
        "{page}"
    );

    is_ill.store(true, Ordering::Relaxed);
    let down = follow(&client, web_is(State::Down)).await;
    let web = down.subjects.iter().find(|s| s.id.as_str() == "web").unwrap();
    assert_eq!(web.now.trouble, Some(RoundError::Service(ServiceTrouble::Status(503))));
    let page = metrics(free);
    lint(&page);
    assert!(page.contains(r#"tuantra_subjects{kind="service",state="down"} 1"#), "{page}");
    is_ill.store(false, Ordering::Relaxed);
    follow(&client, web_is(State::Up)).await;
}
