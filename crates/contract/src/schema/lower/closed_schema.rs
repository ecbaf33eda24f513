//! The closed reading of a lowered document: objects hold what is declared, and nothing else.
//!
//! JSON Schema objects are open: what no keyword speaks of is accepted. Many contracts mean less.
//! Closing a schema wherever it stands for a whole value, and not for a part of a composition,
//! with `unevaluatedProperties` sees what all parts together declare: `allOf`, the alternatives
//! that match, references (2020-12 core, section 11.3). An object that declares no member is a
//! map and stays open, as does one that says so by `additionalProperties`.

use serde_json::{Map, Value};

/// How deep references and composition are looked into for declared members.
const DEPTH_MAX: u8 = 32;

/// The closed reading of `{"$defs": …, "properties": {"<key>": …}}`.
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

/// A schema that stands for a whole value.
fn close_schema(schema: &mut Value, document: &Value) {
    close_subschemas(schema, document);
    let declares = declares(schema, document, 0);
    if let Value::Object(keywords) = schema
        && declares
        && !keywords.contains_key("unevaluatedProperties")
    {
        keywords.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
}

/// What stands inside a schema: parts of it, and schemas of whole values below.
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

/// Whether a schema declares members, itself or through composition.
fn declares(schema: &Value, document: &Value, depth: u8) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    let is_filled = |keyword| {
        schema
            .get(keyword)
            .and_then(Value::as_object)
            .is_some_and(|members| !members.is_empty())
    };
    let target = || {
        let reference = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
        document.pointer(reference)
    };
    let parts = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword));
    let branches = ["then", "else"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword));
    is_filled("properties")
        || is_filled("patternProperties")
        || parts
            .filter_map(Value::as_array)
            .flatten()
            .chain(branches)
            .chain(target())
            .any(|part| declares(part, document, depth + 1))
}
