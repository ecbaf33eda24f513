//! Compiled operations: what an operation accepts and returns.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::{PromisedLevel, Tier};

use super::body::{BodyFormat, BodyShape};
use super::media_range::MediaRange;
use super::operation_lifecycle::OperationLifecycle;
use super::parameter::Parameter;
use super::security_requirements::{CredentialSample, SecurityRequirements};
use super::violation::MessagePart;
use crate::openapi::document::NodeRef;
use crate::schema::schema_set::SchemaKey;

/// An operation of a contract.
#[derive(Debug)]
pub struct Operation {
    /// `operationId`, or the method and the path: `GET /orders/{id}`.
    pub name: Arc<str>,
    /// The method.
    pub method: Method,
    /// The path as the contract writes it, without the base.
    pub path: Arc<str>,
    /// `x-squad-owner` of the operation, its path item or the document.
    pub provider: Option<Arc<str>>,
    /// `x-sla-tier` of the operation, its path item or the document.
    pub tier: Option<Tier>,
    /// The enforcement that the contract sets for this operation (`x-portcullis`).
    pub enforcement: OperationEnforcement,
    /// The times that the contract sets for this operation (`x-portcullis`).
    pub timeouts: OperationTimeouts,
    /// What its answers say about its end.
    pub lifecycle: Option<Box<OperationLifecycle>>,
    /// The level that its own `x-slo` promises.
    pub promised: Option<Box<PromisedLevel>>,
    /// The parameters, including those of the path item.
    pub parameters: Vec<Parameter>,
    /// The required credentials.
    pub(crate) security: SecurityRequirements,
    /// The request body.
    pub body: BodyDeclaration,
    /// The responses, in the order of the document.
    pub responses: Vec<Arc<DeclaredResponse>>,
    /// The Path Item Object that contains it, before its reference is followed.
    pub(crate) path_item: NodeRef,
    /// The Operation Object.
    pub node_ref: NodeRef,
    /// The media type of the whole query, if one parameter describes it.
    pub(crate) query_content: Option<Arc<MediaType>>,
    /// Whether a query parameter accepts every name that no other parameter has.
    pub(crate) takes_any_query: bool,
    /// What the tolerant reading could not read.
    pub(crate) unread: UnreadParts,
}

/// The parts of an operation whose references lead nowhere, schemas and credentials excepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnreadParts {
    /// The parameters, whose names are unknown.
    pub(crate) parameters: Vec<NodeRef>,
    /// The request body.
    pub(crate) body: Option<NodeRef>,
    /// The responses.
    pub(crate) responses: Vec<(StatusPattern, NodeRef)>,
    /// Whether the names of some parameters or credentials are unknown.
    pub(crate) has_names: bool,
}

impl UnreadParts {
    /// The unread response for a status, if no other declaration is more specific than it.
    pub(crate) fn response(&self, status: u16, declared: Option<StatusPattern>) -> Option<NodeRef> {
        let known = declared.and_then(|declared| declared.covers(status));
        let covering = self.responses.iter();
        let covering =
            covering.filter_map(|(pattern, node_ref)| Some((pattern.covers(status)?, *node_ref)));
        let (specificity, node_ref) = covering.max_by_key(|(specificity, _)| *specificity)?;
        (known < Some(specificity)).then_some(node_ref)
    }
}

/// An operation that the service calls and its consumers implement.
#[derive(Debug)]
pub struct OutboundOperation {
    /// Where the service gets the address from.
    pub kind: OutboundKind,
    /// The webhook's name; for a callback the operation, its name there and the expression.
    pub name: Arc<str>,
    /// The request of the service and the response of the consumer.
    pub operation: Operation,
}

/// Where the service gets a consumer's address from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutboundKind {
    /// It was registered outside the contract (OpenAPI 3.1.1, `webhooks`).
    Webhook,
    /// It was in an earlier request (OpenAPI, Callback Object).
    Callback,
}

/// `x-portcullis` of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationEnforcement {
    /// The enforcement for requests.
    pub request: Option<Enforcement>,
    /// The enforcement for responses.
    pub response: Option<Enforcement>,
    /// What is done about messages that the contract describes where it cannot be read.
    pub unreadable: Option<Enforcement>,
    /// Whether the operation is idempotent, regardless of its method.
    pub idempotent: Option<bool>,
}

/// The times in `x-portcullis` of an operation. They replace the limits of the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationTimeouts {
    /// `upstream_timeout`.
    pub upstream: Option<Duration>,
    /// `body_idle_timeout`.
    pub body_idle: Option<Duration>,
}

/// The declaration of a request body.
#[derive(Clone, Debug)]
pub enum BodyDeclaration {
    /// Absent: a body is unexpected.
    Undeclared,
    /// Declared for GET, HEAD or DELETE, where OpenAPI 3.0 requires it to be ignored, or left empty.
    Ignored,
    /// Declared.
    Declared(Arc<DeclaredBody>),
}

/// A Request Body Object.
#[derive(Debug)]
pub struct DeclaredBody {
    /// Whether the body is required.
    pub required: bool,
    /// The media types, in the order of the document.
    pub content: Vec<MediaType>,
    /// Whether `content` is empty, so every media type is allowed.
    pub is_open: bool,
    /// The Request Body Object.
    pub node_ref: NodeRef,
}

/// An entry of `content`.
#[derive(Debug)]
pub struct MediaType {
    /// The media type or range.
    pub key: String,
    /// Whether the media type is JSON.
    pub is_json: bool,
    /// The schema of a value; `None` if it is absent or values are not checked.
    pub schema: Option<SchemaKey>,
    /// How bodies in formats other than JSON are read.
    pub(crate) shape: Option<Box<BodyShape>>,
    /// The part without which no body can be read, if it could not be read itself.
    pub(crate) unread: Option<NodeRef>,
    /// The same for bodies that the schema says how to read: all but JSON and records of JSON.
    pub(crate) unread_notation: Option<NodeRef>,
    /// The Media Type Object.
    pub node_ref: NodeRef,
}

impl Operation {
    /// The media type of the whole query, if one parameter describes it (OpenAPI 3.2, `in:
    /// querystring`).
    pub fn query_content(&self) -> Option<&MediaType> {
        self.query_content.as_deref()
    }

    /// The names of the header fields that parameters and credentials declare, as the contract
    /// writes them.
    pub fn declared_headers(&self) -> impl Iterator<Item = &str> {
        let is_header = |parameter: &&Parameter| parameter.part == MessagePart::Header;
        let parameters = self.parameters.iter().filter(is_header);
        parameters
            .map(|parameter| parameter.name.as_str())
            .chain(self.security.header_names())
    }
}

impl MediaType {
    /// Whether bodies are in a format that is not read (XML, for example) or not written (events). The schema still
    /// describes their values.
    pub fn is_opaque(&self) -> bool {
        MediaRange::parse(&self.key).is_none_or(|range| {
            !range.is_range()
                && matches!(
                    BodyFormat::of(&range),
                    BodyFormat::Opaque | BodyFormat::OrderedParts | BodyFormat::EventStream
                )
        })
    }

    /// Whether bodies are forms (`application/x-www-form-urlencoded`).
    pub(super) fn is_form(&self) -> bool {
        MediaRange::parse(&self.key).is_some_and(|key| BodyFormat::of(&key) == BodyFormat::Form)
    }

    /// The format of a query that is one value of this type: a form, JSON, or else a text.
    pub(super) fn query_format(&self) -> BodyFormat {
        if self.is_json {
            BodyFormat::Json
        } else if self.is_form() {
            BodyFormat::Form
        } else {
            BodyFormat::Text
        }
    }

    /// The declared header fields of the parts of a field, in a multipart form.
    pub fn part_headers(&self, field: &str) -> &[Parameter] {
        let shape = self.shape.as_ref();
        shape.map_or(&[], |shape| shape.part_headers(field))
    }

    /// The declared header fields of the part at a position, if parts are read by position.
    pub fn ordered_part_headers(&self, position: usize) -> &[Parameter] {
        let shape = self.shape.as_ref();
        shape.map_or(&[], |shape| shape.ordered_part_headers(position))
    }

    /// Whether the parts of a multipart body are read by their position.
    pub fn reads_ordered_parts(&self) -> bool {
        let key = MediaRange::parse(&self.key);
        let is_ordered = key.is_some_and(|key| BodyFormat::of(&key) == BodyFormat::OrderedParts);
        is_ordered && self.checks(BodyFormat::OrderedParts)
    }

    /// The schema of each record of a sequence, next to the `schema` of the whole (OpenAPI 3.2).
    pub fn item_schema(&self) -> Option<&SchemaKey> {
        self.shape.as_ref()?.item()
    }

    /// Whether `schema` describes all records of a sequence as one array.
    pub fn describes_all_records(&self) -> bool {
        self.shape
            .as_ref()
            .is_some_and(|shape| shape.is_of_all_records())
    }

    /// Whether bodies are XML (RFC 7303).
    pub fn is_xml(&self) -> bool {
        MediaRange::parse(&self.key).is_some_and(|range| {
            let subtype = range.subtype().to_ascii_lowercase();
            subtype == "xml" || subtype.ends_with("+xml")
        })
    }

    /// The part without which no body in this format can be read, if it could not be read itself.
    pub(super) fn unread_for(&self, format: Option<BodyFormat>) -> Option<NodeRef> {
        let needs_schema = matches!(
            format,
            Some(
                BodyFormat::Form
                    | BodyFormat::Multipart
                    | BodyFormat::OrderedParts
                    | BodyFormat::Text
                    | BodyFormat::Octets
            )
        );
        self.unread
            .or(self.unread_notation.filter(|_| needs_schema))
    }

    /// Whether bodies in this format are checked.
    pub(super) fn checks(&self, format: BodyFormat) -> bool {
        match (format, &self.shape) {
            (BodyFormat::Json, _) => self.schema.is_some(),
            (_, Some(shape)) => shape.checks(format),
            (_, None) => false,
        }
    }
}

/// A Response Object.
#[derive(Debug)]
pub struct DeclaredResponse {
    /// The statuses that the response is declared for.
    pub status: StatusPattern,
    /// The declared header fields.
    pub headers: Vec<Parameter>,
    /// The names of the header fields that could not be read.
    pub(crate) unread_headers: Vec<(String, NodeRef)>,
    /// The media types, in the order of the document.
    pub content: Vec<MediaType>,
    /// Whether `content` is absent or empty, so every media type is allowed.
    pub is_open: bool,
    /// The Response Object.
    pub node_ref: NodeRef,
}

/// A key of the Responses Object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatusPattern {
    /// One status.
    Exact(u16),
    /// A class of statuses: `2XX` is 2.
    Range(u8),
    /// Every status that no other key covers.
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
    /// Parses a key. The `X` of a range may be lower case.
    pub fn parse(key: &str) -> Option<Self> {
        let bytes = key.as_bytes();
        match bytes {
            _ if key == "default" => Some(Self::Default),
            [b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => Some(Self::Range(bytes[0] - b'0')),
            [b'1'..=b'9', _, _] => key.parse().ok().map(Self::Exact),
            _ => None,
        }
    }

    /// How specifically the key covers a status; `None` if it does not.
    pub fn covers(self, status: u16) -> Option<u8> {
        match self {
            Self::Exact(exact) => (exact == status).then_some(2),
            Self::Range(hundred) => (u16::from(hundred) == status / 100).then_some(1),
            Self::Default => Some(0),
        }
    }
}

impl Operation {
    /// The `WWW-Authenticate` value for a request without credentials (RFC 9110 section 11.6.1).
    pub fn challenges(&self) -> String {
        self.security.challenges()
    }

    /// Samples of the credentials that a request needs, one list for each alternative. Empty if none
    /// are required.
    pub fn credential_samples(&self) -> Vec<Vec<CredentialSample>> {
        self.security.samples()
    }

    /// The response for a status: the exact key, then its range, then `default`.
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
