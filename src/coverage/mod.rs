//! From state intervals to availability, service level and the coverage ladder of the tree.
//!
//! Pure: time comes in as an argument, nothing is read from a clock, a socket or a file, and the
//! same input gives the same output. Integers inside; a percentage exists only where it is
//! printed.

mod availability;
mod chart;
mod ladder;
mod outages;

#[cfg(test)]
mod tests;

pub use availability::{
    Availability, Verdict, availability, combine_best, lines_availability, verdict,
};
pub use chart::{ChartPoint, chart};
pub use ladder::{Ladder, LadderRow, UnitNetwork, ladder_rows, unit_networks};
pub use outages::{Outage, outages};
