//! A verdict about a broken part must hold whatever the part means.
//!
//! A broken schema is put into many contexts and compared with many newer schemas. Each verdict is
//! checked against contracts that have a readable schema instead: a witness must show a break in all
//! of them, and a proof must hold in all of them.

use portcullis_compat::{
    ChangeCertainty, ChangeLevel, CompareOptions, CompatReport, Date, compare,
};
use portcullis_contract::{
    BodyDeclaration, BrokenPartPolicy, CompileOptions, CompiledContract, MessageDirection,
    SchemaKey, compile, parse_single_file,
};
use portcullis_vocabulary::Limits;

use crate::support::corpus::corpora;

/// Schemas that contain the broken one.
const CONTEXTS: &[&str] = &[
    "@",
    "{type: object, properties: {a: @}}",
    "{type: object, required: [a], properties: {a: @, b: {type: integer}}}",
    "{not: @}",
    "{type: object, properties: {a: {not: @}}}",
    "{anyOf: [@, {type: integer}]}",
    "{oneOf: [@, {type: integer}]}",
    "{oneOf: [@, {type: object, properties: {a: {type: integer}}}]}",
    "{allOf: [@, {type: object, properties: {a: {type: integer}}}]}",
    "{type: array, items: @}",
    "{type: object, additionalProperties: @}",
    "{type: object, patternProperties: {a: @}}",
    "{if: @, then: {type: integer}, else: {type: string}}",
    "{type: object, propertyNames: @}",
    "{type: array, contains: @}",
    "{type: array, prefixItems: [@], items: {type: string}}",
    "{type: object, allOf: [@], unevaluatedProperties: false}",
    "{type: object, properties: {a: {type: integer}}, dependentSchemas: {a: @}}",
];

const NEWER: &[&str] = &[
    "{type: string}",
    "{type: integer}",
    "{type: [object, string]}",
    "{type: object, properties: {a: {type: string}}}",
    "{type: object, required: [b], properties: {b: {type: integer}}}",
    "{type: object, additionalProperties: false}",
    "{type: object, additionalProperties: {type: string}}",
    "{type: array, items: {type: string}}",
    "{not: {type: object}}",
    "{not: {}}",
    "{}",
];

/// Broken schemas, and schemas that they could mean.
const BROKEN: &[(&str, &[&str])] = &[
    (
        "{oneOf: []}",
        &[
            "{}",
            "{not: {}}",
            "{type: string}",
            "{type: integer, minimum: 3}",
            "{type: object}",
        ],
    ),
    (
        "{type: object, properties: [a]}",
        &[
            "{type: object}",
            "{type: object, properties: {a: {type: string}, b: {type: integer}}}",
            "{type: object, properties: {a: {not: {}}}}",
        ],
    ),
    (
        "{type: string, minLength: no}",
        &[
            "{type: string}",
            "{type: string, minLength: 2}",
            "{type: string, minLength: 900}",
        ],
    ),
    (
        "{type: object, additionalProperties: false, properties: [a]}",
        &[
            "{type: object, additionalProperties: false}",
            "{type: object, additionalProperties: false, properties: {a: {type: string}}}",
        ],
    ),
];

fn contract(schema: &str, is_request: bool) -> CompiledContract {
    let body = format!("content: {{application/json: {{schema: {schema}}}}}");
    let operation = if is_request {
        format!("{{requestBody: {{{body}}}, responses: {{}}}}")
    } else {
        format!("{{responses: {{'200': {{description: d, {body}}}}}}}")
    };
    let text = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: 1.0.0}}\npaths: {{/a: {{post: {operation}}}}}\n"
    );
    let documents = parse_single_file("t.yaml", text.into_bytes(), &Limits::default()).unwrap();
    let options = CompileOptions {
        outbound_operations: true,
        broken_parts: BrokenPartPolicy::TolerateInOlder,
        ..CompileOptions::default()
    };
    compile(documents, &options).unwrap_or_else(|problems| panic!("{schema}: {problems:?}"))
}

fn accepts(contract: &CompiledContract, is_request: bool, text: &str) -> bool {
    let operation = &contract.operations[0];
    let (direction, key): (_, &SchemaKey) = match &operation.body {
        BodyDeclaration::Declared(body) if is_request => {
            let key = body.content[0].schema.as_ref();
            (MessageDirection::Request, key.unwrap())
        }
        _ => {
            let key = operation.responses[0].content[0].schema.as_ref();
            (MessageDirection::Response, key.unwrap())
        }
    };
    contract.accepts(direction, key, text)
}

fn compared(old: &CompiledContract, new: &CompiledContract) -> CompatReport {
    let day = Date::parse("2026-01-01").unwrap();
    compare(old, new, &CompareOptions::for_day(day))
}

fn is_undecided(report: &CompatReport) -> bool {
    let mut findings = report.findings.iter();
    findings.any(|finding| matches!(finding.certainty, ChangeCertainty::Unknown(_)))
}

#[test]
fn verdicts_hold_whatever_a_broken_part_means() {
    let (mut witnesses, mut proofs, mut undecided) = (0, 0, 0);
    for (broken, meanings) in BROKEN {
        for context in CONTEXTS {
            for newer in NEWER {
                for is_request in [true, false] {
                    let place = format!("{broken} in {context} → {newer} ({is_request})");
                    let old = contract(&context.replace('@', broken), is_request);
                    let new = contract(newer, is_request);
                    let report = compared(&old, &new);
                    for meaning in *meanings {
                        let meant = contract(&context.replace('@', meaning), is_request);
                        let (sender, receiver) = if is_request {
                            (&meant, &new)
                        } else {
                            (&new, &meant)
                        };
                        for finding in &report.findings {
                            let Some(witness) = &finding.witness else {
                                continue;
                            };
                            let value = witness.value.to_string();
                            assert!(
                                accepts(sender, is_request, &value),
                                "{place}, {meaning}: {value}"
                            );
                            assert!(
                                !accepts(receiver, is_request, &value),
                                "{place}, {meaning}: {value}"
                            );
                            witnesses += 1;
                        }
                        if is_undecided(&report) {
                            undecided += 1;
                        } else if report.level() < Some(ChangeLevel::Breaking) {
                            let exact = compared(&meant, &new);
                            let is_broken = exact
                                .findings
                                .iter()
                                .any(|finding| finding.certainty == ChangeCertainty::Witnessed);
                            assert!(!is_broken, "{place}, {meaning}: {:#?}", exact.findings);
                            proofs += 1;
                        }
                    }
                }
            }
        }
    }
    println!("{witnesses} witnesses, {proofs} proofs, {undecided} undecided");
    assert!(witnesses > 500 && proofs > 100 && undecided > 500);
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn real_documents_compile_around_their_broken_parts() {
    let mut broken = Vec::new();
    for entry in std::fs::read_dir(corpora().join("specs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_small = path.metadata().unwrap().len() < 6 << 20;
        if name == "manifest.json" || !is_small {
            continue;
        }
        let limits = Limits::default();
        let documents = portcullis::source::load_contract_tolerant(&path, &limits).unwrap();
        let options = CompileOptions {
            broken_parts: BrokenPartPolicy::TolerateInOlder,
            ..CompileOptions::default()
        };
        let compiled =
            compile(documents, &options).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        if !compiled.broken_parts.is_empty() {
            broken.push((name, compiled.left_out_operations.len()));
        }
    }
    broken.sort();
    println!("{broken:?}");
    let names: Vec<&str> = broken.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["box.json", "openai.yaml", "readme-parameters-style-31.json"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert!(
        broken
            .iter()
            .any(|(name, left_out)| name == "openai.yaml" && *left_out > 0)
    );
}
