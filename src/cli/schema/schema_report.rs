//! The result of `portcullis schema`. Its JSON document is stable: properties are added and never
//! removed.
//!
//! ```json
//! {
//!   "verdict": "blocked", "squad": "payments", "migrations": "db/migrations",
//!   "target": "a temporary server",
//!   "session": { "server_version": "15.18", "user": "postgres", "time_zone": "UTC",
//!                "search_path": "\"$user\", public", "lock_timeout": "0" },
//!   "skipped": ["1_orders.up.sql"],
//!   "effects": [{
//!     "migration": "2_drop.up.sql", "line": 3, "run": "in-transaction",
//!     "locks": [{ "table": "shop.orders", "mode": "ACCESS EXCLUSIVE" }],
//!     "changes": [{ "table": "shop.orders", "rule": "column-dropped", "subject": "customer_id" }],
//!     "dropped": ["view shop.open_orders"]
//!   }],
//!   "findings": [{
//!     "rule": "column-dropped", "level": "error", "table": "shop.orders",
//!     "subject": "customer_id", "file": "db/migrations/2_drop.up.sql", "line": 3,
//!     "message": "…", "advice": "…", "affected": ["search"], "approvals_missing": ["search"],
//!     "fingerprint": "…"
//!   }],
//!   "summary": { "migrations": 1, "statements": 1, "errors": 1, "warnings": 0, "approved": 0 }
//! }
//! ```
//!
//! `verdict` is `passes` or `blocked`, `run` one of `in-transaction`, `alone`, `not-run` and,
//! with `--static`, `read`, `unread`; then `session` is null. `table` is null for a statement whose
//! effect is not known.

use serde::Serialize;

use crate::cli::output::counted;
use crate::cli::report::FindingLevel;
use crate::database::SessionSettings;
use portcullis_control::gate::JudgedTable;
use portcullis_schema::{MigrationEffect, StatementEffect, StatementRun, TableRule};

/// The result of a check.
#[derive(Debug, Serialize)]
pub(super) struct SchemaReport {
    pub(super) verdict: &'static str,
    pub(super) squad: String,
    pub(super) migrations: String,
    pub(super) target: String,
    /// `None` if nothing was run.
    pub(super) session: Option<SessionReport>,
    /// The migrations that were not judged, because they are deployed.
    pub(super) skipped: Vec<String>,
    pub(super) effects: Vec<EffectReport>,
    pub(super) findings: Vec<MigrationFinding>,
    pub(super) summary: SchemaSummary,
}

/// The settings that the result can depend on.
#[derive(Debug, Serialize)]
pub(super) struct SessionReport {
    pub(super) server_version: String,
    pub(super) user: String,
    pub(super) time_zone: String,
    pub(super) search_path: String,
    pub(super) lock_timeout: String,
}

/// What a statement did, if it did something to tables that were there before.
#[derive(Debug, Serialize)]
pub(super) struct EffectReport {
    pub(super) migration: String,
    pub(super) line: u32,
    pub(super) run: &'static str,
    pub(super) locks: Vec<LockReport>,
    pub(super) changes: Vec<ChangeReport>,
    pub(super) dropped: Vec<String>,
}

/// A lock on a table.
#[derive(Debug, Serialize)]
pub(super) struct LockReport {
    pub(super) table: String,
    pub(super) mode: &'static str,
}

/// A change of a table.
#[derive(Debug, Serialize)]
pub(super) struct ChangeReport {
    pub(super) table: String,
    pub(super) rule: &'static str,
    pub(super) subject: String,
}

/// A finding.
#[derive(Debug, Serialize)]
pub(super) struct MigrationFinding {
    pub(super) rule: &'static str,
    pub(super) level: &'static str,
    pub(super) table: Option<String>,
    pub(super) subject: String,
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) message: String,
    pub(super) advice: &'static str,
    pub(super) affected: Vec<String>,
    pub(super) approvals_missing: Vec<String>,
    /// Who approved it, and why.
    pub(super) approved: Vec<String>,
    pub(super) fingerprint: String,
    #[serde(skip)]
    pub(super) finding_level: FindingLevel,
}

/// The counts of a check.
#[derive(Debug, Serialize)]
pub(super) struct SchemaSummary {
    pub(super) migrations: usize,
    pub(super) statements: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) approved: usize,
}

impl SchemaReport {
    /// The verdict in one line.
    pub(super) fn sentence(&self) -> String {
        let summary = &self.summary;
        let mut text = format!(
            "{}: {}, {}",
            self.verdict,
            counted(summary.migrations as u64, "migration"),
            counted(summary.errors as u64, "finding"),
        );
        for (count, what) in [(summary.warnings, "warned"), (summary.approved, "approved")] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        text
    }

    /// What to do about the verdict.
    pub(super) fn advice(&self) -> Vec<String> {
        let mut squads: Vec<&str> = Vec::new();
        for squad in self
            .findings
            .iter()
            .flat_map(|finding| &finding.approvals_missing)
        {
            if !squads.contains(&squad.as_str()) {
                squads.push(squad);
            }
        }
        if squads.is_empty() {
            return Vec::new();
        }
        vec![format!(
            "ask {} to approve: --print-approvals prints the tables for the file of --approvals",
            squads.join(", ")
        )]
    }
}

impl SessionReport {
    /// The settings of a session, as they were before this program changed them.
    pub(super) fn of(settings: SessionSettings) -> Self {
        let SessionSettings {
            server_version,
            user,
            time_zone,
            search_path,
            lock_timeout,
        } = settings;
        Self {
            server_version,
            user,
            time_zone,
            search_path,
            lock_timeout,
        }
    }
}

impl EffectReport {
    /// The effects that concern tables that were there before.
    pub(super) fn all(effects: &[MigrationEffect]) -> Vec<Self> {
        let effects = effects.iter();
        let statements = effects.flat_map(|effect| {
            let statements = effect.statements.iter();
            statements.map(|statement| Self::of(&effect.file, statement))
        });
        let is_worth_it = |effect: &Self| {
            let is_usual = matches!(effect.run, "in-transaction" | "read");
            let parts = [
                effect.locks.is_empty(),
                effect.changes.is_empty(),
                effect.dropped.is_empty(),
            ];
            !is_usual || parts.contains(&false)
        };
        statements.filter(is_worth_it).collect()
    }

    fn of(file: &str, statement: &StatementEffect) -> Self {
        let locks = statement.locks.iter().map(|lock| LockReport {
            table: lock.table.to_string(),
            mode: lock.mode.as_str(),
        });
        let changes = statement.changes.iter().map(|change| ChangeReport {
            table: change.table.to_string(),
            rule: TableRule::of(&change.kind).as_str(),
            subject: change.kind.subject().to_owned(),
        });
        let dropped = statement.dropped.iter();
        Self {
            migration: file.to_owned(),
            line: statement.line,
            run: match statement.run {
                StatementRun::InTransaction => "in-transaction",
                StatementRun::Alone => "alone",
                StatementRun::NotRun => "not-run",
                StatementRun::Read => "read",
                StatementRun::Unread => "unread",
            },
            locks: locks.collect(),
            changes: changes.collect(),
            dropped: dropped
                .map(|object| format!("{} {}", object.kind, object.identity))
                .collect(),
        }
    }
}

impl MigrationFinding {
    /// A finding about a file of the directory.
    pub(super) fn of(judged: &JudgedTable, directory: &std::path::Path) -> Self {
        let finding = &judged.finding;
        let approvals = judged.approvals.iter();
        let level = if judged.is_blocking() {
            FindingLevel::Error
        } else if finding.rule == TableRule::NotRun {
            FindingLevel::Warning
        } else {
            FindingLevel::Info
        };
        Self {
            rule: finding.rule.as_str(),
            level: level.as_str(),
            table: finding.table.as_ref().map(ToString::to_string),
            subject: finding.subject.clone(),
            file: directory.join(&finding.migration).display().to_string(),
            line: finding.line,
            message: finding.message.clone(),
            advice: finding.rule.advice(),
            affected: finding.affected.iter().map(ToString::to_string).collect(),
            approvals_missing: judged.missing.iter().cloned().collect(),
            approved: approvals
                .map(|approval| format!("{}: {}", approval.owner, approval.reason))
                .collect(),
            fingerprint: judged.fingerprint.clone(),
            finding_level: level,
        }
    }
}
