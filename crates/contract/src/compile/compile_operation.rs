//! Compiles operations, with what they inherit from their path item and document.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use portcullis_json::{JsonKind, JsonNode};
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::limits::DURATION_MAX;

use super::compile_paths::InheritedFields;
use super::contract_compiler::ContractCompiler;
use crate::message::operation::{Operation, OperationEnforcement, OperationTimeouts, UnreadParts};
use crate::message::parameter::Parameter;
use crate::message::route::PathTemplate;
use crate::message::security_requirements::SecurityRequirements;
use crate::message::violation::MessagePart;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::document::{DocumentSet, NodeRef};

const UPSTREAM_TIMEOUT: &str = "upstream_timeout";
const BODY_IDLE_TIMEOUT: &str = "body_idle_timeout";

/// The shortest time that an operation may set.
const TIMEOUT_MIN: Duration = Duration::from_millis(1);

impl<'d> ContractCompiler<'d> {
    pub(super) fn operation(
        &mut self,
        template: &PathTemplate,
        method: &Method,
        node_ref: NodeRef,
        inherited: &InheritedFields<'d>,
    ) -> Option<u32> {
        if !self.is_object(node_ref, "an operation") {
            return None;
        }
        let node = self.documents.node(node_ref);
        let effective = self.inherit(node_ref, node, inherited);
        let mut unread = UnreadParts::default();
        let mut parameters = self.parameters(node_ref, node, template, &mut unread.parameters);
        unread.parameters.extend(&inherited.unread_parameters);
        for above in &inherited.parameters {
            if !parameters.iter().any(|parameter| parameter.is_same(above)) {
                parameters.push(above.clone());
            }
        }
        self.warn_undeclared_expressions(template, node_ref, &parameters);
        let query_content = self.query_content(&parameters);
        let id = u32::try_from(self.operations.len()).ok()?;
        let security = self.security(node_ref, node);
        let has_unread = |parameter: &Parameter| parameter.unread.is_some();
        unread.has_names = !unread.parameters.is_empty()
            || security.has_unreadable()
            || parameters.iter().any(has_unread);
        let operation = Operation {
            name: self.name(node, method, template, node_ref),
            path: template.key().into(),
            provider: effective.provider,
            tier: effective.tier,
            enforcement: self.enforcement(node_ref, node),
            timeouts: self.timeouts(node_ref, node),
            lifecycle: self.lifecycle(node_ref, node),
            promised: self.operation_level(node_ref, node),
            takes_any_query: query_content.is_some()
                || parameters.iter().any(Parameter::takes_any_query),
            query_content,
            parameters,
            security,
            body: self.body(node_ref, node, method, &mut unread),
            responses: self.responses(node_ref, node, &mut unread),
            unread,
            method: method.clone(),
            path_item: effective.path_item.unwrap_or(node_ref),
            node_ref,
        };
        self.operations.push(operation);
        Some(id)
    }

    fn name(
        &mut self,
        node: JsonNode<'d>,
        method: &Method,
        template: &PathTemplate,
        node_ref: NodeRef,
    ) -> Arc<str> {
        let declared = node.get("operationId").and_then(|id| id.as_str());
        let name: Arc<str> = match declared {
            Some(id) => id.into(),
            None => format!("{method} {}", template.key()).into(),
        };
        let first = self.names.get(&name).copied();
        self.names.insert(Arc::clone(&name), node_ref);
        if let Some(first) = first {
            let line = self.documents.line(first);
            if self.documents.reading().is_tolerant() {
                let message =
                    format!("the operation on line {line} has the same operationId `{name}`");
                let kind = ContractProblemKind::MalformedDocument;
                self.flaw(
                    ContractRepair::RepeatedOperationId,
                    kind,
                    node_ref,
                    &message,
                );
                return self.distinct_name(method, template, node_ref);
            }
            let message = format!(
                "the operation on line {line} has the same operationId `{name}`; metrics and error responses cannot distinguish the two"
            );
            self.warn(ContractProblemKind::MalformedDocument, node_ref, &message);
        }
        name
    }

    /// A name that no other operation has so far: the method and the path, with a number if it is
    /// needed.
    fn distinct_name(
        &mut self,
        method: &Method,
        template: &PathTemplate,
        node_ref: NodeRef,
    ) -> Arc<str> {
        let plain = format!("{method} {}", template.key());
        let mut name: Arc<str> = plain.as_str().into();
        let mut number = 1;
        while self.names.contains_key(&name) {
            number += 1;
            name = format!("{plain} ({number})").into();
        }
        self.names.insert(Arc::clone(&name), node_ref);
        name
    }

    /// The security requirements of the operation, or else those of the document.
    fn security(&mut self, node_ref: NodeRef, node: JsonNode<'d>) -> SecurityRequirements {
        let own = node.get("security");
        let entry = self.documents.entry_ref();
        let declared = match own {
            Some(list) => Some(DocumentSet::node_ref(node_ref, list)),
            None => self.documents.member(entry, "security"),
        };
        let Some(declared) = declared else {
            return SecurityRequirements::default();
        };
        if !self.is_a(JsonKind::Array, declared, "`security`") {
            return SecurityRequirements::default();
        }
        let mut faults = Vec::new();
        let schemes = &self.schemes;
        let security = schemes.requirements(self.documents, declared, &mut faults);
        let is_readable = faults.is_empty();
        for (at, message) in faults {
            let kind = ContractProblemKind::MalformedDocument;
            self.unreadable(ContractRepair::UndeclaredScheme, kind, at, &message);
        }
        if is_readable || !self.tolerates() {
            security
        } else {
            SecurityRequirements::default()
        }
    }

    /// Reads `x-portcullis`, such as `{ request: report, response: off, idempotent: true }`.
    fn enforcement(&mut self, near: NodeRef, node: JsonNode<'d>) -> OperationEnforcement {
        let mut own = OperationEnforcement::default();
        for (name, value) in self.members(near, node, "x-portcullis") {
            let at = DocumentSet::node_ref(near, value);
            if name == "idempotent" {
                own.idempotent = value.as_bool();
                if own.idempotent.is_none() {
                    let message = "`x-portcullis.idempotent` must be true or false";
                    self.error(ContractProblemKind::MalformedDocument, at, message);
                }
                continue;
            }
            let side = match name {
                "unreadable" => {
                    own.unreadable = self.unreadable_enforcement(at, value);
                    continue;
                }
                "request" => &mut own.request,
                "response" => &mut own.response,
                UPSTREAM_TIMEOUT | BODY_IDLE_TIMEOUT => continue,
                other => {
                    let message = format!("`x-portcullis.{other}` is unknown and has no effect");
                    self.warn(ContractProblemKind::NotJudged, at, &message);
                    continue;
                }
            };
            let mut names = Enforcement::NAMES.iter();
            match names.find(|(known, _)| value.as_str() == Some(known)) {
                Some((_, found)) => *side = Some(*found),
                None => {
                    let message = format!("`x-portcullis.{name}` must be reject, report or off");
                    self.error(ContractProblemKind::MalformedDocument, at, &message);
                }
            }
        }
        own
    }

    /// Reads `x-portcullis.unreadable`. What is not judged is never silent, so it cannot be off.
    fn unreadable_enforcement(&mut self, at: NodeRef, value: JsonNode<'d>) -> Option<Enforcement> {
        let found = Enforcement::REPORTING_NAMES
            .iter()
            .find(|(known, _)| value.as_str() == Some(known));
        if found.is_none() {
            let message = "`x-portcullis.unreadable` must be reject or report";
            self.error(ContractProblemKind::MalformedDocument, at, message);
        }
        found.map(|(_, enforcement)| *enforcement)
    }

    /// Reads the times in `x-portcullis`, such as `{ body_idle_timeout: 10m }`.
    fn timeouts(&mut self, near: NodeRef, node: JsonNode<'d>) -> OperationTimeouts {
        let extension = node.get("x-portcullis");
        let mut read = |name: &str| {
            let value = extension?.get(name)?;
            let text = value.as_str();
            let time = text.and_then(|text| humantime::parse_duration(text).ok());
            let time = time.filter(|time| (TIMEOUT_MIN..=DURATION_MAX).contains(time));
            if time.is_none() {
                let message = format!(
                    "`x-portcullis.{name}` must be a duration from 1ms to 1day, such as 10m"
                );
                let at = DocumentSet::node_ref(near, value);
                self.error(ContractProblemKind::MalformedDocument, at, &message);
            }
            time
        };
        OperationTimeouts {
            upstream: read(UPSTREAM_TIMEOUT),
            body_idle: read(BODY_IDLE_TIMEOUT),
        }
    }

    /// Warns about expressions of the path template without a path parameter.
    fn warn_undeclared_expressions(
        &mut self,
        template: &PathTemplate,
        node_ref: NodeRef,
        known: &[Parameter],
    ) {
        for name in template.names() {
            if !known
                .iter()
                .any(|known| known.part == MessagePart::Path && known.name == name)
            {
                let message = format!(
                    "`{{{name}}}` in `{}` has no parameter and accepts any text",
                    template.key()
                );
                self.warn(ContractProblemKind::MalformedPath, node_ref, &message);
            }
        }
    }
}
