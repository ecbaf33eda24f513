//! Why the gate could not judge or record.

use std::io;
use std::path::PathBuf;

use crate::source::{InvalidStoreKey, PrometheusError, RemoteError, StoreError};
use portcullis_control::gate::{ContractDamage, RegistryDamage, RegistryRefusal};

/// Why the gate could not judge or record. Nothing is recorded then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GateError {
    /// The catalog has no such squad or service.
    #[error("{}: no {what} is called {name:?}{}", catalog.display(), near.as_ref().map_or_else(String::new, |near| format!("; did you mean {near:?}?")))]
    Unknown {
        /// A squad or a service.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// The one that is most like it.
        near: Option<String>,
        /// Where it was looked for.
        catalog: PathBuf,
    },
    /// A name leads out of the registry.
    #[error(transparent)]
    Key(#[from] InvalidStoreKey),
    /// The registry cannot be read or written.
    #[error("the registry cannot be used: {0}")]
    Store(#[from] StoreError),
    /// There is no registry of this service.
    #[error(
        "{place}: nothing of this service was recorded; check --squad, --service and --registry"
    )]
    NoRecord {
        /// Where it would be.
        place: String,
    },
    /// The registry is damaged. It is left as it is.
    #[error(
        "{place}: the registry is damaged: {damage}; restore it from a backup or its history, it is not written over"
    )]
    Damaged {
        /// The file or object.
        place: String,
        /// What is wrong with it.
        damage: RegistryDamage,
    },
    /// A contract that the registry speaks of is not there.
    #[error(
        "{place}: the registry is damaged: deployment {number} refers to this contract, and it is not there; restore it from a backup"
    )]
    NoContract {
        /// The file or object.
        place: String,
        /// The deployment.
        number: u64,
    },
    /// A contract that the registry keeps is not what was kept.
    #[error("{place}: {damage}; restore it from a backup")]
    Content {
        /// The file or object.
        place: String,
        /// What is wrong with it.
        damage: ContractDamage,
    },
    /// The registry cannot be changed so.
    #[error(transparent)]
    Refused(#[from] RegistryRefusal),
    /// What is to be kept is not what would be replaced.
    #[error("--keep {wanted}: {}", match found { Some(found) => format!("the deployment that would be replaced is {found}; keep that, or leave --keep out"), None => "nothing is deployed that could be kept".to_owned() })]
    Keep {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: Option<String>,
    },
    /// A day that is over.
    #[error("--until {0}: expected a day to come")]
    Until(String),
    /// Somebody else wrote meanwhile.
    #[error("{place}: somebody else has written meanwhile; run it again")]
    Overtaken {
        /// The file or object.
        place: String,
    },
    /// A rollback that others have to agree to.
    #[error("going back to {version} needs the approval of {}; add --approved-by for each", needs.join(" and "))]
    RollbackApproval {
        /// What would run again.
        version: String,
        /// The squads with their flags.
        needs: Vec<String>,
    },
    /// A directory where a contract was expected.
    #[error("--contract {0}: expected one contract, found a directory")]
    Directory(String),
    /// Prometheus has no answer.
    #[error("Prometheus cannot be asked: {0}")]
    Prometheus(#[from] PrometheusError),
    /// The address of Prometheus is none.
    #[error("--prometheus: {0}")]
    PrometheusUrl(RemoteError),
    /// A file of results cannot be written.
    #[error("{}: {source}; check the path and its permissions", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The runtime cannot be started.
    #[error("cannot start a runtime: {0}")]
    Runtime(io::Error),
}
