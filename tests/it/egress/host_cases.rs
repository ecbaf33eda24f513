//! Hosts that lead inside, in every spelling: each is refused for the right reason, and none is dialled.

use super::{proxy, site};
use crate::support::app::{App, ask, problem};

/// What a call to a host is answered with.
#[derive(Debug)]
pub(super) enum Expected {
    /// 403, because of an address of this class.
    Denied(&'static str),
    /// 400, because programs read the host differently.
    Unclear,
    /// 400, because it is not HTTP.
    Malformed,
}

use Expected::{Denied, Malformed, Unclear};

pub(super) const HOSTS: [(&str, Expected); 46] = [
    ("127.0.0.1", Denied("loopback")),
    ("127.255.255.254", Denied("loopback")),
    ("localhost", Denied("loopback")),
    ("LocalHost.", Denied("loopback")),
    ("[::1]", Denied("loopback")),
    ("[0:0:0:0:0:0:0:1]", Denied("loopback")),
    ("[::ffff:127.0.0.1]", Denied("loopback")),
    ("[::ffff:7f00:1]", Denied("loopback")),
    ("[::127.0.0.1]", Denied("loopback")),
    ("[64:ff9b::127.0.0.1]", Denied("loopback")),
    ("[64:ff9b:1::7f00:1]", Denied("loopback")),
    ("[2002:7f00:1::1]", Denied("loopback")),
    ("[2001:0:1::80ff:fffe]", Denied("loopback")),
    ("0.0.0.0", Denied("unspecified")),
    ("0.1.2.3", Denied("unspecified")),
    ("[::]", Denied("unspecified")),
    ("169.254.169.254", Denied("metadata")),
    ("[::ffff:169.254.169.254]", Denied("metadata")),
    ("[64:ff9b::a9fe:a9fe]", Denied("metadata")),
    ("[fd00:ec2::254]", Denied("metadata")),
    ("100.100.100.200", Denied("metadata")),
    ("169.254.1.1", Denied("link-local")),
    ("[fe80::1]", Denied("link-local")),
    ("10.0.0.1", Denied("private-network")),
    ("172.31.255.255", Denied("private-network")),
    ("192.168.0.1", Denied("private-network")),
    ("100.64.0.1", Denied("carrier-nat")),
    ("[fc00::1]", Denied("unique-local")),
    ("224.0.0.1", Denied("multicast")),
    ("255.255.255.255", Denied("multicast")),
    ("240.0.0.1", Denied("reserved")),
    ("198.18.0.1", Denied("reserved")),
    ("[2001:db8::1]", Denied("reserved")),
    ("[64:ff9b::8.8.8.8]", Denied("nat64")),
    ("127.1", Unclear),
    ("2130706433", Unclear),
    ("017700000001", Unclear),
    ("0x7f000001", Unclear),
    ("0177.0.0.1", Unclear),
    ("0x7f.0.0.1", Unclear),
    ("127.0.0.1.", Unclear),
    ("%31%32%37.0.0.1", Unclear),
    ("xn--a", Unclear),
    ("a..internal", Unclear),
    ("[fe80::1%25eth0]", Malformed),
    ("[127.0.0.1]", Malformed),
];

#[track_caller]
fn check(app: &App, request: &str, expected: &Expected) {
    let answer = ask(proxy(app), request);
    let problem = problem(&answer);
    let found = (answer.status, problem["error"].as_str().unwrap());
    let class = problem["dependency"]["class"].as_str();
    match expected {
        Denied(name) => assert_eq!(
            (found, class),
            ((403, "DENIED_ADDRESS"), Some(*name)),
            "{request}"
        ),
        // The HTTP library may refuse it first.
        Unclear if request.contains('%') && found.1 == "MALFORMED_REQUEST" => {
            assert_eq!(answer.status, 400);
        }
        Unclear => assert_eq!(found, (400, "INVALID_DESTINATION"), "{request}"),
        Malformed => assert_eq!(found, (400, "MALFORMED_REQUEST"), "{request}"),
    }
}

#[test]
fn every_spelling_of_an_inner_host_is_refused() {
    let app = App::start(site("\"*\"", "default = \"enforce\""));
    for (host, expected) in &HOSTS {
        let tunnel = format!("CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n");
        check(&app, &tunnel, expected);
        let absolute = format!("GET http://{host}/a HTTP/1.1\r\nhost: public.test\r\n\r\n");
        check(&app, &absolute, expected);
        let port = format!("GET http://{host}:8080 HTTP/1.1\r\nhost: {host}\r\n\r\n");
        check(&app, &port, expected);
    }
}

/// What comes before the last `@` is not the host, and the target wins over `Host`.
#[test]
fn the_host_of_the_target_counts() {
    let app = App::start(site("\"*\"", ""));
    for (target, class) in [
        ("http://public.test@127.0.0.1/", "loopback"),
        ("http://public.test:80@10.0.0.1:80/", "private-network"),
        ("http://10.0.0.1@169.254.169.254", "metadata"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: public.test\r\n\r\n");
        check(&app, &request, &Denied(class));
    }
    for target in [
        "public.test@127.0.0.1:443",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0x50",
        "http://127.0.0.1:80",
        "/",
    ] {
        let request = format!("CONNECT {target} HTTP/1.1\r\nhost: 127.0.0.1:443\r\n\r\n");
        check(&app, &request, &Malformed);
        let answer = problem(&ask(proxy(&app), request));
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains("CONNECT host:port"), "{target}: {detail}");
    }
    let request = "CONNECT 127.0.0.1:0 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    check(&app, request, &Unclear);
}

/// Undeclared names are refused before they are resolved.
#[test]
fn names_that_look_like_declared_ones_are_refused() {
    let hosts =
        "\"*.internal\", \"api.example.com:8443\", \"bücher.example\", 'regex:^pay-[0-9]+\\.svc$'";
    let app = App::start(site(hosts, "default = \"enforce\""));
    for authority in [
        "internal:443",
        "xinternal:443",
        "a.internal.evil.example:443",
        "a.internal.evil.example.:443",
        "a-internal:443",
        "api.example.com:443",
        "xapi.example.com:8443",
        "api.example.com.evil.example:8443",
        "bucher.example:443",
        "xn--bcher-kva.example.evil.example:443",
        "pay-x.svc:443",
        "pay-1.svc.evil.example:443",
        "x.pay-1.svc:443",
        "192.0.2.7:443",
    ] {
        let request = format!("CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n\r\n");
        let answer = ask(proxy(&app), request);
        let problem = problem(&answer);
        assert_eq!(answer.status, 403, "{authority}");
        assert_eq!(problem["error"], "UNDECLARED_DEPENDENCY", "{authority}");
        let host = authority.rsplit_once(':').unwrap().0.trim_end_matches('.');
        let dependency = &problem["dependency"];
        assert_eq!(dependency["host"], host);
        assert_eq!(dependency["table"], "[services.orders.dependencies]");
        assert_eq!(dependency["add"], format!("allowed_hosts = [\"{host}\"]"));
        assert_eq!(problem["service"], "orders");
    }
}
