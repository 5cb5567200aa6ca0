//! Runs a program: no shell, its own process group, the event on its standard input, its output
//! bounded, killed with its children when its time is over.

use std::io::{ErrorKind, PipeReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::ANSWER_MAX;
use super::redact::Redactor;
use crate::alert::channel::{Program, Reply};
use crate::locale::{Lang, visible};
use crate::model::Secret;
use crate::t;

/// What a program is given of our environment: the rest may hold secrets.
const PASSED: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "TMPDIR"];
/// How long the output of what was killed is waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Most of an output that goes into the log and the reply, in characters.
const OUTPUT_MAX: usize = 4_096;

/// Runs it and waits for its end, and for the end of its output: its children may go on with that.
pub(super) fn run(program: &Program) -> Reply {
    let mut redactor = Redactor::default();
    for word in program.command.iter().skip(1) {
        redactor = redactor.argument(word);
    }
    for (_, value) in &program.environment {
        redactor = redactor.argument(value);
    }
    let name = program.command.first().map(Secret::reveal).unwrap_or_default();
    let shown = visible(&redactor.clean(name));
    let (mut child, reader) = match start(program, name) {
        Ok(started) => started,
        Err(error) => {
            let is_final =
                matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied);
            let reason = t!(Lang::En, "reason.cannot_run", program = shown, detail = error);
            return Reply::Failed { is_unsure: false, is_final, reason };
        }
    };
    let (ended, output) = wait(&mut child, reader, program);
    let output = bounded(&redactor.clean(&String::from_utf8_lossy(&output)));
    if !output.is_empty() {
        tracing::info!(program = %shown, %output, "what a channel's program printed");
    }
    match ended {
        Ok(code) => Reply::Ended { code, output },
        Err(reason) => Reply::Failed { is_unsure: true, is_final: false, reason },
    }
}

fn start(program: &Program, name: &str) -> std::io::Result<(Child, PipeReader)> {
    let (reader, writer) = std::io::pipe()?;
    let mut command = Command::new(name);
    command
        .args(program.command.iter().skip(1).map(Secret::reveal))
        .env_clear()
        .envs(PASSED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(program.environment.iter().map(|(name, value)| (name, value.reveal())))
        .stdin(Stdio::piped())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0);
    Ok((command.spawn()?, reader))
}

/// What happens to a program.
enum Event {
    /// It has ended; its children may go on.
    Ended,
    /// Whoever could print to its output has ended.
    Printed(Vec<u8>),
    /// Its time is over.
    Late,
}

/// Its exit status, or why there is none; and what it printed.
fn wait(
    child: &mut Child,
    reader: PipeReader,
    program: &Program,
) -> (Result<Option<i32>, String>, Vec<u8>) {
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return (Err(t!(Lang::En, "reason.no_pid")), Vec::new());
    };
    feed(child, program.input.clone());
    let (send, events) = channel();
    listen(reader, send.clone());
    let ending = send.clone();
    // Waits without reaping: until the child is reaped below, its id is nobody else's and the
    // group can be killed by it.
    std::thread::spawn(move || {
        let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let _ = ending.send(Event::Ended);
    });
    let time = Duration::from_millis(program.timeout_ms.into());
    let (done, over) = channel::<()>();
    std::thread::spawn(move || {
        if over.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
            let _ = send.send(Event::Late);
        }
    });
    let (mut has_ended, mut printed) = (false, None);
    while !has_ended || printed.is_none() {
        match events.recv() {
            Ok(Event::Ended) => has_ended = true,
            Ok(Event::Printed(output)) => printed = Some(output),
            Ok(Event::Late) | Err(_) => break,
        }
    }
    drop(done);
    // Its children outlive it in no case.
    let _ = kill_process_group(pid, Signal::KILL);
    let status = child.wait();
    // A grandchild in a session of its own may still hold the pipe: it is left to itself.
    while printed.is_none() {
        match events.recv_timeout(LAST_WORDS) {
            Ok(Event::Printed(output)) => printed = Some(output),
            Ok(Event::Ended | Event::Late) => {}
            Err(_) => break,
        }
    }
    let ended = match status {
        Err(error) => Err(t!(Lang::En, "reason.cannot_wait", detail = error)),
        // One that ended in time did what it was to do, whatever its children still do.
        Ok(status) if has_ended => Ok(status.code()),
        Ok(_) => {
            let time = crate::model::format_duration(program.timeout_ms.into());
            Err(t!(Lang::En, "reason.killed", time = time))
        }
    };
    (ended, printed.unwrap_or_default())
}

/// Writes its input from another thread: a program that reads none must not hold us up.
fn feed(child: &mut Child, input: Vec<u8>) {
    if let Some(mut stdin) = child.stdin.take() {
        std::thread::spawn(move || {
            // A program may end without reading to the end, or at all.
            let _ = stdin.write_all(&input);
        });
    }
}

/// Reads its output to the end, and keeps the first of it.
fn listen(mut reader: PipeReader, send: Sender<Event>) {
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let _ = (&mut reader).take(ANSWER_MAX as u64).read_to_end(&mut kept);
        // The rest is read too: a full pipe would hold it up.
        let _ = std::io::copy(&mut reader, &mut std::io::sink());
        let _ = send.send(Event::Printed(kept));
    });
}

/// The output made visible line by line, short enough for a log.
fn bounded(output: &str) -> String {
    let mut shown: String = output
        .lines()
        .map(|line| visible(line.trim_end()))
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    if let Some((at, _)) = shown.char_indices().nth(OUTPUT_MAX) {
        shown.truncate(at);
        shown.push('…');
    }
    shown
}
