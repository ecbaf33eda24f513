//! Request bodies: whether one exists, and whether it is required.

use portcullis_contract::{BodyDeclaration, DeclaredBody, MessageDirection, Operation};

use super::super::compat_finding::ExchangePart;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, OperationPair};
use super::media_types::ContentSite;

/// Bodies compared here always belong to a request.
const REQUEST: Option<MessageDirection> = Some(MessageDirection::Request);

impl<'c> ContractComparison<'c> {
    /// Compares the request bodies of an operation.
    pub(super) fn request_body(&mut self, scope: &ChangeScope, pair: OperationPair<'c>) {
        let OperationPair { old, new, .. } = pair;
        let change = || ChangeDetails::at(ExchangePart::RequestBody(None));
        match (declared(old), declared(new)) {
            (None, None) => {}
            (None, Some(after)) => {
                let rule = if after.required {
                    "body.added.required"
                } else {
                    "body.added.optional"
                };
                self.push(
                    rule,
                    scope,
                    REQUEST,
                    change().between(old.node_ref, after.node_ref),
                );
            }
            (Some(before), None) => {
                let change = change().between(before.node_ref, new.node_ref);
                self.push("body.removed", scope, REQUEST, change);
            }
            (Some(before), Some(after)) => {
                let change = change().between(before.node_ref, after.node_ref);
                match (before.required, after.required) {
                    (false, true) => self.push("body.required", scope, REQUEST, change),
                    (true, false) => self.push("body.optional", scope, REQUEST, change),
                    _ => {}
                }
                let carrier = ContentSite {
                    direction: MessageDirection::Request,
                    status: None,
                    old: before.node_ref,
                    new: after.node_ref,
                    is_event: self.new.events().is_some(),
                };
                self.content(scope, pair, &carrier, &before.content, &after.content);
            }
        }
    }
}

fn declared(operation: &Operation) -> Option<&DeclaredBody> {
    match &operation.body {
        BodyDeclaration::Declared(body) => Some(body),
        BodyDeclaration::Undeclared | BodyDeclaration::Ignored => None,
    }
}
