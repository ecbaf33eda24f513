//! The PROXY protocol: load balancers name their clients at the beginning of each connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use crate::support::app::{App, Process, Site, admin, get};
use crate::support::certificates::TestAuthority;
use crate::support::client::{Client, PATIENCE};
use crate::support::upstream::Upstream;

const V1: &[u8] = b"PROXY TCP4 203.0.113.7 198.51.100.2 56324 443\r\n";
const V2: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xcb\0\x71\x07\xc6\x33\x64\x02\xdc\x04\x01\xbb\
                    \x04\0\x04\x01\x02\x03\x04";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

fn required(peers: &str, more: &str) -> String {
    format!(
        "[listen]\naddress = \"127.0.0.1:0\"\nproxy_protocol = \"required\"\n\
         proxy_peers = [{peers}]\n{more}"
    )
}

/// Connects, sends bytes in pieces of this size, and then requests.
fn client(address: SocketAddr, header: &[u8], piece: usize) -> Client {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in header.chunks(piece) {
        stream.write_all(piece).unwrap();
    }
    Client::from(stream)
}

#[track_caller]
fn forwarded_for(client: &mut Client, upstream: &Upstream) -> String {
    client.send("GET /items HTTP/1.1\r\nhost: shop\r\nx-forwarded-for: 192.0.2.9\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    upstream.request().fields("x-forwarded-for").join("; ")
}

#[test]
fn the_client_that_the_header_names_is_the_peer() {
    let upstream = Upstream::ok();
    let trusted = "[identity]\ntrusted_peers = [\"127.0.0.0/8\", \"203.0.114.0/24\"]";
    let top = required("\"127.0.0.1\"", trusted);
    let app = App::start(Site::shop(upstream.address, "", &top));
    for header in [V1, V2] {
        for piece in [1, 2, 5, 13, 100] {
            let mut client = client(app.data, header, piece);
            for _ in 0..2 {
                // The peer is not trusted, although the load balancer is.
                assert_eq!(forwarded_for(&mut client, &upstream), "203.0.113.7");
            }
        }
        for at in 1..header.len() {
            let mut client = client(app.data, &header[..at], at);
            client.send(&header[at..]);
            assert_eq!(forwarded_for(&mut client, &upstream), "203.0.113.7", "{at}");
        }
        // The first request in one piece with the header.
        let mut client = client(app.data, &[header, get("/items").as_bytes()].concat(), 1000);
        assert_eq!(client.answer().status, 200);
        assert_eq!(
            upstream.request().fields("x-forwarded-for"),
            ["203.0.113.7"]
        );
    }
    let v6 = b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n";
    let mut named = client(app.data, v6, 100);
    assert_eq!(forwarded_for(&mut named, &upstream), "2001:db8::7");
    let believed = b"PROXY TCP4 203.0.114.7 198.51.100.2 1 2\r\n";
    let mut named = client(app.data, believed, 100);
    let expected = "192.0.2.9, 203.0.114.7";
    assert_eq!(forwarded_for(&mut named, &upstream), expected);
    // A load balancer that speaks for itself is not believed what its clients could say.
    for header in [LOCAL, b"PROXY UNKNOWN\r\n"] {
        let mut local = client(app.data, header, 100);
        assert_eq!(forwarded_for(&mut local, &upstream), "127.0.0.1");
    }
}

#[test]
fn other_connections_are_closed_without_an_answer() {
    let upstream = Upstream::ok();
    let top = required(
        "\"127.0.0.1\"",
        "[limits]\nrequest_head_timeout = \"300ms\"",
    );
    let mut process = Process::start(Site::shop(upstream.address, "", &top));
    let request = get("/items");
    let cases: [(&[u8], &str); 6] = [
        (request.as_bytes(), "does not begin with a header"),
        (
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
            "does not begin with a header",
        ),
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "does not begin with a header",
        ),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "malformed"),
        (
            b"PROXY TCP4 203.0.113.7 198.51.100.2 1 2\nGET / HTTP/1.1\r\n\r\n",
            "malformed",
        ),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c", "malformed"),
    ];
    for (bytes, _) in cases {
        let mut client = client(process.data, bytes, 1000);
        assert!(client.is_closed(), "{bytes:?}");
    }
    let line = process.await_line("proxy_protocol");
    assert!(
        line.contains(cases[0].1) && line.contains("peer=127.0.0.1"),
        "{line}"
    );
    // A header that does not end is waited for like a head.
    let since = Instant::now();
    assert!(client(process.data, &V2[..20], 1).is_closed());
    assert!(since.elapsed() < PATIENCE);
    // A health check that only connects.
    drop(TcpStream::connect(process.data).unwrap());
    let metrics = admin(process.admin, "/metrics").1;
    for (reason, count) in [("missing", 4), ("malformed", 3)] {
        let reason = format!("reason=\"proxy-header-{reason}\"");
        let line = format!("portcullis_http_refusals_total{{{reason}}} {count}");
        assert!(metrics.contains(&line), "{line} is missing in {metrics}");
    }
    assert!(upstream.requests.try_recv().is_err());
    assert_eq!(
        forwarded_for(&mut client(process.data, V1, 9), &upstream),
        "203.0.113.7"
    );
}

#[test]
fn only_load_balancers_may_send_it() {
    let upstream = Upstream::ok();
    let top = required("\"10.0.0.0/8\", \"unix\"", "");
    let top = top.replace("\"127.0.0.1:0\"", "[\"127.0.0.1:0\", \"unix:p.sock\"]");
    let site = Site::shop(upstream.address, "", &top);
    let path = site.path("p.sock");
    let app = App::start(site);
    for header in [V1, V2, b"", LOCAL] {
        let bytes = [header, get("/items").as_bytes()].concat();
        assert!(client(app.data, &bytes, 1000).is_closed());
    }
    let refused = "portcullis_http_refusals_total{reason=\"proxy-not-trusted\"} 4";
    assert!(admin(app.admin, "/metrics").1.contains(refused));
    assert!(upstream.requests.try_recv().is_err());
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(V2).unwrap();
    stream.write_all(get("/items").as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    assert_eq!(
        upstream.request().fields("x-forwarded-for"),
        ["203.0.113.7"]
    );
}

#[test]
fn it_comes_before_tls_and_before_http2() {
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let tls = "[listen.tls]\ncertificates = [{ cert = \"a.pem\", key = \"a.key\" }]";
    let site = Site::shop(upstream.address, "", &required("\"127.0.0.1\"", tls));
    let app = App::start(site.certificate("a", &authority.sign(&["shop"])));
    let tls = crate::support::tls_client::TlsClient::new(&authority);
    for header in [V1, V2] {
        let mut socket = TcpStream::connect(app.data).unwrap();
        socket.set_nodelay(true).unwrap();
        header
            .chunks(7)
            .for_each(|piece| socket.write_all(piece).unwrap());
        let mut client = Client::over(tls.over(socket, "shop").unwrap());
        client.send(get("/items"));
        assert_eq!(client.answer().status, 200);
        let request = upstream.request();
        assert_eq!(request.fields("x-forwarded-for"), ["203.0.113.7"]);
        assert_eq!(request.fields("x-forwarded-proto"), ["https"]);
    }
    let plain = App::start(Site::shop(
        upstream.address,
        "",
        &required("\"127.0.0.1\"", ""),
    ));
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut client = client(plain.data, &[V2, preface].concat(), 11);
    let mut frame = [0; 9];
    client.stream().read_exact(&mut frame).unwrap();
    assert_eq!(frame[3], 4, "SETTINGS answer the preface");
}
