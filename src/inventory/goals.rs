//! The lines of `plan`, and what a contract owes for missed levels (`penalty`).

use super::entries::{Context, id, required_text, text};
use super::node::{Fields, Node, check_keys};
use super::place::{At, Desk, Finding};
use super::resolve::{self, Names};
use super::scalar::{self, Ref};
use super::subjects;
use crate::model::{
    Id, Message, NetworkIx, Penalty, PenaltyStep, PlanItem, Progress, Rung, Tier, UnixMs,
};

/// Most that anything of a contract may cost, in whole units of currency.
const PRICE_MAX: i64 = 1_000_000_000_000;
/// Most of anything that a plan asks for.
const GOAL_MAX: i64 = 1_000_000;

/// A line of the plan, its network not yet found.
#[derive(Debug)]
pub(super) struct RawPlanItem {
    pub id: Id,
    name: String,
    group: Option<String>,
    goal: Option<u32>,
    due: Option<UnixMs>,
    progress: RawProgress,
}

#[derive(Debug)]
enum RawProgress {
    Declared { done: u32, at: Option<UnixMs>, source: Option<String> },
    Measured { network: Ref, tier: Option<Tier>, rung: Rung },
}

/// `penalty` of a carrier.
pub(super) fn penalty(desk: &mut Desk, fields: &Fields<'_>) -> Option<Penalty> {
    let contract = fields.sub(desk, "penalty", &["monthly_price", "prices", "steps"])?;
    let monthly_price = contract.get("monthly_price").and_then(|n| price(desk, "monthly_price", n));
    let mut prices = Vec::new();
    for node in contract.get("prices").map_or(&[][..], |n| n.as_list(desk, "prices")) {
        let Some(map) = node.as_map(desk, "prices") else { continue };
        check_keys(desk, map, &["bandwidth", "bandwidth_mbps", "price"]);
        let entry = Fields::new(node.at, map);
        let kbps = subjects::bandwidth(desk, &entry);
        let cost = entry.required(desk, "price").and_then(|n| price(desk, "price", n));
        prices.extend(kbps.zip(cost));
    }
    let mut steps: Vec<PenaltyStep> = Vec::new();
    let listed = contract.required(desk, "steps");
    for node in listed.map_or(&[][..], |n| n.as_list(desk, "steps")) {
        let Some(map) = node.as_map(desk, "steps") else { continue };
        check_keys(desk, map, &["below", "pct"]);
        let entry = Fields::new(node.at, map);
        let below = entry.required(desk, "below").and_then(|n| scalar::share_ppm(desk, n));
        let pct = entry
            .required(desk, "pct")
            .and_then(|n| scalar::decimal(desk, "pct", n, 2, 0..=10_000));
        let (Some(below), Some(pct)) = (below, pct) else { continue };
        let (Ok(below_ppm), Ok(pct_hundredths)) = (u32::try_from(below), u32::try_from(pct)) else {
            continue;
        };
        if steps.iter().any(|known| known.below_ppm == below_ppm) {
            desk.report(Finding::error(node.at, Message::new("goals.same_step")));
        }
        // A worse availability that costs less is a slip of whoever typed it in.
        let is_odd = steps.iter().any(|known| {
            (known.below_ppm < below_ppm) != (known.pct_hundredths > pct_hundredths)
                && known.pct_hundredths != pct_hundredths
                && known.below_ppm != below_ppm
        });
        if is_odd {
            desk.report(Finding::warning(node.at, Message::new("goals.odd_step")));
        }
        steps.push(PenaltyStep { below_ppm, pct_hundredths });
    }
    Some(Penalty { monthly_price, prices, steps })
}

fn price(desk: &mut Desk, key: &str, node: &Node) -> Option<i64> {
    scalar::whole(desk, key, node, 0..=PRICE_MAX)
}

/// A line of `plan`.
pub(super) fn read(desk: &mut Desk, context: &Context<'_>, node: &Node) -> Option<RawPlanItem> {
    let map = node.as_map(desk, "plan")?;
    check_keys(
        desk,
        map,
        &["id", "name", "group", "goal", "due", "done", "at", "source", "measured"],
    );
    let fields = Fields::new(node.at, map);
    let (at, id) = id(desk, &fields, "plan");
    let name = required_text(desk, &fields, "name");
    let group = text(desk, &fields, "group");
    let goal = count(desk, &fields, "goal");
    let due = date(desk, context, &fields, "due");
    let progress = match (fields.get("done"), fields.sub(desk, "measured", &MEASURED_KEYS)) {
        (Some(_), None) => {
            if fields.get("goal").is_none() {
                desk.report(Finding::error(at, Message::new("goals.no_goal")));
            }
            let done = count(desk, &fields, "done")?;
            let source = text(desk, &fields, "source");
            RawProgress::Declared { done, at: date(desk, context, &fields, "at"), source }
        }
        (None, Some(measured)) => measured_by(desk, &measured)?,
        (Some(_), Some(_)) => return refuse(desk, at, "goals.both"),
        (None, None) => return refuse(desk, at, "goals.neither"),
    };
    Some(RawPlanItem { id, name, group, goal, due, progress })
}

const MEASURED_KEYS: [&str; 3] = ["network", "tier", "rung"];

fn measured_by(desk: &mut Desk, fields: &Fields<'_>) -> Option<RawProgress> {
    let network = fields.required(desk, "network");
    let network = network.and_then(|n| scalar::reference(desk, "network", n));
    let word = |desk: &mut Desk, key: &str, words: &[&'static str]| {
        fields.get(key).and_then(|n| scalar::one_of(desk, key, n, words))
    };
    let tier = word(desk, "tier", &Tier::ALL.map(Tier::as_str));
    let rung = word(desk, "rung", &Rung::ALL.map(Rung::as_str));
    Some(RawProgress::Measured {
        network: network?,
        tier: tier.and_then(|t| Tier::ALL.into_iter().find(|tier| tier.as_str() == t)),
        rung: rung
            .and_then(|r| Rung::ALL.into_iter().find(|rung| rung.as_str() == r))
            .unwrap_or(Rung::Live),
    })
}

fn refuse<T>(desk: &mut Desk, at: At, message: &'static str) -> Option<T> {
    desk.report(Finding::error(at, Message::new(message)));
    None
}

fn count(desk: &mut Desk, fields: &Fields<'_>, key: &str) -> Option<u32> {
    let found = fields.get(key).and_then(|n| scalar::whole(desk, key, n, 0..=GOAL_MAX))?;
    u32::try_from(found).ok()
}

fn date(desk: &mut Desk, context: &Context<'_>, fields: &Fields<'_>, key: &str) -> Option<UnixMs> {
    fields.get(key).and_then(|n| scalar::instant(desk, key, n, context.zone))
}

/// The plan with its networks found; lines that name an unknown one are reported and left out.
pub(super) fn resolve(desk: &mut Desk, networks: &Names<'_>, raw: &[RawPlanItem]) -> Vec<PlanItem> {
    let mut found = Vec::new();
    for item in raw {
        let progress = match &item.progress {
            RawProgress::Declared { done, at, source } => {
                Progress::Declared { done: *done, at: *at, source: source.clone() }
            }
            RawProgress::Measured { network, tier, rung } => {
                let ix = resolve::find(desk, networks, network, "check.unknown_network");
                let Some(ix) = ix.and_then(|ix| u32::try_from(ix).ok()) else { continue };
                Progress::Measured { network: NetworkIx(ix), tier: *tier, rung: *rung }
            }
        };
        found.push(PlanItem {
            id: item.id.clone(),
            name: item.name.clone(),
            group: item.group.clone(),
            goal: item.goal,
            due: item.due,
            progress,
        });
    }
    found
}
