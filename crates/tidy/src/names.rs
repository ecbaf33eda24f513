//! Names of types and of files: which are shared, and which are one word only.

use std::collections::{BTreeMap, BTreeSet};

use crate::lexer::{Token, TokenKind};
use crate::source_files::RustFile;

/// In how many folders a file name may occur.
pub const FOLDERS_MAX: usize = 2;

/// A type as it is declared at item level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeDeclaration<'a> {
    /// Its name.
    pub name: &'a str,
    /// The line of its name.
    pub line: usize,
}

/// Every type that production code declares outside of functions, traits and impl blocks.
pub fn type_declarations<'a>(code: &[Token<'a>]) -> Vec<TypeDeclaration<'a>> {
    const KEYWORDS: [&str; 5] = ["struct", "enum", "trait", "union", "type"];
    let mut found = Vec::new();
    // How many open brackets do not belong to a module.
    let mut inner = 0;
    let mut modules = Vec::new();
    for (at, token) in code.iter().enumerate() {
        if token.kind == TokenKind::Identifier {
            let name = code
                .get(at + 1)
                .filter(|next| next.kind == TokenKind::Identifier);
            let is_declared = inner == 0 && KEYWORDS.contains(&token.text);
            let is_raw_pointer = at > 0 && code[at - 1].is("*");
            if let Some(name) = name.filter(|_| is_declared && !is_raw_pointer) {
                found.push(TypeDeclaration {
                    name: name.text,
                    line: name.line,
                });
            }
        } else if token.kind == TokenKind::Punctuation {
            match token.text {
                "{" if at >= 2 && code[at - 2].is("mod") => modules.push(inner),
                "{" | "(" | "[" => inner += 1,
                "}" if modules.last() == Some(&inner) => {
                    modules.pop();
                }
                "}" | ")" | "]" => inner -= 1,
                _ => {}
            }
        }
    }
    found
}

/// How many words a name in camel case has.
pub fn word_count(name: &str) -> usize {
    let bytes = name.as_bytes();
    let starts_word = |at: usize| {
        let lower = |at: usize| bytes.get(at).is_some_and(|byte| !byte.is_ascii_uppercase());
        bytes[at].is_ascii_uppercase()
            && (at == 0 || lower(at - 1) || (at + 1 < bytes.len() && lower(at + 1)))
    };
    (0..bytes.len())
        .filter(|&at| starts_word(at))
        .count()
        .max(1)
}

/// How often each type name is declared, with the places.
pub fn declared_types<'a>(files: &[RustFile<'a>]) -> BTreeMap<&'a str, Vec<(&'a str, usize)>> {
    let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in files {
        for declared in type_declarations(&file.code) {
            names
                .entry(declared.name)
                .or_default()
                .push((file.path, declared.line));
        }
    }
    names
}

/// The folders in which each file name of production code occurs. Front pages and tests have
/// one name everywhere.
pub fn file_folders<'a>(files: &[RustFile<'a>]) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut names: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is_production()) {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", file.path));
        if !matches!(name, "mod.rs" | "lib.rs" | "main.rs" | "tests.rs") {
            names.entry(name).or_default().insert(folder);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::tokens;
    use crate::source_files::rust_file;

    #[test]
    fn types_count_at_item_level_only() {
        let names = |text| {
            let code = tokens(text);
            type_declarations(&code)
                .iter()
                .map(|found| found.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names("pub struct A(u8); enum B<T> {} trait C {} type D = A;"),
            ["A", "B", "C", "D"]
        );
        assert_eq!(
            names("mod a { struct B; mod c { union D {} } } struct E;"),
            ["B", "D", "E"]
        );
        assert_eq!(
            names("impl A { type B = u8; } fn c() { struct D; }"),
            [""; 0]
        );
        assert_eq!(names("#[serde(type = \"a\")] fn f(union: u8) {}"), [""; 0]);
    }

    #[test]
    fn words_of_camel_case_are_counted() {
        let counts = ["Found", "JsonPointer", "HTTPHeader", "IoError2", "A"].map(word_count);
        assert_eq!(counts, [1, 2, 2, 2, 1]);
    }

    #[test]
    fn shared_names_are_found() {
        let files = [
            rust_file("src/a/text.rs", "struct Found;"),
            rust_file("src/b/text.rs", "struct Found;"),
            rust_file("src/b/mod.rs", ""),
        ];
        assert_eq!(
            declared_types(&files)["Found"],
            [("src/a/text.rs", 1), ("src/b/text.rs", 1)]
        );
        assert_eq!(file_folders(&files).len(), 1);
        assert_eq!(file_folders(&files)["text.rs"].len(), 2);
    }
}
