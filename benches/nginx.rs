//! nginx with one worker, for comparisons.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::{self, BenchProcess};

/// Starts nginx with these servers, one of which listens at the address. `None` if it is not installed.
pub(crate) fn start(directory: &Path, servers: &str, address: SocketAddr) -> Option<BenchProcess> {
    let installed = Command::new("nginx")
        .arg("-v")
        .stderr(Stdio::null())
        .status();
    installed.ok()?;
    let directory = directory.join(format!("nginx-{}", address.port()));
    fs::create_dir(&directory).expect("a directory for nginx");
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
            {servers}
        }}"
    );
    let path = format!("{directory}/nginx.conf");
    fs::write(&path, config).expect("a written configuration");
    let mut command = process::pinned(process::PROXY_CORE, "nginx");
    command
        .args(["-c", &path])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    Some(process::start(command, address))
}
