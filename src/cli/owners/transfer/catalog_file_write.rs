//! Replaces a catalog by its new text, unless it was changed meanwhile.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::super::owners_error::OwnersError;
use crate::cli::run_error::RunError;
use crate::source;
use portcullis_vocabulary::limits::FILE_BYTES_MAX;

/// Replaces the file atomically. `before` is the text that the new one was made from.
pub(super) fn replace_catalog(path: &Path, before: &str, after: &str) -> Result<(), RunError> {
    let found = source::read(path, FILE_BYTES_MAX as u64)?;
    if found != before.as_bytes() {
        return Err(OwnersError::CatalogChanged {
            path: path.to_owned(),
        }
        .into());
    }
    // A link stays one.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    write(&target, after).map_err(|source| RunError::Unwritable {
        path: path.to_owned(),
        source,
    })
}

fn write(target: &Path, text: &str) -> io::Result<()> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let draft = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let replace = || {
        let mut file = fs::File::create_new(&draft)?;
        file.set_permissions(fs::metadata(target)?.permissions())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, target)
    };
    let written = replace();
    if written.is_err() {
        // What is left of the draft says nothing that the error does not.
        let _ = fs::remove_file(&draft);
    }
    written
}
