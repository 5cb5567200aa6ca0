//! What the patrol says of the virtual province: incidents as they open and close, from the
//! daemon's own snapshots.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::api::Snapshot;
use crate::locale::{self, Lang};
use crate::model::{Incident, SubjectId, Tier, UnixMs};
use crate::sim::script::Truth;
use crate::t;

/// Names of a fault's subjects printed before the rest is only counted.
const NAMES_MAX: usize = 3;

/// Incidents told as open.
#[derive(Debug, Default)]
pub(super) struct Watch {
    open: BTreeMap<SubjectId, Incident>,
}

impl Watch {
    /// The lines that a new snapshot is worth: incidents opened or closed since the last one, and
    /// where coverage stands after them.
    pub(super) fn lines(
        &mut self,
        snapshot: &Snapshot,
        zone: &TimeZone,
        lang: Lang,
    ) -> Vec<String> {
        let now: BTreeMap<SubjectId, Incident> =
            snapshot.incidents.iter().map(|i| (i.root.clone(), i.clone())).collect();
        let name = |id: &SubjectId| {
            let row = snapshot.subjects.iter().find(|s| s.id == *id);
            let unit = row.and_then(|r| snapshot.units.iter().find(|u| u.id == r.unit));
            match (row, unit) {
                (Some(row), Some(unit)) => format!(
                    "{} / {} ({id})",
                    locale::visible(&unit.short),
                    locale::visible(&row.name)
                ),
                _ => id.to_string(),
            }
        };
        let mut lines = Vec::new();
        for (id, incident) in now.iter().filter(|(id, _)| !self.open.contains_key(*id)) {
            lines.push(t!(
                lang,
                "demo.incident",
                at = clock(snapshot.at, zone),
                name = name(id),
                state = locale::state_name(lang, incident.state),
                since = clock(incident.since, zone),
                units = incident.impact.units.len(),
                subjects = incident.impact.unreachable
            ));
        }
        for (id, incident) in self.open.iter().filter(|(id, _)| !now.contains_key(*id)) {
            lines.push(t!(
                lang,
                "demo.recovered",
                at = clock(snapshot.at, zone),
                name = name(id),
                lasted = locale::duration(lang, snapshot.at.since(incident.since))
            ));
        }
        if !lines.is_empty() {
            lines.extend(coverage(snapshot, lang));
        }
        self.open = now;
        lines
    }
}

/// `Phủ ngay: TSLCD 11/11 huyện, 173/173 xã …`, of the whole province.
pub(super) fn coverage(snapshot: &Snapshot, lang: Lang) -> Option<String> {
    let province = snapshot.units.iter().find(|u| u.parent.is_none())?;
    let parts: Vec<String> = province
        .subtree
        .iter()
        .filter(|c| c.ladder.required > 0 && c.tier != Tier::Province)
        .map(|c| {
            let network = snapshot.networks.iter().find(|n| n.id == c.network);
            t!(
                lang,
                "demo.coverage_part",
                network = network.map_or(c.network.as_str(), |n| &n.short),
                tier = locale::text(lang, tier_key(c.tier)),
                live = c.ladder.live,
                required = c.ladder.required
            )
        })
        .collect();
    Some(t!(lang, "demo.coverage", parts = parts.join(", ")))
}

const fn tier_key(tier: Tier) -> &'static str {
    match tier {
        Tier::Province => "demo.tier_province",
        Tier::Department => "demo.tier_department",
        Tier::District => "demo.tier_district",
        Tier::Commune => "demo.tier_commune",
    }
}

/// A line about what was really done to the province.
pub(super) fn truth(line: &Truth, zone: &TimeZone, lang: Lang) -> String {
    let fault = locale::text(
        lang,
        match line.fault {
            "cut" => "demo.fault_cut",
            "power" => "demo.fault_power",
            "dead" => "demo.fault_dead",
            "loss" => "demo.fault_loss",
            _ => "demo.fault_slow",
        },
    );
    let mut names: Vec<String> =
        line.subjects.iter().take(NAMES_MAX).map(ToString::to_string).collect();
    if line.subjects.len() > NAMES_MAX {
        names.push(format!("+{}", line.subjects.len() - NAMES_MAX));
    }
    let key = if line.phase == "start" { "demo.fault_starts" } else { "demo.fault_ends" };
    t!(lang, key, at = clock(line.t, zone), fault = fault, subjects = names.join(", "))
}

fn clock(at: UnixMs, zone: &TimeZone) -> String {
    locale::clock(&at.to_timestamp().to_zoned_datetime(zone.clone()))
}
