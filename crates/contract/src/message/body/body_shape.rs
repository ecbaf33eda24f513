//! How bodies in formats other than JSON are read, compiled from a schema and its encodings
//! (OpenAPI 3.0.4 and 3.1.1, Media Type Object and Encoding Object).

use super::body_format::BodyFormat;
use super::part_layout::PartLayout;
use crate::message::parameter::{DelimitedList, Parameter};
use crate::openapi::document::NodeRef;
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_surface::TypeSet;

/// How the bodies of one media type are read.
#[derive(Debug)]
pub(crate) struct BodyShape {
    /// The types that the schema allows.
    pub(super) types: TypeSet,
    /// Whether the schema constrains text beyond its type.
    pub(super) constrains_text: bool,
    /// Whether the schema bounds the number of octets.
    pub(super) constrains_length: bool,
    /// The fields of a form.
    pub(super) form: FormFields,
    /// The fields of a multipart body, whose defaults differ from those of a form.
    pub(super) multipart: FormFields,
    /// The parts of a multipart body, if they are read by position.
    pub(super) parts: Option<PartLayout>,
    /// Whether the schema describes all records as an array, not one record.
    pub(super) is_of_all_records: bool,
    /// `itemSchema` next to `schema`: the schema of each record.
    pub(super) item: Option<SchemaKey>,
    /// Whether events are checked: only OpenAPI 3.2 says what a schema of them describes.
    pub(super) checks_events: bool,
}

impl BodyShape {
    /// `itemSchema` next to `schema`.
    pub(crate) fn item(&self) -> Option<&SchemaKey> {
        self.item.as_ref()
    }

    /// Whether the schema describes all records as an array.
    pub(crate) fn is_of_all_records(&self) -> bool {
        self.is_of_all_records
    }

    /// The schema of each record of a sequence with the schema `key`, if records have one.
    pub(crate) fn record_schema<'s>(&'s self, key: &'s SchemaKey) -> Option<&'s SchemaKey> {
        if self.is_of_all_records {
            self.item.as_ref()
        } else {
            Some(key)
        }
    }

    /// Whether bodies in this format can be checked, and the schema constrains them.
    pub(crate) fn checks(&self, format: BodyFormat) -> bool {
        match format {
            BodyFormat::Json
            | BodyFormat::Form
            | BodyFormat::Multipart
            | BodyFormat::JsonLines
            | BodyFormat::JsonSequence => true,
            BodyFormat::OrderedParts => self.parts.is_some(),
            BodyFormat::EventStream => self.checks_events,
            BodyFormat::Text => self.constrains_text && self.types.has(TypeSet::SCALAR),
            BodyFormat::Octets => self.constrains_length && self.types.has(TypeSet::STRING),
            BodyFormat::Opaque => false,
        }
    }
}

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
    /// Its schema.
    pub(super) node_ref: NodeRef,
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
    /// An array of scalars.
    Items(TypeSet, bool),
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

    /// Whether the octets of a value are counted and not kept.
    pub(super) fn is_octets(self) -> bool {
        matches!(self, Self::Octets | Self::OctetItems)
    }
}
