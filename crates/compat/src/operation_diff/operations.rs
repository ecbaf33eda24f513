//! Matches the operations of both contracts and reports those that exist in only one.
//!
//! Operations match by method and path template, without parameter names, which consumers never
//! see. If no template matches, they match by full address, because a base path may move between
//! `servers` and `paths`.

use std::collections::HashMap;

use portcullis_contract::{CompiledContract, Operation, OutboundKind, OutboundOperation};
use portcullis_json::JsonNode;

use super::super::compat_finding::{ChangeSubject, path_shape};
use super::super::date::Date;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, OperationPair};

impl<'c> ContractComparison<'c> {
    /// Compares all operations, webhooks and callbacks.
    pub(crate) fn operations(&mut self) {
        let (old, new) = (self.old, self.new);
        let mut left: Vec<usize> = (0..new.operations.len()).collect();
        let by_shape = index(new, |operation, _| vec![path_shape(&operation.path)]);
        let by_address = index(new, |_, addresses| {
            addresses.iter().map(|path| path_shape(path)).collect()
        });
        for (operation, addresses) in old.listing() {
            let key = |path: &str| (operation.method.to_string(), path_shape(path));
            let found = by_shape.get(&key(&operation.path)).or_else(|| {
                addresses
                    .iter()
                    .find_map(|address| by_address.get(&key(address)))
            });
            match found.filter(|found| left.contains(found)) {
                Some(found) => {
                    left.retain(|other| other != found);
                    let scope = ChangeScope {
                        subject: of_operation(operation),
                        is_outbound: false,
                    };
                    let pair = OperationPair {
                        old: operation,
                        new: &new.operations[*found],
                        is_outbound: false,
                    };
                    self.compare_operation(&scope, pair);
                }
                None => self.removed(operation),
            }
        }
        for index in left {
            let operation = &new.operations[index];
            let scope = ChangeScope {
                subject: of_operation(operation),
                is_outbound: false,
            };
            let change = ChangeDetails::default().between(None, operation.node_ref);
            self.push("operation.added", &scope, None, change);
        }
        self.channels();
    }

    fn removed(&mut self, operation: &Operation) {
        let node = self.old.documents().node(operation.node_ref);
        let is_deprecated = node.get("deprecated").and_then(JsonNode::as_bool) == Some(true);
        let text = |name: &str| node.get(name).and_then(|value| value.as_str());
        let sunset = text("x-sunset");
        let is_unstable = matches!(text("x-stability-level"), Some("draft" | "alpha"));
        let end = sunset.map(|sunset| Date::parse(sunset).ok_or(sunset));
        let scope = ChangeScope {
            subject: of_operation(operation),
            is_outbound: false,
        };
        let change = |this: &Self| {
            let change = ChangeDetails::default()
                .between(operation.node_ref, this.new.documents().entry_ref());
            match sunset {
                Some(sunset) => change.from(sunset),
                None => change,
            }
        };
        let rule = match end {
            _ if is_unstable => "operation.retired",
            _ if !is_deprecated => "operation.removed",
            Some(Ok(end)) if end <= self.options.today => "operation.retired",
            Some(Ok(_)) => "operation.removed-before-sunset",
            Some(Err(_)) => {
                let malformed = change(self);
                self.push("operation.sunset.malformed", &scope, None, malformed);
                "operation.removed"
            }
            None => "operation.removed",
        };
        let change = change(self);
        self.push(rule, &scope, None, change);
    }

    fn channels(&mut self) {
        let key = |channel: &OutboundOperation| {
            (
                channel.kind,
                path_shape(&channel.name),
                channel.operation.method.clone(),
            )
        };
        let (old, new) = (self.old, self.new);
        for before in &old.outbound_operations {
            let after = new
                .outbound_operations
                .iter()
                .find(|after| key(after) == key(before));
            let scope = of_channel(before);
            match after {
                Some(after) => {
                    let pair = OperationPair {
                        old: &before.operation,
                        new: &after.operation,
                        is_outbound: true,
                    };
                    self.compare_operation(&scope, pair);
                }
                None => {
                    let rule = match before.kind {
                        OutboundKind::Webhook => "webhook.removed",
                        OutboundKind::Callback => "callback.removed",
                    };
                    let change = ChangeDetails::default().between(before.operation.node_ref, None);
                    self.push_undirected(rule, &scope, change);
                }
            }
        }
        for after in &new.outbound_operations {
            if !old
                .outbound_operations
                .iter()
                .any(|before| key(before) == key(after))
            {
                let rule = match after.kind {
                    OutboundKind::Webhook => "webhook.added",
                    OutboundKind::Callback => "callback.added",
                };
                let change = ChangeDetails::default().between(None, after.operation.node_ref);
                self.push_undirected(rule, &of_channel(after), change);
            }
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
        self.identity(scope, pair);
        self.parameters(scope, pair);
        self.request_body(scope, pair);
        self.responses(scope, pair);
        if !pair.is_outbound {
            self.security(scope, pair);
        }
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
            OutboundKind::Webhook => ChangeSubject::Webhook { name, method },
            OutboundKind::Callback => ChangeSubject::Callback { name, method },
        },
        is_outbound: true,
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
