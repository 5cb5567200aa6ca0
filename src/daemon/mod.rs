//! Wires the rooms together; owns tasks, signals, reload, shutdown and the clock.
