//! What is written as YAML is read as the same value.

use std::path::PathBuf;

use portcullis_contract::Document;
use portcullis_json::{DuplicateKeys, JsonLimits};
use portcullis_manifests::yaml_text;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A document of YAML as a value.
pub(crate) fn parsed(yaml: &str) -> Result<Value, String> {
    let limits = JsonLimits {
        depth_max: 64,
        duplicate_keys: DuplicateKeys::Refuse,
    };
    let bytes = yaml.as_bytes().to_vec();
    let document = Document::parse("a.yaml", PathBuf::from("a.yaml"), bytes, limits);
    let document = document.map_err(|error| format!("{error}: {yaml}"))?;
    Value::deserialize(document.root()).map_err(|error| error.to_string())
}

/// Texts that readers of YAML take for something else, and any others.
fn text() -> impl Strategy<Value = String> {
    let odd = [
        "no",
        "Yes",
        "on",
        "y",
        "null",
        "~",
        "true",
        "1e3",
        "0x1f",
        "0o7",
        "1_000",
        "12:30",
        ".5",
        "-",
        "- a",
        "a: b",
        "a #b",
        "#",
        "{",
        "[",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%",
        "@",
        "`",
        "---",
        "...",
        "=",
        "<<",
        "a\n",
        "a\n b\n",
        "\n",
        " a\nb",
        "a\n\n",
        "a\n \n",
        "::stop::",
        "\t",
        "a\n\tb",
        "\u{85}",
        "\u{2028}",
        "\u{feff}a",
        "a\r\nb",
    ];
    prop_oneof![
        proptest::sample::select(odd.to_vec()).prop_map(str::to_owned),
        "[ -~\n\t]{0,20}",
        "\\PC{0,12}",
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_survives(value in value()) {
        let object = json!({"value": value});
        let yaml = yaml_text(&object);
        prop_assert_eq!(parsed(&yaml), Ok(object), "{}", yaml);
    }
}
