//! Collects what the documents of a contract declare, in one walk.
//!
//! The survey has every schema and every parameter once, and every example and default with its
//! schema and direction. The walk follows references and skips those that do not resolve, which
//! compiling reports.

use std::collections::HashSet;

use portcullis_json::{JsonKind, JsonNode};

use super::declared_value::{DEFAULT, DeclaredValue, ValueNotation};
use crate::message::compiled_contract::CompiledContract;
use crate::message::media_range::MediaRange;
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::path_item::{field_operations, path_item_objects};
use crate::openapi::reference::follow;
use crate::schema::schema_surface::{SchemaSurface, TypeSet};

/// What a contract declares.
#[derive(Debug, Default)]
pub(super) struct ContractSurvey {
    /// Every schema, including nested ones, in walk order.
    pub(super) schemas: Vec<NodeRef>,
    /// The schemas that are not nested inside another one.
    pub(super) roots: Vec<NodeRef>,
    /// The schemas that the validators of the contract were built from.
    pub(super) compiled: HashSet<NodeRef>,
    /// Every parameter.
    pub(super) parameters: Vec<NodeRef>,
    /// Every example and default.
    pub(super) values: Vec<DeclaredValue>,
}

/// The kind of object that the walk visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum SurveyRole {
    PathItem,
    Operation,
    Parameter,
    Header,
    RequestBody,
    Response,
    /// A Media Type Object, and whether its media type is JSON.
    Content(MessageDirection, bool),
    Encoding,
    Callback,
    RootSchema,
    Schema,
}

/// Surveys a whole contract.
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
        walk.open.extend(
            origins
                .iter()
                .map(|node_ref| (SurveyRole::RootSchema, *node_ref)),
        );
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
        while let Some((role, node_ref)) = self.open.pop() {
            self.visit(role, node_ref);
        }
    }

    fn visit(&mut self, role: SurveyRole, node_ref: NodeRef) {
        let node = self.documents.node(node_ref);
        let is_schema = matches!(role, SurveyRole::Schema | SurveyRole::RootSchema);
        if node.get("$ref").is_some() {
            // The fields next to the reference of a path item apply, too.
            let target = if role == SurveyRole::PathItem {
                path_item_objects(self.documents, node_ref).get(1).copied()
            } else {
                follow(self.documents, node_ref).ok()
            };
            if let Some(target) = target {
                let role = if is_schema {
                    SurveyRole::RootSchema
                } else {
                    role
                };
                self.open.push((role, target));
            }
            let has_siblings = if is_schema {
                self.dialect != Dialect::V30
            } else {
                role == SurveyRole::PathItem
            };
            if !has_siblings {
                return;
            }
        }
        if role == SurveyRole::RootSchema && self.seen.insert((role, node_ref)) {
            self.survey.roots.push(node_ref);
        }
        let role = if is_schema { SurveyRole::Schema } else { role };
        if node.kind() != JsonKind::Object || !self.seen.insert((role, node_ref)) {
            return;
        }
        match role {
            SurveyRole::PathItem => self.path_item(node_ref, node),
            SurveyRole::Operation => self.operation(node_ref, node),
            SurveyRole::Parameter => {
                self.survey.parameters.push(node_ref);
                self.parameter(node_ref, node, MessageDirection::Request);
            }
            SurveyRole::Header => self.parameter(node_ref, node, MessageDirection::Response),
            SurveyRole::RequestBody => self.content(node_ref, node, MessageDirection::Request),
            SurveyRole::Response => {
                self.each(node_ref, node.get("headers"), SurveyRole::Header);
                self.content(node_ref, node, MessageDirection::Response);
            }
            SurveyRole::Content(direction, is_json) => {
                self.media_type(node_ref, node, direction, is_json);
            }
            SurveyRole::Encoding => {
                self.each(node_ref, node.get("headers"), SurveyRole::Header);
                self.encodings_by_position(node_ref, node);
            }
            SurveyRole::Callback => self.each(node_ref, Some(node), SurveyRole::PathItem),
            SurveyRole::RootSchema | SurveyRole::Schema => self.schema(node_ref, node),
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
        if self.documents.is_swagger() {
            self.each(root, node.get("definitions"), SurveyRole::RootSchema);
        }
        let components = node.get("components");
        for (name, role) in COMPONENTS {
            self.each(
                root,
                components.and_then(|components| components.get(name)),
                role,
            );
        }
    }

    fn path_item(&mut self, node_ref: NodeRef, node: JsonNode<'d>) {
        self.list(node_ref, node.get("parameters"), SurveyRole::Parameter);
        for (name, value) in node.members() {
            let value = DocumentSet::node_ref(node_ref, value);
            for (_, at) in field_operations(self.documents, self.dialect, name, value) {
                self.open.push((SurveyRole::Operation, at));
            }
        }
    }

    fn operation(&mut self, node_ref: NodeRef, node: JsonNode<'d>) {
        self.list(node_ref, node.get("parameters"), SurveyRole::Parameter);
        if let Some(body) = node.get("requestBody") {
            self.push(node_ref, body, SurveyRole::RequestBody);
        }
        self.each(node_ref, node.get("responses"), SurveyRole::Response);
        self.each(node_ref, node.get("callbacks"), SurveyRole::Callback);
    }

    fn parameter(&mut self, node_ref: NodeRef, node: JsonNode<'d>, direction: MessageDirection) {
        if let Some(schema) = node.get("schema") {
            self.push(node_ref, schema, SurveyRole::RootSchema);
            self.samples(node_ref, schema, Some(direction), ValueNotation::Text);
        }
        self.content(node_ref, node, direction);
    }

    fn content(&mut self, node_ref: NodeRef, node: JsonNode<'d>, direction: MessageDirection) {
        for (key, media) in node
            .get("content")
            .into_iter()
            .flat_map(|content| content.members())
        {
            let is_json = MediaRange::parse(key).is_some_and(|range| range.is_json());
            self.push(node_ref, media, SurveyRole::Content(direction, is_json));
        }
    }

    fn media_type(
        &mut self,
        node_ref: NodeRef,
        node: JsonNode<'d>,
        direction: MessageDirection,
        is_json: bool,
    ) {
        self.each(node_ref, node.get("encoding"), SurveyRole::Encoding);
        self.encodings_by_position(node_ref, node);
        let item = node.get("itemSchema");
        if let Some(item) = item.filter(|_| self.dialect == Dialect::V32) {
            self.push(node_ref, item, SurveyRole::RootSchema);
        }
        let Some(schema) = node.get("schema") else {
            return;
        };
        self.push(node_ref, schema, SurveyRole::RootSchema);
        // Examples of other media types are text, not the value that the schema describes.
        if is_json {
            self.samples(node_ref, schema, Some(direction), ValueNotation::Json);
        }
    }

    /// The Encoding Objects that only OpenAPI 3.2 has.
    fn encodings_by_position(&mut self, node_ref: NodeRef, node: JsonNode<'d>) {
        if self.dialect != Dialect::V32 {
            return;
        }
        self.list(node_ref, node.get("prefixEncoding"), SurveyRole::Encoding);
        if let Some(item) = node.get("itemEncoding") {
            self.push(node_ref, item, SurveyRole::Encoding);
        }
    }

    fn schema(&mut self, node_ref: NodeRef, node: JsonNode<'d>) {
        self.survey.schemas.push(node_ref);
        for (keyword, value) in node.members() {
            match shape_of(keyword, self.dialect) {
                Some(SubschemaShape::One) => self.push(node_ref, value, SurveyRole::Schema),
                Some(SubschemaShape::List) => self.list(node_ref, Some(value), SurveyRole::Schema),
                Some(SubschemaShape::Map) => {
                    value
                        .members()
                        .for_each(|(_, schema)| self.push(node_ref, schema, SurveyRole::Schema));
                }
                None => {}
            }
        }
        self.samples(node_ref, node, None, ValueNotation::Plain);
    }

    /// Collects the values of `example` and `examples` of the object at `node_ref`. For a schema,
    /// also `default`, and `examples` is an array.
    fn samples(
        &mut self,
        node_ref: NodeRef,
        schema: JsonNode<'d>,
        direction: Option<MessageDirection>,
        notation: ValueNotation,
    ) {
        let node = self.documents.node(node_ref);
        let schema = DocumentSet::node_ref(node_ref, schema);
        let surface = SchemaSurface {
            documents: self.documents,
            dialect: self.dialect,
        };
        let is_delimited = notation == ValueNotation::Text
            && !surface.types(schema).has(TypeSet::STRING)
            && surface.types(schema).has(TypeSet::ARRAY | TypeSet::OBJECT);
        let documents = self.documents;
        let mut add = |what: String, value: NodeRef| {
            // A delimited text depends on the style of the parameter, which is not parsed here.
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
                DocumentSet::node_ref(node_ref, value),
            );
        }
        // A default of null means no default.
        let is_schema = notation == ValueNotation::Plain;
        if let Some(value) = node
            .get("default")
            .filter(|value| is_schema && !value.is_null())
        {
            add(DEFAULT.to_owned(), DocumentSet::node_ref(node_ref, value));
        }
        let Some(examples) = node.get("examples") else {
            return;
        };
        for (index, value) in examples.elements().enumerate() {
            if is_schema && self.dialect != Dialect::V30 {
                add(
                    format!("example {}", index + 1),
                    DocumentSet::node_ref(node_ref, value),
                );
            }
        }
        for (name, example) in examples.members().filter(|_| !is_schema) {
            if let Ok(target) = follow(self.documents, DocumentSet::node_ref(node_ref, example))
                && let Some(value) = example_value(self.documents, target)
            {
                add(format!("the example `{name}`"), value);
            }
        }
    }

    /// Visits every property that is not an extension.
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

/// The value of an Example Object: `dataValue`, which OpenAPI 3.2 adds, or `value`.
fn example_value(documents: &DocumentSet, example: NodeRef) -> Option<NodeRef> {
    let data = documents.member(example, "dataValue");
    data.or_else(|| documents.member(example, "value"))
}

/// How the value of a keyword contains schemas.
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
