//! What `ALTER TABLE` does by its text (PostgreSQL, ALTER TABLE).

use portcullis_vocabulary::TableName;

use crate::lock_mode::LockMode;
use crate::sql_words::{SqlWords, WrittenTable};
use crate::table_change::TableChangeKind;
use crate::written_effect::WrittenEffect;

/// Functions whose value is the same for all rows of a statement, so a default of them writes no row.
const STABLE_DEFAULTS: [&str; 5] = [
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "current_setting",
    "to_timestamp",
];

/// Reads the actions after the name of the table. `None` if one is not known.
pub(crate) fn alter_actions(
    table: &WrittenTable,
    words: SqlWords<'_>,
    effect: &mut WrittenEffect,
) -> Option<()> {
    for action in words.parts() {
        let mode = alter_action(table, action, effect)?;
        effect.lock(table, mode);
    }
    Some(())
}

/// One action. Returns the lock that it takes on the table.
fn alter_action(
    table: &WrittenTable,
    mut words: SqlWords<'_>,
    effect: &mut WrittenEffect,
) -> Option<LockMode> {
    use LockMode::{AccessExclusive, ShareRowExclusive, ShareUpdateExclusive};
    if words.takes(&["ADD"]) {
        return add(table, words, effect);
    }
    if words.takes(&["DROP"]) {
        if words.takes(&["CONSTRAINT"]) {
            return (!words.has(&["CASCADE"])).then_some(AccessExclusive);
        }
        words.takes(&["COLUMN"]);
        words.takes(&["IF", "EXISTS"]);
        let column = words.name()?;
        effect.change(table, TableChangeKind::ColumnDropped { column });
        // What CASCADE drops is not in the text, and views can be shared.
        return (!words.has(&["CASCADE"])).then_some(AccessExclusive);
    }
    if words.takes(&["RENAME"]) {
        return rename(table, words, effect);
    }
    if words.takes(&["ALTER"]) {
        return alter_column(table, words, effect);
    }
    if words.takes(&["VALIDATE", "CONSTRAINT"]) || words.takes(&["CLUSTER", "ON"]) {
        return Some(ShareUpdateExclusive);
    }
    if words.takes(&["ATTACH", "PARTITION"]) {
        effect.lock(&words.table()?, AccessExclusive);
        return Some(ShareUpdateExclusive);
    }
    if words.takes(&["DETACH", "PARTITION"]) {
        let is_alone = words.has(&["CONCURRENTLY"]);
        return Some(if is_alone {
            ShareUpdateExclusive
        } else {
            AccessExclusive
        });
    }
    let is_trigger = words.takes(&["ENABLE"]) || words.takes(&["DISABLE"]);
    if is_trigger {
        return Some(if words.has(&["TRIGGER"]) {
            ShareRowExclusive
        } else {
            AccessExclusive
        });
    }
    if words.takes(&["SET", "SCHEMA"]) {
        let to = TableName::new(words.name()?, &table.table);
        effect.change(table, TableChangeKind::Renamed { to });
        return Some(AccessExclusive);
    }
    if words.takes(&["SET", "LOGGED"]) || words.takes(&["SET", "UNLOGGED"]) {
        effect.change(table, TableChangeKind::Rewritten);
        return Some(AccessExclusive);
    }
    if words.is_at(&["SET", "("]) || words.is_at(&["RESET", "("]) {
        return Some(ShareUpdateExclusive);
    }
    if words.takes(&["SET", "TABLESPACE"]) || words.takes(&["SET", "ACCESS", "METHOD"]) {
        effect.change(table, TableChangeKind::Rewritten);
        return Some(AccessExclusive);
    }
    let known = ["OWNER", "REPLICA", "FORCE", "NO", "INHERIT", "SET"];
    known
        .iter()
        .any(|word| words.is_at(&[word]))
        .then_some(AccessExclusive)
}

fn add(
    table: &WrittenTable,
    mut words: SqlWords<'_>,
    effect: &mut WrittenEffect,
) -> Option<LockMode> {
    let kinds = ["CHECK", "UNIQUE", "PRIMARY", "FOREIGN", "EXCLUDE", "NOT"];
    let is_named = words.takes(&["CONSTRAINT"]);
    let name = if is_named { Some(words.name()?) } else { None };
    if is_named || kinds.iter().any(|kind| words.is_at(&[kind])) {
        let is_foreign = words.is_at(&["FOREIGN"]);
        let name = name.unwrap_or_else(|| format!("a constraint of {}", table.table));
        // A unique index that becomes a constraint is a rule already.
        if !words.has(&["INDEX"]) {
            let rule = words.rest.first().map(|word| word.to_ascii_uppercase());
            let rule = rule.unwrap_or_default();
            let constrained = TableChangeKind::Constrained { name, rule };
            if is_foreign {
                let mut other = words;
                other.skips_to("REFERENCES").then_some(())?;
                let other = other.table()?;
                effect.lock(&other, LockMode::ShareRowExclusive);
                effect.change(&other, constrained.clone());
            }
            effect.change(table, constrained);
        }
        return Some(if is_foreign {
            LockMode::ShareRowExclusive
        } else {
            LockMode::AccessExclusive
        });
    }
    words.takes(&["COLUMN"]);
    words.takes(&["IF", "NOT", "EXISTS"]);
    let column = words.name()?;
    let has_default = words.has(&["DEFAULT", "GENERATED"]) || is_serial(words);
    if words.has(&["STORED", "IDENTITY"]) || is_serial(words) || has_volatile_default(words) {
        effect.change(table, TableChangeKind::Rewritten);
    }
    let is_required = words
        .rest
        .windows(2)
        .any(|pair| pair[0].eq_ignore_ascii_case("NOT") && pair[1].eq_ignore_ascii_case("NULL"));
    let mut rules = vec![
        ("CHECK", "CHECK"),
        ("UNIQUE", "UNIQUE"),
        ("PRIMARY", "PRIMARY KEY"),
    ];
    rules.retain(|(word, _)| words.has(&[word]));
    if is_required && !has_default {
        rules.push(("NOT", "NOT NULL without a default"));
    }
    for (_, rule) in rules {
        effect.change(
            table,
            TableChangeKind::Constrained {
                name: column.clone(),
                rule: rule.to_owned(),
            },
        );
    }
    if words.skips_to("REFERENCES") {
        effect.lock(&words.table()?, LockMode::ShareRowExclusive);
    }
    Some(LockMode::AccessExclusive)
}

fn is_serial(words: SqlWords<'_>) -> bool {
    let types = [
        "SERIAL",
        "BIGSERIAL",
        "SMALLSERIAL",
        "SERIAL4",
        "SERIAL8",
        "SERIAL2",
    ];
    types.iter().any(|one| words.is_at(&[one]))
}

/// Whether the default calls a function whose value may differ from row to row.
fn has_volatile_default(mut words: SqlWords<'_>) -> bool {
    if !words.skips_to("DEFAULT") {
        return false;
    }
    let calls = words.rest.windows(2).filter(|pair| {
        let is_name = pair[0].starts_with(|c: char| c.is_alphabetic() || c == '_');
        pair[1] == "(" && is_name
    });
    let mut names = calls.map(|pair| pair[0].to_lowercase());
    names.any(|name| !STABLE_DEFAULTS.contains(&name.as_str()))
}

fn rename(
    table: &WrittenTable,
    mut words: SqlWords<'_>,
    effect: &mut WrittenEffect,
) -> Option<LockMode> {
    if words.takes(&["TO"]) {
        let schema = table.schema.clone().unwrap_or_default();
        let to = TableName::new(schema, words.name()?);
        effect.change(table, TableChangeKind::Renamed { to });
    } else if !words.takes(&["CONSTRAINT"]) {
        words.takes(&["COLUMN"]);
        let column = words.name()?;
        words.takes(&["TO"]).then_some(())?;
        let to = words.name()?;
        effect.change(table, TableChangeKind::ColumnRenamed { column, to });
    }
    Some(LockMode::AccessExclusive)
}

fn alter_column(
    table: &WrittenTable,
    mut words: SqlWords<'_>,
    effect: &mut WrittenEffect,
) -> Option<LockMode> {
    if words.takes(&["CONSTRAINT"]) {
        return Some(LockMode::AccessExclusive);
    }
    words.takes(&["COLUMN"]);
    let column = words.name()?;
    words.takes(&["SET", "DATA"]);
    if words.takes(&["TYPE"]) {
        let stops = |token: &&String| {
            !token.eq_ignore_ascii_case("USING") && !token.eq_ignore_ascii_case("COLLATE")
        };
        let to: Vec<&str> = words
            .rest
            .iter()
            .take_while(stops)
            .map(String::as_str)
            .collect();
        effect.change(
            table,
            TableChangeKind::ColumnRetyped {
                column,
                from: "its type".to_owned(),
                to: to.join(" "),
            },
        );
        // Which types need no rewrite depends on the type before, which is not in the text.
        effect.change(table, TableChangeKind::Rewritten);
        return Some(LockMode::AccessExclusive);
    }
    if words.takes(&["SET", "NOT", "NULL"]) {
        effect.change(
            table,
            TableChangeKind::Constrained {
                name: column,
                rule: "NOT NULL".to_owned(),
            },
        );
    }
    if words.takes(&["ADD", "GENERATED"]) {
        return Some(LockMode::AccessExclusive);
    }
    let is_light = words.takes(&["SET", "STATISTICS"]) || words.is_at(&["SET", "("]);
    Some(if is_light {
        LockMode::ShareUpdateExclusive
    } else {
        LockMode::AccessExclusive
    })
}
