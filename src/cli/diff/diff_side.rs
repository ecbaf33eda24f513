//! One side of a comparison: files, a Git revision, or a deployment of a registry.

use portcullis_contract::{BrokenPartPolicy, DocumentSet};
use portcullis_vocabulary::{ContractReading, Limits};

use crate::cli::gate::DeployedContract;
use crate::cli::inputs::ContractInput;
use crate::cli::run_error::RunError;
use crate::source::ReferenceRoot;

/// What an argument of `diff` names.
#[derive(Clone, Debug)]
pub(super) enum DiffSide {
    /// Files of the working directory or of a Git revision.
    Files(ContractInput),
    /// A deployment.
    Deployed(DeployedContract),
}

impl DiffSide {
    /// Resolves an argument.
    pub(super) fn of(text: &str) -> Result<Self, RunError> {
        match DeployedContract::of(text) {
            Some(deployed) => Ok(Self::Deployed(deployed?)),
            None => Ok(Self::Files(ContractInput::of(text)?)),
        }
    }

    /// The directory of contracts, if it is one.
    pub(super) fn directory(&self) -> Option<&ContractInput> {
        match self {
            Self::Files(input) => Some(input).filter(|input| input.is_directory()),
            Self::Deployed(_) => None,
        }
    }

    /// The path of the contract; `None` if it has none.
    pub(super) fn path(&self) -> Option<String> {
        match self {
            Self::Files(input) if !input.is_stdin() => Some(input.path_in_repository()),
            Self::Files(_) | Self::Deployed(_) => None,
        }
    }

    /// The service of the contract, if it is known.
    pub(super) fn service(&self) -> Option<&str> {
        match self {
            Self::Files(_) => None,
            Self::Deployed(deployed) => Some(deployed.service()),
        }
    }

    /// Whether it is standard input.
    pub(super) fn is_stdin(&self) -> bool {
        matches!(self, Self::Files(input) if input.is_stdin())
    }

    /// Loads the contract, which must not be a directory.
    pub(super) fn load(
        &self,
        limits: &Limits,
        root: &ReferenceRoot,
        how: (BrokenPartPolicy, ContractReading),
    ) -> Result<DocumentSet, RunError> {
        match self {
            Self::Files(input) => Ok(input.load_for(limits, root, how)?),
            Self::Deployed(deployed) => Ok(deployed.load()?),
        }
    }

    /// The name for messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Files(input) => input.name(),
            Self::Deployed(deployed) => deployed.name(),
        }
    }
}
