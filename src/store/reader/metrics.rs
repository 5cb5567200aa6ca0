//! Everybody's points in the order they were read, for an export: slices of time, as rounds are
//! ([`super::rounds`]).

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::Reader;
use crate::model::{Metric, Point, Span, SubjectId};
use crate::store::StoreError;
use crate::store::content::{Content, Kind};

/// Takes a subject, one of its metrics and a point of it.
pub(super) type TakesPoint<'a> = &'a mut dyn FnMut(&SubjectId, &Metric, Point) -> ControlFlow<()>;

impl Reader {
    /// Hands over the points inside `window` of all metrics of the subjects that `is_wanted`, by
    /// time, then subject's id, then metric's name; stops early at [`ControlFlow::Break`]. No
    /// transaction is open while `each` runs, so it may take its time.
    ///
    /// # Errors
    /// When the file cannot be read; what came before has been handed over.
    pub fn points_of(
        &self,
        window: Span,
        is_wanted: &dyn Fn(&SubjectId) -> bool,
        each: TakesPoint<'_>,
    ) -> Result<(), StoreError> {
        let mut left = window;
        loop {
            // Anew for each slice: a metric may have come since.
            let mut named = self.named_points()?;
            named.retain(|_, (subject, _)| is_wanted(subject));
            let of_kind = |(number, (_, metric)): (&u32, &(SubjectId, Metric))| {
                (*number, Kind::Points(metric.kind))
            };
            let wanted = named.iter().map(of_kind).collect();
            let Some(slice) = self.next_slice(left, named.len())? else { return Ok(()) };
            let mut found: Vec<(&SubjectId, &Metric, Point)> = Vec::new();
            for (series, content) in self.gather(&wanted, slice)? {
                let (Some((id, metric)), Content::Points(_, points)) =
                    (named.get(&series), content)
                else {
                    continue;
                };
                let inside = points.into_iter().filter(|p| slice.contains(p.at));
                found.extend(inside.map(|point| (id, metric, point)));
            }
            // Of one name there may be a counter and a gauge: any order, but always the same.
            found.sort_unstable_by_key(|(id, metric, point)| {
                (point.at, *id, &metric.name, metric.kind as u8)
            });
            for (id, metric, point) in found {
                if each(id, metric, point).is_break() {
                    return Ok(());
                }
            }
            left.from = slice.to;
        }
    }

    /// The series of all metrics, and whose they are.
    pub(super) fn named_points(&self) -> Result<HashMap<u32, (SubjectId, Metric)>, StoreError> {
        let found = self.rows(
            "SELECT s.id, s.kind, s.name, k.key FROM series s JOIN subject k ON k.id = s.subject
             WHERE s.kind <> 'rounds'",
            [],
            |row| {
                let (number, kind) = self.series_row(row)?;
                let name: String = self.get(row.get(2))?;
                let subject = self.subject(row.get(3))?;
                Ok(match kind {
                    Kind::Points(kind) => {
                        Some((number, (subject, Metric { kind, name: name.into() })))
                    }
                    Kind::Rounds(_) => None,
                })
            },
        )?;
        Ok(found.into_iter().flatten().collect())
    }
}
