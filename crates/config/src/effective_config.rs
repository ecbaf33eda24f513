//! Every key of a configuration with its value and where the value comes from.
//!
//! Defaults are those of the shipped `config.toml`, which shows each key with its default; a test
//! compares them with the defaults of the program. Values are shown as they are written. A secret is
//! never shown, and neither is the query of an address.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

use portcullis_vocabulary::ConfigLocation;

use super::tree::{ConfigNode, ConfigProblems, ConfigTable, ConfigValue, config_tree};

const SHIPPED: &str = include_str!("../../../config.toml");

/// Text in the place of a secret.
const HIDDEN: &str = "(not shown)";

/// One key of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveKey {
    /// The header of the table that it is in, such as `[limits]` or `[[services]]`; empty for keys
    /// before the first header.
    pub header: String,
    /// The dotted path of this table, with the name of a service: `services.orders`.
    pub table: String,
    /// The key within its table, in TOML.
    pub key: String,
    /// The value in TOML; without credentials if it has any.
    pub value: String,
    /// Whether the whole value is shown.
    pub is_complete: bool,
    /// The line, the variable or the flag that sets it; none for a default.
    pub source: Option<ConfigLocation>,
}

impl EffectiveKey {
    /// The dotted key.
    pub fn path(&self) -> String {
        joined(&self.table, &self.key)
    }
}

/// All keys of a configuration; see [`WrittenConfig::keys`](super::WrittenConfig::keys).
pub(super) fn list_keys(written: &ConfigTable) -> Vec<EffectiveKey> {
    let mut defaults = defaults();
    let service_defaults = service_defaults(&mut defaults);
    let mut keys = KeyLister {
        keys: Vec::new(),
        types: &defaults,
    };
    let mut sections = written.clone();
    let services = sections.remove("services");
    keys.table("", "", Some(&sections), &defaults);
    if let Some(ConfigValue::List(services)) = services.map(|node| node.value) {
        for (index, service) in services.iter().enumerate() {
            let ConfigValue::Table(table) = &service.value else {
                continue;
            };
            let name = table.get("name").and_then(ConfigNode::text);
            let name = name.map_or_else(|| index.to_string(), str::to_owned);
            keys.service(&name, table, &service_defaults);
        }
    }
    keys.keys
}

/// The keys that the shipped configuration shows with their defaults.
fn defaults() -> ConfigTable {
    let mut text = String::new();
    for line in SHIPPED.lines() {
        let key = line.strip_prefix('#');
        let key = key.filter(|key| key.starts_with(|c: char| c.is_ascii_alphabetic()));
        let kept = key.or_else(|| line.starts_with('[').then_some(line));
        text.extend(kept.into_iter().flat_map(|line| [line, "\n"]));
    }
    let mut problems = ConfigProblems::default();
    config_tree::parse(&text, Path::new("config.toml"), &mut problems).unwrap_or_default()
}

/// The first service shows the keys of all. What happens to a class of violations depends on the
/// other keys of its section, so it has no default of its own.
fn service_defaults(defaults: &mut ConfigTable) -> ConfigTable {
    let Some(ConfigValue::List(services)) = defaults.remove("services").map(|node| node.value)
    else {
        return ConfigTable::new();
    };
    let first = services.into_iter().next().map(|service| service.value);
    let Some(ConfigValue::Table(mut service)) = first else {
        return ConfigTable::new();
    };
    let enforcement = service.get_mut("enforcement").map(|node| &mut node.value);
    if let Some(ConfigValue::Table(enforcement)) = enforcement {
        enforcement.remove("classes");
    }
    service
}

/// Lists keys, those of a table before those of its sections.
struct KeyLister<'d> {
    keys: Vec<EffectiveKey>,
    /// The defaults of all sections: a section of a service has the types of the one with its name.
    types: &'d ConfigTable,
}

impl KeyLister<'_> {
    fn service(&mut self, name: &str, written: &ConfigTable, defaults: &ConfigTable) {
        let path = format!("services.{name}");
        let mut defaults = defaults.clone();
        let legacy = written.get("legacy").map(|node| &node.value);
        if matches!(legacy, Some(ConfigValue::Boolean(true)))
            || matches!(legacy, Some(ConfigValue::Untyped(text)) if text == "true")
        {
            // Nothing of a legacy service is enforced.
            defaults.remove("enforcement");
        }
        if written.get("upstream").and_then(ConfigNode::text) != Some("verdict") {
            defaults.remove("verdict");
        }
        // Without its path, nothing is checked.
        if !written.contains_key("health") {
            defaults.remove("health");
        }
        self.keys("[[services]]", &path, Some(written), &defaults);
        self.sections("services", &path, Some(written), &defaults);
    }

    /// The default of a key of a service's section that takes over the section of the same name.
    fn inherited(&self, path: &str, key: &str) -> Option<&ConfigNode> {
        let section = path.strip_prefix("services.")?.rsplit_once('.')?.1;
        table_of(self.types.get(section))?.get(key)
    }

    /// The keys of a table. `title` is the path that its header has.
    fn table(
        &mut self,
        title: &str,
        path: &str,
        written: Option<&ConfigTable>,
        defaults: &ConfigTable,
    ) {
        let header = match title {
            "" => String::new(),
            title => format!("[{title}]"),
        };
        self.keys(&header, path, written, defaults);
        self.sections(title, path, written, defaults);
    }

    fn keys(
        &mut self,
        header: &str,
        path: &str,
        written: Option<&ConfigTable>,
        defaults: &ConfigTable,
    ) {
        for key in names(written, defaults) {
            let node = written.and_then(|written| written.get(key));
            let default = defaults.get(key);
            let Some(shown) = node.or(default) else {
                continue;
            };
            if matches!(shown.value, ConfigValue::Table(_)) {
                continue;
            }
            let default = default.or_else(|| self.inherited(path, key));
            let value = if is_secret(&joined(path, key)) {
                format!("{HIDDEN:?}")
            } else {
                toml_text(&shown.value, default.map(|default| &default.value))
            };
            let text = shown.text().unwrap_or_default();
            let is_complete = !is_secret(&joined(path, key))
                && matches!(config_tree::without_credentials(text), Cow::Borrowed(_));
            self.keys.push(EffectiveKey {
                header: header.to_owned(),
                table: path.to_owned(),
                key: bare_or_quoted(key),
                value,
                is_complete,
                source: node.map(|node| node.location.clone()),
            });
        }
    }

    fn sections(
        &mut self,
        title: &str,
        path: &str,
        written: Option<&ConfigTable>,
        defaults: &ConfigTable,
    ) {
        let empty = ConfigTable::new();
        for key in names(written, defaults) {
            let written = written.and_then(|written| table_of(written.get(key)));
            let default = table_of(defaults.get(key));
            if written.is_some() || default.is_some() {
                let title = joined(title, &bare_or_quoted(key));
                let default = default.unwrap_or(&empty);
                self.table(&title, &joined(path, key), written, default);
            }
        }
    }
}

/// The keys of both tables, in alphabetical order.
fn names<'t>(written: Option<&'t ConfigTable>, defaults: &'t ConfigTable) -> Vec<&'t str> {
    let written = written.into_iter().flat_map(ConfigTable::keys);
    let mut names: Vec<&str> = written.chain(defaults.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn table_of(node: Option<&ConfigNode>) -> Option<&ConfigTable> {
    match &node?.value {
        ConfigValue::Table(table) => Some(table),
        _ => None,
    }
}

fn joined(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

fn is_secret(path: &str) -> bool {
    path == "admin.token" || path.starts_with("tracing.headers.")
}

/// The value in TOML. The text of a variable has the type of its default.
fn toml_text(value: &ConfigValue, default: Option<&ConfigValue>) -> String {
    match (value, default) {
        (ConfigValue::Untyped(text), Some(ConfigValue::Number(_) | ConfigValue::Boolean(_))) => {
            text.clone()
        }
        (ConfigValue::Untyped(text), Some(ConfigValue::List(_))) => {
            let items = text.split(',').map(str::trim);
            let items = items.filter(|item| !item.is_empty()).map(quoted);
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        (ConfigValue::Text(text) | ConfigValue::Untyped(text), _) => quoted(text),
        (ConfigValue::Number(text) | ConfigValue::Date(text), _) => text.clone(),
        (ConfigValue::Boolean(value), _) => value.to_string(),
        (ConfigValue::List(items), _) => {
            let items = items.iter().map(|item| toml_text(&item.value, None));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        (ConfigValue::Table(table), _) => {
            let entry = |(key, node): (&String, &ConfigNode)| {
                let value = toml_text(&node.value, None);
                format!("{} = {value}", bare_or_quoted(key))
            };
            let entries: Vec<String> = table.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A basic string of TOML. The query of an address can be a credential.
fn quoted(text: &str) -> String {
    let text = config_tree::without_credentials(text);
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn bare_or_quoted(key: &str) -> String {
    let is_bare_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.chars().all(is_bare_char) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;

    use super::*;
    use crate::{Config, FlagOverrides, load};

    const FILE: &str = r#"
        [listen]
        address = "127.0.0.1:81"
        [admin]
        token = "a-secret-of-operators"
        [limits]
        json_depth_max = 9
        [tracing.headers]
        authorization = "Bearer secret"
        [identity.certificate.squads]
        "spiffe://a/b" = "payments"
        [[services]]
        name = "a"
        contract = "https://host/a.yaml?sig=secret"
        upstream = "mock"
        hosts = ["a.example"]
        legacy = true
        [services.breaker]
        calls_min = 7
        [[services]]
        name = "b"
        contract = "b.yaml"
        upstream = "http://127.0.0.1:1"
        path_prefix = "/b"
    "#;

    /// The listed keys as a configuration.
    fn text(keys: &[EffectiveKey]) -> String {
        let (mut text, mut table) = (String::new(), "");
        for key in keys {
            if key.table != table {
                let _ = writeln!(text, "{}", key.header);
                table = &key.table;
            }
            let mark = if key.is_complete { "" } else { "# " };
            let _ = writeln!(text, "{mark}{} = {}", key.key, key.value);
        }
        text
    }

    fn variables() -> Vec<(OsString, OsString)> {
        let variable = |name: &str, value: &str| (name.into(), value.into());
        vec![
            variable("PORTCULLIS_LIMITS__CONNECTIONS_MAX", "77"),
            variable("PORTCULLIS_IDENTITY__TRUSTED_PEERS", "10.0.0.0/8, ::1"),
            variable("PORTCULLIS_SERVICES__B__COMMIT", "12\"3"),
            variable("PORTCULLIS_SERVICES__B__BREAKER__CALLS_MIN", "8"),
        ]
    }

    #[test]
    fn names_the_source_of_each_value_and_shows_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, FILE).unwrap();
        let flags = FlagOverrides {
            log_level: Some("debug".into()),
            ..FlagOverrides::default()
        };
        let keys = load(Some(&path), variables(), &flags)
            .unwrap()
            .written
            .keys();
        let check = |wanted: &str, value: &str, source: &str| {
            let key = keys.iter().find(|key| key.path() == wanted);
            let key = key.unwrap_or_else(|| panic!("{wanted}"));
            assert_eq!(key.value, value, "{wanted}");
            let found = key.source.as_ref().map(ToString::to_string);
            assert!(found.unwrap_or_default().ends_with(source), "{key:?}");
            assert_eq!(key.source.is_none(), source.is_empty(), "{key:?}");
        };
        check("listen.address", r#""127.0.0.1:81""#, "config.toml:3");
        check("listen.via", r#""portcullis""#, "");
        check("admin.token", r#""(not shown)""#, "config.toml:5");
        let hidden = r#""(not shown)""#;
        check("tracing.headers.authorization", hidden, "config.toml:9");
        let variable = "PORTCULLIS_LIMITS__CONNECTIONS_MAX";
        check("limits.connections_max", "77", variable);
        let peers = r#"["10.0.0.0/8", "::1"]"#;
        check("identity.trusted_peers", peers, "IDENTITY__TRUSTED_PEERS");
        check("log.level", r#""debug""#, "--log-level");
        let address = r#""https://host/a.yaml?…""#;
        check("services.a.contract", address, "config.toml:14");
        check("services.a.path_prefix", r#""/""#, "");
        check("services.b.commit", r#""12\"3""#, "SERVICES__B__COMMIT");
        check("services.a.breaker.calls_min", "7", "config.toml:19");
        check("services.b.breaker.calls_min", "8", "BREAKER__CALLS_MIN");
        check("services.b.enforcement.request", r#""reject""#, "");
        assert!(!text(&keys).contains("secret"));
    }

    /// What is shown means the same.
    #[test]
    fn the_listed_keys_are_the_same_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let file = FILE.replace("?sig=secret", "");
        let file = file.replace("[tracing.headers]", "[tracing.attributes]");
        fs::write(&path, file).unwrap();
        let flags = FlagOverrides::default();
        let keys = load(Some(&path), variables(), &flags)
            .unwrap()
            .written
            .keys();
        let shown = folder.path().join("shown.toml");
        fs::write(&shown, text(&keys)).unwrap();
        let load =
            |path: &Path, variables| -> Config { load(Some(path), variables, &flags).unwrap() };
        let (written, listed) = (load(&path, variables()), load(&shown, Vec::new()));
        // The token is not shown, so it is not listed as a value.
        let written = Config {
            admin_token: None,
            ..written
        };
        let (written, listed) = (format!("{written:#?}"), format!("{listed:#?}"));
        for (written, listed) in written.lines().zip(listed.lines()) {
            assert_eq!(written, listed);
        }
        assert_eq!(written.len(), listed.len());
    }
}
