//! Complete warnings for small contracts.

use super::lint_findings::by_location;
use super::{lint, lint_documents};
use crate::compile::{CompileOptions, compile};
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::load_contract::parse_single_file;
use portcullis_vocabulary::limits::Limits;

/// Lints a contract and compares its warnings, sorted by line.
#[track_caller]
fn check(version: &str, rest: &str, expected: &[&str]) {
    let text = format!("openapi: {version}\ninfo: {{title: t, version: '1'}}\n{rest}");
    let documents = parse_single_file("api.yaml", text.into_bytes(), &Limits::default()).unwrap();
    let contract = compile(documents, &CompileOptions::default()).unwrap();
    let mut found = lint(&contract);
    found.extend(lint_documents(&contract.documents));
    // The contracts are as short as possible.
    found.retain(|problem| problem.kind != ContractProblemKind::MissingField);
    found.sort_by(by_location);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{rest}");
}

/// A contract with one schema that nothing uses, on line 5 and after.
#[track_caller]
fn check_schema(version: &str, schema: &str, expected: &[&str]) {
    let schema = schema.replace('\n', "\n ");
    check(
        version,
        &format!("paths: {{}}\ncomponents: {{schemas: {{A:\n {schema}}}}}\n"),
        expected,
    );
}

/// A contract with one parameter, on line 4.
#[track_caller]
fn check_parameter(parameter: &str, expected: &[&str]) {
    let rest = format!("paths: {{/a: {{get: {{parameters: [\n {parameter}]}}}}}}\n");
    check("3.0.3", &rest, expected);
}

#[test]
#[rustfmt::skip]
fn examples_of_schemas() {
    check_schema("3.0.3", "{type: integer, example: 1, default: 2}", &[]);
    check_schema("3.0.3", "{type: integer, example: a}", &[
        r##"api.yaml:5: warning: the example does not satisfy its schema: "a" is not of type "integer" (line 5); correct one of them [invalid-example] at #/components/schemas/A/example"##,
    ]);
    check_schema("3.0.3", "{type: string, enum: [a, b], default: c}", &[
        r##"api.yaml:5: warning: the default does not satisfy its schema: "c" is not one of "a" or "b" (line 5); correct one of them [invalid-example] at #/components/schemas/A/default"##,
    ]);
    check_schema("3.1.0", "{type: object, properties: {\nb: {maxLength: 1, examples: [a,\nbc]}}}", &[
        r##"api.yaml:7: warning: example 2 does not satisfy its schema: "bc" is longer than 1 character (line 6); correct one of them [invalid-example] at #/components/schemas/A/properties/b/examples/1"##,
    ]);
    check_schema("3.0.3", "{type: object, required: [a, b], example: {\n}}", &[
        r##"api.yaml:5: warning: the example does not satisfy its schema: "a" is a required property (line 5), and 1 more; correct one of them [invalid-example] at #/components/schemas/A/example"##,
    ]);
}

#[test]
#[rustfmt::skip]
fn does_not_report_ambiguous_cases() {
    // A null default means no default; an empty one stands for the defaults of the properties.
    check_schema("3.0.3", "{type: string, default: null}", &[]);
    check_schema("3.0.3", "{type: object, required: [a], default: {}}", &[]);
    // OpenAPI 3.0 ignores these.
    check_schema("3.0.3", "{type: string, examples: [1]}", &[]);
    check_schema("3.0.3", "{$ref: '#/components/schemas/B', example: 1}, B: {type: string}", &[]);
    // An example of a schema may be valid in one direction only.
    let readable = "{type: object, required: [id], properties: {id: {type: string, readOnly: true}}, example: ";
    check_schema("3.0.3", &format!("{readable}{{}}}}"), &[]);
    check_schema("3.0.3", &format!("{readable}{{id: a}}}}"), &[]);
}

#[test]
#[rustfmt::skip]
fn examples_of_messages() {
    let message = |schema: &str, examples: &str| {
        let media = format!("{{application/json: {{schema: {schema},\n {examples}}}}}");
        format!("paths: {{/a: {{post: {{requestBody: {{content: {media}}}, responses: {{}}}}}}}}\n")
    };
    check("3.1.0", &message("{type: integer}", "examples: {a: {value: 1}, b: {$ref: '#/components/examples/C'}}"), &[]);
    check("3.1.0", &message("{type: integer}", "example: '12'"), &[]);
    check("3.1.0", &message("{type: integer}", "examples: {a: {value: '1 2'}}"), &[
        r##"api.yaml:4: warning: the example `a` does not satisfy its schema: "1 2" is not of type "integer" (line 3); correct one of them [invalid-example] at #/paths/~1a/post/requestBody/content/application~1json/examples/a/value"##,
    ]);
    let by_direction = |part: &str| {
        let schema = "{type: object, required: [id], properties: {id: {type: string, readOnly: true}}}";
        let media = format!("{{content: {{application/json: {{schema: {schema}, example: {{}}}}}}, description: d}}");
        format!("paths: {{/a: {{post: {{{}}}}}}}\n", part.replace("MEDIA", &media))
    };
    check("3.0.3", &by_direction("requestBody: MEDIA"), &[]);
    check("3.0.3", &by_direction("responses: {200: MEDIA}"), &[
        r##"api.yaml:3: warning: the example does not satisfy its schema: "id" is a required property (line 3); correct one of them [invalid-example] at #/paths/~1a/post/responses/200/content/application~1json/example"##,
    ]);
}

#[test]
#[rustfmt::skip]
fn examples_of_parameters() {
    check_parameter("{name: a, in: query, example: 1, schema: {type: integer}}", &[]);
    check_parameter("{name: a, in: query, example: '1', schema: {type: integer}}", &[]);
    check_parameter("{name: a, in: query, example: 1, schema: {type: string}}", &[]);
    check_parameter("{name: a, in: query, example: 'b,c', schema: {type: array, items: {}}}", &[]);
    check_parameter("{name: a, in: query, examples: {x: {value: b}}, schema: {type: integer}}", &[
        r##"api.yaml:4: warning: the example `x` does not satisfy its schema: "b" is not of type "integer" (line 4); correct one of them [invalid-example] at #/paths/~1a/get/parameters/0/examples/x/value"##,
    ]);
}

#[test]
#[rustfmt::skip]
fn styles() {
    let styled = |style: &str, schema: &str| format!("{{name: a, in: query, style: {style}, schema: {schema}}}");
    check_parameter(&styled("deepObject", "{type: object}"), &[]);
    check_parameter(&styled("spaceDelimited, explode: false", "{type: array, items: {type: string}}"), &[]);
    check_parameter(&styled("spaceDelimited", "{type: string}"), &[
        "api.yaml:4: warning: `a` is a single value, for which `style: spaceDelimited` is undefined: remove the style [malformed-parameter] at #/paths/~1a/get/parameters/0",
    ]);
    check_parameter(&styled("pipeDelimited, explode: true", "{type: array, items: {type: string}}"), &[
        "api.yaml:4: warning: `style: pipeDelimited` with `explode: true` is undefined: `a` needs `explode: false`, or `style: form` for `a=a&a=b` [malformed-parameter] at #/paths/~1a/get/parameters/0",
    ]);
    check_parameter(&styled("deepObject, explode: false", "{type: object}"), &[
        "api.yaml:4: warning: `style: deepObject` with `explode: false` is undefined: remove `explode` from `a` [malformed-parameter] at #/paths/~1a/get/parameters/0",
    ]);
    check_parameter(&styled("deepObject", "{type: string}"), &[
        "api.yaml:4: warning: `a` is not validated: it is not an object, and `style: deepObject` is defined only for objects; remove the style [malformed-parameter] at #/paths/~1a/get/parameters/0",
    ]);
    check_parameter(&styled("deepObject", "{type: object, properties: {b: {type: object}}}"), &[
        "api.yaml:4: warning: `a` is not validated if a request has `a[b][…]`: `style: deepObject` is undefined for nested arrays and objects [not-judged] at #/paths/~1a/get/parameters/0",
    ]);
    let unwritable = |what: &str| format!("api.yaml:4: warning: `a` has {what}, which no style can write, so every value with it is refused: describe the parameter by `content` with application/json [malformed-parameter] at #/paths/~1a/get/parameters/0");
    let list = "the property `b`, which is an array or an object";
    check_parameter(&styled("form", "{type: array, items: {allOf: [{type: object}]}}"), &[&unwritable("items that are arrays or objects")]);
    check_parameter("{name: a, in: header, schema: {type: array, items: {type: array}}}", &[&unwritable("items that are arrays or objects")]);
    check_parameter(&styled("form", "{type: object, properties: {b: {type: object}}}"), &[&unwritable(list)]);
    check_parameter(&styled("form", "{type: object, properties: {b: {type: array, items: {type: object}}}}"), &[&unwritable(list)]);
    check_parameter(&styled("form, explode: false", "{type: object, properties: {b: {type: array}}}"), &[&unwritable(list)]);
    check_parameter("{name: a, in: header, schema: {type: object, properties: {b: {type: array}}}}", &[&unwritable(list)]);
    check_parameter(&styled("form", "{type: object, properties: {b: {type: array, items: {type: string}}, c: {}}}"), &[]);
    check_parameter(&styled("form", "{type: array, items: {oneOf: [{type: string}, {type: object}]}}"), &[]);
}

#[test]
#[rustfmt::skip]
fn warns_about_bodies_that_are_not_validated() {
    let body = |key: &str, schema: &str| {
        format!("paths: {{/a: {{post: &a {{requestBody: {{content: {{{key}: {{schema: {schema}}}}}}}}}, put: *a}}}}\n")
    };
    check("3.1.0", &body("application/json", "{type: object}"), &[]);
    check("3.1.0", &body("text/plain", "{type: string}"), &[]);
    check("3.1.0", &body("'*/*'", "{type: object}"), &[]);
    check("3.1.0", &body("application/x-www-form-urlencoded", "{type: object}"), &[]);
    check("3.1.0", &body("multipart/form-data", "{type: object}"), &[]);
    check("3.1.0", &body("application/x-ndjson", "{type: object}"), &[]);
    check("3.1.0", &body("text/plain", "{type: integer}"), &[]);
    check("3.1.0", &body("image/png", "{type: string, format: binary, maxLength: 5}"), &[]);
    check("3.1.0", &body("application/xml", "{type: object}"), &[
        "api.yaml:3: warning: bodies of `application/xml` are not validated against their schema, because Portcullis does not parse that media type (2 operations); the service must validate them [not-judged] at #/paths/~1a/post/requestBody/content/application~1xml",
    ]);
}

#[test]
#[rustfmt::skip]
fn warns_about_keywords_without_effect() {
    check_schema("3.0.3", "{type: string, format: date-time}", &[]);
    check_schema("3.0.3", "{allOf: [\n{format: url},\n{format: url}], format: bank-code}", &[
        "api.yaml:6: warning: the format `url` is unknown and validates nothing (in 2 schemas); did you mean `uri`? [unknown-format] at #/components/schemas/A/allOf/0/format",
        "api.yaml:7: warning: the format `bank-code` is unknown and validates nothing; to constrain the values, use `pattern` or bounds [unknown-format] at #/components/schemas/A/format",
    ]);
    check_schema("3.0.3", "{const: 1,\ntype: [string]}", &[
        "api.yaml:5: warning: OpenAPI 3.0 does not have `const`, which validates nothing: write `enum` with one value, or change the document to `openapi: 3.1.1` [foreign-keyword] at #/components/schemas/A/const",
        "api.yaml:6: warning: in OpenAPI 3.0 `type` must be one name: use `nullable: true` for null, `oneOf` for alternatives, or OpenAPI 3.1 [malformed-schema] at #/components/schemas/A/type",
    ]);
    check_schema("3.1.0", "{const: 1, if: {format: uuid}, type: [integer], nullable: false}", &[]);
    check_schema("3.1.0", "{type: string, nullable: true}", &[
        r##"api.yaml:5: warning: OpenAPI 3.1 does not have `nullable`, so null is invalid: add "null" to `type`, as in `type: [string, "null"]` [foreign-keyword] at #/components/schemas/A/nullable"##,
    ]);
}

#[test]
#[rustfmt::skip]
fn warns_about_alternatives_that_accept_everything() {
    check_schema("3.0.3", "{anyOf: [{type: integer}, {type: string, nullable: true}]}", &[]);
    for keyword in ["allOf", "anyOf", "oneOf"] {
        check_schema("3.0.3", &format!("{{{keyword}: [{{type: string}}], nullable: true}}"), &[
            "api.yaml:5: warning: `nullable: true` without `type` has no effect (OpenAPI 3.0.4, Schema Object): write it next to the `type`, or add an alternative that allows null [ineffective-nullable] at #/components/schemas/A/nullable",
        ]);
        check_schema("3.0.3", &format!("{{{keyword}: [{{type: string}}], nullable: false}}"), &[]);
        check_schema("3.0.3", &format!("{{{keyword}: [{{type: string, nullable: true}}], type: string, nullable: true}}"), &[]);
    }
    check_schema("3.0.3", "{anyOf: [{}], allOf: [{type: integer}, {}]}", &[]);
    check_schema("3.0.3", "{anyOf: [{type: integer}, {nullable: true}]}", &[
        "api.yaml:5: warning: `{nullable: true}` without `type` accepts every value, so in this `anyOf` the other alternatives have no effect: write `nullable: true` next to a `type` [vacuous-alternative] at #/components/schemas/A/anyOf",
    ]);
    check_schema("3.1.0", "{oneOf: [{type: integer}, {description: d}]}", &[
        "api.yaml:5: warning: an alternative without constraints accepts every value, so in this `oneOf` values of the other alternatives are refused: add a `type` to it, or remove it [vacuous-alternative] at #/components/schemas/A/oneOf",
    ]);
}

#[test]
#[rustfmt::skip]
fn reports_problems_of_unused_schemas() {
    check_schema("3.1.0", "{pattern: '['}, B: {type: integer, example: a}", &[
        r##"api.yaml:5: warning: `pattern` is not a regular expression (ECMA-262): `[`, column 1: this class is not closed: write `]` at its end, or `\[` for the character [malformed-pattern] at #/components/schemas/A/pattern"##,
    ]);
    check_schema("3.1.0", "{$ref: '#/components/schemas/B'}", &[
        "api.yaml:5: warning: `#/components/schemas/B` does not resolve: `#/components/schemas` has no `B` [unresolved-reference] at #/components/schemas/A",
    ]);
}

#[test]
#[rustfmt::skip]
fn reports_unsatisfiable_schemas() {
    check_schema("3.1.0", "{type: string, enum: [1, 2]}", &[
        "api.yaml:4: warning: no value satisfies `type`, `enum` [unsatisfiable-schema] at #/components/schemas/A",
    ]);
    check_schema("3.0.3", "{type: object, properties: {a: {type: integer, minimum: 2, maximum: 1}}}", &[
        "api.yaml:5: warning: no value satisfies `minimum`, `maximum` [unsatisfiable-schema] at #/components/schemas/A/properties/a",
    ]);
    check_schema("3.1.0", "{not: {}}, B: false", &[]);
}
