//! The contract that goes out, with all its files.

use std::path::Path;

use crate::source;
use portcullis_contract::CompiledContract;
use portcullis_control::gate::RegisteredContract;
use portcullis_vocabulary::Limits;

use super::gate_error::GateError;
use crate::cli::diff::{ContractInput, compiled};
use crate::cli::dispatch::RunError;

/// Reads and compiles what an argument names.
pub(super) fn read(
    text: &str,
    limits: &Limits,
) -> Result<(CompiledContract, RegisteredContract), RunError> {
    let side = ContractInput::of(text)?;
    let name = side.name();
    let (documents, content) = match &side {
        ContractInput::File(path) => {
            let read = |path: &Path, bytes_max| Ok(source::read(path, bytes_max)?);
            RegisteredContract::load(path, &name, limits, &read)?
        }
        ContractInput::Committed(place) => {
            let read = |path: &Path, bytes_max| Ok(place.at(path).read(bytes_max)?);
            RegisteredContract::load(Path::new(&place.path), &name, limits, &read)?
        }
        ContractInput::Directory(_) | ContractInput::CommittedDirectory(_) => {
            return Err(GateError::Directory(name).into());
        }
    };
    Ok((compiled(documents, &name)?, content))
}
