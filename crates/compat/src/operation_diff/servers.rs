//! Servers: where operations are to be found. A path that is gone takes all its addresses along;
//! another host is for whoever publishes it to say.

use std::collections::BTreeSet;

use portcullis_contract::CompiledContract;
use portcullis_json::JsonNode;

use super::super::compat_finding::path_shape;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, member};

impl ContractComparison<'_> {
    /// Compares the servers of the documents, and the addresses of the operations in both.
    pub(super) fn servers(&mut self, scope: &ChangeScope) {
        let place = |contract: &CompiledContract| {
            let entry = contract.documents().entry_ref();
            member(contract, entry, "servers").map_or(entry, |(at, _)| at)
        };
        let places = (place(self.old), place(self.new));
        let (old, new) = (urls(self.old), urls(self.new));
        let lost = self.removed_base_paths();
        for (base, now) in &lost {
            let change = ChangeDetails::default()
                .from(base)
                .to(now)
                .between(places.0, places.1);
            self.push("server.base-path.removed", scope, None, change);
        }
        for url in new.difference(&old) {
            let change = ChangeDetails::default().to(url).between(places.0, places.1);
            self.push("server.added", scope, None, change);
        }
        // A base path that is gone says it already.
        for url in old.difference(&new).filter(|_| lost.is_empty()) {
            let change = ChangeDetails::default()
                .from(url)
                .between(places.0, places.1);
            self.push("server.removed", scope, None, change);
        }
    }

    /// Base paths of operations that their other revision is not to be found under.
    fn removed_base_paths(&self) -> BTreeSet<(String, String)> {
        let new = self.new.listing();
        let mut lost = BTreeSet::new();
        for (operation, addresses) in self.old.listing() {
            let same = |path: &str| path_shape(path) == path_shape(&operation.path);
            let found = new
                .iter()
                .find(|(other, _)| other.method == operation.method && same(&other.path));
            let Some((_, others)) = found else {
                continue;
            };
            let base = |address: &str| {
                let end = address.len().saturating_sub(operation.path.len());
                address.get(..end).unwrap_or_default().to_owned()
            };
            let now: Vec<&str> = others
                .iter()
                .map(|other| base_of(other, &operation.path))
                .collect();
            let known: BTreeSet<String> = others.iter().map(|other| path_shape(other)).collect();
            for address in addresses
                .iter()
                .filter(|address| !known.contains(&path_shape(address)))
            {
                lost.insert((base(address), now.join(", ")));
            }
        }
        let shown = |base: String| {
            if base.is_empty() {
                "/".to_owned()
            } else {
                base
            }
        };
        lost.into_iter()
            .map(|(was, now)| (shown(was), shown(now)))
            .collect()
    }
}

fn base_of<'a>(address: &'a str, path: &str) -> &'a str {
    // Names of parameters may differ, so the slashes are counted.
    let depth = path.matches('/').count();
    let start = address.rmatch_indices('/').nth(depth.saturating_sub(1));
    start.map_or("", |(at, _)| &address[..at])
}

/// The addresses of the servers, with the defaults of their variables.
fn urls(contract: &CompiledContract) -> BTreeSet<String> {
    let root = contract.documents().entry().root();
    let servers = root.get("servers").into_iter().flat_map(JsonNode::elements);
    servers
        .filter_map(|server| Some(resolved(server, server.get("url")?.as_str()?)))
        .collect()
}

fn resolved(server: JsonNode<'_>, url: &str) -> String {
    let mut url = url.to_owned();
    for (name, variable) in server
        .get("variables")
        .into_iter()
        .flat_map(JsonNode::members)
    {
        if let Some(default) = variable.get("default") {
            let text = default
                .as_str()
                .map_or_else(|| default.to_string(), str::to_owned);
            url = url.replace(&format!("{{{name}}}"), &text);
        }
    }
    url.trim_end_matches('/').to_owned()
}
