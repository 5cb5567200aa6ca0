//! How samples at full resolution are encoded best: the store's own blocks beside the `pco` crate,
//! on generated rounds and points, in blocks of an hour and of a day; and what a row of the journal
//! costs. `cargo bench --bench blocks` prints Markdown tables; what follows from them is
//! docs/decisions/0009.
//!
//! Times are this thread's processor time, the shortest of several passes, because machines are
//! rarely idle.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on must stop")]
#![expect(clippy::print_stdout, reason = "its output is the tables")]

mod generate;
mod pco_way;

/// The store's codecs are private to it: the same sources, compiled for this measurement.
#[path = "../../src/store"]
mod store {
    #[expect(dead_code, unused_imports, reason = "the store uses all of it")]
    mod block;
    #[expect(dead_code, reason = "the store uses all of it")]
    mod codec;
    #[expect(dead_code, unused_imports, reason = "the store uses all of it")]
    mod sketch;

    /// What the sketches take of the journal, which is not measured here.
    mod journal {
        pub const HOUR_MS: i64 = 3_600_000;
    }

    /// What is measured.
    pub mod door {
        use super::{block, sketch};
        use tuantra::model::{Point, PointKind, Sample};

        pub fn encode_rounds(samples: &[Sample], into: &mut Vec<u8>) {
            block::encode_rounds(samples, into);
        }
        pub fn decode_rounds(bytes: &[u8], into: &mut Vec<Sample>) {
            block::decode_rounds(bytes, 0, into).unwrap();
        }
        pub fn encode_points(kind: PointKind, points: &[Point], into: &mut Vec<u8>) {
            block::encode_points(kind, points, into);
        }
        pub fn decode_points(kind: PointKind, bytes: &[u8], into: &mut Vec<Point>) {
            block::decode_points(kind, bytes, into).unwrap();
        }
        pub fn encode_row(samples: &[(u32, Sample)], into: &mut Vec<u8>) {
            block::encode_row(samples, into);
        }
        pub fn decode_row(bytes: &[u8], each: impl FnMut(u32, Sample)) {
            block::scan_row(bytes, &(0..u32::MAX), each).unwrap();
        }
        pub fn scan_row(bytes: &[u8], series: u32, each: impl FnMut(Sample)) {
            let mut each = each;
            block::scan_row(bytes, &(series..series + 1), |_, sample| each(sample)).unwrap();
        }

        #[derive(Default)]
        pub struct Rollup(sketch::Rollup);

        impl Rollup {
            pub fn add(&mut self, sample: &Sample) {
                self.0.add(sample);
            }
            pub fn merge(&mut self, other: &Self) {
                self.0.merge(&other.0);
            }
            pub fn p95_us(&self) -> Option<u32> {
                self.0.rtt_quantile_us(950)
            }
            pub fn encode(&self, into: &mut Vec<u8>) {
                self.0.encode(into);
            }
            pub fn decode(bytes: &[u8]) -> Self {
                Self(sketch::Rollup::decode(bytes).unwrap())
            }
        }
    }
}

use std::hint::black_box;

use generate::{DAY_MS, Dice, HOUR_MS, Metric};
use store::door;
use tuantra::coverage;
use tuantra::model;
use tuantra::model::{Point, Sample, UnixMs};

const SERIES: u64 = 40;
const DAYS: i64 = 4;
const PASSES: usize = 9;

/// Processor time of this thread so far, in nanoseconds.
#[expect(unsafe_code, reason = "clock_gettime has no safe form")]
fn used_ns() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of this frame, which the call fills in.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// The shortest of several passes of `work`, in nanoseconds for each of `count`.
fn nanoseconds(count: usize, mut work: impl FnMut()) -> f64 {
    let pass = || {
        let start = used_ns();
        work();
        used_ns() - start
    };
    let passes = std::iter::repeat_with(pass).take(PASSES);
    passes.fold(f64::INFINITY, f64::min) / count as f64
}

/// Each series cut into blocks that lie within one hour or day.
fn cut<T: Copy>(all: &[Vec<T>], length_ms: i64, at: impl Fn(&T) -> UnixMs) -> Vec<Vec<T>> {
    let slot = |item: &T| at(item).0.div_euclid(length_ms);
    let blocks = all.iter().flat_map(|one| one.chunk_by(move |a, b| slot(a) == slot(b)));
    blocks.map(<[T]>::to_vec).collect()
}

/// What one way of encoding blocks comes to.
struct Figures {
    bytes: usize,
    encode_ns: f64,
    decode_ns: f64,
}

/// Encodes and decodes all `blocks`, which must come back as they were.
fn measure<T: Copy + PartialEq + std::fmt::Debug, B: Default>(
    blocks: &[Vec<T>],
    encode: impl Fn(&[T], &mut B),
    decode: impl Fn(&B, &mut Vec<T>),
    len: impl Fn(&B) -> usize,
) -> Figures {
    let items = blocks.iter().map(Vec::len).sum();
    let mut encoded: Vec<B> = blocks.iter().map(|_| B::default()).collect();
    let encode_ns = nanoseconds(items, || {
        blocks.iter().zip(&mut encoded).for_each(|(block, into)| encode(block, into));
    });
    let mut back = Vec::new();
    for (block, bytes) in blocks.iter().zip(&encoded) {
        back.clear();
        decode(bytes, &mut back);
        assert_eq!(block, &back);
    }
    let decode_ns = nanoseconds(items, || {
        for bytes in &encoded {
            back.clear();
            decode(bytes, &mut back);
        }
    });
    Figures { bytes: encoded.iter().map(len).sum(), encode_ns, decode_ns }
}

fn rounds() {
    println!("| packets | block | way | B a round | of it RTTs, B each | encode ns | decode ns |");
    println!("| ---: | --- | --- | ---: | ---: | ---: | ---: |");
    for packets in [1, 3] {
        let mut dice = Dice(u64::from(packets));
        let all: Vec<_> = (0..SERIES).map(|_| generate::rounds(&mut dice, packets, DAYS)).collect();
        for (name, length_ms) in [("hour", HOUR_MS), ("day", DAY_MS)] {
            let blocks = cut(&all, length_ms, |sample: &Sample| sample.at);
            let rounds: usize = blocks.iter().map(Vec::len).sum();
            let times = blocks.iter().flatten().map(|s| s.rtts.as_slice().len()).sum::<usize>();
            let bare: usize = blocks.iter().map(|block| pco_way::bare(block).len()).sum();
            let own = measure(
                &blocks,
                door::encode_rounds,
                |bytes: &Vec<u8>, into| door::decode_rounds(bytes, into),
                Vec::len,
            );
            let pco = measure(
                &blocks,
                pco_way::encode_rounds,
                pco_way::decode_rounds,
                pco_way::Block::len,
            );
            let levelled = measure(
                &blocks,
                pco_way::encode_levelled,
                pco_way::decode_levelled,
                pco_way::Block::len,
            );
            let ways = [("own", own), ("pco", pco), ("pco behind our level", levelled)];
            for (way, Figures { bytes, encode_ns, decode_ns }) in ways {
                let a_round = bytes as f64 / rounds as f64;
                let a_time = (bytes - bare) as f64 / times as f64;
                println!(
                    "| {packets} | {name} | {way} | {a_round:.2} | {a_time:.3} | {encode_ns:.0} | {decode_ns:.0} |"
                );
            }
        }
    }
}

fn points() {
    println!("\n| metric | block | way | B a point | encode ns | decode ns |");
    println!("| --- | --- | --- | ---: | ---: | ---: |");
    for metric in Metric::ALL {
        let mut dice = Dice(7);
        let all: Vec<_> = (0..SERIES).map(|_| generate::points(&mut dice, metric, DAYS)).collect();
        let kind = metric.kind();
        for (name, length_ms) in [("hour", HOUR_MS), ("day", DAY_MS)] {
            let blocks = cut(&all, length_ms, |point: &Point| point.at);
            let points: usize = blocks.iter().map(Vec::len).sum();
            let own = measure(
                &blocks,
                |block, into| door::encode_points(kind, block, into),
                |bytes: &Vec<u8>, into| door::decode_points(kind, bytes, into),
                Vec::len,
            );
            let pco = measure(
                &blocks,
                pco_way::encode_points,
                pco_way::decode_points,
                pco_way::Block::len,
            );
            for (way, Figures { bytes, encode_ns, decode_ns }) in [("own", own), ("pco", pco)] {
                let a_point = bytes as f64 / points as f64;
                println!(
                    "| {metric:?} | {name} | {way} | {a_point:.2} | {encode_ns:.0} | {decode_ns:.0} |"
                );
            }
        }
    }
}

/// A row of the journal: what two seconds bring, of 3,000 series asked every 30 s.
fn rows() {
    const AT_ONCE: usize = 200;
    println!("\n| packets | B an entry | encode ns | skip ns | decode ns |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    for packets in [1, 3] {
        let mut dice = Dice(u64::from(packets));
        let samples = generate::rounds(&mut dice, packets, 1);
        let first = samples[0].at.0;
        let entries = |(i, sample): (usize, &Sample)| {
            let at = UnixMs(first + (i * 7_919 % 2_000) as i64);
            ((i * 15) as u32, Sample { at, ..*sample })
        };
        let row: Vec<(u32, Sample)> =
            samples.iter().take(AT_ONCE).enumerate().map(entries).collect();
        let mut bytes = Vec::new();
        const REPEATS: usize = 1_000;
        let count = AT_ONCE * REPEATS;
        let encode_ns = nanoseconds(count, || {
            (0..REPEATS).for_each(|_| door::encode_row(black_box(&row), &mut bytes));
        });
        let last = row[AT_ONCE - 1].0;
        let mut found = 0;
        let skip_ns = nanoseconds(count, || {
            (0..REPEATS).for_each(|_| door::scan_row(black_box(&bytes), last, |_| found += 1));
        });
        assert_eq!(found, PASSES * REPEATS);
        let decode_ns = nanoseconds(count, || {
            (0..REPEATS).for_each(|_| {
                door::decode_row(black_box(&bytes), |_, sample| found += usize::from(sample.sent));
            });
        });
        let an_entry = bytes.len() as f64 / AT_ONCE as f64;
        println!("| {packets} | {an_entry:.2} | {encode_ns:.1} | {skip_ns:.1} | {decode_ns:.1} |");
    }
}

/// Rollups of a subject's day, and what a month of them costs to merge.
fn rollups() {
    println!(
        "\n| packets | B a day | add ns a round | decode and merge ns a day | p95 off by at most |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: |");
    for packets in [1, 3] {
        let mut dice = Dice(u64::from(packets));
        let all: Vec<_> = (0..SERIES).map(|_| generate::rounds(&mut dice, packets, DAYS)).collect();
        let days = cut(&all, DAY_MS, |sample: &Sample| sample.at);
        let rounds = days.iter().map(Vec::len).sum();
        let mut rollups = Vec::new();
        let add_ns = nanoseconds(rounds, || {
            rollups.clear();
            for day in &days {
                let mut rollup = door::Rollup::default();
                day.iter().for_each(|sample| rollup.add(sample));
                rollups.push(rollup);
            }
        });
        let encoded: Vec<Vec<u8>> = rollups
            .iter()
            .map(|rollup| {
                let mut bytes = Vec::new();
                rollup.encode(&mut bytes);
                bytes
            })
            .collect();
        let merge_ns = nanoseconds(days.len(), || {
            let mut sum = door::Rollup::default();
            encoded.iter().for_each(|bytes| sum.merge(&door::Rollup::decode(bytes)));
            black_box(sum.p95_us());
        });
        let off = |(day, rollup): (&Vec<Sample>, &door::Rollup)| {
            let mut rtts: Vec<u32> = day.iter().flat_map(|s| s.rtts.as_slice()).copied().collect();
            rtts.sort_unstable();
            let exact = rtts[(rtts.len() - 1) * 950 / 1000];
            f64::from(rollup.p95_us().unwrap().abs_diff(exact)) / f64::from(exact)
        };
        let worst = days.iter().zip(&rollups).map(off).fold(0.0, f64::max);
        let a_day = encoded.iter().map(Vec::len).sum::<usize>() as f64 / days.len() as f64;
        println!(
            "| {packets} | {a_day:.1} | {add_ns:.0} | {merge_ns:.0} | {:.2} % |",
            worst * 100.0
        );
    }
}

fn main() {
    rounds();
    points();
    rows();
    rollups();
}
