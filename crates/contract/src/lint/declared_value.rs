//! An example or a default of a contract, with the schema that it must satisfy.

use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::NodeRef;

/// An example or a default.
#[derive(Clone, Debug)]
pub(super) struct DeclaredValue {
    /// Its description for messages, such as "the example `large`".
    pub(super) what: String,
    /// The value.
    pub(super) value: NodeRef,
    /// The schema that it must satisfy.
    pub(super) schema: NodeRef,
    /// The direction that it is sent in. `None` for the examples of a schema itself, which may be
    /// sent in both.
    pub(super) direction: Option<MessageDirection>,
    /// How it may be written in the contract.
    pub(super) notation: ValueNotation,
}

/// The notations that a contract may use for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueNotation {
    /// The value itself.
    Plain,
    /// The value itself, or a string with its JSON text (OpenAPI 3.1.1, Working with Examples).
    Json,
    /// The value itself, or the text that a parameter or header field carries.
    Text,
}

/// The description of a default.
pub(super) const DEFAULT: &str = "the default";
