//! `tuantra discover`: looks for devices at the addresses it is given and proposes entries of the
//! inventory. Nothing is written and nobody else is asked.

mod ask;
mod guess;
mod print;
pub(super) mod propose;
mod range;
mod tree;

use std::collections::{BTreeSet, HashMap};
use std::io::{IsTerminal as _, Write as _};
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use ipnet::IpNet;

use super::snmp::device as named;
use super::{EXIT_FINDING, EXIT_OK, EXIT_USAGE, Global, context};
use crate::config::Config;
use crate::locale::{Lang, number, reason, visible};
use crate::model::{Credential, Inventory, Severity, SubjectId};
use crate::probe::ProbeError;
use crate::probe::snmp::facts::FactKind;
use crate::store::Reader;
use crate::t;
use ask::{Progress, Search, Way};
use range::{ASKED_MAX, NAMED_MAX, Range, Refusal};

/// Look for devices and propose inventory entries
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tuantra discover 10.83.32.0/24                     a prefix, at 50 packets a second
  tuantra discover 10.83.32.10-40 10.83.33.1         a range and an address
  tuantra discover cai-be/router                     a device of the inventory and what it sees beside it
  tuantra discover 10.0.0.0/8                        a large range: only what is in the address plan
  tuantra discover 10.83.32.0/24 --credential core --rate 20 > found.yaml
  tuantra discover 10.83.32.0/24 --format json | jq '.devices[] | select(.known == null)'

Asks nobody but the addresses given: by ping first, then whoever answers by SNMP. Of a range of more
than 4096 addresses, and of what a device sees beside it, only those in the address plan (prefixes:
of units and networks in the inventory) are asked. Every credential tried is seen by the device, and
a wrong one may be noted there: name the right one with --credential. Ctrl-C prints what was found
until then.

The proposal is a file of the inventory: look it over (roles and via are guesses), save it in the
inventory folder, and run tuantra check.

Exit code: 0 somebody answered, 1 nobody did, 2 wrong usage.")]
pub struct Args {
    /// A prefix, a range or an address; or a device by id, for it and what it sees beside it
    #[arg(value_name = "RANGE|DEVICE", required = true)]
    what: Vec<String>,
    /// Try only these credentials of config.yaml (default: all, in the order of the file)
    #[arg(long, value_name = "NAME")]
    credential: Vec<String>,
    /// Packets a second, 2 to 1000
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    rate: u32,
    /// Ask by SNMP whoever does not answer ping, too
    #[arg(long)]
    no_ping: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Yaml, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Entries of the inventory.
    Yaml,
    /// For programs; its keys are stable.
    Json,
}

/// What was typed, understood.
struct Meant {
    /// Whoever is asked in any case.
    addresses: Vec<IpAddr>,
    /// Those of them that are devices named by their id.
    devices: BTreeSet<IpAddr>,
}

/// Runs the command.
///
/// # Errors
/// The configuration or the inventory has errors (all printed), what was typed is neither addresses
/// nor a device, no credential can be had, this machine lets nobody ping, or standard output cannot
/// be written to.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let config = context::config(global)?;
    let lang = config.language;
    let loaded = context::load_inventory(&config);
    let Some(inventory) = loaded.inventory else {
        return Err(context::tell(&loaded.diagnostics, lang).into());
    };
    let nets: Vec<IpNet> = loaded.plan.iter().map(|(net, _)| *net).collect();
    let meant = meant(&config, &inventory, &nets, &args.what)?;
    let credentials = credentials(&config, &args.credential)?;
    let way = Way { credentials, rate: args.rate, is_ping_left_out: args.no_ping };
    let mut search = Search::new(&config, way);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let is_whole = runtime.block_on(look(&mut search, &meant, &nets, lang))?;
    let progress = search.progress();
    let known = propose::known(&inventory);
    let found: Vec<_> = search.found().cloned().collect();
    let names = (&known, &told_names(&config));
    let entries = propose::propose(&found, &inventory, names, &loaded.plan, &meant.devices);
    super::print(&match args.format {
        Format::Yaml => print::yaml(lang, &args.what.join(" "), &entries, progress),
        Format::Json => format!("{:#}\n", print::json(&entries, progress, is_whole)),
    })?;
    if !is_whole {
        let n = |n: usize| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
        let (done, total) = (n(progress.done), n(progress.total));
        super::complain(&t!(lang, "discover.ended", done = done, total = total));
    }
    Ok(ExitCode::from(if entries.is_empty() { EXIT_FINDING } else { EXIT_OK }))
}

/// The names by which the inventory's devices go among their neighbours, as the store remembers them;
/// one that two have names nobody. A store that cannot be read makes no difference but this.
fn told_names(config: &Config) -> propose::Named {
    let told = Reader::open(&config.store).and_then(|reader| reader.newest_sightings());
    let mut names: HashMap<String, Option<SubjectId>> = HashMap::new();
    for (id, facts) in told.unwrap_or_default() {
        let name = facts.iter().find(|fact| &*fact.key == FactKind::Name.as_str());
        let name = name.map(|fact| tree::plain(&fact.value)).filter(|name| !name.is_empty());
        if let Some(name) = name {
            names.entry(name).and_modify(|of| *of = None).or_insert(Some(id));
        }
    }
    names.into_iter().filter_map(|(name, id)| Some((name, id?))).collect()
}

/// Asks everybody, then what the devices named see beside them; false when it was ended early.
async fn look(
    search: &mut Search,
    meant: &Meant,
    plan: &[IpNet],
    lang: Lang,
) -> anyhow::Result<bool> {
    let mut shown = Shown { lang, is_terminal: std::io::stderr().is_terminal(), last: None };
    let whole = tokio::select! {
        asked = both(search, meant, plan, &mut shown) => asked.map(|()| true),
        ended = tokio::signal::ctrl_c() => ended.map(|()| false).map_err(Into::into),
    };
    shown.end();
    whole
}

async fn both(
    search: &mut Search,
    meant: &Meant,
    plan: &[IpNet],
    shown: &mut Shown,
) -> anyhow::Result<()> {
    let lang = shown.lang;
    let in_words = |error| match error {
        ProbeError::NotPermitted { source, .. } => {
            let said = reason(lang, &source.to_string());
            anyhow!(t!(lang, "daemon.may_not_ping", error = said))
        }
        other => anyhow!(other),
    };
    search.ask(&meant.addresses, |progress| shown.tell(progress)).await.map_err(in_words)?;
    let named = search.found().filter(|found| meant.devices.contains(&found.address));
    let said = named.filter_map(|found| found.said.as_ref());
    let seen = said.flat_map(|said| {
        let neighbours = said.neighbours.iter().filter_map(|neighbour| neighbour.address);
        neighbours.chain(said.cards.iter().map(|card| card.ip))
    });
    let seen: BTreeSet<IpAddr> = seen.map(|address| address.to_canonical()).collect();
    let is_planned = |address: &IpAddr| plan.iter().any(|net| net.contains(address));
    let seen: Vec<IpAddr> = seen.into_iter().filter(is_planned).take(ASKED_MAX).collect();
    search.ask(&seen, |progress| shown.tell(progress)).await.map_err(in_words)?;
    Ok(())
}

fn meant(
    config: &Config,
    inventory: &Inventory,
    plan: &[IpNet],
    what: &[String],
) -> anyhow::Result<Meant> {
    let lang = config.language;
    let mut addresses = BTreeSet::new();
    let mut devices = BTreeSet::new();
    let n = |n: u128| number(lang, i64::try_from(n).unwrap_or(i64::MAX));
    for word in what {
        let Some(range) = Range::parse(word) else {
            let word = word.trim();
            if is_like_addresses(word) {
                bail!(t!(lang, "discover.no_address", word = visible(word)));
            }
            let device = named::named(config, inventory, word)?;
            let Some(address) = named::address_of(device) else {
                bail!(t!(lang, "snmp.no_address", device = device.id))
            };
            devices.insert(address);
            addresses.insert(address);
            continue;
        };
        match range.addresses(plan) {
            Ok(all) => addresses.extend(all),
            Err(Refusal::TooLarge(size)) => bail!(t!(
                lang,
                "discover.too_large",
                range = visible(word),
                size = n(size),
                max = n(NAMED_MAX)
            )),
            Err(Refusal::TooMany(size)) => bail!(t!(
                lang,
                "discover.too_many",
                range = visible(word),
                size = n(size),
                max = n(ASKED_MAX as u128)
            )),
        }
    }
    if addresses.len() > ASKED_MAX {
        let (size, max) = (n(addresses.len() as u128), n(ASKED_MAX as u128));
        bail!(t!(lang, "discover.too_many", range = what.join(" "), size = size, max = max));
    }
    Ok(Meant { addresses: addresses.into_iter().collect(), devices })
}

/// Whether a word that is no address was to be one: ids have letters and no colon.
fn is_like_addresses(word: &str) -> bool {
    let is_figure = |c: char| c.is_ascii_digit() || matches!(c, '.' | '/' | '-');
    word.contains(':') || (word.contains('.') && word.chars().all(is_figure))
}

/// Those to be tried. Of all of them, one whose secrets cannot be had by this user is left out, with
/// a complaint; one that was named must be had.
fn credentials(config: &Config, wanted: &[String]) -> anyhow::Result<Vec<Arc<Credential>>> {
    if !wanted.is_empty() {
        let one = |name: &String| named::credential(config, name).map(Arc::new);
        return wanted.iter().map(one).collect();
    }
    let (found, missing) = config.fetch_credentials(Severity::Warning);
    if !missing.is_empty() {
        context::tell(&missing, config.language);
    }
    if found.is_empty() && !config.credentials.is_empty() {
        return Err(context::Told(EXIT_USAGE).into());
    }
    Ok(found.into_iter().map(Arc::new).collect())
}

/// One line on standard error, drawn over on a terminal; elsewhere only its last state.
struct Shown {
    lang: Lang,
    is_terminal: bool,
    last: Option<Progress>,
}

impl Shown {
    fn tell(&mut self, progress: Progress) {
        if self.last == Some(progress) {
            return;
        }
        self.last = Some(progress);
        if self.is_terminal {
            let mut stderr = std::io::stderr().lock();
            // Progress that nobody can see is no reason to stop.
            let _ = write!(stderr, "\r{}", self.line(progress)).and_then(|()| stderr.flush());
        }
    }

    fn end(&self) {
        let Some(progress) = self.last else { return };
        let start = if self.is_terminal { "\r" } else { "" };
        let _ = writeln!(std::io::stderr(), "{start}{}", self.line(progress));
    }

    fn line(&self, progress: Progress) -> String {
        let n = |n: usize| number(self.lang, i64::try_from(n).unwrap_or(i64::MAX));
        t!(
            self.lang,
            "discover.progress",
            done = n(progress.done),
            total = n(progress.total),
            alive = n(progress.alive),
            told = n(progress.told)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_to_be_an_address_is_told_from_a_device() {
        for word in ["127.0.3.300", "10.0.0.1/40", "10.0.0.40-10.0.0.10", "fe80::zz", "10.0.0."] {
            assert!(Range::parse(word).is_none() && is_like_addresses(word), "{word}");
        }
        for word in ["cai-be/router-1", "dic", "cai-be.hoa-khanh/ups", "2026", "router 1.3"] {
            assert!(!is_like_addresses(word), "{word}");
        }
    }
}
