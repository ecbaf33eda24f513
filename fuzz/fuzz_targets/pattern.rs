//! Is any text read as a pattern or refused, and matched or not within the limit?
//!
//! The first line is a pattern and the rest a text. What a tolerant reading accepts is valid once it
//! is repaired.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_pattern::{EcmaPattern, PatternReading, name_pattern, named_as_written, read_pattern};

fuzz_target!(|bytes: &[u8]| {
    let Ok(input) = std::str::from_utf8(bytes) else {
        return;
    };
    let (pattern, text) = input.split_once('\n').unwrap_or((input, ""));
    if let Ok(tolerant) = read_pattern(pattern, PatternReading::Tolerant) {
        let repaired = read_pattern(&tolerant.text, PatternReading::Strict);
        assert!(repaired.is_ok(), "{}", tolerant.text);
    }
    let Ok(tree) = read_pattern(pattern, PatternReading::Strict) else {
        return;
    };
    if let Ok(name) = name_pattern(pattern, &tree) {
        let pointer = format!("/{}", name.text);
        let escaped = pattern.replace('~', "~0").replace('/', "~1");
        assert!(name.text == pattern || named_as_written(&pointer) == format!("/{escaped}"));
    }
    if let Ok(compiled) = EcmaPattern::compile(&tree) {
        let first = compiled.is_match(text, &|_| {});
        assert_eq!(first, compiled.is_match(text, &|_| {}));
    }
});
