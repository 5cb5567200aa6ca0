//! The dashboard from outside: screens as text at three sizes and in both languages, what keys
//! do, and that no size and no snapshot makes it fall over.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod answers;
mod desk;
mod following;
mod keys;
mod lost;
mod outages;
mod properties;
mod reports;
mod sample;
mod screens;
mod staged;
mod storming;
mod taking;
mod working;
