//! The objects that define one path item, and the fields that are its operations.
//!
//! A path item may have fields next to its `$ref`. The fields of both objects apply; only a field
//! that both have is undefined (OpenAPI 3.0.4 and 3.1.1, Path Item Object, `$ref`).

use http::Method;

use portcullis_json::JsonNode;

use super::dialect::Dialect;
use super::document::{DocumentSet, NodeRef};
use super::reference::{follow, resolve};

/// The path item at `declared` and every object that its `$ref` leads through, in this order. Only
/// the declared one if a reference does not resolve.
pub(crate) fn path_item_objects(documents: &DocumentSet, declared: NodeRef) -> Vec<NodeRef> {
    let mut objects = vec![declared];
    if follow(documents, declared).is_err() {
        return objects;
    }
    let mut here = declared;
    while let Some(reference) = documents.node(here).get("$ref").and_then(JsonNode::as_str)
        && let Ok(next) = resolve(documents, here, reference)
    {
        objects.push(next);
        here = next;
    }
    objects
}

/// The field whose names are further methods (OpenAPI 3.2.0, Path Item Object).
pub(crate) const ADDITIONAL_OPERATIONS: &str = "additionalOperations";

static FIELDS: [(&str, Method); 9] = [
    ("delete", Method::DELETE),
    ("get", Method::GET),
    ("head", Method::HEAD),
    ("options", Method::OPTIONS),
    ("patch", Method::PATCH),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("query", Method::QUERY),
    ("trace", Method::TRACE),
];

/// The method of a fixed field of the Path Item Object, such as `get`; `None` for its other fields.
pub(crate) fn field_method(dialect: Dialect, field: &str) -> Option<Method> {
    let has_query = dialect == Dialect::V32;
    let known = FIELDS.iter().find(|(known, _)| *known == field);
    let method = known.map(|(_, method)| method.clone());
    method.filter(|method| has_query || *method != Method::QUERY)
}

/// The operations that one field of a path item declares, each with the text of its method: one
/// for a fixed field, and those of `additionalOperations`.
pub(crate) fn field_operations<'d>(
    documents: &'d DocumentSet,
    dialect: Dialect,
    field: &'d str,
    value: NodeRef,
) -> Vec<(&'d str, NodeRef)> {
    if let Some((_, method)) = FIELDS.iter().find(|(known, _)| *known == field) {
        let is_known = field_method(dialect, field).is_some();
        return is_known
            .then(|| (method.as_str(), value))
            .into_iter()
            .collect();
    }
    if dialect != Dialect::V32 || field != ADDITIONAL_OPERATIONS {
        return Vec::new();
    }
    let operations = documents.node(value).members();
    operations
        .map(|(method, operation)| (method, DocumentSet::node_ref(value, operation)))
        .collect()
}
