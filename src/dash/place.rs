//! A place in a list, held by id: data may be sorted anew or vanish beneath it, and the selection
//! stays on the same thing.

/// Selection and scroll of one list. `K` names a row for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<K> {
    /// The selected row.
    pub selected: Option<K>,
    /// The row at the top of the window.
    pub top: Option<K>,
    /// Where the selected row stood last: when it vanishes, its neighbour is selected.
    near: usize,
}

impl<K> Default for Place<K> {
    fn default() -> Self {
        Self { selected: None, top: None, near: 0 }
    }
}

/// A step within a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Rows down, or up when negative.
    By(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

impl<K: Clone + PartialEq> Place<K> {
    /// A place with `key` selected.
    pub fn at(key: K) -> Self {
        Self { selected: Some(key), top: None, near: 0 }
    }

    /// Where the selected row stands in `rows` now.
    pub fn index(&self, rows: &[K]) -> Option<usize> {
        if rows.is_empty() {
            return None;
        }
        let found = self.selected.as_ref().and_then(|key| rows.iter().position(|r| r == key));
        Some(found.unwrap_or(self.near.min(rows.len() - 1)))
    }

    /// Moves the selection; stops at both ends.
    pub fn go(&mut self, rows: &[K], step: Step) {
        let Some(index) = self.index(rows) else { return };
        let index = match step {
            Step::By(by) => index.saturating_add_signed(by).min(rows.len() - 1),
            Step::First => 0,
            Step::Last => rows.len() - 1,
        };
        self.selected = rows.get(index).cloned();
        self.near = index;
    }

    /// The first visible row of a window of `height` rows: as little moved as keeps the selected
    /// row visible and leaves no empty line at the end while rows are hidden above.
    pub fn first_visible(&self, rows: &[K], height: usize) -> usize {
        let Some(index) = self.index(rows) else { return 0 };
        let height = height.max(1);
        let top = self.top.as_ref().and_then(|key| rows.iter().position(|r| r == key));
        let top = top.unwrap_or(0);
        let top = if index < top {
            index
        } else if index >= top + height {
            index + 1 - height
        } else {
            top
        };
        top.min(rows.len().saturating_sub(height))
    }

    /// Holds selection and scroll to rows that exist. Called after the rows or the window's
    /// height may have changed.
    pub fn settle(&mut self, rows: &[K], height: usize) {
        match self.index(rows) {
            Some(index) => {
                self.selected = rows.get(index).cloned();
                self.near = index;
                self.top = rows.get(self.first_visible(rows, height)).cloned();
            }
            None => self.top = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_survives_a_resort_and_passes_to_the_neighbour_of_a_vanished_row() {
        let mut place = Place::at('c');
        place.settle(&['a', 'b', 'c', 'd'], 2);
        place.settle(&['c', 'd', 'a', 'b'], 2);
        assert_eq!(place.selected, Some('c'));
        place.go(&['c', 'd', 'a', 'b'], Step::By(1));
        place.settle(&['c', 'a', 'b'], 2);
        assert_eq!(place.selected, Some('a'));
    }

    #[test]
    fn the_window_moves_no_further_than_needed() {
        let rows: Vec<u32> = (0..100).collect();
        let mut place = Place::at(0);
        place.settle(&rows, 10);
        place.go(&rows, Step::By(10));
        place.settle(&rows, 10);
        assert_eq!((place.selected, place.top), (Some(10), Some(1)));
        place.go(&rows, Step::By(-5));
        place.settle(&rows, 10);
        assert_eq!((place.selected, place.top), (Some(5), Some(1)));
        place.go(&rows, Step::Last);
        place.settle(&rows, 30);
        assert_eq!((place.selected, place.top), (Some(99), Some(70)));
        place.settle(&rows[..5], 30);
        assert_eq!((place.selected, place.top), (Some(4), Some(0)));
    }
}
