//! Why the program cannot start.

use std::io;

use portcullis_config::ListenAddress;
use portcullis_contract::{
    ContractLoadError, ContractProblem, READING_KEY, tolerant_reading_advice,
};
use portcullis_proxy::BindError;
use portcullis_telemetry::TracingError;

use super::keys_error::KeysError;
use super::tls::TlsLoadError;
use super::vendor_fields::VendorFieldError;

/// Why the program cannot start. Every message says where the fault is and what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Contracts of several services cannot be used.
    #[error("{}", lines(errors))]
    Contracts {
        /// The errors, one for each service.
        errors: Vec<Self>,
    },
    /// The file of a contract cannot be read.
    #[error("service `{service}`: {source}")]
    Load {
        /// The service that has this contract.
        service: String,
        /// The cause.
        source: ContractLoadError,
    },
    /// A contract cannot be compiled.
    #[error("service `{service}`: the contract is refused\n{}", listed(problems))]
    Contract {
        /// The service that has this contract.
        service: String,
        /// Every problem in the contract.
        problems: Vec<ContractProblem>,
    },
    /// The keys that verify tokens cannot be loaded.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Files of TLS cannot be used.
    #[error("{}", lines(errors))]
    Tls {
        /// The errors, one for each section.
        errors: Vec<TlsLoadError>,
    },
    /// The header fields of a vendor cannot be read.
    #[error(transparent)]
    VendorField(#[from] Box<VendorFieldError>),
    /// The data port cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The admin port cannot be bound.
    #[error("cannot listen on admin address {address}: {source}; change `admin.address`")]
    Admin {
        /// The configured address.
        address: ListenAddress,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The export of spans cannot be set up.
    #[error("tracing: {0}")]
    Tracing(#[from] TracingError),
    /// A thread or its runtime cannot be started.
    #[error("cannot start a runtime: {0}; check the limits on threads and open files")]
    Runtime(io::Error),
}

fn lines<E: ToString>(errors: &[E]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn listed(problems: &[ContractProblem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(ToString::to_string)
        .chain(tolerant_reading_advice(problems, READING_KEY))
        .map(|line| format!("  {line}"))
        .collect();
    lines.join("\n")
}
