//! Operations that are declared twice, and the routing table without them.

use std::collections::{HashMap, HashSet};

use http::Method;

use super::route_table::RouteTable;
use super::segment::TemplateSegment;

impl RouteTable {
    /// Pairs of operations that are declared for the same method and paths, the earlier one first.
    pub(crate) fn duplicates(&self) -> Vec<(u32, u32)> {
        let mut first: HashMap<(Vec<&TemplateSegment>, &str), u32> = HashMap::new();
        let mut duplicates = Vec::new();
        let mut seen = HashSet::new();
        for route in &self.routes {
            for (method, operation) in &route.operations {
                let key = (route.segments().collect(), method.as_str());
                let known = *first.entry(key).or_insert(*operation);
                if known != *operation && seen.insert((known, *operation)) {
                    duplicates.push((known, *operation));
                }
            }
        }
        duplicates
    }

    /// The same table without some operations. The others are numbered without gaps.
    pub(crate) fn without(&self, removed: &HashSet<u32>) -> Self {
        let mut sorted: Vec<u32> = removed.iter().copied().collect();
        sorted.sort_unstable();
        let number = |operation: u32| {
            // There are fewer operations than numbers.
            operation - sorted.partition_point(|other| *other < operation) as u32
        };
        let mut builder = Self::builder();
        for route in &self.routes {
            let kept = route.operations.iter();
            let kept: Vec<(Method, u32)> = kept
                .filter(|(_, operation)| !removed.contains(operation))
                .map(|(method, operation)| (method.clone(), number(*operation)))
                .collect();
            if let Some(part) = route.unread {
                builder = builder.add_unread(&route.base, &route.path, part);
            }
            if !kept.is_empty() {
                builder = builder.add(&route.base, &route.path, &kept);
            }
        }
        builder.build()
    }
}
