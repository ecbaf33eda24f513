//! The processes of the end-to-end bench: this program in its other roles, and nginx.
//!
//! Everybody is pinned: the proxies to core 1, all that is not measured to core 0.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::free_address;
use crate::load::Exchange;

/// What this program was started as.
pub(crate) struct Role;

impl Role {
    pub(crate) const UPSTREAM: &str = "upstream";
    pub(crate) const LOAD: &str = "load";
    pub(crate) const PROXY: &str = "proxy";
}

const LOAD_CORE: &str = "0";
const PROXY_CORE: &str = "1";
const END_PATIENCE: Duration = Duration::from_secs(10);
const START_PATIENCE: Duration = Duration::from_secs(10);
/// Of `/proc/<pid>/stat`; fixed by the kernel's interface on every architecture of today.
const TICKS_PER_SECOND: u64 = 100;

/// A process that ends with its owner.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Asked, not killed: a killed nginx leaves its worker behind.
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let begun = Instant::now();
        while asked.is_ok() && begun.elapsed() < END_PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Proxy {
    /// User and system time of the process and its workers.
    pub(crate) fn processor_time(&self) -> Duration {
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

/// Fields 14 and 15 of proc_pid_stat(5), counted from the end of the name.
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
    let fields = fields.split(' ').skip(11).take(2);
    fields
        .map(|ticks| ticks.parse::<u64>().expect("ticks"))
        .sum()
}

fn pinned(core: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program);
    command
}

fn own(core: &str) -> Command {
    pinned(
        core,
        std::env::current_exe().expect("this program has a path"),
    )
}

pub(crate) fn start_upstream() -> Proxy {
    let mut command = own(LOAD_CORE);
    let mut child = command
        .arg(Role::UPSTREAM)
        .stdout(Stdio::piped())
        .spawn()
        .expect("taskset of util-linux starts");
    let output = child.stdout.take().expect("a piped output");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("a line");
    let address = line.trim().parse().expect("the upstream's address");
    Proxy { child, address }
}

pub(crate) fn run_load(address: SocketAddr, exchange: Exchange, requests: usize) -> Duration {
    let output = own(LOAD_CORE)
        .args([Role::LOAD, &address.to_string(), exchange.name()])
        .arg(requests.to_string())
        .stderr(Stdio::inherit())
        .output()
        .expect("the load starts");
    assert!(output.status.success(), "an exchange went wrong");
    let text = String::from_utf8_lossy(&output.stdout);
    Duration::from_secs_f64(text.trim().parse().expect("seconds"))
}

pub(crate) fn start_portcullis(directory: &Path, upstream: SocketAddr) -> Proxy {
    let address = free_address();
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts");
    let config = format!(
        r#"
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
    let path = directory.join("config.toml");
    fs::write(&path, config).expect("a written configuration");
    let mut command = own(PROXY_CORE);
    command.arg(Role::PROXY).arg(path).stdout(Stdio::null());
    start(command, address)
}

/// The program as `serve` runs it.
pub(crate) fn serve_proxy(config: &str) {
    let path = Some(Path::new(config));
    let config = portcullis::config::load(path, [], &Default::default());
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    portcullis::app::run(config, None).unwrap_or_else(|error| panic!("{error}"));
}

/// nginx as a plain reverse proxy, or nothing where it is not installed.
pub(crate) fn start_nginx(directory: &Path, upstream: SocketAddr) -> Option<Proxy> {
    let installed = Command::new("nginx")
        .arg("-v")
        .stderr(Stdio::null())
        .status();
    installed.ok()?;
    let address = free_address();
    let directory = directory.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {directory}/{name};\n"))
        .concat();
    let config = format!(
        "daemon off;
        worker_processes 1;
        pid {directory}/nginx.pid;
        error_log stderr crit;
        events {{ worker_connections 1024; }}
        http {{
            {temporary}
            access_log off;
            keepalive_requests 100000000;
            upstream orders {{
                server {upstream};
                keepalive 64;
                keepalive_requests 100000000;
            }}
            server {{
                listen {address};
                location / {{
                    proxy_pass http://orders;
                    proxy_http_version 1.1;
                    proxy_set_header Connection \"\";
                }}
            }}
        }}"
    );
    let path = format!("{directory}/nginx.conf");
    fs::write(&path, config).expect("a written configuration");
    let mut command = pinned(PROXY_CORE, "nginx");
    command
        .args(["-c", &path])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    Some(start(command, address))
}

/// Starts a proxy and waits until it accepts.
fn start(mut command: Command, address: SocketAddr) -> Proxy {
    let child = command.spawn().expect("taskset of util-linux starts");
    let mut proxy = Proxy { child, address };
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        let ended = proxy.child.try_wait().expect("a child of ours");
        assert!(ended.is_none(), "the proxy ended: {ended:?}");
        assert!(
            begun.elapsed() < START_PATIENCE,
            "the proxy does not accept"
        );
        thread::sleep(Duration::from_millis(10));
    }
    proxy
}
