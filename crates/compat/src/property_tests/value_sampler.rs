//! Samples values that a producer sends: valid under its schema, with declared properties only.
//!
//! It shares no code with the search or with the generator of examples, because it must find what
//! they miss. A walk through the lowered schema picks alternatives, optional properties and boundary
//! values at random; the caller asks the validators whether the value is valid. One property path of
//! each value goes deep, so every part of a large schema has its turn.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use portcullis_contract::MessageDirection;

use super::scalar_samples::{sample_number, sample_text};

/// Nested values beyond this depth have only required properties.
const DEPTH_OPTIONAL: usize = 6;
const DEPTH_MAX: usize = 14;
/// References and compositions that one value may follow.
const SCOPES_MAX: usize = 200;

/// What must be at a certain place of a sampled value.
#[derive(Clone, Debug)]
pub(super) enum PlantedValue {
    /// This value.
    Value(Value),
    /// A sampled value, so the property is present.
    Any,
    /// Nothing: the property is absent.
    Absent,
}

/// A place of a value and what must be there. `*` is any item or any undeclared property.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlantedPath<'p> {
    pub(super) tokens: &'p [String],
    pub(super) value: &'p PlantedValue,
}

/// A random walk through the schemas of one direction.
#[derive(Debug)]
pub(super) struct ValueSampler<'s> {
    root: &'s Value,
    /// The annotation of properties that the other side sends.
    unsent: &'static str,
    pub(super) rng: Rng,
    /// The probability of an optional property.
    density: f64,
    values_left: usize,
}

/// The keywords that apply to one value, from all schemas in a conjunction.
type KeywordScopes<'s> = Vec<&'s Map<String, Value>>;

impl<'s> ValueSampler<'s> {
    pub(super) fn new(root: &'s Value, direction: MessageDirection, seed: u64) -> Self {
        Self {
            root,
            unsent: match direction {
                MessageDirection::Request => "readOnly",
                MessageDirection::Response => "writeOnly",
            },
            rng: Rng::with_seed(seed),
            density: 0.0,
            values_left: 0,
        }
    }

    /// A value of the definition with this number. It may be invalid.
    pub(super) fn sample(
        &mut self,
        number: &str,
        planted: Option<PlantedPath<'_>>,
    ) -> Option<Value> {
        let schema = self.root.get("$defs")?.get(number)?;
        self.density = [0.0, 0.0, 0.1, 0.4, 1.0][self.rng.usize(..5)];
        if planted.is_some() {
            self.density = 0.0;
        }
        self.values_left = 300;
        self.value(vec![schema], planted, 0)
    }

    fn value(
        &mut self,
        schemas: Vec<&'s Value>,
        planted: Option<PlantedPath<'_>>,
        depth: usize,
    ) -> Option<Value> {
        if let Some(PlantedPath { tokens: [], value }) = planted
            && let PlantedValue::Value(value) = value
        {
            return Some(value.clone());
        }
        self.values_left = self.values_left.checked_sub(1)?;
        if depth > DEPTH_MAX {
            return None;
        }
        let mut scopes = Vec::new();
        for schema in schemas {
            self.collect(schema, &mut scopes, depth)?;
        }
        let below = planted.filter(|path| !path.tokens.is_empty());
        if below.is_none()
            && let Some(listed) = listed_values(&scopes)
        {
            let named = types(&scopes);
            let fitting: Vec<&&Value> = listed
                .iter()
                .filter(|value| admits(&named, value))
                .collect();
            return match fitting.len() {
                0 => None,
                count => Some((**fitting[self.rng.usize(..count)]).clone()),
            };
        }
        let mut named = types(&scopes);
        if let Some(path) = below {
            let is_item = path.tokens[0] == "*" && !named.contains("object");
            named.retain(|name| *name == if is_item { "array" } else { "object" });
        }
        let named: Vec<&str> = named.into_iter().collect();
        let kind = match named.len() {
            0 => return None,
            count => named[self.rng.usize(..count)],
        };
        match kind {
            "object" => self.object(&scopes, below, depth),
            "array" => self.array(&scopes, below, depth),
            "string" => sample_text(&mut self.rng, &scopes).map(Value::String),
            "integer" | "number" => sample_number(&mut self.rng, &scopes, kind == "integer"),
            "boolean" => Some(Value::Bool(self.rng.bool())),
            _ => Some(Value::Null),
        }
    }

    /// Collects the keywords of a schema and of everything that it is composed of. `None` if no
    /// value is valid.
    fn collect(
        &mut self,
        schema: &'s Value,
        scopes: &mut KeywordScopes<'s>,
        depth: usize,
    ) -> Option<()> {
        let Value::Object(keywords) = schema else {
            return (schema != &Value::Bool(false)).then_some(());
        };
        if scopes.len() > SCOPES_MAX {
            return None;
        }
        scopes.push(keywords);
        if let Some(target) = keywords.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(target.strip_prefix('#')?)?;
            self.collect(target, scopes, depth)?;
        }
        for part in list(keywords, "allOf") {
            self.collect(part, scopes, depth)?;
        }
        for keyword in ["anyOf", "oneOf"] {
            let branches = list(keywords, keyword);
            if !branches.is_empty() {
                let branch = self.branch(branches, depth);
                self.collect(branch, scopes, depth)?;
            }
        }
        if let Some(condition) = keywords.get("if") {
            let holds = self.rng.bool();
            let parts = if holds {
                [Some(condition), keywords.get("then")]
            } else {
                [None, keywords.get("else")]
            };
            for part in parts.into_iter().flatten() {
                self.collect(part, scopes, depth)?;
            }
        }
        Some(())
    }

    /// One of several alternatives. Deep values avoid references, which may recurse.
    fn branch(&mut self, branches: &'s [Value], depth: usize) -> &'s Value {
        let simple: Vec<&Value> = branches
            .iter()
            .filter(|branch| branch.get("$ref").is_none())
            .collect();
        if depth > DEPTH_OPTIONAL && !simple.is_empty() {
            return simple[self.rng.usize(..simple.len())];
        }
        &branches[self.rng.usize(..branches.len())]
    }

    fn object(
        &mut self,
        scopes: &KeywordScopes<'s>,
        planted: Option<PlantedPath<'_>>,
        depth: usize,
    ) -> Option<Value> {
        let required: BTreeSet<&str> = scopes
            .iter()
            .flat_map(|scope| list(scope, "required"))
            .filter_map(Value::as_str)
            .collect();
        let declared: BTreeSet<&str> = scopes
            .iter()
            .filter_map(|scope| scope.get("properties")?.as_object())
            .flat_map(|properties| properties.keys().map(String::as_str))
            .collect();
        let forced = planted.map(|path| path.tokens[0].as_str());
        let mut names = required.clone();
        names.extend(self.optional_names(&declared, planted.is_some(), depth));
        let mut members = Map::new();
        for name in names {
            if Some(name) == forced {
                continue;
            }
            let is_required = required.contains(name);
            let Some(schemas) = self.property_schemas(scopes, name, is_required) else {
                if is_required {
                    return None;
                }
                continue;
            };
            match self.value(schemas, None, depth + 1) {
                Some(value) => drop(members.insert(name.to_owned(), value)),
                None if is_required => return None,
                None => {}
            }
        }
        match planted {
            Some(path) => self.plant(scopes, path, &mut members, depth)?,
            None => self.undeclared(scopes, declared.is_empty(), &mut members, depth),
        }
        Some(Value::Object(members))
    }

    /// The optional properties to send: one that goes deep, and others at random.
    fn optional_names(
        &mut self,
        declared: &BTreeSet<&'s str>,
        is_minimal: bool,
        depth: usize,
    ) -> Vec<&'s str> {
        if is_minimal || depth > DEPTH_OPTIONAL || declared.is_empty() {
            return Vec::new();
        }
        let deep = self.rng.usize(..declared.len());
        let density = if depth > 3 {
            self.density / 2.0
        } else {
            self.density
        };
        let mut names = Vec::new();
        for (index, name) in declared.iter().enumerate() {
            if index == deep && self.rng.u8(..8) > 0 || self.rng.f64() < density {
                names.push(*name);
            }
        }
        names
    }

    /// The schemas of a property. `None` if it is forbidden or, being optional, not sent.
    fn property_schemas(
        &self,
        scopes: &KeywordScopes<'s>,
        name: &str,
        is_required: bool,
    ) -> Option<Vec<&'s Value>> {
        let mut schemas = Vec::new();
        for scope in scopes {
            match scope
                .get("properties")
                .and_then(|properties| properties.get(name))
            {
                Some(schema) => schemas.push(schema),
                None if scope.contains_key("properties") => {}
                None => schemas.extend(scope.get("additionalProperties")),
            }
        }
        let is_unsent = schemas.iter().any(|schema| self.is_unsent(schema, 0));
        let is_forbidden = schemas.contains(&&Value::Bool(false));
        (!is_forbidden && (is_required || !is_unsent)).then_some(schemas)
    }

    fn is_unsent(&self, schema: &Value, depth: usize) -> bool {
        let target = schema.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| self.root.pointer(target.strip_prefix('#')?));
        schema.get(self.unsent) == Some(&Value::Bool(true))
            || depth < 8
                && (target.is_some_and(|target| self.is_unsent(target, depth + 1))
                    || schema
                        .get("allOf")
                        .and_then(Value::as_array)
                        .is_some_and(|parts| {
                            parts.iter().any(|part| self.is_unsent(part, depth + 1))
                        }))
    }

    /// Adds properties with undeclared names where the schema describes them: to maps, and to
    /// objects whose additional properties have a schema.
    fn undeclared(
        &mut self,
        scopes: &KeywordScopes<'s>,
        is_map: bool,
        members: &mut Map<String, Value>,
        depth: usize,
    ) {
        let rests: Vec<&'s Value> = scopes
            .iter()
            .filter_map(|scope| scope.get("additionalProperties"))
            .collect();
        let is_described = rests.iter().any(|rest| rest.is_object());
        let is_forbidden = rests.contains(&&Value::Bool(false));
        if is_forbidden || !(is_map || is_described) || depth > DEPTH_OPTIONAL {
            return;
        }
        for name in ["x-1", "key two"].iter().take(self.rng.usize(..3)) {
            let value = self.value(rests.clone(), None, depth + 1);
            members.extend(value.map(|value| ((*name).to_owned(), value)));
        }
    }

    /// Puts the planted value into an object.
    fn plant(
        &mut self,
        scopes: &KeywordScopes<'s>,
        path: PlantedPath<'_>,
        members: &mut Map<String, Value>,
        depth: usize,
    ) -> Option<()> {
        let (token, rest) = path.tokens.split_first()?;
        if rest.is_empty() && matches!(path.value, PlantedValue::Absent) {
            members.remove(token);
            return Some(());
        }
        let name = if token == "*" { "x-1" } else { token };
        let schemas = self.property_schemas(scopes, name, true)?;
        let below = PlantedPath {
            tokens: rest,
            ..path
        };
        let value = self.value(schemas, Some(below), depth + 1)?;
        members.insert(name.to_owned(), value);
        Some(())
    }

    fn array(
        &mut self,
        scopes: &KeywordScopes<'s>,
        planted: Option<PlantedPath<'_>>,
        depth: usize,
    ) -> Option<Value> {
        let bound = |keyword: &'static str| {
            scopes
                .iter()
                .filter_map(move |scope| scope.get(keyword)?.as_u64())
        };
        let least = bound("minItems").max().unwrap_or(0);
        let most = bound("maxItems").min().unwrap_or(u64::MAX);
        let wanted = match self.rng.u8(..6) {
            _ if planted.is_some() => 1,
            _ if depth > DEPTH_OPTIONAL => 0,
            0 => least,
            1 => most.min(12),
            2 => 0,
            3 => 2,
            _ => 1,
        };
        let count = usize::try_from(wanted.clamp(least, most.max(least)))
            .ok()?
            .min(40);
        let is_unique = scopes
            .iter()
            .any(|scope| scope.get("uniqueItems") == Some(&json!(true)));
        let mut items: Vec<Value> = Vec::new();
        for index in 0..count {
            let mut schemas = Vec::new();
            for scope in scopes {
                let prefix = list(scope, "prefixItems").get(index);
                schemas.extend(prefix.or_else(|| scope.get("items")));
            }
            let below = planted.filter(|_| index == 0).map(|path| PlantedPath {
                tokens: &path.tokens[1..],
                ..path
            });
            let item = match self.value(schemas, below, depth + 1) {
                Some(item) => item,
                None if items.len() as u64 >= least && planted.is_none() => break,
                None => return None,
            };
            if !is_unique || !items.contains(&item) {
                items.push(item);
            }
        }
        Some(Value::Array(items))
    }
}

fn list<'v>(keywords: &'v Map<String, Value>, keyword: &str) -> &'v [Value] {
    keywords
        .get(keyword)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The values that `enum` and `const` allow; `None` if neither occurs.
fn listed_values<'s>(scopes: &KeywordScopes<'s>) -> Option<Vec<&'s Value>> {
    let mut listed: Option<Vec<&Value>> = None;
    for scope in scopes {
        let values: Vec<&Value> = match (scope.get("const"), scope.get("enum")) {
            (Some(only), _) => vec![only],
            (None, Some(Value::Array(values))) => values.iter().collect(),
            _ => continue,
        };
        listed = Some(match listed {
            None => values,
            Some(before) => before
                .into_iter()
                .filter(|value| values.contains(value))
                .collect(),
        });
    }
    listed
}

const TYPES: [&str; 7] = [
    "object", "array", "string", "integer", "number", "boolean", "null",
];

/// The types that all schemas allow. Where none names a type, the keywords suggest one.
fn types(scopes: &KeywordScopes<'_>) -> BTreeSet<&'static str> {
    let mut named: BTreeSet<&'static str> = TYPES.into_iter().collect();
    let mut is_typed = false;
    for scope in scopes {
        let allows = |name: &str| match scope.get("type") {
            Some(Value::String(only)) => only == name || only == "number" && name == "integer",
            Some(Value::Array(several)) => several
                .iter()
                .any(|only| only == name || only == "number" && name == "integer"),
            _ => true,
        };
        is_typed |= scope.contains_key("type");
        named.retain(|name| allows(name));
    }
    let suggested = |keywords: &[&str], name: &'static str| {
        let has = scopes
            .iter()
            .any(|scope| keywords.iter().any(|keyword| scope.contains_key(*keyword)));
        has.then_some(name)
    };
    if !is_typed {
        let hints: Vec<&'static str> = [
            suggested(
                &[
                    "properties",
                    "required",
                    "additionalProperties",
                    "minProperties",
                ],
                "object",
            ),
            suggested(&["items", "minItems", "maxItems", "prefixItems"], "array"),
            suggested(&["pattern", "minLength", "maxLength", "format"], "string"),
            suggested(&["minimum", "maximum", "multipleOf"], "number"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !hints.is_empty() {
            return hints.into_iter().collect();
        }
    }
    named
}

fn admits(named: &BTreeSet<&'static str>, value: &Value) -> bool {
    named.contains(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
            "integer"
        }
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    })
}
