//! What alerts say: every topic over realistic messages in both languages, an operator's own
//! templates, and that nothing a device or a table says can steer a message.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod hostile;
mod notices;
mod own;

use std::fmt::Write as _;
use std::sync::OnceLock;

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use notices::{self as n, at};
use tuantra::alert::text::{TITLE_CHARS_MAX, WORDS_BYTES_MAX};
use tuantra::alert::{Notice, Texts, Topic, Words};
use tuantra::locale::Lang;
use tuantra::model::UnixMs;

/// The day on which everything happens: Thursday the 26th of November 2026.
const NOW: &str = "2026-11-26T07:32:00+07:00";

fn zone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

fn words(notice: &Notice, lang: Lang, now: UnixMs) -> Words {
    static TEXTS: OnceLock<(Texts, TimeZone)> = OnceLock::new();
    let (texts, zone) = TEXTS.get_or_init(|| (Texts::builtin(), zone()));
    texts.words(notice, lang, zone, now).unwrap()
}

/// Messages one below the other, each with its case's name.
fn told(lang: Lang, cases: &[(&str, Notice, &str)]) -> String {
    let mut text = String::new();
    for (name, notice, now) in cases {
        let words = words(notice, lang, at(now));
        writeln!(text, "== {name}\n{}\n{}\n", words.title, words.body).unwrap();
    }
    text
}

fn shown(name: &str, cases: &[(&str, Notice, &str)]) {
    for lang in Lang::ALL {
        assert_snapshot!(format!("{name}_{lang}"), told(lang, cases));
    }
}

#[test]
fn troubles_say_what_where_since_and_whom_to_call() {
    shown(
        "troubles",
        &[
            ("one commune's line", n::commune(Topic::Down), NOW),
            ("a district's trunk", n::trunk(Topic::Down), NOW),
            ("the core link, all communes", n::core(Topic::Down), NOW),
            ("the second of two trunks", n::redundant(), NOW),
            ("a line known by its id only", n::unknown(), NOW),
            ("a service", n::service(Topic::Down), NOW),
            ("a device", n::device(Topic::Down), NOW),
            ("degraded", n::degraded(Topic::Degraded), NOW),
            ("a device in trouble", n::hot_device(), NOW),
            ("flapping", n::flapping(Topic::Flapping), NOW),
            ("more is cut off", n::trunk(Topic::Update), NOW),
            ("told the day after, for another channel", n::rerouted(), "2026-11-27T06:00:00+07:00"),
        ],
    );
}

#[test]
fn what_follows_says_who_took_it_how_long_and_how_much() {
    let later = "2026-11-26T11:31:00+07:00";
    let over = "2026-11-26T07:53:00+07:00";
    shown(
        "follow_ups",
        &[
            ("reminder, not taken", n::made_at(n::trunk(Topic::Reminder), later), later),
            ("reminder, taken", n::made_at(n::taken(Topic::Reminder, None), later), later),
            (
                "reminder, no longer taken",
                n::made_at(n::taken(Topic::Reminder, Some("2026-11-26T09:40:00+07:00")), later),
                later,
            ),
            ("reminder, blind", n::made_at(n::blind(Topic::Reminder, None), later), later),
            ("escalation", n::made_at(n::trunk(Topic::Escalation), later), later),
            (
                "taken until a time",
                n::taken(Topic::Acknowledged, Some("2026-11-26T09:40:00+07:00")),
                "2026-11-26T07:40:10+07:00",
            ),
            (
                "taken until it is over",
                n::taken(Topic::Acknowledged, None),
                "2026-11-26T07:40:10+07:00",
            ),
            ("recovered, one commune", n::over(n::commune(Topic::Recovered)), over),
            ("recovered, a trunk", n::over(n::taken(Topic::Recovered, None)), over),
            ("recovered, a service", n::over(n::service(Topic::Recovered)), over),
            ("no longer degraded", n::over(n::degraded(Topic::Recovered)), over),
            ("no longer flapping", n::over(n::flapping(Topic::Recovered)), over),
            ("no longer patrolled", n::over(n::commune(Topic::Removed)), over),
            ("a part of another incident", n::merged(n::commune(Topic::Merged)), over),
            ("still blind", n::merged(n::blind(Topic::Merged, Some("VNPT"))), over),
            ("passed", n::over(n::trunk(Topic::Passed)), "2026-11-26T08:10:00+07:00"),
            (
                "passed, told two days later",
                n::over(n::commune(Topic::Passed)),
                "2026-11-28T08:10:00+07:00",
            ),
            ("passed, degraded", n::over(n::degraded(Topic::Passed)), over),
            ("passed, blind", n::over(n::blind(Topic::Passed, Some("VNPT"))), over),
            ("over midnight", n::over_midnight(), over),
        ],
    );
}

#[test]
fn a_root_that_the_inventory_has_no_longer_is_named_by_its_id() {
    let over = "2026-11-26T07:53:00+07:00";
    for (topic, lang, title) in [
        (Topic::Removed, Lang::En, "NO LONGER PATROLLED: cai-be.an-cu/tslcd, down since 07:31"),
        (
            Topic::Recovered,
            Lang::Vi,
            "ĐÃ KHÔI PHỤC: cai-be.an-cu/tslcd lúc 07:52, mất kết nối 21 phút 20 giây",
        ),
    ] {
        let words = words(&n::over(n::gone(topic)), lang, at(over));
        assert_eq!(words.title, title);
        // What is no blindness says nothing of figures that there are not.
        assert!(!words.body.contains("no figures") && !words.body.contains("không có số liệu"));
    }
    // Somebody may still take it.
    let down = words(&n::gone(Topic::Reminder), Lang::En, at(over));
    assert!(down.body.contains("tuantra ack cai-be.an-cu/tslcd@"), "{}", down.body);
}

#[test]
fn the_monitors_own_troubles_blame_nobody() {
    let over = "2026-11-26T07:53:00+07:00";
    shown(
        "monitor",
        &[
            ("blind", n::blind(Topic::Blind, None), NOW),
            ("blind through a carrier", n::blind(Topic::Blind, Some("VNPT")), NOW),
            ("sees again", n::over(n::blind(Topic::Recovered, None)), over),
            ("sees a carrier again", n::over(n::blind(Topic::Recovered, Some("VNPT"))), over),
            ("a channel is lost", n::channel(Topic::ChannelLost), NOW),
            ("a channel is back", n::over(n::channel(Topic::ChannelBack)), over),
            ("a test", n::test(), NOW),
        ],
    );
}

#[test]
fn digests_count_and_tell_the_worst_and_oldest_first() {
    let morning = "2026-11-26T07:00:00+07:00";
    shown(
        "digests",
        &[
            ("of three", n::digest_of_three(), morning),
            ("of a thousand", n::digest_of(1_000), morning),
            ("of nothing", n::digest_of(0), morning),
        ],
    );
    let many = words(&n::digest_of(1_000), Lang::Vi, at(morning));
    assert_eq!(many.body.lines().count(), 31, "thirty lines and the rest");
}

#[test]
fn a_storm_is_told_with_its_end_and_what_is_left_of_it() {
    let (begins, ends) = ("2026-11-26T07:00:00+07:00", "2026-11-26T18:00:00+07:00");
    shown(
        "storms",
        &[
            ("it begins", n::storm(Topic::StormBegan, 0), begins),
            ("a quarter of it", n::storm_digest(), "2026-11-26T08:00:00+07:00"),
            ("it is over", n::storm(Topic::StormEnded, 3), ends),
            ("and nothing is open", n::storm(Topic::StormEnded, 0), ends),
            ("its unit is gone", n::storm_without_unit(), ends),
        ],
    );
}

#[test]
fn an_incident_is_one_line_of_a_digest_its_latest() {
    let down = n::commune(Topic::Down);
    let over = n::over(n::commune(Topic::Recovered));
    let parts = vec![over.clone(), down.clone(), n::trunk(Topic::Down)];
    let digest = Notice { parts, ..n::digest_of(0) };
    let said = words(&digest, Lang::En, at("2026-11-26T08:00:00+07:00"));
    let lines: Vec<&str> = said.body.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("• DOWN: Huyện Cái Bè"), "open before over: {lines:?}");
    assert!(lines[1].starts_with("• RECOVERED: Xã An Cư"), "{lines:?}");
    assert!(said.title.ends_with("2 incidents, 1 over, 1 still open"), "{}", said.title);
}

#[test]
fn the_longest_lists_stay_within_the_bounds() {
    let long = "Ả".repeat(5_000);
    let mut notice = n::core(Topic::Down);
    notice.units.iter_mut().for_each(|unit| unit.name.clone_from(&long));
    notice.services = vec![long.clone(); 2_000];
    let subject = notice.subject.as_mut().unwrap();
    subject.unit.name.clone_from(&long);
    subject.above = Some(long.clone());
    subject.carrier = Some(long.clone());
    subject.hotline = Some(long.clone());
    subject.contact.email = Some(long.clone());
    notice.reason = Some(long);
    notice.units_count = u32::MAX;
    for lang in Lang::ALL {
        let said = words(&notice, lang, at(NOW));
        assert_eq!(said.title.chars().count(), TITLE_CHARS_MAX);
        assert!(said.title.len() + said.body.len() < WORDS_BYTES_MAX / 2);
    }
}

#[test]
fn a_link_leads_to_the_incident() {
    let texts = Texts::builtin().with_link("https://noc.example/su-co?id={incident}");
    let said = texts.words(&n::commune(Topic::Down), Lang::Vi, &zone(), at(NOW)).unwrap();
    let link = said.body.lines().find(|line| line.starts_with("Xem: ")).unwrap();
    assert_eq!(
        link,
        "Xem: https://noc.example/su-co?id=cai-be.an-cu%2Ftslcd%402026-11-26T00%3A31%3A00Z"
    );
    let blind = texts.words(&n::test(), Lang::Vi, &zone(), at(NOW)).unwrap();
    assert!(!blind.body.contains("https:"), "no incident, no link");
}

#[test]
fn what_a_shell_would_read_is_no_command() {
    for id in ["a/b@x; reboot", "-a@x", "$(reboot)@x", "a b@x", "a`b`@x", "a\nb@x"] {
        let incident = Some(tuantra::model::IncidentId::from_stored(id));
        let said = words(&Notice { incident, ..n::commune(Topic::Down) }, Lang::En, at(NOW));
        assert!(!said.body.contains("tuantra ack"), "{id:?}: {}", said.body);
        assert!(said.body.lines().last().unwrap().starts_with("Incident: "), "{}", said.body);
    }
}

#[test]
fn the_mail_has_the_facts_in_a_table() {
    let said = words(&n::trunk(Topic::Down), Lang::Vi, at(NOW));
    assert_snapshot!(tuantra::alert::text::html(&said.title, &said.body, 0x00C6_2828));
}
