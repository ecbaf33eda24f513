//! What was called, compared with what is declared, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use super::call_destination::CallDestination;
use super::declared_dependencies::DeclaredDependencies;

/// Calls of a service to one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedCall {
    /// The service.
    pub service: String,
    /// Where they went.
    pub to: CallDestination,
    /// How many there were.
    pub calls: u64,
}

/// What to change in the catalog for one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogEdit {
    /// Hosts that were called and are not declared, with the number of calls, the most called first.
    pub add: Vec<(String, u64)>,
    /// Declared patterns that no call has matched.
    pub remove: Vec<String>,
    /// All patterns after the change.
    pub result: Vec<String>,
}

/// The changes for all services that need one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DependencyComparison {
    /// By service.
    pub edits: BTreeMap<String, CatalogEdit>,
}

impl DependencyComparison {
    /// Compares calls with declared hosts. A pattern that was matched elsewhere, as metrics say, is in
    /// `used`, with its service.
    pub fn new(
        declared: &DeclaredDependencies,
        calls: &[ObservedCall],
        used: &BTreeSet<(String, String)>,
    ) -> Self {
        let mut matched = used.clone();
        let mut undeclared: BTreeMap<(&str, String), u64> = BTreeMap::new();
        for call in calls {
            let patterns = declared.of_service(&call.service).iter();
            let mut matching = patterns
                .filter(|pattern| pattern.matches(&call.to))
                .peekable();
            if matching.peek().is_none() {
                let host = shown(&call.to);
                *undeclared.entry((&call.service, host)).or_default() += call.calls;
            }
            // A pattern that another one covers was used, too.
            matched.extend(
                matching.map(|pattern| (call.service.clone(), pattern.as_str().to_owned())),
            );
        }
        let mut edits: BTreeMap<String, CatalogEdit> = BTreeMap::new();
        for ((service, host), calls) in undeclared {
            let edit = edits.entry(service.to_owned()).or_default();
            edit.add.push((host, calls));
        }
        for (service, patterns) in declared.services() {
            let texts = patterns.iter().map(|pattern| pattern.as_str().to_owned());
            let is_unused = |text: &String| !matched.contains(&(service.to_owned(), text.clone()));
            let unused: Vec<String> = texts.filter(is_unused).collect();
            if !unused.is_empty() {
                edits.entry(service.to_owned()).or_default().remove = unused;
            }
        }
        for (service, edit) in &mut edits {
            edit.add.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
            let declared = declared
                .of_service(service)
                .iter()
                .map(|pattern| pattern.as_str());
            let kept = declared.filter(|text| !edit.remove.iter().any(|unused| unused == text));
            let added = edit.add.iter().map(|(host, _)| host.as_str());
            edit.result = kept.chain(added).map(str::to_owned).collect();
        }
        Self { edits }
    }
}

/// A destination as a pattern: with its port if that is not the one of HTTP or TLS.
fn shown(to: &CallDestination) -> String {
    match to.port {
        80 | 443 => to.host.to_string(),
        _ => to.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_compared() {
        let patterns = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let declared = DeclaredDependencies::new(
            [
                (
                    "orders".to_owned(),
                    patterns(&["a.test", "*.test", "gone.test:1", "x.example"]),
                ),
                ("quiet".to_owned(), patterns(&["q.test"])),
                ("fine".to_owned(), patterns(&["f.test"])),
            ],
            [],
        );
        let call = |service: &str, to: &str, calls| ObservedCall {
            service: service.to_owned(),
            to: CallDestination::parse(to, 443).unwrap(),
            calls,
        };
        let calls = [
            call("orders", "a.test", 5),
            call("orders", "new.example", 1),
            call("orders", "new.example:80", 2),
            call("orders", "new.example:8443", 9),
            call("fine", "f.test", 1),
            call("stray", "s.test", 1),
        ];
        let used = BTreeSet::from([("orders".to_owned(), "x.example".to_owned())]);
        let edits = DependencyComparison::new(&declared, &calls, &used).edits;
        let texts =
            |texts: &[&str]| -> Vec<String> { texts.iter().map(|t| (*t).to_owned()).collect() };
        assert_eq!(
            edits.keys().collect::<Vec<_>>(),
            ["orders", "quiet", "stray"]
        );
        let orders = &edits["orders"];
        let add = vec![
            ("new.example:8443".to_owned(), 9),
            ("new.example".to_owned(), 3),
        ];
        assert_eq!(orders.add, add);
        assert_eq!(orders.remove, texts(&["gone.test:1"]));
        let result = [
            "a.test",
            "*.test",
            "x.example",
            "new.example:8443",
            "new.example",
        ];
        assert_eq!(orders.result, texts(&result));
        assert_eq!(edits["quiet"].remove, texts(&["q.test"]));
        assert_eq!(edits["stray"].add, vec![("s.test".to_owned(), 1)]);
    }
}
