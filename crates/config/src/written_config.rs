//! A configuration as it was written, which shows where each value comes from.

use std::fmt;
use std::sync::Arc;

use super::effective_config::{EffectiveKey, list_keys};
use super::tree::{ConfigNode, ConfigTable, ConfigValue};

/// The list of the services.
const SERVICES: &str = "services";

/// What the file, the variables and the flags of a configuration say. It is not shown by `Debug`,
/// because it has secrets.
#[derive(Clone, Default)]
pub struct WrittenConfig(Arc<ConfigTable>);

impl WrittenConfig {
    pub(super) fn new(table: ConfigTable) -> Self {
        Self(Arc::new(table))
    }

    /// Every key with its value and where the value comes from, in alphabetical order, services in
    /// the order of the file. Keys without a value and without a default are left out. What a service
    /// takes over from a section of the same name is listed in that section only.
    pub fn keys(&self) -> Vec<EffectiveKey> {
        list_keys(&self.0)
    }

    /// The same with the values of these dotted keys and sections as in `before`.
    #[must_use]
    pub fn keeping(&self, before: &Self, keys: &[&str]) -> Self {
        let mut table = (*self.0).clone();
        for key in keys {
            keep(&mut table, &before.0, key);
        }
        Self::new(table)
    }

    /// The same with the value of this dotted key of each service as in `before`, where a new service
    /// has none.
    #[must_use]
    pub fn keeping_in_services(&self, before: &Self, key: &str) -> Self {
        let mut table = (*self.0).clone();
        let services = table.get_mut(SERVICES).map(|node| &mut node.value);
        if let Some(ConfigValue::List(services)) = services {
            for service in services {
                let ConfigValue::Table(service) = &mut service.value else {
                    continue;
                };
                let same = service.get("name").and_then(|name| named(&before.0, name));
                keep(service, same.unwrap_or(&ConfigTable::new()), key);
            }
        }
        Self::new(table)
    }
}

/// The service with this name.
fn named<'t>(table: &'t ConfigTable, name: &ConfigNode) -> Option<&'t ConfigTable> {
    let ConfigValue::List(services) = &table.get(SERVICES)?.value else {
        return None;
    };
    let mut services = services.iter().filter_map(|node| match &node.value {
        ConfigValue::Table(service) => Some(service),
        _ => None,
    });
    services.find(|service| {
        let own = service.get("name").and_then(ConfigNode::text);
        own.is_some() && own == name.text()
    })
}

fn keep(table: &mut ConfigTable, before: &ConfigTable, key: &str) {
    let Some((section, rest)) = key.split_once('.') else {
        match before.get(key) {
            Some(node) => table.insert(key.to_owned(), node.clone()),
            None => table.remove(key),
        };
        return;
    };
    let empty = ConfigTable::new();
    let node = before.get(section);
    let before = node.and_then(|node| match &node.value {
        ConfigValue::Table(table) => Some(table),
        _ => None,
    });
    let is_written = table.contains_key(section);
    if let (false, Some(node), Some(_)) = (is_written, node, before) {
        let mut section_node = node.clone();
        section_node.value = ConfigValue::Table(ConfigTable::new());
        table.insert(section.to_owned(), section_node);
    }
    if let Some(ConfigValue::Table(inner)) = table.get_mut(section).map(|node| &mut node.value) {
        keep(inner, before.unwrap_or(&empty), rest);
    }
}

impl fmt::Debug for WrittenConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrittenConfig")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::tree::{ConfigProblems, config_tree};

    fn written(text: &str) -> WrittenConfig {
        let mut problems = ConfigProblems::default();
        let table = config_tree::parse(text, Path::new("config.toml"), &mut problems);
        WrittenConfig::new(table.unwrap())
    }

    #[test]
    fn kept_keys_have_their_earlier_values() {
        let before = written("[listen]\nvia = \"a\"\n[limits]\nheader_count_max = 7\n");
        let after = written(
            "[listen]\nvia = \"b\"\naddress = \"127.0.0.1:1\"\n[runtime]\ndata_cores = 2\n\
             [log]\nlevel = \"debug\"\nformat = \"json\"\n",
        );
        let kept = [
            "listen",
            "runtime",
            "limits.header_count_max",
            "log.format",
            "metrics",
        ];
        let keys = after.keeping(&before, &kept).keys();
        let value = |path: &str| {
            let key = keys.iter().find(|key| key.path() == path).unwrap();
            (key.value.clone(), key.source.is_some())
        };
        assert_eq!(value("listen.via"), ("\"a\"".to_owned(), true));
        assert!(!value("listen.address").1);
        assert!(!value("runtime.data_cores").1);
        assert_eq!(value("limits.header_count_max"), ("7".to_owned(), true));
        assert_eq!(value("log.level"), ("\"debug\"".to_owned(), true));
        assert!(!value("log.format").1);
    }

    #[test]
    fn services_keep_a_key_by_their_names() {
        let service = |name: &str, keys: &str| format!("[[services]]\nname = \"{name}\"\n{keys}\n");
        let own = |port: u16| {
            format!("[services.vendor]\nprefix = \"/p\"\naddress = \"127.0.0.1:{port}\"")
        };
        let before = written(&(service("a", &own(1)) + &service("b", "")));
        let after = [
            service("b", &own(2)),
            service("a", &own(3)),
            service("c", &own(4)),
        ];
        let kept = written(&after.concat()).keeping_in_services(&before, "vendor.address");
        let mut addresses = kept.keys();
        addresses.retain(|key| key.path().ends_with("vendor.address") && key.source.is_some());
        let addresses = addresses.iter().map(|key| (key.path(), key.value.clone()));
        let expected = (
            "services.a.vendor.address".to_owned(),
            "\"127.0.0.1:1\"".to_owned(),
        );
        assert_eq!(addresses.collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn the_debug_text_has_no_values() {
        let text = format!("{:?}", written("[admin]\ntoken = \"sesame\"\n"));
        assert_eq!(text, "WrittenConfig");
    }
}
