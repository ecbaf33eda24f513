//! The differences between two databases that should have the same tables.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_vocabulary::TableName;

use crate::schema_snapshot::SchemaSnapshot;

/// A difference between two databases.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaDrift {
    /// The table.
    pub table: TableName,
    /// The kind of the difference.
    pub kind: SchemaDriftKind,
    /// What differs: the table itself, or one of its columns, constraints and indexes.
    pub part: String,
}

/// The kinds of differences.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchemaDriftKind {
    /// It is declared and not there.
    Missing,
    /// It is there and not declared.
    Undeclared,
    /// It differs.
    Different {
        /// As it is declared.
        declared: String,
        /// As it is.
        found: String,
    },
}

/// The parts of each table with their definitions.
type TableParts = BTreeMap<TableName, BTreeMap<String, String>>;

/// What differs in a database from what is declared. Of a table that only one side has, the parts
/// are not listed.
pub fn schema_drift(declared: &SchemaSnapshot, found: &SchemaSnapshot) -> Vec<SchemaDrift> {
    let (declared, found) = (parts(declared), parts(found));
    let tables: BTreeSet<&TableName> = declared.keys().chain(found.keys()).collect();
    let mut drifts = Vec::new();
    for table in tables {
        let mut add = |kind, part: &str| {
            drifts.push(SchemaDrift {
                table: table.clone(),
                kind,
                part: part.to_owned(),
            });
        };
        let (old, new) = match (declared.get(table), found.get(table)) {
            (Some(old), Some(new)) => (old, new),
            (Some(_), None) => {
                add(SchemaDriftKind::Missing, "the table");
                continue;
            }
            (None, _) => {
                add(SchemaDriftKind::Undeclared, "the table");
                continue;
            }
        };
        for (part, definition) in old {
            match new.get(part) {
                None => add(SchemaDriftKind::Missing, part),
                Some(other) if other == definition => {}
                Some(other) => {
                    let (declared, found) = (definition.clone(), other.clone());
                    add(SchemaDriftKind::Different { declared, found }, part);
                }
            }
        }
        for part in new.keys().filter(|part| !old.contains_key(*part)) {
            add(SchemaDriftKind::Undeclared, part);
        }
    }
    drifts
}

fn parts(snapshot: &SchemaSnapshot) -> TableParts {
    let mut tables: BTreeMap<u32, BTreeMap<String, String>> = BTreeMap::new();
    for (number, table) in &snapshot.tables {
        let parts = tables.entry(*number).or_default();
        parts.insert("the kind".to_owned(), table.kind.to_owned());
        for column in table.columns.values() {
            let mut definition = column.data_type.clone();
            if column.is_required {
                definition.push_str(" NOT NULL");
            }
            if let Some(default) = &column.default {
                definition.push_str(&format!(" DEFAULT {default}"));
            }
            parts.insert(format!("column {}", column.name), definition);
        }
    }
    for constraint in snapshot.constraints.values() {
        let parts = tables.entry(constraint.table).or_default();
        parts.insert(
            format!("constraint {}", constraint.name),
            constraint.definition.clone(),
        );
    }
    for index in snapshot.indexes.values() {
        let mut definition = index.definition.clone();
        if !index.is_valid {
            definition.push_str(" (not complete)");
        }
        let parts = tables.entry(index.table).or_default();
        parts.insert(format!("index {}", index.name), definition);
    }
    let tables = tables.into_iter();
    tables
        .filter_map(|(number, parts)| Some((snapshot.tables.get(&number)?.name.clone(), parts)))
        .collect()
}
