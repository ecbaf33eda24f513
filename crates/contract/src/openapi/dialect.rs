//! The OpenAPI version of a document, and the direction of a message.

use portcullis_json::JsonNode;

use super::asyncapi::unsupported_version;

/// The version of OpenAPI that a contract declares in its `openapi` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAPI 3.0.x, whose schemas are an extended subset of JSON Schema.
    V30,
    /// OpenAPI 3.1.x, whose schemas are JSON Schema 2020-12.
    V31,
    /// OpenAPI 3.2.x: the schemas of 3.1, and more methods, locations and media types.
    V32,
}

/// The direction of a message, which decides the effect of `readOnly` and `writeOnly`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageDirection {
    /// From the consumer to the service.
    Request,
    /// From the service to the consumer.
    Response,
}

impl Dialect {
    /// The version: `3.0`, `3.1` or `3.2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V30 => "3.0",
            Self::V31 => "3.1",
            Self::V32 => "3.2",
        }
    }

    /// Reads the version of a document.
    ///
    /// # Errors
    /// A sentence that names the unsupported version and the supported ones.
    pub fn of(root: JsonNode<'_>) -> Result<Self, String> {
        if root.get("swagger").is_some() && root.get("openapi").is_some() {
            return Err(
                "the document has both `swagger` and `openapi`: remove the field whose version the rest \
                 of the document does not follow"
                    .to_owned(),
            );
        }
        if let Some(version) = root.get("swagger") {
            return Err(format!(
                "this is a Swagger {} document: convert it to Swagger 2.0 or OpenAPI first",
                version.as_str().or(version.number_text()).unwrap_or("2.0")
            ));
        }
        let Some(version) = root.get("openapi") else {
            return Err(unsupported_version(root).unwrap_or_else(|| {
                "not an OpenAPI or AsyncAPI document: the field `openapi` is missing; add it, for example `openapi: 3.1.0`"
                    .to_owned()
            }));
        };
        let Some(text) = version.as_str().or(version.number_text()) else {
            return Err("`openapi` must be a string such as 3.1.1".to_owned());
        };
        match text.split('.').collect::<Vec<_>>()[..] {
            ["3", "0", ..] => Ok(Self::V30),
            ["3", "1", ..] => Ok(Self::V31),
            ["3", "2", ..] => Ok(Self::V32),
            _ => Err(format!(
                "OpenAPI `{text}` is not supported: use 3.0.x, 3.1.x or 3.2.x"
            )),
        }
    }
}
