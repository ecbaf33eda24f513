//! Tests, most of which ask another compiler of Protobuf and another reader of events.

mod evolution_pairs;
mod google_reader;
mod proto_texts;
mod random_schemas;
mod reference_reader;

use crate::{ProtobufReading, ProtobufSchema, read_protobuf};

/// A schema of one file.
fn schema(text: &str) -> ProtobufSchema {
    match read_protobuf(0, text, &mut |_, _| None) {
        ProtobufReading::Schema(schema) => schema,
        other => panic!("{other:?}\n{text}"),
    }
}
