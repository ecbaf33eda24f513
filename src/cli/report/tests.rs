//! Every format with texts that need escaping, and with every level.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use super::report_github::render_github;
use super::report_gitlab::render_gitlab;
use super::report_junit::render_junit;
use super::report_sarif::render_sarif;
use super::*;

const MESSAGE: &str = "50% of <a|b> & \"c\"\n\u{1b}[2J*@d*";

/// A report with a finding of each level, and an approved one.
fn report() -> Report {
    let finding = |rule: &'static str, level| {
        let case = TestCase::new("<class>", "a & b");
        let mut finding = ReportFinding::new(rule, level, MESSAGE, case);
        finding.location = Some(FindingLocation {
            column: Some(7),
            ..FindingLocation::line("a b,c:#d.yaml", 3_u64)
        });
        finding
    };
    let mut approved = finding("rule.approved", FindingLevel::Error);
    approved.approval = Some("no client is left".to_owned());
    let mut error = finding("rule.error", FindingLevel::Error);
    error.example = Some("{\"a\": 1}".to_owned());
    error.advice = Some("use `a|b`".to_owned());
    let mut unplaced = finding("rule.info", FindingLevel::Info);
    unplaced.location = None;
    Report {
        command: "owners check",
        title: "A # title".to_owned(),
        summary: "1 error".to_owned(),
        tables: vec![ReportTable {
            head: vec!["squad", "count"],
            rows: vec![vec!["a|b".to_owned(), "1".to_owned()]],
        }],
        sections: vec![ReportSection {
            sentences: Vec::new(),
            name: "<suite>".to_owned(),
            path: "catalog.toml".to_owned(),
            heading: None,
            notes: Vec::new(),
            seconds: Some(0.5),
            passed: TestCase::new("class", "passed"),
            findings: vec![
                error,
                approved,
                finding("rule.overridden", FindingLevel::Overridden),
                finding("rule.warning", FindingLevel::Warning),
                finding("rule.warning", FindingLevel::Warning),
                unplaced,
            ],
        }],
        remarks: vec!["a * b".to_owned()],
    }
}

#[test]
fn annotations_are_one_line_each() {
    let text = render_github(&report());
    let lines: Vec<&str> = text.lines().collect();
    let place = "file=a b%2Cc%3A#d.yaml,line=3,col=7,";
    let message = "50%25 of <a|b> & \"c\"%0A\u{1b}[2J*@d*";
    assert_eq!(
        lines[0],
        format!("::error {place}title=rule.error::{message}; for example {{\"a\": 1}}; use `a|b`")
    );
    assert!(
        lines[1..4]
            .iter()
            .all(|line| line.starts_with("::warning "))
    );
    assert_eq!(
        lines[4],
        format!("::notice {place}title=rule.approved::{message}")
    );
    assert_eq!(lines[5], format!("::notice title=rule.info::{message}"));
    assert_eq!(lines.len(), 6);
}

#[test]
fn junit_is_valid_xml() {
    let text = render_junit(&report());
    let mut reader = Reader::from_str(&text);
    let mut failures = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Empty(element) if element.name().as_ref() == b"failure" => {
                let message = element.try_get_attribute("message").unwrap().unwrap();
                failures.push(String::from_utf8(message.value.into_owned()).unwrap());
            }
            _ => {}
        }
    }
    let expected = "50% of &lt;a|b&gt; &amp; &quot;c&quot; \u{fffd}[2J*@d*; for example {&quot;a&quot;: 1}; use `a|b`";
    assert_eq!(failures, [expected]);
    let suite = "<testsuite name=\"&lt;suite&gt;\" tests=\"1\" failures=\"1\" time=\"0.500\">";
    assert!(text.contains(suite), "{text}");
}

#[test]
fn markdown_tables_keep_their_columns() {
    let text = render_markdown(&report());
    assert!(text.starts_with("## A \\# title\n\n1 error\n"), "{text}");
    assert!(text.contains("| a\\|b | 1 |"), "{text}");
    let row = "| error | rule.error | 50% of &lt;a\\|b&gt; &amp; \"c\"  \\[2J\\*\\@d\\*\
               <br><code>{\"a\": 1}</code><br>use <code>a\\|b</code> | <code>a b,c:\\#d.yaml:3</code> |";
    assert!(text.contains(row), "{text}");
    assert!(text.contains("<summary>2 more, for information or approved</summary>"));
    assert!(text.ends_with("\n- a \\* b\n"), "{text}");
}

#[test]
fn sarif_has_levels_locations_and_suppressions() {
    let log: Value = serde_json::from_str(&render_sarif(&report())).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let levels: Vec<&str> = results
        .iter()
        .map(|result| result["level"].as_str().unwrap())
        .collect();
    assert_eq!(
        levels,
        ["error", "error", "warning", "warning", "warning", "note"]
    );
    let place = &results[0]["locations"][0]["physicalLocation"];
    let expected = json!({
        "artifactLocation": {"uri": "a%20b,c:%23d.yaml"},
        "region": {"startLine": 3, "startColumn": 7},
    });
    assert_eq!(*place, expected);
    let justification = &results[1]["suppressions"][0]["justification"];
    assert_eq!(justification, "no client is left");
    let uri = &results[5]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "catalog.toml");
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    assert_eq!(rules.len(), 5);
}

#[test]
fn gitlab_issues_have_distinct_fingerprints() {
    let issues: Vec<Value> = serde_json::from_str(&render_gitlab(&report())).unwrap();
    let texts = |name: &str| -> Vec<&str> {
        let texts = issues.iter().map(|issue| issue[name].as_str().unwrap());
        texts.collect()
    };
    assert_eq!(
        texts("severity"),
        ["blocker", "info", "major", "minor", "minor", "info"]
    );
    assert_eq!(texts("check_name")[0], "owners-check/rule.error");
    let mut fingerprints = texts("fingerprint");
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), issues.len());
    let place = json!({"path": "catalog.toml", "lines": {"begin": 1}});
    assert_eq!(issues[5]["location"], place);
}

/// A report with thousands of findings of each level.
fn large_report() -> Report {
    let mut report = report();
    let section = &mut report.sections[0];
    section.findings.clear();
    for number in 0..3_000 {
        let level = [
            FindingLevel::Info,
            FindingLevel::Warning,
            FindingLevel::Error,
        ][number % 3];
        let case = TestCase::new("class", format!("case {number}"));
        let message = format!("finding {number} {}", "long ".repeat(300));
        section
            .findings
            .push(ReportFinding::new("rule.some", level, message, case));
    }
    report
}

#[test]
fn a_comment_fits_and_says_what_it_leaves_out() {
    let text = render_markdown(&large_report());
    assert!(text.chars().count() <= 65_536, "{}", text.chars().count());
    assert!(text.contains("error: 1000 × see below"));
    assert!(text.contains("more: see the text or JSON format"));
    let (errors, warnings) = (text.find("error: 1000"), text.find("warning: 1000"));
    assert!(errors < warnings, "the worst first");
    let mut sections = large_report();
    let mut section = sections.sections[0].clone();
    section.findings.truncate(3);
    sections.sections = vec![section; 1_000];
    let text = render_markdown(&sections);
    assert!(text.chars().count() <= 65_536, "{}", text.chars().count());
    assert!(text.ends_with("… and more: see the text or JSON format\n"));
}

#[test]
fn annotations_are_as_many_as_a_step_shows() {
    let text = render_github(&large_report());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 30);
    for (kind, lines) in ["::error ", "::warning ", "::notice "]
        .iter()
        .zip(lines.chunks(10))
    {
        assert!(lines.iter().all(|line| line.starts_with(kind)), "{kind}");
        assert!(lines[9].contains("title=and 991 more::"), "{}", lines[9]);
    }
}
