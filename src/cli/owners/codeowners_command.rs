//! `portcullis owners codeowners` and `owners import`.

use std::path::Path;

use super::owners_args::{CodeownersArgs, ImportArgs};
use super::owners_error::OwnersError;
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::{ReportWriter, print_error};
use crate::config::load_catalog_file;
use crate::source;
use portcullis_control::ownership::{self, SquadBoundaries};
use portcullis_vocabulary::limits::FILE_BYTES_MAX;

/// Prints a CODEOWNERS file, or compares one.
pub(super) fn write(
    args: &CodeownersArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let file = load_catalog_file(&args.catalog).map_err(OwnersError::Catalog)?;
    let boundaries = SquadBoundaries::new(file);
    let text = ownership::export(&boundaries, &args.catalog.display().to_string());
    let Some(path) = &args.check else {
        out.write(text);
        out.finish()?;
        return Ok(CommandOutcome::Success);
    };
    // Files that were checked out with other line ends say the same.
    if read(path)?.lines().eq(text.lines()) {
        return Ok(CommandOutcome::Success);
    }
    let (path, catalog) = (path.display(), args.catalog.display());
    print_error(&format!(
        "{path}: not what {catalog} says; write it again: portcullis owners codeowners --catalog \
         {catalog} > {path}"
    ));
    Ok(CommandOutcome::Finding)
}

/// Prints a part of a catalog.
pub(super) fn import(
    args: &ImportArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let imported = ownership::import(&read(&args.file)?);
    out.write(&imported.catalog);
    out.finish()?;
    let path = args.file.display();
    for ownership::UnsupportedLine { line, message } in &imported.inexpressible {
        print_error(&format!("{path}:{line}: {message}"));
    }
    Ok(match imported.inexpressible.is_empty() {
        true => CommandOutcome::Success,
        false => CommandOutcome::Finding,
    })
}

fn read(path: &Path) -> Result<String, OwnersError> {
    let bytes = source::read(path, FILE_BYTES_MAX as u64)?;
    String::from_utf8(bytes).map_err(|_| OwnersError::NotText {
        path: path.to_owned(),
    })
}
