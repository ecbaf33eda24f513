//! The address of an operation, with its path parameters filled in.

use portcullis_contract::Operation;

use super::message_judge::MessageJudge;

/// The address of an operation: the one that the judge is limited to, or that below one of its base
/// paths. An unknown number stands for the first base path.
pub(super) fn address(
    judge: MessageJudge<'_>,
    number: usize,
    fill: impl Fn(&str) -> String,
) -> String {
    let listing = judge.contract.listing().into_iter();
    let of_operation = listing.filter(|(other, _)| std::ptr::eq(*other, judge.operation));
    let paths: Vec<&str> = of_operation.flat_map(|(_, paths)| paths).collect();
    let below = || paths.get(number).or(paths.first()).copied();
    let mut path = String::new();
    let mut rest = judge
        .address
        .or_else(below)
        .unwrap_or(&judge.operation.path);
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
