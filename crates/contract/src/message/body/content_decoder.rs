//! Decodes the content coding of a body while it arrives.
//!
//! What has been decoded is passed on at once, so it takes constant memory. A long stream has no
//! largest size, so only the ratio to the received size is bounded.

use std::fmt;
use std::io::Write;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::write::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::content_coding::{
    ContentCoding, ContentDecodeError, RATIO_FREE_BYTES, STEP_BYTES, is_zlib,
};

/// How many received bytes are decoded at once, so that what they become is bounded, too.
const FEED_BYTES: usize = 1024;

/// The memory of a decoder without the window of brotli.
const BUFFER_BYTES: u64 = 96 << 10;

/// Decodes one body.
#[derive(Debug)]
pub struct ContentDecoder {
    state: DecoderState,
    received: usize,
    decoded: usize,
    ratio_max: usize,
}

enum DecoderState {
    Gzip(Box<GzDecoder<Vec<u8>>>),
    /// The first byte of deflate data, which does not say which of the two formats it is.
    Deflate(Option<u8>),
    Inflate {
        inflate: Box<Decompress>,
        is_complete: bool,
    },
    Brotli {
        state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
        /// The size of the window, once the first byte has said it.
        window_bytes: Option<u64>,
        is_complete: bool,
    },
}

impl fmt::Debug for DecoderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.coding().as_str())
    }
}

/// Takes the decoded pieces of a body.
type DecodedSink<'s> = &'s mut dyn FnMut(&[u8]);

impl ContentDecoder {
    /// A decoder of a coding. `None` for zstd, which is decoded as a whole only.
    pub(super) fn of(coding: ContentCoding, ratio_max: usize) -> Option<Self> {
        let state = match coding {
            ContentCoding::Gzip => DecoderState::Gzip(Box::new(GzDecoder::new(Vec::new()))),
            ContentCoding::Deflate => DecoderState::Deflate(None),
            ContentCoding::Brotli => {
                let alloc = StandardAlloc::default;
                let state = BrotliState::new_strict(alloc(), alloc(), alloc());
                DecoderState::Brotli {
                    state: Box::new(state),
                    window_bytes: None,
                    is_complete: false,
                }
            }
            ContentCoding::Zstd => return None,
        };
        Some(Self {
            state,
            received: 0,
            decoded: 0,
            ratio_max,
        })
    }

    /// Decodes more of the body.
    ///
    /// # Errors
    /// The data is broken, or the ratio was exceeded. Nothing can be decoded after that.
    pub fn feed(&mut self, bytes: &[u8], sink: DecodedSink<'_>) -> Result<(), ContentDecodeError> {
        for piece in bytes.chunks(FEED_BYTES) {
            self.received += piece.len();
            let by_ratio = self.received.saturating_mul(self.ratio_max);
            let (mut left, ratio_max) = (
                by_ratio.max(RATIO_FREE_BYTES).saturating_sub(self.decoded),
                self.ratio_max,
            );
            let mut count = 0;
            let within = &mut |decoded: &[u8]| {
                let rest = left.checked_sub(decoded.len());
                left = rest.ok_or(ContentDecodeError::Ratio { ratio_max })?;
                count += decoded.len();
                sink(decoded);
                Ok(())
            };
            self.state.feed(piece, within)?;
            self.decoded += count;
        }
        Ok(())
    }

    /// The memory that decoding takes, in bytes. Most of it is the window of the coding.
    pub fn memory_bytes(&self) -> u64 {
        match &self.state {
            DecoderState::Brotli { window_bytes, .. } => window_bytes.unwrap_or(0) + BUFFER_BYTES,
            DecoderState::Gzip(_) | DecoderState::Deflate(_) | DecoderState::Inflate { .. } => {
                BUFFER_BYTES
            }
        }
    }

    /// Ends the body.
    ///
    /// # Errors
    /// The data is truncated, or its checksum is wrong.
    pub fn finish(&mut self, sink: DecodedSink<'_>) -> Result<(), ContentDecodeError> {
        let broken = ContentDecodeError::Broken(self.state.coding().as_str());
        match &mut self.state {
            DecoderState::Gzip(decoder) => {
                decoder.try_finish().map_err(|_| broken)?;
                sink(&std::mem::take(decoder.get_mut()));
            }
            DecoderState::Inflate { is_complete, .. }
            | DecoderState::Brotli { is_complete, .. }
                if *is_complete => {}
            DecoderState::Deflate(_)
            | DecoderState::Inflate { .. }
            | DecoderState::Brotli { .. } => return Err(broken),
        }
        Ok(())
    }
}

/// Takes decoded pieces, unless they exceed a bound.
type BoundedSink<'s> = &'s mut dyn FnMut(&[u8]) -> Result<(), ContentDecodeError>;

impl DecoderState {
    fn coding(&self) -> ContentCoding {
        match self {
            Self::Gzip(_) => ContentCoding::Gzip,
            Self::Deflate(_) | Self::Inflate { .. } => ContentCoding::Deflate,
            Self::Brotli { .. } => ContentCoding::Brotli,
        }
    }

    fn feed(&mut self, bytes: &[u8], sink: BoundedSink<'_>) -> Result<(), ContentDecodeError> {
        let broken = ContentDecodeError::Broken(self.coding().as_str());
        match self {
            Self::Gzip(decoder) => {
                let written = decoder.write_all(bytes).and_then(|()| decoder.flush());
                written.map_err(|_| broken)?;
                sink(&std::mem::take(decoder.get_mut()))
            }
            Self::Inflate {
                inflate,
                is_complete,
            } => feed_inflate(inflate, is_complete, bytes, sink),
            Self::Deflate(first) => {
                let start: Vec<u8> = first.iter().chain(bytes).copied().collect();
                if let [] | [_] = start.as_slice() {
                    *first = start.first().copied();
                    return Ok(());
                }
                *self = Self::Inflate {
                    inflate: Box::new(Decompress::new(is_zlib(&start))),
                    is_complete: false,
                };
                self.feed(&start, sink)
            }
            Self::Brotli {
                state,
                window_bytes,
                is_complete,
            } => {
                *window_bytes = window_bytes.or(bytes.first().copied().map(brotli_window));
                feed_brotli(state, is_complete, bytes, sink)
            }
        }
    }
}

fn feed_inflate(
    inflate: &mut Decompress,
    is_complete: &mut bool,
    bytes: &[u8],
    sink: BoundedSink<'_>,
) -> Result<(), ContentDecodeError> {
    let name = ContentCoding::Deflate.as_str();
    if *is_complete {
        return Err(ContentDecodeError::Trailing(name));
    }
    let mut step = vec![0; STEP_BYTES];
    let start = inflate.total_in();
    loop {
        let written = inflate.total_out();
        let rest = &bytes[(inflate.total_in() - start) as usize..];
        let status = inflate
            .decompress(rest, &mut step, FlushDecompress::None)
            .map_err(|_| ContentDecodeError::Broken(name))?;
        let count = (inflate.total_out() - written) as usize;
        sink(&step[..count])?;
        let is_read = (inflate.total_in() - start) as usize == bytes.len();
        match status {
            Status::StreamEnd if is_read => {
                *is_complete = true;
                return Ok(());
            }
            Status::StreamEnd => return Err(ContentDecodeError::Trailing(name)),
            Status::Ok | Status::BufError if is_read && count < step.len() => return Ok(()),
            Status::BufError if count == 0 => return Err(ContentDecodeError::Broken(name)),
            Status::Ok | Status::BufError => {}
        }
    }
}

/// The size of the window by the first byte of brotli data (RFC 7932 section 9.1).
fn brotli_window(first: u8) -> u64 {
    let bits = match (first & 1, first >> 1 & 7, first >> 4 & 7) {
        (0, _, _) => 16,
        (_, 0, 0) => 17,
        (_, 0, low) => 8 + low,
        (_, high, _) => 17 + high,
    };
    1 << bits
}

fn feed_brotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    is_complete: &mut bool,
    bytes: &[u8],
    sink: BoundedSink<'_>,
) -> Result<(), ContentDecodeError> {
    let name = ContentCoding::Brotli.as_str();
    if *is_complete {
        return Err(ContentDecodeError::Trailing(name));
    }
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
            state,
        );
        sink(&step[..written])?;
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return Ok(()),
            BrotliResult::ResultSuccess if left == 0 => {
                *is_complete = true;
                return Ok(());
            }
            BrotliResult::ResultSuccess => return Err(ContentDecodeError::Trailing(name)),
            BrotliResult::ResultFailure => return Err(ContentDecodeError::Broken(name)),
        }
    }
}
