//! What the kinds need of the store besides records.

use super::super::{ReportError, Said, Scope};
use super::{Circuit, FailedRounds, NotCounted, carrier, subjects};
use crate::coverage::SLOT_MS;
use crate::model::{CarrierIx, Metric, PointKind, Span, SubjectId, UnixMs};
use crate::store::{Rates, Reader};

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
    let mut found = Vec::new();
    for ix in subjects(scope) {
        let Some(connection) = scope.inventory.subject(ix).connection() else { continue };
        // What a unit runs itself, or over another line, is no circuit.
        if connection.carrier.is_none() || only.is_some_and(|only| connection.carrier != Some(only))
        {
            continue;
        }
        let device = connection.device.as_ref().and_then(|id| SubjectId::new(id.as_str()).ok());
        let (Some(device), Some(interface)) = (device, &connection.interface) else {
            found.push(Circuit::not_counted(ix, NotCounted::NoInterface));
            continue;
        };
        let load = |name: &str| -> Result<Rates, ReportError> {
            let name = format!("{name}:{interface}").as_str().into();
            let metric = Metric { kind: PointKind::Counter, name };
            Ok(store.octet_rates(&device, &metric, window)?)
        };
        let both = [load("if.octets_in")?, load("if.octets_out")?];
        found.push(Circuit::of_rates(scope, ix, window.from, &both));
    }
    Ok(found)
}
