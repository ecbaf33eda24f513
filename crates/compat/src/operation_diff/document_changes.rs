//! What belongs to no operation: servers, security schemes, shared schemas.

use std::collections::BTreeSet;

use portcullis_contract::{CompiledContract, DocumentSet};

use super::super::compat_finding::ChangeSubject;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, member};

impl ContractComparison<'_> {
    /// Compares what belongs to no operation.
    pub(crate) fn document(&mut self) {
        let scope = ChangeScope {
            subject: ChangeSubject::Contract,
            is_outbound: false,
        };
        self.servers(&scope);
        self.security_schemes(&scope);
        self.shared_schemas(&scope);
    }

    /// Shared schemas are compared where they are used; that one is gone is only said.
    fn shared_schemas(&mut self, scope: &ChangeScope) {
        let names = |contract: &CompiledContract| -> BTreeSet<String> {
            let schemas = shared(contract)
                .into_iter()
                .flat_map(|(_, schemas)| schemas.members());
            schemas.map(|(name, _)| name.to_owned()).collect()
        };
        let (old, new) = (names(self.old), names(self.new));
        for name in old.difference(&new) {
            let place = shared(self.old)
                .and_then(|(near, schemas)| Some(DocumentSet::node_ref(near, schemas.get(name)?)));
            let change = ChangeDetails::default().from(name).between(place, None);
            self.push("component.schema.removed", scope, None, change);
        }
    }
}

fn shared(
    contract: &CompiledContract,
) -> Option<(portcullis_contract::NodeRef, portcullis_json::JsonNode<'_>)> {
    let (components, _) = member(contract, contract.documents().entry_ref(), "components")?;
    member(contract, components, "schemas")
}
