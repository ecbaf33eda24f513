//! Compiling encodings: from a media type's schema and Encoding Objects to how its bodies are
//! read (OpenAPI 3.0.4 and 3.1.1, Encoding Object).

use portcullis_json::JsonNode;

use super::body_format::BodyFormat;
use super::body_shape::{BodyShape, FieldReading, FormField, FormFields};
use crate::message::media_range::{MediaRange, split_unquoted};
use crate::message::parameter::{Parameter, ParameterStyle, header, readings};
use crate::message::violation::MessagePart;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_surface::{SchemaSurface, TypeSet};

/// Compiles the reading of a media type whose schema stands at `schema`; `schema_key` registers
/// the schemas that are judged on their own. Nothing where bodies of this type are not judged.
pub(crate) fn compile_body_shape(
    surface: SchemaSurface<'_>,
    range: &MediaRange<'_>,
    media: NodeRef,
    schema: NodeRef,
    schema_key: &mut dyn FnMut(NodeRef) -> SchemaKey,
) -> Option<Box<BodyShape>> {
    let notation = (!range.is_range()).then(|| BodyFormat::of(range));
    let types = surface.types(schema);
    let may_be = |one| notation.is_none_or(|notation| notation == one);
    let mut reader = EncodingCompiler {
        surface,
        media,
        schema_key,
    };
    let mut shape = BodyShape {
        types,
        constrains_text: surface.any_keyword(schema, &constrains_text),
        constrains_length: surface.any_keyword(schema, &|keyword, _| is_length(keyword)),
        form: FormFields::default(),
        multipart: FormFields::default(),
        items: None,
    };
    if notation.is_some_and(|notation| !shape.judges(notation)) {
        return None;
    }
    if may_be(BodyFormat::Form) {
        shape.form = reader.fields(schema, BodyFormat::Form);
    }
    if may_be(BodyFormat::Multipart) {
        shape.multipart = reader.fields(schema, BodyFormat::Multipart);
    }
    let may_be_records = may_be(BodyFormat::JsonLines) || may_be(BodyFormat::JsonSequence);
    if may_be_records && types == TypeSet::ARRAY {
        let items = surface.keyword_schemas(schema, "items").first().copied();
        shape.items = Some(items.map(reader.schema_key));
    }
    Some(Box::new(shape))
}

fn describes_others(keyword: &str, _: JsonNode<'_>) -> bool {
    matches!(keyword, "patternProperties" | "unevaluatedProperties")
}

fn is_length(keyword: &str) -> bool {
    matches!(keyword, "minLength" | "maxLength")
}

/// Whether a keyword says more than that there is text, or octets.
fn constrains_text(keyword: &str, value: JsonNode<'_>) -> bool {
    match keyword {
        "type" => value.as_str() != Some("string"),
        "format" => value.as_str() != Some("binary"),
        "$ref" => false,
        _ => !is_annotation(keyword),
    }
}

fn is_annotation(keyword: &str) -> bool {
    const ANNOTATIONS: [&str; 12] = [
        "title",
        "description",
        "example",
        "examples",
        "default",
        "deprecated",
        "readOnly",
        "writeOnly",
        "contentEncoding",
        "contentMediaType",
        "externalDocs",
        "xml",
    ];
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

struct EncodingCompiler<'r, 'd> {
    surface: SchemaSurface<'d>,
    media: NodeRef,
    schema_key: &'r mut dyn FnMut(NodeRef) -> SchemaKey,
}

impl EncodingCompiler<'_, '_> {
    fn fields(&mut self, schema: NodeRef, notation: BodyFormat) -> FormFields {
        let members = self.surface.members(schema);
        let list: Vec<FormField> = members
            .into_iter()
            .map(|(name, places)| self.field(name, &places, notation))
            .collect();
        let rest: Vec<NodeRef> = self.surface.keyword_schemas(schema, "additionalProperties");
        let is_schema = |place: &NodeRef| self.surface.documents.node(*place).is_object();
        let rest: Vec<NodeRef> = rest.into_iter().filter(is_schema).collect();
        let others = match rest.is_empty() {
            // Undescribed text is a string, unless a pattern of names says otherwise.
            true => vec![
                FieldReading::Scalar(TypeSet::ALL, true),
                FieldReading::Scalar(TypeSet::ALL, false),
                FieldReading::Items(TypeSet::ALL, true),
                FieldReading::Items(TypeSet::ALL, false),
            ],
            false => self.attempts(&rest, &[], notation),
        };
        let takes_others = |field: &FormField| {
            field
                .styled
                .as_ref()
                .is_some_and(Parameter::takes_any_query)
        };
        let siblings = match list.iter().any(takes_others) {
            true => list.iter().map(|field| self.sibling(field)).collect(),
            false => Vec::new(),
        };
        FormFields {
            list,
            undeclared: others,
            siblings,
            counts_undeclared_files: rest.is_empty()
                && !self.surface.any_keyword(schema, &describes_others),
        }
    }

    fn field(&mut self, name: String, places: &[NodeRef], notation: BodyFormat) -> FormField {
        let documents = self.surface.documents;
        let encoding = documents
            .member(self.media, "encoding")
            .and_then(|encodings| documents.member(encodings, &name));
        let place = places.first().copied().unwrap_or(self.media);
        let (mut content_types, mut headers, mut styled) = (Vec::new(), Vec::new(), None);
        if let Some(encoding) = encoding {
            content_types = self.content_types(encoding);
            match notation {
                BodyFormat::Form => styled = self.styled(&name, places, encoding),
                _ => headers = self.headers(encoding),
            }
        }
        FormField {
            attempts: self.attempts(places, &content_types, notation),
            name,
            styled,
            content_types,
            headers,
            place,
        }
    }

    fn content_types(&self, encoding: NodeRef) -> Vec<String> {
        let node = self.surface.documents.node(encoding);
        let list = node.get("contentType").and_then(|list| list.as_str());
        list.into_iter()
            .flat_map(|list| split_unquoted(list, ','))
            .map(|range| range.trim().to_owned())
            .filter(|range| MediaRange::parse(range).is_some())
            .collect()
    }

    fn headers(&mut self, encoding: NodeRef) -> Vec<Parameter> {
        let documents = self.surface.documents;
        let Some(headers) = documents.member(encoding, "headers") else {
            return Vec::new();
        };
        let mut compiled = Vec::new();
        for (name, node) in documents.node(headers).members() {
            // Described by `contentType` alone (OpenAPI 3.0.4, Encoding Object, `headers`).
            if name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            if let Ok(place) = follow(documents, DocumentSet::node_ref(headers, node)) {
                compiled.extend(header(self.surface, name, place, self.schema_key).ok());
            }
        }
        compiled
    }

    /// With `style`, `explode` or `allowReserved` a member is written like a query parameter.
    fn styled(&self, name: &str, places: &[NodeRef], encoding: NodeRef) -> Option<Parameter> {
        let node = self.surface.documents.node(encoding);
        let (style, explode) = (node.get("style"), node.get("explode"));
        if style.is_none() && explode.is_none() && node.get("allowReserved").is_none() {
            return None;
        }
        let style = match style.and_then(|style| style.as_str()) {
            Some("spaceDelimited") => ParameterStyle::SpaceDelimited,
            Some("pipeDelimited") => ParameterStyle::PipeDelimited,
            Some("deepObject") => ParameterStyle::DeepObject,
            _ => ParameterStyle::Form,
        };
        let explode = explode.and_then(|explode| explode.as_bool());
        let mut all = Vec::new();
        for place in places {
            for reading in readings(self.surface, *place) {
                if !all.contains(&reading) {
                    all.push(reading);
                }
            }
        }
        Some(Parameter {
            explode: explode.unwrap_or(style == ParameterStyle::Form),
            style,
            readings: all,
            ..plain(name, places.first().copied().unwrap_or(encoding))
        })
    }

    fn sibling(&self, field: &FormField) -> Parameter {
        let plain = || plain(&field.name, field.place);
        field.styled.clone().unwrap_or_else(plain)
    }

    /// The ways to read a member, by the media type that its encoding names, else by its types
    /// (the table of `contentType`, OpenAPI 3.0.4 and 3.1.1, Encoding Object).
    fn attempts(
        &self,
        places: &[NodeRef],
        content_types: &[String],
        notation: BodyFormat,
    ) -> Vec<FieldReading> {
        let surface = self.surface;
        let parsed = || {
            content_types
                .iter()
                .filter_map(|range| MediaRange::parse(range))
        };
        let types = places
            .iter()
            .map(|place| surface.types(*place))
            .fold(TypeSet::NONE, |all, types| all | types);
        let items: Vec<NodeRef> = places
            .iter()
            .flat_map(|place| surface.keyword_schemas(*place, "items"))
            .collect();
        let is_json = !content_types.is_empty() && parsed().all(|range| range.is_json());
        if is_json {
            let items = types.has(TypeSet::ARRAY).then_some(FieldReading::JsonItems);
            return items.into_iter().chain([FieldReading::Json]).collect();
        }
        let is_file = |places: &[NodeRef]| {
            let is_binary = |place: &NodeRef| is_binary(surface, *place, content_types);
            notation == BodyFormat::Multipart && !places.is_empty() && places.iter().all(is_binary)
        };
        if is_file(&items) && types == TypeSet::ARRAY {
            return vec![FieldReading::OctetItems];
        }
        if is_file(places) {
            return vec![FieldReading::Octets];
        }
        let item_types = items
            .iter()
            .map(|place| surface.types(*place))
            .reduce(|all, types| all | types)
            .unwrap_or(TypeSet::ALL);
        by_types(types, item_types)
    }
}

/// The ways to read a member of these types.
fn by_types(types: TypeSet, items: TypeSet) -> Vec<FieldReading> {
    let structured = TypeSet::OBJECT | TypeSet::ARRAY;
    let mut attempts = Vec::new();
    if types.has(TypeSet::OBJECT) && types != TypeSet::ALL {
        attempts.push(FieldReading::Json);
    }
    if types.has(TypeSet::SCALAR) {
        attempts.push(FieldReading::Scalar(types, false));
        attempts.extend(
            types
                .is_mixed()
                .then_some(FieldReading::Scalar(types, true)),
        );
    }
    if types.has(TypeSet::ARRAY) {
        if items.has(structured) && items != TypeSet::ALL {
            attempts.push(FieldReading::JsonItems);
        }
        if items.has(TypeSet::SCALAR) {
            attempts.push(FieldReading::Items(items, false));
            attempts.extend(items.is_mixed().then_some(FieldReading::Items(items, true)));
        }
    }
    if attempts.is_empty() {
        attempts.push(FieldReading::Scalar(types, false));
    }
    attempts
}

/// Whether a schema stands for octets: `format: binary`, a media type that is neither text nor
/// JSON, or in 3.1 no type at all.
fn is_binary(surface: SchemaSurface<'_>, place: NodeRef, content_types: &[String]) -> bool {
    let types = surface.types(place);
    let is_string = types.has(TypeSet::STRING) && !types.has(TypeSet::OBJECT | TypeSet::ARRAY);
    let is_format = |keyword: &str, value: JsonNode<'_>| {
        keyword == "format" && value.as_str() == Some("binary")
    };
    let is_named = |range: &String| {
        MediaRange::parse(range).is_some_and(|range| {
            range.kind() != "*" && BodyFormat::of(&range) == BodyFormat::Octets
        })
    };
    if is_string && surface.any_keyword(place, &is_format) {
        return true;
    }
    if is_string && !content_types.is_empty() && content_types.iter().all(is_named) {
        return true;
    }
    let is_silent = |keyword: &str, _: JsonNode<'_>| {
        !(is_length(keyword) || is_annotation(keyword) || keyword == "$ref")
    };
    surface.dialect == Dialect::V31
        && types == TypeSet::ALL
        && !surface.any_keyword(place, &is_silent)
}

fn plain(name: &str, place: NodeRef) -> Parameter {
    Parameter {
        name: name.to_owned(),
        part: MessagePart::Query,
        required: false,
        style: ParameterStyle::Form,
        explode: true,
        allow_empty: false,
        node_ref: place,
        readings: Vec::new(),
        schema: None,
        capture_index: usize::MAX,
    }
}
