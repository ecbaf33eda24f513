//! What changed about the types of columns: domains, enumerations and composite types. PostgreSQL
//! locks no table for most of these changes.

use std::collections::BTreeSet;

use crate::schema_snapshot::{SchemaSnapshot, TableState, TypeState};

/// A change of the type of a column.
pub(crate) enum TypeChange {
    /// Readers and writers of a column see another type.
    Seen { column: String, change: String },
    /// Rows have a new rule.
    Rule { name: String, rule: String },
}

/// The changes of the types of a table's columns.
pub(crate) fn type_changes(
    old: &TableState,
    new: &TableState,
    (before, after): (&SchemaSnapshot, &SchemaSnapshot),
) -> Vec<TypeChange> {
    let mut found = Vec::new();
    for (number, column) in &old.columns {
        let now = new.columns.get(number);
        if now.is_none_or(|now| now.type_key.0 != column.type_key.0) {
            continue;
        }
        for data_type in before.types_below(column.type_key.0) {
            let pair = (before.types.get(&data_type), after.types.get(&data_type));
            let (Some(earlier), Some(now)) = pair else {
                continue;
            };
            let changes = changes_of(earlier, now).into_iter();
            found.extend(changes.map(|change| TypeChange::Seen {
                column: column.name.clone(),
                change,
            }));
            found.extend(new_rules(earlier, now));
        }
    }
    found
}

/// What readers and writers of the type notice.
fn changes_of(earlier: &TypeState, now: &TypeState) -> Vec<String> {
    let name = &earlier.name;
    let mut found = Vec::new();
    if now.name != *name {
        found.push(format!("type {name} is renamed to {}", now.name));
    }
    for (number, label) in &earlier.labels {
        if let Some(new) = now.labels.get(number).filter(|new| *new != label) {
            found.push(format!("value {label} of type {name} is renamed to {new}"));
        }
    }
    for (number, (attribute, data_type)) in &earlier.attributes {
        match now.attributes.get(number) {
            None => found.push(format!("attribute {attribute} of type {name} is dropped")),
            Some((new, _)) if new != attribute => {
                found.push(format!(
                    "attribute {attribute} of type {name} is renamed to {new}"
                ));
            }
            Some((_, new)) if new != data_type => {
                found.push(format!(
                    "attribute {attribute} of type {name} changes its type from {data_type} to {new}"
                ));
            }
            Some(_) => {}
        }
    }
    found
}

/// New rules of a domain hold for the rows of all tables with it.
fn new_rules(earlier: &TypeState, now: &TypeState) -> Vec<TypeChange> {
    let known: BTreeSet<&str> = earlier.checks.values().map(|(name, _)| &**name).collect();
    let checks = now.checks.iter().filter(|(number, (name, _))| {
        !earlier.checks.contains_key(number) && !known.contains(&**name)
    });
    let checks = checks.map(|(_, (name, definition))| TypeChange::Rule {
        name: name.clone(),
        rule: format!("domain {}: {definition}", now.name),
    });
    let mut rules: Vec<TypeChange> = checks.collect();
    if now.is_required && !earlier.is_required {
        rules.push(TypeChange::Rule {
            name: now.name.clone(),
            rule: format!("domain {}: NOT NULL", now.name),
        });
    }
    rules
}
