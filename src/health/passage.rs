//! Whether what a subject is reached through lets anything pass.

use super::effect::View;
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
/// - An unreachable ancestor blocks by what blocks its own way now. Where nothing does, it has to
///   prove itself, and a verdict waits for it, whatever became of its root meanwhile. Asked for what
///   is so now (`first` before all time), it blocks by its last root, which is to blame only where
///   no other is.
/// - An ancestor that has never been judged (no check, new) is looked through.
/// - What is absent (disabled, or not in force) is no way: an `any` counts without it. Where nothing
///   else is left, it is looked through like one that was never judged.
pub(super) fn passage(
    inventory: &Inventory,
    tracks: &[Track],
    via: &Via,
    first: UnixMs,
) -> Passage {
    match via {
        Via::Subject(ancestor) => {
            let track = &tracks[ancestor.ix()];
            match track.hard.filter(|_| !track.is_absent) {
                Some(State::Down) => Passage::Blocked(*ancestor),
                Some(State::Unreachable) => {
                    match passage(inventory, tracks, &inventory.subject(*ancestor).via, first) {
                        Passage::Blocked(cause) => Passage::Blocked(cause),
                        _ if first > UnixMs(i64::MIN) => Passage::Undecided(vec![*ancestor]),
                        _ => Passage::Blocked(track.cause.unwrap_or(*ancestor)),
                    }
                }
                _ if track.is_suspect() => Passage::Undecided(vec![*ancestor]),
                Some(_) if track.answered_at_or_after(first) => Passage::Open,
                Some(_) if track.is_asked => Passage::Undecided(vec![*ancestor]),
                _ => passage(inventory, tracks, &inventory.subject(*ancestor).via, first),
            }
        }
        Via::All(parts) => {
            let mut undecided = Vec::new();
            let mut recovered = None;
            for part in parts {
                match passage(inventory, tracks, part, first) {
                    Passage::Open => {}
                    Passage::Blocked(cause) if tracks[cause.ix()].hard == Some(State::Down) => {
                        return Passage::Blocked(cause);
                    }
                    Passage::Blocked(cause) => recovered = recovered.or(Some(cause)),
                    Passage::Undecided(waiting) => undecided.extend(waiting),
                }
            }
            match recovered {
                Some(cause) => Passage::Blocked(cause),
                None if undecided.is_empty() => Passage::Open,
                None => Passage::Undecided(undecided),
            }
        }
        Via::Any(parts) => {
            let mut undecided = Vec::new();
            let mut last_gone: Option<((bool, UnixMs), SubjectIx)> = None;
            for part in present(tracks, parts) {
                match passage(inventory, tracks, part, first) {
                    Passage::Open => return Passage::Open,
                    Passage::Blocked(cause) => {
                        let root = &tracks[cause.ix()];
                        let gone = (root.hard == Some(State::Down), root.hard_since());
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

/// When a blocked way was last known to be open; `None` when it is not blocked.
pub(super) fn silent_since(inventory: &Inventory, tracks: &[Track], via: &Via) -> Option<UnixMs> {
    match via {
        Via::Subject(ancestor) => {
            let track = &tracks[ancestor.ix()];
            match track.hard {
                Some(state) => state.is_outage().then(|| track.silent_since()),
                None if track.is_suspect() => None,
                None => silent_since(inventory, tracks, &inventory.subject(*ancestor).via),
            }
        }
        Via::All(parts) => {
            parts.iter().filter_map(|part| silent_since(inventory, tracks, part)).min()
        }
        Via::Any(parts) => {
            let all = present(tracks, parts).map(|part| silent_since(inventory, tracks, part));
            all.collect::<Option<Vec<_>>>()?.into_iter().max()
        }
    }
}

/// Since when a way that is open now is so: the end of the last outage of what it needed.
pub(super) fn open_since(inventory: &Inventory, tracks: &[Track], via: &Via) -> UnixMs {
    let ever = UnixMs(i64::MIN);
    let since = |part| open_since(inventory, tracks, part);
    match via {
        Via::Subject(ancestor) => {
            let track = &tracks[ancestor.ix()];
            match track.hard.filter(|_| !track.is_absent) {
                Some(state) if state.is_outage() => UnixMs(i64::MAX),
                Some(_) => track.live_since(),
                None => since(&inventory.subject(*ancestor).via),
            }
        }
        Via::All(parts) => parts.iter().map(since).max().unwrap_or(ever),
        Via::Any(parts) => present(tracks, parts).map(since).min().unwrap_or(ever),
    }
}

/// The parts of an `any` that are there; all of them where none is.
fn present<'a>(tracks: &[Track], parts: &'a [Via]) -> impl Iterator<Item = &'a Via> {
    let is_present = |part: &Via| match part {
        Via::Subject(ancestor) => !tracks[ancestor.ix()].is_absent,
        Via::All(_) | Via::Any(_) => true,
    };
    let there: Vec<bool> = parts.iter().map(is_present).collect();
    let none = !there.contains(&true);
    parts.iter().zip(there).filter(move |(_, is_there)| *is_there || none).map(|(part, _)| part)
}

/// How a subject stands with its preferred way, where its `via` has an `any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SecondWay {
    /// The root cause on the preferred way, when that is blocked and another one is not.
    pub(super) cause: Option<SubjectIx>,
    /// Since when the preferred way is blocked, or open again.
    pub(super) since: UnixMs,
    /// False when no way passes at all.
    pub(super) is_open: bool,
}

/// Since when a way is blocked: of what is needed the first that went, of what is redundant the last;
/// `None` when it is not.
fn blocked_since(inventory: &Inventory, tracks: &[Track], via: &Via) -> Option<UnixMs> {
    let since = |part| blocked_since(inventory, tracks, part);
    match via {
        Via::Subject(ancestor) => {
            let track = &tracks[ancestor.ix()];
            match track.hard.filter(|_| !track.is_absent) {
                Some(state) => state.is_outage().then(|| track.hard_since()),
                None => since(&inventory.subject(*ancestor).via),
            }
        }
        Via::All(parts) => parts.iter().filter_map(since).min(),
        Via::Any(parts) => {
            present(tracks, parts).map(since).collect::<Option<Vec<_>>>()?.into_iter().max()
        }
    }
}

/// Rule 12: looks at every `any` of the subject's own `via`; `None` where there is none.
///
/// Of several the first that is on its backup tells why, the one that has been so longest since when;
/// where none is, the last one that came back.
pub(super) fn second_way(inventory: &Inventory, tracks: &[Track], via: &Via) -> Option<SecondWay> {
    let ever = UnixMs(i64::MIN);
    match via {
        Via::Subject(_) => None,
        Via::All(parts) => {
            let ways = parts.iter().filter_map(|part| second_way(inventory, tracks, part));
            ways.reduce(|a, b| SecondWay {
                cause: a.cause.or(b.cause),
                since: match (a.cause, b.cause) {
                    (Some(_), Some(_)) => a.since.min(b.since),
                    (Some(_), None) => a.since,
                    (None, Some(_)) => b.since,
                    (None, None) => a.since.max(b.since),
                },
                is_open: a.is_open && b.is_open,
            })
        }
        Via::Any(parts) => {
            let ways: Vec<&Via> = present(tracks, parts).collect();
            let (preferred, others) = ways.split_first()?;
            match passage(inventory, tracks, preferred, ever) {
                Passage::Blocked(cause) => {
                    let since = blocked_since(inventory, tracks, preferred).unwrap_or(ever);
                    let is_passed = |part: &&Via| {
                        !matches!(passage(inventory, tracks, part, ever), Passage::Blocked(_))
                    };
                    let is_open = others.iter().any(is_passed);
                    Some(SecondWay { cause: is_open.then_some(cause), since, is_open })
                }
                Passage::Open | Passage::Undecided(_) => {
                    let inside = second_way(inventory, tracks, preferred);
                    if inside.is_some_and(|way| way.cause.is_some()) {
                        return inside;
                    }
                    let open = open_since(inventory, tracks, preferred);
                    let since = inside.map_or(open, |way| open.max(way.since));
                    Some(SecondWay { cause: None, since, is_open: true })
                }
            }
        }
    }
}

/// As [`second_way`] tells it of the core, told of how things stand by the record alone: the root cause
/// on the preferred way of a subject that is reached by another one; `None` where it is not.
pub fn standby(
    inventory: &Inventory,
    subject: SubjectIx,
    view: &impl Fn(SubjectIx) -> View,
) -> Option<SubjectIx> {
    on_second(&inventory.subject(subject).via, view)
}

fn on_second(via: &Via, view: &impl Fn(SubjectIx) -> View) -> Option<SubjectIx> {
    match via {
        Via::Subject(_) => None,
        Via::All(parts) => parts.iter().find_map(|part| on_second(part, view)),
        Via::Any(parts) => {
            let (preferred, others) = parts.split_first()?;
            match blocked_by(preferred, view) {
                Some(cause) => {
                    others.iter().any(|way| blocked_by(way, view).is_none()).then_some(cause)
                }
                None => on_second(preferred, view),
            }
        }
    }
}

/// What blocks a way, by the states of what it leads through.
fn blocked_by(via: &Via, view: &impl Fn(SubjectIx) -> View) -> Option<SubjectIx> {
    match via {
        Via::Subject(ancestor) => {
            let there = view(*ancestor);
            there.state.is_outage().then(|| there.cause.unwrap_or(*ancestor))
        }
        Via::All(parts) => parts.iter().find_map(|part| blocked_by(part, view)),
        Via::Any(parts) => {
            let causes: Option<Vec<_>> = parts.iter().map(|part| blocked_by(part, view)).collect();
            causes?.first().copied()
        }
    }
}
