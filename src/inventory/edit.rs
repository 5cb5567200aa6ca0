//! Changes in the text of a YAML file at the places that the reader found: nothing else is touched,
//! so that comments, order and the way of writing stay. What cannot be changed without guessing is
//! refused; whoever changes reads the result again before it replaces anything.

use super::alike::canon;
use super::compose;
use super::node::{Key, Map, Node, Value};
use super::patch::Patch;
use super::place::At;
use super::scan::Scan;

/// This place cannot be changed without guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stuck(pub At);

/// One file's text and what is to be changed in it.
#[derive(Debug)]
pub(super) struct Page<'t> {
    scan: Scan<'t>,
    newline: &'static str,
    patch: Patch,
}

type Done = Result<(), Stuck>;

/// True where an item that is a mapping has its first key still: what stands behind the dash stays,
/// so the others can be changed one by one.
fn begins_alike(old: &Node, new: &Map) -> bool {
    let Value::Map(old) = &old.value else { return false };
    old.entries.first().is_some_and(|(key, _)| new.entry(&key.text).is_some())
}

impl<'t> Page<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { scan: Scan { text }, newline, patch: Patch::default() }
    }

    /// The text with all changes; the place of two that touch the same.
    pub(super) fn finish(self, at: At) -> Result<String, Stuck> {
        let stuck = |start| Stuck(At { start: u32::try_from(start).unwrap_or(0), len: 1, ..at });
        self.patch.apply(self.scan.text).map_err(stuck)
    }

    fn put(&mut self, start: usize, end: usize, with: &str) {
        self.patch.put(start, end, with.replace('\n', self.newline));
    }

    /// Makes a mapping say what `new` says: keys that differ are changed, those that `new` lacks are
    /// taken out, further ones put in where `rank` has them. `in_flow`: it stands inside brackets or
    /// braces, as everything does that stands in something that does.
    pub(super) fn make_map(
        &mut self,
        old: &Node,
        new: &Map,
        in_flow: bool,
        rank: &dyn Fn(&str) -> usize,
    ) -> Done {
        let Value::Map(map) = &old.value else { return Err(Stuck(old.at)) };
        let in_flow = in_flow || self.scan.is_flow(old);
        let kept: Vec<bool> =
            map.entries.iter().map(|(key, _)| new.entry(&key.text).is_some()).collect();
        for (ix, (key, node)) in map.entries.iter().enumerate() {
            match new.value(&key.text) {
                Some(value) => self.make_value(key, node, value, in_flow)?,
                None => self.take_key(old, map, ix)?,
            }
        }
        for (key, node) in &new.entries {
            if map.entry(&key.text).is_none() {
                let before = map
                    .entries
                    .iter()
                    .enumerate()
                    .rev()
                    .find(|(ix, (known, _))| kept[*ix] && rank(&known.text) <= rank(&key.text));
                let before = before.map(|(ix, _)| ix);
                self.put_key(old, map, before, &|indent| match indent {
                    Some(indent) => compose::block(&key.text, &node.value, indent),
                    None => format!(
                        "{}: {}",
                        compose::scalar("", &key.text, true),
                        compose::inline(&key.text, &node.value, true)
                    ),
                })?;
            }
        }
        Ok(())
    }

    /// Makes a key's value say what `new` says.
    pub(super) fn make_value(&mut self, key: &Key, old: &Node, new: &Node, in_flow: bool) -> Done {
        if canon(&key.text, old) == canon(&key.text, new) {
            return Ok(());
        }
        match (&old.value, &new.value) {
            (Value::Map(own), Value::Map(said))
                if !own.entries.is_empty() && !said.entries.is_empty() && key.text != "via" =>
            {
                // The order of interfaces says which is asked: written anew where it changes.
                let is_ordered = key.text == "addresses";
                if !is_ordered {
                    return self.make_map(old, said, in_flow, &|_| 0);
                }
            }
            (Value::List(own), Value::List(said)) if !own.is_empty() && !said.is_empty() => {
                return self.make_list(&key.text, old, (own, said), in_flow);
            }
            _ => {}
        }
        self.replace(key, old, &new.value, in_flow)
    }

    /// Writes a value in place of another.
    fn replace(&mut self, key: &Key, old: &Node, new: &Value, in_flow: bool) -> Done {
        let (start, end) = self.scan.span(key, old).ok_or(Stuck(key.at))?;
        let written = match new {
            Value::Null => String::new(),
            new => compose::inline(&key.text, new, in_flow),
        };
        // Behind a colon stands a blank.
        let is_bare = self.scan.text[..start].ends_with(':');
        let lead = if is_bare && !written.is_empty() { " " } else { "" };
        self.put(start, end, &format!("{lead}{written}"));
        Ok(())
    }

    /// Items at both ends that stay are left alone.
    fn make_list(
        &mut self,
        key: &str,
        list: &Node,
        (old, new): (&[Node], &[Node]),
        in_flow: bool,
    ) -> Done {
        let in_flow = in_flow || self.scan.is_flow(list);
        let same = |(a, b): &(&Node, &Node)| canon(key, a) == canon(key, b);
        let ahead = old.iter().zip(new).take_while(same).count();
        let (old_rest, new_rest) = (&old[ahead..], &new[ahead..]);
        let behind = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
        let gone = &old_rest[..old_rest.len() - behind];
        let come = &new_rest[..new_rest.len() - behind];
        for (a, b) in gone.iter().zip(come) {
            if let Value::Map(said) = &b.value
                && key != "via"
                && begins_alike(a, said)
            {
                self.make_map(a, said, in_flow, &|_| 0)?;
                continue;
            }
            let end = self.scan.end(a).ok_or(Stuck(a.at))?;
            let start = a.at.start as usize;
            self.put(start, end, &compose::inline(key, &b.value, in_flow));
        }
        for ix in ahead + come.len()..ahead + gone.len() {
            self.take_item(list, old, ix)?;
        }
        let further = come.get(gone.len()..).unwrap_or_default();
        if further.is_empty() {
            return Ok(());
        }
        match (ahead + gone.len()).checked_sub(1) {
            Some(before) => {
                for item in further {
                    self.put_item(list, old, before, &|at| match at {
                        Some(column) => {
                            let pad = " ".repeat(column);
                            format!("{pad}- {}\n", compose::inline(key, &item.value, false))
                        }
                        None => compose::inline(key, &item.value, true),
                    })?;
                }
                Ok(())
            }
            None => {
                let first = old.first().ok_or(Stuck(list.at))?;
                let start = first.at.start as usize;
                let is_flow = self.scan.is_flow(list);
                let dash = self.scan.dash(start).filter(|_| !is_flow);
                for item in further {
                    match (is_flow, dash) {
                        (true, _) => {
                            let item = compose::inline(key, &item.value, true);
                            self.put(start, start, &format!("{item}, "));
                        }
                        (false, Some(dash)) => {
                            let line = self.scan.line_start(dash);
                            let pad = " ".repeat(dash - line);
                            let item = compose::inline(key, &item.value, false);
                            self.put(line, line, &format!("{pad}- {item}\n"));
                        }
                        _ => return Err(Stuck(first.at)),
                    }
                }
                Ok(())
            }
        }
    }

    /// Takes an item out of a list, with its line and what is said at its line's end.
    pub(super) fn take_item(&mut self, list: &Node, items: &[Node], ix: usize) -> Done {
        let node = &items[ix];
        let stuck = Stuck(node.at);
        let end = self.scan.end(node).ok_or(stuck)?;
        if self.scan.is_flow(list) {
            return self.take_in_flow(node.at.start as usize, end, stuck);
        }
        let dash = self.scan.dash(node.at.start as usize).ok_or(stuck)?;
        let (mut start, mut stop) = (self.scan.line_start(dash), self.scan.line_end(end));
        // Of the blank lines on both sides one goes as well.
        if self.scan.is_blank_line(stop) && start == 0 {
            stop = self.scan.line_end(stop);
        } else if let Some(above) = self.scan.line_above(start)
            && self.scan.is_blank_line(above)
            && (self.scan.is_blank_line(stop) || stop >= self.scan.text.len())
        {
            start = above;
        }
        self.put(start, stop, "");
        Ok(())
    }

    /// Takes a key out of a mapping.
    pub(super) fn take_key(&mut self, whole: &Node, map: &Map, ix: usize) -> Done {
        let (key, node) = &map.entries[ix];
        let stuck = Stuck(key.at);
        let start = key.at.start as usize;
        let (_, end) = self.scan.span(key, node).ok_or(stuck)?;
        if self.scan.is_flow(whole) {
            return self.take_in_flow(start, end, stuck);
        }
        let line = self.scan.line_start(start);
        if self.scan.text[line..start].trim().is_empty() {
            self.put(line, self.scan.line_end(end), "");
            return Ok(());
        }
        // It stands behind the dash: the next one moves there, and what is said between them above.
        let (next, _) = map.entries.get(ix + 1).ok_or(stuck)?;
        let next = next.at.start as usize;
        let between = &self.scan.text[self.scan.line_end(end)..self.scan.line_start(next)];
        let said: String =
            between.split_inclusive('\n').filter(|l| l.trim_start().starts_with('#')).collect();
        self.put(line, line, &said.replace("\r\n", "\n"));
        self.put(start, next, "");
        Ok(())
    }

    /// Takes something out of brackets or braces, with the comma behind it or before it.
    fn take_in_flow(&mut self, start: usize, end: usize, stuck: Stuck) -> Done {
        let text = self.scan.text;
        let behind = text[end..].trim_start();
        let (mut from, mut to) = (start, end);
        if behind.starts_with(',') {
            to = text.len() - behind.len() + 1;
            let gap = text[to..].len() - text[to..].trim_start_matches(' ').len();
            to += gap;
        } else if behind.starts_with(['}', ']']) {
            let ahead = text[..start].trim_end();
            match ahead.ends_with(',') {
                true => from = ahead.len() - 1,
                false if ahead.ends_with(['{', '[']) => {}
                false => return Err(stuck),
            }
        } else {
            return Err(stuck);
        }
        // A line of which nothing is left goes whole.
        let line = self.scan.line_start(from);
        if text[line..from].trim().is_empty() && self.scan.is_blank_to_end(to) && from != line {
            (from, to) = (line, self.scan.line_end(to));
        }
        self.put(from, to, "");
        Ok(())
    }

    /// Puts a key into a mapping behind the one at `before`, or first. `write` gives `key: value`
    /// for an indent, or for the inside of braces.
    pub(super) fn put_key(
        &mut self,
        whole: &Node,
        map: &Map,
        before: Option<usize>,
        write: &dyn Fn(Option<usize>) -> String,
    ) -> Done {
        let stuck = Stuck(whole.at);
        if self.scan.is_flow(whole) {
            let said = write(None);
            let Some(ix) = before else {
                let at = whole.at.start as usize + 1;
                let is_alone = map.entries.is_empty();
                let has_blank = self.scan.text[at..].starts_with(' ');
                let tail = if is_alone { if has_blank { "" } else { " " } } else { "," };
                self.put(at, at, &format!(" {said}{tail}"));
                return Ok(());
            };
            let (key, node) = &map.entries[ix];
            let (_, end) = self.scan.span(key, node).ok_or(stuck)?;
            self.put(end, end, &format!(", {said}"));
            return Ok(());
        }
        let (first, _) = map.entries.first().ok_or(stuck)?;
        let indent = self.scan.column(first.at.start as usize);
        let said = write(Some(indent));
        let pad = " ".repeat(indent);
        match before {
            Some(ix) => {
                let (key, node) = &map.entries[ix];
                let (_, end) = self.scan.span(key, node).ok_or(stuck)?;
                self.put_line(end, &format!("{pad}{said}\n"));
            }
            None => {
                let start = first.at.start as usize;
                let line = self.scan.line_start(start);
                if !self.scan.text[line..start].trim().is_empty() {
                    return Err(stuck);
                }
                self.put(line, line, &format!("{pad}{said}\n"));
            }
        }
        Ok(())
    }

    /// Puts whole lines behind the line of a place.
    pub(super) fn put_line(&mut self, end: usize, lines: &str) {
        let at = self.scan.line_end(end);
        let is_open = at > 0 && !self.scan.text[..at].ends_with('\n');
        // Several at the end of a file that has no last line's end would begin it twice.
        if is_open && !self.patch.adds_at(at) {
            self.put(at, at, &format!("\n{lines}"));
        } else {
            self.put(at, at, lines);
        }
    }

    /// Puts an item into a list behind the one at `before`. `write` gives its lines for the column of
    /// the dash, or what stands inside brackets.
    pub(super) fn put_item(
        &mut self,
        list: &Node,
        items: &[Node],
        before: usize,
        write: &dyn Fn(Option<usize>) -> String,
    ) -> Done {
        let node = items.get(before).ok_or(Stuck(list.at))?;
        let stuck = Stuck(node.at);
        let end = self.scan.end(node).ok_or(stuck)?;
        if self.scan.is_flow(list) {
            let said = write(None);
            self.put(end, end, &format!(", {said}"));
            return Ok(());
        }
        let dash = self.scan.dash(node.at.start as usize).ok_or(stuck)?;
        let column = dash - self.scan.line_start(dash);
        let is_airy = items.len() > 1 && self.is_apart(items);
        let gap = if is_airy { "\n" } else { "" };
        self.put_line(end, &format!("{gap}{}", write(Some(column))));
        Ok(())
    }

    /// True where blank lines part the items of a list.
    fn is_apart(&self, items: &[Node]) -> bool {
        items.iter().skip(1).any(|item| {
            let Some(dash) = self.scan.dash(item.at.start as usize) else { return false };
            let mut line = self.scan.line_start(dash);
            while let Some(above) = self.scan.line_above(line) {
                if self.scan.is_blank_line(above) {
                    return true;
                }
                if !self.scan.text[above..line].trim_start().starts_with('#') {
                    return false;
                }
                line = above;
            }
            false
        })
    }

    /// True for what stands in brackets or braces.
    pub(super) fn is_flow(&self, node: &Node) -> bool {
        self.scan.is_flow(node)
    }

    /// Puts a list of its own at the end of the file.
    pub(super) fn append(&mut self, lines: &str) {
        let gap = if self.scan.text.trim().is_empty() { "" } else { "\n" };
        self.put_line(self.scan.text.len(), &format!("{gap}{lines}"));
    }
}
