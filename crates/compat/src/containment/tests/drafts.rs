//! Lowers raw JSON Schemas of several drafts as contracts are lowered: references become numbers,
//! and all keywords become those of 2020-12.

use hashbrown::HashMap;
use portcullis_json::pointer;

use serde_json::{Map, Value, json};

/// Drafts are named by year; 4, 6 and 7 stand for themselves.
pub(super) fn lowered(schema: &Value, draft: u16) -> Value {
    let mut reading = Reading {
        root: schema,
        draft,
        addresses: HashMap::new(),
        bases: HashMap::new(),
        numbers: HashMap::new(),
        pointers: Vec::new(),
    };
    reading.index(schema, "", "");
    let first = reading.number(String::new());
    assert_eq!(first, 0);
    let mut definitions = Map::new();
    while let Some(pointer) = reading.pointers.get(definitions.len()).cloned() {
        let target = schema.pointer(&pointer).unwrap();
        let base = reading.base_of(&pointer);
        let definition = reading.schema(target, &pointer, &base);
        definitions.insert(definitions.len().to_string(), definition);
    }
    json!({ "$defs": definitions, "properties": { "0": { "$ref": "#/$defs/0" } } })
}

struct Reading<'s> {
    root: &'s Value,
    draft: u16,
    /// Targets of absolute URIs, with and without a fragment.
    addresses: HashMap<String, String>,
    /// The base URI of each schema, by pointer.
    bases: HashMap<String, String>,
    numbers: HashMap<String, usize>,
    pointers: Vec<String>,
}

const SINGLE: [&str; 12] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];
const LISTS: [&str; 5] = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
const MAPS: [&str; 6] = [
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

impl<'s> Reading<'s> {
    fn index(&mut self, schema: &'s Value, pointer: &str, base: &str) {
        let Value::Object(keywords) = schema else {
            return;
        };
        let id = keywords.get(if self.draft == 4 { "id" } else { "$id" });
        let id = id
            .and_then(Value::as_str)
            .filter(|_| self.draft > 7 || !keywords.contains_key("$ref"));
        let mut base = base.to_owned();
        if pointer.is_empty() {
            self.addresses.insert(String::new(), String::new());
        }
        if let Some(id) = id {
            let address = join(&base, id);
            let (resource, fragment) = address.split_once('#').unwrap_or((&address, ""));
            if fragment.is_empty() {
                base = resource.to_owned();
                self.addresses
                    .entry(base.clone())
                    .or_insert(pointer.to_owned());
            } else {
                self.addresses.insert(address.clone(), pointer.to_owned());
            }
        }
        for name in ["$anchor", "$dynamicAnchor"] {
            if let Some(name) = keywords
                .get(name)
                .and_then(Value::as_str)
                .filter(|_| self.draft > 7)
            {
                self.addresses
                    .insert(format!("{base}#{name}"), pointer.to_owned());
            }
        }
        self.bases.insert(pointer.to_owned(), base.clone());
        for (keyword, value) in keywords {
            let below = format!("{pointer}/{}", pointer::escape(keyword));
            match value {
                Value::Object(_) if SINGLE.contains(&keyword.as_str()) => {
                    self.index(value, &below, &base)
                }
                Value::Array(list) if LISTS.contains(&keyword.as_str()) => {
                    for (at, branch) in list.iter().enumerate() {
                        self.index(branch, &format!("{below}/{at}"), &base);
                    }
                }
                Value::Object(map) if MAPS.contains(&keyword.as_str()) => {
                    for (name, branch) in map {
                        self.index(branch, &format!("{below}/{}", pointer::escape(name)), &base);
                    }
                }
                _ => {}
            }
        }
    }

    /// The base URI of the nearest schema around a pointer.
    fn base_of(&self, pointer: &str) -> String {
        let mut pointer = pointer;
        loop {
            if let Some(base) = self.bases.get(pointer) {
                return base.clone();
            }
            match pointer.rfind('/') {
                Some(at) => pointer = &pointer[..at],
                None => return String::new(),
            }
        }
    }

    fn number(&mut self, pointer: String) -> usize {
        let next = self.pointers.len();
        let number = *self.numbers.entry(pointer.clone()).or_insert(next);
        if number == next {
            self.pointers.push(pointer);
        }
        number
    }

    fn reference(&mut self, text: &str, base: &str) -> Value {
        let address = join(base, text);
        let (resource, fragment) = address.split_once('#').unwrap_or((&address, ""));
        let fragment = percent_encoding::percent_decode_str(fragment)
            .decode_utf8_lossy()
            .into_owned();
        let pointer = if fragment.starts_with('/') || fragment.is_empty() {
            self.addresses
                .get(resource)
                .map(|start| format!("{start}{fragment}"))
        } else {
            self.addresses.get(&address).cloned()
        };
        match pointer.filter(|pointer| self.root.pointer(pointer).is_some()) {
            Some(pointer) => json!(format!("#/$defs/{}", self.number(pointer))),
            None => json!(address),
        }
    }

    fn schema(&mut self, schema: &'s Value, pointer: &str, base: &str) -> Value {
        let Value::Object(keywords) = schema else {
            return schema.clone();
        };
        let base = &self
            .bases
            .get(pointer)
            .cloned()
            .unwrap_or_else(|| base.to_owned());
        let mut out = Map::new();
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            out.insert("$ref".to_owned(), self.reference(reference, base));
            if self.draft <= 7 {
                return Value::Object(out);
            }
        }
        for (keyword, value) in keywords {
            if keyword != "$ref" {
                self.keyword(&mut out, keywords, keyword, value, (pointer, base));
            }
        }
        Value::Object(out)
    }

    fn keyword(
        &mut self,
        out: &mut Map<String, Value>,
        keywords: &'s Map<String, Value>,
        keyword: &str,
        value: &'s Value,
        (pointer, base): (&str, &str),
    ) {
        let below = format!("{pointer}/{}", pointer::escape(keyword));
        let is_old = self.draft <= 2019;
        let new_in = |keyword: &str| match keyword {
            "contains" | "propertyNames" => 6,
            "if" | "then" | "else" => 7,
            "dependentRequired"
            | "dependentSchemas"
            | "minContains"
            | "maxContains"
            | "unevaluatedItems"
            | "unevaluatedProperties" => 2019,
            "prefixItems" | "$dynamicRef" => 2020,
            _ => 0,
        };
        let (name, lowered) = match (keyword, value) {
            (
                "$id" | "id" | "$schema" | "$anchor" | "$dynamicAnchor" | "$recursiveAnchor"
                | "$defs" | "definitions" | "contentSchema" | "readOnly" | "writeOnly",
                _,
            ) => return,
            _ if new_in(keyword) > self.draft => return,
            ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(_)) => return,
            ("minimum" | "maximum", _) if self.draft == 4 => {
                let exclusive = keyword
                    .replace('m', "M")
                    .replacen("MaxiMuM", "exclusiveMaximum", 1)
                    .replacen("MiniMuM", "exclusiveMinimum", 1);
                let is_exclusive = keywords.get(&exclusive) == Some(&Value::Bool(true));
                (
                    if is_exclusive {
                        exclusive
                    } else {
                        keyword.to_owned()
                    },
                    value.clone(),
                )
            }
            ("items", Value::Array(list)) if is_old => {
                ("prefixItems".to_owned(), self.list(list, &below, base))
            }
            ("additionalItems", _) => match keywords.get("items") {
                Some(Value::Array(_)) if is_old => {
                    ("items".to_owned(), self.schema(value, &below, base))
                }
                _ => return,
            },
            ("dependencies", Value::Object(map)) if self.draft <= 7 => {
                return self.dependencies(out, map, &below, base);
            }
            ("dependencies", _) => return,
            (_, Value::Array(list)) if LISTS.contains(&keyword) => {
                (keyword.to_owned(), self.list(list, &below, base))
            }
            (_, Value::Object(map)) if MAPS.contains(&keyword) => {
                (keyword.to_owned(), self.map(map, &below, base))
            }
            _ if SINGLE.contains(&keyword) => {
                (keyword.to_owned(), self.schema(value, &below, base))
            }
            _ => (keyword.to_owned(), value.clone()),
        };
        out.insert(name, lowered);
    }

    fn list(&mut self, list: &'s [Value], below: &str, base: &str) -> Value {
        let branches = list.iter().enumerate();
        branches
            .map(|(at, branch)| self.schema(branch, &format!("{below}/{at}"), base))
            .collect()
    }

    fn map(&mut self, map: &'s Map<String, Value>, below: &str, base: &str) -> Value {
        let members = map.iter().map(|(name, schema)| {
            (
                name.clone(),
                self.schema(schema, &format!("{below}/{}", pointer::escape(name)), base),
            )
        });
        Value::Object(members.collect())
    }

    fn dependencies(
        &mut self,
        out: &mut Map<String, Value>,
        map: &'s Map<String, Value>,
        below: &str,
        base: &str,
    ) {
        let (mut required, mut schemas) = (Map::new(), Map::new());
        for (name, dependency) in map {
            match dependency {
                Value::Array(_) => required.insert(name.clone(), dependency.clone()),
                Value::String(only) => required.insert(name.clone(), json!([only])),
                schema => {
                    let lowered =
                        self.schema(schema, &format!("{below}/{}", pointer::escape(name)), base);
                    schemas.insert(name.clone(), lowered)
                }
            };
        }
        out.insert("dependentRequired".to_owned(), Value::Object(required));
        out.insert("dependentSchemas".to_owned(), Value::Object(schemas));
    }
}

/// Resolves a reference against a base URI (RFC 3986 section 5.2).
fn join(base: &str, reference: &str) -> String {
    let base = base.split('#').next().unwrap_or_default();
    let has_scheme = reference.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
    });
    if has_scheme {
        return reference.to_owned();
    }
    if reference.is_empty() || reference.starts_with('#') {
        return format!("{base}{reference}");
    }
    let authority = base.find("://").map_or(0, |at| {
        base[at + 3..]
            .find('/')
            .map_or(base.len(), |end| at + 3 + end)
    });
    let (origin, path) = base.split_at(authority);
    let (reference, fragment) = reference
        .split_once('#')
        .map_or((reference, String::new()), |(r, f)| (r, format!("#{f}")));
    let whole = if reference.starts_with('/') {
        reference.to_owned()
    } else {
        format!(
            "{}{reference}",
            path.rfind('/').map_or("", |at| &path[..=at])
        )
    };
    let mut segments: Vec<&str> = Vec::new();
    for segment in whole.split('/') {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let path = segments.join("/");
    let slash = if !origin.is_empty() && !path.starts_with('/') {
        "/"
    } else {
        ""
    };
    format!("{origin}{slash}{path}{fragment}")
}
