//! The protocol over a real Unix socket, and changes applied to snapshots.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio::net::UnixListener;
use tokio::sync::broadcast;

use super::*;
use crate::coverage::{Availability, Ladder, Verdict};
use crate::health::{Explanation, PhaseSeen, Rule};
use crate::model::{
    Contact, HealthParams, Id, IncidentId, NetworkId, Span, State, Storm, SubjectId, SubjectKind,
    Tier, UnitId, UnitKind, UnixMs, WorkedOn,
};

fn subject_id(n: u32) -> SubjectId {
    SubjectId::new(&format!("u{n}/tslcd")).unwrap()
}

fn unit_id(n: u32) -> UnitId {
    UnitId::new(&format!("u{n}")).unwrap()
}

fn lost() -> LostChannel {
    LostChannel { channel: Id::new("duty").unwrap(), messages: 2, incidents: 1 }
}

fn state(state: State) -> SubjectState {
    SubjectState {
        state,
        since: UnixMs(0),
        cause: None,
        suspect: 0,
        last_round: None,
        rtt_us: Some(4100),
        loss_permille: Some(0),
        recent_us: vec![Some(4100), None],
        backup: None,
        flapping: false,
        off_hours: false,
        planned: false,
        trouble: None,
    }
}

fn explanation(subject: SubjectId) -> Explanation {
    Explanation {
        subject,
        at: UnixMs(1_000),
        state: State::Up,
        since: UnixMs(0),
        verdict: Some(State::Up),
        rule: Rule::Answered,
        cause: None,
        phase: PhaseSeen::Suspect { first: UnixMs(900), failed: 1 },
        last_round: Some(UnixMs(900)),
        last_answer: Some(UnixMs(870)),
        vouched_until: Some(UnixMs(930)),
        poor_rounds: 1,
        usual_us: None,
        secondary_fails: false,
        trouble: None,
        backup: None,
        is_flapping: false,
        change_permille: 59,
        is_planned: false,
        off_hours_until: None,
        is_seen: None,
        parents: Vec::new(),
        incident: None,
        thresholds: HealthParams::default(),
    }
}

fn daemon() -> DaemonInfo {
    DaemonInfo {
        version: "0".into(),
        pid: 1,
        started: UnixMs(0),
        asked: 3,
        interval_ms: 30_000,
        lag_ms: 0,
        turns: None,
        own_loss_permille: None,
        written: None,
        dropped_samples: 0,
        reload_failure: None,
        trouble: None,
        blind: Vec::new(),
        traps: None,
        channels: Vec::new(),
        storms: Vec::new(),
    }
}

fn coverage(live: u32) -> UnitCoverage {
    UnitCoverage {
        network: NetworkId::new("tslcd").unwrap(),
        tier: Tier::Commune,
        ladder: Ladder { required: 1, deployed: 1, measured: 1, live, met: 0 },
        state: Some(State::Up),
        month: Availability::default(),
        verdict: Verdict::NotProven,
    }
}

fn sample() -> Snapshot {
    Snapshot {
        seq: 7,
        at: UnixMs(1000),
        daemon: daemon(),
        timezone: "Asia/Ho_Chi_Minh".into(),
        month_from: UnixMs(0),
        networks: vec![],
        carriers: vec![],
        units: (0..3)
            .map(|n| UnitRow {
                id: unit_id(n),
                parent: None,
                name: format!("Xã {n}"),
                short: format!("X. {n}"),
                kind: UnitKind::Commune,
                contact: Contact::default(),
                location: None,
                own: vec![coverage(1)],
                subtree: vec![coverage(1)],
            })
            .collect(),
        subjects: (0..3)
            .map(|n| SubjectRow {
                id: subject_id(n),
                kind: SubjectKind::Connection,
                name: "TSLCD".into(),
                unit: unit_id(n),
                network: None,
                carrier: None,
                circuit: None,
                role: None,
                address: Some("127.0.0.1".into()),
                bandwidth_kbps: None,
                sla_ppm: None,
                via: vec![],
                thresholds: HealthParams::default(),
                now: state(State::Up),
                month: Availability::default(),
            })
            .collect(),
        incidents: vec![],
        goal_permille: 980,
        measured_floor_ppm: 950_000,
    }
}

fn change(seq: u64) -> Change {
    Change {
        seq,
        at: UnixMs(2000),
        daemon: daemon(),
        subjects: vec![
            (subject_id(0), state(State::Down)),
            (subject_id(2), state(State::Degraded)),
        ],
        units: vec![UnitChange { id: unit_id(1), own: vec![coverage(0)], subtree: vec![] }],
        incidents: None,
        resync: false,
    }
}

#[test]
fn the_next_change_is_applied_and_any_other_asks_for_a_snapshot() {
    let mut snapshot = sample();
    assert!(!snapshot.apply(&change(9)), "one is missing");
    assert!(!snapshot.apply(&Change { resync: true, ..change(8) }));
    assert_eq!(snapshot, sample());
    assert!(snapshot.apply(&change(8)));
    let states: Vec<State> = snapshot.subjects.iter().map(|s| s.now.state).collect();
    assert_eq!(states, [State::Down, State::Up, State::Degraded]);
    assert_eq!(snapshot.units[1].own, [coverage(0)]);
    assert_eq!(snapshot.units[0].own, [coverage(1)]);
    assert_eq!((snapshot.seq, snapshot.at), (8, UnixMs(2000)));
}

#[test]
fn a_snapshot_has_the_tree_of_its_time_and_what_stays_beneath_its_new_unit() {
    const INVENTORY: &str = "
networks: [{ id: tslcd, name: TSLCD }]
units:
  - { id: tinh, name: Tỉnh, kind: province, until: 2025-07-01, merged_into: moi }
  - { id: so, name: Sở, kind: department, parent: tinh, requires: [tslcd],
      connections: { tslcd: { address: 10.0.0.1 } } }
  - { id: huyen, name: Huyện, kind: district, parent: tinh, until: 2025-07-01, equipment: stays,
      connections: { tslcd: { address: 10.0.0.2 } } }
  - { id: xa, name: Xã, kind: commune, parent: huyen, until: 2025-07-01, merged_into: phuong,
      equipment: stays, connections: { tslcd: { address: 10.0.0.3 } } }
  - { id: moi, name: Tỉnh mới, kind: province, since: 2025-07-01 }
  - { id: phuong, name: Phường, kind: ward, parent: moi, requires: [tslcd], since: 2025-07-01 }
";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("all.yaml"), INVENTORY).unwrap();
    let defaults = crate::inventory::Defaults::default();
    let loaded = crate::inventory::load(folder.path(), &defaults, &jiff::tz::TimeZone::UTC);
    assert_eq!(loaded.diagnostics, []);
    let inventory = loaded.inventory.unwrap();
    let got = Availability::none(crate::coverage::Clock::default());
    let sources = Sources {
        inventory: &inventory,
        state: &|_| state(State::Up),
        month: &|_| got,
        goal_ppm: 990_000,
        goal_permille: 980,
        measured_floor_ppm: 950_000,
        timezone: "UTC",
        month_from: UnixMs(0),
    };
    let shown = |day: &str| {
        let at: UnixMs = day.parse().unwrap();
        let found = snapshot(&sources, coverages(&sources, at), Vec::new(), daemon(), 0, at);
        is_the_whole_in_parts(&sources, &found, at);
        let units = found.units.iter().map(|u| {
            let parent = u.parent.as_ref().map_or("-", |p| p.as_str());
            let live: u32 = u.subtree.iter().map(|c| c.ladder.live).sum();
            format!("{} {parent} {live}", u.id)
        });
        let subjects = found.subjects.iter().map(|s| format!("{} {}", s.id, s.unit));
        (units.collect::<Vec<_>>(), subjects.collect::<Vec<_>>())
    };
    let (units, subjects) = shown("2025-06-30T23:00:00Z");
    assert_eq!(units, ["tinh - 1", "so tinh 1", "huyen tinh 0", "xa huyen 0"]);
    assert_eq!(subjects, ["so/tslcd so", "huyen/tslcd huyen", "xa/tslcd xa"]);
    let (units, subjects) = shown("2025-07-01T00:00:00Z");
    assert_eq!(units, ["moi - 2", "phuong moi 1", "so moi 1"]);
    // The district that was abolished has left its line: the province's to look after.
    assert_eq!(subjects, ["so/tslcd so", "huyen/tslcd moi", "xa/tslcd phuong"]);
}

#[test]
fn a_state_in_a_page_has_what_there_is_and_leaves_out_what_is_not() {
    let bare = SubjectState {
        rtt_us: None,
        loss_permille: None,
        recent_us: Vec::new(),
        ..state(State::Up)
    };
    let full = SubjectState {
        state: State::Unreachable,
        since: UnixMs(1),
        cause: Some(subject_id(2)),
        suspect: 3,
        last_round: Some(UnixMs(4)),
        rtt_us: Some(5),
        loss_permille: Some(6),
        recent_us: vec![None, Some(7)],
        backup: Some(subject_id(1)),
        flapping: true,
        off_hours: true,
        planned: true,
        trouble: Some(crate::model::RoundError::OwnLoss { packets: 1 }),
    };
    let keys = |json: &serde_json::Value| -> Vec<String> {
        let mut keys: Vec<String> = json.as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        keys
    };
    let all = keys(&serde_json::to_value(&full).unwrap());
    for (now, written) in [(bare, vec!["since".to_owned(), "state".to_owned()]), (full, all)] {
        let subject = SubjectRow { now, ..sample().subjects.remove(0) };
        let row = PageRow::of(&subject, &mut Vec::new());
        let json = serde_json::to_string(&row).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(keys(&value["now"]), written);
        assert_eq!(serde_json::from_str::<PageRow<'_>>(&json).unwrap(), row);
    }
}

/// The parts have what the whole has, also when they have gone through the socket.
fn is_the_whole_in_parts(sources: &Sources<'_>, whole: &Snapshot, at: UnixMs) {
    let tree = crate::coverage::Tree::as_of(sources.inventory, at);
    let moment = Moment { tree: &tree, inventory: 5, seq: 0, at };
    let standing = |s| ((sources.state)(s).state, false);
    let coverages = coverages(sources, at);
    let made = overview(sources, standing, &coverages, Vec::new(), daemon(), moment);
    let json = serde_json::to_vec(&made).unwrap();
    let mut read: Overview = serde_json::from_slice(&json).unwrap();
    assert_eq!(read, made);
    let left_out = read.units.iter().filter(|u| !u.own.is_empty() && u.subtree.is_empty()).count();
    assert!(left_out > 0, "what stands alone is told once");
    read.units.iter_mut().for_each(unfold);
    assert_eq!(read.units, whole.units);
    assert_eq!(read.subjects as usize, whole.subjects.len());
    assert_eq!(read.counts.all().iter().sum::<u32>(), read.subjects);
    for from in 0..=whole.subjects.len() {
        let made = page(sources, from, moment);
        let mut thresholds = Vec::new();
        let rows = whole.subjects.iter().skip(from);
        let rows: Vec<_> = rows.map(|s| PageRow::of(s, &mut thresholds)).collect();
        assert_eq!((&made.subjects, &made.thresholds), (&rows, &thresholds));
        let body = PageBody::new(serde_json::to_vec(&made).unwrap());
        assert_eq!(body.page().unwrap(), made);
    }
}

fn work() -> Work {
    Work {
        id: Id::new("w").unwrap(),
        on: WorkedOn::Unit(unit_id(0)),
        recurring: false,
        in_inventory: false,
        every: None,
        until: None,
        next: Span::new(UnixMs(0), UnixMs(5_000)),
        by: "lan".into(),
        note: String::new(),
        subjects: 1,
    }
}

fn storm(order: &Storm) -> StormInfo {
    StormInfo {
        unit: order.unit.clone(),
        name: "Xã".into(),
        since: order.since,
        until: order.until,
        by: order.by.clone(),
        note: order.note.clone(),
        folded: 2,
        waiting: 1,
        next: UnixMs(900_000),
        channels: vec![Id::new("duty").unwrap()],
        open: 0,
    }
}

/// Of more units than are written at a time.
fn sample_overview() -> Overview {
    let Snapshot { seq, at, daemon, timezone, month_from, networks, carriers, .. } = sample();
    let unit = |n| UnitRow { id: unit_id(n), ..sample().units[0].clone() };
    Overview {
        seq,
        at,
        inventory: 5,
        daemon,
        timezone,
        month_from,
        networks,
        carriers,
        carrier_lines: Vec::new(),
        subjects: 3,
        counts: StateCounts { up: 3, ..StateCounts::default() },
        off_hours: 0,
        incidents: Vec::new(),
        named: sample().subjects,
        marks: vec![(unit_id(0), State::Down)],
        goal_permille: 980,
        measured_floor_ppm: 950_000,
        units: (0..777).map(unit).collect(),
    }
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

/// A daemon that knows one snapshot and publishes what the test gives it.
struct Fixed {
    live: broadcast::Sender<Arc<Change>>,
    asked: Mutex<Vec<HistoryQuery>>,
}

impl Backend for Fixed {
    fn snapshot(&self) -> BoxFuture<'_, Result<Arc<Snapshot>, Problem>> {
        Box::pin(async { Ok(Arc::new(sample())) })
    }

    fn overview(&self) -> BoxFuture<'_, Result<Arc<Overview>, Problem>> {
        Box::pin(async { Ok(Arc::new(sample_overview())) })
    }

    fn page(&self, inventory: u64, from: usize) -> BoxFuture<'_, Result<Vec<u8>, Problem>> {
        Box::pin(async move {
            if inventory != 5 {
                return Err(Problem::new("other_inventory", "it was reloaded"));
            }
            let (whole, mut thresholds) = (sample(), Vec::new());
            let subjects = whole.subjects.iter().skip(from);
            let subjects = subjects.map(|s| PageRow::of(s, &mut thresholds)).collect();
            let page = Page { seq: 7, inventory, from, thresholds, subjects };
            Ok(serde_json::to_vec(&page).unwrap())
        })
    }

    fn changes(&self, after: u64) -> Option<Feed> {
        (after == 7)
            .then(|| Feed { missed: vec![Arc::new(change(8))], live: self.live.subscribe() })
    }

    fn history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<History, Problem>> {
        self.asked.lock().unwrap().push(query);
        Box::pin(async { Err(Problem::new("unknown_subject", "no such subject")) })
    }

    fn events(&self, window: Span, limit: usize) -> BoxFuture<'_, Result<Vec<EventRow>, Problem>> {
        Box::pin(async move {
            let detail = serde_json::json!({ "from": "up", "limit": limit });
            let (seq, kind) = (3, "state".to_owned());
            let subject = Some(subject_id(0));
            Ok(vec![EventRow { seq, at: window.to, kind, subject, detail }])
        })
    }

    fn reload(&self, by: User) -> BoxFuture<'_, Result<Reloaded, Problem>> {
        Box::pin(async move {
            assert_eq!(by.role, Role::Administrator, "the kernel says who asks");
            Ok(Reloaded { subjects: 3, warnings: 0, lost: vec![lost()] })
        })
    }

    fn acknowledge(
        &self,
        request: AckRequest,
        by: User,
    ) -> BoxFuture<'_, Result<Acknowledged, Problem>> {
        Box::pin(async move {
            if request.subject != subject_id(0) {
                let taken = Problem::new("already_acknowledged", "it is taken");
                return Err(taken.done(Some("minh".into()), UnixMs(5_000)));
            }
            let incident = IncidentId::new(request.subject.as_str(), UnixMs(0));
            Ok(Acknowledged { incident, ack: request.ack(&by.name, UnixMs(1_000))? })
        })
    }

    fn ask_now(&self, request: AskRequest, _by: User) -> BoxFuture<'_, Result<AskedNow, Problem>> {
        Box::pin(async move {
            Ok(AskedNow { addresses: request.subjects.len() as u32, ..AskedNow::default() })
        })
    }

    fn outbox(
        &self,
        request: OutboxRequest,
        by: User,
    ) -> BoxFuture<'_, Result<OutboxDone, Problem>> {
        Box::pin(async move {
            assert_eq!(by.role, Role::Administrator, "the kernel says who asks");
            match (request.action, &*request.message) {
                (OutboxAction::Retry, "known:1") => Ok(OutboxDone { message: request.message }),
                (OutboxAction::Drop, "known:1") => Err(Problem::new("not_possible", "it was sent")),
                _ => Err(Problem::new("unknown_message", "no such message")),
            }
        })
    }

    fn closed(&self, _window: Span) -> BoxFuture<'_, Result<Vec<ClosedIncident>, Problem>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn loads(&self, _window: Span) -> BoxFuture<'_, Result<Vec<LineLoad>, Problem>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn note(&self, request: NoteRequest, by: User) -> BoxFuture<'_, Result<Noted, Problem>> {
        Box::pin(async move {
            let NoteRequest { subject, start, cause, note } = request.checked()?;
            if start != UnixMs(10_000) {
                return Err(Problem::new("unknown_outage", "no such outage"));
            }
            Ok(Noted { subject, start, end: None, cause, note, by: by.name, before: None })
        })
    }

    fn announce(
        &self,
        id: Id,
        request: WorkRequest,
        by: User,
    ) -> BoxFuture<'_, Result<(Work, bool), Problem>> {
        Box::pin(async move {
            let request = request.checked(UnixMs(1_000))?;
            let is_new = id.as_str() != "known";
            Ok((Work { id, by: by.name, note: request.note, on: request.on, ..work() }, is_new))
        })
    }

    fn end_maintenance(&self, id: Id, _by: User) -> BoxFuture<'_, Result<Work, Problem>> {
        Box::pin(async move {
            if id.as_str() == "cai-be/tslcd-1" {
                return Ok(Work { id, ..work() });
            }
            Err(Problem::new("unknown_maintenance", "no such work"))
        })
    }

    fn maintenance(&self) -> BoxFuture<'_, Result<Vec<Work>, Problem>> {
        Box::pin(async { Ok(vec![work()]) })
    }

    fn storm(
        &self,
        unit: UnitId,
        request: StormRequest,
        by: User,
    ) -> BoxFuture<'_, Result<(StormInfo, bool), Problem>> {
        Box::pin(async move {
            let is_new = unit != unit_id(1);
            Ok((storm(&request.order(unit, &by.name, UnixMs(1_000))?), is_new))
        })
    }

    fn end_storm(&self, unit: UnitId, by: User) -> BoxFuture<'_, Result<StormInfo, Problem>> {
        Box::pin(async move {
            let request = StormRequest { for_ms: Some(1), until: None, note: String::new() };
            if unit == unit_id(0) {
                return Ok(storm(&request.order(unit, &by.name, UnixMs(1_000))?));
            }
            Err(Problem::new("already_over", "over").done(Some("minh".into()), UnixMs(5_000)))
        })
    }

    fn storms(&self) -> BoxFuture<'_, Result<Vec<StormInfo>, Problem>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn drifts(&self) -> BoxFuture<'_, Result<Drifts, Problem>> {
        let one = Drift {
            subject: SubjectId::new("tg/router").unwrap(),
            unit: UnitId::new("tg").unwrap(),
            what: What::Speed,
            port: Some("wan".to_owned()),
            fit: Fit::Differs,
            declared: Some("1 Gbit/s".to_owned()),
            observed: "100 Mbit/s".to_owned(),
            since: Some(UnixMs(7)),
            belongs_to: None,
        };
        let rows = vec![one];
        Box::pin(async { Ok(Drifts { heard: 3, differing: 1, undeclared: 0, rows }) })
    }
    fn explain(&self, subject: SubjectId) -> BoxFuture<'_, Result<Explanation, Problem>> {
        Box::pin(async move { Ok(explanation(subject)) })
    }

    fn heir(&self, incident: IncidentId) -> BoxFuture<'_, Result<Heir, Problem>> {
        let is_part = incident.as_str() == "a/tslcd@1970-01-01T00:00:00Z";
        let heir = is_part.then(|| IncidentId::new("b/tslcd", UnixMs(0)));
        Box::pin(async move { Ok(Heir { incident: heir }) })
    }
}

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
}
