//! What changed about tables between two snapshots.

use std::collections::BTreeSet;

use portcullis_vocabulary::TableName;

use crate::schema_snapshot::{ConstraintKind, SchemaSnapshot, TableState};
use crate::type_change::{TypeChange, type_changes};

/// A change of a table that existed before the migration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableChange {
    /// The table, by the name that it had before the migration. Of a partition it is the
    /// partitioned table.
    pub table: TableName,
    /// The change.
    pub kind: TableChangeKind,
}

/// A change of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableChangeKind {
    /// All rows were written again.
    Rewritten,
    /// All rows were removed.
    Emptied,
    /// The table was dropped.
    Dropped,
    /// The table has another name or schema.
    Renamed {
        /// The new name.
        to: TableName,
    },
    /// A column was dropped.
    ColumnDropped {
        /// The column.
        column: String,
    },
    /// A column has another name.
    ColumnRenamed {
        /// The column.
        column: String,
        /// The new name.
        to: String,
    },
    /// A column has another type.
    ColumnRetyped {
        /// The column.
        column: String,
        /// The type before.
        from: String,
        /// The type now.
        to: String,
    },
    /// The type of a column changed under its name or values.
    TypeChanged {
        /// The column.
        column: String,
        /// What changed.
        change: String,
    },
    /// A new rule for rows, which existing or future rows can break.
    Constrained {
        /// The name of the constraint, or the column.
        name: String,
        /// The rule.
        rule: String,
    },
}

impl TableChangeKind {
    /// What it is about, apart from the table.
    pub fn subject(&self) -> &str {
        match self {
            Self::Rewritten | Self::Emptied | Self::Dropped | Self::Renamed { .. } => "",
            Self::ColumnDropped { column }
            | Self::ColumnRenamed { column, .. }
            | Self::ColumnRetyped { column, .. }
            | Self::TypeChanged { column, .. } => column,
            Self::Constrained { name, .. } => name,
        }
    }
}

/// The changes between two snapshots of tables that were there at the start of the migration.
pub fn table_changes(
    start: &SchemaSnapshot,
    before: &SchemaSnapshot,
    after: &SchemaSnapshot,
) -> Vec<TableChange> {
    let mut found = BTreeSet::new();
    for (number, known) in &start.tables {
        let Some(old) = before.tables.get(number) else {
            continue;
        };
        let root = start.root_of(*number).unwrap_or(known);
        let mut add = |kind| {
            let table = root.name.clone();
            found.insert(TableChange { table, kind });
        };
        let Some(new) = after.tables.get(number) else {
            // A dropped partition changes the partitioned table only by its rows.
            add(if root.name == known.name {
                TableChangeKind::Dropped
            } else {
                TableChangeKind::Emptied
            });
            continue;
        };
        if old.partition_root.is_some() && new.partition_root.is_none() {
            // A detached partition is another table now.
            continue;
        }
        if old.name != new.name && root.name == known.name {
            let to = new.name.clone();
            add(TableChangeKind::Renamed { to });
        }
        if old.file != new.file && old.file != 0 && new.file != 0 {
            add(TableChangeKind::Rewritten);
        }
        column_changes(old, new, &mut add);
        for change in type_changes(old, new, (before, after)) {
            add(match change {
                TypeChange::Seen { column, change } => {
                    TableChangeKind::TypeChanged { column, change }
                }
                TypeChange::Rule { name, rule } => TableChangeKind::Constrained { name, rule },
            });
        }
        constraint_changes(*number, before, after, &mut add);
    }
    found.into_iter().collect()
}

fn column_changes(old: &TableState, new: &TableState, add: &mut impl FnMut(TableChangeKind)) {
    for (number, column) in &old.columns {
        let name = || column.name.clone();
        let Some(now) = new.columns.get(number) else {
            add(TableChangeKind::ColumnDropped { column: name() });
            continue;
        };
        if now.name != column.name {
            add(TableChangeKind::ColumnRenamed {
                column: name(),
                to: now.name.clone(),
            });
        }
        if now.type_key != column.type_key {
            add(TableChangeKind::ColumnRetyped {
                column: name(),
                from: column.data_type.clone(),
                to: now.data_type.clone(),
            });
        }
        if now.is_required && !column.is_required {
            add(TableChangeKind::Constrained {
                name: name(),
                rule: "NOT NULL".to_owned(),
            });
        }
    }
    for (number, column) in &new.columns {
        if !old.columns.contains_key(number) && column.is_required && !column.has_default {
            add(TableChangeKind::Constrained {
                name: column.name.clone(),
                rule: "NOT NULL without a default".to_owned(),
            });
        }
    }
}

/// New constraints and unique indexes. A change of a type makes those of the column again, under
/// their names.
fn constraint_changes(
    table: u32,
    before: &SchemaSnapshot,
    after: &SchemaSnapshot,
    add: &mut impl FnMut(TableChangeKind),
) {
    let constraints = |snapshot: &SchemaSnapshot| -> BTreeSet<String> {
        let own = snapshot.constraints.values();
        let own = own.filter(|constraint| constraint.table == table);
        own.map(|constraint| constraint.name.clone()).collect()
    };
    let indexes = |snapshot: &SchemaSnapshot| -> BTreeSet<String> {
        let own = snapshot.indexes.values();
        let own = own.filter(|index| index.table == table && index.is_unique_alone);
        own.map(|index| index.name.clone()).collect()
    };
    let (known_constraints, known_indexes) = (constraints(before), indexes(before));
    for (number, constraint) in &after.constraints {
        if before.constraints.contains_key(number) {
            continue;
        }
        let name = constraint.name.clone();
        if constraint.table == table && !known_constraints.contains(&name) {
            // A unique index that becomes a constraint is a rule already.
            let is_index = matches!(
                constraint.kind,
                ConstraintKind::Unique | ConstraintKind::PrimaryKey
            );
            if !(is_index && known_indexes.contains(&name)) {
                let rule = constraint.definition.clone();
                add(TableChangeKind::Constrained { name, rule });
            }
        } else if constraint.refers_to == table && constraint.table != table {
            let owner = after.tables.get(&constraint.table);
            let is_known = before
                .constraints
                .values()
                .any(|old| old.table == constraint.table && old.name == constraint.name);
            if let Some(owner) = owner.filter(|_| !is_known) {
                let rule = format!("{} refers to it: {}", owner.name, constraint.definition);
                add(TableChangeKind::Constrained { name, rule });
            }
        }
    }
    for (number, index) in &after.indexes {
        let is_new = index.table == table
            && index.is_unique_alone
            && !before.indexes.contains_key(number)
            && !known_indexes.contains(&index.name);
        if is_new {
            add(TableChangeKind::Constrained {
                name: index.name.clone(),
                rule: index.definition.clone(),
            });
        }
    }
}
