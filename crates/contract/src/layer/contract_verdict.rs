//! The result of a check, for the inner service and for outer layers.

use std::sync::Arc;

use crate::Violation;

/// The result of checking one request, in the extensions of the request and of its response.
#[derive(Clone, Debug, Default)]
pub struct ContractVerdict {
    /// The name of the operation; `None` if the request matches no operation.
    pub operation: Option<Arc<str>>,
    /// The violations of the request. The first one determines the status of a refusal.
    pub violations: Arc<[Violation]>,
    /// Whether the request was refused.
    pub is_refused: bool,
}
