//! The number of a data core.

/// The number of a data core, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CoreIndex(usize);

impl CoreIndex {
    /// The core with this number.
    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// The number, for tables with one row per core.
    pub const fn get(self) -> usize {
        self.0
    }
}
