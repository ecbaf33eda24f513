//! Prints the JSON Schema of a file.

use portcullis_config::{CATALOG_SCHEMA, CONFIG_SCHEMA};

use super::config_args::{ConfigSchemaArgs, DescribedFile};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::ReportWriter;
use crate::cli::run_error::RunError;

/// Prints the schema, which is part of the program.
pub(super) fn schema(
    args: &ConfigSchemaArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    out.write(match args.file {
        DescribedFile::Config => CONFIG_SCHEMA,
        DescribedFile::Catalog => CATALOG_SCHEMA,
    });
    out.finish()?;
    Ok(CommandOutcome::Success)
}
