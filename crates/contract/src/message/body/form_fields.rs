//! The fields of a form, and the readings of their values, compiled from a schema and its encodings.

use crate::message::parameter::{DelimitedList, Parameter};
use crate::openapi::document::NodeRef;
use crate::schema::item_types::ItemTypes;
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_surface::TypeSet;

/// The fields of a form or a multipart body.
#[derive(Debug, Default)]
pub(super) struct FormFields {
    /// The declared fields, sorted by name.
    pub(super) list: Vec<FormField>,
    /// The readings of an undeclared field.
    pub(super) undeclared: Vec<FieldReading>,
    /// All fields, if one of them takes every name that no other has; otherwise empty.
    pub(super) siblings: Vec<Parameter>,
    /// Whether the octets of undeclared files are counted and not kept, because no schema describes
    /// them.
    pub(super) counts_undeclared_files: bool,
}

impl FormFields {
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.list
            .binary_search_by(|field| field.name.as_str().cmp(name))
            .ok()
    }

    pub(super) fn get(&self, index: usize) -> &FormField {
        &self.list[index]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &FormField> {
        self.list.iter()
    }
}

/// A declared field.
#[derive(Debug)]
pub(super) struct FormField {
    pub(super) name: String,
    /// Its readings, the most specific first.
    pub(super) readings: Vec<FieldReading>,
    /// The parameter that the field is read like, if its encoding has a style. Only in forms.
    pub(super) styled: Option<Parameter>,
    /// The media types that its parts may have; empty if all are allowed.
    pub(super) content_types: Vec<String>,
    /// The declared headers of its parts.
    pub(super) headers: Vec<Parameter>,
    /// The declaration of a header of its parts that could not be read.
    pub(super) unread_header: Option<NodeRef>,
    /// The fields of its parts, if they are forms themselves.
    pub(super) nested: Option<Box<NestedForm>>,
    /// Its schema.
    pub(super) node_ref: NodeRef,
}

/// The fields of a form inside a part.
#[derive(Debug)]
pub(super) struct NestedForm {
    /// The schema of the value.
    pub(super) key: SchemaKey,
    /// The fields of `application/x-www-form-urlencoded`.
    pub(super) form: FormFields,
    /// The fields of `multipart/form-data`.
    pub(super) multipart: FormFields,
}

/// One interpretation of the values of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldReading {
    /// One JSON text.
    Json,
    /// An array of JSON texts. A single text may be the array itself.
    JsonItems,
    /// One scalar. With `true`, a value that may be a string is read as a string.
    Scalar(TypeSet, bool),
    /// An array of scalars. Items that can only be arrays or objects are JSON texts.
    Items(ItemTypes, bool),
    /// An array as Swagger 2.0 writes it: in one value, or with one value for each item.
    Delimited(DelimitedList, bool),
    /// Octets, which are counted and not kept.
    Octets,
    /// An array of counted octets.
    OctetItems,
}

impl FieldReading {
    /// Whether several values form an array. Otherwise the field takes one value.
    pub(super) fn is_array(self) -> bool {
        match self {
            Self::JsonItems | Self::Items(..) | Self::OctetItems => true,
            Self::Delimited(list, _) => list.repeats,
            Self::Json | Self::Scalar(..) | Self::Octets => false,
        }
    }

    /// Whether a value is a text: the schema allows scalars only.
    pub(super) fn is_text(self) -> bool {
        let structured = TypeSet::OBJECT | TypeSet::ARRAY;
        matches!(self, Self::Scalar(types, _) if !types.has(structured))
    }

    /// Whether the octets of a value are counted and not kept.
    pub(super) fn is_octets(self) -> bool {
        matches!(self, Self::Octets | Self::OctetItems)
    }
}
