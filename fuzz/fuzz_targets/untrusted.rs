//! Any bytes of a device as a text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuantra::model::Untrusted;
use tuantra_fuzz::promises;

fuzz_target!(|bytes: &[u8]| promises::text(&Untrusted::from_bytes(bytes)));
