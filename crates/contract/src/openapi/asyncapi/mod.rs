//! AsyncAPI 2 and 3, lowered to OpenAPI 3.1 on tapes.
//!
//! Every document of an AsyncAPI contract gets a second tape, as one of Swagger does. A message of an
//! operation becomes a webhook whose body is the event: an object with `headers`, `payload` and `key`.
//! So schemas, validators and comparisons need not know about events, and each node still names the
//! file, line and pointer that it was written at.
//!
//! - `event_contract` is what a document declares besides schemas: channels and messages.
//! - `asyncapi_version` reads the version of a document.
//! - `written_event` is a message with the nodes that it consists of, `event_layers` merges its traits.
//! - `read_events` reads what both versions have in common, `read_version_2` and `read_version_3` the
//!   channels and operations of each.
//! - `read_payload` reads schemas in Avro and Protobuf.
//! - `event_objects` has the fields of every object, `event_fields` judges them.
//! - `schema_format` names the languages of schemas, `schema_roots` finds all schemas and what is read
//!   in two languages. `kept_parts` says what a translation leaves out.
//! - `lower_event_schema` translates schemas of JSON Schema draft-07 and OpenAPI 3.0 to 2020-12.
//! - `lower_events` writes the documents, `lower_envelope` the webhooks.

pub(crate) mod event_contract;
mod asyncapi_version;
mod schema_format;
mod event_layers;
mod written_event;
mod read_payload;
mod read_events;
mod read_version_2;
mod read_version_3;
mod event_objects;
mod event_fields;
mod kept_parts;
mod schema_roots;
mod lower_event_schema;
mod lower_envelope;
mod lower_events;

pub(crate) use asyncapi_version::unsupported_version;
pub(super) use lower_events::translated;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod protobuf_tests;
