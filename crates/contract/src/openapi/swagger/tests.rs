//! Tests of the translation: what a Swagger document becomes, and where its nodes were written.

use std::path::Path;

use portcullis_vocabulary::limits::Limits;
use serde_json::{Value, json};

use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::load_contract::{UnreadableFile, load};

/// The documents of a contract of these files; the first is the entry.
fn documents(files: &[(&str, &str)]) -> DocumentSet {
    let read = |path: &Path, _| {
        let found = files.iter().find(|(name, _)| Path::new(name) == path);
        let text = found.map(|(_, text)| text.as_bytes().to_vec());
        text.ok_or_else(|| UnreadableFile(format!("{} is missing", path.display())))
    };
    let name = files[0].0;
    load(Path::new(name), name, &Limits::default(), &read).unwrap()
}

fn swagger(rest: &str) -> DocumentSet {
    documents(&[(
        "a.yaml",
        &format!("swagger: '2.0'\ninfo: {{title: t, version: '1'}}\n{rest}"),
    )])
}

/// What `pointer` of the translation contains.
#[track_caller]
fn check(rest: &str, pointer: &str, expected: &Value) {
    let documents = swagger(rest);
    let found = documents
        .entry()
        .root()
        .pointer(pointer)
        .map(|node| node.to_value());
    assert_eq!(found.as_ref(), Some(expected), "{rest}");
}

/// A schema and its translation.
#[track_caller]
fn check_schema(schema: &str, expected: &Value) {
    check(
        &format!("definitions: {{A: {schema}}}"),
        "/definitions/A",
        expected,
    );
}

#[test]
fn schemas_have_the_types_of_3_0() {
    check_schema(
        "{type: [string, 'null']}",
        &json!({"type": "string", "nullable": true}),
    );
    check_schema(
        "{type: [string, integer], maxLength: 2}",
        &json!({"anyOf": [{"type": "string"}, {"type": "integer"}], "maxLength": 2}),
    );
    check_schema(
        "{type: ['null']}",
        &json!({"type": "string", "nullable": true, "enum": [null]}),
    );
    check_schema(
        "{type: string, x-nullable: true, enum: [a]}",
        &json!({"type": "string", "nullable": true, "enum": ["a", null]}),
    );
    check_schema(
        "{type: string, x-nullable: false}",
        &json!({"type": "string"}),
    );
    let no_value = json!({"type": "string", "nullable": true, "enum": [null]});
    check_schema(
        "{$ref: '#/definitions/B', x-nullable: true}",
        &json!({"anyOf": [{"$ref": "#/definitions/B"}, no_value]}),
    );
    check_schema(
        "{allOf: [{type: object}], x-nullable: true, title: a}",
        &json!({"anyOf": [{"allOf": [{"type": "object"}], "title": "a"}, no_value]}),
    );
    check_schema(
        "{type: file}",
        &json!({"type": "string", "format": "binary"}),
    );
    check_schema(
        "{discriminator: kind, properties: {type: {type: [a]}, discriminator: {x-nullable: true, type: string}}}",
        &json!({"discriminator": {"propertyName": "kind"}, "properties": {
            "type": {"type": "a"},
            "discriminator": {"nullable": true, "type": "string"},
        }}),
    );
    // Data is not a schema.
    let data = json!({"example": {"type": ["a"], "x-nullable": true}, "default": {"$ref": 1}, "x-a": {"type": "file"}});
    check_schema(&data.to_string(), &data);
}

#[test]
fn addresses_become_servers() {
    let path = "paths: {}";
    check(
        &format!("host: a.example\nbasePath: /v1/\nschemes: [https, http]\n{path}"),
        "/servers",
        &json!([{"url": "https://a.example/v1"}, {"url": "http://a.example/v1"}]),
    );
    check(
        &format!("basePath: v1\n{path}"),
        "/servers",
        &json!([{"url": "/v1"}]),
    );
    check(
        &format!("host: a.example\n{path}"),
        "/servers",
        &json!([{"url": "//a.example"}]),
    );
    assert!(swagger(path).entry().root().get("servers").is_none());
}

#[test]
fn security_definitions_become_schemes() {
    let definitions = "securityDefinitions:
  a: {type: basic}
  b: {type: apiKey, name: k, in: query}
  c: {type: oauth2, flow: accessCode, authorizationUrl: u, tokenUrl: t, scopes: {s: d}}";
    let expected = json!({
        "a": {"type": "http", "scheme": "basic"},
        "b": {"type": "apiKey", "name": "k", "in": "query"},
        "c": {"type": "oauth2", "flows": {"authorizationCode":
            {"authorizationUrl": "u", "tokenUrl": "t", "scopes": {"s": "d"}}}},
    });
    check(definitions, "/components/securitySchemes", &expected);
}

const SHARED: &str = "basePath: /v1
consumes: [application/json, application/x-a+json]
parameters:
  limit: {name: limit, in: query, type: integer, maximum: 9}
  one: {name: one, in: body, required: true, schema: {type: object}}
responses:
  bad: {description: bad, schema: {type: object}}
paths:
  /a:
    parameters: [{$ref: '#/parameters/limit'}, {name: t, in: query, type: array, items: {type: string}}]
    post:
      parameters: [{$ref: '#/parameters/one'}]
      produces: [application/json]
      responses: {400: {$ref: '#/responses/bad'}}
  /b:
    put:
      parameters: [{$ref: '#/parameters/one'}, {$ref: '#/parameters/limit'}]
      produces: [application/json]
      responses: {400: {$ref: '#/responses/bad'}}
";

/// Shared objects are translated where they are used first.
#[test]
fn operations_have_bodies_and_contents() {
    let item = json!([
        {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}},
        {"name": "t", "in": "query", "style": "form", "explode": false,
         "schema": {"type": "array", "items": {"type": "string"}}},
    ]);
    check(SHARED, "/paths/~1a/parameters", &item);
    let first = "#/paths/~1a/post/requestBody/content/application~1json/schema";
    let post = json!({
        "parameters": [],
        "responses": {"400": {"description": "bad", "content":
            {"application/json": {"schema": {"type": "object"}}}}},
        "requestBody": {"required": true, "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/x-a+json": {"schema": {"$ref": first}},
        }},
    });
    check(SHARED, "/paths/~1a/post", &post);
    let put = json!({
        "parameters": [{"$ref": "#/paths/~1a/parameters/0"}],
        "responses": {"400": {"$ref": "#/paths/~1a/post/responses/400"}},
        "requestBody": {"$ref": "#/paths/~1a/post/requestBody"},
    });
    check(SHARED, "/paths/~1b/put", &put);
}

#[test]
fn form_parameters_become_one_schema() {
    let paths = "paths:
  /a:
    post:
      consumes: [application/json]
      parameters:
        - {name: f, in: formData, type: file, required: true}
        - {name: n, in: formData, type: integer, description: d, minimum: 1}
        - {name: l, in: formData, type: array, collectionFormat: pipes, items: {type: string}}
      responses: {}";
    let expected = json!({"required": true, "content": {"multipart/form-data": {"schema": {
        "type": "object",
        "required": ["f"],
        "properties": {
            "f": {"type": "string", "format": "binary"},
            "n": {"type": "integer", "description": "d", "minimum": 1},
            "l": {"type": "array", "collectionFormat": "pipes", "items": {"type": "string"}},
        },
    }, "encoding": {"l": {"style": "pipeDelimited", "explode": false}}}}});
    check(paths, "/paths/~1a/post/requestBody", &expected);
}

/// Where a node of the translation was written.
#[track_caller]
fn check_origin(documents: &DocumentSet, pointer: &str, expected: &str) {
    let entry = documents.entry_ref();
    let node = documents.node(entry).pointer(pointer);
    let node = node.unwrap_or_else(|| panic!("{pointer} does not exist"));
    let found = documents.location(NodeRef {
        document: 0,
        node: node.index(),
    });
    assert_eq!(found.to_string(), expected, "{pointer}");
}

#[test]
fn nodes_lead_to_where_they_were_written() {
    let documents = swagger(SHARED);
    let check = |pointer: &str, expected: &str| check_origin(&documents, pointer, expected);
    check("/servers/0/url", "a.yaml:3 #/basePath");
    check(
        "/paths/~1a/parameters/0/schema/maximum",
        "a.yaml:6 #/parameters/limit/maximum",
    );
    check(
        "/paths/~1a/parameters/1/schema/items",
        "a.yaml:12 #/paths/~1a/parameters/1/items",
    );
    let content = "/paths/~1a/post/requestBody/content";
    check(
        &format!("{content}/application~1json/schema/type"),
        "a.yaml:7 #/parameters/one/schema/type",
    );
    check(
        &format!("{content}/application~1x-a+json"),
        "a.yaml:4 #/consumes/1",
    );
    check(
        "/paths/~1a/post/responses/400/content/application~1json/schema",
        "a.yaml:9 #/responses/bad/schema",
    );
    check(
        "/paths/~1b/put/requestBody",
        "a.yaml:19 #/paths/~1b/put/parameters/0",
    );
}

/// Other files are translated too, and their parts refer to each other from the entry.
#[test]
fn contracts_may_have_several_files() {
    let documents = documents(&[
        (
            "a.yaml",
            "swagger: '2.0'\npaths:\n  /a: {$ref: 'b/c.yaml#/item', put: {responses: {}}}\n",
        ),
        (
            "b/c.yaml",
            "item:\n  get:\n    parameters: [{$ref: 'd.yaml#/p'}]\n    responses: {200: {description: k, schema: {$ref: '#/s'}}}\ns: {type: [string, 'null']}\n",
        ),
        (
            "b/d.yaml",
            "p: {name: p, in: body, schema: {$ref: 'c.yaml#/s'}}\n",
        ),
    ]);
    let item = documents
        .entry()
        .root()
        .pointer("/paths/~1a")
        .unwrap()
        .to_value();
    let expected = json!({
        "put": {"responses": {}},
        "get": {
            "parameters": [],
            "responses": {"200": {"description": "k", "content":
                {"*/*": {"schema": {"$ref": "b/c.yaml#/s"}}}}},
            "requestBody": {"content":
                {"application/json": {"schema": {"$ref": "b/c.yaml#/s"}}}},
        },
    });
    assert_eq!(item, expected);
    let schema = documents.list()[1].root().pointer("/s").unwrap().to_value();
    assert_eq!(schema, json!({"type": "string", "nullable": true}));
    check_origin(
        &documents,
        "/paths/~1a/get/responses/200/content/*~1*/schema",
        "b/c.yaml:4 #/item/get/responses/200/schema",
    );
    check_origin(
        &documents,
        "/paths/~1a/get/requestBody/content/application~1json/schema",
        "b/d.yaml:1 #/p/schema",
    );
}
