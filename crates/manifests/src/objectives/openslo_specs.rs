//! OpenSLO objects (`openslo/v1`), one for each objective.

use serde_json::{Value, json};

use crate::manifest_document::ManifestDocument;

use super::objective_spec::ObjectiveSpec;

/// The object of an objective.
pub(super) fn document(spec: &ObjectiveSpec) -> ManifestDocument {
    let name = format!("{}-{}", spec.service, spec.name);
    let metric = |query: String| -> Value {
        json!({"metricSource": {"type": "Prometheus", "spec": {"query": query}}})
    };
    let mut metadata = json!({"name": name});
    if let Some(squad) = &spec.squad {
        metadata["labels"] = json!({"squad": squad});
    }
    ManifestDocument::new(json!({
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": metadata,
        "spec": {
            "description": spec.sentence,
            "service": spec.service,
            "indicator": {
                "metadata": {"name": name},
                "spec": {"ratioMetric": {
                    "counter": true,
                    "bad": metric(spec.bad_counter()),
                    "total": metric(spec.total_counter()),
                }},
            },
            "timeWindow": [{"duration": spec.window_text(), "isRolling": true}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"displayName": spec.name, "target": spec.target}],
        },
    }))
}
