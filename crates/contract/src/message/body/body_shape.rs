//! What a schema and its encodings say of how bodies in other notations than JSON are read
//! (OpenAPI 3.0.4 and 3.1.1, Media Type Object and Encoding Object), compiled.

use super::body_format::BodyFormat;
use crate::message::parameter::Parameter;
use crate::openapi::document::NodeRef;
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_surface::TypeSet;

/// How a body of one media type is read.
#[derive(Debug)]
pub(crate) struct BodyShape {
    /// The types that the schema admits.
    pub(super) types: TypeSet,
    /// Whether the schema says more of text than that there is some.
    pub(super) constrains_text: bool,
    /// Whether the schema bounds the number of octets.
    pub(super) constrains_length: bool,
    /// The members of a form.
    pub(super) form: FormFields,
    /// The parts of a multipart body. Their defaults differ from those of a form.
    pub(super) multipart: FormFields,
    /// Where records are described by an array: the schema of its items, if it has one.
    pub(super) items: Option<Option<SchemaKey>>,
}

impl BodyShape {
    /// Whether bodies in this notation can be judged, and there is something to judge.
    pub(crate) fn judges(&self, notation: BodyFormat) -> bool {
        match notation {
            BodyFormat::Json
            | BodyFormat::Form
            | BodyFormat::Multipart
            | BodyFormat::JsonLines
            | BodyFormat::JsonSequence => true,
            BodyFormat::Text => self.constrains_text && self.types.has(TypeSet::SCALAR),
            BodyFormat::Octets => self.constrains_length && self.types.has(TypeSet::STRING),
            BodyFormat::Opaque => false,
        }
    }
}

/// The members of an object that is not written as JSON.
#[derive(Debug, Default)]
pub(super) struct FormFields {
    /// The declared ones, by name.
    pub(super) list: Vec<FormField>,
    /// How a member is read that is not declared.
    pub(super) undeclared: Vec<FieldReading>,
    /// The names of all members, where one of them takes every name that no other has.
    pub(super) siblings: Vec<Parameter>,
    /// Whether files that are not declared are only counted: nothing describes them.
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

/// A declared member.
#[derive(Debug)]
pub(super) struct FormField {
    pub(super) name: String,
    /// The ways to read it, the most telling first.
    pub(super) attempts: Vec<FieldReading>,
    /// Written by a style, like a parameter of a query: only in forms.
    pub(super) styled: Option<Parameter>,
    /// The media types that its parts may have; empty where any will do.
    pub(super) content_types: Vec<String>,
    /// The headers of its parts.
    pub(super) headers: Vec<Parameter>,
    /// Its schema.
    pub(super) place: NodeRef,
}

/// One way to read the values of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldReading {
    /// One JSON text.
    Json,
    /// An array of JSON texts; a single one may be the array itself.
    JsonItems,
    /// One scalar; as a string where that is admitted, if so asked.
    Scalar(TypeSet, bool),
    /// An array of scalars.
    Items(TypeSet, bool),
    /// Octets, of which only the number is known.
    Octets,
    /// An array of such.
    OctetItems,
}

impl FieldReading {
    /// Whether several values are an array, and not one too many.
    pub(super) fn is_array(self) -> bool {
        matches!(self, Self::JsonItems | Self::Items(..) | Self::OctetItems)
    }

    /// Whether values are counted and not kept.
    pub(super) fn is_octets(self) -> bool {
        matches!(self, Self::Octets | Self::OctetItems)
    }
}
