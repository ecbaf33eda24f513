//! The processes of the end-to-end benchmarks: this program in its other roles, and nginx.
//!
//! Every process is pinned: the proxies to core 1, all others to core 0.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::load::{self, Exchange, LoadTarget};

/// The roles in which this program can be started.
pub(crate) struct Role;

impl Role {
    const UPSTREAM: &str = "upstream";
    pub(crate) const COLLECTOR: &str = "collector";
    const LOAD: &str = "load";
    const PROXY: &str = "proxy";
}

/// The arguments of the program, without options.
pub(crate) fn arguments() -> Vec<String> {
    let words = std::env::args().skip(1);
    words.filter(|word| !word.starts_with("--")).collect()
}

/// Runs the role that the arguments name. `false` if they name none.
pub(crate) fn run_role(words: &[&str]) -> bool {
    match words {
        [Role::UPSTREAM] => load::serve_upstream(),
        [Role::COLLECTOR] => load::serve_collector(),
        [Role::PROXY, config] => serve_proxy(config),
        [Role::LOAD, address, origin, connections, exchange, requests] => load::run(
            LoadTarget {
                address: address.parse().expect("an address"),
                origin: origin.parse().ok(),
                connections: connections.parse().expect("a number"),
            },
            Exchange::parse(exchange),
            requests.parse().expect("a number"),
        ),
        _ => return false,
    }
    true
}

/// An address with a port that was free just now.
pub(crate) fn free_address() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("a bound address")
}

const LOAD_CORE: &str = "0";
pub(crate) const PROXY_CORE: &str = "1";
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// The unit of times in `/proc/<pid>/stat`. It is 100 on every current architecture of Linux.
const TICKS_PER_SECOND: u64 = 100;

/// A process that is stopped when this value is dropped.
pub(crate) struct BenchProcess {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for BenchProcess {
    fn drop(&mut self) {
        // SIGTERM instead of SIGKILL: a killed nginx does not stop its worker.
        let signal = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let started = Instant::now();
        while signal.is_ok() && started.elapsed() < STOP_TIMEOUT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl BenchProcess {
    /// User and system CPU time of the process and its workers.
    pub(crate) fn cpu_time(&self) -> Duration {
        let master = self.child.id();
        let ticks: u64 = workers(master).chain([master]).map(ticks).sum();
        Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
    }
}

fn workers(pid: u32) -> impl Iterator<Item = u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    let pids: Vec<u32> = children.split_whitespace().flat_map(str::parse).collect();
    pids.into_iter()
}

/// The sum of the fields 14 and 15 (user and system time) of proc_pid_stat(5). Fields are counted
/// after the process name, because the name may contain spaces.
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
    let fields = fields.split(' ').skip(11).take(2);
    fields
        .map(|ticks| ticks.parse::<u64>().expect("ticks"))
        .sum()
}

pub(crate) fn pinned(core: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program);
    command
}

fn this_program(core: &str) -> Command {
    pinned(
        core,
        std::env::current_exe().expect("the path of this program"),
    )
}

pub(crate) fn start_upstream() -> BenchProcess {
    start_server(Role::UPSTREAM)
}

/// Starts this program in a role that prints its address.
pub(crate) fn start_server(role: &str) -> BenchProcess {
    let mut command = this_program(LOAD_CORE);
    let mut child = command
        .arg(role)
        .stdout(Stdio::piped())
        .spawn()
        .expect("taskset of util-linux starts");
    let output = child.stdout.take().expect("a piped output");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("a line");
    let address = line.trim().parse().expect("the server's address");
    BenchProcess { child, address }
}

pub(crate) fn run_load(to: impl Into<LoadTarget>, exchange: Exchange, requests: usize) -> Duration {
    let to = to.into();
    let origin = to
        .origin
        .map_or("-".to_owned(), |origin| origin.to_string());
    let output = this_program(LOAD_CORE)
        .args([Role::LOAD, &to.address.to_string(), &origin])
        .args([&to.connections.to_string(), exchange.name()])
        .arg(requests.to_string())
        .stderr(Stdio::inherit())
        .output()
        .expect("the load starts");
    assert!(output.status.success(), "an unexpected response");
    let text = String::from_utf8_lossy(&output.stdout);
    Duration::from_secs_f64(text.trim().parse().expect("seconds"))
}

/// Starts portcullis in front of an upstream; `sections` is added to its configuration.
pub(crate) fn start_portcullis(
    directory: &Path,
    upstream: SocketAddr,
    sections: &str,
) -> BenchProcess {
    let address = free_address();
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts");
    let config = format!(
        r#"
        {sections}
        [listen]
        address = "{address}"
        [admin]
        address = "{}"
        [runtime]
        data_cores = 1
        [catalog]
        path = {:?}
        [[services]]
        name = "orders"
        contract = {:?}
        upstream = "http://{upstream}"
        "#,
        free_address(),
        contracts.join("squads.toml"),
        contracts.join("payments/orders/openapi.yaml"),
    );
    start_configured(directory, &config, address)
}

/// Starts portcullis with a configuration, and waits until an address of it accepts connections.
pub(crate) fn start_configured(
    directory: &Path,
    config: &str,
    address: SocketAddr,
) -> BenchProcess {
    let path = directory.join(format!("{}.toml", address.port()));
    fs::write(&path, config).expect("a written configuration");
    let mut command = this_program(PROXY_CORE);
    command
        .arg(Role::PROXY)
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    start(command, address)
}

/// Runs the proxy like the command `serve`.
fn serve_proxy(config: &str) {
    let path = Some(Path::new(config));
    let config = portcullis_config::load(path, [], &Default::default());
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    let _log = portcullis_telemetry::init_log(&config.log);
    portcullis::app::run(config, None, Box::new(|| ())).unwrap_or_else(|error| panic!("{error}"));
}

/// Starts a proxy and waits until it accepts connections.
pub(crate) fn start(mut command: Command, address: SocketAddr) -> BenchProcess {
    let child = command.spawn().expect("taskset of util-linux starts");
    let mut process = BenchProcess { child, address };
    let started = Instant::now();
    while TcpStream::connect(address).is_err() {
        let status = process.child.try_wait().expect("a child process");
        assert!(status.is_none(), "the proxy has stopped: {status:?}");
        assert!(
            started.elapsed() < START_TIMEOUT,
            "the proxy accepts no connections"
        );
        thread::sleep(Duration::from_millis(10));
    }
    process
}
