//! Channels on raw sockets against the loopback; skipped with a message where they are forbidden.

use std::net::Ipv4Addr;

use super::*;
use crate::probe::schedule::Seat;

const TO: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The `n`th block of identifiers of this process: others may run the same tests on the same
/// loopback.
fn block(n: u16) -> u16 {
    (std::process::id() as u16).wrapping_mul(4).wrapping_add(n).wrapping_mul(IDENTS)
}

fn raw(n: u16) -> Option<Channel> {
    match Channel::open(Family::V4, Kind::Raw, block(n)) {
        Ok(channel) => Some(channel),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

fn sent(packet: u8) -> Sent {
    Sent { seat: Seat(0), serial: 1, packet, at_ns: 0 }
}

/// Receives until nothing more comes; answers on the loopback are there when the send returns.
fn events(channel: &mut Channel) -> Vec<Event> {
    let mut events = Vec::new();
    channel.receive(&mut Inbox::new(), &mut |event| events.push(event));
    events
}

#[test]
fn a_full_receive_buffer_is_told_and_other_programs_pings_do_not_fill_it() {
    let (Some(mut ours), Some(mut others)) = (raw(0), raw(1)) else { return };
    ours.ports[0].socket.starve().unwrap();
    ours.send(TO, sent(0), 1, 0).unwrap();
    for _ in 0..500 {
        others.send(TO, sent(0), 2, 0).unwrap();
    }
    let of_ours = events(&mut ours);
    assert!(matches!(of_ours[..], [Event::Reply { .. }]), "{of_ours:?}");

    for _ in 0..500 {
        ours.send(TO, sent(0), 3, 0).unwrap();
    }
    let before = events(&mut ours);
    assert!(matches!(before[0], Event::Reply { .. }), "others' pings count as lost: {before:?}");
    // The kernel tells of dropped messages with the next one that has room.
    ours.send(TO, sent(0), 4, 0).unwrap();
    let dropped: usize = before
        .iter()
        .copied()
        .chain(events(&mut ours))
        .map(|event| if let Event::Overflow(count) = event { count as usize } else { 0 })
        .sum();
    let replies = before.iter().filter(|event| matches!(event, Event::Reply { .. })).count();
    // On the loopback our own requests find the buffer full as well.
    assert!(replies < 500 && replies + dropped >= 500, "{replies} replies, {dropped} dropped");
}

#[test]
fn every_ring_has_its_own_identifier_and_gets_its_own_replies() {
    let Some(mut channel) = raw(2) else { return };
    for ring in 0..2 * IDENTS {
        channel.send(TO, sent(ring as u8), 7, ring).unwrap();
    }
    let mut packets: Vec<u8> = events(&mut channel)
        .into_iter()
        .filter_map(|event| match event {
            Event::Reply { sent, .. } => Some(sent.packet),
            _ => None,
        })
        .collect();
    packets.sort_unstable();
    assert_eq!(packets, (0..16).collect::<Vec<u8>>());
    let idents: Vec<u16> = channel.rings.iter().map(Ring::ident).collect();
    assert_eq!(idents, (0..IDENTS).map(|n| block(2) + n).collect::<Vec<u16>>());
}

#[test]
fn a_wall_clock_step_cannot_make_a_time_longer_than_since_the_last_drain() {
    let Some(mut channel) = raw(3) else { return };
    let at_ns = channel.send(TO, sent(0), 9, 0).unwrap();
    let [Event::Reply { rtt_us, .. }] = events(&mut channel)[..] else { panic!("one reply") };
    let most_us = (now_ns(Clock::Monotonic) - at_ns) / 1_000;
    assert!(i64::from(rtt_us) <= most_us, "{rtt_us} us, at most {most_us}");
}
