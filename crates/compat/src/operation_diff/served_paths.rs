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
        RouteMatch::MethodNotAllowed { .. } | RouteMatch::NotFound => None,
    }
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
