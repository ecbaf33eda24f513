//! Edits of one property whose effect is known: each narrows what the object allows.
//!
//! Every edit brings the value that it alone refuses, and the edits of one property leave each
//! other's values alone.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::value_sampler::PlantedValue;

/// How many properties become required: each must have a value in every message about another edit.
const REQUIRED_MAX: usize = 4;

/// The kinds of edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EditKind {
    MaxLengthLowered,
    PatternAdded,
    EnumValueRemoved,
    MinimumRaised,
    MaximumLowered,
    MaxItemsLowered,
    TypeNarrowed,
    NullRefused,
    MapClosed,
    PropertyRequired,
    PropertyRemoved,
}

/// An edit of a property of an object schema.
#[derive(Clone, Debug)]
pub(super) struct KnownEdit {
    pub(super) kind: EditKind,
    pub(super) property: String,
    /// The part of the property that only the wide form allows.
    pub(super) refused: PlantedValue,
}

impl EditKind {
    /// The rules that describe the edit or its reverse.
    pub(super) fn rules(self) -> &'static [&'static str] {
        match self {
            Self::MaxLengthLowered => &["schema.max-length."],
            Self::PatternAdded => &["schema.pattern."],
            Self::EnumValueRemoved => &["schema.enum."],
            Self::MinimumRaised => &["schema.minimum."],
            Self::MaximumLowered => &["schema.maximum."],
            Self::MaxItemsLowered => &["schema.max-items."],
            Self::TypeNarrowed => &["schema.type."],
            Self::NullRefused => &["schema.null.", "schema.type."],
            Self::MapClosed => &["schema.additional-properties."],
            Self::PropertyRequired => &["schema.property.required", "schema.property.optional"],
            Self::PropertyRemoved => &["schema.property.removed", "schema.property.added"],
        }
    }

    /// Whether both edits may be made to one property.
    fn fits_beside(self, other: Self) -> bool {
        let is_of_text = |kind| matches!(kind, Self::MaxLengthLowered | Self::PatternAdded);
        let is_of_number = |kind| matches!(kind, Self::MinimumRaised | Self::MaximumLowered);
        self != other
            && (is_of_text(self) && is_of_text(other)
                || is_of_number(self) && is_of_number(other)
                || self == Self::PropertyRequired && other != Self::PropertyRemoved
                || other == Self::PropertyRequired && self != Self::PropertyRemoved)
    }
}

impl KnownEdit {
    /// Widens the object, so that the edit has an effect.
    pub(super) fn prepare(&self, object: &mut Value, is_30: bool) {
        if self.kind == EditKind::PropertyRequired {
            return;
        }
        let schema = &mut object["properties"][&self.property];
        match self.kind {
            EditKind::MaxLengthLowered => schema["maxLength"] = json!(20),
            EditKind::MinimumRaised => schema["minimum"] = json!(0),
            EditKind::MaximumLowered => schema["maximum"] = json!(100),
            EditKind::MaxItemsLowered => schema["maxItems"] = json!(5),
            EditKind::MapClosed => schema["additionalProperties"] = json!({"type": "string"}),
            EditKind::NullRefused if is_30 => schema["nullable"] = json!(true),
            EditKind::NullRefused => schema["type"] = json!([schema["type"], "null"]),
            EditKind::TypeNarrowed => schema["type"] = json!([schema["type"], "boolean"]),
            EditKind::PatternAdded
            | EditKind::EnumValueRemoved
            | EditKind::PropertyRequired
            | EditKind::PropertyRemoved => {}
        }
    }

    /// Makes the edit.
    pub(super) fn narrow(&self, object: &mut Value) {
        let name = &self.property;
        if self.kind == EditKind::PropertyRequired {
            let required = object
                .as_object_mut()
                .unwrap()
                .entry("required")
                .or_insert(json!([]));
            return required.as_array_mut().unwrap().push(json!(name));
        }
        let properties = object["properties"].as_object_mut().unwrap();
        if self.kind == EditKind::PropertyRemoved {
            properties.remove(name);
            return;
        }
        let schema = properties[name].as_object_mut().unwrap();
        match self.kind {
            EditKind::MaxLengthLowered => set(schema, "maxLength", json!(4)),
            EditKind::PatternAdded => set(schema, "pattern", json!("^[a-z]*$")),
            EditKind::MinimumRaised => set(schema, "minimum", json!(10)),
            EditKind::MaximumLowered => set(schema, "maximum", json!(50)),
            EditKind::MaxItemsLowered => set(schema, "maxItems", json!(1)),
            EditKind::MapClosed => set(schema, "additionalProperties", json!(false)),
            EditKind::NullRefused | EditKind::TypeNarrowed => {
                schema.remove("nullable");
                let first = schema["type"].get(0).cloned();
                schema.extend(first.map(|first| ("type".to_owned(), first)));
            }
            EditKind::EnumValueRemoved => drop(schema["enum"].as_array_mut().unwrap().pop()),
            EditKind::PropertyRequired | EditKind::PropertyRemoved => {}
        }
    }
}

fn set(schema: &mut Map<String, Value>, keyword: &str, value: Value) {
    schema.insert(keyword.to_owned(), value);
}

/// Up to `most` edits of an object schema, at most two for a property.
pub(super) fn edits_of(object: &Value, is_30: bool, most: usize, rng: &mut Rng) -> Vec<KnownEdit> {
    let Some(properties) = object.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let required = object
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let is_closed = object.get("additionalProperties") == Some(&json!(false));
    let mut all: Vec<KnownEdit> = Vec::new();
    let mut required_left = REQUIRED_MAX;
    for (name, schema) in properties {
        let is_required = required.contains(&json!(name));
        let mut kinds = kinds_of(schema, is_30);
        if !is_required {
            kinds.push((EditKind::PropertyRequired, PlantedValue::Absent));
            if is_closed {
                kinds.push((EditKind::PropertyRemoved, PlantedValue::Any));
            }
        }
        rng.shuffle(&mut kinds);
        let mut chosen: Vec<EditKind> = Vec::new();
        for (kind, refused) in kinds {
            let is_too_many = kind == EditKind::PropertyRequired && required_left == 0;
            if chosen.len() < 2
                && !is_too_many
                && chosen.iter().all(|other| kind.fits_beside(*other))
            {
                chosen.push(kind);
                required_left -= usize::from(kind == EditKind::PropertyRequired);
                let property = name.clone();
                all.push(KnownEdit {
                    kind,
                    property,
                    refused,
                });
            }
        }
    }
    rng.shuffle(&mut all);
    all.truncate(most);
    all
}

/// The edits that a property allows, each with the value that it refuses.
fn kinds_of(schema: &Value, is_30: bool) -> Vec<(EditKind, PlantedValue)> {
    let has = |keyword: &str| schema.get(keyword).is_some();
    let is_flagged = |keyword: &str| schema.get(keyword) == Some(&json!(true));
    let composed = ["$ref", "allOf", "anyOf", "oneOf", "not", "const", "if"];
    if composed.iter().any(|keyword| has(keyword))
        || is_flagged("readOnly")
        || is_flagged("writeOnly")
    {
        return Vec::new();
    }
    let Some(named) = schema.get("type").and_then(Value::as_str) else {
        return Vec::new();
    };
    let refused = |value: Value| PlantedValue::Value(value);
    let is_bounded = [
        "enum",
        "format",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "multipleOf",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minItems",
        "maxItems",
    ]
    .iter()
    .any(|keyword| has(keyword));
    let mut kinds = Vec::new();
    if !has("enum") {
        kinds.push((EditKind::NullRefused, refused(Value::Null)));
        if !is_30 && named != "boolean" && !is_flagged("nullable") {
            kinds.push((EditKind::TypeNarrowed, refused(json!(true))));
        }
    }
    match named {
        "string"
            if schema["enum"]
                .as_array()
                .is_some_and(|values| values.len() > 1) =>
        {
            let last = schema["enum"]
                .as_array()
                .and_then(|values| values.last().cloned());
            kinds.push((
                EditKind::EnumValueRemoved,
                refused(last.unwrap_or_default()),
            ));
        }
        "string" if !is_bounded => {
            kinds.push((EditKind::MaxLengthLowered, refused(json!("abcdefgh"))));
            kinds.push((EditKind::PatternAdded, refused(json!("A1"))));
        }
        "integer" | "number"
            if !is_bounded || !has("minimum") && !has("maximum") && has("format") =>
        {
            kinds.push((EditKind::MinimumRaised, refused(json!(5))));
            kinds.push((EditKind::MaximumLowered, refused(json!(60))));
        }
        "array" if !is_bounded && schema["items"] == json!({"type": "string"}) => {
            kinds.push((EditKind::MaxItemsLowered, refused(json!(["a", "b"]))));
        }
        "object" if !has("properties") && !has("required") => {
            kinds.push((EditKind::MapClosed, refused(json!({"x-1": "a"}))));
        }
        _ => {}
    }
    kinds
}
