//! Storm mode: users order and end it, the desk knows what it means, and the log of events keeps it.
//! Its event is in the batch of the messages that tell of it, so that neither is without the other.

use std::sync::Arc;

use serde_json::json;

use super::Patrol;
use super::commands::signed;
use crate::alert::{STORMS_MAX, Sight, StormChange, StormStand};
use crate::api::{Problem, StormInfo, StormRequest, User};
use crate::locale::Lang;
use crate::model::{UnitId, UnixMs};
use crate::store::EventKind;
use crate::t;

impl Patrol {
    /// Orders storm mode for a unit and all beneath it, or orders it otherwise; true when there was
    /// none.
    pub(in crate::daemon) fn storm(
        &mut self,
        unit: UnitId,
        request: &StormRequest,
        by: &User,
        now: UnixMs,
    ) -> Result<(StormInfo, bool), Problem> {
        let inventory = Arc::clone(self.inventory());
        self.find_unit(&unit)?;
        let order = request.order(unit, &by.name, now)?;
        let on = self.alerts.desk.storms(now);
        let is_new = on.iter().all(|stand| stand.storm.unit != order.unit);
        if is_new && on.len() >= STORMS_MAX {
            let message = t!(Lang::En, "reason.many_storms", count = STORMS_MAX);
            return Err(Problem::new("too_many", message));
        }
        let (stand, change) = self.alerts.desk.begin_storm(&inventory, order, now);
        if change != StormChange::Same {
            let StormStand { storm, .. } = &stand;
            tracing::info!(unit = %storm.unit, until = %storm.until, by = %by.name, uid = by.uid, "storm mode");
            let detail = json!({
                "unit": storm.unit, "since": storm.since, "until": storm.until, "note": storm.note,
                "channels": storm.channels, "changed": change == StormChange::Changed,
            });
            self.event(now, EventKind::StormBegan, None, signed(detail, Some(by)));
            self.submit();
        }
        Ok((info(stand), change == StormChange::Began))
    }

    /// Ends storm mode now.
    pub(in crate::daemon) fn end_storm(
        &mut self,
        unit: &UnitId,
        by: &User,
        now: UnixMs,
    ) -> Result<StormInfo, Problem> {
        let inventory = Arc::clone(self.inventory());
        let (open, blind) = (self.health.incidents(), self.health.blind());
        let sight = Sight { inventory: &inventory, open, blind };
        let Some(stand) = self.alerts.desk.end_storm(unit, &by.name, sight, now) else {
            self.find_unit(unit)?;
            let last = self.alerts.desk.last_storm(unit).and_then(|storm| storm.ended.as_ref());
            return Err(match last {
                Some(end) => {
                    let message = t!(Lang::En, "reason.storm_over", unit = unit);
                    Problem::new("already_over", message).done(end.by.clone(), end.at)
                }
                None => Problem::new("no_storm", t!(Lang::En, "reason.no_storm", unit = unit)),
            });
        };
        self.storm_ended(&stand, Some(by), now);
        self.submit();
        Ok(info(stand))
    }

    /// Units in storm mode, the oldest first.
    pub(in crate::daemon) fn storms(&self, now: UnixMs) -> Vec<StormInfo> {
        self.alerts.desk.storms(now).into_iter().map(info).collect()
    }

    /// Ends the storm modes whose time is over, or whose unit a reload took away.
    pub(super) fn pass_storms(&mut self, now: UnixMs) {
        let inventory = Arc::clone(self.inventory());
        let (open, blind) = (self.health.incidents(), self.health.blind());
        let sight = Sight { inventory: &inventory, open, blind };
        for stand in self.alerts.desk.pass_storms(sight, now) {
            self.storm_ended(&stand, None, now);
        }
    }

    fn storm_ended(&mut self, stand: &StormStand, by: Option<&User>, now: UnixMs) {
        let StormStand { storm, folded, open, .. } = stand;
        let why = storm.ended.as_ref().map(|end| end.why);
        let who = by.map(|by| &*by.name);
        tracing::info!(unit = %storm.unit, ?why, by = who, folded, open, "storm mode is over");
        let detail = json!({
            "unit": storm.unit, "since": storm.since, "until": storm.until, "why": why,
            "folded": folded, "open": open,
        });
        self.event(now, EventKind::StormEnded, None, signed(detail, by));
    }

    fn find_unit(&self, unit: &UnitId) -> Result<(), Problem> {
        let unknown = || t!(Lang::En, "reason.unknown_unit", id = unit);
        let found = self.inventory().find_unit(unit.as_str());
        found.map(|_| ()).ok_or_else(|| Problem::new("unknown_unit", unknown()))
    }
}

fn info(stand: StormStand) -> StormInfo {
    let StormStand { storm, name, folded, waiting, next, open } = stand;
    StormInfo {
        until: storm.over_at(),
        unit: storm.unit,
        name,
        since: storm.since,
        by: storm.by,
        note: storm.note,
        folded,
        waiting,
        next,
        channels: storm.channels,
        open,
    }
}
