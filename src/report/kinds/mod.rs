//! The kinds of report besides coverage and availability, one file each. Each makes a
//! [`Sheet`](super::Sheet) out of what was read before; only [`read`] asks the store.

mod brief;
mod bulletin;
mod capacity;
mod carrier;
mod devices;
mod outages;
mod plan;
mod read;
mod reconcile;
mod theirs;

pub use brief::{Desk, brief, handover};
pub use bulletin::{Bulletin, bulletin};
pub use capacity::{Circuit, NotCounted, capacity};
pub use carrier::{FailedRounds, carrier};
pub use devices::devices;
pub use outages::{Listed, OutagesBy, list, listing, outages, outages_by};
pub use plan::plan;
pub use read::{circuits, failed_rounds, said};
pub use reconcile::reconcile;
pub use theirs::{TheirTable, TheirTableError, Theirs, their_book, their_table};

use super::document::Document;
use super::text::blank;
use super::{Page, Scope};
use crate::model::{SubjectIx, UnitIx};

/// A day, in milliseconds: what is given as a day lasts until it is over.
const DAY_MS: i64 = 86_400_000;

/// The title block.
fn block(key: &str, scope: &Scope<'_>, page: &Page<'_>) -> Document {
    blank(key, scope, page)
}

/// What the JSON of a report over a window says of it.
fn facts(scope: &Scope<'_>) -> Vec<(&'static str, serde_json::Value)> {
    let window = scope.window();
    vec![
        ("from", serde_json::json!(window.from)),
        ("to", serde_json::json!(window.to)),
        ("clock", serde_json::json!(scope.clock)),
    ]
}

/// The subjects of the report's units that are in force in its window, in the inventory's order.
fn subjects(scope: &Scope<'_>) -> Vec<SubjectIx> {
    let tree = scope.tree();
    let inside = scope.units(&tree);
    let is_inside = |unit: UnitIx| {
        let serves = tree.serves(unit).iter().any(|s| inside.get(s.unit.ix()) == Some(&true));
        serves || inside.get(unit.ix()) == Some(&true)
    };
    let wanted = scope.inventory.subject_ixs().filter(|ix| {
        let subject = scope.inventory.subject(*ix);
        !subject.lifetime(scope.window()).is_empty() && is_inside(subject.unit)
    });
    wanted.collect()
}
