//! The search for the largest packet that reaches an address, on a wire with narrow places.

use std::net::Ipv4Addr;

use tuantra::model::{RoundError, ServiceAsk, ServiceCheck, ServiceTrouble, Threshold};
use tuantra::probe::service::{Detail, Failure, Trust, ask};

use crate::alone;
use crate::namespaces::inside;
use crate::wire::{Act, FarEnd};

const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 1);
/// A router says what it takes.
const SPEAKS: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
/// A router says that it is too big, and no more.
const MUTTERS: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
/// What is too big disappears.
const SWALLOWS: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 3);
/// As wide as the wire.
const WIDE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 4);
const DEAD: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 5);
const FORBIDDEN: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 6);

const fn width(to: Ipv4Addr) -> usize {
    match to {
        SPEAKS => 1_400,
        MUTTERS => 1_374,
        SWALLOWS => 1_413,
        _ => 1_500,
    }
}

fn far_end() -> FarEnd {
    FarEnd::start(|to, length| match to {
        DEAD => Act::Silence,
        FORBIDDEN => Act::Refuse { by: ROUTER, kind: 3, code: 13, rest: 0 },
        to if length <= width(to) => Act::Answer,
        SWALLOWS => Act::Silence,
        SPEAKS => Act::Refuse { by: ROUTER, kind: 3, code: 4, rest: 1_400 },
        _ => Act::Refuse { by: ROUTER, kind: 3, code: 4, rest: 0 },
    })
}

fn look(to: Ipv4Addr, least: u16) -> Result<Detail, Failure> {
    let check = ServiceCheck {
        address: to.into(),
        port: 0,
        timeout_ms: ServiceCheck::TIMEOUT_MS_MTU,
        ask: ServiceAsk::Mtu { least },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(ask(&check, &Trust::load(None).unwrap(), None))
}

fn found(to: Ipv4Addr, least: u16) -> (i64, Option<Threshold>) {
    let detail = look(to, least).unwrap();
    assert_eq!(detail.points[0].0, "icmp.mtu_bytes");
    assert!(detail.rtt_us > 0);
    (detail.points[0].1, detail.over)
}

#[test]
fn the_largest_packet_is_found_whether_the_narrow_place_speaks_or_not() {
    let _alone = alone();
    if !inside("mtu::the_largest_packet_is_found_whether_the_narrow_place_speaks_or_not") {
        return;
    }
    let far_end = far_end();
    // Both kinds of socket in turn; the first is the default of a fresh namespace.
    for group_range in ["1 0", "0 0"] {
        std::fs::write("/proc/sys/net/ipv4/ping_group_range", group_range).unwrap();
        assert_eq!(found(WIDE, 1_500), (1_500, None));
        assert_eq!(found(SPEAKS, 1_400), (1_400, None), "as declared");
        for (to, mtu) in [(SPEAKS, 1_400), (MUTTERS, 1_374), (SWALLOWS, 1_413)] {
            assert_eq!(found(to, 1_500), (mtu, Some(Threshold::Mtu)), "{group_range} {to}");
        }
        // The device itself takes no more than 1,500.
        assert_eq!(found(WIDE, 9_000), (1_500, Some(Threshold::Mtu)));
        assert_eq!(look(DEAD, 1_500), Err(Failure::Service(ServiceTrouble::Silent)));
        let error = RoundError::Unreachable { code: 13, by: Some(ROUTER.into()) };
        assert_eq!(look(FORBIDDEN, 1_500), Err(Failure::Said(error)));
    }
    let asked = |to| far_end.books(|b| b.requests.iter().filter(|r| r.to == to).count());
    assert!(asked(SWALLOWS) <= 2 * 18 * 3, "bounded: {}", asked(SWALLOWS));
    assert_eq!(asked(DEAD), 2 * 2 * 3, "two sizes, three times each");
    assert!(far_end.books(|b| b.requests.iter().all(|r| r.df)), "nobody may cut them");
}
