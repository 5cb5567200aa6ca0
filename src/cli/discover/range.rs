//! Which addresses are meant: a prefix, a range, one address.

use std::net::IpAddr;

use ipnet::{IpAddrRange, IpNet, Ipv4AddrRange, Ipv6AddrRange};

/// Most addresses of a range that is asked only because it was named: a /20.
pub(super) const NAMED_MAX: u128 = 1 << 12;
/// Most addresses asked in all.
pub(super) const ASKED_MAX: usize = 1 << 16;

/// Addresses that were named together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    first: IpAddr,
    last: IpAddr,
}

/// Why the addresses of a range are not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// More than may be asked for being named, and none of it is in the address plan.
    TooLarge(u128),
    /// More than may be asked in all, within the address plan.
    TooMany(u128),
}

impl Range {
    /// What was typed, where it is addresses: `10.1.2.0/24`, `10.1.2.10-10.1.2.40`, `10.1.2.10-40`,
    /// `10.1.2.3`. The addresses of a prefix that are no host's are left out.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(address) = text.parse::<IpAddr>() {
            let address = address.to_canonical();
            return Some(Self { first: address, last: address });
        }
        if let Ok(net) = text.parse::<IpNet>() {
            return Some(Self::hosts(&net));
        }
        let (first, last) = text.split_once('-')?;
        let first = first.trim().parse::<IpAddr>().ok()?;
        let last = match (last.trim().parse::<IpAddr>(), first, last.trim().parse::<u8>()) {
            (Ok(last), ..) => last,
            (_, IpAddr::V4(first), Ok(byte)) => {
                let [a, b, c, _] = first.octets();
                IpAddr::from([a, b, c, byte])
            }
            _ => return None,
        };
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// The addresses of a prefix that are a host's: of IPv4 not the network's own and not the one
    /// that all of it answer to.
    fn hosts(net: &IpNet) -> Self {
        match (net.network(), net.broadcast()) {
            (IpAddr::V4(first), IpAddr::V4(last)) if net.prefix_len() < 31 => {
                let (first, last) = (u32::from(first) + 1, u32::from(last) - 1);
                Self { first: IpAddr::V4(first.into()), last: IpAddr::V4(last.into()) }
            }
            (first, last) => Self { first, last },
        }
    }

    /// The addresses that may be asked: all of a small range, of a larger one those in the plan.
    pub(super) fn addresses(self, plan: &[IpNet]) -> Result<Vec<IpAddr>, Refusal> {
        let size = self.size();
        if size <= NAMED_MAX {
            return Ok(self.iter().collect());
        }
        let mut parts: Vec<Self> = plan.iter().filter_map(|net| self.within(net)).collect();
        if parts.is_empty() {
            return Err(Refusal::TooLarge(size));
        }
        // A prefix may lie in another one.
        parts.sort_by_key(|part| (part.first, part.last));
        let total = parts.iter().map(|part| part.size()).fold(0, u128::saturating_add);
        if total > 2 * ASKED_MAX as u128 {
            return Err(Refusal::TooMany(total));
        }
        let mut all: Vec<IpAddr> = parts.into_iter().flat_map(Self::iter).collect();
        all.sort_unstable();
        all.dedup();
        if all.len() > ASKED_MAX { Err(Refusal::TooMany(all.len() as u128)) } else { Ok(all) }
    }

    fn size(self) -> u128 {
        match (self.first, self.last) {
            (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(u32::from(b) - u32::from(a)) + 1,
            (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(b) - u128::from(a)).saturating_add(1),
            _ => 0,
        }
    }

    fn within(self, net: &IpNet) -> Option<Self> {
        if net.network().is_ipv4() != self.first.is_ipv4() {
            return None;
        }
        let hosts = Self::hosts(net);
        let (first, last) = (self.first.max(hosts.first), self.last.min(hosts.last));
        (first <= last).then_some(Self { first, last })
    }

    fn iter(self) -> IpAddrRange {
        match (self.first, self.last) {
            (IpAddr::V4(a), IpAddr::V4(b)) => IpAddrRange::V4(Ipv4AddrRange::new(a, b)),
            (IpAddr::V6(a), IpAddr::V6(b)) => IpAddrRange::V6(Ipv6AddrRange::new(a, b)),
            // `parse` makes none of two families.
            (first, _) => IpNet::from(first).hosts(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str, plan: &[&str]) -> Result<Vec<String>, Refusal> {
        let plan: Vec<IpNet> = plan.iter().map(|net| net.parse().unwrap()).collect();
        let range = Range::parse(text).unwrap_or_else(|| panic!("{text}"));
        range.addresses(&plan).map(|all| all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn ranges_are_read_in_every_way_they_are_written() {
        assert_eq!(asked("10.1.2.3", &[]).unwrap(), ["10.1.2.3"]);
        assert_eq!(asked("10.1.2.0/30", &[]).unwrap(), ["10.1.2.1", "10.1.2.2"]);
        assert_eq!(asked("10.1.2.4/31", &[]).unwrap(), ["10.1.2.4", "10.1.2.5"]);
        assert_eq!(asked("10.1.2.9-11", &[]).unwrap(), ["10.1.2.9", "10.1.2.10", "10.1.2.11"]);
        assert_eq!(asked("10.1.2.255 - 10.1.3.0", &[]).unwrap(), ["10.1.2.255", "10.1.3.0"]);
        assert_eq!(asked("2001:db8::/127", &[]).unwrap(), ["2001:db8::", "2001:db8::1"]);
        for text in ["", "cai-be/router", "10.1.2.3-1", "10.1.2.3-2001:db8::", "10.1.2.0/33", "1-2"]
        {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_large_range_is_asked_only_where_it_is_planned() {
        assert_eq!(asked("10.0.0.0/20", &[]).unwrap().len(), 4_094);
        assert_eq!(asked("10.0.0.0/19", &[]), Err(Refusal::TooLarge(8_190)));
        assert_eq!(asked("10.0.0.0/8", &["192.168.0.0/24"]), Err(Refusal::TooLarge(16_777_214)));
        let planned = ["10.83.32.0/24", "10.83.32.0/28", "10.84.0.0/30"];
        let all = asked("10.0.0.0/8", &planned).unwrap();
        assert_eq!(all.len(), 256);
        assert_eq!((all[0].as_str(), all[253].as_str()), ("10.83.32.1", "10.83.32.254"));
        assert_eq!(all[254..], ["10.84.0.1", "10.84.0.2"]);
        assert!(matches!(asked("10.0.0.0/8", &["10.0.0.0/8"]), Err(Refusal::TooMany(_))));
        assert!(matches!(asked("::/0", &["2001:db8::/32"]), Err(Refusal::TooMany(_))));
    }
}
