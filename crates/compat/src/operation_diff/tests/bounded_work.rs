//! Comparisons that would take minutes end, and say what is unknown.

use std::time::{Duration, Instant};

use crate::witness::tests::findings;
use crate::{ChangeLevel, CompatFinding};

/// Far more than these comparisons take, and far less than without bounds.
const LONGEST: Duration = Duration::from_secs(60);

#[track_caller]
fn in_time(old: &str, new: &str) -> Vec<CompatFinding> {
    let start = Instant::now();
    let found = findings(old, new);
    assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    found
}

#[track_caller]
fn worst(found: &[CompatFinding]) -> ChangeLevel {
    found.iter().map(|finding| finding.level).max().unwrap()
}

fn request(schema: &str) -> String {
    format!(
        "paths: {{/x: {{post: {{requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}, responses: {{}}}}}}}}"
    )
}

#[test]
fn numbers_with_many_digits() {
    let check = |old: &str, new: &str| {
        let found = in_time(&request(old), &request(new));
        assert!(worst(&found) >= ChangeLevel::Unknown, "{found:#?}");
    };
    check(
        "{type: number, multipleOf: 1e-300}",
        "{type: number, multipleOf: 2e-300}",
    );
    check("{type: number}", "{type: number, maximum: 1e308}");
    check(
        "{type: number, minimum: 0}",
        "{type: number, minimum: 1e-300}",
    );
}

#[test]
fn long_prefixes() {
    let items = |schema: &str| {
        let all = vec![schema; 120].join(", ");
        request(&format!("{{type: array, prefixItems: [{all}]}}"))
    };
    let found = in_time(
        &items("{type: integer}"),
        &items("{type: integer, maximum: 1}"),
    );
    assert_eq!(worst(&found), ChangeLevel::Breaking);
    assert_eq!(found.len(), 120);
}

/// Every pair of these paths has addresses in common.
#[test]
fn many_templates() {
    let paths = |step: usize| {
        let all = (0..128_usize).step_by(step).map(|number| {
            let segments = (0..7).map(|bit| match number >> bit & 1 {
                0 => format!("/x{bit}"),
                _ => format!("/{{p{bit}}}"),
            });
            let path: String = segments.collect();
            format!("'{path}': {{get: {{responses: {{}}}}}}")
        });
        format!("paths: {{{}}}", all.collect::<Vec<_>>().join(", "))
    };
    let found = in_time(&paths(1), &paths(2));
    assert!(worst(&found) >= ChangeLevel::Unknown, "{}", found.len());
}

/// Eight values cannot have seven places.
#[test]
fn schemas_without_values() {
    let names = || (0..8).flat_map(|pigeon| (0..7).map(move |hole| format!("x{pigeon}{hole}")));
    let properties: Vec<String> = names()
        .map(|name| format!("{name}: {{type: boolean}}"))
        .collect();
    let is = |name: &str| format!("{{properties: {{{name}: {{const: true}}}}}}");
    let mut all: Vec<String> = (0..8)
        .map(|pigeon| {
            let holes: Vec<String> = (0..7).map(|hole| is(&format!("x{pigeon}{hole}"))).collect();
            format!("{{anyOf: [{}]}}", holes.join(", "))
        })
        .collect();
    for hole in 0..7 {
        for one in 0..8 {
            for other in 0..one {
                all.push(format!(
                    "{{not: {{properties: {{x{one}{hole}: {{const: true}}, x{other}{hole}: {{const: true}}}}}}}}"
                ));
            }
        }
    }
    let old = request(&format!(
        "{{type: object, properties: {{{}}}, required: [{}], allOf: [{}]}}",
        properties.join(", "),
        names().collect::<Vec<_>>().join(", "),
        all.join(", ")
    ));
    let found = in_time(&old, &request("{type: integer}"));
    assert_eq!(worst(&found), ChangeLevel::Unknown);
    let reasons: Vec<&str> = found
        .iter()
        .filter_map(|finding| finding.certainty.reason())
        .collect();
    assert!(
        reasons.contains(&"the search exceeded its step budget"),
        "{reasons:?}"
    );
}
