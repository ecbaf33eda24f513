//! The verdict: every rule is asked, and all that they have to say is told at once.

use serde::Serialize;

use super::blast_radius::{BlastRadius, BrokenOperations};
use super::deployment::{RecordedApproval, RecordedOverride};
use super::deployment_comparison::DeploymentComparison;
use super::gate_case::{GateCase, replaced_deployment};
use super::gate_reason::{GateReason, GateRule, ReasonWeight};

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GateVerdict {
    /// Whether it may go out.
    pub decision: GateDecision,
    /// What to do, in one word.
    pub recommended_action: &'static str,
    /// Why, what blocks first.
    pub reasons: Vec<GateReason>,
    /// Whom it can reach.
    pub blast_radius: BlastRadius,
    /// What that weighs, in points.
    pub risk_score: u32,
    /// The squad's bound of it.
    pub risk_max: Option<u32>,
    /// The share of live exchanges that depart from the deployed contract, 0 to 1.
    pub drift_score: Option<f64>,
    /// The deployment whose place it takes.
    #[serde(skip)]
    pub base: Option<u64>,
    /// The approvals that count.
    pub approvals: Vec<RecordedApproval>,
    /// Who overruled what.
    pub overridden: Option<RecordedOverride>,
}

/// Whether a revision may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateDecision {
    /// It may.
    Allowed,
    /// It may, because somebody answers for it.
    Overridden,
    /// It runs already.
    Unchanged,
    /// It may not.
    Blocked,
}

impl GateDecision {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Overridden => "overridden",
            Self::Unchanged => "unchanged",
            Self::Blocked => "blocked",
        }
    }
}

impl GateCase<'_> {
    /// Asks every rule.
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
        let radius = BlastRadius::of(self.catalog, provider, self.service, &broken, usage);
        let risk_score = radius.risk_score(self.catalog);
        let is_unchanged = base.is_some_and(|base| *base.revision == *self.candidate.revision);
        let mut reasons: Vec<GateReason> = self.ownership().into_iter().collect();
        let mut approvals = Vec::new();
        if is_unchanged {
            let message = format!("this revision of {} is deployed already", self.service);
            reasons.push(GateReason::new(
                GateRule::AlreadyDeployed,
                ReasonWeight::Tells,
                message,
            ));
        } else {
            reasons.extend(self.earlier_deployments(base));
            if let Some(compared) = compared {
                reasons.extend(self.breaking_changes(compared, &radius, &mut approvals));
            }
            reasons.extend(self.parallel_versions(base));
            reasons.extend(self.drift());
            reasons.extend(self.cooldown());
            reasons.extend(self.risk(risk_score));
        }
        reasons.extend(self.measurement());
        let overridden = self.overrule(&mut reasons);
        reasons.sort_by_key(|reason| reason.weight);
        let blocking = reasons
            .iter()
            .find(|reason| reason.weight == ReasonWeight::Blocks);
        let decision = match (blocking, is_unchanged, &overridden) {
            (Some(_), _, _) => GateDecision::Blocked,
            (None, true, _) => GateDecision::Unchanged,
            (None, false, Some(_)) => GateDecision::Overridden,
            (None, false, None) => GateDecision::Allowed,
        };
        GateVerdict {
            decision,
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

    /// Takes what can be overruled out of the way.
    fn overrule(&self, reasons: &mut [GateReason]) -> Option<RecordedOverride> {
        let (name, why) = self.override_request?;
        let mut rules = Vec::new();
        for reason in reasons.iter_mut() {
            if reason.weight == ReasonWeight::Blocks && reason.rule.can_be_overridden() {
                reason.weight = ReasonWeight::Overridden;
                rules.push(reason.rule.as_str().to_owned());
            }
        }
        (!rules.is_empty()).then(|| RecordedOverride {
            name: name.to_owned(),
            reason: why.to_owned(),
            rules,
        })
    }
}
