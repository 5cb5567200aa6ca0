//! Integers, words and blobs in which states, errors, round-trip times and what is worked on are
//! kept.

use std::net::IpAddr;

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

/// Added to the kind of what somebody on the way said: his IPv4 address follows as a number.
const BY_V4: u64 = 0x100;
/// The same for his IPv6 address: two numbers, the upper half first.
const BY_V6: u64 = 0x200;

/// Hands over the numbers that a round's error, or its absence, is kept as.
pub(super) fn put_error(error: Option<RoundError>, mut put: impl FnMut(u64)) {
    let code = error.map_or(0, |error| error_code(error).cast_unsigned());
    match error.and_then(RoundError::by) {
        None => put(code),
        Some(IpAddr::V4(by)) => {
            put(code + (BY_V4 << 32));
            put(u32::from(by).into());
        }
        Some(IpAddr::V6(by)) => {
            put(code + (BY_V6 << 32));
            put((by.to_bits() >> 64) as u64);
            put(by.to_bits() as u64);
        }
    }
}

/// The reverse of [`put_error`]; `Some(None)`: there is no error, `None`: the numbers are of none.
///
/// # Errors
/// Those of `get`.
pub(super) fn get_error<E>(
    mut get: impl FnMut() -> Result<u64, E>,
) -> Result<Option<Option<RoundError>>, E> {
    let code = get()?;
    if code == 0 {
        return Ok(Some(None));
    }
    let (by, code) = match code >> 32 & (BY_V4 | BY_V6) {
        0 => (None, code),
        BY_V4 => {
            let Ok(by) = u32::try_from(get()?) else { return Ok(None) };
            (Some(IpAddr::V4(by.into())), code - (BY_V4 << 32))
        }
        BY_V6 => {
            let by = u128::from(get()?) << 64 | u128::from(get()?);
            (Some(IpAddr::V6(by.into())), code - (BY_V6 << 32))
        }
        _ => return Ok(None),
    };
    let Some(error) = error_of(code.cast_signed()) else { return Ok(None) };
    let said = error.said_by(by);
    Ok((said.by() == by).then_some(Some(said)))
}

/// Kind in the upper half, value in the lower 32 bits; who said it is not in it.
fn error_code(error: RoundError) -> i64 {
    let (kind, value) = match error {
        RoundError::Unreachable { code, .. } => (1_i64, u32::from(code)),
        RoundError::TtlExceeded { .. } => (2, 0),
        RoundError::FragNeeded { mtu, .. } => (3, u32::from(mtu)),
        RoundError::Local { errno } => (4, errno.cast_unsigned()),
        RoundError::Overflow => (5, 0),
        RoundError::Snmp(trouble) => (6, number_of(&SnmpTrouble::ALL, trouble)),
        RoundError::InterfaceDown { admin } => (7, u32::from(admin)),
        RoundError::Over(threshold) => (8, number_of(&Threshold::ALL, threshold)),
        RoundError::Service(trouble) => (9, service_code(trouble)),
        RoundError::OwnLoss { packets } => (10, u32::from(packets)),
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
        1 => RoundError::Unreachable { code: u8::try_from(value).ok()?, by: None },
        2 => RoundError::TtlExceeded { by: None },
        3 => RoundError::FragNeeded { mtu: u16::try_from(value).ok()?, by: None },
        4 => RoundError::Local { errno: value.cast_signed() },
        5 => RoundError::Overflow,
        6 => RoundError::Snmp(*SnmpTrouble::ALL.get(usize::try_from(value).ok()?)?),
        7 => RoundError::InterfaceDown { admin: value != 0 },
        8 => RoundError::Over(*Threshold::ALL.get(usize::try_from(value).ok()?)?),
        9 => RoundError::Service(service_of(value)?),
        10 => RoundError::OwnLoss { packets: u8::try_from(value).ok()? },
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

    fn kept(error: Option<RoundError>) -> Option<Option<RoundError>> {
        let mut numbers = Vec::new();
        put_error(error, |number| numbers.push(number));
        let mut numbers = numbers.into_iter();
        let back = get_error(|| numbers.next().ok_or(())).unwrap();
        assert_eq!(numbers.next(), None, "all that was put is read");
        back
    }

    #[test]
    fn states_and_errors_come_back() {
        for state in State::ALL {
            assert_eq!(state_of(state_code(state)), Some(state));
        }
        assert_eq!(state_of(5), None);
        for error in [
            RoundError::Unreachable { code: 13, by: None },
            RoundError::TtlExceeded { by: None },
            RoundError::FragNeeded { mtu: 1400, by: None },
            RoundError::Local { errno: 101 },
            RoundError::Local { errno: -1 },
            RoundError::Overflow,
            RoundError::OwnLoss { packets: 2 },
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
        for by in ["10.0.0.1", "255.255.255.255", "0.0.0.0", "fd00::1", "ffff::ffff"] {
            let by = Some(by.parse().unwrap());
            for error in [
                RoundError::Unreachable { code: 255, by },
                RoundError::TtlExceeded { by },
                RoundError::FragNeeded { mtu: u16::MAX, by },
            ] {
                assert_eq!(kept(Some(error)), Some(Some(error)));
            }
        }
        assert_eq!(kept(None), Some(None));
        // Nobody on the way says that our own machine has no route.
        let own = error_code(RoundError::Local { errno: 101 }).cast_unsigned();
        let mut numbers = [own + (BY_V4 << 32), 1].into_iter();
        assert_eq!(get_error(|| numbers.next().ok_or(())), Ok(None));
        assert_eq!(error_of(9 << 32 | 17), None);
        assert_eq!(error_of(6 << 32 | 6), None, "a trouble that a newer version may know");
        assert_eq!(error_of(8 << 32 | 11), None);
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
