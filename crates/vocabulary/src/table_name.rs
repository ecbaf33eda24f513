//! The name of a table in a database, with its schema.
//!
//! It is written as in SQL: `shop.orders`. Names that are not lower-case words are in quotation
//! marks, `"Shop"."Order Lines"`. A quotation mark in a name is doubled. Names are compared
//! exactly, so a word with a capital letter is refused without quotation marks, because SQL would
//! read it as lower-case.

use std::fmt;
use std::str::FromStr;

/// The name of a table and its schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
}

/// Why a text is not the name of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a schema and a table, such as shop.orders; names that are not lower-case words are \
     in quotation marks: \"Shop\".\"Orders\""
)]
pub struct InvalidTableName;

impl TableName {
    /// A table of a schema.
    pub fn new(schema: impl Into<String>, table: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            table: table.into(),
        }
    }
}

impl FromStr for TableName {
    type Err = InvalidTableName;

    fn from_str(text: &str) -> Result<Self, InvalidTableName> {
        let (schema, rest) = take_name(text)?;
        let rest = rest.strip_prefix('.').ok_or(InvalidTableName)?;
        let (table, rest) = take_name(rest)?;
        if !rest.is_empty() {
            return Err(InvalidTableName);
        }
        Ok(Self { schema, table })
    }
}

/// The name at the beginning of a text, and what follows it.
fn take_name(text: &str) -> Result<(String, &str), InvalidTableName> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find('.').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if !is_word(name) {
            return Err(InvalidTableName);
        }
        return Ok((name.to_owned(), rest));
    };
    let mut name = String::new();
    loop {
        let end = rest.find('"').ok_or(InvalidTableName)?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None if name.is_empty() => return Err(InvalidTableName),
            None => return Ok((name, rest)),
        }
    }
}

/// Whether SQL reads a name without quotation marks as it is.
fn is_word(name: &str) -> bool {
    let is_letter = |c: char| c == '_' || (c.is_alphabetic() && !c.is_uppercase());
    let mut characters = name.chars();
    characters.next().is_some_and(is_letter)
        && characters.all(|c| is_letter(c) || c.is_numeric() || c == '$')
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in [&self.schema, &self.table].into_iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            if is_word(name) {
                f.write_str(name)?;
            } else {
                write!(f, "\"{}\"", name.replace('"', "\"\""))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_sql_reads_them() {
        let check = |text: &str, schema: &str, table: &str| {
            let name: TableName = text.parse().unwrap();
            assert_eq!(name, TableName::new(schema, table), "{text}");
            assert_eq!(name.to_string(), text);
        };
        check("shop.orders", "shop", "orders");
        check("shop.\"Order.Lines\"", "shop", "Order.Lines");
        check("\"a\"\"b\".c_1$", "a\"b", "c_1$");
        for text in [
            "orders",
            "shop.Orders",
            "shop.",
            ".a",
            "a.b.c",
            "\"a.b",
            "\"\".a",
            "1.a",
            "",
        ] {
            assert_eq!(text.parse::<TableName>(), Err(InvalidTableName), "{text}");
        }
    }
}
