//! The rules of the gate. Each looks at the case and returns a reason if it applies.

use portcullis_compat::{
    ChangeCategory, ChangeLevel, CompatFinding, CompatReport, RevisionBrokenPart,
};
use portcullis_contract::BrokenPart;
use portcullis_vocabulary::DeployPolicy;

use super::blast_radius::BlastRadius;
use super::deployment::{Deployment, DeploymentEnd, DeploymentOutcome, RecordedApproval};
use super::deployment_comparison::DeploymentComparison;
use super::gate_case::GateCase;
use super::gate_reason::{GateReason, GateRule, ReasonLocation, ReasonWeight};

impl GateCase<'_> {
    pub(super) const fn policy(&self) -> DeployPolicy {
        self.squad.deploy
    }

    pub(super) fn earlier_deployments(&self, base: Option<&Deployment>) -> Option<GateReason> {
        let Some(base) = base else {
            let message = format!(
                "the first deployment of {}: there is nothing to compare it with",
                self.service
            );
            return Some(GateReason::new(
                GateRule::FirstDeployment,
                ReasonWeight::Informs,
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
            "this revision was deployment {} and was replaced at {at}; {} by {} was deployed after it",
            last.number, base.version, base.by
        );
        let advice = "run portcullis gate rollback to go back, or deploy a revision that includes \
                      the later changes";
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
        for status in compared.approval_statuses(radius, &self.approval_rules()) {
            let weight = if status.missing.is_empty() {
                ReasonWeight::Informs
            } else if is_announced {
                ReasonWeight::Warns
            } else {
                ReasonWeight::Blocks
            };
            reasons.push(status.reason(weight));
            approvals.extend(status.given);
        }
        approvals.sort();
        approvals.dedup();
        reasons
    }

    /// The changes that pass because of a setting, a reason for each.
    pub(super) fn level_settings(compared: &DeploymentComparison) -> Vec<GateReason> {
        let reason = |finding: &CompatFinding| {
            let level = finding.replaced_level.unwrap_or(finding.level).as_str();
            let message = format!(
                "{}: {}: {level}, but a level setting lets it pass [{}]",
                finding.first(),
                finding.message,
                finding.rule
            );
            GateReason::new(GateRule::LevelSetting, ReasonWeight::Warns, message)
        };
        compared.lowered_changes().map(reason).collect()
    }

    /// What the contract promises less than the deployed one. Approvals are needed if a level setting
    /// makes such a change breaking.
    pub(super) fn lowered_objectives(compared: &DeploymentComparison) -> Vec<GateReason> {
        let reason = |finding: &CompatFinding| {
            let (subject, what, rule) = (finding.first(), &finding.message, finding.rule);
            let message = format!("{subject}: {what} [{rule}]");
            let advice = format!(
                "announce it to the consumers; --level {rule}=breaking requires their approval"
            );
            let place = finding.new.as_ref().map(|at| ReasonLocation {
                file: at.file.to_string(),
                line: at.line,
            });
            GateReason {
                place,
                ..GateReason::new(GateRule::LoweredObjective, ReasonWeight::Warns, message)
                    .with_advice(advice)
            }
        };
        let findings = compared.report.findings.iter();
        let lowered = findings.filter(|finding| {
            finding.rule.kind == ChangeCategory::Promise && finding.level == ChangeLevel::Warning
        });
        lowered.map(reason).collect()
    }

    /// The parts of the deployed contract that were not compared.
    pub(super) fn broken_parts(&self, compared: &DeploymentComparison) -> Vec<GateReason> {
        let parts = compared.report.broken_parts.iter();
        let reason = |found: &RevisionBrokenPart| {
            let BrokenPart { at, message, .. } = &found.part;
            let message = format!(
                "a part of the deployed contract is broken and was not compared: {}:{}: {message}",
                at.file, at.line
            );
            GateReason::new(GateRule::BrokenPart, ReasonWeight::Informs, message)
        };
        parts.map(reason).collect()
    }

    /// The version of a vendor's document is the vendor's choice, so it blocks nothing.
    pub(super) fn version(&self, compared: &DeploymentComparison) -> Option<GateReason> {
        let CompatReport {
            old, new, semver, ..
        } = &compared.report;
        let is_breaking = compared.changes_to_approve().next().is_some();
        let message = match semver.is_sufficient {
            Some(true) => return None,
            Some(false) => format!(
                "{} → {} is not a {} version change",
                old.version, new.version, semver.required
            ),
            None if !is_breaking => return None,
            None => format!(
                "{} → {}: one of them is not a semantic version, so the version does not show that \
                 this change breaks something",
                old.version, new.version
            ),
        };
        let advice = match &semver.suggested {
            _ if self.vendor.is_some() => {
                "the vendor chooses the version, so only the changes count".to_owned()
            }
            Some(suggested) => format!("raise info.version to {suggested} at least"),
            None => "write info.version as major.minor.patch".to_owned(),
        };
        let weight = if is_breaking && self.vendor.is_none() {
            ReasonWeight::Blocks
        } else {
            ReasonWeight::Warns
        };
        Some(GateReason::new(GateRule::Version, weight, message).with_advice(advice))
    }

    /// The versions that stay deployed next to the candidate.
    pub(super) fn parallel_versions(&self, base: Option<&Deployment>) -> Vec<GateReason> {
        let reason =
            |message| GateReason::new(GateRule::KeptVersion, ReasonWeight::Informs, message);
        let mut reasons = Vec::new();
        if let (Some(until), Some(base)) = (self.keep_until, base) {
            reasons.push(reason(format!(
                "{} stays deployed next to it until {until}",
                base.version
            )));
        }
        for compared in self
            .comparisons
            .iter()
            .filter(|compared| base.is_none_or(|base| base.number != compared.number))
        {
            let changes = compared.changes_to_approve().count();
            let mut live = self.record.live(self.now);
            let until = live
                .find(|live| live.number == compared.number)
                .and_then(|live| live.kept_until);
            let until = until
                .map(|until| format!(" until {until}"))
                .unwrap_or_default();
            reasons.push(reason(format!(
                "{} is also deployed{until}; compared with it, {changes} changes break clients or may do so",
                compared.version
            )));
        }
        reasons
    }

    pub(super) fn drift(&self) -> Option<GateReason> {
        let drift = self.measurement?.drift.filter(|drift| *drift > 0.0)?;
        let percent = drift * 100.0;
        let message = format!(
            "{percent:.2} % of the live exchanges of {} violate its contract",
            self.service
        );
        let advice = "GET /traffic on the proxy's admin port lists the violations";
        let (weight, message) = match self.policy().drift_max {
            Some(drift_max) if drift > drift_max => (
                ReasonWeight::Blocks,
                format!("{message}, and drift_max is {:.2} %", drift_max * 100.0),
            ),
            _ => (ReasonWeight::Warns, message),
        };
        Some(GateReason::new(GateRule::Drift, weight, message).with_advice(advice))
    }

    pub(super) fn cooldown(&self) -> Option<GateReason> {
        let cooldown = self.policy().cooldown?;
        let counts = |deployment: &&Deployment| {
            let was_rolled_back = deployment
                .ended
                .as_ref()
                .is_some_and(|ended| ended.how == DeploymentOutcome::RolledBack);
            deployment.rollback_of.is_none() && !was_rolled_back
        };
        let last = self.record.deployments.iter().rev().find(counts)?;
        let end = last.deployed_at.after(cooldown);
        (self.now < end).then(|| {
            let message = format!(
                "{} was deployed by {} at {}, and the cooldown of {} is {}",
                last.version,
                last.by,
                last.deployed_at,
                self.squad.name,
                humantime::format_duration(cooldown)
            );
            GateReason::new(GateRule::Cooldown, ReasonWeight::Blocks, message)
                .with_advice(format!("wait until {end}"))
        })
    }

    pub(super) fn risk(&self, score: u32) -> Option<GateReason> {
        let risk_max = self.policy().risk_max.filter(|max| score > *max)?;
        let message = format!(
            "the risk score {score} is above risk_max = {risk_max} of {}",
            self.squad.name
        );
        let is_measured = self
            .measurement
            .is_some_and(|measured| measured.usage.is_some());
        let advice = if is_measured {
            "break fewer of the operations that are called, or override the rule: \
             --override NAME --reason TEXT"
        } else {
            "measure which squad calls what with --prometheus URL, or override the rule: \
             --override NAME --reason TEXT"
        };
        Some(GateReason::new(GateRule::Risk, ReasonWeight::Blocks, message).with_advice(advice))
    }

    pub(super) fn measurement(&self) -> Option<GateReason> {
        let measured = self
            .measurement
            .filter(|measured| measured.usage.is_none())?;
        let message = format!(
            "Prometheus has no requests of {} within {}, so every declared squad counts as affected",
            self.service, measured.window
        );
        let advice = "check that Prometheus scrapes the proxy and has the service under this name";
        Some(
            GateReason::new(GateRule::Measurement, ReasonWeight::Warns, message)
                .with_advice(advice),
        )
    }
}
