//! `portcullis owners boundaries`: writes the configuration of a tool that checks imports.

use super::boundaries_args::{BoundariesArgs, BoundaryTool};
use super::code_files::code_files;
use super::codeowners_command::read;
use super::owners_error::OwnersError;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{ReportWriter, print_error};
use crate::cli::run_error::RunError;
use portcullis_config::load_catalog_file;
use portcullis_control::ownership::{self, BoundaryFile, CodeFiles, ImportRules, SquadBoundaries};

/// Prints the configuration, or checks an existing one.
pub(super) fn write_boundaries(
    args: &BoundariesArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let file = load_catalog_file(&args.catalog).map_err(OwnersError::Catalog)?;
    let boundaries = SquadBoundaries::new(file);
    let written = boundary_file(args, &boundaries)?;
    for message in &written.inexpressible {
        print_error(message);
    }
    let outcome = CommandOutcome::finding_unless(written.inexpressible.is_empty());
    let Some(path) = &args.check else {
        out.write(&written.text);
        out.finish()?;
        return Ok(outcome);
    };
    // Git may have changed the line breaks.
    if read(path)?.lines().eq(written.text.lines()) {
        return Ok(outcome);
    }
    print_error(&format!(
        "{}: not up to date with {}; write it again with the same command without --check",
        path.display(),
        args.catalog.display()
    ));
    Ok(CommandOutcome::Finding)
}

fn boundary_file(
    args: &BoundariesArgs,
    boundaries: &SquadBoundaries,
) -> Result<BoundaryFile, RunError> {
    let catalog = args.catalog.display().to_string();
    let rules = ImportRules::new(boundaries);
    if rules.owners_are_few() {
        return Err(OwnersError::NoBoundary { catalog }.into());
    }
    let with_files = |ending: &'static str,
                      write: fn(&ImportRules<'_>, &str, CodeFiles<'_>) -> Option<BoundaryFile>|
     -> Result<BoundaryFile, RunError> {
        let paths = code_files(&args.directory, ending)?;
        let roots = roots(&args.root);
        let files = CodeFiles {
            paths: &paths,
            roots: &roots,
        };
        let no_code = || OwnersError::NoCode {
            directory: args.directory.clone(),
            ending,
        };
        Ok(write(&rules, &catalog, files).ok_or_else(no_code)?)
    };
    match args.format {
        BoundaryTool::DependencyCruiser => Ok(ownership::dependency_cruiser(&rules, &catalog)),
        BoundaryTool::ArchUnit => Ok(ownership::arch_unit(&rules, &catalog)),
        BoundaryTool::ImportLinter => with_files(".py", ownership::import_linter),
        BoundaryTool::GoArchLint => with_files(".go", ownership::go_arch_lint),
    }
}

/// The folders without `./` and slashes at the end; the root if no folder is named.
fn roots(written: &[String]) -> Vec<String> {
    let clean = |root: &String| {
        let root = root.trim_start_matches("./").trim_end_matches('/');
        if root == "." { "" } else { root }.to_owned()
    };
    match written {
        [] => vec![String::new()],
        written => written.iter().map(clean).collect(),
    }
}
