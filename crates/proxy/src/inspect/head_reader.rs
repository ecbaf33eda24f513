//! One request head: the request line, the header fields, and the framing of the body.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderValue, Method, Request, Version};
use memchr::memchr;

use super::body_framing::BodyFraming;
use super::field_syntax::{FieldLine, decimal, elements, is_token, split_field, split_known_field};
use super::http_refusal::HttpRefusal;
use super::inspect_limits::InspectLimits;
use super::message_lines::has_control;
use super::parsed_request::{ExchangeTerms, ParsedRequest};
use super::request_target;
use super::transfer_codings::TransferCodings;
use crate::headers::{FieldNameCache, NameTraits, take_header_map};

/// How many fields are added to most requests: their id.
const GATEWAY_FIELDS: usize = 1;

/// Reads a head line by line, and then makes the request of it.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    method: Method,
    target: HeadSpan,
    /// The fields, as parts of the head.
    fields: Vec<FieldSpan>,
    /// The names that the client has sent before.
    names: FieldNameCache,
    terms: ExchangeTerms,
    hosts: usize,
    length: Option<u64>,
    codings: TransferCodings,
    options: ConnectionFields,
}

/// A part of a head.
#[derive(Clone, Copy, Debug, Default)]
struct HeadSpan {
    at: usize,
    length: usize,
}

/// A header field, as parts of the head.
#[derive(Clone, Copy, Debug)]
struct FieldSpan {
    name: HeadSpan,
    value: HeadSpan,
}

/// What `Connection` and the fields that belong to it say.
#[derive(Debug, Default)]
struct ConnectionFields {
    close: bool,
    keep_alive: bool,
    /// Whether `Connection` has the option `upgrade`.
    upgrade: bool,
    /// Whether `Upgrade` offers the protocol `websocket`.
    websocket: bool,
}

impl HeadReader {
    /// Begins a head. The line is at its beginning.
    pub(super) fn read_request_line(
        &mut self,
        line: &[u8],
        limits: InspectLimits,
    ) -> Result<(), HttpRefusal> {
        if has_control(line) {
            return Err(HttpRefusal::ControlCharacter);
        }
        let (method, rest) = split_at_space(line)?;
        // A further space makes the version malformed.
        let (target, version) = split_at_space(rest)?;
        if !is_token(method) {
            return Err(HttpRefusal::MalformedRequestLine);
        }
        let is_http10 = match version {
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
        self.fields.clear();
        self.method = Method::from_bytes(method).map_err(|_| HttpRefusal::MalformedRequestLine)?;
        self.target = HeadSpan {
            at: method.len() + 1,
            length: target.len(),
        };
        self.terms = ExchangeTerms {
            is_http10,
            is_head: self.method == Method::HEAD,
            ..ExchangeTerms::default()
        };
        (self.hosts, self.length) = (0, None);
        self.codings = TransferCodings::default();
        self.options = ConnectionFields::default();
        Ok(())
    }

    /// Returns the memory that is kept for the next head.
    pub(super) fn release(&mut self) {
        self.fields = Vec::new();
        self.names.release();
    }

    pub(super) fn is_head_request(&self) -> bool {
        self.terms.is_head
    }

    pub(super) fn field_count(&self) -> usize {
        self.fields.len()
    }

    /// Reads a field line, which begins at this position of the head.
    pub(super) fn read_field(&mut self, line: &[u8], at: usize) -> Result<(), HttpRefusal> {
        let FieldLine { name_length, value } = match self.names.expected(self.fields.len(), line) {
            Some(known) => split_known_field(line, known.length())?,
            None => split_field(line)?,
        };
        self.fields.push(FieldSpan {
            name: HeadSpan {
                at,
                length: name_length,
            },
            value: HeadSpan {
                at: at + value.start,
                length: value.len(),
            },
        });
        let (name, value) = (&line[..name_length], &line[value]);
        // Only these lengths name a field that matters here.
        match name.len() {
            2 if name.eq_ignore_ascii_case(b"te") => self.read_te(value),
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

    /// Refuses the beginning of a field line that cannot become valid. `fresh` is its end, which was
    /// not checked before.
    pub(super) fn check_unfinished_field(
        &self,
        line: &[u8],
        fresh: &[u8],
    ) -> Result<(), HttpRefusal> {
        let is_open = memchr(b':', line).is_none() && line != b"\r";
        if is_open && !fresh.is_empty() && !is_token(fresh) {
            return split_field(line).map(drop);
        }
        Ok(())
    }

    /// The same for a request line.
    pub(super) fn check_unfinished_line(
        &self,
        line: &[u8],
        fresh: &[u8],
    ) -> Result<(), HttpRefusal> {
        let is_method = memchr(b' ', &line[..line.len() - fresh.len()]).is_none() && line != b"\r";
        let method = fresh.split(|b| *b == b' ').next().unwrap_or_default();
        if is_method && !method.is_empty() && !is_token(method) {
            return Err(HttpRefusal::MalformedRequestLine);
        }
        Ok(())
    }

    /// Takes the head, whose fields were read, from `buffer`, and makes the request of it.
    pub(super) fn parse(
        &mut self,
        buffer: &mut BytesMut,
        end: usize,
        framing: BodyFraming,
    ) -> Result<ParsedRequest, HttpRefusal> {
        let uri = |bytes: Bytes| parse_target(bytes).ok_or(HttpRefusal::Unreadable);
        let head = buffer.split_to(end).freeze();
        let mut request = Box::new(Request::new(()));
        *request.uri_mut() = uri(self.target.of(&head))?;
        let is_tunnel = self.asks_tunnel();
        *request.method_mut() = std::mem::take(&mut self.method);
        if self.terms.is_http10 {
            *request.version_mut() = Version::HTTP_10;
        }
        let mut headers = take_header_map(self.fields.len() + GATEWAY_FIELDS);
        let (mut has_length, mut traits) = (false, NameTraits::default());
        for (place, field) in self.fields.iter().enumerate() {
            let name = self.names.read(place, &head[field.name.range()]);
            let (name, its_traits) = name.map_err(|_| HttpRefusal::MalformedFieldName)?;
            traits = traits.with(its_traits);
            // The same length twice is one length.
            if name == CONTENT_LENGTH && std::mem::replace(&mut has_length, true) {
                continue;
            }
            let value = HeaderValue::from_maybe_shared(field.value.of(&head))
                .map_err(|_| HttpRefusal::ControlCharacter)?;
            headers.append(name, value);
        }
        *request.headers_mut() = headers;
        let mut terms = self.terms;
        terms.framing = framing;
        terms.keeps_alive = self.keeps_alive();
        terms.asks_upgrade = is_tunnel || self.asks_websocket();
        terms.awaits_continue &= framing != BodyFraming::None;
        Ok(ParsedRequest {
            request,
            terms,
            traits,
        })
    }

    /// How the body ends, after all fields were read.
    pub(super) fn framing(&self) -> Result<BodyFraming, HttpRefusal> {
        let framing = self.body_framing()?;
        if framing != BodyFraming::None && self.asks_websocket() {
            return Err(HttpRefusal::HandshakeBody);
        }
        if framing != BodyFraming::None && self.asks_tunnel() {
            return Err(HttpRefusal::TunnelBody);
        }
        Ok(framing)
    }

    fn body_framing(&self) -> Result<BodyFraming, HttpRefusal> {
        match self.hosts {
            0 if !self.terms.is_http10 => return Err(HttpRefusal::MissingHost),
            0 | 1 => {}
            _ => return Err(HttpRefusal::RepeatedHost),
        }
        if !self.codings.present {
            return Ok(match self.length {
                None | Some(0) => BodyFraming::None,
                Some(length) => BodyFraming::Sized(length),
            });
        }
        if self.terms.is_http10 {
            return Err(HttpRefusal::TransferEncodingInHttp10);
        }
        if self.length.is_some() {
            return Err(HttpRefusal::LengthWithTransferEncoding);
        }
        self.codings.check()?;
        Ok(BodyFraming::Chunked)
    }

    /// Whether another request may follow this one (RFC 9112 section 9.3).
    fn keeps_alive(&self) -> bool {
        !self.options.close && (!self.terms.is_http10 || self.options.keep_alive)
    }

    /// Whether the request asks to continue with WebSocket (RFC 6455 section 4.1). HTTP/1.0 has no
    /// upgrades, and other protocols are not supported, so they are ignored (RFC 9110 section 7.8).
    fn asks_websocket(&self) -> bool {
        self.options.upgrade && self.options.websocket && !self.terms.is_http10
    }

    fn read_te(&mut self, value: &[u8]) {
        self.terms.takes_trailers |=
            elements(value).any(|coding| coding.eq_ignore_ascii_case(b"trailers"));
    }

    /// Whether the request asks for a tunnel (RFC 9110 section 9.3.6). Only a forward proxy reads
    /// such a target.
    fn asks_tunnel(&self) -> bool {
        self.method == Method::CONNECT
    }

    fn read_upgrade(&mut self, value: &[u8]) {
        self.options.websocket |=
            elements(value).any(|name| name.eq_ignore_ascii_case(b"websocket"));
    }

    fn read_connection(&mut self, value: &[u8]) {
        // A value with other bytes than visible ASCII has no valid option.
        if !value.iter().all(|b| matches!(b, b'\t' | b' '..=b'~')) {
            return;
        }
        for option in elements(value) {
            self.options.close |= option.eq_ignore_ascii_case(b"close");
            self.options.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            self.options.upgrade |= option.eq_ignore_ascii_case(b"upgrade");
        }
    }

    fn read_expectation(&mut self, value: &[u8]) -> Result<(), HttpRefusal> {
        // In HTTP/1.0 the field has no meaning.
        if self.terms.is_http10 {
            return Ok(());
        }
        if !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(HttpRefusal::UnknownExpectation);
        }
        self.terms.awaits_continue = true;
        Ok(())
    }

    fn read_length(&mut self, value: &[u8]) -> Result<(), HttpRefusal> {
        let length = decimal(value).ok_or(HttpRefusal::MalformedContentLength)?;
        match self.length.replace(length) {
            Some(earlier) if earlier != length => Err(HttpRefusal::ConflictingContentLength),
            _ => Ok(()),
        }
    }
}

impl HeadSpan {
    fn range(self) -> Range<usize> {
        self.at..self.at + self.length
    }

    fn of(self, head: &Bytes) -> Bytes {
        head.slice(self.range())
    }
}

/// What is before and after the first space of a request line.
fn split_at_space(line: &[u8]) -> Result<(&[u8], &[u8]), HttpRefusal> {
    let at = memchr(b' ', line).ok_or(HttpRefusal::MalformedRequestLine)?;
    Ok((&line[..at], &line[at + 1..]))
}

/// A target as a URI. In origin form, which nearly all have, it needs no search for a scheme.
fn parse_target(target: Bytes) -> Option<Uri> {
    if target.first() == Some(&b'/') {
        return PathAndQuery::from_maybe_shared(target).ok().map(Uri::from);
    }
    Uri::from_maybe_shared(target).ok()
}
