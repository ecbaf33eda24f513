//! A message of an operation, with the nodes that it consists of.

use super::event_contract::EventMessage;
use super::event_layers::EventLayers;
use crate::openapi::written_node::WrittenNode;

/// A message of an operation as it was written.
#[derive(Clone, Debug)]
pub(super) struct WrittenEvent {
    pub(super) message: EventMessage,
    /// The Message Object.
    pub(super) node: WrittenNode,
    /// The schema of the headers, in layers.
    pub(super) headers: EventLayers,
    /// The schema of the payload, without its language.
    pub(super) payload: Option<WrittenNode>,
    /// The schema of the Kafka key, in layers.
    pub(super) key: EventLayers,
    /// The Message Example Objects.
    pub(super) examples: Vec<WrittenNode>,
}
