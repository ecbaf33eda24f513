//! Values for the parts of a message that it needs although they are not decisive.

use serde_json::{Value, json};

use portcullis_contract::{CompiledContract, DocumentSet, MediaType, MessageDirection, Parameter};
use portcullis_json::JsonNode;

use super::field_encodings::PartPosition;
use super::serialise::escaped;

/// A value to try for a parameter or a header: its example, a generated value, then common values.
/// `None` after the last one.
pub(super) fn parameter_sample(
    contract: &CompiledContract,
    parameter: &Parameter,
    direction: MessageDirection,
    attempt: usize,
) -> Option<Value> {
    let common = [json!("1"), json!("a"), json!("true"), json!(["1", "2"])];
    match attempt {
        0 => contract
            .parameter_example(parameter)
            .or_else(|| Some(json!("1"))),
        1 => contract
            .generated_value(parameter, direction)
            .or_else(|| Some(json!("1"))),
        later => common.get(later - 2).cloned(),
    }
}

/// Values to try for a body of a media type.
pub(super) fn body_samples(
    contract: &CompiledContract,
    media: &MediaType,
    direction: MessageDirection,
) -> Vec<Value> {
    let generated = contract.generated_body(media, direction);
    let common = [json!({}), json!("a"), json!(1)];
    generated.into_iter().chain(common).collect()
}

/// Values to try for a parameter whose text is decisive: those with several parts first, because
/// styles differ in how they separate parts.
pub(crate) fn parameter_values(
    contract: &CompiledContract,
    parameter: &Parameter,
    direction: MessageDirection,
) -> Vec<Value> {
    let samples = (0..2).filter_map(|at| parameter_sample(contract, parameter, direction, at));
    let samples: Vec<Value> = samples.collect();
    let doubled = samples.iter().filter_map(|sample| match sample {
        Value::Array(items) => {
            let first = items.first()?;
            Some(json!([first, first]))
        }
        _ => None,
    });
    let mut values: Vec<Value> = doubled.collect();
    values.extend([json!([1, 2]), json!(["a", "b"])]);
    // Exploded, an object that the schema does not have looks like other parameters.
    values.extend(parameter.has_members().then(|| json!({"a": 1})));
    values.extend(samples);
    values.extend([json!(1), json!("a"), json!(true), json!("a,b"), json!("")]);
    // Other values are not read as this parameter.
    values.retain(|value| {
        let text = value.to_string();
        let schema = parameter.schema();
        schema.is_none_or(|schema| contract.accepts(direction, schema, &text))
    });
    values
}

/// All values of a parameter, if its schema lists them and each has one text: strings and booleans.
pub(crate) fn listed_values(
    contract: &CompiledContract,
    parameter: &Parameter,
) -> Option<Vec<Value>> {
    if !parameter.is_plain() || parameter.is_json_text() {
        return None;
    }
    let documents = contract.documents();
    let schema = documents.node(parameter.node_ref).get("schema")?;
    let schema = DocumentSet::node_ref(parameter.node_ref, schema);
    let schema = documents.node(contract.resolved(schema));
    let is_boolean = schema.get("type").and_then(JsonNode::as_str) == Some("boolean");
    let values: Vec<Value> = match schema.get("enum") {
        Some(listed) => listed.elements().map(|value| value.to_value()).collect(),
        None if is_boolean => vec![json!(false), json!(true)],
        None => return None,
    };
    let has_one_text = |value: &Value| value.is_string() || value.is_boolean();
    (!values.is_empty() && values.iter().all(has_one_text)).then_some(values)
}

/// Texts to try for a query parameter whose delimiters are decisive: the delimiters are not escaped,
/// so a style without them reads them as text.
pub(crate) fn delimited_texts(parameter: &Parameter) -> Vec<String> {
    let name = escaped(&parameter.name);
    let texts = ["a,b", "1,2", "a|b", "1|2", "a%20b", "1%202"];
    // White space is part of JSON, but not of other texts.
    let json = ["%20true", "%201", "%20%22a%22"];
    let json = json.iter().filter(|_| parameter.is_json_text());
    let all = texts.iter().chain(json);
    all.map(|text| format!("{name}={text}")).collect()
}

/// Values to try for a body that a schema now describes.
pub(crate) fn body_values() -> [Value; 6] {
    [
        json!(null),
        json!({}),
        json!([]),
        json!("a"),
        json!(1),
        json!(true),
    ]
}

/// Arrays to try for the parts of a body in which the one at a position is decisive: the generated
/// array, and equal parts with common values.
fn part_values(generated: Option<Value>, position: usize) -> Vec<Value> {
    let is_long = |value: &Value| value.as_array().is_some_and(|items| items.len() > position);
    let own = generated.as_ref().and_then(|value| value.get(0)).cloned();
    let common = [
        json!("a"),
        json!(1),
        json!(true),
        json!({"a": 1}),
        json!(["a"]),
    ];
    let equal = own.into_iter().chain(common);
    let equal = equal.map(|item| Value::Array(vec![item; position + 1]));
    generated.into_iter().filter(is_long).chain(equal).collect()
}

/// Objects to try for a form in which one field is decisive: the generated object, with generated
/// and common values of the field.
pub(crate) fn field_values(
    contract: &CompiledContract,
    media: &MediaType,
    field: &str,
    direction: MessageDirection,
) -> Vec<Value> {
    let generated = contract.generated_body(media, direction);
    if let Some(position) = PartPosition::parse(field) {
        let position = position.number(contract, media);
        return part_values(generated, position);
    }
    let base = match generated {
        Some(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let own = base.get(field).cloned();
    let doubled = own.as_ref().and_then(|own| match own {
        Value::Array(items) => items.first().map(|first| json!([first, first])),
        _ => None,
    });
    let common = [
        json!("a"),
        json!(["a", "b"]),
        json!([1, 2]),
        json!({"a": "a"}),
        json!({"a": 1}),
        json!(1),
        json!(true),
    ];
    let values = doubled.into_iter().chain(own).chain(common);
    values
        .map(|value| {
            let mut members = base.clone();
            members.insert(field.to_owned(), value);
            Value::Object(members)
        })
        .collect()
}
