//! Reads the heads of requests from the bytes that have arrived. No I/O.
//!
//! Each line is read once, when it is complete. A line that cannot become valid is refused before
//! that. Nothing is taken from the buffer before a head is complete and valid, so a refused head is
//! still there for the log.

use bytes::{Buf, BytesMut};
use memchr::memchr;

use super::body_framing::BodyFraming;
use super::head_reader::HeadReader;
use super::http_refusal::HttpRefusal;
use super::inspect_limits::InspectLimits;
use super::message_lines::{check_unfinished, line_refusal, line_text};
use super::parsed_request::ParsedRequest;
use super::request_body_decoder::RequestBodyDecoder;

/// The longest target that a URI can represent, in bytes.
const TARGET_BYTES_MAX: usize = 65_534;

/// Reads the heads of one connection.
#[derive(Debug)]
pub struct RequestReader {
    limits: InspectLimits,
    head: HeadReader,
    /// Whether the request line of the current head was read.
    has_request_line: bool,
    /// How many bytes of the buffer belong to lines that were read.
    read: usize,
    /// How many bytes of the unfinished line after them were checked.
    checked: usize,
    /// The bytes of empty lines before the request line, which were taken from the buffer.
    skipped: usize,
}

impl RequestReader {
    /// A reader at the beginning of a connection.
    pub fn new(mut limits: InspectLimits) -> Self {
        limits.target_bytes_max = limits.target_bytes_max.min(TARGET_BYTES_MAX);
        Self {
            limits,
            head: HeadReader::default(),
            has_request_line: false,
            read: 0,
            checked: 0,
            skipped: 0,
        }
    }

    /// Whether the current head is of a HEAD request, whose answer has no body.
    pub fn is_head_request(&self) -> bool {
        self.has_request_line && self.head.is_head_request()
    }

    /// Takes the next head from `buffer`. Nothing if it is not complete.
    ///
    /// # Errors
    /// The head is malformed, or what has arrived of its body. Nothing must be read after that.
    pub fn take_head(
        &mut self,
        buffer: &mut BytesMut,
    ) -> Result<Option<ParsedRequest>, HttpRefusal> {
        loop {
            let rest = &buffer[self.read..];
            let Some(lf) = memchr(b'\n', rest) else {
                self.check_section(rest.len())?;
                self.check_rest(rest)?;
                self.checked = rest.len();
                return Ok(None);
            };
            self.check_section(lf + 1)?;
            let text = line_text(&rest[..=lf])?;
            match (self.has_request_line, text.is_empty()) {
                // Empty lines between messages do not begin one (RFC 9112 section 2.2).
                (false, true) => {
                    buffer.advance(lf + 1);
                    self.skipped += lf + 1;
                    self.checked = 0;
                    continue;
                }
                (false, false) => {
                    self.head
                        .read_request_line(text, self.limits)
                        .map_err(|refusal| line_refusal(text, refusal))?;
                    self.has_request_line = true;
                }
                (true, true) => return self.end_head(buffer, lf + 1).map(Some),
                (true, false) => {
                    self.head
                        .read_field(text, self.read)
                        .map_err(|refusal| line_refusal(text, refusal))?;
                    if self.head.field_count() > self.limits.header_count_max {
                        return Err(HttpRefusal::TooManyFields);
                    }
                }
            }
            self.read += lf + 1;
            self.checked = 0;
        }
    }

    /// Returns the memory that an idle connection does not need.
    pub fn release(&mut self) {
        self.head.release();
    }

    /// The decoder of a body with this framing.
    pub fn body_decoder(&self, framing: BodyFraming) -> RequestBodyDecoder {
        RequestBodyDecoder::new(framing, self.limits)
    }

    fn end_head(
        &mut self,
        buffer: &mut BytesMut,
        last_line: usize,
    ) -> Result<ParsedRequest, HttpRefusal> {
        let framing = self.head.framing()?;
        let end = self.read + last_line;
        if framing == BodyFraming::Chunked {
            // A body whose beginning is malformed is refused with its head.
            self.body_decoder(framing).check(&buffer[end..])?;
        }
        let parsed = self.head.parse(buffer, end, framing)?;
        self.has_request_line = false;
        (self.read, self.checked, self.skipped) = (0, 0, 0);
        Ok(parsed)
    }

    /// Refuses an unfinished line that cannot become valid.
    fn check_rest(&self, rest: &[u8]) -> Result<(), HttpRefusal> {
        check_unfinished(rest, self.checked)?;
        let fresh = rest.get(self.checked..).unwrap_or_default();
        if self.has_request_line {
            self.head.check_unfinished_field(rest, fresh)
        } else {
            self.head.check_unfinished_line(rest, fresh)
        }
    }

    /// Checks the size of the section with a line of this length.
    fn check_section(&self, line_bytes: usize) -> Result<(), HttpRefusal> {
        // The slack has room for the method, the version and the spaces.
        const REQUEST_LINE_SLACK: usize = 64;
        let line_max = self.limits.target_bytes_max + REQUEST_LINE_SLACK;
        if !self.has_request_line && line_bytes > line_max {
            return Err(HttpRefusal::TargetTooLong);
        }
        if self.skipped + self.read + line_bytes > self.limits.header_bytes_max {
            return Err(HttpRefusal::HeadTooLarge);
        }
        Ok(())
    }
}
