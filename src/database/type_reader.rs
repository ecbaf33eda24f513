//! Reads domains, enumerations and composite types from the system catalogs.

use std::collections::BTreeSet;

use portcullis_schema::{SchemaSnapshot, TypeState};

use super::database_error::DatabaseError;
use super::database_session::DatabaseSession;

/// The schemas of the system and temporary ones, for the alias `n`.
pub(super) const OWN_SCHEMA: &str = "n.nspname NOT IN ('pg_catalog', 'information_schema') \
     AND n.nspname !~ '^pg_(toast|temp)'";

/// Reads the types that the database defines itself, while only the schema of the system is searched.
pub(super) async fn read_types(
    session: &DatabaseSession,
    snapshot: &mut SchemaSnapshot,
) -> Result<(), DatabaseError> {
    // Each table has a type of its rows, which its columns describe already.
    let sql = format!(
        "SELECT t.oid, format_type(t.oid, NULL), t.typbasetype, t.typelem, t.typnotnull \
         FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
         LEFT JOIN pg_class c ON c.oid = t.typrelid \
         WHERE (c.relkind IS NULL OR c.relkind = 'c') AND {OWN_SCHEMA}"
    );
    for row in session.query(&sql).await? {
        let below: [u32; 2] = [row.get(2), row.get(3)];
        let data_type = TypeState {
            name: row.get(1),
            below: below.into_iter().filter(|number| *number != 0).collect(),
            is_required: row.get(4),
            ..TypeState::default()
        };
        snapshot.types.insert(row.get(0), data_type);
    }
    let sql = "SELECT enumtypid, oid, enumlabel::text FROM pg_enum";
    for row in session.query(sql).await? {
        if let Some(known) = snapshot.types.get_mut(&row.get(0)) {
            known.labels.insert(row.get(1), row.get(2));
        }
    }
    let sql = "SELECT contypid, oid, conname::text, pg_get_constraintdef(oid) FROM pg_constraint \
               WHERE contypid <> 0 AND contype = 'c'";
    for row in session.query(sql).await? {
        if let Some(known) = snapshot.types.get_mut(&row.get(0)) {
            known.checks.insert(row.get(1), (row.get(2), row.get(3)));
        }
    }
    let sql = "SELECT c.reltype, a.attnum, a.attname::text, format_type(a.atttypid, a.atttypmod), \
               a.atttypid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
               WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped";
    for row in session.query(sql).await? {
        if let Some(known) = snapshot.types.get_mut(&row.get(0)) {
            known
                .attributes
                .insert(row.get(1), (row.get(2), row.get(3)));
            known.below.insert(row.get(4));
        }
    }
    keep_reached(snapshot);
    Ok(())
}

/// Leaves out types that no column has, such as those of functions.
fn keep_reached(snapshot: &mut SchemaSnapshot) {
    let columns = snapshot
        .tables
        .values()
        .flat_map(|table| table.columns.values());
    let mut open: Vec<u32> = columns.map(|column| column.type_key.0).collect();
    let mut reached = BTreeSet::new();
    while let Some(number) = open.pop() {
        if let Some(known) = snapshot.types.get(&number)
            && reached.insert(number)
        {
            open.extend(&known.below);
        }
    }
    snapshot.types.retain(|number, _| reached.contains(number));
}
