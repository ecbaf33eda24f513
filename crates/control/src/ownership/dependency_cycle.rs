//! Services that need each other's contracts in a circle.
//!
//! A circle is no mistake in a contract: each can be read and served. It only means that none of
//! the services can take a breaking change of the next one first. So it is told, and stops nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Where a dependency is said: the number of its table, and of its item there.
pub(super) type DependencyEdge = (usize, usize);

/// One circle, each service with the edge that leads on from it; the first follows the last.
pub(super) type DependencyCycle<'s> = Vec<(&'s str, DependencyEdge)>;

type DependencyGraph<'s> = BTreeMap<&'s str, Vec<(&'s str, DependencyEdge)>>;

/// Circles, so that every service that is on one is on one of these; each is as short as it can be
/// for its first service.
pub(super) fn cycles<'s>(
    dependencies: impl IntoIterator<Item = (&'s str, &'s [String])>,
) -> Vec<DependencyCycle<'s>> {
    let mut graph = DependencyGraph::new();
    for (table, (service, uses)) in dependencies.into_iter().enumerate() {
        let edges = uses.iter().enumerate();
        let edges = edges.map(|(item, used)| (used.as_str(), (table, item)));
        graph.entry(service).or_default().extend(edges);
    }
    let mut told = BTreeSet::new();
    let mut cycles = Vec::new();
    for service in graph.keys() {
        if told.contains(service) {
            continue;
        }
        if let Some(cycle) = shortest(&graph, service) {
            told.extend(cycle.iter().map(|(service, _)| *service));
            cycles.push(cycle);
        }
    }
    cycles
}

/// The shortest way from a service back to it.
fn shortest<'s>(graph: &DependencyGraph<'s>, start: &'s str) -> Option<DependencyCycle<'s>> {
    let mut from: BTreeMap<&str, (&str, DependencyEdge)> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(service) = open.pop_front() {
        for &(used, edge) in graph.get(service).into_iter().flatten() {
            if used == start {
                return Some(path_to(&from, start, (service, edge)));
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = from.entry(used) {
                entry.insert((service, edge));
                open.push_back(used);
            }
        }
    }
    None
}

fn path_to<'s>(
    from: &BTreeMap<&'s str, (&'s str, DependencyEdge)>,
    start: &str,
    last: (&'s str, DependencyEdge),
) -> DependencyCycle<'s> {
    let mut way = vec![last];
    let mut at = last.0;
    while at != start {
        let Some(&before) = from.get(at) else { break };
        way.push(before);
        at = before.0;
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found() {
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
                .map(|cycle| cycle.iter().map(|(service, _)| *service).collect())
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
