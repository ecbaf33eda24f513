//! The shipped configuration files are valid and complete.
//!
//! `config.toml` shows every key with its default in a comment. These tests uncomment the keys and
//! compare them with the defaults of the program.

use std::fs;
use std::path::Path;

use portcullis_vocabulary::{Limits, ViolationClass};

use super::*;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The shipped file with all keys uncommented.
fn uncommented() -> String {
    let text = fs::read_to_string(Path::new(ROOT).join("config.toml")).unwrap();
    let key = |line: &str| {
        line.strip_prefix('#')
            .filter(|key| key.starts_with(|c: char| c.is_ascii_alphabetic()))
            .map(str::to_owned)
    };
    let lines: Vec<_> = text
        .lines()
        .map(|line| key(line).unwrap_or_else(|| line.to_owned()))
        .collect();
    lines.join("\n")
}

fn load_shipped() -> Config {
    load(
        Some(&Path::new(ROOT).join("config.toml")),
        [],
        &FlagOverrides::default(),
    )
    .unwrap()
}

#[test]
fn loads_the_shipped_configuration_and_catalog() {
    let config = load_shipped();
    let names: Vec<_> = config
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(names, ["orders", "ledger", "search-api"]);
    for service in &config.services {
        assert_eq!(service.upstream, UpstreamTarget::Mock);
        let file = service.contract.as_file().unwrap();
        assert!(file.is_file(), "{}", file.display());
        let provider = config
            .catalog
            .provider_of(&service.name)
            .map(|squad| &squad.name);
        assert_eq!(service.squad.as_ref(), provider);
    }
    let squads: Vec<_> = config
        .catalog
        .squads()
        .iter()
        .map(|squad| squad.name.as_str())
        .collect();
    assert_eq!(squads, ["checkout", "discovery", "payments"]);
}

#[test]
fn loads_the_shipped_gateway_configuration() {
    let path = Path::new(ROOT).join("deploy/gateway.toml");
    let config = load(Some(&path), [], &FlagOverrides::default()).unwrap();
    let budgets: Vec<_> = config
        .services
        .iter()
        .map(|service| service.protection.budget.cross_squad_max)
        .collect();
    assert_eq!(budgets, [Some(0.15), Some(0.15), Some(1.0)]);
    let limits: Vec<_> = config
        .services
        .iter()
        .map(|service| service.protection.shares.in_flight_max)
        .collect();
    assert_eq!(limits, [200, 500, 500]);
    assert!(config.services[2].legacy && !config.services[0].legacy);
    for service in &config.services {
        let file = service.contract.as_file().unwrap();
        assert!(file.is_file(), "{}", file.display());
        assert!(service.protection.shares.adaptive);
    }
}

#[test]
fn loads_the_shipped_configuration_of_verdicts() {
    let path = Path::new(ROOT).join("deploy/verdict/portcullis.toml");
    let config = load(Some(&path), [], &FlagOverrides::default()).unwrap();
    let asked: Vec<_> = config
        .services
        .iter()
        .map(|service| {
            (
                service.route_prefix().to_string(),
                service.upstream.to_string(),
            )
        })
        .collect();
    let at = |path: &str| (path.to_owned(), "verdict".to_owned());
    assert_eq!(asked, [at("/envoy"), at("/traefik"), at("/nginx")]);
    for service in &config.services {
        assert!(service.contract.as_file().unwrap().is_file());
    }
}

#[test]
fn shows_the_right_defaults() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Path::new(ROOT).join("contracts/squads.toml");
    let text = uncommented().replace("contracts/squads.toml", catalog.to_str().unwrap());
    let path = directory.path().join("config.toml");
    fs::write(&path, text).unwrap();
    let written = load(Some(&path), [], &FlagOverrides::default()).unwrap();
    let default = Config {
        catalog: written.catalog.clone(),
        dependencies: written.dependencies.clone(),
        services: written.services.clone(),
        ..Config::default()
    };
    assert_eq!(format!("{written:#?}"), format!("{default:#?}"));
    let (written, default) = (
        &written.services[0],
        ServiceConfig::single("a.yaml".into(), UpstreamTarget::Mock),
    );
    assert_eq!(written.hosts, default.hosts);
    assert_eq!(written.path_prefix, default.path_prefix);
    assert_eq!(written.preflight, default.preflight);
    for class in ViolationClass::ALL {
        let (written, default) = (&written.enforcement, &default.enforcement);
        assert_eq!(written.of(class), default.of(class), "{class}");
    }
}

#[test]
fn shows_every_limit_and_every_class() {
    let text = uncommented();
    let (limits, jwt) = (Limits::default(), JwtConfig::default());
    let tracing = TracingConfig::default();
    let shown = format!("{limits:#?}\n{jwt:#?}\n{tracing:#?}");
    let keys = shown
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(": "));
    let mut count = 0;
    for key in keys
        .map(|(key, _)| key)
        .chain(ViolationClass::ALL.map(ViolationClass::as_str))
    {
        // A key without a default is shown as an example, whose space keeps it a comment. A table
        // is shown by its header.
        let forms = [
            format!("\n{key} = "),
            format!("\n# {key} = "),
            format!(".{key}]\n"),
        ];
        assert!(
            forms.iter().any(|form| text.contains(form)),
            "config.toml does not show {key}"
        );
        count += 1;
    }
    let shown = text.matches(" = ").count();
    assert!(
        count > ViolationClass::COUNT && count < shown,
        "{count} of {shown}"
    );
}
