//! An HTTP client that sends and reads raw bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a test waits for an event that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A client that sends and reads raw bytes.
#[derive(Debug)]
pub(crate) struct Client<S = TcpStream> {
    stream: S,
    buffer: Vec<u8>,
}

/// A response as the client read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
    /// Whether the body is complete according to its framing.
    pub(crate) complete: bool,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn refusal(&self) -> &str {
        self.field("x-refusal").unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::from(TcpStream::connect(address).unwrap())
    }

    pub(crate) fn from(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    /// Closes the sending side.
    pub(crate) fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

impl<S: Read + Write> Client<S> {
    /// A client on a connected stream.
    pub(crate) fn over(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Sends bytes; an error is ignored, because the relay may have closed the connection.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    pub(crate) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The response to a request other than HEAD.
    pub(crate) fn answer(&mut self) -> Answer {
        self.read_answer(true).expect("a response")
    }

    /// The final response, and the interim responses before it.
    pub(crate) fn final_answer(&mut self) -> (Vec<Answer>, Answer) {
        let mut interim = Vec::new();
        loop {
            let answer = self.answer();
            if answer.status >= 200 {
                return (interim, answer);
            }
            interim.push(answer);
        }
    }

    /// The next response, `None` at the end of the stream.
    pub(crate) fn read_answer(&mut self, with_body: bool) -> Option<Answer> {
        let end = loop {
            match self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                Some(at) => break at + 4,
                None if !self.fill() => return None,
                None => {}
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end);
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        let mut answer = Answer {
            status,
            head,
            complete: true,
            ..Answer::default()
        };
        if with_body && !matches!(status, 100..=199 | 204 | 304) {
            self.read_body(&mut answer);
        }
        Some(answer)
    }

    /// Reads a response, discards its body, and returns the number of body bytes.
    pub(crate) fn count_body(&mut self) -> usize {
        let head = self.read_answer(false).expect("a response");
        let length = head
            .field("content-length")
            .map_or(0, |n| n.parse().unwrap());
        let mut count = self.buffer.len();
        while count < length && {
            self.buffer.clear();
            self.fill()
        } {
            count += self.buffer.len();
        }
        self.buffer.clear();
        count
    }

    /// Whether the stream ends here.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && !self.fill()
    }

    fn read_body(&mut self, answer: &mut Answer) {
        if answer.field("transfer-encoding") == Some("chunked") {
            answer.complete = self.read_chunks(answer);
        } else if let Some(length) = answer.field("content-length").map(|n| n.parse().unwrap()) {
            answer.complete = self.take(length, &mut answer.body);
        } else {
            while self.fill() {}
            answer.body.append(&mut self.buffer);
        }
    }

    fn read_chunks(&mut self, answer: &mut Answer) -> bool {
        loop {
            let Some(line) = self.line() else {
                return false;
            };
            let size = usize::from_str_radix(&line, 16).unwrap();
            if size == 0 {
                break;
            }
            if !self.take(size, &mut answer.body) || self.line().is_none() {
                return false;
            }
        }
        while let Some(line) = self.line() {
            if line.is_empty() {
                return true;
            }
            answer.trailers.push_str(&line);
        }
        false
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer[..at]).into_owned();
                self.buffer.drain(..at + 2);
                return Some(line);
            }
            if !self.fill() {
                return None;
            }
        }
    }

    fn take(&mut self, mut length: usize, into: &mut Vec<u8>) -> bool {
        while length > 0 {
            if self.buffer.is_empty() && !self.fill() {
                return false;
            }
            let n = length.min(self.buffer.len());
            into.extend(self.buffer.drain(..n));
            length -= n;
        }
        true
    }

    /// Reads more; false at the end of the stream.
    fn fill(&mut self) -> bool {
        let mut block = vec![0; 1 << 16];
        match self.stream.read(&mut block) {
            Ok(n) => {
                self.buffer.extend_from_slice(&block[..n]);
                n > 0
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("the relay does not respond: {error}"),
        }
    }
}
