//! Reads the migrations of a directory.

use std::fs;
use std::io;
use std::path::Path;

use super::migration_error::MigrationError;
use crate::cli::inputs::KnownNames;
use crate::database::{DatabaseError, MigrationText};
use crate::source;
use portcullis_schema::{MigrationFile, MigrationFolder, SqlStatement, split_statements};
use portcullis_vocabulary::limits::FILE_BYTES_MAX;

/// The migrations of a directory.
pub(crate) fn read_folder(path: &Path) -> Result<MigrationFolder, MigrationError> {
    let list = || -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    };
    let names = list().map_err(|source| MigrationError::Directory {
        path: path.to_owned(),
        source,
    })?;
    MigrationFolder::of(&names).map_err(|error| MigrationError::Folder {
        path: path.to_owned(),
        error,
    })
}

/// The position after the migration that is deployed already.
pub(crate) fn position_after(
    path: &Path,
    folder: &MigrationFolder,
    name: &str,
) -> Result<usize, MigrationError> {
    let base = Path::new(name).file_name().and_then(|name| name.to_str());
    let position = folder.position_of_file(base.unwrap_or(name));
    position.map(|position| position + 1).ok_or_else(|| {
        let known = folder.files.iter().map(|file| file.name.as_str());
        MigrationError::UnknownMigration {
            path: path.to_owned(),
            name: name.to_owned(),
            known: KnownNames::instead_of(name, known),
        }
    })
}

/// The statements of migrations.
pub(crate) fn read_migrations(
    path: &Path,
    files: &[MigrationFile],
    is_observed: bool,
) -> Result<Vec<MigrationText>, MigrationError> {
    let migrations = files.iter().map(|file| {
        Ok(MigrationText {
            file: file.name.clone(),
            statements: read_statements(&path.join(&file.name))?,
            is_observed,
        })
    });
    migrations.collect()
}

/// The statements of a file.
pub(crate) fn read_statements(path: &Path) -> Result<Vec<SqlStatement>, MigrationError> {
    let bytes = source::read(path, FILE_BYTES_MAX as u64)?;
    let text = String::from_utf8(bytes).map_err(|_| MigrationError::NotText {
        path: path.to_owned(),
    })?;
    // Editors of some systems write a mark at the beginning.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let statements = split_statements(text).map_err(|error| DatabaseError::Sql {
        file: path.to_owned(),
        error,
    })?;
    Ok(statements)
}
