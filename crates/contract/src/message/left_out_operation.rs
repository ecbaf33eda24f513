//! Operations that a tolerant compilation leaves out.

use std::sync::Arc;

use crate::openapi::document::NodeRef;

/// An operation that could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutOperation {
    /// The method; `None` if it is not known which methods the path has.
    pub method: Option<String>,
    /// The path as the contract writes it.
    pub path: String,
    /// Why nothing about it can be decided.
    pub reason: Arc<str>,
    /// The Path Item or Operation Object.
    pub node_ref: NodeRef,
}
