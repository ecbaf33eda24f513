//! Why a call is not made, and the answer to each reason.

use std::borrow::Cow;

use http::StatusCode;
use portcullis_egress::{CallDestination, HostFault};
use portcullis_telemetry::RequestOutcome;

use super::egress_caller::EgressCaller;
use crate::body::RequestBodyError;
use crate::inspect::HttpRefusal;
use crate::upstream::{LocalResource, UpstreamError};

/// Why a call is not made.
#[derive(Debug)]
pub(super) enum EgressRefusal {
    /// The request violates HTTP.
    Http(HttpRefusal),
    /// The host is not one, or it can be read in several ways.
    Host(HostFault),
    /// The catalog does not declare the host.
    Undeclared,
    /// The vendor may not be called by this caller.
    NotUsed(String),
    /// The address is that of a vendor that the configuration does not have any more.
    RemovedVendor(String),
    /// The vendor has asked for a pause.
    Paused {
        vendor: String,
        status: StatusCode,
        seconds: u32,
    },
    /// The credentials of the vendor have not been read yet.
    NoCredentials(String),
    /// The vendor would send its credentials back to the caller.
    Trace(String),
    /// No address of the host may be dialled; this is the class of the first one.
    Denied(&'static str),
    /// The name has no address.
    Unresolved(String),
    /// The call would come back to this proxy.
    Loop,
    /// There are too many calls at the same time.
    TooMany,
    /// The host did not answer.
    Upstream(UpstreamError),
}

/// The answer to a refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct EgressAnswer {
    pub(super) status: StatusCode,
    pub(super) error: &'static str,
    pub(super) title: &'static str,
    pub(super) outcome: RequestOutcome,
    /// Seconds after which the same call may succeed.
    pub(super) retry_after: Option<u32>,
}

const fn refused(status: StatusCode, error: &'static str, title: &'static str) -> EgressAnswer {
    EgressAnswer {
        status,
        error,
        title,
        outcome: RequestOutcome::Refused,
        retry_after: None,
    }
}

impl EgressRefusal {
    /// The answer.
    pub(super) fn answer(&self) -> EgressAnswer {
        match self {
            Self::Http(refusal) => http_answer(*refusal),
            Self::Host(_) => refused(
                StatusCode::BAD_REQUEST,
                "INVALID_DESTINATION",
                "The host of the call is not clear",
            ),
            Self::Paused {
                status, seconds, ..
            } => EgressAnswer {
                outcome: RequestOutcome::Shed,
                retry_after: Some(*seconds),
                ..refused(*status, "VENDOR_PAUSED", "The vendor has asked for a pause")
            },
            Self::NoCredentials(_) => EgressAnswer {
                outcome: RequestOutcome::Unsent,
                retry_after: Some(1),
                ..refused(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "NO_CREDENTIALS",
                    "The credentials of the vendor have not been read yet",
                )
            },
            Self::Trace(_) => refused(
                StatusCode::NOT_IMPLEMENTED,
                "TRACE_NOT_FORWARDED",
                "TRACE is not forwarded to a vendor with credentials",
            ),
            Self::Undeclared | Self::NotUsed(_) => refused(
                StatusCode::FORBIDDEN,
                "UNDECLARED_DEPENDENCY",
                "The service has not declared this host",
            ),
            Self::RemovedVendor(_) => refused(
                StatusCode::NOT_FOUND,
                "NO_VENDOR",
                "The vendor of this address is not configured any more",
            ),
            Self::Denied(_) => refused(
                StatusCode::FORBIDDEN,
                "DENIED_ADDRESS",
                "The address of the host must not be called",
            ),
            Self::Unresolved(_) => EgressAnswer {
                outcome: RequestOutcome::Unsent,
                ..refused(
                    StatusCode::BAD_GATEWAY,
                    "UNRESOLVED_HOST",
                    "The name of the host cannot be resolved",
                )
            },
            Self::Loop => refused(
                StatusCode::LOOP_DETECTED,
                "LOOP_DETECTED",
                "The call would come back to this proxy",
            ),
            Self::TooMany => EgressAnswer {
                outcome: RequestOutcome::Shed,
                retry_after: Some(1),
                ..refused(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "OVERLOADED",
                    "There are too many calls at the same time",
                )
            },
            Self::Upstream(error) => upstream_answer(error),
        }
    }

    /// What happened and what to do, in one sentence for the caller.
    pub(super) fn detail(&self, caller: &EgressCaller, to: Option<&CallDestination>) -> String {
        let host = to.map_or_else(String::new, |to| to.host.to_string());
        match self {
            Self::Http(refusal) => refusal.sentence().to_owned(),
            Self::Host(fault) => fault.to_string(),
            Self::Undeclared => undeclared(caller, &host),
            Self::NotUsed(vendor) => format!(
                "{} is not among the callers of {vendor}; add its service or its squad to \
                 `vendor.used_by` of {vendor}",
                caller.called()
            ),
            Self::RemovedVendor(vendor) => format!(
                "{vendor}, to which this address belongs, was removed from the configuration; call \
                 another address"
            ),
            Self::Paused { vendor, .. } => {
                format!("{vendor} has answered with Retry-After, so no call is sent until then")
            }
            Self::NoCredentials(vendor) => format!(
                "the files of `vendor.header_files` of {vendor} have not been read yet; try again"
            ),
            Self::Trace(vendor) => format!(
                "{vendor} would answer with the fields of `vendor.header_files`; call it with another \
                 method"
            ),
            Self::Denied(class) => format!(
                "{host} leads to an address of the class {class}, which `egress.addresses.deny` covers; \
                 if it is right, an operator adds it to `allow` or `private_hosts` in [egress.addresses]"
            ),
            Self::Unresolved(reason) => format!("the name {host} cannot be resolved: {reason}"),
            Self::Loop => {
                "the call leads back to this proxy; call the service itself, and exclude its own \
                 address with NO_PROXY"
                    .to_owned()
            }
            Self::TooMany => {
                "the proxy makes as many calls as `egress.calls_max` allows; try again \
                              later"
                    .to_owned()
            }
            Self::Upstream(error) => error.to_string(),
        }
    }

    /// The reason for the log, without anything that the client chose but the host.
    pub(super) fn reason(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Http(refusal) => refusal.name().into(),
            Self::Undeclared | Self::NotUsed(_) | Self::TooMany => return None,
            Self::RemovedVendor(_) => "vendor-removed".into(),
            Self::Paused { .. } => "vendor-pause".into(),
            Self::NoCredentials(_) => "vendor-credentials".into(),
            Self::Trace(_) => "vendor-trace".into(),
            Self::Host(fault) => fault.to_string().into(),
            Self::Denied(class) => (*class).into(),
            Self::Unresolved(reason) => reason.clone().into(),
            Self::Loop => "loop".into(),
            Self::Upstream(error) => error.to_string().into(),
        })
    }
}

fn undeclared(caller: &EgressCaller, host: &str) -> String {
    let add = match caller.table() {
        Some(table) => {
            let service = caller.service_name();
            return format!(
                "{service} has not declared {host}; add \"{host}\" to `allowed_hosts` in {table} of \
                 the catalog"
            );
        }
        None if caller.squad_name() != "unknown" => {
            "to `allowed_hosts` of the service that calls, in the catalog"
        }
        None => {
            "to `allowed_hosts` of the service that calls, and let the request say which one it is: \
             as the user of the proxy's URL, or with `egress.service`"
        }
    };
    let squad = caller.squad_name();
    format!("no service of the squad {squad} has declared {host}; add \"{host}\" {add}")
}

fn http_answer(refusal: HttpRefusal) -> EgressAnswer {
    let status = refusal.status();
    let (error, title) = match status {
        StatusCode::REQUEST_TIMEOUT => ("REQUEST_TIMEOUT", "The request did not arrive in time"),
        StatusCode::SERVICE_UNAVAILABLE => ("OVERLOADED", "Too many connections"),
        _ => ("MALFORMED_REQUEST", "The request cannot be read as HTTP"),
    };
    let is_overloaded = status == StatusCode::SERVICE_UNAVAILABLE;
    EgressAnswer {
        retry_after: is_overloaded.then_some(1),
        ..refused(status, error, title)
    }
}

fn upstream_answer(error: &UpstreamError) -> EgressAnswer {
    let (status, name, title, outcome) = match error {
        UpstreamError::Timeout { .. }
        | UpstreamError::Idle { .. }
        | UpstreamError::CallDeadline { .. } => (
            StatusCode::GATEWAY_TIMEOUT,
            "UPSTREAM_TIMEOUT",
            "The host did not answer in time",
            RequestOutcome::Unanswered,
        ),
        UpstreamError::RequestBody { source, .. } => return body_answer(*source),
        UpstreamError::Local {
            resource: LocalResource::Descriptors | LocalResource::Ports | LocalResource::Memory,
            ..
        } => {
            return EgressAnswer {
                outcome: RequestOutcome::Unsent,
                retry_after: Some(1),
                ..refused(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "OVERLOADED",
                    "The proxy has no resources left for a connection to the host",
                )
            };
        }
        UpstreamError::Local { .. }
        | UpstreamError::Connect { .. }
        | UpstreamError::Tls { .. }
        | UpstreamError::NoHttp2 { .. }
        | UpstreamError::Closed { .. }
        | UpstreamError::Reset { .. }
        | UpstreamError::Refused { .. }
        | UpstreamError::Malformed { .. } => (
            StatusCode::BAD_GATEWAY,
            "UPSTREAM_UNAVAILABLE",
            "The host did not answer",
            RequestOutcome::Unanswered,
        ),
    };
    EgressAnswer {
        outcome,
        ..refused(status, name, title)
    }
}

/// The answer to a request whose body failed.
fn body_answer(error: RequestBodyError) -> EgressAnswer {
    match error {
        RequestBodyError::Refused(refusal) => http_answer(refusal),
        RequestBodyError::Timeout => http_answer(HttpRefusal::HeadTimeout),
        RequestBodyError::ClientGone => EgressAnswer {
            outcome: RequestOutcome::Abandoned,
            ..http_answer(HttpRefusal::HeadTimeout)
        },
        // Bodies are neither kept nor judged here.
        RequestBodyError::NoMemory
        | RequestBodyError::Violated
        | RequestBodyError::TooLarge { .. } => refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "MALFORMED_REQUEST",
            "The body of the request cannot be forwarded",
        ),
    }
}
