//! Finds every schema of an AsyncAPI contract: those that messages use, and those that they refer to.

use std::collections::HashMap;

use portcullis_json::JsonNode;

use super::schema_format::{SchemaFormat, SchemaUse};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::resolve;

/// The schemas that are not nested in others, with their languages.
pub(super) type SchemaRoots = HashMap<NodeRef, SchemaFormat>;

/// Follows the references of schemas. A schema that is used in two languages has the first one.
pub(super) fn schema_roots(documents: &DocumentSet, used: &[SchemaUse]) -> SchemaRoots {
    let mut roots = SchemaRoots::new();
    let mut open: Vec<SchemaUse> = used.iter().rev().cloned().collect();
    while let Some(SchemaUse { node_ref, format }) = open.pop() {
        if roots.contains_key(&node_ref) {
            continue;
        }
        roots.insert(node_ref, format.clone());
        let is_opaque = matches!(format, SchemaFormat::Opaque(_));
        let mut below = vec![documents.node(node_ref)];
        while let Some(schema) = below.pop() {
            let reference = schema.get("$ref").and_then(JsonNode::as_str);
            let target = reference.and_then(|text| resolve(documents, node_ref, text).ok());
            open.extend(target.map(|target| of_one_format(documents, target, &format)));
            if !is_opaque {
                below.extend(subschemas(schema));
            }
        }
    }
    roots
}

/// The schema that a reference means: of a Multi Format Schema Object its schema.
fn of_one_format(documents: &DocumentSet, target: NodeRef, format: &SchemaFormat) -> SchemaUse {
    let node = documents.node(target);
    let own = node.get("schemaFormat").and_then(JsonNode::as_str);
    match own.zip(node.get("schema")) {
        Some((own, schema)) => SchemaUse {
            node_ref: DocumentSet::node_ref(target, schema),
            format: SchemaFormat::of(own),
        },
        None => SchemaUse {
            node_ref: target,
            format: format.clone(),
        },
    }
}

/// How a keyword contains schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeywordShape {
    /// Its value is a schema or a list of schemas.
    Schemas,
    /// Its value is an object of schemas.
    Map,
    /// Anything else.
    Data,
}

/// How a keyword of any of the languages contains schemas.
pub(super) fn keyword_shape(keyword: &str) -> KeywordShape {
    match keyword {
        "items"
        | "additionalItems"
        | "additionalProperties"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "prefixItems"
        | "allOf"
        | "anyOf"
        | "oneOf" => KeywordShape::Schemas,
        "properties" | "patternProperties" | "definitions" | "$defs" | "dependencies"
        | "dependentSchemas" => KeywordShape::Map,
        _ => KeywordShape::Data,
    }
}

fn subschemas(schema: JsonNode<'_>) -> Vec<JsonNode<'_>> {
    let mut found = Vec::new();
    for (keyword, value) in schema.members() {
        match keyword_shape(keyword) {
            KeywordShape::Schemas if value.is_array() => found.extend(value.elements()),
            KeywordShape::Schemas => found.push(value),
            KeywordShape::Map => found.extend(value.members().map(|(_, schema)| schema)),
            KeywordShape::Data => {}
        }
    }
    found
}
