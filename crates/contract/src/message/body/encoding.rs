//! Compiles a media type's schema and Encoding Objects into the shape of its bodies (OpenAPI 3.0.4
//! and 3.1.1, Encoding Object).

use portcullis_json::JsonNode;

use super::body_format::BodyFormat;
use super::body_shape::BodyShape;
use super::form_fields::{FieldReading, FormField, FormFields, NestedForm};
use super::text_schema::{constrains_text, is_binary, is_length};
use crate::message::media_range::{MediaRange, split_unquoted};
use crate::message::parameter::{Parameter, ParameterStyle, delimited_list, header, readings};
use crate::message::violation::MessagePart;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::schema::item_types::ItemTypes;
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_surface::{SchemaSurface, TypeSet};

/// Compiles the shape of a media type with the schema at `schema`. `schema_key` registers schemas
/// that are checked separately. `None` if bodies of this type are not checked.
pub(crate) fn compile_body_shape(
    surface: SchemaSurface<'_>,
    range: &MediaRange<'_>,
    media: NodeRef,
    schema: NodeRef,
    schema_key: &mut dyn FnMut(NodeRef) -> SchemaKey,
) -> Option<Box<BodyShape>> {
    let format = (!range.is_range()).then(|| BodyFormat::of(range));
    let types = surface.types(schema);
    let may_be = |one| format.is_none_or(|format| format == one);
    let mut compiler = EncodingCompiler {
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
        parts: None,
        is_of_all_records: false,
        item: None,
        checks_events: surface.dialect == Dialect::V32,
    };
    let item = surface.documents.member(media, "itemSchema");
    let item = item.filter(|_| surface.dialect == Dialect::V32);
    let all = (item != Some(schema)).then_some(schema);
    shape.parts = compiler.part_layout(format, all, item);
    if format.is_some_and(|format| !shape.checks(format)) {
        return None;
    }
    if may_be(BodyFormat::Form) {
        shape.form = compiler.fields(schema, media, BodyFormat::Form);
    }
    if may_be(BodyFormat::Multipart) {
        shape.multipart = compiler.fields(schema, media, BodyFormat::Multipart);
    }
    shape.is_of_all_records = match surface.dialect {
        // OpenAPI 3.0 and 3.1 do not say what the schema describes.
        Dialect::V30 | Dialect::V31 => types == TypeSet::ARRAY,
        Dialect::V32 => all.is_some(),
    };
    shape.item = item.filter(|_| all.is_some()).map(compiler.schema_key);
    Some(Box::new(shape))
}

fn describes_undeclared(keyword: &str, _: JsonNode<'_>) -> bool {
    matches!(keyword, "patternProperties" | "unevaluatedProperties")
}

/// The header fields that an Encoding Object declares.
#[derive(Default)]
pub(super) struct PartHeaders {
    pub(super) declared: Vec<Parameter>,
    /// A declaration whose reference leads nowhere.
    pub(super) unread: Option<NodeRef>,
}

pub(super) struct EncodingCompiler<'r, 'd> {
    pub(super) surface: SchemaSurface<'d>,
    pub(super) media: NodeRef,
    pub(super) schema_key: &'r mut dyn FnMut(NodeRef) -> SchemaKey,
}

impl EncodingCompiler<'_, '_> {
    /// The fields of a form with this schema, whose encodings are in the Media Type Object or the
    /// Encoding Object `owner`.
    fn fields(&mut self, schema: NodeRef, owner: NodeRef, format: BodyFormat) -> FormFields {
        let properties = self.surface.members(schema);
        let list: Vec<FormField> = properties
            .into_iter()
            .map(|(name, schemas)| self.field(name, &schemas, owner, format))
            .collect();
        let rest: Vec<NodeRef> = self.surface.keyword_schemas(schema, "additionalProperties");
        let is_schema = |schema: &NodeRef| self.surface.documents.node(*schema).is_object();
        let rest: Vec<NodeRef> = rest.into_iter().filter(is_schema).collect();
        let undeclared = if rest.is_empty() {
            // Text without a schema is a string, unless a pattern property has another type.
            vec![
                FieldReading::Scalar(TypeSet::ALL, true),
                FieldReading::Scalar(TypeSet::ALL, false),
                FieldReading::Items(ItemTypes::ANY, true),
                FieldReading::Items(ItemTypes::ANY, false),
            ]
        } else {
            self.readings(&rest, &[], format)
        };
        let takes_any_name =
            |field: &FormField| field.styled.as_ref().is_some_and(Parameter::takes_others);
        let siblings = if list.iter().any(takes_any_name) {
            list.iter().map(|field| self.sibling(field)).collect()
        } else {
            Vec::new()
        };
        FormFields {
            list,
            undeclared,
            siblings,
            counts_undeclared_files: rest.is_empty()
                && !self.surface.any_keyword(schema, &describes_undeclared),
        }
    }

    fn field(
        &mut self,
        name: String,
        schemas: &[NodeRef],
        owner: NodeRef,
        format: BodyFormat,
    ) -> FormField {
        let documents = self.surface.documents;
        let encoding = documents
            .member(owner, "encoding")
            .and_then(|encodings| documents.member(encodings, &name));
        let node_ref = schemas.first().copied().unwrap_or(self.media);
        let (mut content_types, mut headers, mut styled) =
            (Vec::new(), PartHeaders::default(), None);
        let mut nested = None;
        if let Some(encoding) = encoding {
            content_types = self.content_types(encoding);
            match format {
                BodyFormat::Form => styled = self.styled(&name, schemas, encoding),
                _ => headers = self.headers(encoding),
            }
            // Encodings nest one level deep.
            if owner == self.media && format == BodyFormat::Multipart {
                nested = self.nested_form(schemas, encoding);
            }
        }
        FormField {
            readings: self.readings(schemas, &content_types, format),
            name,
            styled,
            content_types,
            headers: headers.declared,
            unread_header: headers.unread,
            nested,
            node_ref,
        }
    }

    /// The fields of a part with these schemas that is a form, if its Encoding Object has encodings
    /// by name. Each part is an item if the schema is that of an array.
    pub(super) fn nested_form(
        &mut self,
        schemas: &[NodeRef],
        encoding: NodeRef,
    ) -> Option<Box<NestedForm>> {
        let [schema] = schemas else {
            return None;
        };
        self.surface
            .documents
            .member(encoding, "encoding")
            .filter(|_| self.surface.dialect == Dialect::V32)?;
        let is_array = self.surface.types(*schema).is_only(TypeSet::ARRAY);
        let items = self.surface.keyword_schemas(*schema, "items");
        let value = match items.as_slice() {
            [items] if is_array => *items,
            _ => *schema,
        };
        Some(Box::new(NestedForm {
            key: (self.schema_key)(value),
            form: self.fields(value, encoding, BodyFormat::Form),
            multipart: self.fields(value, encoding, BodyFormat::Multipart),
        }))
    }

    pub(super) fn content_types(&self, encoding: NodeRef) -> Vec<String> {
        let node = self.surface.documents.node(encoding);
        let list = node.get("contentType").and_then(|list| list.as_str());
        list.into_iter()
            .flat_map(|list| split_unquoted(list, ','))
            .map(|range| range.trim().to_owned())
            .filter(|range| MediaRange::parse(range).is_some())
            .collect()
    }

    /// The declared headers of parts. The compiler of contents reports those that are malformed.
    pub(super) fn headers(&mut self, encoding: NodeRef) -> PartHeaders {
        let documents = self.surface.documents;
        let mut compiled = PartHeaders::default();
        let Some(headers) = documents.member(encoding, "headers") else {
            return compiled;
        };
        for (name, node) in documents.node(headers).members() {
            // `contentType` describes it instead (OpenAPI 3.0.4, Encoding Object, `headers`).
            if name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            match follow(documents, DocumentSet::node_ref(headers, node)) {
                Ok(target) => {
                    let found = header(self.surface, name, target, self.schema_key);
                    compiled.declared.extend(found.ok());
                }
                Err((at, _)) => compiled.unread = compiled.unread.or(Some(at)),
            }
        }
        compiled
    }

    /// The query parameter that a field is read like, if its encoding has `style`, `explode` or
    /// `allowReserved`.
    fn styled(&self, name: &str, schemas: &[NodeRef], encoding: NodeRef) -> Option<Parameter> {
        let node = self.surface.documents.node(encoding);
        let (style, explode) = (node.get("style"), node.get("explode"));
        if style.is_none() && explode.is_none() && node.get("allowReserved").is_none() {
            return None;
        }
        let style = match style.and_then(|style| style.as_str()) {
            Some("spaceDelimited") => ParameterStyle::SpaceDelimited,
            Some("pipeDelimited") => ParameterStyle::PipeDelimited,
            Some("tabDelimited") if self.surface.documents.is_swagger() => {
                ParameterStyle::TabDelimited
            }
            Some("deepObject") => ParameterStyle::DeepObject,
            _ => ParameterStyle::Form,
        };
        let explode = explode.and_then(|explode| explode.as_bool());
        let mut all = Vec::new();
        for schema in schemas {
            for reading in readings(self.surface, *schema) {
                if !all.contains(&reading) {
                    all.push(reading);
                }
            }
        }
        Some(Parameter {
            explode: explode.unwrap_or(style == ParameterStyle::Form),
            style,
            readings: all,
            ..form_parameter(name, schemas.first().copied().unwrap_or(encoding))
        })
    }

    fn sibling(&self, field: &FormField) -> Parameter {
        let plain = || form_parameter(&field.name, field.node_ref);
        field.styled.clone().unwrap_or_else(plain)
    }

    /// The readings of a field: by the media type in its encoding, or else by its types (the table
    /// of `contentType`, OpenAPI 3.0.4 and 3.1.1, Encoding Object).
    fn readings(
        &self,
        schemas: &[NodeRef],
        content_types: &[String],
        format: BodyFormat,
    ) -> Vec<FieldReading> {
        let surface = self.surface;
        let parsed = || {
            content_types
                .iter()
                .filter_map(|range| MediaRange::parse(range))
        };
        let types = schemas
            .iter()
            .map(|schema| surface.types(*schema))
            .fold(TypeSet::NONE, |all, types| all | types);
        let items: Vec<NodeRef> = schemas
            .iter()
            .flat_map(|schema| surface.keyword_schemas(*schema, "items"))
            .collect();
        let is_json = !content_types.is_empty() && parsed().all(|range| range.is_json());
        if is_json {
            let items = types.has(TypeSet::ARRAY).then_some(FieldReading::JsonItems);
            return items.into_iter().chain([FieldReading::Json]).collect();
        }
        let is_file = |schemas: &[NodeRef]| {
            let is_binary = |schema: &NodeRef| is_binary(surface, *schema, content_types);
            format == BodyFormat::Multipart && !schemas.is_empty() && schemas.iter().all(is_binary)
        };
        let lists_files = types.has(TypeSet::ARRAY) && is_file(&items);
        if lists_files && types.is_only(TypeSet::ARRAY) {
            return vec![FieldReading::OctetItems];
        }
        if is_file(schemas) && (!types.has(TypeSet::ARRAY) || types == TypeSet::ALL) {
            return vec![FieldReading::Octets];
        }
        if is_file(schemas) && lists_files {
            return vec![FieldReading::Octets, FieldReading::OctetItems];
        }
        let list = schemas.first().filter(|_| types.is_only(TypeSet::ARRAY));
        if let Some(list) = list.and_then(|schema| delimited_list(surface, *schema)) {
            let texts = if list.types.is_mixed() {
                &[false, true][..]
            } else {
                &[false]
            };
            let readings = texts
                .iter()
                .map(|as_text| FieldReading::Delimited(list, *as_text));
            return readings.collect();
        }
        let item_types = schemas
            .iter()
            .map(|schema| surface.item_types(*schema))
            .reduce(ItemTypes::joined)
            .unwrap_or(ItemTypes::ANY);
        readings_by_types(types, item_types)
    }
}

/// The readings of a field with these types.
fn readings_by_types(types: TypeSet, items: ItemTypes) -> Vec<FieldReading> {
    let structured = TypeSet::OBJECT | TypeSet::ARRAY;
    let mut readings = Vec::new();
    if types.has(TypeSet::OBJECT) && types != TypeSet::ALL {
        readings.push(FieldReading::Json);
    }
    if types.has(TypeSet::SCALAR) {
        readings.push(FieldReading::Scalar(types, false));
        readings.extend(
            types
                .is_mixed()
                .then_some(FieldReading::Scalar(types, true)),
        );
    }
    if types.has(TypeSet::ARRAY) {
        let all = items.all();
        let json = (all.has(structured) && all != TypeSet::ALL).then_some(FieldReading::JsonItems);
        // Items of several types are read one by one first.
        let is_alike = items.alike().is_some();
        readings.extend(json.filter(|_| is_alike));
        if all.has(TypeSet::SCALAR) {
            readings.push(FieldReading::Items(items, false));
            readings.extend(items.is_mixed().then_some(FieldReading::Items(items, true)));
            readings.extend(json.filter(|_| !is_alike));
        }
    }
    if readings.is_empty() {
        readings.push(FieldReading::Scalar(types, false));
    }
    readings
}

/// A query parameter with the default style, without readings.
fn form_parameter(name: &str, node_ref: NodeRef) -> Parameter {
    Parameter {
        name: name.to_owned(),
        part: MessagePart::Query,
        required: false,
        style: ParameterStyle::Form,
        explode: true,
        allow_empty: false,
        node_ref,
        readings: Vec::new(),
        unread: None,
        schema: None,
        capture_index: usize::MAX,
    }
}
