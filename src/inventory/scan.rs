//! Where the things that the reader found in a YAML file end: it tells where each begins, and of
//! what stands in brackets or on lines of its own no more than that.

use super::node::{Key, Node, Value};

/// A file's text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'t> {
    pub text: &'t str,
}

/// The byte behind the colon of a key.
pub(super) fn value_start(text: &str, key: &Key) -> Option<usize> {
    let end = (key.at.start + key.at.len) as usize;
    let rest = text.get(end..)?;
    let gap = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    rest[gap..].starts_with(':').then_some(end + gap + 1)
}

impl Scan<'_> {
    /// From where to where a key's value is written; an empty stretch behind the colon where there is
    /// none. `None` for what an anchor, an alias or a tag has to do with.
    pub(super) fn span(&self, key: &Key, node: &Node) -> Option<(usize, usize)> {
        let colon = value_start(self.text, key)?;
        let start = node.at.start as usize;
        if matches!(node.value, Value::Null) && node.at.len == 0 {
            return Some((colon, colon));
        }
        let between = self.text.get(colon..start)?;
        let before = strip_comments(between);
        let before = before.trim();
        if let Some(mark) = between.find(['|', '>']).filter(|_| before.starts_with(['|', '>'])) {
            let end = start + node.at.len as usize;
            return Some((colon + mark, self.text.get(..end)?.trim_end().len()));
        }
        let is_list = matches!(node.value, Value::List(_));
        let is_clean = before.is_empty() || (is_list && before == "-");
        if !is_clean {
            return None;
        }
        let first = if is_list && before == "-" {
            start - between.len() + between.rfind('-')?
        } else {
            start
        };
        Some((first, self.end(node)?))
    }

    /// The byte behind a value.
    pub(super) fn end(&self, node: &Node) -> Option<usize> {
        let start = node.at.start as usize;
        if self.is_flow(node) {
            return self.closing(start);
        }
        match &node.value {
            Value::Null => Some(start + node.at.len as usize),
            Value::Text(_) => {
                let end = start + node.at.len as usize;
                Some(self.text.get(..end)?.trim_end().len().max(start))
            }
            Value::List(items) => self.end(items.last()?),
            Value::Map(map) => {
                let (key, node) = map.entries.last()?;
                self.span(key, node).map(|(_, end)| end)
            }
        }
    }

    /// True for a list or a mapping in brackets or braces.
    pub(super) fn is_flow(&self, node: &Node) -> bool {
        let first = self.text.as_bytes().get(node.at.start as usize);
        match &node.value {
            Value::Map(_) => node.at.len == 1 && first == Some(&b'{'),
            Value::List(_) => node.at.len == 1 && first == Some(&b'['),
            _ => false,
        }
    }

    /// The byte behind the bracket that closes the one at `start`.
    fn closing(&self, start: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (at, c) in self.marks(start) {
            match c {
                '[' | '{' => depth += 1,
                ']' | '}' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The characters of a flow collection from `start` on that are neither in quotes nor in a comment.
    fn marks(&self, start: usize) -> impl Iterator<Item = (usize, char)> + '_ {
        let rest = self.text.get(start..).unwrap_or_default();
        let mut chars = rest.char_indices().peekable();
        let mut before = ' ';
        std::iter::from_fn(move || {
            loop {
                let (at, c) = chars.next()?;
                let opens = matches!(before, ' ' | '\t' | '\n' | '\r' | '[' | '{' | ',' | ':');
                match c {
                    '#' if before.is_whitespace() => {
                        while chars.next_if(|(_, c)| *c != '\n').is_some() {}
                    }
                    '"' if opens => loop {
                        match chars.next()?.1 {
                            '\\' => {
                                chars.next()?;
                            }
                            '"' => break,
                            _ => {}
                        }
                    },
                    '\'' if opens => loop {
                        if chars.next()?.1 == '\'' && chars.next_if(|(_, c)| *c == '\'').is_none() {
                            break;
                        }
                    },
                    _ => {
                        before = c;
                        return Some((start + at, c));
                    }
                }
                before = 'x';
            }
        })
    }

    /// The dash of the item whose value begins at `start`, if it is the first thing on its line.
    pub(super) fn dash(&self, start: usize) -> Option<usize> {
        let before = self.text.get(..start)?;
        let dash = if self.text[start..].starts_with("- ") && before.ends_with([' ', '\n']) {
            // A list inside a list: never ours.
            return None;
        } else {
            let trimmed = before.trim_end();
            trimmed.ends_with('-').then(|| trimmed.len() - 1)?
        };
        let line = self.line_start(dash);
        self.text[line..dash].trim().is_empty().then_some(dash)
    }

    pub(super) fn line_start(&self, place: usize) -> usize {
        self.text[..place.min(self.text.len())].rfind('\n').map_or(0, |at| at + 1)
    }

    /// The byte behind the line's end.
    pub(super) fn line_end(&self, place: usize) -> usize {
        let place = place.min(self.text.len());
        self.text[place..].find('\n').map_or(self.text.len(), |at| place + at + 1)
    }

    /// Where the line above a line's beginning begins.
    pub(super) fn line_above(&self, line: usize) -> Option<usize> {
        line.checked_sub(1).map(|end| self.line_start(end))
    }

    pub(super) fn is_blank_line(&self, line: usize) -> bool {
        line < self.text.len() && self.text[line..self.line_end(line)].trim().is_empty()
    }

    pub(super) fn is_blank_to_end(&self, place: usize) -> bool {
        self.text[place..self.line_end(place)].trim().is_empty()
    }

    /// The column of a place, from 0: whatever stands before it counts a blank each.
    pub(super) fn column(&self, place: usize) -> usize {
        self.text[self.line_start(place)..place].chars().count()
    }
}

/// True for a text in which something is shared: `&name` or `*name` where a value begins.
pub(super) fn has_anchors(text: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    strip_comments(text).lines().any(|line| {
        line.match_indices(['&', '*']).any(|(at, _)| {
            let (before, behind) = (line[..at].trim_end(), &line[at + 1..]);
            let begins = at == 0 || line[..at].ends_with([' ', '[', '{', ',']);
            let is_value = before.is_empty() || before.ends_with([':', '-', '[', '{', ',']);
            begins && is_value && behind.starts_with(is_name)
        })
    })
}

/// A text without its comments.
fn strip_comments(text: &str) -> String {
    let strip = |line: &str| match line.find('#') {
        Some(0) => String::new(),
        Some(at) if line[..at].ends_with([' ', '\t']) => line[..at].to_owned(),
        _ => line.to_owned(),
    };
    text.split('\n').map(strip).collect::<Vec<_>>().join("\n")
}
