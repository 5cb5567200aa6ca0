//! The reference's view of the sentinels (rule 7): could the patrol see when a round failed?

use tuantra::model::{CarrierId, Inventory, Sentinel, SubjectIx, UnixMs, Via};

/// Failed rounds in a row until a sentinel is lost.
const LOST_AFTER: u32 = 3;

/// What the sentinels say of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// The patrol could see.
    Clear,
    /// That is not known yet.
    Unknown,
    /// It could not.
    Blind,
}

/// A time in which the patrol is blind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blindness {
    /// Through this carrier only.
    pub carrier: Option<CarrierId>,
    /// Just after the last round in which the quorum still answered.
    pub since: UnixMs,
    /// The first round in which it answers again.
    pub until: Option<UnixMs>,
}

#[derive(Debug, Clone, Copy)]
struct Post {
    last_answer: Option<UnixMs>,
    failed: u32,
    is_heard: bool,
}

/// A sentinel's round is heard of so soon; one sent longer before is stamped by a clock set back.
const LATE_MAX_MS: i64 = 60_000;
/// The patrol as a whole (no carrier), or a carrier with sentinels of its own.
#[derive(Debug, Clone)]
struct Group {
    carrier: Option<CarrierId>,
    /// Its own sentinels; the whole may have none.
    members: Vec<usize>,
}

/// The sentinels.
#[derive(Debug, Clone)]
pub struct Watch {
    posts: Vec<Post>,
    /// The whole first; none without any sentinel.
    groups: Vec<Group>,
    started: UnixMs,
    /// All times of blindness so far, in the order they were found out.
    blind: Vec<Blindness>,
    /// Of each: it lies in time that has been.
    is_past: Vec<bool>,
    /// Of each: since when it lasts by the clock as it is now, where that was set back meanwhile.
    since: Vec<UnixMs>,
    /// Of each that is over: until when it lasted, likewise.
    until: Vec<Option<UnixMs>>,
}

impl Watch {
    /// Nothing is known yet.
    pub fn new(sentinels: &[Sentinel], started: UnixMs) -> Self {
        let post = Post { last_answer: None, failed: 0, is_heard: true };
        let mut carriers: Vec<Option<CarrierId>> =
            sentinels.iter().map(|s| s.carrier.clone()).collect();
        carriers.extend((!sentinels.is_empty()).then_some(None));
        carriers.sort();
        carriers.dedup();
        let group = |carrier: Option<CarrierId>| {
            let is_in = |n: &usize| sentinels[*n].carrier == carrier;
            Group { members: (0..sentinels.len()).filter(is_in).collect(), carrier }
        };
        Self {
            posts: vec![post; sentinels.len()],
            groups: carriers.into_iter().map(group).collect(),
            blind: Vec::new(),
            is_past: Vec::new(),
            since: Vec::new(),
            until: Vec::new(),
            started,
        }
    }

    /// A sentinel's round.
    pub fn round(&mut self, n: usize, at: UnixMs, answered: bool) {
        let post = &mut self.posts[n];
        if answered && post.is_heard && post.failed == 0 && self.blind.is_empty() {
            post.last_answer = Some(at);
            return; // It was not lost, and nobody is blind.
        }
        post.is_heard = true;
        if answered {
            post.last_answer = Some(at);
            post.failed = 0;
        } else {
            post.failed += 1;
            // The clock may have been set back since.
            post.last_answer = post.last_answer.map(|t| t.min(at));
        }
        // After a step back of the clock that time has not been yet.
        let times = self.blind.iter().zip(&self.since);
        for ((b, since), is_past) in times.zip(&mut self.is_past) {
            *is_past &= b.until.is_none() || *since <= at;
        }
        for (b, since) in self.blind.iter().zip(&mut self.since) {
            if b.until.is_none() && *since > at + LATE_MAX_MS {
                *since = at;
            }
        }
        for until in self.until.iter_mut().flatten().filter(|until| **until > at + LATE_MAX_MS) {
            *until = at;
        }
        for n in 0..self.groups.len() {
            let lost_since = self.lost_since(&self.groups[n]);
            let carrier = &self.groups[n].carrier;
            let open = self.blind.iter().rposition(|b| b.carrier == *carrier && b.until.is_none());
            match (open, lost_since) {
                (Some(open), None) => {
                    self.blind[open].until = Some(at);
                    self.until[open] = Some(at);
                }
                (None, Some(since)) => {
                    let carrier = carrier.clone();
                    self.blind.push(Blindness { carrier, since, until: None });
                    self.is_past.push(true);
                    self.since.push(since);
                    self.until.push(None);
                }
                _ => {}
            }
        }
    }

    /// There was no time of blindness.
    pub fn has_always_seen(&self) -> bool {
        self.blind.is_empty()
    }

    /// What is told of it: each group of sentinels for itself. That all carriers are blind at once
    /// is told by telling each.
    pub fn told(&self) -> Vec<Blindness> {
        let told = |b: &Blindness| Blindness { since: b.since.max(self.started), ..b.clone() };
        self.blind.iter().map(told).collect()
    }

    fn members(&self, group: &Group) -> impl Iterator<Item = &Post> {
        group.members.iter().map(|n| &self.posts[*n])
    }

    fn carriers(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|g| g.carrier.is_some())
    }

    /// Since when more than half of it is lost: just after the last answer of the one that went
    /// last of as many as it takes.
    fn lost_since(&self, group: &Group) -> Option<UnixMs> {
        let heard = self.members(group).filter(|p| p.is_heard).count();
        let lost = self.members(group).filter(|p| p.is_heard && p.failed >= LOST_AFTER);
        let mut silent: Vec<UnixMs> =
            lost.map(|p| p.last_answer.map_or(UnixMs(i64::MIN), |t| t + 1)).collect();
        silent.sort();
        silent.get(heard / 2).copied()
    }

    /// So many answered a round sent at `at` or later that the group was not blind then.
    fn is_vouched(&self, group: &Group, at: UnixMs) -> bool {
        let heard = || self.members(group).filter(|p| p.is_heard);
        let silent = heard().filter(|p| p.last_answer.is_none_or(|t| t < at)).count();
        silent * 2 <= heard().count()
    }

    /// It is blind now; what was before that is known.
    fn is_open(&self, group: &Option<CarrierId>) -> bool {
        self.blind.iter().any(|b| b.carrier == *group && b.until.is_none())
    }

    /// It is known to have been blind at `at`.
    fn was_blind(&self, group: &Group, at: UnixMs) -> bool {
        (0..self.blind.len()).any(|n| {
            self.blind[n].carrier == group.carrier
                && self.is_past[n]
                && self.since[n] <= at
                && self.until[n].is_none_or(|until| at < until)
        })
    }

    /// Could the group see at `at`? The whole without sentinels of its own sees as well as the
    /// carrier that sees best.
    fn sight_of(&self, group: &Group, at: UnixMs) -> Sight {
        if group.members.is_empty() {
            self.carriers().map(|c| self.sight_of(c, at)).min().unwrap_or(Sight::Clear)
        } else if self.was_blind(group, at) {
            Sight::Blind
        } else if self.is_vouched(group, at) || self.is_open(&group.carrier) {
            Sight::Clear
        } else {
            Sight::Unknown
        }
    }

    /// Could the patrol see the subject at `at`? The whole and each carrier on its way must have.
    pub fn sight(&self, inventory: &Inventory, subject: SubjectIx, at: UnixMs) -> Sight {
        let is_on_the_way =
            |g: &&Group| g.carrier.as_ref().is_none_or(|c| is_through(inventory, subject, c));
        let on_the_way = self.groups.iter().filter(is_on_the_way);
        on_the_way.map(|g| self.sight_of(g, at)).max().unwrap_or(Sight::Clear)
    }
}

/// The subject is, or has on every way up, a connection of the carrier.
fn is_through(inventory: &Inventory, subject: SubjectIx, carrier: &CarrierId) -> bool {
    let found = inventory.subject(subject);
    let own = found.connection().and_then(|c| c.carrier).map(|c| &inventory.carrier(c).id);
    own == Some(carrier) || leads_through(inventory, &found.via, carrier)
}

fn leads_through(inventory: &Inventory, via: &Via, carrier: &CarrierId) -> bool {
    match via {
        Via::Subject(p) => is_through(inventory, *p, carrier),
        Via::All(parts) => parts.iter().any(|part| leads_through(inventory, part, carrier)),
        Via::Any(parts) => {
            !parts.is_empty() && parts.iter().all(|part| leads_through(inventory, part, carrier))
        }
    }
}
