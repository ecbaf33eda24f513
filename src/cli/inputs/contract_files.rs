//! Finds the contracts below a directory.
//!
//! A contract is a YAML or JSON file whose root has `openapi`, `swagger` or `asyncapi`. Everything
//! else below the directory is skipped, including the files that contracts refer to. A file counts as a
//! contract if its text contains these names, so that a contract with a syntax error is reported
//! and not skipped. Names that begin with a dot are skipped. Symbolic links are followed to files
//! only: in a mounted directory each file is a link to its current version.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::cli::run_error::RunError;

/// The files below `directory` that look like contracts, sorted.
pub(crate) fn find_contracts(directory: &Path) -> Result<Vec<PathBuf>, RunError> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        visit(&directory, &mut open, &mut found).map_err(|source| RunError::Directory {
            path: directory,
            source,
        })?;
    }
    found.sort();
    Ok(found)
}

fn visit(directory: &Path, open: &mut Vec<PathBuf>, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            open.push(path);
        } else if may_be_contract(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// A file that cannot be read counts as a contract: loading it will report the error.
fn may_be_contract(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension {
        Some("json") => path.is_file() && fs::read(path).map_or(true, |text| names_in_json(&text)),
        Some("yaml" | "yml") => {
            path.is_file() && fs::read(path).map_or(true, |text| names_in_yaml(&text))
        }
        _ => false,
    }
}

fn names_in_json(text: &[u8]) -> bool {
    ["\"openapi\"", "\"swagger\"", "\"asyncapi\""]
        .iter()
        .any(|name| memmem::find(text, name.as_bytes()).is_some())
}

/// Whether a line begins with one of the names, unindented or after an opening brace.
fn names_in_yaml(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| {
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        let is_flow = line.trim_ascii_start().first() == Some(&b'{');
        let is_property = !line.first().is_some_and(u8::is_ascii_whitespace) || is_flow;
        let line = line.trim_ascii_start();
        let line = line.strip_prefix(b"{").unwrap_or(line).trim_ascii_start();
        let line = line
            .strip_prefix(b"\"")
            .or(line.strip_prefix(b"'"))
            .unwrap_or(line);
        let names: [&[u8]; 3] = [b"openapi", b"swagger", b"asyncapi"];
        is_property && names.iter().any(|name| line.starts_with(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_contracts_among_other_files() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("b.yaml", "info: {}\nopenapi: 3.1.0\n");
        write("a/c.yml", "\u{feff}'swagger': '2.0'\n");
        write("a/d.json", r#"{"info": {}, "openapi": "3.1.0"}"#);
        write("a/broken.yaml", "openapi: [\n");
        write("flow.yaml", "  {openapi: 3.1.0}\n");
        write("events.yaml", "asyncapi: 3.0.0\n");
        write(
            "fragment.yaml",
            "type: object\nproperties:\n  openapi: {}\n",
        );
        write("package.json", r#"{"name": "a"}"#);
        write("squads.toml", "openapi = 1");
        write("openapi.txt", "openapi: 3.1.0");
        write(".hidden/e.yaml", "openapi: 3.1.0");
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        let found: Vec<String> = find_contracts(folder.path())
            .unwrap()
            .iter()
            .map(|path| {
                path.strip_prefix(folder.path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect();
        assert_eq!(
            found,
            [
                "a/broken.yaml",
                "a/c.yml",
                "a/d.json",
                "b.yaml",
                "events.yaml",
                "flow.yaml"
            ]
        );
    }

    #[test]
    fn rejects_a_missing_directory() {
        let error = find_contracts(Path::new("no/such"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("no/such: ") && error.ends_with("check the path and its permissions")
        );
    }
}
