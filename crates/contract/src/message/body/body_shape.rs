//! How bodies in formats other than JSON are read, compiled from a schema and its encodings
//! (OpenAPI 3.0.4 and 3.1.1, Media Type Object and Encoding Object).

use super::body_format::BodyFormat;
use super::form_fields::FormFields;
use super::part_layout::PartLayout;
use crate::message::parameter::Parameter;
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

    /// The declared header fields of the parts of a field, in a multipart form.
    pub(crate) fn part_headers(&self, field: &str) -> &[Parameter] {
        let found = self.multipart.find(field);
        found.map_or(&[], |at| &self.multipart.get(at).headers)
    }

    /// The declared header fields of the part at a position, if parts are read by position.
    pub(crate) fn ordered_part_headers(&self, position: usize) -> &[Parameter] {
        let parts = self.parts.as_ref();
        parts.map_or(&[], |parts| &parts.at(position).field.headers)
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
