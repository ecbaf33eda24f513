//! Of which `oneOf` at most one alternative can match.
//!
//! Two alternatives exclude each other for a kind of value if one of them does not admit the kind,
//! or, for objects, if both require a property and its texts are limited to different ones, or if
//! one requires a property that the other refuses. Anything else is left to the validators.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::schema_kinds::{KindSet, admitted_kinds, referenced};

/// The most schemas that are looked at for one alternative.
const SCHEMAS_MAX: u32 = 256;

/// What an alternative demands of an object at least.
#[derive(Debug, Default)]
struct BranchDemands<'s> {
    required: BTreeSet<&'s str>,
    /// The only texts that a property may have; no other kind of value is allowed there.
    texts: BTreeMap<&'s str, BTreeSet<&'s str>>,
    /// The only names that are allowed, if names are limited.
    names: Option<BTreeSet<&'s str>>,
}

/// Whether no value of this kind matches two of the schemas.
pub(super) fn are_disjoint(
    definitions: &Map<String, Value>,
    branches: &[&Value],
    kind: KindSet,
) -> bool {
    let admitting: Vec<&Value> = branches
        .iter()
        .filter(|branch| admitted_kinds(definitions, branch).has(kind))
        .copied()
        .collect();
    if admitting.len() < 2 {
        return true;
    }
    if kind == KindSet::STRING {
        return have_different_texts(definitions, &admitting);
    }
    if kind != KindSet::OBJECT {
        return false;
    }
    let demands: Vec<BranchDemands<'_>> = admitting
        .iter()
        .map(|branch| BranchDemands::of(definitions, branch))
        .collect();
    demands.iter().enumerate().all(|(at, left)| {
        demands[at + 1..]
            .iter()
            .all(|right| left.excludes(right) || right.excludes(left))
    })
}

fn have_different_texts(definitions: &Map<String, Value>, branches: &[&Value]) -> bool {
    let mut seen = BTreeSet::new();
    branches.iter().all(|branch| {
        let mut schemas_left = SCHEMAS_MAX;
        let texts = only_texts(definitions, branch, &mut schemas_left, false);
        texts.is_some_and(|texts| texts.into_iter().all(|text| seen.insert(text)))
    })
}

impl<'s> BranchDemands<'s> {
    fn of(definitions: &'s Map<String, Value>, branch: &'s Value) -> Self {
        let mut demands = Self::default();
        let mut schemas_left = SCHEMAS_MAX;
        demands.add(definitions, branch, &mut schemas_left);
        demands
    }

    fn add(
        &mut self,
        definitions: &'s Map<String, Value>,
        schema: &'s Value,
        schemas_left: &mut u32,
    ) {
        let Some(keywords) = schema.as_object().filter(|_| *schemas_left > 0) else {
            return;
        };
        *schemas_left -= 1;
        if let Some(target) = keywords
            .get("$ref")
            .and_then(|reference| referenced(definitions, reference))
        {
            self.add(definitions, target, schemas_left);
        }
        for schema in array(keywords, "allOf") {
            self.add(definitions, schema, schemas_left);
        }
        let required = array(keywords, "required").iter().filter_map(Value::as_str);
        self.required.extend(required);
        let properties = keywords.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            if let Some(texts) = only_texts(definitions, schema, schemas_left, true) {
                let known = self.texts.entry(name).or_insert_with(|| texts.clone());
                known.retain(|text| texts.contains(text));
            }
        }
        let is_closed = keywords.get("additionalProperties") == Some(&Value::Bool(false));
        if is_closed && !keywords.contains_key("patternProperties") {
            let declared = properties.into_iter().flatten();
            let names: BTreeSet<&str> = declared.map(|(name, _)| name.as_str()).collect();
            match &mut self.names {
                Some(known) => known.retain(|name| names.contains(name)),
                None => self.names = Some(names),
            }
        }
    }

    /// Whether no object meets the demands of both.
    fn excludes(&self, other: &Self) -> bool {
        let has_other_text = |name: &&str| match (self.texts.get(name), other.texts.get(name)) {
            (Some(own), Some(others)) => other.required.contains(name) && own.is_disjoint(others),
            _ => false,
        };
        let is_refused = |name: &&str| matches!(&other.names, Some(names) if !names.contains(name));
        self.required
            .iter()
            .any(|name| has_other_text(name) || is_refused(name))
    }
}

fn array<'s>(keywords: &'s Map<String, Value>, keyword: &str) -> &'s [Value] {
    let values = keywords.get(keyword).and_then(Value::as_array);
    values.map_or(&[], Vec::as_slice)
}

/// The texts that a schema allows, if it allows nothing else. Without `alone`, other kinds of value
/// may be allowed as well.
fn only_texts<'s>(
    definitions: &'s Map<String, Value>,
    schema: &'s Value,
    schemas_left: &mut u32,
    alone: bool,
) -> Option<BTreeSet<&'s str>> {
    let keywords = schema.as_object().filter(|_| *schemas_left > 0)?;
    *schemas_left -= 1;
    if let Some(value) = keywords.get("const") {
        return texts(std::slice::from_ref(value), alone);
    }
    if let Some(Value::Array(values)) = keywords.get("enum") {
        return texts(values, alone);
    }
    let target = keywords
        .get("$ref")
        .and_then(|reference| referenced(definitions, reference));
    target
        .into_iter()
        .chain(array(keywords, "allOf"))
        .find_map(|schema| only_texts(definitions, schema, schemas_left, alone))
}

fn texts(values: &[Value], alone: bool) -> Option<BTreeSet<&str>> {
    if alone && values.iter().any(|value| !value.is_string()) {
        return None;
    }
    Some(values.iter().filter_map(Value::as_str).collect())
}
