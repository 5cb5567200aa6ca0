//! The reference's view of the sentinels (rule 7): could the patrol see when a round failed?

use tuantra::model::{CarrierId, Inventory, Sentinel, SubjectIx, UnixMs, Via};

/// Failed rounds in a row until a sentinel is lost.
const LOST_AFTER: u32 = 3;

/// What the sentinels say of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// The patrol could see.
    Clear,
    /// It could not.
    Blind,
    /// That is not known yet.
    Unknown,
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

#[derive(Debug, Clone)]
struct Post {
    carrier: Option<CarrierId>,
    last_answer: Option<UnixMs>,
    failed: u32,
    is_heard: bool,
}

/// The sentinels.
#[derive(Debug, Clone)]
pub struct Watch {
    posts: Vec<Post>,
    started: UnixMs,
    /// All times of blindness so far, in the order they were found out.
    blind: Vec<Blindness>,
    /// Of each: it lies in time that has been.
    is_past: Vec<bool>,
}

impl Watch {
    /// Nothing is known yet.
    pub fn new(sentinels: &[Sentinel], started: UnixMs) -> Self {
        let post = |s: &Sentinel| Post {
            carrier: s.carrier.clone(),
            last_answer: None,
            failed: 0,
            is_heard: true,
        };
        Self {
            posts: sentinels.iter().map(post).collect(),
            blind: Vec::new(),
            is_past: Vec::new(),
            started,
        }
    }

    /// A sentinel's round.
    pub fn round(&mut self, n: usize, at: UnixMs, answered: bool) {
        let post = &mut self.posts[n];
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
        for (b, is_past) in self.blind.iter().zip(&mut self.is_past) {
            *is_past &= b.until.is_none() || b.since <= at;
        }
        for group in self.groups() {
            let lost_since = self.lost_since(group.as_ref());
            let open = self.blind.iter_mut().rfind(|b| b.carrier == group && b.until.is_none());
            match (open, lost_since) {
                (Some(open), None) => open.until = Some(at),
                (None, Some(since)) => {
                    self.blind.push(Blindness { carrier: group, since, until: None });
                    self.is_past.push(true);
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
        let is_group = |b: &&Blindness| !self.members(b.carrier.as_ref()).is_empty();
        let told = |b: &Blindness| Blindness { since: b.since.max(self.started), ..b.clone() };
        self.blind.iter().filter(is_group).map(told).collect()
    }

    /// The patrol as a whole, and each carrier with sentinels of its own.
    fn groups(&self) -> Vec<Option<CarrierId>> {
        let mut groups: Vec<Option<CarrierId>> =
            self.posts.iter().map(|p| p.carrier.clone()).collect();
        if !groups.is_empty() {
            groups.push(None);
        }
        groups.sort();
        groups.dedup();
        groups
    }

    fn members(&self, group: Option<&CarrierId>) -> Vec<&Post> {
        self.posts.iter().filter(|p| p.carrier.as_ref() == group).collect()
    }

    fn carriers(&self) -> Vec<CarrierId> {
        self.groups().into_iter().flatten().collect()
    }

    /// Since when more than half of it is lost: just after the last answer of the one that went
    /// last of as many as it takes. The whole, without sentinels of its own: all carriers are.
    fn lost_since(&self, group: Option<&CarrierId>) -> Option<UnixMs> {
        let members = self.members(group);
        if members.is_empty() {
            let all: Option<Vec<UnixMs>> =
                self.carriers().iter().map(|c| self.lost_since(Some(c))).collect();
            return all.and_then(|all| all.into_iter().max());
        }
        let heard: Vec<&Post> = members.into_iter().filter(|p| p.is_heard).collect();
        let lost = heard.iter().filter(|p| p.failed >= LOST_AFTER);
        let mut silent: Vec<UnixMs> =
            lost.map(|p| p.last_answer.map_or(UnixMs(i64::MIN), |t| t + 1)).collect();
        silent.sort();
        silent.get(heard.len() / 2).copied()
    }

    /// So many answered a round sent at `at` or later that the group was not blind then.
    fn is_vouched(&self, group: Option<&CarrierId>, at: UnixMs) -> bool {
        let members = self.members(group);
        if members.is_empty() {
            return self.carriers().iter().any(|c| self.is_vouched(Some(c), at));
        }
        let heard: Vec<&Post> = members.into_iter().filter(|p| p.is_heard).collect();
        let silent = heard.iter().filter(|p| p.last_answer.is_none_or(|t| t < at)).count();
        silent * 2 <= heard.len()
    }

    /// It is blind now; what was before that is known.
    fn is_open(&self, group: &Option<CarrierId>) -> bool {
        self.blind.iter().any(|b| b.carrier == *group && b.until.is_none())
    }

    /// Could the patrol see the subject at `at`?
    pub fn sight(&self, inventory: &Inventory, subject: SubjectIx, at: UnixMs) -> Sight {
        let groups: Vec<Option<CarrierId>> = self
            .groups()
            .into_iter()
            .filter(|group| group.as_ref().is_none_or(|c| is_through(inventory, subject, c)))
            .collect();
        let is_blind = self.blind.iter().zip(&self.is_past).any(|(b, is_past)| {
            *is_past
                && groups.contains(&b.carrier)
                && b.since <= at
                && b.until.is_none_or(|until| at < until)
        });
        if is_blind {
            Sight::Blind
        } else if groups.iter().any(|g| !self.is_vouched(g.as_ref(), at) && !self.is_open(g)) {
            Sight::Unknown
        } else {
            Sight::Clear
        }
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
