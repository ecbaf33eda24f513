//! Judges a case: evaluates every rule and joins the reasons to a verdict.

use super::blast_radius::{BlastRadius, BrokenOperations};
use super::deployment::{Deployment, RecordedApproval, RecordedOverride};
use super::deployment_comparison::DeploymentComparison;
use super::gate_case::{GateCase, GateOverride, replaced_deployment};
use super::gate_reason::{GateReason, GateRule, ReasonWeight};
use super::gate_verdict::{GateDecision, GateVerdict};

impl GateCase<'_> {
    /// Evaluates every rule, so the verdict lists all reasons at once.
    pub fn judge(&self) -> GateVerdict {
        let base = replaced_deployment(self.record, &self.candidate.version, self.now);
        let compared = base.and_then(|base| {
            self.comparisons
                .iter()
                .find(|compared| compared.number == base.number)
        });
        let broken = compared.map_or_else(
            BrokenOperations::default,
            DeploymentComparison::broken_operations,
        );
        let usage = self
            .measurement
            .and_then(|measured| measured.usage.as_ref());
        let provider = self.squad.name.as_str();
        let tables = self.migration.map(|migration| &*migration.findings);
        let radius = BlastRadius::of(
            self.catalog,
            provider,
            (self.service, self.vendor),
            (&broken, tables.unwrap_or_default()),
            usage,
        );
        let risk_score = radius.risk_score(self.catalog);
        let is_unchanged = base.is_some_and(|base| self.is_deployed_as(base));
        let mut reasons: Vec<GateReason> = self.ownership();
        let mut approvals = Vec::new();
        if is_unchanged {
            let message = format!("this revision of {} is already deployed", self.service);
            reasons.push(GateReason::new(
                GateRule::AlreadyDeployed,
                ReasonWeight::Informs,
                message,
            ));
        } else {
            reasons.extend(self.earlier_deployments(base));
            if let Some(compared) = compared {
                reasons.extend(self.contract_changes(compared, &radius, &mut approvals));
            }
            reasons.extend(self.parallel_versions(base));
            reasons.extend(self.drift());
            reasons.extend(self.error_budget());
            reasons.extend(self.cooldown());
            reasons.extend(self.risk(risk_score));
        }
        reasons.extend(self.shared_tables(&mut approvals));
        reasons.extend(self.table_leases());
        reasons.extend(self.measurement());
        let overridden = self.override_blocking(&mut reasons);
        reasons.sort_by_key(|reason| reason.weight);
        let blocking = reasons
            .iter()
            .find(|reason| reason.weight == ReasonWeight::Blocks);
        GateVerdict {
            decision: decision(blocking.is_some(), is_unchanged, overridden.is_some()),
            recommended_action: match (blocking, is_unchanged) {
                (Some(reason), _) => reason.rule.action(),
                (None, true) => "nothing",
                (None, false) => "deploy",
            },
            reasons,
            blast_radius: radius,
            risk_score,
            risk_max: self.policy().risk_max,
            drift_score: self.measurement.and_then(|measured| measured.drift),
            base: base.map(|base| base.number),
            approvals,
            overridden,
        }
    }

    /// Whether a deployment has the same contracts, and nothing is migrated.
    fn is_deployed_as(&self, base: &Deployment) -> bool {
        let has_contracts =
            *base.revision == *self.candidate.revision && base.further == self.further;
        has_contracts && !self.has_migrations()
    }

    fn contract_changes(
        &self,
        compared: &DeploymentComparison,
        radius: &BlastRadius,
        approvals: &mut Vec<RecordedApproval>,
    ) -> Vec<GateReason> {
        let mut reasons = self.broken_parts(compared);
        reasons.extend(self.breaking_changes(compared, radius, approvals));
        reasons.extend(Self::level_settings(compared));
        reasons.extend(Self::lowered_objectives(compared));
        reasons
    }

    /// Overrides the blocking reasons that can be overridden.
    fn override_blocking(&self, reasons: &mut [GateReason]) -> Option<RecordedOverride> {
        let GateOverride { name, reason } = self.override_request?;
        let mut rules = Vec::new();
        for blocking in reasons.iter_mut() {
            if blocking.weight == ReasonWeight::Blocks && blocking.rule.can_be_overridden() {
                blocking.weight = ReasonWeight::Overridden;
                rules.push(blocking.rule.as_str().to_owned());
            }
        }
        (!rules.is_empty()).then(|| RecordedOverride {
            name: name.to_owned(),
            reason: reason.to_owned(),
            rules,
        })
    }
}

const fn decision(is_blocked: bool, is_unchanged: bool, is_overridden: bool) -> GateDecision {
    match (is_blocked, is_unchanged, is_overridden) {
        (true, _, _) => GateDecision::Blocked,
        (false, true, _) => GateDecision::Unchanged,
        (false, false, true) => GateDecision::Overridden,
        (false, false, false) => GateDecision::Allowed,
    }
}
