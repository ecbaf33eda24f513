//! Rules for Prometheus: recordings with the names of Sloth, and alerts on burn rates.

use serde_json::{Map, Value, json};

use crate::manifest_document::ManifestDocument;

use super::burn_rate::{BurnCondition, BurnSeverity, WINDOWS, conditions};
use super::objective_spec::{ObjectiveSpec, rounded};

const COMMENT: &str = "Objectives of the catalog: recordings and alerts. The label `squad` names the provider, \
who\nreceives the alerts.";

/// The rules as a file.
pub(super) fn rules_file(specs: &[ObjectiveSpec]) -> ManifestDocument {
    ManifestDocument::new(json!({"groups": groups(specs)})).with_comment(COMMENT)
}

/// The rules as an object of the Prometheus Operator.
pub(super) fn rule_object(specs: &[ObjectiveSpec]) -> ManifestDocument {
    let object = json!({
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": "portcullis-objectives",
            "labels": {"app.kubernetes.io/managed-by": "portcullis"},
        },
        "spec": {"groups": groups(specs)},
    });
    ManifestDocument::new(object).with_comment(COMMENT)
}

fn groups(specs: &[ObjectiveSpec]) -> Vec<Value> {
    specs.iter().flat_map(spec_groups).collect()
}

fn spec_groups(spec: &ObjectiveSpec) -> [Value; 4] {
    let id = id(spec);
    let windows = WINDOWS.iter().map(|window| error_ratio(spec, window));
    [
        json!({
            "name": format!("sloth-slo-sli-recordings-{id}"),
            "rules": windows.collect::<Vec<_>>(),
        }),
        // It reads all samples of the window, so it is not evaluated as often as the others.
        json!({
            "name": format!("sloth-slo-period-recordings-{id}"),
            "interval": "5m",
            "rules": [error_ratio(spec, &spec.window_text())],
        }),
        json!({"name": format!("sloth-slo-meta-recordings-{id}"), "rules": meta_rules(spec)}),
        json!({"name": format!("sloth-slo-alerts-{id}"), "rules": alerts(spec)}),
    ]
}

fn id(spec: &ObjectiveSpec) -> String {
    format!("{}-{}", spec.service, spec.name)
}

/// The labels of Sloth, and those of this house.
fn labels(spec: &ObjectiveSpec) -> Map<String, Value> {
    let mut labels = Map::new();
    let mut add = |name: &str, value: &str| labels.insert(name.to_owned(), value.into());
    add("service", &spec.service);
    add("sloth_id", &id(spec));
    add("sloth_service", &spec.service);
    add("sloth_slo", &spec.name);
    if let Some(squad) = &spec.squad {
        add("squad", squad);
    }
    labels
}

/// A selector of what is recorded for an objective.
fn selector(spec: &ObjectiveSpec) -> String {
    let text = |text: &str| Value::from(text).to_string();
    format!(
        "sloth_id={}, sloth_service={}, sloth_slo={}",
        text(&id(spec)),
        text(&spec.service),
        text(&spec.name)
    )
}

fn error_ratio(spec: &ObjectiveSpec, window: &str) -> Value {
    let mut labels = labels(spec);
    labels.insert("sloth_window".to_owned(), window.into());
    json!({
        "record": format!("slo:sli_error:ratio_rate{window}"),
        "expr": format!("({})\n/\n({})\n", spec.bad_query(window), spec.total_query(window)),
        "labels": labels,
    })
}

fn meta_rules(spec: &ObjectiveSpec) -> Vec<Value> {
    let record = |name: &str, expression: String| json!({"record": name, "expr": expression, "labels": labels(spec)});
    let selector = selector(spec);
    let days = rounded(spec.window.as_secs_f64() / 86_400.0);
    let burn = |window: &str| {
        format!(
            "slo:sli_error:ratio_rate{window}{{{selector}}}\n\
             / on (sloth_id, sloth_slo, sloth_service) group_left\n\
             slo:error_budget:ratio{{{selector}}}\n"
        )
    };
    let mut info = labels(spec);
    info.insert("sloth_mode".to_owned(), "portcullis".into());
    info.insert("sloth_spec".to_owned(), "prometheus/v1".into());
    info.insert(
        "sloth_objective".to_owned(),
        rounded(spec.target * 100.0).to_string().into(),
    );
    vec![
        record("slo:objective:ratio", format!("vector({})", spec.target)),
        record(
            "slo:error_budget:ratio",
            format!("vector({})", spec.budget()),
        ),
        record("slo:time_period:days", format!("vector({days})")),
        record("slo:current_burn_rate:ratio", burn("5m")),
        record("slo:period_burn_rate:ratio", burn(&spec.window_text())),
        record(
            "slo:period_error_budget_remaining:ratio",
            format!("1 - slo:period_burn_rate:ratio{{{selector}}}"),
        ),
        json!({"record": "sloth_slo_info", "expr": "vector(1)", "labels": info}),
    ]
}

fn alerts(spec: &ObjectiveSpec) -> Vec<Value> {
    let conditions = conditions(spec.window, spec.budget());
    let alert = |severity: BurnSeverity| {
        let conditions: Vec<String> = conditions
            .iter()
            .filter(|condition| condition.severity == severity)
            .map(|condition| burns(spec, condition))
            .collect();
        (!conditions.is_empty()).then(|| alert(spec, severity, &conditions.join("or\n")))
    };
    let severities = [BurnSeverity::Page, BurnSeverity::Ticket];
    severities.into_iter().filter_map(alert).collect()
}

fn burns(spec: &ObjectiveSpec, condition: &BurnCondition) -> String {
    let selector = selector(spec);
    let above = |window: &str| {
        format!(
            "max(slo:sli_error:ratio_rate{window}{{{selector}}} > ({} * {})) without (sloth_window)",
            condition.factor,
            spec.budget()
        )
    };
    let (short, long) = (above(condition.short), above(condition.long));
    format!("(\n  {short}\n  and\n  {long}\n)\n")
}

fn alert(spec: &ObjectiveSpec, severity: BurnSeverity, expression: &str) -> Value {
    let (name, sloth, urgency, speed) = match severity {
        BurnSeverity::Page => ("PortcullisErrorBudgetBurnsFast", "page", "critical", "fast"),
        BurnSeverity::Ticket => (
            "PortcullisErrorBudgetBurnsSlowly",
            "ticket",
            "warning",
            "slowly",
        ),
    };
    let mut labels = labels(spec);
    labels.insert("severity".to_owned(), urgency.into());
    labels.insert("sloth_severity".to_owned(), sloth.into());
    let mut rule = json!({
        "alert": name,
        "expr": expression,
        "labels": labels,
        "annotations": {
            "summary": format!("{} burns its error budget {speed}: {}", spec.service, spec.name),
            "description": format!(
                "The objective is: {}, over {}. {{{{ $value | humanizePercentage }}}} of the requests of \
                 the short window were bad.",
                spec.sentence,
                spec.window_text()
            ),
            "runbook_url": format!(
                "https://portcullis.example.com/docs/runbook.md#{}",
                name.to_lowercase()
            ),
        },
    });
    if !spec.escalation.is_empty() {
        rule["annotations"]["escalation"] = spec.escalation.as_str().into();
    }
    if let Some(runbook) = &spec.runbook {
        rule["annotations"]["service_runbook_url"] = runbook.as_str().into();
    }
    rule
}
