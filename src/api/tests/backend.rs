//! A daemon that knows one snapshot and publishes what the test gives it.

use super::*;

pub(super) fn explanation(subject: SubjectId) -> Explanation {
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

/// A daemon that knows one snapshot and publishes what the test gives it.
pub(super) struct Fixed {
    pub(super) live: broadcast::Sender<Arc<Change>>,
    pub(super) asked: Mutex<Vec<HistoryQuery>>,
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

    fn lost(&self, query: LostQuery) -> BoxFuture<'_, Result<Vec<LostRow>, Problem>> {
        Box::pin(async move {
            let Some(unit) = query.unit else {
                return Err(Problem::new("unknown_network", query.network.to_string()));
            };
            let slots = vec![LostSlot { lost_ms: 5, judged_ms: 10, ..LostSlot::default() }];
            Ok(vec![LostRow { unit, tier: Tier::Commune, units: 3, slots }])
        })
    }

    fn note(&self, request: NoteRequest, by: User) -> BoxFuture<'_, Result<Noted, Problem>> {
        Box::pin(async move {
            let NoteRequest { subject, start, cause, note } = request.checked()?;
            if start != UnixMs(10_000) {
                return Err(Problem::new("unknown_outage", "no such outage"));
            }
            Ok(Noted {
                subject,
                start,
                end: None,
                cause,
                note,
                by: by.name,
                before: None,
                with: Vec::new(),
            })
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
