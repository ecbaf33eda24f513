//! Tests of the header rules, one line for each rule.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};

use portcullis_vocabulary::TrustedPeers;
use portcullis_vocabulary::limits::HEADER_COUNT_MAX;

use super::*;

/// A header map of `name: value` lines.
fn map(lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(
            HeaderName::try_from(name).unwrap(),
            HeaderValue::try_from(value).unwrap(),
        );
    }
    headers
}

fn lines(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

fn peer(address: &str, trusted: &str) -> Peer {
    let trusted = TrustedPeers::new(vec![trusted.parse().unwrap()]);
    let address = PeerAddress::Ip(address.parse().unwrap());
    Peer::new(address, address.is_among(&trusted))
}

#[track_caller]
fn check_hop(before: &[&str], after: &[&str]) {
    let mut headers = map(before);
    remove_hop_by_hop(&mut headers);
    assert_eq!(lines(&headers), after);
}

#[test]
fn removes_hop_by_hop_fields() {
    check_hop(&["x: 1"], &["x: 1"]);
    check_hop(&["connection: close", "x: 1"], &["x: 1"]);
    check_hop(
        &[
            "connection: X, y",
            "connection: z,, ",
            "x: 1",
            "y: 2",
            "z: 3",
            "w: 4",
        ],
        &["w: 4"],
    );
    check_hop(
        &[
            "keep-alive: 1",
            "proxy-connection: x",
            "upgrade: h2c",
            "transfer-encoding: chunked",
        ],
        &[],
    );
    check_hop(
        &["connection: Keep-Alive", "keep-alive: 1", "x: 1"],
        &["x: 1"],
    );
    check_hop(
        &["connection: keep-alive", "connection: close, x", "x: 1"],
        &[],
    );
    check_hop(&["te: gzip, Trailers"], &["te: trailers"]);
    check_hop(&["te: gzip"], &[]);
    check_hop(&["connection: te", "te: trailers"], &["te: trailers"]);
    check_hop(
        &["connection: host, content-length", "host: a"],
        &["host: a"],
    );
    check_hop(
        &["connection: x-squad-owner", "x-squad-owner: a"],
        &["x-squad-owner: a"],
    );
    check_hop(
        &["connection: (, x-forwarded-for", "x-forwarded-for: a"],
        &["x-forwarded-for: a"],
    );
    check_hop(
        &["connection: authorization", "authorization: a"],
        &["authorization: a"],
    );
}

#[test]
fn rewrites_absolute_targets() {
    let check = |target: &str, path: &str, host: &str| {
        let request = Request::builder()
            .uri(target)
            .header("host", "a")
            .header("host", "b");
        let mut request = request.body(()).unwrap();
        normalize_request_head(&mut request, NameTraits::UNKNOWN);
        assert_eq!(request.uri().to_string(), path);
        assert_eq!(request.headers().get("host").unwrap(), host);
    };
    check("http://c:1/d?e", "/d?e", "c:1");
    check("http://u@c", "/", "c");
    check("/d?e", "/d?e", "a");
}

#[test]
fn removes_forbidden_trailers() {
    let mut trailers = map(&[
        "x: 1",
        "host: a",
        "content-length: 1",
        "set-cookie: a",
        "etag: b",
    ]);
    remove_forbidden_trailers(&mut trailers);
    assert_eq!(lines(&trailers), ["etag: b", "x: 1"]);
}

#[track_caller]
fn check_forwarding(peer: &Peer, before: &[&str], after: &[&str]) {
    let mut headers = map(before);
    let via = HeaderValue::from_static("1.1 gate");
    let added = add_forwarding(&mut headers, peer, Some(&via));
    let text = String::from_utf8(added.lines().to_vec()).unwrap();
    let mut written = map(&text.lines().collect::<Vec<_>>());
    written.extend(headers.clone());
    added.add_to(&mut headers);
    assert_eq!(lines(&headers), lines(&written));
    assert_eq!(headers.remove("via").unwrap(), via);
    assert_eq!(lines(&headers), after);
}

#[test]
fn adds_forwarding_fields() {
    let stranger = peer("192.0.2.1:5", "10.0.0.0/8");
    let claims = [
        "forwarded: for=8.8.8.8",
        "x-forwarded-for: 8.8.8.8",
        "x-forwarded-for: 9.9.9.9",
        "x-forwarded-host: evil",
        "x-forwarded-proto: https",
    ];
    let own = [
        "forwarded: for=192.0.2.1;proto=http",
        "x-forwarded-for: 192.0.2.1",
        "x-forwarded-proto: http",
    ];
    check_forwarding(&stranger, &claims, &own);
    check_forwarding(&stranger, &[], &own);

    let trusted = peer("[::ffff:10.0.0.1]:5", "10.0.0.0/8");
    let appended = [
        "forwarded: for=8.8.8.8, for=10.0.0.1;proto=http",
        "x-forwarded-for: 8.8.8.8, 9.9.9.9, 10.0.0.1",
        "x-forwarded-host: evil",
        "x-forwarded-proto: https",
    ];
    check_forwarding(&trusted, &claims, &appended);

    let six = peer("[2001:db8::1]:5", "10.0.0.0/8");
    let quoted = [
        "forwarded: for=\"[2001:db8::1]\";host=\"a:1\";proto=http",
        "host: a:1",
        "x-forwarded-for: 2001:db8::1",
        "x-forwarded-host: a:1",
        "x-forwarded-proto: http",
    ];
    check_forwarding(&six, &["host: a:1"], &quoted);
    check_forwarding(&six, &["host: a:1"], &quoted);
}

#[test]
fn keeps_or_creates_request_ids() {
    let kept = |peer: &Peer, ids: &[&str]| {
        let mut headers = map(ids);
        let id = add_request_id(&mut headers, peer);
        assert_eq!(
            headers.get_all("x-request-id").iter().collect::<Vec<_>>(),
            [&id]
        );
        id.to_str().unwrap().to_owned()
    };
    let trusted = peer("10.0.0.1:5", "10.0.0.0/8");
    let stranger = peer("192.0.2.1:5", "10.0.0.0/8");
    assert_eq!(kept(&trusted, &["x-request-id: abc"]), "abc");
    let long = format!("x-request-id: {}", "a".repeat(129));
    for (peer, ids) in [
        (&stranger, ["x-request-id: abc"].as_slice()),
        (&trusted, &[]),
        (&trusted, &["x-request-id: a b"]),
        (&trusted, &["x-request-id: a", "x-request-id: b"]),
        (&trusted, &[long.as_str()]),
    ] {
        let id = kept(peer, ids);
        let parts: Vec<_> = id.split('-').collect();
        assert_eq!(
            parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert!(
            parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']),
            "{id}"
        );
    }
}

#[test]
fn removes_names_that_fold_to_protected_ones() {
    let check = |name: &str, is_removed: bool| {
        let line = format!("{name}: 1");
        let mut request = Request::new(());
        *request.headers_mut() = map(&[&line]);
        assert_eq!(
            normalize_request_head(&mut request, NameTraits::UNKNOWN),
            u32::from(is_removed),
            "{name}"
        );
        assert_eq!(request.headers().is_empty(), is_removed, "{name}");
    };
    for name in [
        "x_squad_owner",
        "x-squad_owner",
        "x.sla.tier",
        "x_service_version",
        "x_forwarded_ssl",
        "x_real_ip",
        "x_request_id",
        "content_length",
        "content~type",
        "transfer_encoding",
        "set_cookie",
        "proxy_authorization",
    ] {
        check(name, true);
    }
    for name in [
        "x_tenant",
        "api_key",
        "content_hash",
        "x-squad-owner",
        "x_squadowner",
    ] {
        check(name, false);
    }
}

#[test]
fn counts_hops() {
    let count = |method: Method, value: &str| {
        let mut headers = map(&[&format!("max-forwards: {value}")]);
        (count_hop(&method, &mut headers), lines(&headers).concat())
    };
    let forward = |value: &str| (MaxForwards::Forward, format!("max-forwards: {value}"));
    assert_eq!(count(Method::OPTIONS, "2"), forward("1"));
    assert_eq!(count(Method::TRACE, "0").0, MaxForwards::AnswerHere);
    assert_eq!(count(Method::GET, "0"), forward("0"));
    assert_eq!(count(Method::OPTIONS, "x"), forward("x"));
    assert_eq!(count(Method::OPTIONS, "+1"), forward("+1"));
    assert_eq!(count(Method::OPTIONS, ""), forward(""));
    let longest = "9".repeat(50);
    assert_eq!(count(Method::OPTIONS, &longest), forward("4294967294"));
}

#[test]
fn only_portcullis_speaks_in_its_fields() {
    let mut headers = HeaderMap::new();
    for name in ["x-portcullis", "x-portcullis-violations", "x-port", "etag"] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static("1"));
        headers.append(HeaderName::from_static(name), HeaderValue::from_static("2"));
    }
    remove_own_fields(&mut headers);
    let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    left.sort_unstable();
    assert_eq!(left, ["etag", "x-port"]);
}

/// As many names as asked for, with one hash before a map counters such names.
fn colliding_names(count: usize) -> Vec<HeaderName> {
    // FNV-1a of a name that is not a standard one; a map uses the lowest 15 bits.
    let hash = |name: &str| {
        let kind = 1_u64.to_le_bytes();
        let bytes = kind.iter().chain(name.as_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        }) & 0x7fff
    };
    // A last character that is equal to the hash so far makes it 0.
    let ends = |start: String| {
        let last = u8::try_from(hash(&start)).ok()?;
        last.is_ascii_lowercase()
            .then(|| format!("{start}{}", char::from(last)))
    };
    (0..u32::MAX)
        .filter_map(|number| ends(format!("x{number:x}")))
        .take(count)
        .map(|name| HeaderName::try_from(name).unwrap())
        .collect()
}

/// Whether a map has room for so many fields, the last of which have names that collide.
fn has_room_for(count: usize) -> bool {
    let colliding = colliding_names(600);
    let others = (colliding.len()..count).map(|number| format!("y{number}"));
    let others = others.map(|name| HeaderName::try_from(name).unwrap());
    let mut headers = HeaderMap::new();
    others.chain(colliding).all(|name| {
        headers
            .try_append(name, HeaderValue::from_static("1"))
            .is_ok()
    })
}

/// The proxy adds fields without a look at the room for them.
#[test]
fn a_map_has_room_for_all_fields_that_can_be_configured() {
    assert!(has_room_for(HEADER_COUNT_MAX + 200));
    assert!(!has_room_for(8_500), "such names are no longer a danger");
}
