use async_snmp::message::CommunityMessage;
use async_snmp::pdu::{GetBulkPdu, PduBody, RequestPdu, StandardPduType};
use async_snmp::{CommunityVersion, DecodeConfig, Pdu, VarBind, Version};
use proptest::prelude::*;

use super::*;

fn oids() -> impl Strategy<Value = Oid> {
    let arcs = prop_oneof![
        4 => 0_u32..128,
        1 => any::<u32>(),
        1 => Just(u32::MAX),
    ];
    (0_u32..3, 0_u32..40, prop::collection::vec(arcs, 0..20))
        .prop_map(|(first, second, rest)| Oid::new([first, second].into_iter().chain(rest)))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..20),
        1 => prop::collection::vec(any::<u8>(), 120..300),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::Integer),
        bytes().prop_map(|b| Value::OctetString(b.into())),
        Just(Value::Null),
        oids().prop_map(Value::ObjectIdentifier),
        any::<[u8; 4]>().prop_map(Value::IpAddress),
        any::<u32>().prop_map(Value::Counter32),
        any::<u32>().prop_map(Value::Gauge32),
        any::<u32>().prop_map(Value::TimeTicks),
        bytes().prop_map(|b| Value::Opaque(b.into())),
        any::<u64>().prop_map(Value::Counter64),
        Just(Value::NoSuchObject),
        Just(Value::NoSuchInstance),
        Just(Value::EndOfMibView),
    ]
}

/// An answer as the library writes it.
fn written(id: i32, bindings: Vec<(Oid, Value)>) -> Vec<u8> {
    let bindings = bindings.into_iter().map(|(oid, value)| VarBind::new(oid, value));
    let pdu_type = StandardPduType::Response;
    let body = PduBody::Standard { pdu_type, error_status: 0, error_index: 0 };
    let pdu = Pdu::from_raw_parts(id, body, bindings.collect());
    let message = CommunityMessage::new(CommunityVersion::V2c, "public", pdu).expect("sound");
    message.encode().expect("sound").to_vec()
}

/// An answer as the library reads it.
fn read_by_library(datagram: &[u8]) -> Option<(i32, Vec<(Oid, Value)>)> {
    let bytes = datagram.to_vec().into();
    let message = CommunityMessage::decode(bytes, DecodeConfig::DEFAULT).ok()?.value;
    let pdu = message.into_pdu()?;
    let bindings = pdu.varbinds().iter().map(|b| (b.oid.clone(), b.value.clone())).collect();
    Some((pdu.request_id(), bindings))
}

fn question_of_library(ask: Ask, id: i32, objects: &[Oid]) -> Vec<u8> {
    let pdu: Pdu = match ask {
        Ask::Get => RequestPdu::get(Version::V2c, id, objects).expect("sound").into(),
        Ask::Next => RequestPdu::get_next(Version::V2c, id, objects).expect("sound").into(),
        Ask::Bulk { singles, rows } => {
            let bound = objects.iter().cloned().map(VarBind::null).collect();
            let (singles, rows) = (u32::from(singles), u32::from(rows));
            GetBulkPdu::new(Version::V2c, id, singles, rows, bound).expect("sound").into()
        }
    };
    let message = CommunityMessage::new(CommunityVersion::V2c, "public", pdu).expect("sound");
    message.encode().expect("sound").to_vec()
}

#[test]
fn what_is_no_name_is_not_asked() {
    for bad in [vec![], vec![3, 1], vec![1, 40], vec![1; ARCS_MAX + 1]] {
        assert_eq!(question(1, b"public", Ask::Get, 1, &[Oid::from_slice(&bad)]), None);
    }
    let long = Oid::from_slice(&[1; ARCS_MAX]);
    assert!(question(1, b"public", Ask::Get, 1, &[long]).is_some());
}

#[test]
fn numbers_too_wide_are_cut_and_texts_too_long_end_with_their_binding() {
    let value = |bytes: &[u8]| {
        let mut found = None;
        value(&mut Bytes(bytes), |value| found = Some(value.to_value())).map(|()| found)
    };
    assert_eq!(value(&[0x41, 5, 1, 0, 0, 0, 2]), Ok(Some(Value::Counter32(2))));
    assert_eq!(value(&[0x02, 5, 1, 0, 0, 0, 2]), Ok(Some(Value::Integer(2))));
    assert_eq!(value(&[0x02, 2, 0xff, 0xfe]), Ok(Some(Value::Integer(-2))));
    assert_eq!(value(&[0x46, 0]), Ok(Some(Value::Counter64(0))));
    assert_eq!(
        value(&[0x46, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
        Ok(Some(Value::Counter64(u64::MAX)))
    );
    assert_eq!(value(&[0x04, 9, b'a']), Ok(Some(Value::OctetString(b"a".to_vec().into()))));
    for bad in [
        &[0x46, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &[0x41, 0],
        &[0x02, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x40, 3, 1, 2, 3],
        &[0x05, 1, 0],
        &[0x80, 1, 0],
        &[0x24, 0],
        &[0x06, 1, 0x81],
        &[0x06, 6, 0x2b, 0x90, 0x80, 0x80, 0x80, 0x00],
        &[0x04],
        &[],
    ] {
        assert_eq!(value(bad), Err(BadMessage), "{bad:02x?}");
    }
}

proptest! {
    /// The library writes the same bytes.
    #[test]
    fn questions_are_what_the_library_asks(
        objects in prop::collection::vec(oids(), 1..24),
        ask in prop_oneof![
            Just(Ask::Get),
            Just(Ask::Next),
            (0_u16..3, 1_u16..300).prop_map(|(singles, rows)| Ask::Bulk { singles, rows }),
        ],
        id in 0..i32::MAX,
    ) {
        let ours = question(1, b"public", ask, id, &objects);
        prop_assert_eq!(ours, Some(question_of_library(ask, id, &objects)));
    }

    #[test]
    fn answers_are_read_as_they_were_written(
        id in any::<i32>(),
        bindings in prop::collection::vec((oids(), values()), 0..40),
    ) {
        let datagram = written(id, bindings.clone());
        let answer = answer(&datagram).expect("whole");
        let head = (answer.version, answer.community, answer.id, answer.status, answer.index);
        prop_assert_eq!(head, (1, &b"public"[..], i64::from(id), 0, 0));
        prop_assert_eq!(answer.values().map(Vec::from), Ok(bindings));
        for cut in 0..datagram.len() {
            prop_assert_eq!(super::answer(&datagram[..cut]).err(), Some(BadMessage));
        }
    }

    /// With any byte changed, and whatever else comes: nothing falls, and where both understand it,
    /// we read what the library reads.
    #[test]
    fn whatever_comes_is_read_as_the_library_reads_it(
        bindings in prop::collection::vec((oids(), values()), 0..6),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let _ = answer(&noise).map(|answer| answer.values());
        let mut datagram = written(7, bindings);
        for (at, byte) in changes {
            let at = at.index(datagram.len());
            datagram[at] = byte;
        }
        let ours = answer(&datagram).ok().and_then(|a| Some((a.id, Vec::from(a.values().ok()?))));
        if let (Some((id, ours)), Some((their_id, theirs))) = (ours, read_by_library(&datagram)) {
            prop_assert_eq!(id, i64::from(their_id));
            prop_assert_eq!(ours, theirs);
        }
    }
}
