//! What PostgreSQL documents about statements that cannot run in a transaction and block others. They
//! are not run where everything is rolled back.

use crate::lock_mode::LockMode;
use crate::sql_words::{is_word, tokens};

/// What a statement does to tables, by the documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentedEffect {
    /// The lock on each table.
    pub mode: LockMode,
    /// Whether it writes all rows again.
    pub is_rewrite: bool,
    /// The tables as they are written; empty for all tables.
    pub tables: Vec<String>,
}

/// The effect of `VACUUM FULL`, of `CLUSTER` without a table, and of `REINDEX` of more than a table.
/// `None` for other statements.
pub fn documented_effect(sql: &str) -> Option<DocumentedEffect> {
    let tokens = tokens(sql);
    let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let of_all = |mode, is_rewrite| DocumentedEffect {
        mode,
        is_rewrite,
        tables: Vec::new(),
    };
    match words.as_slice() {
        [first, rest @ ..] if is_word(first, "VACUUM") => full_vacuum(rest),
        [first] if is_word(first, "CLUSTER") => Some(of_all(LockMode::AccessExclusive, true)),
        [first, rest @ ..] if is_word(first, "REINDEX") => {
            let is_said = |word: &str| rest.iter().any(|token| is_word(token, word));
            let is_wide = ["DATABASE", "SYSTEM", "SCHEMA"].into_iter().any(is_said);
            (is_wide && !is_said("CONCURRENTLY")).then(|| of_all(LockMode::Share, false))
        }
        _ => None,
    }
}

fn full_vacuum(words: &[&str]) -> Option<DocumentedEffect> {
    let mut rest = words;
    let mut is_full = false;
    if let ["(", inner @ ..] = rest {
        let end = inner.iter().position(|token| *token == ")")?;
        for option in inner[..end].split(|token| *token == ",") {
            is_full |= match option {
                [name] => is_word(name, "FULL"),
                [name, value] => {
                    let is_off = ["FALSE", "OFF", "0"];
                    is_word(name, "FULL") && !is_off.iter().any(|off| is_word(value, off))
                }
                _ => false,
            };
        }
        rest = &inner[end + 1..];
    }
    while let [first, others @ ..] = rest {
        let options = ["FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE"];
        if !options.iter().any(|option| is_word(first, option)) {
            break;
        }
        is_full |= is_word(first, "FULL");
        rest = others;
    }
    is_full.then(|| DocumentedEffect {
        mode: LockMode::AccessExclusive,
        is_rewrite: true,
        tables: table_names(rest),
    })
}

/// Names with their schemas, separated by commas; columns in parentheses are left out.
fn table_names(tokens: &[&str]) -> Vec<String> {
    let (mut names, mut name, mut depth) = (Vec::new(), String::new(), 0_usize);
    for token in tokens {
        match *token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            "," => names.push(std::mem::take(&mut name)),
            part => name.push_str(part),
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_block_are_known() {
        let check = |sql: &str, expected: Option<(&str, bool, &str)>| {
            let found = documented_effect(sql);
            let found = found
                .as_ref()
                .map(|one| (one.mode.as_str(), one.is_rewrite, one.tables.join("|")));
            let expected = expected.map(|(mode, full, tables)| (mode, full, tables.to_owned()));
            assert_eq!(found, expected, "{sql}");
        };
        let full = |tables| Some(("ACCESS EXCLUSIVE", true, tables));
        check("VACUUM shop.orders", None);
        check("vacuum full shop.orders", full("shop.orders"));
        check(
            "VACUUM /* FULL */ (FULL, ANALYZE) a, \"B c\".d (x, y)",
            full("a|\"B c\".d"),
        );
        check("VACUUM (FULL off) a", None);
        check("VACUUM (ANALYZE, FULL true)", full(""));
        check("VACUUM FULL VERBOSE", full(""));
        check("VACUUM \"full\"", None);
        check("CLUSTER", full(""));
        check("CLUSTER a USING b", None);
        check("REINDEX SCHEMA shop", Some(("SHARE", false, "")));
        check("REINDEX SCHEMA CONCURRENTLY shop", None);
        check("REINDEX TABLE shop.orders", None);
        check("VACUUM (FULL", None);
        check("", None);
    }
}
