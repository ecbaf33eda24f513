//! The words of one statement, and names among them.

use crate::sql_scanner::{SqlSpan, span_at};

/// A name of a table as a statement has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WrittenTable {
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
}

/// Words, quoted names and texts, and single other characters, without comments.
pub(crate) fn tokens(sql: &str) -> Vec<String> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(first) = sql[at..].chars().next() {
        let start = at;
        match span_at(sql, at) {
            Some(SqlSpan::Comment(end)) => {
                at = end;
                continue;
            }
            Some(SqlSpan::Quoted(end)) => at = end,
            Some(SqlSpan::Unclosed(_)) => return found,
            None if first.is_alphanumeric() || first == '_' => {
                let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
                let length = sql[at..].find(|c: char| !is_name(c));
                at = length.map_or(sql.len(), |length| at + length);
            }
            None => at += first.len_utf8(),
        }
        if !first.is_whitespace() {
            found.push(sql[start..at].to_owned());
        }
    }
    found
}

/// Whether a token is a word of SQL, in any case.
pub(crate) fn is_word(token: &str, word: &str) -> bool {
    token.eq_ignore_ascii_case(word)
}

/// Reads the tokens of a statement one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SqlWords<'t> {
    pub(crate) rest: &'t [String],
}

impl<'t> SqlWords<'t> {
    /// Whether the next words are these.
    pub(crate) fn is_at(&self, words: &[&str]) -> bool {
        let mut pairs = self.rest.iter().zip(words);
        self.rest.len() >= words.len() && pairs.all(|(token, word)| is_word(token, word))
    }

    /// Takes these words, if they are next.
    pub(crate) fn takes(&mut self, words: &[&str]) -> bool {
        let is_next = self.is_at(words);
        if is_next {
            self.rest = &self.rest[words.len()..];
        }
        is_next
    }

    /// Whether one of these words is anywhere in the rest.
    pub(crate) fn has(&self, words: &[&str]) -> bool {
        let mut rest = self.rest.iter();
        rest.any(|token| words.iter().any(|word| is_word(token, word)))
    }

    /// Moves behind the first of these words. Returns whether there is one.
    pub(crate) fn skips_to(&mut self, word: &str) -> bool {
        let at = self.rest.iter().position(|token| is_word(token, word));
        if let Some(at) = at {
            self.rest = &self.rest[at + 1..];
        }
        at.is_some()
    }

    /// A name without a schema.
    pub(crate) fn name(&mut self) -> Option<String> {
        let (first, rest) = self.rest.split_first()?;
        let name = match first.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"')?.replace("\"\"", "\""),
            None if first.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                first.to_lowercase()
            }
            None => return None,
        };
        self.rest = rest;
        Some(name)
    }

    /// A table, also after `ONLY` and before `*`.
    pub(crate) fn table(&mut self) -> Option<WrittenTable> {
        self.takes(&["ONLY"]);
        let mut schema = None;
        let mut table = self.name()?;
        while self.takes(&["."]) {
            schema = Some(table);
            table = self.name()?;
        }
        self.takes(&["*"]);
        Some(WrittenTable { schema, table })
    }

    /// Tables, separated by commas.
    pub(crate) fn tables(&mut self) -> Option<Vec<WrittenTable>> {
        let mut found = vec![self.table()?];
        while self.takes(&[","]) {
            found.push(self.table()?);
        }
        Some(found)
    }

    /// The parts between commas that are not in parentheses.
    pub(crate) fn parts(self) -> Vec<Self> {
        let (mut found, mut start, mut depth) = (Vec::new(), 0, 0_usize);
        for (at, token) in self.rest.iter().enumerate() {
            match token.as_str() {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "," if depth == 0 => {
                    found.push(&self.rest[start..at]);
                    start = at + 1;
                }
                _ => {}
            }
        }
        found.push(&self.rest[start..]);
        found.into_iter().map(|rest| Self { rest }).collect()
    }
}
