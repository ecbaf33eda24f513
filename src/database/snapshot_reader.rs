//! Reads the system catalogs of PostgreSQL.
//!
//! A migration may have tables, functions and operators of the same names, in a schema that is
//! searched first. So everything runs while only the system's schema is searched, and what the
//! migration set returns afterwards, with its scope. Without a search path, the names of types and
//! the definitions have their schemas.

use tokio_postgres::Row;

use portcullis_schema::{
    ColumnState, ConstraintKind, ConstraintState, IndexState, LockMode, NamedObject,
    SchemaSnapshot, TableState,
};
use portcullis_vocabulary::TableName;

use super::database_error::DatabaseError;
use super::database_session::DatabaseSession;
use super::type_reader::{OWN_SCHEMA, read_types};

/// Where the catalogs are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CatalogScope {
    /// Between transactions.
    Outside,
    /// In a transaction, which continues.
    InTransaction,
}

impl CatalogScope {
    async fn begin(self, session: &DatabaseSession) -> Result<(), DatabaseError> {
        let begin = match self {
            Self::Outside => "BEGIN",
            Self::InTransaction => "SAVEPOINT portcullis_catalogs",
        };
        let sql = format!("{begin}; SET LOCAL search_path = pg_catalog");
        session.command(&sql).await
    }

    async fn end(self, session: &DatabaseSession) -> Result<(), DatabaseError> {
        let end = match self {
            Self::Outside => "ROLLBACK",
            Self::InTransaction => "ROLLBACK TO portcullis_catalogs; RELEASE portcullis_catalogs",
        };
        session.command(end).await
    }
}

/// Reads all tables and other objects.
pub(super) async fn read_snapshot(
    session: &DatabaseSession,
    scope: CatalogScope,
) -> Result<SchemaSnapshot, DatabaseError> {
    scope.begin(session).await?;
    let snapshot = read_all(session).await?;
    scope.end(session).await?;
    Ok(snapshot)
}

async fn read_all(session: &DatabaseSession) -> Result<SchemaSnapshot, DatabaseError> {
    let mut snapshot = SchemaSnapshot::default();
    read_tables(session, &mut snapshot).await?;
    read_columns(session, &mut snapshot).await?;
    read_constraints(session, &mut snapshot).await?;
    read_indexes(session, &mut snapshot).await?;
    read_objects(session, &mut snapshot).await?;
    read_types(session, &mut snapshot).await?;
    Ok(snapshot)
}

/// The locks on tables that a session holds, or waits for.
pub(super) async fn read_locks(
    session: &DatabaseSession,
    scope: CatalogScope,
    pid: i32,
    is_granted: bool,
) -> Result<Vec<(u32, LockMode)>, DatabaseError> {
    let granted = if is_granted { "granted" } else { "NOT granted" };
    let sql = format!(
        "SELECT l.relation, l.mode FROM pg_catalog.pg_locks l \
         JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database() \
         WHERE l.locktype = 'relation' AND l.pid = {pid} AND {granted}"
    );
    scope.begin(session).await?;
    let rows = session.query(&sql).await?;
    scope.end(session).await?;
    let lock = |row: &Row| {
        let mode = LockMode::parse(row.get(1))?;
        // Every reader holds the weakest mode, and so do questions about the catalogs.
        (mode > LockMode::AccessShare).then(|| (row.get(0), mode))
    };
    Ok(rows.iter().filter_map(lock).collect())
}

async fn read_tables(
    session: &DatabaseSession,
    snapshot: &mut SchemaSnapshot,
) -> Result<(), DatabaseError> {
    let sql = format!(
        "SELECT c.oid, n.nspname::pg_catalog.text, c.relname::pg_catalog.text, c.relkind::pg_catalog.text, \
         coalesce(pg_catalog.pg_relation_filenode(c.oid), 0::pg_catalog.oid), pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {OWN_SCHEMA}"
    );
    for row in session.query(&sql).await? {
        let number: u32 = row.get(0);
        let root: Option<u32> = row.get(5);
        let kind: &str = row.get(3);
        let table = TableState {
            name: TableName::new(row.get::<_, String>(1), row.get::<_, String>(2)),
            kind: match kind {
                "p" => "partitioned table",
                "v" => "view",
                "m" => "materialized view",
                "f" => "foreign table",
                _ => "table",
            },
            file: row.get(4),
            partition_root: root.filter(|root| *root != number),
            columns: Default::default(),
        };
        snapshot.tables.insert(number, table);
    }
    Ok(())
}

async fn read_columns(
    session: &DatabaseSession,
    snapshot: &mut SchemaSnapshot,
) -> Result<(), DatabaseError> {
    let sql = format!(
        "SELECT a.attrelid, a.attnum, a.attname::pg_catalog.text, pg_catalog.format_type(a.atttypid, a.atttypmod), \
         a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef OR a.attidentity <> '', \
         pg_catalog.pg_get_expr(d.adbin, d.adrelid) \
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
         AND {OWN_SCHEMA}"
    );
    for row in session.query(&sql).await? {
        let table: u32 = row.get(0);
        let column = ColumnState {
            name: row.get(2),
            data_type: row.get(3),
            type_key: (row.get(4), row.get(5)),
            is_required: row.get(6),
            has_default: row.get(7),
            default: row.get(8),
        };
        if let Some(table) = snapshot.tables.get_mut(&table) {
            table.columns.insert(row.get(1), column);
        }
    }
    Ok(())
}

async fn read_constraints(
    session: &DatabaseSession,
    snapshot: &mut SchemaSnapshot,
) -> Result<(), DatabaseError> {
    // Those of partitions that follow from the partitioned table are left out.
    let sql = format!(
        "SELECT o.oid, o.conrelid, o.conname::pg_catalog.text, o.contype::pg_catalog.text, o.convalidated, o.confrelid, \
         pg_catalog.pg_get_constraintdef(o.oid) \
         FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_namespace n ON n.oid = o.connamespace \
         WHERE o.conrelid <> 0 AND o.conparentid = 0 AND {OWN_SCHEMA}"
    );
    for row in session.query(&sql).await? {
        let Some(kind) = ConstraintKind::parse(row.get(3)) else {
            continue;
        };
        let constraint = ConstraintState {
            table: row.get(1),
            name: row.get(2),
            kind,
            definition: row.get(6),
            is_valid: row.get(4),
            refers_to: row.get(5),
        };
        snapshot.constraints.insert(row.get(0), constraint);
    }
    Ok(())
}

async fn read_indexes(
    session: &DatabaseSession,
    snapshot: &mut SchemaSnapshot,
) -> Result<(), DatabaseError> {
    let sql = format!(
        "SELECT i.indexrelid, i.indrelid, c.relname::pg_catalog.text, i.indisunique AND NOT EXISTS \
         (SELECT FROM pg_catalog.pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x')), \
         i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid) \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {OWN_SCHEMA}"
    );
    for row in session.query(&sql).await? {
        let index = IndexState {
            table: row.get(1),
            name: row.get(2),
            is_unique_alone: row.get(3),
            is_valid: row.get(4),
            definition: row.get(5),
        };
        snapshot.indexes.insert(row.get(0), index);
    }
    Ok(())
}

async fn read_objects(
    session: &DatabaseSession,
    snapshot: &mut SchemaSnapshot,
) -> Result<(), DatabaseError> {
    let sql = format!(
        "SELECT x.class, x.oid, i.type, i.identity FROM ( \
         SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AS class, c.oid, c.relnamespace AS namespace \
         FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'i', 'I') \
         UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid, o.oid, o.connamespace FROM pg_catalog.pg_constraint o \
         UNION ALL SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, t.oid, t.typnamespace FROM pg_catalog.pg_type t \
         WHERE t.typtype IN ('e', 'd') \
         UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid, p.pronamespace FROM pg_catalog.pg_proc p \
         UNION ALL SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass::pg_catalog.oid, g.oid, c.relnamespace FROM pg_catalog.pg_trigger g \
         JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal \
         ) x JOIN pg_catalog.pg_namespace n ON n.oid = x.namespace, \
         LATERAL pg_catalog.pg_identify_object(x.class, x.oid, 0) i WHERE i.identity IS NOT NULL AND {OWN_SCHEMA}"
    );
    for row in session.query(&sql).await? {
        let object = NamedObject {
            kind: row.get(2),
            identity: row.get(3),
        };
        snapshot.objects.insert((row.get(0), row.get(1)), object);
    }
    Ok(())
}
