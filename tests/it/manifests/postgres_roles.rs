//! The SQL in a real PostgreSQL: it can run twice, and one squad cannot touch another's data.

use super::printed_manifests::printed;
use crate::support::postgres::PostgresServer;
use crate::telemetry::deploy::file;

/// What a squad may not do, and the error.
const DENIED: [(&str, &str); 9] = [
    (
        "SELECT id FROM squad_payments.orders",
        "permission denied for schema",
    ),
    (
        "CREATE TABLE squad_payments.x (id int)",
        "permission denied for schema",
    ),
    (
        "CREATE TABLE public.x (id int)",
        "permission denied for schema public",
    ),
    ("CREATE SCHEMA mine", "permission denied for database"),
    (
        "DROP SCHEMA squad_payments CASCADE",
        "must be owner of schema",
    ),
    ("SET ROLE squad_payments", "permission denied to set role"),
    ("CREATE ROLE x", "permission denied to create role"),
    (
        "SELECT lo_create(0)",
        "permission denied for function lo_create",
    ),
    (
        "SELECT lo_from_bytea(0, 'a')",
        "permission denied for function lo_from_bytea",
    ),
];

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn squads_are_separated() {
    let server = PostgresServer::start();
    server.succeed(
        "createdb",
        &["-h", &server.path(""), "-U", "postgres", "shop"],
    );
    let sql = printed(&file(""), "postgres");
    std::fs::write(server.folder.path().join("squads.sql"), sql).unwrap();
    for _ in 0..2 {
        let output = server.psql("postgres", &["-d", "shop", "-f", "squads.sql"]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
    }
    // Names that PostgreSQL has itself, and that need quotation marks.
    let names = ["postgres", "public", "no", "1e3", "a-b.c_d", "pg_x"];
    let catalog: String = names
        .iter()
        .map(|name| format!("[squads.{name:?}]\n"))
        .collect();
    std::fs::write(server.folder.path().join("odd.toml"), catalog).unwrap();
    let sql = printed(server.folder.path(), "postgres --catalog odd.toml");
    std::fs::write(server.folder.path().join("squads.sql"), sql).unwrap();
    let output = server.psql("postgres", &["-d", "shop", "-f", "squads.sql"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let owned = "SELECT count(*) FROM pg_namespace JOIN pg_roles ON rolname = nspname \
        WHERE nspowner = pg_roles.oid AND rolname LIKE 'squad\\_%' AND NOT rolsuper";
    assert_eq!(server.answer("postgres", owned).unwrap(), "9");
    let own = "SHOW is_superuser";
    assert_eq!(server.answer("postgres", own).unwrap(), "on");

    let (payments, checkout) = ("squad_payments", "squad_checkout");
    let answer = |user, sql| server.answer(user, sql);
    answer(
        payments,
        "CREATE TABLE orders (id int); INSERT INTO orders VALUES (7)",
    )
    .unwrap();
    assert_eq!(
        answer(payments, "SHOW search_path").unwrap(),
        "squad_payments"
    );
    assert_eq!(
        answer(payments, "SELECT id FROM squad_payments.orders").unwrap(),
        "7"
    );
    let limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'squad_payments'";
    assert_eq!(answer("postgres", limit).unwrap(), "30");
    for (sql, expected) in DENIED {
        let error = answer(checkout, sql).unwrap_err();
        assert!(error.contains(expected), "{sql}: {error}");
    }
}
