//! Concerns of the catalog survey, with the lines of the catalog's file.

use std::path::Path;

use portcullis_config::parse_catalog;
use portcullis_control::ownership::{CatalogConcern, CatalogContract, SquadBoundaries, survey};
use portcullis_vocabulary::CatalogFile;

fn catalog(text: &str) -> CatalogFile {
    parse_catalog(text, Path::new("squads.toml")).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The concerns of a catalog, one line each.
fn concerns(text: &str, contracts: &[&str]) -> Vec<String> {
    let contracts: Vec<CatalogContract> = contracts
        .iter()
        .map(|path| {
            let (squad, service) = path.split_once('/').unwrap();
            CatalogContract {
                squad: squad.to_owned(),
                service: service.to_owned(),
                path: path.into(),
            }
        })
        .collect();
    let boundaries = SquadBoundaries::new(catalog(text));
    let concerns = survey(&boundaries, &contracts, &["elsewhere".to_owned()]);
    let line = |concern: &CatalogConcern| {
        let CatalogConcern {
            kind,
            place,
            message,
        } = concern;
        format!("{place}: {}: {message}", kind.as_str())
    };
    concerns.iter().map(line).collect()
}

#[test]
#[rustfmt::skip]
fn reports_concerns_of_a_catalog() {
    let check = |text: &str, contracts: &[&str], expected: &[&str]| {
        assert_eq!(concerns(text, contracts), expected, "{text}");
    };
    let full = "[squads.a]\noncall = 'p'\nservices = ['s', 't', 'elsewhere']\nnamespaces = ['n']\n";
    check(full, &["a/s", "a/t"], &[]);
    check(full, &["a/s"], &["squads.toml:3: no-contract: t has no contract; put one at a/t/openapi.yaml next to the catalog, or name a configuration that has its location"]);
    check("[squads.a]\nservices = ['s']\n", &["a/s"], &["squads.toml:1: no-oncall: a provides s and has no on-call contact; add `oncall`"]);
    check("[squads.a]\n[squads.b]\n", &["a/s"], &["a/s: unowned-contract: no squad lists the service s; add it to `services` below [squads.a], or remove the contract"]);
    check(full, &["b/s", "a/t"], &["b/s: misplaced-contract: s is a service of a, but its contract is in the folder of b; move it to a/s/"]);
    check(&format!("{full}[squads.b]\nnamespaces = [\n'm',\n'n']"), &["a/s", "a/t"], &["squads.toml:8: shared-namespace: the namespace n of b also belongs to a, squads.toml:4; a namespace must have one owner"]);
    let circle = format!("{full}[[dependencies]]\nservice = 's'\nuses = ['t']\n[[dependencies]]\nservice = 't'\nuses = ['elsewhere',\n's']");
    check(&circle, &["a/s", "a/t"], &["squads.toml:7: dependency-cycle: a dependency cycle: s uses t (squads.toml:7), t uses s (squads.toml:11); no order of deployments is safe for a breaking change among them, so release such changes in two compatible steps"]);
    check("[squads.a]\npaths = ['x/pay-*']\n[squads.b]\npaths = ['x/*-api', 'x/z', 'x/**']", &[], &["squads.toml:2: ambiguous-paths: `x/pay-*` of a and `x/*-api` of b, squads.toml:4, both match `x/pay-api`, and neither is more specific; give one of the squads a more specific pattern"]);
    check("[squads.a]\npaths = ['x/pay-*', 'x/*-api']", &[], &[]);
}
