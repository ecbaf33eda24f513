//! Is any text read as YAML or refused? JSON that is read as YAML must have the same value as when
//! it is read as JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_contract::Document;
use portcullis_json::JsonLimits;

fuzz_target!(|bytes: &[u8]| {
    // A document that begins with `{` would be read as JSON, so a comment comes first.
    let commented = [b"#\n", bytes].concat();
    let yaml = Document::parse("a.yaml", "a.yaml".into(), commented, JsonLimits::default());
    let json = Document::parse("a.json", "a.json".into(), bytes.to_vec(), JsonLimits::default());
    if let (Ok(yaml), Ok(json)) = (&yaml, &json) {
        assert_eq!(yaml.root().to_value(), json.root().to_value());
    }
});
