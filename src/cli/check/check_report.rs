//! The result of `portcullis check`. Its JSON document is stable: properties are added and never
//! removed.
//!
//! ```json
//! {
//!   "contracts": [{
//!     "path": "contracts/payments/orders/openapi.yaml",
//!     "title": "Orders", "version": "1.4.0",
//!     "revision": "sha256:…", "dialect": "3.1", "provider": "payments",
//!     "files": ["contracts/payments/orders/openapi.yaml"],
//!     "operations": [{
//!       "method": "POST", "paths": ["/v1/orders"], "name": "createOrder",
//!       "provider": "payments", "tier": "gold", "enforcement": {"request": "report", "response": null},
//!       "parameters": 2,
//!       "body": { "required": true, "types": ["application/json"] },
//!       "statuses": ["201", "4XX", "default"]
//!     }],
//!     "problems": [{
//!       "severity": "warning", "kind": "invalid-example",
//!       "file": "contracts/payments/orders/openapi.yaml", "line": 88, "column": null,
//!       "pointer": "/components/schemas/Order/example",
//!       "message": "…", "repair": null
//!     }],
//!     "advice": null
//!   }],
//!   "unreadable": [{ "path": "contracts/broken.yaml", "message": "…" }],
//!   "summary": { "contracts": 1, "operations": 1, "errors": 0, "warnings": 1, "ignored": 0,
//!                "unreadable": 1 }
//! }
//! ```
//!
//! The operations of an AsyncAPI contract are its messages: `method` is `send`, `receive`, or `exchange`
//! without an operation, `paths` has the address of the channel, and `types` the content type.
//! `dialect`, `provider`, `tier`, `enforcement` and `body` are null if the contract does not
//! declare them. `ignored` counts the warnings that `--ignore` left out. `repair` names the repair that
//! the tolerant reading has for an error, or made for a warning; `advice` says how to read a contract
//! whose errors it repairs. A contract with errors has no operations. Problems are sorted: errors
//! first, then by kind, file and line.

use std::sync::Arc;

use serde::Serialize;

use portcullis_contract::{
    self, BodyDeclaration, CompileOptions, CompiledContract, ContractIdentity, ContractLoadError,
    ContractProblem, ContractRepair, Dialect, DocumentSet, EventContract, EventMessage, Operation,
    OperationEnforcement, Severity, StatusPattern,
};
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::{ContractReading, Limits};

use super::ignored_problems::{IgnoredKind, remove_ignored};
use crate::cli::inputs::{ContractInput, reading_advice};
use crate::source::ReferenceRoot;

/// The result of one run.
#[derive(Debug, Default, Serialize)]
pub(super) struct CheckReport {
    pub(super) contracts: Vec<ContractReport>,
    pub(super) unreadable: Vec<UnreadableFile>,
    pub(super) summary: CheckSummary,
}

/// A contract that was read. It has operations if it compiles.
#[derive(Debug, Serialize)]
pub(super) struct ContractReport {
    pub(super) path: String,
    pub(super) title: Arc<str>,
    pub(super) version: Arc<str>,
    pub(super) revision: Arc<str>,
    pub(super) dialect: Option<String>,
    /// What `dialect` is a version of.
    #[serde(skip)]
    pub(super) family: &'static str,
    pub(super) provider: Option<Arc<str>>,
    pub(super) files: Vec<Arc<str>>,
    pub(super) operations: Vec<OperationReport>,
    pub(super) problems: Vec<ProblemReport>,
    /// How to read a refused contract, if the tolerant reading repairs any of its errors.
    pub(super) advice: Option<String>,
    /// How many warnings were left out.
    #[serde(skip)]
    ignored: usize,
}

/// An operation of a contract.
#[derive(Debug, Serialize)]
pub(super) struct OperationReport {
    pub(super) method: String,
    pub(super) paths: Vec<String>,
    pub(super) name: Arc<str>,
    pub(super) provider: Option<Arc<str>>,
    pub(super) tier: Option<&'static str>,
    pub(super) enforcement: Option<EnforcementReport>,
    pub(super) parameters: usize,
    pub(super) body: Option<BodyReport>,
    pub(super) statuses: Vec<String>,
}

/// A declared request body.
#[derive(Debug, Serialize)]
pub(super) struct BodyReport {
    pub(super) required: bool,
    pub(super) types: Vec<String>,
}

/// A problem of a contract.
#[derive(Debug, Serialize)]
pub(super) struct ProblemReport {
    pub(super) severity: &'static str,
    pub(super) kind: &'static str,
    /// What the kind means, in a few words.
    #[serde(skip)]
    pub(super) title: &'static str,
    pub(super) file: Arc<str>,
    pub(super) line: u32,
    /// Only for a file in one line of JSON.
    pub(super) column: Option<u32>,
    pub(super) pointer: String,
    pub(super) message: String,
    /// The repair that the tolerant reading has for an error, or made for a warning.
    pub(super) repair: Option<&'static str>,
}

/// A file that cannot be read or parsed.
#[derive(Debug, Serialize)]
pub(super) struct UnreadableFile {
    pub(super) path: String,
    pub(super) message: String,
}

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct CheckSummary {
    pub(super) contracts: usize,
    pub(super) operations: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) ignored: usize,
    pub(super) unreadable: usize,
}

impl CheckReport {
    /// Adds a contract and its counts.
    pub(super) fn add(&mut self, contract: ContractReport) {
        let errors = contract.errors();
        self.summary.contracts += 1;
        self.summary.operations += contract.operations.len();
        self.summary.errors += errors;
        self.summary.warnings += contract.problems.len() - errors;
        self.summary.ignored += contract.ignored;
        self.contracts.push(contract);
    }

    /// Adds a file that could not be read.
    pub(super) fn add_unreadable(&mut self, path: String, message: String) {
        self.summary.unreadable += 1;
        self.unreadable.push(UnreadableFile { path, message });
    }
}

impl ContractReport {
    /// Reads, compiles and lints the contract `input`, without the ignored warnings. Returns `None` if `is_wanted` rejects the
    /// documents.
    ///
    /// # Errors
    /// The file cannot be read or parsed.
    pub(super) fn of(
        input: &ContractInput,
        limits: &Limits,
        (root, reading): (&ReferenceRoot, ContractReading),
        ignored: &[IgnoredKind],
        is_wanted: impl FnOnce(&DocumentSet) -> bool,
    ) -> Result<Option<Self>, ContractLoadError> {
        let documents = input.load_as(limits, root, reading)?;
        if !is_wanted(&documents) {
            return Ok(None);
        }
        let ContractIdentity {
            title,
            version,
            revision,
            provider,
        } = ContractIdentity::of(&documents);
        let dialect = Dialect::of(documents.entry().root())
            .ok()
            .map(Dialect::as_str);
        let events = documents.events().map(|events| events.version.to_string());
        let (family, dialect) = match events {
            Some(version) => ("AsyncAPI", Some(version)),
            None if documents.is_swagger() => ("Swagger", Some("2.0".to_owned())),
            None => ("OpenAPI", dialect.map(str::to_owned)),
        };
        let files = documents
            .list()
            .iter()
            .chain(documents.overlays())
            .map(|file| Arc::clone(&file.name))
            .collect();
        let CompileReport {
            operations,
            mut problems,
            advice,
        } = compile_and_lint(documents, reading);
        let ignored = remove_ignored(&mut problems, ignored);
        let problems = sorted(problems);
        let path = input.name();
        Ok(Some(Self {
            path,
            title,
            version,
            revision,
            dialect,
            family,
            provider,
            files,
            operations,
            problems: problems.into_iter().map(ProblemReport::from).collect(),
            ignored,
            advice,
        }))
    }

    fn errors(&self) -> usize {
        self.problems
            .iter()
            .filter(|problem| problem.is_error())
            .count()
    }
}

/// What compiling and linting found.
struct CompileReport {
    operations: Vec<OperationReport>,
    problems: Vec<ContractProblem>,
    advice: Option<String>,
}

/// The operations and the problems. A contract that does not compile has only the warnings that
/// need no compiled contract.
fn compile_and_lint(documents: DocumentSet, reading: ContractReading) -> CompileReport {
    let options = CompileOptions {
        accepts_events: true,
        reading,
        ..CompileOptions::default()
    };
    let mut problems = portcullis_contract::lint_documents(&documents);
    let operations = match portcullis_contract::compile(documents, &options) {
        Ok(mut contract) => {
            problems.append(&mut contract.warnings);
            problems.extend(portcullis_contract::lint(&contract));
            operations(&contract)
        }
        Err(errors) => {
            problems.extend(errors);
            Vec::new()
        }
    };
    CompileReport {
        operations,
        advice: reading_advice(&problems),
        problems,
    }
}

fn sorted(mut problems: Vec<ContractProblem>) -> Vec<ContractProblem> {
    problems.sort_by(|left, right| {
        let by_severity = right
            .severity
            .cmp(&left.severity)
            .then(left.kind.cmp(&right.kind));
        let line = |problem: &ContractProblem| (problem.at.file.clone(), problem.at.line);
        by_severity
            .then_with(|| line(left).cmp(&line(right)))
            .then_with(|| left.at.pointer.cmp(&right.at.pointer))
    });
    problems
}

fn operations(contract: &CompiledContract) -> Vec<OperationReport> {
    if let Some(events) = contract.events() {
        let messages = events.messages.iter();
        return messages
            .map(|message| OperationReport::of_message(events, message))
            .collect();
    }
    let listing = contract.listing().into_iter();
    listing
        .map(|(operation, paths)| OperationReport::of(operation, &paths))
        .collect()
}

impl OperationReport {
    fn of(operation: &Operation, paths: &[&str]) -> Self {
        Self {
            method: operation.method.to_string(),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            name: Arc::clone(&operation.name),
            provider: operation.provider.clone(),
            tier: operation.tier.map(|tier| tier.as_str()),
            enforcement: EnforcementReport::of(operation.enforcement),
            parameters: operation.parameters.len(),
            body: body(&operation.body),
            statuses: operation
                .responses
                .iter()
                .map(|response| status(response.status))
                .collect(),
        }
    }
}

impl OperationReport {
    /// A message of an AsyncAPI contract: its action, its channel and its name.
    fn of_message(events: &EventContract, message: &EventMessage) -> Self {
        let channel = events.channel_of(message);
        let content_type = message.content_type.iter().map(ToString::to_string);
        Self {
            method: message.action.as_str().to_owned(),
            paths: vec![channel.destination().to_owned()],
            name: Arc::clone(&message.name),
            provider: message.provider.clone(),
            tier: None,
            enforcement: None,
            parameters: 0,
            body: Some(BodyReport {
                required: true,
                types: content_type.collect(),
            }),
            statuses: Vec::new(),
        }
    }
}

/// The enforcement that an operation declares.
#[derive(Debug, Serialize)]
pub(super) struct EnforcementReport {
    pub(super) request: Option<&'static str>,
    pub(super) response: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unreadable: Option<&'static str>,
}

impl EnforcementReport {
    fn of(declared: OperationEnforcement) -> Option<Self> {
        (declared != OperationEnforcement::default()).then(|| Self {
            request: declared.request.map(Enforcement::as_str),
            response: declared.response.map(Enforcement::as_str),
            unreadable: declared.unreadable.map(Enforcement::as_str),
        })
    }
}

fn body(declaration: &BodyDeclaration) -> Option<BodyReport> {
    match declaration {
        BodyDeclaration::Undeclared | BodyDeclaration::Ignored => None,
        BodyDeclaration::Declared(body) => Some(BodyReport {
            required: body.required,
            types: body.content.iter().map(|media| media.key.clone()).collect(),
        }),
    }
}

fn status(pattern: StatusPattern) -> String {
    match pattern {
        StatusPattern::Exact(status) => status.to_string(),
        StatusPattern::Range(first_digit) => format!("{first_digit}XX"),
        StatusPattern::Default => "default".to_owned(),
    }
}

impl ProblemReport {
    /// Whether the problem keeps the contract from being compiled.
    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error.as_str()
    }
}

impl From<ContractProblem> for ProblemReport {
    fn from(problem: ContractProblem) -> Self {
        Self {
            severity: problem.severity.as_str(),
            kind: problem.kind.as_str(),
            title: problem.kind.rule().title,
            file: problem.at.file,
            line: problem.at.line,
            column: problem.at.column,
            pointer: problem.at.pointer,
            message: problem.message,
            repair: problem.repair.map(ContractRepair::as_str),
        }
    }
}
