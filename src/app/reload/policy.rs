//! Whether a revision may follow another.
//!
//! A contract without operations never follows one that has some: a file that was cut off after its
//! first lines is still YAML, and would refuse everything. What breaks consumers is for a [`Compatibility`] to say. [`Structure`] knows what follows from
//! the structure alone: what was there and is gone, and what has become required. It does not
//! compare schemas, so what it passes is not proved to be compatible.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::config::ReloadPolicy;
use crate::contract::{
    BodyRule, CompiledContract, MediaType, Operation, Part, RequestBody, Response, StatusPattern,
};

/// Finds what a revision would break.
pub(in crate::app) trait Compatibility: Send + Sync + std::fmt::Debug {
    /// One sentence for each break, none where there is none.
    fn breaks(&self, old: &CompiledContract, new: &CompiledContract) -> Vec<String>;
}

/// What follows from the structure of two contracts.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct Structure;

/// Why a revision may not follow the one in force; empty where it may.
pub(super) fn objections(
    policy: ReloadPolicy,
    engine: &dyn Compatibility,
    old: &CompiledContract,
    new: &CompiledContract,
) -> Vec<String> {
    if new.operations.is_empty() && !old.operations.is_empty() {
        return vec![format!(
            "it has no operations, and the contract in force has {}: is it whole? To take it \
             nevertheless, restart",
            old.operations.len()
        )];
    }
    if policy == ReloadPolicy::Any || is_major(&old.version, &new.version) {
        return Vec::new();
    }
    let mut breaks = engine.breaks(old, new);
    if !breaks.is_empty() {
        breaks.push(format!(
            "the policy is `compatible`: raise the major version of {} ({} is not above it), or \
             take the breaks back",
            old.version, new.version
        ));
    }
    breaks
}

/// Whether the second version announces breaks (semver.org, items 4 and 8): a greater major
/// version, or a greater minor one while the major one is 0.
fn is_major(old: &str, new: &str) -> bool {
    let parts = |version: &str| {
        let core = version.split(['-', '+']).next().unwrap_or_default();
        let mut numbers = core.trim_start_matches('v').split('.');
        let mut number = || numbers.next().and_then(|part| part.parse::<u64>().ok());
        let major = number()?;
        Some((major, number().unwrap_or(0)))
    };
    match (parts(old), parts(new)) {
        (Some((0, old)), Some((0, new))) => new > old,
        (Some((old, _)), Some((new, _))) => new > old,
        _ => false,
    }
}

impl Compatibility for Structure {
    fn breaks(&self, old: &CompiledContract, new: &CompiledContract) -> Vec<String> {
        let mut breaks = Vec::new();
        let of = |operation: &Operation| (operation.method.clone(), shape(&operation.path));
        let by_shape: HashMap<_, _> = new
            .operations
            .iter()
            .map(|operation| (of(operation), operation))
            .collect();
        for before in &old.operations {
            match by_shape.get(&of(before)) {
                Some(after) => compare(before, after, &mut breaks),
                None => breaks.push(format!("{}: the operation is gone", title(before))),
            }
        }
        breaks
    }
}

fn compare(before: &Operation, after: &Operation, breaks: &mut Vec<String>) {
    let title = title(before);
    for parameter in after
        .parameters
        .iter()
        .filter(|parameter| parameter.required)
    {
        let is_same_name = |old: &str| match parameter.part {
            Part::Header => old.eq_ignore_ascii_case(&parameter.name),
            _ => old == parameter.name,
        };
        let same = before
            .parameters
            .iter()
            .find(|old| old.part == parameter.part && is_same_name(&old.name));
        let is_of_path = parameter.part == Part::Path;
        if !is_of_path && same.is_none_or(|old| !old.required) {
            breaks.push(format!(
                "{title}: the parameter {} is required now",
                parameter.name
            ));
        }
    }
    let (old, new) = (body(before), body(after));
    if new.is_some_and(|new| new.required) && old.is_none_or(|old| !old.required) {
        breaks.push(format!("{title}: a request body is required now"));
    }
    let content = |body: Option<&RequestBody>| {
        body.map_or(BTreeSet::new(), |body| media_types(&body.content))
    };
    for gone in gone(&content(old), &content(new)) {
        breaks.push(format!("{title}: requests may no longer be {gone}"));
    }
    let asks = after.challenges();
    if !asks.is_empty() && asks != before.challenges() {
        breaks.push(format!("{title}: it asks for other credentials ({asks})"));
    }
    for response in &before.responses {
        let mut others = after.responses.iter();
        let Some(same) = others.find(|new| new.status == response.status) else {
            let has_default = |new: &Arc<Response>| new.status == StatusPattern::Default;
            if !after.responses.iter().any(has_default) {
                breaks.push(format!("{title}: the response {} is gone", response.status));
            }
            continue;
        };
        for gone in gone(&media_types(&response.content), &media_types(&same.content)) {
            let status = response.status;
            breaks.push(format!(
                "{title}: the response {status} is no longer {gone}"
            ));
        }
    }
}

fn media_types(content: &[MediaType]) -> BTreeSet<String> {
    content
        .iter()
        .map(|media| media.key.to_lowercase())
        .collect()
}

/// Those that no media type or range of the others covers.
fn gone<'a>(old: &'a BTreeSet<String>, new: &'a BTreeSet<String>) -> Vec<&'a String> {
    let is_covered = |media: &&String| {
        let range = media.split_once('/').map(|(kind, _)| format!("{kind}/*"));
        new.contains(*media)
            || new.contains("*/*")
            || range.is_some_and(|range| new.contains(&range))
    };
    old.iter().filter(|media| !is_covered(media)).collect()
}

fn body(operation: &Operation) -> Option<&RequestBody> {
    match &operation.body {
        BodyRule::Declared(body) => Some(body),
        BodyRule::Undeclared | BodyRule::Ignored => None,
    }
}

fn title(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}

/// A path without the names of its parameters, which no consumer sees.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    let mut is_name = false;
    for c in path.chars() {
        match c {
            '{' => is_name = true,
            '}' => {
                is_name = false;
                shape.push_str("{}");
            }
            _ if is_name => {}
            _ => shape.push(c),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::contract::{CompileOptions, compile, from_bytes};

    fn contract(version: &str, paths: &str) -> CompiledContract {
        let text =
            format!("openapi: 3.1.0\ninfo: {{title: t, version: {version}}}\npaths: {paths}");
        let documents = from_bytes("a.yaml", text.into_bytes(), &Limits::default()).unwrap();
        compile(documents, &CompileOptions::default()).unwrap()
    }

    const OLD: &str = "{'/a/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {}}, {name: q, in: query, schema: {}}], \
        responses: {'200': {description: ok}}}, post: {requestBody: {content: {text/plain: {}, application/json: {}}}, responses: {}}}}";

    fn check(version: &str, paths: &str, expected: &[&str]) {
        let (old, new) = (contract("1.2.0", OLD), contract(version, paths));
        let mut found = objections(ReloadPolicy::Compatible, &Structure, &old, &new);
        if let Some(advice) = found.pop() {
            assert!(
                advice.contains("raise the major version of 1.2.0"),
                "{advice}"
            );
        }
        assert_eq!(found, expected);
        assert!(objections(ReloadPolicy::Any, &Structure, &old, &new).is_empty());
    }

    #[test]
    fn what_is_gone_or_required_now_is_a_break() {
        check("1.3.0", OLD, &[]);
        check(
            "1.3.0",
            &OLD.replace("{id}", "{key}")
                .replace("name: id", "name: key"),
            &[],
        );
        let other = "{/b: {get: {responses: {}}}}";
        check(
            "1.3.0",
            other,
            &[
                "GET /a/{id}: the operation is gone",
                "POST /a/{id}: the operation is gone",
            ],
        );
        check("2.0.0", other, &[]);
        check(
            "1.3.0",
            &OLD.replace("name: q, in: query", "name: q, in: query, required: true"),
            &["GET /a/{id}: the parameter q is required now"],
        );
        check(
            "1.3.0",
            &OLD.replace("text/plain: {}, ", ""),
            &["POST /a/{id}: requests may no longer be text/plain"],
        );
        check(
            "1.3.0",
            &OLD.replace("requestBody: {", "requestBody: {required: true, "),
            &["POST /a/{id}: a request body is required now"],
        );
        check(
            "1.3.0",
            &OLD.replace("'200'", "'201'"),
            &["GET /a/{id}: the response 200 is gone"],
        );
    }

    #[test]
    fn what_was_cut_off_is_not_taken() {
        let (old, new) = (contract("1.2.0", OLD), contract("2.0.0", "{}"));
        let objections = objections(ReloadPolicy::Any, &Structure, &old, &new);
        let expected = "it has no operations, and the contract in force has 2: is it whole? To take it nevertheless, restart";
        assert_eq!(objections, [expected]);
    }

    #[test]
    fn versions_announce_breaks() {
        for (old, new, major) in [
            ("1.2.3", "2.0.0", true),
            ("1.2.3", "1.9.0", false),
            ("2.0.0", "1.0.0", false),
            ("0.3.0", "0.4.0", true),
            ("0.3.0", "0.3.9", false),
            ("0.9.0", "1.0.0", true),
            ("v1", "v2-beta", true),
            ("2024-01", "x", false),
        ] {
            assert_eq!(is_major(old, new), major, "{old} {new}");
        }
    }
}
