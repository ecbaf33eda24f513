//! A schema, whose messages and enumerations stand in lists, so that types can contain themselves.

use std::ops::RangeInclusive;

/// A message of a Protobuf file, with all types that it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtobufSchema {
    /// The number of the message that an event is.
    pub root: usize,
    /// All messages.
    pub messages: Vec<ProtobufMessage>,
    /// All enumerations.
    pub enums: Vec<ProtobufEnum>,
}

/// A message type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProtobufMessage {
    /// Its name with its package.
    pub name: String,
    /// Its fields, in the order of their numbers.
    pub fields: Vec<ProtobufField>,
    /// The numbers that no field may have.
    pub reserved: Vec<RangeInclusive<u32>>,
    /// Whether it is the entry of a map field.
    pub is_map_entry: bool,
}

/// An enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtobufEnum {
    /// Its name with its package.
    pub name: String,
    /// Its values, in the order of the file, the default first.
    pub values: Vec<(String, i32)>,
    /// The numbers that no value may have.
    pub reserved: Vec<RangeInclusive<i32>>,
    /// Whether a reader takes an unknown number for an unknown field (proto2).
    pub is_closed: bool,
}

/// A field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtobufField {
    /// Its name in the file.
    pub name: String,
    /// Its name in JSON.
    pub json_name: String,
    /// Its number on the wire.
    pub number: u32,
    /// The type of its values.
    pub value_type: ProtobufType,
    /// How many values it has.
    pub cardinality: FieldCardinality,
    /// Whether several numbers are written as one text of bytes.
    pub is_packed: bool,
    /// The number of its `oneof` in the message.
    pub oneof: Option<usize>,
    /// The value that readers take for a missing one, as it is written in the file, unless it is zero.
    pub default: Option<String>,
}

/// How many values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldCardinality {
    /// One, and the message cannot be read without it.
    Required,
    /// One or none.
    Optional,
    /// One; the zero value is not written.
    Implicit,
    /// Any number.
    Repeated,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtobufType {
    /// A type without parts.
    Scalar(ScalarType),
    /// The number of an enumeration.
    Enum(usize),
    /// The number of a message.
    Message(usize),
    /// The number of a message that is written between two tags.
    Group(usize),
}

/// A type without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum ScalarType {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
}

/// All scalar types.
pub(crate) const SCALAR_TYPES: [ScalarType; 15] = [
    ScalarType::Double,
    ScalarType::Float,
    ScalarType::Int32,
    ScalarType::Int64,
    ScalarType::Uint32,
    ScalarType::Uint64,
    ScalarType::Sint32,
    ScalarType::Sint64,
    ScalarType::Fixed32,
    ScalarType::Fixed64,
    ScalarType::Sfixed32,
    ScalarType::Sfixed64,
    ScalarType::Bool,
    ScalarType::String,
    ScalarType::Bytes,
];

/// How a value is delimited on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint,
    Fixed64,
    Delimited,
    Group,
    Fixed32,
}

impl ScalarType {
    /// The name in the language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Double => "double",
            Self::Float => "float",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Sint32 => "sint32",
            Self::Sint64 => "sint64",
            Self::Fixed32 => "fixed32",
            Self::Fixed64 => "fixed64",
            Self::Sfixed32 => "sfixed32",
            Self::Sfixed64 => "sfixed64",
            Self::Bool => "bool",
            Self::String => "string",
            Self::Bytes => "bytes",
        }
    }

    /// The integers that it has. `None` for other values.
    pub(crate) const fn integers(self) -> Option<(i128, i128)> {
        match self {
            Self::Int32 | Self::Sint32 | Self::Sfixed32 => {
                Some((i32::MIN as i128, i32::MAX as i128))
            }
            Self::Int64 | Self::Sint64 | Self::Sfixed64 => {
                Some((i64::MIN as i128, i64::MAX as i128))
            }
            Self::Uint32 | Self::Fixed32 => Some((0, u32::MAX as i128)),
            Self::Uint64 | Self::Fixed64 => Some((0, u64::MAX as i128)),
            Self::Bool => Some((0, 1)),
            Self::Double | Self::Float | Self::String | Self::Bytes => None,
        }
    }

    pub(crate) const fn wire_type(self) -> WireType {
        match self {
            Self::Double | Self::Fixed64 | Self::Sfixed64 => WireType::Fixed64,
            Self::Float | Self::Fixed32 | Self::Sfixed32 => WireType::Fixed32,
            Self::String | Self::Bytes => WireType::Delimited,
            Self::Int32
            | Self::Int64
            | Self::Uint32
            | Self::Uint64
            | Self::Sint32
            | Self::Sint64
            | Self::Bool => WireType::Varint,
        }
    }
}

impl ProtobufType {
    pub(crate) const fn wire_type(self) -> WireType {
        match self {
            Self::Scalar(scalar) => scalar.wire_type(),
            Self::Enum(_) => WireType::Varint,
            Self::Message(_) => WireType::Delimited,
            Self::Group(_) => WireType::Group,
        }
    }

    /// The message, if it is one.
    pub(crate) const fn message(self) -> Option<usize> {
        match self {
            Self::Message(number) | Self::Group(number) => Some(number),
            Self::Scalar(_) | Self::Enum(_) => None,
        }
    }

    /// The enumeration, if it is one.
    pub(crate) const fn enumeration(self) -> Option<usize> {
        match self {
            Self::Enum(number) => Some(number),
            Self::Scalar(_) | Self::Message(_) | Self::Group(_) => None,
        }
    }

    /// Whether a list of such values can be packed.
    pub(crate) fn is_packable(self) -> bool {
        !matches!(self.wire_type(), WireType::Delimited | WireType::Group)
    }
}

impl ProtobufField {
    /// Whether it can have several values.
    pub fn is_repeated(&self) -> bool {
        self.cardinality == FieldCardinality::Repeated
    }
}

impl ProtobufMessage {
    /// The field with a number.
    pub fn field(&self, number: u32) -> Option<&ProtobufField> {
        let at = self
            .fields
            .binary_search_by_key(&number, |field| field.number);
        at.ok().map(|at| &self.fields[at])
    }

    /// The field that a name in JSON means: its name there, or the one in the file.
    pub fn field_of_name(&self, name: &str) -> Option<&ProtobufField> {
        let mut fields = self.fields.iter();
        fields.find(|field| field.json_name == name || field.name == name)
    }
}

impl ProtobufEnum {
    /// The names of a number.
    pub(crate) fn names_of(&self, number: i128) -> Vec<&str> {
        let values = self.values.iter();
        let known = values.filter(|(_, own)| i128::from(*own) == number);
        known.map(|(name, _)| name.as_str()).collect()
    }
}

impl ProtobufSchema {
    /// The name of a type, with the package of its file.
    pub(crate) fn name_of(&self, value_type: ProtobufType) -> &str {
        match value_type {
            ProtobufType::Scalar(scalar) => scalar.as_str(),
            ProtobufType::Enum(number) => &self.enums[number].name,
            ProtobufType::Message(number) | ProtobufType::Group(number) => {
                &self.messages[number].name
            }
        }
    }
}
