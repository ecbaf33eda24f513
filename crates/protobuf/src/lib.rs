//! Protobuf schemas (Protocol Buffers, proto2 and proto3): reading them, comparing them by the rules of
//! the wire format and of ProtoJSON, and judging events in ProtoJSON.
//!
//! - `protobuf_schema` is a schema. `proto_token`, `proto_parser`, `parse_proto` and `parse_field` read a
//!   file, `proto_file` is what they read, `check_proto` and `link_proto` make a schema of files, and
//!   `read_protobuf` reads all files of one. `well_known` has those that every compiler brings.
//! - `wire_value` is an event apart from its encoding. `wire_writing` and `wire_reading` know the wire
//!   format, `json_writing` and `json_reading` ProtoJSON.
//! - `schema_evolution` and `type_evolution` find what a reader with another schema does not read as it
//!   was written, in one `evolution_search`, and `evolution_witness` shows each loss with an event.
//!   `number_reuse` compares the numbers of revisions.
//!
//! It is written here because every mistake must name its place in the document, and because a compiler
//! of Protobuf for this purpose would take longer to build than the commands that need it. Tests compare
//! it with one, and with another reader of events.

mod protobuf_schema;
mod proto_file;
mod proto_token;
mod proto_parser;
mod parse_field;
mod parse_proto;
mod check_proto;
mod link_proto;
mod well_known;
mod read_protobuf;
mod wire_value;
mod wire_writing;
mod wire_reading;
mod json_writing;
mod json_reading;
mod evolution_search;
mod evolution_witness;
mod schema_evolution;
mod type_evolution;
mod number_reuse;

#[cfg(test)]
mod tests;

pub use evolution_search::{ProtobufEncoding, ProtobufLoss, ProtobufMeaning};
pub use evolution_witness::ProtobufBreak;
pub use json_reading::{ProtobufViolation, judge_protobuf};
pub use number_reuse::{ProtobufNumber, number_reuse};
pub use protobuf_schema::{
    FieldCardinality, ProtobufEnum, ProtobufField, ProtobufMessage, ProtobufSchema, ProtobufType,
    ScalarType,
};
pub use read_protobuf::{
    FindImport, ProtobufFault, ProtobufReading, protobuf_imports, read_protobuf,
};
pub use schema_evolution::{ProtobufEvolution, compare_protobuf};
