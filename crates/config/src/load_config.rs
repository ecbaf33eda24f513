//! From files, variables and flags to a [`Config`], or to all their problems.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_vocabulary::{Catalog, CatalogFile, ConfigLocation, limits};

use super::catalog::read_catalog_file;
use super::flag_overrides::FlagOverrides;
use super::program_config::Config;
use super::resolve_config::read_config;
use super::tree::{
    ConfigErrors, ConfigProblems, ConfigSection, ConfigTable, config_tree, config_value,
    environment,
};
use super::written_config::WrittenConfig;

/// Reads the configuration. `path` is the file, absent if the flags name a contract. Paths in the
/// file and in variables are relative to the directory of the file, paths in flags to the working
/// directory.
///
/// # Errors
///
/// All problems of all files, variables and flags.
pub fn load(
    path: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    overrides: &FlagOverrides,
) -> Result<Config, ConfigErrors> {
    let mut problems = ConfigProblems::default();
    let config = assemble(path, environment, overrides, &mut problems);
    problems.into_result(config)
}

/// Reads a catalog without a configuration.
///
/// # Errors
///
/// All problems of the file.
pub fn load_catalog(path: &Path) -> Result<Catalog, ConfigErrors> {
    let mut problems = ConfigProblems::default();
    let file = read_catalog(path, "try --catalog with the path of a file", &mut problems);
    problems.into_result(file.map(|file| file.catalog))
}

/// Reads the catalog of a flag, with the locations of its entries.
///
/// # Errors
///
/// All problems of the file.
pub fn load_catalog_file(path: &Path) -> Result<CatalogFile, ConfigErrors> {
    let mut problems = ConfigProblems::default();
    let file = read_catalog(path, "try --catalog with the path of a file", &mut problems);
    problems.into_result(file)
}

/// Reads the text of a catalog; messages name it `path`.
///
/// # Errors
///
/// All problems of the text.
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
    let table = read_tree(path, environment, overrides, problems)?;
    let written = WrittenConfig::new(table.clone());
    let location = path.map_or(ConfigLocation::Flag("--contract"), ConfigLocation::file);
    let mut root = ConfigSection::new(String::new(), location, table, problems);
    let directory = path.and_then(Path::parent).unwrap_or(Path::new(""));
    let catalog = catalog_path(&mut root, directory);
    let advice = "try catalog.path with the path of a file";
    let catalog = catalog.and_then(|path| read_catalog(&path, advice, root.problems()));
    let catalog = catalog.map(|file| Arc::new(file.catalog));
    Some(Config {
        written,
        ..read_config(root, catalog, directory)
    })
}

/// The values of the file, the variables and the flags.
fn read_tree(
    path: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    overrides: &FlagOverrides,
    problems: &mut ConfigProblems,
) -> Option<ConfigTable> {
    let mut table = match path {
        Some(path) => read_table(path, "check the path", problems)?,
        None => ConfigTable::new(),
    };
    environment::overlay(&mut table, environment, problems);
    overrides.apply(&mut table, problems);
    Some(table)
}

/// The path of the catalog. It is read first, since services are checked against the catalog.
fn catalog_path(root: &mut ConfigSection<'_>, directory: &Path) -> Option<PathBuf> {
    let mut section = root.section("catalog");
    let path = section.read("path", config_value::path);
    section.finish();
    path.map(|path| directory.join(path))
}

fn read_catalog(path: &Path, advice: &str, problems: &mut ConfigProblems) -> Option<CatalogFile> {
    let table = read_table(path, advice, problems)?;
    Some(resolve_catalog(table, path, problems))
}

fn resolve_catalog(table: ConfigTable, path: &Path, problems: &mut ConfigProblems) -> CatalogFile {
    let root = ConfigSection::new(String::new(), ConfigLocation::file(path), table, problems);
    read_catalog_file(root)
}

/// Reads a file. A message about one that cannot be read ends with `advice`.
fn read_table(path: &Path, advice: &str, problems: &mut ConfigProblems) -> Option<ConfigTable> {
    match read_text(path) {
        Ok(text) => config_tree::parse(&text, path, problems),
        Err(error) => {
            let why = match error.kind() {
                io::ErrorKind::NotFound => "there is no such file".to_owned(),
                _ => error.to_string(),
            };
            let message = format!("cannot be read: {why}; {advice}");
            problems.add(ConfigLocation::file(path), "", message);
            None
        }
    }
}

/// Reads a file up to the bound, so that a device or a wrong file cannot exhaust the memory.
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
