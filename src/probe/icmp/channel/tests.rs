//! Channels on raw sockets against the loopback; skipped with a message where they are forbidden.

use std::net::Ipv4Addr;

use super::*;
use crate::probe::schedule::Seat;

const TO: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PLAIN: Dress<'static> = Dress { params: PingParams::DEFAULT, source: None };

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

/// Sends to the loopback.
fn send(channel: &mut Channel, packet: u8, token: u64, way: Way) -> i64 {
    let mut none = |event| panic!("{event:?} while sending");
    channel.send((TO, token), PLAIN, sent(packet), way, &mut Inbox::new(), &mut none).unwrap()
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
    send(&mut ours, 0, 1, Way::Proven);
    for _ in 0..500 {
        send(&mut others, 0, 2, Way::Proven);
    }
    let of_ours = events(&mut ours);
    assert!(matches!(of_ours[..], [Event::Reply { .. }]), "{of_ours:?}");

    for _ in 0..500 {
        send(&mut ours, 0, 3, Way::Proven);
    }
    let before = events(&mut ours);
    assert!(matches!(before[0], Event::Reply { .. }), "others' pings count as lost: {before:?}");
    // The kernel tells of dropped messages with the next one that has room.
    send(&mut ours, 0, 4, Way::Proven);
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
    for ident in 0..IDENTS {
        send(&mut channel, 2 * ident as u8, 7, Way::Doubtful { ident });
        send(&mut channel, 2 * ident as u8 + 1, 7, Way::Proven);
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
fn every_way_tries_its_own_identifiers_first_and_all_of_them() {
    let proven: Vec<usize> = Way::Proven.rings().collect();
    assert_eq!(proven, [0, 2, 4, 6, 1, 3, 5, 7]);
    let doubtful: Vec<usize> = Way::Doubtful { ident: 6 }.rings().collect();
    assert_eq!(doubtful, [5, 7, 1, 3, 4, 6, 0, 2]);
}

/// The round-trip time the channel tells when the wall clock is stepped between a packet's send
/// and its receipt and again before it is read, and the longest it could have been.
fn rtt_us_with_steps(channel: &mut Channel, step_before_ns: i64, step_after_ns: i64) -> (i64, i64) {
    let at_ns = send(channel, 0, 9, Way::Proven);
    let mut inbox = Inbox::new();
    assert_eq!(inbox.receive(&channel.ports[0].socket, false).unwrap(), 1);
    let reading = Reading::now();
    let stepped = Reading { real_ns: reading.real_ns + step_before_ns + step_after_ns, ..reading };
    let mut events = Vec::new();
    for message in inbox.messages() {
        let stamp_ns = message.stamp_ns.map(|stamp_ns| stamp_ns + step_before_ns);
        assert!(stamp_ns.is_some(), "the kernel stamps");
        let message = Message { stamp_ns, ..message };
        channel.take(0, &message, stepped, &mut |event| events.push(event));
    }
    channel.ports[0].drained_ns = reading.monotonic_ns;
    let [Event::Reply { rtt_us, .. }] = events[..] else { panic!("one reply: {events:?}") };
    (i64::from(rtt_us), (reading.monotonic_ns - at_ns) / 1_000)
}

#[test]
fn a_wall_clock_step_does_not_spoil_a_round_trip_time() {
    let Some(mut channel) = raw(3) else { return };
    let hour_ns = 3_600_000_000_000;
    for (before_ns, after_ns) in
        [(0, 0), (hour_ns, 0), (-hour_ns, 0), (0, hour_ns), (0, -hour_ns), (hour_ns, -2 * hour_ns)]
    {
        let (rtt_us, most_us) = rtt_us_with_steps(&mut channel, before_ns, after_ns);
        assert!((0..=most_us).contains(&rtt_us), "{rtt_us} us, at most {most_us}");
        // A stamp that cannot be is left out: then the time is that of the reading.
        assert!(after_ns == 0 || rtt_us == most_us, "{rtt_us} us instead of {most_us}");
    }
}
