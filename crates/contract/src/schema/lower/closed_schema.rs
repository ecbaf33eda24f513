//! The closed form of a lowered document, in which objects have only declared properties.
//!
//! JSON Schema accepts properties that no keyword mentions, but many contracts do not intend that.
//! The closed form adds `unevaluatedProperties: false` to each schema that describes a whole value.
//! That keyword takes all parts of a composition into account: `allOf`, the matching alternatives
//! and references (2020-12 core, section 11.3). So the parts themselves stay open. An object schema
//! that declares no property describes a map and stays open, as does one with
//! `additionalProperties`.

use std::collections::HashSet;
use std::ptr;

use serde_json::{Map, Value};

use super::unknown_schema::UNKNOWN;

/// The maximum depth of references and composition that is searched for declared properties.
const DEPTH_MAX: u8 = 32;

/// The closed form of `{"$defs": …, "properties": {"<key>": …}}`.
pub(crate) fn closed(lowered: &Value) -> Value {
    let mut document = lowered.clone();
    each_member(&mut document, "$defs", &mut |definition| {
        close_subschemas(definition, lowered);
    });
    each_member(&mut document, "properties", &mut |root| {
        close_schema(root, lowered)
    });
    document
}

/// Closes a schema that describes a whole value.
fn close_schema(schema: &mut Value, document: &Value) {
    close_subschemas(schema, document);
    let declares = declares(schema, document);
    // A part that cannot be read may declare any property.
    let is_unknown = any_part(schema, document, &|part| part.get(UNKNOWN).is_some());
    if let Value::Object(keywords) = schema
        && declares
        && !is_unknown
        && !keywords.contains_key("unevaluatedProperties")
    {
        keywords.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
}

/// Closes the schemas of nested values. The parts of a composition stay open.
fn close_subschemas(schema: &mut Value, document: &Value) {
    for keyword in ["properties", "patternProperties"] {
        each_member(schema, keyword, &mut |below| close_schema(below, document));
    }
    for keyword in ["$defs", "dependentSchemas"] {
        each_member(schema, keyword, &mut |part| {
            close_subschemas(part, document)
        });
    }
    let Value::Object(keywords) = schema else {
        return;
    };
    for keyword in ["items", "additionalProperties", "unevaluatedItems"] {
        keywords
            .get_mut(keyword)
            .into_iter()
            .for_each(|below| close_schema(below, document));
    }
    for keyword in ["then", "else"] {
        keywords
            .get_mut(keyword)
            .into_iter()
            .for_each(|part| close_subschemas(part, document));
    }
    each_element(keywords, "prefixItems", &mut |below| {
        close_schema(below, document)
    });
    for keyword in ["allOf", "anyOf", "oneOf"] {
        each_element(keywords, keyword, &mut |part| {
            close_subschemas(part, document)
        });
    }
}

fn each_member(schema: &mut Value, keyword: &str, act: &mut dyn FnMut(&mut Value)) {
    let members = schema.get_mut(keyword).and_then(Value::as_object_mut);
    members
        .into_iter()
        .flatten()
        .for_each(|(_, member)| act(member));
}

fn each_element(keywords: &mut Map<String, Value>, keyword: &str, act: &mut dyn FnMut(&mut Value)) {
    let elements = keywords.get_mut(keyword).and_then(Value::as_array_mut);
    elements.into_iter().flatten().for_each(act);
}

/// Whether a schema declares properties, itself or through composition.
fn declares(schema: &Value, document: &Value) -> bool {
    any_part(schema, document, &declares_itself)
}

/// Whether a condition holds for a schema or a part that it is composed of.
fn any_part(schema: &Value, document: &Value, condition: &dyn Fn(&Value) -> bool) -> bool {
    // A schema can occur in its composition any number of times, and is examined once.
    let mut seen = HashSet::new();
    let mut level = vec![schema];
    for _ in 0..=DEPTH_MAX {
        if level.iter().any(|part| condition(part)) {
            return true;
        }
        let below = level.iter().flat_map(|part| composed_of(part, document));
        level = below
            .filter(|part| seen.insert(ptr::from_ref(*part).addr()))
            .collect();
    }
    false
}

fn declares_itself(schema: &Value) -> bool {
    let is_filled = |keyword| {
        schema
            .get(keyword)
            .and_then(Value::as_object)
            .is_some_and(|members| !members.is_empty())
    };
    is_filled("properties") || is_filled("patternProperties")
}

/// The schemas that a schema is composed of.
fn composed_of<'s>(schema: &'s Value, document: &'s Value) -> impl Iterator<Item = &'s Value> {
    let target = || {
        let reference = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
        document.pointer(reference)
    };
    let lists = ["allOf", "anyOf", "oneOf"].into_iter();
    let parts = lists.filter_map(|keyword| schema.get(keyword)?.as_array());
    let branches = ["then", "else"].into_iter();
    let branches = branches.filter_map(|keyword| schema.get(keyword));
    parts.flatten().chain(branches).chain(target())
}
