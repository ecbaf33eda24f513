//! Keys of tokens, from where the configuration says: a start with them, and one without.

use std::net::TcpListener;

use super::app::{Process, SHOP, Site};

/// A site that reads tokens, signed by the keys at this place.
fn site(jwks: &str) -> Site {
    let top = format!("[identity]\nsource = \"jwt\"\n[identity.jwt]\njwks = \"{jwks}\"");
    Site::new(&top).service("shop", SHOP, "mock", "")
}

/// What the program logs from a start to its orderly end.
fn log_of(site: Site) -> String {
    let process = Process::start(site);
    process.signal("TERM");
    let (status, log) = process.wait();
    assert!(status.success(), "{log}");
    log
}

#[test]
fn a_start_says_which_keys_are_in_force() {
    let keys = include_str!("../../src/identity/fixtures/keys.json");
    let mixed = keys.replacen("\"use\": \"sig\"", "\"use\": \"enc\"", 1);
    let log = log_of(site("keys.json").file("keys.json", &mixed));
    assert!(log.contains("keys in force"), "{log}");
    assert!(log.contains("a key is ignored: its `use`"), "{log}");
}

#[test]
fn a_start_does_not_fail_with_its_issuer() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let log = log_of(site(&format!("http://{address}/keys?secret")));
    let place = format!("identity.jwt.jwks: http://{address}/keys: ");
    assert!(log.contains(&place) && !log.contains("secret"), "{log}");
    assert!(
        log.contains("tokens are refused until there are keys"),
        "{log}"
    );
}
