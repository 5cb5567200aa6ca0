//! Whether what a subject is reached through lets anything pass.

use super::track::Track;
use crate::model::{Inventory, State, SubjectIx, UnixMs, Via};

/// Whether the way to a subject is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Passage {
    /// Something on every needed way answered after the child's first failed round.
    Open,
    /// It is not, and this is the root cause: the nearest `down` ancestor.
    Blocked(SubjectIx),
    /// These ancestors are suspect or have not been asked since the child's first failed round.
    Undecided(Vec<SubjectIx>),
}

/// Evaluates `via` by rounds sent at or after `first`.
///
/// - `All`: blocked by the first blocked part; else undecided if a part is; else open.
/// - `Any`: open if a part is; else undecided if a part is; else blocked, by the part that went
///   last, since the way was open until then.
/// - An ancestor that has never been judged (no check, new) is looked through.
pub(super) fn passage(
    inventory: &Inventory,
    tracks: &[Track],
    via: &Via,
    first: UnixMs,
) -> Passage {
    match via {
        Via::Subject(ancestor) => {
            let track = &tracks[ancestor.ix()];
            match track.hard {
                Some(State::Down) => Passage::Blocked(*ancestor),
                Some(State::Unreachable) => Passage::Blocked(track.cause.unwrap_or(*ancestor)),
                _ if track.is_suspect() => Passage::Undecided(vec![*ancestor]),
                Some(_) if track.answered_at_or_after(first) => Passage::Open,
                Some(_) if track.is_asked => Passage::Undecided(vec![*ancestor]),
                _ => passage(inventory, tracks, &inventory.subject(*ancestor).via, first),
            }
        }
        Via::All(parts) => {
            let mut undecided = Vec::new();
            for part in parts {
                match passage(inventory, tracks, part, first) {
                    Passage::Open => {}
                    Passage::Blocked(cause) => return Passage::Blocked(cause),
                    Passage::Undecided(waiting) => undecided.extend(waiting),
                }
            }
            if undecided.is_empty() { Passage::Open } else { Passage::Undecided(undecided) }
        }
        Via::Any(parts) => {
            let mut undecided = Vec::new();
            let mut last_gone: Option<(UnixMs, SubjectIx)> = None;
            for part in parts {
                match passage(inventory, tracks, part, first) {
                    Passage::Open => return Passage::Open,
                    Passage::Blocked(cause) => {
                        let gone = tracks[cause.ix()].hard_since();
                        if last_gone.is_none_or(|(at, _)| at < gone) {
                            last_gone = Some((gone, cause));
                        }
                    }
                    Passage::Undecided(waiting) => undecided.extend(waiting),
                }
            }
            match last_gone {
                _ if !undecided.is_empty() => Passage::Undecided(undecided),
                Some((_, cause)) => Passage::Blocked(cause),
                None => Passage::Open,
            }
        }
    }
}
