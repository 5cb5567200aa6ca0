//! UPSes: on battery, how much is left, what comes in. UPS-MIB (RFC 1628) where it is spoken, else
//! the maker's own: APC's cards speak PowerNet-MIB only, Eaton's and Powerware's XUPS-MIB.

use super::ask::{Answers, Wanted};
use super::mib::{self, Arcs, oid};
use super::value;

/// A charge or load over this, in thousandths, is no measurement.
const PERMILLE_MAX: i64 = 2_000;
/// Longest time on battery believed, in seconds: a week.
const RUN_TIME_S_MAX: i64 = 7 * 86_400;
/// Highest input voltage believed, in tenths of a volt.
const VOLTAGE_DV_MAX: i64 = 10_000;

/// Which MIB a UPS speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpsMib {
    /// PowerNet-MIB: APC.
    Apc,
    /// XUPS-MIB: Eaton, Powerware.
    Eaton,
    /// UPS-MIB: all others.
    Standard,
}

impl UpsMib {
    /// All; the makers' own first, which say more.
    pub const ALL: [Self; 3] = [Self::Apc, Self::Eaton, Self::Standard];

    /// Where the power of the output comes from: what tells a UPS of this kind.
    const fn source(self) -> Arcs {
        match self {
            Self::Apc => mib::APC_OUTPUT_STATUS,
            Self::Eaton => mib::EATON_SOURCE,
            Self::Standard => mib::UPS_SOURCE,
        }
    }

    /// Further scalars and columns.
    const fn objects(self) -> (&'static [Arcs], &'static [Arcs]) {
        match self {
            Self::Apc => (
                &[
                    mib::APC_BATTERY_STATUS,
                    mib::APC_CHARGE,
                    mib::APC_CHARGE_FINE,
                    mib::APC_RUN_TIME,
                    mib::APC_REPLACE,
                    mib::APC_TEMPERATURE,
                    mib::APC_TEMPERATURE_FINE,
                    mib::APC_INPUT,
                    mib::APC_INPUT_FINE,
                    mib::APC_LOAD,
                    mib::APC_LOAD_FINE,
                ],
                &[],
            ),
            Self::Eaton => (
                &[mib::EATON_CHARGE, mib::EATON_RUN_TIME, mib::EATON_LOAD, mib::EATON_TEMPERATURE],
                &[mib::EATON_INPUT],
            ),
            Self::Standard => (
                &[mib::UPS_BATTERY_STATUS, mib::UPS_CHARGE, mib::UPS_MINUTES, mib::UPS_TEMPERATURE],
                &[mib::UPS_INPUT_VOLTAGE, mib::UPS_LOAD],
            ),
        }
    }
}

/// What a UPS says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ups {
    /// The MIB it speaks.
    pub mib: UpsMib,
    /// True when its batteries carry the load; `None` when it does not know.
    pub is_on_battery: Option<bool>,
    /// The batteries are nearly empty, or broken.
    pub is_battery_low: Option<bool>,
    /// The batteries should be replaced.
    pub needs_battery: Option<bool>,
    /// Charge in thousandths.
    pub charge_permille: Option<u16>,
    /// Time it can carry the load, in seconds.
    pub run_time_s: Option<u32>,
    /// Voltage of the input in tenths of a volt: of several phases the lowest, for a lost one
    /// shows nothing.
    pub input_dv: Option<u32>,
    /// Load in thousandths of what it can carry: of several phases the highest.
    pub load_permille: Option<u16>,
    /// Of the batteries (Eaton: of the air around), in tenths of °C.
    pub temperature_dc: Option<i32>,
}

/// Adds what is to be asked of a UPS that speaks `known`; `None`: whether there is one at all.
pub fn want(known: Option<UpsMib>, is_looked_for: bool, wanted: &mut Wanted) {
    for mib in UpsMib::ALL {
        if known == Some(mib) || is_looked_for {
            wanted.scalars.push(oid(mib.source()));
            let (scalars, columns) = mib.objects();
            wanted.scalars.extend(scalars.iter().map(|arcs| oid(arcs)));
            wanted.columns.extend(columns.iter().map(|arcs| oid(arcs)));
        }
    }
}

/// What the UPS says; `None` when the answers are none's.
#[must_use]
pub fn read(answers: &Answers) -> Option<Ups> {
    UpsMib::ALL.into_iter().find_map(|mib| read_as(answers, mib))
}

/// What is told, in the units of [`Ups`], not yet judged.
#[derive(Default)]
struct Told {
    is_on_battery: Option<bool>,
    is_battery_low: Option<bool>,
    needs_battery: Option<bool>,
    charge: Option<i64>,
    run_time_s: Option<i64>,
    input_dv: Option<i64>,
    load: Option<i64>,
    temperature_dc: Option<i64>,
}

/// The numbers of a pass.
struct Numbers<'a>(&'a Answers);

impl Numbers<'_> {
    fn scalar(&self, arcs: Arcs) -> Option<i64> {
        self.0.get(&oid(arcs)).and_then(value::integer)
    }

    fn tenfold(&self, arcs: Arcs) -> Option<i64> {
        self.scalar(arcs).map(|n| n.saturating_mul(10))
    }

    /// A column's lowest and highest.
    fn column(&self, arcs: Arcs) -> Option<(i64, i64)> {
        let column = oid(arcs);
        let cells = self.0.column(&column).filter_map(|(_, v)| value::integer(v));
        cells.fold(None, |ends, n| {
            let (low, high) = ends.unwrap_or((n, n));
            Some((low.min(n), high.max(n)))
        })
    }

    fn apc(&self) -> Told {
        Told {
            is_on_battery: self.scalar(mib::APC_OUTPUT_STATUS).filter(|s| *s != 1).map(|s| s == 3),
            is_battery_low: self.scalar(mib::APC_BATTERY_STATUS).filter(|s| *s != 1).map(|s| s > 2),
            needs_battery: self.scalar(mib::APC_REPLACE).map(|s| s == 2),
            charge: self.scalar(mib::APC_CHARGE_FINE).or(self.tenfold(mib::APC_CHARGE)),
            run_time_s: self.scalar(mib::APC_RUN_TIME).map(|ticks| ticks / 100),
            input_dv: self.scalar(mib::APC_INPUT_FINE).or(self.tenfold(mib::APC_INPUT)),
            load: self.scalar(mib::APC_LOAD_FINE).or(self.tenfold(mib::APC_LOAD)),
            temperature_dc: self
                .scalar(mib::APC_TEMPERATURE_FINE)
                .or(self.tenfold(mib::APC_TEMPERATURE)),
        }
    }

    fn eaton(&self) -> Told {
        let input = self.column(mib::EATON_INPUT);
        Told {
            is_on_battery: self.scalar(mib::EATON_SOURCE).map(|s| s == 5),
            charge: self.tenfold(mib::EATON_CHARGE),
            run_time_s: self.scalar(mib::EATON_RUN_TIME),
            input_dv: input.map(|(low, _)| low.saturating_mul(10)),
            load: self.tenfold(mib::EATON_LOAD),
            temperature_dc: self.tenfold(mib::EATON_TEMPERATURE),
            ..Told::default()
        }
    }

    fn standard(&self) -> Told {
        let (input, load) = (self.column(mib::UPS_INPUT_VOLTAGE), self.column(mib::UPS_LOAD));
        Told {
            is_on_battery: self.scalar(mib::UPS_SOURCE).filter(|s| *s != 1).map(|s| s == 5),
            is_battery_low: self.scalar(mib::UPS_BATTERY_STATUS).filter(|s| *s != 1).map(|s| s > 2),
            needs_battery: None,
            charge: self.tenfold(mib::UPS_CHARGE),
            run_time_s: self.scalar(mib::UPS_MINUTES).map(|m| m.saturating_mul(60)),
            input_dv: input.map(|(low, _)| low.saturating_mul(10)),
            load: load.map(|(_, high)| high.saturating_mul(10)),
            temperature_dc: self.tenfold(mib::UPS_TEMPERATURE),
        }
    }
}

fn read_as(answers: &Answers, mib: UpsMib) -> Option<Ups> {
    let numbers = Numbers(answers);
    let told = match mib {
        UpsMib::Apc => numbers.apc(),
        UpsMib::Eaton => numbers.eaton(),
        UpsMib::Standard => numbers.standard(),
    };
    // A card may leave out where the power comes from, but a UPS knows its charge.
    if numbers.scalar(mib.source()).is_none() && told.charge.is_none() {
        return None;
    }
    let within = |n: Option<i64>, most: i64| n.filter(|n| (0..=most).contains(n));
    let permille = |n| within(n, PERMILLE_MAX).and_then(|n| u16::try_from(n).ok());
    let whole = |n, most| within(n, most).and_then(|n| u32::try_from(n).ok());
    Some(Ups {
        mib,
        is_on_battery: told.is_on_battery,
        is_battery_low: told.is_battery_low,
        needs_battery: told.needs_battery,
        charge_permille: permille(told.charge).map(|n| n.min(1_000)),
        run_time_s: whole(told.run_time_s, RUN_TIME_S_MAX),
        input_dv: whole(told.input_dv, VOLTAGE_DV_MAX),
        load_permille: permille(told.load),
        // Makers say 0 or their lowest number where no sensor is fitted.
        temperature_dc: told
            .temperature_dc
            .filter(|t| (-400..=1_500).contains(t) && *t != 0)
            .and_then(|t| i32::try_from(t).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::snmp::wire::Value;

    fn answers(values: &[(Arcs, i32)]) -> Answers {
        let mut answers = Answers::default();
        for (arcs, value) in values {
            answers.insert(oid(arcs), Value::Integer(*value));
        }
        answers
    }

    #[test]
    fn a_ups_of_the_standard_tells_its_battery() {
        let mut said = answers(&[
            (mib::UPS_SOURCE, 5),
            (mib::UPS_BATTERY_STATUS, 3),
            (mib::UPS_CHARGE, 17),
            (mib::UPS_MINUTES, 4),
        ]);
        for (line, volts) in [(1, 231), (2, 0), (3, 229)] {
            said.insert(oid(mib::UPS_INPUT_VOLTAGE).child(line), Value::Integer(volts));
        }
        let ups = read(&said).unwrap();
        assert_eq!(ups.mib, UpsMib::Standard);
        assert_eq!((ups.is_on_battery, ups.is_battery_low), (Some(true), Some(true)));
        assert_eq!((ups.charge_permille, ups.run_time_s), (Some(170), Some(240)));
        assert_eq!(ups.input_dv, Some(0), "the lost phase");
    }

    #[test]
    fn eaton_and_apc_say_the_same_in_their_own_words() {
        let eaton = read(&answers(&[(mib::EATON_SOURCE, 3), (mib::EATON_CHARGE, 100)])).unwrap();
        assert_eq!((eaton.is_on_battery, eaton.charge_permille), (Some(false), Some(1_000)));
        let apc = read(&answers(&[(mib::APC_OUTPUT_STATUS, 3), (mib::APC_CHARGE, 80)])).unwrap();
        assert_eq!((apc.is_on_battery, apc.charge_permille), (Some(true), Some(800)));
        let unknown = read(&answers(&[(mib::APC_OUTPUT_STATUS, 1)])).unwrap();
        assert_eq!(unknown.is_on_battery, None);
    }

    #[test]
    fn what_cannot_be_is_left_out() {
        let ups = read(&answers(&[
            (mib::UPS_SOURCE, 3),
            (mib::UPS_CHARGE, -1),
            (mib::UPS_MINUTES, i32::MAX),
            (mib::UPS_TEMPERATURE, i32::MIN),
        ]))
        .unwrap();
        assert_eq!((ups.charge_permille, ups.run_time_s, ups.temperature_dc), (None, None, None));
        assert_eq!(read(&Answers::default()), None);
    }
}
