//! A message of an operation, with the nodes that it consists of.

use super::event_contract::EventMessage;
use super::event_layers::EventLayers;
use super::schema_format::SchemaFormat;
use crate::openapi::written_node::WrittenNode;

/// A message of an operation as it was written.
#[derive(Clone, Debug)]
pub(super) struct WrittenEvent {
    pub(super) message: EventMessage,
    /// The Message Object.
    pub(super) node: WrittenNode,
    /// The schema of the headers, in layers.
    pub(super) headers: EventLayers,
    /// Their language.
    pub(super) headers_format: SchemaFormat,
    /// The schema of the payload.
    pub(super) payload: Option<WrittenNode>,
    /// Its language.
    pub(super) payload_format: SchemaFormat,
    /// The schema of the Kafka key, in layers.
    pub(super) key: EventLayers,
    /// The Message Example Objects.
    pub(super) examples: Vec<WrittenNode>,
}
