//! A client that writes HTTP/2 frames by hand, right or wrong, and reads what comes back.
//!
//! It is written without the proxy's library. Fields are sent as literals without Huffman coding and
//! without a table (RFC 7541 section 6.2.2). Of answers it reads the status only.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::client::PATIENCE;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

/// END_STREAM of DATA and HEADERS, ACK of SETTINGS and PING.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;
pub(crate) const WITH_PRIORITY: u8 = 0x20;

/// The codes of errors (RFC 9113 section 7).
pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const PROTOCOL_ERROR: u32 = 1;
pub(crate) const FLOW_CONTROL_ERROR: u32 = 3;
pub(crate) const STREAM_CLOSED: u32 = 5;
pub(crate) const FRAME_SIZE_ERROR: u32 = 6;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const CANCEL: u32 = 8;
pub(crate) const COMPRESSION_ERROR: u32 = 9;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;
pub(crate) const HTTP_1_1_REQUIRED: u32 = 13;

/// One frame.
#[derive(Clone, Debug)]
pub(crate) struct RawFrame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl RawFrame {
    /// The code of RST_STREAM and GOAWAY.
    pub(crate) fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

/// What a stream or its connection ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    /// The head of an answer.
    Answer(u16),
    /// RST_STREAM with this code.
    Reset(u32),
    /// GOAWAY with this code.
    GoAway(u32),
    /// The end of the connection without any of them.
    Closed,
}

/// A frame as bytes.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let stream = stream.to_be_bytes();
    [&length[1..], &[kind, flags], &stream, payload].concat()
}

/// A field as a literal that no table keeps.
pub(crate) fn literal(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    let text = |text: &[u8]| [integer(7, text.len()), text.to_vec()].concat();
    [vec![0], text(name.as_bytes()), text(value.as_ref())].concat()
}

/// An integer with a prefix of so many bits (RFC 7541 section 5.1), the bits before it 0.
fn integer(bits: u32, value: usize) -> Vec<u8> {
    let prefix = (1 << bits) - 1;
    if value < prefix {
        return vec![u8::try_from(value).unwrap()];
    }
    let mut bytes = vec![u8::try_from(prefix).unwrap()];
    let mut rest = value - prefix;
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes
}

/// A block of fields.
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields
        .iter()
        .flat_map(|(name, value)| literal(name, value))
        .collect()
}

/// The pseudo fields of a request.
pub(crate) fn pseudo<'a>(method: &'a str, path: &'a str) -> [(&'a str, &'a str); 4] {
    [
        (":method", method),
        (":scheme", "http"),
        (":authority", "shop"),
        (":path", path),
    ]
}

/// A connection.
#[derive(Debug)]
pub(crate) struct RawHttp2<S = TcpStream> {
    socket: S,
    buffer: Vec<u8>,
}

impl RawHttp2 {
    /// Connects and sends the preface with empty settings.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let mut raw = Self::silent(address);
        raw.send([PREFACE, &frame(SETTINGS, 0, 0, [])].concat());
        raw
    }

    /// Connects and sends nothing.
    pub(crate) fn silent(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self::over(socket)
    }

    /// Closes the sending side.
    pub(crate) fn finish(&self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    /// Sets how long a read waits.
    pub(crate) fn wait(&self, time: Duration) {
        self.socket.set_read_timeout(Some(time)).unwrap();
    }
}

impl<S: Read + Write> RawHttp2<S> {
    pub(crate) fn over(socket: S) -> Self {
        Self {
            socket,
            buffer: Vec::new(),
        }
    }

    /// Sends bytes. The proxy may have closed the connection already.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.socket.write_all(bytes.as_ref());
        let _ = self.socket.flush();
    }

    /// Sends a request without a body.
    pub(crate) fn ask(&mut self, stream: u32, fields: &[(&str, &str)]) {
        let flags = END_HEADERS | END_STREAM;
        self.send(frame(HEADERS, flags, stream, block(fields)));
    }

    /// Sends a GET.
    pub(crate) fn get(&mut self, stream: u32, path: &str) {
        self.ask(stream, &pseudo("GET", path));
    }

    /// The next frame; nothing at the end of the connection, or if none arrives in time.
    pub(crate) fn frame(&mut self) -> Option<RawFrame> {
        self.fill(9)?;
        let [a, b, c, kind, flags, s, t, r, m] = self.buffer[..9] else {
            return None;
        };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        self.fill(9 + length)?;
        let payload = self.buffer[9..9 + length].to_vec();
        self.buffer.drain(..9 + length);
        Some(RawFrame {
            kind,
            flags,
            stream: u32::from_be_bytes([s, t, r, m]),
            payload,
        })
    }

    fn fill(&mut self, length: usize) -> Option<()> {
        while self.buffer.len() < length {
            let mut block = [0; 16 * 1024];
            match self.socket.read(&mut block) {
                Ok(n) if n > 0 => self.buffer.extend_from_slice(&block[..n]),
                Ok(_) => return None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        Some(())
    }

    /// How a stream ends, or its connection. Frames of others are skipped.
    pub(crate) fn end_of(&mut self, stream: u32) -> StreamEnd {
        while let Some(found) = self.frame() {
            match found.kind {
                HEADERS if found.stream == stream => {
                    return StreamEnd::Answer(status(&found.payload));
                }
                RST_STREAM if found.stream == stream => return StreamEnd::Reset(found.code()),
                GOAWAY => return StreamEnd::GoAway(found.code()),
                _ => {}
            }
        }
        StreamEnd::Closed
    }

    /// The streams and the bodies of small answers in the order in which they end.
    pub(crate) fn answers(&mut self, count: usize) -> Vec<(u32, Vec<u8>)> {
        let mut answers = Vec::new();
        while answers.len() < count {
            let found = self.frame().expect("the answers arrive");
            if found.kind == DATA && found.flags & END_STREAM != 0 {
                answers.push((found.stream, found.payload));
            }
        }
        answers
    }

    /// The head and the body of the answer on a stream, with the flow control that it needs.
    pub(crate) fn answer(&mut self, stream: u32) -> (u16, Vec<u8>) {
        let (mut code, mut body) = (0, Vec::new());
        loop {
            let found = self.frame().expect("the answer arrives");
            assert_ne!(found.kind, GOAWAY, "code {}", found.code());
            if found.kind == DATA && !found.payload.is_empty() {
                let window = u32::try_from(found.payload.len()).unwrap().to_be_bytes();
                self.send(frame(WINDOW_UPDATE, 0, 0, window));
            }
            if found.stream != stream {
                continue;
            }
            match found.kind {
                HEADERS if code == 0 => code = status(&found.payload),
                DATA => body.extend_from_slice(&found.payload),
                RST_STREAM => panic!("reset with {}", found.code()),
                _ => {}
            }
            if matches!(found.kind, HEADERS | DATA) && found.flags & END_STREAM != 0 {
                return (code, body);
            }
        }
    }
}

/// The status, which is the first field of an answer: indexed, or a literal with an indexed name.
pub(crate) fn status(block: &[u8]) -> u16 {
    // The table may be resized first (RFC 7541 section 6.3).
    let from = block.iter().position(|byte| byte & 0xe0 != 0x20);
    match block[from.unwrap()..] {
        [0x88, ..] => 200,
        [0x89, ..] => 204,
        [0x8a, ..] => 206,
        [0x8b, ..] => 304,
        [0x8c, ..] => 400,
        [0x8d, ..] => 404,
        [0x8e, ..] => 500,
        [0x48 | 0x08 | 0x18, length, ref text @ ..] => {
            let text = &text[..usize::from(length & 0x7f)];
            let digits = if length & 0x80 == 0 {
                text.to_vec()
            } else {
                huffman_digits(text)
            };
            String::from_utf8(digits).unwrap().parse().unwrap()
        }
        // Of the dynamic table: an earlier status of the connection.
        _ => 0,
    }
}

/// Three digits in the code of RFC 7541 appendix B: 0 to 2 have five bits, the others six.
fn huffman_digits(bytes: &[u8]) -> Vec<u8> {
    let bits: u32 = bytes
        .iter()
        .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
    let mut left = 8 * u32::try_from(bytes.len()).unwrap();
    let mut digits = Vec::new();
    while digits.len() < 3 {
        let five = u8::try_from(bits >> (left - 5) & 0x1f).unwrap();
        if five < 3 {
            digits.push(b'0' + five);
            left -= 5;
        } else {
            let six = u8::try_from(bits >> (left - 6) & 0x3f).unwrap();
            digits.push(b'3' + six - 0x19);
            left -= 6;
        }
    }
    digits
}
