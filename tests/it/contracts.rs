//! What is said about contracts that are wrong: whole messages, by table.

use portcullis::config::Limits;
use portcullis::contract::{CompileOptions, compile, from_bytes, load};

/// Everything that is said about a contract of one file; nothing when it is enforceable.
fn verdict(name: &str, text: &str) -> String {
    let limits = Limits::default();
    let documents = match from_bytes(name, text.into(), &limits) {
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
#[test]
fn probe() {
    let c = |text: &str| println!("=== {}\n{}", text.replace('\n', "⏎").chars().take(150).collect::<String>(), verdict("a.yaml", text));
    let j = |text: &str| println!("=== {}\n{}", text.replace('\n', "⏎"), verdict("a.json", text));
    let h = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n";
    let p = |op: &str| c(&format!("{h}paths:\n  /a:\n    get: {op}\n"));
    let pb = |op: &str| c(&format!("{h}paths:\n  /a:\n    post: {{requestBody: {op}}}\n"));
    let s = |schema: &str| c(&format!("{h}paths:\n  /a:\n    post: {{requestBody: {{content: {{application/json: {{schema:\n     {schema}}}}}}}}}\ncomponents: {{schemas: {{Order: {{type: object}}}}}}\n"));
    let s31 = |schema: &str| c(&format!("openapi: 3.1.0\npaths:\n  /a:\n    post: {{requestBody: {{content: {{application/json: {{schema:\n     {schema}}}}}}}}}\ncomponents: {{schemas: {{Order: {{type: object}}}}}}\n"));
    let k = |paths: &str| c(&format!("{h}paths:\n{paths}\n"));
    c(""); c("# only a comment\n"); c("name: x\n"); c("- a\n"); c("hello"); c("swagger: '2.0'\n"); c("openapi: 2.0.0\n"); c("openapi: 4.0.0\n"); c("openapi: 3.2.0\n"); c("openapi: [3]\n"); c("openapi: 3.1\npaths: {}\n");
    c("openapi: 3.0.3\npaths: [\n"); c("openapi: 3.0.3\n\tpaths: {}\n"); c("openapi: 3.0.3\npaths: {a: b: c}\n"); c("openapi: 3.0.3\n---\nopenapi: 3.0.3\n"); c("openapi: 3.0.3\nopenapi: 3.0.3\n"); c("a: !!python/object x\n"); c("a: *b\n");
    j(""); j("{\"openapi\": \"3.0.3\",\n \"paths\": {,}}"); j("{\"openapi\": \"3.0.3\"} x"); j("{\"a\": 1, \"a\": 2}"); j("[1, 2");
    println!("=== not utf8\n{}", from_bytes("a.yaml", b"a: \n b: \xff".to_vec(), &Limits::default()).unwrap_err());
    println!("=== deep\n{}", verdict("a.json", &"[".repeat(5000)));
    println!("=== deepyaml\n{}", verdict("a.yaml", &format!("a: {}", "[".repeat(5000))));
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n"); let mut last = 'a';
    for n in 'b'..='j' { bomb += &format!("{n}: &{n} [*{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}]\n"); last = n; }
    c(&bomb);
    c("openapi: 3.0.3\n"); c("openapi: 3.1.0\n");
    k("  - a"); k("  a: {}"); k("  /a: x"); k("  /a: []"); k("  /a/{b: {get: {}}"); k("  '/a?b=c': {get: {}}"); k("  /a/{}: {get: {}}"); k("  '/a/{b}{b}': {get: {}}"); k("  /a: {GET: {}}"); k("  /a: {gte: {}}"); k("  /a: {get: []}");k("  /a: {get: {}, get: {}}");
    k("  '/a/{b}': {get: {}}\n  '/a/{c}': {get: {}}"); k("  '/a/{b}/c': {get: {}}\n  '/a/{b}/{d}': {get: {}}\n  '/a/x/{d}': {get: {}}"); k("  '/a/{b}.json': {get: {}}\n  '/a/x{b}': {get: {}}"); k("  /a/: {get: {}}\n  /a: {get: {}}"); k("  /a: {get: {operationId: x}}\n  /b: {get: {operationId: x}}");
    p("{parameters: {name: a}}"); p("{parameters: [x]}"); p("{parameters: [{in: query, schema: {}}]}"); p("{parameters: [{name: a, schema: {}}]}"); p("{parameters: [{name: a, in: body, schema: {}}]}"); p("{parameters: [{name: a, in: query}]}"); p("{parameters: [{name: a, in: query, schema: {}, content: {}}]}"); p("{parameters: [{name: a, in: query, content: {}}]}"); p("{parameters: [{name: a, in: query, content: {application/json: {}, text/plain: {}}}]}"); p("{parameters: [{name: 1, in: query, schema: {}}]}"); p("{parameters: [{name: a, in: query, style: matrix, schema: {}}]}"); p("{parameters: [{name: a, in: query, required: yes please, schema: {}}]}"); p("{parameters: [{name: a, in: query, schema: text}]}"); p("{parameters: [{name: a, in: path, required: true, schema: {}}]}"); p("{parameters: [{name: a, in: query, schema: {}}, {name: a, in: query, schema: {}}]}"); p("{parameters: [{name: a, in: query, content: {application/xml: {}}}]}");
    p("{parameters: [{$ref: '#/components/parameters/A'}]}"); p("{parameters: [{$ref: 7}]}");
    p("{responses: []}"); p("{responses: {200: x}}"); p("{responses: {2000: {}}}"); p("{responses: {200: {content: []}}}"); p("{responses: {200: {content: {json: {}}}}}"); p("{x-portcullis: {request: no, response: off}}"); p("{x-sla-tier: platinum}"); p("{servers: {}}"); p("{servers: [{}]}"); p("{servers: [x]}"); p("{servers: [{url: 'https://a/{b'}]}");
    pb("x"); pb("{}"); pb("{content: [a]}"); pb("{content: {application/json: []}}"); pb("{content: {application/json: {schema: text}}}"); pb("{$ref: '#/components/requestBodies/A'}");
    s("{$ref: '#/components/schemas/Ordr'}"); s("{$ref: 'other.yaml#/A'}"); s("{$ref: 'https://a.b/c.json'}"); s("{$ref: '#/paths/~1a/post/requestBody/content/application~1json/schema'}"); s("{$ref: Order}"); s("{$ref: '#Order'}"); s("{$ref: ''}"); s("{pattern: '('}"); s("{pattern: 1}"); s("{required: true}"); s("{type: object, properties: {a: {type: string, required: true}}}"); s("{exclusiveMinimum: 1}"); s("{type: strnig}"); s("{type: [string]}"); s("{minimum: '1'}"); s("{minLength: -1}"); s("{enum: a}"); s("{enum: []}"); s("{items: [{}]}"); s("{properties: [a]}"); s("{properties: {a: text}}"); s("{allOf: {}}"); s("{allOf: []}"); s("[]"); s("{additionalProperties: text}"); s("{required: [a, a]}"); s("{format: 1}"); s("{nullable: x}"); s("{type: array}");
    s31("{exclusiveMinimum: true}"); s31("{$id: a}"); s31("{$dynamicRef: '#a'}"); s31("{required: [a, a]}"); s31("{patternProperties: {'(': {}}}"); s31("{type: any}"); s31("{const: 1, if: x}"); s31("{$ref: '#/components/schemas/Ordr', type: object}");
}
