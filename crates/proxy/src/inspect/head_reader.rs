//! One request head: the request line, the header fields, and the framing of the body.

use super::http_refusal::HttpRefusal;
use super::inspect_limits::InspectLimits;
use super::request_target;

/// How the body of a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFraming {
    None,
    Sized(u64),
    Chunked,
}

/// Collects what matters of a head, line by line.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    http10: bool,
    head_request: bool,
    /// Whether the method is CONNECT.
    tunnel: bool,
    fields: usize,
    hosts: usize,
    length: Option<u64>,
    codings: TransferCodings,
    close: bool,
    keep_alive: bool,
    /// Whether `Connection` has the option `upgrade`.
    upgrade: bool,
    /// Whether `Upgrade` offers the protocol `websocket`.
    websocket: bool,
}

/// The transfer codings of a head, over all its `Transfer-Encoding` lines.
#[derive(Debug, Default)]
struct TransferCodings {
    present: bool,
    chunked: usize,
    other: bool,
    /// Whether the last element of the last line is `chunked`.
    ends_chunked: bool,
}

impl HeadReader {
    pub(super) fn from_request_line(
        line: &[u8],
        limits: InspectLimits,
    ) -> Result<Self, HttpRefusal> {
        if has_control(line) {
            return Err(HttpRefusal::ControlCharacter);
        }
        let mut parts = line.split(|b| *b == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(HttpRefusal::MalformedRequestLine);
        };
        if !is_token(method) {
            return Err(HttpRefusal::MalformedRequestLine);
        }
        let http10 = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
                if major.is_ascii_digit() && minor.is_ascii_digit() =>
            {
                return Err(HttpRefusal::UnsupportedVersion);
            }
            _ => return Err(HttpRefusal::MalformedRequestLine),
        };
        if target.len() > limits.target_bytes_max {
            return Err(HttpRefusal::TargetTooLong);
        }
        if limits.forward_proxy {
            request_target::check_for_proxy(method, target)?;
        } else {
            request_target::check(method, target)?;
        }
        Ok(Self {
            http10,
            head_request: method == b"HEAD",
            tunnel: method == b"CONNECT",
            ..Self::default()
        })
    }

    pub(super) fn is_head_request(&self) -> bool {
        self.head_request
    }

    pub(super) fn field_count(&self) -> usize {
        self.fields
    }

    pub(super) fn read_field(&mut self, line: &[u8]) -> Result<(), HttpRefusal> {
        let (name, value) = split_field(line)?;
        self.fields += 1;
        // Only these lengths name a field that matters here.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                self.hosts += 1;
                request_target::check_host(value)?;
            }
            6 if name.eq_ignore_ascii_case(b"expect") => self.read_expectation(value)?,
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.read_upgrade(value),
            10 if name.eq_ignore_ascii_case(b"connection") => self.read_connection(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.read_length(value)?,
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.codings.read(value),
            _ => {}
        }
        Ok(())
    }

    /// How the body ends, after all fields were read.
    pub(super) fn framing(&self) -> Result<BodyFraming, HttpRefusal> {
        match self.hosts {
            0 if !self.http10 => return Err(HttpRefusal::MissingHost),
            0 | 1 => {}
            _ => return Err(HttpRefusal::RepeatedHost),
        }
        if !self.codings.present {
            return Ok(match self.length {
                None | Some(0) => BodyFraming::None,
                Some(length) => BodyFraming::Sized(length),
            });
        }
        if self.http10 {
            return Err(HttpRefusal::TransferEncodingInHttp10);
        }
        if self.length.is_some() {
            return Err(HttpRefusal::LengthWithTransferEncoding);
        }
        self.codings.check()?;
        Ok(BodyFraming::Chunked)
    }

    /// Whether another request may follow this one (RFC 9112 section 9.3).
    pub(super) fn keeps_alive(&self) -> bool {
        !self.close && (!self.http10 || self.keep_alive)
    }

    /// Whether the request asks to continue with WebSocket (RFC 6455 section 4.1). HTTP/1.0 has no
    /// upgrades, and other protocols are not supported, so they are ignored (RFC 9110 section 7.8).
    pub(super) fn asks_websocket(&self) -> bool {
        self.upgrade && self.websocket && !self.http10
    }

    /// Whether the request asks for a tunnel (RFC 9110 section 9.3.6).
    pub(super) fn asks_tunnel(&self) -> bool {
        self.tunnel
    }

    fn read_upgrade(&mut self, value: &[u8]) {
        self.websocket |= elements(value).any(|name| name.eq_ignore_ascii_case(b"websocket"));
    }

    fn read_connection(&mut self, value: &[u8]) {
        // A value with other bytes than visible ASCII has no valid option.
        if !value.iter().all(|b| matches!(b, b'\t' | b' '..=b'~')) {
            return;
        }
        for option in elements(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            self.upgrade |= option.eq_ignore_ascii_case(b"upgrade");
        }
    }

    fn read_expectation(&self, value: &[u8]) -> Result<(), HttpRefusal> {
        // In HTTP/1.0 the field has no meaning.
        let is_known = self.http10 || value.eq_ignore_ascii_case(b"100-continue");
        if is_known {
            Ok(())
        } else {
            Err(HttpRefusal::UnknownExpectation)
        }
    }

    fn read_length(&mut self, value: &[u8]) -> Result<(), HttpRefusal> {
        let length = decimal(value).ok_or(HttpRefusal::MalformedContentLength)?;
        match self.length.replace(length) {
            Some(earlier) if earlier != length => Err(HttpRefusal::ConflictingContentLength),
            _ => Ok(()),
        }
    }
}

impl TransferCodings {
    fn read(&mut self, value: &[u8]) {
        self.present = true;
        // An empty last element is legal, but parsers disagree about its meaning here.
        self.ends_chunked = false;
        for coding in elements(value) {
            self.ends_chunked = coding.eq_ignore_ascii_case(b"chunked");
            if self.ends_chunked {
                self.chunked += 1;
            } else if !coding.is_empty() {
                self.other = true;
            }
        }
    }

    fn check(&self) -> Result<(), HttpRefusal> {
        match self.chunked {
            _ if !self.ends_chunked => Err(HttpRefusal::TransferEncodingNotChunked),
            1 if self.other => Err(HttpRefusal::UnknownTransferCoding),
            1 => Ok(()),
            _ => Err(HttpRefusal::RepeatedChunked),
        }
    }
}

/// The name and the trimmed value of a field line (RFC 9112 section 5).
pub(super) fn split_field(line: &[u8]) -> Result<(&[u8], &[u8]), HttpRefusal> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(HttpRefusal::FoldedField);
    }
    let colon = memchr::memchr(b':', line).ok_or(HttpRefusal::MalformedFieldName)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if !is_token(name) {
        return Err(match trim(name) {
            bare if bare.len() < name.len() && is_token(bare) => HttpRefusal::SpaceBeforeColon,
            _ => HttpRefusal::MalformedFieldName,
        });
    }
    if has_control(value) {
        return Err(HttpRefusal::ControlCharacter);
    }
    Ok((name, trim(value)))
}

/// Whether any byte is a control character other than a tab.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    // Without an early exit, this compiles to vector instructions.
    bytes.iter().fold(false, |has_control, b| {
        has_control | ((*b < b' ') & (*b != b'\t')) | (*b == 0x7f)
    })
}

/// The elements of a comma-separated list (RFC 9110 section 5.6.1), empty ones included.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|b| *b == b',').map(trim)
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// A decimal number that fits into 63 bits, so that sums do not overflow.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_u64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
    }
    (number <= i64::MAX as u64).then_some(number)
}

/// Whether the bytes are a token (RFC 9110 section 5.6.2).
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| TOKEN[usize::from(*b)])
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
};
