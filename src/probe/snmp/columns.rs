//! Columns walked side by side, row by row, whatever the device says. Pure.

use super::ask::{Answers, Datum};
use super::wire::Oid;

/// A column (or a subtree) on its way.
#[derive(Debug)]
struct Column {
    /// Its place among those of the answers, where its cells go.
    at: usize,
    /// What its root takes on the wire.
    root_bytes: usize,
    /// The index of its last cell, where that has no value.
    hole: Option<Vec<u32>>,
    cells: u16,
}

impl Column {
    /// The index of the last cell that came; empty where none did.
    fn last<'a>(&'a self, answers: &'a Answers) -> &'a [u32] {
        match &self.hole {
            Some(index) => index,
            None => answers.last(self.at).unwrap_or_default(),
        }
    }
}

/// The columns that have not come to their end.
///
/// Guarantees: a column asks for what follows its last cell and takes only greater cells of its
/// own, so that every answer brings it nearer to its end; one that goes back or round is given up
/// and noted broken, with what came of it kept.
#[derive(Debug)]
pub(super) struct Columns {
    open: Vec<Column>,
    /// Cells of the longest column.
    rows: u16,
    /// Cells that may still be taken.
    room: usize,
}

/// What an answer brought.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// Cells that were new, and columns that came to their end or were given up.
    pub progress: usize,
    /// Bindings in the answer.
    pub cells: usize,
    /// Their size on the wire, about.
    pub bytes: usize,
}

impl Columns {
    /// All at their beginning; at most `limit` cells are taken.
    pub(super) fn new(roots: &[Oid], limit: usize, answers: &mut Answers) -> Self {
        let column = |root: &Oid| Column {
            at: answers.begin(root),
            root_bytes: bytes_of(root.arcs()),
            hole: None,
            cells: 0,
        };
        Self { open: roots.iter().map(column).collect(), rows: 0, room: limit }
    }

    /// True when there is nothing more to ask.
    pub(super) fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// Cells of the longest column so far.
    pub(super) fn rows(&self) -> u16 {
        self.rows
    }

    /// What follows which is to be asked for, a place for each open column.
    pub(super) fn question(&self, answers: &Answers) -> Vec<Oid> {
        let last = |column: &Column| {
            let arcs = answers.root(column.at).iter().chain(column.last(answers));
            Oid::new(arcs.copied())
        };
        self.open.iter().map(last).collect()
    }

    /// Takes the answer to [`Self::question`]'s first `asked` places, repeated row by row as often
    /// as the device liked.
    pub(super) fn take<'v>(
        &mut self,
        asked: usize,
        values: impl ExactSizeIterator<Item = (&'v [u32], Datum<'v>)>,
        answers: &mut Answers,
    ) -> Taken {
        let mut taken = Taken::default();
        let asked = asked.min(self.open.len());
        let mut is_open = vec![true; asked];
        answers.reserve(values.len());
        let places = (0..asked).cycle();
        for ((name, value), at) in values.zip(places) {
            taken.cells += 1;
            let column = &mut self.open[at];
            let index = name.strip_prefix(answers.root(column.at));
            taken.bytes += match index {
                Some(index) => size(column.root_bytes + bytes_of(index), value),
                None => size(bytes_of(name), value),
            };
            if !is_open[at] {
                continue;
            }
            let Some(index) = index.filter(|_| value != Datum::EndOfMibView) else {
                // What lies behind the column's end; agents that know no end say it by going on.
                is_open[at] = false;
                if name < answers.root(column.at) && value != Datum::EndOfMibView {
                    answers.break_off(column.at);
                }
                taken.progress += 1;
                continue;
            };
            if index <= column.last(answers) {
                // "No such object" under the very name asked is how some say that there is none.
                is_open[at] = false;
                if !value.is_exception() {
                    answers.break_off(column.at);
                }
            } else {
                column.cells = column.cells.saturating_add(1);
                self.rows = self.rows.max(column.cells);
                if self.room == 0 {
                    self.give_up(answers);
                    return taken;
                }
                // An exception amid a column is a cell without a value: what follows it counts.
                if value.is_exception() {
                    column.hole = Some(index.to_vec());
                } else {
                    self.room -= 1;
                    if !answers.push(column.at, index, value) {
                        self.give_up(answers);
                        return taken;
                    }
                    column.hole = None;
                }
            }
            taken.progress += 1;
        }
        let mut is_open = is_open.into_iter();
        self.open.retain(|_| is_open.next().unwrap_or(true));
        taken
    }

    /// The column at a place of the question is at its end.
    pub(super) fn end(&mut self, at: usize) {
        if at < self.open.len() {
            self.open.remove(at);
        }
    }

    /// The column at a place of the question is given up.
    pub(super) fn give_up_one(&mut self, at: usize, answers: &mut Answers) {
        if at < self.open.len() {
            answers.break_off(self.open.remove(at).at);
        }
    }

    /// All open columns are given up.
    pub(super) fn give_up(&mut self, answers: &mut Answers) {
        self.open.drain(..).for_each(|column| answers.break_off(column.at));
    }
}

/// What arcs take on the wire, about.
fn bytes_of(arcs: &[u32]) -> usize {
    let arcs = arcs.iter().map(|arc| match arc {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        0x4000..=0x1f_ffff => 3,
        _ => 5,
    });
    arcs.sum()
}

/// What a binding takes on the wire, about: five bytes of headers and its parts.
fn size(name: usize, value: Datum<'_>) -> usize {
    let value = match value {
        Datum::OctetString(_) | Datum::Other(_) => value.text_bytes(),
        Datum::ObjectIdentifier(arcs) => arcs.len() + 4,
        Datum::Counter64(_) => 8,
        _ => 4,
    };
    5 + name + value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probe::snmp::values::Values;
    use crate::probe::snmp::wire::Value;

    fn take(
        columns: &mut Columns,
        asked: usize,
        values: Vec<(Oid, Value)>,
        all: &mut Answers,
    ) -> Taken {
        columns.take(asked, Values::from(values).iter(), all)
    }

    fn oid(text: &str) -> Oid {
        Oid::parse(text).expect("an OID")
    }

    fn cell(text: &str) -> (Oid, Value) {
        (oid(text), Value::Integer(1))
    }

    fn walk(roots: &[&str]) -> (Columns, Answers) {
        let roots: Vec<Oid> = roots.iter().map(|root| oid(root)).collect();
        let mut answers = Answers::default();
        (Columns::new(&roots, 100, &mut answers), answers)
    }

    fn names(answers: &Answers) -> Vec<String> {
        answers.iter().map(|(oid, _)| oid.to_string()).collect()
    }

    #[test]
    fn columns_of_different_length_end_each_at_their_own_end() {
        let (mut columns, mut answers) = walk(&["1.3.1", "1.3.2"]);
        let rows = ["1.3.1.1", "1.3.2.1", "1.3.1.2", "1.3.3.1", "1.3.1.3", "1.3.3.2"];
        let taken = take(&mut columns, 2, rows.map(cell).to_vec(), &mut answers);
        assert_eq!((taken.progress, taken.cells), (5, 6));
        assert_eq!(columns.question(&answers), [oid("1.3.1.3")]);
        let last = vec![(oid("1.3.1.3"), Value::EndOfMibView)];
        take(&mut columns, 1, last, &mut answers);
        assert!(columns.is_done() && answers.broken().is_empty());
        assert_eq!(names(&answers), ["1.3.1.1", "1.3.1.2", "1.3.1.3", "1.3.2.1"]);
    }

    #[test]
    fn what_goes_back_or_round_is_given_up_and_what_came_is_kept() {
        for wrong in ["1.3.1.2", "1.3.1.1", "1.3.1", "1.3.0.9"] {
            let (mut columns, mut answers) = walk(&["1.3.1", "1.3.2"]);
            take(
                &mut columns,
                2,
                ["1.3.1.2", "1.3.2.1", wrong, "1.3.2.2"].map(cell).to_vec(),
                &mut answers,
            );
            assert_eq!(answers.broken(), [oid("1.3.1")], "{wrong}");
            assert_eq!(names(&answers), ["1.3.1.2", "1.3.2.1", "1.3.2.2"]);
            assert_eq!(columns.question(&answers), [oid("1.3.2.2")]);
        }
    }

    #[test]
    fn an_exception_amid_a_column_is_a_hole_and_under_the_name_asked_an_end() {
        let (mut columns, mut answers) = walk(&["1.3.1", "1.3.2"]);
        let rows = vec![
            cell("1.3.1.1"),
            (oid("1.3.2"), Value::NoSuchObject),
            (oid("1.3.1.2"), Value::NoSuchInstance),
            (oid("1.3.2"), Value::NoSuchObject),
            cell("1.3.1.3"),
        ];
        take(&mut columns, 2, rows, &mut answers);
        assert_eq!(names(&answers), ["1.3.1.1", "1.3.1.3"]);
        assert!(answers.broken().is_empty());
        assert_eq!(columns.question(&answers), [oid("1.3.1.3")]);
    }

    #[test]
    fn no_more_is_taken_than_there_is_room_for() {
        let mut answers = Answers::default();
        let mut columns = Columns::new(&[oid("1.3.1")], 2, &mut answers);
        let rows = ["1.3.1.1", "1.3.1.2", "1.3.1.3", "1.3.1.4"].map(cell).to_vec();
        take(&mut columns, 1, rows, &mut answers);
        assert!(columns.is_done());
        assert_eq!((answers.len(), answers.broken().len()), (2, 1));
    }

    fn oids() -> impl Strategy<Value = Oid> {
        prop::collection::vec(0_u32..4, 0..5)
            .prop_map(|tail| Oid::new([1, 3].into_iter().chain(tail)))
    }

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            4 => Just(Value::Integer(1)),
            1 => Just(Value::NoSuchInstance),
            1 => Just(Value::NoSuchObject),
            1 => Just(Value::EndOfMibView),
            1 => Just(Value::Null),
        ]
    }

    proptest! {
        /// Whatever comes, a walk only goes forward, takes only what belongs to its columns, and an
        /// answer without progress is seen as one.
        #[test]
        fn any_answers_bring_a_walk_to_an_end(
            rounds in prop::collection::vec(prop::collection::vec((oids(), values()), 0..12), 0..30),
        ) {
            let roots = [Oid::new([1, 3, 1]), Oid::new([1, 3, 2]), Oid::new([1, 3, 2, 2])];
            let mut answers = Answers::default();
            let mut columns = Columns::new(&roots, 50, &mut answers);
            for round in rounds {
                let before = columns.question(&answers);
                let asked = before.len();
                let taken = take(&mut columns, asked, round, &mut answers);
                let after = columns.question(&answers);
                prop_assert!(after.len() <= before.len());
                if taken.progress == 0 && !columns.is_done() {
                    prop_assert_eq!(&before, &after);
                }
                let inside = |oid: &Oid| roots.iter().any(|r| oid.starts_with(r) && oid.len() > r.len());
                prop_assert!(answers.iter().all(|(oid, value)| inside(&oid) && !value.is_exception()));
                prop_assert!(answers.iter().is_sorted_by(|(a, _), (b, _)| a.arcs() < b.arcs()));
                prop_assert!(answers.len() <= 50);
            }
            for (oid, value) in answers.iter() {
                prop_assert_eq!(answers.get(&oid), Some((&value).into()));
            }
            for root in &roots {
                let cells: Vec<&[u32]> = answers.column(root).map(|(index, _)| index).collect();
                prop_assert!(cells.is_sorted_by(|a, b| a < b));
            }
        }
    }
}
