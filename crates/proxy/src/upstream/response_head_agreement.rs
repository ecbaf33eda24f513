//! A second reader of response heads, `httparse`, agrees with `response_head`.

use bytes::BytesMut;
use http::Method;
use httparse::{EMPTY_HEADER, Response, Status};
use proptest::prelude::*;
use proptest::sample::select;

use super::response_fault::ResponseFault;
use super::response_head::{ReceivedHead, ResponseHeadMemory, take_head};
use crate::limits::UpstreamLimits;

/// What a reader finds in the bytes.
#[derive(Debug, PartialEq, Eq)]
enum HeadVerdict {
    Complete {
        length: usize,
        status: u16,
        keeps_no_field: bool,
        fields: Vec<(String, Vec<u8>)>,
    },
    Partial,
    Refused,
}

/// The fields that are read and not passed on in any case are left out of the comparison.
fn is_compared(name: &str) -> bool {
    !matches!(name, "connection" | "transfer-encoding")
}

fn sorted(fields: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let mut fields: Vec<_> = fields.filter(|(name, _)| is_compared(name)).collect();
    // A map keeps the order of the values of one name only.
    fields.sort_by(|left, right| left.0.cmp(&right.0));
    fields
}

fn judged(bytes: &[u8]) -> HeadVerdict {
    let mut fields = [EMPTY_HEADER; 100];
    let mut response = Response::new(&mut fields);
    match response.parse(bytes) {
        Ok(Status::Complete(length)) => HeadVerdict::Complete {
            length,
            status: response.code.unwrap_or_default(),
            keeps_no_field: response.headers.is_empty(),
            fields: sorted(
                response
                    .headers
                    .iter()
                    .map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec())),
            ),
        },
        Ok(Status::Partial) => HeadVerdict::Partial,
        Err(_) => HeadVerdict::Refused,
    }
}

fn read(
    bytes: &[u8],
    memory: &mut ResponseHeadMemory,
) -> Result<Option<(ReceivedHead, usize)>, ResponseFault> {
    let mut buffer = BytesMut::from(bytes);
    let limits = UpstreamLimits::default();
    // The end of the body is not the subject here, and the answer to a HEAD has none.
    let head = take_head(&mut buffer, &Method::HEAD, &limits, memory)?;
    Ok(head.map(|head| (head, bytes.len() - buffer.len())))
}

/// Whether more than one empty line precedes a response.
fn is_late(bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines
        .take_while(|line| matches!(line, [] | [b'\r']))
        .count()
        > 1
}

/// Checks that both agree, apart from what is stricter here.
fn check(bytes: &[u8], memory: &mut ResponseHeadMemory) {
    let shown = String::from_utf8_lossy(bytes);
    let found = read(bytes, memory);
    match (judged(bytes), found) {
        (
            HeadVerdict::Complete {
                length,
                status,
                fields,
                keeps_no_field,
            },
            Ok(Some((head, taken))),
        ) => {
            assert_eq!((length, status), (taken, head.status.as_u16()), "{shown:?}");
            let own = head.headers.iter();
            let own = own.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
            assert_eq!(fields, sorted(own), "{shown:?}");
            assert!(!keeps_no_field || head.headers.is_empty(), "{shown:?}");
        }
        (HeadVerdict::Complete { status, .. }, Err(ResponseFault::Head(_))) => {
            assert!(status < 100 || is_late(bytes), "{shown:?}");
        }
        (HeadVerdict::Partial, Ok(None)) => {}
        (HeadVerdict::Partial, Err(ResponseFault::Head(_))) => {
            // There are no such statuses.
            let is_low = shown.contains("HTTP/1.1 0") || shown.contains("HTTP/1.0 0");
            assert!(is_low || is_late(bytes), "{shown:?}");
        }
        // A line is read when it is complete.
        (HeadVerdict::Refused, Ok(None)) => {
            let last = bytes
                .rsplit(|byte| *byte == b'\n')
                .next()
                .unwrap_or_default();
            assert!(!last.is_empty(), "{shown:?}");
            let complete = &bytes[..bytes.len() - last.len()];
            assert_ne!(judged(complete), HeadVerdict::Refused, "{shown:?}");
        }
        (HeadVerdict::Refused, Err(_)) => {}
        (judged, found) => panic!("{shown:?}: {judged:?}, {found:?}"),
    }
}

fn line() -> impl Strategy<Value = String> {
    let start = select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.0 404 Not Found",
        "HTTP/1.1 204",
        "HTTP/1.1 200 ",
        "HTTP/1.1 099 x",
        "HTTP/1.1  200 OK",
        "HTTP/1.2 200 OK",
        "HTTP/1.1 20",
        "HTTP/1.1 2000",
        "HTTP/1.1 200\tOK",
        "HTTP/1.1 200 O\tK\u{e9}",
        "http/1.1 200 OK",
        "",
    ]);
    let name = select(vec![
        "Content-Length",
        "content-type",
        "X-Own",
        "x_own",
        "Connection",
        "Set-Cookie",
        "a b",
        "a ",
        " a",
        "\ta",
        "",
        "a\u{e9}",
        "a\"",
        "a(",
        "~",
        "Date",
        "transfer-encoding",
    ]);
    let colon = select(vec![":", ": ", ":\t ", " : ", "", "::"]);
    let value = select(vec![
        "5",
        "",
        " ",
        "a b",
        "a\tb",
        "close",
        "chunked",
        "\u{e9}",
        "a\rb",
        "a\0b",
        "a\u{7f}b",
        "x ",
        "y\t",
        "\r",
        ":",
        "keep-alive, x",
    ]);
    let field = (name, colon, value).prop_map(|(name, colon, value)| [name, colon, value].concat());
    prop_oneof![1 => start.prop_map(str::to_owned), 6 => field]
}

fn head() -> impl Strategy<Value = Vec<u8>> {
    let end = || {
        select(vec![
            "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n",
        ])
    };
    let first = select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 200 OK\n",
        "\r\nHTTP/1.1 500 \r\n",
        "",
    ]);
    let lines = proptest::collection::vec((line(), end()), 0..6);
    let last = select(vec!["\r\n", "\r\n", "\n", "", "\r", "\r\nrest"]);
    let damage = proptest::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>()));
    (first, lines, last, damage).prop_map(|(first, lines, last, damage)| {
        let lines: String = lines.into_iter().map(|(line, end)| line + end).collect();
        let mut bytes = [first, &lines, last].concat().into_bytes();
        if let Some((at, byte)) = damage.filter(|_| !bytes.is_empty()) {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

#[test]
fn one_empty_line_may_precede_a_response() {
    let read = |text: &str| {
        let names = &mut ResponseHeadMemory::default();
        check(text.as_bytes(), names);
        read(text.as_bytes(), names).map(|head| head.is_some())
    };
    for empty in ["", "\n", "\r\n"] {
        let head = format!("{empty}HTTP/1.1 200 OK\r\n\r\n");
        assert_eq!(read(&head), Ok(true), "{head:?}");
        assert_eq!(read(empty), Ok(false), "{head:?}");
    }
    for empty in ["\n\n", "\r\n\r\n", "\n\r\n"] {
        let head = format!("{empty}HTTP/1.1 200 OK\r\n\r\n");
        assert!(read(&head).is_err(), "{head:?}");
        assert!(read(empty).is_err(), "{head:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn both_readers_agree(heads in proptest::collection::vec(head(), 1..4), cut in any::<prop::sample::Index>()) {
        // The names of one head do not change how the next one is read.
        let mut names = ResponseHeadMemory::default();
        for bytes in heads {
            check(&bytes, &mut names);
            check(&bytes[..cut.index(bytes.len() + 1)], &mut names);
        }
    }
}
