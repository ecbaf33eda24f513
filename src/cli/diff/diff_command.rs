//! Reads both sides, compares them and prints the result.

use std::collections::BTreeMap;
use std::time::SystemTime;

use portcullis_compat::{self as compat, ChangeLevel, CompareOptions, ContractNames, Date};
use portcullis_config::load_catalog_file;
use portcullis_contract::{BrokenPartPolicy, CompiledContract, ContractIdentity, DocumentSet};
use portcullis_control::ownership::SquadBoundaries;
use portcullis_vocabulary::{ContractReading, Limits};

use super::diff_approvals::{apply_approvals, print_approval_templates};
use super::diff_args::{DiffArgs, DiffFailThreshold, TolerantSides};
use super::diff_result::{ComparedContract, DiffResult};
use super::diff_side::DiffSide;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{ContractInput, compile_contract, is_contract};
use crate::cli::output::{ReportWriter, print_error};
use crate::cli::report::print_report;
use crate::cli::run_error::RunError;
use crate::source::ReferenceRoot;

/// Compares the two sides that the arguments name.
pub(crate) fn diff(args: &DiffArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let side =
        |text: &str, other: &str| DiffSide::of(text).map_err(|error| error.with_compared(other));
    let (old, new) = (side(&args.old, &args.new)?, side(&args.new, &args.old)?);
    if old.is_stdin() && new.is_stdin() {
        return Err(RunError::StdinForBothSides);
    }
    let options = CompareOptions {
        today: args.today.unwrap_or_else(|| Date::of(SystemTime::now())),
        notice_days: args.notice_days.into(),
        strict: args.strict,
        levels: args.levels.settings()?,
        events: args.levels.events()?.compatibility,
    };
    let mut run = DiffRun {
        limits: Limits::default(),
        root: args.references.root(),
        options,
        tolerant: args.tolerant,
        reading: args.reading.reading(),
        comparison: DiffResult::default(),
    };
    match (old.directory(), new.directory()) {
        (Some(old), Some(new)) => {
            run.comparison.catalog.directory = new.path_in_repository();
            run.compare_directories(old, new)?;
        }
        (None, None) => {
            let names = ContractNames {
                paths: [&old, &new]
                    .into_iter()
                    .filter_map(DiffSide::path)
                    .collect(),
                service: old.service().or(new.service()).map(str::to_owned),
            };
            let old = run.compile(&old, args.tolerant.older())?;
            let new = run.compile(&new, args.tolerant.newer())?;
            let path = new.files().next().unwrap_or_default().to_owned();
            run.compare(path, names, &old, &new);
        }
        _ => {
            return Err(RunError::Unlike {
                old: old.name(),
                new: new.name(),
            });
        }
    }
    let mut comparison = run.comparison;
    if let Some(path) = &args.catalog {
        comparison.catalog.boundaries = Some(SquadBoundaries::new(load_catalog_file(path)?));
    }
    if let Some(path) = &args.approvals {
        apply_approvals(path, run.options.today, &mut comparison)?;
    }
    if args.print_approvals {
        print_approval_templates(&comparison, out);
    } else {
        print_report(&comparison, args.format, out);
    }
    out.finish()?;
    Ok(outcome(args, &comparison))
}

/// The squads that provide messages, by the names of these.
fn event_providers(contract: &CompiledContract) -> Vec<(String, String)> {
    let events = contract.events().into_iter();
    let providers = events.flat_map(|events| {
        let messages = events.messages.iter();
        messages.filter_map(|message| {
            let provider = message.provider.as_ref()?.to_string();
            Some((events.name_of(message), provider))
        })
    });
    providers.collect()
}

fn outcome(args: &DiffArgs, comparison: &DiffResult) -> CommandOutcome {
    if !comparison.unreadable.is_empty() {
        return CommandOutcome::CouldNotRun;
    }
    if args.print_approvals {
        return CommandOutcome::Success;
    }
    let is_reached = match args.fail_on {
        DiffFailThreshold::Breaking => comparison.level() >= Some(ChangeLevel::Breaking),
        DiffFailThreshold::Unknown => comparison.level() >= Some(ChangeLevel::Unknown),
        DiffFailThreshold::Warning => comparison.level() >= Some(ChangeLevel::Warning),
        DiffFailThreshold::None => false,
    };
    let has_finding = is_reached || (args.semver && !comparison.respects_semver());
    CommandOutcome::finding_unless(!has_finding)
}

/// One run: what was compared so far.
struct DiffRun {
    limits: Limits,
    root: ReferenceRoot,
    options: CompareOptions,
    tolerant: TolerantSides,
    reading: ContractReading,
    comparison: DiffResult,
}

/// A contract that was read.
struct LoadedContract {
    input: ContractInput,
    documents: DocumentSet,
}

impl DiffRun {
    fn compile(
        &self,
        side: &DiffSide,
        policy: BrokenPartPolicy,
    ) -> Result<CompiledContract, RunError> {
        let how = (policy, self.reading);
        let documents = side.load(&self.limits, &self.root, how)?;
        compile_contract(documents, &side.name(), how)
    }

    fn compare(
        &mut self,
        path: String,
        names: ContractNames,
        old: &CompiledContract,
        new: &CompiledContract,
    ) {
        let report = compat::compare(old, new, &self.options);
        let providers = new
            .operations
            .iter()
            .chain(&old.operations)
            .filter_map(|operation| {
                let name = format!("{} {}", operation.method, operation.path);
                Some((name, operation.provider.as_ref()?.to_string()))
            });
        let providers = providers.chain(event_providers(new));
        let providers: BTreeMap<String, String> = providers.collect();
        self.comparison.contracts.push(ComparedContract {
            path,
            names,
            report,
            providers,
        });
    }

    /// Compares the contracts that have the same path below both directories. A contract whose
    /// path is on the older side only counts as moved if a new path has the same title.
    fn compare_directories(
        &mut self,
        old: &ContractInput,
        new: &ContractInput,
    ) -> Result<(), RunError> {
        let (mut before, mut after) = (
            self.read_all(old, self.tolerant.older())?,
            self.read_all(new, self.tolerant.newer())?,
        );
        if before.is_empty() && after.is_empty() {
            return Err(RunError::NoContracts {
                path: old.name().into(),
            });
        }
        let removed: Vec<String> = before
            .keys()
            .filter(|name| !after.contains_key(*name))
            .cloned()
            .collect();
        for name in removed {
            let title = title(&before[&name].documents);
            let moved = after
                .iter()
                .find(|(other, contract)| {
                    !before.contains_key(*other) && self::title(&contract.documents) == title
                })
                .map(|(other, _)| other.clone());
            if let Some(moved) = moved
                && let Some(found) = before.remove(&name)
            {
                self.comparison
                    .notes
                    .push(format!("{name} moved to {moved}"));
                before.insert(moved, found);
            }
        }
        let mut names: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
        names.sort();
        names.dedup();
        for name in names {
            match (before.remove(&name), after.remove(&name)) {
                (Some(old), Some(new)) => self.pair(name, old, new),
                (Some(old), None) => self
                    .comparison
                    .removed
                    .push((name, ContractIdentity::of(&old.documents))),
                (None, Some(new)) => self
                    .comparison
                    .added
                    .push((name, ContractIdentity::of(&new.documents))),
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn pair(&mut self, name: String, old: LoadedContract, new: LoadedContract) {
        // Most contracts have not changed: equal hashes save the compilation.
        if ContractIdentity::of(&old.documents).revision
            == ContractIdentity::of(&new.documents).revision
        {
            self.comparison.unchanged += 1;
            return;
        }
        let how = |policy| (policy, self.reading);
        let (older, newer) = (how(self.tolerant.older()), how(self.tolerant.newer()));
        let both = compile_contract(old.documents, &old.input.name(), older).and_then(|before| {
            let after = compile_contract(new.documents, &new.input.name(), newer)?;
            Ok((before, after))
        });
        match both {
            Ok((old, new)) => {
                let names = ContractNames {
                    paths: vec![name.clone()],
                    service: None,
                };
                self.compare(name, names, &old, &new);
            }
            Err(error) => self.report_unreadable(&error),
        }
    }

    fn read_all(
        &mut self,
        side: &ContractInput,
        policy: BrokenPartPolicy,
    ) -> Result<BTreeMap<String, LoadedContract>, RunError> {
        let mut read = BTreeMap::new();
        for (name, input) in side.files()? {
            match input.load_for(&self.limits, &self.root, (policy, self.reading)) {
                Ok(documents) if is_contract(&documents) => {
                    read.insert(name, LoadedContract { input, documents });
                }
                Ok(_) => {}
                Err(error) => self.report_unreadable(&error.into()),
            }
        }
        Ok(read)
    }

    fn report_unreadable(&mut self, error: &RunError) {
        let message = error.to_string();
        print_error(&message);
        self.comparison.unreadable.push(message);
    }
}

fn title(documents: &DocumentSet) -> String {
    ContractIdentity::of(documents).title.to_string()
}
