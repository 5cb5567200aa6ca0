//! Any datagram as an answer by SNMPv1 or v2c: it is refused, or holds no more than it has bytes for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuantra::probe::snmp::wire::values_of;

fuzz_target!(|bytes: &[u8]| {
    let Some(values) = values_of(bytes) else { return };
    // A binding has two headers and a value of one at least.
    assert!(values.len() <= bytes.len() / 6, "{} values", values.len());
    let texts = values.iter().filter_map(|(_, value)| value.as_bytes()).map(<[u8]>::len);
    assert!(texts.sum::<usize>() <= bytes.len());
    assert!(values.iter().all(|(name, _)| name.len() <= 128));
});
