//! Answers given outside the HTTP library, and the end of connections.
//!
//! A stream that is refused has no further request, so its answer is written straight to
//! the socket and always closes it.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Response;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Most bytes read and dropped after the last answer.
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// Writes an answer in one piece.
pub(super) async fn write_answer(
    stream: &mut TcpStream,
    answer: Response<Bytes>,
    with_body: bool,
    patience: Duration,
) {
    let bytes = encode(&answer, with_body, SystemTime::now());
    // A client that does not take its refusal is not waited for.
    let _ = timeout(patience, stream.write_all(&bytes)).await;
}

/// Ends a connection without destroying what was sent last: the sending side is closed, then
/// the client's remaining bytes are read, so that no reset overtakes the answer
/// (RFC 9112 section 9.6).
pub(super) async fn close_gently(mut stream: TcpStream, patience: Duration) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let _ = timeout(patience, async {
        // On the heap: a connection would hold an array's room for all of its life.
        let mut scratch = vec![0; 4096];
        let mut read = 0;
        while read < LINGER_BYTES_MAX {
            match stream.read(&mut scratch).await {
                Ok(n) if n > 0 => read += n,
                _ => break,
            }
        }
    })
    .await;
}

fn encode(answer: &Response<Bytes>, with_body: bool, now: SystemTime) -> Vec<u8> {
    let status = answer.status();
    let mut head = String::with_capacity(512);
    let reason = status.canonical_reason().unwrap_or_default();
    let _ = write!(
        head,
        "HTTP/1.1 {} {reason}\r\ndate: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
        status.as_u16(),
        http_date(now),
        answer.body().len()
    );
    let mut bytes = head.into_bytes();
    for (name, value) in answer.headers() {
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, DATE].contains(name) {
            continue;
        }
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    if with_body {
        bytes.extend_from_slice(answer.body());
    }
    bytes
}

/// An IMF-fixdate (RFC 9110 section 5.6.7).
fn http_date(time: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        DAYS[(days % 7) as usize],
        MONTHS[(month - 1) as usize],
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// Year, month and day of a number of days since 1970, by eras of 400 years that begin in
/// March, so that the leap day comes last.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_date(seconds: u64, expected: &str) {
        assert_eq!(
            http_date(UNIX_EPOCH + Duration::from_secs(seconds)),
            expected
        );
    }

    #[test]
    fn dates_are_imf_fixdates() {
        check_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
        check_date(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT");
        check_date(951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT");
        check_date(4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT");
    }

    #[test]
    fn an_answer_closes_its_connection_and_states_its_length() {
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
