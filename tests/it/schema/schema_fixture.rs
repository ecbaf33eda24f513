//! A directory with migrations and a catalog.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::{program, run};

/// orders and customers are of payments; search and checkout use orders.
pub(super) const CATALOG: &str = "\
[squads.payments]
services = ['orders']
[squads.search]
services = ['find']
[squads.checkout]
services = ['shop']
[[resources]]
name = 'orders-db'
kind = 'database'
owner = 'payments'
used_by = ['orders', 'find', 'shop']
tables = ['shop.orders']
";

/// The tables before every migration.
pub(super) const BASE: &str = include_str!("base.sql");

pub(super) struct SchemaFixture(TempDir);

impl SchemaFixture {
    pub(super) fn new(migrations: &[(&str, &str)]) -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fixture.write("contracts/squads.toml", CATALOG);
        fixture.write("base.sql", BASE);
        fs::create_dir(fixture.path("db")).unwrap();
        for (name, sql) in migrations {
            fixture.write(&format!("db/{name}"), sql);
        }
        fixture
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs `portcullis schema`. Returns the exit code, standard output and standard error.
    pub(super) fn schema(&self, words: &str) -> (i32, String, String) {
        self.schema_with(words, &[])
    }

    /// The same with variables.
    pub(super) fn schema_with(
        &self,
        words: &str,
        variables: &[(&str, &str)],
    ) -> (i32, String, String) {
        let output = if variables.is_empty() {
            run(self.0.path(), &format!("schema {words}"), "")
        } else {
            let mut command = program();
            command
                .arg("schema")
                .args(words.split(' '))
                .current_dir(self.0.path());
            command.envs(variables.iter().copied()).output().unwrap()
        };
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        (code, text(output.stdout), text(output.stderr))
    }

    /// The report of a run on a temporary server.
    #[track_caller]
    pub(super) fn scratch(&self, words: &str) -> Value {
        let all = format!("--squad payments --migrations db --scratch --format json {words}");
        let (code, text, errors) = self.schema(&all);
        assert!(code < 2, "{errors}");
        serde_json::from_str(&text).unwrap()
    }
}
