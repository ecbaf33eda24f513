//! Which operation serves an address in each revision.
//!
//! A path can take addresses over from a less specific one: with `/rooms/{id}` and a new
//! `/rooms/free`, the new operation judges `GET /rooms/free`. The reverse happens when the more
//! specific path is removed. An address that an old and a new path have in common is searched, and
//! the routers of both contracts are asked about it. Where different operations answer, those two
//! are compared, as if they were one operation at this address.

use std::collections::{BTreeMap, HashSet};

use http::Method;

use portcullis_contract::{CompiledContract, Operation};
use portcullis_json::JsonNode;

use super::super::compat_finding::{ChangeSubject, ExchangePart, path_shape};
use super::contract_comparison::{
    AddressTakeover, ChangeDetails, ChangeScope, ContractComparison, OperationPair, RefusedAddress,
};
use super::path_outcomes::{SharedService, TOO_MANY_ADDRESSES};
use super::served_paths::{ServedPath, ServedPaths, serving};

/// The pairs of operations that are compared, by their indices in both contracts.
pub(super) type ComparedPairs = HashSet<(usize, usize)>;

/// The rule for addresses whose requests are refused.
const REFUSED: &str = "operation.address.refused";

impl<'c> ContractComparison<'c> {
    /// Compares the operations of all addresses that changed hands. `removed` holds the operations
    /// that the new contract has no more, whose addresses are compared already.
    pub(super) fn takeovers(
        &mut self,
        paths: &ServedPaths<'c>,
        removed: &[usize],
        compared: &mut ComparedPairs,
    ) {
        let mut by_length: BTreeMap<usize, Vec<&ServedPath<'c>>> = BTreeMap::new();
        for path in &paths.new {
            by_length.entry(path.template.len()).or_default().push(path);
        }
        for old in &paths.old {
            if self.is_address_work_spent() {
                return self.addresses_not_compared();
            }
            for new in by_length.get(&old.template.len()).into_iter().flatten() {
                // Two paths that are in both revisions have the same precedence in both, unless the
                // order of declaration decides.
                let may_differ = !old.is_in_both
                    || !new.is_in_both
                    || old.template.has_mixed_segments()
                    || old.shape == new.shape;
                if may_differ && old.template.shared(&new.template).is_some() {
                    self.takeovers_between(paths, (old, new), (removed, compared));
                }
            }
        }
    }

    fn addresses_not_compared(&mut self) {
        let scope = ChangeScope {
            subject: ChangeSubject::Contract.into(),
            is_outbound: false,
        };
        let entry = (
            self.old.documents().entry_ref(),
            self.new.documents().entry_ref(),
        );
        let change = ChangeDetails::default().between(entry.0, entry.1);
        self.push("operation.address.not-compared", &scope, None, change);
        self.set_unknown(TOO_MANY_ADDRESSES);
    }

    fn takeovers_between(
        &mut self,
        paths: &ServedPaths<'c>,
        (old, new): (&ServedPath<'c>, &ServedPath<'c>),
        (removed, compared): (&[usize], &mut ComparedPairs),
    ) {
        for method in self.compared_methods(old, new) {
            let was = old.operation(self.old, &method);
            let Some(was) = was.filter(|was| !removed.contains(was)) else {
                continue;
            };
            let is = new.operation(self.new, &method);
            // The same path without the method is a removed operation.
            let is_known = is.map_or(old.shape == new.shape, |is| compared.contains(&(was, is)));
            if is_known {
                continue;
            }
            let Some(mut service) = self.common_service(paths, (old, new), (was, &method)) else {
                continue;
            };
            match (serving(self.new, &method, &service.address), is) {
                (Some(found), Some(is)) if found == is => {
                    compared.insert((was, is));
                    service.new = is;
                    self.taken_over(paths, &service);
                }
                (None, None) if new.is_reached(self.new, &service.address) => {
                    service.new = new.operations[0];
                    self.method_missing(&service);
                }
                _ => {}
            }
        }
    }

    /// The methods of the old path, and `HEAD` if either path declares it.
    fn compared_methods(&self, old: &ServedPath<'c>, new: &ServedPath<'c>) -> Vec<Method> {
        let of = |contract: &CompiledContract, path: &ServedPath<'c>| -> Vec<Method> {
            let numbers = path.operations.iter();
            numbers
                .map(|number| contract.operations[*number].method.clone())
                .collect()
        };
        let mut methods = of(self.old, old);
        if of(self.new, new).contains(&Method::HEAD) && !methods.contains(&Method::HEAD) {
            methods.push(Method::HEAD);
        }
        methods
    }

    /// Compares two operations, the second of which serves addresses of the first.
    pub(super) fn taken_over(&mut self, paths: &ServedPaths<'c>, service: &SharedService<'_, 'c>) {
        let (old, new) = (
            &self.old.operations[service.old],
            &self.new.operations[service.new],
        );
        let scope = scope_of(&self.shown_path(service), &service.method);
        let served = self.judge_path(paths, service);
        if served.is_some() || self.is_unstable(old) {
            let change = ChangeDetails::default()
                .between(old.node_ref, new.node_ref)
                .from(described(old))
                .to(described(new));
            self.push("operation.address.taken-over", &scope, None, change);
        }
        if let Some(address) = served.filter(|_| !self.is_unstable(old)) {
            self.compare_takeover(&scope, service, &address);
        }
    }

    /// Reports path text that the new operation refuses. Returns an address that it serves, if there
    /// is one.
    pub(super) fn judge_path(
        &mut self,
        paths: &ServedPaths<'c>,
        service: &SharedService<'_, 'c>,
    ) -> Option<String> {
        let outcome = self.outcome(paths, service);
        if self.is_unstable(&self.old.operations[service.old]) {
            return outcome.served;
        }
        if let Some((address, reason)) = outcome.refused {
            self.push_refused(service, address, &reason);
        } else if let Some(name) = outcome.open {
            let reason = format!("path parameter `{name}` may refuse some of its texts");
            self.push_refused(service, service.address.clone(), &reason);
            self.set_unknown("no text was found that both operations judge differently");
        }
        outcome.served
    }

    fn push_refused(&mut self, service: &SharedService<'_, 'c>, address: String, reason: &str) {
        let (old, new) = (
            &self.old.operations[service.old],
            &self.new.operations[service.new],
        );
        let scope = scope_of(&self.shown_path(service), &service.method);
        let change = ChangeDetails::default()
            .from(described(old))
            .to(reason)
            .between(old.node_ref, new.node_ref);
        self.push(REFUSED, &scope, None, change);
        self.add_refused(
            &scope,
            REFUSED,
            &ExchangePart::NoPart,
            (old, &service.method, address),
        );
    }

    /// Keeps an address whose requests are refused, to show one.
    pub(super) fn add_refused(
        &mut self,
        scope: &ChangeScope,
        rule: &'static str,
        part: &ExchangePart,
        (operation, method, address): (&'c Operation, &Method, String),
    ) {
        self.refused_addresses.push(RefusedAddress {
            subject: scope.subject.clone(),
            rule,
            part: part.clone(),
            operation,
            method: method.clone(),
            address,
        });
    }

    pub(super) fn compare_takeover(
        &mut self,
        scope: &ChangeScope,
        service: &SharedService<'_, 'c>,
        address: &str,
    ) {
        self.takeovers.push(AddressTakeover {
            method: service.method.clone(),
            old_template: service.shared.template_at(0, address),
            new_template: service.shared.template_at(1, address),
            aligned: service.shared.aligned(),
        });
        let pair = OperationPair {
            old: &self.old.operations[service.old],
            new: &self.new.operations[service.new],
            is_outbound: false,
            takeover: Some(self.takeovers.len() - 1),
        };
        self.operation_pairs.push((scope.subject.clone(), pair));
        self.parameters(scope, pair);
        self.request_body(scope, pair);
        self.responses(scope, pair);
        self.security(scope, pair);
    }

    /// Reports addresses whose path now lacks the method.
    pub(super) fn method_missing(&mut self, service: &SharedService<'_, 'c>) {
        let (old, new) = (
            &self.old.operations[service.old],
            &self.new.operations[service.new],
        );
        // The same path without the method is a removed operation.
        let is_same_path = path_shape(&old.path) == path_shape(&new.path);
        if is_same_path || self.is_unstable(old) {
            return;
        }
        let reason = format!("{} has no {}", new.path, service.method);
        self.push_refused(service, service.address.clone(), &reason);
    }

    /// The path to show: as the operation with fewer addresses writes it.
    fn shown_path(&self, service: &SharedService<'_, 'c>) -> String {
        let template = service.shared.template(0);
        let operations = [
            &self.new.operations[service.new],
            &self.old.operations[service.old],
        ];
        let own = operations.into_iter().find(|operation| {
            let is_below_base = path_shape(&template).ends_with(&path_shape(&operation.path));
            is_below_base && operation.path.len() > 1
        });
        own.map_or(template, |operation| operation.path.to_string())
    }

    fn is_unstable(&self, operation: &Operation) -> bool {
        let node = self.old.documents().node(operation.node_ref);
        let level = node.get("x-stability-level").and_then(JsonNode::as_str);
        matches!(level, Some("draft" | "alpha"))
    }
}

pub(super) fn described(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}

pub(super) fn scope_of(path: &str, method: &Method) -> ChangeScope {
    ChangeScope {
        subject: ChangeSubject::Operation {
            path: path.to_owned(),
            method: method.to_string(),
        }
        .into(),
        is_outbound: false,
    }
}
