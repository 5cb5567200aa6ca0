//! The rollups of a metric's day against the readings of its block.

use super::super::{Checked, Finding};
use super::Known;
use crate::model::{Point, PointKind, UnixMs};
use crate::store::numbers::{series_of, slot_of};
use crate::store::point_rollups::{self, combine, day_of};
use crate::store::reader::Reader;
use crate::store::seal::DAY_MS;
use crate::store::sketch::{PointHours, PointRollup, decode_point_hours};
use crate::store::{StoreError, schema};

impl Reader {
    /// From which key on days are still to be rolled up.
    pub(super) fn unrolled(&self) -> Result<Option<i64>, StoreError> {
        let found = point_rollups::unrolled(&self.link.conn);
        found.map_err(schema::sql("check the samples", &self.path))
    }

    pub(super) fn check_points(
        &self,
        day_key: i64,
        kind: PointKind,
        points: &[Point],
        known: &Known,
        found: &mut Checked,
    ) -> Result<(), StoreError> {
        let hours = combine(kind, PointHours::default(), points, &[]);
        let day = day_of(kind, &hours);
        let kept = self.blob(point_rollups::HOURS, day_key)?;
        let of_hours = kept.map(|bytes| decode_point_hours(kind, &bytes).map(|kept| kept == hours));
        let kept = self.blob(point_rollups::DAYS, day_key)?;
        let of_day = kept.map(|bytes| PointRollup::decode(kind, &bytes).map(|kept| kept == day));
        let [oldest, unrolled] = known.points;
        for (table, held) in [(point_rollups::HOURS, of_hours), (point_rollups::DAYS, of_day)] {
            let is_wrong = match held {
                Some(Ok(is_same)) => !is_same,
                // Told with all rollups.
                Some(Err(_)) => false,
                // Still to come, or ageing just now.
                None => {
                    unrolled.is_none_or(|from| day_key < from)
                        && oldest.is_some_and(|oldest| slot_of(day_key) > slot_of(oldest))
                }
            };
            if is_wrong {
                let name = known.names.get(&series_of(day_key)).cloned();
                let finding = Finding::new(table, day_key, "db.found_rollup").about(name);
                found.add(finding.at(UnixMs(slot_of(day_key) * DAY_MS)));
            }
        }
        Ok(())
    }
}
