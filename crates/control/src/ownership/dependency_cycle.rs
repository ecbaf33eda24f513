//! Finds services that depend on each other's contracts in a cycle.
//!
//! A cycle is not an error in a contract: each can be read and served. But no order of deployments
//! is safe for a breaking change among these services. So cycles are reported as warnings.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Where a dependency is declared: the index of its table, and of the item in that table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DependencyEdge {
    pub(super) table: usize,
    pub(super) item: usize,
}

/// A service on a cycle, with the edge to the next one; the first follows the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct CycleStep<'s> {
    pub(super) service: &'s str,
    pub(super) edge: DependencyEdge,
}

/// The services that each service uses; a step's `service` is the used one.
type DependencyGraph<'s> = BTreeMap<&'s str, Vec<CycleStep<'s>>>;

/// Cycles that together contain every service that is on any cycle. Each is the shortest one of its
/// first service.
pub(super) fn cycles<'s>(
    dependencies: impl IntoIterator<Item = (&'s str, &'s [String])>,
) -> Vec<Vec<CycleStep<'s>>> {
    let mut graph = DependencyGraph::new();
    for (table, (service, uses)) in dependencies.into_iter().enumerate() {
        let edges = uses.iter().enumerate();
        let edges = edges.map(|(item, used)| CycleStep {
            service: used.as_str(),
            edge: DependencyEdge { table, item },
        });
        graph.entry(service).or_default().extend(edges);
    }
    let mut on_cycles = BTreeSet::new();
    let mut cycles = Vec::new();
    for service in graph.keys() {
        if on_cycles.contains(service) {
            continue;
        }
        if let Some(cycle) = shortest(&graph, service) {
            on_cycles.extend(cycle.iter().map(|step| step.service));
            cycles.push(cycle);
        }
    }
    cycles
}

/// The shortest path from a service back to itself.
fn shortest<'s>(graph: &DependencyGraph<'s>, start: &'s str) -> Option<Vec<CycleStep<'s>>> {
    let mut came_from: BTreeMap<&str, CycleStep<'s>> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(service) = open.pop_front() {
        for used in graph.get(service).into_iter().flatten() {
            let step = CycleStep {
                service,
                edge: used.edge,
            };
            if used.service == start {
                return Some(path_to(&came_from, start, step));
            }
            if let Entry::Vacant(entry) = came_from.entry(used.service) {
                entry.insert(step);
                open.push_back(used.service);
            }
        }
    }
    None
}

fn path_to<'s>(
    came_from: &BTreeMap<&'s str, CycleStep<'s>>,
    start: &str,
    last: CycleStep<'s>,
) -> Vec<CycleStep<'s>> {
    let mut path = vec![last];
    let mut at = last.service;
    while at != start {
        let Some(&before) = came_from.get(at) else {
            break;
        };
        path.push(before);
        at = before.service;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_shortest_cycles() {
        let check = |edges: &str, expected: &[&str]| {
            let tables: Vec<(&str, Vec<String>)> = edges
                .split_whitespace()
                .map(|table| {
                    let (service, uses) = table.split_once('>').unwrap();
                    (service, uses.split(',').map(str::to_owned).collect())
                })
                .collect();
            let found = cycles(
                tables
                    .iter()
                    .map(|(service, uses)| (*service, uses.as_slice())),
            );
            let shown: Vec<String> = found
                .iter()
                .map(|cycle| cycle.iter().map(|step| step.service).collect())
                .collect();
            assert_eq!(shown, expected, "{edges}");
        };
        check("a>b b>c", &[]);
        check("a>a", &["a"]);
        check("a>b b>a", &["ab"]);
        check("a>b,c b>c c>a", &["ac", "bca"]);
        check("a>b b>c c>b,d d>e e>d", &["bc", "de"]);
    }
}
