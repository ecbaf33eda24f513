//! The translation of a document to another version of OpenAPI.

use std::sync::Arc;

use portcullis_json::Tape;

use super::node_ref::NodeRef;

/// A translated document.
#[derive(Debug)]
pub(in crate::openapi) struct DocumentTranslation {
    /// The translation, with all its text.
    pub(in crate::openapi) tape: Tape,
    /// By tape index: the node of a file that the entry was written from.
    pub(in crate::openapi) origins: Vec<NodeRef>,
    /// What cannot be translated: the tape index of the node to name, and the message.
    pub(in crate::openapi) problems: Vec<(u32, String)>,
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

/// A field that its object does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownEventField {
    /// Its value.
    pub(crate) node_ref: NodeRef,
    /// What it is, and what to do.
    pub(crate) message: String,
    /// Whether it is probably another name, misspelt.
    pub(crate) is_misspelt: bool,
}
