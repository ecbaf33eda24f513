//! A temporary PostgreSQL server of the programs on this machine.
//!
//! It listens on a socket in a new folder, and no network. PostgreSQL refuses to run as root,
//! so root starts it as another user. A small shell script ends the server and removes the folder
//! when its standard input closes, which happens however this process ends. Both are in process
//! separate groups, so an interrupt at the terminal does not end them first.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::database_address::DatabaseAddress;
use super::database_error::DatabaseError;
use super::database_session::DatabaseSession;

/// The superuser of the server.
const USER: &str = "postgres";
/// How long the server may take to start, and to stop.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// The user and group without rights, where no `postgres` exists.
const NOBODY: (u32, u32) = (65534, 65534);

/// Waits until its standard input closes, whose first line is the number of the server; then ends the
/// server and removes the folder `$1`.
const KEEP: &str = r#"
read -r server
cat >/dev/null
if [ -n "$server" ]; then
    kill -INT "$server" 2>/dev/null
    tries=0
    while kill -0 "$server" 2>/dev/null && [ "$tries" -lt 400 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
fi
rm -rf "$1"
"#;

/// Durability is of no use here.
const OPTIONS: [&str; 10] = [
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "autovacuum=off",
    "max_connections=10",
    "shared_buffers=16MB",
    "max_wal_senders=0",
    "wal_level=minimal",
    "logging_collector=off",
];

/// A running temporary server.
#[derive(Debug)]
pub struct ScratchServer {
    folder: PathBuf,
    keeper: Option<Child>,
    /// The standard input of the keeper.
    input: Option<ChildStdin>,
    server: Option<Child>,
}

impl ScratchServer {
    /// Starts a server of the programs in a folder; by default, those on the path, else the newest
    /// that Debian installed.
    ///
    /// # Errors
    /// The programs are missing, or the server does not start.
    pub async fn start(programs: Option<&Path>) -> Result<Self, DatabaseError> {
        let programs = find_programs(programs)?;
        let parent = std::env::temp_dir();
        let folder = parent.join(format!(
            "portcullis-{}-{:08x}",
            std::process::id(),
            fastrand::u32(..)
        ));
        let owner = rustix::process::geteuid().is_root().then(unprivileged_user);
        let refused = |what| move |source| DatabaseError::System { what, source };
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|source| DatabaseError::ScratchFolder {
            path: parent,
            source,
        })?;
        // From here on, dropping it removes the folder.
        let mut server = Self {
            folder,
            keeper: None,
            input: None,
            server: None,
        };
        if let Some((user, group)) = owner {
            let given = chown(&server.folder, Some(user), Some(group));
            given.map_err(refused("the folder of the temporary server"))?;
        }
        let mut keeper = spawn_keeper(&server.folder).map_err(refused("/bin/sh"))?;
        server.input = keeper.stdin.take();
        server.keeper = Some(keeper);
        initialise(&server.folder, &programs, owner)?;
        let child = spawn_server(&server.folder, &programs, owner);
        let number = server
            .server
            .insert(child.map_err(refused("postgres"))?)
            .id();
        if let Some(input) = &mut server.input {
            writeln!(input, "{number}").map_err(refused("the temporary server"))?;
        }
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// A session of the superuser.
    ///
    /// # Errors
    /// The server has ended.
    pub async fn connect(&self) -> Result<DatabaseSession, DatabaseError> {
        DatabaseSession::connect(&self.address()).await
    }

    fn address(&self) -> DatabaseAddress {
        DatabaseAddress::of_socket(&self.folder, USER, "postgres")
    }

    async fn wait_until_ready(&self) -> Result<(), DatabaseError> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let Err(error) = self.connect().await else {
                return Ok(());
            };
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            let has_failed = log.contains("database system is shut down")
                || log
                    .lines()
                    .any(|line| line.contains("FATAL:") && !line.contains("system is starting up"));
            if has_failed || Instant::now() > deadline {
                let fatal = log.lines().rfind(|line| line.contains("FATAL:"));
                let message = fatal.map_or_else(|| error.to_string(), with_advice);
                return Err(DatabaseError::Scratch { message });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn spawn_keeper(folder: &Path) -> io::Result<Child> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", KEEP, "portcullis-scratch"]).arg(folder);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.process_group(0).current_dir("/").spawn()
}

/// Makes the files of the server.
fn initialise(
    folder: &Path,
    programs: &Path,
    owner: Option<(u32, u32)>,
) -> Result<(), DatabaseError> {
    let mut command = Command::new(programs.join("initdb"));
    command.args([
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "-U",
        USER,
    ]);
    command.arg("-D").arg(folder.join("data"));
    command
        .stdin(Stdio::null())
        .process_group(0)
        .current_dir(folder);
    forget_settings(&mut command);
    run_as(&mut command, owner);
    let output = command.output().map_err(|source| DatabaseError::System {
        what: "initdb",
        source,
    })?;
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr);
    Err(DatabaseError::Scratch {
        message: format!("initdb: {}", with_advice(last_line(&message))),
    })
}

fn spawn_server(folder: &Path, programs: &Path, owner: Option<(u32, u32)>) -> io::Result<Child> {
    let log = fs::File::create(folder.join("log"))?;
    let mut command = Command::new(programs.join("postgres"));
    command
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder);
    for option in OPTIONS {
        command.args(["-c", option]);
    }
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    command.process_group(0).current_dir(folder);
    forget_settings(&mut command);
    run_as(&mut command, owner);
    command.spawn()
}

/// Takes away the variables that are about another server, such as PGPORT and PGDATA.
fn forget_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
}

impl Drop for ScratchServer {
    fn drop(&mut self) {
        // The keeper ends the server when its input closes.
        drop(self.input.take());
        let deadline = Instant::now() + STOP_TIMEOUT;
        for child in [&mut self.server, &mut self.keeper].into_iter().flatten() {
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        // The keeper removed it, unless it was never started.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn run_as(command: &mut Command, owner: Option<(u32, u32)>) {
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
}

/// The user `postgres`, else one without rights.
fn unprivileged_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = users
        .lines()
        .find_map(|line| line.strip_prefix("postgres:"));
    let mut fields = user.unwrap_or_default().split(':').skip(1);
    let mut number = || fields.next()?.parse().ok();
    number().zip(number()).unwrap_or(NOBODY)
}

fn find_programs(named: Option<&Path>) -> Result<PathBuf, DatabaseError> {
    let has_both =
        |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    if let Some(folder) = named {
        let folder = folder.to_owned();
        return has_both(&folder)
            .then_some(folder)
            .ok_or(DatabaseError::NoPrograms);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(folder) = std::env::split_paths(&path).find(has_both) {
        return Ok(folder);
    }
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let number = |path: &PathBuf| {
        let version = path.parent().and_then(Path::file_name);
        version.and_then(|name| name.to_str()?.parse::<u32>().ok())
    };
    let folders = versions
        .map(|version| version.path().join("bin"))
        .filter(has_both);
    folders.max_by_key(number).ok_or(DatabaseError::NoPrograms)
}

/// Adds what to do if the directory for temporary files is the reason.
fn with_advice(message: &str) -> String {
    let advice = if message.contains("too long") {
        "; set TMPDIR to a directory with a short path"
    } else if message.contains("ermission denied") || message.contains("could not access") {
        "; set TMPDIR to a directory that the user of the server can reach, which is not \
         root"
    } else {
        ""
    };
    format!("{message}{advice}")
}

fn last_line(text: &str) -> &str {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next_back().unwrap_or("it failed without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_are_not_there_are_named() {
        let error = find_programs(Some(Path::new("/nowhere"))).unwrap_err();
        assert!(
            error.to_string().starts_with("no initdb and postgres"),
            "{error}"
        );
        assert_eq!(last_line("a\n b \n\n"), "b");
        assert_ne!(unprivileged_user().0, 0);
    }
}
