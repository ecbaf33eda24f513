//! Writes the files and says what comes next.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use portcullis_config::FlagOverrides;

use super::first_facts::FirstFacts;
use super::first_files::{CONFIG, FirstFile, PIPELINE, first_files};
use super::init_args::InitArgs;
use crate::app::check_config;
use crate::cli::config::ConfigCheckReport;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{ReportWriter, TextStyle, counted};
use crate::cli::run_error::RunError;

/// Writes the first files of a service, unless one of them exists.
pub(crate) fn init(args: &InitArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let facts = FirstFacts::gather(args)?;
    let files = first_files(&facts);
    let existing: Vec<PathBuf> = files
        .iter()
        .map(|file| path_of(&args.directory, file.name))
        .filter(|path| path.symlink_metadata().is_ok())
        .collect();
    if !existing.is_empty() {
        return Err(RunError::Existing { paths: existing });
    }
    for file in &files {
        write(&args.directory, file)?;
    }
    print_files(out, &args.directory, &facts, &files);
    let config = path_of(&args.directory, CONFIG);
    let is_well = print_check(out, &config)?;
    print_next(out, &config, &path_of(&args.directory, PIPELINE), &facts);
    out.finish()?;
    Ok(CommandOutcome::finding_unless(is_well))
}

fn path_of(directory: &Path, name: &str) -> PathBuf {
    if directory == Path::new(".") {
        PathBuf::from(name)
    } else {
        directory.join(name)
    }
}

/// Creates a file. One that appeared meanwhile stays.
fn write(directory: &Path, file: &FirstFile) -> Result<(), RunError> {
    let path = path_of(directory, file.name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let written = options.open(&path).and_then(|mut opened| {
        opened.write_all(file.text.as_bytes())?;
        make_executable(&path, &file.text)
    });
    written.map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => RunError::Existing { paths: vec![path] },
        _ => RunError::Unwritable { path, source },
    })
}

#[cfg(unix)]
fn make_executable(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    if text.starts_with("#!") {
        let mut permissions = fs::metadata(path)?.permissions();
        permissions.set_mode(permissions.mode() | 0o111);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_executable(_: &Path, _: &str) -> std::io::Result<()> {
    Ok(())
}

fn print_files(out: &mut ReportWriter, directory: &Path, facts: &FirstFacts, files: &[FirstFile]) {
    for file in files {
        let gaps = file.text.matches("# GAP").count() as u64;
        let gaps = match gaps {
            0 => String::new(),
            gaps => format!("  {} to fill, marked GAP", counted(gaps, "gap")),
        };
        let path = path_of(directory, file.name);
        out.line(format_args!("wrote  {}{gaps}", path.display()));
    }
    let squad = match facts.squad_source {
        Some(source) => format!("squad {} ({source})", facts.squad),
        None => "its squad is not known".to_owned(),
    };
    let operations = counted(facts.operations as u64, "operation");
    out.line(format_args!(
        "service {}: {operations}, {squad}",
        facts.service
    ));
    if let Some((file, _)) = &facts.imported {
        let file = file.display();
        let omitted = facts.inexpressible as u64;
        out.line(format_args!("squads and paths are those of {file}"));
        if omitted > 0 {
            out.line(format_args!(
                "  not taken over as written: {}; see `portcullis owners import {file}`",
                counted(omitted, "line")
            ));
        }
    }
}

/// Checks what was written. Returns whether it can start.
fn print_check(out: &mut ReportWriter, config: &Path) -> Result<bool, RunError> {
    let flags = FlagOverrides::default();
    let name = config.display().to_string();
    let config = portcullis_config::load(Some(config), std::env::vars_os(), &flags)?;
    let report = ConfigCheckReport::of_check(name, check_config(&config));
    report.print(out);
    Ok(report.errors == 0)
}

fn print_next(out: &mut ReportWriter, config: &Path, pipeline: &Path, facts: &FirstFacts) {
    // A shell looks for a name without a folder on the path.
    let folder = if pipeline.is_absolute() { "" } else { "./" };
    let (config, pipeline) = (config.display(), pipeline.display());
    let path = facts.example_path.as_deref().unwrap_or("/…");
    let commands = [
        (format!("portcullis serve --config {config}"), ""),
        (
            format!("curl -i http://127.0.0.1:8080{path}"),
            "a request, and why it is refused if it is",
        ),
        (
            format!("portcullis config check {config}"),
            "after each change",
        ),
        (
            format!("{folder}{pipeline}"),
            "in the pipeline of the contract",
        ),
    ];
    let width = commands.iter().map(|(command, _)| command.chars().count());
    let width = width.max().unwrap_or_default();
    let title = out.paint(TextStyle::Bold, "next").to_string();
    out.line("");
    out.line(title);
    for (command, meaning) in commands {
        let line = format!("  {command:width$}   {meaning}");
        out.line(line.trim_end());
    }
}
