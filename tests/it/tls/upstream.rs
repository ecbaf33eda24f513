//! Upstreams with TLS: who they must be, and what they get to see.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::Value;

use crate::support::app::{App, Process, SHOP, Site, admin, ask, get, problem};
use crate::support::certificates::{TestAuthority, TestExpiry};
use crate::support::client::Answer;
use crate::support::tls_client::TlsUpstream;
use crate::support::upstream::Upstream;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// The shop in front of an upstream with TLS, with these keys for it.
fn shop(address: SocketAddr, keys: &str, authority: &TestAuthority) -> Site {
    let keys = format!("[services.upstream_tls]\n{keys}");
    let upstream = format!("https://localhost:{}", address.port());
    Site::new("[limits]\nupstream_connect_timeout = \"1s\"")
        .service("shop", SHOP, &upstream, &keys)
        .file("ca.pem", &authority.pem)
}

fn refused(answer: &Answer) -> Value {
    assert_eq!(answer.status, 502);
    let problem = problem(answer);
    assert_eq!(problem["error"], "UPSTREAM_UNAVAILABLE");
    problem
}

#[track_caller]
fn check_refused(app: &App, text: &str, reason: &str) {
    let problem = refused(&app.ask(get("/items")));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(text), "{detail}");
    let metrics = admin(app.admin, "/metrics").1;
    let counted =
        format!("portcullis_upstream_errors_total{{service=\"shop\",reason=\"{reason}\"}} 1");
    assert!(metrics.contains(&counted), "{reason}: {metrics}");
}

#[test]
fn an_upstream_is_verified_by_its_name() {
    let authority = TestAuthority::new();
    let upstream = TlsUpstream::start(&authority.sign(&["localhost"]), None, OK, true);
    let app = App::start(shop(upstream.address, "ca = \"ca.pem\"", &authority));
    for _ in 0..3 {
        let answer = app.ask(get("/items"));
        assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
        assert!(upstream.heads.recv().unwrap().contains("host: shop\r\n"));
    }
    let other = TlsUpstream::start(&authority.sign(&["other.test"]), None, OK, true);
    let app = App::start(shop(other.address, "ca = \"ca.pem\"", &authority));
    check_refused(
        &app,
        "is not for localhost but for other.test",
        "tls-certificate",
    );
    let keys = "ca = \"ca.pem\"\nserver_name = \"other.test\"";
    let app = App::start(shop(other.address, keys, &authority));
    assert_eq!(app.ask(get("/items")).status, 200);
}

#[test]
fn an_expired_or_unknown_certificate_is_refused() {
    let authority = TestAuthority::new();
    let expired = authority.sign_with(&["localhost"], 1, TestExpiry::Expired);
    let upstream = TlsUpstream::start(&expired, None, OK, true);
    let app = App::start(shop(upstream.address, "ca = \"ca.pem\"", &authority));
    check_refused(&app, "has expired", "tls-certificate");
    let foreign = TestAuthority::new().sign(&["localhost"]);
    upstream.replace(&foreign);
    let app = App::start(shop(upstream.address, "ca = \"ca.pem\"", &authority));
    check_refused(&app, "not signed by a known authority", "tls-certificate");
    assert!(upstream.heads.try_recv().is_err(), "no request was sent");
}

#[test]
fn an_upstream_is_verified_by_its_spiffe_id() {
    let authority = TestAuthority::new();
    let keys = "ca = \"ca.pem\"\nspiffe = \"spiffe://prod/ns/shop/sa/api\"";
    let start = |names: &[&str]| {
        let upstream = TlsUpstream::start(&authority.sign(names), None, OK, true);
        let app = App::start(shop(upstream.address, keys, &authority));
        (app, upstream)
    };
    let (app, _upstream) = start(&["spiffe://prod/ns/shop/sa/api"]);
    assert_eq!(app.ask(get("/items")).status, 200);
    let (app, upstream) = start(&["spiffe://prod/ns/other/sa/api", "localhost"]);
    check_refused(
        &app,
        "is not for spiffe://prod/ns/shop/sa/api but for spiffe://prod/ns/other/sa/api",
        "tls-certificate",
    );
    assert!(upstream.heads.try_recv().is_err(), "no request was sent");
    let two = ["spiffe://prod/ns/shop/sa/api", "spiffe://prod/x"];
    let (app, _upstream) = start(&two);
    check_refused(
        &app,
        "spiffe://prod/ns/shop/sa/api and spiffe://prod/x",
        "tls-certificate",
    );
    let (app, _upstream) = start(&["localhost"]);
    check_refused(&app, "but for no URI name", "tls-certificate");
}

#[test]
fn a_client_certificate_is_shown_where_it_is_configured() {
    let authority = TestAuthority::new();
    let certificate = authority.sign(&["localhost"]);
    let upstream = TlsUpstream::start(&certificate, Some(&authority), OK, true);
    let own = authority.sign(&["spiffe://prod/ns/edge/sa/portcullis"]);
    let keys = "ca = \"ca.pem\"\nclient_cert = \"own.pem\"\nclient_key = \"own.key\"";
    let app = App::start(shop(upstream.address, keys, &authority).certificate("own", &own));
    assert_eq!(app.ask(get("/items")).status, 200);
    let app = App::start(shop(upstream.address, "ca = \"ca.pem\"", &authority));
    check_refused(&app, "requires a client certificate", "tls-handshake");
}

#[test]
fn an_upstream_without_tls_is_not_used_without_it() {
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let app = App::start(shop(upstream.address, "ca = \"ca.pem\"", &authority));
    let problem = refused(&app.ask(get("/items")));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("TLS with upstream"), "{detail}");
    // An upstream that accepts and says nothing is too slow.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let app = App::start(shop(
        silent.local_addr().unwrap(),
        "ca = \"ca.pem\"",
        &authority,
    ));
    let answer = app.ask(get("/items"));
    assert_eq!(answer.status, 504);
    assert_eq!(
        crate::support::app::problem(&answer)["error"],
        "UPSTREAM_TIMEOUT"
    );
}

/// A body that ends with the stream is complete only if the end is announced.
#[test]
fn a_stream_that_is_cut_is_not_a_complete_body() {
    let authority = TestAuthority::new();
    let answer = "HTTP/1.1 200 OK\r\n\r\nsome";
    let ask = |notifies| {
        let certificate = authority.sign(&["localhost"]);
        let upstream = TlsUpstream::start(&certificate, None, answer, notifies);
        let app = App::start(shop(upstream.address, "ca = \"ca.pem\"", &authority));
        app.ask(get("/items"))
    };
    let whole = ask(true);
    assert!(whole.complete && whole.body == b"some", "{whole:?}");
    let cut = ask(false);
    assert!(!cut.complete && cut.body == b"some", "{cut:?}");
}

#[test]
fn the_files_of_an_upstream_are_loaded_again() {
    let (old, new) = (TestAuthority::new(), TestAuthority::new());
    let upstream = TlsUpstream::start(&new.sign(&["localhost"]), None, OK, true);
    let site = shop(upstream.address, "ca = \"ca.pem\"", &old);
    let ca = site.path("ca.pem");
    let app = App::start(site);
    refused(&app.ask(get("/items")));
    std::fs::write(ca, &new.pem).unwrap();
    let mut attempts = 0;
    while app.ask(get("/items")).status != 200 {
        attempts += 1;
        assert!(attempts < 400, "the authority is not loaded again");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_configuration_with_other_files_applies_as_a_whole() {
    let (old, new) = (TestAuthority::new(), TestAuthority::new());
    let upstream = TlsUpstream::start(&new.sign(&["localhost"]), None, OK, true);
    let site = shop(upstream.address, "ca = \"ca.pem\"", &old);
    let (config, other) = (site.write(), site.path("other.pem"));
    let process = Process::start(site);
    let reload = || {
        let request = "POST /config/reload HTTP/1.1\r\nhost: localhost\r\n\
                       content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        let answer = ask(process.admin, request);
        serde_json::from_slice::<Value>(&answer.body).unwrap()
    };
    let status = || ask(process.data, get("/items")).status;
    assert_eq!(status(), 502);
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("ca.pem", "other.pem")).unwrap();
    // A file that is missing refuses the whole configuration.
    let refused = reload();
    assert_eq!(refused["status"], 422, "{refused}");
    let problem = refused["problems"][0].as_str().unwrap();
    assert!(problem.starts_with("services.shop.upstream_tls: ") && problem.contains("other.pem"));
    assert_eq!(status(), 502);
    std::fs::write(other, &new.pem).unwrap();
    let applied = reload();
    assert_eq!(applied["result"], "applied", "{applied}");
    assert_eq!(applied["changed"], serde_json::json!(["services.shop"]));
    assert_eq!(status(), 200);
    let sections: Value = serde_json::from_str(&admin(process.admin, "/tls").1).unwrap();
    assert_eq!(sections["sections"].as_array().unwrap().len(), 1);
    // Without TLS, the section is gone.
    let plain = text
        .replace("https://", "http://")
        .replace("ca = \"ca.pem\"", "");
    std::fs::write(&config, plain).unwrap();
    assert_eq!(reload()["result"], "applied");
    let sections = admin(process.admin, "/tls").1;
    assert_eq!(sections.trim(), "{\"sections\":[]}");
}
