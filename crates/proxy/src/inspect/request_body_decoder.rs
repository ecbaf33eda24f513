//! Reads the body of a request from the bytes that have arrived (RFC 9112 sections 6 and 7). No I/O.
//!
//! Chunk headers and trailers are read line by line. Data is passed on by its length and never
//! copied.

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::SizeHint;
use memchr::memchr;

use super::body_framing::BodyFraming;
use super::chunk_header;
use super::chunk_header::{CHUNK_LINE_BYTES_MAX, EXTENSION_BYTES_MAX};
use super::field_syntax::{FieldLine, split_field};
use super::http_refusal::HttpRefusal;
use super::inspect_limits::InspectLimits;
use super::message_lines::{check_unfinished, line_refusal, line_text};

/// How much of a request body is still to come.
#[derive(Clone, Debug)]
pub struct RequestBodyDecoder {
    position: DecoderPosition,
    limits: InspectLimits,
    /// Bytes of chunk extensions so far.
    extension_bytes: usize,
    /// Bytes of the trailer section so far.
    section_bytes: usize,
    trailers: Option<Box<HeaderMap>>,
    trailer_count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DecoderPosition {
    Sized(u64),
    ChunkHeader,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    End,
}

/// The next part of a request body.
#[derive(Debug)]
pub enum RequestBodyPart {
    /// At least one byte.
    Data(Bytes),
    /// At least one field.
    Trailers(HeaderMap),
    /// The body is complete.
    End,
    /// More bytes must arrive first.
    Incomplete,
}

impl RequestBodyDecoder {
    pub(super) fn new(framing: BodyFraming, limits: InspectLimits) -> Self {
        let position = match framing {
            BodyFraming::None => DecoderPosition::End,
            BodyFraming::Sized(length) => DecoderPosition::Sized(length),
            BodyFraming::Chunked => DecoderPosition::ChunkHeader,
        };
        Self {
            position,
            limits,
            extension_bytes: 0,
            section_bytes: 0,
            trailers: None,
            trailer_count: 0,
        }
    }

    /// Whether the whole body was read.
    pub fn has_ended(&self) -> bool {
        self.position == DecoderPosition::End && self.trailers.is_none()
    }

    /// How much is left, if that is known.
    pub fn size_hint(&self) -> SizeHint {
        match self.position {
            DecoderPosition::Sized(left) => SizeHint::with_exact(left),
            DecoderPosition::End => SizeHint::with_exact(0),
            _ => SizeHint::default(),
        }
    }

    /// How many bytes of data are expected next, as far as that is known.
    pub fn expected_bytes(&self) -> u64 {
        match self.position {
            DecoderPosition::Sized(left) | DecoderPosition::ChunkData(left) => left,
            _ => 0,
        }
    }

    /// Takes the next part from `buffer`.
    ///
    /// # Errors
    /// The body is malformed.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<RequestBodyPart, HttpRefusal> {
        loop {
            match self.position {
                DecoderPosition::End => {
                    return Ok(match self.trailers.take() {
                        Some(trailers) => RequestBodyPart::Trailers(*trailers),
                        None => RequestBodyPart::End,
                    });
                }
                _ if buffer.is_empty() => return Ok(RequestBodyPart::Incomplete),
                DecoderPosition::Sized(left) | DecoderPosition::ChunkData(left) => {
                    let length = available(left, buffer.len());
                    self.pass(length);
                    return Ok(RequestBodyPart::Data(buffer.split_to(length).freeze()));
                }
                _ => match self.read_line(buffer)? {
                    None => return Ok(RequestBodyPart::Incomplete),
                    Some(length) => buffer.advance(length),
                },
            }
        }
    }

    /// Reads what has arrived without taking it.
    ///
    /// # Errors
    /// It is malformed.
    pub(super) fn check(mut self, mut bytes: &[u8]) -> Result<(), HttpRefusal> {
        while !bytes.is_empty() && self.position != DecoderPosition::End {
            let length = match self.position {
                DecoderPosition::Sized(left) | DecoderPosition::ChunkData(left) => {
                    let length = available(left, bytes.len());
                    self.pass(length);
                    length
                }
                _ => match self.read_line(bytes)? {
                    None => break,
                    Some(length) => length,
                },
            };
            bytes = &bytes[length..];
        }
        Ok(())
    }

    /// Passes over so many bytes of data.
    fn pass(&mut self, length: usize) {
        let length = length as u64;
        self.position = match self.position {
            DecoderPosition::Sized(left) if left == length => DecoderPosition::End,
            DecoderPosition::Sized(left) => DecoderPosition::Sized(left - length),
            DecoderPosition::ChunkData(left) if left == length => DecoderPosition::ChunkEnd,
            DecoderPosition::ChunkData(left) => DecoderPosition::ChunkData(left - length),
            position => position,
        };
    }

    /// Reads the line at the beginning of `bytes` and returns its length. Nothing if its end has not
    /// arrived.
    fn read_line(&mut self, bytes: &[u8]) -> Result<Option<usize>, HttpRefusal> {
        let Some(lf) = memchr(b'\n', bytes) else {
            self.check_rest(bytes)?;
            return Ok(None);
        };
        let length = lf + 1;
        if self.position == DecoderPosition::Trailers {
            self.check_section(length)?;
            self.section_bytes += length;
        }
        let text = line_text(&bytes[..length])?;
        self.read_text(text)
            .map_err(|refusal| line_refusal(text, refusal))?;
        Ok(Some(length))
    }

    fn read_text(&mut self, text: &[u8]) -> Result<(), HttpRefusal> {
        match self.position {
            DecoderPosition::ChunkHeader => self.read_chunk_header(text)?,
            DecoderPosition::ChunkEnd if text.is_empty() => {
                self.position = DecoderPosition::ChunkHeader;
            }
            DecoderPosition::ChunkEnd => return Err(HttpRefusal::MalformedChunkEnd),
            _ if text.is_empty() => self.position = DecoderPosition::End,
            _ => self.read_trailer(text)?,
        }
        Ok(())
    }

    fn read_chunk_header(&mut self, text: &[u8]) -> Result<(), HttpRefusal> {
        let header = chunk_header::read_header(text)?;
        self.extension_bytes += header.extension_bytes;
        if self.extension_bytes > EXTENSION_BYTES_MAX {
            return Err(HttpRefusal::MalformedChunkExtension);
        }
        self.position = match header.size {
            0 => DecoderPosition::Trailers,
            size => DecoderPosition::ChunkData(size),
        };
        Ok(())
    }

    fn read_trailer(&mut self, text: &[u8]) -> Result<(), HttpRefusal> {
        let FieldLine { name_length, value } = split_field(text)?;
        self.trailer_count += 1;
        if self.trailer_count > self.limits.header_count_max {
            return Err(HttpRefusal::TooManyFields);
        }
        let name = HeaderName::from_bytes(&text[..name_length]);
        let name = name.map_err(|_| HttpRefusal::MalformedFieldName)?;
        let value = HeaderValue::from_bytes(&text[value]);
        let value = value.map_err(|_| HttpRefusal::ControlCharacter)?;
        self.trailers.get_or_insert_default().append(name, value);
        Ok(())
    }

    /// Refuses an unfinished line that cannot become valid.
    fn check_rest(&self, rest: &[u8]) -> Result<(), HttpRefusal> {
        match self.position {
            DecoderPosition::ChunkHeader if rest.len() > CHUNK_LINE_BYTES_MAX => {
                return Err(HttpRefusal::MalformedChunkExtension);
            }
            DecoderPosition::ChunkEnd if rest != b"\r" => {
                return Err(HttpRefusal::MalformedChunkEnd);
            }
            DecoderPosition::Trailers => self.check_section(rest.len())?,
            _ => {}
        }
        check_unfinished(rest, 0)
    }

    fn check_section(&self, line_bytes: usize) -> Result<(), HttpRefusal> {
        if self.section_bytes + line_bytes > self.limits.header_bytes_max {
            return Err(HttpRefusal::HeadTooLarge);
        }
        Ok(())
    }
}

/// How many of the bytes that have arrived belong to data of which so much is left.
fn available(left: u64, arrived: usize) -> usize {
    usize::try_from(left).map_or(arrived, |left| left.min(arrived))
}
