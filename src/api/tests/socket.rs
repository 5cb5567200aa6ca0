//! The protocol over a real Unix socket: a client of ours, and one that nobody of ours would be.

use super::backend::{Fixed, explanation};
use super::*;

#[tokio::test]
async fn storm_mode_is_ordered_by_its_unit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let backend = Fixed { live: broadcast::Sender::new(4), asked: Mutex::default() };
    let server = tokio::spawn(serve(UnixListener::bind(&path).unwrap(), Arc::new(backend)));
    let client = Client::new(path);
    let order = |for_ms| StormRequest { for_ms: Some(for_ms), until: None, note: " Bão ".into() };
    let (new, is_new) = client.storm(&unit_id(0), &order(500)).await.unwrap();
    assert!(is_new);
    assert_eq!((new.unit, new.until, &*new.note), (unit_id(0), UnixMs(1_500), "Bão"));
    assert!(!client.storm(&unit_id(1), &order(500)).await.unwrap().1, "it was on already");
    let refused = client.storm(&unit_id(0), &order(-1)).await;
    assert!(matches!(refused, Err(ClientError::Refused(p)) if p.error == "bad_until"));
    assert_eq!(client.end_storm(&unit_id(0)).await.unwrap().unit, unit_id(0));
    let over = client.end_storm(&unit_id(2)).await;
    assert!(
        matches!(over, Err(ClientError::Refused(p)) if p.by.as_deref() == Some("minh")),
        "who has ended it is told"
    );
    assert_eq!(client.storms().await.unwrap(), Vec::new());
    server.abort();
}

#[tokio::test]
async fn lines_of_the_log_are_asked_for_within_limits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let backend = Fixed { live: broadcast::Sender::new(4), asked: Mutex::default() };
    let listener = UnixListener::bind(&path).unwrap();
    let server = tokio::spawn(serve(listener, Arc::new(backend)));
    let client = Client::new(path);
    let window = Span::new(UnixMs(1_000), UnixMs(2_000));
    let found = client.events(window, 7).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].at, &found[0].detail["limit"]), (UnixMs(2_000), &7.into()));
    for (window, limit) in
        [(window, 0), (window, EVENTS_MAX + 1), (Span::new(UnixMs(1), UnixMs(1)), 5)]
    {
        let refused = client.events(window, limit).await;
        assert!(matches!(refused, Err(ClientError::Refused(p)) if p.error == "bad_window"));
    }
    let asks = |count: u16| {
        let subjects = (0..count).map(|_| subject_id(0)).collect();
        let client = client.clone();
        async move { client.ask_now(&AskRequest { subjects }).await }
    };
    assert_eq!(asks(3).await.unwrap(), AskedNow { addresses: 3, ..AskedNow::default() });
    for count in [0, 101] {
        let refused = asks(count).await;
        assert!(matches!(refused, Err(ClientError::Refused(p)) if p.error == "bad_request"));
    }
    server.abort();
}

#[tokio::test]
async fn a_client_gets_a_snapshot_then_changes_then_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let missing = Client::new(path.clone()).snapshot().await;
    assert!(matches!(missing, Err(ClientError::Connect { .. })));

    let live = broadcast::Sender::new(4);
    let backend = Arc::new(Fixed { live: live.clone(), asked: Mutex::default() });
    let listener = UnixListener::bind(&path).unwrap();
    let shared: Arc<dyn Backend> = Arc::clone(&backend) as Arc<dyn Backend>;
    let server = tokio::spawn(serve(listener, shared));
    let client = Client::new(path);
    assert_eq!(client.snapshot().await.unwrap(), sample());

    let stale = client.changes(3).await;
    assert!(matches!(stale, Err(ClientError::Refused(p)) if p.error == "too_old"));
    let mut changes = client.changes(7).await.unwrap();
    assert_eq!(changes.next().await.unwrap(), Some(change(8)));
    live.send(Arc::new(change(9))).unwrap();
    assert_eq!(changes.next().await.unwrap(), Some(change(9)));

    let window = Span::new(UnixMs(0), UnixMs(1000));
    let refused = client.history(&subject_id(1), window, 10).await;
    assert!(matches!(refused, Err(ClientError::Refused(p)) if p.error == "unknown_subject"));
    assert_eq!(backend.asked.lock().unwrap()[0].window, window);
    let refused = client.history(&subject_id(1), window, 0).await;
    assert!(matches!(refused, Err(ClientError::Refused(p)) if p.error == "bad_window"));
    assert_eq!(
        client.reload().await.unwrap(),
        Reloaded { subjects: 3, warnings: 0, lost: vec![lost()] }
    );

    drop(live);
    drop(backend);
    server.abort();
    let _ = server.await;
}

#[tokio::test]
async fn a_reader_that_lags_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let live = broadcast::Sender::new(1);
    let backend = Arc::new(Fixed { live: live.clone(), asked: Mutex::default() });
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(serve(listener, backend));
    let mut changes = Client::new(path).changes(7).await.unwrap();
    assert!(changes.next().await.unwrap().is_some());
    for seq in 9..20 {
        live.send(Arc::new(change(seq))).unwrap();
    }
    let mut last = 8;
    while let Some(change) = changes.next().await.unwrap() {
        assert_eq!(change.seq, last + 1, "never a gap without an end");
        last = change.seq;
    }
}

/// A server of its own and where it listens.
fn serve_fixed(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("t.sock");
    let backend = Fixed { live: broadcast::Sender::new(1), asked: Mutex::default() };
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(serve(listener, Arc::new(backend)));
    path
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Problem {
    match answer {
        Err(ClientError::Refused(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn messages_are_retried_and_outages_noted_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(serve_fixed(&folder));
    let ask = |message: &str, action| OutboxRequest { message: message.to_owned(), action };
    let done = client.outbox(&ask("known:1", OutboxAction::Retry)).await.unwrap();
    assert_eq!(done.message, "known:1");
    let note = |start| NoteRequest {
        subject: subject_id(0),
        start: UnixMs(start),
        cause: crate::model::Cause::Power,
        note: " mất điện ".into(),
    };
    let noted = client.note(&note(10_000)).await.unwrap();
    assert_eq!((noted.note.as_str(), noted.cause.as_str()), ("mất điện", "power"));
    assert_eq!(refusal(client.note(&note(0)).await).error, "unknown_outage");
    let sent = refusal(client.outbox(&ask("known:1", OutboxAction::Drop)).await);
    assert_eq!(sent.error, "not_possible");
    let unknown = refusal(client.outbox(&ask("?", OutboxAction::Retry)).await);
    assert_eq!(unknown.error, "unknown_message");
}

#[tokio::test]
async fn commands_carry_the_user_that_the_kernel_names() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(serve_fixed(&folder));
    let ask = |subject| AckRequest {
        subject,
        note: " gọi VNPT ".into(),
        for_ms: Some(60_000),
        until: None,
    };
    let done = client.acknowledge(&ask(subject_id(0))).await.unwrap();
    let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder.path()).unwrap());
    assert_eq!(done.ack.by, User::look_up(uid, uid).name);
    assert_eq!((done.ack.note.as_str(), done.ack.until), ("gọi VNPT", Some(UnixMs(61_000))));
    let taken = refusal(client.acknowledge(&ask(subject_id(1))).await);
    assert_eq!(
        (taken.error.as_str(), taken.by.as_deref(), taken.at),
        ("already_acknowledged", Some("minh"), Some(UnixMs(5_000)))
    );

    let request = WorkRequest {
        on: WorkedOn::Unit(unit_id(1)),
        from: UnixMs(0),
        to: UnixMs(9_000),
        every: None,
        note: "cáp".into(),
    };
    let slashed = Id::new("u1/tslcd-1").unwrap();
    let (work, is_new) = client.announce(&slashed, &request).await.unwrap();
    assert_eq!(
        (work.id, work.note.as_str(), work.on, is_new),
        (slashed, "cáp", request.on.clone(), true)
    );
    let known = Id::new("known").unwrap();
    assert!(!client.announce(&known, &request).await.unwrap().1);
    let over = WorkRequest { to: UnixMs(500), ..request };
    assert_eq!(refusal(client.announce(&known, &over).await).error, "bad_window");
    let ended = client.end_maintenance(&Id::new("cai-be/tslcd-1").unwrap()).await.unwrap();
    assert_eq!(ended.id.as_str(), "cai-be/tslcd-1");
    assert_eq!(refusal(client.end_maintenance(&known).await).error, "unknown_maintenance");
    assert_eq!(client.maintenance().await.unwrap().len(), 1);
    let drifts = client.drifts().await.unwrap();
    assert_eq!(
        (drifts.heard, drifts.rows[0].what, drifts.rows[0].fit),
        (3, What::Speed, Fit::Differs)
    );
    assert_eq!(drifts.rows[0].port.as_deref(), Some("wan"));
    let window = Span::new(UnixMs(0), UnixMs(1_000));
    assert_eq!(client.closed(window).await.unwrap(), []);
    assert_eq!(client.loads(window).await.unwrap(), []);
    let never = Span::new(UnixMs(1_000), UnixMs(1_000));
    assert_eq!(refusal(client.closed(never).await).error, "bad_window");
    let long = Span::new(UnixMs(0), UnixMs(WINDOW_MAX_MS + 1));
    assert_eq!(refusal(client.loads(long).await).error, "bad_window");
    assert_eq!(refusal(client.closed(long).await).error, "bad_window");
    let query = LostQuery {
        unit: Some(unit_id(1)),
        network: NetworkId::new("tslcd").unwrap(),
        edges: vec![UnixMs(0), UnixMs(1_000)],
    };
    let rows = client.lost(&query).await.unwrap();
    assert_eq!((rows[0].unit.clone(), rows[0].units, rows[0].slots[0].lost_ms), (unit_id(1), 3, 5));
    let roots = LostQuery { unit: None, ..query.clone() };
    assert_eq!(refusal(client.lost(&roots).await).error, "unknown_network");
    let many: Vec<UnixMs> = (0..202).map(UnixMs).collect();
    let long = vec![UnixMs(0), UnixMs(33 * 86_400_000)];
    for edges in [vec![UnixMs(5)], vec![UnixMs(5), UnixMs(5)], many, long] {
        let bad = LostQuery { edges, ..query.clone() };
        assert_eq!(refusal(client.lost(&bad).await).error, "bad_window");
    }
    let heir = client.heir("a/tslcd@1970-01-01T00:00:00Z").await.unwrap();
    assert_eq!(heir.incident, Some(IncidentId::new("b/tslcd", UnixMs(0))));
    assert_eq!(client.heir("c/tslcd@1970-01-01T00:00:00Z").await.unwrap().incident, None);
    let why = client.explain(&subject_id(2)).await.unwrap();
    assert_eq!(why, explanation(subject_id(2)));
}

/// What comes back for bytes that no client of ours would send.
async fn raw(path: &std::path::Path, request: &str) -> (String, Problem) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::UnixStream::connect(path).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that has answered may reset what is still on its way to it.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    let status = head.split(' ').nth(1).unwrap().to_owned();
    (status, serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {body:?}")))
}

#[tokio::test]
async fn what_cannot_be_understood_is_told_in_one_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = serve_fixed(&folder);
    let asked = async |method: &str, target: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let (status, problem) = raw(&path, &request).await;
        (status, problem.error, problem.message)
    };
    let told = async |method, target, body| {
        let (status, error, _) = asked(method, target, body).await;
        format!("{status} {error}")
    };
    assert_eq!(told("POST", "/v1/ack", "{").await, "400 bad_request");
    assert_eq!(told("POST", "/v1/ack", r#"{"subject":"Cái Bè"}"#).await, "400 bad_request");
    let (_, _, message) = asked("POST", "/v1/ack", "{\"subject\":\"a\",\"\u{202e}x\":1}").await;
    assert!(message.contains("‹U+202E›x"), "{message}");
    let escape = r#"{"subject":"u0/tslcd","note":"a\u001b[2J"}"#;
    assert_eq!(told("POST", "/v1/ack", escape).await, "400 bad_note");
    let taken = r#"{"subject":"u1/tslcd"}"#;
    assert_eq!(told("POST", "/v1/ack", taken).await, "409 already_acknowledged");
    let large = format!(r#"{{"subject":"a","note":"{}"}}"#, "x".repeat(17 << 10));
    assert_eq!(told("POST", "/v1/ack", &large).await, "413 too_large");
    for (body, answer) in [
        (r#"{"message":"?","action":"drop"}"#, "404 unknown_message"),
        (r#"{"message":"known:1","action":"drop"}"#, "409 not_possible"),
        (r#"{"message":"?","action":"burn"}"#, "400 bad_request"),
    ] {
        assert_eq!(told("POST", "/v1/outbox", body).await, answer);
    }
    assert_eq!(told("PUT", "/v1/maintenance/A", "{}").await, "400 bad_request");
    let work = r#"{"on":{"unit":"u1"},"from":"1970-01-01T00:00:00Z","to":"1970-01-01T01:00:00Z"}"#;
    assert_eq!(told("PUT", "/v1/maintenance/C%C3%A1i", work).await, "400 bad_id");
    assert_eq!(told("DELETE", "/v1/maintenance/gone", "").await, "404 unknown_maintenance");
    assert_eq!(told("GET", "/v1/explain?subject=A", "").await, "400 bad_subject");
    assert_eq!(told("GET", "/v1/nothing", "").await, "404 unknown_path");
    let no_times = "/v1/lost?network=tslcd&edges=x,y";
    assert_eq!(told("GET", no_times, "").await, "400 bad_window");
    let no_network = "/v1/lost?network=T&edges=1970-01-01T00:00:00Z,1970-01-01T01:00:00Z";
    assert_eq!(told("GET", no_network, "").await, "404 unknown_network");
    let no_unit = "/v1/lost?network=tslcd&unit=T&edges=1970-01-01T00:00:00Z,1970-01-01T01:00:00Z";
    assert_eq!(told("GET", no_unit, "").await, "404 unknown_unit");
}

#[tokio::test]
async fn parts_and_wholes_come_in_pieces_and_are_what_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let backend = Fixed { live: broadcast::Sender::new(4), asked: Mutex::default() };
    let server = tokio::spawn(serve(UnixListener::bind(&path).unwrap(), Arc::new(backend)));
    let client = Client::new(path);
    assert_eq!(client.overview().await.unwrap(), sample_overview());
    assert_eq!(client.snapshot().await.unwrap(), sample());
    let body = client.subjects(5, 1).await.unwrap();
    let page = body.page().unwrap();
    let ids: Vec<&str> = page.subjects.iter().map(|row| &*row.id).collect();
    assert_eq!((page.from, page.seq, ids), (1, 7, vec!["u1/tslcd", "u2/tslcd"]));
    assert_eq!(page.thresholds, [HealthParams::default()]);
    let other = client.subjects(6, 0).await;
    assert!(matches!(other, Err(ClientError::Refused(p)) if p.error == "other_inventory"));
    server.abort();
}
