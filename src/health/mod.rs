//! PURE: rounds in, states and intervals out; thresholds, dependencies, holes.
