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
        broken_parts,
        reading,
        ..CompileOptions::default()
    };
    compile(documents, &options).map_err(|problems| RunError::Refused {
        name: name.to_owned(),
        problems,
    })
}

/// Whether the document is an OpenAPI or a Swagger document. Other files below a directory are
/// skipped.
pub(crate) fn is_contract(documents: &DocumentSet) -> bool {
    let root = documents.entry().root();
    root.get("openapi").or(root.get("swagger")).is_some()
}
