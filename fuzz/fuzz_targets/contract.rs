//! Are any bytes compiled as a contract or refused? A contract that compiles can be linted and
//! generates examples of its responses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_contract::{CompileOptions, compile, lint, parse_single_file};
use portcullis_vocabulary::Limits;

fuzz_target!(|bytes: &[u8]| {
    let Ok(documents) = parse_single_file("c.yaml", bytes.to_vec(), &Limits::default()) else {
        return;
    };
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
