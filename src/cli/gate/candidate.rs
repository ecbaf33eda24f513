//! The contract that goes out, with all its files.

use std::path::Path;

use crate::source;
use portcullis_contract::CompiledContract;
use portcullis_control::gate::Content;
use portcullis_vocabulary::Limits;

use super::super::diff::{Side, compiled};
use super::super::run::RunError;
use super::error::GateError;

/// Reads and compiles what an argument names.
pub(super) fn read(text: &str, limits: &Limits) -> Result<(CompiledContract, Content), RunError> {
    let side = Side::of(text)?;
    let name = side.name();
    let (documents, content) = match &side {
        Side::File(path) => {
            let read = |path: &Path, bytes_max| Ok(source::read(path, bytes_max)?);
            Content::load(path, &name, limits, &read)?
        }
        Side::Committed(place) => {
            let read = |path: &Path, bytes_max| Ok(place.at(path).read(bytes_max)?);
            Content::load(Path::new(&place.path), &name, limits, &read)?
        }
        Side::Directory(_) | Side::CommittedDirectory(_) => {
            return Err(GateError::Directory(name).into());
        }
    };
    Ok((compiled(documents, &name)?, content))
}
