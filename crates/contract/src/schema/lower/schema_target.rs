//! What a reference in a schema may lead to: a Schema Object (OpenAPI 3.0.4, Reference Object; 3.1.1,
//! Schema Object). Any other object has no keywords, so as a schema it would accept everything.

use portcullis_json::pointer;

use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::uri_reference::decode;

/// The fields of Components Objects whose objects are not schemas, and what those are.
const COMPONENTS: [(&str, &str); 10] = [
    ("responses", "a Response Object"),
    ("parameters", "a Parameter Object"),
    ("examples", "an Example Object"),
    ("requestBodies", "a Request Body Object"),
    ("headers", "a Header Object"),
    ("securitySchemes", "a Security Scheme Object"),
    ("links", "a Link Object"),
    ("callbacks", "a Callback Object"),
    ("pathItems", "a Path Item Object"),
    ("mediaTypes", "a Media Type Object"),
];

/// What the target of a reference is, if it is an object of OpenAPI other than a schema.
pub(super) fn other_object(
    documents: &DocumentSet,
    target: NodeRef,
    reference: &str,
) -> Option<&'static str> {
    let (_, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let fragment = decode(fragment);
    // The fragment may start at a schema with an `$id`, or at a file with schemas only.
    let root = documents.root_ref(target.document);
    let found = documents.node(root).pointer(&fragment);
    let is_contract = documents.node(root).get("openapi").is_some();
    if !is_contract || found.map(|found| DocumentSet::node_ref(root, found)) != Some(target) {
        return None;
    }
    let tokens = fragment.split('/').skip(1).map(pointer::unescape);
    let tokens: Vec<_> = tokens.collect();
    let tokens: Vec<&str> = tokens.iter().map(AsRef::as_ref).collect();
    match tokens.as_slice() {
        [] => Some("the whole document"),
        ["info", ..] => Some("the Info Object"),
        ["components"] => Some("the Components Object"),
        ["components", "schemas"] => Some("the list of all schemas"),
        ["components", field, _] => {
            let known = COMPONENTS.iter().find(|(name, _)| name == field);
            known.map(|(_, title)| *title)
        }
        ["paths" | "webhooks"] => Some("the list of all paths"),
        ["paths" | "webhooks", _] => Some("a Path Item Object"),
        ["paths" | "webhooks", _, "parameters", _]
        | ["paths" | "webhooks", _, _, "parameters", _] => Some("a Parameter Object"),
        ["paths" | "webhooks", _, _] => Some("an Operation Object"),
        ["paths" | "webhooks", _, _, "requestBody"] => Some("a Request Body Object"),
        ["paths" | "webhooks", _, _, "responses", _] => Some("a Response Object"),
        _ => None,
    }
}
