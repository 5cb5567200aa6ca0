//! Who may import whom, as `docs/architecture.md` says. Every `crate::ROOM` in a room's sources
//! counts, in a `use` or in an expression.

#![expect(clippy::unwrap_used, reason = "a source file that cannot be read must stop the check")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A room and the rooms it may import.
const RULES: [(&str, &[&str]); 16] = [
    ("model", &[]),
    ("memory", &[]),
    ("locale", &["model"]),
    ("config", &["model", "locale"]),
    ("health", &["model", "locale"]),
    ("coverage", &["model", "locale"]),
    ("inventory", &["model", "locale"]),
    ("probe", &["model", "locale", "config", "health", "coverage", "inventory"]),
    ("store", &["model", "locale", "config", "health", "coverage", "inventory"]),
    ("alert", &["model", "locale", "config", "health", "coverage", "inventory", "store"]),
    ("api", &["model", "locale", "config", "health", "coverage", "inventory"]),
    ("report", &["model", "locale", "config", "health", "coverage", "inventory", "store"]),
    ("dash", &["api", "model", "locale", "coverage", "memory"]),
    ("sim", &["model", "locale", "config", "inventory"]),
    (
        "daemon",
        &[
            "model",
            "locale",
            "config",
            "health",
            "coverage",
            "inventory",
            "probe",
            "store",
            "alert",
            "api",
            "memory",
        ],
    ),
    (
        "cli",
        &[
            "model",
            "memory",
            "locale",
            "config",
            "health",
            "coverage",
            "inventory",
            "probe",
            "store",
            "alert",
            "api",
            "report",
            "daemon",
            "dash",
            "sim",
        ],
    ),
];

/// Rooms that may hold no clock, socket, file, task or randomness.
const PURE: [&str; 3] = ["model", "health", "coverage"];
const IMPURE: [&str; 9] = [
    "std::fs",
    "std::io",
    "std::thread",
    "std::process",
    "tokio",
    "socket2",
    "rusqlite",
    "getrandom",
    "Instant",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Source text by room, comments left out.
fn rooms() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut rooms: BTreeMap<String, Vec<(PathBuf, String)>> = BTreeMap::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let room = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let room = room.trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let code: String = text
            .lines()
            .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
            .flat_map(|line| [line, "\n"])
            .collect();
        rooms.entry(room).or_default().push((file, code));
    }
    rooms
}

/// The rooms that `code` names after `crate::`, grouped imports included.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let word = |text: &str| -> String {
            text.trim_start().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()
        };
        match rest.strip_prefix('{') {
            None => {
                found.insert(word(rest));
            }
            Some(group) => {
                let mut depth = 0;
                let mut start = 0;
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => {
                            found.insert(word(&group[start..i]));
                            break;
                        }
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            found.insert(word(&group[start..i]));
                            start = i + 1;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    // A group's trailing comma, and what is no room: `crate::{self}`, `crate::CONSTANT`.
    found.remove("");
    found
}

#[test]
fn rooms_import_only_what_they_may() {
    let rooms = rooms();
    let names: BTreeSet<&str> = RULES.iter().map(|(room, _)| *room).collect();
    let present: BTreeSet<&str> =
        rooms.keys().map(String::as_str).filter(|r| !matches!(*r, "lib" | "main")).collect();
    assert_eq!(names, present, "every room has a rule and every rule a room");
    let mut breaches = Vec::new();
    for (room, allowed) in RULES {
        for (file, code) in &rooms[room] {
            for other in imports(code) {
                if other != room && names.contains(&*other) && !allowed.contains(&&*other) {
                    breaches.push(format!("{} imports {other}", file.display()));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn pure_rooms_hold_no_clock_socket_file_or_task() {
    let rooms = rooms();
    let mut breaches = Vec::new();
    for room in PURE {
        for (file, code) in &rooms[room] {
            for word in IMPURE.iter().filter(|w| code.contains(**w)) {
                breaches.push(format!("{} names {word}", file.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// Libraries that may change under us, and the files that name each: the first is the one through
/// which the others come by it; the rest may not import that room.
const CONFINED: [(&str, &[&str]); 1] = [(
    "async_snmp",
    &[
        "probe/snmp/wire.rs",
        "probe/snmp/wire/ber_tests.rs",
        "probe/snmp/wire/ear.rs",
        "sim/agent.rs",
    ],
)];

#[test]
fn a_library_that_may_change_is_named_by_one_file() {
    let rooms = rooms();
    for (library, homes) in CONFINED {
        let naming = rooms.values().flatten().filter(|(_, code)| code.contains(library));
        let naming: Vec<_> = naming.map(|(file, _)| file).collect();
        // What filters its lines out of the log names it as a text.
        let is_home = |file: &Path| homes.iter().any(|home| file.ends_with(home));
        let at_home = |file: &Path| is_home(file) || file.ends_with("cli/mod.rs");
        assert!(naming.iter().filter(|file| is_home(file)).count() == homes.len(), "{naming:?}");
        assert!(naming.iter().all(|file| at_home(file)), "{library}: {naming:?}");
    }
}

#[test]
fn the_scanner_sees_single_and_grouped_imports() {
    let code = "use crate::{\n    model::{A, B}, store,\n    locale::Lang,\n}; crate::probe::x()";
    let found: Vec<String> = imports(code).into_iter().collect();
    assert_eq!(found, ["locale", "model", "probe", "store"]);
}
