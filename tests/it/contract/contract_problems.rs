//! Messages about invalid contracts: whole messages, by table.

use std::fs;

use portcullis::source::load_contract;
use portcullis_contract::{
    CompileOptions, ContractLoadError, DocumentSet, compile, parse_single_file,
};
use portcullis_vocabulary::Limits;

/// All messages about a contract; empty if it is enforceable without warnings.
fn verdict(documents: Result<DocumentSet, ContractLoadError>) -> String {
    let documents = match documents {
        Ok(documents) => documents,
        Err(error) => return error.to_string(),
    };
    let problems = match compile(documents, &CompileOptions::default()) {
        Ok(contract) => contract.warnings,
        Err(problems) => problems,
    };
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[track_caller]
fn check(name: &str, text: &[u8], expected: &str) {
    let found = verdict(parse_single_file(name, text.to_vec(), &Limits::default()));
    assert_eq!(found, expected, "{}", String::from_utf8_lossy(text));
}

#[track_caller]
fn yaml(text: &str, expected: &str) {
    check("a.yaml", text.as_bytes(), expected);
}

#[track_caller]
fn json(text: &str, expected: &str) {
    check("a.json", text.as_bytes(), expected);
}

/// The `paths` object with this content, from line 3.
#[track_caller]
fn paths(content: &str, expected: &str) {
    yaml(&format!("openapi: 3.0.3\npaths:\n  {content}\n"), expected);
}

/// The operation of `post /a`, in line 4.
#[track_caller]
fn operation(operation: &str, expected: &str) {
    paths(&format!("/a:\n    post: {operation}"), expected);
}

/// A list of parameters of `post /a`, in line 4.
#[track_caller]
fn parameters(list: &str, expected: &str) {
    operation(&format!("{{parameters: {list}}}"), expected);
}

/// The schema `A`, in line 5, of a contract whose other schema is `Order`.
#[track_caller]
fn schema(version: &str, schema: &str, expected: &str) {
    let body = "{content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}";
    let paths = format!("paths: {{/a: {{post: {{requestBody: {body}}}}}}}");
    let schemas =
        format!("components: {{schemas: {{Order: {{type: object}},\n  \n  A: {schema}}}}}");
    yaml(
        &format!("openapi: {version}\n{paths}\n{schemas}\n"),
        expected,
    );
}

/// `a.yaml` refers to `A` of `b.yaml`, which contains `other` or is missing.
#[track_caller]
fn two_files(other: Option<&str>, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let entry = "openapi: 3.0.3\npaths:\n  /a:\n    $ref: b.yaml#/A\n";
    fs::write(folder.path().join("a.yaml"), entry).unwrap();
    if let Some(other) = other {
        fs::write(folder.path().join("b.yaml"), other).unwrap();
    }
    let found = verdict(load_contract(
        &folder.path().join("a.yaml"),
        &Limits::default(),
    ));
    let here = format!("{}/", folder.path().display());
    assert_eq!(found.replace(&here, ""), expected, "{other:?}");
}

#[test]
#[rustfmt::skip]
fn unsupported_documents() {
    yaml("", "a.yaml:1:1: the document is empty");
    yaml("# only a comment\n", "a.yaml:1:1: the document is empty");
    yaml("name: x\n", "a.yaml:1: error: not an OpenAPI or AsyncAPI document: the field `openapi` is missing; add it, for example `openapi: 3.1.0` [malformed-document] at #");
    yaml("- a\n", "a.yaml:1: error: not an OpenAPI or AsyncAPI document: the field `openapi` is missing; add it, for example `openapi: 3.1.0` [malformed-document] at #");
    yaml("hello", "a.yaml:1: error: not an OpenAPI or AsyncAPI document: the field `openapi` is missing; add it, for example `openapi: 3.1.0` [malformed-document] at #");
    yaml("swagger: '1.2'\n", "a.yaml:1: error: this is a Swagger 1.2 document: convert it to Swagger 2.0 or OpenAPI first [malformed-document] at #");
    yaml("openapi: 2.0.0\n", "a.yaml:1: error: OpenAPI `2.0.0` is not supported: use 3.0.x, 3.1.x or 3.2.x [malformed-document] at #");
    yaml("openapi: 4.0.0\n", "a.yaml:1: error: OpenAPI `4.0.0` is not supported: use 3.0.x, 3.1.x or 3.2.x [malformed-document] at #");
    yaml("openapi: 3.3.0\n", "a.yaml:1: error: OpenAPI `3.3.0` is not supported: use 3.0.x, 3.1.x or 3.2.x [malformed-document] at #");
    yaml("openapi: [3]\n", "a.yaml:1: error: `openapi` must be a string such as 3.1.1 [malformed-document] at #");
    yaml("openapi: 3.1\npaths: {}\n", "");
    yaml("openapi: 3.0.3\n", "a.yaml:1: error: `paths` is missing [malformed-document] at #");
    yaml("openapi: 3.1.0\n", "");
}

#[test]
#[rustfmt::skip]
fn malformed_yaml() {
    yaml("openapi: 3.0.3\npaths: [\n", "a.yaml:3:1: while parsing a node, did not find expected node content");
    yaml("openapi: 3.0.3\n\tpaths: {}\n", "a.yaml:1:10: while scanning a plain scalar, found a tab");
    yaml("openapi: 3.0.3\npaths: {a: b: c}\n", "a.yaml:2:13: while parsing a flow mapping, did not find expected ',' or '}'");
    yaml("openapi: 3.0.3\n---\nopenapi: 3.0.3\n", "a.yaml:2:1: a second document starts here; a file must hold one document");
    yaml("openapi: 3.0.3\nopenapi: 3.0.3\n", r##"a.yaml:2:1: duplicate key "openapi", first used on line 1; with `contract_reading = "tolerant"`, or `--reading tolerant` of `check` and `replay`, the last value is used"##);
    yaml("a: !!python/object x\n", "a.yaml:1:4: the tag `!!python/object` is not supported");
    yaml("a: *b\n", "a.yaml:1:4: while parsing node, found unknown anchor");
}

#[test]
#[rustfmt::skip]
fn malformed_json() {
    json("", "a.json:1:1: no JSON value: the text is empty");
    json("{\"openapi\": \"3.0.3\",\n \"paths\": {,}}", "a.json:2:12: expected a member name in quotes, or `}`, found `,`");
    json(r##"{"openapi": "3.0.3"} x"##, "a.json:1:22: something follows the JSON value: a letter");
    json(r##"{"a": 1, "a": 2}"##, r##"a.json:1:10: member "a" is given twice in one object; with `contract_reading = "tolerant"`, or `--reading tolerant` of `check` and `replay`, the last value is used"##);
    json("[1, 2", "a.json:1:6: expected `,` or `]`, found the end of the text");
}

#[test]
#[rustfmt::skip]
fn malformed_paths() {
    paths("- a", "a.yaml:2: error: `paths` must be an object, not an array [malformed-document] at #/paths");
    paths("a: {}", "a.yaml:3: error: path `a`: it does not start with `/`; add the leading slash [malformed-path] at #/paths/a");
    paths("/a: x", "a.yaml:3: error: a path item must be an object, not a string [malformed-document] at #/paths/~1a");
    paths("/a: []", "a.yaml:3: error: a path item must be an object, not an array [malformed-document] at #/paths/~1a");
    paths("/a/{b: {get: {}}", "a.yaml:3: error: path `/a/{b`: column 4: `{` is not closed within its segment; add `}` [malformed-path] at #/paths/~1a~1{b");
    paths("'/a?b=c': {get: {}}", "a.yaml:3: error: path `/a?b=c`: column 3: a path cannot contain `?`; declare query parameters instead [malformed-path] at #/paths/~1a?b=c");
    paths("'/a#b': {get: {}}", "a.yaml:3: error: path `/a#b`: column 3: a path cannot contain `#`; remove the fragment [malformed-path] at #/paths/~1a#b");
    paths("/a/{}: {get: {}}", "a.yaml:3: error: path `/a/{}`: column 4: `{}` has no name; name the parameter [malformed-path] at #/paths/~1a~1{}");
    paths("'/a/{b}{c}': {get: {}}", "a.yaml:3: error: path `/a/{b}{c}`: column 7: `{c}` is adjacent to the expression before it; put text between them to separate their values [malformed-path] at #/paths/~1a~1{b}{c}");
    paths("/a: {GET: {}}", "a.yaml:3: warning: `GET` is not a field of a path item and is ignored: write `get` [malformed-document] at #/paths/~1a/GET");
    paths("/a: {gte: {}}", "a.yaml:3: warning: `gte` is not a field of a path item and is ignored: methods are get, put, post, delete, options, head, patch, trace [malformed-document] at #/paths/~1a/gte");
    paths("/a: {get: []}", "a.yaml:3: error: an operation must be an object, not an array [malformed-document] at #/paths/~1a/get");
    paths("/a: {get: {}, get: {}}", r##"a.yaml:3:1: duplicate key "get", first used on line 3; with `contract_reading = "tolerant"`, or `--reading tolerant` of `check` and `replay`, the last value is used"##);
    paths("/a: {get: {}, servers: {}}", "a.yaml:3: error: `servers` must be an array, not an object [malformed-document] at #/paths/~1a/servers");
    paths("/a: {get: {}, servers: [{}]}", "a.yaml:3: error: a server must have a `url`, which is a string [malformed-document] at #/paths/~1a/servers/0");
    paths("/a: {get: {}, servers: [{url: /a, variables: []}]}", "a.yaml:3: error: the `variables` of a server must be an object [malformed-document] at #/paths/~1a/servers/0");
    paths("/a: {get: {}, servers: [{url: '/{b}', variables: {b: {}}}]}", "a.yaml:3: error: the server variable `b` must have a `default`, which is a string [malformed-document] at #/paths/~1a/servers/0");
    paths("/a: {get: {}, servers: [{url: '/{b}', variables: {b: {default: c, enum: [true]}}}]}", "a.yaml:3: error: the `enum` of the server variable `b` must be a list of strings [malformed-document] at #/paths/~1a/servers/0");
    paths("/a: {get: {}, servers: [{url: 'https://a/{b'}]}", "a.yaml:3: error: server path `/{b`: column 2: `{` is not closed within its segment; add `}` [malformed-path] at #/paths/~1a/servers/0");
}

#[test]
#[rustfmt::skip]
fn paths_that_are_the_same() {
    paths("'/a/{b}': {get: {}}\n  '/a/{c}': {get: {}}", "a.yaml:3: warning: `{b}` in `/a/{b}` has no parameter and accepts any text [malformed-path] at #/paths/~1a~1{b}/get\na.yaml:4: warning: `{c}` in `/a/{c}` has no parameter and accepts any text [malformed-path] at #/paths/~1a~1{c}/get\na.yaml:4: error: `/a/{b}` and `/a/{c}` are the same path and declare the same method [ambiguous-path] at #/paths/~1a~1{c}");
    paths("'/a/{b}': {get: {}}\n  '/a/{c}': {put: {}}", "a.yaml:3: warning: `{b}` in `/a/{b}` has no parameter and accepts any text [malformed-path] at #/paths/~1a~1{b}/get\na.yaml:4: warning: `{c}` in `/a/{c}` has no parameter and accepts any text [malformed-path] at #/paths/~1a~1{c}/put\na.yaml:4: warning: `/a/{b}` and `/a/{c}` are the same path: declare it once [ambiguous-path] at #/paths/~1a~1{c}");
    paths("'/a/{b}/c': {get: {}}\n  '/a/x/{d}': {get: {}}", "a.yaml:3: warning: `{b}` in `/a/{b}/c` has no parameter and accepts any text [malformed-path] at #/paths/~1a~1{b}~1c/get\na.yaml:4: warning: `{d}` in `/a/x/{d}` has no parameter and accepts any text [malformed-path] at #/paths/~1a~1x~1{d}/get");
    paths("/a/: {get: {}}\n  /a: {get: {}}", "");
    paths("/a: {get: {operationId: x}}\n  /b: {get: {operationId: x}}", "a.yaml:4: warning: the operation on line 3 has the same operationId `x`; metrics and error responses cannot distinguish the two [malformed-document] at #/paths/~1b/get");
}

#[test]
#[rustfmt::skip]
fn malformed_parameters() {
    parameters("{name: a}", "a.yaml:4: error: `parameters` must be an array, not an object [malformed-document] at #/paths/~1a/post/parameters");
    parameters("[x]", "a.yaml:4: error: a parameter must be an object, not a string [malformed-document] at #/paths/~1a/post/parameters/0");
    parameters("[{in: query, schema: {}}]", "a.yaml:4: error: `name` is missing: write the name of the parameter [malformed-parameter] at #/paths/~1a/post/parameters/0");
    parameters("[{name: a, schema: {}}]", "a.yaml:4: error: `in` is missing: write `in: query`, `header`, `path` or `cookie` [malformed-parameter] at #/paths/~1a/post/parameters/0");
    parameters("[{name: a, in: body, schema: {}}]", "a.yaml:4: error: `in: body` belongs to Swagger 2.0: declare the body of an operation by `requestBody` [malformed-parameter] at #/paths/~1a/post/parameters/0/in");
    parameters("[{name: a, in: Query, schema: {}}]", "a.yaml:4: error: `in: Query` is unknown: use query, header, path or cookie [malformed-parameter] at #/paths/~1a/post/parameters/0/in");
    parameters("[{name: a, in: query}]", "a.yaml:4: warning: `a` has no `schema` and accepts any text: write `schema: {type: string}` if that is intended [malformed-parameter] at #/paths/~1a/post/parameters/0");
    parameters("[{name: a, in: query, content: {}}]", "a.yaml:4: error: `content` must hold exactly one media type [malformed-parameter] at #/paths/~1a/post/parameters/0/content");
    parameters("[{name: a, in: query, content: {application/json: {}, text/plain: {}}}]", "a.yaml:4: error: `content` must hold exactly one media type [malformed-parameter] at #/paths/~1a/post/parameters/0/content");
    parameters("[{name: a, in: query, content: {application/xml: {}}}]", "a.yaml:4: warning: the values of `a` are not validated: JSON is the only supported media type of parameters [not-judged] at #/paths/~1a/post/parameters/0");
    parameters("[{name: 1, in: query, schema: {}}]", "a.yaml:4: error: `name` must be a string: write `name: '1'` [malformed-parameter] at #/paths/~1a/post/parameters/0/name");
    parameters("[{name: a, in: query, style: matrix, schema: {}}]", "a.yaml:4: error: `style: matrix` does not exist for query parameters: use form, spaceDelimited, pipeDelimited, deepObject [malformed-parameter] at #/paths/~1a/post/parameters/0/style");
    parameters("[{name: a, in: header, style: form, schema: {}}]", "a.yaml:4: error: `style: form` does not exist for header parameters: use simple [malformed-parameter] at #/paths/~1a/post/parameters/0/style");
    parameters("[{name: a, in: query, required: , schema: {}}]", "a.yaml:4: error: `required` must not be null: remove it, or write a value [malformed-parameter] at #/paths/~1a/post/parameters/0/required");
    parameters("[{name: a, in: query, style: , schema: {}}]", "a.yaml:4: error: `style` must not be null: remove it, or write a value [malformed-parameter] at #/paths/~1a/post/parameters/0/style");
    parameters("[{name: a, in: query, schema: {}, content: {application/json: {}}}]", "a.yaml:4: warning: `schema` has no effect next to `content`: keep one of them [malformed-parameter] at #/paths/~1a/post/parameters/0/schema");
    parameters("[{name: a, in: query, explode: 1, schema: {}}]", "a.yaml:4: error: `explode` must be true or false, not 1 [malformed-parameter] at #/paths/~1a/post/parameters/0/explode");
    parameters("[{name: a, in: query, required: perhaps, schema: {}}]", r##"a.yaml:4: error: `required` must be true or false, not "perhaps" [malformed-parameter] at #/paths/~1a/post/parameters/0/required"##);
    parameters("[{name: a, in: query, schema: text}]", "a.yaml:4: error: a schema must be an object, such as `{ type: string }` [malformed-schema] at #/paths/~1a/post/parameters/0/schema");
    parameters("[{name: a, in: path, required: true, schema: {}}]", "a.yaml:4: warning: the path parameter `a` does not occur in `/a` and is not validated [malformed-parameter] at #/paths/~1a/post/parameters/0");
    parameters("[{name: a, in: query, schema: {}}, {name: a, in: query, schema: {}}]", "a.yaml:4: error: the query parameter `a` is declared twice here: remove one [malformed-parameter] at #/paths/~1a/post/parameters/1");
    parameters("[{$ref: '#/components/parameters/A'}]", "a.yaml:4: error: `#/components/parameters/A` does not resolve: `#` has no `components` [unresolved-reference] at #/paths/~1a/post/parameters/0");
    parameters("[{$ref: 7}]", "a.yaml:4: error: `$ref` must be a string such as `#/components/schemas/Name` [unresolved-reference] at #/paths/~1a/post/parameters/0");
}

#[test]
#[rustfmt::skip]
fn fields_of_the_wrong_type() {
    operation("{x-portcullis: report}", "a.yaml:4: error: `x-portcullis` must be an object, not a string [malformed-document] at #/paths/~1a/post/x-portcullis");
    let body = |body: &str, expected: &str| operation(&format!("{{requestBody: {body}}}"), expected);
    body("{required: 'true', content: {}}", "a.yaml:4: error: `required` must be a boolean, not a string [malformed-document] at #/paths/~1a/post/requestBody/required");
    let encoding = |encoding: &str, expected: &str| {
        body(&format!("{{content: {{multipart/form-data: {{schema: {{properties: {{f: {{type: string}}}}}}, encoding: {encoding}}}}}}}"), expected);
    };
    encoding("x", "a.yaml:4: error: `encoding` must be an object, not a string [malformed-document] at #/paths/~1a/post/requestBody/content/multipart~1form-data/encoding");
    encoding("{f: x}", "a.yaml:4: error: an Encoding Object must be an object, not a string [malformed-document] at #/paths/~1a/post/requestBody/content/multipart~1form-data/encoding/f");
    encoding("{f: {explode: 'no'}}", "a.yaml:4: error: `explode` must be a boolean, not a string [malformed-document] at #/paths/~1a/post/requestBody/content/multipart~1form-data/encoding/f/explode");
    encoding("{f: {headers: [a]}}", "a.yaml:4: error: `headers` must be an object, not an array [malformed-document] at #/paths/~1a/post/requestBody/content/multipart~1form-data/encoding/f/headers");
    encoding("{f: {contentType: 5}}", "a.yaml:4: error: `contentType` must be a string, not a number [malformed-document] at #/paths/~1a/post/requestBody/content/multipart~1form-data/encoding/f/contentType");
    encoding("{f: {contentType: 'image/png, gif'}}", "a.yaml:4: warning: `gif` is not a media type and has no effect: write type/subtype, such as image/png [malformed-document] at #/paths/~1a/post/requestBody/content/multipart~1form-data/encoding/f/contentType");
    encoding("{f: {style: simple}}", "a.yaml:4: warning: `style: simple` does not exist for fields of forms, so they are read by `form`: use form, spaceDelimited, pipeDelimited, deepObject [malformed-document] at #/paths/~1a/post/requestBody/content/multipart~1form-data/encoding/f/style");
}

#[test]
#[rustfmt::skip]
fn schemas_refer_to_schemas() {
    let schema = |reference: &str, title: &str| {
        let at = "#/paths/~1a/post/requestBody/content/application~1json/schema";
        let rest = "components:\n  parameters: {P: {name: p, in: query, schema: {}}}\n  schemas: {S: {properties: {p: {type: string}}}}\n";
        let body = format!("{{requestBody: {{content: {{application/json: {{schema: {{$ref: '{reference}'}}}}}}}}}}");
        let expected = if title.is_empty() {
            String::new()
        } else {
            format!("a.yaml:4: error: `{reference}` is {title}, not a schema: refer to a schema, such as `#/components/schemas/Name` [unresolved-reference] at {at}/$ref")
        };
        yaml(&format!("openapi: 3.0.3\npaths:\n  /a:\n    post: {body}\n{rest}"), &expected);
    };
    schema("#/components/parameters/P", "a Parameter Object");
    schema("#/components/schemas", "the list of all schemas");
    schema("#/paths/~1a", "a Path Item Object");
    schema("#/paths/~1a/post", "an Operation Object");
    schema("#", "the whole document");
    schema("#/components/parameters/P/schema", "");
    schema("#/components/schemas/S/properties/p", "");
}

#[test]
#[rustfmt::skip]
fn keywords_of_the_wrong_type() {
    schema("3.1.0", "{required: [true]}", "a.yaml:5: error: `required` is a list of property names: write `required: [name]` next to `properties` of the object that has them [malformed-schema] at #/components/schemas/A/required/0");
    schema("3.1.0", "{type: [string, string]}", "a.yaml:5: error: `type` must be one type, or a list of different types, of array, boolean, integer, null, number, object, string [malformed-schema] at #/components/schemas/A/type");
    yaml("openapi: 3.1.0\njsonSchemaDialect:\npaths: {/a: {post: {requestBody: {content: {application/json: {schema: {}}}}}}}\n", "a.yaml:2: error: `jsonSchemaDialect` is `null`, which is not supported: rewrite the schema in JSON Schema 2020-12, the dialect of OpenAPI 3.1 [malformed-schema] at #/jsonSchemaDialect");
}

/// A schema that applies itself to the same value has no meaning, except together with others.
#[test]
#[rustfmt::skip]
fn schemas_do_not_apply_themselves() {
    let schemas = |schemas: &str, keyword: &str| {
        let expected = if keyword.is_empty() {
            String::new()
        } else {
            format!("a.yaml:6: error: the schema applies itself to the same value in `{keyword}`, so what it accepts is not defined: remove the reference to itself [malformed-schema] at #/components/schemas/A")
        };
        let body = "{requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}";
        yaml(&format!("openapi: 3.1.0\npaths:\n  /a:\n    post: {body}\ncomponents: {{schemas: {{\n  {schemas}}}}}\n"), &expected);
    };
    let a = "{$ref: '#/components/schemas/A'}";
    let b = "{$ref: '#/components/schemas/B'}";
    schemas(&format!("A: {{anyOf: [{a}, {{type: integer}}]}}"), "anyOf");
    schemas(&format!("A: {{title: t, oneOf: [{{type: integer}}, {a}]}}"), "oneOf");
    schemas(&format!("A: {{type: object, anyOf: [{{oneOf: [{a}]}}, {{type: integer}}]}}"), "oneOf");
    schemas(&format!("A: {{not: {a}}}"), "not");
    schemas(&format!("A: {{type: object, if: {{allOf: [{a}]}}, then: false}}"), "allOf");
    // A subtype that has its parent in `allOf` is common.
    schemas(&format!("A: {{type: object, properties: {{a: {a}}}, oneOf: [{b}]}},\n  B: {{allOf: [{a}, {{required: [b]}}]}}"), "");
    schemas(&format!("A: {{anyOf: [{{type: integer}}, {{type: array, items: {a}}}]}}"), "");
    schemas(&format!("A: {{allOf: [{a}], type: integer}}"), "");
    schemas(&format!("A: {{not: {{properties: {{a: {a}}}}}}}"), "");
}

/// Messages name the file as it was written.
#[test]
#[rustfmt::skip]
fn swagger_documents() {
    let swagger = |operation: &str, expected: &str| {
        yaml(&format!("swagger: '2.0'\npaths:\n  /a:\n    post: {operation}\ndefinitions:\n  A: {{type: integer}}\n"), expected);
    };
    swagger("{parameters: [{name: a, in: cookie, type: string}], responses: {}}", "a.yaml:4: error: `in` must be query, header, path, formData or body (Swagger 2.0, Parameter Object) [malformed-document] at #/paths/~1a/post/parameters/0");
    swagger("{parameters: [{name: a, in: body, schema: {}}, {name: b, in: body, schema: {}}], responses: {}}", "a.yaml:4: error: an operation has one parameter with `in: body` at most: remove one [malformed-document] at #/paths/~1a/post");
    swagger("{parameters: [{name: a, in: body, schema: {}}, {name: b, in: formData, type: string}], responses: {}}", "a.yaml:4: error: an operation has a parameter with `in: body` or parameters with `in: formData`, not both: remove one of them [malformed-document] at #/paths/~1a/post");
    swagger("{parameters: [{name: a, in: header, type: array, collectionFormat: multi, items: {}}], responses: {}}", "a.yaml:4: error: `collectionFormat: multi` is for query and formData parameters only: write csv, ssv, tsv or pipes [malformed-document] at #/paths/~1a/post/parameters/0/collectionFormat");
    swagger("{parameters: [{name: a, in: query, type: array, collectionFormat: lines, items: {}}], responses: {}}", "a.yaml:4: error: `collectionFormat` must be csv, ssv, tsv, pipes or multi [malformed-document] at #/paths/~1a/post/parameters/0/collectionFormat");
    swagger("{parameters: [{name: a, in: query, type: strnig}], responses: {}}", "a.yaml:4: error: `type` must be one of array, boolean, integer, null, number, object, string, not `strnig`; did you mean `string`? [malformed-schema] at #/paths/~1a/post/parameters/0/type");
    swagger("{parameters: [{name: a, in: body, schema: {$ref: '#/definitions/B'}}], responses: {}}", "a.yaml:4: error: `#/definitions/B` does not resolve: `#/definitions` has no `B` [unresolved-reference] at #/paths/~1a/post/parameters/0/schema");
    swagger("{parameters: [{$ref: '#/parameters/B'}], responses: {}}", "a.yaml:4: error: `#/parameters/B` does not resolve: `#` has no `parameters` [unresolved-reference] at #/paths/~1a/post/parameters/0");
    swagger("{responses: {200: {$ref: '#/responses/B'}}}", "a.yaml:4: error: `#/responses/B` does not resolve: `#` has no `responses` [unresolved-reference] at #/paths/~1a/post/responses/200");
    swagger("{security: [{k: []}], responses: {}}", "a.yaml:4: error: `k` is not among `securityDefinitions` of the entry document [malformed-document] at #/paths/~1a/post/security/0");
    swagger("{parameters: {}, responses: {}}", "a.yaml:4: error: `parameters` must be an array, not an object [malformed-document] at #/paths/~1a/post/parameters");
    swagger("{consumes: text/plain, responses: {}}", "a.yaml:4: error: `consumes` must be a list of media types, such as [application/json], not a string [malformed-document] at #/paths/~1a/post/consumes");
    swagger("{produces: [5], responses: {}}", "a.yaml:4: error: `produces` must be a list of media types, such as [application/json], not an array [malformed-document] at #/paths/~1a/post/produces");
    swagger("{schemes: https, responses: {}}", "a.yaml:4: error: `schemes` must be a list of schemes, such as [https], not a string [malformed-document] at #/paths/~1a/post/schemes");
    for (field, expected) in [("basePath", "a path, such as /v1"), ("host", "a host name, such as api.example.com")] {
        yaml(&format!("swagger: '2.0'\n{field}: 5\npaths: {{}}\n"), &format!("a.yaml:2: error: `{field}` must be {expected}, not a number [malformed-document] at #/{field}"));
    }
    yaml("swagger: '2.0'\nopenapi: 3.0.3\npaths: {}\n", "a.yaml:1: error: both `swagger` and `openapi` are present: remove the one whose version the document does not follow [malformed-document] at #");
    swagger("[]", "a.yaml:4: error: an operation must be an object, not an array [malformed-document] at #/paths/~1a/post");
}

/// The fields next to the reference of a path item apply, too, so only one side may have a field.
#[test]
#[rustfmt::skip]
fn fields_on_both_sides_of_the_reference_of_a_path_item() {
    let both = |own: &str, other: &str| format!("/a: {{$ref: '#/x-items/b', {own}}}\nx-items:\n  b: {{{other}}}");
    let message = |field: &str| format!("a.yaml:5: error: `{field}` is also a field next to the `$ref` to this path item (a.yaml:3), and OpenAPI does not define which one applies: remove one [malformed-document] at #/x-items/b/{field}");
    paths(&both("get: {}", "get: {}"), &message("get"));
    paths(&both("parameters: []", "parameters: []"), &message("parameters"));
    paths(&both("servers: [{url: /b}], put: {}", "get: {}, servers: [{url: /c}]"), &message("servers"));
    paths(&both("put: {}, summary: a, x-b: 1", "get: {}, summary: c, x-b: 2"), "");
}

#[test]
#[rustfmt::skip]
fn malformed_operations() {
    operation("{responses: []}", "a.yaml:4: error: `responses` must be an object, not an array [malformed-document] at #/paths/~1a/post/responses");
    operation("{responses: {200: x}}", "a.yaml:4: error: a response must be an object, not a string [malformed-document] at #/paths/~1a/post/responses/200");
    operation("{responses: {2000: {}}}", "a.yaml:4: warning: `2000` is not a status: use a code such as 200, a range such as 2XX, or default [malformed-document] at #/paths/~1a/post/responses/2000");
    operation("{responses: {200: {content: []}}}", "a.yaml:4: error: `content` must be an object, not an array [malformed-document] at #/paths/~1a/post/responses/200/content");
    operation("{responses: {200: {content: {json: {}}}}}", "a.yaml:4: warning: `json` is not a media type, so no body can match it: write type/subtype, such as application/json [malformed-document] at #/paths/~1a/post/responses/200/content/json");
    operation("{requestBody: x}", "a.yaml:4: error: a request body must be an object, not a string [malformed-document] at #/paths/~1a/post/requestBody");
    operation("{requestBody: {}}", "a.yaml:4: error: `content` is missing: it must list the media types of the body [malformed-document] at #/paths/~1a/post/requestBody");
    operation("{requestBody: {content: [a]}}", "a.yaml:4: error: `content` must be an object, not an array [malformed-document] at #/paths/~1a/post/requestBody/content");
    operation("{requestBody: {content: {application/json: []}}}", "a.yaml:4: error: a media type must be an object, not an array [malformed-document] at #/paths/~1a/post/requestBody/content/application~1json");
    operation("{requestBody: {$ref: '#/components/requestBodies/A'}}", "a.yaml:4: error: `#/components/requestBodies/A` does not resolve: `#` has no `components` [unresolved-reference] at #/paths/~1a/post/requestBody");
    operation("{x-portcullis: {request: maybe, response: off, x: off}}", "a.yaml:4: error: `x-portcullis.request` must be reject, report or off [malformed-document] at #/paths/~1a/post/x-portcullis/request\na.yaml:4: warning: `x-portcullis.x` is unknown and has no effect [not-judged] at #/paths/~1a/post/x-portcullis/x");
    operation("{x-sla-tier: platinum}", "a.yaml:4: warning: `x-sla-tier` must be gold, silver or bronze; it is ignored [malformed-document] at #/paths/~1a/post/x-sla-tier");
}

#[test]
#[rustfmt::skip]
fn references() {
    schema("3.0.3", "{$ref: '#/components/schemas/Ordr'}", "a.yaml:5: error: `#/components/schemas/Ordr` does not resolve: `#/components/schemas` has no `Ordr`; did you mean `Order`? [unresolved-reference] at #/components/schemas/A");
    schema("3.0.3", "{$ref: 'other.yaml#/A'}", "a.yaml:5: error: `other.yaml#/A` cannot be loaded: this contract was given without its other files [unresolved-reference] at #/components/schemas/A");
    schema("3.0.3", "{$ref: 'https://a.example/c.json'}", "a.yaml:5: error: `https://a.example/c.json` is not fetched: save the document next to the contract and refer to the file [unresolved-reference] at #/components/schemas/A");
    schema("3.0.3", "{$ref: '#/components/schemas/A'}", "a.yaml:2: error: `#/components/schemas/A` is a reference to itself [unresolved-reference] at #/paths/~1a/post/requestBody/content/application~1json/schema");
    schema("3.0.3", "{$ref: Order}", "a.yaml:5: error: `Order` cannot be loaded: this contract was given without its other files; did you mean `#/components/schemas/Order`? [unresolved-reference] at #/components/schemas/A");
    schema("3.0.3", "{$ref: '#Order'}", "a.yaml:5: error: `#Order` does not resolve: there is no `$anchor` of that name; a pointer starts with `#/`, as in `#/components/schemas/Name` [unresolved-reference] at #/components/schemas/A");
    schema("3.0.3", "{$ref: [a]}", "a.yaml:5: error: `$ref` must be a string such as `#/components/schemas/Name` [unresolved-reference] at #/components/schemas/A/$ref");
    schema("3.1.0", "{$id: 'https://a.example/s', properties: {b: {$ref: '#/components/schemas/Order'}}}", "a.yaml:5: error: `#/components/schemas/Order` does not resolve: `#` has no `components`; `#` is here the schema with `$id: https://a.example/s` on line 5, not the file: remove that `$id` to refer to other parts of the file [unresolved-reference] at #/components/schemas/A/properties/b");
    schema("3.1.0", "{$defs: {c: {$id: 'https://a.example/s'}}, $ref: 'https://a.example/s#/b'}", "a.yaml:5: error: `https://a.example/s#/b` does not resolve: `#` has no `b`; `#` is here the schema with `$id: https://a.example/s` on line 5, not the file [unresolved-reference] at #/components/schemas/A");
    schema("3.1.0", "{$ref: '#/components/schemas/Ordr', type: object}", "a.yaml:5: error: `#/components/schemas/Ordr` does not resolve: `#/components/schemas` has no `Ordr`; did you mean `Order`? [unresolved-reference] at #/components/schemas/A");
}

#[test]
#[rustfmt::skip]
fn malformed_schemas() {
    schema("3.0.3", "text", "a.yaml:5: error: a schema must be an object, such as `{ type: string }` [malformed-schema] at #/components/schemas/A");
    schema("3.0.3", "[]", "a.yaml:5: error: a schema must be an object, such as `{ type: string }` [malformed-schema] at #/components/schemas/A");
    schema("3.0.3", "{pattern: '('}", "a.yaml:5: error: `pattern` is not a regular expression (ECMA-262): `(`, column 1: this group is not closed: write `)` at its end, or `\\(` for the character [malformed-pattern] at #/components/schemas/A/pattern");
    schema("3.0.3", "{pattern: 1}", r##"a.yaml:5: error: `pattern` is not valid JSON Schema: 1 is not of type "string" [malformed-schema] at #/components/schemas/A/pattern"##);
    schema("3.0.3", "{required: true}", "a.yaml:5: error: `required` is a list of property names: write `required: [name]` next to `properties` of the object that has them [malformed-schema] at #/components/schemas/A/required");
    schema("3.0.3", "{properties: {a: {type: string, required: true}}}", "a.yaml:5: error: `required` is a list of property names: write `required: [name]` next to `properties` of the object that has them [malformed-schema] at #/components/schemas/A/properties/a/required");
    schema("3.0.3", "{required: [a, b, a]}", r##"a.yaml:5: warning: `required` lists `a` more than once [malformed-schema] at #/components/schemas/A/required"##);
    schema("3.0.3", "{exclusiveMinimum: 1}", "a.yaml:5: error: in OpenAPI 3.0 `exclusiveMinimum` is a boolean that modifies `minimum`: write the number in `minimum`, and `exclusiveMinimum: true` [malformed-schema] at #/components/schemas/A/exclusiveMinimum");
    schema("3.0.3", "{type: strnig}", "a.yaml:5: error: `type` must be one of array, boolean, integer, null, number, object, string, not `strnig`; did you mean `string`? [malformed-schema] at #/components/schemas/A/type");
    schema("3.0.3", "{minimum: '1'}", r##"a.yaml:5: error: `minimum` is not valid JSON Schema: "1" is not of type "number" [malformed-schema] at #/components/schemas/A/minimum"##);
    schema("3.0.3", "{minLength: -1}", "a.yaml:5: error: `minLength` is not valid JSON Schema: -1 is less than the minimum of 0 [malformed-schema] at #/components/schemas/A/minLength");
    schema("3.0.3", "{enum: a}", r##"a.yaml:5: error: `enum` is not valid JSON Schema: "a" is not of type "array" [malformed-schema] at #/components/schemas/A/enum"##);
    schema("3.0.3", "{items: [{}]}", "a.yaml:5: error: a schema must be an object, such as `{ type: string }` [malformed-schema] at #/components/schemas/A/items");
    schema("3.0.3", "{properties: [a]}", r##"a.yaml:5: error: `properties` is not valid JSON Schema: ["a"] is not of type "object" [malformed-schema] at #/components/schemas/A/properties"##);
    schema("3.0.3", "{properties: {a: text}}", "a.yaml:5: error: a schema must be an object, such as `{ type: string }` [malformed-schema] at #/components/schemas/A/properties/a");
    schema("3.0.3", "{additionalProperties: text}", "a.yaml:5: error: a schema must be an object, such as `{ type: string }` [malformed-schema] at #/components/schemas/A/additionalProperties");
    schema("3.0.3", "{allOf: {}}", r##"a.yaml:5: error: `allOf` is not valid JSON Schema: {} is not of type "array" [malformed-schema] at #/components/schemas/A/allOf"##);
    schema("3.0.3", "{allOf: []}", "a.yaml:5: error: `allOf` is empty, and must list at least one schema [malformed-schema] at #/components/schemas/A/allOf");
    schema("3.0.3", "{format: 1}", r##"a.yaml:5: error: `format` is not valid JSON Schema: 1 is not of type "string" [malformed-schema] at #/components/schemas/A/format"##);
    schema("3.1.0", "{exclusiveMaximum: true}", "a.yaml:5: error: in OpenAPI 3.1 `exclusiveMaximum` is a number: write the bound there instead of in `maximum` [malformed-schema] at #/components/schemas/A/exclusiveMaximum");
    schema("3.1.0", "{type: any}", "a.yaml:5: error: `type` must be one of array, boolean, integer, null, number, object, string, not `any` [malformed-schema] at #/components/schemas/A/type");
    schema("3.1.0", "{patternProperties: {'(': {}}}", "a.yaml:5: error: `patternProperties` is not a regular expression (ECMA-262): `(`, column 1: this group is not closed: write `)` at its end, or `\\(` for the character [malformed-pattern] at #/components/schemas/A/patternProperties/(");
    schema("3.1.0", "{exclusiveMinimum: true, enum: a}", r##"a.yaml:5: error: in OpenAPI 3.1 `exclusiveMinimum` is a number: write the bound there instead of in `minimum` [malformed-schema] at #/components/schemas/A/exclusiveMinimum
a.yaml:5: error: `enum` is not valid JSON Schema: "a" is not of type "array" [malformed-schema] at #/components/schemas/A/enum"##);
    schema("3.1.0", "{if: x}", "a.yaml:5: error: a schema must be an object, such as `{ type: string }` [malformed-schema] at #/components/schemas/A/if");
}

#[test]
#[rustfmt::skip]
fn files() {
    two_files(None, "a.yaml:4: error: `b.yaml#/A` cannot be loaded: b.yaml: No such file or directory (os error 2); check the path and its permissions [unresolved-reference] at #/paths/~1a");
    two_files(Some("A: [\n"), "a.yaml:4: error: `b.yaml#/A` cannot be loaded: b.yaml:2:1: while parsing a node, did not find expected node content [unresolved-reference] at #/paths/~1a");
    two_files(Some("B: {}"), "a.yaml:4: error: `b.yaml#/A` does not resolve: `#` has no `A` [unresolved-reference] at #/paths/~1a");
    two_files(Some("A: text"), "b.yaml:1: error: a path item must be an object, not a string [malformed-document] at #/A");
    two_files(Some("A: {$ref: 'a.yaml#/paths/~1a'}"), "a.yaml:4: error: `a.yaml#/paths/~1a` is a reference to itself [unresolved-reference] at #/paths/~1a");
    two_files(Some("A: {$ref: '#/A'}"), "a.yaml:4: error: `b.yaml#/A` is a reference to itself [unresolved-reference] at #/paths/~1a");
    two_files(Some("A: {post: {parameters: {}}}"), "b.yaml:1: error: `parameters` must be an array, not an object [malformed-document] at #/A/post/parameters");
}

#[test]
fn invalid_utf_8() {
    check(
        "a.yaml",
        b"a: \n b: \xff",
        "a.yaml:2:5: not UTF-8: save the file as UTF-8",
    );
}

#[test]
fn documents_beyond_the_limits() {
    let deep = "[".repeat(5000);
    json(&deep, "a.json:1:129: nested deeper than 128 levels");
    yaml(
        &format!("a: {deep}"),
        "a.yaml:1:259: nested deeper than 128 levels",
    );
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='j').zip('a'..) {
        let aliases = vec![format!("*{before}"); 10].join(", ");
        bomb += &format!("{name}: &{name} [{aliases}]\n");
    }
    yaml(
        &bomb,
        "a.yaml:1:35: aliases expand the document beyond 64 MiB",
    );
}
