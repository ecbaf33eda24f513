//! `docs/metrics.md`: every metric with its labels and its purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use portcullis_telemetry::{Metric, MetricKind, PROCESS_METRICS};

use super::assert_page;
use crate::support::app::{App, admin};
use crate::support::upstream::Upstream;
use crate::telemetry::deploy::{all_metrics, metrics_of_alerts};
use crate::telemetry::label_values::{Values, values};

const BEGINNING: &str = "\
# Metrics

`GET /metrics` on the admin port serves these metrics in the Prometheus text format. A series \
appears when it is first counted, so `increase` and `rate` miss its first value; those of \
objectives exist from the start. All label values come from closed sets: the program, the \
configuration, the contracts and the catalog. So clients cannot create series, and no label \
contains payload values.

[deploy/](../deploy/README.md) has rules, alerts and a dashboard for them.

This page is generated; see [CONTRIBUTING.md](../CONTRIBUTING.md#how-the-tests-are-organised).
";

/// Advice for metrics whose description does not contain it.
const ADVICE: &[(&str, &str)] = &[
    (
        "portcullis_requests_total",
        "Start here: who calls what, with which outcome. `failed`, `unanswered` and `truncated` are \
         caused by the service, `refused` by the consumer, `shed` by breakers, shares and budgets; \
         `unsent` is a lack of descriptors, ports, memory or name resolution on this machine; \
         `abandoned` is a client that disconnected before the response, `disconnected` one that \
         disconnected during it, `truncated` a response that the service interrupted, `idle` a response without a length that \
         Portcullis ended because the service was silent for `limits.body_idle_timeout`, `drained` a \
         request that Portcullis ended because it stops.",
    ),
    (
        "portcullis_objective_requests_total",
        "The error budget is what the target leaves of all requests; [slo.md](slo.md) says what counts. \
         `portcullis manifests slo` writes rules and alerts.",
    ),
    (
        "portcullis_request_duration_seconds",
        "The latency that consumers see. Select `outcome=\"answered\"`: refusals take microseconds \
         and lower the percentiles.",
    ),
    (
        "portcullis_overhead_seconds",
        "The cost of Portcullis: the duration without waiting for the client, a slot and the \
         upstream.",
    ),
    (
        "contract_validation_errors_total",
        "Which contracts are violated, and by which squad. `enforcement=\"report\"` passed: check \
         it before you set a class to `reject`. One exchange may have several violations.",
    ),
    (
        "contract_unjudged_total",
        "Such responses or records pass unchanged. Raise `limits.response_body_bytes_max`, \
         `limits.decoded_bytes_max` and `limits.decoded_ratio_max` for compressed responses, or \
         `limits.record_bytes_max` for records of streams, if they matter. `unsupported-encoding` is a \
         content coding other than gzip, deflate, br and zstd; let the service not send it.",
    ),
    (
        "circuit_breaker_trips_by_squad_total",
        "How often a breaker opened, and why. For the current state use `circuit_breaker_state`.",
    ),
    (
        "circuit_breaker_state",
        "The state in each instance. `max` over instances shows whether traffic is refused \
         anywhere; `>= 1` includes half-open. The state follows from the time, also without traffic. \
         A breaker in `observe` mode shows what it would do.",
    ),
    (
        "circuit_breaker_waiting_for_call",
        "Such a breaker refuses no caller: the next calls are its probes. Alerts leave it out.",
    ),
    (
        "shed_requests_total",
        "Divide by the requests of the same service and squad for the share of traffic that is \
         lost. `waited`, `displaced` and `line-full` mean overload.",
    ),
    (
        "portcullis_in_flight_requests",
        "Compare with `portcullis_guaranteed_requests`: a squad above its guarantee is borrowing.",
    ),
    (
        "portcullis_in_flight_limit",
        "With `limit = \"adaptive\"` it changes: a falling limit means that the upstream slows down.",
    ),
    (
        "portcullis_cross_squad_ratio",
        "Compare with `portcullis_cross_squad_ratio_max`; above it requests are refused.",
    ),
    (
        "portcullis_upstream_servers",
        "Servers that are not `healthy` get no requests, or only when no other one is left. \
         `GET /upstreams` on the admin port names them.",
    ),
    (
        "portcullis_retries_total",
        "Retries hide failures from consumers, but add load to the upstream.",
    ),
    (
        "portcullis_http_refusals_total",
        "A low constant rate is usually scanners. A new reason after a release is a client that \
         violates HTTP.",
    ),
    (
        "portcullis_panics_total",
        "Every panic is a defect: please report it with the log line.",
    ),
    (
        "contract_reloads_total",
        "`refused` and `unavailable` need attention; `in-force` marks changes on a dashboard.",
    ),
    (
        "contract_candidate_refusals_total",
        "If it stays empty over a day while `contract_candidate_judged_total` grows, promote the \
         candidate.",
    ),
    (
        "contract_unreachable_operations",
        "`GET /contracts` on the admin port says why, and what to change.",
    ),
    (
        "contract_unjudged_parts",
        "`dangling-reference` and `undeclared-scheme` are what the tolerant reading of a contract \
         leaves unknown; the log has each with file and line.",
    ),
    (
        "portcullis_untrusted_squad_headers_total",
        "A gateway or sidecar that is missing in `identity.trusted_peers`, or clients that try to \
         choose their squad. The log has an address at most once a minute.",
    ),
    (
        "portcullis_guaranteed_requests",
        "For the squads that have called the service.",
    ),
    (
        "contract_revision_info",
        "`== 1` is the active revision. Several at the same time mean that instances differ.",
    ),
    (
        "portcullis_service_info",
        "Joins the provider to metrics that have only the service: \
         `… * on (service) group_left (squad) (portcullis_service_info == 1)`.",
    ),
    (
        "contract_drift_rate",
        "Includes reported violations: whether the contract describes the real traffic.",
    ),
    (
        "team_autonomy_health",
        "Depends on what the squad sends and on what its services answer, not on other squads. \
         `GET /traffic` on the admin port has the three parts.",
    ),
    (
        "portcullis_unrouted_requests_total",
        "Answered with 404 `NO_SERVICE`: a host or path prefix that clients use and no service has.",
    ),
    (
        "portcullis_waiting_requests",
        "Above 0 for more than a moment, the limit is reached and requests are about to be shed.",
    ),
    (
        "contract_validation_seconds",
        "The part of the overhead that grows with bodies and schemas.",
    ),
    (
        "process_cpu_seconds_total",
        "In whole seconds, so use rates over five minutes or more.",
    ),
];

fn page() -> String {
    let alerts = metrics_of_alerts();
    let mut page = BEGINNING.to_owned();
    page.push_str("\n| metric | type | labels |\n|---|---|---|\n");
    for metric in all_metrics() {
        let Metric { name, kind, .. } = *metric;
        let labels = metric.labels.iter().map(|label| format!("`{label}`"));
        let labels = labels.collect::<Vec<_>>().join(" ");
        let kind = kind_name(kind);
        writeln!(page, "| [`{name}`](#{name}) | {kind} | {labels} |").unwrap();
    }
    for metric in all_metrics() {
        section(&mut page, metric, &alerts);
    }
    page
}

fn section(page: &mut String, metric: &Metric, alerts: &BTreeMap<String, BTreeSet<String>>) {
    let Metric { name, help, .. } = *metric;
    let kind = kind_name(metric.kind);
    writeln!(page, "\n## {name}\n\nA {kind}. {help}").unwrap();
    if let Some((_, advice)) = ADVICE.iter().find(|(about, _)| *about == name) {
        writeln!(page, "\n{advice}").unwrap();
    }
    for (number, label) in metric.labels.iter().enumerate() {
        let gap = if number == 0 { "\n" } else { "" };
        let values = described(&values(name, label));
        writeln!(page, "{gap}- `{label}`: {values}").unwrap();
    }
    let used = alerts.iter().filter(|(_, metrics)| metrics.contains(name));
    let used = used.map(|(alert, _)| format!("[{alert}](runbook.md#{})", alert.to_lowercase()));
    let used = used.collect::<Vec<_>>().join(", ");
    if !used.is_empty() {
        writeln!(page, "\nAlerts: {used}.").unwrap();
    }
}

fn kind_name(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
    }
}

fn described(values: &Values) -> String {
    let code = |value: &str| format!("`{value}`");
    match values {
        Values::Closed(values) => {
            let values = values.iter().map(|value| code(value));
            values.collect::<Vec<_>>().join(", ")
        }
        Values::Configured(described, others) => {
            let others = others.iter().map(|value| code(value));
            let parts = [(*described).to_owned()].into_iter().chain(others);
            parts.collect::<Vec<_>>().join(", or ")
        }
    }
}

#[test]
fn the_metrics_page_matches_the_program() {
    assert_page("docs/metrics.md", &page());
    for (about, _) in ADVICE {
        let known = all_metrics().any(|metric| metric.name == *about);
        assert!(known, "there is advice on {about}, which is not a metric");
    }
}

/// These are named by a crate, in its words.
#[cfg(target_os = "linux")]
#[test]
fn the_listed_process_metrics_exist() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let (_, text) = admin(app.admin, "/metrics");
    let exposed = text
        .lines()
        .filter(|line| line.starts_with("# HELP process_"));
    let exposed: BTreeSet<String> = exposed.map(str::to_owned).collect();
    let listed = PROCESS_METRICS.iter();
    let listed = listed.map(|metric| format!("# HELP {} {}", metric.name, metric.help));
    assert_eq!(exposed, listed.collect());
    for metric in PROCESS_METRICS {
        let kind = format!("# TYPE {} {}\n", metric.name, kind_name(metric.kind));
        assert!(text.contains(&kind), "{kind}");
    }
}
