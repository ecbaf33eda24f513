//! A slot of the concurrency limit that a request holds.

use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;

/// A slot that a request holds until it is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldSlot {
    pub(super) consumer: ConsumerIndex,
    /// The core that gave it from its lent slots; none if the arbiter gave it.
    pub(super) lender: Option<CoreIndex>,
}
