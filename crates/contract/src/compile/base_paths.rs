//! The base paths of an operation.

use portcullis_json::JsonKind;

use super::compile_paths::EffectiveServers;
use super::contract_compiler::ContractCompiler;
use super::server_paths::base_paths;
use crate::message::route::PathTemplate;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::{DocumentSet, NodeRef};

impl<'d> ContractCompiler<'d> {
    /// The templates of the base paths of `servers`; `/` by default.
    pub(super) fn bases(&mut self, servers: EffectiveServers<'d>) -> Vec<PathTemplate> {
        let mut paths: Vec<(NodeRef, String)> = Vec::new();
        let entry = self.documents.entry_ref();
        self.hosts.add(servers.map(|(_, servers)| servers));
        if let Some(configured) = &self.options.base_paths {
            paths.extend(configured.iter().map(|path| (entry, path.clone())));
        } else if let Some((near, servers)) = servers
            && self.has_kind(
                JsonKind::Array,
                DocumentSet::node_ref(near, servers),
                "`servers`",
            )
        {
            for server in servers.elements() {
                let node_ref = DocumentSet::node_ref(near, server);
                match base_paths(server) {
                    Ok(found) => paths.extend(found.into_iter().map(|path| (node_ref, path))),
                    Err(message) => {
                        self.error(ContractProblemKind::MalformedDocument, node_ref, &message)
                    }
                }
            }
        }
        if paths.is_empty() {
            paths.push((entry, "/".to_owned()));
        }
        paths.sort_by(|left, right| left.1.cmp(&right.1));
        paths.dedup_by(|left, right| left.1.trim_end_matches('/') == right.1.trim_end_matches('/'));
        let mut bases = Vec::new();
        for (node_ref, path) in paths {
            match PathTemplate::parse_base(&path) {
                Ok(base) => bases.push(base),
                Err(error) => self.error(
                    ContractProblemKind::MalformedPath,
                    node_ref,
                    &format!("server path `{path}`: {error}"),
                ),
            }
        }
        bases
    }
}
