use jiff::tz::TimeZone;

use super::*;
use crate::api::Role;
use crate::inventory;
use crate::model::{Calendar, CalendarId, CarrierId, SubjectId, UnitId};

const PROVINCE: &str = "\
networks: [ { id: tslcd, name: TSLCD } ]
carriers: [ { id: vnpt, name: VNPT } ]
units:
  - { id: tinh, name: Tỉnh, kind: province }
  - id: cai-be
    name: Huyện Cái Bè
    kind: district
    parent: tinh
    connections: { tslcd: { address: 127.0.1.1, carrier: vnpt } }
    devices: { router: 127.0.1.2 }
  - id: cai-be.xa
    name: Xã
    kind: commune
    parent: cai-be
    connections: { tslcd: { address: 127.0.1.3 } }
";
const NOW: UnixMs = UnixMs(1_800_000_000_000);
const HOUR: i64 = 3_600_000;

fn province() -> Inventory {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), PROVINCE).unwrap();
    let loaded = inventory::load(folder.path(), &inventory::Defaults::default(), &TimeZone::UTC);
    let mut inventory = loaded.inventory.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    // 01:00 to 02:00 on Saturdays, by day number 5.
    let mut hours: [Vec<(u16, u16)>; 7] = Default::default();
    hours[5] = vec![(60, 120)];
    let id = CalendarId::new("nights").unwrap();
    let calendar =
        Calendar { id, zone: TimeZone::UTC, hours, holidays: Vec::new(), make_up: Vec::new() };
    inventory.maintenance = vec![Maintenance {
        id: Id::new("nights").unwrap(),
        on: unit("cai-be"),
        hours: WorkHours::Recurring(Box::new(calendar), Span::new(UnixMs(0), UnixMs(i64::MAX))),
        by: "inventory".to_owned(),
        note: String::new(),
    }];
    inventory
}

fn unit(id: &str) -> WorkedOn {
    WorkedOn::Unit(UnitId::new(id).unwrap())
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn user(name: &str) -> User {
    User { uid: 1000, name: name.to_owned(), role: Role::Operator }
}

fn request(on: WorkedOn, from: i64, hours: i64) -> WorkRequest {
    let from = NOW + from * HOUR;
    WorkRequest { on, every: None, from, to: from + hours * HOUR, note: "cáp".to_owned() }
}

/// What the store would give back.
fn recorded(facts: &[Fact]) -> Vec<Maintenance> {
    let announced = facts.iter().filter_map(|f| match f {
        Fact::Maintenance(work, _) => Some(work.clone()),
        _ => None,
    });
    announced.collect()
}

#[test]
fn work_is_announced_once_however_often_it_is_asked_for() {
    let inventory = province();
    let mut works = Works::default();
    let ask = |works: &mut Works, hours, by: &str| {
        works.announce(
            &inventory,
            id("w"),
            request(unit("cai-be"), 1, hours),
            (&user(by), &TimeZone::UTC),
            NOW,
        )
    };
    let ((work, is_new), facts) = ask(&mut works, 2, "lan").unwrap();
    assert!(is_new);
    assert_eq!((work.subjects, work.by.as_str(), work.recurring), (3, "lan", false));
    assert_eq!(work.next, Span::new(NOW + HOUR, NOW + 3 * HOUR));
    let [Fact::Maintenance(_, announced_at), Fact::Event(event)] = &facts[..] else {
        panic!("{facts:?}")
    };
    assert_eq!((*announced_at, event.kind), (NOW, EventKind::MaintenanceAnnounced));
    assert_eq!((&event.detail["user"], &event.detail["uid"]), (&"lan".into(), &1000.into()));

    let ((again, is_new), facts) = ask(&mut works, 2, "minh").unwrap();
    assert_eq!((again, is_new, facts.len()), (work, false, 0), "nothing is changed");
    let ((longer, is_new), facts) = ask(&mut works, 4, "minh").unwrap();
    assert_eq!((longer.next.to, longer.by.as_str(), is_new), (NOW + 5 * HOUR, "minh", false));
    assert_eq!(facts.len(), 2);
    assert_eq!(works.in_effect(), recorded(&facts));
}

#[test]
fn what_the_inventory_does_not_know_or_has_itself_is_refused() {
    let inventory = province();
    let mut works = Works::default();
    let mut refused = |name: &str, on: WorkedOn| {
        let asked = works.announce(
            &inventory,
            id(name),
            request(on, 1, 1),
            (&user("lan"), &TimeZone::UTC),
            NOW,
        );
        asked.map(|_| ()).unwrap_err().error
    };
    assert_eq!(refused("w", unit("cai-lay")), "unknown_target");
    let stranger = SubjectId::new("cai-be").unwrap();
    assert_eq!(refused("w", WorkedOn::Subject(stranger)), "unknown_target", "a unit is no subject");
    let carrier = CarrierId::new("fpt").unwrap();
    assert_eq!(refused("w", WorkedOn::Carrier(carrier)), "unknown_target");
    assert_eq!(refused("nights", unit("cai-be")), "in_inventory");
    let ended = works.end(&inventory, &id("nights"), &user("lan"), NOW).unwrap_err();
    assert_eq!(ended.error, "in_inventory");
    let ended = works.end(&inventory, &id("w"), &user("lan"), NOW).unwrap_err();
    assert_eq!(ended.error, "unknown_maintenance");
}

#[test]
fn what_is_over_is_told_with_who_ended_it_and_its_name_is_not_given_again() {
    let inventory = province();
    let mut works = Works::default();
    let vnpt = || WorkedOn::Carrier(CarrierId::new("vnpt").unwrap());
    let ((work, _), _) = works
        .announce(&inventory, id("on"), request(vnpt(), -1, 4), (&user("lan"), &TimeZone::UTC), NOW)
        .unwrap();
    assert_eq!(work.subjects, 1);
    works
        .announce(&inventory, id("off"), request(vnpt(), 5, 1), (&user("lan"), &TimeZone::UTC), NOW)
        .unwrap();
    let minh = user("minh");
    let (ended, facts) = works.end(&inventory, &id("on"), &minh, NOW + HOUR).unwrap();
    assert_eq!(ended, work);
    assert_eq!(facts[0], Fact::MaintenanceEnded { id: id("on"), at: NOW + HOUR });
    works.end(&inventory, &id("off"), &minh, NOW + HOUR).unwrap();

    let in_effect = works.in_effect();
    assert_eq!(in_effect.len(), 1, "what was called off never was");
    assert_eq!(in_effect[0].hours, WorkHours::Once(Span::new(NOW - HOUR, NOW + HOUR)));
    let later = NOW + 2 * HOUR;
    let again = works.end(&inventory, &id("on"), &user("lan"), later).unwrap_err();
    assert_eq!((again.by.as_deref(), again.at), (Some("minh"), Some(NOW + HOUR)));
    let again = works.announce(
        &inventory,
        id("on"),
        request(vnpt(), -1, 4),
        (&user("lan"), &TimeZone::UTC),
        later,
    );
    assert_eq!(again.map(|_| ()).unwrap_err().error, "already_over");

    // After a restart, too; nobody remembers who it was.
    let mut works = Works::default();
    works.remember(in_effect);
    let again = works.announce(
        &inventory,
        id("on"),
        request(vnpt(), -1, 9),
        (&user("lan"), &TimeZone::UTC),
        later,
    );
    let again = again.map(|_| ()).unwrap_err();
    assert_eq!(
        (again.error.as_str(), again.by, again.at),
        ("already_over", None, Some(NOW + HOUR))
    );
}

#[test]
fn the_list_has_what_goes_on_and_what_comes_by_its_next_beginning() {
    let inventory = province();
    let mut works = Works::default();
    let whole = || request(unit("tinh"), 1, 1);
    works.announce(&inventory, id("soon"), whole(), (&user("lan"), &TimeZone::UTC), NOW).unwrap();
    works
        .announce(
            &inventory,
            id("running"),
            request(unit("tinh"), -1, 3),
            (&user("lan"), &TimeZone::UTC),
            NOW,
        )
        .unwrap();
    let names = |now: UnixMs| -> Vec<String> {
        works.list(&inventory, now).iter().map(|w| w.id.to_string()).collect()
    };
    assert_eq!(names(NOW), ["running", "soon", "nights"]);
    assert_eq!(names(NOW + 2 * HOUR), ["nights"], "the end is no longer inside");
    // Friday 15/01/2027, 08:00 UTC: the next night is Saturday's.
    let next = |now: UnixMs| works.list(&inventory, now).pop().unwrap().next;
    let saturday: UnixMs = "2027-01-16T01:00:00Z".parse().unwrap();
    assert_eq!(next(NOW), Span::new(saturday, saturday + HOUR));
    assert_eq!(next(saturday + HOUR / 2), Span::new(saturday, saturday + HOUR), "goes on");
    assert_eq!(next(saturday + HOUR).from, saturday + 7 * 24 * HOUR);
}

#[test]
fn there_is_a_bound_on_what_is_announced() {
    let inventory = province();
    let mut works = Works::default();
    let mut ask = |n: usize, from| {
        let asked = request(unit("tinh"), from, 1);
        works
            .announce(&inventory, id(&format!("w{n}")), asked, (&user("lan"), &TimeZone::UTC), NOW)
            .map(|_| ())
    };
    (0..WORK_MAX).for_each(|n| ask(n, 1).unwrap());
    assert_eq!(ask(WORK_MAX, 1).unwrap_err().error, "too_many");
    // What is known already may still be changed.
    ask(3, 2).unwrap();
}

#[test]
fn work_recurs_until_it_is_ended_and_is_taken_up_again_after_a_restart() {
    let inventory = province();
    let by = user("lan");
    let mut works = Works::default();
    // `nights` is the inventory's; NOW is 08:00 UTC on a Friday.
    let every = |text: &str, days: i64| WorkRequest {
        every: text.parse().ok(),
        ..request(unit("cai-be"), 0, 24 * days)
    };
    let zone = TimeZone::UTC;
    let asked =
        works.announce(&inventory, id("late"), every("daily 22:00-02:00", 60), (&by, &zone), NOW);
    let ((work, is_new), facts) = asked.unwrap();
    assert!(is_new && work.recurring && !work.in_inventory);
    assert_eq!((work.next.len_ms(), work.until), (4 * HOUR, Some(NOW + 24 * 60 * HOUR)));
    assert_eq!(work.every.map(|e| e.to_string()).as_deref(), Some("daily 22:00-02:00"));
    // Asked again it changes nothing; other hours do.
    let again =
        works.announce(&inventory, id("late"), every("daily 22:00-02:00", 60), (&by, &zone), NOW);
    assert!(again.is_ok_and(|((_, is_new), facts)| !is_new && facts.is_empty()));
    let never =
        works.announce(&inventory, id("never"), every("mon 22:00-23:00", 1), (&by, &zone), NOW);
    assert_eq!(never.unwrap_err().error, "bad_window", "no Monday lies in its life");
    let long =
        works.announce(&inventory, id("long"), every("daily 22:00-23:00", 400), (&by, &zone), NOW);
    assert_eq!(long.unwrap_err().error, "bad_window");

    let mut resumed = Works::default();
    resumed.remember(recorded(&facts));
    let spans = |works: &Works, days: i64| {
        let window = Span::new(NOW, NOW + days * 24 * HOUR);
        works.in_effect().iter().flat_map(|w| w.spans(window)).count()
    };
    assert_eq!(spans(&resumed, 5), 5);
    assert_eq!(resumed.list(&inventory, NOW).len(), 2, "and the inventory's");
    let later = NOW + 49 * HOUR;
    resumed.end(&inventory, &id("late"), &by, later).unwrap();
    assert_eq!(spans(&resumed, 9), 2, "two nights were worked");
    let listed = resumed.list(&inventory, later);
    assert!(listed.iter().all(|work| work.in_inventory), "{listed:?}");
    let over = resumed.end(&inventory, &id("late"), &by, later + 1).unwrap_err();
    assert_eq!(over.error, "already_over");
}

#[test]
fn what_has_had_its_last_time_is_listed_no_more_though_its_life_goes_on() {
    let inventory = province();
    let mut works = Works::default();
    // From 8:00 to 8:00 of the next day, in which lies one such hour.
    let night =
        WorkRequest { every: "daily 01:00-02:00".parse().ok(), ..request(unit("cai-be"), 0, 24) };
    works.announce(&inventory, id("night"), night, (&user("lan"), &TimeZone::UTC), NOW).unwrap();
    let ours = |now| works.list(&inventory, now).iter().filter(|w| !w.in_inventory).count();
    assert_eq!((ours(NOW), ours(NOW + 17 * HOUR), ours(NOW + 19 * HOUR)), (1, 1, 0));
}

#[test]
fn what_was_worked_stays_worked_when_work_is_changed() {
    let inventory = province();
    let (by, zone) = (user("lan"), TimeZone::UTC);
    let mut works = Works::default();
    let every = |text: &str, from: i64, on: &str| WorkRequest {
        every: text.parse().ok(),
        ..request(unit(on), from, 240)
    };
    let mut ask =
        |request, now| works.announce(&inventory, id("night"), request, (&by, &zone), now);
    ask(every("daily 01:00-02:00", 0, "cai-be"), NOW).unwrap();
    // Before its first time everything may change.
    ask(every("daily 01:00-03:00", 1, "cai-be"), NOW + HOUR).unwrap();
    // After it, its end may; that it would begin anew is not meant.
    let later = NOW + 20 * HOUR;
    ask(every("daily 01:00-03:00", 20, "cai-be"), later).unwrap();
    for other in [every("daily 01:00-02:00", 20, "cai-be"), every("daily 01:00-03:00", 20, "tinh")]
    {
        assert_eq!(ask(other, later).unwrap_err().error, "already_begun");
    }
    // Work that does not recur may turn out to have begun at another time.
    let once = |from, hours| request(unit("cai-be"), from, hours);
    works.announce(&inventory, id("once"), once(0, 4), (&by, &zone), NOW).unwrap();
    let now = NOW + 2 * HOUR;
    let corrected = works.announce(&inventory, id("once"), once(1, 3), (&by, &zone), now).unwrap();
    assert_eq!(corrected.0.0.next.from, NOW + HOUR);
    let recorded = works.in_effect();
    let night = recorded.iter().find(|work| work.id == id("night")).unwrap();
    let worked = night.spans(Span::new(NOW, later));
    assert_eq!(worked.iter().map(|span| span.len_ms()).sum::<i64>(), 2 * HOUR);
}
