//! The values of each label of each metric: the closed sets, read from where they are defined.

use std::path::Path;

use portcullis_contract::ContractProblem;
use portcullis_identity::{CertificateFault, TokenFault};
use portcullis_proxy::{EndpointState, HandshakeFailure, HeaderConcern, HttpRefusal};
use portcullis_telemetry::{EgressVerdict, RequestOutcome};
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};
use portcullis_vocabulary::{ObjectiveKind, Tier};

/// The values of a label.
#[derive(Debug)]
pub(crate) enum Values {
    /// One of these.
    Closed(Vec<String>),
    /// Configured names or names from a contract, with a description; and these.
    Configured(&'static str, &'static [&'static str]),
}

/// The values of a metric's label.
pub(crate) fn values(metric: &str, label: &str) -> Values {
    let is_breaker = metric.starts_with("circuit_breaker_");
    match label {
        "service" if metric.starts_with("portcullis_egress") => {
            Values::Configured("a service of the catalog", &["unknown"])
        }
        "host" => Values::Configured(
            "the pattern of the catalog that declares the host, `vendor:` and its name, or else the host, as long as there are at most 200 of these",
            &["other"],
        ),
        "verdict" => closed(EgressVerdict::ALL.map(EgressVerdict::as_str)),
        "service" => Values::Configured("a service of the configuration", &[]),
        "operation" if metric == "portcullis_objective_requests_total" => Values::Configured(
            "an operation with an objective of its own, or `*` for all of the service",
            &[],
        ),
        "operation" => Values::Configured(
            "an operation of the contract, by its `operationId` or its method and path",
            &["unknown"],
        ),
        "squad" if is_breaker => {
            Values::Configured("a squad of the catalog", &["unknown", "everybody"])
        }
        // `unknown` is not a squad, so it has no health and no cost center.
        "squad" if ["team_autonomy_health", "portcullis_squad_info"].contains(&metric) => {
            Values::Configured("a squad of the catalog", &[])
        }
        "squad" => Values::Configured("a squad of the catalog", &["unknown"]),
        "version" if metric.starts_with("portcullis_") => {
            Values::Configured("the version of Portcullis", &[])
        }
        "version" => Values::Configured("`info.version` of the contract", &[]),
        "revision" => Values::Configured("`sha256:` and the hash of the contract's content", &[]),
        "cost_center" => Values::Configured("`cost_center` of a squad of the catalog", &[]),
        "commit" => Values::Configured(
            "the commit that was built; empty where the build did not say it",
            &[],
        ),
        "section" => Values::Configured(
            "a section of the configuration with TLS, such as `listen.tls`",
            &[],
        ),
        "file" => Values::Configured(
            "the file of a certificate, as the configuration names it",
            &[],
        ),
        "objective" => closed(ObjectiveKind::ALL.map(ObjectiveKind::as_str)),
        "outcome" => closed(RequestOutcome::ALL.map(RequestOutcome::as_str)),
        "class" => closed(ViolationClass::ALL.map(ViolationClass::as_str)),
        // Violations of a class that is `off` are not counted.
        "enforcement" => {
            closed([Enforcement::Reject, Enforcement::Report].map(Enforcement::as_str))
        }
        "tier" if is_breaker => {
            closed(Tier::ALL.map(Tier::as_str).into_iter().chain(["everybody"]))
        }
        "tier" => closed(Tier::ALL.map(Tier::as_str)),
        "state" => closed(EndpointState::ALL.map(EndpointState::as_str)),
        "direction" => closed(["from-client", "from-upstream"]),
        "kind" => closed(ContractProblem::UNJUDGED_KINDS),
        "result" => results(metric),
        "reason" => reasons(metric),
        _ => panic!("{metric}: add the values of the label `{label}` to this file"),
    }
}

fn closed<'a>(values: impl IntoIterator<Item = &'a str>) -> Values {
    Values::Closed(values.into_iter().map(str::to_owned).collect())
}

fn results(metric: &str) -> Values {
    Values::Closed(match metric {
        "portcullis_objective_requests_total" => ["good", "bad"].map(str::to_owned).to_vec(),
        "contract_reloads_total" => literals("src/admin/contracts/contract_view.rs", "fn as_str"),
        "portcullis_upstream_health_checks_total" => {
            ["passed", "failed"].map(str::to_owned).to_vec()
        }
        "portcullis_spans_total" => ["exported", "lost-queue", "lost-export"]
            .map(str::to_owned)
            .to_vec(),
        _ => panic!("{metric}: add the values of the label `result` to this file"),
    })
}

/// The reasons of retries. Some are counted because the upstream has not begun to answer.
fn retry_reasons(mut upstream: Vec<String>) -> Vec<String> {
    let again = ["connect", "timeout", "closed", "refused-stream"];
    upstream.retain(|reason| again.contains(&reason.as_str()));
    let mut found = literals("crates/proxy/src/exchange/retry.rs", "fn reason_of");
    found.extend(upstream);
    found
}

fn reasons(metric: &str) -> Values {
    let upstream = || {
        literals(
            "crates/proxy/src/exchange/problem_reason.rs",
            "fn upstream_reason",
        )
    };
    Values::Closed(match metric {
        "portcullis_upstream_errors_total" => upstream(),
        "portcullis_retries_total" => retry_reasons(upstream()),
        "contract_unjudged_total" => [
            "const RESPONSE_TOO_LARGE",
            "const DECODED_TOO_LARGE",
            "const UNSUPPORTED_ENCODING",
            "const RECORD_TOO_LARGE",
            "const NO_MEMORY",
        ]
        .iter()
        .flat_map(|name| literals("crates/proxy/src/exchange/unjudged_reason.rs", name))
        .collect(),
        "circuit_breaker_trips_by_squad_total" => {
            let mut found = literals(
                "crates/breaker/src/circuit/breaker_state.rs",
                "impl TransitionReason",
            );
            // These two close a breaker or let probes pass.
            found.retain(|reason| reason != "probes-passed" && reason != "waited");
            found
        }
        "shed_requests_total" => {
            let mut found = literals("crates/breaker/src/admission_refusal.rs", "fn as_str");
            found.extend(literals(
                "crates/breaker/src/sharing/shed_details.rs",
                "fn as_str",
            ));
            found.extend(literals(
                "crates/proxy/src/exchange/problem_response.rs",
                "const BODY_MEMORY",
            ));
            found
        }
        "portcullis_identity_faults_total" => {
            let mut found = literals("crates/identity/src/identity_headers.rs", "fn name");
            found.extend(TokenFault::ALL.map(|fault| fault.name().to_owned()));
            found.extend(CertificateFault::ALL.map(|fault| fault.name().to_owned()));
            found
        }
        "portcullis_tls_handshake_failures_total" => HandshakeFailure::ALL
            .map(|failure| failure.name().to_owned())
            .to_vec(),
        "portcullis_http_refusals_total" => HttpRefusal::ALL
            .iter()
            .map(|refusal| refusal.name())
            .chain(HeaderConcern::ALL.map(HeaderConcern::name))
            .map(str::to_owned)
            .collect(),
        "portcullis_dropped_headers_total" => {
            let mut found = literals(
                "crates/proxy/src/exchange/handle.rs",
                "const PROTECTED_NAME",
            );
            found.extend(HeaderConcern::ALL.map(|concern| concern.name().to_owned()));
            found
        }
        _ => panic!("{metric}: add the values of the label `reason` to this file"),
    })
}

/// The string literals in an item of the source, from its start to its closing brace or to the end
/// of its line. Not every set of label values is a list in the code; this finds new values where
/// they are added.
fn literals(file: &str, item: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().skip_while(|line| !line.contains(item));
    let mut found = Vec::new();
    let mut indent = None;
    for line in lines {
        let depth = line.len() - line.trim_start().len();
        let start = *indent.get_or_insert(depth);
        found.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
        if depth == start && (line.trim() == "}" || line.ends_with(';')) {
            break;
        }
    }
    assert!(
        !found.is_empty(),
        "{file} contains no `{item}` with string literals"
    );
    found
}

/// Whether a PromQL matcher can match a value of the set: exactly, by alternatives, or by a prefix.
pub(crate) fn is_matched(values: &Values, pattern: &str) -> bool {
    let known: Vec<&str> = match values {
        Values::Closed(values) => values.iter().map(String::as_str).collect(),
        Values::Configured(..) => return true,
    };
    pattern
        .split('|')
        .all(|part| match part.strip_suffix(".*") {
            Some(start) => known.iter().any(|value| value.starts_with(start)),
            None => known.contains(&part),
        })
}

#[test]
fn closed_sets_are_read_from_the_source() {
    let check = |metric: &str, label: &str, expected: &str| match values(metric, label) {
        Values::Closed(values) => assert_eq!(values.join(" "), expected, "{metric} {label}"),
        Values::Configured(..) => panic!("{metric} {label} is open"),
    };
    let upstream = "connect tls-certificate tls-handshake timeout call-deadline closed malformed reset \
                    refused-stream no-http2 request-body local-descriptors local-ports local-memory local-resolver";
    check("portcullis_upstream_errors_total", "reason", upstream);
    let retries = "502 503 504 connect timeout closed refused-stream";
    check("portcullis_retries_total", "reason", retries);
    let trips = "failure-rate slow-rate probes-failed operator";
    check("circuit_breaker_trips_by_squad_total", "reason", trips);
    let shed = "squad-circuit-open squad-circuit-probing squad-circuit-forced-open \
                service-circuit-open service-circuit-probing service-circuit-forced-open \
                cross-squad-budget line-full displaced waited body-memory";
    check("shed_requests_total", "reason", shed);
    let results = "in-force unchanged refused unavailable candidate promoted dropped";
    check("contract_reloads_total", "result", results);
    check(
        "contract_unjudged_total",
        "reason",
        "response-too-large decoded-too-large unsupported-encoding record-too-large no-memory",
    );
    check(
        "contract_validation_errors_total",
        "enforcement",
        "reject report",
    );
}
