//! The SQL in a real PostgreSQL: it can run twice, and one squad cannot touch another's data.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::printed_manifests::printed;
use crate::telemetry::deploy::file;

/// The server does not run as root.
const NOBODY: u32 = 65534;

/// A server on a socket in a folder of its own, without TCP.
struct PostgresServer {
    folder: TempDir,
    programs: PathBuf,
}

impl PostgresServer {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let server = Self {
            folder,
            programs: programs(),
        };
        if is_root() {
            chown(server.folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = server.path("data");
        server.succeed(
            "initdb",
            &["--auth=trust", "--username=postgres", "-D", &data],
        );
        let options = format!(
            "-c listen_addresses='' -c max_connections=50 -k {}",
            server.folder.path().display()
        );
        let log = server.path("log");
        server.succeed(
            "pg_ctl",
            &["-D", &data, "-w", "-l", &log, "-o", &options, "start"],
        );
        server
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn command(&self, program: &str, words: &[&str]) -> Output {
        let mut command = Command::new(self.programs.join(program));
        command.args(words).current_dir(self.folder.path());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap()
    }

    fn succeed(&self, program: &str, words: &[&str]) -> String {
        let output = self.command(program, words);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program} {words:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn psql(&self, user: &str, words: &[&str]) -> Output {
        let folder = self.folder.path().display().to_string();
        let base = [
            "-X",
            "-At",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            &folder,
            "-U",
            user,
        ];
        let all: Vec<&str> = base.iter().chain(words).copied().collect();
        self.command("psql", &all)
    }

    fn answer(&self, user: &str, sql: &str) -> Result<String, String> {
        let output = self.psql(user, &["-d", "shop", "-c", sql]);
        let text = |bytes| String::from_utf8(bytes).unwrap().trim().to_owned();
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err(text(output.stderr))
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let data = self.path("data");
        self.command("pg_ctl", &["-D", &data, "-m", "immediate", "stop"]);
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// The folder of the newest version that Debian installed, or the path.
fn programs() -> PathBuf {
    let versions = Path::new("/usr/lib/postgresql").read_dir();
    let versions = versions.into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    let mut folders: Vec<PathBuf> = folders
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    folders.sort();
    folders.pop().unwrap_or_default()
}

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
