//! Does what the core asks for, and lets the desk and the ear hear what it says.

use std::fmt::Write as _;

use tuantra::health::{Change, Rule};
use tuantra::model::{State, SubjectIx};

use super::Run;
use crate::records::Stretch;
use crate::store::Fact;
use crate::subject_under_test::Said;
use crate::told::{Ear, Scene};
use crate::watch::Blindness;

impl Run<'_> {
    /// Does what the core asked for.
    pub(super) fn perform(&mut self) {
        let Some(core) = self.core.as_mut().filter(|core| !core.is_silent()) else { return };
        let mut all = std::mem::take(&mut self.said);
        core.take_said(&mut all);
        for said in all.drain(..) {
            self.trace(|run| run.describe(&said));
            self.is_news |= !matches!(said, Said::Retry(..) | Said::AskNow(_) | Said::AskSentinels);
            match said {
                Said::Record(subject, news) => {
                    self.touched.push(subject);
                    self.keep(self.place_of[subject.ix()], news);
                }
                Said::Verdict(subject, rule, since) => {
                    if rule == Rule::WindowOver {
                        self.outcome.undecided.push((self.place_of[subject.ix()], since));
                    }
                    self.touched.push(subject);
                    self.note_down(subject);
                    if self.down.contains(&subject) {
                        let key = (self.place_of[subject.ix()], since);
                        self.outcome.found_down.insert(key, self.now());
                    }
                    self.judged.push(subject);
                    self.outcome.verdicts += 1;
                }
                Said::Retry(subject, is_retrying) => {
                    let place = self.place_of[subject.ix()];
                    self.leave_lane(place);
                    self.note_retrying(place, is_retrying);
                    self.plan(place);
                }
                Said::AskSentinels => {
                    for n in 0..self.posts.len() {
                        self.plan_sentinel(n, self.clock + 20);
                    }
                }
                Said::Flapping(subject, begins) => {
                    self.touched.push(subject);
                    let place = self.place_of[subject.ix()];
                    self.complain(|run| run.ear.flaps(place, begins));
                    self.store.keep(self.clock, Fact::Flapping(place, begins));
                }
                Said::Incident(incident, change) => {
                    self.complain(|run| run.desk.incident(&incident, change));
                    if change == Change::Closed {
                        self.ear.closed(&incident);
                    }
                    self.store.keep(self.clock, Fact::Incident(incident));
                }
                Said::Blind(carrier, since, None) => {
                    self.blind.push(Blindness { carrier, since, until: None });
                }
                Said::Blind(carrier, _, until) => {
                    let open = self.blind.iter_mut().rfind(|b| b.carrier == carrier);
                    if let Some(open) = open {
                        open.until = until;
                    }
                }
                Said::Tell(telling) => {
                    self.complain(|run| {
                        let (core, inventory) = (run.core.as_ref(), &run.inventory);
                        run.desk.tell(&telling, |id| {
                            core?.seen(inventory.find_subject(id.as_str())?).hard
                        })
                    });
                    let heard = match self.options.slip {
                        Some(slip) => slip.mishear(*telling),
                        None => vec![*telling],
                    };
                    for telling in heard {
                        self.complain(|run| run.listen(|ear, scene| ear.tell(&telling, scene)));
                    }
                }
                Said::Usual(subject, hour, usual) => {
                    let known = (usual.usual_us, usual.rounds);
                    let reference = self.reference.as_ref().map(|r| r.usual(subject, hour));
                    self.complain(|_| match reference {
                        Some(other) if other != Some(known) => Err(format!(
                            "usual at {hour} by the core {known:?}, by the reference {other:?}"
                        )),
                        _ => Ok(()),
                    });
                    let place = self.place_of[subject.ix()];
                    self.store.keep(self.clock, Fact::Usual(place, hour, usual));
                }
                Said::AskNow(subject) => {
                    let place = self.place_of[subject.ix()];
                    self.leave_lane(place);
                    let seat = &mut self.seats[place];
                    if seat.running.is_some() {
                        seat.is_asked_again = true;
                    } else if seat.is_target {
                        self.queue_turn(place, self.clock + 20);
                    }
                }
            }
        }
        self.said = all;
        self.hasten_tick();
        self.complain(|run| run.desk.settle());
    }

    fn note_retrying(&mut self, place: usize, is_retrying: bool) {
        let seat = &mut self.seats[place];
        self.retrying -= usize::from(seat.is_retrying);
        self.retrying += usize::from(is_retrying);
        seat.is_retrying = is_retrying;
    }

    fn note_down(&mut self, subject: SubjectIx) {
        let seen = self.core.as_ref().map(|core| core.seen(subject).hard);
        if seen == Some(Some(State::Down)) {
            self.down.insert(subject);
        } else {
            self.down.remove(&subject);
        }
    }

    /// Keeps the first complaint for the next comparison.
    pub(super) fn complain(&mut self, check: impl FnOnce(&mut Self) -> Result<(), String>) {
        let verdict = check(self);
        self.complaint = self.complaint.take().or(verdict.err());
    }

    /// Lets the ear hear something.
    pub(super) fn listen<E>(
        &mut self,
        hear: impl FnOnce(&mut Ear, &Scene) -> Result<(), E>,
    ) -> Result<(), E> {
        let now = self.now();
        let Some(core) = self.core.as_ref() else { return Ok(()) };
        let is_blind = |b: &Blindness| b.until.is_none();
        let scene = Scene {
            scenario: self.scenario,
            work: &self.work,
            inventory: &self.inventory,
            place_of: &self.place_of,
            core,
            down: &self.down,
            now,
            is_blind: self.blind.iter().any(|b| is_blind(b) && b.carrier.is_none()),
            is_half_blind: self.blind.iter().any(is_blind),
        };
        hear(&mut self.ear, &scene)
    }

    pub(super) fn describe(&self, said: &Said) -> String {
        let name = |s: &SubjectIx| &self.scenario.province.subjects[self.place_of[s.ix()]].name;
        match said {
            Said::Record(s, news) => {
                let mut line = format!("    record of {}:", name(s));
                for n in news {
                    let cause = n.cause.as_ref().map_or("", |c| c.as_str());
                    let _ = write!(line, " {} {} {cause};", n.from, n.state.as_str());
                }
                line
            }
            Said::Verdict(s, rule, since) => {
                format!("    verdict: {} by {rule:?} since {since}", name(s))
            }
            Said::Retry(s, yes) => {
                format!("    pace of {}: {}", name(s), if *yes { "retry" } else { "normal" })
            }
            Said::AskNow(s) => format!("    ask {}", name(s)),
            Said::AskSentinels => "    ask the sentinels".to_owned(),
            Said::Flapping(s, begins) => format!("    {} flaps: {begins}", name(s)),
            Said::Incident(incident, change) => format!("    {change:?}: {incident:?}"),
            Said::Blind(carrier, since, until) => {
                format!("    blind {carrier:?} from {since} until {until:?}")
            }
            Said::Usual(s, hour, usual) => format!("    usual of {} at {hour}: {usual:?}", name(s)),
            Said::Tell(telling) => format!("    {telling:?}"),
        }
    }

    pub(super) fn keep(&mut self, place: usize, news: Vec<Stretch>) {
        self.store.keep(self.clock, Fact::Record(place, news));
    }
}
