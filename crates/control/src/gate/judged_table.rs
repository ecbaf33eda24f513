//! What a migration does to a shared table, with the approvals that it has and needs.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use portcullis_compat::{ChangeApproval, Date};
use portcullis_schema::{TableFinding, TableRule};

/// A finding about a shared table, with the approvals that it has and needs.
#[derive(Clone, Debug)]
pub struct JudgedTable {
    /// The finding.
    pub finding: TableFinding,
    /// What approvals refer to. It follows from the rule, the table, the column or constraint and
    /// the name of the migration, so it survives edits elsewhere in the file.
    pub fingerprint: String,
    /// The approvals of affected squads.
    pub approvals: Vec<ChangeApproval>,
    /// The squads whose approval is missing.
    pub missing: BTreeSet<String>,
}

impl JudgedTable {
    /// A finding with the approvals of the affected squads that are valid today. `substitute` is the
    /// squad that can approve for another one, while a service moves between them.
    pub fn of<'c>(
        finding: TableFinding,
        approvals: &[ChangeApproval],
        today: Date,
        substitute: impl Fn(&str) -> Option<&'c str>,
    ) -> Self {
        let fingerprint = fingerprint(&finding);
        let affected = finding.affected.iter().map(ToString::to_string);
        let mut missing: BTreeSet<String> = affected.collect();
        let counts = |approval: &ChangeApproval, squad: &str| {
            approval.owner == squad || substitute(squad) == Some(&*approval.owner)
        };
        let is_valid = |approval: &&ChangeApproval| {
            approval.fingerprint == fingerprint
                && approval.expires.is_none_or(|last| last >= today)
                && missing.iter().any(|squad| counts(approval, squad))
        };
        let approvals: Vec<ChangeApproval> = approvals.iter().filter(is_valid).cloned().collect();
        missing.retain(|squad| !approvals.iter().any(|approval| counts(approval, squad)));
        Self {
            finding,
            fingerprint,
            approvals,
            missing,
        }
    }

    /// Whether it blocks the migration.
    pub fn is_blocking(&self) -> bool {
        self.finding.rule != TableRule::NotRun && !self.missing.is_empty()
    }

    /// The finding in one sentence.
    pub fn sentence(&self) -> String {
        let TableFinding {
            migration,
            message,
            rule,
            ..
        } = &self.finding;
        format!("{migration}: {message} [{}]", rule.as_str())
    }
}

fn fingerprint(finding: &TableFinding) -> String {
    let table = finding.table.as_ref().map(ToString::to_string);
    let parts = [
        "migration",
        finding.rule.as_str(),
        table.as_deref().unwrap_or_default(),
        &finding.subject,
        &finding.migration,
    ];
    let digest = Sha256::digest(parts.join("\0"));
    let bytes = digest.iter().take(8);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}
