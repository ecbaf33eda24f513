//! Answers to streams that are refused, and the end of connections.
//!
//! A refused stream has no further request, so its answer is written directly to the socket and
//! always closes the connection.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Response;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::client_socket::ClientSocket;
use super::connection_registry::ConnectionPermit;
use crate::headers::write_field;
use crate::limits::ClientLimits;

/// Most bytes that are read and discarded after the last answer.
const LINGER_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How much is read at once: most clients send nothing, and some send much.
const LINGER_READ_BYTES_MIN: usize = 1024;
const LINGER_READ_BYTES_MAX: usize = 16 * 1024;

/// Writes an answer in one piece.
pub(super) async fn write_answer(
    stream: &mut (impl AsyncWrite + Unpin),
    answer: Response<Bytes>,
    with_body: bool,
    write_timeout: Duration,
) {
    let bytes = encode(&answer, with_body, SystemTime::now());
    // If the client does not accept the answer in time, the connection ends without it.
    let _ = timeout(write_timeout, async {
        stream.write_all(&bytes).await?;
        stream.flush().await
    })
    .await;
}

/// Ends a connection so that the client receives the last answer. It closes the sending side and
/// reads the client's remaining bytes, so that no reset overtakes the answer (RFC 9112 section
/// 9.6). With TLS, the end is announced, so that the client knows that nothing was cut.
///
/// A client that sends all of its request before it reads is read for a while, unless the server stops
/// or has too many connections.
pub(super) async fn close_with_linger(
    mut socket: ClientSocket,
    limits: &ClientLimits,
    permit: &ConnectionPermit,
) {
    let started = Instant::now();
    let shutdown = timeout(limits.linger_timeout, socket.shutdown()).await;
    if !matches!(shutdown, Ok(Ok(()))) {
        return;
    }
    let mut stream = socket.into_tcp();
    // On the heap, because an array would enlarge the future of every connection.
    let mut scratch = vec![0; LINGER_READ_BYTES_MIN];
    let mut read = 0;
    while read < LINGER_BYTES_MAX {
        let now = Instant::now();
        let time_max = if permit.registry().closing.get() || !permit.within_cap {
            limits.linger_timeout
        } else {
            limits.linger_timeout_max
        };
        let until = (started + time_max).min(now + limits.linger_timeout);
        if until <= now {
            break;
        }
        match timeout_at(until, stream.read(&mut scratch)).await {
            Ok(Ok(n)) if n > 0 => {
                read += n as u64;
                scratch.resize(LINGER_READ_BYTES_MAX, 0);
            }
            _ => break,
        }
    }
}

fn encode(answer: &Response<Bytes>, with_body: bool, now: SystemTime) -> Vec<u8> {
    let status = answer.status();
    let mut head = String::with_capacity(512);
    let reason = status.canonical_reason().unwrap_or_default();
    let _ = write!(
        head,
        "HTTP/1.1 {} {reason}\r\ndate: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
        status.as_u16(),
        httpdate::fmt_http_date(now),
        answer.body().len()
    );
    let mut bytes = head.into_bytes();
    for (name, value) in answer.headers() {
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, DATE].contains(name) {
            continue;
        }
        write_field(name, value, &mut bytes);
    }
    bytes.extend_from_slice(b"\r\n");
    if with_body {
        bytes.extend_from_slice(answer.body());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn an_answer_has_connection_close_and_a_length() {
        let answer = Response::builder()
            .status(400)
            .header("connection", "keep-alive");
        let answer = answer
            .header("x-portcullis", "BAD_REQUEST")
            .body("no".into())
            .unwrap();
        let text = String::from_utf8(encode(&answer, true, UNIX_EPOCH)).unwrap();
        assert_eq!(
            text,
            "HTTP/1.1 400 Bad Request\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
             connection: close\r\ncontent-length: 2\r\nx-portcullis: BAD_REQUEST\r\n\r\nno"
        );
    }
}
