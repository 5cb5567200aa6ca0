//! What a notice looks like, where a service has colours, priorities and signs.

use sha2::{Digest as _, Sha256};

use crate::alert::notice::{Notice, Severity, Topic};

/// What a letter is about, for a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Down, or worse.
    Bad,
    /// Something is wrong, but works.
    Poor,
    /// It is over, or taken.
    Good,
    /// None of these.
    Plain,
}

/// What a notice looks like.
pub(super) fn look(notice: &Notice) -> Look {
    match notice.topic {
        Topic::Recovered | Topic::Passed | Topic::ChannelBack => Look::Good,
        Topic::Acknowledged
        | Topic::Removed
        | Topic::Merged
        | Topic::StormBegan
        | Topic::StormEnded
        | Topic::Test => Look::Plain,
        Topic::ChannelLost => Look::Poor,
        // A digest may hold nothing but what is over.
        Topic::Digest if notice.parts.iter().all(|part| part.topic.is_over()) => Look::Good,
        Topic::Down
        | Topic::Degraded
        | Topic::Flapping
        | Topic::Blind
        | Topic::Update
        | Topic::Reminder
        | Topic::Escalation
        | Topic::Digest => match notice.severity {
            Severity::Down | Severity::Blind => Look::Bad,
            Severity::Degraded | Severity::Flapping => Look::Poor,
        },
    }
}

/// Red, green and blue.
pub(super) fn colour(notice: &Notice) -> u32 {
    match look(notice) {
        Look::Bad => 0x00C6_2828,
        Look::Poor => 0x00EF_6C00,
        Look::Good => 0x002E_7D32,
        Look::Plain => 0x0054_6E7A,
    }
}

/// How urgent, 1 to 5: 5 wakes people, 3 is usual.
pub(super) fn urgency(notice: &Notice) -> u8 {
    match (look(notice), notice.topic) {
        (Look::Bad, Topic::Escalation) => 5,
        (Look::Bad, _) => 4,
        (Look::Poor | Look::Good, _) => 3,
        (Look::Plain, _) => 2,
    }
}

/// The word of a topic in JSON.
pub(super) fn topic_word(topic: Topic) -> String {
    match serde_json::to_value(topic) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The first `bytes` bytes of the SHA-256 of a text, in hexadecimal.
pub(super) fn digest(text: &str, bytes: usize) -> String {
    hex(&Sha256::digest(text.as_bytes()).as_slice()[..bytes.min(32)])
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key of one part of a letter, of characters that every header, path and Message-ID takes, at
/// most 64 of them: the same letter has the same for ever.
pub(super) fn part_key(key: &str, part: usize, parts: usize) -> String {
    let is_plain = !key.is_empty()
        && key.len() <= 48
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let key = if is_plain { key.to_owned() } else { digest(key, 16) };
    if parts == 1 { key } else { format!("{key}.{}", part + 1) }
}
