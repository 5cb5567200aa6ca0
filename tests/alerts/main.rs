//! Who is told what, when, as tables (`*.toml` beside this file): the core on a virtual clock, the
//! desk behind it, and services that answer as the table says. The tables' language is that of
//! `tests/health` (its README tells it), with four sections more: `alerts`, `answers`, `messages`
//! and `outbox`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test, and says what it has tried"
)]

#[path = "../health/play.rs"]
mod play;
#[path = "../health/say.rs"]
mod say;
#[path = "../health/scene.rs"]
mod scene;
#[path = "../health/services.rs"]
mod services;
#[path = "../health/table.rs"]
mod table;
#[path = "../health/words.rs"]
mod words;

mod crowds;
mod properties;

use play::{is_run, run, run_text};

macro_rules! tables {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            let outcome = run("alerts", concat!(stringify!($name), ".toml"));
            assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
        })+
        const TABLES: &[&str] = &[$(concat!(stringify!($name), ".toml")),+];
    };
}

tables!(
    grouping, repeat, resolve, routes, quiet, escalate, ack, merged, passed, stale, fallback, rate,
    sight, storm,
);

#[test]
fn every_table_is_run() {
    assert_eq!(is_run("alerts", TABLES), Ok(()));
}

const HOLDS: &str = r#"
    [[case]]
    name = "down"
    subjects = ["line"]
    alerts = """
    group_wait: 0s
    routes: [ { to: duty } ]
    channels: { duty: { gotify: {} } }
    """
    rounds = "0:00 | line | ...xxx..."
    answers = "0:00 | duty | ok"
    until = "2:00"
    messages = """
    0:51 | duty | down line
    1:11 | duty | recovered line
    """
    outbox = "duty | sent 2"
"#;

#[test]
fn every_kind_of_wrong_expectation_fails() {
    let outcome = run_text("x.toml", HOLDS);
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    for (right, wrong) in [
        ("0:51 | duty", "0:50 | duty"),
        ("duty | down line", "mail | down line"),
        ("recovered line", "removed line"),
        ("sent 2", "sent 1, dead 1"),
        ("0:00 | duty | ok", "0:00 | duty | refuses"),
        ("0:00 | duty | ok", "0:00 | duty | sleeps"),
        ("to: duty", "to: nobody"),
    ] {
        assert!(HOLDS.contains(right), "{right} is not in the table");
        let outcome = run_text("x.toml", &HOLDS.replace(right, wrong));
        assert!(outcome.is_err(), "{wrong} for {right} went unnoticed");
    }
}
