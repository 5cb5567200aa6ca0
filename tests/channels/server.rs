//! A server of HTTP/1.1 in the test's own process, which does to its callers what it is told.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::schema::Seen;

/// What happens to a caller.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A whole answer.
    Full { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// The request is taken, and never answered while the server lives.
    Hang,
    /// The request is taken; half of an answer comes, then the connection is closed.
    Half,
    /// The request is taken, and the connection closed.
    Close,
    /// The head of the request is read, and the connection closed.
    Deaf,
    /// Bytes that are no HTTP.
    Garbage,
    /// A body without an end.
    Flood,
}

impl Answer {
    pub fn full(status: u16, body: &str) -> Self {
        Self::Full { status, headers: Vec::new(), body: body.to_owned() }
    }

    pub fn with(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Full { status, mut headers, body } => {
                headers.push((name, value.to_owned()));
                Self::Full { status, headers, body }
            }
            other => other,
        }
    }
}

pub struct Server {
    address: SocketAddr,
    is_tls: bool,
    seen: Arc<Noted>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Requests, and whoever waits for one.
#[derive(Default)]
struct Noted {
    list: Mutex<Vec<Seen>>,
    more: Condvar,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Server {
    /// One that gives these answers in turn, the last of them for ever.
    pub fn start(answers: Vec<Answer>) -> Self {
        Self::start_with(answers, None)
    }

    /// The same with TLS.
    pub fn start_tls(
        answers: Vec<Answer>,
        chain: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        Self::start_with(answers, Some(Arc::new(config)))
    }

    fn start_with(answers: Vec<Answer>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Noted::default());
        let answers: Arc<Mutex<VecDeque<Answer>>> = Arc::new(Mutex::new(answers.into()));
        let is_over = Arc::new(AtomicBool::new(false));
        let is_tls = tls.is_some();
        let thread = {
            let (seen, answers, is_over) = (seen.clone(), answers.clone(), is_over.clone());
            std::thread::spawn(move || {
                let mut held: Vec<Box<dyn Stream>> = Vec::new();
                for stream in listener.incoming() {
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let Ok(stream) = stream else { continue };
                    let stream: Box<dyn Stream> = match &tls {
                        None => Box::new(stream),
                        Some(config) => Box::new(rustls::StreamOwned::new(
                            rustls::ServerConnection::new(config.clone()).unwrap(),
                            stream,
                        )),
                    };
                    if let Some(stream) = serve(stream, &answers, &seen) {
                        held.push(stream);
                    }
                }
            })
        };
        Self { address, is_tls, seen, answers, is_over, thread: Some(thread) }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.address.port())
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Gives these answers from now on.
    pub fn answer(&self, answers: Vec<Answer>) {
        *self.answers.lock().unwrap() = answers.into();
    }

    /// The requests since the last call.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.list.lock().unwrap())
    }

    /// The next request, waited for.
    pub fn wait(&self) -> Seen {
        let list = self.seen.list.lock().unwrap();
        let limit = std::time::Duration::from_secs(60);
        let (mut list, late) =
            self.seen.more.wait_timeout_while(list, limit, |list| list.is_empty()).unwrap();
        assert!(!late.timed_out(), "nobody called");
        list.remove(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Serves one request; a stream that comes back is held open.
fn serve(
    stream: Box<dyn Stream>,
    answers: &Mutex<VecDeque<Answer>>,
    seen: &Noted,
) -> Option<Box<dyn Stream>> {
    let next = || {
        let mut answers = answers.lock().unwrap();
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    };
    let mut reader = BufReader::new(stream);
    let (mut request, length) = head(&mut reader)?;
    let answer = next().unwrap();
    if matches!(answer, Answer::Deaf) {
        return None;
    }
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    // Noted before it is answered: who has the answer finds it noted.
    seen.list.lock().unwrap().push(request);
    seen.more.notify_all();
    let mut stream = reader.into_inner();
    let bytes = match answer {
        Answer::Full { status, headers, body } => {
            let mut text =
                format!("HTTP/1.1 {status} Whatever\r\nContent-Length: {}\r\n", body.len());
            for (name, value) in headers {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            text + "\r\n" + &body
        }
        Answer::Hang => return Some(stream),
        Answer::Half => "HTTP/1.1 200 OK\r\nContent-Length: 10".to_owned(),
        Answer::Close | Answer::Deaf => return None,
        Answer::Garbage => "\0\x01\x02 nothing of the kind\r\n\r\n".to_owned(),
        Answer::Flood => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            let chunk = vec![b'x'; 65_536];
            while stream.write_all(&chunk).is_ok() {}
            return None;
        }
    };
    let _ = stream.write_all(bytes.as_bytes());
    let _ = stream.flush();
    None
}

fn head(reader: &mut impl std::io::BufRead) -> Option<(Seen, usize)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    Some((Seen { method, path, headers, body: Vec::new() }, length))
}
