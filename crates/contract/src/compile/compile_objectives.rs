//! Compiles `x-slo` of the document and of operations: what the provider promises.
//!
//! A promise decides about no message, so what cannot be read is left out with a warning, and the
//! contract is enforced.

use std::time::Duration;

use portcullis_json::JsonNode;
use portcullis_vocabulary::{LatencyObjective, PromisedLevel, ServiceObjectives};

use super::contract_compiler::ContractCompiler;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::{DocumentSet, NodeRef};

/// The name of the extension.
pub(super) const X_SLO: &str = "x-slo";

/// The fields of the extension in an operation, which has the window of its service.
const OPERATION_FIELDS: [&str; 2] = ["availability", "latency"];

/// The fields of the extension in the document.
const SERVICE_FIELDS: [&str; 3] = ["availability", "latency", "window"];

impl<'d> ContractCompiler<'d> {
    /// Reads `x-slo` of `info`, or else of the document.
    pub(super) fn service_level(&mut self) {
        let entry = self.documents.entry_ref();
        let root = self.documents.node(entry);
        let info = root.get("info").filter(|info| info.get(X_SLO).is_some());
        if let (Some(_), Some(unused)) = (info, root.get(X_SLO)) {
            let at = DocumentSet::node_ref(entry, unused);
            self.warn_of_objective(at, "`x-slo` is ignored, because `info` has one: remove one");
        }
        let (near, node) = info.map_or((entry, root), |info| {
            (DocumentSet::node_ref(entry, info), info)
        });
        let level = self.level(near, node, &SERVICE_FIELDS);
        if let Some(value) = node
            .get(X_SLO)
            .filter(|_| self.documents.events().is_some())
        {
            let at = DocumentSet::node_ref(near, value);
            self.warn_of_objective(at, "`x-slo` is ignored: events are not counted");
            return;
        }
        self.objectives.level = level.unwrap_or_default();
    }

    /// Reads `x-slo` of an operation.
    pub(super) fn operation_level(
        &mut self,
        near: NodeRef,
        node: JsonNode<'d>,
    ) -> Option<Box<PromisedLevel>> {
        let level = self.level(near, node, &OPERATION_FIELDS)?;
        (!level.is_empty()).then(|| Box::new(level))
    }

    /// Warns about `x-slo` where no request is counted.
    pub(super) fn warn_uncounted_objective(&mut self, near: NodeRef) {
        if let Some(value) = self.documents.node(near).get(X_SLO) {
            let at = DocumentSet::node_ref(near, value);
            let message =
                "`x-slo` is ignored: the service sends this request and does not answer it";
            self.warn_of_objective(at, message);
        }
    }

    /// Warns about an `x-slo` that is ignored, as a whole or in part.
    pub(super) fn warn_of_objective(&mut self, at: NodeRef, message: &str) {
        self.warn(ContractProblemKind::MalformedObjective, at, message);
    }

    fn level(
        &mut self,
        near: NodeRef,
        node: JsonNode<'d>,
        fields: &[&str],
    ) -> Option<PromisedLevel> {
        let value = node.get(X_SLO)?;
        let at = DocumentSet::node_ref(near, value);
        if !value.is_object() || value.is_empty() {
            let message = "`x-slo` must be an object such as {availability: 0.999} and is ignored";
            self.warn_of_objective(at, message);
            return None;
        }
        let mut level = PromisedLevel::default();
        for (name, value) in value.members() {
            let at = DocumentSet::node_ref(near, value);
            match name {
                _ if self.documents.is_overridden(at) || name.starts_with("x-") => {}
                "availability" => level.availability = self.promised_share(at, "availability"),
                "latency" => level.latency = self.promised_latency(at),
                "window" if fields.contains(&name) => level.window = self.promised_window(at),
                _ => self.warn_unknown_objective_field(at, name, "x-slo", fields),
            }
        }
        Some(level)
    }

    /// A share that leaves an error budget.
    fn promised_share(&mut self, at: NodeRef, name: &str) -> Option<f64> {
        let text = self.documents.node(at).number_text();
        let share = text.and_then(|text| text.parse().ok());
        let share = share.filter(|share| ServiceObjectives::is_target(*share));
        if share.is_none() {
            let rule = ServiceObjectives::TARGET_RULE;
            let message = format!("`x-slo.{name}` must be {rule}, such as 0.999, and is ignored");
            self.warn_of_objective(at, &message);
        }
        share
    }

    fn promised_latency(&mut self, at: NodeRef) -> Option<LatencyObjective> {
        let node = self.documents.node(at);
        let (Some(bound), Some(share)) = (node.get("le"), node.get("share")) else {
            let message = "`x-slo.latency` must have `le` and `share`, such as \
                 {le: 300ms, share: 0.99}, and is ignored";
            self.warn_of_objective(at, message);
            return None;
        };
        for (name, value) in node.members() {
            if !["le", "share"].contains(&name) && !name.starts_with("x-") {
                let at = DocumentSet::node_ref(at, value);
                self.warn_unknown_objective_field(at, name, "x-slo.latency", &["le", "share"]);
            }
        }
        let bound_at = DocumentSet::node_ref(at, bound);
        let bound = duration(bound).filter(|bound| LatencyObjective::BOUNDS.contains(bound));
        if bound.is_none() {
            let message = "`x-slo.latency.le` must be a duration from 1ms to 60s, such as 300ms, \
                 and `x-slo.latency` is ignored";
            self.warn_of_objective(bound_at, message);
        }
        let share = self.promised_share(DocumentSet::node_ref(at, share), "latency.share");
        Some(LatencyObjective {
            bound: bound?,
            share: share?,
        })
    }

    fn promised_window(&mut self, at: NodeRef) -> Option<Duration> {
        let window = duration(self.documents.node(at));
        let window = window.filter(|window| ServiceObjectives::is_window(*window));
        if window.is_none() {
            let rule = ServiceObjectives::WINDOW_RULE;
            let message = format!("`x-slo.window` must be {rule}, such as 30d, and is ignored");
            self.warn_of_objective(at, &message);
        }
        window
    }

    fn warn_unknown_objective_field(
        &mut self,
        at: NodeRef,
        name: &str,
        parent: &str,
        fields: &[&str],
    ) {
        let known = fields.join(", ");
        let message = format!(
            "`{name}` is not a field of `{parent}` here and is ignored; fields are {known}"
        );
        self.warn_of_objective(at, &message);
    }
}

fn duration(node: JsonNode<'_>) -> Option<Duration> {
    let text = node.as_str()?;
    humantime::parse_duration(text).ok()
}
