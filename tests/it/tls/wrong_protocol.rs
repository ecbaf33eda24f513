//! Clients that speak the wrong protocol get an answer that they understand, and the log names the
//! key to set.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::app::{Process, Site, get, problem};
use crate::support::certificates::TestAuthority;
use crate::support::client::Client;
use crate::support::tls_client::TlsClient;
use crate::support::upstream::Upstream;

#[test]
fn tls_on_a_plain_port_gets_an_alert() {
    let upstream = Upstream::ok();
    let mut process = Process::start(Site::shop(upstream.address, "", ""));
    let authority = TestAuthority::new();
    let refused = TlsClient::new(&authority)
        .handshake(process.data, "shop.test")
        .unwrap_err();
    assert!(
        refused.to_string().contains("HandshakeFailure"),
        "{refused}"
    );
    process.await_line("tls-on-plain-port");
    let line = process.await_line("speaks TLS on a port without it");
    assert!(line.contains("[listen.tls]"), "{line}");
    // The port still serves.
    let mut client = Client::connect(process.data);
    client.send(get("/items"));
    assert_eq!(client.answer().status, 200);
}

#[test]
fn plain_http_on_a_port_with_tls_gets_an_answer() {
    let upstream = Upstream::ok();
    let authority = TestAuthority::new();
    let top = "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
               certificates = [{ cert = \"a.pem\", key = \"a.key\" }]";
    let site = Site::shop(upstream.address, "", top);
    let mut process = Process::start(site.certificate("a", &authority.sign(&["a.test"])));
    let mut client = Client::connect(process.data);
    client.send(get("/items"));
    let answer = client.answer();
    assert_eq!(answer.status, 400);
    let problem = problem(&answer);
    assert!(
        problem["detail"].as_str().unwrap().contains("use https"),
        "{problem}"
    );
    assert!(client.is_closed());
    let line = process.await_line("does not speak TLS");
    assert!(line.contains("[listen.tls]"), "{line}");
    // Bytes that are neither are not answered.
    let mut other = TcpStream::connect(process.data).unwrap();
    other.write_all(&[5, 1, 0]).unwrap();
    let mut rest = Vec::new();
    other.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty(), "{rest:?}");
    assert!(upstream.requests.try_recv().is_err());
}
