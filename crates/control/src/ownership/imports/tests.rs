//! Which code may import which, as each tool is given it.

use super::*;
use crate::ownership::SquadBoundaries;
use portcullis_vocabulary::{Catalog, CatalogFile, CatalogLocations, ServiceDependency, Squad};

fn squad(name: &str, service: &str, paths: &[&str], public: &[&str]) -> Squad {
    let patterns = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    Squad {
        services: (!service.is_empty())
            .then(|| service.to_owned())
            .into_iter()
            .collect(),
        paths: patterns(paths),
        public: patterns(public),
        ..Squad::named(name.parse().unwrap())
    }
}

/// checkout uses orders, search uses nothing, and design has no service.
fn boundaries() -> SquadBoundaries {
    let squads = vec![
        squad("payments", "orders", &["orders/**"], &["orders/client/**"]),
        squad("checkout", "shop", &["shop/**", "orders/ui/**"], &[]),
        squad("search", "find", &["find/**"], &[]),
        squad("design", "", &["design/**"], &["design/**"]),
    ];
    let dependencies = vec![ServiceDependency {
        service: "shop".into(),
        uses: vec!["orders".into()],
        fallbacks: vec![],
    }];
    let catalog = Catalog::new(squads, vec![], vec![]).with_dependencies(dependencies);
    SquadBoundaries::new(CatalogFile {
        catalog,
        places: CatalogLocations::default(),
    })
}

fn files(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn a_declared_dependency_allows_public_imports() {
    let boundaries = boundaries();
    let rules = ImportRules::new(&boundaries);
    let importers = |name: &str| {
        let imported = boundaries.catalog().find(name).unwrap().index();
        let allowed = rules.importers(imported).filter(|(.., may)| *may);
        let names: Vec<String> = allowed
            .map(|(_, squad, _)| squad.name.to_string())
            .collect();
        names.join(" ")
    };
    assert_eq!(importers("payments"), "checkout design");
    assert_eq!(importers("checkout"), "design");
    assert_eq!(importers("design"), "checkout payments search");
}

#[test]
fn expressions_follow_the_precedence_of_patterns() {
    let boundaries = boundaries();
    let text = dependency_cruiser(&ImportRules::new(&boundaries), "squads.toml").text;
    for line in [
        r#"    "^(?!(?:orders/ui(?:/.*|))$)orders(?:/.*|)$""#,
        r#"    "^(?=(?:(?!(?:orders/ui(?:/.*|))$)orders(?:/.*|))$)orders/client(?:/.*|)$""#,
        r#"    "^orders/ui(?:/.*|)$","#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn packages_of_one_part_are_one_expression() {
    let boundaries = boundaries();
    let rules = ImportRules::new(&boundaries);
    let paths = files(&[
        "orders/__init__.py",
        "orders/db.py",
        "orders/client/__init__.py",
        "orders/client/api.py",
        "orders/ui/page.py",
        "orders/run-me.py",
        "find/src/find/index.py",
        "common/log.py",
    ]);
    let roots = vec![String::new(), "find/src".to_owned()];
    let files = CodeFiles {
        paths: &paths,
        roots: &roots,
    };
    let text = import_linter(&rules, "squads.toml", files).unwrap().text;
    let contract = |name: &str| {
        let (_, rest) = text.split_once(&format!("name = {name}\n")).unwrap();
        let (lists, _) = rest.split_once("as_packages").unwrap();
        lists.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        contract("internals-of-payments"),
        "type = forbidden source_modules = find.** orders.ui.** forbidden_modules = orders orders.db"
    );
    assert_eq!(
        contract("undeclared-import-of-payments"),
        "type = forbidden source_modules = find.** forbidden_modules = orders.client orders.client.**"
    );
    assert!(
        text.contains("root_packages =\n    find\n    orders\n\n"),
        "{text}"
    );
}

#[test]
fn go_packages_are_listed_by_owner() {
    let boundaries = boundaries();
    let rules = ImportRules::new(&boundaries);
    let paths = files(&[
        "main.go",
        "orders/db/a.go",
        "orders/client/c.go",
        "shop/s.go",
    ]);
    let roots = vec![String::new()];
    let files = CodeFiles {
        paths: &paths,
        roots: &roots,
    };
    let written = go_arch_lint(&rules, "squads.toml", files).unwrap();
    let text = written.text;
    assert!(written.inexpressible.is_empty());
    let shop = "  \"checkout\":\n    mayDependOn:\n      - \"no/owner\"\n      - \"checkout\"\n      - \"payments/public\"\n";
    assert!(text.contains(shop), "{text}");
    assert!(
        text.contains("  \"no/owner\":\n    in:\n      - \".\"\n"),
        "{text}"
    );
    let none = CodeFiles {
        paths: &[],
        roots: &roots,
    };
    assert_eq!(go_arch_lint(&rules, "squads.toml", none), None);
    assert_eq!(import_linter(&rules, "squads.toml", none), None);
}
