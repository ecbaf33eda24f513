//! Judges what migrations do to tables that other squads use.

use std::collections::BTreeSet;

use portcullis_vocabulary::{SquadName, TableName};

use crate::lock_mode::LockMode;
use crate::migration_effect::{MigrationEffect, StatementEffect, StatementRun, TableLock};
use crate::shared_tables::{SharedTable, SharedTables};
use crate::table_change::{TableChange, TableChangeKind};
use crate::table_rule::TableRule;

/// Something that a migration does to a table that other squads use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFinding {
    /// The rule.
    pub rule: TableRule,
    /// The table; none if the statement could not be tried.
    pub table: Option<TableName>,
    /// The column or constraint, the lock mode, or nothing. With the rule, the table and the
    /// migration it identifies the finding.
    pub subject: String,
    /// The name of the migration's file.
    pub migration: String,
    /// The line of the statement.
    pub line: u32,
    /// What happens, and which squads it concerns.
    pub message: String,
    /// The other squads that own or use the table, which must approve.
    pub affected: BTreeSet<SquadName>,
}

/// What migrations of a squad do to tables that others use, in the order of the statements.
pub fn judge_migrations(
    effects: &[MigrationEffect],
    shared: &SharedTables,
    squad: &SquadName,
) -> Vec<TableFinding> {
    effects
        .iter()
        .flat_map(|effect| {
            let mut judge = MigrationJudge {
                migration: &effect.file,
                shared,
                squad,
                found: Vec::new(),
            };
            effect
                .statements
                .iter()
                .for_each(|statement| judge.statement(statement));
            judge.found
        })
        .collect()
}

struct MigrationJudge<'j> {
    migration: &'j str,
    shared: &'j SharedTables,
    squad: &'j SquadName,
    found: Vec<TableFinding>,
}

impl MigrationJudge<'_> {
    fn statement(&mut self, statement: &StatementEffect) {
        if statement.run == StatementRun::Unread {
            self.found.push(TableFinding {
                rule: TableRule::NotRun,
                table: None,
                subject: statement.line.to_string(),
                migration: self.migration.to_owned(),
                line: statement.line,
                message: "what the statement does is not known without a server".to_owned(),
                affected: BTreeSet::new(),
            });
        }
        if statement.run == StatementRun::NotRun {
            let documented = match statement.locks[..] {
                [] => "",
                [..] => "; what PostgreSQL documents about it is reported",
            };
            self.found.push(TableFinding {
                rule: TableRule::NotRun,
                table: None,
                subject: statement.line.to_string(),
                migration: self.migration.to_owned(),
                line: statement.line,
                message: format!(
                    "the statement cannot run in a transaction, so it was not tried on this \
                     database{documented}"
                ),
                affected: BTreeSet::new(),
            });
        }
        for change in &statement.changes {
            self.change(change, statement);
        }
        for TableLock { table, mode } in strongest(&statement.locks) {
            self.lock(table, *mode, statement);
        }
    }

    fn change(&mut self, change: &TableChange, statement: &StatementEffect) {
        let TableChange { table, kind } = change;
        let rule = TableRule::of(kind);
        let message = change_message(table, kind);
        self.add(rule, table, kind.subject(), &message, statement);
    }

    fn lock(&mut self, table: &TableName, mode: LockMode, statement: &StatementEffect) {
        let Some(work) = mode.blocked_work() else {
            return;
        };
        let message = format!("{table} is locked in mode {mode}: {work} wait");
        self.add(
            TableRule::BlockingLock,
            table,
            mode.as_str(),
            &message,
            statement,
        );
        if !statement.has_lock_timeout {
            let message = format!(
                "waiting for the lock on {table} is not limited: while the migration waits for one \
                 long transaction, everything that comes later waits behind it"
            );
            self.add(
                TableRule::MissingLockTimeout,
                table,
                "",
                &message,
                statement,
            );
        }
    }

    /// Adds a finding about a table that others use, once for each migration.
    fn add(
        &mut self,
        rule: TableRule,
        table: &TableName,
        subject: &str,
        message: &str,
        statement: &StatementEffect,
    ) {
        let Some(shared) = self.shared.get(table) else {
            return;
        };
        let affected = shared.others(self.squad);
        let mut same = self.found.iter();
        let is_known = same.any(|earlier| {
            earlier.rule == rule
                && earlier.subject == subject
                && earlier.table.as_ref() == Some(table)
        });
        if affected.is_empty() || is_known {
            return;
        }
        let source = if statement.run.is_measured() {
            ""
        } else {
            " (read from the text, not measured by a server)"
        };
        self.found.push(TableFinding {
            rule,
            table: Some(table.clone()),
            subject: subject.to_owned(),
            migration: self.migration.to_owned(),
            line: statement.line,
            message: format!("{message}; {}{source}", users(shared, &affected)),
            affected,
        });
    }
}

/// The strongest mode of each table.
fn strongest(locks: &[TableLock]) -> impl Iterator<Item = &TableLock> {
    let is_strongest = |lock: &&TableLock| {
        let mut others = locks.iter().filter(|other| other.table == lock.table);
        others.all(|other| other.mode <= lock.mode)
    };
    locks.iter().filter(is_strongest)
}

/// Who uses the table: `search (find), checkout (shop) use it`.
fn users(shared: &SharedTable, affected: &BTreeSet<SquadName>) -> String {
    let users: Vec<String> = affected
        .iter()
        .map(|squad| match shared.services_of(squad).as_slice() {
            [] => format!("{squad} owns it"),
            services => format!("{squad} uses it in {}", services.join(", ")),
        })
        .collect();
    users.join(", ")
}

fn change_message(table: &TableName, kind: &TableChangeKind) -> String {
    match kind {
        TableChangeKind::Rewritten => {
            format!("all rows of {table} are written again, and it is locked meanwhile")
        }
        TableChangeKind::Emptied => format!("rows of {table} are removed as a whole"),
        TableChangeKind::Dropped => format!("{table} is dropped"),
        TableChangeKind::Renamed { to } => format!("{table} is renamed to {to}"),
        TableChangeKind::ColumnDropped { column } => {
            format!("column {column} of {table} is dropped")
        }
        TableChangeKind::ColumnRenamed { column, to } => {
            format!("column {column} of {table} is renamed to {to}")
        }
        TableChangeKind::ColumnRetyped { column, from, to } => {
            format!("column {column} of {table} changes its type from {from} to {to}")
        }
        TableChangeKind::TypeChanged { column, change } => {
            format!("column {column} of {table}: {change}")
        }
        TableChangeKind::Constrained { name, rule } => {
            format!("{table} has a new rule, {name}: {rule}; rows can break it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_vocabulary::{Catalog, ResourceKind, SharedResource, Squad};

    fn shared() -> SharedTables {
        let squad = |name: &str, service: &str| Squad {
            services: vec![service.to_owned()],
            ..Squad::named(name.parse().unwrap())
        };
        let squads = vec![squad("payments", "orders"), squad("search", "find")];
        let resource = SharedResource {
            name: "orders-db".into(),
            kind: ResourceKind::Database,
            owner: "payments".parse().unwrap(),
            used_by: vec!["orders".into(), "find".into()],
            tables: vec![TableName::new("shop", "orders")],
        };
        SharedTables::of(&Catalog::new(squads, vec![resource], vec![]))
    }

    fn statement(table: &str, mode: LockMode, changes: Vec<TableChangeKind>) -> StatementEffect {
        let table: TableName = table.parse().unwrap();
        let changes = changes.into_iter();
        StatementEffect {
            line: 3,
            run: StatementRun::InTransaction,
            locks: vec![TableLock {
                table: table.clone(),
                mode,
            }],
            changes: changes
                .map(|kind| TableChange {
                    table: table.clone(),
                    kind,
                })
                .collect(),
            dropped: vec![],
            has_lock_timeout: false,
        }
    }

    #[track_caller]
    fn check(statement: StatementEffect, squad: &str, expected: &[&str]) {
        let effect = MigrationEffect {
            file: "1.sql".into(),
            statements: vec![statement.clone(), statement],
        };
        let found = judge_migrations(&[effect], &shared(), &squad.parse().unwrap());
        let found: Vec<String> = found
            .iter()
            .map(|one| format!("{}:{} {}", one.rule.as_str(), one.line, one.message))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn findings_name_who_uses_the_table() {
        let dropped = vec![TableChangeKind::ColumnDropped {
            column: "customer_id".into(),
        }];
        let orders = |mode, changes| statement("shop.orders", mode, changes);
        check(
            orders(LockMode::ShareUpdateExclusive, dropped.clone()),
            "payments",
            &[
                "column-dropped:3 column customer_id of shop.orders is dropped; search uses it in find",
            ],
        );
        check(
            orders(LockMode::RowExclusive, dropped),
            "search",
            &[
                "column-dropped:3 column customer_id of shop.orders is dropped; payments uses it in orders",
            ],
        );
        check(
            statement(
                "shop.own",
                LockMode::AccessExclusive,
                vec![TableChangeKind::Dropped],
            ),
            "payments",
            &[],
        );
        let timed = StatementEffect {
            has_lock_timeout: true,
            ..orders(LockMode::Share, vec![])
        };
        check(
            timed,
            "payments",
            &[
                "blocking-lock:3 shop.orders is locked in mode SHARE: writes wait; search uses it in find",
            ],
        );
        check(
            orders(LockMode::AccessExclusive, vec![]),
            "payments",
            &[
                "blocking-lock:3 shop.orders is locked in mode ACCESS EXCLUSIVE: reads and writes wait; search uses it in find",
                "missing-lock-timeout:3 waiting for the lock on shop.orders is not limited: while the migration waits for one long transaction, everything that comes later waits behind it; search uses it in find",
            ],
        );
    }
}
