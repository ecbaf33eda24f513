//! Command line flags that override the file and the environment.

use std::path::Path;

use portcullis_vocabulary::ConfigLocation;

use super::sections::name_of_contract;
use super::tree::environment::insert;
use super::tree::{ConfigNode, ConfigProblems, ConfigTable, ConfigValue};

/// The values of flags as typed. Each is checked like the key that it overrides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagOverrides {
    /// `--listen`: `listen.address`.
    pub listen: Option<String>,
    /// `--admin`: `admin.address`.
    pub admin: Option<String>,
    /// `--contract`: one service for every host and path, which replaces all configured ones. The
    /// path is relative to the working directory.
    pub contract: Option<String>,
    /// `--upstream`: the upstream of the only service.
    pub upstream: Option<String>,
    /// `--ref-root`: the directory below which the contract of the only service may refer to files,
    /// relative to the working directory.
    pub ref_root: Option<String>,
    /// `--log-format`: `log.format`.
    pub log_format: Option<String>,
    /// `--log-level`: `log.level`.
    pub log_level: Option<String>,
}

impl FlagOverrides {
    /// Writes the flags into the tree.
    pub(super) fn apply(&self, root: &mut ConfigTable, problems: &mut ConfigProblems) {
        let keys: [(&'static str, &Option<String>, &[&str]); 4] = [
            ("--listen", &self.listen, &["listen", "address"]),
            ("--admin", &self.admin, &["admin", "address"]),
            ("--log-format", &self.log_format, &["log", "format"]),
            ("--log-level", &self.log_level, &["log", "level"]),
        ];
        for (flag, value, keys) in keys {
            let Some(value) = value else { continue };
            if let Err(message) = insert(root, keys, untyped(flag, value)) {
                problems.add(ConfigLocation::Flag(flag), &keys.join("."), message);
            }
        }
        if let Some(contract) = &self.contract {
            root.insert("services".into(), service_of(contract));
        }
        if let Some(upstream) = &self.upstream {
            set_service_key(root, "upstream", untyped("--upstream", upstream), problems);
        }
        if let Some(directory) = &self.ref_root {
            set_service_key(root, "ref_root", untyped("--ref-root", directory), problems);
        }
    }
}

fn service_of(contract: &str) -> ConfigNode {
    let location = ConfigLocation::Flag("--contract");
    let name = name_of_contract(Path::new(contract));
    let keys = [
        ("name", name.as_str()),
        ("contract", contract),
        ("upstream", "mock"),
    ];
    let table = keys
        .map(|(key, value)| (key.to_owned(), untyped("--contract", value)))
        .into();
    let service = ConfigNode {
        location: location.clone(),
        value: ConfigValue::Table(table),
    };
    ConfigNode {
        location,
        value: ConfigValue::List(vec![service]),
    }
}

/// Sets a key of the only service.
fn set_service_key(
    root: &mut ConfigTable,
    key: &str,
    node: ConfigNode,
    problems: &mut ConfigProblems,
) {
    let services = root.get_mut("services").map(|node| &mut node.value);
    if let Some(ConfigValue::List(services)) = services
        && let [
            ConfigNode {
                value: ConfigValue::Table(service),
                ..
            },
        ] = services.as_mut_slice()
    {
        service.insert(key.into(), node);
        return;
    }
    let message =
        format!("needs exactly one service; try --contract, or the {key} key of a service");
    problems.add(node.location, "services", message);
}

fn untyped(flag: &'static str, value: &str) -> ConfigNode {
    ConfigNode {
        location: ConfigLocation::Flag(flag),
        value: ConfigValue::Untyped(value.to_owned()),
    }
}
