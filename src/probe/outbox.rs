//! Hands batches of answers to the reader without ever waiting for it.
//!
//! At most [`BATCHES_MAX`] batches wait in the channel; while it is full, answers gather here into
//! one batch, at most [`KEPT_MAX`] of them; beyond that the oldest are dropped and counted. A
//! dropped answer is a hole in the record, never a false one.

use std::collections::VecDeque;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::Answer;

/// Batches that may wait in the channel.
pub(super) const BATCHES_MAX: usize = 256;
/// Answers that room is made for before they come.
const BATCH_ROOM_MAX: usize = 1_000;
/// Answers kept back while the channel is full.
pub(super) const KEPT_MAX: usize = 200_000;

#[derive(Debug)]
pub(super) struct Outbox {
    sender: Sender<Vec<Answer>>,
    kept: VecDeque<Answer>,
    dropped: u64,
}

impl Outbox {
    pub(super) fn new(sender: Sender<Vec<Answer>>) -> Self {
        Self { sender, kept: VecDeque::new(), dropped: 0 }
    }

    /// Puts an answer into the batch of this tick.
    pub(super) fn push(&mut self, answer: Answer) {
        if self.kept.len() >= KEPT_MAX {
            self.kept.pop_front();
            self.dropped += 1;
        }
        self.kept.push_back(answer);
    }

    /// Hands over what has gathered, if there is room; false when nobody will ever read it.
    pub(super) fn flush(&mut self) -> bool {
        if self.kept.is_empty() {
            return !self.sender.is_closed();
        }
        match self.sender.try_reserve() {
            Ok(room) => {
                // The next batch will be about as long.
                let next = VecDeque::with_capacity(self.kept.len().min(BATCH_ROOM_MAX));
                room.send(std::mem::replace(&mut self.kept, next).into());
                true
            }
            Err(TrySendError::Full(())) => true,
            Err(TrySendError::Closed(())) => false,
        }
    }

    /// Answers dropped since the start.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Rtts, UnixMs};
    use crate::probe::TargetId;

    fn answer(n: u32) -> Answer {
        Answer {
            target: TargetId(n),
            at: UnixMs(0),
            sent: 1,
            lost: 0,
            rtts: Rtts::default(),
            error: None,
        }
    }

    #[test]
    fn a_full_channel_keeps_answers_together_and_drops_only_the_oldest_over_the_bound() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let mut outbox = Outbox::new(sender);
        outbox.push(answer(0));
        assert!(outbox.flush());
        let kept = u32::try_from(KEPT_MAX).unwrap();
        (1..=kept + 5).for_each(|n| outbox.push(answer(n)));
        assert!(outbox.flush());
        assert_eq!(outbox.dropped(), 5);
        assert_eq!(receiver.try_recv().unwrap().len(), 1);
        assert!(outbox.flush());
        let batch = receiver.try_recv().unwrap();
        assert_eq!(batch.len(), KEPT_MAX);
        assert_eq!(batch.first().map(|a| a.target), Some(TargetId(6)));
        drop(receiver);
        assert!(!outbox.flush());
    }
}
