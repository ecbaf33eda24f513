//! The parameters of a path item or an operation. One that many refer to is compiled once.

use portcullis_json::JsonNode;

use super::contract_compiler::ContractCompiler;
use crate::message::parameter::{Parameter, ParameterStyle, parameter};
use crate::message::route::PathTemplate;
use crate::message::violation::MessagePart;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::{DocumentSet, NodeRef};

impl<'d> ContractCompiler<'d> {
    pub(super) fn parameters(
        &mut self,
        near: NodeRef,
        owner: JsonNode<'d>,
        template: &PathTemplate,
    ) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for element in self.elements(near, owner, "parameters") {
            let Some(place) = self.object(DocumentSet::node_ref(near, element), "a parameter")
            else {
                continue;
            };
            let Some(mut parameter) = self.parameter(place) else {
                continue;
            };
            if parameter.is_ignored() {
                continue;
            }
            if parameter.part == MessagePart::Path {
                let Some(slot) = template.slot(&parameter.name) else {
                    let message = format!(
                        "the path parameter `{}` does not stand in `{}` and is not judged",
                        parameter.name,
                        template.key()
                    );
                    self.warn(ContractProblemKind::MalformedParameter, place, &message);
                    continue;
                };
                parameter.capture_index = slot;
            }
            if parameters.iter().any(|known| parameter.is_same(known)) {
                let message = format!(
                    "the {} parameter `{}` is declared twice here: remove one",
                    parameter.part, parameter.name
                );
                self.error(ContractProblemKind::MalformedParameter, place, &message);
                continue;
            }
            parameters.push(parameter);
        }
        parameters
    }

    fn parameter(&mut self, place: NodeRef) -> Option<Parameter> {
        if let Some(known) = self.parameters.get(&place) {
            return known.clone();
        }
        let requests = &mut self.requests;
        let compiled = parameter(self.surface, place, &mut |schema| requests.key(schema));
        let found = match compiled {
            Ok(parameter) => {
                self.judgeable(&parameter);
                Some(parameter)
            }
            Err(error) => {
                self.error(
                    ContractProblemKind::MalformedParameter,
                    place,
                    &error.to_string(),
                );
                None
            }
        };
        self.parameters.insert(place, found.clone());
        found
    }

    /// Warns where a parameter takes more than its author may think.
    fn judgeable(&mut self, parameter: &Parameter) {
        if parameter.style == ParameterStyle::OtherContent {
            let message = format!(
                "the values of `{}` are not judged: only JSON is among the media types of parameters",
                parameter.name
            );
            self.warn(ContractProblemKind::NotJudged, parameter.node_ref, &message);
        }
        let node = self.documents.node(parameter.node_ref);
        if node.get("schema").or(node.get("content")).is_none() {
            let message = format!(
                "`{}` has no `schema` and takes any text: write `schema: {{type: string}}` if it may",
                parameter.name
            );
            self.warn(
                ContractProblemKind::MalformedParameter,
                parameter.node_ref,
                &message,
            );
        }
    }
}
