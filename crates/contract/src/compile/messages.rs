//! Request bodies and responses, and the media types of both.

use std::sync::Arc;

use http::Method;

use portcullis_json::Node;

use super::super::body::shape;
use super::super::dialect::{Dialect, Direction};
use super::super::document::{Documents, Place};
use super::super::media::MediaRange;
use super::super::operation::{BodyRule, MediaType, RequestBody, Response, StatusPattern};
use super::super::parameter::{Parameter, header};
use super::super::problem::ProblemKind;
use super::walk::Walk;

impl<'d> Walk<'d> {
    pub(super) fn body(&mut self, near: Place, operation: Node<'d>, method: &Method) -> BodyRule {
        let Some(declared) = operation.get("requestBody") else {
            return BodyRule::Undeclared;
        };
        // 3.0.4, Operation Object: ignored where HTTP gives a body no meaning. 3.1 lifted that.
        let has_meaning = ![Method::GET, Method::HEAD, Method::DELETE].contains(method);
        if self.surface.dialect == Dialect::V30 && !has_meaning {
            return BodyRule::Ignored;
        }
        let Some(place) = self.object(Documents::place(near, declared), "a request body") else {
            return BodyRule::Undeclared;
        };
        if !self.bodies.contains_key(&place) {
            let node = self.documents.node(place);
            if node.get("content").is_none() {
                let message = "`content` is missing: it says which media types the body may have";
                self.error(ProblemKind::MalformedDocument, place, message);
            }
            let required = node.get("required").and_then(|flag| flag.as_bool());
            let body = RequestBody {
                required: required == Some(true),
                content: self.content(place, node, Direction::Request),
                place,
            };
            self.bodies.insert(place, Arc::new(body));
        }
        BodyRule::Declared(Arc::clone(&self.bodies[&place]))
    }

    pub(super) fn responses(&mut self, near: Place, operation: Node<'d>) -> Vec<Arc<Response>> {
        let mut responses = Vec::new();
        for (key, value) in self.members(near, operation, "responses") {
            if key.starts_with("x-") {
                continue;
            }
            let at = Documents::place(near, value);
            let Some(status) = StatusPattern::parse(key) else {
                let message = format!(
                    "`{key}` is no status: use a code such as 200, a range such as 2XX, or default"
                );
                self.warn(ProblemKind::MalformedDocument, at, &message);
                continue;
            };
            let Some(place) = self.object(at, "a response") else {
                continue;
            };
            if !self.answers.contains_key(&(place, status)) {
                let node = self.documents.node(place);
                let headers = self.response_headers(place, node);
                let content = self.content(place, node, Direction::Response);
                let response = Arc::new(Response {
                    status,
                    headers,
                    content,
                    place,
                });
                self.answers.insert((place, status), response);
            }
            responses.push(Arc::clone(&self.answers[&(place, status)]));
        }
        responses
    }

    /// The header fields of a response. `Content-Type` is described elsewhere and ignored here
    /// (OpenAPI 3.0.4 and 3.1.1, Response Object).
    fn response_headers(&mut self, near: Place, response: Node<'d>) -> Vec<Parameter> {
        let declared = response.get("headers").into_iter();
        let mut headers = Vec::new();
        for (name, value) in declared.flat_map(|headers| headers.members()) {
            let Some(place) = self.target(Documents::place(near, value)) else {
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
                    self.error(ProblemKind::MalformedParameter, place, &error.to_string());
                }
            }
        }
        headers
    }

    fn content(&mut self, near: Place, owner: Node<'d>, direction: Direction) -> Vec<MediaType> {
        let mut content = Vec::new();
        for (key, value) in self.members(near, owner, "content") {
            let Some(place) = self.object(Documents::place(near, value), "a media type") else {
                continue;
            };
            let Some(range) = MediaRange::parse(key) else {
                let message = format!("`{key}` is no media type: write type/subtype");
                self.warn(ProblemKind::MalformedDocument, place, &message);
                continue;
            };
            let is_json = range.is_json();
            let node = self.documents.node(place);
            let schemas = match direction {
                Direction::Request => &mut self.requests,
                Direction::Response => &mut self.responses,
            };
            let declared = node
                .get("schema")
                .map(|schema| Documents::place(place, schema));
            let shape = declared.filter(|_| !is_json).and_then(|schema| {
                shape(self.surface, &range, place, schema, &mut |at| {
                    schemas.key(at)
                })
            });
            let schema = declared
                .filter(|_| is_json || shape.is_some() || self.options.channels)
                .map(|schema| schemas.key(schema));
            content.push(MediaType {
                key: key.to_owned(),
                is_json,
                schema,
                shape,
                place,
            });
        }
        content
    }
}
