//! Does the tape accept and refuse the same texts as `serde_json`, with the same values?
//!
//! There is one difference: the tape also refuses repeated property names.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_json::{JsonLimits, SyntaxErrorKind, Tape};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let mut tape = Tape::new();
    let expected = serde_json::from_slice::<Value>(bytes);
    match tape.parse("body", bytes, JsonLimits::default()) {
        Ok(text) => {
            let value = tape.root(text).to_value();
            assert_eq!(value, expected.expect("serde_json accepts it, too"));
            let printed = value.to_string();
            let mut reread = Tape::new();
            let text = reread.parse("", printed.as_bytes(), JsonLimits::default());
            let text = text.expect("printed JSON is valid");
            assert_eq!(reread.root(text).to_value(), value);
        }
        Err(error) => {
            let is_repeated_name = matches!(error.kind, SyntaxErrorKind::DuplicateKey(_));
            assert!(is_repeated_name || expected.is_err(), "{error}");
            assert!(error.offset <= bytes.len());
        }
    }
});
