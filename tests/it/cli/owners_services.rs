//! `portcullis owners services`: the same data as that of a running proxy.

use serde_json::Value;

use crate::support::app::{App, SHOP, Site, admin, run};

const CATALOG: &str = "\
[squads.payments]
tier = \"gold\"
oncall = \"payments: pager\"
domains = [\"Ordering\", \"Ledger\"]
";

fn site() -> Site {
    Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", CATALOG)
        .service("shop", SHOP, "mock", "commit = \"4f2a9c1\"")
}

fn owner(site: &Site, words: &str) -> (Option<i32>, String, String) {
    let config = site.write();
    let output = run(
        config.parent().unwrap(),
        &format!("owners services --config config.toml {words}"),
        "",
    );
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn prints_the_owners_that_the_proxy_serves() {
    let site = site();
    let (code, json, errors) = owner(&site, "--format json");
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let printed: Value = serde_json::from_str(&json).unwrap();
    let app = App::start(site);
    let running: Value = serde_json::from_str(&admin(app.admin, "/owners").1).unwrap();
    assert_eq!(printed, running["services"]);
}

#[test]
fn writes_a_component_and_an_api_for_backstage() {
    let (code, yaml, _) = owner(&site(), "shop --format backstage");
    let expected = r#"---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: "shop"
  title: "Shop"
  annotations:
    portcullis/on-call: "payments: pager"
    portcullis/domains: "Ordering, Ledger"
    portcullis/contract-version: "2.3.1"
    portcullis/contract-revision: "<revision>"
    portcullis/commit: "4f2a9c1"
    portcullis/service: "shop"
spec:
  type: service
  lifecycle: production
  owner: "group:payments"
  providesApis:
    - "shop"
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  name: "shop"
spec:
  type: openapi
  lifecycle: production
  owner: "group:payments"
  definition:
    $text: "shop.yaml"
"#;
    let at = yaml.find("sha256:").unwrap();
    let revision = &yaml[at..at + "sha256:".len() + 64];
    assert_eq!(yaml.replace(revision, "<revision>"), expected);
    assert_eq!(code, Some(0));
}

#[test]
fn explains_unreadable_files() {
    let (code, text, errors) = owner(&site(), "shap");
    assert_eq!((code, text.as_str()), (Some(2), ""));
    assert!(errors.contains("did you mean `shop`?"), "{errors}");
    let missing = Site::new("").at("shop", "gone.yaml");
    let (code, text, errors) = owner(&missing, "");
    assert_eq!(code, Some(2));
    assert!(text.starts_with("shop\n"), "{text}");
    assert!(errors.contains("gone.yaml"), "{errors}");
}
