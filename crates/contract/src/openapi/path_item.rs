//! The objects that define one path item.
//!
//! A path item may have fields next to its `$ref`. The fields of both objects apply; only a field
//! that both have is undefined (OpenAPI 3.0.4 and 3.1.1, Path Item Object, `$ref`).

use portcullis_json::JsonNode;

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
