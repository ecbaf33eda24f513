//! Matches the operations of both contracts and reports those that exist in only one.
//!
//! Operations match by method and path template, without parameter names, which consumers never
//! see. If no template matches, they match by full address, because a base path may move between
//! `servers` and `paths`. Addresses that another operation serves now are compared afterwards.

use std::collections::HashMap;

use portcullis_contract::{CompiledContract, Operation, OutboundKind, OutboundOperation};
use portcullis_json::JsonNode;

use super::super::compat_finding::{ChangeSubject, path_shape};
use super::address_takeovers::ComparedPairs;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, OperationPair};
use super::served_paths::ServedPaths;
use portcullis_vocabulary::Date;

/// The rule for operations that may be removed.
const RETIRED: &str = "operation.retired";

impl<'c> ContractComparison<'c> {
    /// Compares all operations, webhooks and callbacks.
    pub(crate) fn operations(&mut self) {
        let (old, new) = (self.old, self.new);
        let mut left: Vec<usize> = (0..new.operations.len()).collect();
        let by_shape = index(new, |operation, _| vec![path_shape(&operation.path)]);
        let by_address = index(new, |_, addresses| {
            addresses.iter().map(|path| path_shape(path)).collect()
        });
        let mut compared = ComparedPairs::new();
        let mut missing = Vec::new();
        for (number, (operation, addresses)) in old.listing().into_iter().enumerate() {
            let key = |path: &str| (operation.method.to_string(), path_shape(path));
            let found = by_shape.get(&key(&operation.path)).or_else(|| {
                addresses
                    .iter()
                    .find_map(|address| by_address.get(&key(address)))
            });
            match found.filter(|found| left.contains(found)) {
                Some(found) => {
                    left.retain(|other| other != found);
                    compared.insert((number, *found));
                    let scope = ChangeScope {
                        subject: of_operation(operation).into(),
                        is_outbound: false,
                    };
                    let pair = OperationPair {
                        old: operation,
                        new: &new.operations[*found],
                        is_outbound: false,
                        takeover: None,
                    };
                    self.compare_operation(&scope, pair);
                }
                None => missing.push(number),
            }
        }
        for index in left {
            let operation = &new.operations[index];
            let scope = ChangeScope {
                subject: of_operation(operation).into(),
                is_outbound: false,
            };
            let change = ChangeDetails::default().between(None, operation.node_ref);
            self.push("operation.added", &scope, None, change);
        }
        self.changed_addresses(&missing, &mut compared);
        self.channels();
    }

    /// Compares the operations of addresses that another operation serves now, and reports the
    /// operations that are gone.
    fn changed_addresses(&mut self, missing: &[usize], compared: &mut ComparedPairs) {
        let paths = ServedPaths::of(self.old, self.new);
        for number in missing {
            let operation = &self.old.operations[*number];
            let rule = self.removal_rule(operation);
            if rule == RETIRED {
                self.removed(operation, rule);
            } else {
                self.addresses_of_removed(&paths, *number, rule, compared);
            }
        }
        self.takeovers(&paths, missing, compared);
    }

    /// The rule for a removed operation.
    fn removal_rule(&self, operation: &Operation) -> &'static str {
        let node = self.old.documents().node(operation.node_ref);
        let is_deprecated = node.get("deprecated").and_then(JsonNode::as_bool) == Some(true);
        let text = |name: &str| node.get(name).and_then(|value| value.as_str());
        let is_unstable = matches!(text("x-stability-level"), Some("draft" | "alpha"));
        let end = text("x-sunset").and_then(Date::parse);
        match end {
            _ if is_unstable => RETIRED,
            _ if !is_deprecated => "operation.removed",
            Some(end) if end <= self.options.today => RETIRED,
            Some(_) => "operation.removed-before-sunset",
            None => "operation.removed",
        }
    }

    pub(super) fn removed(&mut self, operation: &Operation, rule: &'static str) {
        let node = self.old.documents().node(operation.node_ref);
        let is_deprecated = node.get("deprecated").and_then(JsonNode::as_bool) == Some(true);
        let sunset = node.get("x-sunset").and_then(|value| value.as_str());
        let scope = ChangeScope {
            subject: of_operation(operation).into(),
            is_outbound: false,
        };
        let place = (operation.node_ref, self.new.documents().entry_ref());
        let change = || ChangeDetails::default().between(place.0, place.1);
        let malformed = sunset.filter(|sunset| Date::parse(sunset).is_none());
        if let Some(malformed) = malformed.filter(|_| is_deprecated && rule != RETIRED) {
            let change = change().from(malformed);
            self.push("operation.sunset.malformed", &scope, None, change);
        }
        // Other removals have nothing to do with a date.
        let end = sunset.filter(|_| is_deprecated && rule != "operation.removed");
        let change = end.map_or_else(change, |end| change().from(end));
        self.push(rule, &scope, None, change);
    }

    fn channels(&mut self) {
        let (old, new) = (self.old, self.new);
        let mut added: Vec<&OutboundOperation> = new.outbound_operations.iter().collect();
        for before in &old.outbound_operations {
            let scope = of_channel(before);
            let Some(at) = matching_channel(before, &added, old) else {
                let rule = match (self.removal_rule(&before.operation), before.kind) {
                    (RETIRED, _) => RETIRED,
                    (_, OutboundKind::Webhook) => "webhook.removed",
                    (_, OutboundKind::Callback) => "callback.removed",
                };
                let change = ChangeDetails::default().between(before.operation.node_ref, None);
                self.push_undirected(rule, &scope, change);
                continue;
            };
            let after = added.remove(at);
            let (was, is) = (address_expression(before), address_expression(after));
            if was != is {
                let change = ChangeDetails::default().from(was).to(is);
                let node_refs = (before.operation.node_ref, after.operation.node_ref);
                let change = change.between(node_refs.0, node_refs.1);
                self.push_undirected("callback.address.changed", &scope, change);
            }
            let pair = OperationPair {
                old: &before.operation,
                new: &after.operation,
                is_outbound: true,
                takeover: None,
            };
            self.compare_operation(&scope, pair);
        }
        for after in added {
            let rule = match after.kind {
                OutboundKind::Webhook => "webhook.added",
                OutboundKind::Callback => "callback.added",
            };
            let change = ChangeDetails::default().between(None, after.operation.node_ref);
            self.push_undirected(rule, &of_channel(after), change);
        }
    }

    /// Adds a change that has the same meaning whichever side calls.
    fn push_undirected(&mut self, rule: &'static str, scope: &ChangeScope, change: ChangeDetails) {
        let scope = ChangeScope {
            is_outbound: false,
            ..scope.clone()
        };
        self.push(rule, &scope, None, change);
    }

    fn compare_operation(&mut self, scope: &ChangeScope, pair: OperationPair<'c>) {
        self.operation_pairs.push((scope.subject.clone(), pair));
        self.lifecycle(scope, pair);
        self.operation_objectives(scope, pair);
        self.identity(scope, pair);
        self.parameters(scope, pair);
        self.request_body(scope, pair);
        self.responses(scope, pair);
        self.security(scope, pair);
    }

    /// Compares `operationId` and tags.
    fn identity(&mut self, scope: &ChangeScope, pair: OperationPair<'c>) {
        let OperationPair { old, new, .. } = pair;
        let (before, after) = self.members(old.node_ref, new.node_ref, "operationId");
        let text = |node: Option<(_, JsonNode<'c>)>| node.and_then(|(_, node)| node.as_str());
        let node_refs = (before.map(|(at, _)| at), after.map(|(at, _)| at));
        let near = (
            node_refs.0.or(Some(old.node_ref)),
            node_refs.1.or(Some(new.node_ref)),
        );
        let change = || ChangeDetails::default().between(near.0, near.1);
        match (text(before), text(after)) {
            (None, Some(after)) => {
                self.push("operation.id.added", scope, None, change().to(after));
            }
            (Some(before), None) => {
                self.push("operation.id.removed", scope, None, change().from(before));
            }
            (Some(before), Some(after)) if before != after => {
                let change = change().from(before).to(after);
                self.push("operation.id.changed", scope, None, change);
            }
            _ => {}
        }
        let (before, after) = self.members(old.node_ref, new.node_ref, "tags");
        let tags = |list: Option<(_, JsonNode<'c>)>| -> Vec<&'c str> {
            let list = list.into_iter().flat_map(|(_, list)| list.elements());
            list.filter_map(JsonNode::as_str).collect()
        };
        let (before, after) = (tags(before), tags(after));
        for tag in before.iter().filter(|tag| !after.contains(tag)) {
            let change = ChangeDetails::default()
                .between(old.node_ref, new.node_ref)
                .from(tag);
            self.push("operation.tag.removed", scope, None, change);
        }
        for tag in after.iter().filter(|tag| !before.contains(tag)) {
            let change = ChangeDetails::default()
                .between(old.node_ref, new.node_ref)
                .to(tag);
            self.push("operation.tag.added", scope, None, change);
        }
    }
}

fn of_operation(operation: &Operation) -> ChangeSubject {
    ChangeSubject::Operation {
        path: operation.path.to_string(),
        method: operation.method.to_string(),
    }
}

fn of_channel(channel: &OutboundOperation) -> ChangeScope {
    let (name, method) = (
        channel.name.to_string(),
        channel.operation.method.to_string(),
    );
    ChangeScope {
        subject: match channel.kind {
            OutboundKind::Webhook => ChangeSubject::Webhook { name, method }.into(),
            OutboundKind::Callback => ChangeSubject::Callback { name, method }.into(),
        },
        is_outbound: true,
    }
}

/// The channel of the other revision: the same name, or the only callback with the same address or
/// of the same name. The key of a callback is an identifier that no message shows (OpenAPI 3.1.1,
/// Operation Object, `callbacks`).
fn matching_channel(
    before: &OutboundOperation,
    others: &[&OutboundOperation],
    old: &CompiledContract,
) -> Option<usize> {
    let shape = |channel: &OutboundOperation| path_shape(&channel.name);
    let is_in_old = |other: &OutboundOperation| {
        let mut known = old.outbound_operations.iter();
        known.any(|known| shape(known) == shape(other))
    };
    let is_alike = |other: &OutboundOperation| {
        other.kind == before.kind && other.operation.method == before.operation.method
    };
    let same = |key: fn(&OutboundOperation) -> String| -> Vec<usize> {
        let own = key(before);
        let others = others.iter().enumerate();
        others
            .filter(|(_, other)| is_alike(other) && key(other) == own)
            .map(|(at, _)| at)
            .collect()
    };
    let exact = same(shape);
    match (exact.as_slice(), before.kind) {
        ([at, ..], _) => Some(*at),
        ([], OutboundKind::Webhook) => None,
        ([], OutboundKind::Callback) => {
            let only = |key: fn(&OutboundOperation) -> String| {
                let mut renamed = same(key);
                renamed.retain(|at| !is_in_old(others[*at]));
                match renamed.as_slice() {
                    [only] => Some(*only),
                    _ => None,
                }
            };
            only(callback_address).or_else(|| only(callback_name))
        }
    }
}

/// The operation that registers a callback, and the callback's name, without the expression.
fn callback_name(channel: &OutboundOperation) -> String {
    let words: Vec<&str> = channel.name.splitn(4, ' ').take(3).collect();
    path_shape(&words.join(" "))
}

/// The operation that registers a callback, and the expression of its address, without its name.
fn callback_address(channel: &OutboundOperation) -> String {
    let words: Vec<&str> = channel.name.splitn(4, ' ').take(2).collect();
    format!(
        "{} {}",
        path_shape(&words.join(" ")),
        address_expression(channel)
    )
}

/// The expression that gives the address of a callback.
fn address_expression(channel: &OutboundOperation) -> &str {
    match channel.kind {
        OutboundKind::Webhook => "",
        OutboundKind::Callback => channel.name.splitn(4, ' ').nth(3).unwrap_or_default(),
    }
}

/// Indexes the operations of a contract by method and by the paths that `keys` returns.
fn index(
    contract: &CompiledContract,
    keys: impl Fn(&Operation, &[&str]) -> Vec<String>,
) -> HashMap<(String, String), usize> {
    let mut index = HashMap::new();
    for (number, (operation, addresses)) in contract.listing().into_iter().enumerate() {
        for key in keys(operation, &addresses) {
            index
                .entry((operation.method.to_string(), key))
                .or_insert(number);
        }
    }
    index
}
