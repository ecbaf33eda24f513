//! `docs/metrics.md`: every metric with what its labels say and what it is for, written from the
//! program's own lists and compared with the file.
//!
//! `PORTCULLIS_TEST_WRITE=1 cargo test --test it reference` writes the file anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use portcullis::telemetry::{Metric, MetricKind, PROCESS_METRICS};

use super::app::{App, admin};
use super::deploy::{all_metrics, file, metrics_of_alerts};
use super::upstream::Upstream;
use super::vocabulary::{Values, values};

const FILE: &str = "docs/metrics.md";

/// Set to write the file instead of comparing it.
const WRITE: &str = "PORTCULLIS_TEST_WRITE";

const BEGINNING: &str = "\
# Metrics

Written from `src/telemetry/names.rs`; a test compares this page with it and writes it anew: \
`PORTCULLIS_TEST_WRITE=1 cargo test --test it reference`.

`GET /metrics` on the admin port has them in the Prometheus text format. A series is there from \
the first time that it counts something. All labels come from closed sets, those of the program, \
the configuration, the contracts and the catalog, so that nobody outside can make series. No \
label and no value holds anything of a message.

Rules, alerts and a dashboard that use them are under [deploy/](../deploy/README.md).
";

/// What to do with a metric, where its description does not say it.
const ADVICE: &[(&str, &str)] = &[
    (
        "portcullis_requests_total",
        "The first to ask: who calls what, and how it ends. `failed` and `unanswered` are the \
         service's doing, `refused` the consumer's, `shed` that of breakers, shares and budgets; \
         `abandoned` is a client that did not wait.",
    ),
    (
        "portcullis_request_duration_seconds",
        "What consumers see. Take `outcome=\"answered\"`: refusals take microseconds and pull \
         percentiles down.",
    ),
    (
        "portcullis_overhead_seconds",
        "What Portcullis costs: the duration without waiting for client, slot and upstream.",
    ),
    (
        "contract_validation_errors_total",
        "Where contracts are broken, and by whom. `enforcement=\"report\"` passed: look at it \
         before a class is set to `reject`. One exchange may hold several violations.",
    ),
    (
        "contract_unjudged_total",
        "Such responses go on as they came. Raise `limits.response_body_bytes_max` if they matter.",
    ),
    (
        "circuit_breaker_trips_by_squad_total",
        "How often, and why. For whether it is open now take `circuit_breaker_state`.",
    ),
    (
        "circuit_breaker_state",
        "Of each instance. `max` over instances says whether anybody is cut off anywhere; `>= 1` \
         holds through probing. A breaker that only observes shows what it would do.",
    ),
    (
        "shed_requests_total",
        "Together with the requests of the same service and squad it says how much of their \
         traffic is lost. `waited`, `displaced` and `line-full` are an overload, the others a \
         decision.",
    ),
    (
        "portcullis_in_flight_requests",
        "Against `portcullis_guaranteed_requests`: who is above the own share, and borrows.",
    ),
    (
        "portcullis_in_flight_limit",
        "With `limit = \"adaptive\"` it moves: a limit that falls is an upstream that becomes slow.",
    ),
    (
        "portcullis_cross_squad_ratio",
        "Against `portcullis_cross_squad_ratio_max`; above it requests are refused.",
    ),
    (
        "portcullis_retries_total",
        "Retries hide failures from consumers and not from the upstream: watch that they stay few.",
    ),
    (
        "portcullis_http_refusals_total",
        "A steady trickle is scanners; a new reason with a new release is a client that breaks HTTP.",
    ),
    (
        "portcullis_panics_total",
        "Any is a defect: please report it with the log line.",
    ),
    (
        "contract_reloads_total",
        "`refused` and `unavailable` want somebody to look; `in-force` marks changes on a dashboard.",
    ),
    (
        "contract_candidate_refusals_total",
        "Empty over a day of traffic, with `contract_candidate_judged_total` growing: promote it.",
    ),
    (
        "contract_revision_info",
        "`== 1` is the revision in force. Several at a time: instances differ.",
    ),
    (
        "portcullis_service_info",
        "For joining the provider to what names only the service: \
         `… * on (service) group_left (squad) (portcullis_service_info == 1)`.",
    ),
    (
        "contract_drift_rate",
        "Counts what is only reported, too: whether the contract tells the truth about the traffic.",
    ),
    (
        "team_autonomy_health",
        "A squad answers for what it sends and for what its services answer, and for nothing that \
         others do. `GET /traffic` on the admin port has the three parts.",
    ),
    (
        "portcullis_unrouted_requests_total",
        "Answered 404 `NO_SERVICE`: a name or a path prefix that clients use and no service has.",
    ),
    (
        "portcullis_waiting_requests",
        "Above 0 for longer than a moment, the limit is reached and somebody is about to be shed.",
    ),
    (
        "contract_validation_seconds",
        "The part of the overhead that grows with bodies and schemas.",
    ),
    (
        "process_cpu_seconds_total",
        "In whole seconds, so take the rate over five minutes or more.",
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
fn the_page_of_metrics_is_what_the_program_has() {
    let (page, path) = (page(), file(FILE));
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = page
        .lines()
        .zip(written.lines())
        .find(|(new, old)| new != old);
    assert!(
        page == written,
        "{FILE} is not what the program has; {WRITE}=1 writes it. It first differs at {differs:#?}"
    );
    for (about, _) in ADVICE {
        let known = all_metrics().any(|metric| metric.name == *about);
        assert!(known, "there is advice on {about}, which is no metric");
    }
}

/// These are named by a crate, in its words.
#[cfg(target_os = "linux")]
#[test]
fn metrics_of_the_process_are_those_listed() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let (_, text) = admin(app.admin, "/metrics");
    let told = text
        .lines()
        .filter(|line| line.starts_with("# HELP process_"));
    let told: BTreeSet<String> = told.map(str::to_owned).collect();
    let listed = PROCESS_METRICS.iter();
    let listed = listed.map(|metric| format!("# HELP {} {}", metric.name, metric.help));
    assert_eq!(told, listed.collect());
    for metric in PROCESS_METRICS {
        let kind = format!("# TYPE {} {}\n", metric.name, kind_name(metric.kind));
        assert!(text.contains(&kind), "{kind}");
    }
}
