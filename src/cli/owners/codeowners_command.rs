//! `portcullis owners codeowners` and `owners import`.

use std::path::Path;

use super::owners_args::{CodeownersArgs, ImportArgs};
use super::owners_error::OwnersError;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{ReportWriter, print_error};
use crate::cli::run_error::RunError;
use crate::source;
use portcullis_config::load_catalog_file;
use portcullis_control::ownership::{self, SquadBoundaries};
use portcullis_vocabulary::limits::FILE_BYTES_MAX;

/// Prints a CODEOWNERS file, or checks an existing one.
pub(super) fn write(
    args: &CodeownersArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let file = load_catalog_file(&args.catalog).map_err(OwnersError::Catalog)?;
    let boundaries = SquadBoundaries::new(file);
    let text = ownership::export(&boundaries, &args.catalog.display().to_string());
    let Some(path) = &args.check else {
        out.write(&text);
        out.finish()?;
        return Ok(CommandOutcome::Success);
    };
    // Git may have changed the line breaks.
    if read(path)?.lines().eq(text.lines()) {
        return Ok(CommandOutcome::Success);
    }
    let (path, catalog) = (path.display(), args.catalog.display());
    print_error(&format!(
        "{path}: not up to date with {catalog}; write it again: portcullis owners codeowners \
         --catalog {catalog} > {path}"
    ));
    Ok(CommandOutcome::Finding)
}

/// Prints the part of a catalog that corresponds to a CODEOWNERS file.
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
    let is_complete = imported.inexpressible.is_empty();
    Ok(CommandOutcome::finding_unless(is_complete))
}

/// Reads a text file.
pub(super) fn read(path: &Path) -> Result<String, OwnersError> {
    let bytes = source::read(path, FILE_BYTES_MAX as u64)?;
    String::from_utf8(bytes).map_err(|_| OwnersError::NotText {
        path: path.to_owned(),
    })
}
