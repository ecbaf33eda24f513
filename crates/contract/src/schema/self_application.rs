//! Schemas whose meaning depends on themselves, for the same value.
//!
//! A schema inside itself applies to a part of the value, which ends. One that applies itself to the
//! same value never ends, so validators assume that this part holds. For a reference in `allOf` that
//! adds nothing, as its author meant. As an alternative of its own `anyOf` or `oneOf` it makes every
//! value valid, and below `not` or `if` it contradicts itself, so such a contract is refused.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::application_bounds::{definitions, number_of};
use super::lower::SchemaFault;
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::document::{DocumentSet, NodeRef};

/// Keywords that constrain nothing.
const ANNOTATIONS: [&str; 11] = [
    "$comment",
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "example",
    "examples",
    "discriminator",
    "externalDocs",
];

/// How a definition applies another one to its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ApplicationKind {
    /// As a whole alternative.
    Alternative,
    /// Below `not` or `if`.
    Condition,
    /// Together with other keywords.
    Part,
}

#[derive(Clone, Copy, Debug)]
struct SelfReference {
    target: usize,
    kind: ApplicationKind,
    /// Whether it is a whole alternative of the definition, whatever else that says.
    is_branch: bool,
    keyword: &'static str,
}

/// The faults of the definitions that apply themselves in a way that has no meaning. `origins` has the
/// node of each definition by number.
pub(super) fn self_applied_schemas(
    lowered: &Value,
    origins: &[NodeRef],
    documents: &DocumentSet,
) -> Vec<SchemaFault> {
    let mut uses: HashMap<usize, Vec<SelfReference>> = HashMap::new();
    for (number, schema) in definitions(lowered) {
        let mut found = Vec::new();
        collect(schema, Applied::root(), &mut found);
        uses.insert(number, found);
    }
    let is_alternative = |one: &SelfReference| one.kind == ApplicationKind::Alternative;
    let alternatives = components(&uses, &is_alternative);
    let all = components(&uses, &|_| true);
    let mut numbers: Vec<usize> = uses.keys().copied().collect();
    numbers.sort_unstable();
    let fault = |number: usize| {
        let found = uses.get(&number)?.iter();
        let is_within = |components: &HashMap<usize, usize>, one: &SelfReference| {
            components.get(&number) == components.get(&one.target)
        };
        let keyword = found
            .filter(|one| match one.kind {
                ApplicationKind::Alternative => is_within(&alternatives, one),
                ApplicationKind::Condition => is_within(&all, one),
                ApplicationKind::Part => one.is_branch && one.target == number,
            })
            .map(|one| one.keyword)
            .find(|keyword| !keyword.is_empty())?;
        let node_ref = *origins.get(number)?;
        Some(problem_at(documents, node_ref, keyword))
    };
    numbers.into_iter().filter_map(fault).collect()
}

fn problem_at(documents: &DocumentSet, node_ref: NodeRef, keyword: &str) -> SchemaFault {
    let message = format!(
        "the schema applies itself to the same value in `{keyword}`, so what it accepts is not defined: remove the reference to itself"
    );
    SchemaFault {
        node_ref,
        schema: node_ref,
        problem: ContractProblem {
            severity: Severity::Error,
            kind: ContractProblemKind::MalformedSchema,
            at: documents.location(node_ref),
            message,
            repair: None,
        },
    }
}

/// How a schema inside a definition applies to the value.
#[derive(Clone, Copy, Debug)]
struct Applied {
    /// The keyword that holds it; empty for the definition itself.
    keyword: &'static str,
    is_condition: bool,
    is_part: bool,
    is_branch: bool,
}

impl Applied {
    fn root() -> Self {
        Self {
            keyword: "",
            is_condition: false,
            is_part: false,
            is_branch: true,
        }
    }
}

/// Adds the references by which a schema applies others to the same value. The depth of documents
/// bounds the recursion.
fn collect(schema: &Value, applied: Applied, found: &mut Vec<SelfReference>) {
    let Value::Object(keywords) = schema else {
        return;
    };
    let is_union = is_union(keywords);
    let is_whole = is_union && !applied.is_part;
    let is_branch = applied.is_branch && (applied.keyword.is_empty() || is_union);
    let inside = |keyword: &'static str| Applied {
        keyword,
        is_condition: applied.is_condition || matches!(keyword, "not" | "if"),
        is_part: !is_whole || matches!(keyword, "allOf" | "then" | "else" | "dependentSchemas"),
        is_branch: is_branch && matches!(keyword, "anyOf" | "oneOf"),
    };
    for (keyword, value) in keywords {
        let lists = ["allOf", "anyOf", "oneOf"];
        let single = ["not", "if", "then", "else"];
        if let Some(keyword) = lists.into_iter().find(|known| known == keyword) {
            for branch in value.as_array().into_iter().flatten() {
                collect(branch, inside(keyword), found);
            }
        } else if let Some(keyword) = single.into_iter().find(|known| known == keyword) {
            collect(value, inside(keyword), found);
        } else if keyword == "dependentSchemas" {
            for (_, branch) in value.as_object().into_iter().flatten() {
                collect(branch, inside("dependentSchemas"), found);
            }
        } else if matches!(keyword.as_str(), "$ref" | "$dynamicRef")
            && let Some(target) = value.as_str().and_then(number_of)
        {
            let kind = if applied.is_condition {
                ApplicationKind::Condition
            } else if is_whole {
                ApplicationKind::Alternative
            } else {
                ApplicationKind::Part
            };
            found.push(SelfReference {
                target,
                kind,
                is_branch: is_branch && is_union,
                keyword: applied.keyword,
            });
        }
    }
}

/// Whether a schema says nothing but that its alternatives or its reference apply.
fn is_union(keywords: &Map<String, Value>) -> bool {
    let mut constraints = keywords
        .keys()
        .filter(|keyword| !keyword.starts_with("x-") && !ANNOTATIONS.contains(&keyword.as_str()));
    let is_one = |keyword: &String| {
        matches!(
            keyword.as_str(),
            "anyOf" | "oneOf" | "not" | "$ref" | "$dynamicRef"
        )
    };
    constraints.next().is_some_and(is_one) && constraints.next().is_none()
}

/// The number of the strongly connected component of each definition in the graph of some
/// references (Kosaraju's algorithm, without recursion).
fn components(
    uses: &HashMap<usize, Vec<SelfReference>>,
    is_edge: &dyn Fn(&SelfReference) -> bool,
) -> HashMap<usize, usize> {
    let targets = |number: usize| {
        let found = uses.get(&number).map_or(&[][..], Vec::as_slice).iter();
        let edges = found.filter(|one| is_edge(one)).map(|one| one.target);
        edges.collect::<Vec<usize>>()
    };
    let mut numbers: Vec<usize> = uses.keys().copied().collect();
    numbers.sort_unstable();
    let mut back: HashMap<usize, Vec<usize>> = HashMap::new();
    for number in &numbers {
        for target in targets(*number) {
            back.entry(target).or_default().push(*number);
        }
    }
    let order = finished_order(&numbers, &targets);
    let backwards = |number: usize| back.get(&number).cloned().unwrap_or_default();
    let mut component = HashMap::new();
    for root in order.into_iter().rev() {
        let mut open = vec![root];
        while let Some(number) = open.pop() {
            if let Entry::Vacant(unknown) = component.entry(number) {
                unknown.insert(root);
                open.extend(backwards(number));
            }
        }
    }
    component
}

/// The definitions in the order in which a search through the references leaves them.
fn finished_order(numbers: &[usize], targets: &dyn Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut order = Vec::new();
    for start in numbers {
        let mut open = vec![(*start, false)];
        while let Some((number, is_finished)) = open.pop() {
            if is_finished {
                order.push(number);
            } else if seen.insert(number) {
                open.push((number, true));
                open.extend(targets(number).into_iter().map(|target| (target, false)));
            }
        }
    }
    order
}
