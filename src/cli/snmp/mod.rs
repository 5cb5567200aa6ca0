//! `tuantra snmp`: what a device says of itself, asked now with the inventory's credential.

pub(super) mod device;
mod names;
mod show;
pub(super) mod told;

use std::process::ExitCode;

use anyhow::bail;

use super::report::Slow;
use super::{EXIT_FINDING, EXIT_OK, Format, Global, context};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{Lang, visible};
use crate::probe::snmp::ask::{Answers, VALUES_MAX, Wanted};
use crate::probe::snmp::profile::Profiles;
use crate::probe::snmp::wire::Oid;
use crate::probe::snmp::{Learned, Net, Session, SnmpError};
use crate::t;
use device::Device;
use names::Asked;

/// Ask a device what it says of itself
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tuantra snmp facts cai-be/router                 what it is, its UPS, measurements, neighbours
  tuantra snmp interfaces cai-be/router --measure 10s
  tuantra snmp get cai-be/router sysUpTime         a value, by name or OID
  tuantra snmp walk cai-be/router ifTable          a table

What a device is asked with is the credential that the inventory names for it (snmp: NAME).")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print single values
    #[command(after_help = "\
Examples:
  tuantra snmp get dic/core-router-1                       name, description, location, uptime
  tuantra snmp get dic/core-router-1 sysUpTime ifDescr.3   by name
  tuantra snmp get dic/core-router-1 1.3.6.1.2.1.1.5.0     by OID
  tuantra snmp get 10.82.0.2 --credential core             an address that is in no inventory
  tuantra snmp get dic/core-router-1 --format json | jq '.values[].value'

Community, user and passphrases are those of the credential that the inventory names for the device
(snmp: NAME). A device that does not answer is told with the likely reasons: devices do not answer
whom they do not know, so a wrong passphrase and a closed port look alike.

Exit code: 0 told, 1 no answer, or it has none of these values, 2 wrong usage or an unknown name.")]
    Get(Which),
    /// Print everything below an object
    #[command(after_help = "\
Examples:
  tuantra snmp walk dic/core-router-1                      the system group
  tuantra snmp walk dic/core-router-1 ifTable              a table, by name
  tuantra snmp walk dic/core-router-1 ifName ifAlias       columns
  tuantra snmp walk dic/core-router-1 1.3.6.1.4.1 --limit 200
  tuantra snmp walk 10.82.0.2 --credential core --format json

Exit code: 0 told, 1 no answer, or there is nothing below, 2 wrong usage or an unknown name.")]
    Walk {
        #[command(flatten)]
        which: Which,
        /// Most values printed of each object
        #[arg(long, default_value_t = VALUES_MAX, value_name = "N")]
        limit: usize,
    },
    /// Print what a device says it is: make, versions, uptime, UPS, measurements, neighbours
    #[command(after_help = "\
Examples:
  tuantra snmp facts dic/core-router-1
  tuantra snmp facts 10.82.0.2 --credential core --format json | jq .said.facts

What was said before, and since when, is kept: tuantra inventory show dic/core-router-1.

Exit code: 0 told, 1 no answer, 2 wrong usage.")]
    Facts(Whom),
    /// Print a device's interfaces
    #[command(after_help = "\
Examples:
  tuantra snmp interfaces dic/core-router-1                 which there are, and which are up
  tuantra snmp interfaces dic/core-router-1 --measure 10s   what passes through them, too
  tuantra snmp interfaces cai-be/router --format json | jq '.said.interfaces[] | .name'

The names are what interface: of a connection in the inventory means.

Exit code: 0 told, 1 no answer, or there are none, 2 wrong usage.")]
    Interfaces {
        #[command(flatten)]
        whom: Whom,
        /// Ask twice, so long apart (5s to 10m), and print what passed in between
        #[arg(long, value_name = "LENGTH", value_parser = measured)]
        measure: Option<std::time::Duration>,
    },
}

/// A length of time in which counters tell something.
fn measured(text: &str) -> Result<std::time::Duration, String> {
    let ms = crate::model::parse_duration(text).ok().and_then(|ms| u64::try_from(ms).ok());
    let ms = ms.filter(|ms| (5_000..=600_000).contains(ms));
    ms.map(std::time::Duration::from_millis).ok_or_else(|| "5s to 10m".to_owned())
}

#[derive(Debug, clap::Args)]
struct Whom {
    /// A device by id, or an address
    #[arg(value_name = "DEVICE")]
    device: String,
    /// Ask with another credential of config.yaml
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    /// Ask at another address
    #[arg(long, value_name = "ADDRESS")]
    address: Option<std::net::IpAddr>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

impl Whom {
    fn which(&self) -> Which {
        let Self { device, credential, address, format } = self;
        Which {
            device: device.clone(),
            oids: Vec::new(),
            credential: credential.clone(),
            address: *address,
            format: *format,
        }
    }
}

#[derive(Debug, clap::Args)]
struct Which {
    /// A device by id, or an address
    #[arg(value_name = "DEVICE")]
    device: String,
    /// OIDs, or names such as sysUpTime, ifDescr.3, ifTable
    #[arg(value_name = "OID")]
    oids: Vec<String>,
    /// Ask with another credential of config.yaml
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    /// Ask at another address
    #[arg(long, value_name = "ADDRESS")]
    address: Option<std::net::IpAddr>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// The configuration or the inventory has errors (all printed), no single device is meant, there is no
/// credential, or standard output cannot be written to.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let which = match &args.command {
        Command::Get(which) | Command::Walk { which, .. } => which,
        Command::Facts(whom) => return tell(&config, &whom.which(), None, false),
        Command::Interfaces { whom, measure } => {
            return tell(&config, &whom.which(), *measure, true);
        }
    };
    let lang = config.language;
    let asked = asked(lang, which, matches!(args.command, Command::Get(_)))?;
    let device = device::find(&config, which)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let slow = asking(lang, &device);
    let answered = runtime.block_on(async {
        let mut session = session(&config, &device).await?;
        match &args.command {
            Command::Get(_) => get(&mut session, &asked).await,
            Command::Walk { limit, .. } => walk(&mut session, &asked, *limit).await,
            Command::Facts(_) | Command::Interfaces { .. } => Ok(Vec::new()),
        }
    });
    drop(slow);
    let answers = match answered {
        Ok(answers) => answers,
        Err(error) => {
            super::complain(&show::failure(lang, &device, &error));
            if which.format == Format::Json {
                super::print(&format!("{:#}\n", show::json_failure(&device, &error)))?;
            }
            return Ok(ExitCode::from(EXIT_FINDING));
        }
    };
    // What is asked for when nothing was typed is there or not.
    let typed = if which.oids.is_empty() { &[] } else { asked.as_slice() };
    let missing = missing(typed, &answers);
    super::print(&match which.format {
        Format::Text => show::text(lang, &answers),
        Format::Json => format!("{:#}\n", show::json(&device, &answers, &missing)),
    })?;
    if answers.iter().all(Answers::is_empty) {
        super::complain(&t!(lang, "snmp.nothing_there", device = visible(&device.name)));
        return Ok(ExitCode::from(EXIT_FINDING));
    }
    if !missing.is_empty() {
        let objects = missing.join(", ");
        super::complain(&t!(
            lang,
            "snmp.missing",
            device = visible(&device.name),
            objects = objects
        ));
    }
    let limit = match &args.command {
        Command::Walk { limit, .. } => *limit,
        Command::Get(_) | Command::Facts(_) | Command::Interfaces { .. } => usize::MAX,
    };
    for said in answers.iter().filter_map(|answers| show::remark(lang, answers, limit)) {
        super::complain(&said);
    }
    Ok(ExitCode::from(EXIT_OK))
}

/// What was asked for and is not there, by its name.
fn missing(asked: &[Asked], answers: &[Answers]) -> Vec<String> {
    let is_there = |object: &&Asked| {
        let mut all = answers.iter().flat_map(Answers::iter);
        all.any(|(oid, _)| oid == object.instance || oid.starts_with(&object.root))
    };
    let gone = asked.iter().filter(|object| !is_there(object));
    gone.map(|object| {
        names::name(if object.is_whole_column { &object.root } else { &object.instance })
    })
    .collect()
}

/// What the patrol would read of a device.
fn tell(
    config: &Config,
    which: &Which,
    measure: Option<std::time::Duration>,
    are_interfaces: bool,
) -> anyhow::Result<ExitCode> {
    let lang = config.language;
    let device = device::find(config, which)?;
    // What is wrong with one is told by `check` and whoever patrols; here the others serve.
    let (profiles, _) = Profiles::load(config.snmp_profiles.as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let slow = asking(lang, &device);
    let told = runtime.block_on(async {
        let mut session = session(config, &device).await?;
        told::read(&mut session, &profiles, measure).await
    });
    drop(slow);
    let told = match told {
        Ok(told) => told,
        Err(error) => {
            super::complain(&show::failure(lang, &device, &error));
            if which.format == Format::Json {
                super::print(&format!("{:#}\n", show::json_failure(&device, &error)))?;
            }
            return Ok(ExitCode::from(EXIT_FINDING));
        }
    };
    let has_none = are_interfaces && told.has_no_interfaces();
    super::print(&match which.format {
        Format::Json => format!("{:#}\n", told::json(&device, &told)),
        Format::Text if has_none => String::new(),
        Format::Text if are_interfaces => told::interfaces_text(lang, &told),
        Format::Text => told::facts_text(lang, &told),
    })?;
    if has_none {
        super::complain(&t!(lang, "snmp.no_interfaces", device = visible(&device.name)));
        return Ok(ExitCode::from(EXIT_FINDING));
    }
    Ok(ExitCode::from(EXIT_OK))
}

/// Says at a terminal who is being asked with what, while that takes its time.
fn asking(lang: Lang, device: &Device) -> Slow {
    let slow = Slow::new(lang);
    let (name, address, way) = (visible(&device.name), device.address, device.way(lang));
    slow.now(t!(lang, "snmp.asking", device = name, address = address, way = way), 0);
    slow
}

fn asked(lang: Lang, which: &Which, is_get: bool) -> anyhow::Result<Vec<Asked>> {
    const SYSTEM: [&str; 5] = ["sysDescr", "sysObjectID", "sysUpTime", "sysName", "sysLocation"];
    let usual: &[&str] = if is_get { &SYSTEM } else { &["system"] };
    let usual = usual.iter().map(|word| (*word).to_owned()).collect();
    let words = if which.oids.is_empty() { &usual } else { &which.oids };
    let mut asked = Vec::new();
    for word in words {
        let Some(found) = names::read(word) else {
            let near = names::nearest(word).map_or_else(String::new, |near| {
                format!(": {}", t!(lang, "config.did_you_mean", word = near))
            });
            bail!("{}{near}", t!(lang, "snmp.unknown_object", word = visible(word)));
        };
        if is_get && found.is_whole_column {
            bail!(t!(lang, "snmp.column", word = visible(word)));
        }
        asked.push(found);
    }
    Ok(asked)
}

async fn session(config: &Config, device: &Device) -> Result<Session, SnmpError> {
    let net = Net::new(config.snmp, clock::now());
    net.session(device.address, &device.credential, Learned::default(), None).await
}

async fn get(session: &mut Session, asked: &[Asked]) -> Result<Vec<Answers>, SnmpError> {
    let scalars: Vec<Oid> = asked.iter().map(|asked| asked.instance.clone()).collect();
    Ok(vec![session.ask(&Wanted { scalars, columns: Vec::new() }).await?])
}

/// Each object's subtree; one that has nothing below may be a value itself.
async fn walk(
    session: &mut Session,
    asked: &[Asked],
    limit: usize,
) -> Result<Vec<Answers>, SnmpError> {
    let mut all = Vec::new();
    for object in asked {
        let below = session.walk(&object.root, limit).await?;
        if below.is_empty() {
            all.extend(get(session, std::slice::from_ref(object)).await?);
        } else {
            all.push(below);
        }
    }
    Ok(all)
}
