//! A real WebSocket client and server on both sides, in every combination of TLS.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::websocket::await_metric;
use crate::support::app::{App, SHOP, Site};
use crate::support::certificates::TestAuthority;
use crate::support::tools::tool;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/websocket_peer.py");

/// A server that echoes; it stops when the value is dropped.
struct EchoServer {
    child: Child,
    port: u16,
}

impl EchoServer {
    fn start(cert: &str, key: &str) -> Self {
        let mut child = Command::new(tool("python3"))
            .args([SCRIPT, "serve", cert, key])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Self { child, port }
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn peer(arguments: &[&str]) -> String {
    let mut command = Command::new(tool("python3"));
    let output = command.arg(SCRIPT).args(arguments).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[cfg_attr(
    not(has_python_websockets),
    ignore = "the library websockets of Python is missing"
)]
#[test]
fn a_real_client_and_server_talk_with_and_without_tls() {
    let authority = TestAuthority::new();
    let certificate = authority.sign(&["localhost"]);
    for client_tls in [false, true] {
        for upstream_tls in [false, true] {
            let tls = "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
                       certificates = [{ cert = \"a.pem\", key = \"a.key\" }]";
            // Python is slow at hundreds of handshakes at a time.
            let limits = "[limits]\nupstream_connect_timeout = \"60s\"\n";
            let site = Site::new(&[limits, if client_tls { tls } else { "" }].concat())
                .file("ca.pem", &authority.pem)
                .certificate("a", &certificate);
            let path = |name: &str| site.path(name).to_str().unwrap().to_owned();
            let (cert, key, ca) = (path("a.pem"), path("a.key"), path("ca.pem"));
            let server = EchoServer::start(if upstream_tls { &cert } else { "-" }, &key);
            let scheme = if upstream_tls { "https" } else { "http" };
            let mut keys = "upgrade = [\"websocket\"]\n".to_owned();
            if upstream_tls {
                keys += "[services.upstream_tls]\nca = \"ca.pem\"";
            }
            let upstream = format!("{scheme}://localhost:{}", server.port);
            let app = App::start(site.service("shop", SHOP, &upstream, &keys));
            let scheme = if client_tls { "wss" } else { "ws" };
            let url = format!("{scheme}://localhost:{}/items?limit=3", app.data.port());
            let talked = peer(&["talk", &url, &ca]);
            assert_eq!(talked, "echoed 1008\n", "{client_tls} {upstream_tls}");
            let refused = peer(&["talk", &url.replace("=3", "=x"), &ca]);
            assert!(refused.contains("HTTP 422"), "{refused}");
            if !client_tls {
                let url = url.replace("?limit=3", "");
                assert_eq!(peer(&["many", &url, "100"]), "matched 500\n");
            }
            let open = "portcullis_upgraded_connections{service=\"shop\"} 0";
            await_metric(app.admin, open);
        }
    }
}
