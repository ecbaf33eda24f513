//! From files, environment and flags to a [`Config`], or to everything that is wrong.

use portcullis_vocabulary::CatalogFile;
use portcullis_vocabulary::ConfigLocation;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config_problem::{ConfigErrors, ConfigProblems};
use super::config_section::ConfigSection;
use super::config_tree;
use super::config_tree::ConfigTable;
use super::config_value;
use super::{Config, FlagOverrides, catalog_file, environment, resolve_sections};
use portcullis_vocabulary::Catalog;
use portcullis_vocabulary::limits;

/// Reads the configuration. `path` is the file, or nothing where the flags name a contract;
/// `environment` is the process's; paths in the file and in variables are relative to the
/// file's directory, paths in flags to the working directory.
///
/// # Errors
///
/// Every problem of every file, variable and flag at once.
pub fn load(
    path: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    overrides: &FlagOverrides,
) -> Result<Config, ConfigErrors> {
    let mut problems = ConfigProblems::default();
    let config = assemble(path, environment, overrides, &mut problems);
    problems.into_result(config)
}

/// Reads a catalog by itself.
///
/// # Errors
///
/// Every problem of the file at once.
pub fn load_catalog(path: &Path) -> Result<Catalog, ConfigErrors> {
    let mut problems = ConfigProblems::default();
    let file = read_catalog(path, "catalog.path", &mut problems);
    problems.into_result(file.map(|file| file.catalog))
}

/// Reads a catalog that a flag names, with the places of what it says.
///
/// # Errors
///
/// Every problem of the file at once.
pub fn load_catalog_file(path: &Path) -> Result<CatalogFile, ConfigErrors> {
    let mut problems = ConfigProblems::default();
    let file = read_catalog(path, "--catalog", &mut problems);
    problems.into_result(file)
}

/// The same for a catalog's text; `path` is what messages call it.
///
/// # Errors
///
/// Every problem of the text at once.
pub fn parse_catalog(text: &str, path: &Path) -> Result<CatalogFile, ConfigErrors> {
    let mut problems = ConfigProblems::default();
    let table = config_tree::parse(text, path, &mut problems);
    let file = table.map(|table| resolve_catalog(table, path, &mut problems));
    problems.into_result(file)
}

fn assemble(
    path: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    overrides: &FlagOverrides,
    problems: &mut ConfigProblems,
) -> Option<Config> {
    let mut table = match path {
        Some(path) => read_table(path, "--config", problems)?,
        None => ConfigTable::new(),
    };
    environment::overlay(&mut table, environment, problems);
    overrides.apply(&mut table, problems);
    let place = path.map_or(ConfigLocation::Flag("--contract"), ConfigLocation::file);
    let mut root = ConfigSection::new(String::new(), place, table, problems);
    let directory = path.and_then(Path::parent).unwrap_or(Path::new(""));
    let catalog = catalog_path(&mut root, directory);
    let catalog = catalog.and_then(|path| read_catalog(&path, "catalog.path", root.problems()));
    let catalog = catalog.map(|file| Arc::new(file.catalog));
    resolve_sections::config(root, catalog, directory)
}

/// The catalog's path, which is known before the rest: services are judged against it.
fn catalog_path(root: &mut ConfigSection<'_>, directory: &Path) -> Option<PathBuf> {
    let mut section = root.section("catalog");
    let path = section.read("path", config_value::path);
    section.finish();
    path.map(|path| directory.join(path))
}

fn read_catalog(path: &Path, key: &str, problems: &mut ConfigProblems) -> Option<CatalogFile> {
    let table = read_table(path, key, problems)?;
    Some(resolve_catalog(table, path, problems))
}

fn resolve_catalog(table: ConfigTable, path: &Path, problems: &mut ConfigProblems) -> CatalogFile {
    let root = ConfigSection::new(String::new(), ConfigLocation::file(path), table, problems);
    catalog_file::resolve(root)
}

fn read_table(path: &Path, key: &str, problems: &mut ConfigProblems) -> Option<ConfigTable> {
    match read_text(path) {
        Ok(text) => config_tree::parse(&text, path, problems),
        Err(error) => {
            let why = match error.kind() {
                io::ErrorKind::NotFound => "there is no such file".to_owned(),
                _ => error.to_string(),
            };
            let message = format!("cannot be read: {why}; try {key} with the path of a file");
            problems.add(ConfigLocation::file(path), "", message);
            None
        }
    }
}

/// Reads a file within its bound, so that a device or a wrong file cannot fill the memory.
fn read_text(path: &Path) -> io::Result<String> {
    let bound = limits::FILE_BYTES_MAX;
    let mut text = String::new();
    File::open(path)?
        .take(bound as u64 + 1)
        .read_to_string(&mut text)?;
    if text.len() > bound {
        return Err(io::Error::other(format!("it is larger than {bound} bytes")));
    }
    Ok(text)
}
