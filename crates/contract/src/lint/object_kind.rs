//! The kinds of objects that OpenAPI defines, and what their fields contain.
//!
//! `object_fields` has the fields of each kind.

use crate::openapi::dialect::Dialect;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ObjectKind {
    OpenApi,
    Info,
    Contact,
    License,
    Server,
    ServerVariable,
    Components,
    Paths,
    PathItem,
    /// A path item of a webhook or a callback.
    OutboundPathItem,
    Operation,
    ExternalDocs,
    Parameter,
    RequestBody,
    MediaType,
    Encoding,
    Responses,
    Response,
    Callback,
    Example,
    Link,
    Header,
    Tag,
    Schema,
    Discriminator,
    Xml,
    SecurityScheme,
    OAuthFlows,
    OAuthFlow,
}

/// What the value of a field contains.
#[derive(Clone, Copy, Debug)]
pub(super) enum FieldContent {
    /// No further objects.
    Value,
    /// An object.
    One(ObjectKind),
    /// An array of objects.
    List(ObjectKind),
    /// An object whose properties may have any name and are objects.
    Map(ObjectKind),
}

/// The versions of OpenAPI that have a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldVersions {
    /// Every version.
    All,
    /// 3.0 only.
    Only30,
    /// 3.0 and 3.1.
    Until31,
    /// 3.1 and later.
    From31,
    /// 3.2 and later.
    From32,
}

impl ObjectKind {
    /// The name in the specification, with its article.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::OpenApi => "the OpenAPI Object",
            Self::Info => "the Info Object",
            Self::Contact => "the Contact Object",
            Self::License => "the License Object",
            Self::Server => "a Server Object",
            Self::ServerVariable => "a Server Variable Object",
            Self::Components => "the Components Object",
            Self::Paths => "the Paths Object",
            Self::PathItem | Self::OutboundPathItem => "a Path Item Object",
            Self::Operation => "an Operation Object",
            Self::ExternalDocs => "an External Documentation Object",
            Self::Parameter => "a Parameter Object",
            Self::RequestBody => "a Request Body Object",
            Self::MediaType => "a Media Type Object",
            Self::Encoding => "an Encoding Object",
            Self::Responses => "a Responses Object",
            Self::Response => "a Response Object",
            Self::Callback => "a Callback Object",
            Self::Example => "an Example Object",
            Self::Link => "a Link Object",
            Self::Header => "a Header Object",
            Self::Tag => "a Tag Object",
            Self::Schema => "a Schema Object",
            Self::Discriminator => "a Discriminator Object",
            Self::Xml => "an XML Object",
            Self::SecurityScheme => "a Security Scheme Object",
            Self::OAuthFlows => "an OAuth Flows Object",
            Self::OAuthFlow => "an OAuth Flow Object",
        }
    }

    /// The kind of the objects in an object whose property names are data: paths, statuses and
    /// expressions.
    pub(super) const fn member_kind(self) -> Option<Self> {
        match self {
            Self::Paths => Some(Self::PathItem),
            Self::Responses => Some(Self::Response),
            Self::Callback => Some(Self::OutboundPathItem),
            _ => None,
        }
    }

    /// Whether a Reference Object may replace the object.
    pub(super) fn may_be_reference(self, dialect: Dialect) -> bool {
        (self == Self::MediaType && dialect == Dialect::V32)
            || matches!(
                self,
                Self::PathItem
                    | Self::OutboundPathItem
                    | Self::Parameter
                    | Self::RequestBody
                    | Self::Response
                    | Self::Callback
                    | Self::Example
                    | Self::Link
                    | Self::Header
                    | Self::Schema
                    | Self::SecurityScheme
            )
    }
}
