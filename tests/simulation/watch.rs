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
}

/// The sentinels.
#[derive(Debug, Clone)]
pub struct Watch {
    posts: Vec<Post>,
    /// All times of blindness so far, in the order they were found out.
    blind: Vec<Blindness>,
}

impl Watch {
    /// Nothing is known yet.
    pub fn new(sentinels: &[Sentinel]) -> Self {
        let post = |s: &Sentinel| Post { carrier: s.carrier.clone(), last_answer: None, failed: 0 };
        Self { posts: sentinels.iter().map(post).collect(), blind: Vec::new() }
    }

    /// A sentinel's round.
    pub fn round(&mut self, n: usize, at: UnixMs, answered: bool) {
        let before = self.posts.clone();
        if answered {
            self.posts[n].last_answer = Some(at);
            self.posts[n].failed = 0;
        } else {
            self.posts[n].failed += 1;
        }
        for group in self.groups() {
            let is_blind = self.is_blind(group.as_ref());
            let open = self.blind.iter_mut().rfind(|b| b.carrier == group && b.until.is_none());
            match open {
                Some(open) if !is_blind => open.until = Some(at),
                None if is_blind => {
                    let now = std::mem::replace(&mut self.posts, before.clone());
                    let since = self.quorum(group.as_ref()).map_or(UnixMs(0), |t| t + 1);
                    self.posts = now;
                    self.blind.push(Blindness { carrier: group, since, until: None });
                }
                _ => {}
            }
        }
    }

    /// What is told of it: each group of sentinels for itself. That all carriers are blind at once
    /// is told by telling each.
    pub fn told(&self) -> Vec<Blindness> {
        let is_group = |b: &&Blindness| !self.members(b.carrier.as_ref()).is_empty();
        self.blind.iter().filter(is_group).cloned().collect()
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

    /// More than half of it is lost; the whole without sentinels of its own: all carriers are.
    fn is_blind(&self, group: Option<&CarrierId>) -> bool {
        let members = self.members(group);
        if members.is_empty() {
            return self.carriers().iter().all(|c| self.is_blind(Some(c)));
        }
        let lost = members.iter().filter(|p| p.failed >= LOST_AFTER).count();
        lost * 2 > members.len()
    }

    /// The last instant at which so many answered that the group was not blind.
    fn quorum(&self, group: Option<&CarrierId>) -> Option<UnixMs> {
        let members = self.members(group);
        if members.is_empty() {
            return self.carriers().iter().filter_map(|c| self.quorum(Some(c))).max();
        }
        let mut answers: Vec<Option<UnixMs>> = members.iter().map(|p| p.last_answer).collect();
        answers.sort();
        answers.reverse();
        answers[answers.len() - answers.len() / 2 - 1]
    }

    /// Could the patrol see the subject at `at`?
    pub fn sight(&self, inventory: &Inventory, subject: SubjectIx, at: UnixMs) -> Sight {
        let groups: Vec<Option<CarrierId>> = self
            .groups()
            .into_iter()
            .filter(|group| group.as_ref().is_none_or(|c| is_through(inventory, subject, c)))
            .collect();
        let is_blind = self.blind.iter().any(|b| {
            groups.contains(&b.carrier) && b.since <= at && b.until.is_none_or(|until| at < until)
        });
        if is_blind {
            Sight::Blind
        } else if groups.iter().any(|g| self.quorum(g.as_ref()).is_none_or(|t| t < at)) {
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
