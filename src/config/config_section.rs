//! Hands out the values of one table and notices what nobody asked for.
//!
//! Reading a key is the only declaration of it: the keys that were asked for are the known
//! ones, and what is left in the table when the section ends is unknown. So the list of keys
//! cannot come apart from the code that reads them.

use super::config_problem::{ConfigProblems, ConfigValueError, nearest};
use super::config_tree::{ConfigNode, ConfigTable, ConfigValue};
use super::environment;
use portcullis_vocabulary::ConfigLocation;

/// One table of a file on its way into the model. End it with [`finish`](Self::finish).
#[derive(Debug)]
pub(super) struct ConfigSection<'p> {
    name: String,
    place: ConfigLocation,
    table: ConfigTable,
    known: Vec<&'static str>,
    problems: &'p mut ConfigProblems,
}

impl<'p> ConfigSection<'p> {
    /// A table by its dotted name, which is empty for the whole file.
    pub(super) fn new(
        name: String,
        place: ConfigLocation,
        table: ConfigTable,
        problems: &'p mut ConfigProblems,
    ) -> Self {
        Self {
            name,
            place,
            table,
            known: Vec::new(),
            problems,
        }
    }

    /// The value of a key, where it is there and right.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> Option<T> {
        self.read_as(key, parse, ConfigNode::describe)
    }

    /// The same for a value that no message may show.
    pub(super) fn secret<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> Option<T> {
        self.read_as(key, parse, |_| "another value, which is not shown".into())
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
                    .add_value_error(&node.place, &key, &describe(&node), &fault);
                None
            }
        }
    }

    /// The value of a key, or its default.
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> T {
        self.read(key, parse).unwrap_or(default)
    }

    /// The value of a key that has no default; its absence is a problem.
    pub(super) fn required<T>(
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

    /// The value of a key, or its default, or nothing where what is there is wrong: for keys
    /// whose default would lead to complaints about what nobody wrote.
    pub(super) fn read_or<T>(
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

    /// The values of a list, where every one is right.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&ConfigNode) -> Result<T, ConfigValueError>,
    ) -> Option<Vec<T>> {
        let node = self.take(key)?;
        let path = self.path(key);
        let Some(items) = items(&node) else {
            let fault = ConfigValueError::expected("a list");
            self.problems
                .add_value_error(&node.place, &path, &node.describe(), &fault);
            return None;
        };
        let mut judge = |item: &ConfigNode| {
            let judged = parse(item);
            if let Err(fault) = &judged {
                self.problems
                    .add_value_error(&item.place, &path, &item.describe(), fault);
            }
            judged.ok()
        };
        let values: Vec<_> = items.iter().map(&mut judge).collect();
        values.into_iter().collect()
    }

    /// The text of a key that is read later, where it is text.
    pub(super) fn peek(&self, key: &str) -> Option<String> {
        self.table.get(key)?.text().map(str::to_owned)
    }

    /// Whether a key that was not read yet is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A table below this one; an absent one is empty.
    pub(super) fn section(&mut self, key: &'static str) -> ConfigSection<'_> {
        let (place, table) = match self.take(key) {
            Some(node) => self.table_of(key, node),
            None => (self.place.clone(), ConfigTable::new()),
        };
        let name = self.path(key);
        ConfigSection::new(name, place, table, self.problems)
    }

    /// The tables of an array of tables (`[[key]]`), each with its own name below `key`.
    pub(super) fn each(&mut self, key: &'static str, mut read: impl FnMut(ConfigSection<'_>)) {
        let Some(node) = self.take(key) else { return };
        let ConfigValue::List(items) = node.value else {
            let fault = ConfigValueError::expected(format!("[[{key}]] tables"));
            let path = self.path(key);
            return self
                .problems
                .add_value_error(&node.place, &path, &node.describe(), &fault);
        };
        for (index, item) in items.into_iter().enumerate() {
            let label = label_of(&item).unwrap_or_else(|| index.to_string());
            let name = self.path(&format!("{key}.{label}"));
            let (place, table) = self.table_of(key, item);
            read(ConfigSection::new(name, place, table, self.problems));
        }
    }

    /// The tables below a table whose keys are names (`[key.<name>]`), by name.
    pub(super) fn each_named(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&str, ConfigSection<'_>),
    ) {
        let Some(node) = self.take(key) else { return };
        let (_, table) = self.table_of(key, node);
        for (name, node) in table {
            let path = self.path(&format!("{key}.{name}"));
            let (place, table) = self.table_of(key, node);
            read(&name, ConfigSection::new(path, place, table, self.problems));
        }
    }

    /// All remaining entries, for a table whose keys are data.
    pub(super) fn drain(&mut self) -> Vec<(String, ConfigNode)> {
        std::mem::take(&mut self.table).into_iter().collect()
    }

    /// Adds a problem with a key of this section, placed at the key or else at the section.
    pub(super) fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let location = self.location_of(key);
        let path = self.path(key);
        self.problems.add(location, &path, message);
    }

    /// Adds a problem with a key of this section (or with the section itself, where the key is
    /// empty) at a place that was noted before the key was read.
    pub(super) fn refuse_at(
        &mut self,
        place: ConfigLocation,
        key: &str,
        message: impl Into<String>,
    ) {
        let path = self.path(key);
        self.problems.add(place, &path, message);
    }

    /// Adds what is wrong with one of the [drained](Self::drain) entries.
    pub(super) fn refuse_entry(&mut self, key: &str, node: &ConfigNode, fault: &ConfigValueError) {
        let path = self.path(key);
        self.problems
            .add_value_error(&node.place, &path, &node.describe(), fault);
    }

    /// Where a key stands that was not read yet; the section's own place when it is absent.
    pub(super) fn location_of(&self, key: &str) -> ConfigLocation {
        self.table
            .get(key)
            .map_or_else(|| self.place.clone(), |node| node.place.clone())
    }

    /// Where the section stands.
    pub(super) const fn location(&self) -> &ConfigLocation {
        &self.place
    }

    /// The problems found so far, for what is read on the way.
    pub(super) const fn problems(&mut self) -> &mut ConfigProblems {
        self.problems
    }

    /// Reports every key that was not asked for.
    pub(super) fn finish(mut self) {
        for (key, node) in self.drain() {
            let message = self.unknown(&key, &node.place);
            self.problems.add(node.place, &self.path(&key), message);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<ConfigNode> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn table_of(&mut self, key: &str, node: ConfigNode) -> (ConfigLocation, ConfigTable) {
        if let ConfigValue::Table(table) = node.value {
            return (node.place, table);
        }
        let path = self.path(key);
        let fault = ConfigValueError::expected("a table");
        self.problems
            .add_value_error(&node.place, &path, &node.describe(), &fault);
        (node.place, ConfigTable::new())
    }

    fn path(&self, key: &str) -> String {
        match (self.name.as_str(), key) {
            ("", key) => key.to_owned(),
            (name, "") => name.to_owned(),
            (name, key) => format!("{name}.{key}"),
        }
    }

    fn unknown(&self, key: &str, place: &ConfigLocation) -> String {
        if let Some(near) = nearest(key, self.known.iter().copied()) {
            return format!("unknown key; try {near}");
        }
        let within = |section: &&str| {
            let key = key.strip_prefix(*section)?.strip_prefix('_')?;
            Some(environment::variable(&[section, key]))
        };
        if let (ConfigLocation::Variable(_), Some(name)) =
            (place, self.known.iter().find_map(within))
        {
            return format!("unknown key; try {name}");
        }
        format!("unknown key; known here: {}", self.known.join(", "))
    }
}

/// The items of a list; loose text is split at commas.
fn items(node: &ConfigNode) -> Option<Vec<ConfigNode>> {
    match &node.value {
        ConfigValue::List(items) => Some(items.clone()),
        ConfigValue::Untyped(text) => {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            let item = |part: &str| ConfigNode {
                place: node.place.clone(),
                value: ConfigValue::Untyped(part.into()),
            };
            Some(parts.map(item).collect())
        }
        _ => None,
    }
}

/// What an item of an array of tables calls itself.
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
