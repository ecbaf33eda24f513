//! Reads whole HTTP/1.1 messages from a socket, with a length or in chunks.
//!
//! It is as strict as a comparison needs: a message without framing that it knows is an error, so no
//! proxy is measured while it answers something else.

use std::io::{self, Read};

const HEAD_END: &[u8] = b"\r\n\r\n";
const BUFFER_BYTES: usize = 64 * 1024;

/// Reads messages one after the other.
pub(crate) struct MessageReader {
    buffer: Vec<u8>,
    filled: usize,
}

impl MessageReader {
    pub(crate) fn new() -> Self {
        Self {
            buffer: vec![0; BUFFER_BYTES],
            filled: 0,
        }
    }

    /// Reads one message and returns its head. `None` if the peer has closed the connection before
    /// a message.
    pub(crate) fn read(&mut self, stream: &mut impl Read) -> io::Result<Option<&[u8]>> {
        self.filled = 0;
        let head_end = loop {
            if let Some(at) = find(&self.buffer[..self.filled], HEAD_END) {
                break at + HEAD_END.len();
            }
            if !self.fill(stream)? {
                return match self.filled {
                    0 => Ok(None),
                    _ => Err(io::ErrorKind::UnexpectedEof.into()),
                };
            }
        };
        let framing = Framing::of(&self.buffer[..head_end])?;
        while !framing.is_complete(&self.buffer[head_end..self.filled]) {
            if !self.fill(stream)? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Some(&self.buffer[..head_end]))
    }

    /// Whether bytes arrived.
    fn fill(&mut self, stream: &mut impl Read) -> io::Result<bool> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = stream.read(&mut self.buffer[self.filled..])?;
        self.filled += read;
        Ok(read > 0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunks,
}

impl Framing {
    fn of(head: &[u8]) -> io::Result<Self> {
        let text = std::str::from_utf8(head).map_err(io::Error::other)?;
        let mut framing = None;
        for line in text.split("\r\n").skip(1) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                framing = Some(Self::Length(
                    value.trim().parse().map_err(io::Error::other)?,
                ));
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                framing = Some(Self::Chunks);
            }
        }
        match framing {
            Some(framing) => Ok(framing),
            None if text.starts_with("HTTP/") => Err(io::Error::other(format!(
                "expected a response with a length or chunks, found {text:?}"
            ))),
            None => Ok(Self::Length(0)),
        }
    }

    fn is_complete(self, body: &[u8]) -> bool {
        match self {
            Self::Length(length) => body.len() >= length,
            Self::Chunks => has_last_chunk(body),
        }
    }
}

fn has_last_chunk(mut body: &[u8]) -> bool {
    loop {
        let Some(line_end) = find(body, b"\r\n") else {
            return false;
        };
        let size = std::str::from_utf8(&body[..line_end]).unwrap_or_default();
        let digits = size.split(';').next().unwrap_or_default().trim();
        let Ok(length) = usize::from_str_radix(digits, 16) else {
            return false;
        };
        let Some(rest) = body.get(line_end + 2 + length + 2..) else {
            return false;
        };
        if length == 0 {
            return true;
        }
        body = rest;
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let mut reader = MessageReader::new();
        let head = reader.read(&mut &bytes[..])?;
        Ok(head.map(<[u8]>::to_vec))
    }

    #[test]
    fn reads_messages_with_a_length_or_in_chunks() {
        let sized = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(read(sized).unwrap().unwrap(), &sized[..sized.len() - 2]);
        let chunked =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n";
        assert!(read(chunked).unwrap().is_some());
        assert!(
            read(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                .unwrap()
                .is_some()
        );
        assert!(read(b"").unwrap().is_none());
    }

    #[test]
    fn refuses_incomplete_and_unframed_messages() {
        assert!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok").is_err());
        assert!(read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n").is_err());
        assert!(read(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(read(b"HTTP/1.1 200").is_err());
    }
}
