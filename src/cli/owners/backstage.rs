//! `catalog-info.yaml` of Backstage: for each service a Component, and the API that it provides.
//!
//! Format: Backstage, "Descriptor Format of Catalog Entities". Every text is written as a JSON
//! string, which is a YAML scalar that needs no further care.

use std::fmt::{Display, Write};

use crate::config::ContractSource;

use super::owned_services::OwnedService;

/// The longest name of an entity.
const NAME_BYTES_MAX: usize = 63;

/// The entities of these services.
pub(super) fn catalog_info(owned: &[OwnedService<'_>]) -> String {
    let mut yaml = String::new();
    for owned in owned {
        let written = component(&mut yaml, owned).and_then(|()| api(&mut yaml, owned));
        written.expect("writing to a String does not fail");
    }
    yaml
}

fn component(yaml: &mut String, owned: &OwnedService<'_>) -> std::fmt::Result {
    let owner = &owned.owner;
    let name = BackstageName(&owner.service);
    writeln!(
        yaml,
        "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:"
    )?;
    writeln!(yaml, "  name: {}", quoted(name))?;
    if let Some(contract) = &owner.contract {
        writeln!(yaml, "  title: {}", quoted(&contract.title))?;
    }
    writeln!(yaml, "  annotations:")?;
    for (key, value) in annotations(owned) {
        writeln!(yaml, "    portcullis/{key}: {}", quoted(value))?;
    }
    writeln!(yaml, "spec:\n  type: service\n  lifecycle: production")?;
    writeln!(yaml, "  owner: {}", quoted(group(owned)))?;
    writeln!(yaml, "  providesApis:\n    - {}", quoted(name))
}

fn api(yaml: &mut String, owned: &OwnedService<'_>) -> std::fmt::Result {
    let definition = match &owned.service.contract {
        ContractSource::File(path) => path.display().to_string(),
        ContractSource::Address(address) => address.clone(),
    };
    writeln!(
        yaml,
        "---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:"
    )?;
    writeln!(
        yaml,
        "  name: {}",
        quoted(BackstageName(&owned.owner.service))
    )?;
    writeln!(yaml, "spec:\n  type: openapi\n  lifecycle: production")?;
    writeln!(yaml, "  owner: {}", quoted(group(owned)))?;
    writeln!(yaml, "  definition:\n    $text: {}", quoted(definition))
}

fn annotations(owned: &OwnedService<'_>) -> Vec<(&'static str, String)> {
    let owner = &owned.owner;
    let contract = owner.contract.as_ref();
    let all = [
        ("on-call", owner.oncall.clone()),
        ("chat", owner.chat.clone()),
        ("email", owner.email.clone()),
        ("cost-center", owner.cost_center.clone()),
        (
            "domains",
            Some(owner.domains.join(", ")).filter(|text| !text.is_empty()),
        ),
        (
            "contract-version",
            contract.map(|contract| contract.version.to_string()),
        ),
        (
            "contract-revision",
            contract.map(|contract| contract.revision.to_string()),
        ),
        ("commit", owner.commit.clone()),
        ("service", Some(owner.service.clone())),
    ];
    let said = all
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    said.collect()
}

/// The owner as a reference to a group; Backstage wants one of every component.
fn group(owned: &OwnedService<'_>) -> String {
    let squad = owned.owner.squad.as_deref().unwrap_or("unknown");
    format!("group:{}", BackstageName(squad))
}

/// A name as Backstage takes it: letters and digits, with single `-`, `_` or `.` between.
#[derive(Clone, Copy)]
struct BackstageName<'a>(&'a str);

impl Display for BackstageName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut written = String::new();
        for c in self.0.chars() {
            match c.is_ascii_alphanumeric() {
                true => written.push(c),
                false if written.ends_with(['-', '_', '.']) => {}
                false if written.is_empty() => {}
                false => written.push(if matches!(c, '_' | '.') { c } else { '-' }),
            }
        }
        written.truncate(NAME_BYTES_MAX);
        f.write_str(written.trim_end_matches(['-', '_', '.']))
    }
}

fn quoted(text: impl Display) -> String {
    serde_json::Value::String(text.to_string()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_backstage_takes() {
        let check =
            |name: &str, expected: &str| assert_eq!(BackstageName(name).to_string(), expected);
        check("search-api", "search-api");
        check("a..b", "a.b");
        check("-orders_", "orders");
        check("größe", "gr-e");
        check(&"a".repeat(70), &"a".repeat(63));
    }
}
