//! Which of this machine's ways out a packet takes.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest name of an interface: `IFNAMSIZ` less its zero.
const NAME_MAX: usize = 15;

/// Where packets leave from, when the routing table is not to choose.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// One of this machine's addresses: what answers is sent to it.
    Address(IpAddr),
    /// One of its interfaces, by name; it need not be there yet.
    Interface(Arc<str>),
}

impl Source {
    /// An address, or else the name of an interface (at most 15 bytes, no blanks and no slashes, as
    /// Linux has them); `None` when it can be neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            let address = address.to_canonical();
            return (!address.is_unspecified() && !address.is_multicast())
                .then_some(Self::Address(address));
        }
        let is_name = !text.is_empty()
            && text.len() <= NAME_MAX
            && !matches!(text, "." | "..")
            && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '/' | ':'))
            // A mistyped address, and no interface that anybody has.
            && !text.chars().all(|c| c.is_ascii_digit() || c == '.');
        is_name.then(|| Self::Interface(text.into()))
    }

    /// True where packets to `address` can leave that way as far as their family goes.
    #[must_use]
    pub fn fits(&self, address: IpAddr) -> bool {
        match self {
            Self::Address(own) => own.is_ipv4() == address.is_ipv4(),
            Self::Interface(_) => true,
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Interface(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_of_interfaces_are_told_apart() {
        let address = |text: &str| Some(Source::Address(text.parse().unwrap()));
        assert_eq!(Source::parse("10.0.0.1"), address("10.0.0.1"));
        assert_eq!(Source::parse("::ffff:10.0.0.1"), address("10.0.0.1"));
        assert_eq!(Source::parse("eth0.20"), Some(Source::Interface("eth0.20".into())));
        for neither in [
            "",
            ".",
            "..",
            "0.0.0.0",
            "10.0.0.300",
            "10.82.0",
            "224.0.0.1",
            "a b",
            "a/b",
            "eth0:1",
            "abcdefghijklmnop",
        ] {
            assert_eq!(Source::parse(neither), None, "{neither}");
        }
        assert!(!Source::parse("10.0.0.1").unwrap().fits("::1".parse().unwrap()));
        assert!(Source::parse("lo").unwrap().fits("::1".parse().unwrap()));
    }
}
