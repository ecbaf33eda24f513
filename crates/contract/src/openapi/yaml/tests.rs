//! Tests of the YAML parser: values, line numbers and errors.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::parse_yaml;
use portcullis_json::{DuplicateKeys, JsonLimits};

fn read(text: &str) -> Result<Value, String> {
    let tape = parse_yaml(text, JsonLimits::default()).map_err(|error| error.to_string())?;
    Ok(tape.root("").to_value())
}

#[track_caller]
fn check(text: &str, expected: Value) {
    assert_eq!(read(text), Ok(expected), "{text}");
}

#[track_caller]
fn check_refused(text: &str, message: &str) {
    assert_eq!(read(text), Err(message.to_owned()), "{text}");
}

#[test]
fn resolves_plain_scalars_by_the_core_schema() {
    check("[null, Null, NULL, ~, ]", json!([null, null, null, null]));
    check(
        "[true, True, TRUE, false, False, FALSE]",
        json!([true, true, true, false, false, false]),
    );
    check(
        "[yes, no, on, off, y, N, nUll]",
        json!(["yes", "no", "on", "off", "y", "N", "nUll"]),
    );
    check(
        "[0, -0, +12, 012, 0x1F, 0o17, 0xffffffffffffffff]",
        json!([0, -0.0, 12, 12, 31, 15, u64::MAX]),
    );
    check(
        "[1.5, .5, 1., +1e3, 1.5E-1, -.5]",
        json!([1.5, 0.5, 1, 1e3, 0.15, -0.5]),
    );
    check(
        "[1.2.3, 1_000, 2026-03-14, 0b1, 0x, 1e, '.', -a]",
        json!(["1.2.3", "1_000", "2026-03-14", "0b1", "0x", "1e", ".", "-a"]),
    );
    check("['1', \"true\", \"\\n\"]", json!(["1", "true", "\n"]));
    check(
        "a:\nb: |\n  x\n  y\nc: >-\n  x\n  y",
        json!({"a": null, "b": "x\ny\n", "c": "x y"}),
    );
}

#[test]
fn tabs_separate_a_colon_from_its_value() {
    check(
        "a:\tb\nc:\t\t-1\nd: \te\n'f':\t\"g\"\nh: |\n  i:\tj\n",
        json!({"a": "b", "c": -1, "d": "e", "f": "g", "h": "i:\tj\n"}),
    );
    check("{a:\tb, c:\td}", json!({"a": "b", "c": "d"}));
    assert!(read("a:\tb: c").is_err());
    assert!(read("a:\n\tb: c").is_err());
}

#[test]
fn keeps_numbers_exact() {
    let tape = parse_yaml("123456789012345678901234567890", JsonLimits::default()).unwrap();
    assert_eq!(
        tape.root("").number_text(),
        Some("123456789012345678901234567890")
    );
    check_refused(
        "a: 1e400",
        "a number beyond the range of a 64-bit float at line 1, column 4",
    );
    check_refused(
        "a: -.inf",
        "JSON cannot represent infinities and not-a-number at line 1, column 4",
    );
    check_refused(
        "a: .NaN",
        "JSON cannot represent infinities and not-a-number at line 1, column 4",
    );
}

#[test]
fn applies_tags_of_the_core_schema() {
    check(
        "[!!str 1, !!int '1', !!float 1, !!bool 'true', !!null '', ! 1]",
        json!(["1", 1, 1, true, null, "1"]),
    );
    check("!!map {a: !!seq [1]}", json!({"a": [1]}));
    check_refused(
        "a: !!int x",
        "the value does not match its tag at line 1, column 4",
    );
    check_refused(
        "a: !!binary aGk=",
        "the tag `!!binary` is not supported at line 1, column 4",
    );
    check_refused(
        "a: !Ref b",
        "the tag `!Ref` is not supported at line 1, column 4",
    );
    check_refused(
        "!!set {a}",
        "the tag `!!set` is not supported at line 1, column 1",
    );
}

#[test]
fn reads_keys_as_text() {
    check(
        "200: a\ntrue: b\n1.0: c\n~: d",
        json!({"200": "a", "true": "b", "1.0": "c", "~": "d"}),
    );
    check("&k a: 1\nb: {*k : 2}", json!({"a": 1, "b": {"a": 2}}));
    check_refused("[a]: 1", "the key is not a scalar at line 1, column 1");
    check_refused(": 1", "the key is empty at line 1, column 1");
}

#[test]
fn rejects_duplicate_keys_with_both_lines() {
    check_refused(
        "a: 1\nb: 2\n'a': 3",
        "duplicate key \"a\", first used on line 1 at line 3, column 1",
    );
    check_refused(
        "200: 1\n'200': 3",
        "duplicate key \"200\", first used on line 1 at line 2, column 1",
    );
    let allow = JsonLimits {
        duplicate_keys: DuplicateKeys::Allow,
        ..JsonLimits::default()
    };
    let tape = parse_yaml("a: 1\na: 2", allow).unwrap();
    assert_eq!(
        tape.root("").get("a").and_then(|node| node.as_u64()),
        Some(2)
    );
}

#[test]
fn expands_aliases() {
    check(
        "a: &x {n: [1]}\nb: *x\nc: [*x]",
        json!({"a": {"n": [1]}, "b": {"n": [1]}, "c": [{"n": [1]}]}),
    );
    check("a: &x 1\nb: &x 2\nc: *x", json!({"a": 1, "b": 2, "c": 2}));
    check_refused(
        "a: &x [*x]",
        "an alias to a value that contains it at line 1, column 8",
    );
    check_refused(
        "a: *x",
        "while parsing node, found unknown anchor at line 1, column 4",
    );
}

#[test]
fn resolves_merge_keys() {
    let base = "b: &b {x: 1, y: 2}\nc: &c {<<: *b, y: 3, z: 4}\n";
    let read = |rest: &str| read(&format!("{base}r: {rest}")).map(|value| value["r"].clone());
    assert_eq!(read("{<<: *b, y: 0}"), Ok(json!({"x": 1, "y": 0})));
    assert_eq!(read("{<<: *c}"), Ok(json!({"x": 1, "y": 3, "z": 4})));
    assert_eq!(read("{<<: [*b, *c]}"), Ok(json!({"x": 1, "y": 2, "z": 4})));
    assert_eq!(
        read("{<<: {q: 1}, <<: *b}"),
        Ok(json!({"q": 1, "x": 1, "y": 2}))
    );
    assert_eq!(read("{'<<': 1}"), Ok(json!({"<<": 1})));
    let message = "the value of the merge key `<<` must be a mapping or a list of mappings at line 3, column 9";
    assert_eq!(read("{<<: 1}"), Err(message.to_owned()));
}

#[test]
fn limits_the_expansion_of_aliases() {
    let bomb = |first: &str, step: fn(usize) -> String| {
        let levels: Vec<String> = (1..40).map(step).collect();
        read(&format!("a0: &a0 {first}\n{}", levels.join("\n"))).unwrap_err()
    };
    let aliases = bomb("[x, x]", |n| format!("a{n}: &a{n} [*a{0}, *a{0}]", n - 1));
    let merges = bomb("{}", |n| {
        format!("a{n}: &a{n} {{<<: [*a{0}, *a{0}]}}", n - 1)
    });
    for message in [aliases, merges] {
        assert!(
            message.starts_with("aliases expand the document beyond 64 MiB"),
            "{message}"
        );
    }
    let chain: Vec<String> = (1..400)
        .map(|n| format!("a{n}: &a{n} [*a{}]", n - 1))
        .collect();
    let message = read(&format!("a0: &a0 []\n{}", chain.join("\n"))).unwrap_err();
    assert!(
        message.starts_with("nested deeper than 128 levels by aliases"),
        "{message}"
    );
    let merges: Vec<String> = (1..400)
        .map(|n| format!("a{n}: &a{n} {{<<: *a{}}}", n - 1))
        .collect();
    let message = read(&format!("a0: &a0 {{}}\n{}", merges.join("\n"))).unwrap_err();
    assert!(
        message.starts_with("merge keys refer to each other too deeply"),
        "{message}"
    );
    for text in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        format!("{}{}", "- ".repeat(100), "[".repeat(100)),
    ] {
        let message = read(&text).unwrap_err();
        assert!(
            message.contains("nested deeper") || message.contains("recursion limit"),
            "{message}"
        );
    }
}

#[test]
fn reads_exactly_one_document() {
    check("%YAML 1.2\n---\na: 1\n...\n", json!({"a": 1}));
    check("\u{feff}a: 1", json!({"a": 1}));
    check("---\n", json!(null));
    check_refused("", "the document is empty at line 1, column 1");
    check_refused("# nothing\n", "the document is empty at line 1, column 1");
    check_refused(
        "a: 1\n---\nb: 2",
        "a second document starts here; a file must hold one document at line 2, column 1",
    );
}

#[test]
fn reports_the_position_of_syntax_errors() {
    for (text, position) in [
        ("a:\n\t- b", "line 2, column 2"),
        ("a: 1\n b: 2", "line 2, column 3"),
        ("a: [1\nb: 2", "line 2, column 2"),
        ("a: \"x", "line 1, column 4"),
    ] {
        let message = read(text).unwrap_err();
        assert!(message.ends_with(position), "{text:?}: {message}");
    }
}

#[test]
fn reports_the_line_of_each_value() {
    let tape = parse_yaml(
        "# head\na:\n  b: 1\n\n  c:\n    - x\nd: 2",
        JsonLimits::default(),
    )
    .unwrap();
    let lines = |pointer: &str| {
        let node = tape.root("").pointer(pointer).unwrap();
        (node.key_line(), node.line())
    };
    assert_eq!(tape.root("").line(), 2);
    assert_eq!(lines("/a"), (2, 3));
    assert_eq!(lines("/a/b"), (3, 3));
    assert_eq!(lines("/a/c"), (5, 6));
    assert_eq!(lines("/a/c/0"), (6, 6));
    assert_eq!(lines("/d"), (7, 7));
}

proptest! {
    #[test]
    fn never_panics_on_any_text(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn never_panics_on_text_like_yaml(text in "([ab01]|\n|  |- |: |\\? |[\\[\\]{},&*!|>'\"#%<~.\\-]|\n  |---\n){0,30}") {
        let _ = read(&text);
    }

    #[test]
    fn reads_json_as_yaml(numbers in prop::collection::vec(any::<f64>(), 0..5), text in "[ -~é]{0,20}", flag in any::<bool>()) {
        let value = json!({"numbers": numbers, "text": text, "flag": flag, "none": null});
        prop_assert_eq!(read(&value.to_string()), Ok(value));
    }
}

/// PyYAML, js-yaml and eemeli/yaml read these alike.
#[test]
fn closing_brackets_may_be_in_the_column_of_their_key() {
    check("a: {\n  \"b\": {}\n}", json!({"a": {"b": {}}}));
    check("a: [\n]\nb: 1", json!({"a": [], "b": 1}));
    check(
        "a:\n  b: {\n  }\n  c: [\n  ] # d",
        json!({"a": {"b": {}, "c": []}}),
    );
    check("- {\n}\n- [\n  [\n]]", json!([{}, [[]]]));
    check("a: {\r\n}\r\nb: \"é\"", json!({"a": {}, "b": "é"}));
    check("a: {b: [1, {\n\n  # c\n}]}", json!({"a": {"b": [1, {}]}}));
    // Text is not moved.
    check(
        "a: |\n  x\n  }\nb: \"\n  ]\"\nc: [\n]\nd: |-\n ]\n }",
        json!({"a": "x\n}\n", "b": " ]", "c": [], "d": "]\n}"}),
    );
    let advice = "indent this line more than the key or the `-` that its value belongs to";
    check_refused(
        "a:\n  b: {\n}",
        &format!("invalid indentation: {advice} at line 3, column 1"),
    );
    check_refused(
        "a: [\n\"b\"]",
        &format!("invalid indentation: {advice} at line 2, column 1"),
    );
    check_refused(
        "a: [\n] x",
        "while parsing a block mapping, did not find expected key at line 2, column 3",
    );
}

#[test]
fn the_merge_key_may_have_its_tag() {
    let merged = json!({"x": {"p": 1}, "a": {"q": 2, "p": 1}});
    for key in [
        "<<",
        "!!merge <<",
        "!!merge '<<'",
        "!<tag:yaml.org,2002:merge> <<",
    ] {
        check(
            &format!("x: &x {{p: 1}}\na:\n  {key}: *x\n  q: 2"),
            merged.clone(),
        );
    }
    check("a: !<tag:yaml.org,2002:str> 1", json!({"a": "1"}));
    check_refused(
        "!!merge a: {}",
        "the tag `!!merge` belongs to the key `<<`: remove it at line 1, column 1",
    );
    check_refused(
        "a: !!merge <<",
        "the tag `!!merge` belongs to the key `<<`: remove it at line 1, column 4",
    );
}
