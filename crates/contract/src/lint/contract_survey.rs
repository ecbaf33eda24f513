//! One walk over everything that a contract's documents declare.
//!
//! It finds every schema once, every parameter, and every value that is meant to satisfy a
//! schema, with the schema and the direction in which that is judged. References are followed;
//! where one leads nowhere the walk ends, since others report it.

use std::collections::HashSet;

use portcullis_json::{JsonKind, JsonNode};

use crate::message::compiled_contract::CompiledContract;
use crate::message::media_range::MediaRange;
use crate::message::route::PathItemMethod;
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::schema::schema_surface::{SchemaSurface, TypeSet};

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct ContractSurvey {
    /// Every schema, those inside others included, in the order of the walk.
    pub(super) schemas: Vec<NodeRef>,
    /// The schemas among them that do not stand inside another one.
    pub(super) roots: Vec<NodeRef>,
    /// Those that the contract's validators were built from.
    pub(super) compiled: HashSet<NodeRef>,
    /// Every parameter.
    pub(super) parameters: Vec<NodeRef>,
    /// Every example and default.
    pub(super) values: Vec<DeclaredValue>,
}

/// A value that is meant to satisfy a schema.
#[derive(Clone, Debug)]
pub(super) struct DeclaredValue {
    /// What it is, such as "the example `large`".
    pub(super) what: String,
    /// The value.
    pub(super) value: NodeRef,
    /// The schema.
    pub(super) schema: NodeRef,
    /// Which way it travels; a schema's own examples may travel both ways.
    pub(super) direction: Option<MessageDirection>,
    /// How it may be written.
    pub(super) notation: ValueNotation,
}

/// In which notations a value may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueNotation {
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
enum SurveyRole {
    PathItem,
    Operation,
    Parameter,
    Header,
    RequestBody,
    Response,
    Content(MessageDirection),
    Encoding,
    Callback,
    RootSchema,
    Schema,
}

/// Walks over all of a contract.
pub(super) fn survey(contract: &CompiledContract) -> ContractSurvey {
    let mut walk = SurveyWalk {
        documents: &contract.documents,
        dialect: contract.dialect,
        seen: HashSet::new(),
        open: Vec::new(),
        survey: ContractSurvey::default(),
    };
    for direction in [MessageDirection::Request, MessageDirection::Response] {
        let origins = contract.schemas(direction).origins();
        walk.open
            .extend(origins.iter().map(|place| (SurveyRole::RootSchema, *place)));
    }
    walk.run();
    walk.survey.compiled = walk.survey.schemas.iter().copied().collect();
    walk.document(contract.documents.entry_ref());
    walk.run();
    walk.survey
}

struct SurveyWalk<'d> {
    documents: &'d DocumentSet,
    dialect: Dialect,
    seen: HashSet<(SurveyRole, NodeRef)>,
    open: Vec<(SurveyRole, NodeRef)>,
    survey: ContractSurvey,
}

impl<'d> SurveyWalk<'d> {
    fn run(&mut self) {
        while let Some((role, place)) = self.open.pop() {
            self.visit(role, place);
        }
    }

    fn visit(&mut self, role: SurveyRole, place: NodeRef) {
        let node = self.documents.node(place);
        let is_schema = matches!(role, SurveyRole::Schema | SurveyRole::RootSchema);
        if node.get("$ref").is_some() {
            if let Ok(target) = follow(self.documents, place) {
                let role = if is_schema {
                    SurveyRole::RootSchema
                } else {
                    role
                };
                self.open.push((role, target));
            }
            if !is_schema || self.dialect == Dialect::V30 {
                return;
            }
        }
        if role == SurveyRole::RootSchema && self.seen.insert((role, place)) {
            self.survey.roots.push(place);
        }
        let role = if is_schema { SurveyRole::Schema } else { role };
        if node.kind() != JsonKind::Object || !self.seen.insert((role, place)) {
            return;
        }
        match role {
            SurveyRole::PathItem => self.path_item(place, node),
            SurveyRole::Operation => self.operation(place, node),
            SurveyRole::Parameter => {
                self.survey.parameters.push(place);
                self.parameter(place, node, MessageDirection::Request);
            }
            SurveyRole::Header => self.parameter(place, node, MessageDirection::Response),
            SurveyRole::RequestBody => self.content(place, node, MessageDirection::Request),
            SurveyRole::Response => {
                self.each(place, node.get("headers"), SurveyRole::Header);
                self.content(place, node, MessageDirection::Response);
            }
            SurveyRole::Content(direction) => self.media_type(place, node, direction),
            SurveyRole::Encoding => self.each(place, node.get("headers"), SurveyRole::Header),
            SurveyRole::Callback => self.each(place, Some(node), SurveyRole::PathItem),
            SurveyRole::RootSchema | SurveyRole::Schema => self.schema(place, node),
        }
    }

    fn document(&mut self, root: NodeRef) {
        const COMPONENTS: [(&str, SurveyRole); 7] = [
            ("schemas", SurveyRole::RootSchema),
            ("parameters", SurveyRole::Parameter),
            ("headers", SurveyRole::Header),
            ("requestBodies", SurveyRole::RequestBody),
            ("responses", SurveyRole::Response),
            ("callbacks", SurveyRole::Callback),
            ("pathItems", SurveyRole::PathItem),
        ];
        let node = self.documents.node(root);
        self.each(root, node.get("paths"), SurveyRole::PathItem);
        self.each(root, node.get("webhooks"), SurveyRole::PathItem);
        let components = node.get("components");
        for (name, role) in COMPONENTS {
            self.each(
                root,
                components.and_then(|components| components.get(name)),
                role,
            );
        }
    }

    fn path_item(&mut self, place: NodeRef, node: JsonNode<'d>) {
        self.list(place, node.get("parameters"), SurveyRole::Parameter);
        for (name, operation) in node.members() {
            if PathItemMethod::from_field(name).is_some() {
                self.push(place, operation, SurveyRole::Operation);
            }
        }
    }

    fn operation(&mut self, place: NodeRef, node: JsonNode<'d>) {
        self.list(place, node.get("parameters"), SurveyRole::Parameter);
        if let Some(body) = node.get("requestBody") {
            self.push(place, body, SurveyRole::RequestBody);
        }
        self.each(place, node.get("responses"), SurveyRole::Response);
        self.each(place, node.get("callbacks"), SurveyRole::Callback);
    }

    fn parameter(&mut self, place: NodeRef, node: JsonNode<'d>, direction: MessageDirection) {
        if let Some(schema) = node.get("schema") {
            self.push(place, schema, SurveyRole::RootSchema);
            self.samples(place, schema, Some(direction), ValueNotation::Text);
        }
        self.content(place, node, direction);
    }

    fn content(&mut self, place: NodeRef, node: JsonNode<'d>, direction: MessageDirection) {
        for (_, media) in node
            .get("content")
            .into_iter()
            .flat_map(|content| content.members())
        {
            self.push(place, media, SurveyRole::Content(direction));
        }
    }

    fn media_type(&mut self, place: NodeRef, node: JsonNode<'d>, direction: MessageDirection) {
        self.each(place, node.get("encoding"), SurveyRole::Encoding);
        let Some(schema) = node.get("schema") else {
            return;
        };
        self.push(place, schema, SurveyRole::RootSchema);
        // The examples of other media types show text, not the value that the schema describes.
        if node
            .key()
            .and_then(MediaRange::parse)
            .is_some_and(|range| range.is_json())
        {
            self.samples(place, schema, Some(direction), ValueNotation::Json);
        }
    }

    fn schema(&mut self, place: NodeRef, node: JsonNode<'d>) {
        self.survey.schemas.push(place);
        for (keyword, value) in node.members() {
            match shape_of(keyword, self.dialect) {
                Some(SubschemaShape::One) => self.push(place, value, SurveyRole::Schema),
                Some(SubschemaShape::List) => self.list(place, Some(value), SurveyRole::Schema),
                Some(SubschemaShape::Map) => {
                    value
                        .members()
                        .for_each(|(_, schema)| self.push(place, schema, SurveyRole::Schema));
                }
                None => {}
            }
        }
        self.samples(place, node, None, ValueNotation::Plain);
    }

    /// The values that the object at `node_ref` gives for a schema, in `example` and `examples`
    /// (of a schema: `default` too, and `examples` is a list).
    fn samples(
        &mut self,
        place: NodeRef,
        schema: JsonNode<'d>,
        direction: Option<MessageDirection>,
        notation: ValueNotation,
    ) {
        let node = self.documents.node(place);
        let schema = DocumentSet::node_ref(place, schema);
        let surface = SchemaSurface {
            documents: self.documents,
            dialect: self.dialect,
        };
        let is_delimited = notation == ValueNotation::Text
            && !surface.types(schema).has(TypeSet::STRING)
            && surface.types(schema).has(TypeSet::ARRAY | TypeSet::OBJECT);
        let documents = self.documents;
        let mut add = |what: String, value: NodeRef| {
            // The delimiters of a list's text are for its style, which is not read here.
            if !(is_delimited && documents.node(value).as_str().is_some()) {
                self.survey.values.push(DeclaredValue {
                    what,
                    value,
                    schema,
                    direction,
                    notation,
                });
            }
        };
        if let Some(value) = node.get("example") {
            add(
                "the example".to_owned(),
                DocumentSet::node_ref(place, value),
            );
        }
        // A default of null says that there is none.
        let of_schema = notation == ValueNotation::Plain;
        if let Some(value) = node
            .get("default")
            .filter(|value| of_schema && !value.is_null())
        {
            add(DEFAULT.to_owned(), DocumentSet::node_ref(place, value));
        }
        let Some(examples) = node.get("examples") else {
            return;
        };
        for (index, value) in examples.elements().enumerate() {
            if of_schema && self.dialect == Dialect::V31 {
                add(
                    format!("example {}", index + 1),
                    DocumentSet::node_ref(place, value),
                );
            }
        }
        for (name, example) in examples.members().filter(|_| !of_schema) {
            if let Ok(target) = follow(self.documents, DocumentSet::node_ref(place, example))
                && let Some(value) = DocumentSet::member(self.documents, target, "value")
            {
                add(format!("the example `{name}`"), value);
            }
        }
    }

    /// Looks at every member that is no extension.
    fn each(&mut self, near: NodeRef, map: Option<JsonNode<'d>>, role: SurveyRole) {
        for (name, node) in map.into_iter().flat_map(|map| map.members()) {
            if role == SurveyRole::RootSchema || !name.starts_with("x-") {
                self.push(near, node, role);
            }
        }
    }

    fn list(&mut self, near: NodeRef, list: Option<JsonNode<'d>>, role: SurveyRole) {
        for node in list.into_iter().flat_map(|list| list.elements()) {
            self.push(near, node, role);
        }
    }

    fn push(&mut self, near: NodeRef, node: JsonNode<'d>, role: SurveyRole) {
        self.open.push((role, DocumentSet::node_ref(near, node)));
    }
}

/// Where the value of a keyword holds schemas.
enum SubschemaShape {
    One,
    List,
    Map,
}

fn shape_of(keyword: &str, dialect: Dialect) -> Option<SubschemaShape> {
    match keyword {
        "items" | "not" | "additionalProperties" => Some(SubschemaShape::One),
        "allOf" | "anyOf" | "oneOf" => Some(SubschemaShape::List),
        "properties" => Some(SubschemaShape::Map),
        _ if dialect == Dialect::V30 => None,
        "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Some(SubschemaShape::One),
        "prefixItems" => Some(SubschemaShape::List),
        "patternProperties" | "dependentSchemas" | "$defs" => Some(SubschemaShape::Map),
        _ => None,
    }
}
