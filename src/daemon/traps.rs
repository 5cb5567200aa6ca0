//! Hears traps beside the patrol and says whose device is to be asked sooner for them.
//!
//! ```text
//! task: opens ──► receives ──► channel ──► Traps::take ──► devices to be asked now
//!          ▲ again in a while │ fails                └──► Traps::due ──► … in a while
//! ```
//! Guarantees: what keeps traps from being heard is told and tried again, and keeps nothing else
//! from being done.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::api::TrapsInfo;
use crate::model::{DeviceId, UnixMs};
use crate::probe::snmp::traps::{Listening, Receiver, Sooner, Trap, TrapError, Welcome};

/// Between two tries to open the socket, and after it failed.
const AGAIN: Duration = Duration::from_secs(30);

/// Traps waiting to be looked at; beyond, they wait in the socket.
pub(super) const WAITING_MAX: usize = 256;

/// What is heard, and what came of it.
pub(super) struct Traps {
    heard: mpsc::Sender<Trap>,
    welcome: Welcome,
    /// Who is asked for whoever sends from an address of the inventory's devices; nobody for some.
    asked_for: HashMap<IpAddr, Vec<DeviceId>>,
    sooner: Sooner,
    listening: Option<Listening>,
    ear: Arc<Mutex<State>>,
    task: Option<JoinHandle<()>>,
    received: u64,
    asked: u64,
    merged: u64,
}

/// How the task is doing.
#[derive(Default)]
struct State {
    receiver: Option<Arc<Receiver>>,
    trouble: Option<String>,
}

impl Traps {
    /// Nothing is heard before [`Self::follow`].
    pub(super) fn new(heard: mpsc::Sender<Trap>) -> Self {
        Self {
            heard,
            welcome: Welcome::default(),
            asked_for: HashMap::new(),
            sooner: Sooner::default(),
            listening: None,
            ear: Arc::default(),
            task: None,
            received: 0,
            asked: 0,
            merged: 0,
        }
    }

    /// Whose devices' addresses there are, and who is asked for each.
    pub(super) fn set_sources(&mut self, asked_for: HashMap<IpAddr, Vec<DeviceId>>) {
        self.welcome.set(asked_for.keys().copied().collect());
        self.asked_for = asked_for;
    }

    /// Listens as told from now on; one that listens so already is not disturbed.
    pub(super) fn follow(&mut self, listening: Option<Listening>) {
        if listening == self.listening {
            return;
        }
        let before = self.stop();
        self.listening.clone_from(&listening);
        if let Some(listening) = listening {
            let (welcome, ear) = (self.welcome.clone(), Arc::clone(&self.ear));
            let heard = self.heard.clone();
            self.task = Some(tokio::spawn(async move {
                if let Some(before) = before {
                    // It was told to end, and has the port until it has.
                    let _ = before.await;
                }
                listen(listening, &welcome, &ear, &heard).await;
            }));
        }
    }

    /// Hears nothing more.
    pub(super) fn stop(&mut self) -> Option<JoinHandle<()>> {
        self.ear = Arc::default();
        self.listening = None;
        self.task.take().inspect(JoinHandle::abort)
    }

    /// A trap came: whose devices are to be asked now.
    pub(super) fn take(&mut self, trap: &Trap, now: UnixMs) -> Vec<DeviceId> {
        self.received += 1;
        if !trap.about.is_reason_to_ask() {
            return Vec::new();
        }
        let devices = self.asked_for.get(&trap.from).map_or(&[][..], Vec::as_slice);
        let (sooner, merged) = (&mut self.sooner, &mut self.merged);
        let now = devices.iter().filter(|device| {
            let wants = sooner.wants(device, now);
            *merged += u64::from(!wants);
            wants
        });
        let now: Vec<DeviceId> = now.cloned().collect();
        self.asked += now.len() as u64;
        now
    }

    /// Whom traps that came too soon after others have left to be asked now.
    pub(super) fn due(&mut self, now: UnixMs) -> Vec<DeviceId> {
        let due = self.sooner.due(now);
        self.asked += due.len() as u64;
        due
    }

    /// One that could not be asked at once, because it is being asked.
    pub(super) fn owe(&mut self, device: &DeviceId, now: UnixMs) {
        self.sooner.owe(device, now);
    }

    /// For clients; `None` where nothing is to be heard.
    pub(super) fn info(&self) -> Option<TrapsInfo> {
        let listening = self.listening.as_ref()?;
        let state = self.ear.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = state.receiver.as_ref();
        Some(TrapsInfo {
            listen: receiver.map_or(listening.listen, |r| r.address()).to_string(),
            is_heard: receiver.is_some(),
            received: self.received,
            asked: self.asked,
            merged: self.merged,
            strangers: self.welcome.strangers(),
            disbelieved: receiver.map_or(0, |receiver| receiver.disbelieved()),
        })
    }

    /// Why traps, or those of SNMPv3, are not heard, as a reason is kept; `None` when they are.
    pub(super) fn trouble(&self) -> Option<String> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }
}

async fn listen(
    listening: Listening,
    welcome: &Welcome,
    ear: &Mutex<State>,
    heard: &mpsc::Sender<Trap>,
) {
    loop {
        let error = match open(&listening, welcome).await {
            Ok(receiver) => {
                let deaf = receiver.deaf().map(str::to_owned);
                if let Some(deaf) = &deaf {
                    tracing::error!("{deaf}");
                }
                tracing::info!(listen = %receiver.address(), "hears traps");
                let receiver = Arc::new(receiver);
                set(ear, Some(Arc::clone(&receiver)), deaf);
                loop {
                    match receiver.next().await {
                        Ok(trap) if heard.send(trap).await.is_ok() => {}
                        // The daemon stops.
                        Ok(_) => return,
                        Err(error) => break error,
                    }
                }
            }
            Err(error) => error,
        };
        tracing::error!(%error, "traps are not heard");
        set(ear, None, Some(error.to_string()));
        tokio::time::sleep(AGAIN).await;
    }
}

/// A megabyte is hashed for each passphrase, and a file synchronised: not on a thread that others
/// wait for.
async fn open(listening: &Listening, welcome: &Welcome) -> Result<Receiver, TrapError> {
    let (listening, welcome) = (listening.clone(), welcome.clone());
    let runtime = tokio::runtime::Handle::current();
    let opened =
        tokio::task::spawn_blocking(move || runtime.block_on(Receiver::open(&listening, &welcome)));
    opened.await.unwrap_or_else(|error| Err(TrapError::Failed(error.to_string())))
}

fn set(ear: &Mutex<State>, receiver: Option<Arc<Receiver>>, trouble: Option<String>) {
    *ear.lock().unwrap_or_else(PoisonError::into_inner) = State { receiver, trouble };
}
