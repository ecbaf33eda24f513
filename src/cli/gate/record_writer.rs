//! Writes a deployment to the registry, after its leases are taken.

use std::time::Duration;

use super::candidate_contract::CandidateContracts;
use super::gate_error::GateError;
use super::gate_migrations::LeaseHolder;
use super::gate_registry::{GateRegistry, VersionedRecord};
use crate::source::CommitOutcome;
use portcullis_control::gate::{
    DeploymentRegistry, GateDecision, GateReason, GateRule, GateVerdict, ReasonWeight,
    RegisteredContract, UtcTimestamp,
};

/// Records a deployment with its leases.
#[derive(Debug)]
pub(super) struct RecordWriter<'w> {
    pub(super) registry: &'w GateRegistry,
    pub(super) leases: &'w LeaseHolder,
    /// How long ended deployments are kept.
    pub(super) retention: Duration,
    pub(super) now: UtcTimestamp,
}

impl RecordWriter<'_> {
    /// Records the deployment and returns its number. If another process holds a lease, or changed
    /// the registry at the same time, the verdict becomes blocked.
    pub(super) fn record(
        &self,
        found: &mut VersionedRecord,
        candidates: &CandidateContracts,
        verdict: &mut GateVerdict,
    ) -> Result<Option<u64>, GateError> {
        if let Some(reason) = self.leases.take(self.registry)? {
            block(verdict, reason);
            return Ok(None);
        }
        let removed = found.record.prune(self.retention, self.now);
        if self
            .registry
            .write(found, &candidates.contents(), &removed)?
            == CommitOutcome::Written
        {
            return Ok(found.record.deployments.last().map(|last| last.number));
        }
        self.leases.give_back(self.registry, self.now)?;
        let content = &candidates.first.content;
        block_on_conflict(verdict, &self.registry.read()?.record, content);
        Ok(None)
    }
}

/// Changes the verdict to blocked, because another deployment was recorded at the same time.
fn block_on_conflict(
    verdict: &mut GateVerdict,
    record: &DeploymentRegistry,
    content: &RegisteredContract,
) {
    let message = match record.deployments.last() {
        Some(last) if last.revision == content.revision => {
            format!(
                "{} recorded this revision as deployment {} at the same time",
                last.by, last.number
            )
        }
        Some(last) => format!(
            "{} recorded {} as deployment {} at the same time",
            last.by, last.version, last.number
        ),
        None => "another process changed the registry at the same time".to_owned(),
    };
    let reason = GateReason::new(GateRule::Conflict, ReasonWeight::Blocks, message);
    let advice = "run the gate again: it compares with the current deployments";
    block(verdict, reason.with_advice(advice));
}

/// Changes the verdict to blocked for one more reason.
fn block(verdict: &mut GateVerdict, reason: GateReason) {
    verdict.decision = GateDecision::Blocked;
    verdict.recommended_action = reason.rule.action();
    verdict.reasons.insert(0, reason);
}
