//! Joins the keywords of several schemas into rules for objects.

use std::collections::BTreeSet;

use serde_json::Value;

use super::name_sets::{PROPERTIES_MAX, RequiredNames};
use super::property_names::PropertyNames;
use super::schema_kinds::SchemaKeywords;
use super::schema_places::SchemaPlaces;
use super::value_rules::ObjectRules;

/// The rules, or nothing if a keyword is not covered. `sole` is the schema that all others belong
/// to, if there is one: it may refuse the properties that none of them declares.
pub(super) fn object_rules<'s>(
    places: &mut SchemaPlaces<'s>,
    schemas: &[SchemaKeywords<'s>],
    sole: Option<&'s Value>,
) -> Option<ObjectRules> {
    let refuses_unevaluated = refuses_unevaluated(schemas, sole)?;
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
            "patternProperties" | "propertyNames" | "dependentRequired" | "dependentSchemas"
            | "const" | "enum" | "x-exact-const" | "x-exact-enum" => return None,
            _ => {}
        }
    }
    let is_open = |name| {
        let known = property_schemas(schemas, name);
        !refuses_unevaluated || !known.is_empty()
    };
    if !required.iter().all(|name| is_open(Some(name))) {
        return None;
    }
    let names = declared_names(schemas, &required)?;
    let mut required_set = RequiredNames::default();
    let mut declared = Vec::with_capacity(names.len());
    for (number, name) in names.into_iter().enumerate() {
        if required.contains(name) {
            required_set.insert(number);
        }
        let place = places.place(property_schemas(schemas, Some(name)))?;
        declared.push((name, place));
    }
    let other = property_schemas(schemas, None);
    let refuses_others = other.contains(&&Value::Bool(false)) || !is_open(None);
    Some(ObjectRules {
        names: PropertyNames::new(declared)?,
        required: required_set,
        properties_min,
        properties_max,
        other: if refuses_others {
            None
        } else {
            Some(places.place(other)?)
        },
    })
}

/// Whether properties that no schema mentions are refused. `None` if that is not known.
fn refuses_unevaluated(schemas: &[SchemaKeywords<'_>], sole: Option<&Value>) -> Option<bool> {
    let sole = sole.and_then(Value::as_object);
    let is_sole =
        |keywords: SchemaKeywords<'_>| sole.is_some_and(|sole| std::ptr::eq(sole, keywords));
    let mut refuses = false;
    for keywords in schemas {
        match keywords.get("unevaluatedProperties") {
            None | Some(Value::Bool(true)) => {}
            // Only what belongs to its own schema is evaluated for this keyword.
            Some(Value::Bool(false)) if is_sole(keywords) => {
                refuses = true;
            }
            Some(_) => return None,
        }
    }
    Some(refuses)
}

/// The declared and the required names, in the order of the declarations.
fn declared_names<'s>(
    schemas: &[SchemaKeywords<'s>],
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
fn property_schemas<'s>(schemas: &[SchemaKeywords<'s>], name: Option<&str>) -> Vec<&'s Value> {
    let of_schema = |keywords: &SchemaKeywords<'s>| {
        let properties = keywords.get("properties").and_then(Value::as_object);
        let declared = name.and_then(|name| properties?.get(name));
        declared.or_else(|| keywords.get("additionalProperties"))
    };
    schemas.iter().filter_map(of_schema).collect()
}
