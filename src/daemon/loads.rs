//! How full lines are, out of the store.

use std::path::Path;

use crate::api::LineLoad;
use crate::coverage::{SLOT_MS, capacity};
use crate::model::{Inventory, Metric, PointKind, Span, SubjectId, UnixMs};
use crate::store::{Reader, StoreError};

/// The loads inside `window` of the lines that end at a known interface of a device, in the
/// inventory's order; also what a client without a daemon reads.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub(crate) fn loads(
    store: &Path,
    inventory: &Inventory,
    window: Span,
) -> Result<Vec<LineLoad>, StoreError> {
    let reader = Reader::open(store)?;
    // Samples begin at full five minutes, as those of the report on capacity do.
    let full = |at: UnixMs| UnixMs(at.0.div_euclid(SLOT_MS) * SLOT_MS);
    let window = Span::new(full(window.from), full(window.to));
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut found = Vec::new();
    for subject in &inventory.subjects {
        let line = subject.connection();
        let end = line.and_then(|line| line.device.as_ref().zip(line.interface.as_ref()));
        let Some((device, interface)) = end else { continue };
        let Ok(device) = SubjectId::new(device.as_str()) else { continue };
        let p95 = |name: &str| -> Result<Option<(u64, usize)>, StoreError> {
            let name = format!("{name}:{interface}").as_str().into();
            let metric = Metric { kind: PointKind::Counter, name };
            let rates = reader.octet_rates(&device, &metric, window)?.bps;
            // An operator wants to see what there is; whether it proves anything, the report says.
            let whole = capacity(&rates, window.from, None, 0).whole;
            Ok(whole.map(|reading| (reading.p95_bps, reading.samples)))
        };
        let (inward, outward) = (p95("if.octets_in")?, p95("if.octets_out")?);
        let samples = [inward, outward].into_iter().flatten().map(|(_, samples)| samples).max();
        found.push(LineLoad {
            subject: subject.id.clone(),
            in_bps: inward.map(|(bps, _)| bps),
            out_bps: outward.map(|(bps, _)| bps),
            samples: count(samples.unwrap_or(0)),
            of: count(usize::try_from(window.len_ms() / SLOT_MS).unwrap_or(0)),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::inventory;
    use crate::model::Point;
    use crate::store::{Batch, OpenOptions, Reading, Store};

    const PROVINCE: &str = "\
networks: [ { id: tslcd, name: TSLCD } ]
units:
  - id: tinh
    name: Tỉnh
    kind: province
    devices: { router: { address: 127.0.1.2, role: router } }
    connections:
      tslcd: { address: 127.0.1.1, device: router, interface: wan, bandwidth: 10Mbps }
";

    #[test]
    fn a_line_is_as_full_as_its_interface_says_and_one_that_is_not_read_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), PROVINCE).unwrap();
        let defaults = inventory::Defaults::default();
        let loaded = inventory::load(folder.path(), &defaults, &TimeZone::UTC);
        let inventory = loaded.inventory.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let path = folder.path().join("t.db");
        let from = UnixMs(1_800_000_000_000);
        let store = Store::open(&path, &OpenOptions { now: from, pid: 1 }).unwrap();
        let window = Span::new(from, from + 12 * SLOT_MS);
        let read = || loads(&path, &inventory, window).unwrap();
        let [line] = &read()[..] else { panic!("one line") };
        assert_eq!((line.in_bps, line.out_bps, line.samples, line.of), (None, None, 0, 12));
        // A minute's reading of a counter that grows by 1 Mbit/s.
        let metric = Metric { kind: PointKind::Counter, name: "if.octets_in:wan".into() };
        let point = |n: i64| Point { at: from + n * 60_000, value: n * 7_500_000 };
        let router = SubjectId::new("tinh/router").unwrap();
        let samples =
            (0..=30).map(|n| (router.clone(), Reading::Point(metric.clone(), point(n)))).collect();
        store.submit(Batch { facts: Vec::new(), samples });
        store.tidy_blocking().unwrap();
        let [line] = &read()[..] else { panic!("one line") };
        assert_eq!(line.subject.as_str(), "tinh/tslcd");
        assert_eq!((line.in_bps, line.out_bps, line.samples), (Some(1_000_000), None, 6));
    }
}
