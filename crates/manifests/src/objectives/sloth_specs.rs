//! Specifications of Sloth (`prometheus/v1`), one for each service.

use serde_json::{Value, json};

use crate::manifest_document::ManifestDocument;

use super::objective_spec::{ObjectiveSpec, rounded};

/// What stands for the window in a query.
const WINDOW: &str = "{{.window}}";

/// The specifications. Objectives of a service follow each other.
pub(super) fn documents(specs: &[ObjectiveSpec]) -> Vec<ManifestDocument> {
    let services = specs.chunk_by(|left, right| left.service == right.service);
    services.filter_map(document).collect()
}

fn document(specs: &[ObjectiveSpec]) -> Option<ManifestDocument> {
    let first = specs.first()?;
    let squad = first.squad.as_deref().unwrap_or_default();
    let object = json!({
        "version": "prometheus/v1",
        "service": first.service,
        "labels": {"service": first.service, "squad": squad},
        "slos": specs.iter().map(objective).collect::<Vec<_>>(),
    });
    let comment = format!(
        "The period of Sloth is an option of its command: --default-slo-period={}",
        first.window_text()
    );
    Some(ManifestDocument::new(object).with_comment(comment))
}

fn objective(spec: &ObjectiveSpec) -> Value {
    json!({
        "name": spec.name,
        "objective": rounded(spec.target * 100.0),
        "description": spec.sentence,
        "sli": {"events": {
            "error_query": spec.bad_query(WINDOW),
            "total_query": spec.total_query(WINDOW),
        }},
        "alerting": {
            "name": "PortcullisErrorBudget",
            "annotations": {
                "summary": format!("{} burns its error budget: {}", spec.service, spec.name),
            },
            "page_alert": {"labels": {"severity": "critical"}},
            "ticket_alert": {"labels": {"severity": "warning"}},
        },
    })
}
