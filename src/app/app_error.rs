//! Why the program cannot start.

use std::io;
use std::net::SocketAddr;

use crate::proxy::BindError;
use crate::telemetry::TracingError;
use portcullis_contract::{ContractLoadError, ContractProblem};

use super::key_reader::KeysError;

/// Why the program cannot start. Every message says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A contract's file cannot be read.
    #[error("service `{service}`: {source}")]
    Load {
        /// The service whose contract it is.
        service: String,
        /// What is wrong.
        source: ContractLoadError,
    },
    /// A contract cannot be enforced.
    #[error("service `{service}`: the contract is refused\n{}", listed(problems))]
    Contract {
        /// The service whose contract it is.
        service: String,
        /// Everything that is wrong with it.
        problems: Vec<ContractProblem>,
    },
    /// The keys that tokens are verified with cannot be had.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The data port cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The admin port cannot be listened on.
    #[error("cannot listen on admin address {address}: {source}; change `admin.address`")]
    Admin {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Spans cannot be sent anywhere.
    #[error("tracing: {0}")]
    Tracing(#[from] TracingError),
    /// A thread or its runtime cannot be started.
    #[error("cannot start a runtime: {0}; check the limits on threads and open files")]
    Runtime(io::Error),
}

fn listed(problems: &[ContractProblem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("  {problem}"))
        .collect();
    lines.join("\n")
}
