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
    pub(in crate::telemetry) const OUTCOME: &str = "outcome";
    pub(in crate::telemetry) const CLASS: &str = "class";
    pub(in crate::telemetry) const ENFORCEMENT: &str = "enforcement";
    pub(in crate::telemetry) const REASON: &str = "reason";
    pub(in crate::telemetry) const VERSION: &str = "version";
    pub(in crate::telemetry) const REVISION: &str = "revision";
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
    VIOLATIONS: Counter "contract_validation_errors_total" [SERVICE, OPERATION, CLASS, SQUAD, ENFORCEMENT]
        "Violations of contracts found in requests and responses, by what was done about them.";
    UPSTREAM_ERRORS: Counter "portcullis_upstream_errors_total" [SERVICE, REASON]
        "Requests that the upstream did not answer, by reason.";
    UNJUDGED: Counter "contract_unjudged_total" [SERVICE, REASON]
        "Messages that passed without being judged although their contract describes them.";
    HTTP_REFUSALS: Counter "portcullis_http_refusals_total" [REASON]
        "Requests refused before they could be read, by the rule of HTTP they broke.";
    UNROUTED: Counter "portcullis_unrouted_requests_total" []
        "Requests whose host and path belong to no service.";
    PANICS: Counter "portcullis_panics_total" []
        "Defects of Portcullis that cost a request its answer.";
    CONNECTIONS: Gauge "portcullis_connections" []
        "Client connections open now.";
    REVISION_INFO: Gauge "contract_revision_info" [SERVICE, VERSION, REVISION]
        "The revision of each contract in force; the value is 1.";
    BUILD_INFO: Gauge "portcullis_build_info" [VERSION]
        "The running version; the value is 1.";
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
            let known = name.starts_with("portcullis_") || name.starts_with("contract_");
            assert!(known, "{name}");
        }
    }
}
