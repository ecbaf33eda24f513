//! Compiles request bodies, responses and their media types.

use std::sync::Arc;

use http::Method;

use portcullis_json::JsonNode;

use super::contract_compiler::ContractCompiler;
use crate::message::body::{BodyFormat, compile_body_shape};
use crate::message::media_range::MediaRange;
use crate::message::operation::{
    BodyDeclaration, DeclaredBody, DeclaredResponse, MediaType, StatusPattern, UnreadParts,
};
use crate::message::parameter::{Parameter, header};
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::schema_surface::TypeSet;

/// What carries the content of a `content` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentCarrier {
    RequestBody,
    ResponseBody,
    /// The whole query, whose characters are those of a text.
    Query,
}

impl<'d> ContractCompiler<'d> {
    pub(super) fn body(
        &mut self,
        near: NodeRef,
        operation: JsonNode<'d>,
        method: &Method,
        unread: &mut UnreadParts,
    ) -> BodyDeclaration {
        let Some(declared) = operation.get("requestBody") else {
            return BodyDeclaration::Undeclared;
        };
        // OpenAPI 3.0.4, Operation Object: a request body is ignored if HTTP does not define its
        // meaning for the method. OpenAPI 3.1 allows it.
        let has_meaning = ![Method::GET, Method::HEAD, Method::DELETE].contains(method);
        // Swagger 2.0 has no such rule.
        let is_30 = self.surface.dialect == Dialect::V30 && !self.documents.is_swagger();
        if is_30 && !has_meaning {
            return BodyDeclaration::Ignored;
        }
        let declared = DocumentSet::node_ref(near, declared);
        if self.is_left_empty(declared, "a request body") {
            return BodyDeclaration::Ignored;
        }
        let node_ref = match self.object_or_unread(declared, "a request body") {
            Ok(target) => target,
            Err(at) => {
                unread.body = at;
                return BodyDeclaration::Undeclared;
            }
        };
        if !self.bodies.contains_key(&node_ref) {
            let node = self.documents.node(node_ref);
            if node.get("content").is_none() {
                let message = "`content` is missing: it must list the media types of the body";
                self.error(ContractProblemKind::MalformedDocument, node_ref, message);
            }
            let content = self.content(node_ref, node, ContentCarrier::RequestBody);
            let body = DeclaredBody {
                required: self.flag(node_ref, node, "required") == Some(true),
                is_open: self.is_open(node, &content),
                content,
                node_ref,
            };
            self.bodies.insert(node_ref, Arc::new(body));
        }
        BodyDeclaration::Declared(Arc::clone(&self.bodies[&node_ref]))
    }

    pub(super) fn responses(
        &mut self,
        near: NodeRef,
        operation: JsonNode<'d>,
        unread: &mut UnreadParts,
    ) -> Vec<Arc<DeclaredResponse>> {
        let mut responses = Vec::new();
        for (key, value) in self.members(near, operation, "responses") {
            if key.starts_with("x-") {
                continue;
            }
            let at = DocumentSet::node_ref(near, value);
            let Some(status) = StatusPattern::parse(key) else {
                let message = format!(
                    "`{key}` is not a status: use a code such as 200, a range such as 2XX, or default"
                );
                self.skip(ContractProblemKind::MalformedDocument, at, &message);
                continue;
            };
            let node_ref = match self.object_or_unread(at, "a response") {
                Ok(target) => target,
                Err(at) => {
                    unread.responses.extend(at.map(|at| (status, at)));
                    continue;
                }
            };
            if !self.compiled_responses.contains_key(&(node_ref, status)) {
                let node = self.documents.node(node_ref);
                let (headers, unread_headers) = self.response_headers(node_ref, node);
                let content = self.content(node_ref, node, ContentCarrier::ResponseBody);
                let response = Arc::new(DeclaredResponse {
                    status,
                    headers,
                    unread_headers,
                    is_open: self.is_open(node, &content),
                    content,
                    node_ref,
                });
                self.compiled_responses.insert((node_ref, status), response);
            }
            responses.push(Arc::clone(&self.compiled_responses[&(node_ref, status)]));
        }
        responses
    }

    /// The header fields of a response, without `Content-Type`, which is ignored here (OpenAPI
    /// 3.0.4 and 3.1.1, Response Object). The second list has those that cannot be read, by name.
    fn response_headers(
        &mut self,
        near: NodeRef,
        response: JsonNode<'d>,
    ) -> (Vec<Parameter>, Vec<(String, NodeRef)>) {
        let (mut headers, mut unread) = (Vec::new(), Vec::new());
        for (name, value) in self.members(near, response, "headers") {
            let target = self.object_or_unread(DocumentSet::node_ref(near, value), "a header");
            if name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            let node_ref = match target {
                Ok(target) => target,
                Err(at) => {
                    unread.extend(at.map(|at| (name.to_owned(), at)));
                    continue;
                }
            };
            self.check_fields(node_ref);
            let responses = &mut self.responses;
            let compiled = header(self.surface, name, node_ref, &mut |schema| {
                responses.key(schema)
            });
            match compiled {
                Ok(header) => headers.push(self.judged(header)),
                Err(error) => {
                    let kind = ContractProblemKind::MalformedParameter;
                    self.error(kind, error.at, &error.to_string());
                }
            }
        }
        (headers, unread)
    }

    /// Whether every media type is allowed: `content` has no keys. Keys that are not media types allow
    /// none. In a comparison they are left out.
    fn is_open(&self, owner: JsonNode<'_>, content: &[MediaType]) -> bool {
        let mut keys = owner.get("content").into_iter().flat_map(JsonNode::members);
        content.is_empty() && (self.tolerates() || keys.next().is_none())
    }

    pub(super) fn content(
        &mut self,
        near: NodeRef,
        owner: JsonNode<'d>,
        carrier: ContentCarrier,
    ) -> Vec<MediaType> {
        let mut content = Vec::new();
        for (key, value) in self.members(near, owner, "content") {
            let declared = DocumentSet::node_ref(near, value);
            let (node_ref, unread) = match self.object_or_unread(declared, "a media type") {
                Ok(target) => (target, None),
                Err(None) => continue,
                Err(unread) => (declared, unread),
            };
            let Some(range) = MediaRange::parse(key) else {
                let message = format!(
                    "`{key}` is not a media type, so no body can match it: write type/subtype, such as application/json"
                );
                self.skip(ContractProblemKind::MalformedDocument, node_ref, &message);
                continue;
            };
            let is_json = range.is_json();
            let node = self.documents.node(node_ref);
            self.refuse_unread_fields(node_ref, node, &range);
            if !is_json {
                self.check_encodings(node_ref, node, &range);
            }
            let is_form = BodyFormat::of(&range) == BodyFormat::Form;
            let shape_range = match MediaRange::parse("text/plain") {
                Some(text) if carrier == ContentCarrier::Query && !is_form => text,
                _ => range.clone(),
            };
            let item = node.get("itemSchema");
            let item = item.filter(|_| self.surface.dialect == Dialect::V32);
            let declared = node.get("schema").or(item);
            let declared = declared.map(|schema| DocumentSet::node_ref(node_ref, schema));
            let unread_notation = declared
                .filter(|_| !is_json)
                .and_then(|schema| self.unread_notation(node_ref, schema));
            let schemas = match carrier {
                ContentCarrier::RequestBody | ContentCarrier::Query => &mut self.requests,
                ContentCarrier::ResponseBody => &mut self.responses,
            };
            let shape = declared.filter(|_| !is_json).and_then(|schema| {
                compile_body_shape(self.surface, &shape_range, node_ref, schema, &mut |at| {
                    schemas.key(at)
                })
            });
            let schema = declared
                .filter(|_| {
                    is_json
                        || shape.is_some()
                        || unread_notation.is_some()
                        || self.options.outbound_operations
                })
                .map(|schema| schemas.key(schema));
            content.push(MediaType {
                key: key.to_owned(),
                is_json,
                schema,
                shape,
                unread,
                unread_notation: unread_notation.filter(|_| !self.tolerates()),
                node_ref,
            });
        }
        content
    }

    /// The reference that leads nowhere and without which only JSON can be read: the schema says how
    /// every other body is read, and the schema of a form field with a style which names it has.
    fn unread_notation(&self, media: NodeRef, schema: NodeRef) -> Option<NodeRef> {
        let surface = self.surface;
        let encodings = self.documents.member(media, "encoding");
        let has_style = |name: &str| {
            let encoding = encodings.and_then(|encodings| self.documents.member(encodings, name));
            encoding.is_some_and(|encoding| {
                let node = self.documents.node(encoding);
                let mut fields = node.members();
                fields.any(|(field, _)| matches!(field, "style" | "explode" | "allowReserved"))
            })
        };
        let members = surface.members(schema).into_iter();
        let styled = members.filter(|(name, _)| has_style(name));
        let mut schemas = std::iter::once(schema).chain(styled.flat_map(|(_, schemas)| schemas));
        schemas.find_map(|schema| surface.dangling_reference(schema))
    }

    /// Refuses the fields of a Media Type Object that OpenAPI 3.2 adds and that are not read, because
    /// nothing that they require would be enforced.
    fn refuse_unread_fields(&mut self, media: NodeRef, node: JsonNode<'d>, range: &MediaRange<'_>) {
        if self.surface.dialect != Dialect::V32 {
            return;
        }
        let kind = ContractProblemKind::MalformedDocument;
        let is_records = !range.is_range() && BodyFormat::of(range).is_record_sequence();
        let is_multipart = range.kind().eq_ignore_ascii_case("multipart");
        let is_array = |at: NodeRef| self.surface.types(at).has(TypeSet::ARRAY);
        let has_items = node.get("itemSchema").is_some()
            || self.documents.member(media, "schema").is_some_and(is_array);
        for (field, value) in node.members() {
            let at = DocumentSet::node_ref(media, value);
            let is_positional = matches!(field, "itemEncoding" | "prefixEncoding");
            let message = match field {
                "itemSchema" if is_records || is_multipart => continue,
                "schema" if is_records && !self.surface.types(at).has(TypeSet::ARRAY) => "`schema` describes all records as an array in OpenAPI 3.2, and this one allows no array: describe a record by `itemSchema`".to_owned(),
                "itemSchema" => "`itemSchema` is supported for JSON Lines, JSON text sequences, `text/event-stream` and multipart types only: remove it, or describe the body by `schema`".to_owned(),
                _ if !is_positional || !is_multipart => continue,
                _ if node.get("encoding").is_some() => format!("`{field}` cannot be used next to `encoding`: describe the parts either by position or by name"),
                _ if !has_items => format!("`{field}` describes the parts of an array: add `itemSchema`, or a `schema` that allows an array"),
                _ => continue,
            };
            self.error(kind, at, &message);
        }
        self.refuse_unread_encodings(media, node, range);
    }

    /// Refuses fields of Encoding Objects that are not read: encodings in the second level, those of a
    /// part that is not a form, and encodings by position of a part that is read by its name (OpenAPI
    /// 3.2.0, Nested Encoding).
    fn refuse_unread_encodings(
        &mut self,
        media: NodeRef,
        node: JsonNode<'d>,
        range: &MediaRange<'_>,
    ) {
        let is_multipart = range.kind().eq_ignore_ascii_case("multipart");
        let has_names = BodyFormat::of(range) == BodyFormat::Multipart;
        let schema = self.documents.member(media, "schema");
        let members = schema.map(|schema| self.surface.members(schema));
        let by_name = node.get("encoding").into_iter().flat_map(JsonNode::members);
        for (name, encoding) in by_name {
            let schemas = members.as_ref().and_then(|members| members.get(name));
            let is_plain = schemas.is_none_or(|schemas| schemas.len() == 1);
            let nesting = ReadNesting {
                by_name: has_names && is_plain,
                by_position: false,
            };
            self.refuse_nested_encodings(media, encoding, nesting);
        }
        let nesting = ReadNesting {
            by_name: true,
            by_position: true,
        };
        for encoding in encodings_by_position(node).filter(|_| is_multipart) {
            self.refuse_nested_encodings(media, encoding, nesting);
        }
    }

    /// Refuses the nested encodings of an Encoding Object that are not read, and all below the others.
    fn refuse_nested_encodings(
        &mut self,
        media: NodeRef,
        encoding: JsonNode<'d>,
        nesting: ReadNesting,
    ) {
        for (field, value) in encoding.members() {
            let message = match field {
                "itemEncoding" | "prefixEncoding" if nesting.by_position => continue,
                "encoding" if nesting.by_name && is_form_part(encoding) => continue,
                "encoding" if nesting.by_name => "`encoding` inside this Encoding Object describes the fields of a part that is a form: set `contentType` to multipart/form-data or application/x-www-form-urlencoded, or remove it".to_owned(),
                "encoding" | "itemEncoding" | "prefixEncoding" => format!(
                    "`{field}` inside this Encoding Object (OpenAPI 3.2) is not supported: remove it"
                ),
                _ => continue,
            };
            let kind = ContractProblemKind::MalformedDocument;
            self.error(kind, DocumentSet::node_ref(media, value), &message);
        }
        for nested in nested_encodings(encoding) {
            let none = ReadNesting::default();
            self.refuse_nested_encodings(media, nested, none);
        }
    }
}

/// Which encodings inside an Encoding Object are read.
#[derive(Clone, Copy, Debug, Default)]
struct ReadNesting {
    by_name: bool,
    by_position: bool,
}

/// Whether an Encoding Object says that the part is a form.
fn is_form_part(encoding: JsonNode<'_>) -> bool {
    let types = encoding.get("contentType").and_then(JsonNode::as_str);
    let mut types = types.into_iter().flat_map(|list| list.split(','));
    types.any(|one| {
        let format = MediaRange::parse(one.trim()).map(|range| BodyFormat::of(&range));
        matches!(format, Some(BodyFormat::Form | BodyFormat::Multipart))
    })
}

/// The Encoding Objects of a Media Type Object or inside an Encoding Object.
pub(super) fn nested_encodings<'d>(owner: JsonNode<'d>) -> impl Iterator<Item = JsonNode<'d>> {
    let by_name = owner.get("encoding").into_iter();
    let by_name = by_name.flat_map(JsonNode::members).map(|(_, one)| one);
    by_name.chain(encodings_by_position(owner))
}

/// The Encoding Objects by position of a Media Type Object or an Encoding Object.
fn encodings_by_position<'d>(owner: JsonNode<'d>) -> impl Iterator<Item = JsonNode<'d>> {
    let prefix = owner.get("prefixEncoding").into_iter();
    let prefix = prefix.flat_map(|list| list.elements());
    prefix.chain(owner.get("itemEncoding"))
}
