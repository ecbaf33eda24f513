//! Bounds on how often and how deep a contract may apply schemas to one value.
//!
//! A schema that refers to another one twice, which refers to a third one twice, applies the last
//! one to the same value four times. Forty such levels are five kilobytes of contract and 2^40
//! applications. So the applications are counted when a contract is compiled, and a contract with
//! too many is refused. The count is a sum over definitions, each taken once, so it costs no more
//! than reading them. A reference that closes a cycle counts as one: validators do not apply a
//! schema inside itself to the same value.
//!
//! Only keywords that apply schemas to the same value count. The others apply them to a part of the
//! value, so the size of the message bounds them.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::lower::SchemaFault;
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::document::{DocumentSet, NodeRef};

/// The highest number of schemas that apply to one value.
const APPLICATIONS_MAX: u64 = 20_000;

/// The deepest nesting of schemas that apply to one value, which bounds the stack of validators.
const NESTING_MAX: u64 = 128;

/// Which bound a definition exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExceededBound {
    Applications,
    Nesting,
}

/// The faults of the definitions that exceed a bound although nothing that they refer to does.
/// `origins` has the node of each definition by number.
pub(super) fn costly_schemas(
    lowered: &Value,
    origins: &[NodeRef],
    documents: &DocumentSet,
) -> Vec<SchemaFault> {
    let exceeding = exceeding_definitions(lowered).into_iter();
    let faults = exceeding.filter_map(|(number, bound)| {
        let node_ref = *origins.get(number)?;
        let message = match bound {
            ExceededBound::Applications => format!(
                "applies more than {APPLICATIONS_MAX} schemas to one value, because its alternatives and references lead to the same schemas again and again: refer to each schema once"
            ),
            ExceededBound::Nesting => format!(
                "applies schemas to one value that are nested more than {NESTING_MAX} levels deep in references, `allOf`, `anyOf`, `oneOf`, `not` and conditions: merge some of them"
            ),
        };
        let problem = ContractProblem {
            severity: Severity::Error,
            kind: ContractProblemKind::CostlySchema,
            at: documents.location(node_ref),
            message: format!("the schema {message}"),
            repair: None,
        };
        Some(SchemaFault {
            node_ref,
            schema: node_ref,
            problem,
        })
    });
    faults.collect()
}

/// What one definition applies to the value that it is applied to.
#[derive(Debug, Default)]
struct DefinitionUse {
    /// The number of schemas, without those behind references.
    applications: u64,
    nesting: u64,
    references: Vec<ReferenceUse>,
}

/// A reference in a definition.
#[derive(Clone, Copy, Debug)]
struct ReferenceUse {
    target: usize,
    /// How often it is applied.
    times: u64,
    /// How deep it is nested in the definition.
    nesting: u64,
}

/// The cost of a definition with everything behind its references.
#[derive(Clone, Copy, Debug)]
struct ApplicationCost {
    applications: u64,
    nesting: u64,
}

/// The cost of a definition that is applied inside itself.
const CYCLE: ApplicationCost = ApplicationCost {
    applications: 1,
    nesting: 1,
};

/// The definitions of a lowered document that exceed a bound although nothing that they refer to
/// does.
fn exceeding_definitions(lowered: &Value) -> Vec<(usize, ExceededBound)> {
    let definitions = definitions(lowered);
    // Inside a definition, other values have separate schemas, which refer to definitions, too.
    let mut roots: Vec<(usize, DefinitionUse)> = Vec::new();
    let mut uses: HashMap<usize, DefinitionUse> = HashMap::new();
    for (number, schema) in definitions {
        let mut open = vec![schema];
        let mut is_first = true;
        while let Some(root) = open.pop() {
            let mut found = DefinitionUse::default();
            collect(root, 1, 1, &mut found, &mut open);
            if std::mem::take(&mut is_first) {
                uses.insert(number, found);
            } else {
                roots.push((number, found));
            }
        }
    }
    let costs = costs(&uses);
    let bound = |found: &DefinitionUse| {
        let references = found.references.iter();
        let costs_below = references.filter_map(|below| costs.get(&below.target));
        if costs_below
            .into_iter()
            .any(|cost| exceeded(*cost).is_some())
        {
            return None;
        }
        exceeded(total(found, &costs))
    };
    let all = uses.iter().map(|(number, found)| (*number, found));
    let all = all.chain(roots.iter().map(|(number, found)| (*number, found)));
    let mut exceeding: Vec<(usize, ExceededBound)> = all
        .filter_map(|(number, found)| Some((number, bound(found)?)))
        .collect();
    exceeding.sort_unstable_by_key(|(number, _)| *number);
    exceeding.dedup_by_key(|(number, _)| *number);
    exceeding
}

fn exceeded(cost: ApplicationCost) -> Option<ExceededBound> {
    if cost.nesting > NESTING_MAX {
        Some(ExceededBound::Nesting)
    } else if cost.applications > APPLICATIONS_MAX {
        Some(ExceededBound::Applications)
    } else {
        None
    }
}

/// The definitions by number. Those of a resource with dynamic anchors are one level deeper.
pub(super) fn definitions(lowered: &Value) -> Vec<(usize, &Value)> {
    let mut found = Vec::new();
    let mut open: Vec<&Map<String, Value>> = Vec::new();
    open.extend(lowered.get("$defs").and_then(Value::as_object));
    while let Some(group) = open.pop() {
        for (name, schema) in group {
            match name.parse() {
                Ok(number) => found.push((number, schema)),
                Err(_) => open.extend(schema.get("$defs").and_then(Value::as_object)),
            }
        }
    }
    found
}

/// Adds what a schema applies to its value, and to `parts` the schemas of parts of the value. The
/// depth of documents bounds the recursion.
fn collect<'v>(
    schema: &'v Value,
    times: u64,
    nesting: u64,
    found: &mut DefinitionUse,
    parts: &mut Vec<&'v Value>,
) {
    found.applications = found.applications.saturating_add(times);
    found.nesting = found.nesting.max(nesting);
    let Value::Object(keywords) = schema else {
        return;
    };
    // To know what is evaluated, validators apply the composition a second time.
    let is_traced =
        keywords.contains_key("unevaluatedProperties") || keywords.contains_key("unevaluatedItems");
    let times = times.saturating_mul(1 + u64::from(is_traced));
    for (keyword, value) in keywords {
        let mut apply = |schema| collect(schema, times, nesting + 1, found, parts);
        match keyword.as_str() {
            "allOf" | "anyOf" | "oneOf" => value.as_array().into_iter().flatten().for_each(apply),
            "not" | "if" | "then" | "else" => apply(value),
            "dependentSchemas" => members(value).for_each(apply),
            "$ref" | "$dynamicRef" => {
                let target = value.as_str().and_then(number_of);
                found.references.extend(target.map(|target| ReferenceUse {
                    target,
                    times,
                    nesting,
                }));
            }
            "properties" | "patternProperties" => parts.extend(members(value)),
            "prefixItems" => parts.extend(value.as_array().into_iter().flatten()),
            "items"
            | "contains"
            | "additionalProperties"
            | "propertyNames"
            | "unevaluatedItems"
            | "unevaluatedProperties" => parts.push(value),
            _ => {}
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = &Value> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, below)| below)
}

/// The number of the definition that a reference names.
pub(super) fn number_of(reference: &str) -> Option<usize> {
    let (_, number) = reference.split_once("#/$defs/")?;
    number.parse().ok()
}

/// The cost of each definition: a search through the references, without recursion, because chains
/// of references may be long.
fn costs(uses: &HashMap<usize, DefinitionUse>) -> HashMap<usize, ApplicationCost> {
    let mut costs: HashMap<usize, ApplicationCost> = HashMap::new();
    let mut numbers: Vec<usize> = uses.keys().copied().collect();
    numbers.sort_unstable();
    for start in numbers {
        // Each definition on the way, and how many of its references were followed.
        let mut path = vec![(start, 0)];
        while let Some((number, followed)) = path.last_mut() {
            let (number, at) = (*number, *followed);
            let Some(found) = uses
                .get(&number)
                .filter(|_| at > 0 || !costs.contains_key(&number))
            else {
                path.pop();
                continue;
            };
            if at == 0 {
                // Until it is known, it counts as a cycle.
                costs.insert(number, CYCLE);
            }
            *followed += 1;
            match found.references.get(at) {
                Some(below) => {
                    if !costs.contains_key(&below.target) {
                        path.push((below.target, 0));
                    }
                }
                None => {
                    costs.insert(number, total(found, &costs));
                    path.pop();
                }
            }
        }
    }
    costs
}

fn total(found: &DefinitionUse, costs: &HashMap<usize, ApplicationCost>) -> ApplicationCost {
    let own = ApplicationCost {
        applications: found.applications,
        nesting: found.nesting,
    };
    found.references.iter().fold(own, |cost, below| {
        let target = costs.get(&below.target).copied().unwrap_or(CYCLE);
        let applications = target.applications.saturating_mul(below.times);
        ApplicationCost {
            applications: cost.applications.saturating_add(applications),
            nesting: cost.nesting.max(below.nesting + target.nesting),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Compares the definitions that exceed a bound.
    #[track_caller]
    fn check(definitions: impl Iterator<Item = Value>, expected: &[(usize, ExceededBound)]) {
        let definitions: Map<String, Value> = definitions
            .enumerate()
            .map(|(number, schema)| (number.to_string(), schema))
            .collect();
        let lowered = json!({"$defs": definitions, "properties": {}});
        assert_eq!(exceeding_definitions(&lowered), expected);
    }

    fn to(number: usize) -> Value {
        json!({"$ref": format!("#/$defs/{number}")})
    }

    #[test]
    fn repeated_references_multiply() {
        let exceeded = [(27, ExceededBound::Applications)];
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let double = |n: usize| json!({keyword: [to(n + 1), to(n + 1)]});
            check((0..40).map(double), &exceeded);
        }
        let conditional = |n: usize| json!({"if": to(n + 1), "then": to(n + 1)});
        check((0..40).map(conditional), &exceeded);
        let traced = |n: usize| json!({"allOf": [to(n + 1)], "unevaluatedProperties": false});
        check((0..40).map(traced), &exceeded);
        let parts = |n: usize| json!({"properties": {"a": to(n + 1), "b": to(n + 1)}});
        check((0..40).map(parts), &[]);
        check(
            (0..12).map(|n: usize| json!({"allOf": [to(n + 1), to(n + 1)]})),
            &[],
        );
    }

    #[test]
    fn chains_nest() {
        let parents = |n: usize| json!({"allOf": [to(n + 1)]});
        check((0..4_000).map(parents), &[(3_936, ExceededBound::Nesting)]);
        check((0..60).map(parents), &[]);
        let properties = |n: usize| json!({"properties": {"a": to(n + 1)}});
        check((0..20_000).map(properties), &[]);
        let nested = json!({"items": {"not": {"allOf": vec![to(1); 30_000]}}});
        check(
            [nested, json!({})].into_iter(),
            &[(0, ExceededBound::Applications)],
        );
    }

    #[test]
    fn cycles_end() {
        let all = |_: usize| json!({"anyOf": (0..100).map(to).collect::<Vec<_>>()});
        check((0..100).map(all), &[]);
        check([to(0)].into_iter(), &[]);
    }
}
