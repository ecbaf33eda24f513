//! How lists inside a list are divided: `collectionFormat` of items (Swagger 2.0, Items Object).

use portcullis_contract::{CompiledContract, DocumentSet, NodeRef};
use portcullis_json::JsonNode;

/// More lists inside each other are not read.
const NESTED_MAX: usize = 4;

/// The formats of the lists inside the list with this schema, the outer ones first. OpenAPI 3 defines
/// none.
pub(super) fn nested_formats(contract: &CompiledContract, schema: NodeRef) -> Vec<String> {
    let documents = contract.documents();
    let mut formats = Vec::new();
    let mut here = contract.resolved(schema);
    while formats.len() < NESTED_MAX && is_array(documents.node(here)) {
        let Some(items) = documents.node(here).get("items") else {
            break;
        };
        here = contract.resolved(DocumentSet::node_ref(here, items));
        let node = documents.node(here);
        if is_array(node) {
            let format = node.get("collectionFormat").and_then(JsonNode::as_str);
            formats.push(match format {
                _ if !documents.is_swagger() => "undefined".to_owned(),
                format => format.unwrap_or("csv").to_owned(),
            });
        }
    }
    formats
}

fn is_array(schema: JsonNode<'_>) -> bool {
    schema.get("type").and_then(JsonNode::as_str) == Some("array")
}
