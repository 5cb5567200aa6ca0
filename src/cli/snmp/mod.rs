//! `tuantra snmp`: what a device says of itself, asked now with the inventory's credential.

mod device;
mod names;
mod show;

use std::process::ExitCode;

use anyhow::bail;

use super::{EXIT_FINDING, EXIT_OK, Format, Global, context};
use crate::config::Config;
use crate::daemon::clock;
use crate::locale::{Lang, visible};
use crate::probe::snmp::ask::{Answers, VALUES_MAX, Wanted};
use crate::probe::snmp::wire::Oid;
use crate::probe::snmp::{Learned, Net, Session, SnmpError};
use crate::t;
use device::Device;
use names::Asked;

/// Ask a device what it says of itself
#[derive(Debug, clap::Args)]
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
    let (Command::Get(which) | Command::Walk { which, .. }) = &args.command;
    let lang = config.language;
    let asked = asked(lang, which, matches!(args.command, Command::Get(_)))?;
    let device = device::find(&config, which)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answered = runtime.block_on(async {
        let mut session = session(&config, &device).await?;
        match &args.command {
            Command::Get(_) => get(&mut session, &asked).await,
            Command::Walk { limit, .. } => walk(&mut session, &asked, *limit).await,
        }
    });
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
    super::print(&match which.format {
        Format::Text => show::text(lang, &answers),
        Format::Json => format!("{:#}\n", show::json(&device, &answers)),
    })?;
    if answers.iter().all(Answers::is_empty) {
        super::complain(&t!(lang, "snmp.nothing_there", device = visible(&device.name)));
        return Ok(ExitCode::from(EXIT_FINDING));
    }
    for said in answers.iter().filter_map(|answers| show::remark(lang, answers)) {
        super::complain(&said);
    }
    Ok(ExitCode::from(EXIT_OK))
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
