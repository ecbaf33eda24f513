//! The address of an operation, with its path parameters filled in.

use portcullis_contract::{CompiledContract, Operation};

/// The address of an operation below one of its base paths. An unknown number stands for the first
/// base path.
pub(super) fn address(
    contract: &CompiledContract,
    operation: &Operation,
    number: usize,
    fill: impl Fn(&str) -> String,
) -> String {
    let listing = contract.listing().into_iter();
    let of_operation = listing.filter(|(other, _)| std::ptr::eq(*other, operation));
    let paths: Vec<&str> = of_operation.flat_map(|(_, paths)| paths).collect();
    let template = paths.get(number).or(paths.first());
    let mut path = String::new();
    let mut rest = template.copied().unwrap_or(&operation.path);
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(&fill(name));
        rest = after;
    }
    path.push_str(rest);
    path
}

/// The names of the path parameters of an operation, in order.
pub(super) fn path_names(operation: &Operation) -> Vec<&str> {
    let parts = operation.path.split('{').skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0))
        .collect()
}
