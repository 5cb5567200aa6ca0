//! The daemon's life: it starts, is given another inventory, ends or is killed.

use std::sync::Arc;

use tuantra::model::{State, SubjectId, SubjectIx};

use super::prober::{Post, Seat};
use super::{Failure, Happening, Run, TICK_MS};
use crate::dice::hash;
use crate::records::Stretch;
use crate::reference::Reference;
use crate::subject_under_test::{self, Core};
use crate::told::Slip;

const FIRST_SWEEP_MS: i64 = 10_000;

impl Run<'_> {
    pub(super) fn end_life(&mut self, killed: bool) {
        if killed {
            self.store.kill(self.clock);
        } else {
            self.store.close();
        }
        self.core = None;
        self.reference = None;
        self.life += 1;
        for seat in &mut self.seats {
            *seat = Seat { ticket: seat.ticket, ..Seat::default() };
        }
        for post in &mut self.posts {
            *post = Post { ticket: post.ticket, ..Post::IDLE };
        }
        self.find_next_post();
        self.retrying = 0;
        self.next_tick = i64::MAX;
    }

    pub(super) fn begin_life(&mut self) {
        self.life += 1;
        self.trace(|run| format!("life {} begins", run.life));
        let (inventory, place_of) = self.scenario.inventory(&self.listing);
        self.inventory = inventory;
        self.place_of = place_of;
        let now = self.now();
        let (store, inventory) = (&self.store, &self.inventory);
        let place_of = &self.place_of;
        let remembered = |id: &SubjectId| {
            store.remembered(place_of[inventory.find_subject(id.as_str()).unwrap().ix()])
        };
        let kept = subject_under_test::Kept {
            incidents: store.open_incidents(),
            work: match self.options.slip {
                Some(Slip::ForgetsWork) => Vec::new(),
                _ => self.scenario.work(),
            },
            sentinels: self.scenario.province.sentinel_list(),
        };
        self.desk.restart(&kept.incidents);
        let places = 0..self.scenario.province.subjects.len();
        let flapping = places.map(|p| store.remembered(p).is_some_and(|r| r.is_flapping));
        self.ear.restart(flapping.collect(), &kept.incidents, self.clock);
        let sentinels = kept.sentinels.clone();
        let core = Core::new(self.options.known(inventory), &remembered, kept, now);
        let reference = (!self.options.alone).then(|| {
            Reference::new(Arc::clone(inventory), &remembered, &sentinels, now, self.options.quirk)
        });
        self.core = Some(core);
        self.reference = reference;
        self.seat_targets();
        self.find_down();
        self.blind.clear();
        self.perform();
        let life = self.life;
        if !self.options.swift {
            // The core asks for them at once; this changes what is drawn after a sleep only.
            for n in 0..self.posts.len() {
                let late = hash(self.scenario.seed, n as u64, u64::from(life)) % 2_000;
                let ticket = self.posts[n].ticket;
                self.at(self.clock + late as i64, Happening::Sentinel { n, life, ticket });
            }
        }
        self.plan_tick();
        self.next_check = match self.options.swift {
            true => i64::MAX,
            false => self.clock + 10 * TICK_MS,
        };
    }

    pub(super) fn reload(&mut self) -> Result<(), Box<Failure>> {
        self.check_records()?;
        let (inventory, place_of) = self.scenario.inventory(&self.listing);
        let now = self.now();
        let old =
            (std::mem::replace(&mut self.inventory, Arc::clone(&inventory)), self.place_of.clone());
        self.place_of = place_of;
        self.touched.clear();
        let known = self.options.known(&inventory);
        let gone = self.core.as_mut().unwrap().reload(known, now);
        for (id, from) in gone {
            let place = old.1[old.0.find_subject(id.as_str()).unwrap().ix()];
            let nobody_asks = Stretch { from, state: State::Unmeasured, cause: None };
            self.keep(place, vec![nobody_asks]);
        }
        if let Some(reference) = &mut self.reference {
            let (store, place_of) = (&self.store, &self.place_of);
            let listed = Arc::clone(&inventory);
            let past = |id: &SubjectId| {
                store.remembered(place_of[listed.find_subject(id.as_str()).unwrap().ix()])
            };
            reference.reload(inventory, &past, now);
        }
        self.seat_targets();
        let seats = &self.seats;
        self.ear.reload(|place| seats[place].ix.is_some());
        self.find_down();
        self.perform();
        Ok(())
    }

    /// By the verdicts that were taken over.
    fn find_down(&mut self) {
        let Some(core) = &self.core else { return };
        let is_down = |s: &SubjectIx| core.seen(*s).hard == Some(State::Down);
        self.down = self.inventory.subject_ixs().filter(is_down).collect();
    }

    /// Tells the prober whom to ask: who stays keeps its turn.
    pub(super) fn seat_targets(&mut self) {
        let mut listed = vec![None; self.seats.len()];
        for (ix, place) in (0_u32..).map(SubjectIx).zip(&self.place_of) {
            listed[*place] = Some(ix);
        }
        for (place, ix) in listed.into_iter().enumerate() {
            let is_target = ix.is_some_and(|ix| {
                let subject = self.inventory.subject(ix);
                subject.is_enabled && !subject.checks.is_empty()
            });
            let seat = &mut self.seats[place];
            seat.ix = ix;
            if seat.is_target == is_target {
                if let (Some((_, round)), Some(ix)) = (&mut seat.running, ix) {
                    round.subject = ix;
                    seat.asides.iter_mut().for_each(|aside| aside.subject = ix);
                }
                continue;
            }
            let ticket = seat.ticket + 1;
            self.retrying -= usize::from(seat.is_retrying);
            *seat = Seat { ix, is_target, ticket, ..Seat::default() };
            if is_target {
                let late = hash(self.scenario.seed, place as u64, u64::from(self.life));
                let (life, when) = (self.life, self.clock + (late % FIRST_SWEEP_MS as u64) as i64);
                self.at(when, Happening::Turn { place, life, ticket });
            }
        }
    }
}
