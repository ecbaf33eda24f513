//! The fields of each kind of object, as OpenAPI 3.0.4, 3.1.1 and 3.2.0 define them. The Schema Object of
//! 3.1 and 3.2 has the vocabularies of JSON Schema 2020-12.
//!
//! The tables are the grammar for the walk, for misspelt names and for missing fields. A field is
//! marked as required only if compiling does not report its absence.

use super::object_field::{ObjectField, field, value};
use super::object_kind::FieldContent::{List, Map, One};
use super::object_kind::ObjectKind::{self, *};

impl ObjectKind {
    /// The fields in all versions.
    pub(super) const fn fields(self) -> &'static [ObjectField] {
        match self {
            Paths | Responses | Callback => &[],
            OpenApi => OPEN_API,
            Info => INFO,
            Contact => CONTACT,
            License => LICENSE,
            Server => SERVER,
            ServerVariable => SERVER_VARIABLE,
            Components => COMPONENTS,
            PathItem | OutboundPathItem => PATH_ITEM,
            Operation => OPERATION,
            ExternalDocs => EXTERNAL_DOCS,
            Parameter => PARAMETER,
            RequestBody => REQUEST_BODY,
            MediaType => MEDIA_TYPE,
            Encoding => ENCODING,
            Response => RESPONSE,
            Example => EXAMPLE,
            Link => LINK,
            Header => HEADER,
            Tag => TAG,
            Schema => SCHEMA,
            Discriminator => DISCRIMINATOR,
            Xml => XML,
            SecurityScheme => SECURITY_SCHEME,
            OAuthFlows => OAUTH_FLOWS,
            OAuthFlow => OAUTH_FLOW,
        }
    }

    /// The field with this name, in any version.
    pub(super) fn field(self, name: &str) -> Option<&'static ObjectField> {
        self.fields().iter().find(|field| field.name == name)
    }
}

const OPEN_API: &[ObjectField] = &[
    value("openapi"),
    value("$self").since_32(),
    field("info", One(Info)).required(),
    value("jsonSchemaDialect").since_31(),
    field("servers", List(Server)),
    field("paths", One(Paths)),
    field("webhooks", Map(OutboundPathItem)).since_31(),
    field("components", One(Components)),
    value("security"),
    field("tags", List(Tag)),
    field("externalDocs", One(ExternalDocs)),
];

const INFO: &[ObjectField] = &[
    value("title").required(),
    value("summary").since_31(),
    value("description"),
    value("termsOfService"),
    field("contact", One(Contact)),
    field("license", One(License)),
    value("version").required(),
];

const CONTACT: &[ObjectField] = &[value("name"), value("url"), value("email")];

const LICENSE: &[ObjectField] = &[
    value("name").required(),
    value("identifier").since_31(),
    value("url"),
];

const SERVER: &[ObjectField] = &[
    value("url"),
    value("name").since_32(),
    value("description"),
    field("variables", Map(ServerVariable)),
];

const SERVER_VARIABLE: &[ObjectField] = &[value("enum"), value("default"), value("description")];

const COMPONENTS: &[ObjectField] = &[
    field("schemas", Map(Schema)),
    field("responses", Map(Response)),
    field("parameters", Map(Parameter)),
    field("examples", Map(Example)),
    field("requestBodies", Map(RequestBody)),
    field("headers", Map(Header)),
    field("securitySchemes", Map(SecurityScheme)),
    field("links", Map(Link)),
    field("callbacks", Map(Callback)),
    field("pathItems", Map(OutboundPathItem)).since_31(),
    field("mediaTypes", Map(MediaType)).since_32(),
];

const PATH_ITEM: &[ObjectField] = &[
    value("$ref"),
    value("summary"),
    value("description"),
    field("get", One(Operation)),
    field("put", One(Operation)),
    field("post", One(Operation)),
    field("delete", One(Operation)),
    field("options", One(Operation)),
    field("head", One(Operation)),
    field("patch", One(Operation)),
    field("trace", One(Operation)),
    field("query", One(Operation)).since_32(),
    field("additionalOperations", Map(Operation)).since_32(),
    field("servers", List(Server)),
    field("parameters", List(Parameter)),
];

const OPERATION: &[ObjectField] = &[
    value("tags"),
    value("summary"),
    value("description"),
    field("externalDocs", One(ExternalDocs)),
    value("operationId"),
    field("parameters", List(Parameter)),
    field("requestBody", One(RequestBody)),
    field("responses", One(Responses)).required_in_30(),
    field("callbacks", Map(Callback)),
    value("deprecated"),
    value("security"),
    field("servers", List(Server)),
];

const EXTERNAL_DOCS: &[ObjectField] = &[value("description"), value("url").required()];

const PARAMETER: &[ObjectField] = &[
    value("name"),
    value("in"),
    value("description"),
    value("required"),
    value("deprecated"),
    value("allowEmptyValue"),
    value("style"),
    value("explode"),
    value("allowReserved"),
    field("schema", One(Schema)),
    value("example"),
    field("examples", Map(Example)),
    field("content", Map(MediaType)),
];

const REQUEST_BODY: &[ObjectField] = &[
    value("description"),
    field("content", Map(MediaType)),
    value("required"),
];

const MEDIA_TYPE: &[ObjectField] = &[
    field("schema", One(Schema)),
    field("itemSchema", One(Schema)).since_32(),
    value("example"),
    field("examples", Map(Example)),
    field("encoding", Map(Encoding)),
    field("prefixEncoding", List(Encoding)).since_32(),
    field("itemEncoding", One(Encoding)).since_32(),
];

const ENCODING: &[ObjectField] = &[
    value("contentType"),
    field("headers", Map(Header)),
    value("style"),
    value("explode"),
    value("allowReserved"),
    field("encoding", Map(Encoding)).since_32(),
    field("prefixEncoding", List(Encoding)).since_32(),
    field("itemEncoding", One(Encoding)).since_32(),
];

const RESPONSE: &[ObjectField] = &[
    value("summary").since_32(),
    value("description").required_until_31(),
    field("headers", Map(Header)),
    field("content", Map(MediaType)),
    field("links", Map(Link)),
];

const EXAMPLE: &[ObjectField] = &[
    value("summary"),
    value("description"),
    value("value"),
    value("externalValue"),
    value("dataValue").since_32(),
    value("serializedValue").since_32(),
];

const LINK: &[ObjectField] = &[
    value("operationRef"),
    value("operationId"),
    value("parameters"),
    value("requestBody"),
    value("description"),
    field("server", One(Server)),
];

/// A header has the fields of a parameter. `name`, `in` and those that only other locations have
/// are forbidden, but so common that they are accepted.
const HEADER: &[ObjectField] = PARAMETER;

const TAG: &[ObjectField] = &[
    value("name").required(),
    value("description"),
    value("summary").since_32(),
    value("parent").since_32(),
    value("kind").since_32(),
    field("externalDocs", One(ExternalDocs)),
];

const DISCRIMINATOR: &[ObjectField] = &[
    value("propertyName").required(),
    value("mapping"),
    value("defaultMapping").since_32(),
];

const XML: &[ObjectField] = &[
    value("name"),
    value("namespace"),
    value("prefix"),
    value("attribute"),
    value("wrapped"),
    value("nodeType").since_32(),
];

const SECURITY_SCHEME: &[ObjectField] = &[
    value("type"),
    value("description"),
    value("name"),
    value("in"),
    value("scheme"),
    value("bearerFormat"),
    field("flows", One(OAuthFlows)),
    value("openIdConnectUrl"),
    value("oauth2MetadataUrl").since_32(),
    value("deprecated").since_32(),
];

const OAUTH_FLOWS: &[ObjectField] = &[
    field("implicit", One(OAuthFlow)),
    field("password", One(OAuthFlow)),
    field("clientCredentials", One(OAuthFlow)),
    field("authorizationCode", One(OAuthFlow)),
    field("deviceAuthorization", One(OAuthFlow)).since_32(),
];

const OAUTH_FLOW: &[ObjectField] = &[
    value("authorizationUrl"),
    value("deviceAuthorizationUrl").since_32(),
    value("tokenUrl"),
    value("refreshUrl"),
    value("scopes"),
];

const SCHEMA: &[ObjectField] = &[
    value("type"),
    value("enum"),
    value("const").since_31(),
    value("multipleOf"),
    value("maximum"),
    value("exclusiveMaximum"),
    value("minimum"),
    value("exclusiveMinimum"),
    value("maxLength"),
    value("minLength"),
    value("pattern"),
    value("format"),
    field("items", One(Schema)),
    field("prefixItems", List(Schema)).since_31(),
    field("contains", One(Schema)).since_31(),
    field("unevaluatedItems", One(Schema)).since_31(),
    value("maxItems"),
    value("minItems"),
    value("uniqueItems"),
    value("maxContains").since_31(),
    value("minContains").since_31(),
    field("properties", Map(Schema)),
    field("additionalProperties", One(Schema)),
    field("patternProperties", Map(Schema)).since_31(),
    field("propertyNames", One(Schema)).since_31(),
    field("unevaluatedProperties", One(Schema)).since_31(),
    value("maxProperties"),
    value("minProperties"),
    value("required"),
    value("dependentRequired").since_31(),
    field("dependentSchemas", Map(Schema)).since_31(),
    field("allOf", List(Schema)),
    field("oneOf", List(Schema)),
    field("anyOf", List(Schema)),
    field("not", One(Schema)),
    field("if", One(Schema)).since_31(),
    field("then", One(Schema)).since_31(),
    field("else", One(Schema)).since_31(),
    value("$ref"),
    value("$id").since_31(),
    value("$schema").since_31(),
    value("$anchor").since_31(),
    value("$dynamicRef").since_31(),
    value("$dynamicAnchor").since_31(),
    value("$vocabulary").since_31(),
    value("$comment").since_31(),
    field("$defs", Map(Schema)).since_31(),
    value("contentEncoding").since_31(),
    value("contentMediaType").since_31(),
    field("contentSchema", One(Schema)).since_31(),
    value("nullable").only_30(),
    value("title"),
    value("description"),
    value("default"),
    value("example"),
    value("examples").since_31(),
    value("deprecated"),
    value("readOnly"),
    value("writeOnly"),
    field("discriminator", One(Discriminator)),
    field("xml", One(Xml)),
    field("externalDocs", One(ExternalDocs)),
];
