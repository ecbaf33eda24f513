//! Edits of a lowered schema object.

use serde_json::{Map, Value, json};

/// The keywords of a lowered schema.
pub(super) type SchemaObject = Map<String, Value>;

/// The other form of a bound.
pub(crate) fn exclusive_form(name: &str) -> Option<&'static str> {
    match name {
        "maximum" => Some("exclusiveMaximum"),
        "minimum" => Some("exclusiveMinimum"),
        "exclusiveMaximum" => Some("maximum"),
        "exclusiveMinimum" => Some("minimum"),
        _ => None,
    }
}

/// Appends to the list of a keyword.
pub(super) fn push(object: &mut SchemaObject, keyword: &str, value: Value) {
    let list = object
        .entry(keyword)
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = list {
        list.push(value);
    }
}

/// Whether `type` of a schema object allows null; a missing `type` does.
pub(super) fn type_allows_null(object: &SchemaObject) -> bool {
    match object.get("type") {
        Some(Value::Array(names)) => names.iter().any(|name| name == "null"),
        Some(name) => name == "null",
        None => true,
    }
}

/// Adds null to `type` or removes it.
pub(super) fn set_null(object: &mut SchemaObject, is_allowed: bool) {
    let Some(named) = object.get_mut("type") else {
        return;
    };
    let mut names = match named.take() {
        Value::Array(names) => names,
        name => vec![name],
    };
    names.retain(|name| name != "null");
    if is_allowed {
        names.push(json!("null"));
    }
    *named = Value::Array(names);
}

/// Keeps only the other alternative of `anyOf` or `oneOf` of a schema and null.
pub(super) fn without_null_alternative(object: &mut SchemaObject) {
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(branches)) = object.get_mut(keyword)
            && branches.len() == 2
        {
            branches.retain(|branch| *branch != json!({ "type": "null" }));
        }
    }
}

/// Removes a keyword from the unknown parts of a schema object.
pub(super) fn remove_unknown(object: &mut SchemaObject, name: &str) {
    if let Some(Value::Array(parts)) = object.get_mut("x-unknown") {
        parts.retain(|part| part["keyword"] != name);
    }
}
