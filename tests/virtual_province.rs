//! Real packets into the virtual province, in namespaces of its own: as root and as an ordinary
//! user, over a TUN device and over a veth pair. Each case is a process of its own, started by
//! this program from itself; a case that is not allowed here says so and is skipped.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};
use tuantra::inventory::{Defaults, load};
use tuantra::model::{Inventory, Span, UnixMs};
use tuantra::sim::link::{Kind, Link, LinkError};
use tuantra::sim::namespace::{self, NamespaceError};
use tuantra::sim::responder::Responder;
use tuantra::sim::script::{FOREVER, Fault, Script, lines_of};
use tuantra::sim::world::World;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Exit code of a case that could not be tried here.
const SKIPPED: u8 = 77;
const CASES: [&str; 3] = ["root-tun", "root-veth", "user"];
const START: UnixMs = UnixMs(1_793_491_200_000);
const NOBODY: u32 = 65_534;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|a| a == "--list") {
        return ExitCode::SUCCESS;
    }
    if let [flag, case] = arguments.as_slice()
        && flag == "--case"
    {
        return inside(case);
    }
    let wanted = |case: &str| {
        arguments.iter().filter(|a| !a.starts_with('-')).all(|a| case.contains(a.as_str()))
    };
    let mut failed = false;
    for case in CASES.into_iter().filter(|c| wanted(c)) {
        failed |= run(case).unwrap_or_else(|error| {
            say(&format!("{case} could not be started: {error}"));
            true
        });
    }
    ExitCode::from(u8::from(failed))
}

fn say(line: &str) {
    // Whoever reads the output may have gone; the exit code remains.
    let _ = writeln!(io::stdout(), "virtual_province: {line}");
}

/// Runs a case in a process of its own; true when it failed.
fn run(case: &str) -> io::Result<bool> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--case", case]);
    if case == "user" {
        command.gid(NOBODY).uid(NOBODY);
    }
    let status = match command.status() {
        // Only root can become somebody else; an ordinary user stays himself.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && case == "user" => {
            Command::new(std::env::current_exe()?).args(["--case", case]).status()?
        }
        status => status?,
    };
    Ok(match status.code() {
        Some(0) => {
            say(&format!("{case} ok"));
            false
        }
        Some(code) if code == i32::from(SKIPPED) => false,
        code => {
            say(&format!("{case} FAILED: {code:?}"));
            true
        }
    })
}

fn inside(case: &str) -> ExitCode {
    match try_case(case) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error)
            if error.is::<NamespaceError>() || error.downcast_ref().is_some_and(is_closed) =>
        {
            say(&format!("{case} skipped: {error}"));
            ExitCode::from(SKIPPED)
        }
        Err(error) => {
            say(&format!("{case}: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// `/dev/net/tun` is not there or not ours.
fn is_closed(error: &LinkError) -> bool {
    matches!(error, LinkError::Step { step: "open /dev/net/tun" | "make a TUN device", .. })
}

fn try_case(case: &str) -> Outcome {
    let entered = namespace::enter()?;
    let link = match case {
        "root-tun" => Link::tun()?,
        "root-veth" => Link::veth()?,
        _ => Link::open()?,
    };
    if case == "root-veth" && link.kind() != Kind::Veth {
        return Err("not a veth pair".into());
    }
    say(&format!("{case}: {entered:?}, {:?}", link.kind()));
    province_answers(link)
}

fn sample() -> Result<Inventory, &'static str> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory");
    load(&folder, &Defaults::default(), &jiff::tz::TimeZone::UTC)
        .inventory
        .ok_or("the sample inventory has errors")
}

#[expect(clippy::disallowed_methods, reason = "measures real packets")]
fn now() -> Instant {
    Instant::now()
}

/// Asks every address several times over: with district Cái Bè cut, exactly those answer that
/// the world says, and none sooner than it says.
fn province_answers(link: Link) -> Outcome {
    let inventory = Arc::new(sample()?);
    let cai_be = inventory.find_unit("cai-be").ok_or("no Cái Bè")?;
    let cut = Fault::cut(lines_of(&inventory, cai_be), Span::new(START, FOREVER));
    let world = || World::new(Arc::clone(&inventory), Script::new(vec![cut.clone()]), 7);
    let (truth, told) = mpsc::channel();
    let responder = Responder::start(link, world(), START, truth)?;

    let mirror = world();
    let moment = mirror.moment(START);
    let mut expected: HashMap<(IpAddr, u16), Duration> = HashMap::new();
    let addresses: Vec<IpAddr> =
        inventory.subjects.iter().flat_map(|s| &s.checks).map(|c| c.kind.address()).collect();
    const IDENT: u16 = 4242;
    const ROUNDS: u16 = 5;
    for sequence in 0..ROUNDS {
        for address in &addresses {
            let packet = u64::from(IDENT) << 16 | u64::from(sequence);
            if let Some(us) = mirror.answer(&moment, *address, packet) {
                expected.insert((*address, sequence), Duration::from_micros(us.into()));
            }
        }
    }
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    socket.set_recv_buffer_size(8 << 20)?;
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    let started = now();
    let mut sent: HashMap<(IpAddr, u16), Instant> = HashMap::new();
    let mut got: HashMap<(IpAddr, u16), Duration> = HashMap::new();
    for sequence in 0..ROUNDS {
        for address in &addresses {
            sent.insert((*address, sequence), now());
            socket.send_to(&request(IDENT, sequence), &SocketAddr::new(*address, 0).into())?;
        }
        // One round's answers are waited for, so that no queue decides the outcome.
        let due = expected.keys().filter(|(_, s)| *s <= sequence).count();
        while got.len() < due {
            let Some((key, at)) = reply(&socket)? else { break };
            if let Some(was_sent) = sent.get(&key) {
                got.insert(key, at.duration_since(*was_sent));
            }
        }
    }
    let rate = expected.len() as f64 / started.elapsed().as_secs_f64();
    say(&format!("{} answers, {rate:.0}/s", got.len()));
    let missing: Vec<_> = expected.keys().filter(|k| !got.contains_key(*k)).collect();
    let strange: Vec<_> = got.keys().filter(|k| !expected.contains_key(*k)).collect();
    if !missing.is_empty() || !strange.is_empty() {
        let (first, counters) = (missing.first(), responder.counters());
        return Err(format!(
            "{} missing ({first:?} …), {} not expected; {counters:?}",
            missing.len(),
            strange.len()
        )
        .into());
    }
    if let Some((key, early)) = got.iter().find(|(k, rtt)| **rtt < expected[*k]) {
        return Err(format!("{key:?} after {early:?}, expected {:?}", expected[key]).into());
    }
    flood(&socket, &mirror)?;
    if responder.counters().overflow.load(std::sync::atomic::Ordering::Relaxed) != 0 {
        return Err("answers were lost on the way".into());
    }
    let line = told.recv_timeout(Duration::from_secs(5))?;
    if (line.fault, line.phase, line.t) != ("cut", "start", START) {
        return Err(format!("the truth is told wrong: {line:?}").into());
    }
    drop(responder);
    Ok(())
}

/// Asks as fast as answers come back, a window at a time, and says how fast that was.
fn flood(socket: &Socket, world: &World) -> Outcome {
    const PACKETS: u16 = 20_000;
    const WINDOW: u16 = 200;
    let core = world.inventory().find_subject("dic/core-router-1").ok_or("no core router")?;
    let core = world.inventory().subject(core).checks[0].kind.address();
    let started = now();
    let mut got = 0;
    for sequence in 0..PACKETS {
        socket.send_to(&request(7, sequence), &SocketAddr::new(core, 0).into())?;
        if sequence % WINDOW == WINDOW - 1 {
            while got <= sequence {
                reply(socket)?.ok_or("an answer of the flood is missing")?;
                got += 1;
            }
        }
    }
    let rate = f64::from(PACKETS) / started.elapsed().as_secs_f64();
    say(&format!("flood: {rate:.0} answers/s"));
    Ok(())
}

fn request(ident: u16, sequence: u16) -> Vec<u8> {
    let mut icmp = vec![8, 0, 0, 0];
    icmp.extend(ident.to_be_bytes());
    icmp.extend(sequence.to_be_bytes());
    icmp.extend(*b"tuantra!");
    let sum: u32 = icmp.chunks(2).map(|p| u32::from(p[0]) << 8 | u32::from(p[1])).sum();
    let folded = (sum & 0xFFFF) + (sum >> 16);
    let sum = !(((folded & 0xFFFF) + (folded >> 16)) as u16);
    icmp[2..4].copy_from_slice(&sum.to_be_bytes());
    icmp
}

/// Who answered which sequence number, and when it was read.
type Reply = ((IpAddr, u16), Instant);

/// The next echo reply: who sent it, its sequence number, when it was read. `None` when none
/// came for half a second.
fn reply(socket: &Socket) -> io::Result<Option<Reply>> {
    loop {
        let mut bytes = [0_u8; 256];
        let len = match (&*socket).read(&mut bytes) {
            Ok(len) => len,
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        let at = now();
        // An IPv4 header of 20 bytes stands before what a raw socket reads.
        if len >= 36 && bytes[20] == 0 && bytes[28..36] == *b"tuantra!" {
            let sequence = u16::from_be_bytes([bytes[26], bytes[27]]);
            let from = IpAddr::from([bytes[12], bytes[13], bytes[14], bytes[15]]);
            return Ok(Some(((from, sequence), at)));
        }
    }
}
