//! `tuantra demo`: the real daemon against a virtual province, in a namespace of its own.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use anyhow::Context as _;

use super::{EXIT_OK, Global, context};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::Lang;
use crate::model::{Inventory, parse_duration};
use crate::sim::link::Link;
use crate::sim::namespace;
use crate::sim::responder::Responder;
use crate::sim::script::{Script, Truth};
use crate::sim::services::{self, Authority};
use crate::sim::world::World;
use crate::t;

mod folder;
mod past;
mod show;
mod signals;
mod watch;

use folder::Folder;
use signals::Signals;

/// Patrol a virtual province
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tuantra demo                        the dashboard over a virtual Tien Giang
  tuantra demo --headless --for 60s   no terminal needed; ends with the coverage report
  tuantra demo --folder /tmp/tg       keep the database and go on with it next time

No real address is ever contacted: everything happens in a network namespace of its own. Where
namespaces are not allowed, --loopback asks 127.0.0.0/8 instead, without faults.")]
pub struct Args {
    /// No dashboard: print what happens, and the coverage report at the end
    #[arg(long)]
    headless: bool,
    /// End after this time (60s, 5m); without it at q or Ctrl-C
    #[arg(long = "for", value_name = "LENGTH")]
    lasts: Option<String>,
    /// No namespace and no faults: every address is this machine itself
    #[arg(long)]
    loopback: bool,
    /// Another seed, other faults
    #[arg(long, default_value_t = 2016, value_name = "N")]
    seed: u64,
    /// Work in this folder and keep it; a store already in it is gone on with
    #[arg(long, value_name = "DIR")]
    folder: Option<std::path::PathBuf>,
    /// Keep the folder at the end
    #[arg(long)]
    keep: bool,
}

/// Runs the command.
///
/// # Errors
/// Whatever stopped it, with context.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let lang = match &global.lang {
        Some(word) => word.parse::<Lang>()?,
        None => Lang::default(),
    };
    let lasts_ms = args.lasts.as_deref().map(parse_duration).transpose().context("--for")?;
    if !args.headless && !std::io::stdout().is_terminal() {
        anyhow::bail!(t!(lang, "demo.no_terminal"));
    }
    if !args.loopback {
        // First of all: it must happen while the process has a single thread.
        namespace::enter().with_context(|| t!(lang, "demo.no_namespace"))?;
    }
    let folder = Folder::prepare(args.folder.as_deref(), args.keep, args.loopback, lang)?;
    let inside = Global { config: folder.config(), lang: Some(lang.as_str().to_owned()) };
    let config = context::config(&inside)?;
    let inventory = Arc::new(context::inventory(&config)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        if !config.store.exists() && !fill(&config, &inventory, args.seed, &mut signals).await? {
            return Ok(());
        }
        let (truth, told) = mpsc::channel();
        let responder = if args.loopback {
            None
        } else {
            let province = province(&folder, &inventory, args.seed, truth);
            Some(province.with_context(|| t!(lang, "demo.no_province"))?)
        };
        let show = show::Show {
            folder: &folder,
            socket: &config.socket,
            timezone: &config.timezone,
            lang,
            headless: args.headless,
            lasts_ms,
            told: &told,
            responder: responder.as_ref(),
        };
        show.run(&mut signals).await
    })?;
    Ok(ExitCode::from(EXIT_OK))
}

/// Fills the new store with a past; false when a signal came in between.
async fn fill(
    config: &Config,
    inventory: &Arc<Inventory>,
    seed: u64,
    signals: &mut Signals,
) -> anyhow::Result<bool> {
    let stop = Arc::new(AtomicBool::new(false));
    let (config, inventory, stopped) = (config.clone(), Arc::clone(inventory), Arc::clone(&stop));
    let mut task =
        tokio::task::spawn_blocking(move || past::write(&config, &inventory, seed, &stopped));
    let signalled = tokio::select! {
        done = &mut task => return done?,
        () = signals.any() => true,
    };
    stop.store(signalled, Ordering::Relaxed);
    task.await??;
    Ok(false)
}

/// Opens the device into the province and has it answered for; the script begins now.
fn province(
    folder: &Folder,
    inventory: &Arc<Inventory>,
    seed: u64,
    truth: mpsc::Sender<Truth>,
) -> anyhow::Result<Responder> {
    let link = Link::open()?;
    let now = clock::now();
    let script = Script::demo(inventory, now, seed);
    let authority = Authority::new()?;
    std::fs::write(folder.authority(), authority.pem())
        .with_context(|| format!("write {}", folder.authority().display()))?;
    let world = World::new(Arc::clone(inventory), script.clone(), seed);
    services::start(world, authority, clock::now)?;
    let world = World::new(Arc::clone(inventory), script, seed);
    Ok(Responder::start(link, world, now, truth)?)
}
