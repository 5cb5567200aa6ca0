//! What a command is at, for who waits at a terminal longer than a second.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::locale::{Lang, number};
use crate::t;

/// How long nothing is said.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is written anew after that.
const BEAT: Duration = Duration::from_millis(200);

/// A line on standard error, once a second is over and until this is dropped; nothing where nobody
/// looks on: cron mails what it finds there.
pub(in crate::cli) struct Slow {
    shared: Option<Arc<Shared>>,
    teller: Option<JoinHandle<()>>,
}

struct Shared {
    lang: Lang,
    stage: Mutex<Stage>,
    over: Condvar,
    done: AtomicUsize,
}

#[derive(Default)]
struct Stage {
    text: String,
    /// How many subjects there are; 0 where they are not counted.
    of: usize,
    is_over: bool,
}

impl Slow {
    pub(in crate::cli) fn new(lang: Lang) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { shared: None, teller: None };
        }
        let (stage, over) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { lang, stage, over, done: AtomicUsize::new(0) });
        let told = Arc::clone(&shared);
        // Without a thread to spare nothing is told.
        let teller = std::thread::Builder::new().name("progress".to_owned());
        let teller = teller.spawn(move || told.tell()).ok();
        Self { shared: Some(shared), teller }
    }

    /// Where nobody must be told: the screen is somebody else's.
    pub(super) const fn silent() -> Self {
        Self { shared: None, teller: None }
    }

    /// What is being done from now on, and of how many subjects where these are counted.
    pub(in crate::cli) fn now(&self, text: String, of: usize) {
        if let Some(shared) = &self.shared {
            let mut stage = shared.stage.lock().unwrap_or_else(PoisonError::into_inner);
            (stage.text, stage.of) = (text, of);
            shared.done.store(0, Ordering::Relaxed);
        }
    }

    /// How many are done.
    pub(super) fn done(&self, count: usize) {
        if let Some(shared) = &self.shared {
            shared.done.store(count, Ordering::Relaxed);
        }
    }
}

impl Shared {
    fn tell(&self) {
        let mut wait = PATIENCE;
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        while !stage.is_over {
            let next = self.over.wait_timeout(stage, wait);
            let (woken, waited) = next.unwrap_or_else(PoisonError::into_inner);
            stage = woken;
            if waited.timed_out() && !stage.is_over {
                // Nobody is left to tell when this fails.
                let _ = write!(std::io::stderr(), "\r\x1b[K{}", self.line(&stage));
                wait = BEAT;
            }
        }
        if wait == BEAT {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    fn line(&self, stage: &Stage) -> String {
        let done = self.done.load(Ordering::Relaxed);
        if stage.of == 0 || done == 0 {
            return format!("{} …", stage.text);
        }
        let count = |n: usize| number(self.lang, i64::try_from(n).unwrap_or(i64::MAX));
        let (n, of) = (count(done.min(stage.of)), count(stage.of));
        t!(self.lang, "report.slow.subjects", text = stage.text, n = n, of = of)
    }
}

impl Drop for Slow {
    /// Leaves the line to what comes next.
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.stage.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
            shared.over.notify_all();
        }
        if let Some(teller) = self.teller.take() {
            // A thread that panicked has told nothing wrong.
            let _ = teller.join();
        }
    }
}
