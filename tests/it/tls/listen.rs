//! The port for clients with TLS: certificates, versions, handshakes, and HTTP inside.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::support::app::{App, Process, Site, admin, get, problem, until};
use crate::support::certificates::{TestAuthority, TestCertificate};
use crate::support::client::Client;
use crate::support::tls_client::TlsClient;
use crate::support::upstream::{Upstream, send};

/// Certificates of a site: `a` for a.test and 127.0.0.1, `b` for *.b.test.
struct Certificates {
    authority: TestAuthority,
    a: TestCertificate,
    b: TestCertificate,
}

impl Certificates {
    fn new() -> Self {
        let authority = TestAuthority::new();
        Self {
            a: authority.sign(&["a.test", "127.0.0.1"]),
            b: authority.sign(&["*.b.test"]),
            authority,
        }
    }

    fn site(&self, upstream: &Upstream, keys: &str, top: &str) -> Site {
        let tls = format!(
            "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\ncertificates = [\n\
             {{ cert = \"a.pem\", key = \"a.key\" }},\n{{ cert = \"b.pem\", key = \"b.key\" }},\n\
             ]\n{keys}\n{top}"
        );
        let site = Site::shop(upstream.address, "", &tls);
        site.certificate("a", &self.a).certificate("b", &self.b)
    }
}

fn get_at(host: &str) -> String {
    format!("GET /items HTTP/1.1\r\nhost: {host}\r\n\r\n")
}

#[test]
fn the_server_name_chooses_the_certificate() {
    let certificates = Certificates::new();
    let upstream = Upstream::ok();
    let app = App::start(certificates.site(&upstream, "", ""));
    let client = TlsClient::new(&certificates.authority);
    let check = |name: &str, expected: &TestCertificate| {
        let stream = client.handshake(app.data, name).unwrap();
        let shown = stream.conn.peer_certificates().unwrap()[0].clone();
        let expected = CertificateDer::from_pem_slice(expected.cert.as_bytes()).unwrap();
        assert_eq!(shown, expected, "{name}");
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    };
    check("a.test", &certificates.a);
    check("A.TEST", &certificates.a);
    check("x.b.test", &certificates.b);
    // Without a name in the handshake, the first certificate is the default.
    check("127.0.0.1", &certificates.a);
    // It is for no other name, which the client notices.
    for name in ["b.test", "x.y.b.test", "c.test"] {
        let refused = client.handshake(app.data, name).unwrap_err();
        assert!(
            refused.to_string().contains("not valid for name"),
            "{refused}"
        );
    }
}

#[test]
fn requests_reach_the_upstream_as_https() {
    let certificates = Certificates::new();
    let upstream = Upstream::ok();
    let app = App::start(certificates.site(&upstream, "", ""));
    let mut client = TlsClient::new(&certificates.authority).connect(app.data, "a.test");
    for _ in 0..3 {
        client.send(get_at("a.test"));
        assert_eq!(client.answer().status, 200);
        let request = upstream.requests.recv().unwrap();
        assert_eq!(request.fields("x-forwarded-proto"), ["https"]);
        let forwarded = request.fields("forwarded");
        assert!(forwarded[0].ends_with(";proto=https"), "{forwarded:?}");
    }
}

#[test]
fn a_host_that_the_certificate_does_not_cover_is_misdirected() {
    let certificates = Certificates::new();
    let upstream = Upstream::ok();
    let app = App::start(certificates.site(&upstream, "", ""));
    let client = TlsClient::new(&certificates.authority);
    let check = |name: &str, host: &str, status: u16| {
        let mut connection = client.connect(app.data, name);
        connection.send(get_at(host));
        let answer = connection.answer();
        assert_eq!(answer.status, status, "{name} {host}");
        if status == 421 {
            assert_eq!(problem(&answer)["error"], "MISDIRECTED_REQUEST");
            // The connection stays usable for its own host.
            connection.send(get_at(name));
            assert_eq!(connection.answer().status, 200);
        }
    };
    check("a.test", "a.test", 200);
    check("a.test", "A.test:8443", 200);
    check("a.test", "127.0.0.1", 200);
    check("a.test", "x.b.test", 421);
    check("a.test", "other.test", 421);
    check("x.b.test", "y.b.test", 200);
    check("x.b.test", "a.test", 421);
    check("x.b.test", "b.test", 421);
    // A client that sent no name did not choose a certificate.
    check("127.0.0.1", "anything.test", 200);
}

#[test]
fn the_oldest_version_is_configured() {
    let certificates = Certificates::new();
    let upstream = Upstream::ok();
    let (v12, v13) = (&[&rustls::version::TLS12], &[&rustls::version::TLS13]);
    let client = |versions| TlsClient::with(&certificates.authority, None, versions);
    let app = App::start(certificates.site(&upstream, "", ""));
    for versions in [v12, v13] {
        let mut client = client(versions).connect(app.data, "a.test");
        client.send(get_at("a.test"));
        assert_eq!(client.answer().status, 200);
    }
    let app = App::start(certificates.site(&upstream, "min_version = \"1.3\"", ""));
    assert!(client(v13).handshake(app.data, "a.test").is_ok());
    let refused = client(v12).handshake(app.data, "a.test").unwrap_err();
    assert!(refused.to_string().contains("ProtocolVersion"), "{refused}");
}

#[test]
fn hostile_streams_are_refused_inside_tls_too() {
    let certificates = Certificates::new();
    let upstream = Upstream::ok();
    let app = App::start(certificates.site(&upstream, "", ""));
    let client = TlsClient::new(&certificates.authority);
    for (stream, status) in [
        ("GET /items HTTP/1.1\nhost: a.test\r\n\r\n", 400),
        (
            "GET /items HTTP/1.1\r\nhost: a.test\r\nhost: a.test\r\n\r\n",
            400,
        ),
        ("GET /items HTTP/1.1\r\nhost: a.test\r\nx : y\r\n\r\n", 400),
        (
            "POST /items HTTP/1.1\r\nhost: a.test\r\ncontent-length: 1\r\n\
             transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        ("GET /items HTTP/3.0\r\nhost: a.test\r\n\r\n", 505),
        ("CONNECT a.test:443 HTTP/1.1\r\nhost: a.test\r\n\r\n", 501),
    ] {
        let mut connection = client.connect(app.data, "a.test");
        connection.send(stream);
        let answer = connection.answer();
        assert_eq!(answer.status, status, "{stream}");
        assert_eq!(problem(&answer)["error"], "MALFORMED_REQUEST");
        // The end is announced, so the client knows that nothing was cut.
        assert!(connection.is_closed());
    }
    assert!(upstream.requests.try_recv().is_err());
}

#[test]
fn a_large_answer_arrives_whole_at_a_slow_reader() {
    const BYTES: usize = 8 << 20;
    let certificates = Certificates::new();
    let upstream = Upstream::start(|_| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n");
        vec![send(&head), crate::support::upstream::Step::Fill(BYTES)]
    });
    let app = App::start(certificates.site(&upstream, "", ""));
    let mut client = TlsClient::new(&certificates.authority).connect(app.data, "a.test");
    client.send(get_at("a.test"));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(client.count_body(), BYTES);
}

#[test]
fn a_handshake_has_a_time() {
    let certificates = Certificates::new();
    let upstream = Upstream::ok();
    let app = App::start(certificates.site(&upstream, "handshake_timeout = \"200ms\"", ""));
    // Nothing, and the beginning of a record.
    for bytes in [&b""[..], &[0x16, 3, 1, 2, 0, 1, 0]] {
        let began = Instant::now();
        let mut socket = TcpStream::connect(app.data).unwrap();
        socket.write_all(bytes).unwrap();
        let mut rest = Vec::new();
        // The port may reset a connection whose bytes it has not read.
        let _ = socket.read_to_end(&mut rest);
        let took = began.elapsed();
        assert!(rest.is_empty(), "{rest:?}");
        assert!(
            took >= Duration::from_millis(150) && took < Duration::from_secs(10),
            "{took:?}"
        );
    }
    let counted = "portcullis_tls_handshake_failures_total{reason=\"timeout\"} 2";
    until(|| admin(app.admin, "/metrics").1.contains(counted));
}

/// Handshakes that do not continue hold no more than their connections.
#[test]
fn slow_handshakes_do_not_stop_others() {
    let certificates = Certificates::new();
    let upstream = Upstream::ok();
    let top = "[limits]\nconnections_max = 300";
    let app = App::start(certificates.site(&upstream, "handshake_timeout = \"60s\"", top));
    let slow: Vec<TcpStream> = (0..250)
        .map(|_| {
            let mut socket = TcpStream::connect(app.data).unwrap();
            socket.write_all(&[0x16, 3, 1]).unwrap();
            socket
        })
        .collect();
    let client = TlsClient::new(&certificates.authority);
    for _ in 0..20 {
        let mut connection = client.connect(app.data, "a.test");
        connection.send(get_at("a.test"));
        assert_eq!(connection.answer().status, 200);
    }
    // Beyond the cap, a client gets an alert instead of a handshake.
    let more: Vec<TcpStream> = (0..60)
        .map(|_| TcpStream::connect(app.data).unwrap())
        .collect();
    let refused = client.handshake(app.data, "a.test").unwrap_err();
    assert!(refused.to_string().contains("InternalError"), "{refused}");
    drop((slow, more));
}

#[test]
fn a_drain_ends_handshakes_and_serves_requests() {
    let certificates = Certificates::new();
    let upstream = Upstream::ok();
    let top = "[limits]\ndrain_timeout = \"20s\"";
    let site = certificates.site(&upstream, "handshake_timeout = \"60s\"", top);
    let process = Process::start(site);
    let client = TlsClient::new(&certificates.authority);
    let mut open = client.connect(process.data, "a.test");
    open.send(get_at("a.test"));
    assert_eq!(open.answer().status, 200);
    let mut stuck = TcpStream::connect(process.data).unwrap();
    stuck.write_all(&[0x16, 3, 1]).unwrap();
    let began = Instant::now();
    process.signal("TERM");
    let (status, log) = process.wait();
    assert!(status.success(), "{log}");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "the handshake held the drain up"
    );
    let mut rest = Vec::new();
    let _ = stuck.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert!(
        open.is_closed(),
        "the idle connection is closed with close_notify"
    );
}

#[test]
fn the_admin_port_can_have_tls_and_client_certificates() {
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let top = "[admin]\naddress = \"127.0.0.1:0\"\n[admin.tls]\n\
               certificates = [{ cert = \"admin.pem\", key = \"admin.key\" }]\n\
               client_auth = \"required\"\nclient_ca = \"ca.pem\"";
    let site = Site::shop(upstream.address, "", top)
        .certificate("admin", &authority.sign(&["localhost"]))
        .file("ca.pem", &authority.pem);
    let app = App::start(site);
    let operator = authority.sign(&["operator.test"]);
    let mut client = TlsClient::identified(&authority, &operator).connect(app.admin, "localhost");
    client.send("GET /tls HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let answer = client.answer();
    assert_eq!(answer.status, 200);
    let view: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let section = &view["sections"][0];
    assert_eq!(section["section"], "admin.tls");
    assert_eq!(
        section["certificates"][0]["names"],
        serde_json::json!(["localhost"])
    );
    assert_eq!(
        section["certificates"][0]["not_after"],
        "2099-01-01T00:00:00Z"
    );
    assert_eq!(section["problem"], serde_json::Value::Null);
    // Without a certificate, nothing is shown.
    let mut anonymous = TlsClient::new(&authority)
        .handshake(app.admin, "localhost")
        .unwrap();
    let _ = anonymous.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let refused = anonymous.read_exact(&mut [0]).unwrap_err();
    assert!(
        refused.to_string().contains("CertificateRequired"),
        "{refused}"
    );
    // A plain request gets a plain answer.
    let mut plain = Client::connect(app.admin);
    plain.send(get("/livez"));
    let answer = plain.answer();
    assert_eq!(answer.status, 400);
    assert!(String::from_utf8_lossy(&answer.body).contains("use https"));
}
