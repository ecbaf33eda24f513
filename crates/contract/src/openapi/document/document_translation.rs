//! The translation of a document to another version of OpenAPI.

use std::sync::Arc;

use portcullis_json::Tape;

use super::node_ref::NodeRef;
use crate::openapi::contract_problem::ContractProblemKind;

/// A translated document.
#[derive(Debug)]
pub(in crate::openapi) struct DocumentTranslation {
    /// The translation, with all its text.
    pub(in crate::openapi) tape: Tape,
    /// By tape index: the node of a file that the entry was written from.
    pub(in crate::openapi) origins: Vec<NodeRef>,
    /// What cannot be translated: the tape index of the node to name, and the message.
    pub(in crate::openapi) problems: Vec<(u32, String)>,
    /// The fields without effect: the tape index of the value, the kind, and what to do.
    pub(in crate::openapi) unknown: Vec<(u32, ContractProblemKind, String)>,
}

/// A schema in a language that is not judged.
#[derive(Clone, Debug)]
pub(crate) struct OpaqueSchema {
    /// The node of the translation.
    pub(crate) node_ref: NodeRef,
    /// Why it is not judged.
    pub(crate) reason: Arc<str>,
    /// Whether it is judged apart from the event.
    pub(crate) is_apart: bool,
}

/// A field without effect, or one that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownSourceField {
    /// Its value.
    pub(crate) node_ref: NodeRef,
    /// What it is, and what to do.
    pub(crate) message: String,
    /// What is wrong with it.
    pub(crate) kind: ContractProblemKind,
}
