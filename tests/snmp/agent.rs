//! An agent that does what a script says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_snmp::message::{CommunityMessage, Message};
use async_snmp::pdu::{PduBody, StandardPduType};
use async_snmp::{CommunityVersion, DecodeConfig, Oid, Pdu, PduType, Value, VarBind, Version};
use axum::body::Bytes;
use tokio::net::UdpSocket;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    pub kind: PduType,
    pub version: Version,
    pub id: i32,
    pub objects: Vec<Oid>,
    /// Rows asked for by GETBULK.
    pub rows: u32,
    /// Objects that it does not repeat.
    pub singles: usize,
    /// How many came before it.
    pub nth: usize,
}

impl Request {
    fn read(datagram: &[u8], nth: usize) -> Option<Self> {
        let bytes = Bytes::copy_from_slice(datagram);
        let message = Message::decode(bytes, DecodeConfig::DEFAULT).ok()?.value;
        let version = message.version();
        let pdu = message.into_pdu()?;
        let (singles, rows) = match pdu.raw_body() {
            PduBody::GetBulk { non_repeaters, max_repetitions } => {
                (*non_repeaters as usize, *max_repetitions)
            }
            PduBody::Standard { .. } => (0, 0),
        };
        let objects = pdu.varbinds().iter().map(|bound| bound.oid.clone()).collect();
        let (kind, id) = (pdu.pdu_type(), pdu.request_id());
        Some(Self { kind, version, id, objects, rows, singles, nth })
    }

    /// The answer with these bindings.
    pub fn answer(&self, bindings: Vec<(Oid, Value)>) -> Vec<u8> {
        self.answer_as("public", self.id, (0, 0), bindings)
    }

    /// A refusal: its word, and the place of the object it is about, from 1; 0 for none, which the
    /// library would not send and devices do.
    pub fn refuse(&self, status: u8, index: u8) -> Vec<u8> {
        let echoed = self.objects.iter().map(|oid| (oid.clone(), Value::Null)).collect();
        const GEN_ERR: u8 = 5;
        let mut bytes = self.answer_as("public", self.id, (GEN_ERR.into(), 1), echoed);
        let is_field = |window: &[u8]| window == [0x02, 1, GEN_ERR, 0x02, 1, 1];
        let at = bytes.windows(6).rposition(is_field).unwrap();
        (bytes[at + 2], bytes[at + 5]) = (status, index);
        bytes
    }

    pub fn answer_as(
        &self,
        community: &'static str,
        id: i32,
        (error_status, error_index): (i32, i32),
        bindings: Vec<(Oid, Value)>,
    ) -> Vec<u8> {
        let bindings = bindings.into_iter().map(|(oid, value)| VarBind::new(oid, value));
        let pdu_type = StandardPduType::Response;
        let body = PduBody::Standard { pdu_type, error_status, error_index };
        let pdu = Pdu::from_raw_parts(id, body, bindings.collect());
        let version = match self.version {
            Version::V1 => CommunityVersion::V1,
            _ => CommunityVersion::V2c,
        };
        CommunityMessage::new(version, community, pdu).unwrap().encode().unwrap().to_vec()
    }

    /// What an agent that keeps the protocol would say of a MIB.
    pub fn bindings(&self, mib: &BTreeMap<Oid, Value>) -> Vec<(Oid, Value)> {
        let after = |oid: &Oid| {
            let next =
                mib.range((std::ops::Bound::Excluded(oid.clone()), std::ops::Bound::Unbounded));
            let next = next.map(|(oid, value)| (oid.clone(), value.clone())).next();
            next.unwrap_or((oid.clone(), Value::EndOfMibView))
        };
        match self.kind {
            PduType::GetRequest => self
                .objects
                .iter()
                .map(|oid| (oid.clone(), mib.get(oid).cloned().unwrap_or(Value::NoSuchInstance)))
                .collect(),
            _ => {
                let mut bindings = Vec::new();
                let mut from = self.objects.clone();
                for row in 0..self.rows.max(1) {
                    let repeated = if row == 0 { 0 } else { self.singles };
                    for oid in &mut from[repeated..] {
                        let (next, value) = after(oid);
                        *oid = next.clone();
                        bindings.push((next, value));
                    }
                }
                bindings
            }
        }
    }
}

/// An agent on loopback, until it is dropped.
pub struct Agent {
    pub port: u16,
    pub seen: Arc<Mutex<Vec<Request>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Agent {
    /// For each request the datagrams that go back.
    pub async fn start(mut script: impl FnMut(&Request) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), None, move |r| script(r)).await
    }

    /// The same on an address; with `elsewhere` the answers leave from another socket.
    pub async fn start_on(
        address: SocketAddr,
        elsewhere: Option<UdpSocket>,
        mut script: impl FnMut(&Request) -> Vec<Vec<u8>> + Send + 'static,
    ) -> Self {
        let socket = UdpSocket::bind(address).await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut buffer = vec![0; 65_536];
            for nth in 0.. {
                let (len, from) = socket.recv_from(&mut buffer).await.unwrap();
                let request = Request::read(&buffer[..len], nth).unwrap();
                noted.lock().unwrap().push(request.clone());
                for datagram in script(&request) {
                    let out = elsewhere.as_ref().unwrap_or(&socket);
                    out.send_to(&datagram, from).await.unwrap();
                }
            }
        });
        Self { port, seen, task }
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

/// A table of two columns with so many rows, and two scalars.
pub fn mib(rows: u32) -> BTreeMap<Oid, Value> {
    let mut mib = BTreeMap::new();
    mib.insert(Oid::new([1, 3, 6, 1, 1, 0]), Value::Integer(7));
    mib.insert(Oid::new([1, 3, 6, 1, 2, 0]), Value::OctetString(Bytes::from_static(b"name")));
    for row in 1..=rows {
        mib.insert(Oid::new([1, 3, 6, 5, 1, row]), Value::Integer(1));
        mib.insert(Oid::new([1, 3, 6, 5, 2, row]), Value::Counter64(u64::from(row)));
    }
    mib
}
