//! Which messages show the breaks that rules claim: each rule, in requests and in responses, and
//! where the service is the caller.

use crate::witness::tests::{findings, shown};
use crate::{ChangeArea, ChangeCertainty, ChangeLevel};

/// Why no message shows that a certificate is needed.
const CERTIFICATE: &str =
    "the newer contract asks for a client certificate, which is not part of a message";

/// The finding of a rule: its level, and the message that shows it or the reason why none does.
#[track_caller]
fn check(rule: &str, old: &str, new: &str, level: ChangeLevel, expected: &str) {
    let found = findings(old, new);
    let of_rule: Vec<_> = found
        .iter()
        .filter(|finding| finding.rule.id == rule)
        .collect();
    let [finding] = &of_rule[..] else {
        panic!("{rule}: {found:#?}");
    };
    let message = match &finding.certainty {
        ChangeCertainty::Witnessed => {
            let witness = finding.witness.as_ref().unwrap();
            format!("{} -> {}", shown(finding), witness.refusal)
        }
        ChangeCertainty::Unshown(reason) => reason.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(
        (finding.level, message.as_str()),
        (level, expected),
        "{rule}"
    );
}

#[track_caller]
fn breaks(rule: &str, old: &str, new: &str, expected: &str) {
    check(rule, old, new, ChangeLevel::Breaking, expected);
}

fn get(parameters: &str) -> String {
    format!("paths: {{/x: {{get: {{parameters: [{parameters}], responses: {{}}}}}}}}")
}

fn post(body: &str) -> String {
    format!("paths: {{/x: {{post: {{{body} responses: {{}}}}}}}}")
}

fn answers(responses: &str) -> String {
    format!("paths: {{/x: {{get: {{responses: {{{responses}}}}}}}}}")
}

#[test]
fn parameters() {
    let optional = "{name: a, in: query, schema: {type: integer}}";
    let required = "{name: a, in: query, required: true, schema: {type: integer}}";
    breaks(
        "parameter.added.required",
        &get(""),
        &get(required),
        "curl '/x' -> the query parameter `a` is required but missing",
    );
    breaks(
        "parameter.required",
        &get(optional),
        &get(required),
        "curl '/x' -> the query parameter `a` is required but missing",
    );
    let header = "{name: a, in: header, required: true, schema: {type: integer}}";
    breaks(
        "parameter.moved",
        &get(required),
        &get(header),
        "curl '/x?a=1' -> the header parameter `a` is required but missing",
    );
    breaks(
        "parameter.moved",
        &get(header),
        &get(optional),
        "the newer contract reads another value from the example GET /x, a: 1, or none",
    );
    let sunset = "{name: a, in: query, deprecated: true, x-sunset: '2026-09-01', schema: {}}";
    breaks(
        "parameter.removed-before-sunset",
        &get(sunset),
        &get(""),
        "parameters that a contract does not declare are ignored",
    );
}

#[test]
fn path_parameters_whose_name_is_sent() {
    let get = |name: &str, style: &str, schema: &str| {
        format!(
            "paths: {{'/x/{{{name}}}': {{get: {{parameters: [{{name: {name}, in: path, required: true, \
             {style}, schema: {schema}}}], responses: {{}}}}}}}}"
        )
    };
    let rule = "parameter.renamed";
    let renamed = |style: &str, schema: &str, target: &str| {
        let refused = "the path parameter `r` must be written as `;name=value` (style matrix)";
        let (old, new) = (get("p", style, schema), get("r", style, schema));
        breaks(rule, &old, &new, &format!("curl '{target}' -> {refused}"));
    };
    let matrix = "style: matrix";
    renamed(matrix, "{type: integer}", "/x/;p=1");
    renamed(matrix, "{type: string, enum: [a]}", "/x/;p=a");
    let integers = "{type: array, items: {type: integer}}";
    renamed(matrix, integers, "/x/;p=1");
    let exploded = "style: matrix, explode: true";
    renamed(exploded, integers, "/x/;p=1");
    let object = "{type: object, required: [x], properties: {x: {type: integer}}}";
    renamed(matrix, object, "/x/;p=x,1");
    // These texts do not contain the name.
    for (style, schema) in [
        (exploded, object),
        ("style: label", "{type: integer}"),
        ("style: label, explode: true", object),
        ("style: simple", "{type: integer}"),
    ] {
        let found = findings(&get("p", style, schema), &get("r", style, schema));
        assert!(found.is_empty(), "{style} {schema}: {found:#?}");
    }
}

#[test]
fn names_of_api_keys_that_a_parameter_reads() {
    let rule = "parameter.name-taken";
    let of = |key: &str, parameters: &str| {
        format!(
            "paths: {{/x: {{get: {{security: [{{k: []}}], parameters: [{parameters}], responses: {{}}}}}}}}\n\
             components: {{securitySchemes: {{k: {{type: apiKey, {key}}}}}}}"
        )
    };
    for (key, parameter, expected) in [
        (
            "in: query, name: key",
            "name: key, in: query, schema: {type: integer}",
            "curl '/x?key=a' -> query parameter `key`: \"a\" is not of type \"integer\"",
        ),
        (
            "in: header, name: X-Key",
            "name: x-key, in: header, schema: {type: integer}",
            "curl '/x' -H 'X-Key: a' -> header parameter `x-key`: \"a\" is not of type \"integer\"",
        ),
        (
            "in: cookie, name: sid",
            "name: sid, in: cookie, schema: {type: integer}",
            "curl '/x' -H 'cookie: sid=a' -> cookie parameter `sid`: \"a\" is not of type \"integer\"",
        ),
        (
            "in: query, name: key",
            "name: p, in: query, schema: {type: object, properties: {key: {type: integer}}}",
            "curl '/x?key=a' -> query parameter `p`/key: \"a\" is not of type \"integer\"",
        ),
        (
            "in: query, name: key",
            "name: p, in: query, schema: {type: object, additionalProperties: {type: integer}}",
            "curl '/x?key=a' -> query parameter `p`/key: \"a\" is not of type \"integer\"",
        ),
    ] {
        breaks(
            rule,
            &of(key, ""),
            &of(key, &format!("{{{parameter}}}")),
            expected,
        );
    }
    // A key of any text.
    let key = "in: query, name: key";
    let text = "{name: key, in: query, schema: {type: string}}";
    check(
        rule,
        &of(key, ""),
        &of(key, text),
        ChangeLevel::Info,
        "Proved",
    );
    // Another name, another place, and a parameter that read the key before.
    let integer = "{name: key, in: query, schema: {type: integer}}";
    for (old, new) in [
        ("", "{name: other, in: query, schema: {type: integer}}"),
        ("", "{name: key, in: header, schema: {type: integer}}"),
        (integer, integer),
    ] {
        let found = findings(&of(key, old), &of(key, new));
        let has_rule = found.iter().any(|finding| finding.rule.id == rule);
        assert!(!has_rule, "{new}: {found:#?}");
    }
}

#[test]
fn names_that_open_objects_have() {
    let rule = "parameter.name-taken";
    let open = |rest: &str| {
        format!(
            "{{name: p, in: query, schema: {{type: object, properties: {{a: {{type: string}}}}, {rest}}}}}"
        )
    };
    let (integers, texts) = (
        open("additionalProperties: {type: integer}"),
        open("additionalProperties: {type: string}"),
    );
    let b = "{name: b, in: query, schema: {type: integer, maximum: 1}}";
    breaks(
        rule,
        &get(&integers),
        &get(&format!("{integers}, {b}")),
        "curl '/x?b=2' -> query parameter `b`: 2 is greater than the maximum of 1",
    );
    breaks(
        rule,
        &get(&texts),
        &get(&format!("{texts}, {b}")),
        "curl '/x?b=' -> query parameter `b`: \"\" is not of type \"integer\"",
    );
    // The object takes the name of a removed parameter over.
    let z = "{name: z, in: query, schema: {type: string}}";
    breaks(
        rule,
        &get(&format!("{integers}, {z}")),
        &get(&integers),
        "curl '/x?z=' -> query parameter `p`/z: \"\" is not of type \"integer\"",
    );
    let numbered = open("patternProperties: {'^z': {type: integer}}, additionalProperties: true");
    breaks(
        rule,
        &get(&format!("{numbered}, {z}")),
        &get(&numbered),
        "curl '/x?z=' -> query parameter `p`/z: \"\" is not of type \"integer\"",
    );
    let quiet = |old: &str, new: &str| {
        let found = findings(&get(old), &get(new));
        let has_rule = found.iter().any(|finding| finding.rule.id == rule);
        assert!(!has_rule, "{old} {new}: {found:#?}");
    };
    // A separate parameter keeps its name, and a closed object has no other names.
    quiet(z, &format!("{z}, {integers}"));
    let closed = open("additionalProperties: false");
    quiet(&closed, &format!("{closed}, {b}"));
    quiet(&format!("{closed}, {z}"), &closed);
    // In brackets.
    let deep = |rest: &str| {
        format!(
            "{{name: f, in: query, style: deepObject, schema: {{type: object, properties: {{a: {{type: string}}}}, {rest}}}}}"
        )
    };
    let (open, closed) = (
        deep("additionalProperties: {type: string}"),
        deep("additionalProperties: false"),
    );
    let bracketed = "{name: 'f[b]', in: query, schema: {type: integer}}";
    breaks(
        rule,
        &get(&open),
        &get(&format!("{open}, {bracketed}")),
        "curl '/x?f%5Bb%5D=' -> query parameter `f[b]`: \"\" is not of type \"integer\"",
    );
    quiet(&closed, &format!("{closed}, {bracketed}"));
}

#[test]
fn path_parameters_that_one_contract_declares() {
    let get = |parameters: &str| {
        format!(
            "paths: {{'/x/{{p}}/{{q}}': {{get: {{parameters: [{parameters}], responses: {{}}}}}}}}"
        )
    };
    let p = |schema: &str| format!("{{name: p, in: path, required: true, schema: {schema}}}");
    let q = "{name: q, in: path, required: true, schema: {type: boolean}}";
    breaks(
        "parameter.path.declared",
        &get(q),
        &get(&format!("{}, {q}", p("{type: integer}"))),
        "curl '/x/a/true' -> path parameter `p`: \"a\" is not of type \"integer\"",
    );
    check(
        "parameter.path.declared",
        &get(q),
        &get(&format!("{}, {q}", p("{type: string}"))),
        ChangeLevel::Info,
        "Proved",
    );
    check(
        "parameter.path.undeclared",
        &get(&format!("{}, {q}", p("{type: integer}"))),
        &get(q),
        ChangeLevel::Info,
        "Rule",
    );
}

#[test]
fn examples_use_the_changed_parameter() {
    let f =
        |place: &str, more: &str| get(&format!("{{name: f, in: {place}, schema: {{type: {more}}}"));
    let accepted = |line: &str| {
        format!("the newer contract reads another value from the example {line}, or none")
    };
    breaks(
        "parameter.moved",
        &f("query", "integer}"),
        &f("header", "integer}"),
        &accepted("GET /x?f=1"),
    );
    let texts = "array, maxItems: 1, items: {type: string}}";
    breaks(
        "parameter.explode.changed",
        &f("query", texts),
        &f("query", &format!("{texts}, explode: false")),
        "curl '/x?f=a,b' -> query parameter `f`: [\"a\",\"b\"] has more than 1 item",
    );
    let numbers = "array, items: {type: integer}}";
    breaks(
        "parameter.explode.changed",
        &f("cookie", numbers),
        &f("cookie", &format!("{numbers}, explode: false")),
        &accepted("GET /x, cookie: f=1,1"),
    );
}

#[test]
fn names_that_another_parameter_reads() {
    let rule = "parameter.name-taken";
    let a = |schema: &str| format!("{{name: a, in: query, schema: {schema}}}");
    let f = |more: &str, properties: &str| {
        format!(
            "{{name: f, in: query{more}, schema: {{type: object, properties: {{{properties}}}}}}}"
        )
    };
    breaks(
        rule,
        &get(&a("{type: string}")),
        &get(&f("", "a: {type: integer}")),
        "curl '/x?a=' -> query parameter `f`/a: \"\" is not of type \"integer\"",
    );
    // The parameter that reads the name exists in both.
    breaks(
        rule,
        &get(&format!(
            "{}, {}",
            a("{type: string}"),
            f("", "b: {type: string}")
        )),
        &get(&format!(
            "{}, {}",
            a("{type: string}"),
            f("", "b: {type: string}, a: {type: string, maxLength: 3}")
        )),
        "curl '/x?a=aaaa' -> query parameter `f`/a: \"aaaa\" is longer than 3 characters",
    );
    let deep = ", style: deepObject";
    breaks(
        rule,
        &get("{name: 'f[a]', in: query, schema: {type: integer}}"),
        &get(&f(deep, "a: {type: integer, minimum: 0}")),
        "curl '/x?f%5Ba%5D=-1' -> query parameter `f`/a: -1 is less than the minimum of 0",
    );
    breaks(
        rule,
        &get(&f(deep, "a: {type: string}")),
        &get("{name: 'f[a]', in: query, schema: {type: integer}}"),
        "curl '/x?f%5Ba%5D=' -> query parameter `f[a]`: \"\" is not of type \"integer\"",
    );
    // Nothing that was sent is refused.
    check(
        rule,
        &get(&f("", "a: {type: integer}")),
        &get(&a("{type: string}")),
        ChangeLevel::Info,
        "Proved",
    );
    check(
        rule,
        &get(&a("{type: integer}")),
        &get(&f("", "a: {type: string}")),
        ChangeLevel::Warning,
        "the newer contract accepts the example GET /x?a=1",
    );
    // Another property is required as well.
    breaks(
        rule,
        &get(&a("{type: integer}")),
        &get(
            "{name: f, in: query, schema: {type: object, required: [b], properties: {a: {type: string}, b: {type: string}}}}",
        ),
        "curl '/x?a=1' -> query parameter `f`: \"b\" is a required property",
    );
}

#[test]
fn empty_values() {
    let empty = |schema: &str| {
        let old = format!("{{name: page, in: query, allowEmptyValue: true, schema: {schema}}}");
        let new = format!("{{name: page, in: query, schema: {schema}}}");
        [get(&old), get(&new)]
    };
    let [old, new] = empty("{type: integer}");
    breaks(
        "parameter.empty.refused",
        &old,
        &new,
        "curl '/x?page=' -> query parameter `page`: \"\" is not of type \"integer\"",
    );
    let [old, new] = empty("{type: string}");
    check(
        "parameter.empty.refused",
        &old,
        &new,
        ChangeLevel::Info,
        "the newer contract accepts the example GET /x?page=",
    );
}

#[test]
fn styles() {
    let query = |schema: &str, style: &str| {
        get(&format!(
            "{{name: a, in: query, {style}, schema: {schema}}}"
        ))
    };
    let integers = "{type: array, items: {type: integer}}";
    let texts = "{type: array, items: {type: string}}";
    let object = "{type: object, properties: {b: {type: integer}}}";
    let comma = "style: form, explode: false";
    let pipes = "style: pipeDelimited, explode: false";
    breaks(
        "parameter.style.changed",
        &query(integers, comma),
        &query(integers, pipes),
        "curl '/x?a=1,1' -> query parameter `a`/0: \"1,1\" is not of type \"integer\"",
    );
    breaks(
        "parameter.style.changed",
        &query(texts, comma),
        &query(texts, pipes),
        "the newer contract reads another value from the example GET /x?a=text,text, or none",
    );
    breaks(
        "parameter.explode.changed",
        &query(integers, "style: form"),
        &query(integers, comma),
        "curl '/x?a=1&a=1' -> the query parameter `a` takes one value but occurs more than once",
    );
    breaks(
        "parameter.explode.changed",
        &query(object, comma),
        &query(object, "style: form"),
        "the newer contract reads another value from the example GET /x?a=a,1, or none",
    );
    breaks(
        "parameter.style.changed",
        &query(object, "style: deepObject"),
        &query("{type: string}", comma),
        "the newer contract reads another value from the example GET /x?a%5Ba%5D=1, or none",
    );
    let content = get(
        "{name: a, in: query, content: {application/json: {schema: {type: array, items: {type: integer}}}}}",
    );
    breaks(
        "parameter.content.changed",
        &query(integers, comma),
        &content,
        "curl '/x?a=1,1' -> not JSON: something follows the JSON value: `,` at line 1, column 2",
    );
}

/// A change of style is judged by what the receiver does with the texts of the sender.
#[test]
fn styles_of_single_values() {
    use ChangeLevel::Info;
    let label = |style: &str, schema: &str| {
        format!(
            "paths: {{'/x/{{p}}': {{get: {{parameters: [{{name: p, in: path, required: true, style: {style}, schema: {schema}}}], responses: {{}}}}}}}}"
        )
    };
    let text = "{type: string}";
    let style = "parameter.style.changed";
    // The receiver accepts every text.
    check(
        style,
        &label("label", text),
        &label("simple", text),
        Info,
        "Proved",
    );
    let query = |more: &str| get(&format!("{{name: a, in: query, {more}}}"));
    let list = "schema: {type: array, items: {type: string}}, explode: false";
    let explode = "parameter.explode.changed";
    check(
        explode,
        &query("schema: {type: string}"),
        &query(list),
        Info,
        "Proved",
    );
    let one = "schema: {type: array, items: {type: string}, maxItems: 1}, explode: false";
    breaks(
        explode,
        &query("schema: {type: string}"),
        &query(one),
        "curl '/x?a=a,b' -> query parameter `a`: [\"a\",\"b\"] has more than 1 item",
    );
    // No other finding is about the schemas of such a parameter.
    let found = findings(&query("schema: {type: string}"), &query(list));
    let is_info = found.iter().all(|finding| finding.level == Info);
    assert!(is_info, "{found:#?}");
    // All texts were tried.
    check(
        style,
        &label("matrix", "{type: string, enum: [x]}"),
        &label("simple", "{type: string, enum: [;p=x]}"),
        Info,
        "Proved",
    );
    breaks(
        style,
        &label("matrix", "{type: string, enum: [x, z]}"),
        &label("simple", "{type: string, enum: [;p=x]}"),
        "curl '/x/;p=z' -> path parameter `p`: \";p=z\" is not one of \";p=x\"",
    );
}

/// The same where JSON is one of the forms, and where no refused text is found.
#[test]
fn styles_of_numbers() {
    use ChangeLevel::{Info, Unknown};
    let label = |style: &str, schema: &str| {
        format!(
            "paths: {{'/x/{{p}}': {{get: {{parameters: [{{name: p, in: path, required: true, style: {style}, schema: {schema}}}], responses: {{}}}}}}}}"
        )
    };
    let query = |more: &str| get(&format!("{{name: a, in: query, {more}}}"));
    let style = "parameter.style.changed";
    // A text is refused.
    breaks(
        style,
        &label("label", "{type: integer}"),
        &label("simple", "{type: integer}"),
        "curl '/x/.1' -> path parameter `p`: \".1\" is not of type \"integer\"",
    );
    let json = |schema: &str| {
        query(&format!(
            "content: {{application/json: {{schema: {schema}}}}}"
        ))
    };
    let form = |schema: &str| query(&format!("schema: {schema}"));
    let content = "parameter.content.changed";
    // JSON writes numbers and booleans in the same way.
    for (old, new) in [
        (form("{type: integer}"), json("{type: integer}")),
        (json("{type: integer}"), form("{type: integer}")),
        (json("{type: boolean}"), form("{type: boolean}")),
    ] {
        check(content, &old, &new, Info, "Proved");
    }
    // Their schemas are compared as usual.
    breaks(
        "schema.maximum.set",
        &json("{type: integer}"),
        &form("{type: integer, maximum: 5}"),
        "curl '/x?a=6' -> query parameter `a`: 6 is greater than the maximum of 5",
    );
    breaks(
        content,
        &json("{type: boolean}"),
        &form("{type: string, pattern: '^(true|false)$'}"),
        "curl '/x?a=%20true' -> query parameter `a`: \" true\" does not match \"^(true|false)$\"",
    );
    check(
        style,
        &label("label", "{type: integer, minimum: 0, maximum: 99}"),
        &label("simple", "{type: string, pattern: '^[.][0-9.e+]+$'}"),
        Unknown,
        "Unknown(\"the newer contract accepts the example GET /x/.1, and no value was found that it refuses\")",
    );
}

#[test]
fn request_bodies() {
    let json = "requestBody: {content: {application/json: {schema: {type: integer}}}},";
    let required =
        "requestBody: {required: true, content: {application/json: {schema: {type: integer}}}},";
    breaks(
        "body.added.required",
        &post(""),
        &post(required),
        "curl -X POST '/x' -> the request has no body",
    );
    breaks(
        "body.required",
        &post(json),
        &post(required),
        "curl -X POST '/x' -> the request has no body",
    );
    breaks(
        "body.removed",
        &post(json),
        &post(""),
        "curl -X POST '/x' -H 'content-type: application/json' --data-raw '1' -> the operation declares no body",
    );
    let two = "requestBody: {content: {application/json: {schema: {type: integer}}, application/xml: {schema: {type: integer}}}},";
    breaks(
        "media-type.removed",
        &post(two),
        &post(json),
        "curl -X POST '/x' -H 'content-type: application/xml' --data-raw '<example/>' -> the media type `application/xml` is not declared",
    );
    let range = "requestBody: {content: {application/*: {}}},";
    breaks(
        "media-type.specialized",
        &post(range),
        &post(json),
        "curl -X POST '/x' -H 'content-type: application/x-example' --data-raw 'example' -> the media type `application/x-example` is not declared",
    );
    let open = "requestBody: {content: {application/json: {}}},";
    breaks(
        "media-type.schema.added",
        &post(open),
        &post(json),
        "curl -X POST '/x' -H 'content-type: application/json' --data-raw 'null' -> null is not of type \"integer\"",
    );
}

#[test]
fn operations_and_addresses() {
    let both = "paths: {/x: {get: {responses: {}}, put: {responses: {}}}}";
    let one = "paths: {/x: {get: {responses: {}}}}";
    breaks(
        "operation.removed",
        both,
        one,
        "curl -X PUT '/x' -> the path has no operation for PUT",
    );
    breaks(
        "operation.removed",
        one,
        "paths: {/y: {get: {responses: {}}}}",
        "curl '/x' -> no path of the contract matches",
    );
    let literal = "paths: {/x/me: {get: {responses: {}}}, '/x/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {}}}}";
    let template = "paths: {'/x/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {}}}}";
    check(
        "operation.served-by-another",
        literal,
        template,
        ChangeLevel::Warning,
        "Rule",
    );
    let servers = |base: &str| format!("servers: [{{url: {base}}}]\n{one}");
    breaks(
        "server.base-path.removed",
        &servers("/v1"),
        &servers("/v2"),
        "curl '/v1/x' -> no path of the contract matches; did you mean `/v2/x`?",
    );
}

#[test]
fn credentials() {
    let secured = |security: &str| {
        format!(
            "paths: {{/x: {{get: {{security: [{security}], responses: {{}}}}}}}}\n\
             components: {{securitySchemes: {{k: {{type: apiKey, in: header, name: x-key}}, \
             q: {{type: apiKey, in: query, name: key}}, o: {{type: oauth2, flows: \
             {{clientCredentials: {{tokenUrl: https://t/1, scopes: {{r: r, w: w}}}}}}}}}}}}"
        )
    };
    breaks(
        "security.required",
        &secured(""),
        &secured("{k: []}"),
        "curl '/x' -> credentials are missing",
    );
    breaks(
        "security.alternative.removed",
        &secured("{k: []}, {q: []}"),
        &secured("{k: []}"),
        "curl '/x?key=key' -> credentials are missing",
    );
    breaks(
        "security.alternative.removed",
        &secured("{q: []}, {k: [], o: [r]}"),
        &secured("{q: []}"),
        "curl '/x' -H 'x-key: key' -H 'authorization: Bearer token' -> credentials are missing",
    );
    breaks(
        "security.scope.added",
        &secured("{o: [r]}"),
        &secured("{o: [r, w]}"),
        "the credentials look the same in both contracts, and tokens are not read",
    );
    // Names of header fields are case-insensitive.
    let key = |name: &str| {
        format!(
            "paths: {{/x: {{get: {{security: [{{k: []}}], responses: {{}}}}}}}}\n\
             components: {{securitySchemes: {{k: {{type: apiKey, in: header, name: {name}}}}}}}"
        )
    };
    let found = findings(&key("X-Key"), &key("x-key"));
    assert!(
        found
            .iter()
            .all(|finding| finding.rule.area != ChangeArea::Security),
        "{found:#?}"
    );
}

#[test]
fn credentials_of_other_schemes() {
    let header = "components: {securitySchemes: {k: {type: apiKey, in: header, name: X-K}, b: {type: http, scheme: bearer}}}";
    let of = |security: &str| {
        format!("paths: {{/x: {{get: {{security: [{security}], responses: {{}}}}}}}}\n{header}")
    };
    breaks(
        "security.alternative.removed",
        &of("{k: []}"),
        &of("{b: []}"),
        "curl '/x' -H 'X-K: key' -> credentials are missing",
    );
    let typed = |scheme: &str| {
        format!(
            "paths: {{/x: {{get: {{security: [{{k: []}}], responses: {{}}}}}}}}\n\
             components: {{securitySchemes: {{k: {{{scheme}}}}}}}"
        )
    };
    let tokens = "type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {}}}";
    breaks(
        "security.alternative.removed",
        &typed("type: mutualTLS"),
        &typed(tokens),
        "curl '/x' -> credentials are missing",
    );
    breaks(
        "security.alternative.removed",
        &typed(tokens),
        &typed("type: mutualTLS"),
        CERTIFICATE,
    );
}

#[test]
fn client_certificates() {
    let of = |security: &str| {
        format!(
            "paths: {{/x: {{get: {{security: [{security}], responses: {{}}}}}}}}\n\
             components: {{securitySchemes: {{k: {{type: apiKey, in: header, name: x-key}}, \
             m: {{type: mutualTLS}}}}}}"
        )
    };
    let rule = "security.alternative.removed";
    breaks(rule, &of("{k: []}"), &of("{k: [], m: []}"), CERTIFICATE);
    breaks(rule, &of("{k: []}"), &of("{m: []}"), CERTIFICATE);
    breaks(
        rule,
        &of("{k: []}, {m: []}"),
        &of("{k: []}"),
        "curl '/x' -> credentials are missing",
    );
    check(
        "security.alternative.added",
        &of("{k: []}"),
        &of("{k: []}, {m: []}"),
        ChangeLevel::Info,
        "Rule",
    );
}

#[test]
fn a_new_method_has_an_example_of_its_own() {
    // The example is a request of the method that changed.
    let get = "get: {responses: {}}";
    let head = "head: {parameters: [{name: z, in: query, required: true, schema: {type: integer}}], responses: {}}";
    breaks(
        "parameter.added.required",
        &format!("paths: {{/x: {{{get}}}}}"),
        &format!("paths: {{/x: {{{get}, {head}}}}}"),
        "curl --head '/x' -> the query parameter `z` is required but missing",
    );
}

#[test]
fn responses() {
    let ok = "'200': {description: d}";
    check(
        "status.added.success",
        &answers(ok),
        &answers("'200': {description: d}, '201': {description: d}"),
        ChangeLevel::Warning,
        "Rule",
    );
    breaks(
        "status.removed.success",
        &answers("'200': {description: d}, '201': {description: d}"),
        &answers(ok),
        "status 201 -> the status 201 is not declared",
    );
    let header = |header: &str| answers(&format!("2XX: {{description: d, headers: {{{header}}}}}"));
    let required = "X-A: {required: true, schema: {type: integer}}";
    breaks(
        "header.removed.required",
        &header(required),
        &header(""),
        "status 200 -> the header parameter `X-A` is required but missing",
    );
    breaks(
        "header.optional",
        &header(required),
        &header("X-A: {schema: {type: integer}}"),
        "status 200 -> the header parameter `X-A` is required but missing",
    );
    let content = |content: &str| {
        answers(&format!(
            "'200': {{description: d, content: {{{content}}}}}"
        ))
    };
    let json = "application/json: {schema: {type: integer}}";
    breaks(
        "media-type.removed",
        &content(&format!(
            "{json}, text/plain: {{schema: {{type: integer}}}}"
        )),
        &content(json),
        "status 200, content-type: text/plain 1 -> the media type is not declared",
    );
    let explode = |explode: bool| {
        header(&format!(
            "X-A: {{explode: {explode}, schema: {{type: object, properties: {{b: {{type: integer}}}}}}}}"
        ))
    };
    breaks(
        "parameter.explode.changed",
        &explode(false),
        &explode(true),
        "status 200, x-a: a=1 -> the header parameter `X-A` must alternate names and values, an even number in total",
    );
    // 204 has no body, whatever the contract declares.
    let empty = |content: &str| {
        answers(&format!(
            "'204': {{description: d, content: {{{content}}}}}"
        ))
    };
    check(
        "media-type.removed",
        &empty(&format!("{json}, text/plain: {{}}")),
        &empty(json),
        ChangeLevel::Info,
        "a response with status 204 has no body",
    );
}

#[test]
fn credentials_that_the_service_sends() {
    let schemes = "components: {securitySchemes: {k: {type: apiKey, in: header, name: x-key}, b: {type: http, scheme: bearer}}}";
    let webhook = |security: &str| {
        let post = format!("post: {{security: [{security}], responses: {{}}}}");
        format!("webhooks: {{w: {{{post}}}}}\n{schemes}")
    };
    let callback = |security: &str| {
        let post = format!("post: {{security: [{security}], responses: {{}}}}");
        format!(
            "paths: {{/x: {{post: {{callbacks: {{c: {{'{{$request.query.u}}': {{{post}}}}}}}, responses: {{}}}}}}}}\n{schemes}"
        )
    };
    // Consumers refuse requests without the credentials.
    let missing = "curl -X POST '/' -> credentials are missing";
    breaks(
        "security.dropped",
        &webhook("{k: []}"),
        &webhook(""),
        missing,
    );
    breaks(
        "security.dropped",
        &callback("{k: []}"),
        &callback(""),
        missing,
    );
    breaks(
        "security.alternative.added",
        &webhook("{k: []}"),
        &webhook("{b: []}"),
        "curl -X POST '/' -H 'authorization: Bearer token' -> credentials are missing",
    );
    let harmless = |rule, old: &str, new: &str| {
        check(
            rule,
            &webhook(old),
            &webhook(new),
            ChangeLevel::Info,
            "Rule",
        );
    };
    harmless("security.required", "", "{k: []}");
    harmless(
        "security.alternative.removed",
        "{k: []}, {b: []}",
        "{b: []}",
    );
    harmless(
        "security.alternative.extended",
        "{k: []}",
        "{k: []}, {k: [], b: []}",
    );
    // The requirements of the whole contract are about requests to the service.
    let whole = |security: &str| {
        format!("security: [{security}]\nwebhooks: {{w: {{post: {{responses: {{}}}}}}}}\n{schemes}")
    };
    let found = findings(&whole("{k: []}"), &whole(""));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn response_bodies_that_are_no_longer_described() {
    let content = |content: &str| {
        answers(&format!(
            "'200': {{description: d, content: {{{content}}}}}"
        ))
    };
    let object = "application/json: {schema: {type: object, properties: {b: {type: string}}}}";
    breaks(
        "media-type.schema.removed",
        &content(object),
        &content("application/json: {}"),
        "status 200, content-type: application/json null -> value is not of type \"object\"",
    );
    breaks(
        "media-type.removed",
        &content(object),
        &content(""),
        "status 200, content-type: application/json null -> value is not of type \"object\"",
    );
    let narrow = "application/json: {schema: {not: {const: {b: [1]}}}}";
    breaks(
        "media-type.schema.removed",
        &content(narrow),
        &content("application/json: {}"),
        "status 200, content-type: application/json {\"b\":[1]} -> value matches the schema under `not`",
    );
}

#[test]
fn what_the_service_calls() {
    let webhook = |parameters: &str, body: &str, responses: &str| {
        format!(
            "webhooks: {{w: {{post: {{parameters: [{parameters}], {body} responses: {{{responses}}}}}}}}}"
        )
    };
    let required = "{name: a, in: header, required: true, schema: {type: integer}}";
    let optional = "{name: a, in: header, schema: {type: integer}}";
    breaks(
        "parameter.optional",
        &webhook(required, "", ""),
        &webhook(optional, "", ""),
        "curl -X POST '/' -> the header parameter `a` is required but missing",
    );
    breaks(
        "parameter.removed",
        &webhook(required, "", ""),
        &webhook("", "", ""),
        "curl -X POST '/' -> the header parameter `a` is required but missing",
    );
    let body =
        "requestBody: {required: true, content: {application/json: {schema: {type: integer}}}},";
    breaks(
        "body.removed",
        &webhook("", body, ""),
        &webhook("", "", ""),
        "curl -X POST '/' -> the request has no body",
    );
    let ok = "'200': {description: d}";
    let two = "'200': {description: d}, '202': {description: d}";
    breaks(
        "status.removed.success",
        &webhook("", "", two),
        &webhook("", "", ok),
        "status 202 -> the status 202 is not declared",
    );
    let header =
        "'200': {description: d, headers: {X-A: {required: true, schema: {type: integer}}}}";
    let maybe = "'200': {description: d, headers: {X-A: {schema: {type: integer}}}}";
    breaks(
        "header.required",
        &webhook("", "", maybe),
        &webhook("", "", header),
        "status 200 -> the header parameter `X-A` is required but missing",
    );
    // Consumers do not choose the media type.
    let two_types = "requestBody: {required: true, content: {application/json: {schema: {type: integer}}, text/plain: {}}},";
    check(
        "media-type.removed",
        &webhook("", two_types, ""),
        &webhook("", body, ""),
        ChangeLevel::Info,
        "Rule",
    );
    breaks(
        "webhook.removed",
        &webhook("", "", ok),
        "paths: {}",
        "the service no longer sends the request, so no message is refused",
    );
}

/// The finding about an encoding: its level, and parts of the message or the reason.
#[track_caller]
fn encoding(old: &str, new: &str, level: ChangeLevel, expected: &[&str]) {
    let found = findings(old, new);
    let mut of_rule = found
        .iter()
        .filter(|finding| finding.rule.id == "media-type.encoding.changed");
    let finding = of_rule.next().unwrap();
    let message = match &finding.certainty {
        ChangeCertainty::Witnessed => {
            let witness = finding.witness.as_ref().unwrap();
            format!("{} -> {}", shown(finding), witness.refusal)
        }
        ChangeCertainty::Unshown(reason) => reason.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(finding.level, level, "{message}");
    for part in expected {
        assert!(message.contains(part), "{part} is not in {message}");
    }
}

/// A form body with one field.
fn form(media: &str, schema: &str, encoding: &str) -> String {
    post(&format!(
        "requestBody: {{required: true, content: {{{media}: {{schema: {{type: object, properties: {{f: {schema}}}}}, encoding: {encoding}}}}}}},"
    ))
}

#[test]
fn encodings_of_url_encoded_fields() {
    let change =
        |schema: &str, before: &str, after: &str, level: ChangeLevel, expected: &[&str]| {
            let form = |encoding| form("application/x-www-form-urlencoded", schema, encoding);
            encoding(&form(before), &form(after), level, expected);
        };
    use ChangeLevel::{Breaking, Warning};
    let list = "{type: array, items: {type: string}}";
    let joined = "{f: {style: form, explode: false}}";
    change(
        list,
        "{}",
        joined,
        Breaking,
        &[
            "f=text&f=text",
            "`f` takes one value but occurs more than once",
        ],
    );
    change(
        "{type: object, properties: {a: {type: string}}}",
        "{}",
        "{f: {style: deepObject, explode: true}}",
        Breaking,
        &["f=%7B%22a%22%3A%22text%22%7D", "style deepObject"],
    );
    let text = "{type: string}";
    let json = "{f: {contentType: application/json}}";
    change(text, "{}", json, Breaking, &["f=text", "-> /f: "]);
    let accepted = ["the newer contract accepts the example POST /x"];
    change(text, "{}", "{f: {style: form}}", Warning, &accepted);
}

#[test]
fn encodings_of_parts() {
    let change =
        |schema: &str, before: &str, after: &str, level: ChangeLevel, expected: &[&str]| {
            let form = |encoding| form("multipart/form-data", schema, encoding);
            encoding(&form(before), &form(after), level, expected);
        };
    use ChangeLevel::{Breaking, Warning};
    let accepted = ["the newer contract accepts the example POST /x"];
    let file = "{type: string, format: binary}";
    let both = "{f: {contentType: 'image/png, image/jpeg'}}";
    let png = "{f: {contentType: image/png}}";
    let webp = "{f: {contentType: image/webp}}";
    let any = "{f: {contentType: 'image/*'}}";
    let refused = ["the part's media type `image/jpeg` is not declared"];
    change(file, both, png, Breaking, &refused);
    change(file, png, both, Warning, &accepted);
    change(file, any, webp, Breaking, &["`image/png` is not declared"]);
    change(file, webp, any, Warning, &accepted);
    let text = "{type: string}";
    let json = "{f: {contentType: application/json}}";
    change(
        text,
        "{}",
        json,
        Breaking,
        &["`text/plain` is not declared"],
    );
    let header = |required: bool| {
        format!("{{f: {{headers: {{X-A: {{required: {required}, schema: {{type: integer}}}}}}}}}}")
    };
    let missing = ["the part's header `X-A` is required but missing"];
    change(text, &header(false), &header(true), Breaking, &missing);
    change(text, &header(true), &header(false), Warning, &accepted);
}

#[test]
fn an_encoding_is_not_blamed_for_a_changed_schema() {
    let form = |value: &str, encoding: &str| {
        let schema = format!("{{type: string, enum: [{value}]}}");
        form("multipart/form-data", &schema, encoding)
    };
    encoding(
        &form("a", "{}"),
        &form("b", "{f: {contentType: text/plain}}"),
        ChangeLevel::Warning,
        &["the value of POST /x is refused in the other encoding, too"],
    );
}

#[test]
fn encodings_of_responses() {
    let answer = |encoding: &str| {
        answers(&format!(
            "'200': {{description: d, content: {{multipart/form-data: {{schema: {{type: object, properties: {{f: {{type: string}}}}}}, encoding: {encoding}}}}}}}"
        ))
    };
    let plain = answer("{f: {contentType: text/plain}}");
    let wide = answer("{f: {contentType: 'text/plain, text/csv'}}");
    let refused = ["content-type: text/csv", "media type is not declared"];
    encoding(&plain, &wide, ChangeLevel::Breaking, &refused);
    let accepted = ["the older contract accepts the example status 200"];
    encoding(&wide, &plain, ChangeLevel::Warning, &accepted);
}

#[test]
fn a_narrowed_media_type_is_shown_by_itself() {
    let content = |media: &str| {
        post(&format!(
            "requestBody: {{required: true, content: {{{media}: {{schema: {{type: object}}}}}}}},"
        ))
    };
    breaks(
        "media-type.specialized",
        &content("application/json"),
        &content("'application/json; v=1'"),
        "curl -X POST '/x' -H 'content-type: application/json' --data-raw '{}' -> the media type `application/json` is not declared",
    );
}

#[test]
fn a_text_with_delimiters_shows_another_style() {
    let list = |style: &str| {
        get(&format!(
            "{{name: f, in: query, schema: {{type: array, items: {{type: string}}, maxItems: 1}}{style}}}"
        ))
    };
    breaks(
        "parameter.explode.changed",
        &list(""),
        &list(", explode: false"),
        "curl '/x?f=a,b' -> query parameter `f`: [\"a\",\"b\"] has more than 1 item",
    );
    breaks(
        "parameter.style.changed",
        &list(", explode: false"),
        &list(", style: pipeDelimited, explode: false"),
        "curl '/x?f=a|b' -> query parameter `f`: [\"a\",\"b\"] has more than 1 item",
    );
}

/// Values of header fields of parts are searched for, as those of parameters.
#[test]
fn headers_of_parts() {
    let of = |header: &str| {
        let headers = format!("{{f: {{headers: {{X-A: {{{header}}}}}}}}}");
        form("multipart/form-data", "{type: string}", &headers)
    };
    let narrow = "schema: {type: integer, maximum: 2}";
    let breaks = |old: &str, new: &str, text: &str| {
        let refused = "the part's header `X-A` does not match its schema";
        encoding(&of(old), &of(new), ChangeLevel::Breaking, &[text, refused]);
    };
    breaks("schema: {type: integer}", narrow, "X-A: 3\\r\\n");
    breaks("schema: {type: string}", "schema: {type: integer}", "X-A: ");
    let required = |schema: &str| format!("required: true, {schema}");
    breaks(
        &required("schema: {type: integer}"),
        &required(narrow),
        "X-A: 3\\r\\n",
    );
    let accepted = ["the newer contract accepts the example POST /x"];
    let (narrow, wide) = (of(narrow), of("schema: {type: integer}"));
    encoding(&narrow, &wide, ChangeLevel::Warning, &accepted);
}

#[test]
fn headers_of_parts_in_responses() {
    let answer = |schema: &str| {
        answers(&format!(
            "'200': {{description: d, content: {{multipart/form-data: {{schema: {{type: object, properties: {{f: {{type: string}}}}}}, encoding: {{f: {{headers: {{X-A: {{schema: {schema}}}}}}}}}}}}}}}"
        ))
    };
    let refused = ["the part's header `X-A` does not match its schema"];
    let (integer, text) = (answer("{type: integer}"), answer("{type: string}"));
    encoding(&integer, &text, ChangeLevel::Breaking, &refused);
}

/// An encoding that only says what is so without it does not change anything.
#[test]
fn encodings_without_effect() {
    let object = "{type: object, properties: {a: {type: integer}}}";
    for (media, schema, before, after) in [
        (
            "application/x-www-form-urlencoded",
            object,
            "{}",
            "{f: {contentType: application/json}}",
        ),
        (
            "multipart/form-data",
            object,
            "{}",
            "{f: {contentType: application/json}}",
        ),
        (
            "multipart/form-data",
            "{type: string}",
            "{}",
            "{zz: {contentType: text/css}}",
        ),
        ("multipart/form-data", "{type: string}", "{}", "{f: {}}"),
    ] {
        let found = findings(&form(media, schema, before), &form(media, schema, after));
        assert!(found.is_empty(), "{after}: {found:#?}");
    }
}

#[test]
fn alternatives_with_other_scopes() {
    let of = |security: &str| {
        format!(
            "paths: {{/x: {{get: {{security: [{security}], responses: {{}}}}}}}}\n\
             components: {{securitySchemes: {{o: {{type: oauth2, flows: {{clientCredentials: \
             {{tokenUrl: https://t/1, scopes: {{r: r, w: w}}}}}}}}}}}}"
        )
    };
    check(
        "security.alternative.added",
        &of("{o: [r]}"),
        &of("{o: [r]}, {o: [w]}"),
        ChangeLevel::Info,
        "Rule",
    );
    let found = findings(&of("{o: [r]}"), &of("{o: [r, w]}"));
    let rules: Vec<&str> = found.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(rules, ["security.scope.added"]);
}

#[test]
fn the_default_server() {
    let one = "paths: {/x: {get: {responses: {}}}}";
    let root = format!("servers: [{{url: /}}]\n{one}");
    assert!(findings(one, &root).is_empty());
    assert!(findings(&root, one).is_empty());
    let host = format!("servers: [{{url: https://a.example}}]\n{one}");
    let messages: Vec<String> = findings(&host, &root)
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    assert_eq!(
        messages,
        ["server removed: https://a.example", "server added: /"]
    );
}

/// What callbacks and webhooks are called and how long they live.
#[test]
fn channels_that_are_renamed_or_retired() {
    let callbacks = |key: &str| {
        format!(
            "paths: {{/x: {{post: {{callbacks: {{{key}: {{'{{$request.query.u}}': {{post: {{requestBody: {{content: {{application/json: {{schema: {{type: integer}}}}}}}}, responses: {{}}}}}}}}}}, responses: {{}}}}}}}}"
        )
    };
    assert!(findings(&callbacks("c"), &callbacks("d")).is_empty());
    let webhook = |lifecycle: &str| {
        format!("webhooks: {{w: {{post: {{{lifecycle}responses: {{}}}}}}}}\npaths: {{}}")
    };
    for (lifecycle, rule, level) in [
        ("", "webhook.removed", ChangeLevel::Breaking),
        (
            "x-stability-level: alpha, ",
            "operation.retired",
            ChangeLevel::Info,
        ),
        (
            "deprecated: true, x-sunset: '2025-12-01', ",
            "operation.retired",
            ChangeLevel::Info,
        ),
        (
            "deprecated: true, x-sunset: '2026-12-01', ",
            "webhook.removed",
            ChangeLevel::Breaking,
        ),
    ] {
        let found = findings(&webhook(lifecycle), "paths: {}");
        let found: Vec<_> = found
            .iter()
            .map(|finding| (finding.rule.id, finding.level))
            .collect();
        assert_eq!(found, [(rule, level)], "{lifecycle}");
    }
}

/// Nothing of a body that no response has is refused.
#[test]
fn bodies_that_no_response_has() {
    for (method, status) in [
        ("get", "204"),
        ("get", "205"),
        ("get", "304"),
        ("get", "206"),
        ("head", "200"),
    ] {
        let of = |kind: &str| {
            format!(
                "paths: {{/x: {{{method}: {{responses: {{'{status}': {{description: d, content: {{application/json: {{schema: {{type: {kind}}}}}}}}}}}}}}}}}"
            )
        };
        let found = findings(&of("integer"), &of("string"));
        let levels: Vec<ChangeLevel> = found.iter().map(|finding| finding.level).collect();
        assert_eq!(levels, [ChangeLevel::Info], "{method} {status}: {found:#?}");
    }
    // A response that is declared for a status with a body is compared.
    let of = |kind: &str| {
        answers(&format!(
            "default: {{description: d, content: {{application/json: {{schema: {{type: {kind}}}}}}}}}"
        ))
    };
    let found = findings(&of("integer"), &of("string"));
    assert_eq!(found[0].level, ChangeLevel::Breaking, "{found:#?}");
}
