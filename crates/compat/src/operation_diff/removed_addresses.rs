//! The addresses of an operation that the newer contract has no more: who serves them now, and
//! whether all of them are served.

use http::Method;

use super::super::compat_finding::ExchangePart;
use super::address_search::{AddressSet, FoundAddress};
use super::address_takeovers::{ComparedPairs, described, scope_of};
use super::contract_comparison::{ChangeDetails, ContractComparison};
use super::path_outcomes::{SharedService, TOO_MANY_ADDRESSES};
use super::segment_conditions::conditions;
use super::served_paths::{ServedPath, ServedPaths, serving};

/// What became of the addresses of a removed operation.
struct RemovedAddresses<'s, 'c> {
    /// Addresses that another operation serves.
    served: Vec<SharedService<'s, 'c>>,
    /// Addresses whose path now lacks the method.
    without_method: Vec<SharedService<'s, 'c>>,
    /// An address that no operation serves.
    lost: FoundAddress,
}

impl<'c> ContractComparison<'c> {
    /// Compares a removed operation with those that now serve its addresses, and reports it as
    /// removed if some are not served. `rule` is the rule for that.
    pub(super) fn addresses_of_removed(
        &mut self,
        paths: &ServedPaths<'c>,
        removed: usize,
        rule: &'static str,
        compared: &mut ComparedPairs,
    ) {
        let operation = &self.old.operations[removed];
        let method = operation.method.clone();
        let addresses = self.removed_addresses(paths, removed, &method);
        if self.is_address_work_spent() {
            self.removed(operation, rule);
            return self.set_unknown(TOO_MANY_ADDRESSES);
        }
        let scope = scope_of(&operation.path, &operation.method);
        let is_unserved = addresses.served.is_empty();
        let without_method = addresses.without_method.first();
        let lost = match (addresses.lost, without_method) {
            (FoundAddress::Address(address), _) => Some(address),
            (_, Some(service)) if is_unserved => Some(service.address.clone()),
            (FoundAddress::Unsure, _) if !is_unserved => {
                self.removed(operation, rule);
                self.set_unknown("it was not found out whether all its addresses are still served");
                None
            }
            _ => None,
        };
        let is_removed = lost.is_some() || is_unserved;
        if is_removed {
            self.removed(operation, rule);
        }
        if let Some(address) = lost {
            self.add_refused(
                &scope,
                rule,
                &ExchangePart::NoPart,
                (operation, &method, address),
            );
        }
        for service in &addresses.served {
            if !compared.insert((service.old, service.new)) {
                continue;
            }
            if is_removed {
                self.taken_over(paths, service);
                continue;
            }
            let new = &self.new.operations[service.new];
            let change = ChangeDetails::default()
                .from(described(operation))
                .to(described(new))
                .between(operation.node_ref, new.node_ref);
            self.push("operation.served-by-another", &scope, None, change);
            if let Some(address) = self.judge_path(paths, service) {
                self.compare_takeover(&scope, service, &address);
            }
        }
        for service in addresses.without_method.iter().filter(|_| !is_unserved) {
            self.method_missing(service);
        }
    }

    fn removed_addresses<'s>(
        &mut self,
        paths: &'s ServedPaths<'c>,
        removed: usize,
        method: &'s Method,
    ) -> RemovedAddresses<'s, 'c> {
        let mut found = RemovedAddresses {
            served: Vec::new(),
            without_method: Vec::new(),
            lost: FoundAddress::Empty,
        };
        let own = paths.old.iter();
        for old in own.filter(|path| path.operations.contains(&removed)) {
            if self.is_address_work_spent() {
                return found;
            }
            for new in &paths.new {
                let operation = (removed, method);
                if let Some(service) = self.common_service(paths, (old, new), operation) {
                    self.sort_service(paths, service, &mut found);
                }
            }
            match (self.unmatched(paths, old, (removed, method)), &found.lost) {
                (FoundAddress::Empty, _) | (_, FoundAddress::Address(_)) => {}
                (other, _) => found.lost = other,
            }
        }
        found
    }

    /// An address of the old operation that no path of the new contract matches.
    fn unmatched<'s>(
        &mut self,
        paths: &'s ServedPaths<'c>,
        old: &'s ServedPath<'c>,
        (operation, method): (usize, &'s Method),
    ) -> FoundAddress {
        let mut outside = old.preceding(self.old, &paths.old, &old.template);
        let all = paths.new.iter();
        outside.extend(all.filter_map(|new| conditions(&old.template, &new.template)));
        self.find_address(&AddressSet {
            template: &old.template,
            operation,
            method,
            inside: Vec::new(),
            outside,
        })
    }

    fn sort_service<'s>(
        &mut self,
        paths: &'s ServedPaths<'c>,
        mut service: SharedService<'s, 'c>,
        found: &mut RemovedAddresses<'s, 'c>,
    ) {
        let new = service.new_path;
        match serving(self.new, &service.method, &service.address) {
            Some(number) if new.operations.contains(&number) => {
                service.new = number;
                // The new path matches all addresses, and refuses them.
                let is_whole = conditions(&service.old_path.template, &new.template)
                    .is_some_and(|conditions| conditions.is_empty());
                let outcome = self.outcome(paths, &service);
                match outcome.refused {
                    Some((address, _)) if is_whole => {
                        found.lost = FoundAddress::Address(address);
                    }
                    _ => found.served.push(service),
                }
            }
            Some(_) => {}
            None if new.shape == service.old_path.shape => {
                found.lost = FoundAddress::Address(service.address);
            }
            None => {
                let Some(declared) = new.operations.first() else {
                    return;
                };
                service.new = *declared;
                found.without_method.push(service);
            }
        }
    }
}
