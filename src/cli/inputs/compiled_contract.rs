//! Compiling the contracts that are compared.

use portcullis_contract::{
    BrokenPartPolicy, CompileOptions, CompiledContract, DocumentSet, compile,
};
use portcullis_vocabulary::ContractReading;

use crate::cli::run_error::RunError;

/// Compiles a contract together with its webhooks and callbacks. `name` is what error messages
/// call it.
pub(crate) fn compile_contract(
    documents: DocumentSet,
    name: &str,
    (broken_parts, reading): (BrokenPartPolicy, ContractReading),
) -> Result<CompiledContract, RunError> {
    let options = CompileOptions {
        outbound_operations: true,
        accepts_events: true,
        broken_parts,
        reading,
        ..CompileOptions::default()
    };
    compile(documents, &options).map_err(|problems| RunError::Refused {
        name: name.to_owned(),
        problems,
    })
}

/// Whether the document is an OpenAPI, a Swagger or an AsyncAPI document. Other files below a directory
/// are skipped.
pub(crate) fn is_contract(documents: &DocumentSet) -> bool {
    let root = documents.entry().root();
    let names = ["openapi", "swagger", "asyncapi"];
    names.iter().any(|name| root.get(name).is_some())
}
