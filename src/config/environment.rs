//! `PORTCULLIS_SECTION__KEY`: the environment over the file, the flags over both.
//!
//! A variable is written into the tree before anything is read from it, so its value is judged
//! by the very code that judges the file's, and a variable that no key answers to is found as
//! an unknown key. Names are lower-cased; `__` separates sections; a service is named by its
//! place or by its name, in which every character that a variable cannot hold is `_`.

use portcullis_vocabulary::ConfigLocation;
use std::collections::BTreeMap;
use std::ffi::OsString;

use super::config_problem::ConfigProblems;
use super::config_tree::{ConfigNode, ConfigTable, ConfigValue};

/// What every variable of the program begins with.
const PREFIX: &str = "PORTCULLIS_";

/// Names the configuration file itself; read by the command line.
pub const CONFIG_VARIABLE: &str = "PORTCULLIS_CONFIG";

/// Names the admin port that commands talk to; read by the command line.
pub const ADMIN_URL_VARIABLE: &str = "PORTCULLIS_ADMIN_URL";

/// Holds `admin.token`, for the server and for the commands that talk to it.
pub const ADMIN_TOKEN_VARIABLE: &str = "PORTCULLIS_ADMIN__TOKEN";

/// The most parts of a variable's name; no key lies deeper.
const PARTS_MAX: usize = 8;

/// Writes every variable of the program into the tree, in the order of their names, for the
/// environment itself has none.
pub(super) fn overlay(
    root: &mut ConfigTable,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    problems: &mut ConfigProblems,
) {
    let ours = |(name, value): (OsString, _)| Some((name.into_string().ok()?, value));
    let ours = environment
        .into_iter()
        .filter_map(ours)
        .filter(|(name, _)| is_portcullis_variable(name));
    let ours: BTreeMap<String, OsString> = ours.collect();
    for (name, value) in ours {
        let key = name[PREFIX.len()..].to_ascii_lowercase().replace("__", ".");
        let place = ConfigLocation::Variable(name);
        if let Err(message) = overlay_one(root, &key, value, &place) {
            problems.add(place, &key, message);
        }
    }
}

fn overlay_one(
    root: &mut ConfigTable,
    key: &str,
    value: OsString,
    place: &ConfigLocation,
) -> Result<(), String> {
    let value = value
        .into_string()
        .map_err(|_| "expected text, found bytes that are not UTF-8")?;
    let keys: Vec<_> = key.splitn(PARTS_MAX + 1, '.').collect();
    if keys.len() > PARTS_MAX {
        return Err("unknown key; no key has so many parts".into());
    }
    insert(
        root,
        &keys,
        ConfigNode {
            place: place.clone(),
            value: ConfigValue::Untyped(value),
        },
    )
}

/// The variable that overrides a key, given as its parts.
pub(super) fn variable(keys: &[&str]) -> String {
    PREFIX.to_owned() + &keys.join("__").replace('-', "_").to_ascii_uppercase()
}

/// Writes a value at a path of keys, making the tables on the way.
pub(super) fn insert(
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
        place: node.place.clone(),
        value: ConfigValue::Table(ConfigTable::new()),
    };
    match &mut table.entry(key).or_insert_with(empty).value {
        ConfigValue::Table(table) => insert(table, rest, node),
        ConfigValue::List(items) => insert(item(items, rest[0])?, &rest[1..], node),
        _ => Err("is a value of the file, not a section".into()),
    }
}

/// Finds a table of an array of tables by its place or its name.
fn item<'t>(items: &'t mut [ConfigNode], key: &str) -> Result<&'t mut ConfigTable, String> {
    let names: Vec<_> = items
        .iter()
        .map(|item| name_of(item).unwrap_or_default().to_owned())
        .collect();
    let by_name = || names.iter().position(|name| same_name(name, key));
    let place = key
        .parse()
        .ok()
        .filter(|place| *place < names.len())
        .or_else(by_name);
    match place
        .and_then(|place| items.get_mut(place))
        .map(|item| &mut item.value)
    {
        Some(ConfigValue::Table(table)) => Ok(table),
        _ => Err(format!(
            "expected a place or a name of {}, found {key:?}",
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

/// Whether a variable's part means this key: equal but for case and for the characters that
/// the name of a variable cannot hold.
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
/// a namespace, and for one named `portcullis…` they begin like ours: `…_SERVICE_HOST`,
/// `…_SERVICE_PORT…`, `…_PORT`, `…_PORT_8080_TCP…`. Ours have a `__`, theirs have not.
fn is_portcullis_variable(name: &str) -> bool {
    if !name.starts_with(PREFIX) || [CONFIG_VARIABLE, ADMIN_URL_VARIABLE].contains(&name) {
        return false;
    }
    let theirs = name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || ["_TCP", "_UDP", "_SCTP"]
            .iter()
            .any(|protocol| name.contains(protocol));
    name.contains("__") || !theirs
}
