//! What the provider promises: objectives (`x-slo`) and tiers (`x-sla-tier`) of the contract and of
//! operations.
//!
//! A promise decides about no message, so a lowered one is a warning. Levels by tier are in the catalog,
//! which a comparison does not read, so a changed tier is reported as what it is.

use std::time::Duration;

use portcullis_contract::{CompiledContract, NodeRef};
use portcullis_vocabulary::{LatencyObjective, PromisedLevel, ServiceObjectives, Tier};

use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, OperationPair, property,
};

const X_SLO: &str = "x-slo";
const X_SLA_TIER: &str = "x-sla-tier";

/// The nodes in both revisions below which a promise is written.
type PromiseNodes = (NodeRef, NodeRef);

/// The rules for a part of a level, and what both revisions promise.
struct PromiseChange<P> {
    lowered: &'static str,
    raised: &'static str,
    part: &'static str,
    old: Option<P>,
    new: Option<P>,
}

impl<'c> ContractComparison<'c> {
    /// Compares what the contract promises as a whole.
    pub(super) fn document_objectives(&mut self, scope: &ChangeScope) {
        let entries = (
            self.old.documents().entry_ref(),
            self.new.documents().entry_ref(),
        );
        let nodes = (level_node(self.old), level_node(self.new));
        let (old, new) = (&self.old.objectives, &self.new.objectives);
        self.level(scope, nodes, (&old.level, &new.level));
        let has_any = |contract: &CompiledContract| {
            let objectives = &contract.objectives;
            !objectives.operations.is_empty()
                || objectives.level.availability.is_some()
                || objectives.level.latency.is_some()
        };
        if has_any(self.old) && has_any(self.new) {
            self.window(scope, nodes, (old.level.window, new.level.window));
        }
        self.tier(scope, entries, (old.tier, new.tier));
    }

    /// Compares what an operation promises in addition.
    pub(super) fn operation_objectives(&mut self, scope: &ChangeScope, pair: OperationPair<'c>) {
        let nodes = (pair.old.node_ref, pair.new.node_ref);
        let nothing = PromisedLevel::default();
        let old = pair.old.promised.as_deref().unwrap_or(&nothing);
        let new = pair.new.promised.as_deref().unwrap_or(&nothing);
        self.level(scope, nodes, (old, new));
        let (was, is) = (pair.old.tier, pair.new.tier);
        // The tier of the document is compared with the document.
        if was != self.old.objectives.tier || is != self.new.objectives.tier {
            self.tier(scope, nodes, (was, is));
        }
    }

    fn level(
        &mut self,
        scope: &ChangeScope,
        nodes: PromiseNodes,
        (old, new): (&PromisedLevel, &PromisedLevel),
    ) {
        let availability = PromiseChange {
            lowered: "objective.availability.lowered",
            raised: "objective.availability.raised",
            part: "availability",
            old: old.availability,
            new: new.availability,
        };
        self.promise(
            scope,
            nodes,
            &availability,
            |was, is| is >= was,
            f64::to_string,
        );
        let latency = PromiseChange {
            lowered: "objective.latency.lowered",
            raised: "objective.latency.raised",
            part: "latency",
            old: old.latency,
            new: new.latency,
        };
        // More responses within a longer time say nothing about the shorter one.
        let keeps = |was: &LatencyObjective, is: &LatencyObjective| {
            is.bound <= was.bound && is.share >= was.share
        };
        let shown =
            |latency: &LatencyObjective| format!("{} within {:?}", latency.share, latency.bound);
        self.promise(scope, nodes, &latency, keeps, shown);
    }

    /// Compares a part of a level. `keeps` says whether the newer promise includes the older one.
    fn promise<P: PartialEq>(
        &mut self,
        scope: &ChangeScope,
        nodes: PromiseNodes,
        change: &PromiseChange<P>,
        keeps: impl Fn(&P, &P) -> bool,
        shown: impl Fn(&P) -> String,
    ) {
        let part = change.part;
        let details = self.at_promise(nodes, &[X_SLO, part]);
        match (&change.old, &change.new) {
            (Some(was), None) => {
                let details = details.from(format!("{part} {}", shown(was)));
                self.push("objective.removed", scope, None, details);
            }
            (None, Some(is)) => {
                let details = details.to(format!("{part} {}", shown(is)));
                self.push("objective.added", scope, None, details);
            }
            (Some(was), Some(is)) if was != is => {
                let rule = if keeps(was, is) {
                    change.raised
                } else {
                    change.lowered
                };
                let details = details.from(shown(was)).to(shown(is));
                self.push(rule, scope, None, details);
            }
            _ => {}
        }
    }

    /// Compares the windows of budgets. A longer one allows more failures at once.
    fn window(
        &mut self,
        scope: &ChangeScope,
        nodes: PromiseNodes,
        (old, new): (Option<Duration>, Option<Duration>),
    ) {
        let was = old.unwrap_or(ServiceObjectives::DEFAULT_WINDOW);
        let is = new.unwrap_or(ServiceObjectives::DEFAULT_WINDOW);
        if was == is {
            return;
        }
        let rule = if is > was {
            "objective.window.lengthened"
        } else {
            "objective.window.shortened"
        };
        let details = self.at_promise(nodes, &[X_SLO, "window"]);
        let details = details.from(window_text(was)).to(window_text(is));
        self.push(rule, scope, None, details);
    }

    fn tier(
        &mut self,
        scope: &ChangeScope,
        nodes: PromiseNodes,
        (old, new): (Option<Tier>, Option<Tier>),
    ) {
        if old == new {
            return;
        }
        let rule = if new < old {
            "objective.tier.lowered"
        } else {
            "objective.tier.raised"
        };
        let text = |tier: Option<Tier>| tier.map_or("no tier", Tier::as_str);
        let details = self.at_promise(nodes, &[X_SLA_TIER]);
        self.push(rule, scope, None, details.from(text(old)).to(text(new)));
    }

    /// A change at a promise, or where it would be.
    fn at_promise(&self, (old, new): PromiseNodes, path: &[&str]) -> ChangeDetails {
        let nodes = (deepest(self.old, old, path), deepest(self.new, new, path));
        ChangeDetails::default().between(nodes.0, nodes.1)
    }
}

/// The node of a contract in which its level is written.
fn level_node(contract: &CompiledContract) -> NodeRef {
    let entry = contract.documents().entry_ref();
    let info = property(contract, entry, "info").map(|(at, _)| at);
    let info = info.filter(|at| property(contract, *at, X_SLO).is_some());
    info.unwrap_or(entry)
}

/// The node at a path below another one, as far as it exists.
fn deepest(contract: &CompiledContract, from: NodeRef, path: &[&str]) -> NodeRef {
    let mut node = from;
    for name in path {
        match property(contract, node, name) {
            Some((below, _)) => node = below,
            None => break,
        }
    }
    node
}

/// A window in whole days, or else in hours.
fn window_text(window: Duration) -> String {
    let hours = window.as_secs() / 3600;
    if hours.is_multiple_of(24) {
        format!("{}d", hours / 24)
    } else {
        format!("{hours}h")
    }
}
