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
        let (first, further) = names.split_first().expect("clap requires a contract");
        let mut all: Vec<CandidateContract> = Vec::new();
        for name in further {
            let read = read_candidate(name, args)?;
            if let Some(at) = all.iter().position(|other| other.name == read.name) {
                return Err(GateError::SameName {
                    first: further[at].clone(),
                    second: name.clone(),
                    name: read.name,
                }
                .into());
            }
            all.push(read);
        }
        Ok(Self {
            first: read_candidate(first, args)?,
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
