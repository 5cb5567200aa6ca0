//! What must hold of incidents and of what is told, checked as it is said (DESIGN sections 5 and
//! 10): an id is opened once and closed once, consequences never alert, a recovery is told only
//! where the trouble was told.

use std::collections::{BTreeMap, BTreeSet};

use tuantra::health::{Change, News, Telling};
use tuantra::model::{IncidentId, KeptIncident, State, SubjectId};

/// What is known of one incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    Closed,
}

/// The incidents of a whole scenario, over restarts.
#[derive(Debug, Default)]
pub struct Desk {
    lives: BTreeMap<IncidentId, Life>,
    /// Of what trouble was told and no recovery yet.
    told: BTreeSet<IncidentId>,
    /// Of what is over, and of which people have not been told so.
    owed: BTreeSet<IncidentId>,
}

impl Desk {
    /// An incident was opened, changed or closed.
    pub fn incident(&mut self, incident: &KeptIncident, change: Change) -> Result<(), String> {
        let life = self.lives.get(&incident.id).copied();
        match (life, change) {
            (None, Change::Opened) => self.lives.insert(incident.id.clone(), Life::Open),
            (Some(Life::Open), Change::Closed) if incident.closed.is_some() => {
                match &incident.merged_into {
                    // Its recovery will be the other one's.
                    Some(into) if self.told.remove(&incident.id) => {
                        self.told.insert(into.clone());
                    }
                    None if self.told.contains(&incident.id) => {
                        self.owed.insert(incident.id.clone());
                    }
                    _ => {}
                }
                self.lives.insert(incident.id.clone(), Life::Closed)
            }
            (Some(Life::Open), Change::Changed) if incident.closed.is_none() => None,
            _ => return Err(format!("{change:?} of {} that is {life:?}", incident.id)),
        };
        Ok(())
    }

    /// Somebody is told.
    pub fn tell(
        &mut self,
        telling: &Telling,
        state: impl Fn(&SubjectId) -> Option<State>,
    ) -> Result<(), String> {
        let is_known = self.told.contains(&telling.incident);
        match telling.news {
            News::Recovered | News::Removed if !is_known => {
                return Err(format!("a recovery is told of {}, no trouble was", telling.incident));
            }
            News::Recovered | News::Removed => {
                self.told.remove(&telling.incident);
                self.owed.remove(&telling.incident);
            }
            News::Reminder if !is_known => {
                return Err(format!(
                    "a reminder of {}, of which nobody was told",
                    telling.incident
                ));
            }
            _ => {
                self.told.insert(telling.incident.clone());
            }
        }
        let now = telling.subject.as_ref().and_then(state);
        match telling.news {
            // Consequences never alert by themselves.
            News::Down | News::Degraded | News::Reminder if now == Some(State::Unreachable) => {
                Err(format!("{:?} is told of a consequence", telling.news))
            }
            News::Down if now != Some(State::Down) => {
                Err(format!("down is told of one that is {now:?}"))
            }
            _ => Ok(()),
        }
    }

    /// All that was to be said of one moment has been said: nobody waits for the end of what is over.
    pub fn settle(&self) -> Result<(), String> {
        match self.owed.first() {
            Some(id) => {
                Err(format!("{id} is over, and those who were told of it were not told so"))
            }
            None => Ok(()),
        }
    }

    /// After a kill the last changes may not have been kept: what the store says counts.
    pub fn restart(&mut self, open: &[KeptIncident]) {
        let open: BTreeMap<&IncidentId, &KeptIncident> = open.iter().map(|i| (&i.id, i)).collect();
        for (id, life) in &mut self.lives {
            *life = if open.contains_key(id) { Life::Open } else { Life::Closed };
        }
        // What was told and not kept may be told again; an id that was never kept may be reused.
        self.lives.retain(|id, life| *life == Life::Open || !open.contains_key(id));
        self.told.extend(open.values().filter(|i| i.told.is_some()).map(|i| i.id.clone()));
    }
}
