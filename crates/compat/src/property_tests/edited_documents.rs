//! Documents around one real component: its closure, with operations that use it in many places.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use portcullis_contract::{
    BodyDeclaration, CompiledContract, MessageDirection, SchemaKey, compile, parse_single_file,
};
use portcullis_vocabulary::limits::Limits;

use super::known_edit::{KnownEdit, edits_of};

/// The largest closure of a component, in bytes of JSON.
const CLOSURE_BYTES_MAX: usize = 150_000;

/// A place of the component: the path of its operation, the direction, and where in the body.
#[derive(Clone, Debug)]
pub(super) struct ComponentPlace {
    pub(super) path: String,
    pub(super) direction: MessageDirection,
    pub(super) tokens: Vec<String>,
}

/// A component with edits; each is in the old or in the new revision.
#[derive(Debug)]
pub(super) struct EditedComponent {
    pub(super) name: String,
    version: String,
    closure: Map<String, Value>,
    pub(super) places: Vec<ComponentPlace>,
    pub(super) edits: Vec<KnownEdit>,
    /// Whether the new revision has an edit; otherwise the old one has it.
    pub(super) narrows: Vec<bool>,
}

impl EditedComponent {
    /// Prepares a component of a document. `None` if it has too few properties to edit.
    pub(super) fn new(
        document: &Value,
        name: &str,
        edits_max: usize,
        rng: &mut Rng,
    ) -> Option<Self> {
        let version = document.get("openapi")?.as_str()?.to_owned();
        let is_30 = version.starts_with("3.0");
        let mut closure = closure(document, name)?;
        let object = closure.get_mut(name)?;
        if rng.bool() {
            object
                .as_object_mut()?
                .insert("additionalProperties".to_owned(), json!(false));
        }
        let edits = edits_of(object, is_30, edits_max, rng);
        if edits.len() < 4 {
            return None;
        }
        for edit in &edits {
            edit.prepare(object, is_30);
        }
        let narrows = edits.iter().map(|_| rng.bool()).collect();
        Some(Self {
            name: name.to_owned(),
            version,
            closure,
            places: places(rng),
            edits,
            narrows,
        })
    }

    /// The document with those edits for which `has` holds.
    fn document(&self, has: impl Fn(usize) -> bool) -> Value {
        let mut closure = self.closure.clone();
        let object = &mut closure[&self.name];
        for (number, edit) in self.edits.iter().enumerate() {
            if has(number) {
                edit.narrow(object);
            }
        }
        let mut paths = Map::new();
        for place in &self.places {
            let component = json!({"$ref": format!("#/components/schemas/{}", self.name)});
            let schema = place
                .tokens
                .iter()
                .rev()
                .fold(component, |schema, token| around(token, &schema));
            let operation = paths.entry(place.path.clone()).or_insert_with(
                || json!({"post": {"responses": {"200": {"description": "done"}}}}),
            );
            let holder = match place.direction {
                MessageDirection::Request => &mut operation["post"]["requestBody"],
                MessageDirection::Response => &mut operation["post"]["responses"]["200"],
            };
            let known = &mut holder["content"]["application/json"]["schema"];
            match (
                known.get_mut("properties").and_then(Value::as_object_mut),
                schema.get("properties"),
            ) {
                (Some(known), Some(Value::Object(more))) => known.extend(more.clone()),
                _ => *known = schema,
            }
        }
        json!({
            "openapi": self.version,
            "info": {"title": self.name, "version": "1"},
            "paths": paths,
            "components": {"schemas": closure},
        })
    }

    /// The old revision: the edits of which the new one is wider.
    pub(super) fn old(&self) -> Option<CompiledContract> {
        compiled(&self.document(|number| !self.narrows[number]))
    }

    /// The new revision.
    pub(super) fn new_revision(&self) -> Option<CompiledContract> {
        compiled(&self.document(|number| self.narrows[number]))
    }

    /// The old revision changed by one edit alone.
    pub(super) fn alone(&self, edit: usize) -> Option<CompiledContract> {
        compiled(&self.document(|number| self.narrows[number] == (number == edit)))
    }
}

fn compiled(document: &Value) -> Option<CompiledContract> {
    let text = document.to_string().into_bytes();
    let documents = parse_single_file("edited.json", text, &Limits::default()).ok()?;
    compile(documents, &Default::default()).ok()
}

/// The schema of a place in a contract.
pub(super) fn key_of<'c>(contract: &'c CompiledContract, place: &ComponentPlace) -> &'c SchemaKey {
    let mut operations = contract.operations.iter();
    let operation = operations
        .find(|operation| *operation.path == *place.path)
        .unwrap();
    let content = match (place.direction, &operation.body) {
        (MessageDirection::Request, BodyDeclaration::Declared(body)) => &body.content,
        _ => &operation.responses[0].content,
    };
    content[0].schema.as_ref().unwrap()
}

/// The schema of a value that holds another one at a token: `*` for items, `x-1` for undeclared
/// properties.
fn around(token: &str, schema: &Value) -> Value {
    match token {
        "*" => json!({"type": "array", "items": schema}),
        "x-1" => json!({"type": "object", "additionalProperties": schema}),
        name => json!({"type": "object", "properties": {name: schema}}),
    }
}

/// Up to ten bodies, in requests and responses: the component itself, or values that hold it once or
/// several times.
fn places(rng: &mut Rng) -> Vec<ComponentPlace> {
    let forms: [&[&[&str]]; 6] = [
        &[&[]],
        &[&["inner"]],
        &[&["*"]],
        &[&["x-1"]],
        &[&["a", "b"], &["c"]],
        &[
            &["first"],
            &["second", "*"],
            &["third", "x-1"],
            &["fourth", "deep"],
        ],
    ];
    let count = rng.usize(2..=10);
    let mut places = Vec::new();
    for number in 0..count {
        let direction = if number % 2 == 0 {
            MessageDirection::Request
        } else {
            MessageDirection::Response
        };
        for tokens in forms[rng.usize(..forms.len())] {
            places.push(ComponentPlace {
                path: format!("/p{number}"),
                direction,
                tokens: tokens.iter().map(|token| (*token).to_owned()).collect(),
            });
        }
    }
    places
}

/// A component with everything that it refers to. `None` if that is too large.
fn closure(document: &Value, name: &str) -> Option<Map<String, Value>> {
    let components = document.pointer("/components/schemas")?.as_object()?;
    let mut found = Map::new();
    let (mut open, mut bytes) = (vec![name.to_owned()], 0);
    while let Some(name) = open.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let schema = components.get(&name)?;
        bytes += schema.to_string().len();
        if bytes > CLOSURE_BYTES_MAX {
            return None;
        }
        open.extend(references(schema)?);
        found.insert(name, schema.clone());
    }
    Some(found)
}

/// The names of the components that a schema refers to. `None` if it refers to anything else.
fn references(schema: &Value) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(target)) = members.get("$ref") {
                    names.insert(target.strip_prefix("#/components/schemas/")?.to_owned());
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    Some(names)
}
