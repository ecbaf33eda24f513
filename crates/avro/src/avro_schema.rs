//! A schema, whose named types stand in one list, so that types can contain themselves.

use serde_json::Value;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AvroType {
    /// `null`.
    Null,
    /// `boolean`.
    Boolean,
    /// `int`.
    Int,
    /// `long`.
    Long,
    /// `float`.
    Float,
    /// `double`.
    Double,
    /// `bytes`; with a precision and a scale, a decimal number.
    Bytes(Option<(u64, u64)>),
    /// `string`.
    String,
    /// A list.
    Array(Box<Self>),
    /// An object with any names.
    Map(Box<Self>),
    /// One of several types.
    Union(Vec<Self>),
    /// A record, an enumeration or a fixed number of bytes: its number in the schema.
    Named(usize),
}

/// A record, an enumeration or a fixed number of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAvroType {
    /// Its name with its namespace.
    pub name: String,
    /// Other names, with their namespaces.
    pub aliases: Vec<String>,
    /// What it is.
    pub shape: NamedAvroShape,
}

/// What a named type is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedAvroShape {
    /// A record with fields.
    Record(Vec<AvroField>),
    /// An enumeration.
    Enum {
        /// Its symbols.
        symbols: Vec<String>,
        /// The symbol for those that a reader does not know.
        default: Option<String>,
    },
    /// A fixed number of bytes.
    Fixed {
        /// How many.
        size: u64,
        /// The precision and the scale, if it is a decimal number.
        decimal: Option<(u64, u64)>,
    },
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroField {
    /// Its name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Its type.
    pub data_type: AvroType,
    /// The value for readers that find none.
    pub default: Option<Value>,
    /// The logical types in its type, in their order, apart from those of other fields.
    pub logical_types: Vec<String>,
}

/// A schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroSchema {
    /// The type of a value.
    pub root: AvroType,
    /// The types with names.
    pub named: Vec<NamedAvroType>,
}

impl AvroSchema {
    /// The name of a type, as the JSON encoding of unions writes it.
    pub fn name_of<'s>(&'s self, data_type: &AvroType) -> &'s str {
        match data_type {
            AvroType::Null => "null",
            AvroType::Boolean => "boolean",
            AvroType::Int => "int",
            AvroType::Long => "long",
            AvroType::Float => "float",
            AvroType::Double => "double",
            AvroType::Bytes(_) => "bytes",
            AvroType::String => "string",
            AvroType::Array(_) => "array",
            AvroType::Map(_) => "map",
            AvroType::Union(_) => "union",
            AvroType::Named(number) => &self.named[*number].name,
        }
    }
}

impl NamedAvroType {
    /// The name without its namespace.
    pub(crate) fn short_name(&self) -> &str {
        let name = self.name.as_str();
        name.rsplit_once('.').map_or(name, |(_, short)| short)
    }

    /// Whether a reader of this type reads what was written as another one: by the name without its
    /// namespace, or by an alias.
    pub(crate) fn is_named_as(&self, writer: &Self) -> bool {
        let is_alias = |alias: &String| *alias == writer.name;
        self.short_name() == writer.short_name() || self.aliases.iter().any(is_alias)
    }
}
