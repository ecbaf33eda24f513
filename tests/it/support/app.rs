//! The whole program under test: built in-process, or run as the real binary.
//!
//! A [`Site`] is a directory with a configuration and contracts. All configured ports are 0 and the
//! tests read the real ones, so tests can run concurrently.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portcullis::app::{RunningApp, build};
use portcullis_config::{FlagOverrides, ListenAddress, load};
use serde_json::Value;
use tempfile::TempDir;

use super::client::{Answer, Client, PATIENCE};

/// A contract with a case for every class of violation.
pub(crate) const SHOP: &str = include_str!("../fixtures/shop.yaml");

/// The only line of the shop's contract that contains a text, counted from 1.
#[track_caller]
pub(crate) fn shop_line(text: &str) -> u64 {
    let mut found = SHOP
        .lines()
        .zip(1..)
        .filter(|(line, _)| line.contains(text));
    let (_, line) = found.next().unwrap();
    assert!(found.next().is_none(), "{text} is on more than one line");
    line
}

/// A configuration with its files.
#[derive(Debug)]
pub(crate) struct Site {
    directory: TempDir,
    top: String,
    services: String,
}

impl Site {
    /// A site without services. `top` is TOML: sections other than services.
    pub(crate) fn new(top: &str) -> Self {
        let mut text = String::new();
        for (section, line) in [
            ("[listen]", "address = \"127.0.0.1:0\""),
            ("[admin]", "address = \"127.0.0.1:0\""),
            ("[runtime]", "data_cores = 1"),
        ] {
            if !top.contains(section) {
                writeln!(text, "{section}\n{line}").unwrap();
            }
        }
        Self {
            directory: TempDir::new().unwrap(),
            top: text + top + "\n",
            services: String::new(),
        }
    }

    /// The shop in front of an upstream, with additional keys for its service.
    pub(crate) fn shop(upstream: SocketAddr, service: &str, top: &str) -> Self {
        Self::new(top).service("shop", SHOP, &format!("http://{upstream}"), service)
    }

    /// Adds a service whose contract is this text.
    pub(crate) fn service(
        mut self,
        name: &str,
        contract: &str,
        upstream: &str,
        keys: &str,
    ) -> Self {
        let file = format!("{name}.yaml");
        self = self.file(&file, contract);
        write!(
            self.services,
            "[[services]]\nname = \"{name}\"\ncontract = \"{file}\"\nupstream = \"{upstream}\"\n{keys}\n"
        )
        .unwrap();
        self
    }

    /// Adds a service whose contract is at this path in the site.
    pub(crate) fn at(mut self, name: &str, contract: &str) -> Self {
        write!(
            self.services,
            "[[services]]\nname = \"{name}\"\ncontract = \"{contract}\"\nupstream = \"mock\"\n"
        )
        .unwrap();
        self
    }

    /// Adds services as TOML.
    pub(crate) fn services(mut self, text: &str) -> Self {
        self.services.push_str(text);
        self
    }

    /// A path in the site.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Adds a file.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.directory.path().join(name), text).unwrap();
        self
    }

    /// Writes the configuration and returns its path.
    pub(crate) fn write(&self) -> PathBuf {
        let path = self.directory.path().join("config.toml");
        std::fs::write(&path, format!("{}{}", self.top, self.services)).unwrap();
        path
    }
}

/// The program, running in this process.
#[derive(Debug)]
pub(crate) struct App {
    running: Option<RunningApp>,
    pub(crate) data: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// The forward proxy, if there is one.
    pub(crate) egress: Option<SocketAddr>,
    /// The addresses of vendors.
    pub(crate) vendors: BTreeMap<String, SocketAddr>,
    _site: Site,
}

impl App {
    pub(crate) fn start(site: Site) -> Self {
        let config = load(Some(&site.write()), [], &FlagOverrides::default());
        let config = config.unwrap_or_else(|errors| panic!("{errors}"));
        let running = build(config).unwrap_or_else(|error| panic!("{error}"));
        Self {
            data: running.data_port().unwrap_or(([127, 0, 0, 1], 0).into()),
            admin: running
                .admin_address
                .tcp()
                .unwrap_or(([127, 0, 0, 1], 0).into()),
            egress: running
                .egress_addresses
                .first()
                .and_then(ListenAddress::tcp),
            vendors: running
                .vendor_addresses
                .iter()
                .filter_map(|(name, own)| Some((name.clone(), own.first()?.tcp()?)))
                .collect(),
            running: Some(running),
            _site: site,
        }
    }

    /// The shop in front of an upstream.
    pub(crate) fn shop(upstream: SocketAddr) -> Self {
        Self::start(Site::shop(upstream, "", ""))
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.data)
    }

    /// Sends one request on a separate connection.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        ask(self.data, request)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

/// Sends one request on a separate connection and reads the answer.
#[track_caller]
pub(crate) fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut client = Client::connect(address);
    let is_head = request.as_ref().starts_with(b"HEAD ");
    client.send(request);
    client.read_answer(!is_head).expect("a response")
}

/// A request without a body.
pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: shop\r\n\r\n")
}

/// A JSON request; `fields` are whole lines, each with its line end.
pub(crate) fn post(target: &str, fields: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let mut request = format!(
        "POST {target} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{fields}\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// The problem document of a response by the program itself, after a check of the properties that
/// all of them have.
#[track_caller]
pub(crate) fn problem(answer: &Answer) -> Value {
    assert!(answer.complete, "{}", answer.head);
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|error| {
        let text = String::from_utf8_lossy(&answer.body);
        panic!("{error}: {}{text}", answer.head)
    });
    assert_eq!(
        answer.field("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    assert_eq!(answer.field("x-portcullis"), problem["error"].as_str());
    assert_eq!(u64::from(answer.status), problem["status"]);
    assert_eq!(problem["message"], problem["detail"]);
    for property in ["type", "title", "detail", "squad", "timestamp"] {
        let is_text = problem[property]
            .as_str()
            .is_some_and(|text| !text.is_empty());
        assert!(is_text, "{property}: {problem}");
    }
    let timestamp = problem["timestamp"].as_str().unwrap();
    assert!(humantime::parse_rfc3339(timestamp).is_ok(), "{timestamp}");
    problem
}

/// The real binary in a separate process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// The first port for clients.
    pub(crate) data: SocketAddr,
    /// All of them.
    pub(crate) ports: Vec<SocketAddr>,
    pub(crate) admin: SocketAddr,
    log: Arc<Mutex<String>>,
    lines: Receiver<String>,
    reader: Option<JoinHandle<()>>,
    _site: Site,
}

impl Process {
    pub(crate) fn start(site: Site) -> Self {
        Self::start_with(site, &[])
    }

    /// Starts with these environment variables.
    pub(crate) fn start_with(site: Site, variables: &[(&str, String)]) -> Self {
        let mut command = command(&site.write());
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        Self::spawn(site, command)
    }

    /// Starts in the directory of the site, so that paths are shown relative to it.
    pub(crate) fn start_inside(site: Site) -> Self {
        let config = site.write();
        let mut command = command(Path::new(config.file_name().unwrap()));
        command.current_dir(config.parent().unwrap());
        Self::spawn(site, command)
    }

    /// Starts with a limit of open files, as `ulimit` sets it: `-n 64` or `-Sn 64`.
    pub(crate) fn start_limited(site: Site, ulimit: &str) -> Self {
        let config = site.write();
        let mut shell = program_in_shell(&format!("ulimit {ulimit}; exec \"$0\" \"$@\""));
        shell.args(["serve", "--config"]).arg(config);
        shell.stdin(Stdio::null()).stdout(Stdio::null());
        Self::spawn(site, shell)
    }

    /// Starts a command that serves, with the files that it names.
    pub(crate) fn start_command(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self::spawn(Site::new(""), command)
    }

    fn spawn(site: Site, mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, lines) = channel();
        let stderr = child.stderr.take().unwrap();
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
                // After startup the log may have no reader.
                let _ = sender.send(line);
            }
        });
        let mut process = Self {
            child,
            data: SocketAddr::from(([0, 0, 0, 0], 0)),
            ports: Vec::new(),
            admin: SocketAddr::from(([0, 0, 0, 0], 0)),
            log,
            lines,
            reader: Some(reader),
            _site: site,
        };
        let ready = process.await_line("ready");
        // As text or as JSON.
        let ports = |key: &str| -> Vec<SocketAddr> {
            let after = ready.split_once(key).unwrap().1;
            let value = after.trim_start_matches(['"', ':', '=']);
            let end = value.find([' ', '"']).unwrap_or(value.len());
            let addresses = value[..end].split(',');
            addresses.filter_map(|one| one.parse().ok()).collect()
        };
        process.ports = ports("address");
        process.data = process.ports[0];
        process.admin = ports("admin")[0];
        process
    }

    /// The address of the forward proxy.
    #[track_caller]
    pub(crate) fn egress(&self) -> SocketAddr {
        self.logged_address("forward proxy address=")
    }

    /// The address of a vendor.
    #[track_caller]
    pub(crate) fn vendor(&self, name: &str) -> SocketAddr {
        self.logged_address(&format!("address of a vendor service=\"{name}\" address="))
    }

    #[track_caller]
    fn logged_address(&self, before: &str) -> SocketAddr {
        let log = self.log.lock().unwrap();
        let after = log.split_once(before).unwrap_or_else(|| panic!("{log}"));
        after.1.lines().next().unwrap().parse().unwrap()
    }

    /// Waits for a line of the log that contains a text.
    #[track_caller]
    pub(crate) fn await_line(&mut self, text: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(_) => panic!("{text:?} is not logged: {}", self.log.lock().unwrap()),
            }
        }
    }

    /// Sends a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Changes the limit of open files of the running process.
    pub(crate) fn limit_files(&self, soft: usize) {
        let id = self.child.id().to_string();
        let limit = format!("--nofile={soft}:");
        let changed = Command::new("prlimit")
            .args(["--pid", &id, &limit])
            .status();
        assert!(changed.unwrap().success());
    }

    /// Waits for the exit; returns the status and the whole log.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let log = self.log.lock().unwrap().clone();
        (status, log)
    }

    /// Current and peak resident memory, in KiB.
    pub(crate) fn memory_kib(&self) -> (u64, u64) {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let value = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        (value("VmRSS:"), value("VmHWM:"))
    }
}

/// What a process uses of the system.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(crate) struct ProcessResources {
    pub(crate) threads: usize,
    pub(crate) descriptors: usize,
    /// Instances of the system's notification service for files.
    pub(crate) notification_instances: usize,
    /// The folders that they watch.
    pub(crate) watched_folders: usize,
}

#[cfg(target_os = "linux")]
impl Process {
    pub(crate) fn resources(&self) -> ProcessResources {
        let folder = |name: &str| {
            let path = format!("/proc/{}/{name}", self.child.id());
            std::fs::read_dir(path).unwrap().map_while(Result::ok)
        };
        // A descriptor may be closed in the meantime.
        let targets = folder("fd").filter_map(|entry| {
            let target = std::fs::read_link(entry.path()).ok()?;
            Some((entry.file_name(), target))
        });
        let targets: Vec<_> = targets.collect();
        let notifications = targets
            .iter()
            .filter(|(_, target)| target.to_string_lossy().contains("inotify"));
        let watches = |descriptor: &std::ffi::OsString| {
            let path = Path::new(&format!("/proc/{}/fdinfo", self.child.id())).join(descriptor);
            let info = std::fs::read_to_string(path).unwrap_or_default();
            info.matches("inotify wd:").count()
        };
        ProcessResources {
            threads: folder("task").count(),
            descriptors: targets.len(),
            notification_instances: notifications.clone().count(),
            watched_folders: notifications.map(|(name, _)| watches(name)).sum(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If the test waited for the process, it has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Another build of the program, so that two can be measured: `PORTCULLIS_TEST_BINARY`.
fn binary() -> std::ffi::OsString {
    let other = std::env::var_os("PORTCULLIS_TEST_BINARY");
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_portcullis").into())
}

/// A shell that runs a script with the program as `$0`.
pub(crate) fn program_in_shell(script: &str) -> Command {
    let mut shell = without_own_variables(Command::new("sh"));
    shell.args(["-c", script]).arg(binary());
    shell
}

/// The program without arguments.
pub(crate) fn program() -> Command {
    without_own_variables(Command::new(binary()))
}

fn without_own_variables(mut command: Command) -> Command {
    // Variables of the test run are not meant for the program, which reads all `PORTCULLIS_`
    // variables.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PORTCULLIS_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the program in a directory, with this standard input.
pub(crate) fn run(directory: &Path, words: &str, input: &str) -> Output {
    let mut child = program()
        .args(words.split_whitespace())
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that does not read its input closes it early.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// The command that serves with a configuration.
pub(crate) fn command(config: &Path) -> Command {
    let mut command = program();
    command.args(["serve", "--config"]).arg(config);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Runs a site that cannot start; returns the exit code and the output.
pub(crate) fn fail_to_start(config: &Path) -> (Option<i32>, String) {
    let mut child = command(config).stderr(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    (child.wait().unwrap().code(), text)
}

/// The response of the admin port.
#[track_caller]
pub(crate) fn admin(address: SocketAddr, path: &str) -> (u16, String) {
    let answer = ask(
        address,
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
    );
    (answer.status, String::from_utf8(answer.body).unwrap())
}

/// Stops the threads of a test, also when the test fails, which would wait for them.
#[derive(Debug)]
pub(crate) struct StopOnDrop<'s>(pub(crate) &'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether the full load is requested.
pub(crate) fn is_full() -> bool {
    std::env::var_os("PORTCULLIS_TEST_LOAD").is_some_and(|load| load == "full")
}

/// Waits until a condition becomes true.
#[track_caller]
pub(crate) fn until(done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < PATIENCE,
            "the condition did not become true in time"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
