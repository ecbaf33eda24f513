//! The rules of the gate: each looks at the case alone, and has a reason or none.

use portcullis_vocabulary::DeployPolicy;

use super::blast_radius::BlastRadius;
use super::deployment::{Deployment, DeploymentEnd, DeploymentOutcome, RecordedApproval};
use super::deployment_comparison::DeploymentComparison;
use super::gate_case::GateCase;
use super::gate_reason::{GateReason, GateRule, ReasonWeight};

impl GateCase<'_> {
    pub(super) const fn policy(&self) -> DeployPolicy {
        self.squad.deploy
    }

    pub(super) fn ownership(&self) -> Option<GateReason> {
        let owner = self.catalog.provider_of(self.service)?.name.as_str();
        let squad = self.squad.name.as_str();
        let declared = self.candidate.provider.as_deref();
        let message = match declared {
            _ if owner != squad => format!("{} belongs to {owner}, not to {squad}", self.service),
            Some(declared) if declared != squad => {
                format!(
                    "the contract says that its squad is {declared}, the catalog that it is {squad}"
                )
            }
            _ => return None,
        };
        let advice = format!(
            "have {owner} deploy it, or correct the catalog or the contract's x-squad-owner"
        );
        Some(
            GateReason::new(GateRule::Ownership, ReasonWeight::Blocks, message).with_advice(advice),
        )
    }

    pub(super) fn earlier_deployments(&self, base: Option<&Deployment>) -> Option<GateReason> {
        let Some(base) = base else {
            let message = format!(
                "the first deployment of {}: there is nothing to compare it with",
                self.service
            );
            return Some(GateReason::new(
                GateRule::FirstDeployment,
                ReasonWeight::Tells,
                message,
            ));
        };
        let last = self.record.last_of(&self.candidate.revision)?;
        let DeploymentEnd {
            at,
            how: DeploymentOutcome::Replaced,
            ..
        } = last.ended.as_ref()?
        else {
            return None;
        };
        let message = format!(
            "this revision was deployment {}, and was replaced at {at}; {} by {} came after it",
            last.number, base.version, base.by
        );
        let advice =
            "go back by portcullis gate rollback, or deploy a revision that has what came after it";
        Some(
            GateReason::new(GateRule::ReplacedRevision, ReasonWeight::Blocks, message)
                .with_advice(advice),
        )
    }

    pub(super) fn breaking_changes(
        &self,
        compared: &DeploymentComparison,
        radius: &BlastRadius,
        approvals: &mut Vec<RecordedApproval>,
    ) -> Vec<GateReason> {
        let mut reasons: Vec<GateReason> = self.version(compared).into_iter().collect();
        let is_announced = match (self.keep_until, self.policy().notice) {
            (Some(until), Some(notice)) => until >= self.now.after(notice),
            _ => false,
        };
        for weighed in compared.approval_statuses(
            radius,
            self.squad.name.as_str(),
            self.approvals,
            self.now.date(),
        ) {
            let weight = match weighed.missing.is_empty() {
                true => ReasonWeight::Tells,
                false if is_announced => ReasonWeight::Warns,
                false => ReasonWeight::Blocks,
            };
            reasons.push(weighed.reason(weight));
            approvals.extend(weighed.given);
        }
        approvals.sort();
        approvals.dedup();
        reasons
    }

    pub(super) fn version(&self, compared: &DeploymentComparison) -> Option<GateReason> {
        let semver = &compared.report.semver;
        let is_breaking = compared.breaking().next().is_some();
        let message = match semver.is_sufficient {
            Some(true) => return None,
            Some(false) => format!(
                "{} → {} is no {} change of the version",
                compared.version, self.candidate.version, semver.required
            ),
            None if !is_breaking => return None,
            None => format!(
                "{} → {}: one is no semantic version, so nobody can see that this breaks something",
                compared.version, self.candidate.version
            ),
        };
        let advice = match &semver.suggested {
            Some(suggested) => format!("raise info.version to {suggested} at least"),
            None => "write info.version as major.minor.patch".to_owned(),
        };
        let weight = if is_breaking {
            ReasonWeight::Blocks
        } else {
            ReasonWeight::Warns
        };
        Some(GateReason::new(GateRule::Version, weight, message).with_advice(advice))
    }

    /// What runs beside the deployment that is replaced, or goes on running.
    pub(super) fn parallel_versions(&self, base: Option<&Deployment>) -> Vec<GateReason> {
        let tell = |message| GateReason::new(GateRule::KeptVersion, ReasonWeight::Tells, message);
        let mut reasons = Vec::new();
        if let (Some(until), Some(base)) = (self.keep_until, base) {
            reasons.push(tell(format!(
                "{} stays deployed beside it until {until}",
                base.version
            )));
        }
        for compared in self
            .comparisons
            .iter()
            .filter(|compared| base.is_none_or(|base| base.number != compared.number))
        {
            let breaking = compared.breaking().count();
            let mut live = self.record.live(self.now);
            let until = live
                .find(|live| live.number == compared.number)
                .and_then(|live| live.kept_until);
            let until = until
                .map(|until| format!(" until {until}"))
                .unwrap_or_default();
            reasons.push(tell(format!(
                "{} is deployed as well{until}; against it there are {breaking} breaking changes",
                compared.version
            )));
        }
        reasons
    }

    pub(super) fn drift(&self) -> Option<GateReason> {
        let drift = self.measurement?.drift.filter(|drift| *drift > 0.0)?;
        let percent = drift * 100.0;
        let message = format!(
            "{percent:.2} % of the live exchanges of {} depart from its contract",
            self.service
        );
        let advice = "see /traffic of the proxy's admin port for what departs";
        let (weight, message) = match self.policy().drift_max {
            Some(most) if drift > most => (
                ReasonWeight::Blocks,
                format!("{message}, and drift_max is {:.2} %", most * 100.0),
            ),
            _ => (ReasonWeight::Warns, message),
        };
        Some(GateReason::new(GateRule::Drift, weight, message).with_advice(advice))
    }

    pub(super) fn cooldown(&self) -> Option<GateReason> {
        let cooldown = self.policy().cooldown?;
        let counts = |deployment: &&Deployment| {
            let was_taken_back = deployment
                .ended
                .as_ref()
                .is_some_and(|ended| ended.how == DeploymentOutcome::RolledBack);
            deployment.rollback_of.is_none() && !was_taken_back
        };
        let last = self.record.deployments.iter().rev().find(counts)?;
        let over = last.deployed_at.after(cooldown);
        (self.now < over).then(|| {
            let message = format!(
                "{} was deployed by {} at {}, and the cooldown of {} is {}",
                last.version,
                last.by,
                last.deployed_at,
                self.squad.name,
                humantime::format_duration(cooldown)
            );
            GateReason::new(GateRule::Cooldown, ReasonWeight::Blocks, message)
                .with_advice(format!("wait until {over}"))
        })
    }

    pub(super) fn risk(&self, score: u32) -> Option<GateReason> {
        let most = self.policy().risk_max.filter(|most| score > *most)?;
        let message = format!(
            "the risk score {score} is above risk_max = {most} of {}",
            self.squad.name
        );
        let advice = match self
            .measurement
            .is_some_and(|measured| measured.usage.is_some())
        {
            true => {
                "break less of what is called, or have somebody answer for it: --override NAME --reason TEXT"
            }
            false => {
                "measure who calls what with --prometheus URL, or have somebody answer for it: --override NAME --reason TEXT"
            }
        };
        Some(GateReason::new(GateRule::Risk, ReasonWeight::Blocks, message).with_advice(advice))
    }

    pub(super) fn measurement(&self) -> Option<GateReason> {
        let measured = self
            .measurement
            .filter(|measured| measured.usage.is_none())?;
        let message = format!(
            "Prometheus knows no request of {} within {}, so every squad that is declared counts",
            self.service, measured.window
        );
        let advice = "check that it scrapes the proxy, and that the service has this name there";
        Some(
            GateReason::new(GateRule::Measurement, ReasonWeight::Warns, message)
                .with_advice(advice),
        )
    }
}
