//! Changes outside of operations: servers, security schemes, shared schemas.

use std::collections::BTreeSet;

use portcullis_contract::{CompiledContract, DocumentSet};

use super::super::compat_finding::ChangeSubject;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, property};

impl ContractComparison<'_> {
    /// Compares everything outside of operations.
    pub(crate) fn document(&mut self) {
        let scope = ChangeScope {
            subject: ChangeSubject::Contract.into(),
            is_outbound: false,
        };
        self.servers(&scope);
        self.security_schemes(&scope);
        self.shared_schemas(&scope);
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

fn shared(
    contract: &CompiledContract,
) -> Option<(portcullis_contract::NodeRef, portcullis_json::JsonNode<'_>)> {
    let (components, _) = property(contract, contract.documents().entry_ref(), "components")?;
    property(contract, components, "schemas")
}
