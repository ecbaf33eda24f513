//! Which operation serves an address in each revision.
//!
//! A path can take addresses over from a less specific one: with `/rooms/{id}` and a new
//! `/rooms/free`, the new operation judges `GET /rooms/free`. The reverse happens when the more
//! specific path is removed. The routers of both contracts are asked about the addresses that an
//! old and a new path have in common. Where different operations answer, those two are compared, as
//! if they were one operation at this address.

use std::collections::{BTreeMap, HashSet};

use http::Method;

use portcullis_contract::{CompiledContract, MessagePart, Operation};
use portcullis_json::JsonNode;

use super::super::compat_finding::{ChangeSubject, path_shape};
use super::address_template::{ANY_VALUE, SharedAddresses};
use super::contract_comparison::{
    AddressTakeover, ChangeDetails, ChangeScope, ContractComparison, OperationPair,
};
use super::served_paths::{ServedPath, ServedPaths, any_value, path_refusals, serving};

/// The pairs of operations that are compared, by their indices in both contracts.
pub(super) type ComparedPairs = HashSet<(usize, usize)>;

/// Addresses in common, and who serves them.
struct SharedService<'c> {
    shared: SharedAddresses<'c>,
    method: Method,
    old: usize,
    new: usize,
}

/// What the new operation does with requests that the old one accepted.
enum AddressOutcome {
    /// The old operation accepted no request to these addresses.
    NeverAccepted,
    /// The new one refuses their path, for this reason.
    Refused(String),
    Served,
}

/// Whether the old operation accepted requests to some addresses.
enum AcceptedAddress {
    Found(String),
    Unknown,
    Refused,
}

impl<'c> ContractComparison<'c> {
    /// Compares a removed operation with those that now serve its addresses. Returns whether the
    /// new contract still serves all of them.
    pub(super) fn served_by_another(
        &mut self,
        paths: &ServedPaths<'c>,
        removed: usize,
        compared: &mut ComparedPairs,
    ) -> bool {
        let Some(services) = self.services_of_removed(paths, removed) else {
            return false;
        };
        let operation = &self.old.operations[removed];
        let scope = scope_of(&operation.path, &operation.method);
        for service in services {
            if !compared.insert((service.old, service.new)) {
                continue;
            }
            let new = &self.new.operations[service.new];
            let change = ChangeDetails::default()
                .from(described(operation))
                .to(described(new))
                .between(operation.node_ref, new.node_ref);
            self.push("operation.served-by-another", &scope, None, change);
            self.compare_takeover(&scope, &service);
        }
        true
    }

    /// The operations that serve the addresses of a removed one. `None` if some are not served, or
    /// if the new operation refuses them all.
    fn services_of_removed(
        &self,
        paths: &ServedPaths<'c>,
        removed: usize,
    ) -> Option<Vec<SharedService<'c>>> {
        let operation = &self.old.operations[removed];
        let mut services = Vec::new();
        let own = paths.old.iter();
        for old in own.filter(|path| path.operations.contains(&removed)) {
            let method = operation.method.clone();
            let address = old.template.shared(&old.template)?.address(any_value);
            let found = serving(self.new, &method, &address)?;
            let new = paths.new.iter().find_map(|new| {
                let is_server = new.operations.contains(&found);
                let shared = old.template.shared(&new.template).filter(|_| is_server)?;
                (shared.address(any_value) == address).then_some(shared)
            })?;
            let service = SharedService {
                shared: new,
                method,
                old: removed,
                new: found,
            };
            if matches!(self.outcome(&service), AddressOutcome::Refused(_)) {
                return None;
            }
            services.push(service);
        }
        (!services.is_empty()).then_some(services)
    }

    /// Compares the operations of all other addresses that changed hands. `removed` holds the
    /// operations that are reported as removed.
    pub(super) fn takeovers(
        &mut self,
        paths: &ServedPaths<'c>,
        removed: &HashSet<usize>,
        compared: &mut ComparedPairs,
    ) {
        let mut by_length: BTreeMap<usize, Vec<&ServedPath<'c>>> = BTreeMap::new();
        for path in &paths.new {
            by_length.entry(path.template.len()).or_default().push(path);
        }
        for old in &paths.old {
            for new in by_length.get(&old.template.len()).into_iter().flatten() {
                // Two paths that are in both revisions have the same precedence in both, unless the
                // order of declaration decides.
                let may_differ = !old.is_in_both
                    || !new.is_in_both
                    || old.template.has_mixed_segments()
                    || old.shape == new.shape;
                let shared = may_differ.then(|| old.template.shared(&new.template));
                if let Some(shared) = shared.flatten() {
                    self.takeovers_between(old, new, &shared, (removed, compared));
                }
            }
        }
    }

    fn takeovers_between(
        &mut self,
        old: &ServedPath<'c>,
        new: &ServedPath<'c>,
        shared: &SharedAddresses<'c>,
        (removed, compared): (&HashSet<usize>, &mut ComparedPairs),
    ) {
        let address = shared.address(any_value);
        for method in self.compared_methods(old, new) {
            let was = serving(self.old, &method, &address)
                .filter(|was| old.operations.contains(was) && !removed.contains(was));
            let Some(was) = was else {
                continue;
            };
            match serving(self.new, &method, &address) {
                Some(is) => {
                    if !new.operations.contains(&is) || !compared.insert((was, is)) {
                        continue;
                    }
                    let service = SharedService {
                        shared: shared.clone(),
                        method,
                        old: was,
                        new: is,
                    };
                    self.taken_over(&service);
                }
                None => self.method_missing(was, new, shared, &method),
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
    fn taken_over(&mut self, service: &SharedService<'c>) {
        let (old, new) = (
            &self.old.operations[service.old],
            &self.new.operations[service.new],
        );
        let scope = scope_of(&self.shown_path(service), &service.method);
        let change = || ChangeDetails::default().between(old.node_ref, new.node_ref);
        match self.outcome(service) {
            AddressOutcome::NeverAccepted => {}
            AddressOutcome::Refused(refusal) if !self.is_unstable(old) => {
                let change = change().from(described(old)).to(refusal);
                self.push("operation.address.refused", &scope, None, change);
            }
            AddressOutcome::Refused(_) | AddressOutcome::Served => {
                let change = change().from(described(old)).to(described(new));
                self.push("operation.address.taken-over", &scope, None, change);
                if !self.is_unstable(old) {
                    self.compare_takeover(&scope, service);
                }
            }
        }
    }

    fn compare_takeover(&mut self, scope: &ChangeScope, service: &SharedService<'c>) {
        self.takeovers.push(AddressTakeover {
            method: service.method.clone(),
            old_template: service.shared.template(0),
            new_template: service.shared.template(1),
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
    fn method_missing(
        &mut self,
        was: usize,
        new: &ServedPath<'c>,
        shared: &SharedAddresses<'c>,
        method: &Method,
    ) {
        let address = shared.address(any_value);
        let declared = new.operations.iter().find(|number| {
            let method = &self.new.operations[**number].method;
            serving(self.new, method, &address) == Some(**number)
        });
        let Some(declared) = declared else {
            return;
        };
        let service = SharedService {
            shared: shared.clone(),
            method: method.clone(),
            old: was,
            new: *declared,
        };
        let (old, new) = (&self.old.operations[was], &self.new.operations[*declared]);
        // The same path without the method is a removed operation.
        let is_same_path = path_shape(&old.path) == path_shape(&new.path);
        let is_accepted = !matches!(self.accepted(&service), AcceptedAddress::Refused);
        if is_same_path || self.is_unstable(old) || !is_accepted {
            return;
        }
        let scope = scope_of(&self.shown_path(&service), method);
        let change = ChangeDetails::default()
            .from(described(old))
            .to(format!("{} has no {method}", new.path))
            .between(old.node_ref, new.node_ref);
        self.push("operation.address.refused", &scope, None, change);
    }

    /// The path to show: as the operation with fewer addresses writes it.
    fn shown_path(&self, service: &SharedService<'c>) -> String {
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

    /// What happens to requests because of path text that is a parameter on one side only.
    fn outcome(&self, service: &SharedService<'c>) -> AddressOutcome {
        let address = match self.accepted(service) {
            AcceptedAddress::Found(address) => address,
            AcceptedAddress::Unknown => return AddressOutcome::Served,
            AcceptedAddress::Refused => return AddressOutcome::NeverAccepted,
        };
        let operation = &self.new.operations[service.new];
        let aligned = service.shared.aligned();
        let is_judged = |name: &str| !aligned.iter().any(|(_, known)| known == name);
        let refusals = path_refusals(self.new, operation, &service.method, &address);
        let refusal = refusals.into_iter().find(|(name, _)| is_judged(name));
        refusal.map_or(AddressOutcome::Served, |(_, message)| {
            AddressOutcome::Refused(message)
        })
    }

    /// An address that the old operation accepts, whatever the values of expressions that both
    /// sides share.
    fn accepted(&self, service: &SharedService<'c>) -> AcceptedAddress {
        let operation = &self.old.operations[service.old];
        let aligned = service.shared.aligned();
        let is_judged = |name: &str| !aligned.iter().any(|(known, _)| known == name);
        for attempt in 0..3 {
            let address = service
                .shared
                .address(|names| self.value_of(service, names, attempt));
            let refusals = path_refusals(self.old, operation, &service.method, &address);
            let is_fixed = |name: &str| service.shared.fixed(0).contains(&name);
            if refusals.iter().any(|(name, _)| is_fixed(name)) {
                return AcceptedAddress::Refused;
            }
            if !refusals.iter().any(|(name, _)| is_judged(name)) {
                return AcceptedAddress::Found(address);
            }
        }
        AcceptedAddress::Unknown
    }

    /// A value for an expression: an example of its parameter, any text, or a number.
    fn value_of(
        &self,
        service: &SharedService<'c>,
        (old, new): (Option<&str>, Option<&str>),
        attempt: usize,
    ) -> String {
        let example = |contract: &CompiledContract, operation: &Operation, name: &str| {
            let mut parameters = operation.parameters.iter();
            let parameter = parameters
                .find(|parameter| parameter.part == MessagePart::Path && parameter.name == name)?;
            match contract.parameter_example(parameter)? {
                serde_json::Value::String(text) if !text.is_empty() => {
                    let encoded = percent_encoding::utf8_percent_encode(
                        &text,
                        percent_encoding::NON_ALPHANUMERIC,
                    );
                    Some(encoded.to_string())
                }
                serde_json::Value::Number(number) => Some(number.to_string()),
                serde_json::Value::Bool(flag) => Some(flag.to_string()),
                _ => None,
            }
        };
        let found = match attempt {
            0 => old
                .and_then(|name| example(self.old, &self.old.operations[service.old], name))
                .or_else(|| {
                    new.and_then(|name| example(self.new, &self.new.operations[service.new], name))
                }),
            1 => None,
            _ => Some("1".to_owned()),
        };
        found.unwrap_or_else(|| ANY_VALUE.to_owned())
    }
}

fn described(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}

fn scope_of(path: &str, method: &Method) -> ChangeScope {
    ChangeScope {
        subject: ChangeSubject::Operation {
            path: path.to_owned(),
            method: method.to_string(),
        }
        .into(),
        is_outbound: false,
    }
}
