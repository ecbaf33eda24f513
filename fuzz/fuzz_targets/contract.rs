//! Any bytes are a contract or are refused; what compiles can be looked through for mistakes
//! and gives examples of its responses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_vocabulary::Limits;
use portcullis_contract::{CompileOptions, compile, from_bytes, lint};

fuzz_target!(|bytes: &[u8]| {
    let Ok(documents) = from_bytes("c.yaml", bytes.to_vec(), &Limits::default()) else {
        return;
    };
    let Ok(contract) = compile(documents, &CompileOptions::default()) else {
        return;
    };
    lint(&contract);
    for operation in &contract.operations {
        for response in &operation.responses {
            for media in &response.content {
                contract.sample(media, None);
            }
        }
    }
});
