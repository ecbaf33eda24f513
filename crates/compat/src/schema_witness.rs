//! Shows what a break of schemas means for messages: asks the validators of both contracts.

use http::Method;

use portcullis_contract::Operation;

use super::containment::SchemaBreak;
use super::operation_diff::{AddressTakeover, TOO_MANY_MESSAGES};
use super::schema_verdicts::SchemaSiteJudge;
use super::witness::{
    CompleteMessage, ContractSide, ValueCarrier, Witness, complete_message, verify,
};

impl SchemaSiteJudge<'_, '_> {
    /// Asks the validators of both contracts to confirm a break.
    pub(super) fn witness(&self, found: &SchemaBreak) -> Result<Witness, String> {
        let (old, new) = (self.old_side(), self.new_side());
        let (sender, receiver) = if self.new_produces() {
            (new, old)
        } else {
            (old, new)
        };
        let is_opaque = |side: &ContractSide<'_>| matches!(side.carrier, ValueCarrier::Body(media) if media.is_opaque());
        // Nothing can serialize the value, so no message is checked. The search already had the
        // validators of both contracts check the value.
        let may_build = self.comparison.spend_message(self.site.operations);
        let is_unwritten = |value| complete_message(sender, receiver, value).is_err();
        let is_unread = is_opaque(&sender) || is_opaque(&receiver);
        let refusal = if !may_build || (is_unread && is_unwritten(&found.witness)) {
            found.message.clone()
        } else {
            verify(sender, receiver, found)?
        };
        let mut witness = Witness {
            value: found.witness.clone(),
            pointer: found.pointer.clone(),
            keyword: found.keyword.clone(),
            refusal,
            ..Witness::default()
        };
        if self.is_event() {
            return Ok(witness);
        }
        if !may_build {
            witness.no_message = Some(TOO_MANY_MESSAGES.to_owned());
            return Ok(witness);
        }
        match complete_message(sender, receiver, &found.witness) {
            Ok(CompleteMessage::Request(request)) => witness.request = Some(request),
            Ok(CompleteMessage::Response(response)) => witness.response = Some(response),
            Err(reason) => witness.no_message = Some(reason),
        }
        Ok(witness)
    }

    /// Whether the value is a whole event.
    fn is_event(&self) -> bool {
        self.comparison.old.events().is_some()
    }

    fn old_side(&self) -> ContractSide<'_> {
        ContractSide {
            contract: self.comparison.old,
            operation: self.site.operations.old,
            method: self.method(self.site.operations.old),
            carrier: self.site.carriers.0,
            direction: self.site.direction,
            // Events have no path, either.
            is_outbound: self.site.operations.is_outbound || self.is_event(),
            address: self.takeover().map(|takeover| &*takeover.old_template),
        }
    }

    /// The addresses of the site, if two operations are compared because of them.
    fn takeover(&self) -> Option<&AddressTakeover> {
        self.comparison.takeover(self.site.operations)
    }

    fn method<'s>(&'s self, operation: &'s Operation) -> &'s Method {
        self.takeover()
            .map_or(&operation.method, |takeover| &takeover.method)
    }

    fn new_side(&self) -> ContractSide<'_> {
        ContractSide {
            contract: self.comparison.new,
            operation: self.site.operations.new,
            method: self.method(self.site.operations.new),
            carrier: self.site.carriers.1,
            address: self.takeover().map(|takeover| &*takeover.new_template),
            ..self.old_side()
        }
    }
}
