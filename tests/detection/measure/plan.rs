//! What is measured: the periods, the script, and the bounds that follow from them. Pure.

use std::error::Error;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::str::FromStr;

use tuantra::model::{Inventory, PingParams, Span, SubjectIx, UnixMs};
use tuantra::sim::script::{FOREVER, Fault, FaultKind, Script};

/// Subjects whose outages are their own, behind trunks that never fail.
pub const OWN: usize = 200;
/// Trunks that never fail, and those that are cut.
pub const SOUND_TRUNKS: usize = 10;
/// See [`SOUND_TRUNKS`].
pub const CUT_TRUNKS: usize = 4;
/// Lines behind each trunk that is cut; they have no fault of their own.
pub const BEHIND_A_CUT: usize = 10;

/// Shortest and longest scripted outage, before scaling: 5 s to 2 h.
const OUTAGE_MS: (i64, i64) = (5_000, 7_200_000);
/// "Longer than 20 s", before scaling.
const CLAIM_MS: i64 = 20_000;
/// Failed rounds to *down*, answered ones to *up*: the product's defaults.
pub const CONFIRM: u8 = 3;
/// The engine works in ticks, no longer than a round's spacing and in milliseconds between these: a
/// turn begins up to so much late.
const TICK_MS: RangeInclusive<i64> = 20..=100;
/// Starting the daemon, whatever the scale.
const START_MS: i64 = 3_000;

/// What one process measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Scripted outages.
    Outages,
    /// Random loss and no outage.
    Loss,
}

impl Phase {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outages => "outages",
            Self::Loss => "loss",
        }
    }
}

impl FromStr for Phase {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        [Self::Outages, Self::Loss]
            .into_iter()
            .find(|p| p.as_str() == word)
            .ok_or_else(|| format!("no phase {word:?}"))
    }
}

/// How often is asked, and with what: all in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    pub interval_ms: i64,
    pub retry_ms: i64,
    pub ping: PingParams,
}

impl Periods {
    const fn new(interval_ms: i64, retry_ms: i64, spacing_ms: u32, timeout_ms: u32) -> Self {
        Self {
            interval_ms,
            retry_ms,
            ping: PingParams { count: 3, spacing_ms, timeout_ms, ..PingParams::DEFAULT },
        }
    }

    /// The demo's own (10 s, 2 s) or the product's defaults (30 s, 5 s).
    fn named(name: &str) -> Result<Self, String> {
        match name {
            "demo" => Ok(Self::new(10_000, 2_000, 100, 800)),
            "default" => Ok(Self::new(30_000, 5_000, 200, 2_000)),
            _ => Err(format!("--periods {name:?}: demo or default")),
        }
    }

    /// All times divided by `scale`, but for the time-out of a ping: the answers take as long as
    /// ever and the machine's own pauses too, so it stays as long as fits into `retry`.
    fn scaled(self, scale: i64) -> Self {
        let retry_ms = self.retry_ms / scale;
        let spacing_ms = (self.ping.spacing_ms / u32::try_from(scale).unwrap_or(1)).max(1);
        // A round in doubt has twice the packets, and fits as well.
        let packets = i64::from(2 * self.ping.count - 1);
        let room = u32::try_from(retry_ms - packets * i64::from(spacing_ms)).unwrap_or(0);
        let timeout_ms = self.ping.timeout_ms.min(room).max(10);
        let ping = PingParams { spacing_ms, timeout_ms, ..self.ping };
        Self { interval_ms: self.interval_ms / scale, retry_ms, ping }
    }

    /// From the first packet of a round to its last.
    fn round_span_ms(ping: PingParams) -> i64 {
        ping.round_ms() - i64::from(ping.timeout_ms)
    }

    /// The longest tick that the engine takes.
    fn tick_ms(&self) -> i64 {
        i64::from(self.ping.spacing_ms).clamp(*TICK_MS.start(), *TICK_MS.end())
    }

    /// Outages longer than this are found wherever they lie between the turns.
    pub fn guaranteed_ms(&self) -> i64 {
        let rounds = i64::from(CONFIRM);
        self.interval_ms
            + (rounds - 1) * self.retry_ms
            + Self::round_span_ms(self.ping.in_doubt(self.retry_ms))
            + rounds * self.tick_ms()
    }
}

/// What was asked for on the command line.
#[derive(Debug, Clone)]
pub struct Settings {
    pub periods_name: String,
    /// Before scaling.
    base: Periods,
    pub scale: i64,
    pub run_ms: i64,
    pub seed: u64,
    pub loss_pct: u16,
    /// The binary whose daemon is measured.
    pub daemon: PathBuf,
}

impl Settings {
    /// Reads `--minutes 10 --scale 1 --seed 2016 --periods demo|default --loss 30 --daemon FILE`.
    ///
    /// # Errors
    /// An unknown flag, or a value that makes no sense.
    pub fn from_arguments(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let mut settings = Self {
            periods_name: "demo".to_owned(),
            base: Periods::named("demo")?,
            scale: 1,
            run_ms: 600_000,
            seed: 2016,
            loss_pct: 30,
            daemon: PathBuf::from(env!("CARGO_BIN_EXE_tuantra")),
        };
        for pair in arguments.chunks(2) {
            let [flag, value] = pair else {
                return Err(format!("{} wants a value", pair.concat()).into());
            };
            match flag.as_str() {
                "--minutes" => settings.run_ms = (value.parse::<f64>()? * 60_000.0).round() as i64,
                "--scale" => settings.scale = value.parse()?,
                "--seed" => settings.seed = value.parse()?,
                "--periods" => settings.periods_name.clone_from(value),
                "--loss" => settings.loss_pct = value.parse()?,
                "--daemon" => settings.daemon = PathBuf::from(value).canonicalize()?,
                _ => return Err(format!("unknown argument {flag}").into()),
            }
        }
        settings.base = Periods::named(&settings.periods_name)?;
        // The inventory's own bound of `retry` is 100 ms.
        if settings.scale < 1 || settings.base.retry_ms / settings.scale < 100 {
            return Err(format!("--scale 1 to {}", settings.base.retry_ms / 100).into());
        }
        if settings.loss_pct > 99 {
            return Err("--loss is a percentage below 100".into());
        }
        let least = settings.warm_up_ms() + settings.tail_ms() + 3 * settings.gaps_ms().end;
        if settings.run_ms < least {
            return Err(
                format!("--minutes: these periods want at least {} s", least / 1_000).into()
            );
        }
        Ok(settings)
    }

    /// What [`Self::from_arguments`] reads.
    pub fn to_arguments(&self) -> Vec<String> {
        let minutes = self.run_ms as f64 / 60_000.0;
        [
            ("--minutes", minutes.to_string()),
            ("--scale", self.scale.to_string()),
            ("--seed", self.seed.to_string()),
            ("--periods", self.periods_name.clone()),
            ("--loss", self.loss_pct.to_string()),
            ("--daemon", self.daemon.display().to_string()),
        ]
        .into_iter()
        .flat_map(|(flag, value)| [flag.to_owned(), value])
        .collect()
    }

    /// The periods the daemon is started with.
    pub fn periods(&self) -> Periods {
        self.base.scaled(self.scale)
    }

    /// Every outage longer than this has to be found: 20 s, or what the periods allow.
    pub fn limit_ms(&self) -> i64 {
        (CLAIM_MS / self.scale).max(self.periods().guaranteed_ms())
    }

    /// What the bounds of the errors are wider by: a tick where all times but it are scaled,
    /// nothing at full scale.
    pub fn slack_ms(&self) -> i64 {
        if self.scale > 1 { self.periods().tick_ms() } else { 0 }
    }

    /// Nothing happens before: everybody is asked first, and found up.
    fn warm_up_ms(&self) -> i64 {
        3 * self.periods().interval_ms + START_MS
    }

    /// Nothing happens after: every end can be found.
    fn tail_ms(&self) -> i64 {
        let p = self.periods();
        2 * p.interval_ms + 4 * p.retry_ms + 1_000
    }

    /// Between two outages of a subject: it has been found up and is asked at its normal turns
    /// again before the next.
    fn gaps_ms(&self) -> Range<i64> {
        let interval_ms = self.periods().interval_ms;
        3 * interval_ms..6 * interval_ms
    }

    /// Lengths of the outages: log-uniform in here.
    pub fn lengths_ms(&self) -> Range<i64> {
        let longest = (OUTAGE_MS.1 / self.scale).min(self.run_ms * 6 / 10);
        OUTAGE_MS.0 / self.scale..longest
    }

    /// Bounds of the classes of the table, scaled like everything else.
    pub fn classes_ms(&self) -> Vec<Range<i64>> {
        let edges = [5, 10, 20, 60, 300, 1_800, 7_201].map(|s| s * 1_000 / self.scale);
        edges.windows(2).map(|w| w[0]..w[1]).collect()
    }
}

/// Who is who in the laboratory's inventory.
#[derive(Debug, Clone)]
pub struct Cast {
    /// [`OWN`] lines.
    pub own: Vec<SubjectIx>,
    /// The trunks that are cut, and the lines behind each.
    pub cut: Vec<(SubjectIx, Vec<SubjectIx>)>,
}

impl Cast {
    /// Finds everybody by the ids that [`inventory_yaml`] gives.
    ///
    /// # Errors
    /// Somebody is not there.
    pub fn of(inventory: &Inventory) -> Result<Self, String> {
        let find = |id: String| inventory.find_subject(&id).ok_or(format!("no subject {id}"));
        let own =
            (0..OWN).map(|n| find(format!("{}/tslcd", own_unit(n)))).collect::<Result<_, _>>();
        let cut = (0..CUT_TRUNKS).map(|t| {
            let behind = (0..BEHIND_A_CUT).map(|n| find(format!("t{t}.x{n}/tslcd")));
            Ok((find(format!("t{t}/tslcd"))?, behind.collect::<Result<_, String>>()?))
        });
        Ok(Self { own: own?, cut: cut.collect::<Result<_, String>>()? })
    }
}

fn own_unit(n: usize) -> String {
    format!("d{}.x{}", n % SOUND_TRUNKS, n / SOUND_TRUNKS)
}

/// Districts with a trunk each, communes with a line each, nothing else.
pub fn inventory_yaml() -> String {
    let mut text = String::from(
        "networks:\n  - { id: tslcd, name: TSLCD }\nunits:\n  - { id: tinh, name: Province, kind: province }\n  \
         - { id: dic, name: Centre, kind: dic, parent: tinh, devices: { core-router-1: 10.0.0.1 } }\n",
    );
    let mut unit = |id: &str, kind: &str, parent: &str, address: String| {
        text.push_str(&format!(
            "  - {{ id: {id}, name: {id}, kind: {kind}, parent: {parent}, \
             connections: {{ tslcd: {{ address: {address} }} }} }}\n"
        ));
    };
    for d in 0..SOUND_TRUNKS {
        unit(&format!("d{d}"), "district", "tinh", format!("10.1.{d}.1"));
    }
    for n in 0..OWN {
        let (d, x) = (n % SOUND_TRUNKS, n / SOUND_TRUNKS);
        unit(&own_unit(n), "commune", &format!("d{d}"), format!("10.1.{d}.{}", x + 10));
    }
    for t in 0..CUT_TRUNKS {
        unit(&format!("t{t}"), "district", "tinh", format!("10.2.{t}.1"));
        for n in 0..BEHIND_A_CUT {
            let (id, parent) = (format!("t{t}.x{n}"), format!("t{t}"));
            unit(&id, "commune", &parent, format!("10.2.{t}.{}", n + 10));
        }
    }
    text
}

/// The daemon's configuration.
pub fn config_yaml(settings: &Settings) -> String {
    let Periods { interval_ms, retry_ms, ping } = settings.periods();
    // What passes in a second is scaled as well: the retries' share of the rate is the same part.
    let (rate, group) =
        ((5_000 * settings.scale).min(100_000), (500 * settings.scale).min(100_000));
    format!(
        "language: en\n\
         health: {{ interval: {interval_ms}ms, retry: {retry_ms}ms, correlation_window: {}ms }}\n\
         probe: {{ icmp: {{ count: {}, spacing: {}ms, timeout: {}ms, rate: {rate}, group_rate: {group} }} }}\n",
        30_000 / settings.scale,
        ping.count,
        ping.spacing_ms,
        ping.timeout_ms,
    )
}

/// What happens from `start` on, drawn from the seed: outages of the 200 and cuts of the trunks
/// one after the other, or loss on all lines throughout.
pub fn script(phase: Phase, settings: &Settings, cast: &Cast, start: UnixMs) -> Script {
    match phase {
        Phase::Outages => {
            let whole = |n: usize, subject: SubjectIx, kind: FaultKind| {
                outages(settings, start, n as u64).into_iter().map(move |span| Fault {
                    kind,
                    subjects: vec![subject],
                    span,
                })
            };
            let own = cast.own.iter().enumerate().flat_map(|(n, s)| {
                // Dead equipment and cut lines alike.
                whole(n, *s, if n % 2 == 0 { FaultKind::Cut } else { FaultKind::Dead })
            });
            let cut = cast.cut.iter().enumerate();
            let trunks = cut.flat_map(|(n, (s, _))| whole(OWN + n, *s, FaultKind::Cut));
            Script::new(own.chain(trunks).collect())
        }
        Phase::Loss => {
            let behind = cast.cut.iter().flat_map(|(_, lines)| lines.iter().copied());
            let subjects = cast.own.iter().copied().chain(behind).collect();
            let kind = FaultKind::Loss { permille: settings.loss_pct * 10 };
            Script::new(vec![Fault { kind, subjects, span: Span::new(start, FOREVER) }])
        }
    }
}

fn outages(settings: &Settings, start: UnixMs, subject: u64) -> Vec<Span> {
    let mut dice = Dice(settings.seed.rotate_left(32) ^ subject);
    let (lengths, gaps) = (settings.lengths_ms(), settings.gaps_ms());
    let end = start + (settings.run_ms - settings.tail_ms());
    let mut found = Vec::new();
    // The first one comes at any time, so that they do not start in step.
    let mut at = start + settings.warm_up_ms() + dice.between(0..gaps.end);
    loop {
        let longest = lengths.end.min(end.since(at));
        if longest <= lengths.start {
            return found;
        }
        let span = Span::new(at, at + dice.log_uniform(lengths.start..longest));
        found.push(span);
        at = span.to + dice.between(gaps.clone());
    }
}

/// A sequence of numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, range: Range<i64>) -> i64 {
        range.start + ((range.end - range.start) as f64 * self.unit()) as i64
    }

    fn log_uniform(&mut self, range: Range<i64>) -> i64 {
        let ratio = range.end as f64 / range.start as f64;
        (range.start as f64 * ratio.powf(self.unit())) as i64
    }
}
