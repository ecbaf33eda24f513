//! Is an HTTP/1.1 stream read in the same way, however it is split into reads?
//!
//! Input: up to eight piece sizes on the first line, then the stream.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use portcullis_fuzz::{pieces, split_line};
use portcullis_proxy::inspect::{
    ExchangeTerms, HttpRefusal, InspectLimits, RequestBodyDecoder, RequestBodyPart, RequestReader,
};

const LIMITS: InspectLimits = InspectLimits {
    target_bytes_max: 64,
    header_count_max: 8,
    header_bytes_max: 256,
forward_proxy: false,
};

fuzz_target!(|bytes: &[u8]| {
    let (sizes, stream) = split_line(bytes);
    let whole = read(stream, &[]);
    let split = read(stream, &sizes[..sizes.len().min(8)]);
    assert_eq!(whole.refusal.is_some(), split.refusal.is_some());
    if whole.refusal.is_none() {
        assert_eq!(whole.requests, split.requests);
    } else {
        // If a body is refused, its head may have arrived before the defect.
        assert!(split.requests.starts_with(&whole.requests));
    }
});

/// What was read of a stream.
#[derive(Debug, Default)]
struct ReadStream {
    /// The head of each request, and its body with its trailers.
    requests: Vec<(String, Vec<u8>)>,
    refusal: Option<HttpRefusal>,
}

fn read(stream: &[u8], sizes: &[u8]) -> ReadStream {
    let mut reader = RequestReader::new(LIMITS);
    let mut current = None;
    let mut buffer = BytesMut::new();
    let mut read = ReadStream::default();
    for piece in pieces(stream, sizes) {
        buffer.extend_from_slice(piece);
        match advance(&mut reader, &mut current, &mut buffer, &mut read) {
            Ok(true) => {}
            Ok(false) => break,
            Err(refusal) => {
                read.refusal = Some(refusal);
                break;
            }
        }
    }
    read
}

/// Reads as much as possible. Returns whether more may follow.
fn advance(
    reader: &mut RequestReader,
    current: &mut Option<(ExchangeTerms, RequestBodyDecoder)>,
    buffer: &mut BytesMut,
    read: &mut ReadStream,
) -> Result<bool, HttpRefusal> {
    loop {
        let Some((terms, decoder)) = current else {
            let Some(parsed) = reader.take_head(buffer)? else {
                return Ok(true);
            };
            let head = format!("{:?} {:?}", parsed.request, parsed.terms);
            read.requests.push((head, Vec::new()));
            let decoder = reader.body_decoder(parsed.terms.framing);
            *current = Some((parsed.terms, decoder));
            continue;
        };
        let body = read.requests.last_mut().map(|(_, body)| body);
        let body = body.expect("the request whose body is read");
        match decoder.decode(buffer)? {
            RequestBodyPart::Data(data) => body.extend_from_slice(&data),
            RequestBodyPart::Trailers(trailers) => {
                body.extend_from_slice(format!("{trailers:?}").as_bytes());
            }
            RequestBodyPart::Incomplete => return Ok(true),
            RequestBodyPart::End => {
                if terms.asks_websocket || !terms.keeps_alive {
                    return Ok(false);
                }
                *current = None;
            }
        }
    }
}
