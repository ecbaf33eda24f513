//! The contract to deploy, with all its files.

use std::path::Path;

use crate::source::read_revision;
use portcullis_contract::{BrokenPartPolicy, CompiledContract};
use portcullis_control::gate::{FurtherContract, RegisteredContract};
use portcullis_vocabulary::Limits;

use super::gate_args::VerdictArgs;
use super::gate_error::GateError;
use crate::cli::inputs::{ContractInput, compile_contract};
use crate::cli::run_error::RunError;

/// A contract to deploy.
#[derive(Debug)]
pub(super) struct CandidateContract {
    /// The name of its file.
    pub(super) name: String,
    pub(super) compiled: CompiledContract,
    /// The files, as the registry stores them.
    pub(super) content: RegisteredContract,
}

/// The contracts to deploy together.
#[derive(Debug)]
pub(super) struct CandidateContracts {
    pub(super) first: CandidateContract,
    pub(super) further: Vec<CandidateContract>,
}

impl CandidateContracts {
    /// Reads and compiles the contracts that the arguments name, at least one.
    pub(super) fn read(names: &[String], args: &VerdictArgs) -> Result<Self, RunError> {
        let stdin = names.iter().filter(|name| *name == "-").count();
        if stdin > 1 {
            return Err(GateError::StdinRepeated.into());
        }
        let mut all: Vec<CandidateContract> = Vec::new();
        for name in names {
            all.push(read_candidate(name, args)?);
        }
        let describes_requests = |one: &CandidateContract| one.compiled.events().is_none();
        let requests: Vec<usize> = (0..all.len())
            .filter(|at| describes_requests(&all[*at]))
            .collect();
        if let [first, second, ..] = requests[..] {
            return Err(GateError::TwoRequestContracts {
                first: names[first].clone(),
                second: names[second].clone(),
            }
            .into());
        }
        // The contract of requests is compared with that of the deployed version, in any order.
        let first = requests.first().copied().unwrap_or(0);
        let (before, after) = names.split_at(first);
        let names: Vec<&String> = before.iter().chain(after.iter().skip(1)).collect();
        let first = all.remove(first);
        for (number, read) in all.iter().enumerate() {
            let earlier = all[..number].iter();
            let same = earlier
                .zip(&names)
                .find(|(other, _)| other.name == read.name);
            if let Some((_, other)) = same {
                return Err(GateError::SameName {
                    first: (*other).clone(),
                    second: names[number].clone(),
                    name: read.name.clone(),
                }
                .into());
            }
        }
        Ok(Self {
            first,
            further: all,
        })
    }

    /// What the registry records of the further contracts.
    pub(super) fn recorded(&self) -> Vec<FurtherContract> {
        let further = self.further.iter().map(|candidate| FurtherContract {
            name: candidate.name.clone(),
            revision: candidate.content.revision.clone(),
            version: candidate.compiled.version.to_string(),
        });
        further.collect()
    }

    /// The files of all contracts.
    pub(super) fn contents(&self) -> Vec<&RegisteredContract> {
        let all = std::iter::once(&self.first).chain(&self.further);
        all.map(|candidate| &candidate.content).collect()
    }
}

/// Reads and compiles the contract that an argument names.
fn read_candidate(text: &str, args: &VerdictArgs) -> Result<CandidateContract, RunError> {
    let (root, reading) = (&args.references.root(), args.reading.reading());
    let limits = Limits::default();
    let input = ContractInput::of(text)?;
    let name = input.name();
    let (documents, content) = match &input {
        ContractInput::File(path) => {
            let read = |file: &Path, bytes_max| root.read(path, file, bytes_max);
            RegisteredContract::load(path, &name, &root.options(reading), &limits, &read)?
        }
        ContractInput::Committed(git_path) => {
            let read = |path: &Path, bytes_max| read_revision(git_path, root, path, bytes_max);
            let path = Path::new(&git_path.path);
            RegisteredContract::load(path, &name, &root.options(reading), &limits, &read)?
        }
        ContractInput::Directory(_) | ContractInput::CommittedDirectory(_) => {
            return Err(GateError::Directory(name).into());
        }
    };
    let file = name.rsplit(['/', ':']).next().unwrap_or(&name).to_owned();
    Ok(CandidateContract {
        name: file,
        compiled: compile_contract(documents, &name, (BrokenPartPolicy::Refuse, reading))?,
        content,
    })
}
