//! Rules about one file alone: its documentation, its name, its length, and front pages.

use crate::lexer::TokenKind;
use crate::source_files::RustFile;

/// How many lines of production code a file may have.
pub const LINES_MAX: usize = 400;

/// Names that do not say what is inside.
const BANNED_NAMES: [&str; 11] = [
    "util", "utils", "common", "helper", "helpers", "misc", "types", "manager", "managers",
    "handler", "handlers",
];

/// What is wrong with a file. Its length is a matter of the list of long files.
pub fn complaints(file: &RustFile<'_>) -> Vec<String> {
    let path = file.path;
    let mut complaints = Vec::new();
    if !file.text.starts_with("//!") {
        complaints.push(format!(
            "{path}: begin with `//!`: what the file owns, and why it is so"
        ));
    }
    let name = path.split('/').map(|part| part.trim_end_matches(".rs"));
    if let Some(name) = name.into_iter().find(|name| BANNED_NAMES.contains(name)) {
        complaints.push(format!(
            "{path}: `{name}` does not say what is inside; name what it owns"
        ));
    }
    complaints.extend(front_page_complaint(file));
    complaints
}

/// A front page has documentation, modules and re-exports, no items.
fn front_page_complaint(file: &RustFile<'_>) -> Option<String> {
    const ITEMS: [&str; 9] = [
        "fn",
        "impl",
        "struct",
        "enum",
        "trait",
        "const",
        "static",
        "type",
        "macro_rules",
    ];
    let is_item = |index: &usize| {
        let token = file.code[*index];
        let is_attribute = *index > 0 && file.code[*index - 1].is("(");
        token.kind == TokenKind::Identifier && ITEMS.contains(&token.text) && !is_attribute
    };
    let index = (0..file.code.len())
        .filter(|_| file.is_front_page())
        .find(is_item)?;
    let token = file.code[index];
    Some(format!(
        "{}:{}: a front page has documentation, `mod` and `use` only; \
         move this `{}` to a file named after it",
        file.path, token.line, token.text
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_files::rust_file;

    fn check(path: &str, text: &str, expected: &str) {
        let found = complaints(&rust_file(path, text)).join("\n");
        let is_right = if expected.is_empty() {
            found.is_empty()
        } else {
            found.contains(expected)
        };
        assert!(is_right, "{path}: {text}: {found:?}");
    }

    #[test]
    fn files_begin_with_documentation() {
        check("src/a.rs", "//! What it owns.\nfn a() {}", "");
        check("src/a.rs", "fn a() {}", "begin with `//!`");
    }

    #[test]
    fn names_say_what_is_inside() {
        check("src/utils/a.rs", "//! A.", "`utils` does not say");
        check("src/a/helpers.rs", "//! A.", "`helpers` does not say");
        check("src/utilities.rs", "//! A.", "");
    }

    #[test]
    fn front_pages_have_no_logic() {
        check(
            "src/a/mod.rs",
            "//! A.\nmod b;\npub use b::C;\n#[cfg(test)]\nmod tests { fn c() {} }",
            "",
        );
        check(
            "src/a/mod.rs",
            "//! A.\nmod b;\nimpl C {}",
            "src/a/mod.rs:3: a front page has",
        );
        check(
            "crates/a/src/lib.rs",
            "//! A.\npub fn b() {}",
            "move this `fn` to a file",
        );
        check("src/a/b.rs", "//! A.\npub fn b() {}", "");
    }
}
