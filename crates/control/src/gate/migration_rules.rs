//! The rules about migrations of shared tables: who must approve, and one migration at a time.

use portcullis_schema::{TableFinding, TableRule};
use portcullis_vocabulary::TableName;

use super::deployment::RecordedApproval;
use super::gate_case::GateCase;
use super::gate_reason::{BreakingChange, GateReason, GateRule, ReasonLocation, ReasonWeight};
use super::judged_table::JudgedTable;
use super::table_lease::TableLease;

impl GateCase<'_> {
    /// Whether there is anything to deploy besides the contract.
    pub(super) fn has_migrations(&self) -> bool {
        self.migration
            .is_some_and(|migration| migration.pending > 0)
    }

    /// What migrations do to tables of others, a reason for each finding.
    pub(super) fn shared_tables(&self, approvals: &mut Vec<RecordedApproval>) -> Vec<GateReason> {
        let Some(migration) = self.migration else {
            return Vec::new();
        };
        for approval in migration
            .findings
            .iter()
            .flat_map(|judged| &judged.approvals)
        {
            approvals.push(RecordedApproval {
                fingerprint: approval.fingerprint.clone(),
                owner: approval.owner.clone(),
                reason: approval.reason.clone(),
            });
        }
        approvals.sort();
        approvals.dedup();
        let findings = migration.findings.iter();
        findings
            .map(|judged| table_reason(judged, &migration.directory))
            .collect()
    }

    /// The tables that another deployment migrates now.
    pub(super) fn table_leases(&self) -> Vec<GateReason> {
        let held = self.migration.iter().flat_map(|migration| &migration.held);
        held.map(|(table, lease)| lease_reason(table, lease))
            .collect()
    }
}

/// The reason for a lease that another deployment holds.
pub fn lease_reason(table: &TableName, lease: &TableLease) -> GateReason {
    let message = format!(
        "{table} is being migrated by {} of {} ({}) since {}; the lease expires at {}",
        lease.service, lease.squad, lease.by, lease.taken_at, lease.expires_at
    );
    let advice = format!(
        "wait until {} is released (portcullis gate release), or override the rule: \
         --override NAME --reason TEXT",
        lease.service
    );
    GateReason::new(GateRule::TableLease, ReasonWeight::Blocks, message).with_advice(advice)
}

fn table_reason(judged: &JudgedTable, directory: &str) -> GateReason {
    let TableFinding {
        rule,
        table,
        migration,
        line,
        ..
    } = &judged.finding;
    let weight = if judged.is_blocking() {
        ReasonWeight::Blocks
    } else if *rule == TableRule::NotRun {
        ReasonWeight::Warns
    } else {
        ReasonWeight::Informs
    };
    let table = table.as_ref().map(ToString::to_string);
    GateReason {
        place: Some(ReasonLocation {
            file: format!("{}/{migration}", directory.trim_end_matches('/')),
            line: *line,
        }),
        change: Some(BreakingChange {
            fingerprint: judged.fingerprint.clone(),
            rule: rule.as_str(),
            level: "breaking",
            subject: table.unwrap_or_else(|| migration.clone()),
            operations: Vec::new(),
            witness: None,
            curl: None,
            approvals_missing: judged.missing.iter().cloned().collect(),
        }),
        ..GateReason::new(GateRule::SharedTable, weight, judged.sentence())
            .with_advice(rule.advice())
    }
}
