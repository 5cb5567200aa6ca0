//! Large answers in bounded pieces: an answer grows with the province, the memory it takes here does not.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Serialize;

use super::answer;
use crate::api::parts::Overview;
use crate::api::types::{Problem, Snapshot};

/// The type of every answer.
pub(super) const JSON: &str = "application/json";

/// Rows of a list that are written at a time: some 200 kB.
const ROWS: usize = 250;

/// A long list of an answer.
struct List<T> {
    key: &'static str,
    len: usize,
    /// Writes some of its rows as an array.
    write: fn(&T, Range<usize>) -> serde_json::Result<Vec<u8>>,
}

fn rows<R: Serialize>(list: &[R], range: Range<usize>) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(list.get(range).unwrap_or_default())
}

/// What is written next.
struct Rest<T> {
    whole: Arc<T>,
    lists: std::vec::IntoIter<List<T>>,
    /// The list that is being written, and its rows that are.
    open: Option<(List<T>, usize)>,
    head: Option<Vec<u8>>,
    is_done: bool,
}

impl<T> Rest<T> {
    fn next(&mut self) -> Option<serde_json::Result<Vec<u8>>> {
        if let Some(head) = self.head.take() {
            return Some(Ok(head));
        }
        if self.open.is_none() {
            self.open = self.lists.next().map(|list| (list, 0));
        }
        let Some((list, at)) = &mut self.open else {
            return (!std::mem::replace(&mut self.is_done, true)).then(|| Ok(b"}".to_vec()));
        };
        let from = *at;
        let to = (from + ROWS).min(list.len);
        let array = match (list.write)(&self.whole, from..to) {
            Ok(array) => array,
            Err(error) => {
                self.is_done = true;
                (self.open, self.lists) = (None, Vec::new().into_iter());
                return Some(Err(error));
            }
        };
        let mut piece = match from {
            0 => format!(",\"{}\":[", list.key).into_bytes(),
            _ => b",".to_vec(),
        };
        piece.extend_from_slice(array.get(1..array.len() - 1).unwrap_or_default());
        *at = to;
        if to == list.len {
            piece.push(b']');
            self.open = None;
        }
        Some(Ok(piece))
    }
}

/// An answer of `head`, which is an object that has not all, and the lists at its end.
fn in_pieces<T: Send + Sync + 'static>(
    whole: Arc<T>,
    head: &impl Serialize,
    lists: Vec<List<T>>,
) -> Response {
    let head = serde_json::to_value(head).and_then(|mut head| {
        if let Some(head) = head.as_object_mut() {
            lists.iter().for_each(|list| drop(head.remove(list.key)));
        }
        let mut head = serde_json::to_vec(&head)?;
        head.pop();
        Ok(head)
    });
    let head = match head {
        Ok(head) => Some(head),
        Err(error) => return answer::<()>(Err(Problem::new("internal", error.to_string()))),
    };
    let rest = Rest { whole, lists: lists.into_iter(), open: None, head, is_done: false };
    let pieces = stream::unfold(rest, |mut rest| async move { Some((rest.next()?, rest)) });
    ([(CONTENT_TYPE, JSON)], Body::from_stream(pieces)).into_response()
}

/// A whole snapshot.
pub(super) fn of_snapshot(snapshot: Arc<Snapshot>) -> Response {
    let head = Snapshot {
        units: Vec::new(),
        subjects: Vec::new(),
        networks: snapshot.networks.clone(),
        carriers: snapshot.carriers.clone(),
        incidents: snapshot.incidents.clone(),
        daemon: snapshot.daemon.clone(),
        timezone: snapshot.timezone.clone(),
        ..*snapshot
    };
    let units = List::<Snapshot> {
        key: "units",
        len: snapshot.units.len(),
        write: |snapshot, range| rows(&snapshot.units, range),
    };
    let subjects = List::<Snapshot> {
        key: "subjects",
        len: snapshot.subjects.len(),
        write: |snapshot, range| rows(&snapshot.subjects, range),
    };
    in_pieces(snapshot, &head, vec![units, subjects])
}

/// An overview.
pub(super) fn of_overview(overview: Arc<Overview>) -> Response {
    let head = Overview {
        units: Vec::new(),
        networks: overview.networks.clone(),
        carriers: overview.carriers.clone(),
        carrier_lines: overview.carrier_lines.clone(),
        incidents: overview.incidents.clone(),
        named: overview.named.clone(),
        marks: overview.marks.clone(),
        daemon: overview.daemon.clone(),
        timezone: overview.timezone.clone(),
        ..*overview
    };
    let units = List::<Overview> {
        key: "units",
        len: overview.units.len(),
        write: |overview, range| rows(&overview.units, range),
    };
    in_pieces(overview, &head, vec![units])
}
