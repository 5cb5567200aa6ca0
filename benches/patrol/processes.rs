//! What a program and all that it starts use: proc(5).

#![expect(unsafe_code, reason = "only prctl takes orphans in")]

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// A tick of the accounting, in milliseconds.
const TICK_MS: u64 = 10;
/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What was used in a stretch of time.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub cpu: Duration,
    /// The largest sum of all processes' resident memory.
    pub peak_kib: u64,
    /// Echo requests that this machine received.
    pub asked: u64,
}

impl Usage {
    /// What all that descends from this process uses within the time.
    pub fn over(time: Duration) -> Self {
        let (begun, before, asked) = (Instant::now(), Family::look(), echo_requests());
        let mut peak_kib = before.resident_kib;
        while let Some(left) = time.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
            super::wait(left.min(LOOK));
            peak_kib = peak_kib.max(Family::look().resident_kib);
        }
        let after = Family::look();
        Self {
            cpu: after.cpu.saturating_sub(before.cpu),
            peak_kib,
            asked: echo_requests().saturating_sub(asked),
        }
    }
}

/// Echo requests received so far: what is sent to the loopback is.
pub fn echo_requests() -> u64 {
    let snmp = std::fs::read_to_string("/proc/net/snmp").unwrap();
    let mut lines = snmp.lines().filter_map(|line| line.strip_prefix("Icmp: "));
    let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
    let mut fields = names.split(' ').zip(values.split(' '));
    fields.find(|(name, _)| *name == "InEchos").unwrap().1.parse().unwrap()
}

/// Whoever loses its parent becomes a child of this process, and stays in sight.
pub fn adopt_orphans() {
    // SAFETY: prctl with this option takes a number and no pointer.
    let result = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    assert_eq!(result, 0);
}

/// All that descends from this process, at one moment.
pub struct Family {
    /// Their time, and that of their ended children.
    pub cpu: Duration,
    pub resident_kib: u64,
    pub descriptors: usize,
}

impl Family {
    pub fn look() -> Self {
        let mut stats = HashMap::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok())
            else {
                continue;
            };
            // Who has ended meanwhile is counted by its parent.
            if let Some(stat) = Stat::read(&entry.path()) {
                stats.insert(pid, stat);
            }
        }
        let own = std::process::id();
        let mut family = HashSet::from([own]);
        loop {
            let more: Vec<u32> = stats
                .iter()
                .filter(|(pid, stat)| family.contains(&stat.parent) && !family.contains(pid))
                .map(|(pid, _)| *pid)
                .collect();
            if more.is_empty() {
                break;
            }
            family.extend(more);
        }
        family.remove(&own);
        let members = || family.iter().filter_map(|pid| stats.get(pid));
        let descriptors = |pid: &u32| {
            std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, |entries| entries.count())
        };
        Self {
            cpu: Duration::from_millis(members().map(|stat| stat.ticks).sum::<u64>() * TICK_MS),
            resident_kib: members().map(|stat| stat.pages).sum::<u64>() * 4,
            descriptors: family.iter().map(descriptors).sum(),
        }
    }
}

struct Stat {
    parent: u32,
    ticks: u64,
    pages: u64,
}

impl Stat {
    fn read(folder: &Path) -> Option<Self> {
        let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        // Counted from the state, the third field of proc(5): own user and system time, then that
        // of ended children.
        let ticks = [11, 12, 13, 14].into_iter().map(number).sum::<Option<u64>>()?;
        Some(Self { parent: fields.get(1)?.parse().ok()?, ticks, pages: number(21)? })
    }
}
