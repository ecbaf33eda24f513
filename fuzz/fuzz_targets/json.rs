//! The tape reads what `serde_json` reads, refuses what it refuses, and gives the same values.
//! It is stricter in one thing: a name that is given twice.

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
            assert_eq!(value, expected.expect("refused by serde_json"));
            let printed = value.to_string();
            let mut again = Tape::new();
            let text = again.parse("", printed.as_bytes(), JsonLimits::default());
            let text = text.expect("what is printed is read");
            assert_eq!(again.root(text).to_value(), value);
        }
        Err(error) => {
            let stricter = matches!(error.kind, SyntaxErrorKind::DuplicateKey(_));
            assert!(stricter || expected.is_err(), "{error}");
            assert!(error.offset <= bytes.len());
        }
    }
});
