//! Reads both sides, compares them and prints what was found.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::config::load_catalog_file;
use portcullis_compat::{self as compat, ChangeLevel, CompareOptions, Date};
use portcullis_contract::{
    CompileOptions, CompiledContract, ContractIdentity, DocumentSet, compile,
};
use portcullis_control::ownership::SquadBoundaries;
use portcullis_vocabulary::Limits;

use super::approvals_file;
use super::contract_input::ContractInput;
use super::diff_args::{DiffArgs, DiffFailThreshold, DiffFormat};
use super::diff_result::{ComparedContract, DiffResult};
use super::{diff_json, diff_markdown, diff_text, github_annotations, junit, sarif};
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::{ReportWriter, print_error};

/// Compares what the arguments name.
pub(in crate::cli) fn diff(
    args: &DiffArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let (old, new) = (ContractInput::of(&args.old)?, ContractInput::of(&args.new)?);
    if old.is_input() && new.is_input() {
        return Err(RunError::StdinForBothSides);
    }
    if old.is_directory() != new.is_directory() {
        return Err(RunError::Unlike {
            old: old.name(),
            new: new.name(),
        });
    }
    let options = CompareOptions {
        today: args.today.unwrap_or_else(|| Date::of(SystemTime::now())),
        notice_days: args.notice_days.into(),
        strict: args.strict,
    };
    let mut comparing = DiffRun {
        limits: Limits::default(),
        options,
        comparison: DiffResult::default(),
    };
    match old.is_directory() {
        true => {
            comparing.comparison.catalog.directory = new.path_in_repository();
            comparing.directories(&old, &new)?;
        }
        false => {
            let (old, new) = (comparing.contract(&old)?, comparing.contract(&new)?);
            let shown = new.files().next().unwrap_or_default().to_owned();
            comparing.compared(shown, &old, &new);
        }
    }
    let mut comparison = comparing.comparison;
    if let Some(path) = &args.catalog {
        comparison.catalog.boundaries = Some(SquadBoundaries::new(load_catalog_file(path)?));
    }
    if let Some(path) = &args.approvals {
        approvals_file::apply(path, options.today, &mut comparison)?;
    }
    if args.print_approvals {
        approvals_file::print(&comparison, out);
    } else {
        print(args.format, &comparison, out);
    }
    out.finish()?;
    Ok(outcome(args, &comparison))
}

fn print(format: DiffFormat, comparison: &DiffResult, out: &mut ReportWriter) {
    match format {
        DiffFormat::Text => diff_text::print(comparison, out),
        DiffFormat::Json => diff_json::print(comparison, out),
        DiffFormat::Markdown => diff_markdown::print(comparison, out),
        DiffFormat::Github => github_annotations::print(comparison, out),
        DiffFormat::Sarif => sarif::print(comparison, out),
        DiffFormat::Junit => junit::print(comparison, out),
    }
}

fn outcome(args: &DiffArgs, comparison: &DiffResult) -> CommandOutcome {
    if comparison.unreadable > 0 {
        return CommandOutcome::CouldNotRun;
    }
    let counted = match args.fail_on {
        DiffFailThreshold::Breaking => comparison.level() >= Some(ChangeLevel::Breaking),
        DiffFailThreshold::Warning => comparison.level() >= Some(ChangeLevel::Warning),
        DiffFailThreshold::None => false,
    };
    match counted || (args.semver && !comparison.respects_semver()) {
        true => CommandOutcome::Finding,
        false => CommandOutcome::Success,
    }
}

/// A run, while it goes on.
struct DiffRun {
    limits: Limits,
    options: CompareOptions,
    comparison: DiffResult,
}

impl DiffRun {
    fn contract(&self, side: &ContractInput) -> Result<CompiledContract, RunError> {
        compiled(side.load(&self.limits)?, &side.name())
    }

    fn compared(&mut self, path: String, old: &CompiledContract, new: &CompiledContract) {
        let report = compat::compare(old, new, self.options);
        let providers = new
            .operations
            .iter()
            .chain(&old.operations)
            .filter_map(|operation| {
                let name = format!("{} {}", operation.method, operation.path);
                Some((name, operation.provider.as_ref()?.to_string()))
            });
        let providers: BTreeMap<String, String> = providers.collect();
        self.comparison.contracts.push(ComparedContract {
            path,
            report,
            providers,
        });
    }

    /// Compares the contracts that have the same path below both directories; one that is on
    /// one side only may have moved, and bears its title then.
    fn directories(&mut self, old: &ContractInput, new: &ContractInput) -> Result<(), RunError> {
        let (mut before, mut after) = (self.read_all(old)?, self.read_all(new)?);
        if before.is_empty() && after.is_empty() {
            return Err(RunError::NoContracts {
                path: old.name().into(),
            });
        }
        let gone: Vec<String> = before
            .keys()
            .filter(|name| !after.contains_key(*name))
            .cloned()
            .collect();
        for name in gone {
            let title = title(&before[&name].1);
            let moved = after
                .iter()
                .find(|(other, (_, documents))| {
                    !before.contains_key(*other) && self::title(documents) == title
                })
                .map(|(other, _)| other.clone());
            if let Some(moved) = moved
                && let Some(found) = before.remove(&name)
            {
                self.comparison.notes.push(format!("{name} is {moved} now"));
                before.insert(moved, found);
            }
        }
        let mut names: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
        names.sort();
        names.dedup();
        for name in names {
            match (before.remove(&name), after.remove(&name)) {
                (Some(old), Some(new)) => self.pair(name, old, new),
                (Some((_, old)), None) => self
                    .comparison
                    .gone
                    .push((name, ContractIdentity::of(&old))),
                (None, Some((_, new))) => self
                    .comparison
                    .added
                    .push((name, ContractIdentity::of(&new))),
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn pair(
        &mut self,
        name: String,
        old: (ContractInput, DocumentSet),
        new: (ContractInput, DocumentSet),
    ) {
        // Equal bytes are equal contracts, and most are.
        if ContractIdentity::of(&old.1).revision == ContractIdentity::of(&new.1).revision {
            self.comparison.unchanged += 1;
            return;
        }
        let both = compiled(old.1, &old.0.name())
            .and_then(|before| Ok((before, compiled(new.1, &new.0.name())?)));
        match both {
            Ok((old, new)) => self.compared(name, &old, &new),
            Err(error) => self.complain(&error),
        }
    }

    fn read_all(
        &mut self,
        side: &ContractInput,
    ) -> Result<BTreeMap<String, (ContractInput, DocumentSet)>, RunError> {
        let mut read = BTreeMap::new();
        for (name, file) in side.files()? {
            match file.load(&self.limits) {
                Ok(documents) if is_contract(&documents) => {
                    read.insert(name, (file, documents));
                }
                Ok(_) => {}
                Err(error) => self.complain(&error.into()),
            }
        }
        Ok(read)
    }

    fn complain(&mut self, error: &RunError) {
        print_error(&error.to_string());
        self.comparison.unreadable += 1;
    }
}

/// Compiles what is compared, with all that consumers serve.
pub(in crate::cli) fn compiled(
    documents: DocumentSet,
    name: &str,
) -> Result<CompiledContract, RunError> {
    let options = CompileOptions {
        outbound_operations: true,
        ..CompileOptions::default()
    };
    compile(documents, &options).map_err(|problems| RunError::Refused {
        name: name.to_owned(),
        problems,
    })
}

fn is_contract(documents: &DocumentSet) -> bool {
    let root = documents.entry().root();
    root.get("openapi").or(root.get("swagger")).is_some()
}

fn title(documents: &DocumentSet) -> String {
    ContractIdentity::of(documents).title.to_string()
}
