//! Valid configurations and their values; invalid ones and their exact messages.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use portcullis_vocabulary::{
    Consumer, Enforcement, EnforcementPolicy, Limits, Protection, TableName, Tier, UnownedPolicy,
    ViolationClass,
};

use super::*;

/// A valid service, on lines 1 to 4 of the files below.
const SERVICE: &str =
    "[[services]]\nname = \"orders\"\ncontract = \"openapi.yaml\"\nupstream = \"mock\"\n";

const CATALOG: &str =
    "[squads.payments]\ntier = \"gold\"\nservices = [\"orders\", \"ledger\"]\n[squads.checkout]\n";

/// Loads these files from a new directory, whose path is removed from messages.
fn load_with(
    files: &[(&str, &str)],
    variables: &[(&str, &str)],
    overrides: &FlagOverrides,
) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let path = directory.path().join("config.toml");
    let prefix = format!("{}/", directory.path().display());
    load(Some(&path), variables, overrides)
        .map_err(|errors| errors.to_string().replace(&prefix, ""))
}

fn load_text(text: &str) -> Result<Config, String> {
    load_with(&[("config.toml", text)], &[], &FlagOverrides::default())
}

fn load_variables(variables: &[(&str, &str)]) -> Result<Config, String> {
    load_with(
        &[("config.toml", SERVICE)],
        variables,
        &FlagOverrides::default(),
    )
}

fn load_with_catalog(config: &str, catalog: &str) -> Result<Config, String> {
    let config = format!("{config}[catalog]\npath = \"squads.toml\"\n");
    load_with(
        &[("config.toml", &config), ("squads.toml", catalog)],
        &[],
        &FlagOverrides::default(),
    )
}

/// Checks the message about these lines after a valid service.
#[track_caller]
fn refuses(lines: &str, message: &str) {
    assert_eq!(
        load_text(&format!("{SERVICE}{lines}")).unwrap_err(),
        message
    );
}

#[test]
fn absent_keys_have_defaults() {
    let config = load_text(SERVICE).unwrap();
    assert_eq!(config.listen_addresses[0].to_string(), "0.0.0.0:8080");
    assert_eq!(config.admin_address.to_string(), "127.0.0.1:9901");
    assert_eq!(config.limits, Limits::default());
    assert!(
        config
            .identity
            .trusted_peers
            .contains("127.3.2.1".parse().unwrap())
    );
    assert!(
        config
            .identity
            .trusted_peers
            .contains("::1".parse().unwrap())
    );
    assert!(
        !config
            .identity
            .trusted_peers
            .contains("10.0.0.1".parse().unwrap())
    );
    let service = &config.services[0];
    assert_eq!(
        (service.name.as_str(), &service.upstream),
        ("orders", &UpstreamTarget::Mock)
    );
    assert_eq!(service.hosts, [HostPattern::Any]);
    assert_eq!(service.path_prefix, PathPrefix::root());
    assert_eq!(service.enforcement, EnforcementPolicy::default());
    let file = service.contract.as_file().unwrap();
    assert!(file.is_absolute() && file.ends_with("openapi.yaml"));
}

#[test]
fn reads_every_key_of_a_service() {
    let config = load_text(
        r#"
        [[services]]
        name = "orders"
        squad = "payments"
        contract = "a/openapi.yaml"
        upstream = "http://Orders.internal:8081/"
        hosts = ["API.example.com", "*.eu.example.com", "::1"]
        path_prefix = "/v1/orders/"
        base_paths = ["/", "/v1"]
        ref_root = "contracts"
        preflight = "reject"
        [services.enforcement]
        request = "report"
        classes = { invalid-body = "reject", unknown-header = "report", unreadable-response = "report" }
        sample = 0.25
        unreadable = "reject"
        "#,
    );
    let service = config.unwrap().services.remove(0);
    assert_eq!(service.squad.unwrap().as_str(), "payments");
    assert_eq!(service.upstream.to_string(), "http://Orders.internal:8081");
    let hosts: Vec<_> = service.hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["api.example.com", "*.eu.example.com", "::1"]);
    assert_eq!(service.path_prefix.as_str(), "/v1/orders");
    assert_eq!(service.base_paths.unwrap(), ["/", "/v1"]);
    // Relative to the configuration, as the contract is.
    let folder = service.contract.as_file().unwrap().parent().unwrap();
    let directory = folder.parent().unwrap();
    assert_eq!(service.ref_root.unwrap(), directory.join("contracts"));
    assert_eq!(service.preflight, PreflightPolicy::Reject);
    let policy = service.enforcement;
    assert_eq!(policy.of(ViolationClass::InvalidBody), Enforcement::Reject);
    assert_eq!(
        policy.of(ViolationClass::UnknownHeader),
        Enforcement::Report
    );
    assert_eq!(policy.of(ViolationClass::MissingBody), Enforcement::Report);
    // The key is stricter than `request`, and a class stands above the key.
    let unread = ViolationClass::UNREADABLE.map(|class| policy.of(class));
    let expected = [
        Enforcement::Reject,
        Enforcement::Reject,
        Enforcement::Report,
    ];
    assert_eq!(unread, expected);
    assert!((policy.sample() - 0.25).abs() < f64::EPSILON);
}

#[test]
fn reads_the_keys_of_other_sections() {
    let config = load_text(&format!(
        r#"{SERVICE}
        [listen]
        address = "127.0.0.1:0"
        [admin]
        address = "127.0.0.1:0"
        [identity]
        trusted_peers = ["10.1.2.3/8", "192.0.2.7"]
        [runtime]
        data_cores = 3
        [limits]
        body_bytes_max = "1.5 MiB"
        header_bytes_max = 0x4000
        json_depth_max = 6_4
        request_head_timeout = "1s 500ms"
        [log]
        format = "json"
        level = "debug"
        [refusals]
        values = "never"
        report_header = false
        audience = "public"
        "#
    ));
    let config = config.unwrap();
    let networks: Vec<_> = config
        .identity
        .trusted_peers
        .networks()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(networks, ["10.0.0.0/8", "192.0.2.7/32"]);
    assert_eq!(config.runtime.data_cores, 3);
    assert_eq!(config.limits.body_bytes_max, 3 << 19);
    assert_eq!(config.limits.header_bytes_max, 16 << 10);
    assert_eq!(config.limits.json_depth_max, 64);
    assert_eq!(
        config.limits.request_head_timeout,
        Duration::from_millis(1500)
    );
    assert_eq!(
        config.log,
        LogConfig {
            format: LogFormat::Json,
            level: LogLevel::Debug
        }
    );
    assert_eq!(
        config.refusals,
        RefusalConfig {
            values: RefusalValues::Never,
            report_header: false,
            audience: RefusalAudience::Public,
        }
    );
}

#[test]
#[rustfmt::skip]
fn reports_invalid_values() {
    refuses("[limits]\nbody_bytes_max = 0", "config.toml:6: limits.body_bytes_max: expected a size from 1 B to 1 GiB, found 0");
    refuses("[limits]\nbody_bytes_max = -1", "config.toml:6: limits.body_bytes_max: expected a size from 1 B to 1 GiB, found -1");
    refuses("[limits]\nbody_bytes_max = 1.5", "config.toml:6: limits.body_bytes_max: expected a size from 1 B to 1 GiB, found 1.5");
    refuses("[limits]\nbody_bytes_max = \"1 parsec\"", "config.toml:6: limits.body_bytes_max: expected a size from 1 B to 1 GiB, found \"1 parsec\"");
    refuses("[limits]\nbody_bytes_max = \"99999999999 EiB\"", "config.toml:6: limits.body_bytes_max: expected a size from 1 B to 1 GiB, found \"99999999999 EiB\"");
    refuses("[limits]\nbody_bytes_max = 99999999999999999999", "config.toml:6: limits.body_bytes_max: expected a size from 1 B to 1 GiB, found 99999999999999999999");
    refuses("[limits]\nbody_bytes_max = [1]", "config.toml:6: limits.body_bytes_max: expected a size from 1 B to 1 GiB, found a list");
    refuses("[limits]\nheader_bytes_max = \"1KiB\"", "config.toml:6: limits.header_bytes_max: expected a size from 8 KiB to 1 MiB, found \"1KiB\"");
    refuses("[limits]\njson_depth_max = \"128\"", "config.toml:6: limits.json_depth_max: expected a whole number from 1 to 512, found \"128\"");
    refuses("[limits]\njson_depth_max = 1e2", "config.toml:6: limits.json_depth_max: expected a whole number from 1 to 512, found 1e2");
    refuses("[limits]\nidle_timeout = 30", "config.toml:6: limits.idle_timeout: expected a duration from 1ms to 1day, found 30; try \"30s\"");
    refuses("[limits]\nidle_timeout = \"0s\"", "config.toml:6: limits.idle_timeout: expected a duration from 1ms to 1day, found \"0s\"");
    refuses("[limits]\nidle_timeout = \"-5s\"", "config.toml:6: limits.idle_timeout: expected a duration from 1ms to 1day, found \"-5s\"");
    refuses("[limits]\nidle_timeout = \"9999999999999999999999y\"", "config.toml:6: limits.idle_timeout: expected a duration from 1ms to 1day, found \"9999999999999999999999y\"");
    refuses("[limits]\ndrain_delay = \"2 days\"", "config.toml:6: limits.drain_delay: expected a duration from 0s to 1day, found \"2 days\"");
    refuses("[listen]\naddress = \":8080\"", "config.toml:6: listen.address: expected an IP address with a port, found \":8080\"; try \"0.0.0.0:8080\"");
    refuses("[listen]\naddress = 8080", "config.toml:6: listen.address: expected an IP address with a port, found 8080; try \"0.0.0.0:8080\"");
    refuses("[listen]\naddress = \"localhost:8080\"", "config.toml:6: listen.address: expected an IP address with a port, found \"localhost:8080\"; try \"127.0.0.1:8080\"");
    refuses("[listen]\naddress = \"10.0.0.1\"", "config.toml:6: listen.address: expected an IP address with a port, found \"10.0.0.1\"");
    refuses("[listen]\naddress = \"0.0.0.0:9901\"", "config.toml:6: listen.address: overlaps with the admin address, 127.0.0.1:9901; try another port");
    refuses("[listen]\naddress = [\"[::1]:1\", \"127.0.0.1:1\", \"[::]:1\"]", "config.toml:6: listen.address: [::1]:1 and [::]:1 overlap, so only one of them can be bound; remove one");
    refuses("[listen]\naddress = \"127.0.0.1:9901\"", "config.toml:6: listen.address: is the admin address too; try another port");
    refuses("[identity]\ntrusted_peers = [\n\"10.0.0.0/8\",\n\"10.0.0.0/33\",\n7]", "config.toml:8: identity.trusted_peers: expected a network such as \"10.0.0.0/8\", found \"10.0.0.0/33\"\nconfig.toml:9: identity.trusted_peers: expected a network such as \"10.0.0.0/8\", found 7");
    refuses("[identity]\ntrusted_peers = \"10.0.0.0/8\"", "config.toml:6: identity.trusted_peers: expected a list, found \"10.0.0.0/8\"");
    refuses("[runtime]\ndata_cores = -1", "config.toml:6: runtime.data_cores: expected a whole number from 0 to 1024, found -1");
    refuses("[log]\nformat = \"jsn\"", "config.toml:6: log.format: expected \"text\" or \"json\", found \"jsn\"; try \"json\"");
    refuses("[log]\nlevel = 2026-01-02", "config.toml:6: log.level: expected \"error\" or \"warn\" or \"info\" or \"debug\" or \"trace\", found 2026-01-02");
    refuses("[refusals]\nreport_header = \"true\"", "config.toml:6: refusals.report_header: expected true or false, found \"true\"");
    refuses("[catalog]\npath = \"\"", "config.toml:6: catalog.path: expected a file path, found \"\"");
    refuses("[catalog]\npath = \"none.toml\"", "none.toml: cannot be read: there is no such file; try catalog.path with the path of a file");
}

#[test]
#[rustfmt::skip]
fn reports_invalid_thresholds() {
    let refuses = |text: &str, message: &str| {
        let errors = load_text(&format!("{SERVICE}{text}")).unwrap_err();
        assert_eq!(errors, format!("config.toml:{message}"));
    };
    refuses("[tiers.gold]\nfailure_rate_max = 80", "6: tiers.gold.failure_rate_max: expected a share from 0.0 to 1.0, found 80");
    refuses("[tiers.gold]\nfailure_rate_max = \"50%\"", "6: tiers.gold.failure_rate_max: expected a share from 0.0 to 1.0, found \"50%\"");
    refuses("[tiers.gold]\nfailure_rate_max = nan", "6: tiers.gold.failure_rate_max: expected a share from 0.0 to 1.0, found nan");
    refuses("[tiers.gold]\ndeploy_failure_rate_max = 0.4", "6: tiers.gold.deploy_failure_rate_max: is below failure_rate_max; a deploy window cannot be stricter than normal operation");
    refuses("[tiers.gold]\nweight = 0", "6: tiers.gold.weight: expected a whole number from 1 to 1000, found 0");
    refuses("[tiers.platinum]\nweight = 1", "5: tiers.platinum: unknown key; known keys: gold, silver, bronze");
    refuses("[breaker]\nmode = \"observ\"", "6: breaker.mode: expected \"enforce\" or \"observe\" or \"off\", found \"observ\"; try \"observe\"");
    refuses("[breaker]\ncalls_min = 0", "6: breaker.calls_min: expected a whole number from 1 to 1000000, found 0");
    refuses("[breaker]\nslow_call = 5", "6: breaker.slow_call: expected a duration from 1ms to 1day, found 5; try \"5s\"");
    refuses("[breaker]\nslow_rate_max = -0.1", "6: breaker.slow_rate_max: expected a share from 0.0 to 1.0, found -0.1");
    refuses("[breaker]\ncounts_429 = 1", "6: breaker.counts_429: expected true or false, found 1");
    refuses("[breaker]\nopen_base = \"2m\"", "6: breaker.open_base: is longer than open_max; the first wait cannot exceed the maximum");
    refuses("[breaker]\nprobes = 0", "6: breaker.probes: expected a whole number from 1 to 1000, found 0");
    refuses("[breaker]\nfailure_rate = 0.5", "6: breaker.failure_rate: unknown key; known keys: mode, calls_min, slow_call, slow_rate_max, counts_429, unreachable_rate_max, open_base, open_max, retry_after_max, probes, probe_timeout");
    refuses("[shares]\nin_flight_max = 0", "6: shares.in_flight_max: expected a whole number from 1 to 1000000, found 0");
    refuses("[shares]\nlimit = \"vegas\"", "6: shares.limit: expected \"fixed\" or \"adaptive\", found \"vegas\"");
    refuses("[shares]\nwait_max = \"2 days\"", "6: shares.wait_max: expected a duration from 0s to 1day, found \"2 days\"");
    refuses("[shares]\nlendable = 50", "6: shares.lendable: expected a share from 0.0 to 1.0, found 50");
    refuses("[tiers.gold]\nopen_max = 10", "6: tiers.gold.open_max: expected a duration from 1ms to 1day, found 10; try \"10s\"");
    refuses("[budget]\ncross_squad_max = 15", "6: budget.cross_squad_max: expected a share from 0.0 to 1.0, found 15");
    refuses("[retries]\nattempts_max = 11", "6: retries.attempts_max: expected a whole number from 0 to 10, found 11");
    refuses("[retries]\nbackoff_base = \"1s\"", "6: retries.backoff_base: is longer than backoff_max; the first wait cannot exceed the maximum");
    refuses("[services.breaker]\nprobe = 3", "6: services.orders.breaker.probe: unknown key; try probes");
    refuses("legacy = true\n[services.enforcement]\nsample = 0.5", "7: services.orders.enforcement.sample: has no effect on a legacy service, whose violations are only reported; remove one of the two keys");
}

#[test]
fn a_service_overrides_the_program() {
    let config = load_text(&format!(
        r#"{SERVICE}
        [services.breaker]
        probes = 9
        [services.shares]
        in_flight_max = 7
        limit = "adaptive"
        [breaker]
        calls_min = 50
        probes = 3
        [shares]
        wait_max = "1s"
        [budget]
        cross_squad_max = 0.15
        [tiers.bronze]
        failure_rate_max = 0.7
        "#
    ));
    let config = config.unwrap();
    let Protection {
        breaker,
        shares,
        budget,
        ..
    } = &config.services[0].protection;
    assert_eq!((breaker.calls_min, breaker.probes), (50, 9));
    assert_eq!(shares.wait_max, Duration::from_secs(1));
    assert_eq!((shares.in_flight_max, shares.adaptive), (7, true));
    assert_eq!(budget.cross_squad_max, Some(0.15));
    let bronze = config.tiers.of(Tier::Bronze);
    assert_eq!(
        bronze.deploy_failure_rate_max, 0.7,
        "never below `failure_rate_max`"
    );
}

#[test]
fn reads_every_key_of_tokens() {
    let config = load_text(&format!(
        r#"{SERVICE}
        [identity]
        source = "jwt"
        [identity.jwt]
        jwks = "keys/jwks.json"
        header = "X-Identity-Token"
        squad_claim = "https://issuer.example/squad"
        tier_claim = "tier"
        issuer = "https://issuer.example/"
        audience = ["orders", "ledger"]
        leeway = "0s"
        refresh = "1h"
        required = true
        "#
    ));
    let identity = config.unwrap().identity;
    let IdentitySource::Jwt(KeySource::File(path)) = &identity.source else {
        unreachable!("{:?}", identity.source)
    };
    assert!(path.is_absolute() && path.ends_with("keys/jwks.json"));
    let expected = JwtConfig {
        header: "x-identity-token".parse().unwrap(),
        squad_claim: "https://issuer.example/squad".into(),
        tier_claim: "tier".into(),
        issuer: Some("https://issuer.example/".into()),
        audience: vec!["orders".into(), "ledger".into()],
        leeway: Duration::ZERO,
        refresh: Duration::from_secs(3600),
        required: true,
    };
    assert_eq!(identity.jwt, expected);
    assert_eq!(
        identity.trusted_peers,
        IdentityConfig::default().trusted_peers
    );
}

#[test]
fn reads_audiences_and_key_addresses() {
    let jwt = "[identity]\nsource = \"jwt\"\n[identity.jwt]\naudience = \"orders\"\n";
    let url = "https://issuer.example:8443/jwks?tenant=a";
    let identity = load_text(&format!("{SERVICE}{jwt}jwks = \"{url}\""));
    let identity = identity.unwrap().identity;
    assert_eq!(
        identity.source,
        IdentitySource::Jwt(KeySource::Url(url.into()))
    );
    assert_eq!(identity.jwt.audience, ["orders"]);
    let identity = load_variables(&[
        ("PORTCULLIS_IDENTITY__SOURCE", "jwt"),
        ("PORTCULLIS_IDENTITY__JWT__JWKS", "http://127.0.0.1:1/"),
        ("PORTCULLIS_IDENTITY__JWT__AUDIENCE", "orders, ledger"),
    ]);
    assert_eq!(
        identity.unwrap().identity.jwt.audience,
        ["orders", "ledger"]
    );
    let default = load_text(SERVICE).unwrap().identity;
    assert_eq!(default, IdentityConfig::default());
    let unused = load_text(&format!("{SERVICE}[identity.jwt]\njwks = \"a.json\""));
    assert_eq!(unused.unwrap().identity.source, IdentitySource::Headers);
}

#[test]
#[rustfmt::skip]
fn reports_invalid_token_settings() {
    let check = |lines: &str, message: &str| {
        refuses(&format!("[identity.jwt]\n{lines}"), &format!("config.toml:6: identity.jwt.{message}"));
    };
    refuses("[identity]\nsource = \"jwt\"", "config.toml:5: identity.jwt.jwks: is missing; it has no default");
    refuses("[identity]\nsource = \"jtw\"", "config.toml:6: identity.source: expected \"headers\" or \"jwt\" or \"certificate\" or \"xfcc\", found \"jtw\"; try \"jwt\"");
    refuses("[identity]\nsource = \"jwt\"\njwt = \"a.json\"", "config.toml:7: identity.jwt: expected a table, found \"a.json\"\nconfig.toml:7: identity.jwt.jwks: is missing; it has no default");
    let keys = "jwks: expected a file path or an http or https address, found";
    check("jwks = \"\"", &format!("{keys} \"\""));
    check("jwks = \"-\"", &format!("{keys} \"-\""));
    check("jwks = 1", &format!("{keys} 1"));
    check("jwks = \"s3://bucket/keys\"", &format!("{keys} \"s3://bucket/keys\""));
    check("jwks = \"https://\"", &format!("{keys} \"https://\""));
    check("jwks = \"https://a b/\"", &format!("{keys} \"https://a b/\""));
    check("jwks = \"https://u:p@a/\"", &format!("{keys} \"https://…@a/\"; try the address without credentials: public keys need none"));
    check("header = \"a b\"", "header: expected a header name such as \"authorization\", found \"a b\"");
    check("squad_claim = \"\"", "squad_claim: expected a string, found \"\"");
    check("tier_claim = 1", "tier_claim: expected a string, found 1");
    check("issuer = []", "issuer: expected a string, found a list");
    check("audience = []", "audience: expected a string or a non-empty list of strings, found a list");
    check("audience = [\"a\", 1]", "audience: expected a string or a non-empty list of strings, found a list");
    check("leeway = \"11m\"", "leeway: expected a duration from 0s to 10m, found \"11m\"");
    check("refresh = \"1s\"", "refresh: expected a duration from 10s to 1day, found \"1s\"");
    check("refresh = 60", "refresh: expected a duration from 10s to 1day, found 60; try \"60s\"");
    check("required = \"yes\"", "required: expected true or false, found \"yes\"");
    check("require = true", "require: unknown key; try required");
}

#[test]
#[rustfmt::skip]
fn suggests_the_nearest_key_for_an_unknown_one() {
    refuses("[limits]\nbody_byte_max = 1", "config.toml:6: limits.body_byte_max: unknown key; try body_bytes_max");
    refuses("[limits]\nbody-bytes-max = 1", "config.toml:6: limits.body-bytes-max: unknown key; try body_bytes_max");
    refuses("[limit]\nbody_bytes_max = 1", "config.toml:5: limit: unknown key; try limits");
    refuses("[listen]\nport = 1", "config.toml:6: listen.port: unknown key; known keys: address, unix_mode, unix_owner, unix_group, proxy_protocol, proxy_peers, via, tls, http2");
    let via = "listen.via: expected 1 to 64 letters, digits, '.', '_' and '-', found \"two words\"";
    refuses("[listen]\nvia = \"two words\"", &format!("config.toml:6: {via}"));
    let idle = "services.orders.body_idle_timeout: expected a duration from 1ms to 1day, found \"0s\"";
    refuses("body_idle_timeout = \"0s\"", &format!("config.toml:5: {idle}"));
    let addresses = "listen.address: expected 1 to 16 different addresses, found a list";
    refuses("[listen]\naddress = []", &format!("config.toml:6: {addresses}"));
    refuses("[listen]\naddress = [\"[::]:1\", \"[::]:1\"]", &format!("config.toml:6: {addresses}"));
    let proxies = "listen.proxy_protocol: needs the addresses of the load balancers that may send it; set proxy_peers";
    refuses("[listen]\nproxy_protocol = \"required\"", &format!("config.toml:6: {proxies}"));
    refuses("[listen]\nproxy_protocol = \"required\"\nproxy_peers = []", &format!("config.toml:6: {proxies}"));
    refuses("[listen]\nproxy_protocol = \"optional\"", "config.toml:6: listen.proxy_protocol: expected \"off\" or \"required\", found \"optional\"");
    let mode = "listen.unix_mode: expected permissions as a string such as \"660\", found";
    refuses("[listen]\nunix_mode = \"99\"", &format!("config.toml:6: {mode} \"99\""));
    refuses("[listen]\nunix_mode = 660", &format!("config.toml:6: {mode} 660"));
    refuses("upgrade = [\"h2c\"]", "config.toml:5: services.orders.upgrade: expected \"websocket\", found \"h2c\"");
    refuses("[services.enforcement.classes]\nunknown-qery = \"off\"", "config.toml:6: services.orders.enforcement.classes.unknown-qery: unknown violation class; try unknown-query");
    refuses("host = [\"*\"]", "config.toml:5: services.orders.host: unknown key; try hosts");
}

#[test]
#[rustfmt::skip]
fn reports_toml_errors_with_their_lines() {
    refuses("[limits\nx = 1", "config.toml:5: not TOML: unclosed table, expected `]`");
    refuses("[log]\nlevel = \"info\"\nlevel = \"info\"", "config.toml:7: not TOML: duplicate key");
    refuses("[limits]\nbody_bytes_max = 08", "config.toml:6: not TOML: unexpected leading zero");
}

#[test]
fn reports_all_problems_sorted_by_line() {
    refuses(
        "upstrem = 1\n[log]\nlevel = \"loud\"\n[limits]\nviolations_max = 0\nidle_timeout = \"x\"",
        "config.toml:5: services.orders.upstrem: unknown key; try upstream\n\
         config.toml:7: log.level: expected \"error\" or \"warn\" or \"info\" or \"debug\" or \"trace\", found \"loud\"\n\
         config.toml:9: limits.violations_max: expected a whole number from 1 to 1000, found 0\n\
         config.toml:10: limits.idle_timeout: expected a duration from 1ms to 1day, found \"x\"",
    );
}

#[test]
#[rustfmt::skip]
fn reports_invalid_services() {
    let check = |lines: &str, message: &str| {
        let text = format!("[[services]]\nname = \"a\"\ncontract = \"a.yaml\"\n{lines}");
        let text = if lines.contains("upstream") { text } else { format!("{text}\nupstream = \"mock\"") };
        assert_eq!(load_text(&text).unwrap_err(), message);
    };
    let upstream = "config.toml:4: services.a.upstream: expected \"mock\", \"verdict\", \"http://host:port\", \"h2c://host:port\", \"https://host:port\" or \"unix:/path\", found";
    check("upstream = \"h2c://a:1\"\nupgrade = [\"websocket\"]", "config.toml:5: services.a.upgrade: needs HTTP/1.1; try upstream = \"http://host:port\"");
    check("upstream = \"https://a:1\"\nupstream_http.version = \"2\"\nupgrade = [\"websocket\"]", "config.toml:6: services.a.upgrade: needs HTTP/1.1; try upstream_http.version = \"auto\"");
    check("upstream = \"mock\"\nupgrade = [\"websocket\"]", "config.toml:5: services.a.upgrade: has no effect without an upstream server; remove it");
    check("upstream = \"unix:/a\"\nupstream_http.version = \"2\"", "config.toml:5: services.a.upstream_http.version: has no effect at a Unix socket; remove it");
    let kinds = "config.toml:4: services.a.upstream: expected addresses with one scheme: all \"http://\", \"h2c://\", \"https://\" or \"unix:\", found a list";
    check("upstream = [\"http://a:1\", \"h2c://a:2\"]", kinds);
    check("upstream = [\"mock\", \"http://a:2\"]", kinds);
    check("upstream = [\"http://a:1\", \"http://a:1\"]", "config.toml:4: services.a.upstream: expected 1 to 64 different addresses, found a list");
    check("upstream = []", "config.toml:4: services.a.upstream: expected 1 to 64 different addresses, found a list");
    check("upstream = [\"https://a\", \"https://b\"]", "config.toml:4: services.a.upstream: has several hosts, and the certificates of all servers must have one name; set upstream_tls.server_name");
    check("upstream = \"unix:/a\"\nupstream_refresh = \"5s\"", "config.toml:5: services.a.upstream_refresh: has no effect, because the upstream has no name; remove it");
    check("upstream = \"http://a\"\nupstream_refresh = \"5ms\"", "config.toml:5: services.a.upstream_refresh: expected a duration from 1s to 1day, found \"5ms\"");
    check("upstream = \"http://a\"\nhealth.interval = \"1s\"", "config.toml:5: services.a.health.path: is missing: the path that a healthy server answers, such as \"/healthz\"; for a server of gRPC, set grpc = true instead");
    check("upstream = \"h2c://a:1\"\nhealth = { grpc = true, path = \"/\" }", "config.toml:5: services.a.health.path: has no effect next to grpc = true; remove one of them");
    check("upstream = \"h2c://a:1\"\nhealth = { path = \"/\", grpc_service = \"a\" }", "config.toml:5: services.a.health.grpc_service: has no effect without grpc = true");
    check("upstream = \"h2c://a:1\"\nhealth = { grpc = true, grpc_service = \"a b\" }", "config.toml:5: services.a.health.grpc_service: expected the name of a service such as \"shop.Items\", found \"a b\"");
    check("upstream = \"http://a\"\nhealth = { grpc = true }", "config.toml:5: services.a.health.grpc: needs HTTP/2; try upstream = \"h2c://host:port\"");
    check("upstream = \"https://a\"\nupstream_http.version = \"1.1\"\nhealth = { grpc = true }", "config.toml:6: services.a.health.grpc: needs HTTP/2; try upstream_http.version = \"auto\"");
    check("upstream = \"http://a\"\nhealth = { path = \"x\" }", "config.toml:5: services.a.health.path: expected a path such as \"/healthz\", found \"x\"");
    check("upstream = \"mock\"\nhealth = { path = \"/\" }", "config.toml:5: services.a.health: has no effect without an upstream server; remove it");
    check("upstream = \"https://a:1/api\"", &format!("{upstream} \"https://a:1/api\"; try \"https://a:1\": requests keep their paths"));
    check("upstream = \"https://a/api\"", &format!("{upstream} \"https://a/api\"; try \"https://a:443\": requests keep their paths"));
    check("upstream = \"http://a:1/api\"", &format!("{upstream} \"http://a:1/api\"; try \"http://a:1\": requests keep their paths"));
    check("upstream = \"http://a:1?x\"", &format!("{upstream} \"http://a:1?…\"; try \"http://a:1\": requests keep their paths"));
    check("upstream = \"a:8080\"", &format!("{upstream} \"a:8080\"; try \"http://a:8080\""));
    check("upstream = \"http://u:p@a:1\"", &format!("{upstream} \"http://…@a:1\""));
    check("upstream = \"http://a:0\"", &format!("{upstream} \"http://a:0\""));
    check("upstream = \"http://a:70000\"", &format!("{upstream} \"http://a:70000\""));
    check("upstream = \"http://\"", &format!("{upstream} \"http://\""));
    check("upstream = \"\"", &format!("{upstream} \"\""));
    check("upstream = 8080", &format!("{upstream} 8080"));
    let host = "config.toml:4: services.a.hosts: expected a host, \"*.suffix\" or \"*\", found";
    check("hosts = [\"a.b:80\"]", &format!("{host} \"a.b:80\"; try \"a.b\": ports are not compared"));
    check("hosts = [\"*b\"]", &format!("{host} \"*b\""));
    check("hosts = [\"a..b\"]", &format!("{host} \"a..b\""));
    check("hosts = [\"http://a\"]", &format!("{host} \"http://a\""));
    check("hosts = [\"a:b:c\"]\npath_prefix = 1", &format!("{host} \"a:b:c\"\nconfig.toml:5: services.a.path_prefix: expected a path such as \"/orders\" without escapes or empty segments, found 1"));
    check("hosts = []", "config.toml:4: services.a.hosts: expected at least one host, found none; try [\"*\"]");
    let prefix = "expected a path such as \"/orders\" without escapes or empty segments, found";
    check("path_prefix = \"v1\"", &format!("config.toml:4: services.a.path_prefix: {prefix} \"v1\"; try \"/v1\""));
    check("path_prefix = \"/a/../b\"", &format!("config.toml:4: services.a.path_prefix: {prefix} \"/a/../b\""));
    check("path_prefix = \"\"", &format!("config.toml:4: services.a.path_prefix: {prefix} \"\""));
    check("base_paths = [\"/{v}\"]", &format!("config.toml:4: services.a.base_paths: {prefix} \"/{{v}}\""));
    check("squad = \"Pay ments\"", "config.toml:4: services.a.squad: expected 1 to 64 characters of a-z, 0-9, '.', '_' and '-', found \"Pay ments\"");
    check("preflight = \"answer\"", "config.toml:4: services.a.preflight: expected \"pass\" or \"reject\", found \"answer\"");
    check("enforcement = \"off\"", "config.toml:4: services.a.enforcement: expected a table, found \"off\"");
    check("enforcement.request = \"rejct\"", "config.toml:4: services.a.enforcement.request: expected \"reject\" or \"report\" or \"off\", found \"rejct\"; try \"reject\"");
    check("enforcement.respond = \"off\"", "config.toml:4: services.a.enforcement.respond: unknown key; try response");
    check("enforcement.sample = 1.5", "config.toml:4: services.a.enforcement.sample: expected a share from 0.0 to 1.0, found 1.5");
    check("enforcement.sample = nan", "config.toml:4: services.a.enforcement.sample: expected a share from 0.0 to 1.0, found nan");
    check("enforcement.unreadable = \"off\"", "config.toml:4: services.a.enforcement.unreadable: expected \"reject\" or \"report\", found \"off\"");
    check("enforcement.classes.unreadable-response = \"off\"", "config.toml:4: services.a.enforcement.classes.unreadable-response: expected \"reject\" or \"report\", found \"off\"");
    check("enforcement.classes.invalid-body = true", "config.toml:4: services.a.enforcement.classes.invalid-body: expected \"reject\" or \"report\" or \"off\", found true");
    check("enforcement.classes.teapot = \"off\"", &format!("config.toml:4: services.a.enforcement.classes.teapot: unknown violation class; known classes: {}", ViolationClass::ALL.map(ViolationClass::as_str).join(", ")));
}

#[test]
#[rustfmt::skip]
fn reports_missing_and_conflicting_services() {
    let check = |text: &str, message: &str| assert_eq!(load_text(text).unwrap_err(), message);
    check("", "config.toml: services: expected at least one service, found none; try [[services]] or --contract");
    check("services = []", "config.toml: services: expected at least one service, found none; try [[services]] or --contract");
    check("services = 1", "config.toml:1: services: expected [[services]] tables, found 1\nconfig.toml: services: expected at least one service, found none; try [[services]] or --contract");
    check("[[services]]", "config.toml:1: services.0.contract: is missing; it has no default\nconfig.toml:1: services.0.name: is missing; it has no default\nconfig.toml:1: services.0.upstream: is missing; it has no default");
    check("\n[[services]]\nname = \"A\"\ncontract = \"ftp://a/b\"\nupstream = \"mock\"", "config.toml:3: services.A.name: expected 1 to 64 characters of a-z, 0-9, '.', '_' and '-', found \"A\"\nconfig.toml:4: services.A.contract: expected a file path or an http, https or s3 address, found \"ftp://a/b\"");
    let second = |lines: &str| format!("{SERVICE}[[services]]\ncontract = \"b.yaml\"\nupstream = \"mock\"\n{lines}");
    check(&second("name = \"orders\"\npath_prefix = \"/b\""), "config.toml:8: services.orders.name: another service has this name, see config.toml:2; names are unique");
    check(&second("name = \"b\""), "config.toml:5: services.b.path_prefix: host \"*\" with prefix \"/\" belongs to orders already, see config.toml:1; try another host or prefix");
    check(&second("name = \"b\"\nhosts = [\"b.example\", \"*\"]\npath_prefix = \"/\""), "config.toml:10: services.b.path_prefix: host \"*\" with prefix \"/\" belongs to orders already, see config.toml:1; try another host or prefix");
    assert!(load_text(&second("name = \"b\"\nhosts = [\"b.example\"]")).is_ok());
    assert!(load_text(&second("name = \"b\"\npath_prefix = \"/b\"")).is_ok());
}

#[test]
fn reports_a_missing_file() {
    let message = load_with(&[], &[], &FlagOverrides::default()).unwrap_err();
    assert_eq!(
        message,
        "config.toml: cannot be read: there is no such file; check the path"
    );
}

#[test]
fn variables_override_the_file() {
    let config = load_variables(&[
        ("PORTCULLIS_CONFIG", "config.toml"),
        ("PATH", "/bin"),
        ("PORTCULLIS_LIMITS__BODY_BYTES_MAX", "2MiB"),
        ("PORTCULLIS_LIMITS__JSON_DEPTH_MAX", "7"),
        ("PORTCULLIS_LIMITS__IDLE_TIMEOUT", "5s"),
        ("PORTCULLIS_LISTEN__ADDRESS", "127.0.0.1:1"),
        (
            "PORTCULLIS_IDENTITY__TRUSTED_PEERS",
            "10.0.0.0/8, 192.0.2.1",
        ),
        ("PORTCULLIS_REFUSALS__REPORT_HEADER", "false"),
        ("PORTCULLIS_SERVICES__0__UPSTREAM", "http://127.0.0.1:3000"),
        (
            "PORTCULLIS_SERVICES__ORDERS__HOSTS",
            "a.example,*.b.example",
        ),
        ("PORTCULLIS_SERVICES__ORDERS__ENFORCEMENT__SAMPLE", "0.5"),
        (
            "PORTCULLIS_SERVICES__ORDERS__ENFORCEMENT__CLASSES__UNKNOWN_QUERY",
            "off",
        ),
    ]);
    let config = config.unwrap();
    assert_eq!(config.limits.body_bytes_max, 2 << 20);
    assert_eq!(config.limits.json_depth_max, 7);
    assert_eq!(config.limits.idle_timeout, Duration::from_secs(5));
    assert_eq!(config.listen_addresses[0].tcp().unwrap().port(), 1);
    assert_eq!(config.identity.trusted_peers.networks().len(), 2);
    assert!(!config.refusals.report_header);
    let service = &config.services[0];
    assert_eq!(service.upstream.to_string(), "http://127.0.0.1:3000");
    assert_eq!(service.hosts.len(), 2);
    assert!((service.enforcement.sample() - 0.5).abs() < f64::EPSILON);
    assert_eq!(
        service.enforcement.of(ViolationClass::UnknownQuery),
        Enforcement::Off
    );
}

#[test]
fn variables_write_dashes_as_underscores() {
    let text = SERVICE.replace("orders", "search-api")
        + "[services.enforcement]\nclasses = { invalid-body = \"report\" }\n";
    let variables = [
        ("PORTCULLIS_SERVICES__SEARCH_API__PATH_PREFIX", "/search"),
        (
            "PORTCULLIS_SERVICES__SEARCH_API__ENFORCEMENT__CLASSES__INVALID_BODY",
            "off",
        ),
    ];
    let config = load_with(
        &[("config.toml", &text)],
        &variables,
        &FlagOverrides::default(),
    )
    .unwrap();
    assert_eq!(config.services[0].path_prefix.as_str(), "/search");
    assert_eq!(
        config.services[0]
            .enforcement
            .of(ViolationClass::InvalidBody),
        Enforcement::Off
    );
}

#[test]
#[rustfmt::skip]
fn reports_invalid_variables() {
    let check = |name: &str, value: &str, message: &str| {
        assert_eq!(load_variables(&[(name, value)]).unwrap_err(), format!("{name}: {message}"));
    };
    check("PORTCULLIS_LIMITS__BODY_BYTES_MAX", "many", "limits.body_bytes_max: expected a size from 1 B to 1 GiB, found \"many\"");
    check("PORTCULLIS_LIMITS__IDLE_TIMEOUT", "30", "limits.idle_timeout: expected a duration from 1ms to 1day, found \"30\"; try \"30s\"");
    check("PORTCULLIS_LIMITS__BODY_BYTE_MAX", "1", "limits.body_byte_max: unknown key; try body_bytes_max");
    check("PORTCULLIS_LIMITS_BODY_BYTES_MAX", "1", "limits_body_bytes_max: unknown key; try PORTCULLIS_LIMITS__BODY_BYTES_MAX");
    check("PORTCULLIS_LIMIT__BODY_BYTES_MAX", "1", "limit: unknown key; try limits");
    check("PORTCULLIS_LIMITS", "1", "limits: expected a table, found \"1\"");
    check("PORTCULLIS_LOG__LEVEL__X", "1", "log.level: expected \"error\" or \"warn\" or \"info\" or \"debug\" or \"trace\", found a table");
    check("PORTCULLIS_SERVICES__0", "x", "services.0: is a section, not a key");
    check("PORTCULLIS_SERVICES__1__UPSTREAM", "mock", "services.1.upstream: expected an index or a name (orders), found \"1\"");
    check("PORTCULLIS_SERVICES__LEDGER__UPSTREAM", "mock", "services.ledger.upstream: expected an index or a name (orders), found \"ledger\"");
    check("PORTCULLIS_SERVICES__ORDERS__NAME__X", "y", "services.orders.name.x: is a value of the file, not a section");
    check("PORTCULLIS_REFUSALS__REPORT_HEADER", "yes", "refusals.report_header: expected true or false, found \"yes\"");
    check("PORTCULLIS_A__B__C__D__E__F__G__H__I", "", "a.b.c.d.e.f.g.h.i: unknown key; no key is nested so deep");
    check("PORTCULLIS_", "", "unknown key; known keys: catalog, listen, admin, identity, runtime, limits, log, access_log, metrics, owner, tracing, refusals, tiers, egress, breaker, shares, budget, retries, reload, services");
}

#[test]
#[rustfmt::skip]
fn reads_the_admin_token_and_never_shows_it() {
    const SECRET: &str = "s3cret-s3cret-s3cret";
    let reveal = |config: Config| config.admin_token.map(|token| token.reveal().to_owned());
    assert_eq!(reveal(load_text(SERVICE).unwrap()), None);
    let config = load_text(&format!("{SERVICE}[admin]\ntoken = \"{SECRET}\"\n")).unwrap();
    assert!(!format!("{config:?}").contains(SECRET));
    assert_eq!(reveal(config).as_deref(), Some(SECRET));
    let variables = [("PORTCULLIS_ADMIN__TOKEN", SECRET), ("PORTCULLIS_ADMIN_URL", "http://127.0.0.1:9901")];
    assert_eq!(reveal(load_variables(&variables).unwrap()).as_deref(), Some(SECRET));
    let message = "admin.token: expected a token of 16 to 1024 visible ASCII characters without blanks, found a value that is not shown";
    refuses("[admin]\ntoken = \"s3cret\"\n", &format!("config.toml:6: {message}"));
    refuses("[admin]\ntoken = 1234567890123456\n", "config.toml:6: admin.token: expected a string, found a value that is not shown");
    assert_eq!(load_variables(&[("PORTCULLIS_ADMIN__TOKEN", "s3cret")]).unwrap_err(), format!("PORTCULLIS_ADMIN__TOKEN: {message}"));
    assert_eq!(load_variables(&[("PORTCULLIS_ADMIN_TOKEN", SECRET)]).unwrap_err(), "PORTCULLIS_ADMIN_TOKEN: admin_token: unknown key; try PORTCULLIS_ADMIN__TOKEN");
}

#[test]
#[rustfmt::skip]
fn reads_tracing_and_never_shows_credentials() {
    const SECRET: &str = "Bearer s3cret";
    let text = format!("{SERVICE}[tracing]\nendpoint = \"http://127.0.0.1:4318/\"\nsample = 0.5\nheaders = {{ authorization = \"{SECRET}\" }}\n[tracing.attributes]\n\"deployment.environment.name\" = \"test\"");
    let tracing = load_text(&text).unwrap().tracing;
    assert_eq!(tracing.endpoint.as_ref().unwrap().traces(), "http://127.0.0.1:4318/v1/traces");
    assert_eq!(tracing.headers.reveal(), [("authorization".parse().unwrap(), SECRET.parse().unwrap())]);
    assert_eq!(tracing.attributes["deployment.environment.name"], "test");
    assert!(!format!("{tracing:?}").contains("s3cret"));
    let variables = [("PORTCULLIS_TRACING__ENDPOINT", "https://collector.example/otlp"), ("PORTCULLIS_TRACING__HEADERS__X_API_KEY", "s3cret"), ("PORTCULLIS_TRACING__SAMPLE", "1")];
    let tracing = load_variables(&variables).unwrap().tracing;
    assert_eq!(tracing.endpoint.unwrap().traces(), "https://collector.example/otlp/v1/traces");
    assert_eq!(tracing.headers.reveal(), [("x-api-key".parse().unwrap(), "s3cret".parse().unwrap())]);
    assert_eq!(load_text(&format!("{SERVICE}risk_score = 50")).unwrap().services[0].risk_score, Some(50));
    let refuses = |lines: &str, message: &str| refuses(&format!("[tracing]\n{lines}"), &format!("config.toml:{message}"));
    let address = "expected the http or https address of a collector, such as \"http://127.0.0.1:4318\", found a value that is not shown";
    for bad in ["", "127.0.0.1:4318", "localhost:4318", "grpc://a:4317", "http://", "http://a/?k=s3cret", "http://a/#b", "/v1/traces"] {
        refuses(&format!("endpoint = \"{bad}\""), &format!("6: tracing.endpoint: {address}"));
    }
    refuses("endpoint = \"http://u:s3cret@a\"", &format!("6: tracing.endpoint: {address}; try credentials in tracing.headers, which messages do not show"));
    refuses("endpoint = \"http://a:4318/v1/traces\"", &format!("6: tracing.endpoint: {address}; try \"http://a:4318\": /v1/traces is appended"));
    refuses("sample = 2", "6: tracing.sample: expected a share from 0.0 to 1.0, found 2");
    refuses("timeout = \"1h\"", "6: tracing.timeout: expected a duration from 100ms to 1m, found \"1h\"");
    refuses("queue_max = 0", "6: tracing.queue_max: expected a whole number from 1 to 1000000, found 0");
    refuses("endpont = \"\"", "6: tracing.endpont: unknown key; try endpoint");
    refuses("headers = { \"a b\" = \"s3cret\" }", "6: tracing.headers.a b: expected a header name");
    refuses("headers = { a = \"s3cret\\n\" }", "6: tracing.headers.a: expected a valid header value, found a value that is not shown");
    refuses("headers = { a = 7 }", "6: tracing.headers.a: expected a valid header value, found a value that is not shown");
    refuses("attributes = { a.b = \"c\" }", "6: tracing.attributes.a: expected a string, found a table; try the whole name in quotes if it contains dots");
}

#[test]
#[rustfmt::skip]
fn ignores_service_variables_of_kubernetes() {
    let names = ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP", "PORT_8080_TCP_ADDR", "ADMIN_SERVICE_HOST", "ADMIN_PORT_9901_TCP_PROTO"];
    let variables = names.map(|name| format!("PORTCULLIS_{name}"));
    let variables: Vec<_> = variables.iter().map(|name| (name.as_str(), "tcp://10.0.0.1:8080")).collect();
    assert!(load_variables(&variables).is_ok());
}

#[test]
#[rustfmt::skip]
fn flags_override_file_and_environment() {
    let some = |text: &str| Some(text.to_owned());
    let overrides = FlagOverrides { listen: some("127.0.0.1:7"), log_level: some("warn"), upstream: some("http://a:1"), ..FlagOverrides::default() };
    let variables = [("PORTCULLIS_LISTEN__ADDRESS", "127.0.0.1:1")];
    let config = load_with(&[("config.toml", SERVICE)], &variables, &overrides).unwrap();
    assert_eq!(config.listen_addresses[0].tcp().unwrap().port(), 7);
    assert_eq!(config.log.level, LogLevel::Warn);
    assert_eq!(config.services[0].upstream.to_string(), "http://a:1");
    let overrides = FlagOverrides { contract: some("x/petstore.yaml"), ..FlagOverrides::default() };
    let config = load_with(&[("config.toml", SERVICE)], &[], &overrides).unwrap();
    assert_eq!(config.services, Config::single("x/petstore.yaml", UpstreamTarget::Mock).services);
}

#[test]
#[rustfmt::skip]
fn reports_invalid_flags() {
    let some = |text: &str| Some(text.to_owned());
    let check = |overrides: FlagOverrides, message: &str| {
        let twice = SERVICE.to_owned() + &SERVICE.replace("orders", "b") + "path_prefix = \"/b\"";
        assert_eq!(load_with(&[("config.toml", &twice)], &[], &overrides).unwrap_err(), message);
    };
    let default = FlagOverrides::default;
    check(FlagOverrides { listen: some("8080"), ..default() }, "--listen: listen.address: expected an IP address with a port, found \"8080\"; try \"0.0.0.0:8080\"");
    check(FlagOverrides { log_format: some("xml"), ..default() }, "--log-format: log.format: expected \"text\" or \"json\", found \"xml\"");
    check(FlagOverrides { ref_root: some("a"), ..default() }, "--ref-root: services: needs exactly one service; try --contract, or the ref_root key of a service");
    check(FlagOverrides { upstream: some("mock"), ..default() }, "--upstream: services: needs exactly one service; try --contract, or the upstream key of a service");
    check(FlagOverrides { contract: some("a.yaml"), upstream: some("ftp://a"), ..default() }, "--upstream: services.a.upstream: expected \"mock\", \"verdict\", \"http://host:port\", \"h2c://host:port\", \"https://host:port\" or \"unix:/path\", found \"ftp://a\"");
}

#[test]
fn loads_a_configuration_from_flags_alone() {
    let overrides = FlagOverrides {
        contract: Some("petstore.yaml".into()),
        ..FlagOverrides::default()
    };
    let config = load(None, [], &overrides).unwrap();
    assert_eq!(
        config.services,
        Config::single("petstore.yaml", UpstreamTarget::Mock).services
    );
    let message = load(None, [], &FlagOverrides::default())
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "--contract: services: expected at least one service, found none; try [[services]] or --contract"
    );
}

#[test]
#[rustfmt::skip]
fn the_catalog_names_the_provider_of_a_service() {
    let config = load_with_catalog(SERVICE, CATALOG).unwrap();
    assert_eq!(config.services[0].squad.as_ref().unwrap().as_str(), "payments");
    let payments = config.catalog.find("payments").unwrap();
    assert_eq!(config.catalog.squad(payments).unwrap().tier, Tier::Gold);
    assert_eq!(config.catalog.consumer_name(Consumer::Squad(payments)), "payments");
    let check = |squad: &str, message: &str| {
        let config = format!("{SERVICE}squad = \"{squad}\"\n");
        assert_eq!(load_with_catalog(&config, CATALOG).unwrap_err(), message);
    };
    check("paymnts", "config.toml:5: services.orders.squad: expected a squad of the catalog, found \"paymnts\"; try \"payments\"");
    check("xyz", "config.toml:5: services.orders.squad: expected a squad of the catalog, found \"xyz\"; known squads: checkout, payments");
    check("checkout", "config.toml:5: services.orders.squad: expected \"payments\", which provides the service in the catalog, found \"checkout\"");
}

#[test]
fn reads_every_key_of_a_catalog() {
    let text = format!(
        r##"{CATALOG}
        weight = 3
        email = "a@example.com"
        chat = "#a"
        oncall = "a-pager"
        cost_center = "4711"
        domains = ["Ordering"]
        namespaces = ["pay-prod"]
        paths = ["services/orders/**"]
        public = ["services/orders/client/**"]
        codeowners = ["@org/checkout"]
        [squads.checkout.deploy]
        cooldown = "4h"
        risk_max = 100
        drift_max = 0.25
        notice = "30d"
        [[resources]]
        name = "orders-db"
        kind = "database"
        owner = "payments"
        used_by = ["orders", "ledger"]
        tables = ["shop.orders"]
        [[flags]]
        name = "new-checkout"
        service = "orders"
        cross_squad = true
        target = "checkout"
        version = 3
        rollback_approval = true
        [[dependencies]]
        service = "orders"
        uses = ["ledger"]
        [ownership]
        unowned = "block"
        [risk]
        gold = 99
        "##
    );
    let catalog = load_with_catalog(SERVICE, &text).unwrap().catalog;
    let checkout = &catalog.squads()[0];
    assert_eq!(
        (checkout.name.as_str(), checkout.tier, checkout.weight),
        ("checkout", Tier::Bronze, Some(3))
    );
    assert_eq!(checkout.chat.as_deref(), Some("#a"));
    assert_eq!(checkout.public[0].as_str(), "services/orders/client/**");
    let tables = &catalog.resources()[0].tables;
    assert_eq!(tables.as_slice(), [TableName::new("shop", "orders")]);
    assert_eq!(
        checkout.deploy.cooldown,
        Some(Duration::from_secs(4 * 3600))
    );
    assert_eq!(checkout.deploy.risk_max, Some(100));
    assert_eq!(checkout.paths, ["services/orders/**".parse().unwrap()]);
    assert_eq!(checkout.codeowners, ["@org/checkout"]);
    assert_eq!(catalog.dependencies()[0].uses, ["ledger"]);
    assert_eq!(catalog.unowned(), UnownedPolicy::Block);
    assert_eq!(checkout.deploy.drift_max, Some(0.25));
    assert_eq!(
        checkout.deploy.notice,
        Some(Duration::from_secs(30 * 86_400))
    );
    let risk = catalog.risk();
    assert_eq!((risk.gold, risk.squad, risk.database), (99, 30, 20));
    assert!(catalog.flags()[0].rollback_approval);
    let (database, flag) = (&catalog.resources()[0], &catalog.flags()[0]);
    assert_eq!(
        (database.owner.as_str(), database.used_by.len()),
        ("payments", 2)
    );
    assert_eq!(
        (
            flag.cross_squad,
            flag.target.as_ref().unwrap().as_str(),
            flag.version
        ),
        (true, "checkout", 3)
    );
}

#[test]
#[rustfmt::skip]
fn reports_contradictions_of_a_catalog() {
    let check = |lines: &str, message: &str| {
        let catalog = format!("{CATALOG}{lines}");
        assert_eq!(load_with_catalog(SERVICE, &catalog).unwrap_err(), message);
    };
    check("services = [\"orders\"]", "squads.toml:3: squads.payments.services: \"orders\" is already a service of checkout, see squads.toml:5; a service has one owner");
    check("services = [\"cart\", \"cart\"]", "squads.toml:5: squads.checkout.services: \"cart\" is already a service of checkout, see squads.toml:5; a service has one owner");
    check("tier = \"platinum\"", "squads.toml:5: squads.checkout.tier: expected one of gold, silver, bronze, found \"platinum\"");
    check("weight = 0", "squads.toml:5: squads.checkout.weight: expected a whole number from 1 to 1000, found 0");
    check("lendable = \"half\"", "squads.toml:5: squads.checkout.lendable: expected a share from 0.0 to 1.0, found \"half\"");
    check("wieght = 1", "squads.toml:5: squads.checkout.wieght: unknown key; try weight");
    check("deploy.cooldown = \"soon\"", "squads.toml:5: squads.checkout.deploy.cooldown: expected a duration from 0s to 30days, found \"soon\"");
    check("[squads.unknown]", "squads.toml:5: squads.unknown: is reserved for callers that belong to no squad; try another name");
    check("[squads.\"Big Team\"]", "squads.toml:5: squads.Big Team: expected 1 to 64 characters of a-z, 0-9, '.', '_' and '-', found \"Big Team\"");
    check("[[resources]]\nname = \"db\"\nkind = \"databse\"\nowner = \"paymnts\"\nused_by = [\"order\"]", "squads.toml:7: resources.db.kind: expected \"database\" or \"topic\" or \"cache\" or \"bucket\", found \"databse\"; try \"database\"\nsquads.toml:8: resources.db.owner: expected a squad of this catalog, found \"paymnts\"; try \"payments\"\nsquads.toml:9: resources.db.used_by: expected a service that a squad of this catalog lists, found \"order\"; try \"orders\"");
    check("[[resources]]\nname = \"db\"\nkind = \"cache\"\n[[resources]]\nname = \"db\"\nkind = \"topic\"\nowner = \"payments\"", "squads.toml:5: resources.db.owner: is missing; it has no default\nsquads.toml:9: resources.db.name: \"db\" is already taken, see squads.toml:6; names are unique");
    check("[[flags]]\nname = \"f\"\nservice = \"x\"\ntarget = \"y\"\nversion = -1", "squads.toml:7: flags.f.service: expected a service that a squad of this catalog lists, found \"x\"\nsquads.toml:8: flags.f.target: expected a squad of this catalog, found \"y\"\nsquads.toml:9: flags.f.version: expected a whole number from 0 to 18446744073709551615, found -1");
    check("paths = [\n\"a/**\",\n\"/a/\", \"b/[c]\"]", "squads.toml:7: squads.checkout.paths: expected no '[', which means nothing here (`?` stands for any one character, `*` for several, `**` for segments), found \"b/[c]\"");
    check("[[resources]]\nname = \"db\"\nkind = \"database\"\nowner = \"payments\"\ntables = [\n\"orders\", \"Shop.orders\"]\n[[resources]]\nname = \"t\"\nkind = \"topic\"\nowner = \"payments\"\ntables = [\"a.b\"]", "squads.toml:10: resources.db.tables: expected a schema and a table, such as shop.orders; names that are not lower-case words are in quotation marks: \"Shop\".\"Orders\", found \"Shop.orders\"\nsquads.toml:10: resources.db.tables: expected a schema and a table, such as shop.orders; names that are not lower-case words are in quotation marks: \"Shop\".\"Orders\", found \"orders\"\nsquads.toml:15: resources.t.tables: only a resource of the kind \"database\" has tables; remove the key");
    check("[[resources]]\nname = \"a\"\nkind = \"database\"\nowner = \"payments\"\ntables = [\"shop.orders\", \"shop.orders\"]", "squads.toml:9: resources.a.tables: shop.orders is already listed, see squads.toml:9; list a table once");
    check("paths = [\n\"a/**\",\n\"/a/\"]\ncodeowners = [\"me\"]", "squads.toml:7: squads.checkout.paths: \"/a/\" is already owned by checkout, see squads.toml:6; a pattern has one owner\nsquads.toml:8: squads.checkout.codeowners: expected @user, @org/team or an email address, found \"me\"");
    check("[ownership]\nunowned = \"blok\"", "squads.toml:6: ownership.unowned: expected \"allow\" or \"warn\" or \"block\", found \"blok\"; try \"block\"");
    check("[[dependencies]]\nservice = \"orders\"\nuses = [\"leger\"]\n[[dependencies]]\nservice = \"orders\"", "squads.toml:7: dependencies.0.uses: expected a service that a squad of this catalog lists, found \"leger\"; try \"ledger\"\nsquads.toml:8: dependencies.1.service: already has a [[dependencies]] table, see squads.toml:5; add to \"uses\" there");
    check("[services.order.slo]\navailability = 0.9", "squads.toml:5: services.order: expected a service that a squad of this catalog lists, found \"order\"; try \"orders\"");
    check("[services.orders.slo]\navailability = 1.0\nwindow = \"1h\"", "squads.toml:6: services.orders.slo.availability: expected a share above 0.0 and below 1.0 (at most nine nines), for example 0.999, found 1.0\nsquads.toml:7: services.orders.slo.window: expected whole hours or days from 7d to 366d, for example \"30d\", found \"1h\"");
    check("[services.orders.slo]\nlatency = { le = \"300ms\" }\nwindow = \"8days 1m\"", "squads.toml:6: services.orders.slo.latency.share: is missing; a latency has both \"le\" and \"share\"\nsquads.toml:7: services.orders.slo.window: expected whole hours or days from 7d to 366d, for example \"30d\", found \"8days 1m\"");
    check("[[services.orders.slo.operations]]\noperation = \"a\"\navailability = 0.9\n[[services.orders.slo.operations]]\noperation = \"a\"\navailability = 0.8", "squads.toml:9: services.orders.slo.operations.1.operation: \"a\" already has an objective; an operation has one");
    check("[slo.tiers.platinum]\navailability = 0.9", "squads.toml:5: slo.tiers: expected one of gold, silver, bronze, found \"platinum\"");
    check("[slo.tiers.gold]\nwindow = \"400d\"", "squads.toml:5: slo.tiers.gold.availability: a tier has an \"availability\", a \"latency\" or both\nsquads.toml:6: slo.tiers.gold.window: expected whole hours or days from 7d to 366d, for example \"30d\", found \"400d\"");
    check("[slo.tiers.gold]\navailability = 0.9\n[services.orders.slo]\ntier = \"silver\"", "squads.toml:8: services.orders.slo.tier: \"silver\" has no level; promise one in [slo.tiers.silver]");
    check("[services.orders.slo]\ntier = \"golden\"", "squads.toml:6: services.orders.slo.tier: expected one of gold, silver, bronze, found \"golden\"");
    check("[slo.tier.gold]\navailability = 0.9", "squads.toml:5: slo.tier: unknown key; try tiers");
    check("deploy.drift_max = 5", "squads.toml:5: squads.checkout.deploy.drift_max: expected a share from 0.0 to 1.0, found 5");
    check("[risk]\ngould = 1", "squads.toml:6: risk.gould: unknown key; try gold");
    check("squads = 1", "squads.toml:5: squads.checkout.squads: unknown key; known keys: services, tier, weight, lendable, email, chat, oncall, escalation, cost_center, domains, namespaces, paths, public, codeowners, deploy, quota, limits");
}

#[test]
fn loads_a_catalog_without_a_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("squads.toml");
    fs::write(&path, CATALOG).unwrap();
    assert_eq!(load_catalog(&path).unwrap().squads().len(), 2);
    let message = load_catalog(Path::new("nowhere.toml"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "nowhere.toml: cannot be read: there is no such file; try --catalog with the path of a file"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn loading_never_panics(text in "\\PC*", name in "(_?(LIMITS|SERVICES|ORDERS|0|X)){0,5}", lines in "([\\[\\]{}=\"'#.a-z0-9_-]|\n| )*") {
        for text in [&text, &lines] {
            let variables = [(format!("PORTCULLIS_{name}"), text.clone())];
            let variables = variables.each_ref().map(|(name, value)| (name.as_str(), value.as_str()));
            let file = format!("{SERVICE}{text}");
            let _ = load_with(&[("config.toml", &file)], &variables, &FlagOverrides::default());
            let value = format!("{SERVICE}squad = {text:?}\nhosts = [{text:?}]\n[limits]\nidle_timeout = {text:?}\nbody_bytes_max = {text:?}");
            let _ = load_text(&value);
            for key in ["path_prefix", "upstream", "contract"] {
                let name = format!("PORTCULLIS_SERVICES__0__{key}").to_uppercase();
                let _ = load_variables(&[(name.as_str(), text.as_str())]);
            }
        }
    }
}

#[test]
fn addresses_may_be_several_and_files() {
    let config = load_text(&format!(
        "{SERVICE}[listen]\naddress = [\"127.0.0.1:0\", \"127.0.0.1:0\", \"unix:a.sock\", \"unix:/b.sock\"]\n\
         unix_mode = \"0600\"\n[identity]\ntrusted_peers = [\"unix\", \"10.0.0.0/8\"]"
    ));
    let config = config.unwrap();
    let shown: Vec<String> = config
        .listen_addresses
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(shown[..2], ["127.0.0.1:0", "127.0.0.1:0"]);
    assert!(
        shown[2].starts_with("unix:/") && shown[2].ends_with("/a.sock"),
        "{}",
        shown[2]
    );
    assert_eq!(shown[3], "unix:/b.sock");
    assert_eq!(config.listen_file.mode, 0o600);
    let peers = &config.identity.trusted_peers;
    assert!(peers.has_unix() && peers.networks().len() == 1);
    assert!(!Config::default().identity.trusted_peers.has_unix());
    let long = format!("[listen]\naddress = \"unix:/{}\"", "x".repeat(120));
    let message = load_text(&format!("{SERVICE}{long}")).unwrap_err();
    assert!(
        message.contains("a socket of at most 103 bytes"),
        "{message}"
    );
    let upstream = SERVICE.replace("\"mock\"", "\"unix:/run/app.sock\"");
    let config = load_text(&upstream).unwrap();
    assert_eq!(
        config.services[0].upstream.to_string(),
        "unix:/run/app.sock"
    );
}

#[test]
fn a_service_has_several_servers() {
    let text = "[[services]]\nname = \"a\"\ncontract = \"a.yaml\"\n\
                upstream = [\"https://b:1\", \"https://c\"]\nupstream_refresh = \"5s\"\n\
                upstream_tls.server_name = \"a.test\"\nhealth = { path = \"/h?x\", unhealthy_after = 1 }";
    let config = load_text(text).unwrap();
    let service = &config.services[0];
    assert_eq!(service.upstream.to_string(), "https://b:1");
    let others: Vec<String> = service
        .servers
        .others
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(others, ["https://c:443"]);
    assert_eq!(service.servers.refresh, Some(Duration::from_secs(5)));
    let health = service.servers.health.as_ref().unwrap();
    assert_eq!(health.probe, HealthProbe::Path("/h?x".to_owned()));
    assert_eq!(health.unhealthy_after, 1);
    assert_eq!(health.interval, Duration::from_secs(5));
    assert!(service.servers.is_balanced());
}

#[test]
fn operators_connect_to_a_unix_socket() {
    let service = "[[services]]\nname = \"a\"\ncontract = \"a.yaml\"\nupstream = \"mock\"\n";
    let admin = "[admin]\naddress = \"unix:/run/a.sock\"\nunix_group = \"33\"\n";
    let config = load_text(&format!("{service}{admin}")).unwrap();
    assert_eq!(config.admin_address.to_string(), "unix:/run/a.sock");
    assert_eq!(config.admin_file.group.as_deref(), Some("33"));
    assert_eq!((config.admin_file.mode, config.admin_port()), (0o600, 9901));
    let check = |lines: &str, message: &str| {
        let text = format!("{service}{admin}{lines}");
        assert_eq!(load_text(&text).unwrap_err(), message);
    };
    check(
        "unix_owner = \"a b\"",
        "config.toml:8: admin.unix_owner: expected a name or a number, as `chown` takes it, found \"a b\"",
    );
    check(
        "tls.certificates = [{ cert = \"a\", key = \"b\" }]",
        "config.toml:6: admin.tls: has no effect at a Unix socket, whose file says who may connect; remove it",
    );
    check(
        "[listen]\naddress = \"unix:/run/a.sock\"",
        "config.toml:9: listen.address: is the admin address too; try another port",
    );
}
