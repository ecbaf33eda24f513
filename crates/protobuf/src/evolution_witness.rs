//! Shows what a reader loses: writes an event by one schema and reads it by the other.

use serde_json::Value;

use crate::evolution_search::{FieldStep, NestedBreak, ProtobufEncoding, ProtobufLoss};
use crate::json_reading::read_json;
use crate::json_writing::json_of;
use crate::protobuf_schema::ProtobufSchema;
use crate::wire_reading::read_message;
use crate::wire_value::{WireMessage, WireValue};
use crate::wire_writing::write_message;

/// Something that a reader does not read as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtobufBreak {
    /// JSON Pointer into the event.
    pub pointer: String,
    /// What is not read.
    pub reason: String,
    /// How much of it.
    pub loss: ProtobufLoss,
    /// An event of the writer's schema, in ProtoJSON.
    pub value: Value,
    /// Its bytes in the wire format, as hexadecimal digits. Empty for JSON.
    pub bytes: String,
    /// What the reader does with it. `None` if it reads what was written.
    pub outcome: Option<String>,
}

/// Writes the event by one schema and reads it by the other.
pub(crate) fn confirmed(
    writer: &ProtobufSchema,
    reader: &ProtobufSchema,
    encoding: ProtobufEncoding,
    inner: NestedBreak,
) -> ProtobufBreak {
    let value = json_of(writer, writer.root, &inner.values);
    let mut bytes = String::new();
    let (written, read) = match encoding {
        ProtobufEncoding::Binary => {
            let encoded = write_message(writer, writer.root, &inner.values);
            encoded
                .iter()
                .for_each(|byte| bytes.push_str(&format!("{byte:02x}")));
            (
                read_message(writer, writer.root, &encoded).ok(),
                read_message(reader, reader.root, &encoded),
            )
        }
        ProtobufEncoding::Json => {
            let refused = read_json(reader, &value).map_err(|found| {
                let found = found.into_iter().next();
                found.map_or_else(String::new, |one| one.message)
            });
            (read_json(writer, &value).ok(), refused)
        }
    };
    let outcome = match (written, read) {
        (None, _) => None,
        (Some(_), Err(reason)) => Some(format!("refused: {reason}")),
        (Some(written), Ok(read)) => {
            let own = at_path(&written, &inner.path, |step| step.0);
            let other = at_path(&read, &inner.path, |step| step.1);
            (own != other && own.is_some()).then(|| match other {
                None => "read without the value".to_owned(),
                Some(_) => "read with another value".to_owned(),
            })
        }
    };
    ProtobufBreak {
        pointer: inner.pointer,
        reason: inner.reason,
        loss: inner.loss,
        value,
        bytes,
        outcome,
    }
}

/// The values at a place.
fn at_path<'v>(
    message: &'v WireMessage,
    path: &[FieldStep],
    number: fn(&FieldStep) -> u32,
) -> Option<&'v Vec<WireValue>> {
    let (last, before) = path.split_last()?;
    let mut message = message;
    for step in before {
        message = message.get(&number(step))?.first()?.as_message()?;
    }
    message.get(&number(last))
}
