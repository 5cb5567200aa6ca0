//! `tuantra snmp` as it is typed.
