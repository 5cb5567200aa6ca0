//! Rounds and points as a province makes them, from a seed.

use tuantra::model::{Point, PointKind, Rtts, Sample, UnixMs};

pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// A midnight.
pub const START_MS: i64 = 1_793_491_200_000;
const INTERVAL_MS: i64 = 30_000;
const RETRY_MS: i64 = 5_000;

/// Turns lie on multiples of the engine's tick.
const TICK_MS: i64 = 20;
/// How late rounds leave, in milliseconds, and how many of 10,000 do: as `cargo bench --bench
/// lateness -- 2000 100` measured it of the real engine, with a real-time priority (`chrt -f 5`)
/// because other programs kept both processors busy.
const LATE: [(i64, u32); 6] = [(0, 9_938), (1, 30), (2, 10), (3, 3), (4, 7), (5, 12)];

/// SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// How late a round leaves, in milliseconds.
    fn late_ms(&mut self) -> i64 {
        let mut left = (self.share() * 10_000.0) as u32;
        let drawn = LATE.into_iter().find(|(_, of)| match left.checked_sub(*of) {
            Some(less) => {
                left = less;
                false
            }
            None => true,
        });
        drawn.map_or(0, |(late_ms, _)| late_ms)
    }

    /// In `[0, 1)`.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// Box and Muller's.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }
}

/// Congestion in the hours of work, 0 to 1.
fn busy(at_ms: i64) -> f64 {
    let hour = (at_ms % DAY_MS) as f64 / HOUR_MS as f64;
    let peak = |at: f64| (-((hour - at) / 1.5).powi(2)).exp();
    peak(9.5).max(0.9 * peak(15.0))
}

fn tick_of(at_ms: i64) -> i64 {
    at_ms - at_ms.rem_euclid(TICK_MS)
}

/// One check's rounds, `packets` each, for ever: log-normal times about a level that rises with the
/// day's congestion, part of the noise common to a round; bursts of loss about once a day, during
/// which and after every failed round it is asked every 5 s; an outage every three days; rounds
/// leave as late as the engine's do ([`LATE`]).
pub struct Line {
    dice: Dice,
    packets: u8,
    base_us: f64,
    noise: f64,
    common: f64,
    swell: f64,
    /// The first round's turn.
    first: i64,
    /// The next round's.
    due: i64,
    burst_until: i64,
    down_until: i64,
    /// Failed rounds in a row, up to 3; back by one after the first answered.
    doubt: u8,
}

impl Line {
    /// Asked from `start_ms` on.
    pub fn new(mut dice: Dice, packets: u8, start_ms: i64) -> Self {
        let base_us = 500.0 * 60_f64.powf(dice.share());
        let noise = dice.between(0.02, 0.12);
        let common = noise * dice.between(0.0, 1.0);
        let swell = dice.between(0.1, 1.0);
        let first = tick_of(start_ms + dice.between(0.0, INTERVAL_MS as f64) as i64);
        let (burst_until, down_until, doubt) = (0, 0, 0);
        let due = first;
        Self {
            dice,
            packets,
            base_us,
            noise,
            common,
            swell,
            first,
            due,
            burst_until,
            down_until,
            doubt,
        }
    }

    /// When the next round is due.
    pub const fn due_ms(&self) -> i64 {
        self.due
    }

    /// The next round.
    pub fn ask(&mut self) -> Sample {
        let dice = &mut self.dice;
        let at = self.due + dice.late_ms();
        let rounds_a_day = (DAY_MS / INTERVAL_MS) as f64;
        if dice.happens(1.0 / rounds_a_day) {
            self.burst_until = at + dice.between(60_000.0, 900_000.0) as i64;
        }
        if dice.happens(0.33 / rounds_a_day) {
            self.down_until = at + (60_000.0 * 60_f64.powf(dice.share())) as i64;
        }
        let loss = match (at < self.down_until, at < self.burst_until) {
            (true, _) => 1.0,
            (_, true) => 0.3,
            _ => 0.0005,
        };
        let is_suspect = (1..3).contains(&self.doubt);
        let sent = if is_suspect { 2 * self.packets } else { self.packets };
        let swollen = self.base_us * (1.0 + self.swell * busy(at));
        let level = swollen * (self.common * dice.normal()).exp();
        let mut rtts = Rtts::default();
        for _ in 0..sent {
            if !dice.happens(loss) {
                rtts.push((level * (self.noise * dice.normal()).exp()) as u32);
            }
        }
        let lost = sent - rtts.as_slice().len() as u8;
        // Down after three failed rounds, up after two answered ones.
        self.doubt = match (lost == sent, self.doubt) {
            (true, _) => 3.min(self.doubt + 1),
            (false, 3) => 2,
            (false, _) => 0,
        };
        self.due = if self.doubt > 0 {
            tick_of(at) + RETRY_MS
        } else {
            self.first + ((at - self.first) / INTERVAL_MS + 1) * INTERVAL_MS
        };
        Sample { at: UnixMs(at), check: 0, sent, lost, rtts, error: None }
    }
}

/// The rounds of a [`Line`] of `days`.
pub fn rounds(dice: &mut Dice, packets: u8, days: i64) -> Vec<Sample> {
    let mut line = Line::new(Dice(dice.0), packets, START_MS);
    let mut samples = Vec::new();
    while line.due_ms() < START_MS + days * DAY_MS {
        samples.push(line.ask());
    }
    *dice = line.dice;
    samples
}

/// What a device says every minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Octets through an interface: log-normal about the day's load, a restart a week.
    Octets,
    /// Errors of an interface: mostly none.
    Errors,
    /// Tenths of a degree, kept as thousandths.
    Temperature,
    /// Hundredths of processor load, whole percents.
    Load,
}

impl Metric {
    pub const ALL: [Self; 4] = [Self::Octets, Self::Errors, Self::Temperature, Self::Load];

    pub const fn kind(self) -> PointKind {
        match self {
            Self::Octets | Self::Errors => PointKind::Counter,
            Self::Temperature | Self::Load => PointKind::Gauge,
        }
    }
}

/// One metric's points of `days`, read every minute 0 to 50 ms late.
pub fn points(dice: &mut Dice, metric: Metric, days: i64) -> Vec<Point> {
    let phase = dice.between(0.0, 60_000.0) as i64;
    let mean = 100_000.0 * 1_000_f64.powf(dice.share());
    let spread = dice.between(0.2, 0.8);
    let (mut count, mut load) = (dice.next() >> 20, 0.0);
    let point = |i: i64| {
        let at = START_MS + phase + 60_000 * i + dice.between(0.0, 50.0) as i64;
        load = 0.8 * load + 0.6 * spread * dice.normal();
        let value = match metric {
            Metric::Octets if dice.happens(1.0 / 10_080.0) => {
                count = 0;
                0
            }
            Metric::Octets => {
                count += (mean * (0.1 + busy(at)) * load.exp()) as u64;
                count.cast_signed()
            }
            Metric::Errors => {
                count += u64::from(dice.happens(0.01)) * 3;
                count.cast_signed()
            }
            Metric::Temperature => {
                let tenths = 380.0 + 40.0 * busy(at) + 2.0 * load + dice.normal();
                tenths.round() as i64 * 100
            }
            Metric::Load => (20.0 + 40.0 * busy(at) + 10.0 * load).clamp(0.0, 100.0) as i64 * 100,
        };
        Point { at: UnixMs(at), value }
    };
    (0..days * 1_440).map(point).collect()
}
