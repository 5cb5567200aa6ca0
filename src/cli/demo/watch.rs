//! What the patrol says of the virtual province: incidents as they open and close, from the
//! daemon's own snapshots.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::api::Snapshot;
use crate::locale::{self, Lang};
use crate::model::{State, SubjectId, Tier, UnixMs};
use crate::sim::script::Truth;
use crate::t;

/// Names of a fault's subjects printed before the rest is only counted.
const NAMES_MAX: usize = 3;

/// Time between two lines about coverage that no incident calls for, in milliseconds.
const COVERAGE_EVERY_MS: i64 = 3_000;

/// What has been told already.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Roots of incidents as they were told: state, and since when. One that becomes part of
    /// another incident is told as recovered only when it is up again.
    open: BTreeMap<SubjectId, (State, UnixMs)>,
    coverage: Option<(UnixMs, String)>,
}

impl Watch {
    /// The lines that a new snapshot is worth: roots that went wrong or came back, and where
    /// coverage stands when it has changed.
    pub(super) fn lines(
        &mut self,
        snapshot: &Snapshot,
        zone: &TimeZone,
        lang: Lang,
    ) -> Vec<String> {
        let row = |id: &SubjectId| snapshot.subjects.iter().find(|s| s.id == *id);
        let name = |id: &SubjectId| {
            let row = row(id);
            let unit = row.and_then(|r| snapshot.units.iter().find(|u| u.id == r.unit));
            match (row, unit) {
                (Some(row), Some(unit)) => {
                    let (unit, line) = (locale::visible(&unit.short), locale::visible(&row.name));
                    // Names made by default end in their unit's already.
                    if line.contains(&unit) {
                        format!("{line} ({id})")
                    } else {
                        format!("{line}, {unit} ({id})")
                    }
                }
                _ => id.to_string(),
            }
        };
        let mut lines = Vec::new();
        for incident in &snapshot.incidents {
            let told = self.open.get(&incident.root);
            // From degraded to down is news, the other way is half a recovery.
            if told.is_some_and(|(state, _)| *state == State::Down || *state == incident.state) {
                continue;
            }
            let (units, subjects) = (incident.impact.units.len(), incident.impact.unreachable);
            let impact = match (units, subjects) {
                (0, 0) => t!(lang, "dash.impact_none"),
                _ => t!(lang, "status.impact", units = units, subjects = subjects),
            };
            lines.push(t!(
                lang,
                "demo.incident",
                at = clock(snapshot.at, zone),
                name = name(&incident.root),
                state = locale::state_name(lang, incident.state),
                since = clock(incident.since, zone),
                impact = impact
            ));
            self.open.insert(incident.root.clone(), (incident.state, incident.since));
        }
        self.open.retain(|id, (_, since)| {
            let Some(row) = row(id) else { return false };
            let is_up = row.now.state == State::Up;
            if is_up {
                lines.push(t!(
                    lang,
                    "demo.recovered",
                    at = clock(snapshot.at, zone),
                    name = name(id),
                    lasted = locale::duration(lang, row.now.since.since(*since))
                ));
            }
            !is_up
        });
        // Before everybody has been asked the figures say nothing.
        let is_settled = snapshot.subjects.iter().all(|s| s.now.state != State::Unmeasured);
        let coverage = coverage(snapshot, lang).filter(|_| is_settled || !lines.is_empty());
        if let Some(coverage) = coverage {
            let is_due = self.coverage.as_ref().is_none_or(|(at, told)| {
                *told != coverage
                    && (!lines.is_empty() || snapshot.at.since(*at) >= COVERAGE_EVERY_MS)
            });
            if is_due {
                lines.push(coverage.clone());
                self.coverage = Some((snapshot.at, coverage));
            }
        }
        lines
    }
}

/// `Phủ ngay: TSLCD 11/11 huyện, 173/173 xã …`, of the whole province.
fn coverage(snapshot: &Snapshot, lang: Lang) -> Option<String> {
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
            "mains" => "demo.fault_mains",
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
