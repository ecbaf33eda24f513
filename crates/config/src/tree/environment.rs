//! Variables such as `PORTCULLIS_SECTION__KEY`, which override the file; flags override both.
//!
//! A variable is written into the tree before any value is read, so the same code checks values
//! of the file and of variables, and a variable without a key is reported as an unknown key.
//! Names are lower-cased, and `__` separates sections. A service is selected by its index or by
//! its name, in which `_` stands for every character that a variable name cannot hold.

use portcullis_vocabulary::ConfigLocation;
use std::collections::BTreeMap;
use std::ffi::OsString;

use super::config_problem::ConfigProblems;
use super::config_tree::{ConfigNode, ConfigTable, ConfigValue};

/// The prefix of all variables of this program.
const PREFIX: &str = "PORTCULLIS_";

/// The path of the configuration file; the command line reads it.
pub const CONFIG_VARIABLE: &str = "PORTCULLIS_CONFIG";

/// The address of the admin port for commands; the command line reads it.
pub const ADMIN_URL_VARIABLE: &str = "PORTCULLIS_ADMIN_URL";

/// The files for TLS with the admin port, for commands; the command line reads them.
pub const ADMIN_CA_VARIABLE: &str = "PORTCULLIS_ADMIN_CA";
pub const ADMIN_CERT_VARIABLE: &str = "PORTCULLIS_ADMIN_CERT";
pub const ADMIN_KEY_VARIABLE: &str = "PORTCULLIS_ADMIN_KEY";

/// The variables that only the command line reads.
const COMMAND_VARIABLES: [&str; 5] = [
    CONFIG_VARIABLE,
    ADMIN_URL_VARIABLE,
    ADMIN_CA_VARIABLE,
    ADMIN_CERT_VARIABLE,
    ADMIN_KEY_VARIABLE,
];

/// `admin.token`, for the server and for the commands that call it.
pub const ADMIN_TOKEN_VARIABLE: &str = "PORTCULLIS_ADMIN__TOKEN";

/// The maximum number of parts of a variable name; no key is nested deeper.
const PARTS_MAX: usize = 8;

/// Writes every variable of this program into the tree, sorted by name so that the result does
/// not depend on the order of the environment.
pub(crate) fn overlay(
    root: &mut ConfigTable,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    problems: &mut ConfigProblems,
) {
    let named = |(name, value): (OsString, _)| Some((name.into_string().ok()?, value));
    let ours = environment
        .into_iter()
        .filter_map(named)
        .filter(|(name, _)| is_portcullis_variable(name));
    let ours: BTreeMap<String, OsString> = ours.collect();
    for (name, value) in ours {
        let key = name[PREFIX.len()..].to_ascii_lowercase().replace("__", ".");
        let location = ConfigLocation::Variable(name);
        if let Err(message) = overlay_one(root, &key, value, &location) {
            problems.add(location, &key, message);
        }
    }
}

fn overlay_one(
    root: &mut ConfigTable,
    key: &str,
    value: OsString,
    location: &ConfigLocation,
) -> Result<(), String> {
    let value = value
        .into_string()
        .map_err(|_| "expected text, found bytes that are not UTF-8")?;
    let keys: Vec<_> = key.splitn(PARTS_MAX + 1, '.').collect();
    if keys.len() > PARTS_MAX {
        return Err("unknown key; no key is nested so deep".into());
    }
    insert(
        root,
        &keys,
        ConfigNode {
            location: location.clone(),
            value: ConfigValue::Untyped(value),
        },
    )
}

/// The variable that overrides the key with these parts.
pub(crate) fn variable(keys: &[&str]) -> String {
    PREFIX.to_owned() + &keys.join("__").replace('-', "_").to_ascii_uppercase()
}

/// Writes a value at a path of keys and creates missing tables.
pub(crate) fn insert(
    table: &mut ConfigTable,
    keys: &[&str],
    node: ConfigNode,
) -> Result<(), String> {
    let [key, rest @ ..] = keys else {
        return Err("is a section, not a key".into());
    };
    let key = table
        .keys()
        .find(|known| same_name(known, key))
        .cloned()
        .unwrap_or_else(|| (*key).to_owned());
    if rest.is_empty() {
        table.insert(key, node);
        return Ok(());
    }
    let empty = || ConfigNode {
        location: node.location.clone(),
        value: ConfigValue::Table(ConfigTable::new()),
    };
    match &mut table.entry(key).or_insert_with(empty).value {
        ConfigValue::Table(table) => insert(table, rest, node),
        ConfigValue::List(items) => insert(item(items, rest[0])?, &rest[1..], node),
        _ => Err("is a value of the file, not a section".into()),
    }
}

/// The table of an array of tables with this index or name.
fn item<'t>(items: &'t mut [ConfigNode], key: &str) -> Result<&'t mut ConfigTable, String> {
    let names: Vec<_> = items
        .iter()
        .map(|item| name_of(item).unwrap_or_default().to_owned())
        .collect();
    let by_name = || names.iter().position(|name| same_name(name, key));
    let index = key
        .parse()
        .ok()
        .filter(|index| *index < names.len())
        .or_else(by_name);
    match index
        .and_then(|index| items.get_mut(index))
        .map(|item| &mut item.value)
    {
        Some(ConfigValue::Table(table)) => Ok(table),
        _ => Err(format!(
            "expected an index or a name ({}), found {key:?}",
            names.join(", ")
        )),
    }
}

fn name_of(item: &ConfigNode) -> Option<&str> {
    let ConfigValue::Table(table) = &item.value else {
        return None;
    };
    table.get("name")?.text()
}

/// Whether a part of a variable name means this key. Case is ignored, and `_` matches every
/// character that a variable name cannot hold.
fn same_name(known: &str, part: &str) -> bool {
    let variable_char = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    known.chars().map(variable_char).eq(part.chars())
}

/// Whether a variable is meant for this program. Kubernetes sets variables for every service of
/// a namespace, and those of a service named `portcullis…` have our prefix: `…_SERVICE_HOST`,
/// `…_SERVICE_PORT…`, `…_PORT`, `…_PORT_8080_TCP…`. Only ours contain `__`.
fn is_portcullis_variable(name: &str) -> bool {
    if !name.starts_with(PREFIX) || COMMAND_VARIABLES.contains(&name) {
        return false;
    }
    let is_kubernetes = name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || ["_TCP", "_UDP", "_SCTP"]
            .iter()
            .any(|protocol| name.contains(protocol));
    name.contains("__") || !is_kubernetes
}
