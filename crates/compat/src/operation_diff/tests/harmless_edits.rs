//! Edits that change no message, and how they are reported.

use super::{check, compared, compared_as, lines};

fn get(parameter: &str) -> String {
    format!("paths: {{/x: {{get: {{parameters: [{parameter}], responses: {{}}}}}}}}")
}

#[test]
fn an_array_of_one_item_has_no_delimiters() {
    let list = |part: &str, items: &str, most: u32, more: &str| {
        get(&format!(
            "{{name: f, in: {part}, schema: {{type: array, items: {{type: {items}}}, maxItems: {most}}}{more}}}"
        ))
    };
    let rules = |items: &str, most: u32, more: &str| -> Vec<String> {
        let report = compared(
            &list("query", items, most, ""),
            &list("query", items, most, more),
        );
        lines(&report)
    };
    for more in [
        ", explode: false",
        ", style: spaceDelimited",
        ", style: pipeDelimited, explode: false",
    ] {
        assert!(rules("integer", 1, more).is_empty(), "{more}");
        assert!(!rules("integer", 2, more).is_empty(), "{more}");
    }
    // Text may contain the delimiter.
    assert_eq!(rules("string", 1, ", explode: false").len(), 1);
    check(
        &list("header", "integer", 1, ""),
        &list("header", "integer", 1, ", explode: true"),
        &[],
    );
}

#[test]
fn only_the_presence_of_set_cookie_is_checked() {
    let header = |name: &str, schema: &str| {
        format!(
            "paths: {{/x: {{get: {{responses: {{'200': {{description: d, headers: {{{name}: {{schema: {schema}}}}}}}}}}}}}}}"
        )
    };
    let changed = |name: &str| {
        let (old, new) = ("{type: integer}", "{type: string}");
        lines(&compared(&header(name, old), &header(name, new)))
    };
    assert_eq!(
        changed("Set-Cookie"),
        [
            "info schema.type.changed GET /x | response 200 header Set-Cookie | type changed from integer to string"
        ]
    );
    assert!(
        changed("X-A")[0].starts_with("breaking"),
        "{:?}",
        changed("X-A")
    );
}

#[test]
fn a_mapping_may_name_a_component_or_its_address() {
    let text = |target: &str| {
        format!(
            "paths: {{/x: {{post: {{requestBody: {{content: {{application/json: {{schema: {{anyOf: [{{$ref: '#/components/schemas/Cat'}}], discriminator: {{propertyName: t, mapping: {{c: '{target}'}}}}}}}}}}}}, responses: {{}}}}}}}}\ncomponents: {{schemas: {{Cat: {{type: object, required: [t], properties: {{t: {{type: string}}}}}}}}}}"
        )
    };
    check(&text("Cat"), &text("#/components/schemas/Cat"), &[]);
    check(&text("#/components/schemas/Cat"), &text("Cat"), &[]);
    let other = lines(&compared(&text("Cat"), &text("#/components/schemas/Dog")));
    assert_eq!(other.len(), 1, "{other:?}");
}

#[test]
fn servers_with_variables_are_named_once() {
    let servers = |url: &str, variables: &str| {
        format!(
            "servers: [{{url: '{url}', variables: {{{variables}}}}}]\n{}",
            get("")
        )
    };
    let url = "https://{r}.h/{b}";
    let both = "r: {default: eu, enum: [eu, us]}, b: {default: v1}";
    let one = "r: {default: eu, enum: [eu]}, b: {default: v1}";
    check(
        &servers(url, both),
        &servers(url, one),
        &["warning server.removed the contract | server removed: https://us.h/{b}"],
    );
    check(
        &servers(url, one),
        &servers(url, both),
        &["info server.added the contract | server added: https://us.h/{b}"],
    );
    // The free variable still covers the former default.
    check(
        &servers("https://h/{b}", "b: {default: v1}"),
        &servers("https://h/{b}", "b: {default: v2}"),
        &[
            "info server.default.changed the contract | default of a server variable changed from b: v1 to b: v2",
        ],
    );
    check(
        &servers("https://{r}.h/v1", "r: {default: eu, enum: [eu, us]}"),
        &servers("https://{q}.h/v1", "q: {default: us, enum: [eu, us]}"),
        &[
            "info server.default.changed the contract | default of a server variable changed from r: eu to r: us",
        ],
    );
}

#[test]
fn paths_without_operations_are_named() {
    let paths = |more: &str| format!("paths: {{/x: {{get: {{responses: {{}}}}}}{more}}}");
    let empty = paths(", /x/me: {}");
    check(
        &paths(""),
        &empty,
        &["info path.added.empty the contract | path without operations added: /x/me"],
    );
    check(
        &empty,
        &paths(""),
        &["info path.removed.empty the contract | path without operations removed: /x/me"],
    );
    check(&empty, &empty, &[]);
}

/// The messages about the schema of a request body.
fn messages(old: &str, new: &str) -> Vec<String> {
    let body = |schema: &str| {
        format!(
            "paths: {{/x: {{post: {{requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}, responses: {{}}}}}}}}"
        )
    };
    let report = compared_as("3.1.0", &body(old), &body(new));
    let lines = lines(&report).into_iter();
    lines
        .map(|line| line.rsplit(" | ").next().unwrap().to_owned())
        .collect()
}

#[test]
fn edits_under_other_keywords_name_them() {
    let check = |keyword: &str, expected: &str| {
        let schema = |most: u32| {
            format!(
                "{{{keyword}: {{properties: {{u: {{maxLength: {most}}}}}, maxLength: {most}}}}}"
            )
        };
        let found = messages(&schema(5), &schema(9));
        assert!(found.iter().any(|line| line == expected), "{found:?}");
    };
    check("not", "under `not`: maxLength raised from 5 to 9");
    check(
        "propertyNames",
        "under `propertyNames`: maxLength raised from 5 to 9",
    );
    check("if", "under `if`: maxLength raised from 5 to 9");
    check("allOf: [{}], items", "maxLength raised from 5 to 9");
    let nested = |most: u32| format!("{{not: {{if: {{maxLength: {most}}}, then: false}}}}");
    assert_eq!(
        messages(&nested(5), &nested(9)),
        ["under `not/if`: maxLength raised from 5 to 9"]
    );
}

#[test]
fn additional_properties_of_any_value_are_true() {
    assert_eq!(
        messages(
            "{type: object, additionalProperties: {}}",
            "{type: object, additionalProperties: {type: string}}"
        ),
        ["additionalProperties schema added: true \u{2192} a schema"]
    );
}

#[test]
fn null_that_enum_does_not_list_is_not_allowed() {
    let (plain, nullable) = (
        "{type: string, enum: [a]}",
        "{type: [string, 'null'], enum: [a]}",
    );
    let added =
        "null changed in the types, but `enum` does not list it: string \u{2192} null or string";
    assert_eq!(messages(plain, nullable), [added]);
    let removed =
        "null changed in the types, but `enum` does not list it: null or string \u{2192} string";
    assert_eq!(messages(nullable, plain), [removed]);
    let alternative = "{anyOf: [{type: string, enum: [a]}, {type: 'null'}]}";
    let found = messages(plain, alternative);
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("null is now allowed")),
        "{found:?}"
    );
    let listed = "{type: [string, 'null'], enum: [a, null]}";
    let found = messages(plain, listed);
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("null is now allowed")),
        "{found:?}"
    );
}
