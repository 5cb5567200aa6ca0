//! The daemon's own pieces: targets, changes, months.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::feed::Changes;
use super::months::{Months, month_start};
use super::names::Addresses;
use super::resume::resumed;
use super::services::ServiceChecks;
use super::targets::Targets;
use crate::api::{Change, DaemonInfo};
use crate::config::Config;
use crate::coverage::Availability;
use crate::health::ResumedVerdict;
use crate::inventory;
use crate::model::{
    HealthParams, Id, Inventory, Maintenance, PingParams, Rtts, Span, State, StateInterval,
    SubjectId, SubjectIx, UnixMs, WorkHours, WorkedOn,
};
use crate::probe::{Answer, Target, TargetId};

const PROVINCE: &str = "\
networks:
  - { id: tslcd, name: TSLCD }
  - { id: lan, name: LAN, over: [tslcd] }
units:
  - id: tinh
    name: Tỉnh
    kind: province
    connections:
      lan: { device: switch, health: { interval: 20s } }
      tslcd: { address: 127.0.1.1 }
      tslcd-old: { network: tslcd, address: 127.0.1.9, until: 2026-01-01 }
    requires: [tslcd]
    devices: { switch: { address: 127.0.1.2, health: { interval: 10s, retry: 4s } } }
";

fn load(text: &str) -> Inventory {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), text).unwrap();
    let defaults = inventory::Defaults::default();
    let loaded = inventory::load(folder.path(), &defaults, &TimeZone::UTC);
    loaded.inventory.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn at(text: &str) -> UnixMs {
    text.parse().unwrap()
}

fn config() -> Config {
    Config::defaults(std::path::Path::new(""))
}

fn find(inventory: &Inventory, id: &str) -> SubjectIx {
    inventory.find_subject(id).unwrap()
}

#[test]
fn subjects_on_one_address_share_its_rounds_at_the_shorter_interval() {
    let inventory = load(PROVINCE);
    let (targets, list) = Targets::default().next(
        &inventory,
        &config(),
        &Addresses::default(),
        at("2026-06-01T00:00:00Z"),
    );
    assert_eq!(list.len(), 2, "the line that has ended is not asked");
    let (lan, switch) = (find(&inventory, "tinh/lan"), find(&inventory, "tinh/switch"));
    assert_eq!(targets.of(lan), targets.of(switch));
    let shared = list.iter().find(|t| t.id == targets.of(lan)[0]).unwrap();
    assert_eq!((shared.interval_ms, shared.retry_ms), (10_000, 4_000));
    let answer = Answer {
        target: shared.id,
        at: UnixMs(5),
        sent: 3,
        lost: 1,
        rtts: Rtts::from_us(&[7]),
        error: None,
    };
    let asked: Vec<SubjectIx> = targets.rounds(&answer).map(|r| r.subject).collect();
    assert!(asked.contains(&lan) && asked.contains(&switch));
    assert_eq!(targets.rounds(&Answer { target: TargetId(99), ..answer }).count(), 0);
}

#[test]
fn sentinels_are_asked_at_the_retry_pace_and_share_a_subjects_address() {
    let inventory = load(PROVINCE);
    let sentinel = |address: &str| crate::model::Sentinel {
        address: address.parse().unwrap(),
        carrier: None,
        is_control: false,
    };
    let sentinels = vec![sentinel("127.0.1.1"), sentinel("127.0.1.8")];
    let config = Config { sentinels, ..config() };
    let now = at("2026-06-01T00:00:00Z");
    let (targets, list) = Targets::default().next(&inventory, &config, &Addresses::default(), now);
    assert_eq!((list.len(), targets.len()), (3, 3));
    let line = targets.of(find(&inventory, "tinh/tslcd"))[0];
    assert_eq!(targets.sentinels_of(line), [0]);
    let both: Vec<i64> = targets
        .of_sentinels()
        .filter_map(|id| list.iter().find(|t| t.id == id).map(|t| t.interval_ms))
        .collect();
    assert_eq!(both, [5_000, 5_000]);
    assert_eq!(targets.ids().count(), 3);
}

#[test]
fn a_control_target_is_asked_with_more_packets_and_named_as_one() {
    let inventory = load(PROVINCE);
    let address = "127.0.1.1".parse().unwrap();
    let control = crate::model::Sentinel { address, carrier: None, is_control: true };
    let config = Config { sentinels: vec![control], ..config() };
    let now = at("2026-06-01T00:00:00Z");
    let (targets, list) = Targets::default().next(&inventory, &config, &Addresses::default(), now);
    let of_sentinel: Vec<&Target> =
        list.iter().filter(|t| !targets.sentinels_of(t.id).is_empty()).collect();
    let [control] = of_sentinel[..] else { panic!("{of_sentinel:?}") };
    assert!(control.is_urgent && targets.is_control(control.id));
    assert_eq!((control.params.count, control.interval_ms), (10, 5_000));
    let line = targets.of(find(&inventory, "tinh/tslcd"))[0];
    assert!(line != control.id && !targets.is_control(line), "its own rounds stay as they are");

    // One packet a round and a long retry: still enough of them to tell a rate.
    let ping = PingParams { count: 1, ..PingParams::DEFAULT };
    let health = HealthParams { retry_ms: 30_000, ..config.health };
    let config = Config { ping, health, ..config };
    let (targets, list) = Targets::default().next(&inventory, &config, &Addresses::default(), now);
    let control = list.iter().find(|t| targets.is_control(t.id)).unwrap();
    assert_eq!((control.params.count, control.interval_ms, control.retry_ms), (4, 10_000, 10_000));
}

#[test]
fn what_leaves_from_elsewhere_is_another_target_and_names_wait_for_their_address() {
    let named = format!(
        "{PROVINCE}services:\n  - {{ id: web, unit: tinh, name: W, url: 'http://Web.vn/', \
         checks: [http, ping, {{ ping: far.vn }}] }}\n"
    );
    let inventory = load(&named);
    let source = |text: &str| crate::model::Source::parse(text).unwrap();
    let text = "probe: { icmp: { source: 10.0.0.9, sources: { tslcd: eth1 } } }";
    let config = crate::config::from_text(std::path::Path::new("c.yaml"), text).config.unwrap();
    let now = at("2026-06-01T00:00:00Z");
    let mut addresses = Addresses::default();
    let mut wanted: Vec<_> = Addresses::wanted(&inventory, now).into_iter().collect();
    wanted.sort();
    assert_eq!(wanted.iter().map(|name| &**name).collect::<Vec<_>>(), ["far.vn", "web.vn"]);
    let (targets, list) = Targets::default().next(&inventory, &config, &addresses, now);
    let of = |targets: &Targets, list: &[Target], id: &str| {
        let id = targets.of(find(&inventory, id))[0];
        list.iter().find(|t| t.id == id).cloned().unwrap()
    };
    assert_eq!(of(&targets, &list, "tinh/tslcd").source, Some(source("eth1")));
    assert_eq!(of(&targets, &list, "tinh/switch").source, Some(source("10.0.0.9")));
    let web = find(&inventory, "web");
    assert!(targets.of(web).is_empty(), "nobody has found it yet");
    let services = |addresses: &Addresses| {
        let (_, services) = ServiceChecks::default().next(&inventory, &config, addresses, now);
        services.iter().map(|t| t.check.address.to_string()).collect::<Vec<_>>()
    };
    assert!(services(&addresses).is_empty());

    let found = |name: &str, address: &str| crate::probe::names::Found {
        name: name.into(),
        addresses: Ok(vec![address.parse().unwrap()]),
    };
    assert!(addresses.take(found("web.vn", "10.1.1.1")));
    assert!(addresses.take(found("far.vn", "fd00::1")));
    let (targets, list) = targets.next(&inventory, &config, &addresses, now);
    let asked: Vec<_> = targets
        .of(web)
        .iter()
        .map(|id| {
            let target = list.iter().find(|t| t.id == *id).unwrap();
            (target.address.to_string(), target.source.clone())
        })
        .collect();
    let own = Some(source("10.0.0.9"));
    assert_eq!(asked, [("10.1.1.1".to_owned(), own), ("fd00::1".to_owned(), None)]);
    assert_eq!(services(&addresses), ["10.1.1.1"]);
}

#[test]
fn what_is_disabled_is_not_asked() {
    let inventory = load(&PROVINCE.replace("127.0.1.1 }", "127.0.1.1, enabled: false }"));
    let now = at("2026-06-01T00:00:00Z");
    let (targets, list) =
        Targets::default().next(&inventory, &config(), &Addresses::default(), now);
    assert_eq!(list.len(), 1);
    assert!(targets.of(find(&inventory, "tinh/tslcd")).is_empty());
}

#[test]
fn targets_keep_their_ids_over_a_reload_and_follow_the_calendar() {
    let old = load(PROVINCE);
    let (targets, before) =
        Targets::default().next(&old, &config(), &Addresses::default(), at("2025-06-01T00:00:00Z"));
    assert_eq!(before.len(), 3);
    let new = load(&PROVINCE.replace("127.0.1.1", "127.0.1.7"));
    let (targets, after) =
        targets.next(&new, &config(), &Addresses::default(), at("2026-06-01T00:00:00Z"));
    let kept: Vec<TargetId> = after.iter().filter(|t| before.contains(t)).map(|t| t.id).collect();
    assert_eq!(kept, [targets.of(find(&new, "tinh/switch"))[0]]);
    let fresh = targets.of(find(&new, "tinh/tslcd"))[0];
    assert!(before.iter().all(|t| t.id != fresh), "an id is never given to another address");
}

fn change() -> Change {
    Change {
        seq: 0,
        at: UnixMs(0),
        daemon: DaemonInfo {
            version: String::new(),
            pid: 1,
            started: UnixMs(0),
            asked: 0,
            interval_ms: 1,
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
        },
        subjects: Vec::new(),
        units: Vec::new(),
        incidents: None,
        resync: false,
    }
}

#[test]
fn a_client_gets_what_it_missed_or_is_sent_for_a_snapshot() {
    let changes = Changes::new(100);
    (0..3).for_each(|_| changes.publish(change()));
    let missed = |after| changes.after(after).map(|f| f.missed.iter().map(|c| c.seq).collect());
    assert_eq!(missed(103), Some(Vec::<u64>::new()));
    assert_eq!(missed(101), Some(vec![102, 103]));
    assert_eq!(missed(100), Some(vec![101, 102, 103]));
    assert_eq!(missed(99), None, "from another daemon's life");
    assert_eq!(missed(104), None, "from the future");
    changes.skip();
    assert_eq!(missed(103), None, "something happened that was not published");
    assert_eq!(missed(104), Some(Vec::new()));
    (0..300).for_each(|_| changes.publish(change()));
    assert_eq!(missed(105), None, "the ring is bounded");
    assert!(missed(300).is_some());
}

#[test]
fn a_subscriber_hears_what_follows() {
    let changes = Arc::new(Changes::new(0));
    assert!(!changes.is_watched());
    let mut feed = changes.after(0).unwrap();
    assert!(changes.is_watched());
    changes.publish(change());
    assert_eq!(feed.live.try_recv().unwrap().seq, 1);
}

#[test]
fn months_begin_at_midnight_of_the_configured_zone() {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let last = month_start(at("2026-10-31T16:59:59.999Z"), &zone);
    assert_eq!(last, at("2026-09-30T17:00:00Z"));
    assert_eq!(month_start(at("2026-10-31T17:00:00Z"), &zone), at("2026-10-31T17:00:00Z"));
    // A month in which the clocks change still begins at midnight.
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    assert_eq!(month_start(at("2026-10-30T12:00:00Z"), &berlin), at("2026-09-30T22:00:00Z"));
}

#[test]
fn a_line_is_judged_from_the_day_it_exists() {
    let text = PROVINCE.replace("127.0.1.1 }", "127.0.1.1, since: 2026-06-16 }");
    let inventory = load(&text);
    let line = find(&inventory, "tinh/tslcd");
    let window = Span::new(at("2026-06-01T00:00:00Z"), at("2026-07-01T00:00:00Z"));
    let up =
        StateInterval { from: at("2026-06-16T00:00:00Z"), to: None, state: State::Up, cause: None };
    let id = SubjectId::new("tinh/tslcd").unwrap();
    let months = Months::compute(&inventory, &BTreeMap::from([(id, vec![up])]), &[], window);
    let got = months.of(&[line]);
    assert_eq!((got.millis.up, got.millis.unmeasured), (15 * 86_400_000, 0));
    assert_eq!(got.measured_ppm(), 1_000_000);
    assert_eq!(months.of(&[]), Availability::default());
}

#[test]
fn a_month_leaves_announced_work_out_as_the_reports_do() {
    let inventory = load(PROVINCE);
    let line = find(&inventory, "tinh/tslcd");
    let window = Span::new(at("2026-06-01T00:00:00Z"), at("2026-06-02T00:00:00Z"));
    let noon = at("2026-06-01T12:00:00Z");
    let part = |from, to, state| StateInterval { from, to, state, cause: None };
    let record = vec![
        part(window.from, Some(noon), State::Up),
        part(noon, Some(noon + 7_200_000), State::Down),
        part(noon + 7_200_000, None, State::Up),
    ];
    let id = SubjectId::new("tinh/tslcd").unwrap();
    let work = Maintenance {
        id: Id::new("fibre").unwrap(),
        on: WorkedOn::Subject(id.clone()),
        hours: WorkHours::Once(Span::new(noon - 3_600_000, noon + 3_600_000)),
        by: "op".to_owned(),
        note: String::new(),
    };
    let months = Months::compute(&inventory, &BTreeMap::from([(id, record)]), &[work], window);
    let got = months.of(&[line]);
    assert_eq!((got.millis.planned, got.millis.down), (7_200_000, 3_600_000));
    assert_eq!((got.planned.lost(), got.outages), (3_600_000, 1));
}

#[test]
fn what_was_taken_out_while_nobody_patrolled_is_unmeasured_from_its_last_round_on() {
    let current = |key: &str, state, last_round: Option<i64>| {
        let subject = SubjectId::new(key).unwrap();
        let last_round = last_round.map(UnixMs);
        let since = UnixMs(1_000);
        (subject.clone(), crate::store::Current { subject, state, since, cause: None, last_round })
    };
    let past = super::resume::Past {
        current: [
            current("kept", State::Up, Some(9_000)),
            current("asked", State::Down, Some(9_000)),
            current("never", State::Up, None),
            current("unmeasured", State::Unmeasured, Some(9_000)),
        ]
        .into(),
        ..Default::default()
    };
    let mut gone: Vec<(String, i64)> = past
        .gone(|id| id.as_str() == "kept", 30_000)
        .map(|(id, from)| (id.to_string(), from.0))
        .collect();
    gone.sort();
    assert_eq!(gone, [("asked".to_owned(), 39_000), ("never".to_owned(), 31_000)]);
}

/// A state from so many seconds on, with its root cause.
type Since<'a> = (i64, State, Option<&'a str>);

/// A record of these, the last one open.
fn record(states: &[Since]) -> Vec<StateInterval> {
    let ends = states.iter().skip(1).map(|(from, ..)| Some(UnixMs(from * 1_000))).chain([None]);
    let interval = |(&(from, state, cause), to): (&Since, Option<UnixMs>)| {
        let cause = cause.map(|id| SubjectId::new(id).unwrap());
        StateInterval { from: UnixMs(from * 1_000), to, state, cause }
    };
    states.iter().zip(ends).map(interval).collect()
}

fn taken_up(states: &[Since]) -> Option<ResumedVerdict> {
    resumed(&record(states), None)?.hard
}

/// A verdict since then, of which the record says so from `from` on, but for these holes.
fn verdict((since, state, cause): Since, from: i64, holes: &[(i64, i64)]) -> ResumedVerdict {
    let at = |seconds: i64| UnixMs(seconds * 1_000);
    ResumedVerdict {
        state,
        cause: cause.map(|id| SubjectId::new(id).unwrap()),
        since: at(since),
        from: at(from),
        holes: holes.iter().map(|(from, to)| Span::new(at(*from), at(*to))).collect(),
    }
}

#[test]
fn what_is_taken_up_reaches_back_over_holes_to_where_the_record_said_something_else() {
    use State::{Degraded, Down, Unmeasured, Unreachable, Up};
    let trunk = Some("cai-be/tslcd");
    let whole = [
        (0, Up, None),
        (100, Down, None),
        (200, Unmeasured, None),
        (250, Down, None),
        (300, Unreachable, trunk),
        (400, Unmeasured, None),
        (450, Unreachable, trunk),
        (500, Unmeasured, None),
    ];
    // The outage began at 100 s; it is the trunk's since 300 s; the hole that lasts is not over.
    let cut = |holes: &[(i64, i64)]| Some(verdict((100, Unreachable, trunk), 300, holes));
    assert_eq!(taken_up(&whole), cut(&[(400, 450)]));
    assert_eq!(taken_up(&whole[..7]), cut(&[(400, 450)]));
    assert_eq!(taken_up(&whole[..5]), cut(&[]));
    assert_eq!(taken_up(&whole[..4]), Some(verdict((100, Down, None), 100, &[(200, 250)])));
    let resumed = resumed(&record(&whole), Some(UnixMs(470_000))).unwrap();
    assert_eq!((resumed.state, resumed.since), (Unmeasured, UnixMs(500_000)));
    assert_eq!(resumed.last_round, Some(UnixMs(470_000)));
    // A hole before it is none of its own, and another cause or state is another stretch.
    let after_a_hole = [(0, Down, None), (50, Unmeasured, None), (60, Unreachable, trunk)];
    assert_eq!(taken_up(&after_a_hole), Some(verdict((0, Unreachable, trunk), 60, &[])));
    let other = [(0, Unreachable, Some("core")), (50, Unmeasured, None), (60, Unreachable, trunk)];
    assert_eq!(taken_up(&other), Some(verdict((0, Unreachable, trunk), 60, &[])));
    let live = [(0, Up, None), (20, Degraded, None), (50, Unmeasured, None), (60, Degraded, None)];
    // A degradation lasts over a hole, too.
    assert_eq!(taken_up(&live), Some(verdict((20, Degraded, None), 20, &[(50, 60)])));
}

#[test]
fn of_a_record_that_begins_with_a_hole_what_follows_is_taken_up_and_of_no_other_anything() {
    use State::{Down, Unmeasured};
    let begun = [(0, Unmeasured, None), (10, Down, None), (20, Unmeasured, None), (30, Down, None)];
    assert_eq!(taken_up(&begun), Some(verdict((10, Down, None), 10, &[(20, 30)])));
    assert_eq!(taken_up(&begun[..1]), None);
    assert_eq!(resumed(&record(&begun[..1]), None).map(|r| r.state), Some(Unmeasured));
    assert_eq!(resumed(&[], None), None);
}
