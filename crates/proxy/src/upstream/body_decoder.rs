//! Reads the body of a response from the bytes that have arrived (RFC 9112 sections 6 and 7). No
//! I/O.

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use memchr::{memchr, memchr_iter};

use super::field_lines::read_field;
use super::response_fault::{MalformedPart, ResponseFault};
use crate::headers::FieldNameCache;

/// The most digits of the size of a chunk, leading zeros included.
const SIZE_DIGITS_MAX: usize = 16;

/// Most bytes of chunk extensions in one body.
const EXTENSION_BYTES_MAX: usize = 16 * 1024;

/// Most bytes and fields of the trailers of one body.
const TRAILER_BYTES_MAX: usize = 16 * 1024;
const TRAILERS_MAX: usize = 100;

/// How much of a body is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyDecoder {
    position: BodyPosition,
    extension_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyPosition {
    /// In a body of known length.
    Sized(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    /// In a body that ends with the connection.
    UntilClose,
    End,
}

/// What the next bytes are.
#[derive(Debug)]
pub(super) enum DecodedPart {
    Frame(Frame<Bytes>),
    End,
    /// More bytes must arrive first.
    Incomplete,
}

impl BodyDecoder {
    const fn at(position: BodyPosition) -> Self {
        Self {
            position,
            extension_bytes: 0,
        }
    }

    pub(super) const fn empty() -> Self {
        Self::at(BodyPosition::End)
    }

    pub(super) const fn sized(length: u64) -> Self {
        match length {
            0 => Self::empty(),
            _ => Self::at(BodyPosition::Sized(length)),
        }
    }

    pub(super) const fn chunked() -> Self {
        Self::at(BodyPosition::ChunkSize)
    }

    pub(super) const fn until_close() -> Self {
        Self::at(BodyPosition::UntilClose)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.position == BodyPosition::End
    }

    /// Whether the end of the connection is the end of the body.
    pub(super) fn ends_with_connection(&self) -> bool {
        matches!(self.position, BodyPosition::UntilClose | BodyPosition::End)
    }

    /// Notes the end of the connection.
    pub(super) fn end(&mut self) {
        self.position = BodyPosition::End;
    }

    /// How many bytes are left, if that is known.
    pub(super) fn size_hint(&self) -> SizeHint {
        match self.position {
            BodyPosition::Sized(left) => SizeHint::with_exact(left),
            BodyPosition::End => SizeHint::with_exact(0),
            _ => SizeHint::default(),
        }
    }

    /// Takes the next part from `buffer`.
    ///
    /// # Errors
    /// The body is malformed.
    pub(super) fn decode(&mut self, buffer: &mut BytesMut) -> Result<DecodedPart, ResponseFault> {
        loop {
            match self.position {
                BodyPosition::End => return Ok(DecodedPart::End),
                _ if buffer.is_empty() => return Ok(DecodedPart::Incomplete),
                BodyPosition::UntilClose => {
                    return Ok(DecodedPart::Frame(Frame::data(buffer.split().freeze())));
                }
                BodyPosition::Sized(left) => {
                    let (data, left) = take_data(buffer, left);
                    self.position = match left {
                        0 => BodyPosition::End,
                        left => BodyPosition::Sized(left),
                    };
                    return Ok(DecodedPart::Frame(Frame::data(data)));
                }
                BodyPosition::ChunkData(left) => {
                    let (data, left) = take_data(buffer, left);
                    self.position = match left {
                        0 => BodyPosition::ChunkEnd,
                        left => BodyPosition::ChunkData(left),
                    };
                    return Ok(DecodedPart::Frame(Frame::data(data)));
                }
                BodyPosition::ChunkSize => match self.take_chunk_size(buffer)? {
                    None => return Ok(DecodedPart::Incomplete),
                    Some(0) => self.position = BodyPosition::Trailers,
                    Some(size) => self.position = BodyPosition::ChunkData(size),
                },
                BodyPosition::ChunkEnd => match &buffer[..] {
                    [b'\r'] => return Ok(DecodedPart::Incomplete),
                    [b'\r', b'\n', ..] => {
                        buffer.advance(2);
                        self.position = BodyPosition::ChunkSize;
                    }
                    _ => return Err(ResponseFault::ChunkEnd),
                },
                BodyPosition::Trailers => {
                    let Some(trailers) = take_trailers(buffer)? else {
                        return Ok(DecodedPart::Incomplete);
                    };
                    self.position = BodyPosition::End;
                    if !trailers.is_empty() {
                        return Ok(DecodedPart::Frame(Frame::trailers(trailers)));
                    }
                }
            }
        }
    }

    /// Takes the line with the size of a chunk: `1*HEXDIG BWS [ chunk-ext ]`.
    fn take_chunk_size(&mut self, buffer: &mut BytesMut) -> Result<Option<u64>, ResponseFault> {
        let too_large = ResponseFault::ChunkExtensions(EXTENSION_BYTES_MAX);
        let line_end = memchr(b'\n', buffer);
        let line = &buffer[..line_end.unwrap_or(buffer.len())];
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit());
        let digits = digits.count();
        let extensions = &line[digits..];
        if self.extension_bytes + extensions.len() > EXTENSION_BYTES_MAX {
            return Err(too_large);
        }
        // A bound before the number is parsed: the line is read again whenever more of it arrives.
        let size = Some(digits).filter(|digits| *digits <= SIZE_DIGITS_MAX);
        let size = size.and_then(|digits| hexadecimal(&line[..digits]));
        let size = size.ok_or(ResponseFault::ChunkSize)?;
        let Some(line_end) = line_end else {
            return Ok(None);
        };
        let extensions = extensions.strip_suffix(b"\r").filter(|extensions| {
            let mut shown = extensions
                .iter()
                .filter(|byte| !matches!(byte, b' ' | b'\t'));
            matches!(shown.next(), None | Some(b';')) && !extensions.contains(&b'\r')
        });
        let extensions = extensions.ok_or(ResponseFault::ChunkSize)?;
        self.extension_bytes += extensions.len();
        buffer.advance(line_end + 1);
        Ok(Some(size))
    }
}

/// Takes at most `left` bytes. Returns them, and how many are left after them.
fn take_data(buffer: &mut BytesMut, left: u64) -> (Bytes, u64) {
    let length = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
    (buffer.split_to(length).freeze(), left - length as u64)
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok()?;
    u64::from_str_radix(digits, 16).ok()
}

/// Takes the trailers and the empty line after them.
fn take_trailers(buffer: &mut BytesMut) -> Result<Option<HeaderMap>, ResponseFault> {
    let mut from = 0;
    loop {
        let Some(length) = memchr(b'\n', &buffer[from..]) else {
            if buffer.len() > TRAILER_BYTES_MAX {
                return Err(ResponseFault::TrailersTooLarge(TRAILER_BYTES_MAX));
            }
            return Ok(None);
        };
        let line = &buffer[from..from + length];
        if !line.ends_with(b"\r") {
            return Err(ResponseFault::Trailers(MalformedPart::LineEnd));
        }
        from += length + 1;
        if from > TRAILER_BYTES_MAX {
            return Err(ResponseFault::TrailersTooLarge(TRAILER_BYTES_MAX));
        }
        if line == b"\r" {
            break;
        }
    }
    let section = buffer.split_to(from).freeze();
    let mut names = FieldNameCache::default();
    let mut trailers = HeaderMap::new();
    let mut start = 0;
    // The last line is empty.
    let fields = section.len() - b"\r\n".len();
    for (place, end) in memchr_iter(b'\n', &section[..fields]).enumerate() {
        if place == TRAILERS_MAX {
            return Err(ResponseFault::Trailers(MalformedPart::FieldCount(place)));
        }
        let field = read_field(&section, start..end, place, &mut names);
        let (name, value) = field.map_err(ResponseFault::Trailers)?;
        trailers.append(name, value);
        start = end + 1;
    }
    Ok(Some(trailers))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a body that arrives in pieces of this size. Returns data, trailers and what follows.
    fn decode(
        mut decoder: BodyDecoder,
        text: &str,
        piece: usize,
    ) -> Result<(String, Option<HeaderMap>, String), ResponseFault> {
        let (mut buffer, mut data, mut trailers) = (BytesMut::new(), Vec::new(), None);
        let mut pieces = text.as_bytes().chunks(piece);
        loop {
            match decoder.decode(&mut buffer)? {
                DecodedPart::Frame(frame) => match frame.into_data() {
                    Ok(part) => data.extend_from_slice(&part),
                    Err(frame) => trailers = frame.into_trailers().ok(),
                },
                DecodedPart::End => break,
                DecodedPart::Incomplete => match pieces.next() {
                    Some(piece) => buffer.extend_from_slice(piece),
                    None if decoder.ends_with_connection() => decoder.end(),
                    None => return Ok(("incomplete".to_owned(), None, String::new())),
                },
            }
        }
        let rest = [&buffer[..], &pieces.flatten().copied().collect::<Vec<u8>>()].concat();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("ASCII");
        Ok((text(data), trailers, text(rest)))
    }

    #[track_caller]
    fn check(decoder: BodyDecoder, text: &str, expected: Result<(&str, &str), ResponseFault>) {
        for piece in [1, 2, 3, 7, 10_000] {
            let found = decode(decoder, text, piece);
            let found = found.map(|(data, _, rest)| (data, rest));
            let expected = expected.map(|(data, rest)| (data.to_owned(), rest.to_owned()));
            assert_eq!(found, expected, "{text:?} in pieces of {piece}");
        }
    }

    #[test]
    fn a_chunk_size_has_at_most_sixteen_digits() {
        let sixteen = "0000000000000001\r\na\r\n0\r\n\r\n";
        check(BodyDecoder::chunked(), sixteen, Ok(("a", "")));
        let seventeen = format!("0{sixteen}");
        check(
            BodyDecoder::chunked(),
            &seventeen,
            Err(ResponseFault::ChunkSize),
        );
        check(
            BodyDecoder::chunked(),
            &"0".repeat(17),
            Err(ResponseFault::ChunkSize),
        );
    }

    #[test]
    fn bodies_end_where_their_framing_says() {
        check(BodyDecoder::empty(), "HTTP", Ok(("", "HTTP")));
        check(BodyDecoder::sized(0), "HTTP", Ok(("", "HTTP")));
        check(BodyDecoder::sized(4), "bodyHTTP", Ok(("body", "HTTP")));
        check(BodyDecoder::sized(5), "body", Ok(("incomplete", "")));
        check(BodyDecoder::until_close(), "body", Ok(("body", "")));
        let chunked = BodyDecoder::chunked;
        check(chunked(), "0\r\n\r\nHTTP", Ok(("", "HTTP")));
        check(
            chunked(),
            "4\r\nbody\r\n0\r\n\r\nHTTP",
            Ok(("body", "HTTP")),
        );
        check(
            chunked(),
            "A ;x=\"y\"\r\n0123456789\r\n000\r\n\r\n",
            Ok(("0123456789", "")),
        );
        check(
            chunked(),
            "1\r\na\r\n1\t\r\nb\r\n0\r\na: b\r\n\r\nx",
            Ok(("ab", "x")),
        );
        for text in [
            "4\r\nbod",
            "4\r\nbody\r\n",
            "4\r\nbody\r\n0\r\n",
            "4",
            "0\r\na: b\r\n",
        ] {
            check(chunked(), text, Ok(("incomplete", "")));
        }
    }

    #[test]
    fn malformed_chunks_are_refused() {
        let size = ResponseFault::ChunkSize;
        for text in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "+1\r\na\r\n",
            "0x1\r\na\r\n",
            "1 1\r\na",
            "1\na\r\n",
            "1\r\r\na",
            "10000000000000000\r\n",
            " 1\r\na",
            "1 x\r\n",
        ] {
            check(BodyDecoder::chunked(), text, Err(size));
        }
        for text in ["1\r\nab\r\n", "1\r\na\n0", "1\r\na\r\r\n"] {
            check(BodyDecoder::chunked(), text, Err(ResponseFault::ChunkEnd));
        }
        let long = format!("1;{}\r\na\r\n", "x".repeat(EXTENSION_BYTES_MAX));
        let fault = ResponseFault::ChunkExtensions(EXTENSION_BYTES_MAX);
        check(BodyDecoder::chunked(), &long, Err(fault));
        let many = "1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n".repeat(500);
        check(BodyDecoder::chunked(), &many, Err(fault));
    }

    #[test]
    fn trailers_are_header_fields() {
        let text = "0\r\nx-sum: 1\r\nX-Sum: 2\r\n\r\n";
        let (_, trailers, _) = decode(BodyDecoder::chunked(), text, 5).expect("valid");
        let trailers = trailers.expect("there are some");
        let values: Vec<_> = trailers.get_all("x-sum").iter().collect();
        assert_eq!(values, ["1", "2"]);
        for text in [
            "0\r\nx y: 1\r\n\r\n",
            "0\r\nx: 1\n\r\n",
            "0\r\n: 1\r\n\r\n",
            "0\r\n a: 1\r\n\r\n",
        ] {
            let fault = decode(BodyDecoder::chunked(), text, 4);
            assert!(
                matches!(fault, Err(ResponseFault::Trailers(_))),
                "{text:?} {fault:?}"
            );
        }
        let long = format!("0\r\na: {}\r\n\r\n", "x".repeat(TRAILER_BYTES_MAX));
        let fault = ResponseFault::TrailersTooLarge(TRAILER_BYTES_MAX);
        assert_eq!(
            decode(BodyDecoder::chunked(), &long, 100).err(),
            Some(fault)
        );
    }
}
