//! A device that speaks SNMPv1 or v2c, asked in our own words: there is nothing to be secret about,
//! and thousands of such devices are asked every minute.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::ber::{self, Ask};
use super::post::{Key, Post};
use super::{ErrorStatus, Fault, Got, Oid};
use crate::probe::snmp::values::Values;

/// One device.
pub(in crate::probe::snmp) struct Plain {
    pub(super) post: Arc<Post>,
    pub(super) key: Arc<Key>,
    pub(super) address: SocketAddr,
    pub(super) timeout: Duration,
}

impl Plain {
    /// GET; what is too big for the device is asked in halves.
    pub(super) async fn get(&self, objects: &[Oid]) -> Got {
        let mut values = Values::default();
        let (mut first, mut most) = (0, objects.len());
        while first < objects.len() {
            let part = &objects[first..objects.len().min(first + most)];
            match self.ask(Ask::Get, part).await {
                Ok(came) => {
                    values.append(came);
                    first += part.len();
                }
                Err(Fault::TooBig) if part.len() > 1 => most = part.len() / 2,
                Err(fault) => return (values, Some(super::moved(fault, first))),
            }
        }
        (values, None)
    }

    /// GETNEXT; of a question that is too big the first part is asked, as much as fits.
    pub(super) async fn next(&self, objects: &[Oid]) -> Got {
        let mut most = objects.len();
        loop {
            match self.ask(Ask::Next, &objects[..most]).await {
                Ok(values) => return (values, None),
                Err(Fault::TooBig) if most > 1 => most /= 2,
                Err(fault) => return (Values::default(), Some(fault)),
            }
        }
    }

    /// GETBULK. The objects are gone when it has been sent: a dozen devices are waited for at the same
    /// time.
    pub(super) async fn bulk(&self, objects: Vec<Oid>, singles: u16, rows: u16) -> Got {
        match self.ask(Ask::Bulk { singles, rows }, objects).await {
            Ok(values) => (values, None),
            Err(fault) => (Values::default(), Some(fault)),
        }
    }

    async fn ask(&self, ask: Ask, objects: impl AsRef<[Oid]>) -> Result<Values, Fault> {
        let Key { version, community } = &*self.key;
        let write = move |id| ber::question(*version, community, ask, id, objects.as_ref());
        self.post.ask(self.address, &self.key, write, self.timeout, read).await
    }
}

fn read(datagram: &[u8]) -> Result<Values, Fault> {
    let answer = ber::answer(datagram).map_err(|_| Fault::Malformed)?;
    match i32::try_from(answer.status).map(ErrorStatus::from_i32) {
        Ok(ErrorStatus::NoError) => answer.values().map_err(|_| Fault::Malformed),
        Ok(ErrorStatus::TooBig) => Err(Fault::TooBig),
        Ok(status) => {
            let at = usize::try_from(answer.index).ok().and_then(|index| index.checked_sub(1));
            Err(Fault::Refused { status, at })
        }
        Err(_) => Err(Fault::Malformed),
    }
}
