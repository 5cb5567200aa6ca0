//! What is known of before a restart, or a reload.

use super::*;

#[test]
fn a_restart_repeats_nothing_and_forgets_nothing() {
    let mut bench = Bench::new(ONE);
    let away = Outcome::Again { after_ms: None, is_unsure: false, reason: "no route".into() };
    bench.down(1, 1);
    bench.until(1);
    bench.answers.insert("duty".into(), away);
    bench.down(2, 1);
    bench.until(2);
    bench.restart();
    bench.answers.clear();
    bench.until(8);
    bench.restart();
    bench.up(1);
    bench.up(2);
    bench.until(9);
    let topics: Vec<(Topic, String)> = bench
        .left
        .iter()
        .map(|(_, _, topic, id)| (*topic, id.clone().unwrap()[..2].to_owned()))
        .collect();
    let s = |text: &str| text.to_owned();
    assert_eq!(
        topics,
        [
            (Topic::Down, s("s1")),
            (Topic::Down, s("s2")),
            (Topic::Recovered, s("s1")),
            (Topic::Recovered, s("s2"))
        ]
    );
}

#[test]
fn what_was_away_when_the_daemon_was_killed_may_have_been_taken() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.desk.due(UnixMs(1_000));
    bench.keep();
    assert_eq!(bench.desk.due(UnixMs(1_000)).len(), 1);
    bench.restart();
    bench.up(1);
    bench.until(1);
    // Its end is no change of it, but a message of its own.
    let told = bench.told();
    let topics: Vec<&str> = told.iter().map(|s| s.rsplit(' ').next().unwrap()).collect();
    assert_eq!(topics, ["Down", "Recovered"], "{told:?}");
}

#[test]
fn what_is_for_a_channel_that_is_gone_is_given_up() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.plan = plan("  routes: [ { to: mail } ]\n  channels: { mail: { gotify: {} } }\n");
    bench.desk.set_plan(bench.plan.clone(), bench.now);
    bench.until(1);
    assert_eq!(bench.states(), BTreeMap::from([("dead", 1)]));
}

/// A blind time is told, and the daemon is killed.
fn killed_blind() -> Bench {
    let mut bench = Bench::new(ONE);
    bench.blind("blind/patrol", 0);
    bench.until(1);
    bench.restart();
    bench.until(2);
    assert_eq!(bench.told(), ["1 duty Blind"]);
    bench
}

#[test]
fn the_end_of_a_blind_time_of_before_a_restart_is_told_once_something_is_seen() {
    let mut bench = killed_blind();
    bench.desk.see_again(&bench.inventory, |_| false, bench.now);
    bench.until(3);
    assert_eq!(bench.told(), [] as [&str; 0], "nobody knows yet");
    bench.restart();
    bench.desk.see_again(&bench.inventory, |_| true, bench.now);
    bench.until(4);
    assert_eq!(bench.told(), ["181 duty Recovered"]);
    bench.restart();
    bench.desk.see_again(&bench.inventory, |_| true, bench.now);
    bench.until(5);
    assert_eq!(bench.told(), [] as [&str; 0], "told once");
}

#[test]
fn a_blind_time_that_goes_on_after_a_restart_is_closed_under_its_old_name() {
    let mut bench = killed_blind();
    bench.blind("blind/patrol", 120_000);
    bench.until(3);
    assert_eq!(bench.told(), ["121 duty Merged", "121 duty Blind"]);
    bench.restart();
    bench.desk.see_again(&bench.inventory, |_| true, bench.now);
    bench.until(4);
    let (_, _, topic, incident) = bench.left[0].clone();
    assert_eq!(topic, Topic::Recovered);
    assert_eq!(incident.as_deref(), Some("blind/patrol@1970-01-01T00:02:00Z"));
    assert_eq!(bench.left.len(), 1);
}

#[test]
fn who_was_refused_alone_is_not_asked_again_after_a_restart() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    let out = bench.leaving();
    let mut progress = Progress::default();
    progress.end(1);
    progress.is_taken = true;
    let again = Outcome::Again { after_ms: None, is_unsure: false, reason: "greylisted".into() };
    bench.desk.outcome(&out[0].key, &again, progress.clone(), bench.now);
    bench.keep();
    bench.restart();
    bench.now = bench.now + 60_000;
    assert_eq!(bench.leaving()[0].progress, progress);
}

#[test]
fn a_route_is_known_by_what_it_says_wherever_it_stands() {
    let route = |more: &str| {
        format!(
            "  group_wait: 0s\n  routes:\n{more}    - {{ to: duty, escalate: [ {{ after: 30m, to: head }} ] }}\n  \
             channels: {{ duty: {{ gotify: {{}} }}, head: {{ gotify: {{}} }} }}\n"
        )
    };
    let mut bench = Bench::new(&route(""));
    bench.down(1, 1);
    bench.until(10);
    // Another route stands before it now; its times and steps go on.
    let other = "    - { match: { severity: blind }, to: head }\n";
    assert_eq!(bench.desk.set_plan(plan(&route(other)), bench.now), []);
    bench.until(31);
    assert_eq!(bench.told(), ["1 duty Down", "1800 head Escalation"]);
    let key = |plan: &Plan, n: usize| {
        let scope = Scope { subject: Some(SubjectIx(1)), carrier: None, units: 1 };
        plan.router.hits(&bench.inventory, &scope, Severity::Down, UnixMs(0))[n].key
    };
    assert_eq!(key(&plan(&route("")), 0), key(&plan(&route(other)), 0));
    assert_ne!(key(&plan(ONE), 0), key(&plan(&route("")), 0));
}

#[test]
fn what_a_reload_takes_away_is_counted_by_channel() {
    let two = "  group_wait: 0s\n  routes: [ { to: [duty, mail] } ]\n  channels: { duty: { gotify: {} }, mail: { gotify: {} } }\n";
    let mut bench = Bench::new(two);
    let away = Outcome::Again { after_ms: None, is_unsure: false, reason: "away".into() };
    bench.answers.insert("mail".to_owned(), away);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(1);
    let mail = Id::new("mail").unwrap();
    assert_eq!(bench.desk.set_plan(plan(ONE), bench.now), [(mail, 2, 2)]);
    bench.keep();
    let dead = |m: &&Message| m.channel.as_str() == "mail" && m.state == MessageState::Dead;
    let reasons: Vec<_> = bench.kept.values().filter(dead).map(|m| m.reason.clone()).collect();
    assert_eq!(reasons, vec![Some(crate::t!(crate::locale::Lang::En, GONE)); 2]);
    // Told once, and who is there still hears the end.
    assert_eq!(bench.desk.set_plan(plan(ONE), bench.now), []);
    bench.told();
    bench.up(1);
    bench.until(2);
    assert_eq!(bench.told(), ["61 duty Recovered"]);
}

#[test]
fn the_end_of_a_root_that_is_in_the_inventory_no_more_names_it() {
    let mut bench = Bench::new(ONE);
    bench.down(1, 1);
    bench.until(1);
    bench.restart();
    let mut notice = facts::blank(Topic::Removed, Severity::Down, bench.now);
    notice.incident = Some(bench.incident(1, 1).id);
    bench.desk.tell(&bench.inventory, notice, &Scope::default(), bench.now);
    bench.keep();
    let row = bench.kept.values().find(|m| m.body["notice"]["topic"] == "removed").unwrap();
    assert_eq!(row.body["notice"]["subject"]["id"], "s1");
}
