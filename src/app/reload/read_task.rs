//! From a source's bytes to a compiled contract, or to why there is none.
//!
//! Blocking and slow: it runs on threads that nobody else waits for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::{ReloadPolicy, ServiceConfig};
use crate::source::load_contract;
use portcullis_contract::{
    CompileOptions, CompiledContract, ContractIdentity, ContractLoadError, DocumentSet, compile,
    parse_single_file,
};
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};
use portcullis_vocabulary::limits::Limits;

use super::reload_verdict::{ReloadBasis, ReloadVerdict};

/// What to read.
#[derive(Debug)]
pub(in crate::app) enum ReadInput {
    /// A file, with those that it refers to.
    File(PathBuf),
    /// Bytes that are there already.
    Bytes {
        /// What they are called in messages.
        name: String,
        /// The contract.
        bytes: Vec<u8>,
    },
}

/// What to read, and how.
#[derive(Debug)]
pub(in crate::app) struct ReadTask {
    pub(in crate::app) input: ReadInput,
    pub(in crate::app) options: CompileOptions,
    pub(in crate::app) limits: Limits,
    /// The revision that need not be compiled again.
    pub(in crate::app) known: Option<Arc<str>>,
    /// What it is to follow, where it would be put in force.
    pub(in crate::app) basis: Option<ReloadBasis>,
}

/// A contract that compiled.
#[derive(Debug)]
pub(in crate::app) struct CompiledRevision {
    pub(in crate::app) contract: Arc<CompiledContract>,
    pub(in crate::app) options: CompileOptions,
    pub(in crate::app) took: Duration,
    /// What speaks against it, where that was asked.
    pub(in crate::app) opinion: Option<ReloadVerdict>,
}

/// Why nothing was compiled.
#[derive(Debug)]
pub(in crate::app) enum NotCompiled {
    /// It is the known revision.
    Unchanged(ContractIdentity),
    /// It cannot be enforced.
    Refused {
        identity: Option<ContractIdentity>,
        problems: Vec<String>,
    },
    /// It cannot be read.
    Unavailable(String),
}

/// What came of it.
pub(in crate::app) type CompileOutcome = Result<CompiledRevision, NotCompiled>;

impl ReadInput {
    /// The files that it names.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::File(path) => vec![path.clone()],
            Self::Bytes { .. } => Vec::new(),
        }
    }
}

impl ReadTask {
    /// Reads what the configuration says of a service.
    pub(in crate::app) fn new(service: &ServiceConfig, input: ReadInput, limits: &Limits) -> Self {
        Self {
            input,
            options: options(service),
            limits: limits.clone(),
            known: None,
            basis: None,
        }
    }
}

/// How a service's contract is compiled.
pub(in crate::app) fn options(service: &ServiceConfig) -> CompileOptions {
    CompileOptions {
        base_paths: service.base_paths.clone(),
        detect_undeclared: service.enforcement.of(ViolationClass::UnknownBodyProperty)
            != Enforcement::Off,
        outbound_operations: service.reload.policy == ReloadPolicy::Compatible,
    }
}

/// Reads and compiles. The files that were read come too, for whoever watches them.
pub(in crate::app) fn read(task: &ReadTask) -> (CompileOutcome, Vec<PathBuf>) {
    let loaded = match &task.input {
        ReadInput::File(path) => load_contract(path, &task.limits),
        ReadInput::Bytes { name, bytes } => parse_single_file(name, bytes.clone(), &task.limits),
    };
    let documents = match loaded {
        Ok(documents) => documents,
        Err(ContractLoadError::Read(error)) => {
            return (
                Err(NotCompiled::Unavailable(error.to_string())),
                task.input.files(),
            );
        }
        Err(error @ ContractLoadError::Parse(_)) => {
            let nothing = NotCompiled::Refused {
                identity: None,
                problems: vec![error.to_string()],
            };
            return (Err(nothing), task.input.files());
        }
    };
    let mut files = match &task.input {
        ReadInput::File(_) => documents.paths(),
        ReadInput::Bytes { .. } => Vec::new(),
    };
    // As it is opened: another spelling may lead elsewhere, by a link on the way.
    if let (ReadInput::File(path), Some(entry)) = (&task.input, files.first_mut()) {
        entry.clone_from(path);
    }
    (compile_documents(documents, task), files)
}

fn compile_documents(documents: DocumentSet, task: &ReadTask) -> CompileOutcome {
    let identity = ContractIdentity::of(&documents);
    if task.known.as_ref() == Some(&identity.revision) {
        return Err(NotCompiled::Unchanged(identity));
    }
    let began = Instant::now();
    match compile(documents, &task.options) {
        Ok(contract) => {
            let took = began.elapsed();
            let opinion = task.basis.as_ref().map(|basis| basis.verdict(&contract));
            Ok(CompiledRevision {
                contract: Arc::new(contract),
                options: task.options.clone(),
                took,
                opinion,
            })
        }
        Err(problems) => Err(NotCompiled::Refused {
            identity: Some(identity),
            problems: problems.iter().map(ToString::to_string).collect(),
        }),
    }
}

/// The revision that was read, as far as it could be.
pub(super) fn revision(outcome: &CompileOutcome) -> Option<Arc<str>> {
    match outcome {
        Ok(compiled) => Some(Arc::clone(&compiled.contract.revision)),
        Err(NotCompiled::Unchanged(identity)) => Some(Arc::clone(&identity.revision)),
        Err(NotCompiled::Refused { identity, .. }) => {
            Some(Arc::clone(&identity.as_ref()?.revision))
        }
        Err(NotCompiled::Unavailable(_)) => None,
    }
}
