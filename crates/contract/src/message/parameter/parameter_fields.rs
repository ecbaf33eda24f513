//! Reads the fields of Parameter Objects and Header Objects, except the schema (OpenAPI 3.0.4 and
//! 3.1.1, Parameter Object, Header Object).

use portcullis_json::{JsonKind, JsonNode};

use super::parameter_style::ParameterStyle;
use crate::message::violation::MessagePart;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};

/// Why a Parameter Object or Header Object cannot be compiled, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ParameterError {
    /// The node to name: a field, or the object that lacks one.
    pub(crate) at: NodeRef,
    pub(super) message: String,
}

/// The fields of a parameter that decide how its text is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParameterFields {
    pub(super) name: String,
    pub(super) part: MessagePart,
    pub(super) required: bool,
    pub(super) style: ParameterStyle,
    pub(super) explode: Option<bool>,
    pub(super) allow_empty: bool,
}

/// The styles of a location, the default one first.
type StyleNames = &'static [(&'static str, ParameterStyle)];

const PATH_STYLES: StyleNames = &[
    ("simple", ParameterStyle::Simple),
    ("label", ParameterStyle::Label),
    ("matrix", ParameterStyle::Matrix),
];
const QUERY_STYLES: StyleNames = &[
    ("form", ParameterStyle::Form),
    ("spaceDelimited", ParameterStyle::SpaceDelimited),
    ("pipeDelimited", ParameterStyle::PipeDelimited),
    ("deepObject", ParameterStyle::DeepObject),
];
/// The styles that `collectionFormat` of Swagger 2.0 is translated to, in any location.
const SWAGGER_STYLES: StyleNames = &[
    ("simple", ParameterStyle::Simple),
    ("form", ParameterStyle::Form),
    ("spaceDelimited", ParameterStyle::SpaceDelimited),
    ("pipeDelimited", ParameterStyle::PipeDelimited),
    ("tabDelimited", ParameterStyle::TabDelimited),
];
const HEADER_STYLES: StyleNames = &[("simple", ParameterStyle::Simple)];
const COOKIE_STYLES: StyleNames = &[("form", ParameterStyle::Form)];
const COOKIE_STYLES_32: StyleNames = &[
    ("form", ParameterStyle::Form),
    ("cookie", ParameterStyle::Cookie),
];

/// Reads a Parameter Object.
pub(super) fn parameter_fields(
    node_ref: NodeRef,
    node: JsonNode<'_>,
    dialect: Dialect,
    is_swagger: bool,
) -> Result<ParameterFields, ParameterError> {
    let reader = FieldReader {
        node_ref,
        node,
        dialect,
        is_swagger,
    };
    let name = reader.text("name", "write the name of the parameter")?;
    let location = reader.text("in", "write `in: query`, `header`, `path` or `cookie`")?;
    let part = match location {
        "query" => MessagePart::Query,
        "header" => MessagePart::Header,
        "path" => MessagePart::Path,
        "cookie" => MessagePart::Cookie,
        "body" | "formData" => {
            let message = format!(
                "`in: {location}` belongs to Swagger 2.0: declare the body of an operation by \
                 `requestBody`"
            );
            return Err(reader.error("in", message));
        }
        "querystring" if dialect == Dialect::V32 => return reader.whole_query(name),
        "querystring" => {
            let message = "`in: querystring` belongs to OpenAPI 3.2: write `openapi: 3.2.0`, or declare the parameters of the query by `in: query`".to_owned();
            return Err(reader.error("in", message));
        }
        other => {
            let message = format!("`in: {other}` is unknown: use query, header, path or cookie");
            return Err(reader.error("in", message));
        }
    };
    reader.fields(name, part)
}

/// Reads a Header Object, which has no `name` and `in`.
pub(super) fn header_fields(
    node_ref: NodeRef,
    node: JsonNode<'_>,
    name: &str,
    dialect: Dialect,
    is_swagger: bool,
) -> Result<ParameterFields, ParameterError> {
    let reader = FieldReader {
        node_ref,
        node,
        dialect,
        is_swagger,
    };
    reader.fields(name, MessagePart::Header)
}

/// The error of a `content` that has not exactly one media type.
pub(super) fn content_error(node_ref: NodeRef, content: JsonNode<'_>) -> ParameterError {
    ParameterError {
        at: DocumentSet::node_ref(node_ref, content),
        message: "`content` must hold exactly one media type".to_owned(),
    }
}

#[derive(Clone, Copy)]
struct FieldReader<'d> {
    node_ref: NodeRef,
    node: JsonNode<'d>,
    dialect: Dialect,
    /// Whether the object was translated from Swagger 2.0.
    is_swagger: bool,
}

impl<'d> FieldReader<'d> {
    fn fields(self, name: &str, part: MessagePart) -> Result<ParameterFields, ParameterError> {
        for field in ["deprecated", "allowReserved"] {
            self.flag(field)?;
        }
        let required = self.flag("required")?;
        Ok(ParameterFields {
            name: name.to_owned(),
            part,
            required: required == Some(true) || part == MessagePart::Path,
            style: self.style(part)?,
            explode: self.flag("explode")?,
            allow_empty: part == MessagePart::Query && self.flag("allowEmptyValue")? == Some(true),
        })
    }

    /// A parameter that is the whole query. Only `content` describes it (OpenAPI 3.2.0, Parameter
    /// Object, Fixed Fields for use with `schema`).
    fn whole_query(self, name: &str) -> Result<ParameterFields, ParameterError> {
        for field in ["schema", "style", "explode", "allowReserved"] {
            if self.node.get(field).is_some() {
                let message = format!(
                    "`{field}` cannot be used with `in: querystring`: describe the query by `content`"
                );
                return Err(self.error(field, message));
            }
        }
        if self.node.get("content").is_none() {
            return Err(ParameterError {
                at: self.node_ref,
                message:
                    "`content` is missing: `in: querystring` needs the media type of the query"
                        .to_owned(),
            });
        }
        let fields = self.fields(name, MessagePart::Query)?;
        Ok(ParameterFields {
            style: ParameterStyle::WholeQuery,
            allow_empty: false,
            ..fields
        })
    }

    fn style(self, part: MessagePart) -> Result<ParameterStyle, ParameterError> {
        let styles = match part {
            MessagePart::Path => PATH_STYLES,
            MessagePart::Query => QUERY_STYLES,
            MessagePart::Cookie if self.dialect == Dialect::V32 => COOKIE_STYLES_32,
            MessagePart::Cookie => COOKIE_STYLES,
            MessagePart::Header | MessagePart::Target | MessagePart::Body | MessagePart::Status => {
                HEADER_STYLES
            }
        };
        let Some(declared) = self.node.get("style").filter(|style| !style.is_null()) else {
            return Ok(styles[0].1);
        };
        let named = declared.as_str().unwrap_or_default();
        let swagger = if self.is_swagger { SWAGGER_STYLES } else { &[] };
        let mut known = styles.iter().chain(swagger);
        known
            .find(|(name, _)| *name == named)
            .map(|(_, style)| *style)
            .ok_or_else(|| {
                let names: Vec<&str> = styles.iter().map(|(name, _)| *name).collect();
                let message = format!(
                    "`style: {declared}` does not exist for {part} parameters: use {}",
                    names.join(", ")
                );
                self.error("style", message.replace('"', ""))
            })
    }

    fn text(self, field: &str, advice: &str) -> Result<&'d str, ParameterError> {
        let Some(value) = self.node.get(field) else {
            return Err(ParameterError {
                at: self.node_ref,
                message: format!("`{field}` is missing: {advice}"),
            });
        };
        value.as_str().ok_or_else(|| {
            let message = match value.number_text() {
                Some(number) => format!("`{field}` must be a string: write `{field}: '{number}'`"),
                None => format!("`{field}` must be a string: {advice}"),
            };
            self.error(field, message)
        })
    }

    /// A field that is true or false. Null counts as absent; the compiler reports it where that is a
    /// flaw.
    fn flag(self, field: &str) -> Result<Option<bool>, ParameterError> {
        let Some(value) = self.node.get(field) else {
            return Ok(None);
        };
        match value.kind() {
            JsonKind::Boolean => Ok(value.as_bool()),
            JsonKind::Null => Ok(None),
            JsonKind::Number | JsonKind::String | JsonKind::Array | JsonKind::Object => {
                let shown: String = value.to_string().chars().take(40).collect();
                let message = format!("`{field}` must be true or false, not {shown}");
                Err(self.error(field, message))
            }
        }
    }

    fn error(self, field: &str, message: String) -> ParameterError {
        let node = self.node.get(field).unwrap_or(self.node);
        ParameterError {
            at: DocumentSet::node_ref(self.node_ref, node),
            message,
        }
    }
}
