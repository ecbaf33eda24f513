//! Reads multipart bodies as they arrive (RFC 2046 section 5.1, RFC 7578).
//!
//! The reader buffers at most one delimiter's length of data and one part's header, both bounded,
//! and examines every octet a fixed number of times. It is strict where lenient readers differ:
//! lines end in CRLF, a delimiter is a whole line, and data never contains a delimiter-like line.

use memchr::memmem;

use portcullis_vocabulary::limits::{PART_HEADER_BYTES_MAX, PARTS_MAX};

use super::part_head::{PartHead, PartHeadError};

/// The most bytes that are read before consumed bytes are dropped from the buffer.
const STEP_BYTES: usize = 64 * 1024;

/// Receives parts as they are read.
pub(super) trait PartSink {
    /// A part begins.
    fn begin(&mut self, head: PartHead) -> Result<(), MultipartError>;
    /// More of the part's data.
    fn data(&mut self, bytes: &[u8]) -> Result<(), MultipartError>;
}

/// Why a multipart body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MultipartError {
    #[error("`content-type` has no `boundary` of 1 to 70 characters (RFC 2046 section 5.1.1)")]
    Boundary,
    #[error("the body ends before its closing delimiter")]
    Unfinished,
    #[error("a delimiter is not a whole line that ends with CRLF")]
    Delimiter,
    #[error("part {part}: {error}")]
    Head { part: usize, error: PartHeadError },
    #[error("part {part}: its header is larger than {PART_HEADER_BYTES_MAX} bytes or has no end")]
    HeadSize { part: usize },
    #[error("the body has more than {PARTS_MAX} parts")]
    Parts,
    #[error("the checked parts are larger than {bytes_max} bytes in total")]
    TooLarge { bytes_max: usize },
}

/// The position of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MultipartState {
    /// Before the first delimiter.
    Preamble,
    /// After a boundary: the rest of the delimiter's line.
    Delimiter,
    /// In a part's header.
    Head,
    /// In a part's data.
    Data,
    /// After the closing delimiter: the rest of its line.
    Closing,
    /// After the closing delimiter's line.
    Epilogue,
}

/// Reads one multipart body.
#[derive(Debug)]
pub(super) struct MultipartReader {
    /// A line feed, two hyphens and the boundary.
    delimiter: memmem::Finder<'static>,
    /// The bytes that were not consumed yet.
    pub(super) buffer: Vec<u8>,
    /// The bytes before the data: the line end after the header's empty line.
    skip: usize,
    state: MultipartState,
    parts: usize,
}

impl MultipartReader {
    /// A reader of bodies with this boundary.
    pub(super) fn new(boundary: &str) -> Result<Self, MultipartError> {
        let is_boundary_byte =
            |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        let is_valid = (1..=70).contains(&boundary.len())
            && boundary.bytes().all(is_boundary_byte)
            && !boundary.ends_with(' ');
        if !is_valid {
            return Err(MultipartError::Boundary);
        }
        let delimiter = format!("\n--{boundary}");
        Ok(Self {
            delimiter: memmem::Finder::new(delimiter.as_bytes()).into_owned(),
            // The first delimiter needs no preceding line, so the reader supplies its CRLF.
            buffer: b"\r\n".to_vec(),
            skip: 0,
            state: MultipartState::Preamble,
            parts: 0,
        })
    }

    /// Reads more of the body.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        sink: &mut impl PartSink,
    ) -> Result<(), MultipartError> {
        for piece in bytes.chunks(STEP_BYTES) {
            if self.state == MultipartState::Epilogue {
                return Ok(());
            }
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.extend_from_slice(piece);
            let consumed = self.consume(&buffer, sink)?;
            buffer.drain(..consumed);
            self.buffer = buffer;
        }
        Ok(())
    }

    /// Ends the body.
    pub(super) fn finish(&self) -> Result<(), MultipartError> {
        match self.state {
            MultipartState::Epilogue => Ok(()),
            MultipartState::Closing if self.buffer.iter().all(|byte| is_padding(*byte)) => Ok(()),
            _ => Err(MultipartError::Unfinished),
        }
    }

    /// Reads as much of `buffer` as is complete, and returns the number of consumed bytes.
    fn consume(
        &mut self,
        buffer: &[u8],
        sink: &mut impl PartSink,
    ) -> Result<usize, MultipartError> {
        let mut at = 0;
        loop {
            let rest = &buffer[at..];
            let step = match self.state {
                MultipartState::Preamble => self.data(rest, None::<&mut DiscardSink>)?,
                MultipartState::Data => self.data(rest, Some(sink))?,
                MultipartState::Delimiter => self.delimiter_line(rest)?,
                MultipartState::Head => self.head(rest, sink)?,
                MultipartState::Closing => self.closing_line(rest)?,
                MultipartState::Epilogue => return Ok(buffer.len()),
            };
            match step {
                MultipartStep::Consumed(count) => at += count,
                MultipartStep::NeedsMore(count) => return Ok(at + count),
            }
        }
    }

    /// Reads data up to the next delimiter. The preamble is data without a sink.
    fn data(
        &mut self,
        rest: &[u8],
        mut sink: Option<&mut impl PartSink>,
    ) -> Result<MultipartStep, MultipartError> {
        let found = self.delimiter.find(rest);
        // The CR before the line feed belongs to the delimiter. Readers differ if it is missing.
        let is_bare = |feed: usize| feed == 0 || rest[feed - 1] != b'\r';
        let end = match found {
            Some(feed) if is_bare(feed) => feed,
            Some(feed) => feed - 1,
            None => rest.len().saturating_sub(self.delimiter.needle().len()),
        };
        if found.is_none() && end < self.skip {
            return Ok(MultipartStep::NeedsMore(0));
        }
        let skip = std::mem::take(&mut self.skip);
        if let Some(sink) = &mut sink
            && end > skip
        {
            // Pass the data on before refusing a delimiter, so the first error does not depend on
            // how the body was split.
            sink.data(&rest[skip..end])?;
        }
        match found {
            None => return Ok(MultipartStep::NeedsMore(end)),
            Some(feed) if is_bare(feed) => return Err(MultipartError::Delimiter),
            Some(_) => {}
        }
        self.state = MultipartState::Delimiter;
        Ok(MultipartStep::Consumed(
            end + 1 + self.delimiter.needle().len(),
        ))
    }

    fn delimiter_line(&mut self, rest: &[u8]) -> Result<MultipartStep, MultipartError> {
        match rest {
            [] | [b'-'] => Ok(MultipartStep::NeedsMore(0)),
            [b'-', b'-', ..] => {
                self.state = MultipartState::Closing;
                Ok(MultipartStep::Consumed(2))
            }
            _ => {
                let Some(end) = line_end(rest)? else {
                    return Ok(MultipartStep::NeedsMore(0));
                };
                if self.parts == PARTS_MAX {
                    return Err(MultipartError::Parts);
                }
                self.parts += 1;
                self.state = MultipartState::Head;
                Ok(MultipartStep::Consumed(end))
            }
        }
    }

    fn closing_line(&mut self, rest: &[u8]) -> Result<MultipartStep, MultipartError> {
        let Some(end) = line_end(rest)? else {
            return Ok(MultipartStep::NeedsMore(0));
        };
        self.state = MultipartState::Epilogue;
        Ok(MultipartStep::Consumed(end))
    }

    fn head(
        &mut self,
        rest: &[u8],
        sink: &mut impl PartSink,
    ) -> Result<MultipartStep, MultipartError> {
        let part = self.parts;
        let bounded = &rest[..rest.len().min(PART_HEADER_BYTES_MAX)];
        let (lines, end) = match memmem::find(bounded, b"\r\n\r\n") {
            _ if rest.starts_with(b"\r\n") => (&rest[..0], 2),
            Some(end) => (&rest[..end], end + 4),
            None if bounded.len() < PART_HEADER_BYTES_MAX => {
                return Ok(MultipartStep::NeedsMore(0));
            }
            None => return Err(MultipartError::HeadSize { part }),
        };
        let head = PartHead::parse(lines).map_err(|error| MultipartError::Head { part, error })?;
        sink.begin(head)?;
        self.state = MultipartState::Data;
        // The line end of the empty line may also start a delimiter. The data is then empty.
        self.skip = 2;
        Ok(MultipartStep::Consumed(end - 2))
    }
}

/// The result of one step.
enum MultipartStep {
    /// This many octets were consumed.
    Consumed(usize),
    /// This many octets were consumed, and more must arrive.
    NeedsMore(usize),
}

/// Discards data: the sink of the preamble.
struct DiscardSink;

impl PartSink for DiscardSink {
    fn begin(&mut self, _: PartHead) -> Result<(), MultipartError> {
        Ok(())
    }

    fn data(&mut self, _: &[u8]) -> Result<(), MultipartError> {
        Ok(())
    }
}

fn is_padding(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The length of transport padding and CRLF (RFC 2046 section 5.1.1); `None` if more must arrive.
fn line_end(rest: &[u8]) -> Result<Option<usize>, MultipartError> {
    const PADDING_MAX: usize = 256;
    let padding = rest.iter().take_while(|byte| is_padding(**byte)).count();
    match rest[padding..] {
        _ if padding > PADDING_MAX => Err(MultipartError::Delimiter),
        [] | [b'\r'] => Ok(None),
        [b'\r', b'\n', ..] => Ok(Some(padding + 2)),
        _ => Err(MultipartError::Delimiter),
    }
}
