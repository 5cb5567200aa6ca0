//! What a daemon would say of the sample province's lost time.

use tuantra::api::{LostQuery, LostRow};
use tuantra::coverage::LostSlot;
use tuantra::dash::Board;
use tuantra::dash::heat::line_of;
use tuantra::model::{Span, Tier, UnitId, UnixMs};

use crate::sample::draw;

/// What a unit's own line got in a slot: of twenty slots one is announced work, one was not measured,
/// one degraded, three had a part of them lost and one all.
fn slot(unit: &UnitId, span: Span) -> LostSlot {
    let len = span.len_ms();
    if len == 0 {
        return LostSlot::default();
    }
    let judged = LostSlot { judged_ms: len, ..LostSlot::default() };
    match draw(&format!("{unit} {}", span.from), 20) {
        0 => LostSlot { planned_ms: len, ..LostSlot::default() },
        1 => LostSlot { unmeasured_ms: len, ..LostSlot::default() },
        2 => LostSlot { degraded_ms: len / 2, ..judged },
        3 => LostSlot { lost_ms: len / 20, ..judged },
        4 => LostSlot { lost_ms: len / 3, ..judged },
        5 => LostSlot { lost_ms: len * 4 / 5, ..judged },
        6 => LostSlot { lost_ms: len, ..judged },
        _ => judged,
    }
}

/// The units that a row counts: itself and those beneath it that have a line on the network.
fn beneath(board: &Board, unit: &UnitId, query: &LostQuery) -> Vec<UnitId> {
    let own = line_of(board, unit, Some(&query.network)).map(|_| unit.clone());
    let children = board.children(unit).flat_map(|child| beneath(board, &child.id, query));
    own.into_iter().chain(children).collect()
}

/// Of the open unit its own line, of those directly beneath it what lies beneath them, too.
pub fn rows(board: &Board, query: &LostQuery, now: UnixMs) -> Vec<LostRow> {
    let Some(open) = &query.unit else { return Vec::new() };
    let own = line_of(board, open, Some(&query.network)).map(|_| vec![open.clone()]);
    let rows = own.into_iter().map(|units| (open, units));
    let children = board.children(open).map(|c| (&c.id, beneath(board, &c.id, query)));
    let rows = rows.chain(children).filter(|(_, units)| !units.is_empty());
    rows.map(|(unit, units)| {
        let mut slots = vec![LostSlot::default(); query.edges.len() - 1];
        for unit in &units {
            for (sum, pair) in slots.iter_mut().zip(query.edges.windows(2)) {
                let got = slot(unit, Span::new(pair[0], pair[1].min(now)));
                sum.lost_ms += got.lost_ms;
                sum.judged_ms += got.judged_ms;
                sum.degraded_ms += got.degraded_ms;
                sum.unmeasured_ms += got.unmeasured_ms;
                sum.planned_ms += got.planned_ms;
            }
        }
        let units = u32::try_from(units.len()).expect("a few");
        LostRow { unit: unit.clone(), tier: Tier::Commune, units, slots }
    })
    .collect()
}
