//! Servers and the addresses of operations. A removed base path breaks all addresses below it. A
//! change of host is only a warning, because the host depends on the deployment.

use std::collections::BTreeSet;

use portcullis_contract::CompiledContract;

use super::super::compat_finding::path_shape;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, property};
use super::server_urls::{ServerUrls, covers, path_of, server_defaults, server_urls};

impl ContractComparison<'_> {
    /// Compares the declared servers, and the addresses of operations that exist in both contracts.
    pub(super) fn servers(&mut self, scope: &ChangeScope) {
        let node_ref = |contract: &CompiledContract| {
            let entry = contract.documents().entry_ref();
            property(contract, entry, "servers").map_or(entry, |(at, _)| at)
        };
        let node_refs = (node_ref(self.old), node_ref(self.new));
        let (old, new) = (server_urls(self.old), server_urls(self.new));
        let lost = self.removed_base_paths();
        for (base, now) in &lost {
            let change = ChangeDetails::default()
                .from(base)
                .to(now)
                .between(node_refs.0, node_refs.1);
            self.push("server.base-path.removed", scope, None, change);
        }
        for url in only_in(&new, &old) {
            let change = ChangeDetails::default()
                .to(shown(&url))
                .between(node_refs.0, node_refs.1);
            self.push("server.added", scope, None, change);
        }
        // A removed base path already covers the URLs with this path.
        let is_covered = |url: &str| {
            let path = path_of(url).trim_end_matches('/');
            lost.iter()
                .any(|(base, _)| base.trim_end_matches('/') == path)
        };
        for url in only_in(&old, &new)
            .into_iter()
            .filter(|url| !is_covered(url))
        {
            let change = ChangeDetails::default()
                .from(shown(&url))
                .between(node_refs.0, node_refs.1);
            self.push("server.removed", scope, None, change);
        }
        let defaults = (server_defaults(self.old), server_defaults(self.new));
        for (key, (name, was)) in &defaults.0 {
            let Some((_, is)) = defaults.1.get(key).filter(|(_, is)| is != was) else {
                continue;
            };
            let change = ChangeDetails::default()
                .from(format!("{name}: {was}"))
                .to(format!("{name}: {is}"))
                .between(node_refs.0, node_refs.1);
            self.push("server.default.changed", scope, None, change);
        }
    }

    /// Base paths under which the new contract no longer serves an operation, each with the base
    /// paths that replaced it.
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
        lost.into_iter()
            .map(|(was, now)| (shown(&was).to_owned(), shown(&now).to_owned()))
            .collect()
    }
}

/// A URL or a base path without its slash at the end, as a contract writes it.
fn shown(url: &str) -> &str {
    if url.is_empty() { "/" } else { url }
}

/// The URLs that the other contract does not have. A template stands for the URLs that it covers.
fn only_in(urls: &ServerUrls, others: &ServerUrls) -> Vec<String> {
    let missing: Vec<(&String, &String)> = urls
        .iter()
        .filter(|(shape, _)| !others.keys().any(|other| covers(other, shape)))
        // Without servers, the server is `/` (OpenAPI 3.1.1, OpenAPI Object, `servers`).
        .filter(|(shape, _)| !(shape.is_empty() && others.is_empty()))
        .collect();
    let is_shown = |shape: &String| {
        let mut templates = missing.iter();
        !templates.any(|(other, _)| *other != shape && covers(other, shape))
    };
    missing
        .iter()
        .filter(|(shape, _)| is_shown(shape))
        .map(|(_, url)| (*url).clone())
        .collect()
}

fn base_of<'a>(address: &'a str, path: &str) -> &'a str {
    // Parameter names may differ in length, so the split is found by counting slashes.
    let depth = path.matches('/').count();
    let start = address.rmatch_indices('/').nth(depth.saturating_sub(1));
    start.map_or("", |(at, _)| &address[..at])
}
