//! Invalid input at startup: the process exits with code 2 and reports where the problem is and how
//! to fix it.

use std::net::TcpListener;
use std::path::Path;

use crate::support::app::{SHOP, Site, fail_to_start};

const MOCK: &str = "mock";

fn site(top: &str, keys: &str) -> Site {
    Site::new(top).service("shop", SHOP, MOCK, keys)
}

/// Checks that a site is refused with each of these messages. `@` stands for the configuration's
/// path.
#[track_caller]
fn check(site: &Site, expected: &[&str]) {
    let path = site.write();
    let (code, text) = fail_to_start(&path);
    assert_eq!(code, Some(2), "{text}");
    for expected in expected {
        let expected = expected.replace('@', &path.display().to_string());
        assert!(text.contains(&expected), "{expected:?} is not in:\n{text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

/// The line of the configuration that contains a text, counted from 1.
fn line(site: &Site, text: &str) -> usize {
    let config = std::fs::read_to_string(site.write()).unwrap();
    1 + config.lines().position(|line| line.contains(text)).unwrap()
}

#[test]
fn explains_an_invalid_configuration() {
    let check_line = |top: &str, keys: &str, at: &str, expected: &[&str]| {
        let site = site(top, keys);
        let location = format!("@:{}", line(&site, at));
        check(&site, &[&[location.as_str()], expected].concat());
    };
    check_line(
        "[limits]\nbody_byte_max = 1",
        "",
        "body_byte_max",
        &["body_bytes_max"],
    );
    check_line("[limts]\na = 1", "", "[limts]", &["limits"]);
    check_line(
        "[limits]\njson_depth_max = 9999",
        "",
        "json_depth_max",
        &["512"],
    );
    check_line(
        "[limits]\ndrain_timeout = \"soon\"",
        "",
        "drain_timeout",
        &["\"soon\""],
    );
    check_line("", "hosts = [\"*.*\"]", "hosts", &["hosts"]);
    check_line("", "path_prefix = \"orders\"", "path_prefix", &["/orders"]);
    check_line(
        "",
        "preflight = \"maybe\"",
        "preflight",
        &["pass", "reject"],
    );
    check_line("", "[services.enforcement]\nsample = 1.5", "sample", &["1"]);
    let class = "[services.enforcement.classes]\nunknown-pat = \"off\"";
    check_line("", class, "unknown-pat", &["unknown-path"]);
    check_line("[log]\nlevel = \"loud\"", "", "loud", &["debug"]);
    check_line("[log\n", "", "[log", &["TOML"]);
    let catalog = site("[catalog]\npath = \"none.toml\"", "");
    check(&catalog, &["none.toml: cannot be read", "catalog.path"]);
    // All problems at once.
    let top = "[limits]\nbody_byte_max = 1\njson_depth_max = 0\n[log]\nlevel = \"loud\"";
    check(
        &site(top, "unknown = 1"),
        &["body_bytes_max", "json_depth_max", "loud", "unknown"],
    );
    check(&Site::new(""), &["at least one service"]);
    let twice = site("", "").service("shop", SHOP, MOCK, "");
    check(&twice, &["shop"]);
    let same = site("", "").service("shop2", SHOP, MOCK, "");
    check(&same, &["shop2"]);
}

#[test]
fn explains_a_missing_configuration() {
    let (code, text) = fail_to_start(Path::new("/nonexistent/config.toml"));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("/nonexistent/config.toml"), "{text}");
}

#[test]
fn explains_an_address_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let listen = format!("[listen]\naddress = \"{address}\"");
    check(&site(&listen, ""), &[&address.to_string(), "in use"]);
    let admin = format!("[admin]\naddress = \"{address}\"");
    check(
        &site(&admin, ""),
        &[&address.to_string(), "in use", "admin.address"],
    );
    let foreign = "[listen]\naddress = \"192.0.2.1:80\"";
    check(&site(foreign, ""), &["192.0.2.1:80", "no such address"]);
    let both = "[listen]\naddress = \"127.0.0.1:7\"\n[admin]\naddress = \"127.0.0.1:7\"";
    check(
        &site(both, ""),
        &["@:4: listen.address: is the admin address too"],
    );
}

#[test]
fn explains_unusable_keys() {
    let top =
        |jwks: &str| format!("[identity]\nsource = \"jwt\"\n[identity.jwt]\njwks = \"{jwks}\"");
    let missing = site(&top("none.json"), "");
    check(
        &missing,
        &["identity.jwt.jwks: ", "none.json", "check the path"],
    );
    let page = site(&top("keys.json"), "").file("keys.json", "<html>");
    check(&page, &["keys.json: not a JWKS (line 1, column 1)"]);
    let secret = "{\"keys\": [{\"kty\": \"oct\", \"k\": \"c2VjcmV0\"}]}";
    let secret = site(&top("keys.json"), "").file("keys.json", secret);
    check(
        &secret,
        &[
            "keys.json: none of its 1 keys can verify a token",
            "symmetric",
        ],
    );
    let port = site(&top("http://127.0.0.1:99999/"), "");
    check(&port, &["identity.jwt.jwks: ", "port"]);
}

#[test]
fn explains_an_invalid_upstream_address() {
    let check = |upstream: &str, expected: &str| {
        let site = Site::new("").service("shop", SHOP, upstream, "");
        let location = format!("@:{}", line(&site, "upstream"));
        check(&site, &[&location, expected]);
    };
    check("https://a:1/path", "https://a:1");
    check("127.0.0.1:80", "http://");
    check("http://a:99999", "upstream");
    check("http://a/path", "upstream");
    check("mok", "mock");
}

/// Checks that a contract is refused at one of its lines.
#[track_caller]
fn check_contract(contract: &str, at: &str, expected: &str) {
    let site = Site::new("").service("shop", contract, MOCK, "");
    let line = 1 + contract.lines().position(|line| line.contains(at)).unwrap();
    check(&site, &["`shop`", &format!("shop.yaml:{line}"), expected]);
}

#[test]
fn explains_an_invalid_contract() {
    let edited = |from: &str, to: &str| {
        assert!(SHOP.contains(from), "{from}");
        SHOP.replacen(from, to, 1)
    };
    let reference = edited("'#/components/schemas/Item'", "'#/components/schemas/Itm'");
    check_contract(&reference, "schemas/Itm", "Itm");
    let block = edited(
        "schema: { $ref: '#/components/schemas/Item' }",
        "schema:\n              $ref: '#/components/schemas/Itm'",
    );
    check_contract(&block, "$ref: '#/components/schemas/Itm'", "Itm");
    let pattern = edited("'^[a-z]+$'", "'^[a-z+$'");
    check_contract(&pattern, "'^[a-z+$'", "pattern");
    let kind = edited("type: integer # quantity-type", "type: integr");
    check_contract(&kind, "integr", "type");
    let path = edited("  /items/{id}:", "  /items/{id:");
    check_contract(&path, "/items/{id:", "/items/{id");
    let version = edited("openapi: 3.1.0", "openapi: 2.0");
    check_contract(&version, "openapi: 2.0", "3.1");
    let broken = edited("  title: Shop", "  title: 'Shop");
    let site = Site::new("").service("shop", &broken, MOCK, "");
    check(&site, &["`shop`", "shop.yaml"]);
    let site = Site::new("").service("shop", "", MOCK, "");
    check(&site, &["`shop`", "shop.yaml"]);
    let site = Site::new("").service("shop", "{\"openapi\": \"3.1.0\", ", MOCK, "");
    check(&site, &["`shop`", "shop.yaml"]);
}

#[test]
fn explains_a_missing_contract() {
    let site = Site::new("").service("shop", SHOP, MOCK, "");
    let config = site.write();
    std::fs::remove_file(config.with_file_name("shop.yaml")).unwrap();
    check(&site, &["shop.yaml"]);
    let missing = SHOP.replacen("'#/components/schemas/Item'", "'item.yaml'", 1);
    check_contract(&missing, "item.yaml", "item.yaml");
}
