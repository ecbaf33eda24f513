//! What a row of the inventory is about.

use std::sync::Arc;

/// The operation and the calling squad of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InventoryKey {
    pub(super) operation: Arc<str>,
    pub(super) squad: Arc<str>,
}
