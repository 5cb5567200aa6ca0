//! Any device, over some passes: whatever it answers, whatever the clock does.

#![no_main]

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use tuantra::model::UnixMs;
use tuantra::probe::snmp::profile::Profiles;
use tuantra::probe::snmp::reading::{DeviceReading, Memory, Pass, read, wanted};
use tuantra_fuzz::{Said, promises};

const PASSES_MAX: usize = 16;
/// Counters below this cannot bring a sum to its end in so few passes.
const SUM_MAX: u64 = 1 << 56;

fuzz_target!(|bytes: &[u8]| {
    static PROFILES: OnceLock<Profiles> = OnceLock::new();
    let profiles = PROFILES.get_or_init(Profiles::default);
    let mut said = Said::new(bytes);
    let mut memory = Memory::default();
    let mut at = UnixMs(1_790_000_000_000);
    let mut before: Option<DeviceReading> = None;
    let mut is_huge = false;
    for _ in 0..PASSES_MAX {
        if said.is_over() {
            break;
        }
        let profile = memory.profile(profiles);
        let how = said.byte();
        let any = [Pass::Identity, Pass::Cycle, Pass::Facts, Pass::Neighbours];
        let pass = match how % 8 {
            any_at @ 0..4 => any[usize::from(any_at)],
            _ => memory.due(at, profile).unwrap_or(Pass::Cycle),
        };
        let step_ms = match how / 8 % 8 {
            0 => 0,
            1 => -100_000,
            2 => 4_000_000,
            3 => 1_000,
            4 => 50 * 86_400_000,
            _ => 60_000,
        };
        at = at + step_ms;
        let answers = said.answers(&wanted(pass, profile, &memory));
        is_huge |= answers.iter().any(|(_, value)| {
            tuantra::probe::snmp::value::unsigned((&value).into()).is_some_and(|n| n >= SUM_MAX)
        });
        let reading = read(pass, &answers, at, profile, &mut memory);
        promises::reading(&reading);
        let is_near = (0..=3_600_000).contains(&step_ms) && !is_huge;
        if let Some(before) = before.as_ref().filter(|_| is_near) {
            no_sum_goes_back(before, &reading);
        }
        before = Some(reading);
    }
});

/// What is kept of an interface never goes back from one pass to the next.
fn no_sum_goes_back(before: &DeviceReading, now: &DeviceReading) {
    let stood: HashMap<&Arc<str>, _> =
        before.interfaces.iter().map(|i| (&i.name, &i.counts)).collect();
    for interface in &now.interfaces {
        let Some(stood) = stood.get(&interface.name) else { continue };
        for (before, now) in stood.iter().zip(&interface.counts) {
            if let (Some(before), Some(now)) = (before, now) {
                assert!(before <= now, "{}: {before} before {now}", interface.name);
            }
        }
    }
}
