//! Any text as an operator's profile: a mistake is told, and can be shown; what is taken can be
//! asked and read. Behind a NUL stands what a device then says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuantra::cli::diagnostics::render;
use tuantra::locale::Lang;
use tuantra::model::{Severity, UnixMs};
use tuantra::probe::snmp::profile::Profiles;
use tuantra::probe::snmp::reading::{Memory, Pass, read, wanted};
use tuantra_fuzz::{Said, promises};

fuzz_target!(|bytes: &[u8]| {
    let text = bytes.split(|b| *b == 0).next().unwrap_or_default();
    let mut said = Said::new(bytes.get(text.len() + 1..).unwrap_or_default());
    let text = String::from_utf8_lossy(text).into_owned();
    let (profiles, found) = Profiles::with(&[("own.toml".to_owned(), text)]);
    for lang in [Lang::Vi, Lang::En] {
        assert_eq!(render(&found, lang, true).is_empty(), found.is_empty());
    }
    let Some(profile) = profiles.named("own") else {
        assert!(found.iter().any(|d| d.severity == Severity::Error), "left out without a word");
        return;
    };
    let mut memory = Memory::default();
    for (turn, pass) in [(0, Pass::Facts), (1, Pass::Cycle), (2, Pass::Facts)] {
        let answers = said.answers(&wanted(pass, profile, &memory));
        promises::reading(&read(pass, &answers, UnixMs(turn * 60_000), profile, &mut memory));
    }
});
