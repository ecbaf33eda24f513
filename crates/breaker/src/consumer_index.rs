//! The number of a consumer, for tables with one row per squad.

use portcullis_vocabulary::Consumer;

/// The number of a consumer: 0 is the unknown consumer, the squads follow in the catalog's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConsumerIndex(usize);

impl ConsumerIndex {
    /// Callers that the catalog does not know.
    pub(crate) const UNKNOWN: Self = Self(0);

    pub(crate) const fn new(index: usize) -> Self {
        Self(index)
    }

    pub(crate) const fn get(self) -> usize {
        self.0
    }

    pub(crate) const fn is_unknown(self) -> bool {
        self.0 == Self::UNKNOWN.0
    }
}

impl From<Consumer> for ConsumerIndex {
    fn from(consumer: Consumer) -> Self {
        Self(consumer.index())
    }
}
