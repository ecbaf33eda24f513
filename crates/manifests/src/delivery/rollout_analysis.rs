//! An `AnalysisTemplate` of Argo Rollouts: does a new version keep its contract, and does it work?
//!
//! A rollout without traffic is inconclusive, neither good nor bad.

use serde_json::{Value, json};

use crate::manifest_document::ManifestDocument;

/// What a rollout may do.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisSettings {
    /// The address of Prometheus.
    pub prometheus: String,
    /// The most violations in responses, as a share of the responses.
    pub violations_max: f64,
}

/// The template, for all services: `service` is its argument.
pub fn rollout_analysis(settings: &AnalysisSettings) -> ManifestDocument {
    let bound = settings.violations_max;
    let violations = metric(
        settings,
        "response-violations",
        "(sum(rate(contract_validation_errors_total{service=\"{{args.service}}\",\
         class=~\"undeclared-status|missing-header|invalid-header|undeclared-media-type|\
         malformed-response-body|invalid-response-body|response-check-limit\"}[2m])) or vector(0)) \
         / sum(rate(portcullis_requests_total{service=\"{{args.service}}\",\
         outcome=~\"answered|failed|truncated|idle|disconnected\"}[2m]))",
        &format!("{bound}"),
    );
    let breakers = metric(
        settings,
        "open-breakers",
        "sum(circuit_breaker_state{service=\"{{args.service}}\"} >= bool 2)",
        "0",
    );
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {
            "name": "portcullis",
            "labels": {"app.kubernetes.io/managed-by": "portcullis"},
        },
        "spec": {"args": [{"name": "service"}], "metrics": [violations, breakers]},
    });
    ManifestDocument::new(object)
}

/// A metric that must not be above a bound. NaN and a missing value are above no bound and within none.
fn metric(settings: &AnalysisSettings, name: &str, query: &str, bound: &str) -> Value {
    json!({
        "name": name,
        "initialDelay": "2m",
        "interval": "1m",
        "count": 5,
        "failureLimit": 1,
        "inconclusiveLimit": 2,
        "successCondition": format!("len(result) > 0 && result[0] <= {bound}"),
        "failureCondition": format!("len(result) > 0 && result[0] > {bound}"),
        "provider": {"prometheus": {"address": settings.prometheus, "query": query}},
    })
}
