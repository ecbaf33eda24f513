//! What a health check asks a server, and whether its answer says that it is healthy.
//!
//! The check of gRPC is one call (GRPC Health Checking Protocol): a message with the name of a service, and
//! one with its state. Both are so small that their encoding is written here.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderName, TE, USER_AGENT};
use http::{HeaderMap, Request, Response};
use portcullis_config::HealthProbe;

use crate::body::{BufferOutcome, BufferedBody, ForwardBody};
use crate::upstream::upstream_body::UpstreamBody;

/// How checks name themselves.
const CHECK_AGENT: &str = "portcullis-health";

/// The method of the check of gRPC.
const GRPC_CHECK: &str = "/grpc.health.v1.Health/Check";

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The largest answer of gRPC that is read. Its message has two bytes, and unknown fields may follow.
const GRPC_ANSWER_BYTES_MAX: u64 = 4096;

/// The number of `SERVING`.
const SERVING: u64 = 1;

/// Why an answer of gRPC does not say that the server is healthy.
const MALFORMED: &str = "its answer is not one message of grpc.health.v1";

/// The request of a check.
pub(super) fn probe_request(probe: &HealthProbe) -> http::Result<Request<ForwardBody>> {
    match probe {
        HealthProbe::Path(path) => Request::get(path.as_str())
            .header(USER_AGENT, CHECK_AGENT)
            .body(ForwardBody::empty()),
        HealthProbe::Grpc(service) => {
            let body = BufferedBody {
                bytes: grpc_question(service),
                trailers: None,
            };
            Request::post(GRPC_CHECK)
                .header(USER_AGENT, CHECK_AGENT)
                .header(CONTENT_TYPE, "application/grpc")
                .header(TE, "trailers")
                .body(ForwardBody::whole(body))
        }
    }
}

/// Why an answer does not say that the server is healthy; nothing if it does.
pub(super) async fn probe_fault(
    probe: &HealthProbe,
    response: Response<UpstreamBody>,
) -> Option<String> {
    let status = response.status().as_u16();
    let path = match probe {
        HealthProbe::Path(path) => path.as_str(),
        HealthProbe::Grpc(_) => GRPC_CHECK,
    };
    let answered = |what: &str| format!("it answered {path} with {what}");
    match probe {
        // The body is not read, which ends the exchange.
        HealthProbe::Path(_) => {
            (!(200..400).contains(&status)).then(|| answered(&status.to_string()))
        }
        HealthProbe::Grpc(_) if status != 200 => Some(answered(&status.to_string())),
        HealthProbe::Grpc(_) => {
            let (head, body) = response.into_parts();
            match body.gather(GRPC_ANSWER_BYTES_MAX).await {
                Ok(BufferOutcome::Whole(body)) => {
                    grpc_fault(&head.headers, &body).map(|fault| answered(&fault))
                }
                Ok(_) => Some(MALFORMED.to_owned()),
                Err(error) => Some(error.to_string()),
            }
        }
    }
}

/// `HealthCheckRequest { string service = 1 }`, as a message of gRPC. Names have less than 128 bytes, so
/// each length is one byte.
fn grpc_question(service: &str) -> Bytes {
    let mut message = BytesMut::new();
    if let Ok(length @ 1..=127) = u8::try_from(service.len()) {
        message.put_u8(0x0a);
        message.put_u8(length);
        message.put_slice(service.as_bytes());
    }
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(0));
    framed.put(message);
    framed.freeze()
}

/// What is wrong with an answer, as the end of a sentence.
fn grpc_fault(head: &HeaderMap, body: &BufferedBody) -> Option<String> {
    let trailers = body.trailers.as_ref();
    let status = trailers
        .and_then(|trailers| trailers.get(GRPC_STATUS))
        .or_else(|| head.get(GRPC_STATUS));
    match status.and_then(|status| status.to_str().ok()) {
        Some("0") => {}
        Some(status) => return Some(format!("grpc-status {status}")),
        None => return Some("no grpc-status".to_owned()),
    }
    let Some(state) = grpc_state(&body.bytes) else {
        return Some(format!("something else: {MALFORMED}"));
    };
    (state != SERVING).then(|| match state {
        0 => "UNKNOWN".to_owned(),
        2 => "NOT_SERVING".to_owned(),
        3 => "SERVICE_UNKNOWN".to_owned(),
        other => format!("the unknown state {other}"),
    })
}

/// The state in one message with `HealthCheckResponse { ServingStatus status = 1 }`. Other fields are passed
/// over; the last value of the field counts.
fn grpc_state(framed: &[u8]) -> Option<u64> {
    let (head, mut message) = framed.split_at_checked(5)?;
    let length = u32::from_be_bytes(head[1..].try_into().ok()?);
    if head[0] != 0 || usize::try_from(length).ok()? != message.len() {
        return None;
    }
    let mut state = 0;
    while !message.is_empty() {
        let tag = take_varint(&mut message)?;
        match (tag >> 3, tag & 7) {
            (1, 0) => state = take_varint(&mut message)?,
            (1.., 0) => drop(take_varint(&mut message)?),
            (1.., 1) => message = message.get(8..)?,
            (1.., 2) => {
                let length = usize::try_from(take_varint(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            (1.., 5) => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(state)
}

/// A number of at most 64 bits, seven in each byte, the least ones first.
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_name_the_service() {
        assert_eq!(grpc_question("")[..], [0, 0, 0, 0, 0]);
        assert_eq!(grpc_question("a.B")[..], *b"\0\0\0\0\x05\x0a\x03a.B");
    }

    #[test]
    fn only_serving_is_healthy() {
        let check = |message: &[u8], status: Option<&str>, expected: Option<&str>| {
            let mut framed = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
            framed.extend_from_slice(message);
            let trailers = status.map(|status| {
                let mut trailers = HeaderMap::new();
                trailers.insert(GRPC_STATUS, status.parse().unwrap());
                trailers
            });
            let body = BufferedBody {
                bytes: framed.into(),
                trailers,
            };
            let fault = grpc_fault(&HeaderMap::new(), &body);
            assert_eq!(fault.as_deref(), expected, "{message:?} {status:?}");
        };
        let malformed = format!("something else: {MALFORMED}");
        check(&[8, 1], Some("0"), None);
        check(&[0x12, 2, 8, 2, 8, 1, 0x1d, 0, 0, 0, 0], Some("0"), None);
        check(&[8, 2], Some("0"), Some("NOT_SERVING"));
        check(&[8, 3], Some("0"), Some("SERVICE_UNKNOWN"));
        check(&[], Some("0"), Some("UNKNOWN"));
        check(&[8, 0x81, 1], Some("0"), Some("the unknown state 129"));
        check(&[8, 1], Some("12"), Some("grpc-status 12"));
        check(&[8, 1], None, Some("no grpc-status"));
        for broken in [
            &[8][..],
            &[8, 0x80],
            &[0x0a, 9],
            &[0, 1],
            &[0x0b],
            &[0xff; 11],
        ] {
            check(broken, Some("0"), Some(&malformed));
        }
    }

    #[test]
    fn an_answer_is_one_whole_message() {
        for (framed, expected) in [
            (&[0, 0, 0, 0, 2, 8, 1][..], Some(1)),
            (&[1, 0, 0, 0, 2, 8, 1], None),
            (&[0, 0, 0, 0, 3, 8, 1], None),
            (&[0, 0, 0, 0, 2, 8, 1, 0], None),
            (&[0, 0, 0, 0], None),
            (&[], None),
        ] {
            assert_eq!(grpc_state(framed), expected, "{framed:?}");
        }
    }
}
