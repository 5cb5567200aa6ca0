//! What the chain can no longer prove because a salvage has lost it: events that a link hashed,
//! links that stood before another.
//!
//! A salvage notes in its own event which links these are, and what it left of each as a hash, so
//! that a later change of what was left is told from the loss. The note is itself an event, and so
//! in the next link. Lost samples and states need none: their days get another link, `amended`.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::chain::{Hash, Link, events_hash, links};

type Sql<T> = Result<T, rusqlite::Error>;

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// Events that the link hashed, or their subjects' names.
    Events,
    /// The links before it.
    Links,
}

impl Lost {
    /// All.
    pub const ALL: [Self; 2] = [Self::Events, Self::Links];

    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Links => "links",
        }
    }
}

/// A link that does not prove all it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unproven {
    /// Its number.
    pub(super) link: i64,
    pub(super) lost: Lost,
    /// What was left: the hash of the events there are, or of the link as it stands.
    pub(super) left: String,
}

/// The links of a salvaged store that no longer fit to its events or to one another.
///
/// # Errors
/// SQLite's.
pub(super) fn unproven(conn: &Connection) -> Sql<Vec<Unproven>> {
    let mut found = Vec::new();
    let (mut n, mut after) = (0, 0);
    for link in links(conn)? {
        if link.n != n + 1 {
            found.push(Unproven { link: link.n, lost: Lost::Links, left: left_of(&link) });
        }
        let events = events_hash(conn, after, link.last_event)?;
        if events[..] != link.events[..] {
            found.push(Unproven { link: link.n, lost: Lost::Events, left: hex(&events) });
        }
        (n, after) = (link.n, link.last_event);
    }
    Ok(found)
}

/// A hash of the whole link, its head with it.
pub(super) fn left_of(link: &Link) -> String {
    let hash: Hash = link.expected_head(&link.head);
    hex(&hash)
}

/// As it stands in the event.
pub(super) fn as_json(all: &[Unproven]) -> Value {
    let one = |u: &Unproven| json!({ "link": u.link, "lost": u.lost.as_str(), "left": u.left });
    all.iter().map(one).collect()
}

/// Reads what [`as_json`] made; what cannot be understood explains nothing.
pub(super) fn from_json(all: &Value) -> Vec<Unproven> {
    let one = |value: &Value| {
        let lost = value["lost"].as_str()?;
        Some(Unproven {
            link: value["link"].as_i64()?,
            lost: Lost::ALL.into_iter().find(|known| known.as_str() == lost)?,
            left: value["left"].as_str()?.to_owned(),
        })
    };
    all.as_array().into_iter().flatten().filter_map(one).collect()
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
