//! Whole provinces at once: the core link with all that is behind it, and a thousand outages that
//! have nothing to do with each other.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tuantra::alert::channel::Outcome;
use tuantra::alert::{Notice, Parcel, Plan, Texts, Topic, outlet};
use tuantra::config;
use tuantra::daemon::replay::{Answer, Input, Replay};
use tuantra::health::{Memory, Settings};
use tuantra::inventory::{self, Defaults};
use tuantra::locale::Lang;
use tuantra::model::{Inventory, Round, Rtts, SubjectIx, UnixMs};
use tuantra::store::MessageState;

use super::words::ZONE;

/// A Wednesday, 9:00 there: offices are open.
const START: UnixMs = UnixMs(1_775_008_800_000);

/// Routes and channels, and how long the core waits for them.
fn plan(alerts: &str) -> (Plan, i64) {
    let text = format!("timezone: {ZONE}\nalerts:\n{alerts}");
    let loaded = config::from_text(Path::new("config.yaml"), &text);
    let config = loaded.config.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    (outlet::plan(&config, &[]), outlet::core_wait_ms(&config))
}

type Got = std::rc::Rc<std::cell::RefCell<Vec<(UnixMs, Parcel)>>>;

/// The core on this inventory, with channels that take everything.
fn replay(inventory: &Arc<Inventory>, alerts: &str) -> (Replay, Got) {
    let (plan, group_wait_ms) = plan(alerts);
    let settings = Settings { group_wait_ms, ..Settings::default() };
    let got = Got::default();
    let log = std::rc::Rc::clone(&got);
    let replay = Replay::new(Arc::clone(inventory), settings, Memory::default(), START)
        .with_alerts(plan)
        .with_service(Box::new(move |parcel, now| {
            log.borrow_mut().push((now, parcel.clone()));
            Answer { outcome: Outcome::Sent, parts_done: 1, after_ms: 0 }
        }));
    (replay, got)
}

fn round(subject: SubjectIx, check: usize, at: UnixMs, is_answered: bool) -> Round {
    let (lost, rtts) = if is_answered { (0, vec![5_000; 3]) } else { (3, Vec::new()) };
    let check = u8::try_from(check).unwrap();
    Round { subject, check, at, sent: 3, lost, rtts: Rtts::from_us(&rtts), error: None }
}

/// Every check of everything is asked every ten seconds for `rounds` rounds.
fn ask(
    replay: &mut Replay,
    inventory: &Inventory,
    rounds: i64,
    is_answered: impl Fn(SubjectIx) -> bool,
) {
    let first = replay.clock();
    for n in 0..rounds {
        for (place, ix) in (0_i64..).zip(inventory.subject_ixs()) {
            // One after the other, as a patrol asks.
            let at = first + n * 10_000 + place * 10_000 / 2_000;
            for check in 0..inventory.subject(ix).checks.len() {
                replay.feed(at, Input::Round(round(ix, check, at, is_answered(ix)))).unwrap();
            }
        }
        replay.pass(first + (n + 1) * 10_000);
    }
}

fn topics(got: &Got) -> Vec<(String, Topic)> {
    let got = got.borrow();
    got.iter().map(|(_, p)| (p.channel.to_string(), p.notice.topic)).collect()
}

const SAMPLE: &str = "  group_wait: 30s
  routes: [ { to: duty } ]
  channels: { duty: { gotify: {} } }
";

/// What the province hangs on here.
const CORE: &str = "dic/core-link";

/// The sample province with one link between the core and all trunks, departments' lines and
/// backups.
fn province_behind_one_link() -> Inventory {
    const LINK: &str = "      core-link: { network: tslcd, address: 10.80.0.30 }\n      level1-1:";
    let changes = [
        ("{ any: [dic/core-router-1, dic/core-router-2] }", CORE.to_owned(), 47),
        ("name: Trục", format!("via: {CORE}, name: Trục"), 22),
        (
            "tslcd: { carrier: vnpt, circuit: TG-S",
            format!("tslcd: {{ via: {CORE}, carrier: vnpt, circuit: TG-S"),
            0,
        ),
        (
            "tslcd: { carrier: viettel, circuit: TG-S",
            format!("tslcd: {{ via: {CORE}, carrier: viettel, circuit: TG-S"),
            0,
        ),
        ("      level1-1:", LINK.to_owned(), 1),
    ];
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory");
    let mut found = [0; 5];
    for entry in std::fs::read_dir(sample).unwrap() {
        let path = entry.unwrap().path();
        let mut text = std::fs::read_to_string(&path).unwrap();
        for ((from, to, _), found) in changes.iter().zip(&mut found) {
            *found += text.matches(from).count();
            text = text.replace(from, to);
        }
        std::fs::write(folder.path().join(path.file_name().unwrap()), text).unwrap();
    }
    for ((from, _, least), found) in changes.iter().zip(found) {
        assert!(found >= *least, "{from}: {found} in the sample");
    }
    let zone = TimeZone::get(ZONE).unwrap();
    let loaded = inventory::load(folder.path(), &Defaults::default(), &zone);
    loaded.inventory.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

#[test]
fn all_communes_lost_by_the_core_link_are_one_message() {
    let inventory = Arc::new(province_behind_one_link());
    let (mut replay, got) = replay(&inventory, SAMPLE);
    let core = inventory.find_subject(CORE).expect("the core link");
    // All that has no other way; what leads to a subject stands before it.
    let mut lost = std::collections::BTreeSet::from([core]);
    for ix in inventory.subject_ixs() {
        let ways = inventory.subject(ix).via.subjects();
        if !ways.is_empty() && ways.iter().all(|way| lost.contains(way)) {
            lost.insert(ix);
        }
    }
    ask(&mut replay, &inventory, 12, |_| true);
    assert_eq!(topics(&got), [], "all is well");
    ask(&mut replay, &inventory, 30, |ix| !lost.contains(&ix));
    ask(&mut replay, &inventory, 24, |_| true);
    let told = topics(&got);
    assert_eq!(told, [("duty".to_owned(), Topic::Down), ("duty".to_owned(), Topic::Recovered)]);
    let got = got.borrow();
    let notice: &Notice = &got[0].1.notice;
    let communes = notice
        .units
        .iter()
        .filter(|unit| matches!(unit.kind.as_str(), "commune" | "ward" | "township"));
    assert_eq!(communes.count(), 173, "{notice:?}");
    let zone = TimeZone::get(ZONE).unwrap();
    for (lang, kinds) in [
        (Lang::Vi, ["144 xã", "22 phường", "7 thị trấn"]),
        (Lang::En, ["144 communes", "22 wards", "7 townships"]),
    ] {
        let text = Texts::builtin().words(notice, lang, &zone, got[0].0).unwrap();
        let whole = format!("{}\n{}", text.title, text.body);
        assert!(kinds.iter().all(|kind| whole.contains(kind)), "{whole}");
        println!("{}", text.title);
    }
    let states: Vec<MessageState> = replay.outbox().values().map(|m| m.state).collect();
    assert_eq!(states, [MessageState::Sent; 2]);
}

/// So many lines, each of a commune of its own, through nothing.
pub fn lines(count: usize) -> Inventory {
    use std::fmt::Write as _;
    let mut text = "networks:\n  - { id: net, name: Net }\nunits:\n  - { id: province, name: Province, kind: province }\n".to_owned();
    for n in 0..count {
        let (high, low) = (n / 200, n % 200);
        let _ = write!(
            text,
            "  - id: c{n}\n    name: Commune {n}\n    kind: commune\n    parent: province\n    \
             requires: [net]\n    connections: {{ net: {{ address: 10.1.{high}.{low} }} }}\n"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), text).unwrap();
    let loaded = inventory::load(folder.path(), &Defaults::default(), &TimeZone::UTC);
    loaded.inventory.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

#[test]
fn a_thousand_outages_in_a_minute_hold_the_rate_and_none_is_lost() {
    const COUNT: usize = 1_000;
    const PER_MINUTE: usize = 20;
    let alerts = "  group_wait: 10s
  routes: [ { to: duty } ]
  channels: { duty: { gotify: {}, per_minute: 20 } }
";
    let inventory = Arc::new(lines(COUNT));
    let lines: Vec<SubjectIx> = inventory
        .subject_ixs()
        .filter(|ix| inventory.subject(*ix).connection().is_some())
        .collect();
    assert_eq!(lines.len(), COUNT);
    let (mut replay, got) = replay(&inventory, alerts);
    ask(&mut replay, &inventory, 6, |_| true);
    // They go one after the other inside one minute; a round is every ten seconds.
    for sixth in 1..=6 {
        ask(&mut replay, &inventory, 1, |ix| {
            lines.iter().position(|line| *line == ix).is_none_or(|n| n >= COUNT * sixth / 6)
        });
    }
    ask(&mut replay, &inventory, 30, |ix| !lines.contains(&ix));
    let got = got.borrow();
    // A burst of five at most, and then twenty a minute: in no minute more than 25.
    for (at, _) in got.iter() {
        let minute = got.iter().filter(|(other, _)| (0..60_000).contains(&other.since(*at)));
        assert!(minute.count() <= PER_MINUTE + 5);
    }
    let mut told: Vec<String> = Vec::new();
    for (_, parcel) in got.iter() {
        let notices = std::iter::once(&parcel.notice).chain(&parcel.notice.parts);
        told.extend(notices.filter_map(|n| n.incident.as_ref()).map(ToString::to_string));
    }
    told.sort();
    let before = told.len();
    told.dedup();
    assert_eq!((told.len(), before), (COUNT, COUNT), "each is told once");
    let digests = got.iter().filter(|(_, p)| p.notice.topic == Topic::Digest).count();
    let outbox = replay.outbox();
    let incidents = outbox.values().filter(|m| m.incident.is_some());
    assert_eq!(incidents.clone().count(), COUNT);
    assert!(incidents.clone().all(|m| m.state == MessageState::Sent));
    let first = got.iter().map(|(at, _)| *at).min().unwrap();
    let last = got.iter().map(|(at, _)| *at).max().unwrap();
    println!(
        "figures: {COUNT} outages: {} messages, {digests} of them digests, in {} s",
        got.len(),
        last.since(first) / 1_000
    );
    assert!(digests >= 1 && got.len() <= 60, "{} messages", got.len());
}
