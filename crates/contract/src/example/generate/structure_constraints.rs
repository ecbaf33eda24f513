//! The constraints of objects and arrays, merged from several schemas.
//!
//! Which schemas apply to a property or an element depends on other keywords of the same schema object:
//! `additionalProperties` depends on `properties`. So each schema object stays separate, as a scope.

use std::iter;

use serde_json::{Map, Value};

use super::text_pattern::PatternCache;

/// The constraints of an object.
#[derive(Debug, Clone, Default)]
pub(super) struct ObjectConstraints<'s> {
    scopes: Vec<&'s Map<String, Value>>,
    pub(super) required: Vec<&'s str>,
    pub(super) forbidden: Vec<&'s str>,
    pub(super) names: Vec<&'s Value>,
    pub(super) count_min: usize,
    pub(super) count_max: Option<usize>,
    pub(super) dependent: Vec<(&'s str, &'s Value)>,
}

/// The constraints of an array.
#[derive(Debug, Clone, Default)]
pub(super) struct ArrayConstraints<'s> {
    scopes: Vec<&'s Map<String, Value>>,
    pub(super) count_min: usize,
    pub(super) count_max: Option<usize>,
    pub(super) unique: bool,
    /// Schemas, each with the number of elements that must satisfy it.
    pub(super) contains: Vec<(&'s Value, usize)>,
}

impl<'s> ObjectConstraints<'s> {
    pub(super) fn add_scope(&mut self, keywords: &'s Map<String, Value>) {
        let relevant = ["properties", "patternProperties", "additionalProperties"];
        if relevant
            .iter()
            .any(|keyword| keywords.contains_key(*keyword))
        {
            self.scopes.push(keywords);
        }
    }

    /// The declared property names, in order.
    pub(super) fn declared(&self) -> impl Iterator<Item = &'s str> {
        let properties = self
            .scopes
            .iter()
            .filter_map(|scope| scope.get("properties")?.as_object());
        properties.flat_map(|properties| properties.keys().map(String::as_str))
    }

    /// The patterns of property names.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &'s str> {
        let patterns = self
            .scopes
            .iter()
            .filter_map(|scope| scope.get("patternProperties"));
        patterns
            .filter_map(Value::as_object)
            .flat_map(|all| all.keys().map(String::as_str))
    }

    /// Whether undeclared properties have a schema, as in a map.
    pub(super) fn is_map(&self) -> bool {
        self.scopes.iter().any(|scope| {
            scope
                .get("additionalProperties")
                .is_some_and(Value::is_object)
                || scope.contains_key("patternProperties")
        })
    }

    /// The schemas of a property. `None` if it is forbidden.
    pub(super) fn schemas_of(&self, name: &str, compiled: &PatternCache) -> Option<Vec<&'s Value>> {
        let mut schemas = Vec::new();
        for scope in &self.scopes {
            let before = schemas.len();
            schemas.extend(
                scope
                    .get("properties")
                    .and_then(|properties| properties.get(name)),
            );
            if let Some(Value::Object(patterns)) = scope.get("patternProperties") {
                let matching = patterns
                    .iter()
                    .filter(|(text, _)| compiled.compile(text).is_match(name));
                schemas.extend(matching.map(|(_, schema)| schema));
            }
            if schemas.len() == before {
                schemas.extend(scope.get("additionalProperties"));
            }
        }
        let allowed = !self.forbidden.contains(&name) && !schemas.contains(&&Value::Bool(false));
        allowed.then_some(schemas)
    }
}

impl<'s> ArrayConstraints<'s> {
    pub(super) fn add_scope(&mut self, keywords: &'s Map<String, Value>) {
        if keywords.contains_key("items") || keywords.contains_key("prefixItems") {
            self.scopes.push(keywords);
        }
    }

    /// The number of elements that `prefixItems` describes.
    pub(super) fn prefix_length(&self) -> usize {
        let prefixes = self
            .scopes
            .iter()
            .filter_map(|scope| scope.get("prefixItems")?.as_array());
        prefixes.map(Vec::len).max().unwrap_or(0)
    }

    /// The number of elements that `contains` requires.
    pub(super) fn contained(&self) -> usize {
        self.contains
            .iter()
            .fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The `contains` schema of the element at this position among the required ones.
    pub(super) fn contained_at(&self, position: Option<usize>) -> Option<&'s Value> {
        let all = self.contains.iter();
        all.flat_map(|(schema, count)| iter::repeat_n(*schema, *count))
            .nth(position?)
    }

    /// Whether any schema describes the elements.
    pub(super) fn is_described(&self) -> bool {
        !self.scopes.is_empty()
    }

    /// The schemas of an element. `None` if it is forbidden.
    pub(super) fn schemas_of(&self, index: usize) -> Option<Vec<&'s Value>> {
        let of_scope = |scope: &&'s Map<String, Value>| {
            let prefix = scope
                .get("prefixItems")
                .and_then(|prefix| prefix.get(index));
            prefix.or_else(|| scope.get("items"))
        };
        let schemas: Vec<&Value> = self.scopes.iter().filter_map(of_scope).collect();
        (!schemas.contains(&&Value::Bool(false))).then_some(schemas)
    }
}
