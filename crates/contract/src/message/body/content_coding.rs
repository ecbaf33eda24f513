//! Content codings (RFC 9110 section 8.4.1): decoding a body to check it.
//!
//! The schema describes the decoded body; the body is forwarded as it arrived. Decoding has two
//! bounds, a size and a ratio to the received size, so a small body cannot expand without limit.
//! Data that decoders interpret differently is refused: a second gzip member or zstd frame, and
//! bytes after the end.

use std::io::Read;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use smallvec::SmallVec;

/// The most codings of one body.
const CODINGS_MAX: usize = 4;

/// The decoded size that the ratio does not limit, because small texts compress well.
pub(super) const RATIO_FREE_BYTES: usize = 64 * 1024;

/// The largest window of a zstd frame, in bytes (RFC 9659 section 3).
const ZSTD_WINDOW_BYTES_MAX: u64 = 8 << 20;

/// The size of the output buffer, in bytes.
pub(super) const STEP_BYTES: usize = 16 * 1024;

/// A content coding that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl ContentCoding {
    /// The supported codings, for messages.
    pub(crate) const NAMES: &'static str = "gzip, deflate, br or zstd";

    fn parse(name: &str) -> Option<Self> {
        const NAMES: [(&str, ContentCoding); 5] = [
            ("gzip", ContentCoding::Gzip),
            ("x-gzip", ContentCoding::Gzip),
            ("deflate", ContentCoding::Deflate),
            ("br", ContentCoding::Brotli),
            ("zstd", ContentCoding::Zstd),
        ];
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, coding)| *coding)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// The codings of a body in the order in which they were applied, without `identity`.
pub(crate) type ContentCodings = SmallVec<[ContentCoding; 2]>;

/// The body has a coding that is not supported, so its content cannot be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the content coding of the body is not supported")]
pub(crate) struct UnknownCoding;

/// The codings in the head of a message.
///
/// # Errors
/// A coding is not supported, or there are too many.
pub(crate) fn codings(headers: &HeaderMap) -> Result<ContentCodings, UnknownCoding> {
    let mut codings = ContentCodings::new();
    for line in headers.get_all(CONTENT_ENCODING) {
        let line = String::from_utf8_lossy(line.as_bytes());
        for name in line.split(',').map(str::trim) {
            if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                continue;
            }
            match ContentCoding::parse(name) {
                Some(coding) if codings.len() < CODINGS_MAX => codings.push(coding),
                _ => return Err(UnknownCoding),
            }
        }
    }
    Ok(codings)
}

/// The bounds of decoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecodeBounds {
    /// The largest decoded body, in bytes.
    pub(crate) bytes_max: usize,
    /// The largest ratio of the decoded body to the received one.
    pub(crate) ratio_max: usize,
}

/// Why a body could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentDecodeError {
    /// The data does not follow its format.
    #[error("the body is not {0} data, or is truncated")]
    Broken(&'static str),
    /// There are bytes after the data.
    #[error("the body has bytes after the end of its {0} data")]
    Trailing(&'static str),
    /// The decoded body is too large.
    #[error("the decoded body is larger than {bytes_max} bytes (`limits.decoded_bytes_max`)")]
    TooLarge {
        /// The bound.
        bytes_max: usize,
    },
    /// The decoded body is too large in relation to the received one.
    #[error(
        "the decoded body is more than {ratio_max} times as large as the received body \
         (`limits.decoded_ratio_max`)"
    )]
    Ratio {
        /// The bound.
        ratio_max: usize,
    },
}

impl ContentDecodeError {
    /// Whether a bound was exceeded and the data is not broken.
    pub fn is_bound(self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::Ratio { .. })
    }
}

/// Decodes all codings, the last one first.
///
/// # Errors
/// The first coding that fails, or the bound that was exceeded.
pub(crate) fn decode(
    codings: &[ContentCoding],
    bytes: &[u8],
    bounds: DecodeBounds,
) -> Result<Vec<u8>, ContentDecodeError> {
    let by_ratio = bytes
        .len()
        .saturating_mul(bounds.ratio_max)
        .max(RATIO_FREE_BYTES);
    let mut codings = codings.iter().rev();
    let sink = || BoundedDecoder {
        bytes: Vec::new(),
        by_ratio,
        bounds,
    };
    let Some(last) = codings.next() else {
        return Ok(bytes.to_vec());
    };
    let mut decoded = sink().decode(*last, bytes)?;
    for coding in codings {
        decoded = sink().decode(*coding, &decoded)?;
    }
    Ok(decoded)
}

/// Whether deflate data begins as RFC 1950 says.
pub(super) fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
}

/// Collects decoded bytes within the bounds.
struct BoundedDecoder {
    bytes: Vec<u8>,
    by_ratio: usize,
    bounds: DecodeBounds,
}

impl BoundedDecoder {
    fn decode(
        mut self,
        coding: ContentCoding,
        bytes: &[u8],
    ) -> Result<Vec<u8>, ContentDecodeError> {
        let name = coding.as_str();
        let rest = match coding {
            ContentCoding::Gzip => self.gzip(bytes)?,
            ContentCoding::Deflate => self.deflate(bytes)?,
            ContentCoding::Brotli => self.brotli(bytes)?,
            ContentCoding::Zstd => self.zstd(bytes)?,
        };
        if rest == 0 {
            Ok(self.bytes)
        } else {
            Err(ContentDecodeError::Trailing(name))
        }
    }

    fn push(&mut self, decoded: &[u8]) -> Result<(), ContentDecodeError> {
        let length = self.bytes.len() + decoded.len();
        let DecodeBounds {
            bytes_max,
            ratio_max,
        } = self.bounds;
        if length > bytes_max {
            return Err(ContentDecodeError::TooLarge { bytes_max });
        }
        if length > self.by_ratio {
            return Err(ContentDecodeError::Ratio { ratio_max });
        }
        self.bytes.extend_from_slice(decoded);
        Ok(())
    }

    fn drain(
        &mut self,
        reader: &mut impl Read,
        name: &'static str,
    ) -> Result<(), ContentDecodeError> {
        let mut step = vec![0; STEP_BYTES];
        loop {
            match reader.read(&mut step) {
                Ok(0) => return Ok(()),
                Ok(count) => self.push(&step[..count])?,
                Err(_) => return Err(ContentDecodeError::Broken(name)),
            }
        }
    }

    /// RFC 1952. Returns the number of bytes after the member.
    fn gzip(&mut self, bytes: &[u8]) -> Result<usize, ContentDecodeError> {
        let mut decoder = GzDecoder::new(bytes);
        self.drain(&mut decoder, "gzip")?;
        Ok(decoder.into_inner().len())
    }

    /// RFC 1950. Raw deflate data (RFC 1951) is accepted too, because some senders use that name for
    /// it.
    fn deflate(&mut self, bytes: &[u8]) -> Result<usize, ContentDecodeError> {
        const BROKEN: ContentDecodeError = ContentDecodeError::Broken("deflate");
        let mut inflate = Decompress::new(is_zlib(bytes));
        let mut step = vec![0; STEP_BYTES];
        loop {
            let (read, written) = (inflate.total_in() as usize, inflate.total_out());
            let status = inflate
                .decompress(&bytes[read..], &mut step, FlushDecompress::None)
                .map_err(|_| BROKEN)?;
            let count = (inflate.total_out() - written) as usize;
            self.push(&step[..count])?;
            let is_stuck = count == 0 && inflate.total_in() as usize == read;
            match status {
                Status::StreamEnd => return Ok(bytes.len() - inflate.total_in() as usize),
                Status::Ok | Status::BufError if is_stuck => return Err(BROKEN),
                Status::Ok | Status::BufError => {}
            }
        }
    }

    /// RFC 7932, without large windows, which it does not define.
    fn brotli(&mut self, bytes: &[u8]) -> Result<usize, ContentDecodeError> {
        let alloc = StandardAlloc::default;
        let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
        let mut step = vec![0; STEP_BYTES];
        let (mut left, mut read, mut total) = (bytes.len(), 0, 0);
        loop {
            let (mut room, mut written) = (step.len(), 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut read,
                bytes,
                &mut room,
                &mut written,
                &mut step,
                &mut total,
                &mut state,
            );
            self.push(&step[..written])?;
            match result {
                BrotliResult::ResultSuccess => return Ok(left),
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput | BrotliResult::ResultFailure => {
                    return Err(ContentDecodeError::Broken("br"));
                }
            }
        }
    }

    /// RFC 8878: one frame. Its checksum is verified if it has one.
    fn zstd(&mut self, mut bytes: &[u8]) -> Result<usize, ContentDecodeError> {
        const BROKEN: ContentDecodeError = ContentDecodeError::Broken("zstd");
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(ZSTD_WINDOW_BYTES_MAX);
        let mut decoder =
            StreamingDecoder::new_with_decoder(&mut bytes, &mut frame).map_err(|_| BROKEN)?;
        self.drain(&mut decoder, "zstd")?;
        let declared = frame.get_checksum_from_data();
        if declared.is_some() && declared != frame.get_calculated_checksum() {
            return Err(BROKEN);
        }
        Ok(bytes.len())
    }
}
