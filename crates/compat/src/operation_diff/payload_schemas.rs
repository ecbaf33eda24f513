//! The schemas of payloads that are compared apart from the rest of the event.

use portcullis_avro::AvroSchema;
use portcullis_contract::{EventMessage, Operation, PayloadSchema, essence_of};
use portcullis_protobuf::{ProtobufEncoding, ProtobufSchema};

/// The schemas of the payloads of a message, if both contracts use one language that is compared apart
/// from the event.
#[derive(Clone, Copy, Debug)]
pub(super) enum PayloadSchemas<'c> {
    Avro([&'c AvroSchema; 2]),
    Protobuf([&'c ProtobufSchema; 2]),
}

pub(super) fn payload_schemas<'c>(
    old: &'c EventMessage,
    new: &'c EventMessage,
) -> Option<PayloadSchemas<'c>> {
    match (old.payload_schema.as_ref()?, new.payload_schema.as_ref()?) {
        (PayloadSchema::Avro(old), PayloadSchema::Avro(new)) => {
            Some(PayloadSchemas::Avro([old, new]))
        }
        (PayloadSchema::Protobuf(old), PayloadSchema::Protobuf(new)) => {
            Some(PayloadSchemas::Protobuf([old, new]))
        }
        (PayloadSchema::Avro(_), PayloadSchema::Protobuf(_))
        | (PayloadSchema::Protobuf(_), PayloadSchema::Avro(_)) => None,
    }
}

pub(super) fn protobuf_payloads<'c>(
    operations: [&'c Operation; 2],
    [old, new]: [&'c ProtobufSchema; 2],
    writer: &EventMessage,
) -> ProtobufPayloads<'c> {
    ProtobufPayloads {
        operations,
        old,
        new,
        encoding: protobuf_encoding(writer),
    }
}

/// The payloads of one message in both contracts.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProtobufPayloads<'c> {
    pub(super) operations: [&'c Operation; 2],
    pub(super) old: &'c ProtobufSchema,
    pub(super) new: &'c ProtobufSchema,
    pub(super) encoding: ProtobufEncoding,
}

/// How the events of a message are written.
fn protobuf_encoding(message: &EventMessage) -> ProtobufEncoding {
    let content_type = message.content_type.as_deref().map(essence_of);
    let is_json = content_type
        .is_some_and(|essence| essence.ends_with("/json") || essence.ends_with("+json"));
    if is_json {
        ProtobufEncoding::Json
    } else {
        ProtobufEncoding::Binary
    }
}
