//! The parsed documents of a contract.
//!
//! A [`Document`] is one parsed file; a [`DocumentSet`] holds all files of a contract. A
//! [`NodeRef`] identifies a node of one of them: it is small and `Copy`, and the compiler passes it
//! around. A [`SourceLocation`] is the same in readable form (file, line and JSON Pointer) and is
//! computed only for messages.

mod node_ref;
mod repeated_key;
mod document_translation;
mod parsed_document;
mod document_set;
mod translated_tape;

pub use document_set::DocumentSet;
pub(crate) use document_set::OverlayFault;
pub(in crate::openapi) use document_translation::DocumentTranslation;
pub(crate) use document_translation::{OpaqueSchema, UnknownSourceField};
pub use node_ref::{NodeRef, SourceLocation};
pub(super) use parsed_document::is_proto_file;
pub use parsed_document::{Document, DocumentParseError};
pub(in crate::openapi) use translated_tape::TranslatedTape;
