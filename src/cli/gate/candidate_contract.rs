//! The contract to deploy, with all its files.

use std::path::Path;

use crate::source::read_revision;
use portcullis_contract::{BrokenPartPolicy, CompiledContract};
use portcullis_control::gate::RegisteredContract;
use portcullis_vocabulary::Limits;

use super::gate_args::VerdictArgs;
use super::gate_error::GateError;
use crate::cli::inputs::{ContractInput, compile_contract};
use crate::cli::run_error::RunError;

/// The contract to deploy.
#[derive(Debug)]
pub(super) struct CandidateContract {
    pub(super) compiled: CompiledContract,
    /// The files, as the registry stores them.
    pub(super) content: RegisteredContract,
}

/// Reads and compiles the contract that an argument names.
pub(super) fn read_candidate(
    text: &str,
    args: &VerdictArgs,
) -> Result<CandidateContract, RunError> {
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
    Ok(CandidateContract {
        compiled: compile_contract(documents, &name, (BrokenPartPolicy::Refuse, reading))?,
        content,
    })
}
