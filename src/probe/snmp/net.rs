//! What all sessions share: a socket per address family, derived keys, known engines.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::error::SnmpError;
use super::learned::Learned;
use super::rate::Rate;
use super::session::Session;
use super::wire::{Access, Engines, Fault, Link, Socket};
use crate::model::{Credential, CredentialId, Security, SnmpParams, UnixMs};

/// The way out to all devices. Sockets are opened when they are first needed; keys are derived once
/// a credential.
pub struct Net {
    params: SnmpParams,
    v4: Socket,
    v6: Socket,
    engines: Arc<Engines>,
    keys: Mutex<HashMap<CredentialId, (Credential, Access)>>,
}

/// Datagrams that were not answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// Late, doubled, forged or from elsewhere.
    pub stray: u64,
    /// No SNMP at all.
    pub malformed: u64,
}

impl Net {
    /// Opens nothing yet. `started_at` is the time of this start of the program.
    #[must_use]
    pub fn new(params: SnmpParams, started_at: UnixMs) -> Self {
        Self {
            params,
            v4: Socket::new(false),
            v6: Socket::new(true),
            engines: Arc::new(Engines::new(started_at)),
            keys: Mutex::new(HashMap::new()),
        }
    }

    /// A session with the device at an address; nothing is sent yet. `learned` is what an earlier
    /// session found out of it; `rate` bounds its questions together with others'.
    ///
    /// # Errors
    /// [`SnmpError::Local`] when the socket cannot be opened or the keys cannot be derived.
    pub async fn session(
        &self,
        address: IpAddr,
        credential: &Credential,
        learned: Learned,
        rate: Option<Arc<Rate>>,
    ) -> Result<Session, SnmpError> {
        let socket = if address.is_ipv6() { &self.v6 } else { &self.v4 };
        let access = self.access(credential).await.map_err(local)?;
        let timeout = Duration::from_millis(self.params.timeout_ms.into());
        let target = SocketAddr::new(address, credential.port);
        let link =
            Link::new(socket, &self.engines, &access, target, timeout).await.map_err(local)?;
        let is_v1 = matches!(credential.security, Security::V1 { .. });
        Ok(Session::new(link, self.params, rate, learned, is_v1))
    }

    /// What came in and answered nothing, since the start.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        let sockets = [&self.v4, &self.v6].into_iter();
        sockets.map(Socket::dropped).fold(Dropped::default(), |sum, (stray, malformed)| Dropped {
            stray: sum.stray + stray,
            malformed: sum.malformed + malformed,
        })
    }

    async fn access(&self, credential: &Credential) -> Result<Access, Fault> {
        if let Some(known) = self.known(credential) {
            return Ok(known);
        }
        // A megabyte is hashed for each passphrase: not on a thread that others wait for.
        let security = credential.security.clone();
        let derived = tokio::task::spawn_blocking(move || Access::derive(&security)).await;
        let access = derived.map_err(|error| Fault::Local(error.to_string()))??;
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(credential.id.clone(), (credential.clone(), access.clone()));
        Ok(access)
    }

    fn known(&self, credential: &Credential) -> Option<Access> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, access) = keys.get(&credential.id)?;
        // A reload may have changed what is behind the name.
        (known == credential).then(|| access.clone())
    }
}

fn local(fault: Fault) -> SnmpError {
    match fault {
        Fault::Local(what) => SnmpError::Local { what },
        other => SnmpError::Local { what: format!("{other:?}") },
    }
}
