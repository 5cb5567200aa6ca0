//! What this process has used of the machine.

#![expect(unsafe_code, reason = "clock_gettime has no safe form")]

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

/// User and system time of this thread so far.
pub fn thread_cpu() -> Duration {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// Largest resident size so far, in MiB.
pub fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// Bytes that this process has caused to be written to the disk so far.
pub fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    let bytes = io.lines().find_map(|l| l.strip_prefix("write_bytes: ")).unwrap();
    bytes.parse().unwrap()
}

/// How many others wanted the cores in the last minute, as the kernel averages it.
pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    load.split_whitespace().next().unwrap().to_owned()
}

/// What a piece of work took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// Of this thread.
    pub cpu: Duration,
    pub wall: Duration,
}

/// Runs `work` and says what it took.
#[expect(clippy::disallowed_methods, reason = "it measures time")]
pub fn took<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (cpu, wall) = (thread_cpu(), Instant::now());
    let result = work();
    (result, Took { cpu: thread_cpu() - cpu, wall: wall.elapsed() })
}

/// The run of several that took the least processor time: machines are rarely idle.
pub fn best_of<T>(times: usize, mut work: impl FnMut() -> T) -> (T, Took) {
    let (mut result, mut best) = took(&mut work);
    for _ in 1..times {
        let (again, other) = took(&mut work);
        if other.cpu < best.cpu {
            (result, best) = (again, other);
        }
    }
    (result, best)
}

pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
