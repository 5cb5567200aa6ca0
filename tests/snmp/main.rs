//! SNMP as it is on the wire: net-snmp's own agent with every algorithm its build has, value by value,
//! and agents that break the protocol in every way met in the field.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]
#![expect(clippy::print_stdout, reason = "a skipped test must say so")]

mod agent;
mod awkward;
mod collected;
mod command;
mod common;
mod engines;
mod netsnmp;
mod patrol;
