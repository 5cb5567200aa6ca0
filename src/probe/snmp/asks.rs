//! Who asks and who is asked, as the patrol sees them: its tests ask nobody.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::ask::{Answers, Wanted};
use super::error::SnmpError;
use super::learned::Learned;
use super::net::Net;
use super::rate::Rate;
use super::session::Session;
use crate::model::{Credential, DeviceId};

/// Somebody who can be asked.
pub trait Asks: Send + 'static {
    /// Asks for all that is wanted.
    fn ask(&mut self, wanted: &Wanted) -> impl Future<Output = Result<Answers, SnmpError>> + Send;

    /// What was found out of him, for whoever asks him next.
    fn learned(&self) -> Learned;
}

impl Asks for Session {
    async fn ask(&mut self, wanted: &Wanted) -> Result<Answers, SnmpError> {
        Session::ask(self, wanted).await
    }

    fn learned(&self) -> Learned {
        Session::learned(self)
    }
}

/// Who makes somebody out of a target.
pub trait Opens: Send + Sync + 'static {
    /// What he makes.
    type Session: Asks;

    /// Nothing is asked yet.
    fn open(
        &self,
        target: &Target,
        learned: Learned,
        rate: Arc<Rate>,
    ) -> impl Future<Output = Result<Self::Session, SnmpError>> + Send;
}

impl Opens for Net {
    type Session = Session;

    async fn open(
        &self,
        target: &Target,
        learned: Learned,
        rate: Arc<Rate>,
    ) -> Result<Session, SnmpError> {
        self.session(target.address, &target.credential, learned, Some(rate)).await
    }
}

/// A device to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Names it in every [`Turn`].
    pub device: DeviceId,
    /// Who is asked.
    pub address: IpAddr,
    /// With what.
    pub credential: Arc<Credential>,
    /// Targets of one group share a rate of questions (one parent's line carries them all).
    pub group: u32,
}

/// What came of a device's turn.
#[derive(Debug)]
pub struct Turn {
    /// Whose it was.
    pub device: DeviceId,
    /// What was asked.
    pub wanted: Arc<Wanted>,
    /// What came.
    pub outcome: Result<Answers, SnmpError>,
    /// From the first question to the end.
    pub took: Duration,
}
