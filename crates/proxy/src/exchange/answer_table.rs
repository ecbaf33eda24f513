//! The one table from problems to answers: status, error, header fields, outcome.

use http::{HeaderName, HeaderValue, StatusCode};

use portcullis_breaker::{AdmissionRefusal, AdmissionRule};
use portcullis_contract::{Violation, body_too_large};
use portcullis_identity::{CertificateFault, IdentityFault};
use portcullis_telemetry::RequestOutcome;

use super::answer_entry::{AnswerEntry, entry, local_entry, verdict_entry};
use super::answer_interruption::AnswerInterruption;
use super::verdict_fault::VerdictFault;
use super::violation_answers::violation_entry;
use crate::body::RequestBodyError;
use crate::headers::{HeaderRefusal, UpgradeRefusal};
use crate::inspect::HttpRefusal;
use crate::upstream::UpstreamError;

/// Marks the answers of Portcullis, so that clients do not take them for the service's.
pub(super) const X_PORTCULLIS: HeaderName = HeaderName::from_static("x-portcullis");

/// Why the service does not answer a request.
#[derive(Debug)]
pub(super) enum ProblemCause {
    /// The message violates the contract. The most useful violation comes first.
    Violations {
        violations: Vec<Violation>,
        /// Header fields that HTTP requires in the answer (`Allow` with 405, `WWW-Authenticate`
        /// with 401), and those that a browser needs to show it.
        headers: Vec<(HeaderName, HeaderValue)>,
    },
    /// No service matches the host and path.
    NoService,
    /// The host is not one of the connection's certificate.
    Misdirected,
    /// The service has no contract yet.
    NoContract {
        /// The service.
        service: String,
    },
    /// The request violates HTTP.
    Http(HttpRefusal),
    /// The request has passed this process before.
    Loop,
    /// The body did not arrive in time.
    BodyTimeout,
    /// There is no memory for the body.
    BodyMemory,
    /// The client went away while its body was read.
    ClientGone,
    /// The caller's identity is invalid or missing.
    Identity(IdentityFault),
    /// A header field is refused, because the application may read it differently.
    Header(HeaderRefusal),
    /// The connection does not continue with the protocol that the request asks for.
    Upgrade(UpgradeRefusal),
    /// The timeout of a gRPC call is malformed.
    GrpcTimeout,
    /// A circuit breaker, a limit or a budget refuses the request.
    Traffic(AdmissionRefusal),
    /// The upstream did not answer.
    Upstream(UpstreamError),
    /// A question of another proxy has no verdict.
    Verdict(VerdictFault),
    /// The contract has no example for the mock to answer with.
    NoExample(String),
    /// Portcullis panicked.
    Panicked,
}

impl ProblemCause {
    /// The entry of the table.
    pub(super) fn entry(&self) -> AnswerEntry {
        match self {
            Self::Violations { violations, .. } => violation_entry(violations),
            Self::NoService => entry(
                StatusCode::NOT_FOUND,
                "NO_SERVICE",
                "No service has this host and path",
            ),
            Self::Misdirected => entry(
                StatusCode::MISDIRECTED_REQUEST,
                "MISDIRECTED_REQUEST",
                "The connection is for another host",
            ),
            Self::NoContract { .. } => AnswerEntry {
                retry_after: Some(5),
                ..entry(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "CONTRACT_UNAVAILABLE",
                    "The service's contract could not be read yet",
                )
            },
            Self::Http(refusal) => http_entry(*refusal),
            Self::Loop => entry(
                StatusCode::LOOP_DETECTED,
                "LOOP_DETECTED",
                "The request has been here before",
            ),
            // A body that is late has the answer of a head that is late.
            Self::BodyTimeout => http_entry(HttpRefusal::HeadTimeout),
            Self::BodyMemory => body_memory_entry(),
            Self::ClientGone => AnswerEntry {
                outcome: RequestOutcome::Abandoned,
                ..entry(
                    StatusCode::BAD_REQUEST,
                    "MALFORMED_REQUEST",
                    "The request ended early",
                )
            },
            Self::Header(_) => entry(
                StatusCode::BAD_REQUEST,
                "REFUSED_HEADER",
                "A header field can be read in more than one way",
            ),
            Self::GrpcTimeout => entry(
                StatusCode::BAD_REQUEST,
                "MALFORMED_REQUEST",
                "The timeout of the call is malformed",
            ),
            Self::Identity(fault) => identity_entry(*fault),
            Self::Upgrade(refusal) => upgrade_entry(*refusal),
            Self::Traffic(refusal) => traffic_entry(refusal),
            Self::Upstream(error) => upstream_entry(error),
            Self::Verdict(fault) => verdict_entry(*fault),
            Self::NoExample(_) => example_entry(),
            Self::Panicked => entry(
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL_VALIDATOR_FAILURE",
                "The request could not be judged",
            ),
        }
    }

    /// What happened, in one sentence for the sender of the request.
    pub(super) fn detail(&self, with_values: bool, squad: &str) -> String {
        match self {
            Self::Violations { violations, .. } => match violations.first() {
                Some(violation) => violation.sentence(with_values),
                None => String::new(),
            },
            Self::NoService => {
                "no configured service matches the request's host and path".to_owned()
            }
            Self::Misdirected => "the request's host is neither the server name of the TLS handshake nor a \
                                  name of the certificate that it chose; open another connection for it"
                .to_owned(),
            Self::NoContract { service } => format!(
                "the contract of {service} could not be read yet, and no request passes without validation"
            ),
            Self::Http(refusal) => refusal.sentence().to_owned(),
            Self::Loop => "its Via field names this service, so the upstream of the service leads \
                           back to it; check `services.upstream`"
                .to_owned(),
            Self::BodyTimeout => RequestBodyError::Timeout.to_string(),
            Self::BodyMemory => format!(
                "the bodies of {squad} and of others have used up the memory for bodies (`limits.body_memory_max`); try again later, \
                 or send a smaller body"
            ),
            Self::ClientGone => RequestBodyError::ClientGone.to_string(),
            Self::Header(refusal) => refusal.to_string(),
            Self::GrpcTimeout => "`grpc-timeout` is at most eight digits and one of the units H, M, S, m, \
                                  u and n, once"
                .to_owned(),
            Self::Identity(fault) => fault.to_string(),
            Self::Upgrade(refusal) => refusal.to_string(),
            Self::Traffic(refusal) => refusal.rule.sentence(squad).to_string(),
            Self::Upstream(error) => error.to_string(),
            Self::Verdict(fault) => fault.to_string(),
            Self::NoExample(reason) => reason.clone(),
            Self::Panicked => {
                "the proxy failed because of a defect; the failure is counted".to_owned()
            }
        }
    }

    pub(super) fn violations(&self) -> &[Violation] {
        if let Self::Violations { violations, .. } = self {
            violations
        } else {
            &[]
        }
    }

    pub(super) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        match self {
            Self::Violations { headers, .. } => headers,
            Self::Upgrade(refusal) => refusal.headers(),
            _ => &[],
        }
    }

    /// The cause for an answer that could not be read whole.
    pub(super) fn from_interruption(interruption: AnswerInterruption) -> Self {
        match interruption {
            AnswerInterruption::Upstream(error) => Self::Upstream(error),
            AnswerInterruption::CallEnded => Self::ClientGone,
            // The judge of the records has recorded the violations.
            AnswerInterruption::Violated => Self::Violations {
                violations: Vec::new(),
                headers: Vec::new(),
            },
        }
    }

    /// The cause for a body that could not be read.
    pub(super) fn from_body_error(error: RequestBodyError) -> Self {
        match error {
            RequestBodyError::Timeout => Self::BodyTimeout,
            RequestBodyError::NoMemory => Self::BodyMemory,
            RequestBodyError::Refused(refusal) => Self::Http(refusal),
            RequestBodyError::ClientGone => Self::ClientGone,
            // The checker of the upload has recorded the violations.
            RequestBodyError::Violated => Self::Violations {
                violations: Vec::new(),
                headers: Vec::new(),
            },
            RequestBodyError::TooLarge { bytes_max } => Self::Violations {
                violations: vec![body_too_large(bytes_max)],
                headers: Vec::new(),
            },
        }
    }
}

fn http_entry(refusal: HttpRefusal) -> AnswerEntry {
    let (error, title) = match refusal.status() {
        StatusCode::REQUEST_TIMEOUT => ("REQUEST_TIMEOUT", "The request did not arrive in time"),
        StatusCode::SERVICE_UNAVAILABLE => ("OVERLOADED", "Too many connections"),
        _ => ("MALFORMED_REQUEST", "The request cannot be read as HTTP"),
    };
    let overloaded = refusal.status() == StatusCode::SERVICE_UNAVAILABLE;
    AnswerEntry {
        retry_after: overloaded.then_some(1),
        ..entry(refusal.status(), error, title)
    }
}

fn identity_entry(fault: IdentityFault) -> AnswerEntry {
    let (status, title) = match fault {
        IdentityFault::Header(_) => (StatusCode::BAD_REQUEST, "The calling squad is not clear"),
        IdentityFault::Token(fault) if fault.is_proxy_fault() => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Tokens cannot be verified now",
        ),
        IdentityFault::Certificate(CertificateFault::MalformedField) => {
            (StatusCode::BAD_REQUEST, "The calling squad is not clear")
        }
        IdentityFault::Certificate(_) => (
            StatusCode::FORBIDDEN,
            "The certificate does not prove which squad calls",
        ),
        IdentityFault::Token(_) => (
            StatusCode::UNAUTHORIZED,
            "The token does not prove which squad calls",
        ),
    };
    let is_unavailable = status == StatusCode::SERVICE_UNAVAILABLE;
    AnswerEntry {
        retry_after: is_unavailable.then_some(1),
        ..entry(status, "INVALID_IDENTITY", title)
    }
}

fn example_entry() -> AnswerEntry {
    AnswerEntry {
        outcome: RequestOutcome::Unanswered,
        ..entry(
            StatusCode::NOT_IMPLEMENTED,
            "NO_EXAMPLE",
            "The contract has no example to answer with",
        )
    }
}

fn upgrade_entry(refusal: UpgradeRefusal) -> AnswerEntry {
    let (error, title) = match refusal {
        UpgradeRefusal::Off | UpgradeRefusal::NoServer | UpgradeRefusal::Http2Server => {
            ("UPGRADE_OFF", "The service does not accept WebSocket")
        }
        UpgradeRefusal::Method | UpgradeRefusal::Key | UpgradeRefusal::Version => (
            "MALFORMED_HANDSHAKE",
            "The request is not a WebSocket handshake",
        ),
    };
    entry(refusal.status(), error, title)
}

fn traffic_entry(refusal: &AdmissionRefusal) -> AnswerEntry {
    let (status, error, title) = match refusal.rule {
        AdmissionRule::Squad(..) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "CIRCUIT_OPEN",
            "The squad's traffic to the service is cut off",
        ),
        AdmissionRule::Service(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "CIRCUIT_OPEN",
            "The service cannot be reached",
        ),
        AdmissionRule::Share(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "OVERLOADED",
            "The service has no capacity left for the squad",
        ),
        AdmissionRule::Budget { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "CROSS_SQUAD_BUDGET",
            "The budget of requests between squads is used up",
        ),
    };
    AnswerEntry {
        outcome: RequestOutcome::Shed,
        retry_after: Some(refusal.retry_after_seconds()),
        ..entry(status, error, title)
    }
}

fn body_memory_entry() -> AnswerEntry {
    AnswerEntry {
        outcome: RequestOutcome::Shed,
        retry_after: Some(1),
        ..entry(
            StatusCode::SERVICE_UNAVAILABLE,
            "OVERLOADED",
            "The memory for request bodies is used up",
        )
    }
}

fn upstream_entry(error: &UpstreamError) -> AnswerEntry {
    let (status, error, title) = match error {
        UpstreamError::Timeout { .. }
        | UpstreamError::Idle { .. }
        | UpstreamError::CallDeadline { .. } => (
            StatusCode::GATEWAY_TIMEOUT,
            "UPSTREAM_TIMEOUT",
            "The service did not answer in time",
        ),
        UpstreamError::RequestBody { source, .. } => {
            return ProblemCause::from_body_error(*source).entry();
        }
        UpstreamError::Local { resource, .. } => return local_entry(*resource),
        UpstreamError::Connect { .. }
        | UpstreamError::Tls { .. }
        | UpstreamError::NoHttp2 { .. }
        | UpstreamError::Closed { .. }
        | UpstreamError::Reset { .. }
        | UpstreamError::Refused { .. }
        | UpstreamError::Malformed { .. } => (
            StatusCode::BAD_GATEWAY,
            "UPSTREAM_UNAVAILABLE",
            "The service did not answer",
        ),
    };
    AnswerEntry {
        outcome: RequestOutcome::Unanswered,
        ..entry(status, error, title)
    }
}
