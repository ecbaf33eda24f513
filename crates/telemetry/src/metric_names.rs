//! Every metric with its labels and the help text that Prometheus shows.

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name, with the unit.
    pub name: &'static str,
    /// The type.
    pub kind: MetricKind,
    /// The label names.
    pub labels: &'static [&'static str],
    /// The help text.
    pub help: &'static str,
}

/// The label names.
mod label {
    pub(super) const SERVICE: &str = "service";
    pub(super) const OPERATION: &str = "operation";
    pub(super) const SQUAD: &str = "squad";
    pub(super) const TIER: &str = "tier";
    pub(super) const OBJECTIVE: &str = "objective";
    pub(super) const OUTCOME: &str = "outcome";
    pub(super) const CLASS: &str = "class";
    pub(super) const ENFORCEMENT: &str = "enforcement";
    pub(super) const RESULT: &str = "result";
    pub(super) const REASON: &str = "reason";
    pub(super) const STATE: &str = "state";
    pub(super) const KIND: &str = "kind";
    pub(super) const SECTION: &str = "section";
    pub(super) const FILE: &str = "file";
    pub(super) const VERSION: &str = "version";
    pub(super) const REVISION: &str = "revision";
    pub(super) const DIRECTION: &str = "direction";
    pub(super) const HOST: &str = "host";
    pub(super) const VERDICT: &str = "verdict";
    pub(super) const COST_CENTER: &str = "cost_center";
    pub(super) const COMMIT: &str = "commit";
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal [$($label:ident),*] $help:literal;)*) => {
        $(pub(super) const $constant: Metric = Metric {
            name: $name,
            kind: MetricKind::$kind,
            labels: &[$(label::$label),*],
            help: $help,
        };)*
        /// Every metric except those of the process.
        pub const METRICS: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    REQUESTS: Counter "portcullis_requests_total" [SERVICE, OPERATION, SQUAD, OUTCOME]
        "Requests by operation, calling squad and outcome.";
    CONSUMER_BYTES: Counter "portcullis_consumer_bytes_total" [SERVICE, SQUAD, DIRECTION]
        "Bytes of the bodies of requests and responses, by calling squad. Header fields and upgraded connections do not count.";
    CONSUMER_UPSTREAM: Counter "portcullis_consumer_upstream_seconds_total" [SERVICE, SQUAD]
        "Time that requests spent waiting for the upstream until the head of its response, by calling squad.";
    CONSUMER_OWN: Counter "portcullis_consumer_own_seconds_total" [SERVICE, SQUAD]
        "Time that requests spent in Portcullis, by calling squad: the share of its processor time that each squad uses.";
    SQUAD_INFO: Gauge "portcullis_squad_info" [SQUAD, COST_CENTER]
        "The cost center of each squad of the catalog that has one; the value is 1.";
    DEPRECATED: Counter "portcullis_deprecated_requests_total" [SERVICE, OPERATION, SQUAD]
        "Requests of deprecated operations, by calling squad.";
    OBJECTIVES: Counter "portcullis_objective_requests_total" [SERVICE, OBJECTIVE, OPERATION, RESULT]
        "Requests that an objective judges, good and bad ones.";
    DURATION: Histogram "portcullis_request_duration_seconds" [SERVICE, OUTCOME]
        "Time from the head of a request to the head of its response.";
    OVERHEAD: Histogram "portcullis_overhead_seconds" [SERVICE]
        "The part of the request duration that was spent in Portcullis.";
    JUDGING: Histogram "contract_validation_seconds" [SERVICE]
        "Time spent validating one exchange against its contract.";
    VIOLATIONS: Counter "contract_validation_errors_total" [SERVICE, OPERATION, CLASS, SQUAD, ENFORCEMENT]
        "Contract violations in requests and responses, by class and enforcement.";
    UPSTREAM_ERRORS: Counter "portcullis_upstream_errors_total" [SERVICE, REASON]
        "Requests that got no response from the upstream, by reason.";
    UNJUDGED: Counter "contract_unjudged_total" [SERVICE, REASON]
        "Messages that passed without validation although their contract describes them, by reason.";
    TRIPS: Counter "circuit_breaker_trips_by_squad_total" [SERVICE, SQUAD, TIER, REASON]
        "Times that a breaker opened, by squad and tier; the breaker of the whole service has one fixed value for both.";
    BREAKER_STATE: Gauge "circuit_breaker_state" [SERVICE, SQUAD, TIER]
        "State of each breaker: 0 closed, 1 half-open, 2 open.";
    BREAKER_WAITING: Gauge "circuit_breaker_waiting_for_call" [SERVICE, SQUAD, TIER]
        "1 while a breaker is half-open and no call has come for ten seconds, else 0. A breaker that has never changed has no value.";
    SHED: Counter "shed_requests_total" [SERVICE, SQUAD, TIER, REASON]
        "Requests refused to protect a service, by the rule that refused them.";
    IN_FLIGHT: Gauge "portcullis_in_flight_requests" [SERVICE, SQUAD]
        "Requests in flight to the upstream, by calling squad.";
    GUARANTEED: Gauge "portcullis_guaranteed_requests" [SERVICE, SQUAD]
        "Concurrent requests that the share of each squad guarantees.";
    LIMIT: Gauge "portcullis_in_flight_limit" [SERVICE]
        "The current limit of requests in flight to the upstream.";
    WAITING: Gauge "portcullis_waiting_requests" [SERVICE]
        "Requests waiting for a slot.";
    CROSS_SQUAD: Gauge "portcullis_cross_squad_ratio" [SERVICE]
        "Fraction of the requests of the last ten seconds that came from squads other than the provider, for services with a budget.";
    CROSS_SQUAD_MAX: Gauge "portcullis_cross_squad_ratio_max" [SERVICE]
        "The highest allowed fraction of requests from other squads.";
    ENDPOINTS: Gauge "portcullis_upstream_servers" [SERVICE, STATE]
        "Servers of each service with several of them or with health checks, by state.";
    HEALTH_CHECKS: Counter "portcullis_upstream_health_checks_total" [SERVICE, RESULT]
        "Health checks of servers, by result.";
    RETRIES: Counter "portcullis_retries_total" [SERVICE, REASON]
        "Requests sent to the upstream again, by the reason of the retry.";
    IDENTITY_FAULTS: Counter "portcullis_identity_faults_total" [REASON]
        "Requests without an acceptable caller identity, by reason.";
    UNTRUSTED_CLAIMS: Counter "portcullis_untrusted_squad_headers_total" [SERVICE]
        "Requests whose squad headers were removed because their sender is not trusted.";
    HTTP_REFUSALS: Counter "portcullis_http_refusals_total" [REASON]
        "Requests refused as invalid HTTP, by the rule they broke.";
    HANDSHAKE_FAILURES: Counter "portcullis_tls_handshake_failures_total" [REASON]
        "Client connections whose TLS handshake failed, by reason.";
    CERTIFICATE_NOT_AFTER: Gauge "portcullis_tls_certificate_not_after_seconds" [SECTION, FILE]
        "When each certificate that is shown to clients or upstreams ends, or the first one of its chain, in seconds since 1970; 0 for one that is not configured any more.";
    TLS_STALE: Gauge "portcullis_tls_stale" [SECTION]
        "1 while the files of a section of the configuration cannot be used and earlier ones stay active, else 0.";
    DROPPED_HEADERS: Counter "portcullis_dropped_headers_total" [REASON]
        "Header fields removed from requests because servers could read them as other fields, by reason.";
    UNROUTED: Counter "portcullis_unrouted_requests_total" []
        "Requests whose host and path match no service.";
    PANICS: Counter "portcullis_panics_total" []
        "Requests that got no regular response because of a bug in Portcullis.";
    SPANS: Counter "portcullis_spans_total" [RESULT]
        "Spans of sampled requests, by whether they were exported or lost.";
    CONNECTIONS: Gauge "portcullis_connections" []
        "Open client connections.";
    UPGRADED_CONNECTIONS: Gauge "portcullis_upgraded_connections" [SERVICE]
        "Open WebSocket connections; each holds a slot of the service.";
    UPGRADED_BYTES: Counter "portcullis_upgraded_bytes_total" [SERVICE, DIRECTION]
        "Bytes that passed over WebSocket connections, by direction.";
    EGRESS_CALLS: Counter "portcullis_egress_calls_total" [SERVICE, SQUAD, HOST, VERDICT]
        "Calls through the forward proxy by calling service and host, and whether the host is declared. The host of a declared call is the pattern that declares it.";
    EGRESS_OPEN: Gauge "portcullis_egress_open_calls" []
        "Calls and tunnels of the forward proxy that are open.";
    EGRESS_TUNNELS: Gauge "portcullis_egress_tunnels" []
        "Open tunnels (CONNECT) of the forward proxy.";
    EGRESS_BYTES: Counter "portcullis_egress_tunnel_bytes_total" [DIRECTION]
        "Bytes that passed through tunnels of the forward proxy, by direction.";
    BODY_MEMORY: Gauge "portcullis_body_memory_bytes" []
        "Memory of the bodies that count towards limits.body_memory_max, in bytes.";
    RELOADS: Counter "contract_reloads_total" [SERVICE, RESULT]
        "Reloads of contracts, by result.";
    COMPILE: Gauge "contract_compile_seconds" [SERVICE]
        "Duration of the last compilation of each contract.";
    UNREACHABLE: Gauge "contract_unreachable_operations" [SERVICE]
        "Operations of the active contract that no request can reach, because of path_prefix or of another service. A service that always could reach all of them has no value.";
    UNJUDGED_PARTS: Gauge "contract_unjudged_parts" [SERVICE, KIND]
        "Parts of the active contract that messages are not judged by, by kind. A kind that the contracts of a service never had has no value.";
    STALE: Gauge "contract_stale" [SERVICE]
        "1 while the source of the contract is unavailable or its content is refused, else 0.";
    CANDIDATE_JUDGED: Counter "contract_candidate_judged_total" [SERVICE]
        "Exchanges that a candidate has validated.";
    CANDIDATE_REFUSALS: Counter "contract_candidate_refusals_total" [SERVICE, OPERATION, CLASS, SQUAD]
        "Violations that a candidate would have refused, by operation, class and squad.";
    CANDIDATE_MISSED: Gauge "contract_candidate_missed" [SERVICE]
        "Exchanges that the current candidate did not validate because its queue was full.";
    DRIFT_RATE: Gauge "contract_drift_rate" [SERVICE]
        "Fraction of the exchanges of the last minute that violated the contract.";
    HEALTH: Gauge "team_autonomy_health" [SQUAD]
        "Health of a squad from 0 to 1 over ten minutes: (1 - fraction of its calls that violated contracts) * (1 - fraction of time in which a breaker stopped its traffic) * (1 - fraction of its responses that violated its contracts).";
    LOG_LINES_LOST: Counter "portcullis_log_lines_lost_total" []
        "Log lines dropped because the log reader was too slow.";
    REVISION_INFO: Gauge "contract_revision_info" [SERVICE, VERSION, REVISION]
        "The active revision of each contract; the value is 1, and 0 for earlier revisions.";
    SERVICE_INFO: Gauge "portcullis_service_info" [SERVICE, SQUAD]
        "The squad that provides each service; the value is 1, and 0 for earlier providers.";
    BUILD_INFO: Gauge "portcullis_build_info" [VERSION, COMMIT]
        "The version of Portcullis, and its commit if the build set one; the value is 1.";
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_prometheus_conventions() {
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
