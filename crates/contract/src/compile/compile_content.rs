//! Request bodies and responses, and the media types of both.

use std::sync::Arc;

use http::Method;

use portcullis_json::JsonNode;

use super::contract_compiler::ContractCompiler;
use crate::message::body::compile_body_shape;
use crate::message::media_range::MediaRange;
use crate::message::operation::{
    BodyDeclaration, DeclaredBody, DeclaredResponse, MediaType, StatusPattern,
};
use crate::message::parameter::{Parameter, header};
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};

impl<'d> ContractCompiler<'d> {
    pub(super) fn body(
        &mut self,
        near: NodeRef,
        operation: JsonNode<'d>,
        method: &Method,
    ) -> BodyDeclaration {
        let Some(declared) = operation.get("requestBody") else {
            return BodyDeclaration::Undeclared;
        };
        // 3.0.4, Operation Object: ignored where HTTP gives a body no meaning. 3.1 lifted that.
        let has_meaning = ![Method::GET, Method::HEAD, Method::DELETE].contains(method);
        if self.surface.dialect == Dialect::V30 && !has_meaning {
            return BodyDeclaration::Ignored;
        }
        let Some(place) = self.object(DocumentSet::node_ref(near, declared), "a request body")
        else {
            return BodyDeclaration::Undeclared;
        };
        if !self.bodies.contains_key(&place) {
            let node = self.documents.node(place);
            if node.get("content").is_none() {
                let message = "`content` is missing: it says which media types the body may have";
                self.error(ContractProblemKind::MalformedDocument, place, message);
            }
            let required = node.get("required").and_then(|flag| flag.as_bool());
            let body = DeclaredBody {
                required: required == Some(true),
                content: self.content(place, node, MessageDirection::Request),
                node_ref: place,
            };
            self.bodies.insert(place, Arc::new(body));
        }
        BodyDeclaration::Declared(Arc::clone(&self.bodies[&place]))
    }

    pub(super) fn responses(
        &mut self,
        near: NodeRef,
        operation: JsonNode<'d>,
    ) -> Vec<Arc<DeclaredResponse>> {
        let mut responses = Vec::new();
        for (key, value) in self.members(near, operation, "responses") {
            if key.starts_with("x-") {
                continue;
            }
            let at = DocumentSet::node_ref(near, value);
            let Some(status) = StatusPattern::parse(key) else {
                let message = format!(
                    "`{key}` is no status: use a code such as 200, a range such as 2XX, or default"
                );
                self.warn(ContractProblemKind::MalformedDocument, at, &message);
                continue;
            };
            let Some(place) = self.object(at, "a response") else {
                continue;
            };
            if !self.compiled_responses.contains_key(&(place, status)) {
                let node = self.documents.node(place);
                let headers = self.response_headers(place, node);
                let content = self.content(place, node, MessageDirection::Response);
                let response = Arc::new(DeclaredResponse {
                    status,
                    headers,
                    content,
                    node_ref: place,
                });
                self.compiled_responses.insert((place, status), response);
            }
            responses.push(Arc::clone(&self.compiled_responses[&(place, status)]));
        }
        responses
    }

    /// The header fields of a response. `Content-Type` is described elsewhere and ignored here
    /// (OpenAPI 3.0.4 and 3.1.1, Response Object).
    fn response_headers(&mut self, near: NodeRef, response: JsonNode<'d>) -> Vec<Parameter> {
        let declared = response.get("headers").into_iter();
        let mut headers = Vec::new();
        for (name, value) in declared.flat_map(|headers| headers.members()) {
            let Some(place) = self.target(DocumentSet::node_ref(near, value)) else {
                continue;
            };
            if name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            let responses = &mut self.responses;
            let compiled = header(self.surface, name, place, &mut |schema| {
                responses.key(schema)
            });
            match compiled {
                Ok(header) => headers.push(header),
                Err(error) => {
                    self.error(
                        ContractProblemKind::MalformedParameter,
                        place,
                        &error.to_string(),
                    );
                }
            }
        }
        headers
    }

    fn content(
        &mut self,
        near: NodeRef,
        owner: JsonNode<'d>,
        direction: MessageDirection,
    ) -> Vec<MediaType> {
        let mut content = Vec::new();
        for (key, value) in self.members(near, owner, "content") {
            let Some(place) = self.object(DocumentSet::node_ref(near, value), "a media type")
            else {
                continue;
            };
            let Some(range) = MediaRange::parse(key) else {
                let message = format!("`{key}` is no media type: write type/subtype");
                self.warn(ContractProblemKind::MalformedDocument, place, &message);
                continue;
            };
            let is_json = range.is_json();
            let node = self.documents.node(place);
            let schemas = match direction {
                MessageDirection::Request => &mut self.requests,
                MessageDirection::Response => &mut self.responses,
            };
            let declared = node
                .get("schema")
                .map(|schema| DocumentSet::node_ref(place, schema));
            let shape = declared.filter(|_| !is_json).and_then(|schema| {
                compile_body_shape(self.surface, &range, place, schema, &mut |at| {
                    schemas.key(at)
                })
            });
            let schema = declared
                .filter(|_| is_json || shape.is_some() || self.options.outbound_operations)
                .map(|schema| schemas.key(schema));
            content.push(MediaType {
                key: key.to_owned(),
                is_json,
                schema,
                shape,
                node_ref: place,
            });
        }
        content
    }
}
