//! Splits SQL into statements, and says what kind each one is.
//!
//! A statement ends at a semicolon outside of parentheses, texts, names and comments, and outside
//! of the `BEGIN ATOMIC … END` of a function. If the split were wrong, PostgreSQL would refuse the
//! statement: several statements in one prepared statement are an error.

use crate::sql_scanner::{SqlSpan, span_at};

/// A statement of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlStatement {
    /// The text, without the semicolon and without comments in front.
    pub text: String,
    /// The line on which it starts, from 1.
    pub line: u32,
    /// What must be known before it runs.
    pub kind: StatementKind,
}

/// What must be known about a statement before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// It runs as it is.
    Ordinary,
    /// It empties tables.
    Truncate,
    /// It begins a transaction. The run has its own.
    TransactionBegin,
    /// It commits a transaction.
    TransactionCommit,
    /// It would end the transaction of the run in another way.
    Rollback,
    /// It reads rows from the client.
    CopyFromClient,
}

/// Why SQL cannot be split.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableSql {
    /// Something is not closed.
    #[error("this {what} does not end")]
    Unclosed {
        /// The line on which it starts.
        line: u32,
        /// What it is.
        what: &'static str,
    },
    /// A command of psql.
    #[error("`{command}` is a command of psql, not SQL; remove it")]
    ClientCommand {
        /// The line.
        line: u32,
        /// The command.
        command: String,
    },
}

impl UnreadableSql {
    /// The line of the mistake.
    pub const fn line(&self) -> u32 {
        match self {
            Self::Unclosed { line, .. } | Self::ClientCommand { line, .. } => *line,
        }
    }
}

/// Splits SQL into statements.
///
/// # Errors
/// [`UnreadableSql`] says where a text or a comment has no end, or where a command of psql is.
pub fn split_statements(sql: &str) -> Result<Vec<SqlStatement>, UnreadableSql> {
    let mut splitter = StatementSplitter {
        sql,
        at: 0,
        line: 1,
        statement: None,
        found: Vec::new(),
        parentheses: 0,
        blocks: 0,
        words: Vec::new(),
    };
    splitter.run()?;
    Ok(splitter.found)
}

/// The words that say what a statement is; further ones are only needed for nested blocks.
const WORDS_MAX: usize = 64;

struct StatementSplitter<'s> {
    sql: &'s str,
    at: usize,
    line: u32,
    /// Where the current statement starts, and its line.
    statement: Option<(usize, u32)>,
    found: Vec<SqlStatement>,
    parentheses: usize,
    /// The depth of `BEGIN ATOMIC` and `CASE` inside of it.
    blocks: usize,
    /// The first words of the statement outside of texts, in capital letters.
    words: Vec<String>,
}

impl StatementSplitter<'_> {
    fn run(&mut self) -> Result<(), UnreadableSql> {
        while self.at < self.sql.len() {
            match span_at(self.sql, self.at) {
                Some(SqlSpan::Comment(end)) => self.skip_to(end),
                Some(SqlSpan::Quoted(end)) => {
                    self.begin();
                    self.skip_to(end);
                }
                Some(SqlSpan::Unclosed(what)) => {
                    let line = self.line;
                    return Err(UnreadableSql::Unclosed { line, what });
                }
                None => self.step()?,
            }
        }
        self.finish(self.sql.len());
        Ok(())
    }

    /// Takes one word or one other character.
    fn step(&mut self) -> Result<(), UnreadableSql> {
        let rest = &self.sql[self.at..];
        let Some(first) = rest.chars().next() else {
            return Ok(());
        };
        match first {
            ';' if self.parentheses == 0 && self.blocks == 0 => {
                self.finish(self.at);
                self.skip_to(self.at + 1);
                return Ok(());
            }
            '\\' if self.statement.is_none() => return self.client_command(),
            '(' => self.parentheses += 1,
            ')' => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
        if first.is_alphabetic() || first == '_' {
            let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            // In `E'text'` the letter is in front of the text.
            let length = length.max(1);
            self.begin();
            self.note_word(rest[..length].to_uppercase());
            self.skip_to(self.at + length);
            return Ok(());
        }
        if !first.is_whitespace() {
            self.begin();
        }
        self.skip_to(self.at + first.len_utf8());
        Ok(())
    }

    /// Dumps of PostgreSQL begin and end with two commands of psql, which change nothing.
    fn client_command(&mut self) -> Result<(), UnreadableSql> {
        let rest = &self.sql[self.at..];
        let end = rest.find('\n').unwrap_or(rest.len());
        let command = rest[..end].split_whitespace().next().unwrap_or_default();
        if command != "\\restrict" && command != "\\unrestrict" {
            return Err(UnreadableSql::ClientCommand {
                line: self.line,
                command: command.to_owned(),
            });
        }
        self.skip_to(self.at + end);
        Ok(())
    }

    fn begin(&mut self) {
        self.statement.get_or_insert((self.at, self.line));
    }

    fn note_word(&mut self, word: String) {
        let follows_begin = self.words.last().is_some_and(|last| last == "BEGIN");
        match word.as_str() {
            "ATOMIC" if follows_begin => self.blocks += 1,
            "CASE" if self.blocks > 0 => self.blocks += 1,
            "END" if self.blocks > 0 => self.blocks -= 1,
            _ => {}
        }
        if self.words.len() == WORDS_MAX {
            self.words.remove(WORDS_MAX / 2);
        }
        self.words.push(word);
    }

    fn finish(&mut self, end: usize) {
        if let Some((start, line)) = self.statement.take() {
            self.found.push(SqlStatement {
                text: self.sql[start..end].trim_end().to_owned(),
                line,
                kind: kind_of(&self.words),
            });
        }
        self.words.clear();
        self.parentheses = 0;
        self.blocks = 0;
    }

    fn skip_to(&mut self, end: usize) {
        let skipped = &self.sql.as_bytes()[self.at..end];
        let lines = skipped.iter().filter(|byte| **byte == b'\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at = end;
    }
}

fn kind_of(words: &[String]) -> StatementKind {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["BEGIN", ..] | ["START", "TRANSACTION", ..] => StatementKind::TransactionBegin,
        ["COMMIT", "PREPARED", ..] => StatementKind::Rollback,
        ["COMMIT" | "END", ..] => StatementKind::TransactionCommit,
        ["ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE", ..] | ["PREPARE", "TRANSACTION", ..] => {
            StatementKind::Rollback
        }
        ["TRUNCATE", ..] => StatementKind::Truncate,
        ["COPY", rest @ ..] if rest.windows(2).any(|pair| pair == ["FROM", "STDIN"]) => {
            StatementKind::CopyFromClient
        }
        _ => StatementKind::Ordinary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected: &[(u32, &str)]) {
        let found = split_statements(sql).unwrap();
        let found: Vec<(u32, &str)> = found.iter().map(|one| (one.line, &*one.text)).collect();
        assert_eq!(found, expected, "{sql}");
    }

    #[test]
    fn statements_end_at_semicolons() {
        check("a;b ;\n\n c", &[(1, "a"), (1, "b"), (3, "c")]);
        check("-- x;\n/* ; /* ; */ ; */ a; -- y", &[(2, "a")]);
        check(
            "SELECT ';', \";\", 'a''b;', E'\\';', U&'\\;';b",
            &[
                (1, "SELECT ';', \";\", 'a''b;', E'\\';', U&'\\;'"),
                (1, "b"),
            ],
        );
        check(
            "DO $$ a; $b$ ; $$;DO $b$ ; $$ ; $b$",
            &[(1, "DO $$ a; $b$ ; $$"), (1, "DO $b$ ; $$ ; $b$")],
        );
        check(
            "SELECT a$b$c; SELECT $1; x",
            &[(1, "SELECT a$b$c"), (1, "SELECT $1"), (1, "x")],
        );
        check(
            "CREATE RULE r AS DO (a; b); c",
            &[(1, "CREATE RULE r AS DO (a; b)"), (1, "c")],
        );
        check(
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN 2 END; END; b",
            &[
                (
                    1,
                    "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN 2 END; END",
                ),
                (1, "b"),
            ],
        );
        check(
            "\\restrict abc\nSELECT 1;\n\\unrestrict abc\n",
            &[(2, "SELECT 1")],
        );
        check(";; ;", &[]);
    }

    #[test]
    fn kinds_are_known_by_their_words() {
        let check = |sql: &str, expected: StatementKind| {
            assert_eq!(split_statements(sql).unwrap()[0].kind, expected, "{sql}");
        };
        check("/* c */ begin", StatementKind::TransactionBegin);
        check("START /**/ TRANSACTION", StatementKind::TransactionBegin);
        check("END", StatementKind::TransactionCommit);
        check("commit and chain", StatementKind::TransactionCommit);
        check("COMMIT PREPARED 'x'", StatementKind::Rollback);
        check("rollback to x", StatementKind::Rollback);
        check("PREPARE TRANSACTION 'x'", StatementKind::Rollback);
        check("PREPARE x AS SELECT 1", StatementKind::Ordinary);
        check("TRUNCATE a", StatementKind::Truncate);
        check("COPY a (b) FROM stdin", StatementKind::CopyFromClient);
        check("COPY a TO STDOUT", StatementKind::Ordinary);
    }

    #[test]
    fn mistakes_have_a_line() {
        let check = |sql: &str, line: u32, expected: &str| {
            let error = split_statements(sql).unwrap_err();
            assert_eq!(
                (error.line(), error.to_string().as_str()),
                (line, expected),
                "{sql}"
            );
        };
        check("a;\n'b", 2, "this text does not end");
        check("/* /* */", 1, "this comment does not end");
        check("\n$x$ $y$", 2, "this text in dollar signs does not end");
        check("\"a", 1, "this name in quotation marks does not end");
        check(
            "a;\n\\copy t from x",
            2,
            "`\\copy` is a command of psql, not SQL; remove it",
        );
    }

    #[test]
    fn no_text_makes_it_panic() {
        let pieces = [
            "'", "\"", "$", "$a$", "--", "/*", "*/", "\n", ";", "E'", "\\", "é", "(", ")", "BEGIN",
            " ATOMIC ", "END",
        ];
        let mut state = 7_usize;
        for _ in 0..2000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(state >> 33) % pieces.len()]);
            }
            let _ = split_statements(&text);
        }
    }
}
