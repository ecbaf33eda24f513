//! Tests of content codings: decoding, refusals and both bounds.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::content_coding::{
    ContentCoding, ContentDecodeError, DecodeBounds, UnknownCoding, codings, decode,
};
use super::content_decoder::ContentDecoder;

const TEXT: &[u8] = br#"{"quantity": 1}"#;

/// [`TEXT`], compressed by another encoder.
const BROTLI: &str = "0b07807b227175616e74697479223a20317d03";

/// One million `a`, compressed.
const BROTLI_BOMB: &str = "5b3f428f5f222c1e0b04f2731e00";

const BOUNDS: DecodeBounds = DecodeBounds {
    bytes_max: 1 << 20,
    ratio_max: 100,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// One sample of each coding.
fn samples() -> Vec<(ContentCoding, Vec<u8>)> {
    vec![
        (ContentCoding::Gzip, gzip(TEXT)),
        (ContentCoding::Deflate, zlib(TEXT)),
        (ContentCoding::Deflate, raw_deflate(TEXT)),
        (ContentCoding::Brotli, hex(BROTLI)),
        (ContentCoding::Zstd, zstd(TEXT)),
    ]
}

#[test]
fn decodes_every_coding() {
    for (coding, bytes) in samples() {
        assert_eq!(
            decode(&[coding], &bytes, BOUNDS).as_deref(),
            Ok(TEXT),
            "{coding:?}"
        );
    }
    let twice = gzip(&zstd(TEXT));
    let codings = [ContentCoding::Zstd, ContentCoding::Gzip];
    assert_eq!(decode(&codings, &twice, BOUNDS).as_deref(), Ok(TEXT));
    for empty in [gzip(b""), zlib(b""), raw_deflate(b"")] {
        let coding = if empty[0] == 0x1f {
            ContentCoding::Gzip
        } else {
            ContentCoding::Deflate
        };
        assert_eq!(decode(&[coding], &empty, BOUNDS).as_deref(), Ok(&b""[..]));
    }
}

#[test]
fn refuses_truncated_data_and_trailing_bytes() {
    for (coding, bytes) in samples() {
        let broken = ContentDecodeError::Broken(coding.as_str());
        for end in 0..bytes.len() {
            assert_eq!(
                decode(&[coding], &bytes[..end], BOUNDS),
                Err(broken),
                "{coding:?} cut at {end}"
            );
        }
        let longer = [&bytes[..], b"x"].concat();
        let found = decode(&[coding], &longer, BOUNDS);
        assert_eq!(
            found,
            Err(ContentDecodeError::Trailing(coding.as_str())),
            "{coding:?}"
        );
        let twice = [&bytes[..], &bytes[..]].concat();
        let found = decode(&[coding], &twice, BOUNDS);
        assert_eq!(
            found,
            Err(ContentDecodeError::Trailing(coding.as_str())),
            "{coding:?}"
        );
    }
}

#[test]
fn verifies_checksums() {
    let mut wrong = gzip(TEXT);
    let at = wrong.len() - 5;
    wrong[at] ^= 1;
    assert_eq!(
        decode(&[ContentCoding::Gzip], &wrong, BOUNDS),
        Err(ContentDecodeError::Broken("gzip"))
    );
    let mut wrong = zlib(TEXT);
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(
        decode(&[ContentCoding::Deflate], &wrong, BOUNDS),
        Err(ContentDecodeError::Broken("deflate"))
    );
    let mut wrong = zstd(TEXT);
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(
        decode(&[ContentCoding::Zstd], &wrong, BOUNDS),
        Err(ContentDecodeError::Broken("zstd"))
    );
}

#[test]
fn enforces_both_bounds() {
    let million = vec![b'a'; 1_000_000];
    let bombs = [
        (ContentCoding::Gzip, gzip(&million)),
        (ContentCoding::Deflate, zlib(&million)),
        (ContentCoding::Brotli, hex(BROTLI_BOMB)),
        (ContentCoding::Zstd, zstd(&million)),
    ];
    for (coding, bytes) in bombs {
        let ratio_max = 100;
        let by_ratio = decode(
            &[coding],
            &bytes,
            DecodeBounds {
                bytes_max: 1 << 30,
                ratio_max,
            },
        );
        assert_eq!(
            by_ratio,
            Err(ContentDecodeError::Ratio { ratio_max }),
            "{coding:?}"
        );
        let bounds = DecodeBounds {
            bytes_max: 999_999,
            ratio_max: 1 << 20,
        };
        let by_size = decode(&[coding], &bytes, bounds);
        assert_eq!(
            by_size,
            Err(ContentDecodeError::TooLarge { bytes_max: 999_999 }),
            "{coding:?}"
        );
        let bounds = DecodeBounds {
            bytes_max: 1_000_000,
            ratio_max: 1 << 20,
        };
        assert_eq!(
            decode(&[coding], &bytes, bounds).as_ref(),
            Ok(&million),
            "{coding:?}"
        );
    }
}

#[test]
fn reads_codings_of_headers() {
    let check = |lines: &[&'static str], expected: Result<&[ContentCoding], UnknownCoding>| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(line));
        }
        let found = codings(&headers);
        assert_eq!(found.as_deref(), expected.as_deref());
    };
    check(&[], Ok(&[]));
    check(&["identity", " "], Ok(&[]));
    check(
        &["GZIP , br"],
        Ok(&[ContentCoding::Gzip, ContentCoding::Brotli]),
    );
    check(
        &["x-gzip", "deflate,zstd"],
        Ok(&[
            ContentCoding::Gzip,
            ContentCoding::Deflate,
            ContentCoding::Zstd,
        ]),
    );
    check(&["gzip, compress"], Err(UnknownCoding));
    check(&["gzip,gzip,gzip,gzip,br"], Err(UnknownCoding));
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..40) {
        for (coding, mut sample) in samples() {
            let at = cut.min(sample.len());
            sample.splice(at.., bytes.iter().copied());
            for damaged in [&sample, &bytes] {
                let _ = decode(&[coding], damaged, BOUNDS);
            }
        }
    }

    #[test]
    fn decodes_encoded_bytes(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        for (coding, sample) in [
            (ContentCoding::Gzip, gzip(&bytes)),
            (ContentCoding::Deflate, zlib(&bytes)),
            (ContentCoding::Zstd, zstd(&bytes)),
        ] {
            prop_assert_eq!(decode(&[coding], &sample, BOUNDS), Ok(bytes.clone()));
        }
    }
}

/// What a decoder makes of a body that arrives in two pieces.
fn in_pieces(
    coding: ContentCoding,
    bytes: &[u8],
    at: usize,
) -> Option<Result<Vec<u8>, ContentDecodeError>> {
    let mut decoder = ContentDecoder::of(coding, BOUNDS.ratio_max)?;
    let mut decoded = Vec::new();
    let (first, second) = bytes.split_at(at.min(bytes.len()));
    let mut result = Ok(());
    for piece in [first, second] {
        let sink = &mut |piece: &[u8]| decoded.extend_from_slice(piece);
        result = result.and_then(|()| decoder.feed(piece, sink));
    }
    let sink = &mut |piece: &[u8]| decoded.extend_from_slice(piece);
    Some(result.and_then(|()| decoder.finish(sink)).map(|()| decoded))
}

/// A body that arrives in pieces is decoded like a whole one, and so is one that is broken.
#[test]
fn pieces_are_decoded_like_the_whole() {
    for (coding, bytes) in samples() {
        for at in 0..=bytes.len() {
            let Some(found) = in_pieces(coding, &bytes, at) else {
                assert_eq!(coding, ContentCoding::Zstd);
                continue;
            };
            assert_eq!(found.as_deref(), Ok(TEXT), "{coding:?} {at}");
            let cut = in_pieces(coding, &bytes[..at], at / 2).unwrap();
            assert_eq!(cut.is_ok(), at == bytes.len(), "{coding:?} {at} {cut:?}");
        }
        let longer = [bytes.as_slice(), b"x"].concat();
        if let Some(found) = in_pieces(coding, &longer, bytes.len()) {
            assert!(found.is_err(), "{coding:?}");
        }
    }
    let bomb = gzip(&vec![b'a'; 1 << 20]);
    let found = in_pieces(ContentCoding::Gzip, &bomb, 0).unwrap();
    assert!(found.is_err_and(ContentDecodeError::is_bound));
    let found = in_pieces(ContentCoding::Brotli, &hex(BROTLI_BOMB), 3).unwrap();
    assert!(found.is_err_and(ContentDecodeError::is_bound));
}

/// The memory of a decoder follows from the window that the data names.
#[test]
fn decoders_say_their_memory() {
    let memory = |coding, bytes: &[u8]| {
        let mut decoder = ContentDecoder::of(coding, BOUNDS.ratio_max).unwrap();
        decoder.feed(bytes, &mut |_| {}).unwrap();
        decoder.memory_bytes() >> 10
    };
    assert_eq!(memory(ContentCoding::Gzip, &gzip(TEXT)), 96);
    // The first byte of the sample says 22 bits.
    assert_eq!(memory(ContentCoding::Brotli, &hex(BROTLI)), 4096 + 96);
}

/// Decoded bytes are there as soon as the sender flushes them.
#[test]
fn flushed_bytes_are_decoded_at_once() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut decoder = ContentDecoder::of(ContentCoding::Gzip, BOUNDS.ratio_max).unwrap();
    let mut decoded = Vec::new();
    for event in ["one", "two"] {
        encoder.write_all(event.as_bytes()).unwrap();
        encoder.flush().unwrap();
        let sent = std::mem::take(encoder.get_mut());
        decoder
            .feed(&sent, &mut |piece| decoded.extend_from_slice(piece))
            .unwrap();
        assert!(decoded.ends_with(event.as_bytes()), "{decoded:?}");
    }
}

proptest! {
    #[test]
    fn broken_pieces_never_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..64),
        sample in 0..4_usize,
        at in 0..64_usize,
    ) {
        let (coding, good) = samples().swap_remove(sample);
        bytes.splice(0..0, good[..at.min(good.len())].iter().copied());
        let whole = decode(&[coding], &bytes, BOUNDS);
        if let Some(found) = in_pieces(coding, &bytes, at) {
            prop_assert_eq!(found.ok(), whole.ok());
        }
    }
}
