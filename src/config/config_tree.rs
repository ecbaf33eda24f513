//! A configuration file as a tree in which every value knows its line.
//!
//! Not a serde mirror: serde stops at the first value that it cannot take, and an operator
//! should see all of them at once. The tree also takes values of the environment and of flags,
//! which come as text whatever their key's type is ([`ConfigValue::Untyped`]).

use portcullis_vocabulary::ConfigLocation;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::config_problem::ConfigProblems;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct ConfigNode {
    pub(super) place: ConfigLocation,
    pub(super) value: ConfigValue,
}

pub(super) type ConfigTable = BTreeMap<String, ConfigNode>;

#[derive(Clone, Debug)]
pub(super) enum ConfigValue {
    Text(String),
    /// Text from outside a file, which stands for whatever type its key has.
    Untyped(String),
    /// An integer or a float, as written but for underscores.
    Number(String),
    Boolean(bool),
    Date(String),
    List(Vec<ConfigNode>),
    Table(ConfigTable),
}

/// Reads TOML text. What is no TOML is added to the problems, and then there is no tree: what
/// a broken file seems to say is not worth judging.
pub(super) fn parse(text: &str, path: &Path, problems: &mut ConfigProblems) -> Option<ConfigTable> {
    let lines = TomlLineIndex::new(text, path);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or_default();
        let message = error.message();
        let message = message
            .strip_suffix(", expected nothing")
            .unwrap_or(message);
        problems.add(lines.location(&span), "", format!("not TOML: {message}"));
    }
    errors.is_empty().then(|| lines.table(root.into_inner()))
}

impl ConfigNode {
    /// The value as it is named in messages.
    pub(super) fn describe(&self) -> String {
        match &self.value {
            ConfigValue::Text(text) | ConfigValue::Untyped(text) => format!("{text:?}"),
            ConfigValue::Number(text) | ConfigValue::Date(text) => text.clone(),
            ConfigValue::Boolean(value) => value.to_string(),
            ConfigValue::List(_) => "a list".into(),
            ConfigValue::Table(_) => "a table".into(),
        }
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            ConfigValue::Text(text) | ConfigValue::Untyped(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a number.
    pub(super) fn number(&self) -> Option<&str> {
        match &self.value {
            ConfigValue::Number(text) | ConfigValue::Untyped(text) => Some(text),
            _ => None,
        }
    }
}

/// Turns offsets of one file into lines.
struct TomlLineIndex {
    path: Arc<Path>,
    breaks: Vec<usize>,
}

impl TomlLineIndex {
    fn new(text: &str, path: &Path) -> Self {
        Self {
            path: path.into(),
            breaks: memchr::memchr_iter(b'\n', text.as_bytes()).collect(),
        }
    }

    fn location(&self, span: &Range<usize>) -> ConfigLocation {
        let line = self.breaks.partition_point(|&at| at < span.start) + 1;
        ConfigLocation::Line(Arc::clone(&self.path), line)
    }

    /// The place of a value is the line of its key, where a reader looks for it.
    fn table(&self, table: DeTable<'_>) -> ConfigTable {
        let entry = |(key, value): (Spanned<_>, Spanned<_>)| {
            let place = self.location(&key.span());
            let value = self.value(value.into_inner());
            (String::from(key.into_inner()), ConfigNode { place, value })
        };
        table.into_iter().map(entry).collect()
    }

    fn value(&self, value: DeValue<'_>) -> ConfigValue {
        match value {
            DeValue::String(text) => ConfigValue::Text(text.into_owned()),
            DeValue::Integer(number) => ConfigValue::Number(decimal(&number)),
            DeValue::Float(number) => ConfigValue::Number(number.as_str().into()),
            DeValue::Boolean(value) => ConfigValue::Boolean(value),
            DeValue::Datetime(date) => ConfigValue::Date(date.to_string()),
            DeValue::Array(items) => {
                ConfigValue::List(items.into_iter().map(|item| self.item(item)).collect())
            }
            DeValue::Table(table) => ConfigValue::Table(self.table(table)),
        }
    }

    fn item(&self, item: Spanned<DeValue<'_>>) -> ConfigNode {
        ConfigNode {
            place: self.location(&item.span()),
            value: self.value(item.into_inner()),
        }
    }
}

/// An integer in decimal, also where it was written in another radix.
fn decimal(number: &toml::de::DeInteger<'_>) -> String {
    match i128::from_str_radix(number.as_str(), number.radix()) {
        Ok(value) => value.to_string(),
        Err(_) => number.to_string(),
    }
}
