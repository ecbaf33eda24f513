//! Reads multipart bodies as they arrive (RFC 2046 section 5.1, RFC 7578).
//!
//! The reader buffers at most one delimiter's length of data and one part's header, both bounded,
//! and examines every octet a fixed number of times. It is strict where readers differ: nothing is
//! before the first and after the last delimiter, a delimiter is a whole line between two CRLF
//! without padding, and the boundary occurs nowhere else.

use memchr::memmem;

use portcullis_vocabulary::limits::{PART_HEADER_BYTES_MAX, PARTS_MAX};

use super::part_head::{PartHead, PartHeadError, PartNaming};

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
    #[error(
        "`content-type` is not `multipart/…; boundary=…`; recipients could read another \
         boundary or charset"
    )]
    ContentType,
    #[error("the body does not begin with its first delimiter")]
    Preamble,
    #[error("the body continues after its closing delimiter")]
    Epilogue,
    #[error("the body ends before its closing delimiter")]
    Unfinished,
    #[error(
        "a delimiter is not a whole line between two CRLF; the boundary must occur nowhere else"
    )]
    Delimiter,
    #[error("part {part}: {error}")]
    Head { part: usize, error: PartHeadError },
    #[error("part {part}: its header is larger than {PART_HEADER_BYTES_MAX} bytes or has no end")]
    HeadSize { part: usize },
    #[error("part {part}: its `content-length` is not the length of its data; leave it out")]
    Length { part: usize },
    #[error(
        "part {part}: it has data but an empty `filename`; name the file, or leave `filename` out"
    )]
    UnnamedFile { part: usize },
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
    /// Two hyphens and the boundary.
    delimiter: memmem::Finder<'static>,
    /// The bytes that were not consumed yet.
    pub(super) buffer: Vec<u8>,
    state: MultipartState,
    parts: usize,
    /// The data of the current part that was read, in bytes.
    part_bytes: u64,
    /// Its length by its header.
    part_length: Option<u64>,
    /// Whether its file name is empty. Browsers send no data then; with data, it is a file for some
    /// readers, a field for others, and nothing for the rest.
    is_unnamed_file: bool,
    naming: PartNaming,
}

impl MultipartReader {
    /// A reader of bodies with this boundary.
    pub(super) fn new(boundary: &str, naming: PartNaming) -> Result<Self, MultipartError> {
        let is_boundary_byte =
            |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        let is_valid = (1..=70).contains(&boundary.len())
            && boundary.bytes().all(is_boundary_byte)
            && !boundary.starts_with(' ')
            && !boundary.ends_with(' ');
        if !is_valid {
            return Err(MultipartError::Boundary);
        }
        let delimiter = format!("--{boundary}");
        Ok(Self {
            delimiter: memmem::Finder::new(delimiter.as_bytes()).into_owned(),
            buffer: Vec::new(),
            state: MultipartState::Preamble,
            parts: 0,
            part_bytes: 0,
            part_length: None,
            is_unnamed_file: false,
            naming,
        })
    }

    /// Reads more of the body.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        sink: &mut impl PartSink,
    ) -> Result<(), MultipartError> {
        for piece in bytes.chunks(STEP_BYTES) {
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
            MultipartState::Closing if self.buffer.is_empty() => Ok(()),
            MultipartState::Closing => Err(MultipartError::Epilogue),
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
                MultipartState::Preamble => self.preamble(rest)?,
                MultipartState::Data => self.data(rest, sink)?,
                MultipartState::Delimiter => self.delimiter_line(rest)?,
                MultipartState::Head => self.head(rest, sink)?,
                MultipartState::Closing => self.closing_line(rest)?,
                MultipartState::Epilogue if rest.is_empty() => return Ok(at),
                MultipartState::Epilogue => return Err(MultipartError::Epilogue),
            };
            match step {
                MultipartStep::Consumed(count) => at += count,
                MultipartStep::NeedsMore(count) => return Ok(at + count),
            }
        }
    }

    /// Reads what is before the first delimiter: at most an empty line.
    fn preamble(&mut self, rest: &[u8]) -> Result<MultipartStep, MultipartError> {
        let delimiter = self.delimiter.needle();
        let line_bytes = if rest.starts_with(b"\r\n") { 2 } else { 0 };
        let first = &rest[line_bytes..];
        if first.starts_with(delimiter) {
            let consumed = line_bytes + delimiter.len();
            self.state = MultipartState::Delimiter;
            return Ok(MultipartStep::Consumed(consumed));
        }
        if delimiter.starts_with(first) || rest == b"\r" {
            return Ok(MultipartStep::NeedsMore(0));
        }
        Err(MultipartError::Preamble)
    }

    /// Reads data up to the next delimiter.
    fn data(
        &mut self,
        rest: &[u8],
        sink: &mut impl PartSink,
    ) -> Result<MultipartStep, MultipartError> {
        let found = self.delimiter.find(rest);
        // The line end before a delimiter belongs to it. Some readers find the boundary anywhere,
        // and some accept a bare CR or LF before it.
        let ends_line = |at: usize| rest[..at].ends_with(b"\r\n");
        let end = match found {
            Some(at) if ends_line(at) => at - 2,
            Some(at) => at,
            None => rest.len().saturating_sub(self.delimiter.needle().len() + 1),
        };
        if end > 0 {
            // Pass the data on before refusing a delimiter, so the first error does not depend on
            // how the body was split.
            sink.data(&rest[..end])?;
            self.part_bytes += end as u64;
        }
        match found {
            None => return Ok(MultipartStep::NeedsMore(end)),
            Some(at) if !ends_line(at) => return Err(MultipartError::Delimiter),
            Some(_) => {}
        }
        self.end_part()?;
        self.state = MultipartState::Delimiter;
        Ok(MultipartStep::Consumed(
            end + 2 + self.delimiter.needle().len(),
        ))
    }

    /// Checks the data of a part against its header.
    fn end_part(&self) -> Result<(), MultipartError> {
        let (part, bytes) = (self.parts, self.part_bytes);
        if self.part_length.is_some_and(|length| length != bytes) {
            return Err(MultipartError::Length { part });
        }
        if self.is_unnamed_file && bytes > 0 {
            return Err(MultipartError::UnnamedFile { part });
        }
        Ok(())
    }

    fn delimiter_line(&mut self, rest: &[u8]) -> Result<MultipartStep, MultipartError> {
        match rest {
            [] | [b'-'] | [b'\r'] => Ok(MultipartStep::NeedsMore(0)),
            [b'-', b'-', ..] => {
                self.state = MultipartState::Closing;
                Ok(MultipartStep::Consumed(2))
            }
            [b'\r', b'\n', ..] => {
                if self.parts == PARTS_MAX {
                    return Err(MultipartError::Parts);
                }
                self.parts += 1;
                self.state = MultipartState::Head;
                Ok(MultipartStep::Consumed(2))
            }
            _ => Err(MultipartError::Delimiter),
        }
    }

    fn closing_line(&mut self, rest: &[u8]) -> Result<MultipartStep, MultipartError> {
        match rest {
            [] | [b'\r'] => Ok(MultipartStep::NeedsMore(0)),
            [b'\r', b'\n', ..] => {
                self.state = MultipartState::Epilogue;
                Ok(MultipartStep::Consumed(2))
            }
            _ => Err(MultipartError::Epilogue),
        }
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
        if self.delimiter.find(lines).is_some() {
            return Err(MultipartError::Delimiter);
        }
        let head = PartHead::parse(lines, self.naming)
            .map_err(|error| MultipartError::Head { part, error })?;
        self.part_length = head.length;
        self.is_unnamed_file = head.file_name.as_deref() == Some("");
        self.part_bytes = 0;
        sink.begin(head)?;
        self.state = MultipartState::Data;
        Ok(MultipartStep::Consumed(end))
    }
}

/// The result of one step.
enum MultipartStep {
    /// This many octets were consumed.
    Consumed(usize),
    /// This many octets were consumed, and more must arrive.
    NeedsMore(usize),
}
