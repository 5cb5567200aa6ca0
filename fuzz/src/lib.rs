//! What the targets share: bytes to what a device says, and what must hold of all that is made of it.

pub mod promises;
mod said;

pub use said::Said;
