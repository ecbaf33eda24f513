//! Reads a source tree: which files there are, and which of their code is production code.
//!
//! Production code is what `src/` and `crates/*/src/` hold, without the items under
//! `#[cfg(test)]` and the files of modules that only tests have.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::lexer::{Token, tokens};
use crate::test_code;

/// A file as read: its path from the root, with `/`, and its text.
#[derive(Debug)]
pub struct TextFile {
    /// Path from the root.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A Rust file in tokens.
#[derive(Debug)]
pub struct RustFile<'a> {
    /// Path from the root.
    pub path: &'a str,
    /// The whole text.
    pub text: &'a str,
    /// All tokens, comments and tests included.
    pub tokens: Vec<Token<'a>>,
    /// Production code only, without comments; empty in files of tests.
    pub code: Vec<Token<'a>>,
    /// Lines without those of tests; 0 in files of tests.
    pub production_lines: usize,
}

impl RustFile<'_> {
    /// Whether the file belongs to production code.
    pub fn is_production(&self) -> bool {
        self.production_lines > 0
    }

    /// Whether the file is a front page of its module or crate.
    pub fn is_front_page(&self) -> bool {
        self.path.ends_with("/mod.rs") || self.path.ends_with("/lib.rs") || self.path == "lib.rs"
    }
}

/// Every Rust, Markdown and manifest file below a directory, and `config.toml`, sorted by path.
///
/// # Errors
/// When a directory or file cannot be read.
pub fn read(root: &Path) -> io::Result<Vec<TextFile>> {
    let mut files = Vec::new();
    read_directory(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read_directory(directory: &Path, prefix: &str, files: &mut Vec<TextFile>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                read_directory(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if is_read(&name) {
            let text = fs::read_to_string(entry.path())?;
            files.push(TextFile { path, text });
        }
    }
    Ok(())
}

fn is_read(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "rs" | "md") || name == "Cargo.toml" || name == "config.toml"
}

/// The Rust files of a tree, with test code marked.
pub fn rust_files(texts: &[TextFile]) -> Vec<RustFile<'_>> {
    let mut files: Vec<_> = texts
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .map(|file| rust_file(&file.path, &file.text))
        .collect();
    let tests = test_paths(&files);
    for file in &mut files {
        if !is_in_source(file.path) || tests.iter().any(|path| is_at_or_below(file.path, path)) {
            file.code.clear();
            file.production_lines = 0;
            file.tokens
                .iter_mut()
                .for_each(|token| token.is_test = true);
        }
    }
    files
}

/// One file, judged by its own text alone.
pub fn rust_file<'a>(path: &'a str, text: &'a str) -> RustFile<'a> {
    let mut tokens = tokens(text);
    let test_lines = test_code::mark(&mut tokens);
    let is_code = |token: &&Token<'_>| !token.is_test && !token.is_comment();
    let code = tokens.iter().filter(is_code).copied().collect();
    let production_lines = text.lines().count() - test_lines;
    RustFile {
        path,
        text,
        tokens,
        code,
        production_lines,
    }
}

/// The paths, without `.rs`, of modules that are declared under `#[cfg(test)]`.
fn test_paths(files: &[RustFile<'_>]) -> BTreeSet<String> {
    let modules = |file: &RustFile<'_>| {
        let folder = child_folder(file.path);
        test_code::test_modules(&file.tokens)
            .into_iter()
            .map(move |name| format!("{folder}{name}"))
            .collect::<Vec<_>>()
    };
    files.iter().flat_map(modules).collect()
}

/// The folder where the child modules of a file are, with a slash at its end.
pub fn child_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "mod.rs" | "lib.rs" | "main.rs" => format!("{folder}/"),
        _ => format!("{}/", path.trim_end_matches(".rs")),
    }
}

fn is_at_or_below(path: &str, module: &str) -> bool {
    let rest = path.strip_prefix(module);
    rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn is_in_source(path: &str) -> bool {
    let in_crate = path
        .strip_prefix("crates/")
        .and_then(|rest| rest.split_once('/'));
    in_crate.map_or(path, |(_, rest)| rest).starts_with("src/")
}

/// The part of the tree a file belongs to: `crates/json`, `src/app`, `src/a`, `tests`.
pub fn area(path: &str) -> &str {
    let parts = if path.starts_with("crates/") || path.starts_with("src/") {
        2
    } else {
        1
    };
    let slashes = path.match_indices('/').map(|(at, _)| at);
    let ends: Vec<usize> = slashes.take(parts).collect();
    match ends.last() {
        // A domain of one file, such as `src/a.rs`.
        Some(3) if path.starts_with("src/") && !matches!(path, "src/main.rs" | "src/lib.rs") => {
            path.trim_end_matches(".rs")
        }
        Some(&end) => &path[..end],
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_not_production_code() {
        let file = |path: &str, text: &str| TextFile {
            path: path.into(),
            text: text.into(),
        };
        let texts = [
            file("crates/a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod fixtures;"),
            file("crates/a/src/b.rs", "fn b() {}"),
            file("crates/a/src/fixtures/mod.rs", "fn c() {}"),
            file("crates/a/tests/d.rs", "fn d() {}"),
            file("src/main.rs", "fn main() {}"),
        ];
        let files = rust_files(&texts);
        let production: Vec<_> = files
            .iter()
            .filter(|file| file.is_production())
            .map(|file| file.path)
            .collect();
        assert_eq!(
            production,
            ["crates/a/src/lib.rs", "crates/a/src/b.rs", "src/main.rs"]
        );
        assert_eq!(files[0].production_lines, 1);
    }

    #[test]
    fn areas_are_crates_domains_and_folders() {
        assert_eq!(area("crates/json/src/a/b.rs"), "crates/json");
        assert_eq!(area("src/app/a/b.rs"), "src/app");
        assert_eq!(area("src/lib.rs"), "src");
        assert_eq!(area("src/a.rs"), "src/a");
        assert_eq!(area("tests/it/a.rs"), "tests");
        assert_eq!(area("README.md"), "README.md");
    }
}
