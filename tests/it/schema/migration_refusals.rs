//! Bad input: the reason is named, nothing is left behind, and a database stays as it is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::schema_fixture::{BASE, SchemaFixture};
use crate::support::app::program;
use crate::support::postgres::PostgresServer;

const SCRATCH: &str = "--squad payments --migrations db --scratch --base base.sql";

/// A folder for temporary servers alone, which the user of the server can write to.
struct ServerFolder(tempfile::TempDir);

impl ServerFolder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mode = PermissionsExt::from_mode(0o1777);
        fs::set_permissions(folder.path(), mode).unwrap();
        Self(folder)
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

#[track_caller]
fn check(fixture: &SchemaFixture, words: &str, expected: &str) {
    let (code, text, errors) = fixture.schema(words);
    assert_eq!((code, text.as_str()), (2, ""), "{words}: {errors}");
    assert!(errors.contains(expected), "{words}: {errors}");
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn migrations_that_cannot_be_tried_are_refused() {
    for (sql, expected) in [
        (
            "SELECT 1;\n\nALTER TABLE shop.orders\n  DROP COLUMN nothing",
            "db/1_m.sql:3: column \"nothing\" of relation \"orders\" does not exist (SQLSTATE 42703)",
        ),
        (
            "SELECT 1;\nSELECT\n  2,\n  nothing",
            "db/1_m.sql:4: column \"nothing\" does not exist",
        ),
        (
            "ALTER TABLE shop.orders ADD CHECK (id > 1)",
            "db/1_m.sql:1: check constraint \"orders_id_check\" of relation \"orders\" is violated by some row (SQLSTATE 23514)",
        ),
        (
            "SELECT 1;\nROLLBACK;",
            "db/1_m.sql:2: a migration that rolls back",
        ),
        ("SELECT 1;\n'", "db/1_m.sql:2: this text does not end"),
        (
            "COPY shop.orders FROM STDIN;",
            "db/1_m.sql:1: COPY FROM STDIN",
        ),
        (
            "DO $$ BEGIN COMMIT; END $$",
            "db/1_m.sql:1: invalid transaction termination",
        ),
    ] {
        let fixture = SchemaFixture::new(&[("1_m.sql", sql)]);
        let servers = ServerFolder::new();
        let (code, text, errors) = fixture.schema_with(SCRATCH, &[("TMPDIR", servers.path())]);
        assert_eq!((code, text.as_str()), (2, ""), "{sql}: {errors}");
        assert!(errors.contains(expected), "{sql}: {errors}");
        assert_eq!(servers.names(), Vec::<String>::new());
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let fixture = SchemaFixture::new(&[("1_m.sql", "SELECT 1"), ("2_m.sql", "SELECT 1")]);
    check(
        &fixture,
        &SCRATCH.replace("payments", "paymnts"),
        "no squad of contracts/squads.toml is called `paymnts`; did you mean `payments`?",
    );
    check(
        &fixture,
        &SCRATCH.replace("--migrations db", "--migrations nowhere"),
        "nowhere: ",
    );
    check(
        &fixture,
        &SCRATCH.replace("--migrations db", "--migrations contracts"),
        "contracts: no migration",
    );
    check(
        &fixture,
        &format!("{SCRATCH} --after 3_m.sql"),
        "--after: db has no migration `3_m.sql`; did you mean",
    );
    check(
        &fixture,
        &format!("{SCRATCH} --setting TimeZone"),
        "--setting: expected a name and a value",
    );
    check(
        &fixture,
        &format!("{SCRATCH} --postgres-bin /nowhere"),
        "no initdb and postgres",
    );
    let nowhere = fixture.schema_with(SCRATCH, &[("TMPDIR", "/nowhere")]);
    assert_eq!((nowhere.0, nowhere.1.as_str()), (2, ""));
    let expected = if cfg!(has_postgres) {
        "/nowhere: the folder of the temporary server cannot be made here: "
    } else {
        "no initdb and postgres"
    };
    assert!(nowhere.2.contains(expected), "{}", nowhere.2);
    check(
        &fixture,
        "drift --declared nofile.sql --found base.sql",
        "--declared: nofile.sql is neither a file nor an address; name a dump",
    );
    fixture.write("db/02_m.sql", "SELECT 1");
    check(
        &fixture,
        SCRATCH,
        "db: 02_m.sql and 2_m.sql have the same version",
    );
    fixture.write("contracts/squads.toml", "[squads.payments]");
    check(
        &fixture,
        SCRATCH,
        "contracts/squads.toml: no resource has `tables`",
    );
}

#[test]
fn unusable_databases_are_refused() {
    let database = "--squad payments --migrations db --database";
    let fixture = SchemaFixture::new(&[("1_m.sql", "SELECT 1")]);
    check(
        &fixture,
        &format!("{database} postgres://ann:hunter2@127.0.0.1:1/shop"),
        "127.0.0.1:1/shop: Connection refused",
    );
    check(
        &fixture,
        &format!("{database} postgres://ann:hunter2@db:port/shop"),
        "--database: expected the address of a database",
    );
    check(
        &fixture,
        &format!("{database} postgres://ann:hunter2@127.0.0.1:1/shop?sslmode=verify-ca"),
        "--database: expected the address of a database",
    );
    let (_, _, errors) = fixture.schema(&format!(
        "{database} postgres://ann:hunter2@127.0.0.1:1/shop"
    ));
    assert!(!errors.contains("hunter2"), "{errors}");
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn names_that_the_database_does_not_have_are_refused() {
    let fixture = SchemaFixture::new(&[("1_m.sql", "CREATE TABLE orders (id int)")]);
    let words = "--squad payments --migrations db --scratch";
    check(
        &fixture,
        words,
        "contracts/squads.toml: the database never has the table shop.orders, which orders-db lists",
    );
    check(
        &fixture,
        &format!("{SCRATCH} --setting TimeZone=Nowhere"),
        "--setting TimeZone: invalid value for parameter \"TimeZone\"",
    );
}

/// A database with the base schema, and a directory of migrations.
struct LiveDatabase {
    server: PostgresServer,
    fixture: SchemaFixture,
}

impl LiveDatabase {
    fn start() -> Self {
        let server = PostgresServer::start();
        let socket = server.path("");
        server.succeed("createdb", &["-h", &socket, "-U", "postgres", "shop"]);
        server.answer("postgres", "CREATE ROLE shop_app").unwrap();
        server.answer("postgres", "CREATE ROLE search_app").unwrap();
        let lines = BASE.lines().filter(|line| !line.starts_with('\\'));
        let base: String = lines.map(|line| format!("{line}\n")).collect();
        server.answer("postgres", &base).unwrap();
        let fixture = SchemaFixture::new(&[
            ("1_old.sql", "CREATE TABLE shop.older (id int)"),
            ("2_drop.sql", DROP_NOTE),
            ("3_again.sql", "ALTER TABLE shop.orders DROP COLUMN code"),
            (
                "4_index.sql",
                "CREATE INDEX CONCURRENTLY i ON shop.orders (amount)",
            ),
        ]);
        Self { server, fixture }
    }

    /// The exit code, output and errors of a run on the database.
    fn run(&self, more: &str) -> (i32, String, String) {
        let words = "schema --squad payments --migrations db --format json --database";
        let address = format!("host={} user=postgres dbname=shop", self.server.path(""));
        let mut command = program();
        command.args(words.split_whitespace()).arg(address);
        command
            .args(more.split_whitespace())
            .current_dir(self.fixture.path(""));
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        (code, text(output.stdout), text(output.stderr))
    }

    /// The numbers of columns and indexes.
    fn state(&self) -> (String, String) {
        let columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'shop.orders'::regclass AND NOT attisdropped";
        let indexes = "SELECT count(*) FROM pg_class WHERE relkind = 'i'";
        let count = |sql| self.server.answer("postgres", sql).unwrap();
        (count(columns), count(indexes))
    }
}

const DROP_NOTE: &str = "ALTER TABLE shop.orders DROP COLUMN note;";

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn a_database_stays_as_it_is() {
    let database = LiveDatabase::start();
    let before = database.state();
    let (code, text, errors) = database.run("--after 1_old.sql");
    assert_eq!((code, errors.as_str()), (1, ""), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rules: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {}",
                one["file"].as_str().unwrap(),
                one["rule"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        rules,
        [
            "db/2_drop.sql column-dropped",
            "db/2_drop.sql blocking-lock",
            "db/2_drop.sql missing-lock-timeout",
            "db/3_again.sql column-dropped",
            "db/3_again.sql blocking-lock",
            "db/3_again.sql missing-lock-timeout",
            "db/4_index.sql not-run",
        ]
    );
    assert_eq!(report["session"]["lock_timeout"], "0");
    assert_eq!(database.state(), before);
}

/// What cannot run there is judged by the documentation, and settings end with their transaction.
#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn what_is_not_run_in_a_database_is_still_judged() {
    let database = LiveDatabase::start();
    let files = [
        (
            "2_drop.sql",
            "SET search_path = shop;\nVACUUM (FULL) orders",
        ),
        (
            "3_again.sql",
            "CREATE ROLE guest; SET ROLE guest; BEGIN; SET LOCAL lock_timeout = '1s'; COMMIT;",
        ),
        (
            "4_index.sql",
            "BEGIN; SET LOCAL lock_timeout = '1s';\nCOMMIT;\nLOCK TABLE shop.orders",
        ),
    ];
    for (name, sql) in files {
        database.fixture.write(&format!("db/{name}"), sql);
    }
    let before = database.state();
    let (code, text, errors) = database.run("--after 1_old.sql");
    assert_eq!((code, errors.as_str()), (1, ""), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let rules: Vec<String> = findings
        .map(|one| {
            format!(
                "{}:{} {}",
                one["file"].as_str().unwrap(),
                one["line"],
                one["rule"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        rules,
        [
            "db/2_drop.sql:2 not-run",
            "db/2_drop.sql:2 table-rewritten",
            "db/2_drop.sql:2 blocking-lock",
            "db/2_drop.sql:2 missing-lock-timeout",
            "db/4_index.sql:3 blocking-lock",
            "db/4_index.sql:3 missing-lock-timeout",
        ]
    );
    assert_eq!(database.state(), before);
    let roles = "SELECT count(*) FROM pg_roles WHERE rolname = 'guest'";
    assert_eq!(
        database.server.answer("postgres", roles).unwrap().trim(),
        "0"
    );
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn the_history_says_which_migrations_are_pending() {
    let database = LiveDatabase::start();
    let history = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, success boolean NOT NULL); INSERT INTO _sqlx_migrations VALUES (1, true), (2, true), (3, true)";
    database.server.answer("postgres", history).unwrap();
    let (code, text, errors) = database.run("");
    assert_eq!(code, 0, "{text}{errors}");
    assert!(
        text.contains("\"3_again.sql\"") && text.contains("not-run"),
        "{text}"
    );
    for (change, expected) in [
        (
            "UPDATE _sqlx_migrations SET success = false WHERE version = 3",
            "public._sqlx_migrations says that version 3 failed or was applied in part",
        ),
        (
            "UPDATE _sqlx_migrations SET success = true; DELETE FROM _sqlx_migrations WHERE version = 2",
            "but 2_drop.sql before it is not; the directory is half applied",
        ),
        (
            "UPDATE _sqlx_migrations SET version = 7 WHERE version = 3",
            "version 7 is applied, and no file of the directory has it",
        ),
    ] {
        database.server.answer("postgres", change).unwrap();
        let (code, text, errors) = database.run("");
        assert_eq!((code, text.as_str()), (2, ""));
        assert!(errors.contains(expected), "{errors}");
    }
    database
        .server
        .answer("postgres", "DROP TABLE _sqlx_migrations")
        .unwrap();
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn a_failing_migration_changes_nothing() {
    let database = LiveDatabase::start();
    let before = database.state();
    // A migration that tries to commit changes nothing, and rows are not quoted.
    database.fixture.write(
        "db/2_drop.sql",
        &format!("{DROP_NOTE}\nCOMMIT;\nSELECT nothing"),
    );
    let (code, _, errors) = database.run("--after 1_old.sql");
    assert!(
        code == 2 && errors.contains("db/2_drop.sql:3: column \"nothing\" does not exist"),
        "{errors}"
    );
    database.fixture.write(
        "db/2_drop.sql",
        "ALTER TABLE shop.orders ALTER COLUMN note TYPE int USING note::int",
    );
    let (code, _, errors) = database.run("--after 1_old.sql");
    assert!(
        code == 2
            && errors.contains(
                "db/2_drop.sql:1: the rows of this database do not allow it (SQLSTATE 22P02)"
            ),
        "{errors}"
    );
    assert!(!errors.contains("n1"), "{errors}");
    assert_eq!(database.state(), before);
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn a_wrong_password_is_never_printed() {
    let words = tempfile::NamedTempFile::new().unwrap();
    fs::write(words.path(), "right-password\n").unwrap();
    let path = words.path().display().to_string();
    let mode = PermissionsExt::from_mode(0o644);
    fs::set_permissions(words.path(), mode).unwrap();
    let server = PostgresServer::start_with(&["--auth=scram-sha-256", &format!("--pwfile={path}")]);
    let fixture = SchemaFixture::new(&[("1_m.sql", "SELECT 1")]);
    let socket = server.path("").replace('/', "%2F");
    let with = |password: &str| {
        let words = format!(
            "--squad payments --migrations db --database postgres://postgres@{socket}/postgres"
        );
        fixture.schema_with(&words, &[("PGPASSWORD", password)])
    };
    let (code, text, errors) = with("wrong-password");
    assert_eq!((code, text.as_str()), (2, ""));
    assert!(
        errors.contains("password authentication failed for user \"postgres\""),
        "{errors}"
    );
    assert!(!errors.contains("wrong-password"), "{errors}");
    // With the right one the session begins, and the table is missed.
    let (code, _, errors) = with("right-password");
    assert_eq!(code, 2);
    assert!(
        errors.contains("the database never has the table shop.orders"),
        "{errors}"
    );
}

/// A temporary server ends with the program, also if a signal or nothing at all could be handled.
#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn a_temporary_server_ends_with_the_program() {
    let fixture = SchemaFixture::new(&[("1_m.sql", "SELECT pg_sleep(600)")]);
    for (signal, expected) in [("INT", Some(2)), ("TERM", Some(2)), ("KILL", None)] {
        let servers = ServerFolder::new();
        let mut command = program();
        command
            .arg("schema")
            .args(SCRATCH.split(' '))
            .current_dir(fixture.path(""));
        let mut child = command
            .env("TMPDIR", servers.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let until = |done: &dyn Fn() -> bool| {
            let end = Instant::now() + Duration::from_secs(120);
            while !done() {
                assert!(Instant::now() < end, "{signal}: waited too long");
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        // The socket is there when the server accepts sessions.
        until(&|| {
            let folder = servers.names().pop();
            folder.is_some_and(|name| servers.0.path().join(name).join(".s.PGSQL.5432").exists())
        });
        let id = child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .unwrap();
        assert!(sent.success());
        until(&|| servers.names().is_empty());
        assert_eq!(child.wait().unwrap().code(), expected, "{signal}");
    }
}
