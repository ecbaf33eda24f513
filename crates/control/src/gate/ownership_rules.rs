//! The rules on who provides a service, also while it moves from one squad to another.

use portcullis_vocabulary::ServiceTransfer;

use super::approval_rules::ApprovalRules;
use super::gate_case::GateCase;
use super::gate_reason::{GateReason, GateRule, ReasonWeight};

impl<'c> GateCase<'c> {
    pub(super) fn approval_rules(&self) -> ApprovalRules<'c> {
        ApprovalRules {
            catalog: self.catalog,
            provider: self.squad.name.as_str(),
            service: self.service,
            approvals: self.approvals,
            today: self.now.date(),
        }
    }

    pub(super) fn ownership(&self) -> Vec<GateReason> {
        let Some(owner) = self.catalog.provider_of(self.service) else {
            return Vec::new();
        };
        let (owner, squad) = (owner.name.as_str(), self.squad.name.as_str());
        let transfer = self.catalog.active_transfer(self.service, self.now.date());
        // While it moves, the former squad may deploy it, and the contract may name either.
        let may_act = |name: &str| {
            name == owner || transfer.is_some_and(|transfer| transfer.from.as_str() == name)
        };
        let mut reasons: Vec<GateReason> = transfer.map(transfer_reason).into_iter().collect();
        let declared = self.candidate.provider.as_deref();
        let message = match declared {
            _ if !may_act(squad) => format!("{} belongs to {owner}, not to {squad}", self.service),
            Some(declared) if !may_act(declared) => {
                format!("the contract names {declared} as its squad, and the catalog names {owner}")
            }
            _ => return reasons,
        };
        let advice = format!(
            "have {owner} deploy it, or correct the catalog or the contract's x-squad-owner"
        );
        let reason = GateReason::new(GateRule::Ownership, ReasonWeight::Blocks, message);
        reasons.push(reason.with_advice(advice));
        reasons
    }
}

fn transfer_reason(transfer: &ServiceTransfer) -> GateReason {
    let ServiceTransfer {
        service,
        from,
        to,
        until,
    } = transfer;
    let message = format!(
        "{service} moves from {from} to {to}: until {until} both may deploy it and give the provider's \
         approval"
    );
    let advice = format!("after {until}, only {to} does; remove the entry of [[transfers]] then");
    GateReason::new(GateRule::Transfer, ReasonWeight::Informs, message).with_advice(advice)
}
