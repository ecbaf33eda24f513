//! The migrations of a deployment: what they do to shared tables, and the leases on these tables.
//!
//! A deployment takes its leases before it is recorded, table by table in the order of their names,
//! and gives all back if one is held or the record is overtaken. So of two pipelines one gets all.

use std::time::Duration;

use super::gate_args::{RegistryArgs, VerdictArgs};
use super::gate_context::now;
use super::gate_error::GateError;
use super::gate_registry::GateRegistry;
use crate::cli::migrations::{shared_tables, try_migrations};
use crate::cli::run_error::RunError;
use crate::source::CommitOutcome;
use portcullis_compat::ChangeApproval;
use portcullis_control::gate::{
    Deployment, GateReason, JudgedTable, MigrationCase, RecordedOverride, TableLease, UtcTimestamp,
    lease_reason, touched_tables,
};
use portcullis_schema::judge_migrations;
use portcullis_vocabulary::{Catalog, Squad, TableName};

/// Tries the migrations that the arguments name, and judges them; `None` without any. `held` finds
/// the lease of another deployment on a table.
pub(super) fn judge_for_gate(
    args: &VerdictArgs,
    (catalog, squad, service): (&Catalog, &Squad, &str),
    now: UtcTimestamp,
    approvals: &[ChangeApproval],
    held: &dyn Fn(&TableName) -> Result<Option<TableLease>, GateError>,
) -> Result<Option<MigrationCase>, RunError> {
    let Some(directory) = &args.migrations else {
        return Ok(None);
    };
    let shared = shared_tables(catalog, &args.catalog)?;
    let tried = try_migrations(directory, &args.migration_target, &shared, &args.catalog)?;
    let today = now.date();
    let findings = judge_migrations(&tried.effects, &shared, &squad.name).into_iter();
    let substitute = |squad: &str| {
        let found = catalog.approval_substitute(service, squad, today)?;
        Some(found.as_str())
    };
    let tables = touched_tables(&tried.effects, &shared);
    let mut leases = Vec::new();
    for table in &tables {
        leases.extend(held(table)?.map(|lease| (table.clone(), lease)));
    }
    Ok(Some(MigrationCase {
        directory: directory.display().to_string(),
        pending: tried.effects.len(),
        findings: findings
            .map(|finding| JudgedTable::of(finding, approvals, today, substitute))
            .collect(),
        tables,
        held: leases,
    }))
}

/// The lease on a table that another deployment than this one holds.
pub(super) fn held_lease(
    registry: &GateRegistry,
    table: &TableName,
    (service, revision): (&str, &str),
    now: UtcTimestamp,
) -> Result<Option<TableLease>, GateError> {
    let found = registry.leases(&table.to_string())?;
    let held = found.leases.held(now).cloned();
    Ok(held.filter(|lease| !lease.is_of(service, revision)))
}

/// The deployment that holds leases.
#[derive(Debug)]
pub(super) struct LeaseHolder {
    lease: TableLease,
    tables: Vec<String>,
}

impl LeaseHolder {
    /// The holder of the leases that a deployment needs.
    pub(super) fn of(
        deployment: &Deployment,
        args: &RegistryArgs,
        lease: Duration,
        overridden: Option<&RecordedOverride>,
    ) -> Self {
        // Trying the migrations may have taken long.
        let now = now();
        let overridden =
            overridden.filter(|one| one.rules.iter().any(|rule| rule == "table-lease"));
        Self {
            lease: TableLease {
                service: args.service.clone(),
                squad: args.squad.clone(),
                revision: deployment.revision.clone(),
                by: deployment.by.clone(),
                taken_at: now,
                expires_at: now.after(lease),
                ended_at: None,
                taken_over: overridden.map(|one| format!("{}: {}", one.name, one.reason)),
            },
            tables: deployment.tables.clone(),
        }
    }

    /// Takes all leases. If another deployment holds one, or takes it at the same time, none is taken
    /// and the reason is returned. An override takes a lease from its holder.
    pub(super) fn take(&self, registry: &GateRegistry) -> Result<Option<GateReason>, GateError> {
        for table in &self.tables {
            if let Some(holder) = self.take_one(registry, table)? {
                self.give_back(registry, self.lease.taken_at)?;
                let name = table
                    .parse()
                    .unwrap_or_else(|_| TableName::new("", table.as_str()));
                return Ok(Some(lease_reason(&name, &holder)));
            }
        }
        Ok(None)
    }

    /// Takes one lease, or returns the one that is held.
    fn take_one(
        &self,
        registry: &GateRegistry,
        table: &str,
    ) -> Result<Option<TableLease>, GateError> {
        loop {
            let mut found = registry.leases(table)?;
            let held = found.leases.held(self.lease.taken_at);
            let is_foreign =
                |held: &&TableLease| !held.is_of(&self.lease.service, &self.lease.revision);
            if let Some(held) = held.filter(is_foreign)
                && self.lease.taken_over.is_none()
            {
                return Ok(Some(held.clone()));
            }
            found.leases.take(self.lease.clone());
            // After a conflict another one holds it, or gave it back.
            if registry.write_leases(&found)? == CommitOutcome::Written {
                return Ok(None);
            }
        }
    }

    /// Gives back the leases that are held.
    pub(super) fn give_back(
        &self,
        registry: &GateRegistry,
        now: UtcTimestamp,
    ) -> Result<(), GateError> {
        give_back_leases(
            registry,
            &self.tables,
            (&self.lease.service, &self.lease.revision),
            now,
        )
    }
}

/// Gives back the leases of a deployment, such as when its roll-out is complete.
pub(super) fn give_back_leases(
    registry: &GateRegistry,
    tables: &[String],
    (service, revision): (&str, &str),
    now: UtcTimestamp,
) -> Result<(), GateError> {
    for table in tables {
        loop {
            let mut found = registry.leases(table)?;
            if !found.leases.give_back(service, revision, now)
                || registry.write_leases(&found)? == CommitOutcome::Written
            {
                break;
            }
        }
    }
    Ok(())
}
