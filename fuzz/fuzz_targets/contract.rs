//! Are any bytes compiled as a contract or refused? Any documents can be linted, and a contract that
//! compiles generates examples of its responses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_contract::{CompileOptions, compile, lint, lint_documents, parse_single_file};
use portcullis_vocabulary::Limits;

fuzz_target!(|bytes: &[u8]| {
    let Ok(documents) = parse_single_file("c.yaml", bytes.to_vec(), &Limits::default()) else {
        return;
    };
    lint_documents(&documents);
    let Ok(contract) = compile(documents, &CompileOptions::default()) else {
        return;
    };
    lint(&contract);
    for operation in &contract.operations {
        for response in &operation.responses {
            for media in &response.content {
                contract.response_example(media, None);
            }
        }
    }
});
