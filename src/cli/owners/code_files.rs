//! Finds the source files of a repository, for tools that know packages.

use std::fs;
use std::io;
use std::path::Path;

use crate::cli::run_error::RunError;

/// Folders that contain code of others or what a build made.
const SKIPPED: [&str; 4] = ["node_modules", "vendor", "__pycache__", "site-packages"];

/// The files with this ending below a directory, as paths from there, sorted. Folders whose name
/// starts with a dot and virtual environments of Python are skipped, and links are not followed.
pub(super) fn code_files(directory: &Path, ending: &str) -> Result<Vec<String>, RunError> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = directory.join(&folder);
        read_folder(&path, &folder, ending, &mut folders, &mut found)
            .map_err(|source| RunError::Directory { path, source })?;
    }
    found.sort();
    Ok(found)
}

fn read_folder(
    path: &Path,
    folder: &str,
    ending: &str,
    folders: &mut Vec<String>,
    found: &mut Vec<String>,
) -> io::Result<()> {
    if path.join("pyvenv.cfg").exists() {
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // A package cannot have a name that is not UTF-8.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let below = match folder {
            "" => name.clone(),
            folder => format!("{folder}/{name}"),
        };
        let kind = entry.file_type()?;
        if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
            folders.push(below);
        } else if kind.is_file() && name.ends_with(ending) {
            found.push(below);
        }
    }
    Ok(())
}
