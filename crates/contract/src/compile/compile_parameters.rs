//! Compiles the parameters of path items and operations. A shared parameter is compiled once.

use std::sync::Arc;

use portcullis_json::JsonNode;

use super::compile_content::ContentCarrier;
use super::contract_compiler::ContractCompiler;
use crate::message::operation::MediaType;
use crate::message::parameter::{Parameter, ParameterStyle, content_media, parameter};
use crate::message::route::PathTemplate;
use crate::message::violation::MessagePart;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::schema_set::SchemaKey;

impl<'d> ContractCompiler<'d> {
    pub(super) fn parameters(
        &mut self,
        near: NodeRef,
        owner: JsonNode<'d>,
        template: &PathTemplate,
        unread: &mut Vec<NodeRef>,
    ) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for element in self.elements(near, owner, "parameters") {
            let declared = DocumentSet::node_ref(near, element);
            if self.is_left_empty(declared, "a parameter") {
                continue;
            }
            let node_ref = match self.object_or_unread(declared, "a parameter") {
                Ok(target) => target,
                Err(at) => {
                    unread.extend(at);
                    continue;
                }
            };
            let Some(mut parameter) = self.parameter(node_ref) else {
                continue;
            };
            if parameter.is_ignored() {
                continue;
            }
            if parameter.part == MessagePart::Path {
                let Some(slot) = template.slot(&parameter.name) else {
                    let message = format!(
                        "the path parameter `{}` does not occur in `{}` and is not validated",
                        parameter.name,
                        template.key()
                    );
                    let kind = ContractProblemKind::MalformedParameter;
                    self.warn_ineffective(kind, node_ref, &message);
                    continue;
                };
                parameter.capture_index = slot;
            }
            if parameters.iter().any(|known| parameter.is_same(known)) {
                let message = format!(
                    "the {} parameter `{}` is declared twice here: remove one",
                    parameter.part, parameter.name
                );
                self.error(ContractProblemKind::MalformedParameter, node_ref, &message);
                continue;
            }
            parameters.push(parameter);
        }
        parameters
    }

    fn parameter(&mut self, node_ref: NodeRef) -> Option<Parameter> {
        if let Some(known) = self.parameters.get(&node_ref) {
            return known.clone();
        }
        self.check_fields(node_ref);
        let requests = &mut self.requests;
        let compiled = parameter(self.surface, node_ref, &mut |schema| requests.key(schema));
        let found = match compiled {
            Ok(mut parameter) => {
                if parameter.is_whole_query() {
                    parameter.schema = self.compile_query_content(&parameter);
                }
                self.warn_permissive(&parameter);
                Some(self.judged(parameter))
            }
            Err(error) => {
                self.error(
                    ContractProblemKind::MalformedParameter,
                    error.at,
                    &error.to_string(),
                );
                None
            }
        };
        self.parameters.insert(node_ref, found.clone());
        found
    }

    /// Reports fields of a parameter or header that do not count.
    pub(super) fn check_fields(&mut self, owner: NodeRef) {
        let node = self.documents.node(owner);
        for field in ["required", "style", "content"] {
            let value = node.get(field).filter(|value| value.is_null());
            if let Some(value) = value {
                let at = DocumentSet::node_ref(owner, value);
                let repair = ContractRepair::EmptyValue;
                let message = format!("`{field}` must not be null: remove it, or write a value");
                self.flaw(
                    repair,
                    ContractProblemKind::MalformedParameter,
                    at,
                    &message,
                );
            }
        }
        let is_given = |field: &str| node.get(field).filter(|value| !value.is_null());
        if let (Some(schema), Some(_)) = (is_given("schema"), is_given("content")) {
            let at = DocumentSet::node_ref(owner, schema);
            let message = "`schema` has no effect next to `content`: keep one of them";
            self.warn_ineffective(ContractProblemKind::MalformedParameter, at, message);
        }
        self.check_content_media(owner);
    }

    /// Reports a media type in the `content` of a parameter or header that leads nowhere.
    fn check_content_media(&mut self, owner: NodeRef) {
        let is_whole_query = {
            let place = self.documents.node(owner).get("in");
            place.and_then(|place| place.as_str()) == Some("querystring")
        };
        // The content of a whole query is compiled like that of a body.
        if let Some(media) = content_media(self.surface, owner).filter(|_| !is_whole_query) {
            self.target(media);
        }
    }

    /// A parameter as messages are judged by it. In a comparison its unknown schema accepts
    /// everything.
    pub(super) fn judged(&self, mut parameter: Parameter) -> Parameter {
        parameter.unread = parameter.unread.filter(|_| !self.tolerates());
        parameter
    }

    /// Compiles the media type of a parameter that is the whole query. Returns the key of its schema.
    fn compile_query_content(&mut self, parameter: &Parameter) -> Option<SchemaKey> {
        let at = parameter.node_ref;
        let node = self.documents.node(at);
        let mut content = self.content(at, node, ContentCarrier::Query);
        let media = content.pop()?;
        let schema = media.schema.clone();
        if schema.is_none() && media.unread.is_none() {
            let message = format!(
                "the values of `{}` are not validated: write a schema that can describe text, or use application/x-www-form-urlencoded or JSON",
                parameter.name
            );
            self.warn(ContractProblemKind::NotJudged, at, &message);
        }
        self.query_contents.insert(at, Arc::new(media));
        schema
    }

    /// The media type of the whole query, if one of these parameters describes it. Nothing else may
    /// describe the query then (OpenAPI 3.2.0, Parameter Locations).
    pub(super) fn query_content(&mut self, parameters: &[Parameter]) -> Option<Arc<MediaType>> {
        let mut in_query = parameters
            .iter()
            .filter(|parameter| parameter.part == MessagePart::Query);
        let whole = in_query
            .clone()
            .find(|parameter| parameter.is_whole_query())?;
        let other = in_query.find(|other| other.node_ref != whole.node_ref);
        if let Some(other) = other {
            let message = format!(
                "`{}` is the whole query (`in: querystring`), so the {} parameter `{}` cannot be declared for the same operation: remove one",
                whole.name,
                other.location(),
                other.name
            );
            self.error(
                ContractProblemKind::MalformedParameter,
                other.node_ref,
                &message,
            );
        }
        self.query_contents.get(&whole.node_ref).cloned()
    }

    /// Warns about a parameter that accepts more than its author may expect.
    fn warn_permissive(&mut self, parameter: &Parameter) {
        if parameter.style == ParameterStyle::OtherContent {
            let message = format!(
                "the values of `{}` are not validated: JSON is the only supported media type of parameters",
                parameter.name
            );
            self.warn(ContractProblemKind::NotJudged, parameter.node_ref, &message);
        }
        let node = self.documents.node(parameter.node_ref);
        if node.get("schema").or(node.get("content")).is_none() {
            let message = format!(
                "`{}` has no `schema` and accepts any text: write `schema: {{type: string}}` if that is intended",
                parameter.name
            );
            self.skip(
                ContractProblemKind::MalformedParameter,
                parameter.node_ref,
                &message,
            );
        }
    }
}
