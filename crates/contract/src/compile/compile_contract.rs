//! The entry: documents in, a compiled contract or all that is wrong with it out.

use super::contract_compiler::ContractCompiler;
use crate::message::compiled_contract::{CompiledContract, declared_names};
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::dialect::Dialect;
use crate::openapi::document::DocumentSet;
use crate::openapi::revision::ContractIdentity;

/// What can be set about compiling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// Base paths that replace those of the document's `servers`.
    pub base_paths: Option<Vec<String>>,
    /// Whether members of request bodies that are not declared can be found. It costs a second
    /// validator.
    pub detect_undeclared: bool,
    /// Whether everything is compiled that only comparing contracts needs: webhooks and callbacks,
    /// which no proxy in front of a service sees, and the schemas of media types that are not
    /// judged.
    pub channels: bool,
}

/// Compiles the documents of a contract.
///
/// # Errors
/// Every problem found, errors and warnings, when there is an error among them.
pub fn compile(
    documents: DocumentSet,
    options: &CompileOptions,
) -> Result<CompiledContract, Vec<ContractProblem>> {
    let root = documents.entry().root();
    let dialect = Dialect::of(root).map_err(|message| {
        let at = documents.location(documents.entry_ref());
        vec![ContractProblem {
            severity: Severity::Error,
            kind: ContractProblemKind::MalformedDocument,
            at,
            message,
        }]
    })?;
    let mut walk = ContractCompiler::new(&documents, dialect, options);
    walk.paths();
    let for_comparison = match options.channels {
        true => walk.channels(),
        false => Vec::new(),
    };
    let walked = walk.finish()?;
    let ContractIdentity {
        title,
        version,
        revision,
        provider,
    } = ContractIdentity::of(&documents);
    Ok(CompiledContract {
        title,
        version,
        revision,
        dialect,
        provider,
        operations: walked.operations,
        outbound_operations: for_comparison,
        warnings: walked.warnings,
        routes: walked.routes,
        requests: walked.requests,
        responses: walked.responses,
        declared_property_names: declared_names(&documents),
        documents,
    })
}
