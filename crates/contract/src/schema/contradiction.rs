//! Finds schemas that no value satisfies, usually a mistake that makes a whole operation unusable.
//!
//! The findings come from the canonical form of the `jsonschema` crate. It skips what it cannot
//! express, so there are no false positives. That module is experimental, so its types stay in this
//! file.
//!
//! Two cases are not reported: a schema written as `false` or as `not` of everything, which is
//! deliberate, and a schema that only refers to an unsatisfiable one, which is reported itself.

use std::collections::HashSet;

use jsonschema::Draft;
use jsonschema::canonical::{self, Cause, UnsatisfiableReason};
use serde_json::Value;

/// A schema that no value satisfies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaContradiction {
    /// JSON Pointer of the schema.
    pub(crate) pointer: String,
    /// A sentence that names the contradicting keywords.
    pub(crate) message: String,
}

/// Every contradiction in a JSON Schema 2020-12 document, by pointer.
///
/// Definitions in `$defs` are examined only if `root` refers to them, for example by a `$ref` in
/// `properties`. A contradiction in an optional property is reported only there, because the object
/// is valid without it. An invalid schema has no findings, nor does one that only an infinite value
/// would satisfy.
///
/// # Errors
/// [`NestedTooDeep`]: the search is recursive.
pub(crate) fn contradictions(root: &Value) -> Result<Vec<SchemaContradiction>, NestedTooDeep> {
    let depth = reference_depth(root);
    if depth <= SHALLOW_MAX {
        return Ok(search(root));
    }
    if depth > DEPTH_MAX {
        return Err(NestedTooDeep);
    }
    let stack_bytes = (depth + SHALLOW_MAX) * STACK_BYTES_PER_REFERENCE;
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new()
            .name("contradictions".to_owned())
            .stack_size(stack_bytes);
        let thread = builder.spawn_scoped(scope, || search(root));
        let found = thread.map_err(|_| NestedTooDeep)?.join();
        Ok(found.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// The references of a document lead too deep to look for contradictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NestedTooDeep;

/// The depth of references that any stack has room for.
const SHALLOW_MAX: usize = 64;

/// The deepest chain of references through different schemas that is searched.
pub(crate) const DEPTH_MAX: usize = 2_000;

/// The stack that the search needs for each reference, with room to spare.
const STACK_BYTES_PER_REFERENCE: usize = 96 << 10;

/// How deep a search in depth goes from one definition to the next, each taken once.
fn reference_depth(root: &Value) -> usize {
    let mut seen = HashSet::new();
    // The references of each definition on the way that are not followed yet.
    let mut path = vec![references(root.get("properties").unwrap_or(&Value::Null))];
    let mut depth = 0;
    while let Some(open) = path.last_mut() {
        match open.pop() {
            None => {
                path.pop();
            }
            Some(reference) if seen.insert(reference) => {
                let target = reference.split_once('#').map_or("", |(_, pointer)| pointer);
                path.extend(root.pointer(target).map(references));
                depth = depth.max(path.len());
            }
            Some(_) => {}
        }
    }
    depth
}

/// The references in a schema, the last one first.
fn references(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                open.extend(members.values());
            }
            Value::Array(elements) => open.extend(elements),
            _ => {}
        }
    }
    found
}

fn search(root: &Value) -> Vec<SchemaContradiction> {
    let options = canonical::options()
        .with_draft(Draft::Draft202012)
        .offline();
    let unsatisfiable = options
        .prepare(root)
        .and_then(|prepared| prepared.unsatisfiable());
    unsatisfiable
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(pointer, reason)| explain(root, pointer, reason))
        .collect()
}

fn explain(
    root: &Value,
    pointer: String,
    reason: UnsatisfiableReason,
) -> Option<SchemaContradiction> {
    let causes = match reason {
        UnsatisfiableReason::Literal => return None,
        UnsatisfiableReason::Empty(cause) => vec![cause],
        UnsatisfiableReason::Conflict(causes) => causes,
    };
    let refers = |cause: &Cause| matches!(&cause.keywords[..], [only] if only == "$ref" || only == "$dynamicRef");
    if causes.iter().all(refers) || is_deliberate(root.pointer(&pointer)?) {
        return None;
    }
    let parts: Vec<String> = causes
        .iter()
        .map(|cause| describe(cause, &pointer))
        .collect();
    let message = match &parts[..] {
        [only] => format!("no value satisfies {only}"),
        several => format!("no value satisfies {} together", several.join(" and ")),
    };
    Some(SchemaContradiction { pointer, message })
}

/// Whether the schema is `{"not": {}}` or `{"not": true}`, which are ways to write `false`.
fn is_deliberate(schema: &Value) -> bool {
    let everything = |inner: &Value| match inner {
        Value::Object(keywords) => keywords.is_empty(),
        other => *other == Value::Bool(true),
    };
    schema.get("not").is_some_and(everything)
}

/// The keywords of a cause, with their location if they are below the schema itself.
fn describe(cause: &Cause, pointer: &str) -> String {
    let keywords: Vec<String> = cause
        .keywords
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let location = cause
        .pointer
        .strip_prefix(pointer)
        .unwrap_or(&cause.pointer);
    match (keywords.join(", "), location) {
        (keywords, "") => keywords,
        (keywords, location) if keywords.is_empty() => format!("the schema at {location}"),
        (keywords, location) => format!("{keywords} at {location}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Compares the findings of a schema named `s`, which may refer to `#/$defs/other`.
    #[track_caller]
    fn check_with(schema: &Value, other: &Value, expected: &[(&str, &str)]) {
        let reference = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
        let root = json!({
            "$defs": { "s": schema, "other": other },
            "properties": { "s": reference("s"), "other": reference("other") },
        });
        let found = contradictions(&root).unwrap();
        let found: Vec<_> = found.iter().map(|c| (&*c.pointer, &*c.message)).collect();
        assert_eq!(found, expected, "{schema}");
    }

    #[track_caller]
    fn check(schema: &Value, message: &str) {
        check_with(schema, &json!({}), &[("/$defs/s", message)]);
    }

    #[track_caller]
    fn check_satisfiable(schema: &Value) {
        check_with(schema, &json!({}), &[]);
    }

    #[test]
    fn names_the_contradicting_keywords() {
        check(
            &json!({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}),
            "no value satisfies `exclusiveMinimum`, `exclusiveMaximum`",
        );
        check(
            &json!({"type": "integer", "minimum": 1, "maximum": 3, "multipleOf": 5}),
            "no value satisfies `minimum`, `maximum`, `multipleOf`",
        );
        check(
            &json!({"type": "string", "minLength": 3, "maxLength": 2}),
            "no value satisfies `type` and `minLength`, `maxLength` together",
        );
        check(
            &json!({"type": "boolean", "enum": ["a", 1]}),
            "no value satisfies `type`, `enum`",
        );
        check(
            &json!({"type": "string", "const": 1}),
            "no value satisfies `type`, `const`",
        );
        check(
            &json!({"allOf": [{"type": "string"}, {"type": "object"}]}),
            "no value satisfies `type` at /allOf/0 and `type` at /allOf/1 together",
        );
        check(
            &json!({"type": "object", "required": ["a", "b"], "maxProperties": 1}),
            "no value satisfies `type` and `required`, `maxProperties` together",
        );
        check(
            &json!({"type": "object", "required": ["a"], "properties": {"a": false}}),
            "no value satisfies `type` and `properties`, `required` together",
        );
        check(
            &json!({"type": "object", "required": ["a"], "additionalProperties": false}),
            "no value satisfies `type` and `additionalProperties`, `required` together",
        );
        check(
            &json!({"type": "array", "items": false, "minItems": 1}),
            "no value satisfies `type` and `items`, `minItems` together",
        );
    }

    #[test]
    fn does_not_report_satisfiable_schemas() {
        check_satisfiable(&json!({"minimum": 2, "maximum": 1}));
        check_satisfiable(&json!({"type": ["string", "null"], "minLength": 3, "maxLength": 2}));
        check_satisfiable(&json!({"type": "array", "items": false}));
        check_satisfiable(&json!({"type": "number", "minimum": 1, "maximum": 1}));
        check_satisfiable(&json!({"pattern": "^(?=a)b", "type": "string"}));
        check_satisfiable(&json!({"properties": {"never": {"not": {}}, "no": false}}));
        check_satisfiable(&json!({"type": "nonsense", "enum": []}));
    }

    /// A chain of references is as deep as it is long, and the search is recursive.
    #[test]
    fn does_not_search_deep_chains() {
        let chain = |length: usize| {
            let schema = |n: usize| {
                (
                    n.to_string(),
                    json!({"properties": {"a": {"$ref": format!("#/$defs/{}", n + 1)}}}),
                )
            };
            let mut definitions: serde_json::Map<_, _> = (0..length).map(schema).collect();
            definitions.insert(length.to_string(), json!({"type": "string", "const": 1}));
            json!({"$defs": definitions, "properties": {"0": {"$ref": "#/$defs/0"}}})
        };
        for length in [10, 500] {
            let found = contradictions(&chain(length)).unwrap();
            let pointers: Vec<&str> = found.iter().map(|one| &*one.pointer).collect();
            assert_eq!(pointers, [format!("/$defs/{length}")]);
        }
        assert_eq!(contradictions(&chain(16_000)), Err(NestedTooDeep));
    }

    #[test]
    fn follows_references() {
        let never = json!({"type": "string", "minLength": 3, "maxLength": 2});
        let message = "no value satisfies `type` and `minLength`, `maxLength` together";
        let optional = json!({"properties": {"a": {"$ref": "#/$defs/other"}}});
        check_with(&optional, &never, &[("/$defs/other", message)]);
        let required =
            json!({"type": "object", "required": ["a"], "properties": optional["properties"]});
        let consequence = "no value satisfies `type` and `properties`, `required` together";
        check_with(
            &required,
            &never,
            &[("/$defs/other", message), ("/$defs/s", consequence)],
        );
        let cycle = json!({"properties": {"me": {"$ref": "#/$defs/s"}}});
        check_satisfiable(&cycle);
    }
}
