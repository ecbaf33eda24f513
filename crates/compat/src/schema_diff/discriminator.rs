//! The discriminator. It names the alternative that applies and does not affect validation (OpenAPI
//! 3.1.1, Discriminator Object).

use std::collections::BTreeMap;

use portcullis_json::JsonNode;

use super::schema_conjunction::SchemaConjunction;
use super::schema_edit::SchemaEdit;

/// Compares the discriminators of two schemas.
pub(super) fn compare(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    edits: &mut Vec<SchemaEdit>,
) {
    const KEYWORD: &str = "discriminator";
    let (before, after) = (old.first(KEYWORD), new.first(KEYWORD));
    let node_refs = |edit: SchemaEdit| {
        let node_ref = |view: &SchemaConjunction<'_>| {
            view.first(KEYWORD).map(|(at, _)| at).or(view.node_ref())
        };
        edit.between(node_ref(old), node_ref(new))
    };
    let name = |node: JsonNode<'_>| {
        node.get("propertyName")
            .and_then(|name| name.as_str())
            .map(str::to_owned)
    };
    let (before, after) = match (before, after) {
        (None, None) => return,
        (None, Some((_, after))) => {
            return edits.push(node_refs(
                SchemaEdit::of("schema.discriminator.added", KEYWORD).to(name(after)),
            ));
        }
        (Some((_, before)), None) => {
            return edits.push(node_refs(
                SchemaEdit::of("schema.discriminator.removed", KEYWORD).from(name(before)),
            ));
        }
        (Some((_, before)), Some((_, after))) => (before, after),
    };
    if name(before) != name(after) {
        let edit = SchemaEdit::of("schema.discriminator.property.changed", KEYWORD);
        edits.push(node_refs(edit.from(name(before)).to(name(after))));
    }
    let mapping = |node: JsonNode<'_>| -> BTreeMap<String, String> {
        let members = node.get("mapping").into_iter().flat_map(JsonNode::members);
        members
            .map(|(value, schema)| {
                (
                    value.to_owned(),
                    schema.as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect()
    };
    let (was, is) = (mapping(before), mapping(after));
    for (value, schema) in &was {
        let edit = match is.get(value) {
            Some(other) if schema_name(other) == schema_name(schema) => continue,
            Some(other) => SchemaEdit::of("schema.discriminator.mapping.changed", KEYWORD)
                .from(format!("{value}: {schema}"))
                .to(format!("{value}: {other}")),
            None => {
                SchemaEdit::of("schema.discriminator.mapping.removed", KEYWORD).from(value.clone())
            }
        };
        edits.push(node_refs(edit));
    }
    for value in is.keys().filter(|value| !was.contains_key(*value)) {
        edits.push(node_refs(
            SchemaEdit::of("schema.discriminator.mapping.added", KEYWORD).to(value.clone()),
        ));
    }
}

/// A target of the mapping: a name stands for the component of this name (OpenAPI 3.1.1,
/// Discriminator Object).
fn schema_name(target: &str) -> &str {
    let name = target.strip_prefix("#/components/schemas/");
    name.filter(|name| !name.contains('/')).unwrap_or(target)
}
