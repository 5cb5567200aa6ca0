//! What processes have used of the machine.

#![expect(unsafe_code, reason = "clock_gettime and getrusage have no safe form")]

use std::time::{Duration, Instant};

fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of this frame, which the call fills in.
    let result = unsafe { libc::clock_gettime(id, &raw mut time) };
    assert_eq!(result, 0);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap())
}

/// User and system time of all threads so far.
pub fn process_cpu() -> Duration {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// What stands on the clock, from any beginning.
pub fn wall() -> Duration {
    clock(libc::CLOCK_MONOTONIC)
}

#[expect(clippy::disallowed_methods, reason = "it measures time")]
pub fn instant() -> Instant {
    Instant::now()
}

pub fn rest(time: Duration) {
    std::thread::park_timeout(time);
}

/// User and system time of the children that have ended so far.
pub fn children_cpu() -> Duration {
    // SAFETY: rusage is plain numbers, for which zeros are valid; the call fills it in.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage), 0);
        usage
    };
    let time = |t: libc::timeval| {
        Duration::from_micros((t.tv_sec * 1_000_000 + t.tv_usec).cast_unsigned())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// User and system time of a running process in ticks of 10 ms: proc(5).
pub fn cpu_of(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Largest resident size of a process so far, in MiB.
pub fn peak_mib_of(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// The same of this one.
pub fn peak_mib() -> f64 {
    peak_mib_of(std::process::id())
}

/// How many others wanted the cores in the last minute, as the kernel averages it.
pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    load.split_whitespace().next().unwrap().to_owned()
}
