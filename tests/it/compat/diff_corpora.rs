//! Compares findings with the expectations of other tools, and lists where those are wrong.

use std::collections::BTreeMap;
use std::path::Path;

use portcullis::source::load_contract;
use portcullis_compat::{
    ChangeCertainty, ChangeLevel, CompareOptions, CompatFinding, CompatReport, Date, compare, rules,
};
use portcullis_contract::{CompileOptions, CompiledContract, compile};
use portcullis_vocabulary::Limits;
use serde_json::Value;

use crate::support::corpus::corpora;

fn contract(path: &Path) -> Result<CompiledContract, String> {
    let documents = load_contract(path, &Limits::default()).map_err(|error| error.to_string())?;
    let options = CompileOptions {
        outbound_operations: true,
        ..CompileOptions::default()
    };
    compile(documents, &options).map_err(|problems| problems[0].to_string())
}

/// The cases of a corpus.
fn cases(name: &str) -> Vec<(Value, std::path::PathBuf)> {
    let folder = corpora().join("compat").join(name);
    let text = std::fs::read_to_string(folder.join("cases.jsonl")).unwrap();
    let cases = text
        .lines()
        .map(|line| (serde_json::from_str(line).unwrap(), folder.clone()));
    cases.collect()
}

fn compared(case: &Value, folder: &Path, notice_days: i64) -> Result<CompatReport, String> {
    let side = |name: &str| contract(&folder.join(case[name].as_str().unwrap()));
    let options = CompareOptions {
        notice_days,
        // The day for which the dates in the corpus were written.
        ..CompareOptions::for_day(Date::parse("2026-11-20").unwrap())
    };
    Ok(compare(
        &side("base_path")?,
        &side("revision_path")?,
        &options,
    ))
}

/// The findings, without those about versions.
fn changes(report: &CompatReport) -> Vec<&CompatFinding> {
    let all = report.findings.iter();
    all.filter(|finding| !finding.rule.id.starts_with("version."))
        .collect()
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn gaps_of_rule_lists_are_closed() {
    // Like an added media type, an added success status is a warning.
    const ADDED_RESPONSES: [&str; 1] = ["status-new-success"];
    let cases = cases("gaps");
    let mut wrong = Vec::new();
    for (case, folder) in &cases {
        let report = compared(case, folder, 0).unwrap();
        let changes = changes(&report);
        let is_breaking = report.level() == Some(ChangeLevel::Breaking);
        let name = case["name"].as_str().unwrap();
        let is_right = match case["expected"].as_str().unwrap() {
            "breaking" => is_breaking || ADDED_RESPONSES.contains(&name),
            "compatible" => !is_breaking,
            // Edits without effect are mentioned, and proved to have none.
            "none" => changes
                .iter()
                .all(|finding| finding.level == ChangeLevel::Info),
            _ => true,
        };
        let is_sure = !changes
            .iter()
            .any(|finding| matches!(finding.certainty, ChangeCertainty::Unknown(_)));
        if !is_right || !is_sure {
            wrong.push((case["name"].clone(), format!("{changes:?}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{} cases", cases.len());
}

/// Expected ids that are correctly not reported, with the reason.
const OASDIFF_WRONG: &[(&str, &str, &str)] = &[
    (
        "TestBreaking_RequestBodyRequiredEnabled",
        "request-body-became-required",
        "OpenAPI 3.0 ignores the body of GET",
    ),
    (
        "TestBreaking_RequestBodyRequiredDisabled.2",
        "request-body-became-optional",
        "OpenAPI 3.0 ignores the body of GET",
    ),
    (
        "TestBreaking_RequestPropertyAllOfAdded",
        "request-body-all-of-added",
        "the added schemas have the meaning of the others",
    ),
    (
        "TestBreaking_RequestPropertyAllOfAdded",
        "request-property-all-of-added",
        "the added schemas have the meaning of the others",
    ),
    (
        "TestResponsePropertyAllOfAdded",
        "response-body-all-of-added",
        "the added schemas have the meaning of the others",
    ),
    (
        "TestResponsePropertyAllOfAdded",
        "response-property-all-of-added",
        "the added schemas have the meaning of the others",
    ),
    (
        "TestResponsePropertyAllOfRemoved",
        "response-body-all-of-removed",
        "the other schemas have the same meaning",
    ),
    (
        "TestResponsePropertyAllOfRemoved",
        "response-property-all-of-removed",
        "the other schemas have the same meaning",
    ),
    (
        "TestRequestParameterXExtensibleEnumValueRemoved",
        "request-parameter-x-extensible-enum-value-removed",
        "the path has no such expression, so no client can send it",
    ),
    (
        "TestRequestParameterMinIncreased",
        "request-parameter-min-increased",
        "the path has no such expression, so no client can send it",
    ),
    (
        "TestRequestPathParamFormatChanged",
        "request-parameter-type-changed",
        "the path has no such expression, so no client can send it",
    ),
    (
        "TestTransitionClaims_RealChangeAlongsideTransitionStillReported",
        "request-property-list-of-types-widened",
        "found as schema.alternatives.wrapped",
    ),
];

/// The number of cases with invalid contracts: lists of types in OpenAPI 3.0, or a null `content` or
/// `responses`.
const OASDIFF_REFUSED: usize = 13;

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn real_findings_of_oasdiff_are_reported() {
    let cases = cases("oasdiff");
    let (mut wrong, mut refused, mut found, mut excused) = (Vec::new(), 0, 0, 0);
    for (case, folder) in &cases {
        let name = case["name"].as_str().unwrap();
        let Ok(report) = compared(case, folder, notice(case)) else {
            refused += 1;
            continue;
        };
        let has = |id: &str| {
            report
                .findings
                .iter()
                .any(|finding| finding.aliases().iter().any(|alias| alias == id))
        };
        for expected in case["expected"].as_array().unwrap() {
            let Some(id) = expected["id"].as_str() else {
                continue;
            };
            let is_excused = OASDIFF_WRONG
                .iter()
                .any(|(known, other, _)| (*known, *other) == (name, id));
            match has(id) {
                true => found += 1,
                false if is_excused => excused += 1,
                false => wrong.push(format!("{name}: {id} is missing: {:?}", rules_of(&report))),
            }
        }
        for absent in case["absent"].as_array().unwrap() {
            let id = absent.as_str().or(absent["id"].as_str()).unwrap();
            let broken = report.findings.iter().find(|finding| {
                finding.level == ChangeLevel::Breaking
                    && finding.aliases().iter().any(|alias| alias == id)
            });
            if let Some(broken) = broken {
                wrong.push(format!("{name}: {id} is called breaking: {broken:?}"));
            }
        }
    }
    println!("{found} ids found, {excused} without effect, {refused} cases refused");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(
        excused,
        OASDIFF_WRONG.len(),
        "an exception is no longer needed"
    );
    assert_eq!(refused, OASDIFF_REFUSED);
    assert!(found > 320, "{found}");
}

/// The notice period of a case: the second number of `WithDeprecation(a, b)`.
fn notice(case: &Value) -> i64 {
    let configured = case["checker_config"].to_string();
    let notice_days = configured
        .split_once("WithDeprecation(")
        .and_then(|(_, rest)| rest.split_once(')')?.0.split_once(", ")?.1.parse().ok());
    notice_days.unwrap_or(0)
}

fn rules_of(report: &CompatReport) -> Vec<(&str, ChangeLevel)> {
    let all = report.findings.iter();
    all.map(|finding| (finding.rule.id, finding.level))
        .collect()
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn every_id_of_oasdiff_is_an_alias() {
    let corpora = corpora();
    let text = std::fs::read_to_string(corpora.join("compat/rules.json")).unwrap();
    let known: Vec<Value> = serde_json::from_str(&text).unwrap();
    let known: Vec<&str> = known
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let ours: Vec<String> = rules().iter().flat_map(|rule| rule.aliases()).collect();
    for id in &known {
        assert!(ours.iter().any(|alias| alias == id), "{id} is no alias");
    }
    // The corpus has the ids of an older release.
    let newer = include_str!("../../../crates/compat/fixtures/oasdiff-rule-ids.txt");
    let newer: Vec<&str> = newer.split_whitespace().collect();
    for alias in &ours {
        assert!(
            known.contains(&alias.as_str()) || newer.contains(&alias.as_str()),
            "{alias} is no id of oasdiff"
        );
    }
}

/// Verdicts that differ from ours, with the reason.
const JAVA_WRONG: &[(&str, &str)] = &[
    (
        "ParameterDiffTest.pathSamePathParamsDiffParamSameAsInPathButSchemaDiff",
        "digits are also a valid string",
    ),
    (
        "SecurityDiffTest.testDiffDifferent",
        "an added scope and a removed alternative: callers lose access",
    ),
    (
        "ApiResponseBCTest.changedButCompatible",
        "the older contract does not declare these success statuses",
    ),
    (
        "ApiResponseBCTest.decreased",
        "removing 400 makes no other response invalid",
    ),
    (
        "MinLengthBCTest.responseMinLengthIncreased",
        "longer texts are valid in the older contract",
    ),
    (
        "OAuthFlowBCTest.refreshUrlChanged",
        "no message is affected: a warning",
    ),
    (
        "OAuthFlowBCTest.tokenUrlChanged",
        "no message is affected: a warning",
    ),
    (
        "OneOfBCTest.changedButCompatible",
        "alternatives overlap, and a value that matched two matches one: a witness",
    ),
    (
        "ParameterBCTest.allowEmptyValueDecreased",
        "a warning: the contract does not show whether empty values were intended",
    ),
    (
        "ParameterBCTest.explodeChanged",
        "a single value has no delimiters",
    ),
    (
        "ReadOnlyBCTest.requestReadOnlyIncreased",
        "read-only properties are accepted in requests",
    ),
    (
        "SchemaBCTest.discriminatorChanged",
        "a discriminator does not affect validity: a warning",
    ),
    (
        "SecurityRequirementBCTest.schemesIncreased",
        "all three schemes are HTTP basic, the same header",
    ),
    (
        "SecurityRequirementsBCTest.decreased",
        "both schemes are HTTP basic, the same header",
    ),
    (
        "WriteOnlyBCTest.responseWriteOnlyRequiredDecreased",
        "write-only properties are accepted in responses: a warning",
    ),
];

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn agrees_with_the_verdicts_of_openapi_diff() {
    let cases = cases("openapi-diff-java");
    let (mut wrong, mut agreed) = (Vec::new(), BTreeMap::<String, usize>::new());
    for (case, folder) in &cases {
        let (name, verdict) = (
            case["name"].as_str().unwrap(),
            case["verdict"].as_str().unwrap(),
        );
        let Ok(report) = compared(case, folder, 0) else {
            *agreed.entry("refused".to_owned()).or_default() += 1;
            continue;
        };
        let is_breaking = report.level() == Some(ChangeLevel::Breaking);
        let is_right = match verdict {
            // Bodies in XML are not read, so what their schemas allow is unknown.
            "incompatible" => report.level() >= Some(ChangeLevel::Unknown),
            "compatible" | "operations-unchanged" => !is_breaking,
            "unchanged" => changes(&report).is_empty(),
            _ => true,
        };
        let is_excused = JAVA_WRONG.iter().any(|(known, _)| *known == name);
        match is_right {
            true => *agreed.entry(verdict.to_owned()).or_default() += 1,
            false if is_excused => *agreed.entry("held wrong".to_owned()).or_default() += 1,
            false => wrong.push(format!("{name}: {verdict}: {:?}", rules_of(&report))),
        }
    }
    println!("{agreed:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn breaks_between_real_revisions_have_witnesses() {
    let folder = corpora().join("compat/pairs");
    let (mut witnessed, mut open) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let side = |name: &str| {
            let json = folder.join(format!("{name}.json"));
            let path = if json.exists() {
                json
            } else {
                folder.join(format!("{name}.yaml"))
            };
            contract(&path).unwrap()
        };
        let report = compare(
            &side("old"),
            &side("new"),
            &CompareOptions::for_day(Date::parse("2026-11-20").unwrap()),
        );
        let schemas = report
            .findings
            .iter()
            .filter(|finding| finding.rule.id.starts_with("schema."));
        for finding in schemas.filter(|finding| finding.level == ChangeLevel::Breaking) {
            match &finding.certainty {
                ChangeCertainty::Witnessed => {
                    assert!(finding.witness.is_some(), "{finding:?}");
                    witnessed += 1;
                }
                ChangeCertainty::Unknown(reason) => {
                    assert!(!reason.is_empty(), "{finding:?}");
                    open += 1;
                }
                // Rules decide about deprecated elements.
                ChangeCertainty::Rule | ChangeCertainty::Unshown(_) | ChangeCertainty::Proved => {}
            }
        }
        println!(
            "{}: {} positions, {:?}",
            folder.display(),
            report.positions,
            report.counts()
        );
    }
    println!("{witnessed} schema breaks have a witness message, {open} have none");
    assert!(
        open * 10 < witnessed + open,
        "{open} of {} have no witness",
        witnessed + open
    );
}
