//! Finds the boundaries of messages in a request stream.
//!
//! Heads, chunk headers and trailers are read line by line; data is skipped by its length. Only an
//! unfinished line is copied. So the cost is one pass over each head and each chunk header, and
//! nothing for the data of bodies.

use memchr::memchr;

use super::chunk_header;
use super::chunk_header::{CHUNK_LINE_BYTES_MAX, EXTENSION_BYTES_MAX};
use super::head_reader::{BodyFraming, HeadReader};
use super::http_refusal::HttpRefusal;
use super::inspect_limits::InspectLimits;
use super::stream_position::{FeedOutcome, StreamPosition};

/// Longest target that the HTTP library reads, in bytes.
const TARGET_BYTES_MAX: usize = 65_534;

/// How much of a refused head is kept: the request line and the first fields of an ordinary one.
const HEAD_START_BYTES_MAX: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InspectorState {
    RequestLine,
    Fields,
    Sized { left: u64 },
    ChunkHeader,
    ChunkData { left: u64 },
    ChunkEnd,
    Trailers,
    Closed,
    Upgrading,
}

/// Reads one connection's request stream.
#[derive(Debug)]
pub struct StreamInspector {
    limits: InspectLimits,
    state: InspectorState,
    head: HeadReader,
    /// Bytes of the current head or trailer section so far.
    section_bytes: usize,
    /// Trailer fields of the current body so far.
    trailer_count: usize,
    /// Bytes of chunk extensions of the current body so far.
    extension_bytes: usize,
    /// The unfinished last line.
    carry: Vec<u8>,
    /// The beginning of a head that is unfinished or refused, for the log; all of an HTTP/2 connection;
    /// what follows a request to upgrade.
    pub(crate) kept_bytes: Vec<u8>,
}

/// Progress within one feed.
struct FeedProgress {
    at: usize,
    /// Where the current message begins; 0 if it began in an earlier feed.
    message_at: usize,
    /// Whether the head of the current message was complete before this feed.
    is_known: bool,
    heads: u32,
    /// Whether `heads` counts the head of the current message.
    counted: bool,
}

impl StreamInspector {
    /// An inspector at the beginning of a connection.
    pub fn new(mut limits: InspectLimits) -> Self {
        limits.target_bytes_max = limits.target_bytes_max.min(TARGET_BYTES_MAX);
        Self {
            limits,
            state: InspectorState::RequestLine,
            head: HeadReader::default(),
            section_bytes: 0,
            trailer_count: 0,
            extension_bytes: 0,
            carry: Vec::new(),
            kept_bytes: Vec::new(),
        }
    }

    /// The position after the bytes that were fed.
    pub fn position(&self) -> StreamPosition {
        match self.state {
            // Empty lines between messages do not begin one (RFC 9112 section 2.2).
            InspectorState::RequestLine if self.carry.is_empty() => StreamPosition::Idle,
            InspectorState::RequestLine | InspectorState::Fields => StreamPosition::Head,
            InspectorState::Sized { .. }
            | InspectorState::ChunkHeader
            | InspectorState::ChunkData { .. }
            | InspectorState::ChunkEnd
            | InspectorState::Trailers => StreamPosition::Body,
            InspectorState::Closed => StreamPosition::Closed,
            InspectorState::Upgrading => StreamPosition::Upgrading,
        }
    }

    /// Whether the current request is a HEAD, whose answer has no body.
    pub fn is_head_request(&self) -> bool {
        self.head.is_head_request()
    }

    /// Reads the next bytes of the stream. It must not be called after a refusal.
    pub fn feed(&mut self, bytes: &[u8]) -> FeedOutcome {
        let head_forwarded = self.position() == StreamPosition::Body;
        let mut progress = FeedProgress {
            at: 0,
            message_at: 0,
            is_known: head_forwarded,
            heads: 0,
            counted: false,
        };
        let was_in_head = self.position() == StreamPosition::Head;
        let outcome = self.advance(bytes, &mut progress);
        if outcome.is_err() || self.position() == StreamPosition::Head {
            let continues = was_in_head && progress.message_at == 0;
            self.keep_head_start(&bytes[progress.message_at..], continues);
        } else if !self.kept_bytes.is_empty() {
            self.kept_bytes.clear();
        }
        match outcome {
            Ok(()) => FeedOutcome {
                pass: progress.at,
                heads: progress.heads,
                refusal: None,
                is_known: false,
            },
            Err(refusal) => FeedOutcome {
                pass: progress.message_at,
                heads: progress.heads - u32::from(progress.counted),
                refusal: Some(refusal),
                is_known: progress.is_known,
            },
        }
    }

    /// The beginning of the head that was refused or has not ended, or what follows a request to
    /// upgrade.
    pub fn into_kept_bytes(self) -> Vec<u8> {
        self.kept_bytes
    }

    /// Keeps the beginning of a head. Heads that arrive in one piece, and pass, are not copied.
    fn keep_head_start(&mut self, bytes: &[u8], continues: bool) {
        if !continues {
            self.kept_bytes.clear();
        }
        let left = HEAD_START_BYTES_MAX.saturating_sub(self.kept_bytes.len());
        self.kept_bytes
            .extend_from_slice(&bytes[..bytes.len().min(left)]);
    }

    /// Why an unfinished line is refused, for a caller that does not wait for its end.
    pub fn refuse_partial_line(&mut self) -> HttpRefusal {
        let mut line = std::mem::take(&mut self.carry);
        line.extend_from_slice(b"\r\n");
        let outcome = self.read_line(&line).err();
        outcome.unwrap_or(HttpRefusal::Unreadable)
    }

    fn advance(&mut self, bytes: &[u8], progress: &mut FeedProgress) -> Result<(), HttpRefusal> {
        while progress.at < bytes.len() {
            let rest = &bytes[progress.at..];
            match self.state {
                InspectorState::Sized { left } => {
                    let n = skip(left, rest.len());
                    progress.at += n;
                    self.state = InspectorState::Sized {
                        left: left - n as u64,
                    };
                    if left == n as u64 {
                        self.end_message(progress);
                    }
                }
                InspectorState::ChunkData { left } => {
                    let n = skip(left, rest.len());
                    progress.at += n;
                    self.state = match left - n as u64 {
                        0 => InspectorState::ChunkEnd,
                        left => InspectorState::ChunkData { left },
                    };
                }
                InspectorState::Closed | InspectorState::Upgrading => return Ok(()),
                InspectorState::RequestLine
                | InspectorState::Fields
                | InspectorState::ChunkHeader
                | InspectorState::ChunkEnd
                | InspectorState::Trailers => self.advance_line(rest, progress)?,
            }
        }
        Ok(())
    }

    fn advance_line(
        &mut self,
        rest: &[u8],
        progress: &mut FeedProgress,
    ) -> Result<(), HttpRefusal> {
        let Some(lf) = memchr(b'\n', rest) else {
            progress.at += rest.len();
            return self.keep_unfinished(rest);
        };
        let was_body = self.position() == StreamPosition::Body;
        if self.carry.is_empty() {
            self.read_line(&rest[..=lf])?;
        } else {
            let mut line = std::mem::take(&mut self.carry);
            line.extend_from_slice(&rest[..=lf]);
            let outcome = self.read_line(&line);
            line.clear();
            self.carry = line;
            outcome?;
        }
        progress.at += lf + 1;
        let is_body = self.position() == StreamPosition::Body;
        match self.state {
            // The line ended a message: the head of one without a body, or a chunked body.
            InspectorState::RequestLine if self.section_bytes == 0 => {
                if !was_body {
                    progress.heads += 1;
                }
                self.end_message(progress);
            }
            _ if is_body && !was_body => {
                progress.heads += 1;
                progress.counted = true;
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads one complete line with its line end.
    fn read_line(&mut self, line: &[u8]) -> Result<(), HttpRefusal> {
        let in_section = matches!(
            self.state,
            InspectorState::RequestLine | InspectorState::Fields | InspectorState::Trailers
        );
        if in_section {
            self.check_section(line.len())?;
            self.section_bytes += line.len();
        }
        let text = line_text(line)?;
        match self.state {
            InspectorState::RequestLine if text.is_empty() => {}
            InspectorState::RequestLine => {
                self.head = HeadReader::from_request_line(text, self.limits)?;
                self.state = InspectorState::Fields;
            }
            InspectorState::Fields if text.is_empty() => self.end_head()?,
            InspectorState::Fields => {
                self.head.read_field(text)?;
                if self.head.field_count() > self.limits.header_count_max {
                    return Err(HttpRefusal::TooManyFields);
                }
            }
            InspectorState::ChunkHeader => {
                let header = chunk_header::read_header(text)?;
                self.extension_bytes += header.extension_bytes;
                if self.extension_bytes > EXTENSION_BYTES_MAX {
                    return Err(HttpRefusal::MalformedChunkExtension);
                }
                self.state = match header.size {
                    0 => InspectorState::Trailers,
                    left => InspectorState::ChunkData { left },
                };
            }
            InspectorState::ChunkEnd if text.is_empty() => self.state = InspectorState::ChunkHeader,
            InspectorState::ChunkEnd => return Err(HttpRefusal::MalformedChunkEnd),
            InspectorState::Trailers if text.is_empty() => self.begin_message(),
            InspectorState::Trailers => {
                super::head_reader::split_field(text)?;
                self.trailer_count += 1;
                if self.trailer_count > self.limits.header_count_max {
                    return Err(HttpRefusal::TooManyFields);
                }
            }
            InspectorState::Sized { .. }
            | InspectorState::ChunkData { .. }
            | InspectorState::Closed
            | InspectorState::Upgrading => {}
        }
        Ok(())
    }

    fn end_head(&mut self) -> Result<(), HttpRefusal> {
        match self.head.framing()? {
            BodyFraming::Sized(_) | BodyFraming::Chunked if self.head.asks_websocket() => {
                return Err(HttpRefusal::HandshakeBody);
            }
            BodyFraming::Sized(_) | BodyFraming::Chunked if self.head.asks_tunnel() => {
                return Err(HttpRefusal::TunnelBody);
            }
            BodyFraming::None => self.begin_message(),
            BodyFraming::Sized(left) => self.state = InspectorState::Sized { left },
            BodyFraming::Chunked => self.state = InspectorState::ChunkHeader,
        }
        self.section_bytes = 0;
        Ok(())
    }

    fn begin_message(&mut self) {
        self.state = InspectorState::RequestLine;
        self.section_bytes = 0;
        self.trailer_count = 0;
        self.extension_bytes = 0;
    }

    fn end_message(&mut self, progress: &mut FeedProgress) {
        self.begin_message();
        if self.head.asks_websocket() || self.head.asks_tunnel() {
            self.state = InspectorState::Upgrading;
        } else if !self.head.keeps_alive() {
            self.state = InspectorState::Closed;
        }
        progress.message_at = progress.at;
        progress.is_known = false;
        progress.counted = false;
    }

    /// Keeps an unfinished line, unless it can be refused already.
    fn keep_unfinished(&mut self, tail: &[u8]) -> Result<(), HttpRefusal> {
        self.carry.extend_from_slice(tail);
        let partial_line = self.carry.as_slice();
        match self.state {
            InspectorState::ChunkHeader if partial_line.len() > CHUNK_LINE_BYTES_MAX => {
                return Err(HttpRefusal::MalformedChunkExtension);
            }
            InspectorState::ChunkEnd if partial_line != b"\r" => {
                return Err(HttpRefusal::MalformedChunkEnd);
            }
            InspectorState::ChunkHeader | InspectorState::ChunkEnd => {}
            _ => self.check_section(partial_line.len())?,
        }
        let (last, body) = self.carry.split_last().unwrap_or((&b' ', &[]));
        if body.contains(&b'\r') {
            return Err(HttpRefusal::BareCarriageReturn);
        }
        match last {
            b'\r' | b'\t' | b' '..=b'~' | 0x80.. if !super::head_reader::has_control(body) => {
                Ok(())
            }
            _ => Err(HttpRefusal::ControlCharacter),
        }
    }

    fn check_section(&self, unfinished: usize) -> Result<(), HttpRefusal> {
        // The slack has room for the method, the version and the spaces.
        const REQUEST_LINE_SLACK: usize = 64;
        let bytes = self.section_bytes + unfinished;
        let line_max = self.limits.target_bytes_max + REQUEST_LINE_SLACK;
        if self.state == InspectorState::RequestLine && unfinished > line_max {
            return Err(HttpRefusal::TargetTooLong);
        }
        if bytes > self.limits.header_bytes_max {
            return Err(HttpRefusal::HeadTooLarge);
        }
        Ok(())
    }
}

fn skip(left: u64, available: usize) -> usize {
    usize::try_from(left).map_or(available, |left| left.min(available))
}

/// The line without its CRLF.
fn line_text(line: &[u8]) -> Result<&[u8], HttpRefusal> {
    let text = line
        .strip_suffix(b"\r\n")
        .ok_or(HttpRefusal::BareLineFeed)?;
    match memchr(b'\r', text) {
        Some(_) => Err(HttpRefusal::BareCarriageReturn),
        None => Ok(text),
    }
}
