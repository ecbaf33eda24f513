//! Writes `catalog-info.yaml` for Backstage: a Component and an API for each service.
//!
//! Format: Backstage, "Descriptor Format of Catalog Entities". All strings are written as JSON
//! strings, which are valid YAML.

use std::fmt::{Display, Write};

use portcullis_config::ContractSource;

use super::owned_service::OwnedService;

/// The maximum length of an entity name.
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
    let present = all
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    present.collect()
}

/// The owner as a reference to a group. Backstage requires an owner.
fn group(owned: &OwnedService<'_>) -> String {
    let squad = owned.owner.squad.as_deref().unwrap_or("unknown");
    format!("group:{}", BackstageName(squad))
}

/// A valid entity name: letters and digits, separated by single `-`, `_` or `.`.
#[derive(Clone, Copy)]
pub(super) struct BackstageName<'a>(pub(super) &'a str);

impl Display for BackstageName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut written = String::new();
        for c in self.0.chars() {
            if c.is_ascii_alphanumeric() {
                written.push(c);
            } else if !written.is_empty() && !written.ends_with(['-', '_', '.']) {
                written.push(if matches!(c, '_' | '.') { c } else { '-' });
            }
        }
        written.truncate(NAME_BYTES_MAX);
        f.write_str(written.trim_end_matches(['-', '_', '.']))
    }
}

/// A string of JSON, which is valid YAML.
pub(super) fn quoted(text: impl Display) -> String {
    serde_json::Value::String(text.to_string()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_valid_entity_names() {
        let check =
            |name: &str, expected: &str| assert_eq!(BackstageName(name).to_string(), expected);
        check("search-api", "search-api");
        check("a..b", "a.b");
        check("-orders_", "orders");
        check("größe", "gr-e");
        check(&"a".repeat(70), &"a".repeat(63));
    }
}
