//! Values of a profile's keys: of the kind that is wanted, or a mistake in its place.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::{Desk, ENTRIES_MAX, Key, Node, SOURCE_CHARS_MAX, cut};
use crate::model::{Diagnostic, Message, Place, Severity};
use crate::probe::snmp::wire::Oid;

impl Desk<'_> {
    /// Every table of a list of them.
    pub(super) fn tables<T>(
        &mut self,
        key: &Key<'_>,
        node: &Node<'_>,
        one: fn(&mut Self, &std::ops::Range<usize>, &DeTable<'_>) -> Option<T>,
    ) -> Vec<T> {
        let mut read = Vec::new();
        for node in self.list(node) {
            if let Some(table) = self.table(key, node) {
                read.extend(one(self, &node.span(), table));
            }
        }
        read
    }

    /// The entries of a list, or a single value as a list of itself; at most [`ENTRIES_MAX`].
    pub(super) fn list<'n, 't>(&mut self, node: &'n Node<'t>) -> &'n [Node<'t>] {
        let DeValue::Array(list) = node.get_ref() else { return std::slice::from_ref(node) };
        if list.len() > ENTRIES_MAX {
            let message = Message::new("profile.too_many").with("most", ENTRIES_MAX);
            self.report(Some(node.span()), message, None);
        }
        &list[..list.len().min(ENTRIES_MAX)]
    }

    pub(super) fn texts(&mut self, key: &Key<'_>, node: &Node<'_>) -> Vec<String> {
        self.list(node).iter().filter_map(|node| self.text_of(key, node)).collect()
    }

    pub(super) fn oids(&mut self, key: &Key<'_>, node: &Node<'_>) -> Vec<Oid> {
        self.list(node).iter().filter_map(|node| self.oid(key, node)).collect()
    }

    pub(super) fn numbers(&mut self, key: &Key<'_>, node: &Node<'_>) -> Vec<i64> {
        self.list(node).iter().filter_map(|node| self.number(key, node)).collect()
    }

    /// `"9"` or `"4.2"`: the first arcs of an index.
    pub(super) fn index(&mut self, key: &Key<'_>, node: &Node<'_>) -> Vec<u32> {
        let Some(text) = self.text_of(key, node) else { return Vec::new() };
        let arcs: Option<Vec<u32>> = text.split('.').map(|arc| arc.parse().ok()).collect();
        arcs.unwrap_or_else(|| {
            let message = Message::new("profile.bad_oid").with("text", cut(&text));
            self.report(Some(node.span()), message, None);
            Vec::new()
        })
    }

    pub(super) fn table<'n, 't>(
        &mut self,
        key: &Key<'_>,
        node: &'n Node<'t>,
    ) -> Option<&'n DeTable<'t>> {
        let DeValue::Table(table) = node.get_ref() else {
            self.misfit(key, node, "profile.expect_table");
            return None;
        };
        Some(table)
    }

    pub(super) fn text_of(&mut self, key: &Key<'_>, node: &Node<'_>) -> Option<String> {
        let DeValue::String(text) = node.get_ref() else {
            self.misfit(key, node, "profile.expect_text");
            return None;
        };
        Some(text.clone().into_owned())
    }

    pub(super) fn truth(&mut self, key: &Key<'_>, node: &Node<'_>) -> Option<bool> {
        let DeValue::Boolean(truth) = node.get_ref() else {
            self.misfit(key, node, "profile.expect_truth");
            return None;
        };
        Some(*truth)
    }

    pub(super) fn number(&mut self, key: &Key<'_>, node: &Node<'_>) -> Option<i64> {
        let number = match node.get_ref() {
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            self.misfit(key, node, "profile.expect_number");
        }
        number
    }

    pub(super) fn oid(&mut self, key: &Key<'_>, node: &Node<'_>) -> Option<Oid> {
        let text = self.text_of(key, node)?;
        let dotted = text.strip_prefix('.').unwrap_or(&text);
        let oid = Oid::parse(dotted).ok().filter(|oid| oid.validate_all().is_ok());
        if oid.as_ref().is_none_or(|oid| oid.len() < 3) {
            let message = Message::new("profile.bad_oid").with("text", cut(&text));
            let hint = Message::new("profile.bad_oid_hint");
            self.report(Some(node.span()), message, Some(hint));
            return None;
        }
        oid
    }

    /// One of a list of words.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &Key<'_>,
        node: &Node<'_>,
        known: impl IntoIterator<Item = T>,
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text_of(key, node)?;
        let known: Vec<T> = known.into_iter().collect();
        let one = known.iter().copied().find(|word| as_str(*word) == text);
        if one.is_none() {
            let message = Message::new("check.unknown_word")
                .with("text", cut(&text))
                .with("key", key.get_ref());
            let words: Vec<&str> = known.iter().map(|word| as_str(*word)).collect();
            let hint = nearest(&text, &words).map_or_else(
                || Message::new("check.known_words").with("words", words.join(", ")),
                |near| Message::new("check.did_you_mean").with("word", near),
            );
            self.report(Some(node.span()), message, Some(hint));
        }
        one
    }

    pub(super) fn check_keys(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in table {
            if known.contains(&key.get_ref().as_ref()) {
                continue;
            }
            let message = Message::new("check.unknown_key").with("key", cut(key.get_ref()));
            let hint = nearest(key.get_ref(), known).map_or_else(
                || Message::new("check.known_keys").with("keys", known.join(", ")),
                |near| Message::new("check.did_you_mean").with("word", near),
            );
            self.report(Some(key.span()), message, Some(hint));
        }
    }

    pub(super) fn misfit(&mut self, key: &Key<'_>, node: &Node<'_>, message: &'static str) {
        let message = Message::new(message).with("key", key.get_ref());
        self.report(Some(node.span()), message, None);
    }

    pub(super) fn report(
        &mut self,
        at: Option<std::ops::Range<usize>>,
        message: Message,
        hint: Option<Message>,
    ) {
        let place = at.map(|at| self.place(&at));
        let severity = Severity::Error;
        self.found.push(Diagnostic { severity, message, place, hint, related: None });
    }

    /// A range of bytes as an editor would call it.
    pub(super) fn place(&self, at: &std::ops::Range<usize>) -> Place {
        let mut start = at.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        let source: String = self.text[line_start..]
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(SOURCE_CHARS_MAX)
            .collect();
        let behind = (source.trim_end().chars().count() + 1).saturating_sub(column).max(1);
        let len = at.end.saturating_sub(at.start).clamp(1, behind);
        let as_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place {
            file: Arc::clone(&self.file),
            line: as_u32(line),
            column: as_u32(column),
            len: as_u32(len),
            source,
        }
    }
}

/// The known word nearest to one that is not known, if it is near enough to be a slip.
fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let slips_max = (word.chars().count() / 3).max(1);
    known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), *k))
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, k)| k)
}
