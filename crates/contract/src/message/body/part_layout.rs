//! How the parts of a multipart body are read by their position (OpenAPI 3.2.0, Encoding By
//! Position): `prefixEncoding` for the first ones, `itemEncoding` for the others.

use super::body_format::BodyFormat;
use super::form_fields::FormField;
use super::part_head::PartHead;
use crate::message::media_range::MediaRange;
use crate::schema::schema_set::SchemaKey;

/// The parts of a multipart body, in order.
#[derive(Debug)]
pub(super) struct PartLayout {
    /// Whether the parts of a form have an order, too.
    pub(super) orders_forms: bool,
    pub(super) prefix: Vec<PartShape>,
    pub(super) rest: PartShape,
}

/// The part at one position.
#[derive(Debug)]
pub(super) struct PartShape {
    /// Its media types, its header fields and the readings of its text.
    pub(super) field: FormField,
    /// The schemas that its value satisfies, whatever the other parts are.
    pub(super) schemas: Vec<SchemaKey>,
    /// Whether octets may be its value.
    pub(super) takes_octets: bool,
    /// The parts inside it, if it is multipart itself.
    pub(super) nested: Option<Box<PartLayout>>,
}

/// How the content of a part is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartUse {
    /// It is read as JSON.
    Json,
    /// It is read as text by the readings of its shape.
    Text,
    /// Its octets are counted.
    Octets,
    /// Its own parts are read.
    Nested,
    /// It is a form, whose fields are read.
    Form,
    /// Its notation is not read, so its value is not known.
    Unread,
}

impl PartLayout {
    /// The shape of the part at this position, counted from 0.
    pub(super) fn at(&self, position: usize) -> &PartShape {
        self.prefix.get(position).unwrap_or(&self.rest)
    }
}

impl PartShape {
    /// How the content of a part with this header is read. A part without a media type is text
    /// (RFC 2046 section 5.1).
    pub(super) fn use_of(&self, head: &PartHead) -> PartUse {
        let label = head.content_type.as_deref().unwrap_or("text/plain");
        let format = MediaRange::parse(label).map(|label| BodyFormat::of(&label));
        let reads_octets = self
            .field
            .readings
            .iter()
            .any(|reading| reading.is_octets());
        match format {
            _ if reads_octets => PartUse::Octets,
            Some(BodyFormat::Multipart | BodyFormat::OrderedParts) if self.nested.is_some() => {
                PartUse::Nested
            }
            Some(BodyFormat::Form | BodyFormat::Multipart) if self.field.nested.is_some() => {
                PartUse::Form
            }
            Some(BodyFormat::Json) => PartUse::Json,
            Some(BodyFormat::Text) => PartUse::Text,
            _ if self.takes_octets => PartUse::Octets,
            _ => PartUse::Unread,
        }
    }
}
