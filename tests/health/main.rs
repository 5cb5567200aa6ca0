//! The rules of DESIGN section 5 as state tables (`tests/health/*.toml`), run by the core on a
//! virtual clock: the one that `tuantra replay` runs. The tables' language is told in
//! `tests/health/README.md`.

mod play;
mod say;
mod scene;
mod services;
mod table;
mod thresholds;
mod words;

use play::{is_run, run, run_text};

macro_rules! tables {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            let outcome = run("health", concat!(stringify!($name), ".toml"));
            assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
        })+
        const TABLES: &[&str] = &[$(concat!(stringify!($name), ".toml")),+];
    };
}

tables!(
    rule_01_rounds,
    rule_02_confirm,
    rule_03_recover,
    rule_04_degraded,
    rule_05_unreachable,
    rule_06_parent_recovers,
    rule_07_sentinels,
    rule_08_holes,
    rule_09_flapping,
    rule_10_maintenance,
    rule_11_off_hours,
    rule_12_on_backup,
    rule_13_time,
    snmp,
    icinga_soft_hard,
    incidents,
    causes,
    reload,
);

#[test]
fn every_table_is_run() {
    let tables: Vec<&str> = TABLES.iter().copied().chain(["thresholds.toml"]).collect();
    assert_eq!(is_run("health", &tables), Ok(()));
}

/// A table whose every expectation but one holds.
fn told_wrong(wrong: &str, right: &str) -> String {
    let case = r#"
        [[case]]
        name = "down"
        subjects = ["line"]
        every = "10s"
        rounds = "0:00 | line | ...xxx..."
        verdicts = "line | up 0:00, down 0:30 said 0:50, up 1:00 said 1:10"
        records = "line | up 0:00, down 0:30, up 1:00"
        outages = "line | down 0:30 to 1:00"
        told = "1:20 | down line"
        incidents = """
            0:50 | A opened: line down since 0:30
            1:10 | A closed
        """
        time = "line | up 1:00, down 0:30"
    "#;
    let case = case.replace(r#"told = "1:20 | down line""#, r#"told = """#);
    assert!(case.contains(right), "{right} is not in the table");
    case.replace(right, wrong)
}

#[test]
fn the_table_that_the_following_spoils_holds() {
    let outcome = run_text("x.toml", &told_wrong("line", "line"));
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}

#[test]
fn every_kind_of_wrong_expectation_fails() {
    for (right, wrong) in [
        ("down 0:30 said 0:50", "down 0:30 said 0:40"),
        ("down 0:30 said 0:50", "unreachable 0:30 said 0:50"),
        ("down 0:30, up 1:00\"", "down 0:40, up 1:00\""),
        ("down 0:30 to 1:00", "down 0:30 to 1:10"),
        (r#"told = """#, r#"told = "1:20 | down line""#),
        ("A opened: line", "A opened: trunk"),
        ("1:10 | A closed", "1:20 | A closed"),
        ("up 1:00, down 0:30\"", "up 1:30\""),
        ("...xxx...", "...xx...."),
    ] {
        let outcome = run_text("x.toml", &told_wrong(wrong, right));
        assert!(outcome.is_err(), "{wrong} for {right} went unnoticed");
    }
}

#[test]
fn a_difference_names_table_case_and_row() {
    let wrong = told_wrong("down 0:20 said 0:50", "down 0:30 said 0:50");
    let difference = run_text("rule_99.toml", &wrong).unwrap_err();
    for part in [
        "rule_99.toml: case \"down\"",
        "verdicts:",
        "- line | up 0:00, down 0:20 said 0:50, up 1:00 said 1:10",
        "+ line | up 0:00, down 0:30 said 0:50, up 1:00 said 1:10",
    ] {
        assert!(difference.contains(part), "{part} is not in\n{difference}");
    }
}

#[test]
fn a_table_that_cannot_be_read_fails() {
    for (right, wrong) in [
        ("name = \"down\"", "nam = \"down\""),
        ("0:00 | line |", "0:00 | lime |"),
        ("...xxx...", "...xyz..."),
        ("every = \"10s\"", "every = \"10\""),
        ("[\"line\"]", "[\"line vai trunk\"]"),
        ("[\"line\"]", "[\"line via trunk\"]"),
        ("0:00 | line | ...xxx...", "0.00 | line | ...xxx..."),
    ] {
        let outcome = run_text("x.toml", &told_wrong(wrong, right));
        assert!(outcome.is_err(), "{wrong} for {right} was understood");
    }
}
