//! A virtual province in a network namespace of its own, for the demo and the tests.
