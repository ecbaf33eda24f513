//! Requests and tunnels through the forward proxy, over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{LOCAL, proxy, site, site_of};
use crate::support::app::{App, Process, ask, problem, until};
use crate::support::client::{Client, PATIENCE};
use crate::support::upstream::{Upstream, send};

/// A server that sends every byte back, on one connection.
fn echo() -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut all, mut piece) = (Vec::new(), [0; 4096]);
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            all.extend_from_slice(&piece[..length]);
            if stream.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        all
    });
    (address, thread)
}

fn connect(app: &App, authority: &str) -> TcpStream {
    let mut stream = TcpStream::connect(proxy(app)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n\r\n"
    )
    .unwrap();
    stream
}

/// Reads the head that opens a tunnel.
#[track_caller]
fn expect_open(stream: &mut TcpStream) {
    let expected = b"HTTP/1.1 200 Connection Established\r\n\r\n";
    let mut head = vec![0; expected.len()];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&head),
        String::from_utf8_lossy(expected)
    );
}

#[test]
fn a_declared_call_passes_unchanged_but_for_via() {
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 201 Created\r\nx-own: 1\r\nset-cookie: a=b\r\ncontent-length: 2\r\n\r\nok",
        )]
    });
    let app = App::start(site(
        "\"127.0.0.1\"",
        &format!("default = \"enforce\"\n{LOCAL}"),
    ));
    let mut client = Client::connect(proxy(&app));
    // Several calls on one connection, to a host with and without a body.
    for body in ["", "{\"a\": 1}"] {
        let length = body.len();
        client.send(format!(
            "POST http://{}/a/%2e?q=1 HTTP/1.1\r\nhost: other\r\nx-squad-owner: payments\r\n\
             proxy-authorization: Basic b3JkZXJzOg==\r\nproxy-connection: keep-alive\r\n\
             content-length: {length}\r\n\r\n{body}",
            upstream.address
        ));
        let answer = client.answer();
        assert_eq!((answer.status, answer.body.as_slice()), (201, &b"ok"[..]));
        assert_eq!(answer.field("x-own"), Some("1"));
        let request = upstream.request();
        assert_eq!(request.request_line(), "POST /a/%2e?q=1 HTTP/1.1");
        assert_eq!(request.fields("host"), [upstream.address.to_string()]);
        assert_eq!(request.fields("x-squad-owner"), ["payments"]);
        for absent in [
            "proxy-authorization",
            "proxy-connection",
            "x-forwarded-for",
            "forwarded",
            "x-request-id",
        ] {
            assert!(request.fields(absent).is_empty(), "{absent}");
        }
        let via = request.fields("via");
        assert!(
            via.len() == 1 && via[0].starts_with("1.1 portcullis-"),
            "{via:?}"
        );
    }
}

#[test]
fn a_tunnel_passes_every_byte_and_ends_with_either_side() {
    let app = App::start(site(
        "\"localhost\"",
        &format!("default = \"enforce\"\n{LOCAL}"),
    ));
    let (address, echoed) = echo();
    let mut stream = connect(&app, &format!("localhost:{}", address.port()));
    expect_open(&mut stream);
    let data: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let mut writer = stream.try_clone().unwrap();
    let sent = data.clone();
    let writing = std::thread::spawn(move || {
        writer.write_all(&sent).unwrap();
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    writing.join().unwrap();
    assert!(received == data && echoed.join().unwrap() == data);
}

/// A client may send its first bytes with the request, and may speak HTTP/1.0.
#[test]
fn early_bytes_belong_to_the_tunnel() {
    let app = App::start(site("\"127.0.0.1\"", LOCAL));
    let (address, _echoed) = echo();
    let mut stream = TcpStream::connect(proxy(&app)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "CONNECT {address} HTTP/1.0\r\n\r\nGET / early").unwrap();
    expect_open(&mut stream);
    let mut bytes = [0; 11];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"GET / early");
}

#[test]
fn a_tunnel_that_is_silent_ends() {
    let settings = format!("tunnel_idle_timeout = \"1s\"\n{LOCAL}");
    let app = App::start(site("\"127.0.0.1\"", &settings));
    let (address, _echoed) = echo();
    let mut stream = connect(&app, &address.to_string());
    expect_open(&mut stream);
    let mut rest = Vec::new();
    assert_eq!(stream.read_to_end(&mut rest).unwrap(), 0);
}

#[test]
fn an_undeclared_call_passes_in_report_mode_and_not_in_enforce_mode() {
    let upstream = Upstream::ok();
    let call = format!(
        "GET http://{}/ HTTP/1.1\r\nhost: a\r\n\r\n",
        upstream.address
    );
    for (mode, status) in [("open", 200), ("report", 200), ("enforce", 403)] {
        let app = App::start(site(
            "\"a.test\"",
            &format!("default = \"{mode}\"\n{LOCAL}"),
        ));
        let answer = ask(proxy(&app), &call);
        assert_eq!(answer.status, status, "{mode}");
        if status == 403 {
            let problem = problem(&answer);
            assert_eq!(problem["error"], "UNDECLARED_DEPENDENCY");
            let detail = problem["detail"].as_str().unwrap();
            let expected = "orders has not declared 127.0.0.1; add \"127.0.0.1\" to `allowed_hosts` in \
                            [services.orders.dependencies] of the catalog";
            assert_eq!(detail, expected);
        }
    }
}

/// A gateway for several services learns who calls from the request.
#[test]
fn a_shared_gateway_knows_the_caller_by_its_request() {
    let upstream = Upstream::ok();
    let settings = format!("default = \"enforce\"\n{LOCAL}");
    let app = App::start(site_of("", "\"127.0.0.1\"", &settings));
    let check = |fields: &str, status: u16, service: &str, squad: &str| {
        let call = format!(
            "GET http://{}/ HTTP/1.1\r\nhost: a\r\n{fields}\r\n",
            upstream.address
        );
        let answer = ask(proxy(&app), call);
        assert_eq!(answer.status, status, "{fields}");
        if status != 200 {
            let problem = problem(&answer);
            assert_eq!(
                (&problem["service"], &problem["squad"]),
                (&service.into(), &squad.into())
            );
        }
    };
    // "orders:", "shop:", "find:x" and "other:".
    check("proxy-authorization: Basic b3JkZXJzOg==\r\n", 200, "", "");
    check(
        "proxy-authorization: Basic c2hvcDo=\r\n",
        403,
        "shop",
        "payments",
    );
    check(
        "proxy-authorization: Basic ZmluZDp4\r\n",
        403,
        "find",
        "search",
    );
    check(
        "proxy-authorization: Basic b3RoZXI6\r\n",
        403,
        "unknown",
        "unknown",
    );
    check("x-squad-owner: payments\r\n", 200, "", "");
    check("x-squad-owner: search\r\n", 403, "unknown", "search");
    check("", 403, "unknown", "unknown");
}

/// Only trusted peers may say who calls.
#[test]
fn a_stranger_cannot_name_its_service() {
    let site = site_of(
        "",
        "\"*\"",
        "default = \"enforce\"\n[identity]\ntrusted_peers = [\"192.0.2.1/32\"]",
    );
    let app = App::start(site);
    let call = "GET http://a.test/ HTTP/1.1\r\nhost: a\r\nproxy-authorization: Basic b3JkZXJzOg==\r\n\
                x-squad-owner: payments\r\n\r\n";
    let answer = ask(proxy(&app), call);
    assert_eq!(
        (answer.status, answer.field("x-portcullis")),
        (403, Some("UNDECLARED_DEPENDENCY"))
    );
}

#[test]
fn a_call_that_comes_back_is_refused() {
    let app = App::start(site("\"*\"", LOCAL));
    let own = proxy(&app);
    for call in [
        format!("GET http://{own}/ HTTP/1.1\r\nhost: {own}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: {own}\r\n\r\n"),
        format!(
            "CONNECT localhost:{} HTTP/1.1\r\nhost: a\r\n\r\n",
            own.port()
        ),
    ] {
        let answer = ask(own, call);
        assert_eq!(
            (answer.status, answer.field("x-portcullis")),
            (508, Some("LOOP_DETECTED"))
        );
    }
}

#[test]
fn calls_are_capped_and_a_tunnel_counts_until_its_end() {
    let app = App::start(site("\"*\"", &format!("calls_max = 1\n{LOCAL}")));
    let (address, echoed) = echo();
    let mut tunnel = connect(&app, &address.to_string());
    expect_open(&mut tunnel);
    let upstream = Upstream::ok();
    let call = format!(
        "GET http://{}/ HTTP/1.1\r\nhost: a\r\n\r\n",
        upstream.address
    );
    let answer = ask(proxy(&app), &call);
    assert_eq!(
        (answer.status, answer.field("x-portcullis")),
        (503, Some("OVERLOADED"))
    );
    assert_eq!(answer.field("retry-after"), Some("1"));
    drop(tunnel);
    echoed.join().unwrap();
    until(|| ask(proxy(&app), &call).status == 200);
}

/// A caller that goes away gives its place back: at once if its connection is reset, else after the grace of
/// a client that has closed its sending side, and long before `limits.upstream_timeout`.
#[test]
fn a_caller_that_leaves_makes_room() {
    let limits = format!("calls_max = 1\n{LOCAL}\n[limits]\nupstream_timeout = \"60s\"");
    let app = App::start(site("\"*\"", &limits));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_address = silent.local_addr().unwrap();
    let upstream = Upstream::ok();
    let call = |to: SocketAddr| format!("GET http://{to}/ HTTP/1.1\r\nhost: a\r\n\r\n");
    let upload = format!(
        "POST http://{silent_address}/ HTTP/1.1\r\nhost: a\r\ncontent-length: 10000000\r\n\r\nbegin"
    );
    for request in [call(silent_address), upload] {
        let mut caller = TcpStream::connect(proxy(&app)).unwrap();
        caller.write_all(request.as_bytes()).unwrap();
        // It accepts the connection, and never answers.
        let _held = silent.accept().unwrap();
        let refused = ask(proxy(&app), call(upstream.address));
        assert_eq!(refused.status, 503, "{request}");
        drop(caller);
        until(|| ask(proxy(&app), call(upstream.address)).status == 200);
    }
}

#[test]
fn hosts_that_do_not_answer_are_clear_errors() {
    let app = App::start(site("\"*\"", LOCAL));
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for call in [
        format!("GET http://{closed}/ HTTP/1.1\r\nhost: a\r\n\r\n"),
        format!("CONNECT {closed} HTTP/1.1\r\nhost: a\r\n\r\n"),
    ] {
        let answer = ask(proxy(&app), call);
        let problem = problem(&answer);
        assert_eq!(
            (answer.status, problem["error"].as_str()),
            (502, Some("UPSTREAM_UNAVAILABLE"))
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&closed.to_string()), "{detail}");
    }
    for (text, status) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
            502,
        ),
        ("nonsense\r\n\r\n", 502),
    ] {
        let broken = Upstream::start(move |_| vec![send(text)]);
        let call = format!("GET http://{}/ HTTP/1.1\r\nhost: a\r\n\r\n", broken.address);
        assert_eq!(ask(proxy(&app), call).status, status, "{text}");
    }
    let tls = "GET https://a.test/ HTTP/1.1\r\nhost: a.test\r\n\r\n";
    let answer = ask(proxy(&app), tls);
    assert_eq!(
        (answer.status, answer.field("x-portcullis")),
        (400, Some("MALFORMED_REQUEST"))
    );
    let body = "CONNECT a.test:443 HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx";
    assert_eq!(ask(proxy(&app), body).status, 400);
}

/// The data port opens no tunnels.
#[test]
fn the_port_for_clients_is_not_a_forward_proxy() {
    let app = App::start(site("\"*\"", LOCAL));
    let answer = app.ask("CONNECT 127.0.0.1:443 HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(answer.status, 501);
}

#[test]
fn what_happened_is_logged_and_a_drain_ends_tunnels() {
    let settings = format!("default = \"report\"\n{LOCAL}\n[limits]\ndrain_timeout = \"1s\"");
    let mut process = Process::start(site("\"a.test\"", &settings));
    let own = process.egress();
    let (address, echoed) = echo();
    let mut tunnel = TcpStream::connect(own).unwrap();
    tunnel.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(tunnel, "CONNECT {address} HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    expect_open(&mut tunnel);
    tunnel.write_all(b"four").unwrap();
    tunnel.read_exact(&mut [0; 4]).unwrap();
    let upstream = Upstream::ok();
    let call = format!(
        "GET http://{}/orders/12345?q=secret HTTP/1.1\r\nhost: a\r\n\r\n",
        upstream.address
    );
    assert_eq!(ask(own, call).status, 200);
    let line = process.await_line(&format!("destination={}", upstream.address));
    for part in [
        "exchange: GET ",
        " 200 answered ",
        "service=orders",
        "squad=payments",
        "verdict=undeclared",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(
        !line.contains("12345") && !line.contains("secret"),
        "{line}"
    );
    process.signal("TERM");
    let draining = process.await_line("requests_left=0");
    assert!(draining.contains("calls_left=1"), "{draining}");
    // The tunnel is cut at the deadline.
    let mut rest = Vec::new();
    let _ = tunnel.read_to_end(&mut rest);
    assert_eq!(echoed.join().unwrap(), b"four");
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    let ended = log
        .lines()
        .find(|line| line.contains(&format!("destination={address}")));
    let ended = ended.unwrap_or_else(|| panic!("{log}"));
    for part in [
        "CONNECT",
        "drained",
        "client_bytes=4 upstream_bytes=4",
        "verdict=undeclared",
    ] {
        assert!(ended.contains(part), "{part}: {ended}");
    }
}

/// An undeclared call passes at first, and the catalog that enforces it applies without a restart.
#[test]
fn a_reload_applies_to_the_next_call() {
    let upstream = Upstream::ok();
    let site = site("\"a.test\"", &format!("default = \"enforce\"\n{LOCAL}"));
    let catalog_path = site.path("squads.toml");
    let process = Process::start(site);
    let own = process.egress();
    let call = format!(
        "GET http://{}/ HTTP/1.1\r\nhost: a\r\n\r\n",
        upstream.address
    );
    assert_eq!(ask(own, &call).status, 403);
    std::fs::write(&catalog_path, super::catalog("\"127.0.0.1\"")).unwrap();
    process.signal("HUP");
    until(|| {
        std::thread::sleep(Duration::from_millis(20));
        ask(own, &call).status == 200
    });
}
