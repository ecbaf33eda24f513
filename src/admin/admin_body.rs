//! Reads request bodies: a small JSON object, or a contract.

use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::admin_response::AdminRefusal;

/// The largest JSON object, in bytes. It holds a keyword and a reason.
const OBJECT_BYTES_MAX: usize = 64 * 1024;

/// How many excess bytes are read and discarded before a body is refused, unless the limit itself
/// is larger. A client that is still sending when the connection closes may miss the response.
const DISCARDED_BYTES_MIN: usize = 1024 * 1024;

/// The limits of a request body.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdminBodyLimits {
    bytes_max: usize,
    /// How long the client may take to send the body.
    timeout: Duration,
}

/// The longest reason, in characters. Reasons are logged and shown to operators.
const REASON_CHARS_MAX: usize = 500;

impl AdminBodyLimits {
    /// The limits of a JSON object.
    pub(super) const OBJECT: Self = Self {
        bytes_max: OBJECT_BYTES_MAX,
        timeout: Duration::from_secs(10),
    };

    /// The limits of a contract. It may arrive over a slow port forwarding. As JSON strings, the files
    /// of a bundle may be twice as large; what they contain is limited when they are read.
    pub(super) const fn contract(bytes_max: usize, is_bundle: bool) -> Self {
        Self {
            bytes_max: if is_bundle {
                bytes_max.saturating_mul(2)
            } else {
                bytes_max
            },
            timeout: Duration::from_secs(60),
        }
    }
}

/// Reads a whole body within its limits.
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
                "the body is incomplete; send all of it",
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
                 `limits.contract_bytes_max` to allow it"
            ),
        },
    )
}

/// Parses a JSON object. `example` is shown if the body is invalid.
pub(super) fn parse_object<T: DeserializeOwned>(
    bytes: &[u8],
    example: &'static str,
) -> Result<T, AdminRefusal> {
    // serde would also accept an array of the property values.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(invalid_body("expected a JSON object", example));
    }
    serde_json::from_slice(bytes).map_err(|error| invalid_body(&error.to_string(), example))
}

/// Checks an optional reason.
pub(super) fn reason(
    reason: Option<String>,
    example: &'static str,
) -> Result<Option<String>, AdminRefusal> {
    let is_valid = |reason: &String| {
        !reason.trim().is_empty()
            && reason.chars().count() <= REASON_CHARS_MAX
            && !reason.chars().any(char::is_control)
    };
    match reason {
        Some(reason) if !is_valid(&reason) => Err(invalid_body(
            &format!(
                "expected a `reason` of 1 to {REASON_CHARS_MAX} characters without control \
                 characters"
            ),
            example,
        )),
        reason => Ok(reason),
    }
}

/// The refusal of a body that does not have the expected content.
pub(super) fn invalid_body(why: &str, example: &'static str) -> AdminRefusal {
    AdminRefusal::new(StatusCode::BAD_REQUEST, why.to_owned()).with_example(example)
}
