//! The files under `deploy/`: they can be parsed, they refer only to metrics and labels that exist,
//! and everything has a test and documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use portcullis_contract::Document;
use portcullis_json::{DuplicateKeys, JsonLimits};
use portcullis_telemetry::{METRICS, Metric, MetricKind, PROCESS_METRICS};
use serde::Deserialize;
use serde_json::Value;

use super::label_values::{is_matched, values};
use crate::support::promql;

/// The prefix of links to sections of the runbook.
const RUNBOOK: &str = "https://portcullis.example.com/docs/runbook.md#";

/// The labels that Prometheus adds to every target.
const TARGET_LABELS: [&str; 2] = ["up", "ALERTS"];

/// A PromQL expression and its location.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) location: String,
    pub(crate) text: String,
}

/// A file of the repository.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    let path = file(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A JSON or YAML file as a value, parsed like a contract.
pub(crate) fn value(name: &str) -> Value {
    let limits = JsonLimits {
        depth_max: 64,
        duplicate_keys: DuplicateKeys::Refuse,
    };
    let document = Document::parse(name, file(name), read(name).into_bytes(), limits);
    let document = document.unwrap_or_else(|error| panic!("{error}"));
    Value::deserialize(document.root()).unwrap()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    let list = value[key].as_array();
    list.unwrap_or_else(|| panic!("`{key}` is not a list in {value}"))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    let text = value[key].as_str();
    text.unwrap_or_else(|| panic!("`{key}` is not a text in {value}"))
}

fn rules(name: &str) -> Vec<Value> {
    let groups = value(&format!("deploy/prometheus/{name}"));
    let groups = list(&groups, "groups").iter();
    groups
        .flat_map(|group| list(group, "rules").to_vec())
        .collect()
}

fn alerts() -> Vec<Value> {
    rules("alerts.rules.yaml")
}

/// The names of all alerts, those of objectives included.
fn alert_names() -> BTreeSet<String> {
    let rules = alerts().into_iter().chain(rules("objectives.rules.yaml"));
    let names = rules.filter_map(|rule| Some(rule["alert"].as_str()?.to_owned()));
    names.collect()
}

/// Each alert with the metrics that it reads, directly or through recording rules.
pub(crate) fn metrics_of_alerts() -> BTreeMap<String, BTreeSet<String>> {
    let recorded: BTreeMap<String, String> = rules("recording.rules.yaml")
        .iter()
        .map(|rule| {
            (
                text(rule, "record").to_owned(),
                text(rule, "expr").to_owned(),
            )
        })
        .collect();
    let metrics = |expression: &str| {
        let mut open = vec![expression.to_owned()];
        let mut found = BTreeSet::new();
        while let Some(expression) = open.pop() {
            for selector in promql::read(&expression).0 {
                match recorded.get(&selector.series) {
                    Some(expression) => open.push(expression.clone()),
                    None => {
                        let metric = metric(&selector.series);
                        found.extend(metric.map(|metric| metric.name.to_owned()));
                    }
                }
            }
        }
        found
    };
    let alerts = alerts();
    let alerts = alerts.iter();
    alerts
        .map(|alert| {
            (
                text(alert, "alert").to_owned(),
                metrics(text(alert, "expr")),
            )
        })
        .collect()
}

/// Every metric that a scrape may contain.
pub(crate) fn all_metrics() -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().chain(PROCESS_METRICS)
}

/// The metric of a series.
pub(crate) fn metric(series: &str) -> Option<&'static Metric> {
    all_metrics().find(|metric| match metric.kind {
        MetricKind::Histogram => ["_bucket", "_sum", "_count"]
            .iter()
            .any(|part| series.strip_suffix(part) == Some(metric.name)),
        MetricKind::Counter | MetricKind::Gauge => series == metric.name,
    })
}

/// The expression with Grafana's variables replaced.
fn filled_in(expression: &str) -> String {
    let mut text = expression.to_owned();
    for (variable, value) in [
        ("$__rate_interval", "5m"),
        ("$__range", "3h"),
        ("$service", ".*"),
        ("$squad", ".*"),
        ("$job", "portcullis"),
    ] {
        text = text.replace(variable, value);
    }
    assert!(!text.contains('$'), "{expression}: an unknown variable");
    text
}

/// Each expression of the rules.
pub(crate) fn rule_expressions() -> Vec<Expression> {
    let files = ["recording.rules.yaml", "alerts.rules.yaml"];
    let rules = files.iter().flat_map(|name| rules(name));
    rules
        .map(|rule| {
            let name = rule["alert"].as_str().or(rule["record"].as_str());
            Expression {
                location: name.unwrap().to_owned(),
                text: text(&rule, "expr").to_owned(),
            }
        })
        .collect()
}

/// Each expression of the dashboard and of the runbook.
pub(crate) fn shown_expressions() -> Vec<Expression> {
    let dashboard = value("deploy/grafana/portcullis.json");
    let mut found = Vec::new();
    for panel in list(&dashboard, "panels") {
        if panel["type"] == "row" {
            continue;
        }
        for target in list(panel, "targets") {
            found.push(Expression {
                location: format!("dashboard: {}", text(panel, "title")),
                text: filled_in(text(target, "expr")),
            });
        }
    }
    for annotation in list(&dashboard["annotations"], "list") {
        found.push(Expression {
            location: format!("dashboard: {}", text(annotation, "name")),
            text: filled_in(text(annotation, "expr")),
        });
    }
    let runbook = read("docs/runbook.md");
    for part in runbook.split("```promql\n").skip(1) {
        let (expression, _) = part.split_once("```").unwrap();
        found.push(Expression {
            location: "runbook".to_owned(),
            text: expression.to_owned(),
        });
    }
    found
}

/// The unknown names in an expression.
fn unknown_names(expression: &Expression, records: &BTreeSet<String>) -> Vec<String> {
    let Expression { location, text } = expression;
    let mut unknown_names = Vec::new();
    let (selectors, grouped) = promql::read(text);
    let mut report = |what: String| unknown_names.push(format!("{location}: {what}"));
    for selector in &selectors {
        let series = selector.series.as_str();
        if TARGET_LABELS.contains(&series) || records.contains(series) {
            continue;
        }
        let Some(metric) = metric(series) else {
            report(format!("there is no metric `{series}`"));
            continue;
        };
        for (label, _, pattern) in &selector.matchers {
            if ["job", "instance"].contains(&label.as_str()) {
            } else if !metric.labels.contains(&label.as_str()) {
                report(format!("`{series}` has no label `{label}`"));
            } else if pattern != ".*" && !is_matched(&values(metric.name, label), pattern) {
                report(format!("`{label}` of `{series}` never matches `{pattern}`"));
            }
        }
    }
    let known = all_metrics().flat_map(|metric| metric.labels);
    let known: BTreeSet<&str> = known.copied().chain(["le", "job", "instance"]).collect();
    for label in grouped
        .iter()
        .filter(|label| !known.contains(label.as_str()))
    {
        report(format!("no metric has the label `{label}`"));
    }
    unknown_names
}

#[test]
fn expressions_use_existing_metrics_and_labels() {
    let records: BTreeSet<String> = rules("recording.rules.yaml")
        .iter()
        .map(|rule| text(rule, "record").to_owned())
        .collect();
    let (of_rules, shown) = (rule_expressions(), shown_expressions());
    assert!(
        of_rules.len() > 30 && shown.len() > 60,
        "too few expressions are found"
    );
    let all = of_rules.iter().chain(&shown);
    let unknown_names: Vec<String> = all
        .flat_map(|expression| unknown_names(expression, &records))
        .collect();
    assert!(unknown_names.is_empty(), "\n{}\n", unknown_names.join("\n"));
    let wrong = |text: &str| {
        let location = "x".to_owned();
        let text = text.to_owned();
        problems_of_one(&Expression { location, text }, &records)
    };
    assert_eq!(
        wrong("nothing_total"),
        "x: there is no metric `nothing_total`"
    );
    assert_eq!(
        wrong("portcullis_overhead_seconds"),
        "x: there is no metric `portcullis_overhead_seconds`"
    );
    assert_eq!(
        wrong(r#"contract_stale{squad="a"}"#),
        "x: `contract_stale` has no label `squad`"
    );
    assert_eq!(
        wrong(r#"shed_requests_total{reason=~"waited|lost"}"#),
        "x: `reason` of `shed_requests_total` never matches `waited|lost`"
    );
    assert_eq!(
        wrong("sum by (pod) (contract_stale)"),
        "x: no metric has the label `pod`"
    );
}

fn problems_of_one(expression: &Expression, records: &BTreeSet<String>) -> String {
    unknown_names(expression, records).join("\n")
}

#[test]
fn each_alert_has_a_squad_a_severity_and_a_runbook_section() {
    let runbook = read("docs/runbook.md");
    let sections: BTreeMap<&str, &str> = runbook
        .split("\n### ")
        .skip(1)
        .map(|section| section.split_once('\n').unwrap())
        .collect();
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let name = text(&alert, "alert").to_owned();
        let (labels, notes) = (&alert["labels"], &alert["annotations"]);
        let severity = text(labels, "severity");
        assert!(
            ["critical", "warning", "info"].contains(&severity),
            "{name}: {severity}"
        );
        let grouped = promql::read(text(&alert, "expr")).1;
        // A recording rule's name begins with the labels that it keeps.
        let recorded = text(&alert, "expr").contains("service_squad:");
        let is_routed = labels["squad"] == "platform"
            || grouped.iter().any(|label| label == "squad")
            || recorded;
        assert!(is_routed, "{name} has no squad");
        for key in ["summary", "description"] {
            let text = text(notes, key);
            assert!(!text.is_empty() && !text.contains('\n'), "{name}: {key}");
        }
        let link = text(notes, "runbook_url");
        assert_eq!(link, format!("{RUNBOOK}{}", name.to_lowercase()), "{name}");
        let section = sections.get(name.as_str());
        let section = section.unwrap_or_else(|| panic!("{name} has no section in the runbook"));
        for part in ["**Means.**", "**Look.**", "**Do.**"] {
            assert!(section.contains(part), "{name}: the runbook has no {part}");
        }
        assert!(names.insert(name.clone()), "{name} occurs twice");
    }
    names.extend(alert_names());
    let sections: Vec<&&str> = sections
        .keys()
        .filter(|name| !names.contains(**name))
        .collect();
    assert!(
        sections.is_empty(),
        "no alert has these sections: {sections:?}"
    );
}

/// `promtool` runs these tests; this checks that every alert has some.
#[test]
fn each_alert_has_firing_and_silent_tests() {
    let (mut fires, mut is_silent) = (BTreeSet::new(), BTreeSet::new());
    for entry in std::fs::read_dir(file("deploy/prometheus/tests")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let tests = value(&format!("deploy/prometheus/tests/{name}"));
        for case in list(&tests, "tests")
            .iter()
            .flat_map(|test| list(test, "alert_rule_test"))
        {
            let alert = text(case, "alertname").to_owned();
            if list(case, "exp_alerts").is_empty() {
                is_silent.insert(alert)
            } else {
                fires.insert(alert)
            };
        }
    }
    let names = alert_names();
    assert_eq!(
        fires, names,
        "alerts that a test shows to fire, and those that there are"
    );
    assert_eq!(
        is_silent, names,
        "alerts that a test shows not to fire, and those that there are"
    );
}

/// Rules and dashboard list the response classes, because no label separates them. A contract that
/// cannot be read is not a violation of the service.
#[test]
fn lists_of_response_classes_are_complete() {
    use portcullis_vocabulary::enforcement::ViolationClass;
    let classes = ViolationClass::ALL.into_iter();
    let classes = classes
        .filter(|class| class.is_of_response() && !class.is_unreadable())
        .map(ViolationClass::as_str);
    let complete_list = format!("class=~\"{}\"", classes.collect::<Vec<_>>().join("|"));
    let (of_rules, shown) = (rule_expressions(), shown_expressions());
    let mut count = 0;
    for expression in of_rules
        .iter()
        .chain(&shown)
        .filter(|expression| expression.text.contains("undeclared-status"))
    {
        assert!(
            expression.text.contains(&complete_list),
            "{}: {}",
            expression.location,
            expression.text
        );
        count += 1;
    }
    assert_eq!(count, 3, "in the rules, the dashboard and the runbook");
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard = value("deploy/grafana/portcullis.json");
    assert!(dashboard["schemaVersion"].as_u64() >= Some(39));
    assert_eq!(
        (&dashboard["uid"], &dashboard["title"]),
        (&"portcullis".into(), &"Portcullis".into())
    );
    let variables: Vec<&str> = list(&dashboard["templating"], "list")
        .iter()
        .map(|variable| text(variable, "name"))
        .collect();
    assert_eq!(variables, ["datasource", "job", "service", "squad"]);
    check_variables(&dashboard);
    let (mut ids, mut rows, mut taken) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    for panel in list(&dashboard, "panels") {
        let title = text(panel, "title");
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "{title}: its id is not unique"
        );
        let grid = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        assert!(grid("x") + grid("w") <= 24, "{title} is outside the grid");
        for (x, y) in (0..grid("w")).flat_map(|x| (0..grid("h")).map(move |y| (x, y))) {
            assert!(
                taken.insert((grid("x") + x, grid("y") + y)),
                "{title} covers another panel"
            );
        }
        if panel["type"] == "row" {
            rows.push(title);
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        assert!(!text(panel, "description").is_empty(), "{title}");
        for target in list(panel, "targets") {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
    let expected = [
        "Traffic",
        "Refusals and violations",
        "Breakers and shares",
        "Contracts and reloads",
        "Latency and overhead",
        "Process",
        "Showback",
    ];
    assert_eq!(rows, expected);
}

/// The choices of variables come from labels that exist.
fn check_variables(dashboard: &Value) {
    for variable in list(&dashboard["templating"], "list").iter().skip(1) {
        let query = text(&variable["query"], "query");
        let inside = query
            .strip_prefix("label_values(")
            .and_then(|query| query.strip_suffix(')'));
        let (series, label) = inside.unwrap().rsplit_once(", ").unwrap();
        let read = promql::read(series).0;
        let metric = metric(&read[0].series).unwrap_or_else(|| panic!("{query}"));
        assert!(label == "job" || metric.labels.contains(&label), "{query}");
    }
}

#[test]
fn each_metric_is_shown_somewhere() {
    let shown: BTreeSet<String> = shown_expressions()
        .iter()
        .flat_map(|expression| promql::read(&expression.text).0)
        .filter_map(|selector| Some(metric(&selector.series)?.name.to_owned()))
        .collect();
    // Process figures that have no meaning over time, or only together with others.
    let rest = [
        "process_start_time_seconds",
        "process_threads",
        "process_virtual_memory_bytes",
        "process_virtual_memory_max_bytes",
    ];
    let missing: Vec<&str> = all_metrics()
        .map(|metric| metric.name)
        .filter(|name| !shown.contains(*name) && !rest.contains(name))
        .collect();
    assert!(
        missing.is_empty(),
        "neither dashboard nor runbook shows {missing:?}"
    );
}

#[test]
fn routes_alerts_to_each_squad_of_the_catalog() {
    let config = value("deploy/alertmanager/alertmanager.yml");
    let catalog: toml::Table = toml::from_str(&read("contracts/squads.toml")).unwrap();
    let squads = catalog["squads"]
        .as_table()
        .unwrap()
        .keys()
        .map(String::as_str);
    let routes = list(&config["route"], "routes");
    for squad in squads.chain(["platform"]) {
        let matcher = format!("squad=\"{squad}\"");
        let route = routes.iter().find(|route| route["matchers"][0] == *matcher);
        let route = route.unwrap_or_else(|| panic!("{squad} has no route"));
        assert_eq!(route["receiver"], format!("{squad}-room"));
        assert_eq!(route["routes"][0]["receiver"], format!("{squad}-pager"));
        assert_eq!(route["routes"][0]["matchers"][0], "severity=\"critical\"");
    }
    let names: BTreeSet<String> = alerts()
        .iter()
        .map(|alert| text(alert, "alert").to_owned())
        .collect();
    for rule in list(&config, "inhibit_rules") {
        for side in ["source_matchers", "target_matchers"] {
            let matcher = rule[side][0].as_str().unwrap();
            let named = matcher
                .trim_start_matches("alertname=")
                .trim_matches(['~', '"']);
            assert!(
                named.split('|').all(|name| names.contains(name)),
                "{matcher}"
            );
        }
    }
}

/// The tests have no collector, so its configuration is only parsed: every component that a
/// pipeline names is defined, and every defined component is used.
#[test]
fn the_collector_configuration_is_consistent() {
    let config = value("deploy/otel/collector.yaml");
    let service = &config["service"];
    let mut used = BTreeSet::new();
    for pipeline in service["pipelines"].as_object().unwrap().values() {
        for kind in ["receivers", "processors", "exporters"] {
            let names = list(pipeline, kind)
                .iter()
                .map(|name| name.as_str().unwrap());
            used.extend(names.map(|name| (kind, name.to_owned())));
        }
        assert_eq!(pipeline["processors"][0], "memory_limiter");
        let last = list(pipeline, "processors").last();
        assert_eq!(last, Some(&Value::from("batch")));
    }
    let names = list(service, "extensions")
        .iter()
        .map(|name| name.as_str().unwrap());
    used.extend(names.map(|name| ("extensions", name.to_owned())));
    let kinds = ["extensions", "receivers", "processors", "exporters"];
    let defined: BTreeSet<_> = kinds
        .into_iter()
        .flat_map(|kind| {
            let names = config[kind].as_object().unwrap().keys();
            names.map(move |name| (kind, name.clone()))
        })
        .collect();
    assert_eq!(used, defined);
    let otlp = &config["receivers"]["otlp"]["protocols"]["http"]["endpoint"];
    assert_eq!(otlp, "localhost:4318");
    let scrape = &config["receivers"]["prometheus"]["config"]["scrape_configs"][0];
    assert_eq!(scrape["job_name"], "portcullis");
    let admin = portcullis_config::Config::default().admin_port();
    let target = scrape["static_configs"][0]["targets"][0].as_str().unwrap();
    assert!(target.contains(&format!("localhost:{admin}}}")), "{target}");
}
