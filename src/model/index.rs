//! Places in the lists of one loaded inventory.

macro_rules! index_of {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into the inventory's list.
            #[must_use]
            pub const fn ix(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

index_of! {
    /// Place in [`super::Inventory::units`].
    UnitIx,
    /// Place in [`super::Inventory::networks`].
    NetworkIx,
    /// Place in [`super::Inventory::carriers`].
    CarrierIx,
    /// Place in [`super::Inventory::calendars`].
    CalendarIx,
    /// Place in [`super::Inventory::subjects`]. Stable for the life of one loaded inventory only; the id
    /// is what lasts.
    SubjectIx,
}
