//! Another compiler of Protobuf files and another reader of the wire format and of ProtoJSON.

use prost_reflect::{DynamicMessage, MapKey, MessageDescriptor, Value};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use crate::wire_value::{WireMessage, WireValue};

struct OneFile(String);

impl FileResolver for OneFile {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == "event.proto" {
            File::from_source(name, &self.0)
        } else {
            Err(protox::Error::file_not_found(name))
        }
    }
}

/// Compiles a file.
pub(super) fn compile(text: &str) -> Result<prost_reflect::DescriptorPool, String> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(OneFile(text.to_owned()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    let opened = compiler.open_file("event.proto");
    opened.map_err(|error| format!("{error:?}"))?;
    Ok(compiler.descriptor_pool())
}

/// A message of a file.
pub(super) fn message(text: &str, name: &str) -> MessageDescriptor {
    let pool = compile(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    pool.get_message_by_name(name)
        .expect("the message is there")
}

/// Reads bytes.
pub(super) fn read(message: &MessageDescriptor, bytes: &[u8]) -> Result<WireMessage, String> {
    let read = DynamicMessage::decode(message.clone(), bytes);
    Ok(values_of(&read.map_err(|error| error.to_string())?))
}

/// Reads ProtoJSON.
pub(super) fn read_json(
    message: &MessageDescriptor,
    value: &serde_json::Value,
) -> Result<WireMessage, String> {
    let read = DynamicMessage::deserialize(message.clone(), value);
    Ok(values_of(&read.map_err(|error| error.to_string())?))
}

fn values_of(message: &DynamicMessage) -> WireMessage {
    let fields = message.fields();
    let values = fields.map(|(field, value)| {
        let list = match value {
            Value::List(list) => list.iter().map(value_of).collect(),
            Value::Map(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by_key(|(key, _)| format!("{key:?}"));
                let entries = entries.into_iter().map(|(key, value)| {
                    let values = [(1, vec![key_of(key)]), (2, vec![value_of(value)])];
                    WireValue::Message(WireMessage::from(values))
                });
                entries.collect()
            }
            single => vec![value_of(single)],
        };
        (field.number(), list)
    });
    values.collect()
}

fn key_of(key: &MapKey) -> WireValue {
    match key {
        MapKey::Bool(key) => WireValue::Integer(i128::from(*key)),
        MapKey::I32(key) => WireValue::Integer((*key).into()),
        MapKey::I64(key) => WireValue::Integer((*key).into()),
        MapKey::U32(key) => WireValue::Integer((*key).into()),
        MapKey::U64(key) => WireValue::Integer((*key).into()),
        MapKey::String(key) => WireValue::Bytes(key.clone().into_bytes()),
    }
}

fn value_of(value: &Value) -> WireValue {
    match value {
        Value::Bool(value) => WireValue::Integer(i128::from(*value)),
        Value::I32(value) | Value::EnumNumber(value) => WireValue::Integer((*value).into()),
        Value::I64(value) => WireValue::Integer((*value).into()),
        Value::U32(value) => WireValue::Integer((*value).into()),
        Value::U64(value) => WireValue::Integer((*value).into()),
        Value::F32(value) => WireValue::Float((*value).into()),
        Value::F64(value) => WireValue::Float(*value),
        Value::String(value) => WireValue::Bytes(value.clone().into_bytes()),
        Value::Bytes(value) => WireValue::Bytes(value.to_vec()),
        Value::Message(value) => WireValue::Message(values_of(value)),
        Value::List(_) | Value::Map(_) => panic!("lists contain no lists"),
    }
}
