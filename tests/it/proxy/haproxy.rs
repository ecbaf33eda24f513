//! HAProxy in front: it names its clients by the PROXY protocol, in both versions and before TLS.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;

use socket2::{Domain, Socket, Type};

use crate::support::app::{App, Site, admin, get, until};
use crate::support::certificates::TestAuthority;
use crate::support::client::{Client, PATIENCE};
use crate::support::running_proxy::{RunningProxy, free_address};
use crate::support::tls_client::TlsClient;
use crate::support::tools::tool;
use crate::support::upstream::Upstream;

/// The address that the client has, which is not that of HAProxy.
const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 7);

/// HAProxy in front of a port, with these words for its server.
fn haproxy(data: SocketAddr, words: &str) -> (RunningProxy, tempfile::TempDir) {
    let address = free_address();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("haproxy.cfg");
    let text = format!(
        "global\n  maxconn 100\ndefaults\n  mode tcp\n  timeout connect 10s\n  timeout client 60s\n  \
         timeout server 60s\nfrontend in\n  bind {address}\n  default_backend out\n\
         backend out\n  option httpchk GET /items\n  server a {data} {words}\n"
    );
    std::fs::write(&path, text).unwrap();
    let mut command = Command::new(tool("haproxy"));
    command.arg("-db").arg("-q").arg("-f").arg(&path);
    (RunningProxy::start(&mut command, address), folder)
}

/// A connection from the address of the client.
fn connect(address: SocketAddr) -> std::net::TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::new(IpAddr::V4(CLIENT), 0).into())
        .unwrap();
    socket.connect_timeout(&address.into(), PATIENCE).unwrap();
    let stream = std::net::TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn site(upstream: &Upstream, more: &str) -> Site {
    let top = format!(
        "[listen]\naddress = \"127.0.0.1:0\"\nproxy_protocol = \"required\"\n\
         proxy_peers = [\"127.0.0.1\"]\n{more}\n[identity]\ntrusted_peers = []"
    );
    Site::shop(upstream.address, "", &top)
}

#[cfg_attr(not(has_haproxy), ignore = "needs haproxy; .ci/run installs it")]
#[test]
fn the_client_of_haproxy_is_the_peer() {
    for version in [
        "send-proxy",
        "send-proxy-v2",
        "send-proxy-v2 proxy-v2-options unique-id",
    ] {
        let upstream = Upstream::ok();
        let app = App::start(site(&upstream, ""));
        let (haproxy, _folder) = haproxy(app.data, version);
        let mut client = Client::from(connect(haproxy.address));
        for _ in 0..3 {
            client.send(get("/items"));
            assert_eq!(client.answer().status, 200, "{version}");
            let request = upstream.request();
            assert_eq!(
                request.fields("x-forwarded-for"),
                [CLIENT.to_string()],
                "{version}"
            );
        }
    }
}

/// The checks of HAProxy have no client: they begin with `LOCAL`.
#[cfg_attr(not(has_haproxy), ignore = "needs haproxy; .ci/run installs it")]
#[test]
fn health_checks_of_haproxy_are_answered() {
    let upstream = Upstream::ok();
    let app = App::start(site(&upstream, ""));
    let words = "send-proxy-v2 check check-send-proxy inter 50ms fall 2 rise 2";
    let (haproxy, _folder) = haproxy(app.data, words);
    for _ in 0..5 {
        let check = upstream.request();
        assert_eq!(check.request_line(), "GET /items HTTP/1.1");
    }
    let metrics = admin(app.admin, "/metrics").1;
    assert!(
        !metrics.contains("portcullis_http_refusals_total{"),
        "{metrics}"
    );
    // A server whose checks fail would get no connection.
    let mut client = Client::from(connect(haproxy.address));
    client.send(get("/items"));
    assert_eq!(client.answer().status, 200);
    drop(app);
    until(|| {
        let mut client = Client::from(connect(haproxy.address));
        client.send(get("/items"));
        client.read_answer(false).is_none()
    });
}

#[cfg_attr(not(has_haproxy), ignore = "needs haproxy; .ci/run installs it")]
#[test]
fn the_header_comes_before_tls() {
    let upstream = Upstream::ok();
    let authority = TestAuthority::new();
    let tls = "[listen.tls]\ncertificates = [{ cert = \"a.pem\", key = \"a.key\" }]";
    let site = site(&upstream, tls).certificate("a", &authority.sign(&["a.test"]));
    let app = App::start(site);
    let (haproxy, _folder) = haproxy(app.data, "send-proxy-v2");
    let client = TlsClient::new(&authority);
    let mut stream = client.handshake(haproxy.address, "a.test").unwrap();
    use std::io::{Read as _, Write as _};
    stream
        .write_all(b"GET /items HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(
        answer.starts_with(b"HTTP/1.1 200 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    // It is the address of this client, which is not bound to another one.
    assert_eq!(upstream.request().fields("x-forwarded-for"), ["127.0.0.1"]);
}
