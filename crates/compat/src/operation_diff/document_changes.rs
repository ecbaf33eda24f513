//! Changes outside of operations: servers, security schemes, shared schemas.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_contract::{CompiledContract, DocumentSet, NodeRef};

use super::super::compat_finding::ChangeSubject;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, property};

impl ContractComparison<'_> {
    /// Compares everything outside of operations.
    pub(crate) fn document(&mut self) {
        let scope = ChangeScope {
            subject: ChangeSubject::Contract.into(),
            is_outbound: false,
        };
        self.document_objectives(&scope);
        self.servers(&scope);
        self.security_schemes(&scope);
        self.shared_schemas(&scope);
        self.empty_paths(&scope);
    }

    /// Reports removed shared schemas. Their content is compared where they are used.
    fn shared_schemas(&mut self, scope: &ChangeScope) {
        let names = |contract: &CompiledContract| -> BTreeSet<String> {
            let schemas = shared(contract)
                .into_iter()
                .flat_map(|(_, schemas)| schemas.members());
            schemas.map(|(name, _)| name.to_owned()).collect()
        };
        let (old, new) = (names(self.old), names(self.new));
        for name in old.difference(&new) {
            let node_ref = shared(self.old)
                .and_then(|(near, schemas)| Some(DocumentSet::node_ref(near, schemas.get(name)?)));
            let change = ChangeDetails::default().from(name).between(node_ref, None);
            self.push("component.schema.removed", scope, None, change);
        }
    }
}

impl ContractComparison<'_> {
    /// Reports paths without operations that only one revision has.
    fn empty_paths(&mut self, scope: &ChangeScope) {
        let (old, new) = (path_items(self.old), path_items(self.new));
        for (path, (at, is_empty)) in &new {
            if *is_empty && !old.contains_key(path) {
                let change = ChangeDetails::default().to(*path).between(None, *at);
                self.push("path.added.empty", scope, None, change);
            }
        }
        for (path, (at, is_empty)) in &old {
            if *is_empty && !new.contains_key(path) {
                let change = ChangeDetails::default().from(*path).between(*at, None);
                self.push("path.removed.empty", scope, None, change);
            }
        }
    }
}

/// The paths, and whether they have no operation.
fn path_items(contract: &CompiledContract) -> BTreeMap<&str, (NodeRef, bool)> {
    let documents = contract.documents();
    let paths = property(contract, documents.entry_ref(), "paths");
    let members = paths.into_iter().flat_map(|(near, paths)| {
        let members = paths.members();
        members.map(move |(path, item)| (path, DocumentSet::node_ref(near, item)))
    });
    members
        .filter(|(path, _)| path.starts_with('/'))
        .map(|(path, at)| {
            let objects = contract.path_item_objects(at);
            let is_empty = objects.iter().all(|object| {
                documents.node(*object).is_object() && !contract.declares_operations(*object)
            });
            (path, (at, is_empty))
        })
        .collect()
}

fn shared(contract: &CompiledContract) -> Option<(NodeRef, portcullis_json::JsonNode<'_>)> {
    let entry = contract.documents().entry_ref();
    if contract.documents().is_swagger() {
        return property(contract, entry, "definitions");
    }
    let (components, _) = property(contract, entry, "components")?;
    property(contract, components, "schemas")
}
