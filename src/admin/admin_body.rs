//! Reading what an operator sends: one small JSON object, or a contract.

use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::admin_response::AdminRefusal;

/// The largest object, in bytes: a word and a sentence.
const OBJECT_BYTES_MAX: usize = 64 * 1024;

/// What is read of a larger body before it is refused, in bytes, if not as much again: a client
/// that is still sending when its connection closes may never see the answer.
const DISCARDED_BYTES_MIN: usize = 1024 * 1024;

/// What a body may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdminBodyLimits {
    bytes_max: usize,
    /// How long a client may take to send it.
    timeout: Duration,
}

/// The longest reason, in characters. It is logged and shown to other operators.
const REASON_CHARS_MAX: usize = 500;

impl AdminBodyLimits {
    /// Those of an object.
    pub(super) const OBJECT: Self = Self {
        bytes_max: OBJECT_BYTES_MAX,
        timeout: Duration::from_secs(10),
    };

    /// Those of a contract, which may come over a forwarded port.
    pub(super) const fn contract(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            timeout: Duration::from_secs(60),
        }
    }
}

/// Reads a body.
pub(super) async fn read(body: Incoming, bounds: AdminBodyLimits) -> Result<Vec<u8>, AdminRefusal> {
    match timeout(bounds.timeout, collect(body, bounds.bytes_max)).await {
        Ok(read) => read,
        Err(_) => Err(AdminRefusal::new(
            StatusCode::REQUEST_TIMEOUT,
            format!(
                "the body did not arrive within {} s",
                bounds.timeout.as_secs()
            ),
        )),
    }
}

async fn collect(mut body: Incoming, bytes_max: usize) -> Result<Vec<u8>, AdminRefusal> {
    let discarded_max = bytes_max.saturating_add(bytes_max.max(DISCARDED_BYTES_MIN));
    let (mut bytes, mut count) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(AdminRefusal::new(
                StatusCode::BAD_REQUEST,
                "the body broke off; send it whole",
            ));
        };
        let data = frame.into_data().unwrap_or_default();
        count += data.len();
        if count <= bytes_max {
            bytes.extend_from_slice(&data);
        } else if count > discarded_max {
            break;
        }
    }
    if count > bytes_max {
        return Err(too_large(bytes_max));
    }
    Ok(bytes)
}

fn too_large(bytes_max: usize) -> AdminRefusal {
    AdminRefusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        match bytes_max {
            OBJECT_BYTES_MAX => format!("the body is larger than {} KiB", bytes_max / 1024),
            _ => format!(
                "the contract is larger than {bytes_max} bytes; raise \
                 `limits.contract_bytes_max` if it is meant to be"
            ),
        },
    )
}

/// The object in a body; `example` is what to send.
pub(super) fn parse_object<T: DeserializeOwned>(
    bytes: &[u8],
    example: &str,
) -> Result<T, AdminRefusal> {
    // Without this, a list of the members' values would be read as the object.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(invalid_body("expected a JSON object", example));
    }
    serde_json::from_slice(bytes).map_err(|error| invalid_body(&error.to_string(), example))
}

/// A reason, where there is one, within its bounds.
pub(super) fn reason(
    reason: Option<String>,
    example: &str,
) -> Result<Option<String>, AdminRefusal> {
    let is_right = |reason: &String| {
        !reason.trim().is_empty()
            && reason.chars().count() <= REASON_CHARS_MAX
            && !reason.chars().any(char::is_control)
    };
    match reason {
        Some(reason) if !is_right(&reason) => Err(invalid_body(
            &format!(
                "expected a `reason` of 1 to {REASON_CHARS_MAX} characters, none of them a \
                 control character"
            ),
            example,
        )),
        reason => Ok(reason),
    }
}

/// The body is not what it must be.
pub(super) fn invalid_body(why: &str, example: &str) -> AdminRefusal {
    AdminRefusal::new(StatusCode::BAD_REQUEST, format!("{why}; send {example}"))
}
