//! Operations, compiled: what one method on one path takes and gives.

use std::fmt;
use std::sync::Arc;

use http::Method;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::enforcement::Enforcement;

use super::body::{BodyFormat, BodyShape};
use super::parameter::Parameter;
use super::security_requirements::SecurityRequirements;
use crate::openapi::document::NodeRef;
use crate::schema::schema_set::SchemaKey;

/// An operation of a contract.
#[derive(Debug)]
pub struct Operation {
    /// `operationId`, else the method and the path: `GET /orders/{id}`.
    pub name: Arc<str>,
    /// The method.
    pub method: Method,
    /// The path as the contract writes it, without the base.
    pub path: Arc<str>,
    /// `x-squad-owner` of the operation, its path item or the document.
    pub provider: Option<Arc<str>>,
    /// `x-sla-tier` likewise.
    pub tier: Option<Tier>,
    /// What the contract itself says is to be done about violations (`x-portcullis`).
    pub enforcement: OperationEnforcement,
    /// Its parameters; those of the path item included.
    pub parameters: Vec<Parameter>,
    /// The credentials it asks for.
    pub(crate) security: SecurityRequirements,
    /// Its body.
    pub body: BodyDeclaration,
    /// Its responses, in the order of the document.
    pub responses: Vec<Arc<DeclaredResponse>>,
    /// Where it stands.
    pub node_ref: NodeRef,
    /// Whether a query parameter takes every name that no other claims.
    pub(crate) takes_any_query: bool,
}

/// An operation that the service calls and its consumers serve.
#[derive(Debug)]
pub struct OutboundOperation {
    /// How consumers come to be called.
    pub kind: OutboundKind,
    /// The webhook's name; for a callback the operation, its name there and the expression.
    pub name: Arc<str>,
    /// What is sent, and what is answered.
    pub operation: Operation,
}

/// How consumers come to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutboundKind {
    /// By an address registered somewhere else (OpenAPI 3.1.1, `webhooks`).
    Webhook,
    /// By an address in an earlier request (OpenAPI, Callback Object).
    Callback,
}

/// `x-portcullis` of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationEnforcement {
    /// About violations of requests.
    pub request: Option<Enforcement>,
    /// About violations of responses.
    pub response: Option<Enforcement>,
    /// Whether a request may be sent twice with the effect of once, whatever its method says.
    pub idempotent: Option<bool>,
}

/// What the contract says of a request's body.
#[derive(Clone, Debug)]
pub enum BodyDeclaration {
    /// Nothing: a body is unexpected.
    Undeclared,
    /// Declared where OpenAPI 3.0 demands that it be ignored: on GET, HEAD and DELETE.
    Ignored,
    /// Declared.
    Declared(Arc<DeclaredBody>),
}

/// A Request Body Object.
#[derive(Debug)]
pub struct DeclaredBody {
    /// Whether it must be there.
    pub required: bool,
    /// The media types, in the order of the document.
    pub content: Vec<MediaType>,
    /// Where it stands.
    pub node_ref: NodeRef,
}

/// A member of `content`.
#[derive(Debug)]
pub struct MediaType {
    /// The media type or range.
    pub key: String,
    /// Whether values are JSON text that can be judged.
    pub is_json: bool,
    /// The schema of a value; `None` where there is none, or values are not judged.
    pub schema: Option<SchemaKey>,
    /// How values in other notations than JSON are read.
    pub(crate) shape: Option<Box<BodyShape>>,
    /// Where it stands.
    pub node_ref: NodeRef,
}

impl MediaType {
    /// Whether messages are not read, as XML is not: what the schema says of values still holds.
    pub fn is_opaque(&self) -> bool {
        !self.is_json && self.shape.is_none()
    }

    /// Whether messages in this notation are judged.
    pub(super) fn judges(&self, notation: BodyFormat) -> bool {
        match (notation, &self.shape) {
            (BodyFormat::Json, _) => self.schema.is_some(),
            (_, Some(shape)) => shape.judges(notation),
            (_, None) => false,
        }
    }
}

/// A Response Object.
#[derive(Debug)]
pub struct DeclaredResponse {
    /// The status it is for.
    pub status: StatusPattern,
    /// The header fields it declares.
    pub headers: Vec<Parameter>,
    /// The media types, in the order of the document.
    pub content: Vec<MediaType>,
    /// Where it stands.
    pub node_ref: NodeRef,
}

/// A key of the Responses Object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatusPattern {
    /// One status.
    Exact(u16),
    /// A hundred: `2XX` is 2.
    Range(u8),
    /// Every status that is not declared.
    Default,
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(code) => write!(f, "{code}"),
            Self::Range(hundred) => write!(f, "{hundred}XX"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl StatusPattern {
    /// Reads a key; ranges in any case.
    pub fn parse(key: &str) -> Option<Self> {
        let bytes = key.as_bytes();
        match bytes {
            _ if key == "default" => Some(Self::Default),
            [b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => Some(Self::Range(bytes[0] - b'0')),
            [b'1'..=b'9', _, _] => key.parse().ok().map(Self::Exact),
            _ => None,
        }
    }

    /// Whether it covers a status, and how specifically.
    pub fn covers(self, status: u16) -> Option<u8> {
        match self {
            Self::Exact(exact) => (exact == status).then_some(2),
            Self::Range(hundred) => (u16::from(hundred) == status / 100).then_some(1),
            Self::Default => Some(0),
        }
    }
}

impl Operation {
    /// The challenges of an answer to a request without credentials (RFC 9110 section 11.6.1).
    pub fn challenges(&self) -> String {
        self.security.challenges()
    }

    /// The response for a status: exact, then range, then default.
    pub fn response(&self, status: u16) -> Option<&Arc<DeclaredResponse>> {
        self.responses
            .iter()
            .filter_map(|response| Some((response.status.covers(status)?, response)))
            .max_by_key(|(specificity, _)| *specificity)
            .map(|(_, response)| response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        assert_eq!(StatusPattern::parse("200"), Some(StatusPattern::Exact(200)));
        assert_eq!(StatusPattern::parse("2XX"), Some(StatusPattern::Range(2)));
        assert_eq!(StatusPattern::parse("4xx"), Some(StatusPattern::Range(4)));
        assert_eq!(
            StatusPattern::parse("default"),
            Some(StatusPattern::Default)
        );
        for key in ["", "20", "2000", "6XX", "x-a", "abc"] {
            assert_eq!(StatusPattern::parse(key), None, "{key}");
        }
        assert!(StatusPattern::Exact(404).covers(404) > StatusPattern::Range(4).covers(404));
        assert!(StatusPattern::Range(4).covers(404) > StatusPattern::Default.covers(404));
        assert_eq!(StatusPattern::Range(4).covers(500), None);
    }
}
