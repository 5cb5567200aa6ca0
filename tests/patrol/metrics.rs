//! `/metrics` of a running daemon as a whole, and the dashboard that is delivered for it.

use std::collections::BTreeSet;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::common::{INVENTORY, Province, follow, may_ping};
use super::services::{lint, metrics, web};
use tuantra::model::State;

/// From NTP's zero to Unix time's.
const SINCE_1900: Duration = Duration::from_secs(2_208_988_800);

/// Names of figures in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("tuantra_")).collect()
}

/// What the delivered dashboard asks Prometheus for: the words of its queries, wherever they are.
fn asked(value: &serde_json::Value, queries: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if matches!(name.as_str(), "expr" | "query" | "definition") => {
                        queries.push(text.to_owned());
                    }
                    _ => asked(value, queries),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| asked(value, queries)),
        _ => {}
    }
}

/// A time server on the loopback with this machine's clock.
fn time_server() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut packet = [0; 48];
        while let Ok((48, from)) = socket.recv_from(&mut packet) {
            // RFC 5905: what was sent comes back as the origin, and seconds count from 1900.
            let sent: [u8; 8] = packet[40..48].try_into().unwrap();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + SINCE_1900;
            let parts = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
            let now = (now.as_secs() << 32 | parts).to_be_bytes();
            // A synchronised server of stratum 1, version 4.
            (packet[0], packet[1]) = (0x24, 1);
            packet[24..32].copy_from_slice(&sent);
            packet[32..40].copy_from_slice(&now);
            packet[40..48].copy_from_slice(&now);
            // Whoever asked may be gone.
            let _ = socket.send_to(&packet, from);
        }
    });
    port
}

#[tokio::test]
async fn every_figure_is_there_is_well_formed_and_is_the_one_that_the_dashboard_asks_for() {
    if !may_ping() {
        return;
    }
    let web = web(Arc::new(AtomicBool::new(false)));
    let time = time_server();
    let province = Province::new();
    province.set_inventory(&format!(
        "{INVENTORY}services:
  - {{ id: web, unit: dic, name: Web, url: 'http://web.vn/', address: 127.0.0.1, \
checks: [{{ http: {{ port: {web}, text: ok }} }}] }}
  - {{ id: time, unit: dic, name: Time, address: 127.0.0.1, checks: [{{ ntp: {{ port: {time} }} }}] }}
"
    ));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = province.path("config.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    let more = format!(
        "metrics: {{ listen: '127.0.0.1:{free}' }}\n\
         sentinels: [{{ address: 127.0.8.1, control: true }}]\n"
    );
    std::fs::write(&file, config + &more).unwrap();
    let daemon = province.daemon();
    follow(&province.client(), |s| {
        let are_up = ["web", "time", "huyen.xa/tslcd"]
            .iter()
            .all(|id| s.subjects.iter().any(|s| s.id.as_str() == *id && s.now.state == State::Up));
        are_up && s.daemon.own_loss_permille.is_some() && s.daemon.written.is_some()
    })
    .await;
    let page = metrics(free);
    lint(&page);

    let heads: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let lines: String =
        page.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let with_lines: BTreeSet<&str> =
        lines.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let without: Vec<&&str> = heads.difference(&with_lines).collect();
    // Nobody here has a certificate.
    assert_eq!(
        without,
        [&"tuantra_service_certificate_remaining_seconds"],
        "{page}\n{}",
        daemon.log()
    );

    let dashboard = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("dist/grafana.json"),
    )
    .unwrap();
    let mut queries = Vec::new();
    asked(&serde_json::from_str(&dashboard).unwrap(), &mut queries);
    let queries = queries.join("\n");
    let wanted = names(&queries);
    assert!(wanted.len() >= 10, "{wanted:?}");
    let unknown: Vec<&&str> = wanted.difference(&heads).collect();
    assert!(unknown.is_empty(), "dist/grafana.json asks for {unknown:?}");
}
