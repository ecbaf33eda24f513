//! One walk over everything that a contract's documents declare.
//!
//! It finds every schema once, every parameter, and every value that is meant to satisfy a
//! schema, with the schema and the direction in which that is judged. References are followed;
//! where one leads nowhere the walk ends, since others report it.

use std::collections::HashSet;

use portcullis_json::{Kind, Node};

use super::super::compiled::CompiledContract;
use super::super::dialect::{Dialect, Direction};
use super::super::document::{Documents, Place};
use super::super::media::MediaRange;
use super::super::reference::follow;
use super::super::route::Verb;
use super::super::shape::{Surface, TypeSet};

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Every schema, those inside others included, in the order of the walk.
    pub(super) schemas: Vec<Place>,
    /// The schemas among them that do not stand inside another one.
    pub(super) roots: Vec<Place>,
    /// Those that the contract's validators were built from.
    pub(super) compiled: HashSet<Place>,
    /// Every parameter.
    pub(super) parameters: Vec<Place>,
    /// Every example and default.
    pub(super) values: Vec<Sample>,
}

/// A value that is meant to satisfy a schema.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// What it is, such as "the example `large`".
    pub(super) what: String,
    /// The value.
    pub(super) value: Place,
    /// The schema.
    pub(super) schema: Place,
    /// Which way it travels; a schema's own examples may travel both ways.
    pub(super) direction: Option<Direction>,
    /// How it may be written.
    pub(super) notation: Notation,
}

/// In which notations a value may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// As itself.
    Plain,
    /// As itself, or as a string that holds its JSON text (OpenAPI 3.1.1, Working with Examples).
    Json,
    /// As itself, or as the text in which it travels: parameters and headers.
    Text,
}

/// What a default is called.
pub(super) const DEFAULT: &str = "the default";

/// What a place is looked at as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    PathItem,
    Operation,
    Parameter,
    Header,
    RequestBody,
    Response,
    Content(Direction),
    Encoding,
    Callback,
    RootSchema,
    Schema,
}

/// Walks over all of a contract.
pub(super) fn survey(contract: &CompiledContract) -> Survey {
    let mut walk = Walk {
        documents: &contract.documents,
        dialect: contract.dialect,
        seen: HashSet::new(),
        open: Vec::new(),
        survey: Survey::default(),
    };
    for direction in [Direction::Request, Direction::Response] {
        let origins = contract.schemas(direction).origins();
        walk.open
            .extend(origins.iter().map(|place| (Role::RootSchema, *place)));
    }
    walk.run();
    walk.survey.compiled = walk.survey.schemas.iter().copied().collect();
    walk.document(contract.documents.entry_place());
    walk.run();
    walk.survey
}

struct Walk<'d> {
    documents: &'d Documents,
    dialect: Dialect,
    seen: HashSet<(Role, Place)>,
    open: Vec<(Role, Place)>,
    survey: Survey,
}

impl<'d> Walk<'d> {
    fn run(&mut self) {
        while let Some((role, place)) = self.open.pop() {
            self.visit(role, place);
        }
    }

    fn visit(&mut self, role: Role, place: Place) {
        let node = self.documents.node(place);
        let is_schema = matches!(role, Role::Schema | Role::RootSchema);
        if node.get("$ref").is_some() {
            if let Ok(target) = follow(self.documents, place) {
                let role = if is_schema { Role::RootSchema } else { role };
                self.open.push((role, target));
            }
            if !is_schema || self.dialect == Dialect::V30 {
                return;
            }
        }
        if role == Role::RootSchema && self.seen.insert((role, place)) {
            self.survey.roots.push(place);
        }
        let role = if is_schema { Role::Schema } else { role };
        if node.kind() != Kind::Object || !self.seen.insert((role, place)) {
            return;
        }
        match role {
            Role::PathItem => self.path_item(place, node),
            Role::Operation => self.operation(place, node),
            Role::Parameter => {
                self.survey.parameters.push(place);
                self.parameter(place, node, Direction::Request);
            }
            Role::Header => self.parameter(place, node, Direction::Response),
            Role::RequestBody => self.content(place, node, Direction::Request),
            Role::Response => {
                self.each(place, node.get("headers"), Role::Header);
                self.content(place, node, Direction::Response);
            }
            Role::Content(direction) => self.media_type(place, node, direction),
            Role::Encoding => self.each(place, node.get("headers"), Role::Header),
            Role::Callback => self.each(place, Some(node), Role::PathItem),
            Role::RootSchema | Role::Schema => self.schema(place, node),
        }
    }

    fn document(&mut self, root: Place) {
        const COMPONENTS: [(&str, Role); 7] = [
            ("schemas", Role::RootSchema),
            ("parameters", Role::Parameter),
            ("headers", Role::Header),
            ("requestBodies", Role::RequestBody),
            ("responses", Role::Response),
            ("callbacks", Role::Callback),
            ("pathItems", Role::PathItem),
        ];
        let node = self.documents.node(root);
        self.each(root, node.get("paths"), Role::PathItem);
        self.each(root, node.get("webhooks"), Role::PathItem);
        let components = node.get("components");
        for (name, role) in COMPONENTS {
            self.each(
                root,
                components.and_then(|components| components.get(name)),
                role,
            );
        }
    }

    fn path_item(&mut self, place: Place, node: Node<'d>) {
        self.list(place, node.get("parameters"), Role::Parameter);
        for (name, operation) in node.members() {
            if Verb::from_field(name).is_some() {
                self.push(place, operation, Role::Operation);
            }
        }
    }

    fn operation(&mut self, place: Place, node: Node<'d>) {
        self.list(place, node.get("parameters"), Role::Parameter);
        if let Some(body) = node.get("requestBody") {
            self.push(place, body, Role::RequestBody);
        }
        self.each(place, node.get("responses"), Role::Response);
        self.each(place, node.get("callbacks"), Role::Callback);
    }

    fn parameter(&mut self, place: Place, node: Node<'d>, direction: Direction) {
        if let Some(schema) = node.get("schema") {
            self.push(place, schema, Role::RootSchema);
            self.samples(place, schema, Some(direction), Notation::Text);
        }
        self.content(place, node, direction);
    }

    fn content(&mut self, place: Place, node: Node<'d>, direction: Direction) {
        for (_, media) in node
            .get("content")
            .into_iter()
            .flat_map(|content| content.members())
        {
            self.push(place, media, Role::Content(direction));
        }
    }

    fn media_type(&mut self, place: Place, node: Node<'d>, direction: Direction) {
        self.each(place, node.get("encoding"), Role::Encoding);
        let Some(schema) = node.get("schema") else {
            return;
        };
        self.push(place, schema, Role::RootSchema);
        // The examples of other media types show text, not the value that the schema describes.
        if node
            .key()
            .and_then(MediaRange::parse)
            .is_some_and(|range| range.is_json())
        {
            self.samples(place, schema, Some(direction), Notation::Json);
        }
    }

    fn schema(&mut self, place: Place, node: Node<'d>) {
        self.survey.schemas.push(place);
        for (keyword, value) in node.members() {
            match shape_of(keyword, self.dialect) {
                Some(Shape::One) => self.push(place, value, Role::Schema),
                Some(Shape::List) => self.list(place, Some(value), Role::Schema),
                Some(Shape::Map) => {
                    value
                        .members()
                        .for_each(|(_, schema)| self.push(place, schema, Role::Schema));
                }
                None => {}
            }
        }
        self.samples(place, node, None, Notation::Plain);
    }

    /// The values that the object at `place` gives for a schema, in `example` and `examples`
    /// (of a schema: `default` too, and `examples` is a list).
    fn samples(
        &mut self,
        place: Place,
        schema: Node<'d>,
        direction: Option<Direction>,
        notation: Notation,
    ) {
        let node = self.documents.node(place);
        let schema = Documents::place(place, schema);
        let surface = Surface {
            documents: self.documents,
            dialect: self.dialect,
        };
        let is_delimited = notation == Notation::Text
            && !surface.types(schema).has(TypeSet::STRING)
            && surface.types(schema).has(TypeSet::ARRAY | TypeSet::OBJECT);
        let documents = self.documents;
        let mut add = |what: String, value: Place| {
            // The delimiters of a list's text are for its style, which is not read here.
            if !(is_delimited && documents.node(value).as_str().is_some()) {
                self.survey.values.push(Sample {
                    what,
                    value,
                    schema,
                    direction,
                    notation,
                });
            }
        };
        if let Some(value) = node.get("example") {
            add("the example".to_owned(), Documents::place(place, value));
        }
        // A default of null says that there is none.
        let of_schema = notation == Notation::Plain;
        if let Some(value) = node
            .get("default")
            .filter(|value| of_schema && !value.is_null())
        {
            add(DEFAULT.to_owned(), Documents::place(place, value));
        }
        let Some(examples) = node.get("examples") else {
            return;
        };
        for (index, value) in examples.elements().enumerate() {
            if of_schema && self.dialect == Dialect::V31 {
                add(
                    format!("example {}", index + 1),
                    Documents::place(place, value),
                );
            }
        }
        for (name, example) in examples.members().filter(|_| !of_schema) {
            if let Ok(target) = follow(self.documents, Documents::place(place, example))
                && let Some(value) = Documents::member(self.documents, target, "value")
            {
                add(format!("the example `{name}`"), value);
            }
        }
    }

    /// Looks at every member that is no extension.
    fn each(&mut self, near: Place, map: Option<Node<'d>>, role: Role) {
        for (name, node) in map.into_iter().flat_map(|map| map.members()) {
            if role == Role::RootSchema || !name.starts_with("x-") {
                self.push(near, node, role);
            }
        }
    }

    fn list(&mut self, near: Place, list: Option<Node<'d>>, role: Role) {
        for node in list.into_iter().flat_map(|list| list.elements()) {
            self.push(near, node, role);
        }
    }

    fn push(&mut self, near: Place, node: Node<'d>, role: Role) {
        self.open.push((role, Documents::place(near, node)));
    }
}

/// Where the value of a keyword holds schemas.
enum Shape {
    One,
    List,
    Map,
}

fn shape_of(keyword: &str, dialect: Dialect) -> Option<Shape> {
    match keyword {
        "items" | "not" | "additionalProperties" => Some(Shape::One),
        "allOf" | "anyOf" | "oneOf" => Some(Shape::List),
        "properties" => Some(Shape::Map),
        _ if dialect == Dialect::V30 => None,
        "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Some(Shape::One),
        "prefixItems" => Some(Shape::List),
        "patternProperties" | "dependentSchemas" | "$defs" => Some(Shape::Map),
        _ => None,
    }
}
