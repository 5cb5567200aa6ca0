//! A bound on the questions a second that go one way.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// Questions that may go out together after a pause, as a part of a second's.
const BURST: Duration = Duration::from_millis(100);

/// Gives out turns, so many a second, in the order they are asked for: all that is reached through
/// one parent shares one, so that no line is filled by its own patrol.
#[derive(Debug)]
pub struct Rate {
    between: Duration,
    /// When the next turn is; in the past after a pause.
    next: Mutex<Option<Instant>>,
}

impl Rate {
    /// So many a second, at least one.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self { between: Duration::from_secs(1) / per_second.max(1), next: Mutex::new(None) }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) {
        let now = Instant::now();
        let at = {
            let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let earliest = now.checked_sub(BURST).unwrap_or(now);
            let at = next.unwrap_or(now).max(earliest);
            *next = Some(at + self.between);
            at
        };
        if at > now {
            tokio::time::sleep_until(at).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_turns_than_it_may_and_a_burst() {
        let rate = Rate::new(50);
        let started = Instant::now();
        for _ in 0..200 {
            rate.turn().await;
        }
        let took = started.elapsed();
        assert_eq!(took, Duration::from_millis(199 * 20));
        tokio::time::advance(Duration::from_secs(60)).await;
        let started = Instant::now();
        for _ in 0..100 {
            rate.turn().await;
        }
        // A minute of silence saves up a tenth of a second, not a minute.
        assert_eq!(started.elapsed(), Duration::from_millis(99 * 20 - 100));
    }

    #[tokio::test(start_paused = true)]
    async fn turns_that_are_given_up_are_spent() {
        let rate = std::sync::Arc::new(Rate::new(1));
        rate.turn().await;
        let waiting = tokio::time::timeout(Duration::from_millis(10), rate.turn());
        assert!(waiting.await.is_err());
        let started = Instant::now();
        rate.turn().await;
        assert!(started.elapsed() > Duration::from_millis(1_900));
    }
}
