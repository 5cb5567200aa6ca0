//! Integers, words and blobs in which states, errors, round-trip times and what is worked on are
//! kept.

use crate::model::{
    CarrierId, RoundError, Rtts, ServiceTrouble, SnmpTrouble, State, SubjectId, Threshold, UnitId,
    WorkedOn,
};

/// A state's number in the file.
pub(super) const fn state_code(state: State) -> i64 {
    match state {
        State::Up => 0,
        State::Degraded => 1,
        State::Down => 2,
        State::Unreachable => 3,
        State::Unmeasured => 4,
    }
}

/// The state of a number in the file.
pub(super) fn state_of(code: i64) -> Option<State> {
    State::ALL.into_iter().find(|s| state_code(*s) == code)
}

/// The columns `scope` and `target` of announced work.
pub(super) fn scope_of(on: &WorkedOn) -> (&'static str, &str) {
    match on {
        WorkedOn::Subject(id) => ("subject", id.as_str()),
        WorkedOn::Unit(id) => ("unit", id.as_str()),
        WorkedOn::Carrier(id) => ("carrier", id.as_str()),
    }
}

/// The reverse of [`scope_of`].
pub(super) fn worked_on(scope: &str, target: &str) -> Option<WorkedOn> {
    match scope {
        "subject" => SubjectId::new(target).ok().map(WorkedOn::Subject),
        "unit" => UnitId::new(target).ok().map(WorkedOn::Unit),
        "carrier" => CarrierId::new(target).ok().map(WorkedOn::Carrier),
        _ => None,
    }
}

/// Kind in the upper half, value in the lower 32 bits.
pub(super) fn error_code(error: RoundError) -> i64 {
    let (kind, value) = match error {
        RoundError::Unreachable { code } => (1_i64, u32::from(code)),
        RoundError::TtlExceeded => (2, 0),
        RoundError::FragNeeded { mtu } => (3, u32::from(mtu)),
        RoundError::Local { errno } => (4, errno.cast_unsigned()),
        RoundError::Overflow => (5, 0),
        RoundError::Snmp(trouble) => (6, number_of(&SnmpTrouble::ALL, trouble)),
        RoundError::InterfaceDown { admin } => (7, u32::from(admin)),
        RoundError::Over(threshold) => (8, number_of(&Threshold::ALL, threshold)),
        RoundError::Service(trouble) => (9, service_code(trouble)),
    };
    kind << 32 | i64::from(value)
}

/// What it says besides in the upper half, which one it is in the lower.
fn service_code(trouble: ServiceTrouble) -> u32 {
    let bare = trouble.with_number(0).unwrap_or(trouble);
    u32::from(trouble.number().unwrap_or(0)) << 16 | number_of(&ServiceTrouble::ALL, bare)
}

/// The reverse of [`service_code`].
fn service_of(code: u32) -> Option<ServiceTrouble> {
    let bare = ServiceTrouble::ALL.get(usize::try_from(code & 0xffff).ok()?)?;
    bare.with_number(u16::try_from(code >> 16).ok()?)
}

/// Which of `all` it is; their order is fixed for ever.
fn number_of<T: PartialEq>(all: &[T], one: T) -> u32 {
    all.iter().zip(0..).find(|(known, _)| **known == one).map_or(0, |(_, number)| number)
}

/// The error of a number in the file.
pub(super) fn error_of(code: i64) -> Option<RoundError> {
    let value = u32::try_from(code & i64::from(u32::MAX)).ok()?;
    Some(match code >> 32 {
        1 => RoundError::Unreachable { code: u8::try_from(value).ok()? },
        2 => RoundError::TtlExceeded,
        3 => RoundError::FragNeeded { mtu: u16::try_from(value).ok()? },
        4 => RoundError::Local { errno: value.cast_signed() },
        5 => RoundError::Overflow,
        6 => RoundError::Snmp(*SnmpTrouble::ALL.get(usize::try_from(value).ok()?)?),
        7 => RoundError::InterfaceDown { admin: value != 0 },
        8 => RoundError::Over(*Threshold::ALL.get(usize::try_from(value).ok()?)?),
        9 => RoundError::Service(service_of(value)?),
        _ => return None,
    })
}

/// Each time in microseconds as a LEB128 number: how a sample of version 2 kept them.
#[cfg(test)]
fn encode_rtts(rtts: &Rtts, into: &mut Vec<u8>) {
    into.clear();
    for &rtt_us in rtts.as_slice() {
        let mut rest = rtt_us;
        while rest >= 0x80 {
            into.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        into.push(rest as u8);
    }
}

/// The reverse of [`encode_rtts`]; `None` when the bytes are not such a list.
pub(super) fn decode_rtts(bytes: &[u8]) -> Option<Rtts> {
    let mut rtts = Rtts::default();
    let (mut value, mut shift) = (0_u64, 0_u32);
    for byte in bytes {
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            rtts.push(u32::try_from(value).ok()?);
            (value, shift) = (0, 0);
        } else {
            shift += 7;
            if shift > 28 {
                return None;
            }
        }
    }
    (shift == 0).then_some(rtts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn states_and_errors_come_back() {
        for state in State::ALL {
            assert_eq!(state_of(state_code(state)), Some(state));
        }
        assert_eq!(state_of(5), None);
        for error in [
            RoundError::Unreachable { code: 13 },
            RoundError::TtlExceeded,
            RoundError::FragNeeded { mtu: 1400 },
            RoundError::Local { errno: 101 },
            RoundError::Local { errno: -1 },
            RoundError::Overflow,
            RoundError::InterfaceDown { admin: true },
            RoundError::InterfaceDown { admin: false },
        ] {
            assert_eq!(error_of(error_code(error)), Some(error));
        }
        for error in SnmpTrouble::ALL.map(RoundError::Snmp) {
            assert_eq!(error_of(error_code(error)), Some(error));
        }
        for error in Threshold::ALL.map(RoundError::Over) {
            assert_eq!(error_of(error_code(error)), Some(error));
        }
        let with_number = [ServiceTrouble::Status(503), ServiceTrouble::Rcode(3)];
        for error in ServiceTrouble::ALL.into_iter().chain(with_number).map(RoundError::Service) {
            assert_eq!(error_of(error_code(error)), Some(error));
        }
        assert_eq!(error_of(9 << 32 | 17), None);
        assert_eq!(error_of(6 << 32 | 6), None, "a trouble that a newer version may know");
        assert_eq!(error_of(8 << 32 | 10), None);
        assert_eq!(error_of(0), None);
    }

    proptest! {
        #[test]
        fn round_trip_times_come_back(us in proptest::collection::vec(any::<u32>(), 0..=10)) {
            let rtts = Rtts::from_us(&us);
            let mut bytes = Vec::new();
            encode_rtts(&rtts, &mut bytes);
            prop_assert_eq!(decode_rtts(&bytes), Some(rtts));
        }

        #[test]
        fn strange_bytes_are_refused_or_read_but_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode_rtts(&bytes);
        }
    }
}
