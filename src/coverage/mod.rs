//! From state intervals to availability, service level and the coverage ladder of the tree.
//!
//! Pure: time comes in as an argument, nothing is read from a clock, a socket or a file, and the
//! same input gives the same output. Integers inside; a percentage exists only where it is
//! printed.

mod availability;
mod capacity;
mod carrier;
mod chart;
mod class;
mod clock;
mod foreign;
mod judge;
mod ladder;
mod lost;
mod outages;
mod tree;

#[cfg(test)]
mod tests;

pub use availability::{Availability, Verdict, availability, verdict};
pub use capacity::{
    APART_MAX_MS, Capacity, CapacityReading, SLOT_MS, WEEK_SLOTS, capacity, rates, slot_means,
};
pub use carrier::{
    CarrierAccount, CarrierLine, CarrierMillis, CarrierOutage, carrier_account, carrier_outages,
    excuses_carrier,
};
pub use chart::{Chart, ChartPoint, chart};
pub use class::{Class, ClassSpan, OffHours, StateMillis, best_of_lines, classify};
pub use clock::Clock;
pub use foreign::{ForeignSla, SlaRule, foreign_sla};
pub use judge::{Judge, LOOK_BACK_MS};
pub use ladder::{Asked, Ladder, LadderRow, UnitNetwork, tree_networks, tree_rows};
pub use lost::{LostAsked, LostSlot, LostUnits, lost_slots};
pub use outages::{MarkedOutage, Outage, mark_outages, outages};
pub use tree::{Service, Tree};
