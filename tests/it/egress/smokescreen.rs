//! The list of hosts that lead inside, with Smokescreen: what it dials, and Portcullis refuses.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::host_cases::HOSTS;
use super::{proxy, site};
use crate::support::app::{App, until};
use crate::support::tools::tool;

/// The hosts of the list that Smokescreen tries to connect to, as docs/egress.md shows them.
const DIALLED: [&str; 6] = [
    "[::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "0.1.2.3",
    "240.0.0.1",
    "198.18.0.1",
    "[2001:db8::1]",
];

/// Smokescreen with its default rules. It ends with this value.
struct Smokescreen {
    process: Child,
    address: SocketAddr,
}

impl Smokescreen {
    /// It cannot report a port of its own choice, so a free one is chosen here.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("smokescreen.yaml");
        std::fs::write(&config, "allow_missing_role: true\n").unwrap();
        let mut command = Command::new(tool("smokescreen"));
        command.arg("--config-file").arg(config);
        command.args(["--listen-ip", "127.0.0.1", "--listen-port"]);
        command.arg(address.port().to_string());
        command.args(["--timeout", "1s", "--dns-timeout", "1s"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        until(|| TcpStream::connect(address).is_ok());
        Self { process, address }
    }
}

impl Drop for Smokescreen {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks for a tunnel. Returns the head of the answer.
fn tunnel_head(address: SocketAddr, host: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let request = format!("CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Whether the answer says that a connection was tried: a tunnel, or a failure to connect.
fn has_dialled(head: &str) -> bool {
    let status = head.split(' ').nth(1).unwrap_or_default();
    let failed = ["Failed to connect to remote host", "Timed out connecting"];
    status == "200" || failed.iter().any(|text| head.contains(text))
}

#[cfg_attr(
    not(has_smokescreen),
    ignore = "SKIPPED: smokescreen is missing; it is installed where Go is"
)]
#[test]
fn hosts_that_smokescreen_dials_are_refused_here() {
    let smokescreen = Smokescreen::start();
    let app = App::start(site("\"*\"", "default = \"enforce\""));
    let mut dialled = Vec::new();
    for (host, _) in &HOSTS {
        let head = tunnel_head(smokescreen.address, host);
        if has_dialled(&head) {
            dialled.push(*host);
        }
        let own = tunnel_head(proxy(&app), host);
        assert!(own.starts_with("HTTP/1.1 40"), "{host}: {own}");
    }
    dialled.sort_unstable();
    let mut expected = DIALLED;
    expected.sort_unstable();
    assert_eq!(dialled, expected);
    let page = include_str!("../../../docs/egress.md");
    for host in DIALLED {
        assert!(
            page.contains(&format!("`{host}`")),
            "{host} is missing in docs/egress.md"
        );
    }
}
