//! Every metric and every label, with the words that Prometheus shows.

/// What a metric measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name, with its unit.
    pub name: &'static str,
    /// What it measures.
    pub kind: MetricKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, for people.
    pub help: &'static str,
}

/// A label's name.
pub(super) mod label {
    pub(in crate::telemetry) const SERVICE: &str = "service";
    pub(in crate::telemetry) const OPERATION: &str = "operation";
    pub(in crate::telemetry) const SQUAD: &str = "squad";
    pub(in crate::telemetry) const TIER: &str = "tier";
    pub(in crate::telemetry) const OUTCOME: &str = "outcome";
    pub(in crate::telemetry) const CLASS: &str = "class";
    pub(in crate::telemetry) const ENFORCEMENT: &str = "enforcement";
    pub(in crate::telemetry) const RESULT: &str = "result";
    pub(in crate::telemetry) const REASON: &str = "reason";
    pub(in crate::telemetry) const VERSION: &str = "version";
    pub(in crate::telemetry) const REVISION: &str = "revision";
    pub(in crate::telemetry) const COMMIT: &str = "commit";
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal [$($label:ident),*] $help:literal;)*) => {
        $(pub(super) const $constant: Metric = Metric {
            name: $name,
            kind: MetricKind::$kind,
            labels: &[$(label::$label),*],
            help: $help,
        };)*
        /// Every metric of the program.
        pub const METRICS: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    REQUESTS: Counter "portcullis_requests_total" [SERVICE, OPERATION, SQUAD, OUTCOME]
        "Requests answered, by operation, calling squad and outcome.";
    DURATION: Histogram "portcullis_request_duration_seconds" [SERVICE, OUTCOME]
        "Time from a request's head to its answer's head.";
    OVERHEAD: Histogram "portcullis_overhead_seconds" [SERVICE]
        "Time from a request's head to its answer's head that was spent in Portcullis itself.";
    JUDGING: Histogram "contract_validation_seconds" [SERVICE]
        "Time that judging one exchange by its contract took.";
    VIOLATIONS: Counter "contract_validation_errors_total" [SERVICE, OPERATION, CLASS, SQUAD, ENFORCEMENT]
        "Violations of contracts found in requests and responses, by what was done about them.";
    UPSTREAM_ERRORS: Counter "portcullis_upstream_errors_total" [SERVICE, REASON]
        "Requests that the upstream did not answer, by reason.";
    UNJUDGED: Counter "contract_unjudged_total" [SERVICE, REASON]
        "Messages that passed without being judged although their contract describes them.";
    TRIPS: Counter "circuit_breaker_trips_by_squad_total" [SERVICE, SQUAD, TIER, REASON]
        "Times that a breaker opened, by whose traffic it cuts; squad and tier are \"everybody\" for the one that cuts all.";
    BREAKER_STATE: Gauge "circuit_breaker_state" [SERVICE, SQUAD, TIER]
        "State of each breaker: 0 closed, 1 half-open, 2 open.";
    SHED: Counter "shed_requests_total" [SERVICE, SQUAD, TIER, REASON]
        "Requests refused to protect a service, by the rule that refused them.";
    IN_FLIGHT: Gauge "portcullis_in_flight_requests" [SERVICE, SQUAD]
        "Requests in flight to the upstream, by calling squad.";
    GUARANTEED: Gauge "portcullis_guaranteed_requests" [SERVICE, SQUAD]
        "Requests in flight that each squad's share guarantees.";
    LIMIT: Gauge "portcullis_in_flight_limit" [SERVICE]
        "The most requests that may be in flight to the upstream now.";
    WAITING: Gauge "portcullis_waiting_requests" [SERVICE]
        "Requests that wait for a slot.";
    CROSS_SQUAD: Gauge "portcullis_cross_squad_ratio" [SERVICE]
        "Share of requests within ten seconds that came from other squads than the provider, where it has a budget.";
    CROSS_SQUAD_MAX: Gauge "portcullis_cross_squad_ratio_max" [SERVICE]
        "The greatest allowed share of requests from other squads.";
    RETRIES: Counter "portcullis_retries_total" [SERVICE, REASON]
        "Requests sent to the upstream again, by what became of the attempt before.";
    IDENTITY_FAULTS: Counter "portcullis_identity_faults_total" [REASON]
        "Requests that did not say in an acceptable way who calls.";
    HTTP_REFUSALS: Counter "portcullis_http_refusals_total" [REASON]
        "Requests refused before they could be read, by the rule of HTTP they broke.";
    UNROUTED: Counter "portcullis_unrouted_requests_total" []
        "Requests whose host and path belong to no service.";
    PANICS: Counter "portcullis_panics_total" []
        "Defects of Portcullis that cost a request its answer.";
    SPANS: Counter "portcullis_spans_total" [RESULT]
        "Spans of sampled requests, by what became of them.";
    CONNECTIONS: Gauge "portcullis_connections" []
        "Client connections open now.";
    RELOADS: Counter "contract_reloads_total" [SERVICE, RESULT]
        "Times that a contract was read again, by what came of it.";
    COMPILE: Gauge "contract_compile_seconds" [SERVICE]
        "How long the last compilation of each contract took.";
    STALE: Gauge "contract_stale" [SERVICE]
        "1 while the source of a contract is unavailable or what it holds is refused, else 0.";
    CANDIDATE_JUDGED: Counter "contract_candidate_judged_total" [SERVICE]
        "Exchanges that a candidate has judged beside the contract in force.";
    CANDIDATE_REFUSALS: Counter "contract_candidate_refusals_total" [SERVICE, OPERATION, CLASS, SQUAD]
        "Violations that a candidate would have refused, in exchanges that passed.";
    CANDIDATE_MISSED: Gauge "contract_candidate_missed" [SERVICE]
        "Exchanges that the present candidate should have judged and had no time for.";
    DRIFT_RATE: Gauge "contract_drift_rate" [SERVICE]
        "Share of the exchanges of the last minute that departed from the contract.";
    HEALTH: Gauge "team_autonomy_health" [SQUAD]
        "How well a squad keeps to the boundaries, 0 to 1: (1 - share of its calls that violate contracts) * (1 - share of time its traffic is cut) * (1 - share of its responses that violate its contracts), over ten minutes.";
    LOG_LINES_LOST: Counter "portcullis_log_lines_lost_total" []
        "Lines that were not written because the log's reader was too slow.";
    REVISION_INFO: Gauge "contract_revision_info" [SERVICE, VERSION, REVISION]
        "The revision of each contract in force; the value is 1.";
    SERVICE_INFO: Gauge "portcullis_service_info" [SERVICE, SQUAD]
        "The squad that provides each service; the value is 1, and 0 for one that did before.";
    BUILD_INFO: Gauge "portcullis_build_info" [VERSION, COMMIT]
        "The running version, and the commit that it was built from where that was said; the value is 1.";
}

/// What `metrics-process` tells of the process beside these, on Linux.
pub const PROCESS_METRICS: &[Metric] = &[
    of_process(
        "process_cpu_seconds_total",
        MetricKind::Counter,
        "Total user and system CPU time spent in seconds.",
    ),
    of_process(
        "process_max_fds",
        MetricKind::Gauge,
        "Maximum number of open file descriptors.",
    ),
    of_process(
        "process_open_fds",
        MetricKind::Gauge,
        "Number of open file descriptors.",
    ),
    of_process(
        "process_resident_memory_bytes",
        MetricKind::Gauge,
        "Resident memory size in bytes.",
    ),
    of_process(
        "process_start_time_seconds",
        MetricKind::Gauge,
        "Start time of the process since unix epoch in seconds.",
    ),
    of_process(
        "process_threads",
        MetricKind::Gauge,
        "Number of OS threads in the process.",
    ),
    of_process(
        "process_virtual_memory_bytes",
        MetricKind::Gauge,
        "Virtual memory size in bytes.",
    ),
    of_process(
        "process_virtual_memory_max_bytes",
        MetricKind::Gauge,
        "Maximum amount of virtual memory available in bytes.",
    ),
];

const fn of_process(name: &'static str, kind: MetricKind, help: &'static str) -> Metric {
    Metric {
        name,
        kind,
        labels: &[],
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        for metric in METRICS {
            let Metric {
                name, kind, help, ..
            } = *metric;
            assert_eq!(
                name.ends_with("_total"),
                kind == MetricKind::Counter,
                "{name}"
            );
            if kind == MetricKind::Histogram {
                assert!(name.ends_with("_seconds"), "{name}");
            }
            assert!(help.ends_with('.'), "{name}");
            let known = [
                "portcullis_",
                "contract_",
                "circuit_breaker_",
                "shed_",
                "team_",
            ];
            let known = known.iter().any(|prefix| name.starts_with(prefix));
            assert!(known, "{name}");
        }
    }
}
