//! Which messages show the breaks of values: each kind of parameter and body, in requests and in
//! responses, and where the service is the caller.

use portcullis_contract::{CompileOptions, CompiledContract, compile, parse_single_file};
use portcullis_vocabulary::limits::Limits;

use crate::{ChangeLevel, CompareOptions, CompatFinding, Date, compare};

pub(crate) fn contract(text: &str) -> CompiledContract {
    let (dialect, text) = match text.strip_prefix("3.0.3\n") {
        Some(text) => ("3.0.3", text),
        None => ("3.1.0", text),
    };
    let text = format!("openapi: {dialect}\ninfo: {{title: t, version: '1'}}\n{text}\n");
    let documents = parse_single_file("t.yaml", text.clone().into(), &Limits::default()).unwrap();
    let options = CompileOptions {
        outbound_operations: true,
        ..CompileOptions::default()
    };
    compile(documents, &options).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

pub(crate) fn findings(old: &str, new: &str) -> Vec<CompatFinding> {
    let options = CompareOptions::for_day(Date::parse("2026-01-01").unwrap());
    let report = compare(&contract(old), &contract(new), &options);
    let all = report.findings.into_iter();
    all.filter(|finding| !finding.rule.id.starts_with("version."))
        .collect()
}

/// What a finding shows: the `curl` command, or the response in one line.
pub(crate) fn shown(finding: &CompatFinding) -> String {
    let Some(witness) = &finding.witness else {
        return format!("{} {:?}", finding.level.as_str(), finding.certainty);
    };
    match (witness.curl(), &witness.response) {
        (Some(curl), _) => curl.replace("-g \"$BASE\"", ""),
        (None, Some(response)) => {
            let body = response.body.as_deref().unwrap_or_default();
            format!("{} {body}", response.line()).trim_end().to_owned()
        }
        (None, None) => {
            let reason = witness.no_message.as_deref().unwrap_or_default();
            format!("only {}: {reason}", witness.value)
        }
    }
}

/// The breaks of two contracts, each as the message that shows it.
#[track_caller]
fn check_breaks(old: &str, new: &str, expected: &[&str]) {
    let found = findings(old, new);
    let breaking = found
        .iter()
        .filter(|finding| finding.level == ChangeLevel::Breaking);
    let mut messages: Vec<String> = breaking.map(shown).collect();
    messages.dedup();
    assert_eq!(messages, expected, "{old}\n{new}\n{found:#?}");
}

/// An operation with one parameter.
fn parameter(path: &str, parameter: &str) -> String {
    format!("paths: {{'{path}': {{get: {{parameters: [{{{parameter}}}], responses: {{}}}}}}}}")
}

#[track_caller]
fn check_parameter(path: &str, common: &str, [old, new]: [&str; 2], expected: &[&str]) {
    let of = |schema: &str| parameter(path, &format!("{common}, schema: {schema}"));
    check_breaks(&of(old), &of(new), expected);
}

const INTEGER: &str = "{type: integer}";
const INTEGERS: &str = "{type: array, items: {type: integer}}";
const TEXT: &str = "{type: string}";
const TEXTS: &str = "{type: array, items: {type: string}}";
const OBJECT: &str = "{type: object, properties: {a: {type: string}}}";
const INTEGER_OBJECT: &str = "{type: object, properties: {a: {type: integer}}}";

#[test]
fn path_parameters_have_text_that_can_stand_in_a_segment() {
    let in_path = "name: id, in: path, required: true";
    let check = |schemas, expected: &[&str]| check_parameter("/x/{id}", in_path, schemas, expected);
    check([TEXT, INTEGER], &["curl '/x/a'"]);
    check([TEXT, "{type: string, minLength: 1}"], &[]);
    check([INTEGERS, INTEGER], &["curl '/x/0,0'"]);
    check([INTEGER, INTEGERS], &[]);
    check([TEXTS, INTEGERS], &["curl '/x/,'"]);
    check([OBJECT, INTEGER_OBJECT], &["curl '/x/a,'"]);
    check([INTEGER, "{type: integer, minimum: 1}"], &["curl '/x/0'"]);
}

#[test]
fn path_styles_have_their_own_text() {
    let label = "name: id, in: path, required: true, style: label";
    check_parameter("/x/{id}", label, [TEXT, INTEGER], &["curl '/x/.a'"]);
    check_parameter("/x/{id}", label, [INTEGERS, INTEGER], &["curl '/x/.0,0'"]);
    let fraction = "{type: number, maximum: 0}";
    check_parameter(
        "/x/{id}",
        "name: id, in: path, required: true, style: label, explode: true",
        ["{type: array, items: {type: number}}", INTEGERS],
        &["curl '/x/.0%2E5'"],
    );
    let matrix = "name: id, in: path, required: true, style: matrix";
    check_parameter("/x/{id}", matrix, [INTEGER, fraction], &["curl '/x/;id=1'"]);
    let matrix = "name: id, in: path, required: true, style: matrix, explode: true";
    check_parameter(
        "/x/{id}",
        matrix,
        [INTEGERS, INTEGER],
        &["curl '/x/;id=0;id=0'"],
    );
    check_parameter(
        "/x/{id}",
        matrix,
        [OBJECT, INTEGER_OBJECT],
        &["curl '/x/;a='"],
    );
}

#[test]
fn no_text_is_null() {
    for place in ["in: query", "in: header", "in: cookie"] {
        let place = format!("name: page, {place}");
        let check = |schemas| check_parameter("/x", &place, schemas, &[]);
        check(["{type: [integer, 'null']}", INTEGER]);
        check(["{type: [string, 'null']}", TEXT]);
        check(["{type: array, items: {type: [integer, 'null']}}", INTEGERS]);
    }
    let of_3_0 = |schema: &str| {
        let parameter = parameter("/x", &format!("name: page, in: query, schema: {schema}"));
        format!("3.0.3\n{parameter}")
    };
    check_breaks(
        &of_3_0("{type: integer, nullable: true}"),
        &of_3_0(INTEGER),
        &[],
    );
    let content = |schema: &str| {
        let content = format!("content: {{application/json: {{schema: {schema}}}}}");
        parameter("/x", &format!("name: page, in: query, {content}"))
    };
    // JSON text has a null.
    check_breaks(
        &content("{type: [integer, 'null']}"),
        &content(INTEGER),
        &["curl '/x?page=null'"],
    );
}

#[test]
fn arrays_that_became_single_values_show_two_items() {
    let check = |common: &str, schemas, expected: &[&str]| {
        check_parameter("/x", common, schemas, expected);
    };
    let query = "name: tag, in: query";
    check(query, [INTEGERS, INTEGER], &["curl '/x?tag=0&tag=0'"]);
    check(query, [INTEGERS, TEXT], &["curl '/x?tag=0&tag=0'"]);
    check(query, [INTEGER, INTEGERS], &[]);
    check(query, [TEXT, INTEGERS], &["curl '/x?tag='"]);
    let comma = "name: tag, in: query, explode: false";
    check(comma, [INTEGERS, INTEGER], &["curl '/x?tag=0,0'"]);
    check(comma, [INTEGERS, TEXT], &[]);
    let spaces = "name: tag, in: query, style: spaceDelimited, explode: false";
    check(spaces, [TEXTS, INTEGERS], &["curl '/x?tag='"]);
    let pipes = "name: tag, in: query, style: pipeDelimited, explode: false";
    check(
        pipes,
        [
            INTEGERS,
            "{type: array, items: {type: integer}, maxItems: 1}",
        ],
        &["curl '/x?tag=0%7C0'"],
    );
    let cookie = "name: tag, in: cookie";
    check(
        cookie,
        [INTEGERS, INTEGER],
        &["curl '/x' -H 'cookie: tag=0,0'"],
    );
    let header = "name: x-tag, in: header";
    check(header, [INTEGERS, INTEGER], &["curl '/x' -H 'x-tag: 0,0'"]);
    check(
        header,
        [OBJECT, INTEGER_OBJECT],
        &["curl '/x' -H 'x-tag: a,'"],
    );
}

#[test]
fn objects_are_written_by_their_style() {
    let check = |common: &str, schemas, expected: &[&str]| {
        check_parameter("/x", common, schemas, expected);
    };
    let deep = "name: f, in: query, style: deepObject";
    check(deep, [OBJECT, INTEGER_OBJECT], &["curl '/x?f%5Ba%5D='"]);
    let form = "name: f, in: query";
    check(form, [OBJECT, INTEGER_OBJECT], &["curl '/x?a='"]);
    let flat = "name: f, in: query, explode: false";
    check(flat, [OBJECT, INTEGER_OBJECT], &["curl '/x?f=a,'"]);
    check(flat, [INTEGER_OBJECT, INTEGER], &["curl '/x?f=a,0'"]);
    let header = "name: x-f, in: header, explode: true";
    check(
        header,
        [OBJECT, INTEGER_OBJECT],
        &["curl '/x' -H 'x-f: a='"],
    );
    let cookie = "name: f, in: cookie";
    check(
        cookie,
        [OBJECT, INTEGER_OBJECT],
        &["curl '/x' -H 'cookie: a='"],
    );
}

/// A request body or a response body.
fn body(media: &str, content: &str, is_request: bool) -> String {
    let content = format!("content: {{{media}: {{{content}}}}}");
    if is_request {
        format!("paths: {{/x: {{post: {{requestBody: {{{content}}}, responses: {{}}}}}}}}")
    } else {
        format!("paths: {{/x: {{get: {{responses: {{'201': {{description: d, {content}}}}}}}}}}}")
    }
}

#[test]
fn bodies_are_written_by_their_media_type() {
    let check = |media: &str, [old, new]: [&str; 2], request: &[&str]| {
        check_breaks(&body(media, old, true), &body(media, new, true), request);
    };
    let list = "schema: {type: object, properties: {a: {type: array, items: {type: integer}}}}";
    let one = "schema: {type: object, properties: {a: {type: integer}}}";
    let inner =
        "schema: {type: object, properties: {a: {type: object, properties: {b: {type: string}}}}}";
    let inner_integer =
        "schema: {type: object, properties: {a: {type: object, properties: {b: {type: integer}}}}}";
    let form = "application/x-www-form-urlencoded";
    let header = "-H 'content-type: application/x-www-form-urlencoded' --data-raw";
    check(
        form,
        [list, one],
        &[&format!("curl -X POST '/x' {header} 'a=0&a=0'")],
    );
    check(form, [one, list], &[]);
    let json = "'a=%7B%22b%22%3A%22%22%7D'";
    check(
        form,
        [inner, inner_integer],
        &[&format!("curl -X POST '/x' {header} {json}")],
    );
    // The style of a field applies to both revisions.
    let deep = "encoding: {a: {style: deepObject}}";
    check(
        form,
        [
            &format!("{inner}, {deep}"),
            &format!("{inner_integer}, {deep}"),
        ],
        &[&format!("curl -X POST '/x' {header} 'a%5Bb%5D='")],
    );
    check(
        "multipart/form-data",
        [list, one],
        &[
            "curl -X POST '/x' -H 'content-type: multipart/form-data; boundary=witness' --data-raw \
           $'--witness\\r\\ncontent-disposition: form-data; name=\"a\"\\r\\n\\r\\n0\\r\\n\
           --witness\\r\\ncontent-disposition: form-data; name=\"a\"\\r\\n\\r\\n0\\r\\n--witness--\\r\\n'",
        ],
    );
    check(
        "text/plain",
        ["schema: {type: string}", "schema: {type: integer}"],
        &["curl -X POST '/x' -H 'content-type: text/plain' --data-raw 'a'"],
    );
    check(
        "application/x-ndjson",
        [
            "schema: {type: [integer, string]}",
            "schema: {type: string}",
        ],
        &["curl -X POST '/x' -H 'content-type: application/x-ndjson' --data-raw $'0\\n'"],
    );
    // Nothing reads XML, so the value alone shows the break.
    check(
        "application/xml",
        [
            one,
            "schema: {type: object, properties: {a: {type: string}}}",
        ],
        &["only {\"a\":0}: bodies of application/xml are not read, so no message can be checked"],
    );
}

#[test]
fn responses_show_the_break_of_a_client() {
    let check = |media: &str, [old, new]: [&str; 2], expected: &[&str]| {
        check_breaks(&body(media, old, false), &body(media, new, false), expected);
    };
    check(
        "application/json",
        [
            "schema: {type: integer}",
            "schema: {type: [integer, 'null']}",
        ],
        &["status 201, content-type: application/json null"],
    );
    check(
        "text/plain",
        ["schema: {type: integer}", "schema: {type: string}"],
        &["status 201, content-type: text/plain a"],
    );
    let header = |schema: &str, others: &str| {
        format!(
            "paths: {{/x: {{get: {{responses: {{2XX: {{description: d, headers: {{X-A: {{schema: \
             {schema}}}{others}}}}}}}}}}}}}"
        )
    };
    check_breaks(
        &header(INTEGER, ""),
        &header(TEXT, ""),
        &["status 200, x-a:"],
    );
    check_breaks(
        &header(INTEGER, ""),
        &header(INTEGERS, ""),
        &["status 200, x-a: 0,0"],
    );
    check_breaks(
        &header(INTEGER, ""),
        &header("{type: [integer, 'null']}", ""),
        &[],
    );
    let required = ", x-b: {required: true, schema: {type: string, enum: [b]}}";
    check_breaks(
        &header("{type: integer, maximum: 0}", required),
        &header(INTEGER, required),
        &["status 200, x-a: 1, x-b: b"],
    );
}

#[test]
fn the_rest_of_the_message_is_valid() {
    let of = |schema: &str| {
        format!(
            "paths: {{'/x/{{id}}': {{post: {{security: [{{k: []}}], parameters: [\
             {{name: id, in: path, required: true, schema: {{type: string, format: date}}}}, \
             {{name: day, in: query, required: true, example: wrong, schema: {{type: string, enum: [mo]}}}}, \
             {{name: n, in: query, schema: {schema}}}], \
             requestBody: {{required: true, content: {{application/json: {{schema: {{type: object, \
             required: [a], properties: {{a: {{const: 1}}}}}}}}}}}}, responses: {{}}}}}}}}\n\
             components: {{securitySchemes: {{k: {{type: apiKey, in: header, name: x-key}}}}}}"
        )
    };
    let found = findings(&of("{type: integer}"), &of("{type: integer, maximum: 5}"));
    let [finding] = &found[..] else {
        panic!("{found:#?}");
    };
    let curl = shown(finding);
    let (path, rest) = curl.split_once('?').unwrap();
    assert!(path.starts_with("curl -X POST '/x/"), "{curl}");
    assert_eq!(
        rest,
        "day=mo&n=6' -H 'x-key: key' -H 'content-type: application/json' --data-raw '{\"a\":1}'"
    );
}

#[test]
fn the_service_sends_what_it_calls() {
    let webhook = |schema: &str| {
        format!(
            "webhooks: {{event: {{post: {{requestBody: {{content: {{application/json: {{schema: \
             {schema}}}}}}}, responses: {{'200': {{description: d, content: {{application/json: \
             {{schema: {schema}}}}}}}}}}}}}}}"
        )
    };
    // The new service sends more, and receives less.
    check_breaks(
        &webhook(INTEGER),
        &webhook("{type: [integer, string]}"),
        &["curl -X POST '/' -H 'content-type: application/json' --data-raw '\"\"'"],
    );
    check_breaks(
        &webhook("{type: [integer, string]}"),
        &webhook(INTEGER),
        &["status 200, content-type: application/json \"\""],
    );
}

/// A request with a body in several media types, each with the type of `a`.
fn request_content(content: &[(&str, &str)]) -> String {
    let entries: Vec<String> = content
        .iter()
        .map(|(media, kind)| {
            format!("'{media}': {{schema: {{type: object, properties: {{a: {{type: {kind}}}}}}}}}")
        })
        .collect();
    format!(
        "paths: {{/x: {{post: {{requestBody: {{required: true, content: {{{}}}}}, responses: {{}}}}}}}}",
        entries.join(", ")
    )
}

#[test]
fn the_media_type_of_an_example_selects_the_compared_schemas() {
    let check = |old: &[(&str, &str)], new: &[(&str, &str)], media: &str| {
        let command =
            format!("curl -X POST '/x' -H 'content-type: {media}' --data-raw '{{\"a\":\"\"}}'");
        check_breaks(&request_content(old), &request_content(new), &[&command]);
    };
    let json = ("application/json", "string");
    check(
        &[("*/*", "string"), json],
        &[("*/*", "integer"), json],
        "application/vnd.example+json",
    );
    check(
        &[json],
        &[json, ("application/json; v=2", "integer")],
        "application/json; v=2",
    );
    let wide = ("application/*", "string");
    check(
        &[wide],
        &[wide, ("application/*+json", "integer")],
        "application/x+json",
    );
    check(
        &[wide, ("application/*+json", "string"), json],
        &[wide, ("application/*+json", "integer"), json],
        "application/x+json",
    );
}

#[test]
fn the_media_type_of_a_response_selects_the_compared_schemas() {
    let of = |kind: &str| {
        let schema = |kind: &str| {
            format!("{{schema: {{type: object, properties: {{a: {{type: {kind}}}}}}}}}")
        };
        format!(
            "paths: {{/x: {{get: {{responses: {{'200': {{description: d, content: {{'*/*': {}, application/json: {}}}}}}}}}}}}}",
            schema(kind),
            schema("string")
        )
    };
    check_breaks(
        &of("integer"),
        &of("string"),
        &["status 200, content-type: application/vnd.example+json {\"a\":\"\"}"],
    );
}
