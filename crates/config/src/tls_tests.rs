//! The keys of TLS: their values, and the exact messages about invalid ones.

use std::fs;
use std::time::Duration;

use portcullis_vocabulary::{AlpnProtocol, ClientAuth, TlsVersion};

use super::*;

/// A valid service, on lines 1 to 4 of the files below.
const SERVICE: &str =
    "[[services]]\nname = \"orders\"\ncontract = \"openapi.yaml\"\nupstream = \"mock\"\n";

const CATALOG: &str = "[squads.payments]\nservices = [\"orders\"]\n";

const PORT: &str = "[listen.tls]\ncertificates = [{ cert = \"a.pem\", key = \"/b/a.key\" }]\n";

/// Loads a file from a new directory, whose path is removed from messages.
fn load_text(text: &str) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    fs::write(&path, text).unwrap();
    fs::write(directory.path().join("squads.toml"), CATALOG).unwrap();
    let prefix = format!("{}/", directory.path().display());
    let loaded = load(Some(&path), [], &FlagOverrides::default());
    loaded.map_err(|errors| errors.to_string().replace(&prefix, ""))
}

/// Checks the message about these lines after a valid service.
#[track_caller]
fn refuses(lines: &str, message: &str) {
    let text = format!("{SERVICE}{lines}");
    assert_eq!(
        load_text(&text).unwrap_err(),
        format!("config.toml:{message}")
    );
}

#[test]
fn reads_the_keys_of_a_port() {
    let text = format!(
        "{SERVICE}{PORT}min_version = \"1.3\"\nhandshake_timeout = \"2s\"\n\
         client_auth = \"optional\"\nclient_ca = \"ca.pem\"\nclient_crl = \"ca.crl\"\n"
    );
    let config = load_text(&text).unwrap();
    let tls = config.listen_tls;
    assert!(tls.is_enabled() && !config.admin_tls.is_enabled());
    let [pair] = &tls.certificates[..] else {
        unreachable!("{tls:?}")
    };
    assert!(pair.cert.is_absolute() && pair.cert.ends_with("a.pem"));
    assert_eq!(pair.key.to_str(), Some("/b/a.key"));
    assert_eq!(tls.min_version, TlsVersion::V13);
    assert_eq!(tls.handshake_timeout, Duration::from_secs(2));
    assert_eq!(tls.client_auth, ClientAuth::Optional);
    assert!(tls.client_ca.unwrap().ends_with("ca.pem"));
    assert!(tls.client_crl.unwrap().ends_with("ca.crl"));
}

#[test]
#[rustfmt::skip]
fn reports_invalid_ports() {
    refuses("[listen.tls]\nmin_version = \"1.3\"", "5: listen.tls.certificates: is missing, so the other keys of this section would have no effect");
    refuses("[admin.tls]\ncertificates = []", "6: admin.tls.certificates: expected 1 to 1000 certificates, found 0");
    refuses("[listen.tls]\ncertificates = [{ cert = \"a.pem\" }]", "6: listen.tls.certificates.0.key: is missing; it has no default");
    let check = |line: &str, message: &str| refuses(&format!("{PORT}{line}"), &format!("7: listen.tls.{message}"));
    check("min_version = \"1.1\"", "min_version: expected \"1.2\" or \"1.3\", found \"1.1\"; try \"1.2\"");
    check("handshake_timeout = \"2m\"", "handshake_timeout: expected a duration from 1ms to 1m, found \"2m\"");
    let alpn = "alpn: expected a list of \"h2\" and \"http/1.1\", each at most once";
    for list in ["[\"h3\"]", "[\"h2\", \"h2\"]", "[]"] {
        check(&format!("alpn = {list}"), &format!("{alpn}, found a list"));
    }
    refuses(&format!("{PORT}client_auth = \"required\""), "5: listen.tls.client_ca: is missing: client certificates are verified with its authorities");
    refuses(&format!("{PORT}client_ca = \"ca.pem\""), "5: listen.tls.client_ca: has no effect while client_auth is \"off\"; try \"optional\" or \"required\" there");
}

#[test]
fn http2_is_offered_unless_it_is_off() {
    let alpn = |lines: &str| {
        load_text(&format!("{SERVICE}{PORT}{lines}"))
            .unwrap()
            .listen_tls
            .alpn
    };
    let (h2, h1) = (AlpnProtocol::Http2, AlpnProtocol::Http11);
    assert_eq!(alpn(""), [h2, h1]);
    assert_eq!(alpn("alpn = [\"http/1.1\", \"h2\"]"), [h1, h2]);
    assert_eq!(alpn("[listen.http2]\nenabled = \"off\""), [h1]);
    let admin = load_text(&format!("{SERVICE}{PORT}")).unwrap().admin_tls;
    assert_eq!(admin.alpn, [h1]);
}

#[test]
#[rustfmt::skip]
fn reports_invalid_http2() {
    let check = |lines: &str, message: &str| refuses(&format!("[listen.http2]\n{lines}"), &format!("6: listen.http2.{message}"));
    check("enabled = \"on\"", "enabled: expected \"auto\" or \"off\", found \"on\"");
    check("streams_max = 0", "streams_max: expected a whole number from 1 to 10000, found 0");
    refuses("[listen.http2]\nstream_window = \"2MiB\"", "5: listen.http2.connection_window: is smaller than stream_window, so one request body could stop all others");
    refuses(&format!("{PORT}alpn = [\"h2\"]\n[listen.http2]\nenabled = \"off\""), "5: listen.tls.alpn: leaves no protocol, because HTTP/2 is off; add \"http/1.1\"");
}

#[test]
fn reads_the_keys_of_an_upstream() {
    let service = SERVICE.replace("mock", "https://orders.test");
    let text = format!(
        "{service}[services.upstream_tls]\nca = \"ca.pem\"\nclient_cert = \"c.pem\"\n\
         client_key = \"c.key\"\nserver_name = \"10.0.0.1\"\nspiffe = \"spiffe://a/b\"\n"
    );
    let config = load_text(&text).unwrap();
    let service = &config.services[0];
    assert_eq!(service.upstream.to_string(), "https://orders.test:443");
    let tls = &service.upstream_tls;
    assert!(tls.ca.as_ref().unwrap().ends_with("ca.pem"));
    assert!(tls.client.as_ref().unwrap().key.ends_with("c.key"));
    assert_eq!(tls.server_name.as_deref(), Some("10.0.0.1"));
    assert_eq!(tls.spiffe.as_ref().unwrap().as_str(), "spiffe://a/b");
}

#[test]
#[rustfmt::skip]
fn reports_invalid_upstreams() {
    refuses("[services.upstream_tls]\nca = \"ca.pem\"", "5: services.orders.upstream_tls: has no effect, because the upstream is not https; try \"https://host:port\" as upstream");
    let check = |lines: &str, message: &str| {
        let text = SERVICE.replace("mock", "https://a") + "[services.upstream_tls]\n" + lines;
        assert_eq!(load_text(&text).unwrap_err(), format!("config.toml:{message}"));
    };
    check("client_cert = \"a.pem\"", "5: services.orders.upstream_tls.client_key: is missing: client_cert needs its key");
    check("client_key = \"a.key\"", "5: services.orders.upstream_tls.client_cert: is missing: client_key is for it");
    check("server_name = \"a:1\"", "6: services.orders.upstream_tls.server_name: expected a host name or an IP address without a port, found \"a:1\"");
    check("spiffe = \"https://a/b\"", "6: services.orders.upstream_tls.spiffe: expected spiffe://<trust domain>/<path>, such as spiffe://example.org/ns/payments/sa/api, found \"https://a/b\"");
}

#[test]
#[rustfmt::skip]
fn identity_by_certificate_needs_certificates() {
    refuses("[identity]\nsource = \"certificate\"", "6: identity.source: needs client certificates; set client_auth = \"required\" or \"optional\" in [listen.tls]");
    refuses("[identity.certificate]\ntrust_domains = [\"A\"]", "6: identity.certificate.trust_domains: expected a trust domain of 1 to 255 characters of a-z, 0-9, '.', '_' and '-', found \"A\"");
    let squads = "[catalog]\npath = \"squads.toml\"\n[identity.certificate.squads]\n";
    refuses(&format!("{squads}\"spiffe://a/b\" = \"nobody\""), "8: identity.certificate.squads.spiffe://a/b: expected a squad of the catalog, found \"nobody\"");
    refuses(&format!("{squads}\"a\" = \"payments\""), "8: identity.certificate.squads.a: expected spiffe://<trust domain>/<path>, such as spiffe://example.org/ns/payments/sa/api");
    let text = format!("{SERVICE}{squads}\"spiffe://a/b\" = \"payments\"\n[identity]\nsource = \"xfcc\"");
    let identity = load_text(&text).unwrap().identity;
    assert_eq!(identity.source, IdentitySource::ForwardedCertificate);
    assert_eq!(identity.certificate.squads.len(), 1);
}
