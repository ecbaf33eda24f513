//! Reads and compiles a contract.
//!
//! Both steps are blocking and slow: they run on blocking threads only.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::source::ReferenceRoot;
use portcullis_config::{ReloadPolicy, ServiceConfig};
use portcullis_contract::{
    BrokenPartPolicy, CompileOptions, CompiledContract, ContractBundle, ContractIdentity,
    ContractLoadError, ContractProblem, DocumentSet, READING_KEY, compile, tolerant_reading_advice,
};
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};
use portcullis_vocabulary::limits::Limits;

use super::reload_verdict::{ReloadBasis, ReloadVerdict};

/// The source of a contract.
#[derive(Debug)]
pub(in crate::app) enum ReadInput {
    /// A file and the files that it references.
    File(PathBuf),
    /// Bytes in memory.
    Bytes {
        /// The name for messages.
        name: String,
        /// The document.
        bytes: Vec<u8>,
    },
    /// The JSON text of a bundle of files in memory.
    Bundle(Vec<u8>),
}

/// One read.
#[derive(Debug)]
pub(super) struct ReadTask {
    pub(super) input: ReadInput,
    pub(super) settings: ReadSettings,
}

/// How a contract is compiled, and what it would replace.
#[derive(Clone, Debug)]
pub(super) struct ReadSettings {
    pub(super) options: CompileOptions,
    pub(super) limits: Limits,
    pub(super) root: ReferenceRoot,
    /// A revision that need not be compiled again.
    pub(super) known: Option<Arc<str>>,
    /// The contract that this one would replace, if it is to become active.
    pub(super) basis: Option<ReloadBasis>,
}

/// A contract that was compiled.
#[derive(Debug)]
pub(super) struct CompiledRevision {
    pub(super) contract: Arc<CompiledContract>,
    pub(super) options: CompileOptions,
    pub(super) took: Duration,
    /// The result of the comparison with the active contract, if there was one.
    pub(super) verdict: Option<ReloadVerdict>,
}

/// Why there is no compiled contract.
#[derive(Debug)]
pub(super) enum NotCompiled {
    /// It has the known revision.
    Unchanged(ContractIdentity),
    /// It cannot be compiled.
    Refused {
        identity: Option<ContractIdentity>,
        problems: Vec<String>,
    },
    /// The source cannot be read.
    Unavailable(String),
}

/// The result of a read.
pub(super) type CompileOutcome = Result<CompiledRevision, NotCompiled>;

impl ReadInput {
    /// The files that are known before the read.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::File(path) => vec![path.clone()],
            Self::Bytes { .. } | Self::Bundle(_) => Vec::new(),
        }
    }
}

impl ReadTask {
    /// The files to watch while the contract cannot be loaded: one of them is at fault.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = self.input.files();
        if !files.is_empty() {
            files.extend_from_slice(self.settings.root.overlays());
        }
        files
    }
}

impl ReadSettings {
    /// The settings that the configuration has for the service.
    pub(super) fn new(service: &ServiceConfig, limits: Limits) -> Self {
        Self {
            options: options(service),
            limits,
            root: ReferenceRoot::new(service.ref_root.clone())
                .with_overlays(service.overlays.clone()),
            known: None,
            basis: None,
        }
    }

    /// A read with these settings.
    pub(super) fn task(&self, input: ReadInput) -> ReadTask {
        ReadTask {
            input,
            settings: self.clone(),
        }
    }
}

/// The compile options of a service.
pub(in crate::app) fn options(service: &ServiceConfig) -> CompileOptions {
    CompileOptions {
        base_paths: service.base_paths.clone(),
        detect_undeclared: service.enforcement.of(ViolationClass::UnknownBodyProperty)
            != Enforcement::Off,
        outbound_operations: service.reload.policy == ReloadPolicy::Compatible,
        broken_parts: BrokenPartPolicy::Refuse,
        reading: service.contract_reading,
    }
}

/// Reads and parses. Also returns the files that were read, to be watched.
pub(super) fn load(task: &ReadTask) -> (Result<DocumentSet, NotCompiled>, Vec<PathBuf>) {
    let (limits, reading) = (&task.settings.limits, task.settings.options.reading);
    let loaded = match &task.input {
        ReadInput::File(path) => task.settings.root.load_as(path, limits, reading),
        ReadInput::Bytes { name, bytes } => {
            let root = &task.settings.root;
            root.parse_as(name, bytes.clone(), limits, reading)
        }
        ReadInput::Bundle(bytes) => match ContractBundle::parse(bytes.clone(), limits) {
            Ok(bundle) => task.settings.root.load_bundle(&bundle, limits, reading),
            Err(error) => return (Err(refused(error.to_string())), Vec::new()),
        },
    };
    let documents = match loaded {
        Ok(documents) => documents,
        Err(ContractLoadError::Read(error)) => {
            return (
                Err(NotCompiled::Unavailable(error.to_string())),
                task.files(),
            );
        }
        Err(error @ ContractLoadError::Parse(_)) => {
            return (Err(refused(error.to_string())), task.files());
        }
    };
    let mut files = match &task.input {
        ReadInput::File(_) => documents.paths(),
        ReadInput::Bytes { .. } | ReadInput::Bundle(_) => Vec::new(),
    };
    // Watch the path as configured: the canonical path would miss a symbolic link that changes.
    if let (ReadInput::File(path), Some(entry)) = (&task.input, files.first_mut()) {
        entry.clone_from(path);
    }
    (Ok(documents), files)
}

fn refused(problem: String) -> NotCompiled {
    NotCompiled::Refused {
        identity: None,
        problems: vec![problem],
    }
}

/// Compiles what was read, and compares it with the active contract.
pub(super) fn compile_documents(documents: DocumentSet, task: &ReadTask) -> CompileOutcome {
    let identity = ContractIdentity::of(&documents);
    if task.settings.known.as_ref() == Some(&identity.revision) {
        return Err(NotCompiled::Unchanged(identity));
    }
    let began = Instant::now();
    match compile(documents, &task.settings.options) {
        Ok(contract) => {
            let took = began.elapsed();
            let verdict = task
                .settings
                .basis
                .as_ref()
                .map(|basis| basis.verdict(&contract));
            Ok(CompiledRevision {
                contract: Arc::new(contract),
                options: task.settings.options.clone(),
                took,
                verdict,
            })
        }
        Err(problems) => Err(NotCompiled::Refused {
            identity: Some(identity),
            problems: lines(&problems),
        }),
    }
}

/// A line for each problem, and one about the reading that repairs them.
fn lines(problems: &[ContractProblem]) -> Vec<String> {
    let advice = tolerant_reading_advice(problems, READING_KEY);
    let lines = problems.iter().map(ToString::to_string);
    lines.chain(advice).collect()
}

/// The revision that was read, if the source could be parsed.
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
