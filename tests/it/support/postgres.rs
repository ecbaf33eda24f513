//! A real PostgreSQL for tests, on a socket in a folder of its own.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The server does not run as root.
const NOBODY: u32 = 65534;

/// A server on a socket in a folder of its own, without TCP unless its options say so.
pub(crate) struct PostgresServer {
    pub(crate) folder: TempDir,
    programs: PathBuf,
}

impl PostgresServer {
    /// A server that trusts everyone.
    pub(crate) fn start() -> Self {
        Self::start_with(&["--auth=trust"])
    }

    /// A server whose `initdb` gets these words.
    pub(crate) fn start_with(words: &[&str]) -> Self {
        Self::start_prepared(words, "-c listen_addresses=''", |_| {})
    }

    /// A server with these options, whose folder is prepared after `initdb`.
    pub(crate) fn start_prepared(words: &[&str], options: &str, prepare: impl Fn(&Self)) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Self {
            folder,
            programs: programs(),
        };
        if is_root() {
            chown(server.folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = server.path("data");
        let base = ["--username=postgres", "--no-sync", "-D", &data];
        server.succeed("initdb", &[&base, words].concat());
        prepare(&server);
        let options = format!(
            "{options} -c max_connections=50 -k {}",
            server.folder.path().display()
        );
        let log = server.path("log");
        server.succeed(
            "pg_ctl",
            &["-D", &data, "-w", "-l", &log, "-o", &options, "start"],
        );
        server
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes a file that only the server can read.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        if is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    fn command(&self, program: &str, words: &[&str]) -> Output {
        let mut command = Command::new(self.programs.join(program));
        command.args(words).current_dir(self.folder.path());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap()
    }

    pub(crate) fn succeed(&self, program: &str, words: &[&str]) -> String {
        let output = self.command(program, words);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        assert!(
            output.status.success(),
            "{program} {words:?}: {error}\n{log}"
        );
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn psql(&self, user: &str, words: &[&str]) -> Output {
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

    pub(crate) fn answer(&self, user: &str, sql: &str) -> Result<String, String> {
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
