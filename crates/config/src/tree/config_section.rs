//! Access to the values of one table, which also finds unknown keys.
//!
//! Reading a key declares it. The keys that were read are the known ones, and any key that is
//! left when the section ends is unknown. So the list of keys cannot differ from the code that
//! reads them.

use super::config_problem::{ConfigProblems, ConfigValueError, nearest};
use super::config_tree::{ConfigNode, ConfigTable, ConfigValue};
use super::environment;
use portcullis_vocabulary::ConfigLocation;

/// One table of the configuration. Call [`finish`](Self::finish) after the last key was read.
#[derive(Debug)]
pub(crate) struct ConfigSection<'p> {
    name: String,
    location: ConfigLocation,
    table: ConfigTable,
    known: Vec<&'static str>,
    problems: &'p mut ConfigProblems,
}

impl<'p> ConfigSection<'p> {
    /// A table and its dotted name; the name of the root is empty.
    pub(crate) fn new(
        name: String,
        location: ConfigLocation,
        table: ConfigTable,
        problems: &'p mut ConfigProblems,
    ) -> Self {
        Self {
            name,
            location,
            table,
            known: Vec::new(),
            problems,
        }
    }

    /// The value of a key, if it is present and valid.
    pub(crate) fn read<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> Option<T> {
        self.read_as(key, parse, ConfigNode::describe)
    }

    /// Like [`read`](Self::read), for a secret: messages do not show the value.
    pub(crate) fn secret<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> Option<T> {
        self.read_as(key, parse, |_| "a value that is not shown".into())
    }

    fn read_as<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&ConfigNode) -> Result<T, ConfigValueError>,
        describe: impl FnOnce(&ConfigNode) -> String,
    ) -> Option<T> {
        let node = self.take(key)?;
        match parse(&node) {
            Ok(value) => Some(value),
            Err(fault) => {
                let key = self.path(key);
                self.problems
                    .add_value_error(&node.location, &key, &describe(&node), &fault);
                None
            }
        }
    }

    /// The value of a key, or its default.
    pub(crate) fn value<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> T {
        self.read(key, parse).unwrap_or(default)
    }

    /// The value of a key that has no default; reports its absence.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> Option<T> {
        if !self.has(key) {
            self.known.push(key);
            self.refuse(key, "is missing; it has no default");
            return None;
        }
        self.read(key, parse)
    }

    /// The value of a key, or its default if the key is absent. `None` if the value is invalid: for
    /// keys whose default would cause problems that the operator did not write.
    pub(crate) fn read_or<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> Option<T> {
        if self.has(key) {
            return self.read(key, parse);
        }
        self.known.push(key);
        Some(default)
    }

    /// The values of a list, if all of them are valid.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> Option<Vec<T>> {
        let node = self.take(key)?;
        let path = self.path(key);
        let Some(items) = items(&node) else {
            let fault = ConfigValueError::expected("a list");
            self.problems
                .add_value_error(&node.location, &path, &node.describe(), &fault);
            return None;
        };
        let mut read_item = |item: &ConfigNode| {
            let value = parse(item);
            if let Err(fault) = &value {
                self.problems
                    .add_value_error(&item.location, &path, &item.describe(), fault);
            }
            value.ok()
        };
        let values: Vec<_> = items.iter().map(&mut read_item).collect();
        values.into_iter().collect()
    }

    /// The string value of a key that was not read yet.
    pub(crate) fn peek(&self, key: &str) -> Option<String> {
        self.table.get(key)?.text().map(str::to_owned)
    }

    /// Whether a key that was not read yet is present.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A nested table; an absent one is empty.
    pub(crate) fn section(&mut self, key: &'static str) -> ConfigSection<'_> {
        let (location, table) = match self.take(key) {
            Some(node) => self.table_of(key, node),
            None => (self.location.clone(), ConfigTable::new()),
        };
        let name = self.path(key);
        ConfigSection::new(name, location, table, self.problems)
    }

    /// The tables of an array of tables (`[[key]]`); each is named by its `name` or its index.
    pub(crate) fn each(&mut self, key: &'static str, mut read: impl FnMut(ConfigSection<'_>)) {
        let Some(node) = self.take(key) else { return };
        let ConfigValue::List(items) = node.value else {
            let fault = ConfigValueError::expected(format!("[[{key}]] tables"));
            let path = self.path(key);
            return self
                .problems
                .add_value_error(&node.location, &path, &node.describe(), &fault);
        };
        for (index, item) in items.into_iter().enumerate() {
            let label = label_of(&item).unwrap_or_else(|| index.to_string());
            let name = self.path(&format!("{key}.{label}"));
            let (location, table) = self.table_of(key, item);
            read(ConfigSection::new(name, location, table, self.problems));
        }
    }

    /// The tables of a table whose keys are names (`[key.<name>]`).
    pub(crate) fn each_named(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&str, ConfigSection<'_>),
    ) {
        let Some(node) = self.take(key) else { return };
        let (_, table) = self.table_of(key, node);
        for (name, node) in table {
            let path = self.path(&format!("{key}.{name}"));
            let (location, table) = self.table_of(key, node);
            read(
                &name,
                ConfigSection::new(path, location, table, self.problems),
            );
        }
    }

    /// All remaining entries, for a table whose keys are free.
    pub(crate) fn drain(&mut self) -> Vec<(String, ConfigNode)> {
        std::mem::take(&mut self.table).into_iter().collect()
    }

    /// Adds a problem of a key, located at the key or else at the section.
    pub(crate) fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let location = self.location_of(key);
        let path = self.path(key);
        self.problems.add(location, &path, message);
    }

    /// Adds a problem of a key (of the section itself if the key is empty) at a location that was
    /// noted before the key was read.
    pub(crate) fn refuse_at(
        &mut self,
        location: ConfigLocation,
        key: &str,
        message: impl Into<String>,
    ) {
        let path = self.path(key);
        self.problems.add(location, &path, message);
    }

    /// Adds the error of one of the [drained](Self::drain) entries.
    pub(crate) fn refuse_entry(&mut self, key: &str, node: &ConfigNode, fault: &ConfigValueError) {
        let path = self.path(key);
        self.problems
            .add_value_error(&node.location, &path, &node.describe(), fault);
    }

    /// The location of a key that was not read yet; the section's own if the key is absent.
    pub(crate) fn location_of(&self, key: &str) -> ConfigLocation {
        self.table
            .get(key)
            .map_or_else(|| self.location.clone(), |node| node.location.clone())
    }

    /// The location of the section.
    pub(crate) const fn location(&self) -> &ConfigLocation {
        &self.location
    }

    /// The collected problems, for values that are read elsewhere.
    pub(crate) const fn problems(&mut self) -> &mut ConfigProblems {
        self.problems
    }

    /// Reports every key that was not read.
    pub(crate) fn finish(mut self) {
        for (key, node) in self.drain() {
            let message = self.unknown(&key, &node.location);
            self.problems.add(node.location, &self.path(&key), message);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<ConfigNode> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn table_of(&mut self, key: &str, node: ConfigNode) -> (ConfigLocation, ConfigTable) {
        if let ConfigValue::Table(table) = node.value {
            return (node.location, table);
        }
        let path = self.path(key);
        let fault = ConfigValueError::expected("a table");
        self.problems
            .add_value_error(&node.location, &path, &node.describe(), &fault);
        (node.location, ConfigTable::new())
    }

    fn path(&self, key: &str) -> String {
        match (self.name.as_str(), key) {
            ("", key) => key.to_owned(),
            (name, "") => name.to_owned(),
            (name, key) => format!("{name}.{key}"),
        }
    }

    fn unknown(&self, key: &str, location: &ConfigLocation) -> String {
        if let Some(near) = nearest(key, self.known.iter().copied()) {
            return format!("unknown key; try {near}");
        }
        let within = |section: &&str| {
            let key = key.strip_prefix(*section)?.strip_prefix('_')?;
            Some(environment::variable(&[section, key]))
        };
        if let (ConfigLocation::Variable(_), Some(name)) =
            (location, self.known.iter().find_map(within))
        {
            return format!("unknown key; try {name}");
        }
        format!("unknown key; known keys: {}", self.known.join(", "))
    }
}

/// The items of a list. The text of a variable is split at commas.
fn items(node: &ConfigNode) -> Option<Vec<ConfigNode>> {
    match &node.value {
        ConfigValue::List(items) => Some(items.clone()),
        ConfigValue::Untyped(text) => {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            let item = |part: &str| ConfigNode {
                location: node.location.clone(),
                value: ConfigValue::Untyped(part.into()),
            };
            Some(parts.map(item).collect())
        }
        _ => None,
    }
}

/// The `name` of an item of an array of tables.
fn label_of(item: &ConfigNode) -> Option<String> {
    let ConfigValue::Table(table) = &item.value else {
        return None;
    };
    table
        .get("name")?
        .text()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}
