//! What a device is asked with: community names, users and their passphrases.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::id::CredentialId;

/// A passphrase or community name in clear. Debug prints no letter of it, and there is no Display:
/// it reaches a log, an error or an answer only by somebody calling [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Takes a secret in.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The secret itself, for whoever must send it or make a key of it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// How SNMPv3 proves who sent a message (RFC 3414, RFC 7860).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthKind {
    /// HMAC-MD5-96: broken, for devices that know nothing else.
    Md5,
    /// HMAC-SHA-96.
    Sha1,
    /// HMAC-SHA-224.
    Sha224,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-384.
    Sha384,
    /// HMAC-SHA-512.
    Sha512,
}

impl AuthKind {
    /// All, the weakest first.
    pub const ALL: [Self; 6] =
        [Self::Md5, Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The word used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Used only where the credential says `allow_weak`.
    #[must_use]
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Md5)
    }
}

/// How SNMPv3 hides a message (RFC 3414, RFC 3826 and the drafts for longer keys).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrivKind {
    /// DES: broken, for devices that know nothing else.
    Des,
    /// AES with 128 bits.
    Aes128,
    /// AES with 192 bits, a short key extended as draft-blumenthal-aes-usm says (net-snmp).
    Aes192,
    /// AES with 192 bits, a short key extended as draft-reeder-snmpv3-usm says (Cisco and others).
    Aes192Cisco,
    /// AES with 256 bits, a short key extended as draft-blumenthal-aes-usm says (net-snmp).
    Aes256,
    /// AES with 256 bits, a short key extended as draft-reeder-snmpv3-usm says (Cisco and others).
    Aes256Cisco,
}

impl PrivKind {
    /// All, the weakest first.
    pub const ALL: [Self; 6] =
        [Self::Des, Self::Aes128, Self::Aes192, Self::Aes192Cisco, Self::Aes256, Self::Aes256Cisco];

    /// The word used in files; `c` is for Cisco's way of making long keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Des => "des",
            Self::Aes128 => "aes128",
            Self::Aes192 => "aes192",
            Self::Aes192Cisco => "aes192c",
            Self::Aes256 => "aes256",
            Self::Aes256Cisco => "aes256c",
        }
    }

    /// Used only where the credential says `allow_weak`.
    #[must_use]
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Des)
    }
}

/// What proves and hides an SNMPv3 user's messages. Nothing is hidden that is not proved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Keys<S> {
    /// How a message is proved.
    pub auth: AuthKind,
    /// The passphrase for that, at least [`Credential::PASSPHRASE_MIN`] bytes.
    pub auth_secret: S,
    /// How it is hidden, and the passphrase for that.
    pub privacy: Option<(PrivKind, S)>,
}

/// The protocol's version with what it needs. `S` is a secret or where one is to be found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Security<S> {
    /// SNMPv1: the community in clear, no 64-bit counters, no GETBULK.
    V1 {
        /// The community.
        community: S,
    },
    /// SNMPv2c: the community in clear.
    V2c {
        /// The community.
        community: S,
    },
    /// SNMPv3 with a user (USM).
    V3 {
        /// The user's name, 1 to [`Credential::USER_BYTES_MAX`] bytes.
        user: String,
        /// `None`: neither proved nor hidden.
        keys: Option<Keys<S>>,
        /// The context asked; empty, as a rule.
        context: String,
    },
}

impl<S> Security<S> {
    /// The same with every secret turned into something else, in the order of the file.
    ///
    /// # Errors
    /// Those of `turn`; the first ends it.
    pub fn try_map<T, E>(
        &self,
        mut turn: impl FnMut(&S) -> Result<T, E>,
    ) -> Result<Security<T>, E> {
        Ok(match self {
            Self::V1 { community } => Security::V1 { community: turn(community)? },
            Self::V2c { community } => Security::V2c { community: turn(community)? },
            Self::V3 { user, keys, context } => {
                let keys = keys.as_ref().map(|keys| {
                    let auth_secret = turn(&keys.auth_secret)?;
                    let privacy = keys.privacy.as_ref();
                    let privacy = privacy.map(|(kind, s)| Ok((*kind, turn(s)?))).transpose()?;
                    Ok(Keys { auth: keys.auth, auth_secret, privacy })
                });
                let keys = keys.transpose()?;
                Security::V3 { user: user.clone(), keys, context: context.clone() }
            }
        })
    }

    /// The word used in files: `1`, `2c` or `3`.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        match self {
            Self::V1 { .. } => "1",
            Self::V2c { .. } => "2c",
            Self::V3 { .. } => "3",
        }
    }
}

/// What devices are asked with, by its name in `config.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Credential {
    /// Its name.
    pub id: CredentialId,
    /// Version, user and secrets.
    pub security: Security<Secret>,
    /// UDP port asked.
    pub port: u16,
}

impl Credential {
    /// The port of SNMP.
    pub const PORT: u16 = 161;
    /// Bounds of `port`.
    pub const PORTS: RangeInclusive<i64> = 1..=65_535;
    /// Shortest passphrase, in bytes (RFC 3414, section 11.2).
    pub const PASSPHRASE_MIN: usize = 8;
    /// Longest user name, in bytes (RFC 3414, section 2.4).
    pub const USER_BYTES_MAX: usize = 32;
    /// Longest context name and longest secret, in bytes.
    pub const TEXT_BYTES_MAX: usize = 255;
}

/// How devices are asked by SNMP. All times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnmpParams {
    /// Between two passes over a device.
    pub interval_ms: i64,
    /// How long an answer is waited for.
    pub timeout_ms: u32,
    /// How often a question is asked again when there is no answer.
    pub retries: u8,
    /// Most devices asked at the same time.
    pub in_flight: u16,
    /// Most questions a second to what is reached through one parent.
    pub group_rate_pps: u32,
    /// Most rows asked for in one GETBULK.
    pub max_repetitions: u16,
}

impl SnmpParams {
    /// Bounds of `interval_ms`.
    pub const INTERVAL_MS: RangeInclusive<i64> = 1_000..=86_400_000;
    /// Bounds of `timeout_ms`.
    pub const TIMEOUT_MS: RangeInclusive<i64> = 10..=60_000;
    /// Bounds of `retries`.
    pub const RETRIES: RangeInclusive<i64> = 0..=10;
    /// Bounds of `in_flight`.
    pub const IN_FLIGHT: RangeInclusive<i64> = 1..=1_000;
    /// Bounds of `group_rate_pps`.
    pub const GROUP_RATE_PPS: RangeInclusive<i64> = 1..=10_000;
    /// Bounds of `max_repetitions`: never 0, which asks for nothing.
    pub const MAX_REPETITIONS: RangeInclusive<i64> = 1..=200;
}

impl Default for SnmpParams {
    fn default() -> Self {
        Self {
            interval_ms: 60_000,
            timeout_ms: 2_000,
            retries: 2,
            in_flight: 300,
            group_rate_pps: 100,
            max_repetitions: 50,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_of_a_secret_is_printed() {
        let id = CredentialId::new("core").expect("a slug");
        let secret = || Secret::new("Tr0ub4dor&3");
        let keys = Keys {
            auth: AuthKind::Sha256,
            auth_secret: secret(),
            privacy: Some((PrivKind::Aes128, secret())),
        };
        let v3 = Security::V3 { user: "patrol".into(), keys: Some(keys), context: String::new() };
        for security in
            [v3, Security::V1 { community: secret() }, Security::V2c { community: secret() }]
        {
            let credential = Credential { id: id.clone(), security, port: Credential::PORT };
            let printed = format!("{credential:?} {credential:#?}");
            assert!(!printed.contains("Tr0") && printed.contains("Secret"), "{printed}");
        }
        assert_eq!(secret().reveal(), "Tr0ub4dor&3");
    }

    #[test]
    fn words_of_algorithms_are_their_own() {
        let words: Vec<_> = AuthKind::ALL.iter().map(|k| k.as_str()).collect();
        assert_eq!(words, ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]);
        let words: Vec<_> = PrivKind::ALL.iter().map(|k| k.as_str()).collect();
        assert_eq!(words, ["des", "aes128", "aes192", "aes192c", "aes256", "aes256c"]);
        assert!(AuthKind::ALL.iter().filter(|k| k.is_weak()).eq([&AuthKind::Md5]));
        assert!(PrivKind::ALL.iter().filter(|k| k.is_weak()).eq([&PrivKind::Des]));
    }

    #[test]
    fn the_defaults_are_inside_the_bounds() {
        let p = SnmpParams::default();
        assert!(SnmpParams::INTERVAL_MS.contains(&p.interval_ms));
        assert!(SnmpParams::TIMEOUT_MS.contains(&p.timeout_ms.into()));
        assert!(SnmpParams::RETRIES.contains(&p.retries.into()));
        assert!(SnmpParams::IN_FLIGHT.contains(&p.in_flight.into()));
        assert!(SnmpParams::GROUP_RATE_PPS.contains(&p.group_rate_pps.into()));
        assert!(SnmpParams::MAX_REPETITIONS.contains(&p.max_repetitions.into()));
    }
}
