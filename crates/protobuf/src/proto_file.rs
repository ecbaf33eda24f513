//! A Protobuf file as it is written: names of types are not looked up yet.

use std::ops::RangeInclusive;

use crate::protobuf_schema::ScalarType;

/// A place in a file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TextPlace {
    /// From 1.
    pub(crate) line: u32,
    /// In characters, from 1.
    pub(crate) column: u32,
}

/// Something wrong in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextFault {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) message: String,
}

/// What is wrong, with the number of the file.
pub(crate) type FileFaults = Vec<(u32, TextFault)>;

/// What is wrong at a place.
pub(crate) fn fault_at(place: TextPlace, message: String) -> TextFault {
    TextFault {
        line: place.line,
        column: place.column,
        message,
    }
}

/// The language of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProtoSyntax {
    /// What a file without a statement is, too.
    #[default]
    Proto2,
    Proto3,
}

/// A file.
#[derive(Debug, Default)]
pub(crate) struct ProtoFile {
    pub(crate) syntax: ProtoSyntax,
    pub(crate) package: String,
    pub(crate) imports: Vec<String>,
    pub(crate) messages: Vec<WrittenMessage>,
    pub(crate) enums: Vec<WrittenEnum>,
    /// The fields that the file adds to messages: the name of the message as it is written, the scope
    /// in which it is written, and the field.
    pub(crate) extensions: Vec<(String, String, WrittenField)>,
    /// Names that only must not occur twice: those of services.
    pub(crate) other_names: Vec<(String, TextPlace)>,
}

/// A message.
#[derive(Debug, Default)]
pub(crate) struct WrittenMessage {
    /// With its package and the messages around it.
    pub(crate) name: String,
    pub(crate) place: TextPlace,
    pub(crate) is_nested: bool,
    /// Whether a comment says that it is the event.
    pub(crate) is_root_noted: bool,
    pub(crate) is_map_entry: bool,
    pub(crate) fields: Vec<WrittenField>,
    pub(crate) oneofs: Vec<(String, TextPlace)>,
    pub(crate) reserved: Vec<RangeInclusive<u32>>,
    pub(crate) reserved_names: Vec<String>,
    /// The numbers for fields that other files add.
    pub(crate) extension_numbers: Vec<RangeInclusive<u32>>,
}

/// An enumeration.
#[derive(Debug, Default)]
pub(crate) struct WrittenEnum {
    pub(crate) name: String,
    pub(crate) place: TextPlace,
    pub(crate) values: Vec<(String, i32, TextPlace)>,
    pub(crate) reserved: Vec<RangeInclusive<i32>>,
    pub(crate) reserved_names: Vec<String>,
    pub(crate) allows_alias: bool,
}

/// A field.
#[derive(Clone, Debug)]
pub(crate) struct WrittenField {
    pub(crate) name: String,
    pub(crate) place: TextPlace,
    pub(crate) number: u64,
    pub(crate) value_type: WrittenType,
    pub(crate) label: WrittenLabel,
    pub(crate) oneof: Option<usize>,
    pub(crate) json_name: Option<String>,
    pub(crate) is_packed: Option<bool>,
    pub(crate) default: Option<String>,
}

/// The type of a field.
#[derive(Clone, Debug)]
pub(crate) enum WrittenType {
    Scalar(ScalarType),
    /// A name to look up.
    Named(String),
    /// The full name of the message of a group.
    Group(String),
    /// The full name of the entry of a map, and the type of its keys.
    Map(String),
}

/// What stands before the type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrittenLabel {
    Required,
    Optional,
    Repeated,
    /// Nothing.
    Unlabelled,
    /// Nothing, because the field is in a `oneof` or a map.
    Implied,
}

/// The name in JSON that a field has by default: `order_id` is `orderId`.
pub(crate) fn json_name_of(name: &str) -> String {
    let mut json_name = String::with_capacity(name.len());
    let mut is_next_upper = false;
    for character in name.chars() {
        if character == '_' {
            is_next_upper = true;
        } else if std::mem::take(&mut is_next_upper) {
            json_name.push(character.to_ascii_uppercase());
        } else {
            json_name.push(character);
        }
    }
    json_name
}
