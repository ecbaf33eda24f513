//! Why the gate could not decide or record.

use std::io;
use std::path::PathBuf;

use crate::cli::inputs::KnownNames;
use crate::source::{InvalidStoreKey, PrometheusError, RemoteError, StoreError};
use portcullis_config::ConfigErrors;
use portcullis_control::gate::{ContractDamage, LeaseDamage, RegistryDamage, RegistryRefusal};

/// Why the gate could not decide or record. Nothing is recorded then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GateError {
    /// The catalog has no such squad or service.
    #[error("{}: no {what} is called `{name}`{known}", catalog.display())]
    Unknown {
        /// `squad` or `service`.
        what: &'static str,
        /// The name from the command line.
        name: String,
        /// The names of the catalog.
        known: KnownNames,
        /// The catalog.
        catalog: PathBuf,
    },
    /// Several contracts are standard input.
    #[error("standard input can be one contract only; name files for the others")]
    StdinRepeated,
    /// Two contracts of a deployment have one name, by which the next deployment finds them.
    #[error("{first} and {second}: both contracts are named {name}; rename one of the files")]
    SameName {
        /// The first argument.
        first: String,
        /// The second one.
        second: String,
        /// The name of both files.
        name: String,
    },
    /// Two contracts describe requests, and a service has one such contract.
    #[error(
        "{first} and {second}: both contracts describe requests (OpenAPI), and a service has one of \
         them; join them, or deploy one as the contract of another service"
    )]
    TwoRequestContracts {
        /// The first argument.
        first: String,
        /// The second one.
        second: String,
    },
    /// A deployed contract is not named, so nothing would be compared with it.
    #[error(
        "version {version}, which is deployed, also has the contract {name}: name it with --contract; \
         if it is no longer needed, deploy it once without channels or paths"
    )]
    ContractMissing {
        /// The deployed version.
        version: String,
        /// The name of its file.
        name: String,
    },
    /// The catalog is invalid.
    #[error("the catalog is refused\n{0}")]
    Catalog(ConfigErrors),
    /// A name is not a valid path segment of the registry.
    #[error(transparent)]
    Key(#[from] InvalidStoreKey),
    /// The registry cannot be read or written.
    #[error("the registry cannot be used: {0}")]
    Store(#[from] StoreError),
    /// The leases of a table are damaged.
    #[error("{place}: {damage}; nothing is overwritten: correct or remove the file")]
    DamagedLeases {
        /// The file or object.
        place: String,
        /// What is wrong.
        damage: LeaseDamage,
    },
    /// There is no registry of this service.
    #[error(
        "{place}: no deployment of this service is recorded; check the registry, the squad and the service"
    )]
    NoRecord {
        /// The file or object that is missing.
        place: String,
    },
    /// An argument names no deployment of a registry.
    #[error(
        "{0}: expected registry:LOCATION/SQUAD/SERVICE or registry:LOCATION/SQUAD/SERVICE@VERSION, \
         such as registry:deployments/payments/orders@1.4.0"
    )]
    DeploymentSyntax(String),
    /// The registry has no such deployment.
    #[error("{place}: {}; recorded are {}", match wanted { Some(wanted) => format!("no deployment has the version, number or revision {wanted}"), None => "no deployment is current".to_owned() }, known.join(", "))]
    NoDeployment {
        /// The file or object of the registry.
        place: String,
        /// The version, number or revision from the command line.
        wanted: Option<String>,
        /// The recorded versions.
        known: Vec<String>,
    },
    /// The registry is damaged. It is not changed.
    #[error(
        "{place}: the registry is damaged: {damage}; restore it from a backup or its history, it is not overwritten"
    )]
    Damaged {
        /// The file or object.
        place: String,
        /// The damage.
        damage: RegistryDamage,
    },
    /// A contract that the registry refers to is missing.
    #[error(
        "{place}: the registry is damaged: deployment {number} refers to this contract, which is missing; restore it from a backup"
    )]
    NoContract {
        /// The file or object.
        place: String,
        /// The number of the deployment.
        number: u64,
    },
    /// A stored contract is damaged.
    #[error("{place}: {damage}; restore it from a backup")]
    Content {
        /// The file or object.
        place: String,
        /// The damage.
        damage: ContractDamage,
    },
    /// The registry does not allow this change.
    #[error(transparent)]
    Refused(#[from] RegistryRefusal),
    /// The version to keep is not the one that would be replaced.
    #[error("--keep {wanted}: {}", match found { Some(found) => format!("the deployment that would be replaced is {found}; keep that, or leave --keep out"), None => "no deployment could be kept".to_owned() })]
    Keep {
        /// The version from the command line.
        wanted: String,
        /// The version that would be replaced.
        found: Option<String>,
    },
    /// The date is in the past.
    #[error("--until {0}: expected a date in the future")]
    Until(String),
    /// Another process changed the registry at the same time.
    #[error("{place}: another process changed the registry at the same time; run it again")]
    Overtaken {
        /// The file or object.
        place: String,
    },
    /// The rollback needs approvals.
    #[error("going back to {version} needs the approval of {}; add --approved-by for each", needs.join(" and "))]
    RollbackApproval {
        /// The version that would be deployed again.
        version: String,
        /// The squads with their flags.
        needs: Vec<String>,
    },
    /// A directory where a contract was expected.
    #[error("--contract {0}: expected one contract, found a directory")]
    Directory(String),
    /// A query to Prometheus failed.
    #[error("Prometheus cannot be queried: {0}")]
    Prometheus(#[from] PrometheusError),
    /// The URL of Prometheus is invalid.
    #[error("--prometheus: {0}")]
    PrometheusUrl(RemoteError),
    /// An output file cannot be written.
    #[error("{}: {source}; check the path and its permissions", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The runtime cannot be started.
    #[error("cannot start a runtime: {0}")]
    Runtime(io::Error),
}
