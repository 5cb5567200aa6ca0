//! What is learnt of a device: how much it can say at once. Pure.

use super::columns::Taken;

/// Most bytes of bindings asked for at once: with its headers the answer fits into one packet of
/// 1,400 bytes, which passes tunnels unbroken; fragments are what firewalls drop first.
const ANSWER_BYTES_MAX: usize = 1_250;
/// Rows asked for at first.
const REPETITIONS_FIRST: u16 = 10;
/// What a cell takes on the wire until the device has shown it.
const CELL_BYTES_FIRST: u16 = 24;
/// Passes in a row in which GETBULK stayed without an answer and GETNEXT did not, after which it is
/// not tried again.
const BULK_FAILURES_MAX: u8 = 3;

/// How much a device can say at once. Kept by its session for as long as that lives; the caller may
/// keep it longer and begin the next session with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// Most rows it answered, or may be tried with next; never 0.
    repetitions: u16,
    /// What a cell takes on the wire, about.
    cell_bytes: u16,
    /// Passes in a row in which only GETNEXT was answered.
    bulk_failures: u8,
    /// What the last pass that asked for scalars and columns apart from each other brought.
    shape: Option<Shape>,
    /// It loses something when both are asked in one GETBULK.
    loses_singles: bool,
}

/// How much a pass asked and brought: the next one is likely to be like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Scalars asked.
    pub scalars: u16,
    /// Columns asked.
    pub columns: u16,
    /// Cells of the longest column.
    pub rows: u16,
    /// Values that came, of both.
    pub values: u32,
}

impl Default for Learned {
    fn default() -> Self {
        Self {
            repetitions: REPETITIONS_FIRST,
            cell_bytes: CELL_BYTES_FIRST,
            bulk_failures: 0,
            shape: None,
            loses_singles: false,
        }
    }
}

/// How the next rows are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// So many rows by one GETBULK; never 0.
    Bulk(u16),
    /// One row by GETNEXT.
    Next,
}

impl Learned {
    /// True for a device that is asked row by row.
    #[must_use]
    pub fn is_row_by_row(&self) -> bool {
        self.bulk_failures >= BULK_FAILURES_MAX
    }

    /// Most rows it is asked for at once.
    #[must_use]
    pub fn repetitions(&self) -> u16 {
        self.repetitions
    }

    /// How many rows of so many columns are asked for next, beside so many scalars; `left` is how
    /// many there should still be.
    pub(super) fn step(
        &self,
        columns: usize,
        scalars: usize,
        left: Option<u16>,
        max_repetitions: u16,
    ) -> Step {
        if self.is_row_by_row() {
            return Step::Next;
        }
        let cell = usize::from(self.cell_bytes.max(1));
        let room = ANSWER_BYTES_MAX.saturating_sub(scalars * cell);
        let fitting = u16::try_from(room / (columns.max(1) * cell)).unwrap_or(u16::MAX);
        // One more than there should be shows the end.
        let left = left.map_or(u16::MAX, |left| left.saturating_add(1));
        Step::Bulk(self.repetitions.min(fitting).min(left).min(max_repetitions).max(1))
    }

    /// The pass before this one, if it asked for as much and may be asked in one go now.
    pub(super) fn shape(&self, scalars: usize, columns: usize) -> Option<Shape> {
        let is_same = |shape: &Shape| {
            (usize::from(shape.scalars), usize::from(shape.columns)) == (scalars, columns)
        };
        self.shape.filter(is_same)
    }

    /// True for one that may be asked for scalars and columns in one GETBULK.
    pub(super) fn takes_singles(&self) -> bool {
        !self.loses_singles && !self.is_row_by_row()
    }

    /// What a pass that asked for both apart brought. `lost` is what was expected of one that asked
    /// for both in one go just before, and did not bring it.
    pub(super) fn note_shape(&mut self, shape: Shape, lost: Option<Shape>) {
        self.loses_singles |= lost.is_some_and(|lost| shape.values >= lost.values);
        self.shape = Some(shape);
    }

    /// The next pass asks for scalars and columns apart from each other.
    pub(super) fn forget_shape(&mut self) {
        self.shape = None;
    }

    /// A GETBULK of so many rows was answered: where that was all that was asked, half as much
    /// again may be tried.
    pub(super) fn answered(&mut self, columns: usize, asked: u16, taken: Taken, most: u16) {
        self.bulk_failures = 0;
        if taken.cells == 0 {
            return;
        }
        let cell = u16::try_from(taken.bytes.div_ceil(taken.cells)).unwrap_or(u16::MAX);
        // The greater of what was and half the way to what is: one short answer fools nobody.
        self.cell_bytes = cell.max(self.cell_bytes.midpoint(cell)).max(1);
        let is_whole = taken.cells >= columns * usize::from(asked);
        if is_whole && asked >= self.repetitions {
            self.repetitions = (self.repetitions + self.repetitions.div_ceil(2)).min(most).max(1);
        }
    }

    /// It was too much, or nothing came: half of it. False when there is no less than one row.
    pub(super) fn halve(&mut self, asked: u16) -> bool {
        self.repetitions = (asked / 2).max(1);
        asked > 1
    }

    /// One row was too big for GETBULK, or GETBULK is refused: it is not tried again.
    pub(super) fn refuse_bulk(&mut self) {
        self.bulk_failures = BULK_FAILURES_MAX;
    }

    /// In this pass GETBULK was not answered, and GETNEXT was.
    pub(super) fn count_bulk_failure(&mut self) {
        self.bulk_failures = self.bulk_failures.saturating_add(1).min(BULK_FAILURES_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(columns: usize, rows: u16, cell: usize) -> Taken {
        let cells = columns * usize::from(rows);
        Taken { progress: cells, cells, bytes: cells * cell }
    }

    #[test]
    fn rows_grow_by_half_until_an_answer_is_full() {
        let mut learned = Learned::default();
        let mut asked = Vec::new();
        for _ in 0..8 {
            let Step::Bulk(rows) = learned.step(1, 0, None, 200) else { panic!("row by row") };
            asked.push(rows);
            learned.answered(1, rows, full(1, rows, 20), 200);
        }
        // 1,250 bytes of 20 each.
        assert_eq!(asked, [10, 15, 23, 35, 53, 62, 62, 62]);
        assert_eq!(learned.step(14, 0, None, 200), Step::Bulk(4));
        assert_eq!(learned.step(400, 0, None, 200), Step::Bulk(1));
        assert_eq!(learned.step(1, 0, None, 25), Step::Bulk(25));
    }

    #[test]
    fn long_cells_are_asked_fewer_at_a_time_at_once() {
        let mut learned = Learned::default();
        learned.answered(1, 10, full(1, 10, 200), 50);
        assert_eq!(learned.step(1, 0, None, 50), Step::Bulk(6));
    }

    #[test]
    fn too_much_is_halved_and_never_nothing() {
        let mut learned = Learned::default();
        let mut asked = Vec::new();
        while let Step::Bulk(rows) = learned.step(1, 0, None, 50) {
            asked.push(rows);
            if !learned.halve(rows) {
                break;
            }
        }
        assert_eq!(asked, [10, 5, 2, 1]);
        assert_eq!((learned.repetitions(), learned.is_row_by_row()), (1, false));
        learned.refuse_bulk();
        assert_eq!(learned.step(1, 0, None, 50), Step::Next);
    }

    #[test]
    fn a_lossy_hour_does_not_make_a_device_row_by_row() {
        let mut learned = Learned::default();
        learned.count_bulk_failure();
        learned.count_bulk_failure();
        learned.answered(1, 1, full(1, 1, 20), 50);
        learned.count_bulk_failure();
        assert!(!learned.is_row_by_row());
        learned.count_bulk_failure();
        learned.count_bulk_failure();
        assert!(learned.is_row_by_row());
    }
}
