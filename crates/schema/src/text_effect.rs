//! What migrations do by their text, without a server: the locks that PostgreSQL documents for
//! statements about shared tables, and what these change.
//!
//! It is weaker than a run. Functions, triggers and `DO` can do anything, a rewrite can depend on the
//! data type and the settings, and what `CASCADE` drops is not in the text. A statement whose effect is
//! not known is [`StatementRun::Unread`], so it is never taken for harmless.

use std::collections::BTreeSet;

use portcullis_vocabulary::TableName;

use crate::alter_table::alter_actions;
use crate::documented_effect::documented_effect;
use crate::lock_mode::LockMode;
use crate::migration_effect::{MigrationEffect, StatementEffect, StatementRun, TableLock};
use crate::shared_tables::SharedTables;
use crate::sql_statement::{SqlStatement, StatementKind};
use crate::sql_words::{SqlWords, WrittenTable, tokens};
use crate::table_change::{TableChange, TableChangeKind};
use crate::written_effect::WrittenEffect;

/// What the statements of a migration do to shared tables.
pub fn text_effect(
    file: &str,
    statements: &[SqlStatement],
    shared: &SharedTables,
) -> MigrationEffect {
    let mut reader = TextReader {
        shared,
        created: BTreeSet::new(),
        has_lock_timeout: false,
    };
    let effects = statements.iter();
    MigrationEffect {
        file: file.to_owned(),
        statements: effects
            .map(|statement| reader.statement(statement))
            .collect(),
    }
}

struct TextReader<'s> {
    shared: &'s SharedTables,
    /// The tables that the migration has created, which no other squad uses yet.
    created: BTreeSet<WrittenTable>,
    has_lock_timeout: bool,
}

impl TextReader<'_> {
    fn statement(&mut self, statement: &SqlStatement) -> StatementEffect {
        let tokens = tokens(&statement.text);
        let words = SqlWords { rest: &tokens };
        self.note(words, statement.kind);
        let found = match statement.kind {
            StatementKind::TransactionBegin | StatementKind::TransactionCommit => {
                Some(WrittenEffect::default())
            }
            StatementKind::Ordinary
            | StatementKind::Truncate
            | StatementKind::Rollback
            | StatementKind::CopyFromClient => written_effect(words, &statement.text),
        };
        let run = match found {
            Some(_) => StatementRun::Read,
            None => StatementRun::Unread,
        };
        let found = found.unwrap_or_default();
        let locks = found.locks.iter().flat_map(|(table, mode)| {
            let tables = self.tables(table).into_iter();
            tables.map(|table| TableLock { table, mode: *mode })
        });
        let changes = found.changes.iter().flat_map(|(table, kind)| {
            let kind = kind.clone();
            let tables = self.tables(table).into_iter();
            tables.map(move |table| TableChange {
                table,
                kind: kind.clone(),
            })
        });
        StatementEffect {
            line: statement.line,
            run,
            locks: locks.collect(),
            changes: changes.collect(),
            dropped: Vec::new(),
            has_lock_timeout: self.has_lock_timeout,
        }
    }

    /// Notes what later statements depend on.
    fn note(&mut self, mut words: SqlWords<'_>, kind: StatementKind) {
        if kind == StatementKind::TransactionCommit {
            self.has_lock_timeout = false;
        }
        if words.takes(&["SET"]) {
            let _ = words.takes(&["LOCAL"]) || words.takes(&["SESSION"]);
            if words.takes(&["lock_timeout"]) {
                let value = words.rest.last().map(|value| value.trim_matches('\''));
                let is_off =
                    |value: &str| value.is_empty() || value.bytes().all(|byte| byte == b'0');
                let is_default = words.has(&["DEFAULT"]);
                self.has_lock_timeout = !is_default && value.is_some_and(|value| !is_off(value));
            }
        } else if let Some(table) = created_table(words) {
            self.created.insert(table);
        }
    }

    /// The shared tables that a name can mean. Without a schema it can be in any.
    fn tables(&self, written: &WrittenTable) -> Vec<TableName> {
        if self.created.contains(written) {
            return Vec::new();
        }
        let named = self.shared.iter().map(|(name, _)| name);
        let meant = named.filter(|name| {
            let schema = written.schema.as_deref();
            name.table == written.table && schema.is_none_or(|schema| schema == name.schema)
        });
        meant.cloned().collect()
    }
}

/// The table that a statement creates.
fn created_table(mut words: SqlWords<'_>) -> Option<WrittenTable> {
    if !words.takes(&["CREATE"]) {
        return None;
    }
    for word in ["GLOBAL", "LOCAL", "TEMPORARY", "TEMP", "UNLOGGED"] {
        words.takes(&[word]);
    }
    let is_table = words.takes(&["TABLE"]);
    words.takes(&["IF", "NOT", "EXISTS"]);
    words.table().filter(|_| is_table)
}

/// What a statement does by its text. `None` if that is not known.
fn written_effect(mut words: SqlWords<'_>, sql: &str) -> Option<WrittenEffect> {
    let mut effect = WrittenEffect::default();
    if let Some(documented) = documented_effect(sql) {
        for table in &documented.tables {
            let own = tokens(table);
            let table = SqlWords { rest: &own }.table()?;
            effect.lock(&table, documented.mode);
            if documented.is_rewrite {
                effect.change(&table, TableChangeKind::Rewritten);
            }
        }
        // Of all tables, or of those of an index, the text does not say which.
        return (!documented.tables.is_empty()).then_some(effect);
    }
    let start = words;
    let (first, rest) = words.rest.split_first()?;
    words.rest = rest;
    match first.to_ascii_uppercase().as_str() {
        "CREATE" => create(start, words, &mut effect)?,
        "ALTER" if words.takes(&["TABLE"]) => {
            words.takes(&["IF", "EXISTS"]);
            let table = words.table()?;
            alter_actions(&table, words, &mut effect)?;
        }
        "DROP" => drop_effect(words, &mut effect)?,
        "TRUNCATE" => {
            words.takes(&["TABLE"]);
            for table in words.tables()? {
                effect.lock(&table, LockMode::AccessExclusive);
                effect.change(&table, TableChangeKind::Emptied);
            }
            // Tables that refer to it are emptied, too, and are not in the text.
            if words.has(&["CASCADE"]) {
                return None;
            }
        }
        "LOCK" => {
            words.takes(&["TABLE"]);
            let tables = words.tables()?;
            let mode = lock_mode(words);
            tables.iter().for_each(|table| effect.lock(table, mode));
        }
        "CLUSTER" => {
            let table = words.table()?;
            effect.lock(&table, LockMode::AccessExclusive);
            effect.change(&table, TableChangeKind::Rewritten);
        }
        "REINDEX" if words.takes(&["TABLE"]) => {
            let is_alone = words.takes(&["CONCURRENTLY"]);
            let mode = if is_alone {
                LockMode::ShareUpdateExclusive
            } else {
                LockMode::Share
            };
            effect.lock(&words.table()?, mode);
        }
        // These take locks that make neither readers nor writers wait, and change no table.
        "INSERT" | "UPDATE" | "DELETE" | "COMMENT" | "GRANT" | "REVOKE" | "SET" | "RESET"
        | "ANALYZE" | "VACUUM" | "SHOW" => {}
        _ => return None,
    }
    Some(effect)
}

/// The mode that `LOCK` names; the strongest if it names none.
fn lock_mode(mut words: SqlWords<'_>) -> LockMode {
    if !words.takes(&["IN"]) {
        return LockMode::AccessExclusive;
    }
    let named = words
        .rest
        .iter()
        .take_while(|word| !word.eq_ignore_ascii_case("MODE"));
    let named: Vec<String> = named.map(|word| word.to_ascii_uppercase()).collect();
    LockMode::named(&named.join(" ")).unwrap_or(LockMode::AccessExclusive)
}

fn create(start: SqlWords<'_>, mut words: SqlWords<'_>, effect: &mut WrittenEffect) -> Option<()> {
    if created_table(start).is_some() {
        let mut references = words;
        while references.skips_to("REFERENCES") {
            effect.lock(&references.table()?, LockMode::ShareRowExclusive);
        }
        let mut parent = words;
        if parent.skips_to("PARTITION") && parent.takes(&["OF"]) {
            effect.lock(&parent.table()?, LockMode::AccessExclusive);
        }
        return Some(());
    }
    words.takes(&["OR", "REPLACE"]);
    if words.is_at(&["INDEX"]) || words.is_at(&["UNIQUE", "INDEX"]) {
        return create_index(words, effect);
    }
    words.takes(&["CONSTRAINT"]);
    if words.takes(&["TRIGGER"]) {
        words.skips_to("ON").then_some(())?;
        effect.lock(&words.table()?, LockMode::ShareRowExclusive);
        return Some(());
    }
    if words.takes(&["POLICY"]) {
        words.skips_to("ON").then_some(())?;
        effect.lock(&words.table()?, LockMode::AccessExclusive);
        return Some(());
    }
    // A view that is replaced is locked, and a shared one has readers.
    if words.takes(&["VIEW"]) {
        if start.is_at(&["CREATE", "OR"]) {
            effect.lock(&words.table()?, LockMode::AccessExclusive);
        }
        return Some(());
    }
    let harmless = [
        "SCHEMA",
        "SEQUENCE",
        "TYPE",
        "DOMAIN",
        "FUNCTION",
        "PROCEDURE",
        "AGGREGATE",
        "ROLE",
        "USER",
        "EXTENSION",
        "COLLATION",
        "STATISTICS",
        "MATERIALIZED",
    ];
    harmless
        .iter()
        .any(|word| words.is_at(&[word]))
        .then_some(())
}

fn drop_effect(mut words: SqlWords<'_>, effect: &mut WrittenEffect) -> Option<()> {
    let is_relation =
        words.takes(&["TABLE"]) || words.takes(&["VIEW"]) || words.takes(&["MATERIALIZED", "VIEW"]);
    if is_relation {
        words.takes(&["IF", "EXISTS"]);
        for table in words.tables()? {
            effect.lock(&table, LockMode::AccessExclusive);
            effect.change(&table, TableChangeKind::Dropped);
        }
        return (!words.has(&["CASCADE"])).then_some(());
    }
    if words.takes(&["TRIGGER"]) || words.takes(&["POLICY"]) || words.takes(&["RULE"]) {
        words.skips_to("ON").then_some(())?;
        effect.lock(&words.table()?, LockMode::AccessExclusive);
        return Some(());
    }
    // An index does not name its table, and types and functions are used by columns.
    let harmless = ["ROLE", "USER", "EXTENSION", "SEQUENCE"];
    let is_harmless = harmless.iter().any(|word| words.is_at(&[word]));
    (is_harmless && !words.has(&["CASCADE"])).then_some(())
}

fn create_index(mut words: SqlWords<'_>, effect: &mut WrittenEffect) -> Option<()> {
    let is_unique = words.takes(&["UNIQUE"]);
    words.takes(&["INDEX"]);
    let is_alone = words.takes(&["CONCURRENTLY"]);
    words.takes(&["IF", "NOT", "EXISTS"]);
    let name = if words.is_at(&["ON"]) {
        None
    } else {
        words.name()
    };
    words.skips_to("ON").then_some(())?;
    let table = words.table()?;
    let mode = if is_alone {
        LockMode::ShareUpdateExclusive
    } else {
        LockMode::Share
    };
    effect.lock(&table, mode);
    if is_unique {
        effect.change(
            &table,
            TableChangeKind::Constrained {
                name: name.unwrap_or_else(|| "a unique index".to_owned()),
                rule: "unique".to_owned(),
            },
        );
    }
    Some(())
}
