//! What the kinds need of the store besides records.

use std::collections::BTreeMap;

use super::super::{ReportError, Said, Scope};
use super::{Circuit, FailedRounds, carrier, subjects};
use crate::coverage::{SLOT_MS, rates};
use crate::model::{CarrierIx, Metric, PointKind, Span, SubjectId, UnixMs};
use crate::store::Reader;

/// What operators said of outages that touch `window`.
///
/// # Errors
/// [`ReportError::Store`].
pub fn said(store: &Reader, window: Span) -> Result<Said, ReportError> {
    Ok(Said::new(store.outage_notes()?, store.incidents(window)?))
}

/// First and last failed round of each outage of the carriers' report.
///
/// # Errors
/// [`ReportError::Store`].
pub fn failed_rounds(
    store: &Reader,
    scope: &Scope<'_>,
    said: &Said,
    only: Option<CarrierIx>,
) -> Result<FailedRounds, ReportError> {
    let mut found = FailedRounds::new();
    for (id, span) in carrier::wanted(scope, said, only) {
        let mut ends: Option<(UnixMs, UnixMs)> = None;
        store.each_round(&id.subject, 0, span, &mut |sample| {
            if sample.sent > 0 && sample.lost == sample.sent {
                let first = ends.map_or(sample.at, |(first, _)| first);
                ends = Some((first, sample.at));
            }
        })?;
        found.extend(ends.map(|ends| (id, ends)));
    }
    Ok(found)
}

/// The load of every circuit of the report that names a device and an interface, in both
/// directions, over the scope's window.
///
/// # Errors
/// [`ReportError::Store`].
pub fn circuits(
    store: &Reader,
    scope: &Scope<'_>,
    only: Option<CarrierIx>,
) -> Result<Vec<Circuit>, ReportError> {
    let whole = scope.window();
    // Samples begin at full five minutes, so that two reports on one time have the same ones.
    let window = Span::new(UnixMs(whole.from.0.div_euclid(SLOT_MS) * SLOT_MS), whole.to);
    let mut read: BTreeMap<(SubjectId, String), Vec<Option<u64>>> = BTreeMap::new();
    let mut found = Vec::new();
    for ix in subjects(scope) {
        let Some(connection) = scope.inventory.subject(ix).connection() else { continue };
        // What a unit runs itself, or over another line, is no circuit.
        if connection.carrier.is_none() || only.is_some_and(|only| connection.carrier != Some(only))
        {
            continue;
        }
        let mut load = |name: &str| -> Result<Option<Vec<Option<u64>>>, ReportError> {
            let (Some(device), Some(interface)) = (&connection.device, &connection.interface)
            else {
                return Ok(None);
            };
            let Ok(device) = SubjectId::new(device.as_str()) else { return Ok(None) };
            let key = (device, format!("{name}:{interface}"));
            if let Some(known) = read.get(&key) {
                return Ok(Some(known.clone()));
            }
            let metric = Metric { kind: PointKind::Counter, name: key.1.as_str().into() };
            let around = Span::new(window.from - SLOT_MS, window.to + SLOT_MS);
            let rates = rates(&store.points(&key.0, &metric, around)?, window);
            read.insert(key, rates.clone());
            Ok(Some(rates))
        };
        let (received, sent) = (load("if.octets_in")?, load("if.octets_out")?);
        found.push(Circuit { subject: ix, from: window.from, received, sent });
    }
    Ok(found)
}
