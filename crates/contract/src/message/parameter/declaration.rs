//! Declared parameters and headers (OpenAPI 3.0.4 and 3.1.1, Parameter Object, Header Object).

use portcullis_json::{JsonKind, JsonNode};

use super::delimited_list::{DelimitedList, delimited_list};
use super::parameter_fields::{
    ParameterError, ParameterFields, content_error, header_fields, parameter_fields,
};
use super::parameter_style::ParameterStyle;
use crate::message::media_range::MediaRange;
use crate::message::violation::MessagePart;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::schema::item_types::ItemTypes;
use crate::schema::object_shape::ObjectShape;
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_surface::{SchemaSurface, TypeSet};

/// One interpretation of a parameter's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ParameterReading {
    Scalar(TypeSet),
    Array(ItemTypes),
    /// An array as Swagger 2.0 writes it.
    Delimited(DelimitedList),
    Object(ObjectShape),
}

impl ParameterReading {
    /// Whether a text may be a string or another type.
    pub(crate) fn is_ambiguous(&self) -> bool {
        match self {
            Self::Scalar(types) => types.is_mixed(),
            Self::Array(items) => items.is_mixed(),
            Self::Delimited(list) => list.types.is_mixed(),
            Self::Object(shape) => shape.is_mixed(),
        }
    }

    /// The properties, if it is an object.
    fn shape(&self) -> Option<&ObjectShape> {
        match self {
            Self::Object(shape) => Some(shape),
            Self::Scalar(_) | Self::Array(_) | Self::Delimited(_) => None,
        }
    }
}

/// A declared parameter, compiled.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name. Header names are case-insensitive.
    pub name: String,
    /// The part of the message that contains it.
    pub part: MessagePart,
    /// Whether it is required.
    pub required: bool,
    /// How the value is serialized.
    pub style: ParameterStyle,
    /// Whether items and properties are serialized separately.
    pub explode: bool,
    /// `allowEmptyValue`: an empty value is not checked.
    pub allow_empty: bool,
    /// Where the contract declares it.
    pub node_ref: NodeRef,
    pub(crate) readings: Vec<ParameterReading>,
    pub(crate) schema: Option<SchemaKey>,
    /// The reference that leads nowhere, if the schema has one, so that the type is unknown.
    pub(crate) unread: Option<NodeRef>,
    /// The slot of a path parameter in the template's captures.
    pub(crate) capture_index: usize,
}

/// Compiles the Parameter Object at `node_ref`. `schema_key` registers its schema.
pub(crate) fn parameter(
    surface: SchemaSurface<'_>,
    node_ref: NodeRef,
    schema_key: &mut dyn FnMut(NodeRef) -> SchemaKey,
) -> Result<Parameter, ParameterError> {
    let is_swagger = surface.documents.is_swagger();
    let fields = parameter_fields(
        node_ref,
        surface.documents.node(node_ref),
        surface.dialect,
        is_swagger,
    )?;
    compile(surface, node_ref, fields, schema_key)
}

/// Compiles the Header Object at `node_ref`, a Parameter Object without `name` and `in` (OpenAPI
/// 3.0.4 and 3.1.1, Header Object).
pub(crate) fn header(
    surface: SchemaSurface<'_>,
    name: &str,
    node_ref: NodeRef,
    schema_key: &mut dyn FnMut(NodeRef) -> SchemaKey,
) -> Result<Parameter, ParameterError> {
    let is_swagger = surface.documents.is_swagger();
    let fields = header_fields(
        node_ref,
        surface.documents.node(node_ref),
        name,
        surface.dialect,
        is_swagger,
    )?;
    compile(surface, node_ref, fields, schema_key)
}

fn compile(
    surface: SchemaSurface<'_>,
    node_ref: NodeRef,
    fields: ParameterFields,
    schema_key: &mut dyn FnMut(NodeRef) -> SchemaKey,
) -> Result<Parameter, ParameterError> {
    let node = surface.documents.node(node_ref);
    let mut unread = None;
    let content = node.get("content").filter(|content| !content.is_null());
    let (style, schema) = match content {
        // The schema of the whole query is compiled with its media type.
        Some(content) if fields.style == ParameterStyle::WholeQuery => {
            only_media_type(node_ref, content)?;
            (fields.style, None)
        }
        Some(content) => content_style(surface, node_ref, content, &mut unread)?,
        None => (fields.style, property(node_ref, node, "schema")),
    };
    Ok(Parameter {
        name: fields.name,
        part: fields.part,
        required: fields.required,
        explode: fields.explode.unwrap_or(matches!(
            style,
            ParameterStyle::Form | ParameterStyle::DeepObject | ParameterStyle::Cookie
        )),
        style,
        allow_empty: fields.allow_empty,
        node_ref,
        readings: schema.map_or_else(Vec::new, |schema| readings(surface, schema)),
        unread: unread.or(schema.and_then(|schema| surface.dangling_reading(schema))),
        schema: schema.map(schema_key),
        capture_index: usize::MAX,
    })
}

impl Parameter {
    /// The schema of the value; `None` if values are not checked.
    pub fn schema(&self) -> Option<&SchemaKey> {
        self.schema.as_ref()
    }

    /// Whether the value is a scalar, so its style does not split it.
    pub fn is_plain(&self) -> bool {
        let mut readings = self.readings.iter();
        readings.all(|reading| matches!(reading, ParameterReading::Scalar(_)))
    }

    /// Whether the value may be an object.
    pub fn has_members(&self) -> bool {
        let mut readings = self.readings.iter();
        readings.any(|reading| matches!(reading, ParameterReading::Object(_)))
    }

    /// The properties that are declared by name, if the value may be an object.
    pub fn member_names(&self) -> impl Iterator<Item = &str> {
        let members = self.readings.iter().flat_map(|reading| match reading {
            ParameterReading::Object(shape) => &shape.members[..],
            ParameterReading::Scalar(_)
            | ParameterReading::Array(_)
            | ParameterReading::Delimited(_) => &[],
        });
        members.map(|(name, _)| name.as_str())
    }

    /// Whether an object may have properties that are not declared by name.
    pub fn has_other_members(&self) -> bool {
        self.shapes().any(ObjectShape::takes_others)
    }

    /// Whether JSON writes the value as its text: a number or a boolean.
    pub fn is_same_in_json(&self) -> bool {
        let is_same = |reading: &ParameterReading| match reading {
            ParameterReading::Scalar(types) => !types.has(TypeSet::STRING | TypeSet::NULL),
            ParameterReading::Array(_)
            | ParameterReading::Delimited(_)
            | ParameterReading::Object(_) => false,
        };
        !self.readings.is_empty() && self.readings.iter().all(is_same)
    }

    /// Whether the value is JSON text and not serialized by a style.
    pub fn is_json_text(&self) -> bool {
        self.style == ParameterStyle::JsonContent
    }

    /// Whether the value is the whole query (OpenAPI 3.2, `in: querystring`).
    pub fn is_whole_query(&self) -> bool {
        self.style == ParameterStyle::WholeQuery
    }

    /// Whether the text of a path parameter contains its name: in style `matrix`, except that the
    /// properties of an exploded object have their own names (OpenAPI 3.1.1, Style Examples).
    pub fn writes_name(&self) -> bool {
        let is_object = |reading: &ParameterReading| matches!(reading, ParameterReading::Object(_));
        self.style == ParameterStyle::Matrix
            && !(self.explode && self.readings.iter().all(is_object))
    }

    /// The value of `in`.
    pub fn location(&self) -> &'static str {
        if self.is_whole_query() {
            "querystring"
        } else {
            self.part.as_str()
        }
    }

    /// Whether two declarations are for the same parameter: an operation's overrides a path item's.
    pub fn is_same(&self, other: &Self) -> bool {
        self.part == other.part
            && self.is_whole_query() == other.is_whole_query()
            && if self.part == MessagePart::Header {
                self.name.eq_ignore_ascii_case(&other.name)
            } else {
                self.name == other.name
            }
    }

    /// The readings of the text in order: typed ones first, then those that prefer strings.
    pub(crate) fn readings_in_order(&self) -> impl Iterator<Item = (&ParameterReading, bool)> {
        let is_mixed = |reading: &&ParameterReading| reading.is_ambiguous();
        let typed = self.readings.iter().map(|reading| (reading, false));
        typed.chain(
            self.readings
                .iter()
                .filter(is_mixed)
                .map(|reading| (reading, true)),
        )
    }

    /// Whether a pair with this decoded name is a declared property of this exploded object.
    pub(crate) fn takes_property(&self, name: &str) -> bool {
        self.is_exploded_query() && self.shapes().any(|shape| shape.has_member(name))
    }

    /// Whether a pair with this decoded name, which no other parameter declares, is a property of this
    /// exploded object.
    pub(crate) fn takes_other(&self, name: &str) -> bool {
        self.is_exploded_query() && self.shapes().any(|shape| shape.takes_other(name))
    }

    /// Whether pairs that no other parameter declares may be properties of this exploded object.
    pub(crate) fn takes_others(&self) -> bool {
        self.is_exploded_query() && self.shapes().any(ObjectShape::takes_others)
    }

    /// Whether a cookie with this name is a property of this exploded object.
    pub(crate) fn takes_cookie(&self, name: &str) -> bool {
        let is_exploded = self.part == MessagePart::Cookie
            && self.explode
            && matches!(self.style, ParameterStyle::Form | ParameterStyle::Cookie);
        let takes = |shape: &ObjectShape| shape.has_member(name) || shape.takes_other(name);
        is_exploded && self.shapes().any(takes)
    }

    /// Whether it takes every pair of the query that no other parameter has.
    pub(crate) fn takes_any_query(&self) -> bool {
        self.is_exploded_query() && self.shapes().any(|shape| shape.is_open)
    }

    fn shapes(&self) -> impl Iterator<Item = &ObjectShape> {
        self.readings.iter().filter_map(ParameterReading::shape)
    }

    fn is_exploded_query(&self) -> bool {
        self.part == MessagePart::Query && self.style == ParameterStyle::Form && self.explode
    }

    /// Whether OpenAPI ignores a header parameter of this name (OpenAPI 3.0.4, Parameter Object,
    /// `name`): other parts of the contract describe these headers.
    pub fn is_ignored(&self) -> bool {
        const IGNORED: [&str; 3] = ["accept", "content-type", "authorization"];
        self.part == MessagePart::Header
            && IGNORED
                .iter()
                .any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

/// The one entry of `content`.
fn only_media_type<'d>(
    node_ref: NodeRef,
    content: JsonNode<'d>,
) -> Result<(&'d str, NodeRef), ParameterError> {
    let mut media = content.members();
    match (media.next(), media.next()) {
        (Some((key, media_type)), None) => Ok((key, DocumentSet::node_ref(node_ref, media_type))),
        _ => Err(content_error(node_ref, content)),
    }
}

/// The media type of a parameter or header with `content`, which may be a reference in OpenAPI 3.2.
pub(crate) fn content_media(surface: SchemaSurface<'_>, node_ref: NodeRef) -> Option<NodeRef> {
    let content = surface.documents.node(node_ref).get("content")?;
    let (_, media) = only_media_type(node_ref, content).ok()?;
    Some(media).filter(|_| surface.dialect == Dialect::V32)
}

/// The style of a value with `content`, and its schema. A media type that leads nowhere is `unread`;
/// the compiler of the contract reports it.
fn content_style(
    surface: SchemaSurface<'_>,
    node_ref: NodeRef,
    content: JsonNode<'_>,
    unread: &mut Option<NodeRef>,
) -> Result<(ParameterStyle, Option<NodeRef>), ParameterError> {
    let (key, media) = only_media_type(node_ref, content)?;
    if MediaRange::parse(key).is_some_and(|range| range.is_json()) {
        // A media type may be a reference in OpenAPI 3.2.
        let media = match surface.dialect {
            Dialect::V32 => match follow(surface.documents, media) {
                Ok(target) => target,
                Err((at, _)) => {
                    *unread = Some(at);
                    return Ok((ParameterStyle::JsonContent, None));
                }
            },
            Dialect::V30 | Dialect::V31 => media,
        };
        let schema = surface.documents.member(media, "schema");
        Ok((ParameterStyle::JsonContent, schema))
    } else {
        Ok((ParameterStyle::OtherContent, None))
    }
}

fn property(near: NodeRef, node: JsonNode<'_>, name: &str) -> Option<NodeRef> {
    Some(DocumentSet::node_ref(near, node.get(name)?))
}

/// The readings of the text, the most specific first. An untyped schema reads a scalar.
pub(crate) fn readings(surface: SchemaSurface<'_>, schema: NodeRef) -> Vec<ParameterReading> {
    let types = surface.types(schema);
    let node = surface.documents.node(schema);
    let mut readings = Vec::new();
    let is_untyped = types == TypeSet::ALL && node.kind() == JsonKind::Object;
    let names = |known: &str| surface.any_keyword(schema, &|keyword, _| keyword == known);
    if types.has(TypeSet::ARRAY) && (!is_untyped || names("items")) {
        readings.push(match delimited_list(surface, schema) {
            Some(list) => ParameterReading::Delimited(list),
            None => ParameterReading::Array(surface.item_types(schema)),
        });
    }
    if types.has(TypeSet::OBJECT) && (!is_untyped || names("properties")) {
        let shape = surface.object(schema);
        let with_lists = shape.preferring_lists();
        let shapes = [shape].into_iter().chain(with_lists);
        readings.extend(shapes.map(ParameterReading::Object));
    }
    if types.has(TypeSet::SCALAR) || readings.is_empty() {
        readings.insert(0, ParameterReading::Scalar(types));
    }
    readings
}
