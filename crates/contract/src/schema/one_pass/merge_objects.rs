//! Joins the keywords of several schemas into rules for objects.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::program_builder::ProgramBuilder;
use super::property_names::PropertyNames;
use super::value_rules::{NameSet, ObjectRules, PROPERTIES_MAX};

type Keywords<'s> = &'s Map<String, Value>;

/// The rules, or nothing if a keyword is not covered.
pub(super) fn object_rules<'s>(
    builder: &mut ProgramBuilder<'s>,
    schemas: &[Keywords<'s>],
) -> Option<ObjectRules> {
    let mut required: BTreeSet<&'s str> = BTreeSet::new();
    let (mut properties_min, mut properties_max) = (0, usize::MAX);
    let count = |value: &Value| usize::try_from(value.as_u64()?).ok();
    for (keyword, value) in schemas.iter().copied().flatten() {
        match keyword.as_str() {
            "minProperties" => properties_min = properties_min.max(count(value)?),
            "maxProperties" => properties_max = properties_max.min(count(value)?),
            "required" => {
                for name in value.as_array()? {
                    required.insert(name.as_str()?);
                }
            }
            "patternProperties"
            | "propertyNames"
            | "dependentRequired"
            | "dependentSchemas"
            | "unevaluatedProperties"
            | "const"
            | "enum"
            | "x-exact-const"
            | "x-exact-enum" => return None,
            _ => {}
        }
    }
    let names = declared_names(schemas, &required)?;
    let mut required_set = NameSet::default();
    let mut declared = Vec::with_capacity(names.len());
    for (number, name) in names.into_iter().enumerate() {
        if required.contains(name) {
            required_set.insert(number);
        }
        let place = builder.place(property_schemas(schemas, Some(name)))?;
        declared.push((name, place));
    }
    let other = property_schemas(schemas, None);
    let refuses_others = other.contains(&&Value::Bool(false));
    Some(ObjectRules {
        names: PropertyNames::new(declared)?,
        required: required_set,
        properties_min,
        properties_max,
        other: if refuses_others {
            None
        } else {
            Some(builder.place(other)?)
        },
    })
}

/// The declared and the required names, in the order of the declarations.
fn declared_names<'s>(
    schemas: &[Keywords<'s>],
    required: &BTreeSet<&'s str>,
) -> Option<Vec<&'s str>> {
    let mut names = Vec::new();
    let mut known = BTreeSet::new();
    for keywords in schemas {
        if let Some(properties) = keywords.get("properties") {
            for name in properties.as_object()?.keys() {
                if known.insert(name.as_str()) {
                    names.push(name.as_str());
                }
            }
        }
    }
    names.extend(required.iter().filter(|name| known.insert(name)));
    (names.len() <= PROPERTIES_MAX).then_some(names)
}

/// The schemas that apply to a property, or to every property without a declaration.
fn property_schemas<'s>(schemas: &[Keywords<'s>], name: Option<&str>) -> Vec<&'s Value> {
    let of_schema = |keywords: &Keywords<'s>| {
        let properties = keywords.get("properties").and_then(Value::as_object);
        let declared = name.and_then(|name| properties?.get(name));
        declared.or_else(|| keywords.get("additionalProperties"))
    };
    schemas.iter().filter_map(of_schema).collect()
}
