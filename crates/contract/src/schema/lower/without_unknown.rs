//! A schema without what depends on the answer of its unknown parts.
//!
//! Where an unknown part is taken to accept everything, a keyword that negates, counts or chooses could
//! refuse more than the schema does. Such keywords are left out, so every value that the schema may
//! accept, whatever its unknown parts mean, is accepted by the result.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Value};

use super::unknown_schema::UNKNOWN;

/// A lowered document without the keywords that depend on unknown parts.
pub(crate) fn without_unknown(document: &Value) -> Cow<'_, Value> {
    if !has_mark(document) {
        return Cow::Borrowed(document);
    }
    let unknown = unknown_definitions(document);
    Cow::Owned(kept(document, &unknown))
}

fn has_mark(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.contains_key(UNKNOWN) || members.values().any(has_mark),
        Value::Array(elements) => elements.iter().any(has_mark),
        _ => false,
    }
}

/// The prefix of a reference to a definition that belongs to no resource with dynamic anchors.
const DEFINITION: &str = "#/$defs/";

/// The references to definitions that are unknown in part.
fn unknown_definitions(document: &Value) -> HashSet<String> {
    let definitions = || {
        let list = document.get("$defs").and_then(Value::as_object);
        list.into_iter().flatten()
    };
    let mut unknown = HashSet::new();
    loop {
        let found = definitions().filter(|(_, schema)| is_unknown(schema, &unknown));
        let found: Vec<String> = found
            .map(|(name, _)| format!("{DEFINITION}{name}"))
            .collect();
        let before = unknown.len();
        unknown.extend(found);
        if unknown.len() == before {
            return unknown;
        }
    }
}

/// Whether the meaning of a schema may depend on an unknown part. That of a dynamic reference is not
/// followed.
fn is_unknown(schema: &Value, unknown: &HashSet<String>) -> bool {
    match schema {
        Value::Object(members) => {
            let reference = members.get("$ref").or(members.get("$dynamicRef"));
            let reference = reference.and_then(Value::as_str);
            members.contains_key(UNKNOWN)
                || reference.is_some_and(|reference| {
                    unknown.contains(reference) || !reference.starts_with(DEFINITION)
                })
                || members.values().any(|value| is_unknown(value, unknown))
        }
        Value::Array(elements) => elements.iter().any(|value| is_unknown(value, unknown)),
        _ => false,
    }
}

fn kept(schema: &Value, unknown: &HashSet<String>) -> Value {
    match schema {
        Value::Object(members) => Value::Object(kept_members(members, unknown)),
        Value::Array(elements) => elements.iter().map(|one| kept(one, unknown)).collect(),
        scalar => scalar.clone(),
    }
}

fn kept_members(members: &Map<String, Value>, unknown: &HashSet<String>) -> Map<String, Value> {
    let is_unknown = |keyword: &str| {
        let value = members.get(keyword);
        value.is_some_and(|value| is_unknown(value, unknown))
    };
    let depends = |keyword: &str| match keyword {
        "not" | "oneOf" => is_unknown(keyword),
        "if" | "then" | "else" => is_unknown("if"),
        "maxContains" => is_unknown("contains"),
        _ => false,
    };
    let members = members.iter().filter(|(keyword, _)| !depends(keyword));
    let members = members.map(|(keyword, value)| {
        let value = match (keyword.as_str(), value) {
            (
                "properties" | "patternProperties" | "dependentSchemas" | "$defs",
                Value::Object(map),
            ) => {
                let schemas = map
                    .iter()
                    .map(|(name, schema)| (name.clone(), kept(schema, unknown)));
                Value::Object(schemas.collect())
            }
            _ => kept(value, unknown),
        };
        (keyword.clone(), value)
    });
    members.collect()
}
