//! Complete warnings of the rules that need only the documents.

use super::lint_documents;
use crate::openapi::load_contract::parse_single_file;
use portcullis_vocabulary::limits::Limits;

/// Compares the warnings that need no compiled contract, without the file name.
#[track_caller]
fn check_documents(version: &str, rest: &str, expected: &[&str]) {
    let text = format!("openapi: {version}\ninfo: {{title: t, version: '1'}}\n{rest}");
    let documents = parse_single_file("api.yaml", text.into_bytes(), &Limits::default()).unwrap();
    let found = lint_documents(&documents);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    let found: Vec<&str> = found
        .iter()
        .map(|text| text.trim_start_matches("api.yaml:"))
        .collect();
    assert_eq!(found, expected, "{rest}");
}

/// The same for one schema, in line 3.
#[track_caller]
fn check_keywords(version: &str, schema: &str, expected: &[&str]) {
    check_documents(
        version,
        &format!(
            "components: {{schemas: {{A: {schema}}}}}\n{}",
            if version == "3.0.3" {
                "paths: {}\n"
            } else {
                ""
            }
        ),
        expected,
    );
}

/// The keyword that each misspelt one means, or that none is reported.
#[track_caller]
fn check_meant(version: &str, misspelt: &str, meant: Option<&str>) {
    let message = meant.map(|meant| {
        format!("3: warning: `{misspelt}` is not a keyword of a Schema Object and enforces nothing: did you mean `{meant}`? [misspelt-keyword] at #/components/schemas/A/{misspelt}")
    });
    let expected: Vec<&str> = message.iter().map(String::as_str).collect();
    check_keywords(version, &format!("{{'{misspelt}': 1}}"), &expected);
}

#[test]
fn misspelt_keywords_name_what_was_meant() {
    for version in ["3.0.3", "3.1.0"] {
        for (misspelt, meant) in [
            ("minimun", "minimum"),
            ("maxmum", "maximum"),
            ("additionalproperties", "additionalProperties"),
            ("additionalPropertys", "additionalProperties"),
            ("max_length", "maxLength"),
            ("min-items", "minItems"),
            ("maxLenght", "maxLength"),
            ("require", "required"),
            ("requires", "required"),
            ("patern", "pattern"),
            ("regex", "pattern"),
            ("propeties", "properties"),
            ("enums", "enum"),
            ("Type", "type"),
            ("types", "type"),
            ("formt", "format"),
            ("item", "items"),
            ("oneof", "oneOf"),
            ("anyOff", "anyOf"),
            ("readonly", "readOnly"),
            ("ref", "$ref"),
            ("max", "maximum"),
        ] {
            check_meant(version, misspelt, Some(meant));
        }
        for other in [
            "x-minimun",
            "id",
            "schema",
            "unit",
            "order",
            "note",
            "iff",
            "comment",
            "definitions",
        ] {
            check_meant(version, other, None);
        }
    }
    check_meant("3.0.3", "nulable", Some("nullable"));
    check_meant("3.1.0", "cons", Some("const"));
    check_meant("3.1.0", "dependantRequired", Some("dependentRequired"));
    check_meant("3.0.3", "dependantRequired", None);
}

#[test]
fn names_that_are_data_are_not_judged() {
    check_keywords(
        "3.1.0",
        "{properties: {minimun: {}, typ: {}}, example: {minimun: 1}, enum: [{typ: 1}], const: {requird: 1}, default: {patern: 1}, $defs: {itmes: {}}, x-a: {minimun: 1}}",
        &[],
    );
    // The keyword that is near is there already.
    check_keywords("3.1.0", "{type: string, types: a}", &[]);
    check_documents(
        "3.0.3",
        "paths: {/a: {get: {responses: {default: {description: d, headers: {scema: {schema: {}}}, content: {a/b: {examples: {valu: {value: {minimun: 1}}}}}}}}}}\n",
        &[],
    );
}

#[test]
#[rustfmt::skip]
fn nested_schemas_and_other_objects_are_judged() {
    check_keywords("3.1.0", "{allOf: [{items: {properties: {a: {if: {minimun: 1}}}}}]}", &[
        "3: warning: `minimun` is not a keyword of a Schema Object and enforces nothing: did you mean `minimum`? [misspelt-keyword] at #/components/schemas/A/allOf/0/items/properties/a/if/minimun",
    ]);
    check_documents("3.1.0", "paths: {/a: {get: {\n parameter: [],\n requestBody: {contents: {}},\n callbacks: {c: {'{$url}': {POST: {}}}}}}}\n", &[
        "4: warning: `parameter` is not a field of an Operation Object and enforces nothing: did you mean `parameters`? [misspelt-keyword] at #/paths/~1a/get/parameter",
        "5: warning: `contents` is not a field of a Request Body Object and enforces nothing: did you mean `content`? [misspelt-keyword] at #/paths/~1a/get/requestBody/contents",
        "6: warning: `POST` is not a field of a Path Item Object and enforces nothing: did you mean `post`? [misspelt-keyword] at #/paths/~1a/get/callbacks/c/{$url}/POST",
    ]);
    check_documents("3.1.0", "securty: []\nbasePath: /v1\npaths: {}\n", &[
        "3: warning: `securty` is not a field of the OpenAPI Object and enforces nothing: did you mean `security`? [misspelt-keyword] at #/securty",
        "4: warning: `basePath` is not a field of the OpenAPI Object and has no effect: move it to where it belongs, or remove it; only names with `x-` are extensions [unknown-field] at #/basePath",
    ]);
    check_documents("3.0.3", "paths: {}\nwebhooks: {}\n", &[
        "4: warning: OpenAPI 3.0 does not have `webhooks` in the OpenAPI Object, so it has no effect: remove it, or change the document to a version that has it [foreign-keyword] at #/webhooks",
    ]);
}

#[test]
#[rustfmt::skip]
fn misplaced_keywords_name_their_place() {
    check_documents("3.1.0", "components:\n parameters: {P: {name: p, in: query, schema: {},\n  pattern: a}}\n responses: {R: {description: d,\n  schema: {}}, S: {description: d,\n  application/json: {}}}\npaths: {/a: {get: {\n '200': {description: d}}}}\n", &[
        "5: warning: `pattern` is not a field of a Parameter Object and enforces nothing: move it into `schema` [misplaced-keyword] at #/components/parameters/P/pattern",
        "7: warning: `schema` is not a field of a Response Object and enforces nothing: write it below `content` and a media type [misplaced-keyword] at #/components/responses/R/schema",
        "8: warning: `application/json` is not a field of a Response Object and enforces nothing: write it below `content` [misplaced-keyword] at #/components/responses/S/application~1json",
        "10: warning: `200` is not a field of an Operation Object and enforces nothing: write it below `responses` [misplaced-keyword] at #/paths/~1a/get/200",
    ]);
}

#[test]
#[rustfmt::skip]
fn missing_fields_are_reported() {
    let missing = |text: &str, expected: &[&str]| {
        let documents = parse_single_file("api.yaml", text.into(), &Limits::default()).unwrap();
        let found: Vec<String> = lint_documents(&documents).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{text}");
    };
    missing("openapi: 3.0.3\npaths: {}\n", &[
        "api.yaml:1: warning: `info` is missing: OpenAPI 3.0 requires it in the OpenAPI Object [missing-field] at #",
    ]);
    missing("openapi: 3.1.0\ninfo: {}\n", &[
        "api.yaml:1: warning: `paths` is missing: OpenAPI 3.1 requires `paths`, `components` or `webhooks` [missing-field] at #",
        "api.yaml:2: warning: `title` is missing: OpenAPI 3.1 requires it in the Info Object [missing-field] at #/info",
        "api.yaml:2: warning: `version` is missing: OpenAPI 3.1 requires it in the Info Object [missing-field] at #/info",
    ]);
    check_documents("3.0.3", "paths: {/a: {get: {}}}\n", &[
        "3: warning: `responses` is missing: OpenAPI 3.0 requires it in an Operation Object [missing-field] at #/paths/~1a/get",
    ]);
    // OpenAPI 3.1 does not require responses.
    check_documents("3.1.0", "paths: {/a: {get: {}, post: {responses: {'200': {}, 4XX: {$ref: '#/components/responses/A'}}}}}\ncomponents: {responses: {A: {description: d}}}\n", &[
        "3: warning: `description` is missing: OpenAPI 3.1 requires it in a Response Object [missing-field] at #/paths/~1a/post/responses/200",
    ]);
    check_documents("3.1.0", "components: {headers: {A: {description: d}, B: {content: {a/b: {}}}}}\n", &[
        "3: warning: `schema` is missing, so any text is accepted: write `schema: {type: string}` if that is intended [missing-field] at #/components/headers/A",
    ]);
    missing("swagger: '2.0'\n", &[
        "api.yaml:1: warning: `info` is missing: Swagger 2.0 requires it in the OpenAPI Object [missing-field] at #",
    ]);
}

#[test]
#[rustfmt::skip]
fn keywords_without_effect_are_reported() {
    check_keywords("3.1.0", "{type: integer, maxLength: 5}", &[
        "3: warning: `maxLength` constrains only values of type string, but `type` is integer, so it has no effect: did you mean `maximum`? [ineffective-keyword] at #/components/schemas/A/maxLength",
    ]);
    check_keywords("3.0.3", "{type: array, items: {}, required: [a]}", &[
        "3: warning: `required` constrains only values of type object, but `type` is array, so it has no effect: correct one of them [ineffective-keyword] at #/components/schemas/A/required",
    ]);
    check_keywords("3.1.0", "{type: ['null', boolean], pattern: a}", &[
        "3: warning: `pattern` constrains only values of type string, but `type` is null or boolean, so it has no effect: correct one of them [ineffective-keyword] at #/components/schemas/A/pattern",
    ]);
    for fine in ["{maxLength: 5}", "{type: ['null', string], maxLength: 5}", "{type: number, minimum: 1}", "{type: object, uniqueItems: false}", "{type: string, properties: {}}"] {
        check_keywords("3.1.0", fine, &[]);
    }
    check_keywords("3.1.0", "{then: {type: string}, maxContains: 1}", &[
        "3: warning: `maxContains` has no effect without `contains`: add `contains`, or remove it [ineffective-keyword] at #/components/schemas/A/maxContains",
        "3: warning: `then` has no effect without `if`: add `if`, or remove it [ineffective-keyword] at #/components/schemas/A/then",
    ]);
    check_keywords("3.0.3", "{exclusiveMinimum: true, exclusiveMaximum: false}", &[
        "3: warning: `exclusiveMinimum` has no effect without `minimum`: add `minimum`, or remove it [ineffective-keyword] at #/components/schemas/A/exclusiveMinimum",
    ]);
}

#[test]
#[rustfmt::skip]
fn keywords_next_to_references_of_30_are_reported() {
    let next_to = "{$ref: '#/components/schemas/B', description: d, maxLength: 5, nullable: true}, B: {}";
    check_keywords("3.0.3", next_to, &[
        "3: warning: `maxLength` next to `$ref` has no effect (OpenAPI 3.0.4, Reference Object): write `allOf: [{$ref: …}]` instead of `$ref` [ineffective-keyword] at #/components/schemas/A/maxLength",
        "3: warning: `nullable` next to `$ref` has no effect (OpenAPI 3.0.4, Reference Object): write it in the schema that `$ref` refers to [ineffective-nullable] at #/components/schemas/A/nullable",
    ]);
    check_keywords("3.1.0", "{$ref: '#/components/schemas/B', maxLength: 5}, B: {}", &[]);
}

#[test]
fn documents_that_do_not_compile_are_examined() {
    check_documents(
        "3.0.3",
        "paths: {'/a/{': {get: {responses: {}, requestBody: {content: {a/b: {schema: {minimun: 1,\n format: url, anyOf: [{}, {type: string}]}}}}}}}\n",
        &[
            "3: warning: `minimun` is not a keyword of a Schema Object and enforces nothing: did you mean `minimum`? [misspelt-keyword] at #/paths/~1a~1{/get/requestBody/content/a~1b/schema/minimun",
            "4: warning: an alternative without constraints accepts every value, so in this `anyOf` the other alternatives have no effect: add a `type` to it, or remove it [vacuous-alternative] at #/paths/~1a~1{/get/requestBody/content/a~1b/schema/anyOf",
            "4: warning: the format `url` is unknown and validates nothing; did you mean `uri`? [unknown-format] at #/paths/~1a~1{/get/requestBody/content/a~1b/schema/format",
        ],
    );
}

#[test]
#[rustfmt::skip]
fn keywords_of_other_versions_say_what_to_write() {
    check_keywords("3.1.0", "{nullable: true, $ref: '#/components/schemas/B'}, B: {type: [string, 'null'], nullable: true}", &[
        "3: warning: OpenAPI 3.1 does not have `nullable`, which validates nothing: to allow null, write `anyOf: [{…}, {type: \"null\"}]` [foreign-keyword] at #/components/schemas/A/nullable",
        "3: warning: OpenAPI 3.1 does not have `nullable`, which has no effect next to the type \"null\": remove it [foreign-keyword] at #/components/schemas/B/nullable",
    ]);
    check_keywords("3.1.0", "{dependencies: {a: [b]}, additionalItems: false}", &[
        "3: warning: OpenAPI 3.1 does not have `additionalItems`, which validates nothing: write `items` next to `prefixItems` [foreign-keyword] at #/components/schemas/A/additionalItems",
        "3: warning: OpenAPI 3.1 does not have `dependencies`, which validates nothing: write `dependentRequired` or `dependentSchemas` [foreign-keyword] at #/components/schemas/A/dependencies",
    ]);
}

#[test]
#[rustfmt::skip]
fn fields_of_the_wrong_type_have_no_effect() {
    let wrong = |name: &str, expected: &str, found: &str| format!("3: warning: `{name}` must be {expected}, not {found}, so it has no effect: correct or remove it [malformed-document] at #/components/schemas/A/{name}");
    check_keywords("3.0.3", "{type: string, nullable: 'true'}", &[&wrong("nullable", "a boolean", "a string")]);
    check_keywords("3.0.3", "{type: string, nullable: null}", &[&wrong("nullable", "a boolean", "null")]);
    check_keywords("3.1.0", "{readOnly: 1}", &[&wrong("readOnly", "a boolean", "a number")]);
    check_keywords("3.1.0", "{$id: [a]}", &[&wrong("$id", "a string", "an array")]);
    check_keywords("3.1.0", "{type: object, discriminator: kind}", &[&wrong("discriminator", "an object", "a string")]);
    check_keywords("3.1.0", "{writeOnly: true, title: t, xml: {name: n}}", &[]);
}

#[test]
#[rustfmt::skip]
fn fields_of_swagger() {
    let text = "swagger: '2.0'\ninfo: {title: t, version: '1', descripton: d}\nservers: []\ntag: []\npaths:\n  /a:\n    trace: {}\n    post:\n      requestBody: {}\n      sumary: s\n      parameters: [{in: body, name: b, type: object, schema: {}}]\n      responses:\n        200: {description: d, content: {}}\n";
    let documents = parse_single_file("api.yaml", text.into(), &Limits::default()).unwrap();
    let found = lint_documents(&documents);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, [
        "api.yaml:2: warning: `descripton` is not a field of the Info Object and enforces nothing: did you mean `description`? [misspelt-keyword] at #/info/descripton",
        "api.yaml:3: warning: `servers` is not a field of the Swagger Object and has no effect: write `host`, `basePath` and `schemes` [unknown-field] at #/servers",
        "api.yaml:4: warning: `tag` is not a field of the Swagger Object and has no effect: did you mean `tags`? [misspelt-keyword] at #/tag",
        "api.yaml:7: warning: `trace` is not a field of a Path Item Object of Swagger 2.0 and has no effect: remove it; only names with `x-` are extensions [unknown-field] at #/paths/~1a/trace",
        "api.yaml:9: warning: `requestBody` is not a field of an Operation Object of Swagger 2.0 and has no effect: write a parameter with `in: body` [unknown-field] at #/paths/~1a/post/requestBody",
        "api.yaml:10: warning: `sumary` is not a field of an Operation Object of Swagger 2.0 and has no effect: did you mean `summary`? [misspelt-keyword] at #/paths/~1a/post/sumary",
        "api.yaml:11: warning: `type` is not a field of a Parameter Object with `in: body` and has no effect: write it below `schema` [unknown-field] at #/paths/~1a/post/parameters/0/type",
        "api.yaml:13: warning: `content` is not a field of a Response Object of Swagger 2.0 and has no effect: write `schema`, and the media types in `produces` [unknown-field] at #/paths/~1a/post/responses/200/content",
    ]);
}
