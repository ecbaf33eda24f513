//! Compiles around broken parts: what is left out, and which operations that concerns.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use portcullis_json::JsonNode;

use super::contract_compiler::ContractCompiler;
use crate::message::left_out_operation::LeftOutOperation;
use crate::message::route::RouteTable;
use crate::openapi::broken_part::BrokenPart;
use crate::openapi::contract_problem::{ContractProblemKind, Severity};
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::path_item::{field_operations, path_item_objects};

impl<'d> ContractCompiler<'d> {
    /// Reports every key that an object repeats.
    pub(super) fn repeated_keys(&mut self) {
        let documents = self.documents;
        for (overridden, effective) in documents.repeated_keys() {
            let node = documents.node(effective);
            let line = documents.node(overridden).key_line();
            let name = node.key().unwrap_or_default();
            let message = format!("duplicate key {name:?}, first used on line {line}");
            let kind = ContractProblemKind::MalformedDocument;
            if self.documents.reading().is_tolerant() || !self.tolerates() {
                self.flaw(ContractRepair::RepeatedKey, kind, effective, &message);
                continue;
            }
            let problem = self.located(Severity::Error, kind, effective, &message);
            let part = BrokenPart {
                is_ambiguous: true,
                ..self.options.broken_parts.part(problem, effective)
            };
            let reason = part.reason.clone();
            self.broken.schemas.reasons.insert(effective, reason);
            self.broken.add(part);
        }
    }

    /// Reports what is wrong with overlays. A contract without its overlays is another one.
    pub(super) fn overlay_faults(&mut self) {
        for fault in self.documents.overlay_faults() {
            let kind = ContractProblemKind::OverlayAction;
            if fault.is_error {
                self.refuse_as(kind, fault.node_ref, &fault.message);
            } else {
                self.warn(kind, fault.node_ref, &fault.message);
            }
        }
    }

    /// Reports what a Swagger contract says that OpenAPI 3.0 cannot express.
    pub(super) fn translation_problems(&mut self) {
        for (node_ref, message) in self.documents.translation_problems() {
            self.error(ContractProblemKind::MalformedDocument, *node_ref, message);
        }
    }

    /// Notes the operations of a path item that cannot be compiled.
    pub(super) fn leave_out_path_item(&mut self, path: &str, node_ref: NodeRef) {
        let objects = path_item_objects(self.documents, node_ref);
        let (documents, dialect) = (self.documents, self.surface.dialect);
        let mut methods: Vec<Option<&str>> = Vec::new();
        for object in objects {
            for (name, value) in documents.node(object).members() {
                let value = DocumentSet::node_ref(object, value);
                let operations = field_operations(documents, dialect, name, value);
                methods.extend(operations.into_iter().map(|(method, _)| Some(method)));
            }
        }
        if methods.is_empty() {
            methods.push(None);
        }
        for method in methods {
            self.leave_out(method, path, node_ref);
        }
    }

    /// Notes an operation that cannot be compiled. The part that was reported last says why.
    pub(super) fn leave_out(&mut self, method: Option<&str>, path: &str, node_ref: NodeRef) {
        let reason = self.broken.last_reason.clone();
        if let Some(reason) = reason.filter(|_| self.tolerates()) {
            self.broken.operations.push(LeftOutOperation {
                method: method.map(str::to_owned),
                path: path.to_owned(),
                reason,
                node_ref,
            });
        }
    }

    /// Notes the operations of the path items whose key is repeated later.
    pub(super) fn leave_out_overridden(&mut self, entry: NodeRef, paths: Option<JsonNode<'d>>) {
        let repeated: HashMap<NodeRef, NodeRef> = self.documents.repeated_keys().collect();
        for (key, item) in paths.into_iter().flat_map(JsonNode::members) {
            let node_ref = DocumentSet::node_ref(entry, item);
            let Some(&effective) = repeated.get(&node_ref) else {
                continue;
            };
            let parts = &self.broken.parts;
            let part = parts.iter().find(|part| part.node_ref == effective);
            self.broken.last_reason = part.map(|part| Arc::clone(&part.reason));
            self.leave_out_path_item(key, node_ref);
        }
    }

    /// Warns about two operations with one method and path, once for each pair of templates.
    fn warn_same_path(&mut self, first: u32, second: u32, reported: &mut HashSet<[NodeRef; 2]>) {
        let operation = |id: u32| &self.operations[id as usize];
        let (first, second) = (operation(first), operation(second));
        if reported.insert([first.path_item, second.path_item]) {
            let (path, at) = (&first.path, second.path_item);
            let message = format!(
                "`{path}` and `{}` are the same path and declare the same method",
                second.path
            );
            let kind = ContractProblemKind::AmbiguousPath;
            self.flaw(ContractRepair::SamePath, kind, at, &message);
        }
    }

    /// Removes each operation that has the method and the paths of an earlier one. Which of them a
    /// request means is not known.
    pub(super) fn leave_out_duplicates(&mut self, routes: &RouteTable) -> RouteTable {
        let mut removed: HashSet<u32> = HashSet::new();
        let mut reported = HashSet::new();
        for (first, second) in routes.duplicates() {
            if !removed.insert(second) {
                continue;
            }
            if self.documents.reading().is_tolerant() {
                self.warn_same_path(first, second, &mut reported);
                continue;
            }
            let (first, second) = (
                &self.operations[first as usize],
                &self.operations[second as usize],
            );
            let message = format!(
                "`{}` and `{}` are the same path and declare the same method",
                first.path, second.path
            );
            let (at, first) = (second.node_ref, first.node_ref);
            let kind = ContractProblemKind::AmbiguousPath;
            let problem = self.located(Severity::Error, kind, at, &message);
            let part = BrokenPart {
                is_ambiguous: true,
                other: Some(first),
                ..self.options.broken_parts.part(problem, at)
            };
            self.broken.add(part);
        }
        if removed.is_empty() {
            return routes.without(&removed);
        }
        let mut number = 0;
        self.operations.retain(|_| {
            number += 1;
            !removed.contains(&(number - 1))
        });
        routes.without(&removed)
    }
}
