//! What views of an inventory need from the configuration and the contract.

use std::sync::Arc;
use std::time::SystemTime;

use portcullis_vocabulary::ServiceObjectives;

/// What the view of an inventory needs from the configuration and the contract.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceDescription {
    /// The squad that provides the service.
    pub provider: Option<String>,
    /// Version and revision of the active contract.
    pub contract: Option<(Arc<str>, Arc<str>)>,
    /// The names of the contract's operations.
    pub operations: Vec<Arc<str>>,
    /// The operations that are deprecated.
    pub deprecated: Vec<DeprecatedOperation>,
    /// What the provider promises.
    pub objectives: Option<ServiceObjectives>,
}

/// A deprecated operation of the active contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeprecatedOperation {
    /// The operation's name.
    pub operation: Arc<str>,
    /// When it ends, if the contract states it.
    pub sunset: Option<SystemTime>,
    /// What replaces it, if the contract states it.
    pub successor: Option<String>,
}
