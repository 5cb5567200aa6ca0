//! How a service is asked, and what it has to answer.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::Serialize;

/// One way of asking a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceCheck {
    /// Who is asked. Never found by its name: a name server's failure is not the service's.
    pub address: IpAddr,
    /// Port, TCP or UDP as the kind has it.
    pub port: u16,
    /// Longest the whole check may take, in milliseconds.
    pub timeout_ms: u32,
    /// What is asked.
    pub ask: ServiceAsk,
}

impl ServiceCheck {
    /// Bounds of `timeout_ms`.
    pub const TIMEOUT_MS: RangeInclusive<i64> = 100..=60_000;
    /// `timeout_ms` where nothing is said.
    pub const TIMEOUT_MS_DEFAULT: u32 = 5_000;
    /// `timeout_ms` of a search for the largest packet where nothing is said.
    pub const TIMEOUT_MS_MTU: u32 = 15_000;
    /// Bounds of [`ServiceAsk::Mtu`]: what every IPv4 host takes, and jumbo frames.
    pub const MTU: RangeInclusive<i64> = 576..=9_000;
    /// [`ServiceAsk::Mtu`] where nothing is said: Ethernet's.
    pub const MTU_DEFAULT: u16 = 1_500;
}

/// What is asked, and what is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceAsk {
    /// A TCP connection.
    Tcp {
        /// What the first bytes it says must contain.
        expect: Option<Arc<str>>,
    },
    /// A request by HTTP/1.1.
    Http(Box<HttpAsk>),
    /// A TLS handshake.
    Tls(TlsAsk),
    /// A question to a name server.
    Dns {
        /// The name asked for, without a dot at its end.
        name: Arc<str>,
        /// Which of its records.
        record: DnsRecord,
        /// What one of the records must be; `None`: any.
        answer: Option<Arc<str>>,
    },
    /// A mail server's greeting (RFC 5321).
    Smtp,
    /// A mailbox server's greeting (RFC 3501).
    Imap,
    /// A time server's time (RFC 5905).
    Ntp {
        /// The greatest difference to this machine's clock before it is trouble, in milliseconds.
        offset_ms: u32,
    },
    /// How large a packet may be that reaches the address uncut.
    Mtu {
        /// What the way has to carry, IP header included, in bytes.
        least: u16,
    },
}

impl ServiceAsk {
    /// The word used in files and JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Tcp { .. } => "tcp",
            Self::Http(_) => "http",
            Self::Tls(_) => "tls",
            Self::Dns { .. } => "dns",
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::Ntp { .. } => "ntp",
            Self::Mtu { .. } => "mtu",
        }
    }

    /// The port asked where none is named; `None` where there is no usual one.
    #[must_use]
    pub fn usual_port(&self) -> Option<u16> {
        match self {
            Self::Tcp { .. } => None,
            Self::Http(http) => Some(if http.tls.is_some() { 443 } else { 80 }),
            Self::Tls(_) => Some(443),
            Self::Dns { .. } => Some(53),
            Self::Smtp => Some(25),
            Self::Imap => Some(143),
            Self::Ntp { .. } => Some(123),
            // ICMP has no ports.
            Self::Mtu { .. } => Some(0),
        }
    }
}

/// A request and what its answer must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HttpAsk {
    /// By TLS, and what is expected of it.
    pub tls: Option<TlsAsk>,
    /// Value of the `Host` header.
    pub host: Arc<str>,
    /// Path and query.
    pub path: Arc<str>,
    /// Only the head of the answer is asked for.
    pub is_head: bool,
    /// Statuses that are good; never empty.
    pub status: Vec<(u16, u16)>,
    /// What the body must contain.
    pub text: Option<Arc<str>>,
    /// A place in the body by RFC 6901 and what must stand there: a text as it is, anything else as
    /// JSON writes it.
    pub json: Option<(Arc<str>, Arc<str>)>,
    /// Most redirects followed, to the same host.
    pub redirects: u8,
    /// Longest body read, in bytes.
    pub body_max: u32,
}

impl HttpAsk {
    /// Bounds of `redirects`.
    pub const REDIRECTS: RangeInclusive<i64> = 0..=10;
    /// Bounds of `body_max`.
    pub const BODY_MAX: RangeInclusive<i64> = 1..=16_777_216;
    /// `body_max` where nothing is said.
    pub const BODY_MAX_DEFAULT: u32 = 1_048_576;
}

/// What is expected of a TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TlsAsk {
    /// Whose certificate it must be.
    pub name: Arc<str>,
    /// Days before its end from which on the certificate is trouble.
    pub expiry_days: u16,
    /// Nothing older than TLS 1.3 is accepted.
    pub is_13_needed: bool,
    /// An authority of this machine, or one the configuration names, must have signed it.
    pub is_chain_needed: bool,
}

impl TlsAsk {
    /// Bounds of `expiry_days`.
    pub const EXPIRY_DAYS: RangeInclusive<i64> = 0..=730;
    /// `expiry_days` where nothing is said: time enough to order another one.
    pub const EXPIRY_DAYS_DEFAULT: u16 = 21;
}

/// Kinds of records that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DnsRecord {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// The name that it stands for.
    Cname,
    /// Who takes its mail.
    Mx,
    /// Who answers for it.
    Ns,
    /// A text.
    Txt,
    /// The name of an address.
    Ptr,
}

impl DnsRecord {
    /// All.
    pub const ALL: [Self; 7] =
        [Self::A, Self::Aaaa, Self::Cname, Self::Mx, Self::Ns, Self::Txt, Self::Ptr];

    /// The word used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Txt => "TXT",
            Self::Ptr => "PTR",
        }
    }

    /// Its number on the wire (RFC 1035, RFC 3596).
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Ns => 2,
            Self::Cname => 5,
            Self::Ptr => 12,
            Self::Mx => 15,
            Self::Txt => 16,
            Self::Aaaa => 28,
        }
    }
}
