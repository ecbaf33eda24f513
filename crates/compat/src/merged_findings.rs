//! Joins the findings of one cause.
//!
//! The comparison looks at each use of a shared schema, parameter or response on its own, so one
//! edit of a component is found as often as the component is used. Findings are one cause if the
//! same rule gives them the same level for the same reason, and they name the same locations in both
//! contracts and the same values.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use portcullis_contract::{MessageDirection, SourceLocation};

use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compat_finding::{ChangePlace, CompatFinding, ExchangePart};
use super::diff_rule::ChangeArea;

/// What the findings of one cause have in common.
#[derive(PartialEq, Eq, Hash)]
struct CauseKey {
    rule: &'static str,
    direction: Option<MessageDirection>,
    level: ChangeLevel,
    certainty: ChangeCertainty,
    old: Option<(Arc<str>, String)>,
    new: Option<(Arc<str>, String)>,
    before: Option<String>,
    after: Option<String>,
    element: CauseElement,
}

/// What the locations in the contracts do not say about the changed element.
#[derive(PartialEq, Eq, Hash)]
enum CauseElement {
    /// They say everything.
    Located,
    /// The name of a property: an added one is located at the object in the older contract.
    Property(String),
    /// The part of the exchange: a removed one is located at its parent in the newer contract.
    Part(ExchangePart),
    /// There are no locations.
    Place(ChangePlace),
}

/// Joins the findings of one cause, in the order of the first of each.
pub(super) fn merge(findings: Vec<CompatFinding>) -> Vec<CompatFinding> {
    let mut numbers: HashMap<CauseKey, usize> = HashMap::new();
    let mut merged: Vec<CompatFinding> = Vec::new();
    let mut witness_places: Vec<ChangePlace> = Vec::new();
    for mut finding in findings {
        match numbers.entry(key(&finding)) {
            Entry::Vacant(free) => {
                free.insert(merged.len());
                witness_places.push(finding.witness_place().clone());
                merged.push(finding);
            }
            Entry::Occupied(taken) => {
                let number = *taken.get();
                let cause = &mut merged[number];
                if cause.witness.is_none() && finding.witness.is_some() {
                    witness_places[number] = finding.witness_place().clone();
                    cause.witness = finding.witness.take();
                }
                cause.places.append(&mut finding.places);
            }
        }
    }
    for (cause, witness_place) in merged.iter_mut().zip(&witness_places) {
        cause.places.sort_unstable();
        cause.places.dedup();
        cause.witness_place = cause.places.binary_search(witness_place).unwrap_or(0);
    }
    merged
}

fn key(finding: &CompatFinding) -> CauseKey {
    let location = |location: &Option<SourceLocation>| {
        let location = location.as_ref()?;
        Some((Arc::clone(&location.file), location.pointer.clone()))
    };
    CauseKey {
        rule: finding.rule.id,
        direction: finding.direction,
        level: finding.level,
        certainty: finding.certainty.clone(),
        old: location(&finding.old),
        new: location(&finding.new),
        before: finding.before.clone(),
        after: finding.after.clone(),
        element: element(finding),
    }
}

fn element(finding: &CompatFinding) -> CauseElement {
    let place = finding.first();
    let has_location = finding.old.is_some() || finding.new.is_some();
    let location = &place.location;
    if !has_location {
        CauseElement::Place(place.clone())
    } else if finding.rule.area != ChangeArea::Schema {
        CauseElement::Part(shared_part(finding, (*location.part).clone()))
    } else if finding.rule.id.starts_with("schema.property.") {
        let name = location.pointer.rsplit('/').next();
        CauseElement::Property(name.unwrap_or_default().to_owned())
    } else {
        CauseElement::Located
    }
}

/// The part, without the status under which an operation declares a shared response or header.
fn shared_part(finding: &CompatFinding, part: ExchangePart) -> ExchangePart {
    let is_shared = |location: &Option<SourceLocation>| {
        location.as_ref().is_some_and(|location| {
            ["/components/responses/", "/components/headers/"]
                .iter()
                .any(|start| location.pointer.starts_with(start))
        })
    };
    if !is_shared(&finding.old) && !is_shared(&finding.new) {
        return part;
    }
    let status = String::new();
    match part {
        ExchangePart::Response { media, .. } => ExchangePart::Response { status, media },
        ExchangePart::Header { name, .. } => ExchangePart::Header { status, name },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use portcullis_contract::{CompileOptions, compile, parse_single_file};
    use portcullis_vocabulary::Limits;

    use super::super::compare::{CompatReport, compare};
    use super::super::compare_options::CompareOptions;
    use portcullis_vocabulary::Date;

    /// Two operations send the same value, one of them inside another.
    const CONTRACT: &str = "\
openapi: 3.1.0
info: {title: t, version: 1.0.0}
paths:
  /a: {put: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}, responses: {}}}
  /b: {put: {requestBody: {content: {application/json: {schema: {type: object, properties: {x: {$ref: '#/components/schemas/A'}}}}}}, responses: {}}}
  /c: {get: {parameters: [{name: q, in: query, schema: {type: string}}, {name: r, in: query, schema: {type: string}}], responses: {}}}
components:
  schemas:
    A: {type: object, additionalProperties: false, properties: {n: {type: integer, maximum: 20}, m: {type: integer}}}
";

    fn report(edits: &[(&str, &str)]) -> CompatReport {
        let contract = |text: String| {
            let limits = Limits::default();
            let documents = parse_single_file("t.yaml", text.into_bytes(), &limits).unwrap();
            compile(documents, &CompileOptions::default()).unwrap()
        };
        let new = edits.iter().fold(CONTRACT.to_owned(), |text, (from, to)| {
            text.replace(from, to)
        });
        let options = CompareOptions::for_day(Date::parse("2026-01-01").unwrap());
        compare(&contract(CONTRACT.to_owned()), &contract(new), &options)
    }

    fn places(report: &CompatReport, rule: &str) -> Vec<Vec<String>> {
        let findings = report.findings.iter();
        findings
            .filter(|finding| finding.rule.id == rule)
            .map(|finding| finding.places.iter().map(ToString::to_string).collect())
            .collect()
    }

    #[test]
    fn a_change_of_a_component_is_one_finding_with_every_place() {
        let report = report(&[("maximum: 20", "maximum: 10")]);
        let expected = [
            "PUT /a, request body application/json /n",
            "PUT /b, request body application/json /x/n",
        ];
        assert_eq!(places(&report, "schema.maximum.decreased"), [expected]);
        let finding = &report.findings[0];
        assert_eq!(finding.operations().len(), 2);
        let witness = finding.witness.as_ref().unwrap();
        let number = finding.witness_place().location.pointer.as_ref();
        let value = witness.value.pointer(number).unwrap().as_i64().unwrap();
        assert!((11..=20).contains(&value), "{value}");
        let counts = report.counts();
        assert_eq!((counts.breaking, counts.places), (1, 3), "with the version");
    }

    #[test]
    fn different_elements_at_one_location_are_different_findings() {
        let both = [("n: {type: integer, maximum: 20}, m: {type: integer}", "")];
        let removed = places(&report(&both), "schema.property.removed.optional");
        assert_eq!(removed.len(), 2, "{removed:?}");
        assert_eq!((removed[0].len(), removed[1].len()), (2, 2));
        let required = [(
            "type: object, additional",
            "type: object, required: [n, m], additional",
        )];
        let required = places(&report(&required), "schema.property.required");
        assert_eq!(required.len(), 2, "{required:?}");
        let parameters = [(
            "{name: q, in: query, schema: {type: string}}, {name: r, in: query, schema: {type: string}}",
            "",
        )];
        let removed = places(&report(&parameters), "parameter.removed");
        assert_eq!(
            removed,
            [["GET /c, query parameter q"], ["GET /c, query parameter r"]]
        );
    }
}
