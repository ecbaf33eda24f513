//! Reads and compiles a contract.
//!
//! Both steps are blocking and slow: they run on blocking threads only.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::source::{FileSignature, ReferenceRoot};
use portcullis_config::{ReloadPolicy, ServiceConfig};
use portcullis_contract::{
    BrokenPartPolicy, CompileOptions, CompiledContract, ContractBundle, ContractIdentity,
    ContractLoadError, ContractProblem, DocumentSet, READING_KEY, compile, tolerant_reading_advice,
};
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};
use portcullis_vocabulary::limits::Limits;

use super::reload_verdict::{ReloadBasis, ReloadVerdict};

/// A contract in memory.
#[derive(Debug)]
pub(in crate::app) enum ReadInput {
    /// The bytes of one document.
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

    /// Reads the contract in a file. The signature has the files to watch, as they were before they
    /// were read.
    pub(super) fn load_file(
        &self,
        path: &Path,
    ) -> (Result<DocumentSet, NotCompiled>, FileSignature) {
        let reading = self.options.reading;
        let (loaded, signature) = self.root.load_signed(path, &self.limits, reading);
        (loaded.map_err(not_loaded), signature)
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
        accepts_events: false,
        broken_parts: BrokenPartPolicy::Refuse,
        reading: service.contract_reading,
    }
}

/// Parses a contract in memory.
pub(super) fn parse(task: &ReadTask) -> Result<DocumentSet, NotCompiled> {
    let ReadSettings {
        options,
        limits,
        root,
        ..
    } = &task.settings;
    let parsed = match &task.input {
        ReadInput::Bytes { name, bytes } => {
            root.parse_as(name, bytes.clone(), limits, options.reading)
        }
        ReadInput::Bundle(bytes) => match ContractBundle::parse(bytes.clone(), limits) {
            Ok(bundle) => root.load_bundle(&bundle, limits, options.reading),
            Err(error) => return Err(refused(error.to_string())),
        },
    };
    parsed.map_err(not_loaded)
}

fn not_loaded(error: ContractLoadError) -> NotCompiled {
    match error {
        ContractLoadError::Read(error) => NotCompiled::Unavailable(error.to_string()),
        ContractLoadError::Parse(_) => refused(error.to_string()),
    }
}

fn refused(problem: String) -> NotCompiled {
    NotCompiled::Refused {
        identity: None,
        problems: vec![problem],
    }
}

/// Compiles what was read, and compares it with the active contract.
pub(super) fn compile_documents(documents: DocumentSet, settings: &ReadSettings) -> CompileOutcome {
    let identity = ContractIdentity::of(&documents);
    if settings.known.as_ref() == Some(&identity.revision) {
        return Err(NotCompiled::Unchanged(identity));
    }
    let began = Instant::now();
    match compile(documents, &settings.options) {
        Ok(contract) => {
            let took = began.elapsed();
            let verdict = settings
                .basis
                .as_ref()
                .map(|basis| basis.verdict(&contract));
            Ok(CompiledRevision {
                contract: Arc::new(contract),
                options: settings.options.clone(),
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
