//! The configuration of a proxy in a pod: the keys that the configuration file sets, with other paths
//! and addresses.
//!
//! What a ConfigMap cannot hold is left out of the text: secrets become variables of a Secret, and a
//! file that is not mounted is refused.

use portcullis_config::EffectiveKey;
use portcullis_manifests::ManifestProblem;

/// The value of a key that differs in the pod.
#[derive(Debug)]
pub(super) struct ReplacedValue {
    /// The dotted key.
    pub(super) path: String,
    /// The value in TOML; none if the key is left out.
    pub(super) value: Option<String>,
    /// Another key of the same table, with its value.
    pub(super) companion: Option<(&'static str, String)>,
}

impl ReplacedValue {
    /// A text.
    pub(super) fn text(path: impl Into<String>, text: &str) -> Self {
        Self::toml(path, toml_text(text))
    }

    /// A value in TOML.
    pub(super) fn toml(path: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            value: Some(value.into()),
            companion: None,
        }
    }

    /// A key that is left out.
    pub(super) fn removed(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            value: None,
            companion: None,
        }
    }
}

/// Keys that name files or directories of the machine, without those of contracts, which are mounted.
const FILE_KEYS: [&str; 9] = [
    "certificates",
    "client_ca",
    "client_crl",
    "ca",
    "client_cert",
    "client_key",
    "jwks",
    "cache",
    "candidate",
];

/// The end of tables in which every key names a file.
const FILE_TABLE: &str = ".vendor.header_files";

/// A configuration in parts.
#[derive(Debug, Default)]
pub(super) struct ConfigText {
    /// The text of `config.toml`.
    pub(super) toml: String,
    /// The variables that have the secrets.
    pub(super) secret_variables: Vec<String>,
    /// What a pod cannot have.
    pub(super) problems: Vec<ManifestProblem>,
}

impl ConfigText {
    /// Writes the keys that are set, those that are replaced, and no others.
    pub(super) fn write(keys: &[EffectiveKey], replaced: &[ReplacedValue]) -> Self {
        let mut config = Self::default();
        let mut table = "";
        for key in keys {
            let path = key.path();
            let new = replaced.iter().find(|new| new.path == path);
            let value = match new {
                Some(new) => new.value.as_deref(),
                None => key.source.is_some().then_some(key.value.as_str()),
            };
            let Some(value) = value else { continue };
            if new.is_none() && !key.is_complete {
                config.secret_variables.push(variable(&path));
                continue;
            }
            let is_file = FILE_KEYS.contains(&key.key.as_str()) || key.table.ends_with(FILE_TABLE);
            if new.is_none() && is_file {
                config.problems.extend(file_problem(key));
            }
            if key.table != table {
                let gap = if config.toml.is_empty() { "" } else { "\n" };
                config.toml.push_str(&format!("{gap}{}\n", key.header));
                table = &key.table;
            }
            config.toml.push_str(&format!("{} = {value}\n", key.key));
            if let Some((key, value)) = new.and_then(|new| new.companion.as_ref()) {
                config.toml.push_str(&format!("{key} = {value}\n"));
            }
        }
        config
    }
}

/// A path that is relative leads to nothing in a pod. An absolute one can be mounted.
fn file_problem(key: &EffectiveKey) -> Option<ManifestProblem> {
    let value: toml::Table = format!("value = {}", key.value).parse().ok()?;
    let relative = texts(value.get("value")?)
        .into_iter()
        .find(|text| !text.starts_with('/') && !text.contains("://"))?;
    Some(ManifestProblem::at(
        key.source.as_ref(),
        format!(
            "{}: the file `{relative}` is not in the pod; mount it there, for example from a Secret, \
             and name it by its absolute path",
            key.path()
        ),
    ))
}

fn texts(value: &toml::Value) -> Vec<&str> {
    match value {
        toml::Value::String(text) => vec![text],
        toml::Value::Array(items) => items.iter().flat_map(texts).collect(),
        toml::Value::Table(table) => table.values().flat_map(texts).collect(),
        toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => Vec::new(),
    }
}

/// The variable that sets a key.
fn variable(path: &str) -> String {
    let variable_char = |c: char| match c {
        '.' => "__".to_owned(),
        c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase().to_string(),
        _ => "_".to_owned(),
    };
    format!(
        "PORTCULLIS_{}",
        path.chars().map(variable_char).collect::<String>()
    )
}

/// A basic string of TOML. A JSON string is a valid one.
pub(super) fn toml_text(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    // DEL is the only control character that JSON allows and TOML does not.
    json.replace('\u{7f}', "\\u007f")
}

/// A list of strings in TOML.
pub(super) fn toml_list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let items: Vec<String> = texts.map(toml_text).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key of the reference whose value is a file is mounted, or refused if it is not.
    #[test]
    fn no_file_is_missing_in_the_pod() {
        let mounted = ["path", "contract", "ref_root", "overlays"];
        let page = include_str!("../../../docs/configuration.md");
        let rows = page.lines().filter(|line| line.contains("a file path"));
        let names = rows.filter_map(|row| row.split('`').nth(1));
        let names: Vec<&str> = names.collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            let is_known = mounted.contains(&name) || FILE_KEYS.contains(&name);
            assert!(
                is_known,
                "`{name}` names a file; add it to `FILE_KEYS`, or mount it"
            );
        }
    }

    #[test]
    fn variables_are_those_of_the_keys() {
        let check = |path: &str, expected: &str| assert_eq!(variable(path), expected);
        check("admin.token", "PORTCULLIS_ADMIN__TOKEN");
        check(
            "services.search-api.contract",
            "PORTCULLIS_SERVICES__SEARCH_API__CONTRACT",
        );
    }
}
