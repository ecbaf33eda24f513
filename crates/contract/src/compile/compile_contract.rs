//! The entry: documents in, a compiled contract or all that is wrong with it out.

use super::compile_options::CompileOptions;
use super::contract_compiler::ContractCompiler;
use crate::message::compiled_contract::{CompiledContract, declared_names};
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::dialect::Dialect;
use crate::openapi::document::DocumentSet;
use crate::openapi::revision::ContractIdentity;

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
    let for_comparison = match options.outbound_operations {
        true => walk.outbound_operations(),
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
