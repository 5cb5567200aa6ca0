//! Any indexes of the tables of neighbours and addresses.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tuantra::probe::snmp::ask::Wanted;
use tuantra::probe::snmp::neighbours;
use tuantra_fuzz::{Said, promises};

fuzz_target!(|bytes: &[u8]| {
    static WANTED: OnceLock<Wanted> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        let mut wanted = Wanted::default();
        neighbours::want(&mut wanted);
        wanted
    });
    let answers = Said::new(bytes).answers(wanted);
    promises::neighbours(&neighbours::read(&answers), &neighbours::addresses(&answers));
});
