//! What leaves, when, together with what, and where else it goes when it is refused.

use super::*;

#[test]
fn nothing_leaves_before_the_disk_has_it() {
    let mut bench = Bench::new(ONE);
    let incident = bench.incident(1, 1);
    let notice = facts::open(&bench.inventory, &incident, Topic::Down, UnixMs(0));
    let scope = Scope { subject: Some(SubjectIx(1)), carrier: None, units: 1 };
    bench.desk.tell(&bench.inventory, notice, &scope, UnixMs(0));
    let (messages, ticket) = bench.desk.take_changed();
    assert_eq!(messages.len(), 1);
    assert_eq!(bench.desk.due(UnixMs(5_000)), []);
    bench.desk.kept(ticket);
    assert_eq!(bench.desk.due(UnixMs(5_000)), [], "that it leaves is not on the disk yet");
    assert_eq!(bench.desk.due(UnixMs(5_500)), []);
    let (messages, ticket) = bench.desk.take_changed();
    assert_eq!(messages.len(), 1);
    bench.desk.kept(ticket);
    assert_eq!(bench.desk.due(UnixMs(5_900)).len(), 1);
    assert_eq!(bench.desk.due(UnixMs(6_000)), [], "it is away");
}

#[test]
fn the_night_is_told_in_the_morning_in_one_digest() {
    // The clock starts at 08:00 there: in 1970 it was an hour ahead of today's.
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty, quiet: \"07:00-09:00\" } ]\n  channels: { duty: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(10);
    bench.up(2);
    bench.until(70);
    bench.up(1);
    bench.until(80);
    assert_eq!(bench.told(), ["3600 duty Digest", "4201 duty Recovered"]);
    assert_eq!(bench.states(), BTreeMap::from([("sent", 4)]));
}

#[test]
fn a_thousand_outages_in_a_minute_keep_the_rate_and_nothing_is_lost() {
    let mut bench = Bench::new(
        "  group_wait: 0s\n  routes: [ { to: duty } ]\n  channels: { duty: { gotify: {}, per_minute: 20 } }\n",
    );
    bench.inventory = crate::health::bench_inventory(1_000);
    for n in 0..1_000 {
        bench.down(n, 1);
        if n % 17 == 0 {
            bench.now = bench.now + 1_000;
            bench.send();
        }
    }
    bench.until(10);
    let told = bench.told();
    let digests = told.iter().filter(|line| line.ends_with("Digest")).count();
    assert!(told.len() <= 10 + 20 + 10 && digests >= 1, "{told:?}");
    assert_eq!(bench.kept.values().filter(|m| m.incident.is_some()).count(), 1_000);
    assert_eq!(bench.states(), BTreeMap::from([("sent", 1_000 + digests)]));
}

#[test]
fn what_a_channel_refuses_goes_to_its_fallback_with_its_end() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty } ]\n  channels: { duty: { gotify: {}, fallback: mail }, mail: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let refused = Outcome::Refused { reason: "401".into(), is_channel: true };
    bench.answers.insert("duty".into(), refused);
    bench.down(1, 1);
    bench.until(5);
    bench.up(1);
    bench.until(10);
    let told = bench.told();
    let topics: Vec<&str> = told.iter().map(|s| s.split_once(' ').unwrap().1).collect();
    assert_eq!(topics, ["mail ChannelLost", "mail Down", "mail Recovered"], "{told:?}");
    bench.answers.clear();
    bench.down(2, 1);
    bench.until(20);
    let told = bench.told();
    assert!(told.iter().any(|s| s.ends_with("mail ChannelBack")), "{told:?}");
}

#[test]
fn one_failing_channel_delays_no_other() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: [duty, mail] } ]\n  channels: { duty: { gotify: {} }, mail: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let away = Outcome::Again { after_ms: Some(90_000), is_unsure: false, reason: "429".into() };
    bench.answers.insert("duty".into(), away);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(1);
    assert_eq!(bench.told(), ["1 mail Down", "1 mail Down"]);
    bench.answers.clear();
    bench.until(3);
    assert_eq!(bench.told(), ["91 duty Down", "91 duty Down"]);
}

#[test]
fn an_operator_drops_and_retries() {
    let mut bench = Bench::new(ONE);
    let refused = Outcome::Refused { reason: "400".into(), is_channel: false };
    bench.answers.insert("duty".into(), refused);
    bench.down(1, 1);
    bench.until(1);
    assert_eq!(bench.states(), BTreeMap::from([("dead", 1)]));
    bench.answers.clear();
    let dead = bench.kept.values().next().unwrap().clone();
    assert!(bench.desk.retry(&dead, bench.now));
    bench.keep();
    bench.until(2);
    assert_eq!(bench.told(), ["61 duty Down"]);
    assert!(!bench.desk.give_up_by(&dead.id, "minh"), "it was sent");
}

#[test]
fn the_end_of_what_is_on_its_way_in_a_digest_is_told_after_it() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty, quiet: \"07:00-09:00\" } ]\n  channels: { duty: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.now = UnixMs(60 * MINUTE);
    // The digest is out, and its answer is late.
    let out = bench.leaving();
    assert_eq!((out[0].notice.topic, out[0].notice.parts.len()), (Topic::Digest, 2));
    bench.up(1);
    assert_eq!(bench.desk.due(bench.now), []);
    let late = Outcome::Again { after_ms: None, is_unsure: true, reason: "no answer".into() };
    bench.desk.outcome(&out[0].key, &late, 0, bench.now);
    bench.until(70);
    let told: Vec<String> =
        bench.told().iter().map(|s| s.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(told, ["Digest", "Recovered"]);
}

#[test]
fn a_digest_that_nobody_took_is_written_anew() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty, quiet: \"07:00-09:00\" } ]\n  channels: { duty: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let away = Outcome::Again { after_ms: None, is_unsure: false, reason: "no route".into() };
    bench.answers.insert("duty".into(), away);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(70);
    bench.up(1);
    bench.down(3, 1);
    bench.until(100);
    bench.answers.clear();
    bench.until(120);
    let told: Vec<String> =
        bench.told().iter().map(|s| s.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(told, ["Digest"]);
    let digest = bench.kept.values().find(|m| m.id.starts_with("digest:")).unwrap();
    let notice: Notice = serde_json::from_value(digest.body["notice"].clone()).unwrap();
    let topics: Vec<Topic> = notice.parts.iter().map(|part| part.topic).collect();
    assert_eq!(topics, [Topic::Passed, Topic::Down, Topic::Down]);
    assert_eq!(bench.states(), BTreeMap::from([("sent", 4)]));
}

#[test]
fn a_fallback_hears_of_what_is_over_that_it_was() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty } ]\n  channels: { duty: { gotify: {}, fallback: mail }, mail: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let unsure = Outcome::Again { after_ms: None, is_unsure: true, reason: "no answer".into() };
    bench.answers.insert("duty".into(), unsure);
    bench.down(1, 1);
    bench.until(1);
    bench.up(1);
    bench.until(60);
    let told: Vec<String> =
        bench.told().iter().map(|s| s.split_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(told, ["mail ChannelLost", "mail Passed"]);
    assert!(bench.desk.threads.is_empty());
    bench
        .answers
        .insert("duty".into(), Outcome::Refused { reason: "400".into(), is_channel: false });
    bench.until(80);
    assert_eq!(bench.told(), [] as [&str; 0], "once is enough");
}

#[test]
fn a_digest_that_was_given_up_leaves_as_it_was_when_it_is_tried_again() {
    let alerts = "  group_wait: 0s\n  routes: [ { to: duty, quiet: \"07:00-09:00\" } ]\n  channels: { duty: { gotify: {} } }\n";
    let mut bench = Bench::new(alerts);
    let refused = Outcome::Refused { reason: "no".into(), is_channel: false };
    bench.answers.insert("duty".to_owned(), refused);
    bench.down(1, 1);
    bench.down(2, 1);
    bench.until(125);
    let dead = bench.kept.values().find(|m| m.id.starts_with("digest:")).unwrap().clone();
    assert_eq!(dead.state, MessageState::Dead);
    bench.answers.clear();
    assert!(bench.desk.retry(&dead, bench.now));
    bench.until(126);
    assert_eq!(bench.told(), ["7501 duty Digest"]);
    let sent = &bench.kept[&dead.id];
    assert_eq!(sent.state, MessageState::Sent);
    assert_eq!(sent.body["notice"], dead.body["notice"], "not written anew: its parts are gone");
}
