//! Lowering: schemas of a contract to one JSON Schema 2020-12 document.
//!
//! Both dialects are lowered to 2020-12. Each schema that is judged on its own or referred to
//! becomes a definition with a number; all references are rewritten to those. So one validator
//! build serves a whole document and direction, and everything inside is shared. Draft 4 would
//! be the wrong target for 3.0: there `1.0` is no integer.
//!
//! The lowered schema mirrors the structure of the original, so that the location of an error
//! is found again: the definition's number leads to a [`Place`], the rest of the pointer is the
//! same. What only annotates is dropped; what is data (`enum`, `const`) is copied untouched.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::json::{Kind, Node};

use super::dialect::{Dialect, Direction};
use super::document::{Documents, Place};
use super::problem::{Problem, ProblemKind, Severity};
use super::reference::{follow, resolve};

/// The keyword that carries an asserted number format; errors name it `format`.
pub(super) const NUMBER_FORMAT: &str = "x-number-format";

/// Collects schemas and lowers everything they reach.
#[derive(Debug)]
pub(super) struct Lowering<'d> {
    documents: &'d Documents,
    dialect: Dialect,
    direction: Direction,
    /// Whether `example`, `examples` and `default` are kept, for making sample values.
    with_examples: bool,
    numbers: HashMap<Place, u32>,
    origins: Vec<Place>,
    lowered: Vec<Value>,
    targets: HashMap<(u32, &'d str), Place>,
    problems: Vec<Problem>,
}

/// The result of lowering.
#[derive(Debug)]
pub(super) struct Lowered {
    /// `{"$defs": {"0": …}, "properties": {"0": {"$ref": "#/$defs/0"}}}`.
    pub(super) schema: Value,
    /// Where the definition of each number stands in the contract.
    pub(super) origins: Vec<Place>,
    /// What could not be lowered.
    pub(super) problems: Vec<Problem>,
}

impl<'d> Lowering<'d> {
    pub(super) fn new(documents: &'d Documents, dialect: Dialect, direction: Direction) -> Self {
        Self {
            documents,
            dialect,
            direction,
            with_examples: false,
            numbers: HashMap::new(),
            origins: Vec::new(),
            lowered: Vec::new(),
            targets: HashMap::new(),
            problems: Vec::new(),
        }
    }

    /// Keeps what annotates with values, for making samples.
    pub(super) fn with_examples(mut self) -> Self {
        self.with_examples = true;
        self
    }

    /// The number of the definition of the schema at `place`; the same place gives the same
    /// number.
    pub(super) fn define(&mut self, place: Place) -> u32 {
        let place = self.target_of(place);
        let next = u32::try_from(self.origins.len()).expect("places are numbered with u32");
        *self.numbers.entry(place).or_insert_with(|| {
            self.origins.push(place);
            next
        })
    }

    /// Where a schema that is nothing but a reference really stands.
    fn target_of(&mut self, place: Place) -> Place {
        let node = self.documents.node(place);
        let alone = self.dialect == Dialect::V30 || node.len() == 1;
        if alone && node.get("$ref").is_some() {
            match follow(self.documents, place) {
                Ok(target) => return target,
                Err((at, error)) => self.unresolved(at, &error.to_string()),
            }
        }
        place
    }

    /// Lowers all that is defined and all that it reaches, judged under `roots`.
    pub(super) fn finish(mut self, roots: &[u32]) -> Lowered {
        while let Some(place) = self.origins.get(self.lowered.len()).copied() {
            let schema = self.schema(place);
            self.lowered.push(schema);
        }
        let definitions: Map<String, Value> = self
            .lowered
            .into_iter()
            .enumerate()
            .map(|(number, schema)| (number.to_string(), schema))
            .collect();
        let properties: Map<String, Value> = roots
            .iter()
            .map(|number| {
                (
                    number.to_string(),
                    json!({ "$ref": format!("#/$defs/{number}") }),
                )
            })
            .collect();
        Lowered {
            schema: json!({ "$defs": definitions, "properties": properties }),
            origins: self.origins,
            problems: self.problems,
        }
    }

    fn schema(&mut self, place: Place) -> Value {
        let node = self.documents.node(place);
        match node.kind() {
            Kind::Object => self.object(place, node),
            Kind::Boolean => Value::Bool(node.as_bool().unwrap_or(true)),
            Kind::Null | Kind::Number | Kind::String | Kind::Array => {
                self.problem(
                    ProblemKind::MalformedSchema,
                    place,
                    "a schema must be an object, such as `{ type: string }`".to_owned(),
                );
                Value::Bool(true)
            }
        }
    }

    fn object(&mut self, place: Place, node: Node<'d>) -> Value {
        let mut out = Map::new();
        if let Some(reference) = node.get("$ref") {
            if let Some(number) = self.reference(place, reference) {
                out.insert("$ref".to_owned(), json!(format!("#/$defs/{number}")));
            }
            if self.dialect == Dialect::V30 {
                return Value::Object(out);
            }
        }
        for (keyword, value) in node.members() {
            self.keyword(&mut out, place, node, keyword, value);
        }
        if let Some(format) = number_format(node) {
            out.insert(NUMBER_FORMAT.to_owned(), json!(format));
        }
        Value::Object(out)
    }

    fn keyword(
        &mut self,
        out: &mut Map<String, Value>,
        place: Place,
        node: Node<'d>,
        keyword: &'d str,
        value: Node<'d>,
    ) {
        let lowered = match keyword {
            "properties" => self.map_of_schemas(place, value),
            "items" | "not" => self.schema(Documents::place(place, value)),
            "additionalProperties" => self.schema(Documents::place(place, value)),
            "allOf" | "anyOf" | "oneOf" => self.list_of_schemas(place, value),
            "enum" | "pattern" | "multipleOf" | "maxLength" | "minLength" | "maxItems"
            | "minItems" | "uniqueItems" | "maxProperties" | "minProperties" => value.to_value(),
            "format" if !is_number_format(value) => value.to_value(),
            "required" => self.required(place, node, value),
            "example" | "examples" | "default" if self.with_examples => value.to_value(),
            _ => match self.dialect {
                Dialect::V30 => return self.keyword_30(out, place, keyword, value),
                Dialect::V31 => match self.keyword_31(place, keyword, value) {
                    Some(lowered) => lowered,
                    None => return,
                },
            },
        };
        out.insert(keyword.to_owned(), lowered);
    }

    /// What only OpenAPI 3.0 says, or says otherwise (3.0.4, Schema Object).
    fn keyword_30(
        &mut self,
        out: &mut Map<String, Value>,
        place: Place,
        keyword: &str,
        value: Node<'d>,
    ) {
        let node = self.documents.node(place);
        let is_true = |name| node.get(name).and_then(|flag| flag.as_bool()) == Some(true);
        let (name, lowered) = match keyword {
            "type" if is_true("nullable") => (
                "type",
                json!([value.to_value(), Value::String("null".to_owned())]),
            ),
            "type" => ("type", value.to_value()),
            "minimum" if is_true("exclusiveMinimum") => ("exclusiveMinimum", value.to_value()),
            "minimum" => ("minimum", value.to_value()),
            "maximum" if is_true("exclusiveMaximum") => ("exclusiveMaximum", value.to_value()),
            "maximum" => ("maximum", value.to_value()),
            "exclusiveMinimum" | "exclusiveMaximum" if value.kind() != Kind::Boolean => {
                let bound = bound_of(keyword);
                let message = format!(
                    "in OpenAPI 3.0 `{keyword}` is true or false and qualifies `{bound}`: write \
                     the number there, and `{keyword}: true`"
                );
                let at = Documents::place(place, value);
                return self.problem(ProblemKind::MalformedSchema, at, message);
            }
            _ => return,
        };
        out.insert(name.to_owned(), lowered);
    }

    /// What only 3.1 knows: the rest of JSON Schema 2020-12. Unknown keywords annotate.
    fn keyword_31(&mut self, place: Place, keyword: &str, value: Node<'d>) -> Option<Value> {
        Some(match keyword {
            "exclusiveMinimum" | "exclusiveMaximum" if value.kind() == Kind::Boolean => {
                let bound = bound_of(keyword);
                let message = format!(
                    "in OpenAPI 3.1 `{keyword}` is a number: write it there, in place of `{bound}`"
                );
                let at = Documents::place(place, value);
                self.problem(ProblemKind::MalformedSchema, at, message);
                return None;
            }
            "type" | "const" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"
            | "dependentRequired" | "minContains" | "maxContains" => value.to_value(),
            "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "unevaluatedItems"
            | "unevaluatedProperties" => self.schema(Documents::place(place, value)),
            "prefixItems" => self.list_of_schemas(place, value),
            "patternProperties" | "dependentSchemas" => self.map_of_schemas(place, value),
            "$id" | "$dynamicRef" | "$dynamicAnchor" => {
                self.problem(
                    ProblemKind::MalformedSchema,
                    Documents::place(place, value),
                    format!("`{keyword}` inside a schema is not supported: use `$ref` with a JSON pointer such as `#/components/schemas/Name`"),
                );
                return None;
            }
            _ => return None,
        })
    }

    fn map_of_schemas(&mut self, place: Place, value: Node<'d>) -> Value {
        if value.kind() != Kind::Object {
            return value.to_value();
        }
        let lowered = value.members().map(|(name, schema)| {
            (
                name.to_owned(),
                self.schema(Documents::place(place, schema)),
            )
        });
        Value::Object(lowered.collect())
    }

    fn list_of_schemas(&mut self, place: Place, value: Node<'d>) -> Value {
        if value.kind() != Kind::Array {
            return value.to_value();
        }
        let lowered = value
            .elements()
            .map(|schema| self.schema(Documents::place(place, schema)));
        Value::Array(lowered.collect())
    }

    /// In 3.0 a required property that is `readOnly` is required in responses only, a
    /// `writeOnly` one in requests only (3.0.4, Fixed Fields of the Schema Object).
    fn required(&self, place: Place, node: Node<'d>, value: Node<'d>) -> Value {
        let flag = match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        if self.dialect == Dialect::V31 || value.kind() != Kind::Array {
            return value.to_value();
        }
        let properties = node.get("properties");
        let is_kept = |name: &Node<'_>| {
            let property = name.as_str().and_then(|name| properties?.get(name));
            !property.is_some_and(|schema| self.carries(Documents::place(place, schema), flag, 0))
        };
        Value::Array(
            value
                .elements()
                .filter(is_kept)
                .map(|name| name.to_value())
                .collect(),
        )
    }

    /// Whether a property's schema has the flag, itself or through `$ref` and `allOf`.
    fn carries(&self, place: Place, flag: &str, depth: u8) -> bool {
        const DEPTH_MAX: u8 = 8;
        let Ok(place) = follow(self.documents, place) else {
            return false;
        };
        let node = self.documents.node(place);
        if node.get(flag).and_then(|flag| flag.as_bool()) == Some(true) {
            return true;
        }
        depth < DEPTH_MAX
            && node.get("allOf").is_some_and(|branches| {
                branches
                    .elements()
                    .any(|branch| self.carries(Documents::place(place, branch), flag, depth + 1))
            })
    }

    fn reference(&mut self, place: Place, reference: Node<'d>) -> Option<u32> {
        let at = Documents::place(place, reference);
        let Some(text) = reference.as_str() else {
            self.unresolved(
                at,
                "`$ref` must be a string such as `#/components/schemas/Name`",
            );
            return None;
        };
        if let Some(target) = self.targets.get(&(place.document, text)) {
            return Some(self.define(*target));
        }
        let target = follow(self.documents, place)
            .and_then(|_| resolve(self.documents, place, text).map_err(|error| (at, error)));
        match target {
            Ok(target) => {
                self.targets.insert((place.document, text), target);
                Some(self.define(target))
            }
            Err((at, error)) => {
                self.unresolved(at, &error.to_string());
                None
            }
        }
    }

    fn unresolved(&mut self, at: Place, message: &str) {
        self.problem(ProblemKind::UnresolvedReference, at, message.to_owned());
    }

    fn problem(&mut self, kind: ProblemKind, at: Place, message: String) {
        let at = self.documents.spot(at);
        self.problems.push(Problem {
            severity: Severity::Error,
            kind,
            at,
            message,
        });
    }
}

/// The keyword that an exclusive bound is about.
fn bound_of(keyword: &str) -> &'static str {
    match keyword {
        "exclusiveMinimum" => "minimum",
        _ => "maximum",
    }
}

fn is_number_format(value: Node<'_>) -> bool {
    matches!(value.as_str(), Some("int32" | "int64"))
}

/// `int32` and `int64` bound numbers (3.0.4, Data Types); JSON Schema's `format` judges only
/// strings, so they get a keyword of their own.
fn number_format<'d>(node: Node<'d>) -> Option<&'d str> {
    node.get("format")
        .filter(|format| is_number_format(*format))?
        .as_str()
}
