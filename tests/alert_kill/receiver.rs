//! A service that takes messages by HTTP and remembers each: now slow to answer, now not answering
//! at all, now full.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tuantra::alert::Notice;

/// Longest that it thinks about an answer.
const SLOW_MS: u64 = 400;

/// A message that came.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its name in the outbox.
    pub key: String,
    /// Its `Idempotency-Key`.
    pub idempotency: String,
    pub notice: Notice,
    pub got: Instant,
    /// When its answer was written; `None`: not yet, or to nobody.
    pub answered: Option<Instant>,
    /// It was taken, and the line closed in place of an answer.
    pub is_silent: bool,
}

#[derive(Debug, Default)]
struct Book {
    deliveries: Vec<Delivery>,
    /// Requests that were turned away.
    refused: usize,
}

/// The service; it goes on while the daemon is killed.
#[derive(Clone)]
pub struct Receiver {
    book: Arc<(Mutex<Book>, Condvar)>,
    pub address: SocketAddr,
}

impl Receiver {
    pub fn start(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let receiver = Self { book: Arc::default(), address };
        let serving = receiver.clone();
        std::thread::spawn(move || {
            for (n, stream) in (1_u64..).zip(listener.incoming()) {
                let serving = serving.clone();
                let mut dice = seed.wrapping_mul(n).wrapping_add(n) | 1;
                // A daemon that is killed in the middle of a request is no failure of the service.
                std::thread::spawn(move || serving.serve(stream.ok()?, &mut dice).ok());
            }
        });
        receiver
    }

    fn serve(&self, stream: TcpStream, dice: &mut u64) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut stream = stream;
        let (mut idempotency, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "idempotency-key" => value.trim().clone_into(&mut idempotency),
                "content-length" => length = value.trim().parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let answer = |status: &str, more: &str| {
            format!("HTTP/1.1 {status}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n")
        };
        let manner = super::random(dice) % 20;
        if manner < 3 {
            self.book.0.lock().unwrap().refused += 1;
            let text = if manner == 0 {
                answer("429 Too Many Requests", "Retry-After: 1\r\n")
            } else {
                answer("503 Service Unavailable", "")
            };
            return stream.write_all(text.as_bytes());
        }
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let notice: Notice = serde_json::from_value(body["notice"].clone()).unwrap();
        let key = body["key"].as_str().unwrap().to_owned();
        assert!(!idempotency.is_empty(), "a message without a key: {body}");
        let is_silent = manner == 3;
        let (got, answered) = (Instant::now(), None);
        let delivery = Delivery { key, idempotency, notice, got, answered, is_silent };
        let mut book = self.book.0.lock().unwrap();
        let place = book.deliveries.len();
        book.deliveries.push(delivery);
        drop(book);
        self.book.1.notify_all();
        if is_silent {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(super::random(dice) % SLOW_MS));
        stream.write_all(answer("200 OK", "").as_bytes())?;
        stream.flush()?;
        self.book.0.lock().unwrap().deliveries[place].answered = Some(Instant::now());
        Ok(())
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.book.0.lock().unwrap().deliveries.clone()
    }

    pub fn refused(&self) -> usize {
        self.book.0.lock().unwrap().refused
    }

    /// Waits until more than `count` messages have come; false when none has in that time.
    pub fn comes_after(&self, count: usize, patience: Duration) -> bool {
        let (book, come) = (&self.book.0, &self.book.1);
        let guard = book.lock().unwrap();
        let is_few = |book: &mut Book| book.deliveries.len() <= count;
        !come.wait_timeout_while(guard, patience, is_few).unwrap().1.timed_out()
    }
}
