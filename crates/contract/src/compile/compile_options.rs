//! The options of compiling a contract.

use portcullis_vocabulary::ContractReading;

use crate::openapi::broken_part::BrokenPartPolicy;

/// Options of [`compile`](super::compile).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// Base paths that replace those of `servers` in the document.
    pub base_paths: Option<Vec<String>>,
    /// Whether to detect undeclared properties of request bodies, which needs a second validator.
    pub detect_undeclared: bool,
    /// Whether to compile what only the comparison of contracts needs: webhooks and callbacks,
    /// which never pass a proxy in front of the service, and the schemas of media types that are
    /// not validated.
    pub outbound_operations: bool,
    /// Whether the contract may be AsyncAPI, whose events no proxy of HTTP sees.
    pub accepts_events: bool,
    /// What to do with parts that cannot be compiled.
    pub broken_parts: BrokenPartPolicy,
    /// Whether flaws with a documented repair are repaired. A repaired part is not broken.
    pub reading: ContractReading,
}
