//! The paths of both contracts, which operation serves an address, and whether it accepts the text
//! of its path parameters. The routers and validators of the contracts answer.

use std::collections::{BTreeMap, HashSet};

use http::Method;
use http::header::HeaderMap;

use portcullis_contract::route::{PathCaptures, RouteMatch};
use portcullis_contract::{
    BodyLength, CheckScratch, CheckSettings, CompiledContract, MessagePart, Operation, RequestHead,
    check_head,
};
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementCeilings, EnforcementPolicy};
use portcullis_vocabulary::limits::Limits;

use super::super::compat_finding::path_shape;
use super::address_template::{ANY_VALUE, AddressTemplate};
use super::segment_conditions::{SegmentCondition, conditions};

/// A path with its base and the operations that it declares.
pub(super) struct ServedPath<'c> {
    pub(super) template: AddressTemplate<'c>,
    /// The template without parameter names.
    pub(super) shape: String,
    /// The indices of the operations.
    pub(super) operations: Vec<usize>,
    /// Whether the other revision has the same path, whatever its parameters are called.
    pub(super) is_in_both: bool,
}

/// The paths of both contracts.
pub(super) struct ServedPaths<'c> {
    pub(super) old: Vec<ServedPath<'c>>,
    pub(super) new: Vec<ServedPath<'c>>,
}

impl<'c> ServedPaths<'c> {
    pub(super) fn of(old: &'c CompiledContract, new: &'c CompiledContract) -> Self {
        let (mut old, mut new) = (served_paths(old), served_paths(new));
        let shapes = |paths: &[ServedPath<'_>]| -> HashSet<String> {
            paths.iter().map(|path| path.shape.clone()).collect()
        };
        let (was, is) = (shapes(&old), shapes(&new));
        for (paths, others) in [(&mut old, &is), (&mut new, &was)] {
            for path in paths {
                path.is_in_both = others.contains(&path.shape);
            }
        }
        Self { old, new }
    }
}

impl<'c> ServedPath<'c> {
    /// The operation of this path that serves requests with a method.
    pub(super) fn operation(&self, contract: &CompiledContract, method: &Method) -> Option<usize> {
        let of = |method: &Method| {
            let mut numbers = self.operations.iter().copied();
            numbers.find(|number| contract.operations[*number].method == *method)
        };
        let is_head = *method == Method::HEAD;
        of(method).or_else(|| of(&Method::GET).filter(|_| is_head))
    }

    /// Whether an operation of this path serves an address.
    pub(super) fn is_reached(&self, contract: &CompiledContract, address: &str) -> bool {
        self.operations.iter().any(|number| {
            let method = &contract.operations[*number].method;
            serving(contract, method, address) == Some(*number)
        })
    }

    /// The paths of the same contract that take addresses of `template` from this one: for each, the
    /// conditions of these addresses.
    pub(super) fn preceding<'s>(
        &self,
        contract: &CompiledContract,
        paths: &'s [Self],
        template: &AddressTemplate<'s>,
    ) -> Vec<Vec<SegmentCondition<'s>>> {
        let others = paths.iter().filter(|other| other.shape != self.shape);
        others
            .filter_map(|other| {
                let conditions = conditions(template, &other.template)?;
                let shared = self.template.shared(&other.template)?;
                let is_first = other.is_reached(contract, &shared.address(any_value));
                is_first.then_some(conditions)
            })
            .collect()
    }
}

fn served_paths(contract: &CompiledContract) -> Vec<ServedPath<'_>> {
    let mut by_text: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, (_, addresses)) in contract.listing().into_iter().enumerate() {
        for address in addresses {
            by_text.entry(address).or_default().push(number);
        }
    }
    let of = |(text, operations)| ServedPath {
        template: AddressTemplate::of(text),
        shape: path_shape(text),
        operations,
        is_in_both: false,
    };
    by_text.into_iter().map(of).collect()
}

/// A text for any expression.
pub(super) fn any_value(_: (Option<&str>, Option<&str>)) -> String {
    ANY_VALUE.to_owned()
}

/// The operation that serves requests to an address.
pub(super) fn serving(
    contract: &CompiledContract,
    method: &Method,
    address: &str,
) -> Option<usize> {
    match contract.match_route(method, address, &mut PathCaptures::default()) {
        RouteMatch::Found { operation } => Some(operation as usize),
        RouteMatch::MethodNotAllowed { .. } | RouteMatch::Unread { .. } | RouteMatch::NotFound => {
            None
        }
    }
}

/// Whether an operation serves an address and accepts the text of its path parameters.
pub(super) fn accepts_path(
    contract: &CompiledContract,
    operation: &Operation,
    method: &Method,
    address: &str,
) -> bool {
    let number = serving(contract, method, address);
    number.is_some_and(|number| std::ptr::eq(&contract.operations[number], operation))
        && path_refusals(contract, operation, method, address).is_empty()
}

/// The path parameters whose text in an address the operation refuses, each with the reason.
pub(super) fn path_refusals(
    contract: &CompiledContract,
    operation: &Operation,
    method: &Method,
    address: &str,
) -> Vec<(String, String)> {
    let mut captures = PathCaptures::default();
    let found = contract.match_route(method, address, &mut captures);
    let is_own = |number: u32| std::ptr::eq(contract.operation(number), operation);
    if !matches!(found, RouteMatch::Found { operation } if is_own(operation)) {
        return Vec::new();
    }
    let ceilings = EnforcementCeilings {
        request: Enforcement::Report,
        response: Enforcement::Report,
    };
    let policy = EnforcementPolicy::new(ceilings, [], 1.0);
    let limits = Limits::default();
    let head = RequestHead {
        path: address,
        query: None,
        headers: &HeaderMap::new(),
        captures: &captures,
        body: BodyLength::Absent,
    };
    let mut violations = Vec::new();
    check_head(
        contract,
        operation,
        head,
        CheckSettings::new(&policy, &limits),
        &mut CheckScratch::default(),
        &mut violations,
    );
    let of_path = violations
        .iter()
        .filter(|violation| violation.part == MessagePart::Path);
    of_path
        .filter_map(|violation| Some((violation.name.clone()?, violation.sentence(true))))
        .collect()
}
