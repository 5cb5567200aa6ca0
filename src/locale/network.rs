//! What routers and hosts on the way say of packets that they refuse.

use std::net::IpAddr;

use super::Lang;
use crate::model::RoundError;
use crate::t;

/// What the network said instead of an answer, and who said it: `10.0.3.1 says: no route to the
/// network`. `None` of what nobody on the way said.
#[must_use]
pub fn network_words(lang: Lang, error: RoundError) -> Option<String> {
    let what = match error {
        RoundError::Unreachable { code, by } => unreachable(lang, code, by),
        RoundError::TtlExceeded { .. } => t!(lang, "network.loop"),
        RoundError::FragNeeded { mtu: 0, .. } => t!(lang, "network.too_big"),
        RoundError::FragNeeded { mtu, .. } => t!(lang, "network.too_big_for", mtu = mtu),
        _ => return None,
    };
    Some(match error.by() {
        Some(by) => t!(lang, "network.said_by", by = by, what = what),
        None => t!(lang, "network.said", what = what),
    })
}

/// The codes of RFC 792 and RFC 1812, of RFC 4443 where an IPv6 address said it.
fn unreachable(lang: Lang, code: u8, by: Option<IpAddr>) -> String {
    match (by.is_some_and(|by| by.is_ipv6()), code) {
        (false, 0 | 6 | 11) | (true, 0) => t!(lang, "network.no_route"),
        (false, 1 | 7 | 12) | (true, 3) => t!(lang, "network.no_host"),
        (false, 3) | (true, 4) => t!(lang, "network.no_port"),
        (false, 9 | 10 | 13) | (true, 1 | 5 | 6) => t!(lang, "network.prohibited"),
        _ => t!(lang, "network.code", code = code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_said_it_is_named_and_codes_mean_what_their_family_has_them_mean() {
        let (v4, v6) = ("10.0.3.1".parse().ok(), "fd00::1".parse().ok());
        let words = |code, by| network_words(Lang::En, RoundError::Unreachable { code, by });
        assert_eq!(words(1, v4).unwrap(), "no answer, 10.0.3.1 says: no such host");
        assert_eq!(words(1, v6).unwrap(), "no answer, fd00::1 says: prohibited by a filter");
        assert_eq!(words(13, None).unwrap(), "no answer, the network says: prohibited by a filter");
        let too_big = RoundError::FragNeeded { mtu: 1_400, by: v4 };
        let said = network_words(Lang::Vi, too_big).unwrap();
        assert!(said.contains("10.0.3.1") && said.contains("1400"), "{said}");
        assert_eq!(network_words(Lang::Vi, RoundError::Overflow), None);
    }
}
