//! A configuration file as a tree in which every value has its line.
//!
//! The tree does not come from serde, which stops at the first bad value: an operator should see
//! all problems at once. The tree also holds values of variables and flags, which are text
//! whatever the type of their key is ([`ConfigValue::Untyped`]).

use portcullis_vocabulary::ConfigLocation;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::config_problem::ConfigProblems;

/// A value with its location.
#[derive(Clone, Debug)]
pub(crate) struct ConfigNode {
    pub(crate) location: ConfigLocation,
    pub(crate) value: ConfigValue,
}

/// The entries of a table by key.
pub(crate) type ConfigTable = BTreeMap<String, ConfigNode>;

/// A value before it is converted to the type of its key.
#[derive(Clone, Debug)]
pub(crate) enum ConfigValue {
    Text(String),
    /// The text of a variable or a flag. It is parsed as the type of its key.
    Untyped(String),
    /// An integer or a float as written, without underscores.
    Number(String),
    Boolean(bool),
    Date(String),
    List(Vec<ConfigNode>),
    Table(ConfigTable),
}

/// Parses TOML text. Syntax errors are added to the problems, and there is no tree then: the
/// values of a broken file are not worth checking.
pub(crate) fn parse(text: &str, path: &Path, problems: &mut ConfigProblems) -> Option<ConfigTable> {
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
    /// The value as messages show it.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            ConfigValue::Text(text) | ConfigValue::Untyped(text) => {
                format!("{:?}", without_credentials(text))
            }
            ConfigValue::Number(text) | ConfigValue::Date(text) => text.clone(),
            ConfigValue::Boolean(value) => value.to_string(),
            ConfigValue::List(_) => "a list".into(),
            ConfigValue::Table(_) => "a table".into(),
        }
    }

    /// The text, if the value is a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            ConfigValue::Text(text) | ConfigValue::Untyped(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the number, if the value is one.
    pub(crate) fn number(&self) -> Option<&str> {
        match &self.value {
            ConfigValue::Number(text) | ConfigValue::Untyped(text) => Some(text),
            _ => None,
        }
    }
}

/// An address without what can be a credential: its user information and its query.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Cow::Borrowed(text);
    };
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = address.find('/').unwrap_or(address.len());
    let host = address[..authority].rfind('@').map_or(0, |at| at + 1);
    if host == 0 && query.is_empty() {
        return Cow::Borrowed(text);
    }
    let user = if host == 0 { "" } else { "…@" };
    let query = if query.is_empty() { "" } else { "?…" };
    Cow::Owned(format!("{scheme}://{user}{}{query}", &address[host..]))
}

/// Converts byte offsets of one file to lines.
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

    /// Each value gets the line of its key, since a reader looks for it there.
    fn table(&self, table: DeTable<'_>) -> ConfigTable {
        let entry = |(key, value): (Spanned<_>, Spanned<_>)| {
            let location = self.location(&key.span());
            let value = self.value(value.into_inner());
            (
                String::from(key.into_inner()),
                ConfigNode { location, value },
            )
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
            location: self.location(&item.span()),
            value: self.value(item.into_inner()),
        }
    }
}

/// The integer in decimal, whatever radix it was written in.
fn decimal(number: &toml::de::DeInteger<'_>) -> String {
    match i128::from_str_radix(number.as_str(), number.radix()) {
        Ok(value) => value.to_string(),
        Err(_) => number.to_string(),
    }
}
