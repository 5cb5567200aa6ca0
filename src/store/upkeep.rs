//! What the writer does when nothing waits to be written: sealing, joining, chaining, ageing.
//! One small step at a time, so that a fact never waits long behind it.

use rusqlite::Connection;

use super::chain::Chainer;
use super::expire::{Retention, expire_step, shrink_step};
use super::seal::{Sealer, Step};
use crate::model::UnixMs;

type Sql<T> = Result<T, rusqlite::Error>;

/// Where the work stands.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    sealer: Sealer,
    chainer: Chainer,
    retention: Option<Retention>,
}

impl Upkeep {
    /// Until when what is kept from now on.
    pub(super) fn keep(&mut self, retention: Retention) {
        self.retention = Some(retention);
    }

    /// The file is another one now; what is to be kept stays.
    pub(super) fn begin_anew(&mut self) {
        *self = Self { retention: self.retention.take(), ..Self::default() };
    }

    /// Does the most urgent piece of work that is due at `now`.
    ///
    /// # Errors
    /// SQLite's; that piece is undone and will be tried again.
    pub(super) fn step(&mut self, conn: &mut Connection, now: UnixMs) -> Sql<Step> {
        if self.sealer.step(conn, now)? == Step::Did {
            // It may have changed what was hashed so far.
            self.chainer = Chainer::default();
            return Ok(Step::Did);
        }
        if self.chainer.step(conn, now)? == Step::Did {
            return Ok(Step::Did);
        }
        // Before what it is made of ages.
        if self.sealer.roll_up(conn)? == Step::Did {
            return Ok(Step::Did);
        }
        if let Some(retention) = &self.retention {
            if expire_step(conn, retention)? == Step::Did {
                return Ok(Step::Did);
            }
            // Ageing is over until it is asked for again.
            self.retention = None;
        }
        shrink_step(conn)
    }
}
