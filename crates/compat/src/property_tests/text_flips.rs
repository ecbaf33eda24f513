//! A text that the older contract accepts and the newer one refuses is never called harmless.
//!
//! Each schema of a list replaces each other one, in a query parameter, in the items of one, in a
//! field of a form and in a body of text. A list of texts is judged by the validators alone.

use portcullis_contract::CompiledContract;

use super::super::change_level::ChangeLevel;
use super::super::compare::compare;
use super::super::witness::{MessageJudge, WitnessRequest};
use super::test_contracts::{compiled, options};

const SCHEMAS: [&str; 24] = [
    "{type: integer}",
    "{type: integer, minimum: 0}",
    "{type: integer, minimum: 1, maximum: 9}",
    "{type: integer, maximum: -1}",
    "{type: integer, multipleOf: 10}",
    "{type: integer, enum: [1, 2]}",
    "{type: number}",
    "{type: number, minimum: 0.5, maximum: 2.5}",
    "{type: boolean}",
    "{type: [integer, boolean]}",
    "{type: string}",
    "{type: string, minLength: 1}",
    "{type: string, maxLength: 3}",
    "{type: string, maxLength: 1}",
    "{type: string, pattern: '^[0-9]+$'}",
    "{type: string, pattern: '^-?[0-9]+$'}",
    "{type: string, pattern: '^[1-9]$'}",
    "{type: string, pattern: '^-?[0-9]+([.][0-9]+)?$'}",
    "{type: string, enum: ['1', '2']}",
    "{type: string, enum: ['true', 'false']}",
    "{type: string, const: '1.0'}",
    "{type: [string, integer], maxLength: 2}",
    "{anyOf: [{type: integer}, {type: string, enum: [all]}]}",
    "{not: {type: integer}}",
];

const TEXTS: [&str; 29] = [
    "0", "1", "2", "3", "9", "10", "11", "100", "1000", "-1", "-10", "-0", "1.0", "2.0", "1.5",
    "0.5", "1e0", "1e2", "1e21", "1E2", "01", "+1", "true", "false", "TRUE", "null", "all", "a",
    "abcd",
];

/// Where the text is: the request line, the declaration with `SCHEMA`, and the message.
const CARRIERS: [(&str, &str); 4] = [
    ("get", "parameters: [{name: f, in: query, schema: SCHEMA}]"),
    (
        "get",
        "parameters: [{name: f, in: query, schema: {type: array, items: SCHEMA}}]",
    ),
    (
        "post",
        "requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {f: SCHEMA}}}}}",
    ),
    (
        "post",
        "requestBody: {content: {text/plain: {schema: SCHEMA}}}",
    ),
];

fn contract((method, declaration): (&str, &str), schema: &str) -> CompiledContract {
    let declaration = declaration.replace("SCHEMA", schema);
    let text = format!(
        "openapi: 3.1.0
info: {{title: t, version: 1.0.0}}
paths:
  /x:
    {method}:
      {declaration}
      responses: {{'204': {{description: d}}}}
"
    );
    compiled("t.yaml", &text)
}

fn request((method, declaration): (&str, &str), text: &str) -> WitnessRequest {
    let escaped = text.replace('+', "%2B");
    let (target, media, body) = match declaration {
        _ if method == "get" => (format!("/x?f={escaped}"), None, None),
        form if form.contains("urlencoded") => {
            let body = format!("f={escaped}");
            let media = "application/x-www-form-urlencoded";
            ("/x".to_owned(), Some(media), Some(body))
        }
        _ => ("/x".to_owned(), Some("text/plain"), Some(text.to_owned())),
    };
    let media = media.map(|media| ("content-type".to_owned(), media.to_owned()));
    WitnessRequest {
        method: method.to_uppercase(),
        target,
        headers: media.into_iter().collect(),
        body,
    }
}

fn accepts(contract: &CompiledContract, request: &WitnessRequest) -> bool {
    let (_, violations) = MessageJudge::anywhere(contract, request).unwrap();
    violations.is_empty()
}

#[test]
fn no_text_that_flips_is_called_harmless() {
    let (mut flipped, mut unknown, mut in_doubt) = (0, 0, 0);
    let mut missed = Vec::new();
    for carrier in CARRIERS {
        let contracts = SCHEMAS.map(|schema| contract(carrier, schema));
        let requests = TEXTS.map(|text| request(carrier, text));
        for (old, before) in contracts.iter().zip(SCHEMAS) {
            for (new, after) in contracts.iter().zip(SCHEMAS) {
                let flips =
                    |request: &&WitnessRequest| accepts(old, request) && !accepts(new, request);
                let flip = requests.iter().find(flips);
                let report = compare(old, new, &options());
                let level = report.findings.iter().map(|finding| finding.level).max();
                let is_unknown = level == Some(ChangeLevel::Unknown);
                let Some(flip) = flip else {
                    in_doubt += usize::from(is_unknown);
                    continue;
                };
                flipped += 1;
                unknown += usize::from(is_unknown);
                if level < Some(ChangeLevel::Unknown) {
                    let line = flip.line();
                    missed.push(format!("{before} to {after}: {line}, {:?}", flip.body));
                }
            }
        }
    }
    println!("{flipped} pairs break, {unknown} of them unknown; {in_doubt} others unknown");
    assert!(flipped > 1_000, "{flipped}");
    assert!(unknown < flipped / 100, "{unknown} of {flipped}");
    assert!(in_doubt < 20, "{in_doubt}");
    assert!(
        missed.is_empty(),
        "{} of {flipped}: {missed:#?}",
        missed.len()
    );
}
