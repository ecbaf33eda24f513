//! Schemas of text and octets: which strings are octets, and which keywords constrain them.

use portcullis_json::JsonNode;

use super::body_format::{BodyFormat, is_text};
use crate::message::media_range::MediaRange;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::NodeRef;
use crate::schema::schema_surface::{SchemaSurface, TypeSet};

pub(super) fn is_length(keyword: &str) -> bool {
    matches!(keyword, "minLength" | "maxLength")
}

/// Whether a keyword constrains text or octets beyond their type.
pub(super) fn constrains_text(keyword: &str, value: JsonNode<'_>) -> bool {
    match keyword {
        "type" => value.as_str() != Some("string"),
        "format" => value.as_str() != Some("binary"),
        "$ref" => false,
        _ => !is_annotation(keyword),
    }
}

fn is_annotation(keyword: &str) -> bool {
    const ANNOTATIONS: [&str; 12] = [
        "title",
        "description",
        "example",
        "examples",
        "default",
        "deprecated",
        "readOnly",
        "writeOnly",
        "contentEncoding",
        "contentMediaType",
        "externalDocs",
        "xml",
    ];
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

/// Whether the strings of a schema are octets: `format: binary`, a media type that is neither text
/// nor JSON, or in 3.1 a schema without constraints.
pub(super) fn is_binary(
    surface: SchemaSurface<'_>,
    schema: NodeRef,
    content_types: &[String],
) -> bool {
    let types = surface.types(schema);
    let is_string = types.has(TypeSet::STRING) && !types.has(TypeSet::OBJECT);
    let is_format = |keyword: &str, value: JsonNode<'_>| {
        keyword == "format" && value.as_str() == Some("binary")
    };
    let is_named = |range: &String| {
        MediaRange::parse(range).is_some_and(|range| {
            range.kind() != "*" && BodyFormat::of(&range) == BodyFormat::Octets
        })
    };
    if is_string && surface.any_keyword(schema, &is_format) {
        return true;
    }
    if is_string && !content_types.is_empty() && content_types.iter().all(is_named) {
        return true;
    }
    if is_string && content_types.is_empty() && names_binary_content(surface, schema) {
        return true;
    }
    let is_constraint = |keyword: &str, _: JsonNode<'_>| {
        !(is_length(keyword) || is_annotation(keyword) || keyword == "$ref")
    };
    surface.dialect != Dialect::V30
        && types == TypeSet::ALL
        && !surface.any_keyword(schema, &is_constraint)
}

/// Whether a `contentMediaType` of a schema says that its strings are octets. By the letter of
/// OpenAPI 3.1.1 such a part is text, but frameworks describe every uploaded file in this way.
fn names_binary_content(surface: SchemaSurface<'_>, schema: NodeRef) -> bool {
    let is_named = |keyword: &str, value: JsonNode<'_>| {
        let range = value.as_str().and_then(MediaRange::parse);
        keyword == "contentMediaType" && range.is_some_and(|range| !is_text(&range))
    };
    // Encoded octets are text, and so is what is compared with text.
    let is_text_keyword = |keyword: &str, value: JsonNode<'_>| match keyword {
        "contentEncoding" => !matches!(value.as_str(), Some("binary" | "8bit" | "7bit")),
        _ => matches!(keyword, "pattern" | "enum" | "const"),
    };
    surface.dialect != Dialect::V30
        && surface.any_keyword(schema, &is_named)
        && !surface.any_keyword(schema, &is_text_keyword)
}
