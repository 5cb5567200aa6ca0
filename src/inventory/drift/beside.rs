//! Who stands at the other end of a cable, by address or by name, and whether that is whom `via`
//! names. Pure.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use super::agree::plain;
use super::{Drift, Fit, Observed, Own, What, known};
use crate::locale::fold;
use crate::model::{Inventory, Neighbour, Subject, SubjectId};

/// By what devices are recognised.
pub(super) struct Faces<'a> {
    inventory: &'a Inventory,
    addresses: HashMap<IpAddr, SubjectId>,
    /// By the name that a device told of itself; `None` where several told the same.
    names: HashMap<String, Option<&'a SubjectId>>,
    /// By serial number, without case and marks.
    serials: HashMap<String, &'a SubjectId>,
}

impl<'a> Faces<'a> {
    pub(super) fn new(inventory: &'a Inventory, observed: &Observed) -> Self {
        let mut names: HashMap<String, Option<&SubjectId>> = HashMap::new();
        let mut serials = HashMap::new();
        for subject in &inventory.subjects {
            let Some(device) = subject.device() else { continue };
            if let Some(serial) = &device.serial {
                serials.insert(plain(serial), &subject.id);
            }
            let Some(name) = observed.said(&subject.id, "name") else { continue };
            let several = names.entry(fold(&name.value)).or_insert(Some(&subject.id));
            several.take_if(|id| *id != &subject.id);
        }
        Self { inventory, addresses: known(inventory), names, serials }
    }

    /// Whom the inventory gives a serial number to.
    pub(super) fn owner(&self, serial: &str) -> Option<&SubjectId> {
        self.serials.get(&plain(serial)).copied()
    }

    /// Whom the inventory gives an address to.
    pub(super) fn at(&self, address: IpAddr) -> Option<&SubjectId> {
        self.addresses.get(&address)
    }

    pub(super) fn is_device(&self, id: &SubjectId) -> bool {
        self.subject(id).is_some_and(|subject| subject.device().is_some())
    }

    fn subject(&self, id: &SubjectId) -> Option<&Subject> {
        self.inventory.find_subject(id.as_str()).map(|ix| self.inventory.subject(ix))
    }

    /// The subject of the inventory that a neighbour is.
    fn of(&self, who: &Neighbour) -> Option<&SubjectId> {
        let at = who.address.and_then(|address| self.addresses.get(&address));
        at.or_else(|| self.names.get(&fold(who.name.as_deref()?)).copied().flatten())
    }
}

/// The devices that a subject is reached through directly, and those at which the lines that it is
/// reached through end.
fn parents(faces: &Faces<'_>, subject: &Subject) -> (BTreeSet<SubjectId>, BTreeSet<SubjectId>) {
    let (mut devices, mut ends) = (BTreeSet::new(), BTreeSet::new());
    for ix in subject.via.subjects() {
        let parent = faces.inventory.subject(ix);
        if parent.device().is_some() {
            devices.insert(parent.id.clone());
        }
        let end = parent.connection().and_then(|line| line.device.as_ref());
        ends.extend(end.and_then(|end| SubjectId::new(end.as_str()).ok()));
    }
    (devices, ends)
}

impl Own<'_> {
    /// Strangers at its cables; and, where `via` names devices, others of the inventory in their
    /// place.
    pub(super) fn neighbours(&self, into: &mut Vec<Drift>) {
        let own = &self.subject.id;
        let seen_by = |id: &SubjectId| self.observed.cables.get(id).map_or(&[][..], Vec::as_slice);
        let cables = seen_by(own).iter().filter(|who| who.protocol.is_cable());
        let (ours, strangers): (Vec<_>, Vec<_>) =
            cables.map(|who| (who, self.faces.of(who))).partition(|(_, id)| id.is_some());
        let (declared, ends) = parents(self.faces, self.subject);
        // Who is reached through this one stands beneath it, whatever stands above.
        let above: Vec<(&Neighbour, &SubjectId)> = ours
            .into_iter()
            .filter_map(|(who, id)| Some((who, id?)))
            .filter(|(_, id)| *id != own)
            .filter(|(_, id)| {
                let subject = self.faces.subject(id);
                let through = subject.map(|subject| parents(self.faces, subject));
                subject.is_some_and(|subject| subject.device().is_some())
                    && through.is_some_and(|(devices, ends)| {
                        !devices.contains(own) && !ends.contains(own)
                    })
            })
            .collect();
        let is_there = above.iter().any(|(_, id)| declared.contains(*id) || ends.contains(*id))
            || declared.iter().any(|id| {
                seen_by(id)
                    .iter()
                    .any(|who| who.protocol.is_cable() && self.faces.of(who) == Some(own))
            });
        if !declared.is_empty() && !above.is_empty() && !is_there {
            let ids: Vec<&str> = declared.iter().map(SubjectId::as_str).collect();
            // By LLDP and by CDP it is the same cable.
            let told: BTreeSet<String> = above
                .iter()
                .map(|(who, id)| match who.local_port.as_deref() {
                    Some(port) => format!("{port}: {id}"),
                    None => id.to_string(),
                })
                .collect();
            let declared = Some(ids.join(", "));
            into.push(self.drift(
                What::Neighbour,
                Fit::Differs,
                declared,
                told.into_iter().collect::<Vec<_>>().join(", "),
            ));
        }
        let mut seen = BTreeSet::new();
        for (who, _) in strangers {
            // Without an address it is a telephone or a desk's computer as often as not.
            if who.address.is_some() && seen.insert(told(who)) {
                let port = who.local_port.as_deref().map(str::to_owned);
                let one = self.drift(What::Neighbour, Fit::Undeclared, None, told(who));
                into.push(Drift { port, ..one });
            }
        }
    }
}

/// "ether7: sw-1 10.0.0.1".
fn told(who: &Neighbour) -> String {
    let name = who.name.as_deref().or(who.chassis.as_deref());
    let address = who.address.map(|address| address.to_string());
    let end: Vec<&str> = name.into_iter().chain(address.as_deref()).collect();
    match who.local_port.as_deref() {
        Some(port) => format!("{port}: {}", end.join(" ")),
        None => end.join(" "),
    }
}
