//! The real binary taking an incident and announcing work, as an operator would.

use serde_json::Value;
use tuantra::api::{Client, ClientError, Snapshot};
use tuantra::model::{Id, Span, State, StormOver, UnixMs, WorkHours};
use tuantra::store::{EventKind, Reader};

use super::common::{INVENTORY, Province, follow, may_ping};

/// Nobody answers there: the addresses are set aside for documentation.
fn province() -> Province {
    let province = Province::new();
    province.set_inventory(
        &INVENTORY
            .replace("127.0.1.1 }", "203.0.113.1, carrier: vnpt }")
            .replace("units:\n", "carriers: [ { id: vnpt, name: VNPT } ]\nunits:\n"),
    );
    province
}

fn is_down(snapshot: &Snapshot) -> bool {
    snapshot.incidents.iter().any(|i| i.root.as_str() == "huyen/tslcd" && i.state == State::Down)
}

/// Exit code, standard output, standard error.
fn run(province: &Province, args: &[&str]) -> (Option<i32>, String, String) {
    let output = province.command(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(province: &Province, args: &[&str]) -> Value {
    let (code, out, err) = run(province, args);
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).unwrap()
}

async fn refusal(client: &Client, id: &str) -> String {
    match client.end_maintenance(&Id::new(id).unwrap()).await {
        Err(ClientError::Refused(problem)) => problem.error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_incident_is_taken_once_and_everybody_sees_by_whom() {
    if !may_ping() {
        return;
    }
    let province = province();
    let (code, _, complaint) = run(&province, &["ack", "huyen"]);
    assert_eq!(code, Some(4), "{complaint}");
    let daemon = province.daemon();
    let client = province.client();
    follow(&client, is_down).await;
    let (code, _, complaint) = run(&province, &["ack", "dic/core-router-1"]);
    assert_eq!(code, Some(1), "{complaint}");
    let (code, _, complaint) = run(&province, &["ack", "nowhere"]);
    assert_eq!(code, Some(2), "{complaint}");
    let (code, _, complaint) = run(&province, &["ack", "huyen", "--note", "a\u{1b}[2J"]);
    assert_eq!(code, Some(2), "{complaint}");

    let taken = json(
        &province,
        &["ack", "Huyện Một", "--note", "VNPT đang sửa", "--for", "2h", "--format", "json"],
    );
    assert_eq!(taken["name"], "Huyện Một");
    assert_eq!(taken["incident"]["root"], "huyen/tslcd");
    let by = taken["incident"]["ack"]["by"].as_str().unwrap();
    let seen = follow(&client, |s| s.incidents.iter().any(|i| i.ack.is_some())).await;
    let ack = seen.incidents.iter().find_map(|i| i.ack.as_ref()).unwrap();
    assert_eq!((ack.by.as_str(), ack.note.as_str()), (by, "VNPT đang sửa"));
    assert_eq!(ack.until.unwrap().since(ack.at), 7_200_000);
    let (code, _, complaint) = run(&province, &["ack", "huyen/tslcd"]);
    assert_eq!(code, Some(1));
    assert!(complaint.contains(by), "{complaint}");
    let (_, status, _) = run(&province, &["status"]);
    assert!(status.contains(by), "{status}");

    // Why: the daemon says it while it runs, and the store afterwards.
    let explained = |source: &str| {
        let why = json(&province, &["explain", "huyen", "--format", "json"]);
        assert_eq!((&why["source"], &why["state"]), (&source.into(), &"down".into()), "{why}");
        assert_eq!((&why["rule"], &why["ack"]["by"]), (&"confirmed".into(), &by.into()), "{why}");
        assert_eq!(why["incident"], taken["incident"]["id"]);
        assert!(why["last_rounds"].as_array().is_some_and(|rounds| !rounds.is_empty()), "{why}");
        let (code, text, complaint) = run(&province, &["explain", "huyen/tslcd"]);
        assert_eq!(code, Some(0), "{complaint}");
        assert!(text.starts_with("× huyen/tslcd: down since "), "{text}");
    };
    explained("daemon");
    daemon.signal("-TERM");
    drop(daemon);
    explained("store");
    let reader = Reader::open(&province.path("tuantra.db")).unwrap();
    let kept = reader.open_incidents().unwrap();
    assert_eq!(kept.iter().filter_map(|k| k.ack.as_ref()).collect::<Vec<_>>(), [ack]);
    let all = Span::new(UnixMs(0), UnixMs(i64::MAX));
    let events = reader.events(all, 1_000).unwrap();
    let taken: Vec<_> = events.iter().filter(|e| e.event.kind == EventKind::Acknowledged).collect();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].event.detail["user"], by);
    assert!(taken[0].event.detail["uid"].is_u64());
}

#[tokio::test]
async fn who_is_asked_now_is_told_with_what_he_answers() {
    if !may_ping() {
        return;
    }
    let province = province();
    let (code, _, complaint) = run(&province, &["ask", "huyen"]);
    assert_eq!(code, Some(4), "{complaint}");
    let _daemon = province.daemon();
    let client = province.client();
    let before = follow(&client, is_down).await;
    let last = |snapshot: &Snapshot, id: &str| {
        snapshot.subjects.iter().find(|s| s.id.as_str() == id).and_then(|s| s.now.last_round)
    };
    // One answers, one does not, and each is told with a round that is newer than the question.
    let words = ["ask", "dic/core-router-1", "huyen/tslcd", "--format", "json"];
    let (code, out, complaint) = run(&province, &words);
    assert_eq!(code, Some(1), "{complaint}");
    let asked: Value = serde_json::from_str(&out).unwrap();
    let answers = asked["answers"].as_array().unwrap();
    let told = |n: usize| (answers[n]["subject"].as_str(), answers[n]["answered"].as_bool());
    assert_eq!(told(0), (Some("dic/core-router-1"), Some(true)), "{asked}");
    assert_eq!(told(1), (Some("huyen/tslcd"), Some(false)), "{asked}");
    assert!(answers[0]["rtt_us"].is_u64() && answers[1]["rtt_us"].is_null(), "{asked}");
    for answer in answers {
        let at: UnixMs = serde_json::from_value(answer["at"].clone()).unwrap();
        assert!(Some(at) > last(&before, answer["subject"].as_str().unwrap()), "{asked}");
    }
    let (code, text, complaint) = run(&province, &["ask", "dic/core-router-1"]);
    assert_eq!(code, Some(0), "{complaint}");
    assert!(text.contains("● dic/core-router-1  up  answered, "), "{text}");
    let (code, text, _) = run(&province, &["ask", "huyen/tslcd", "--wait", "0s"]);
    assert_eq!((code, text.lines().count()), (Some(0), 1), "{text}");
    // Nobody has answered after so short a time: that is no error of the command's.
    let (code, text, _) = run(&province, &["ask", "huyen/tslcd", "--wait", "1ms"]);
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(run(&province, &["ask", "huyen/tslcd", "--wait", "1d"]).0, Some(2));
    assert_eq!(run(&province, &["ask", "nowhere"]).0, Some(2));
}

#[tokio::test]
async fn work_is_announced_listed_ended_and_outlives_the_daemon() {
    if !may_ping() {
        return;
    }
    let province = province();
    let mut daemon = province.daemon();
    let client = province.client();
    follow(&client, is_down).await;
    let add = ["maintenance", "add", "huyen", "--for", "4h", "--note", "cáp mới"];
    let add = |id: &'static str| -> Vec<&str> { [&add[..], &["--id", id]].concat() };
    let (code, text, complaint) = run(&province, &add("huyen-1"));
    assert_eq!(code, Some(0), "{complaint}");
    assert!(text.contains("Huyện Một (huyen) with all beneath: 5 subjects"), "{text}");
    follow(&client, |s| s.incidents.iter().any(|i| i.planned)).await;

    let coming = [
        "maintenance",
        "add",
        "--carrier",
        "vnpt",
        "--from",
        "2126-11-27T22:00",
        "--to",
        "2126-11-28",
        "--note",
        "lõi",
        "--format",
        "json",
    ];
    let announced = json(&province, &coming);
    assert_eq!((&announced["new"], &announced["work"]["subjects"]), (&true.into(), &1.into()));
    assert_eq!(announced["work"]["id"], "vnpt-21261127-2200");
    assert_eq!(json(&province, &coming)["new"], false, "the same command announces once");
    for (wrong, code) in [
        (&["--from", "2020-01-01", "--for", "1h"][..], 2),
        (&["--from", "2126-01-01", "--for", "91d"], 2),
        (&["--from", "yesterday", "--for", "1h"], 2),
        (&["--for", "4"], 2),
    ] {
        let args = [&["maintenance", "add", "--unit", "huyen", "--note", "x"][..], wrong].concat();
        assert_eq!(run(&province, &args).0, Some(code), "{wrong:?}");
    }

    // Both are there after a crash, and what is ended stays ended.
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    daemon = province.daemon();
    follow(&client, |_| true).await;
    let ids = |list: &Value| -> Vec<String> {
        let works = list["works"].as_array().unwrap();
        works.iter().map(|w| w["id"].as_str().unwrap().to_owned()).collect()
    };
    let list = json(&province, &["maintenance", "list", "--format", "json"]);
    assert_eq!(ids(&list), ["huyen-1", "vnpt-21261127-2200"]);
    let (code, text, complaint) = run(&province, &["maintenance", "end", "huyen-1"]);
    assert_eq!(code, Some(0), "{complaint}");
    assert!(text.contains("huyen-1"), "{text}");
    assert_eq!(run(&province, &["maintenance", "end", "huyen-1"]).0, Some(1), "it is over");
    assert_eq!(run(&province, &["maintenance", "end", "huyen-2"]).0, Some(2), "nobody knows it");
    assert_eq!(run(&province, &add("huyen-1")).0, Some(1), "its id is not given again");
    assert_eq!(refusal(&client, "huyen-1").await, "already_over");
    follow(&client, |s| is_down(s) && s.incidents.iter().all(|i| !i.planned)).await;
    let (_, text, _) = run(&province, &["maintenance", "list"]);
    assert!(text.contains("vnpt-21261127-2200") && !text.contains("huyen-1"), "{text}");

    daemon.signal("-TERM");
    daemon.child.wait().unwrap();
    let reader = Reader::open(&province.path("tuantra.db")).unwrap();
    let all = Span::new(UnixMs(0), UnixMs(i64::MAX));
    let works = reader.maintenance(all).unwrap();
    let ended: Vec<_> = works.iter().filter(|w| w.id.as_str() == "huyen-1").collect();
    let WorkHours::Once(span) = ended[0].hours else { panic!("{ended:?}") };
    assert!((1..120_000).contains(&span.len_ms()), "ended early: {span:?}");
    let kinds: Vec<EventKind> =
        reader.events(all, 1_000).unwrap().iter().map(|e| e.event.kind).collect();
    let count = |kind| kinds.iter().filter(|k| **k == kind).count();
    assert_eq!(count(EventKind::MaintenanceAnnounced), 2);
    assert_eq!(count(EventKind::MaintenanceEnded), 1);
}

#[tokio::test]
async fn storm_mode_outlives_the_daemon_and_ends_with_its_unit() {
    if !may_ping() {
        return;
    }
    let province = province();
    let mut daemon = province.daemon();
    let client = province.client();
    follow(&client, is_down).await;
    let order = ["alert", "storm", "huyen", "--until", "2h", "--note", "bão số 9"];
    let (code, text, complaint) = run(&province, &order);
    assert_eq!(code, Some(0), "{complaint}");
    assert!(text.contains("Huyện Một (huyen)") && text.contains("no channel is told"), "{text}");
    for (wrong, code) in [
        (&["alert", "storm", "huyen", "--until", "8d"][..], 2),
        (&["alert", "storm", "huyen", "--until", "soon"], 2),
        (&["alert", "storm", "nowhere", "--until", "2h"], 2),
        (&["alert", "storm", "huyen"], 2),
        (&["alert", "storm", "--until", "2h"], 2),
        (&["alert", "storm", "tinh", "--end"], 1),
    ] {
        assert_eq!(run(&province, wrong).0, Some(code), "{wrong:?}");
    }
    let (_, text, _) = run(&province, &["status"]);
    assert!(text.contains("Huyện Một (huyen) is in storm mode until"), "{text}");

    // It is there after a crash, with who ordered it and why.
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    daemon = province.daemon();
    follow(&client, |s| s.daemon.storms.len() == 1).await;
    let list = json(&province, &["alert", "storm", "--list", "--format", "json"]);
    let storm = &list["storms"][0];
    assert_eq!((&storm["unit"], &storm["note"]), (&"huyen".into(), &"bão số 9".into()));
    let ended = json(&province, &["alert", "storm", "huyen", "--end", "--format", "json"]);
    assert_eq!((&ended["storm"]["by"], &ended["storm"]["folded"]), (&storm["by"], &0.into()));
    assert_eq!(run(&province, &["alert", "storm", "huyen", "--end"]).0, Some(1), "it is over");

    // A unit that a reload takes away ends it.
    assert_eq!(run(&province, &order).0, Some(0));
    let text = std::fs::read_to_string(province.path("inventory/tinh.yaml")).unwrap();
    province.set_inventory(&text.replace("huyen", "quan"));
    let (code, _, complaint) = run(&province, &["reload"]);
    assert_eq!(code, Some(0), "{complaint}");
    follow(&client, |s| s.daemon.storms.is_empty()).await;
    daemon.signal("-TERM");
    daemon.child.wait().unwrap();
    let reader = Reader::open(&province.path("tuantra.db")).unwrap();
    let storms = reader.storms(UnixMs(0)).unwrap();
    let why: Vec<_> = storms.iter().map(|s| s.ended.as_ref().map(|end| end.why)).collect();
    assert_eq!(why, [Some(StormOver::Command), Some(StormOver::Gone)]);
    assert!(storms.iter().all(|storm| !storm.by.is_empty() && storm.note == "bão số 9"));
}
