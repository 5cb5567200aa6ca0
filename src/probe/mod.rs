//! Asks the network: the ICMP engine and the schedule that spreads the asking.
