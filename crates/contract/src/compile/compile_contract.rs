//! The entry point: documents in, a compiled contract or its problems out.

use super::compile_options::CompileOptions;
use super::contract_compiler::ContractCompiler;
use crate::message::compiled_contract::{CompiledContract, declared_names};
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::dialect::Dialect;
use crate::openapi::document::DocumentSet;
use crate::openapi::revision::ContractIdentity;

/// Why a contract of events is refused where requests are served.
const NO_HTTP: &str = "an AsyncAPI contract describes events, not HTTP: it is for the commands check, diff, gate and replay";

/// Compiles the documents of a contract.
///
/// # Errors
/// All problems, errors and warnings, if at least one is an error.
pub fn compile(
    mut documents: DocumentSet,
    options: &CompileOptions,
) -> Result<CompiledContract, Vec<ContractProblem>> {
    documents.set_reading(options.reading);
    let root = documents.entry().root();
    let dialect = match documents.events() {
        Some(_) if !options.accepts_events => Err(NO_HTTP.to_owned()),
        _ => Dialect::of(root),
    };
    let dialect = dialect.map_err(|message| {
        let at = documents.location(documents.entry_ref());
        vec![ContractProblem {
            severity: Severity::Error,
            kind: ContractProblemKind::MalformedDocument,
            at,
            message,
            repair: None,
        }]
    })?;
    let mut compiler = ContractCompiler::new(&documents, dialect, options);
    compiler.overlay_faults();
    compiler.repeated_keys();
    compiler.translation_problems();
    compiler.paths();
    // Each message of an AsyncAPI contract is a webhook.
    let outbound_operations = if options.outbound_operations || documents.events().is_some() {
        compiler.outbound_operations()
    } else {
        Vec::new()
    };
    let parts = compiler.finish()?;
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
        operations: parts.operations,
        objectives: parts.objectives,
        server_hosts: parts.server_hosts,
        outbound_operations,
        warnings: parts.warnings,
        ineffective: parts.ineffective,
        routes: parts.routes,
        unread_paths: parts.unread_paths,
        requests: parts.requests,
        responses: parts.responses,
        declared_property_names: declared_names(&documents),
        broken_parts: parts.broken.parts,
        left_out_operations: parts.broken.operations,
        broken_schemas: parts.broken.schemas,
        documents,
    })
}
