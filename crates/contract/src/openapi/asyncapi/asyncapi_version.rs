//! The AsyncAPI version of a document.

use portcullis_json::JsonNode;

/// The versions whose documents are structured alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AsyncApiVersion {
    /// 2.0 to 2.6.
    V2,
    /// 3.0 and 3.1.
    V3,
}

impl AsyncApiVersion {
    /// The version of a document; `None` if it is not an AsyncAPI document of a supported version.
    pub(super) fn of(root: JsonNode<'_>) -> Option<Self> {
        let text = version_text(root)?;
        match text.split('.').collect::<Vec<_>>()[..] {
            ["2", "0" | "1" | "2" | "3" | "4" | "5" | "6", ..] => Some(Self::V2),
            ["3", "0" | "1", ..] => Some(Self::V3),
            _ => None,
        }
    }
}

/// The text of `asyncapi`, unless the document is an OpenAPI document.
pub(super) fn version_text(root: JsonNode<'_>) -> Option<&str> {
    let version = root.get("asyncapi")?;
    let is_openapi = root.get("openapi").or(root.get("swagger")).is_some();
    let text = version.as_str().or(version.number_text());
    text.filter(|_| !is_openapi)
}

/// Why an AsyncAPI document is not read; `None` if the document has no `asyncapi`.
pub(crate) fn unsupported_version(root: JsonNode<'_>) -> Option<String> {
    let version = root.get("asyncapi")?;
    let Some(text) = version.as_str().or(version.number_text()) else {
        return Some("`asyncapi` must be a string such as 3.0.0".to_owned());
    };
    Some(format!(
        "AsyncAPI `{text}` is not supported: use 2.0 to 2.6, 3.0 or 3.1"
    ))
}
