//! Changes in a text, at places in bytes; what stands between them stays as it is.

/// What goes and what comes in its place.
#[derive(Debug)]
struct Edit {
    start: usize,
    end: usize,
    with: String,
}

/// Changes to be made in a text. Those at one place follow each other as they were asked for.
#[derive(Debug, Default)]
pub(super) struct Patch {
    edits: Vec<Edit>,
}

impl Patch {
    /// Puts `with` in place of what stands from `start` to `end`.
    pub(super) fn put(&mut self, start: usize, end: usize, with: String) {
        self.edits.push(Edit { start, end, with });
    }

    /// True when something is put in at this place already, and nothing taken out.
    pub(super) fn adds_at(&self, place: usize) -> bool {
        self.edits.iter().any(|edit| edit.start == place && edit.end == place)
    }

    /// The changed text.
    ///
    /// # Errors
    /// Where the first change is that touches what another one does, or cuts a character.
    pub(super) fn apply(mut self, text: &str) -> Result<String, usize> {
        self.edits.sort_by_key(|edit| (edit.start, edit.end));
        let (mut out, mut done) = (String::with_capacity(text.len()), 0);
        for edit in &self.edits {
            // What goes may reach into what goes as well, and into nothing else.
            let start = if edit.with.is_empty() { edit.start.max(done) } else { edit.start };
            out.push_str(text.get(done..start).ok_or(edit.start)?);
            out.push_str(&edit.with);
            done = edit.end.max(done);
        }
        out.push_str(text.get(done..).ok_or(done)?);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(edits: &[(usize, usize, &str)]) -> Result<String, usize> {
        let mut patch = Patch::default();
        for (start, end, with) in edits {
            patch.put(*start, *end, (*with).to_owned());
        }
        patch.apply("abcdé")
    }

    #[test]
    fn changes_are_made_in_their_places_and_those_at_one_place_in_their_order() {
        let edits = [(4, 6, "e"), (1, 1, "1"), (1, 1, "2"), (2, 3, "")];
        assert_eq!(patched(&edits).as_deref(), Ok("a12bde"));
        assert_eq!(patched(&[(1, 3, ""), (2, 4, "")]).as_deref(), Ok("aé"), "both go");
    }

    #[test]
    fn what_touches_another_change_or_cuts_a_character_is_refused() {
        assert_eq!(patched(&[(1, 3, "x"), (2, 4, "y")]), Err(2));
        assert_eq!(patched(&[(1, 3, ""), (2, 2, "y")]), Err(2));
        assert_eq!(patched(&[(5, 6, "")]), Err(5));
        assert_eq!(patched(&[(6, 9, "")]), Err(9));
    }
}
