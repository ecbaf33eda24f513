//! Shorter pointers to the same place of a recursive schema.
//!
//! A recursive schema has any number of places, and a finding names each only once. A pointer whose
//! value passes one schema twice means the same as the pointer without that loop.

use serde_json::Value;

/// The pointers that remain if one loop is left out.
pub(super) fn without_loops(document: &Value, number: &str, pointer: &str) -> Vec<String> {
    let tokens: Vec<&str> = pointer.split('/').skip(1).collect();
    let mut first = Vec::new();
    reach(
        document,
        document.pointer(&format!("/$defs/{number}")),
        &mut first,
    );
    let mut passed = vec![first];
    for token in &tokens {
        let mut next = Vec::new();
        let name = portcullis_json::pointer::unescape(token);
        for schema in passed.last().into_iter().flatten() {
            let property = schema
                .get("properties")
                .and_then(|properties| properties.get(&*name));
            for child in [
                property,
                schema.get("additionalProperties"),
                schema.get("items"),
            ] {
                reach(document, child, &mut next);
            }
        }
        passed.push(next);
    }
    let mut shorter = Vec::new();
    for start in 0..passed.len() {
        for end in start + 1..passed.len() {
            let is_loop = passed[start]
                .iter()
                .any(|schema| contains(&passed[end], schema));
            if is_loop {
                let kept = tokens[..start].iter().chain(&tokens[end..]);
                shorter.push(kept.map(|token| format!("/{token}")).collect());
            }
        }
    }
    shorter
}

fn contains(schemas: &[&Value], schema: &Value) -> bool {
    schemas.iter().any(|other| std::ptr::eq(*other, schema))
}

/// Collects all schemas for one value: a schema and what it is composed of.
fn reach<'s>(document: &'s Value, schema: Option<&'s Value>, found: &mut Vec<&'s Value>) {
    let Some(schema) = schema.filter(|schema| !contains(found, schema)) else {
        return;
    };
    found.push(schema);
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        reach(document, document.pointer(&target[1..]), found);
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let parts = schema.get(keyword).and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            reach(document, Some(part), found);
        }
    }
}
