//! Ids are slugs of our own: administrative codes are reused for other units in other years, so
//! a code never identifies anything.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest id accepted, in bytes.
pub(crate) const MAX_ID_LEN: usize = 96;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// Longer than 96 bytes.
    #[error("an id has at most {MAX_ID_LEN} characters")]
    TooLong,
    /// A character outside `a-z 0-9 - . /`, or `-`, `.`, `/` first, last or doubled.
    #[error("'{0}' cannot stand there in an id")]
    BadChar(char),
}

/// A slug: `a-z`, `0-9`, and single `-`, `.` or `/` between them, e.g. `cai-be/tslcd`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(Arc<str>);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    /// From the text where it stands: answers have tens of thousands of them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Slug;
        impl Visitor<'_> for Slug {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                Id::new(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_string(Slug)
    }
}

impl Id {
    /// Checks and interns a slug.
    ///
    /// # Errors
    /// [`IdError`] when the text is not a slug.
    pub fn new(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > MAX_ID_LEN {
            return Err(IdError::TooLong);
        }
        let mut previous_is_mark = true;
        for c in text.chars() {
            let is_mark = matches!(c, '-' | '.' | '/');
            if !(c.is_ascii_lowercase() || c.is_ascii_digit() || is_mark)
                || (is_mark && previous_is_mark)
            {
                return Err(IdError::BadChar(c));
            }
            previous_is_mark = is_mark;
        }
        if previous_is_mark {
            return Err(IdError::BadChar(text.chars().next_back().unwrap_or('-')));
        }
        Ok(Self(Arc::from(text)))
    }

    /// The slug's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::new(&text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0.to_string()
    }
}

macro_rules! id_of {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Id);

        impl $name {
            /// Checks and interns a slug.
            ///
            /// # Errors
            /// [`IdError`] when the text is not a slug.
            pub fn new(text: &str) -> Result<Self, IdError> {
                Id::new(text).map(Self)
            }

            /// The slug's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl From<Id> for $name {
            fn from(id: Id) -> Self {
                Self(id)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )+};
}

id_of! {
    /// Names a unit of the administrative tree: `cai-be`, `cai-be.hoa-khanh`.
    UnitId,
    /// Names a network: `wan`, `tslcd`, `lan`.
    NetworkId,
    /// Names a carrier: `vnpt`.
    CarrierId,
    /// Names a device.
    DeviceId,
    /// Names a service.
    ServiceId,
    /// Names a calendar of office hours.
    CalendarId,
    /// Names what devices are asked with, in `config.yaml`.
    CredentialId,
    /// Names whatever has a state: a connection (`cai-be/tslcd`), a device or a service. The
    /// three share one name space.
    SubjectId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_accepted_and_everything_else_is_refused() {
        for good in ["cai-be", "cai-be/tslcd", "cai-be.hoa-khanh/tslcd-4g", "815", "a"] {
            assert!(Id::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "Cai", "cái", "a b", "a/", "a\u{7}", "a//b"] {
            assert!(Id::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Id::new(&"x".repeat(97)), Err(IdError::TooLong));
    }
}
