//! The interfaces of one pass. They take ten kilobytes and are dropped before the next pass is read:
//! the room is kept, because it is too large for what the allocator has at hand.

use std::cell::Cell;
use std::ops::Deref;

use super::Interface;

/// Interfaces whose room is kept, at most: half a megabyte is not kept for one device.
const KEPT_MAX: usize = 64;

thread_local! {
    static ROOM: Cell<Vec<Interface>> = const { Cell::new(Vec::new()) };
}

/// Interfaces in the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List(Vec<Interface>);

impl List {
    /// None yet, with room for so many.
    pub(super) fn with_room(many: usize) -> Self {
        let mut list = ROOM.take();
        list.reserve_exact(many);
        Self(list)
    }

    /// Adds the next.
    pub(super) fn push(&mut self, interface: Interface) {
        self.0.push(interface);
    }
}

impl From<Vec<Interface>> for List {
    fn from(interfaces: Vec<Interface>) -> Self {
        Self(interfaces)
    }
}

impl Deref for List {
    type Target = [Interface];

    fn deref(&self) -> &[Interface] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = &'a Interface;
    type IntoIter = std::slice::Iter<'a, Interface>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if (1..=KEPT_MAX).contains(&self.0.capacity()) {
            self.0.clear();
            let list = std::mem::take(&mut self.0);
            // A thread that ends has no room any more, and needs none.
            let _ = ROOM.try_with(|room| room.set(list));
        }
    }
}
