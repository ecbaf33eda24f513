//! Judging a request by its contract: the head first, then the body.
//!
//! The head decides whether the body is wanted at all, so `Expect: 100-continue` can be refused
//! before a byte of the body was sent. Nothing is allocated for a request without violations
//! except where text must be decoded; all explaining happens after a value was found invalid.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE};

use crate::config::enforcement::{Enforcement, EnforcementPolicy};
use crate::json::{Limits, Node, SyntaxError, SyntaxErrorKind, Tape};

use super::compiled::CompiledContract;
use super::dialect::Direction;
use super::explain::{Subject, explain};
use super::media::{MediaRange, best_match};
use super::operation::{BodyRule, MediaType, Operation, RequestBody};
use super::parameter::{
    Absent, PairScratch, Pairs, Parameter, Reading, Source, Style, claims, decoded_query_name, read,
};
use super::route::Captures;
use super::violation::{Part, Violation, ViolationClass};

/// Reusable storage of one data core; nothing of a request outlives its judgement.
#[derive(Debug, Default)]
pub struct Scratch {
    tape: Tape,
    query: PairScratch,
    cookies: PairScratch,
    cookie_text: String,
}

/// The head of a request, as it was received.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The path, raw.
    pub path: &'a str,
    /// The query, raw, without `?`.
    pub query: Option<&'a str>,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The values of the path's expressions.
    pub captures: &'a Captures,
    /// What is known of the body before a byte of it was read.
    pub body: BodyLength,
}

/// What the head tells of the body (RFC 9112 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is none: no `Content-Length` and no transfer coding, or a length of 0.
    Absent,
    /// `Content-Length` is above 0.
    Known,
    /// It ends when it ends, and may be empty (`chunked`).
    Unknown,
}

/// What is to be done with the body of a request whose head was judged.
#[derive(Clone, Copy, Debug)]
pub enum BodyPlan<'c> {
    /// Nothing to judge: it is passed on as it arrives.
    Stream,
    /// It is collected and judged as this media type.
    Judge(&'c MediaType),
    /// It may be absent and arrives without a length: it is collected, judged if there is a byte.
    JudgeIfPresent(&'c MediaType, &'c RequestBody),
}

/// How to judge.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// What is done about each class; classes that are off are not looked for.
    pub policy: &'a EnforcementPolicy,
    /// The most violations to list.
    pub violations_max: usize,
    /// The bounds of JSON bodies.
    pub json_depth_max: u32,
}

impl Rules<'_> {
    fn is_on(&self, class: ViolationClass) -> bool {
        self.policy.of(class) != Enforcement::Off
    }
}

/// Judges the head of a request to an operation.
///
/// Returns what to do with the body, and pushes violations, the most useful first.
pub fn check_head<'c>(
    contract: &'c CompiledContract,
    operation: &'c Operation,
    head: Head<'_>,
    rules: Rules<'_>,
    scratch: &mut Scratch,
    violations: &mut Vec<Violation>,
) -> BodyPlan<'c> {
    let Scratch {
        tape,
        query,
        cookies,
        cookie_text,
    } = scratch;
    let mut judge = HeadJudge {
        contract,
        operation,
        head,
        rules,
        tape,
        query: Pairs::of_query(head.query.unwrap_or_default(), query),
        cookies: cookies_of(head.headers, operation, rules, cookie_text, cookies),
        violations,
    };
    judge.parameters();
    judge.unknown_query();
    judge.unknown_headers();
    judge.unknown_cookies();
    judge.body()
}

/// Judges a collected body.
pub fn check_body(
    contract: &CompiledContract,
    plan: BodyPlan<'_>,
    bytes: &[u8],
    rules: Rules<'_>,
    scratch: &mut Scratch,
    violations: &mut Vec<Violation>,
) {
    let media = match plan {
        BodyPlan::Stream => return,
        BodyPlan::Judge(media) => media,
        BodyPlan::JudgeIfPresent(_, body) if bytes.is_empty() => {
            if body.required && rules.is_on(ViolationClass::MissingBody) {
                violations.push(missing_body(contract, body));
            }
            return;
        }
        BodyPlan::JudgeIfPresent(media, _) => media,
    };
    let Some(key) = &media.schema else { return };
    let source = match parse_body(&mut scratch.tape, key.as_str(), bytes, rules) {
        Ok(source) => source,
        Err(error) => {
            let violation = malformed_body(contract, media, &error);
            if rules.is_on(violation.class) {
                violations.push(violation);
            }
            return;
        }
    };
    let wrapped = scratch.tape.wrapped(source);
    let schemas = contract.schemas(Direction::Request);
    if !schemas.is_valid(wrapped) && rules.is_on(ViolationClass::InvalidBody) {
        let subject = Subject {
            class: ViolationClass::InvalidBody,
            part: Part::Body,
            name: None,
        };
        let most = rules.violations_max.saturating_sub(violations.len());
        violations.extend(explain(
            schemas,
            &contract.documents,
            wrapped,
            subject,
            most,
        ));
    }
}

/// Reads a body. Where duplicate keys are not rejected, the last one counts, as for most parsers.
fn parse_body<'s>(
    tape: &mut Tape,
    key: &str,
    bytes: &'s [u8],
    rules: Rules<'_>,
) -> Result<&'s str, SyntaxError> {
    use crate::json::DuplicateKeys;
    let duplicate_keys = match rules.policy.of(ViolationClass::DuplicateKey) {
        Enforcement::Off => DuplicateKeys::Allow,
        Enforcement::Reject | Enforcement::Report => DuplicateKeys::Refuse,
    };
    tape.parse(
        key,
        bytes,
        Limits {
            depth_max: rules.json_depth_max,
            duplicate_keys,
        },
    )
}

fn malformed_body(
    contract: &CompiledContract,
    media: &MediaType,
    error: &SyntaxError,
) -> Violation {
    let class = match error.kind {
        SyntaxErrorKind::DuplicateKey(_) => ViolationClass::DuplicateKey,
        _ => ViolationClass::MalformedBody,
    };
    let mut violation = Violation::new(class, Part::Body, error.to_string())
        .expecting("one JSON value (RFC 8259)")
        .declared_at(contract.spot(media.place));
    violation.pointer.clone_from(&error.pointer);
    violation
}

fn missing_body(contract: &CompiledContract, body: &RequestBody) -> Violation {
    let types: Vec<&str> = body
        .content
        .iter()
        .map(|media| media.key.as_str())
        .collect();
    Violation::new(
        ViolationClass::MissingBody,
        Part::Body,
        "the request has no body",
    )
    .expecting(format!("a body of {}", types.join(" or ")))
    .declared_at(contract.spot(body.place))
}

/// The cookies, only split where somebody asks for them.
fn cookies_of<'s>(
    headers: &'s HeaderMap,
    operation: &Operation,
    rules: Rules<'_>,
    text: &'s mut String,
    scratch: &'s mut PairScratch,
) -> Pairs<'s> {
    let is_asked = rules.is_on(ViolationClass::UnknownCookie)
        || operation
            .parameters
            .iter()
            .any(|parameter| parameter.part == Part::Cookie);
    if !is_asked {
        return Pairs::EMPTY;
    }
    text.clear();
    for line in headers.get_all(COOKIE) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&String::from_utf8_lossy(line.as_bytes()));
    }
    Pairs::of_cookies(text, scratch)
}

struct HeadJudge<'j, 'c> {
    contract: &'c CompiledContract,
    operation: &'c Operation,
    head: Head<'j>,
    rules: Rules<'j>,
    tape: &'j mut Tape,
    query: Pairs<'j>,
    cookies: Pairs<'j>,
    violations: &'j mut Vec<Violation>,
}

impl<'c> HeadJudge<'_, 'c> {
    fn push(&mut self, violation: Violation) {
        if self.rules.is_on(violation.class) && self.violations.len() < self.rules.violations_max {
            self.violations.push(violation);
        }
    }

    fn parameters(&mut self) {
        let operation = self.operation;
        for parameter in &operation.parameters {
            let head = self.head;
            match parameter.part {
                Part::Path => {
                    if let Some(raw) = head.captures.value(head.path, parameter.slot) {
                        self.parameter(parameter, Source::One(raw));
                    }
                }
                Part::Header => self.header(parameter),
                Part::Query => {
                    self.parameter(parameter, Source::Pairs(self.query, &operation.parameters));
                }
                Part::Cookie => {
                    self.parameter(
                        parameter,
                        Source::Pairs(self.cookies, &operation.parameters),
                    );
                }
                Part::Target | Part::Body => {}
            }
        }
    }

    fn header(&mut self, parameter: &Parameter) {
        let headers = self.head.headers;
        let mut lines = headers.get_all(parameter.name.as_str()).iter();
        let Some(first) = lines.next() else {
            return self.absent(parameter, Absent::Missing);
        };
        let is_list = parameter
            .readings
            .iter()
            .any(|reading| !matches!(reading, Reading::Scalar(_)));
        let joined: Option<Vec<&[u8]>> = lines.next().map(|second| {
            std::iter::once(first)
                .chain([second])
                .chain(lines)
                .map(|line| line.as_bytes())
                .collect()
        });
        match joined {
            Some(_) if !is_list => self.absent(parameter, Absent::Repeated),
            // Field lines of a list join with commas (RFC 9110 section 5.3).
            Some(lines) => self.header_text(parameter, &lines.join(&b","[..])),
            None => self.header_text(parameter, first.as_bytes()),
        }
    }

    fn header_text(&mut self, parameter: &Parameter, text: &[u8]) {
        match std::str::from_utf8(text) {
            Ok(text) => self.parameter(parameter, Source::One(text)),
            Err(_) => self.absent(parameter, Absent::Form("must be UTF-8")),
        }
    }

    /// Reads a parameter in each way its schema admits, until one is valid.
    fn parameter(&mut self, parameter: &Parameter, source: Source<'_>) {
        if parameter.style == Style::JsonContent {
            return self.json_parameter(parameter, source);
        }
        let Some(key) = &parameter.schema else {
            return self.presence(parameter, source);
        };
        let schemas = self.contract.schemas(Direction::Request);
        let mut first_failure = None;
        for (reading, as_text) in parameter.attempts() {
            match read(self.tape, key.as_str(), parameter, reading, source, as_text) {
                Ok(()) if schemas.is_valid(self.tape.wrapped("")) => return,
                Ok(()) => {
                    first_failure.get_or_insert(Ok((reading, as_text)));
                }
                Err(Absent::NotJudged) => return,
                Err(absent) => {
                    first_failure.get_or_insert(Err(absent));
                }
            }
        }
        match first_failure {
            Some(Ok((reading, as_text))) => {
                let again = read(self.tape, key.as_str(), parameter, reading, source, as_text);
                debug_assert_eq!(again, Ok(()), "the same text reads the same");
                self.invalid(parameter);
            }
            Some(Err(absent)) => self.absent(parameter, absent),
            None => {}
        }
    }

    /// Explains why the value on the tape is invalid.
    fn invalid(&mut self, parameter: &Parameter) {
        let wrapped = self.tape.wrapped("");
        let found = self.explained(parameter, wrapped);
        for violation in found {
            self.push(violation);
        }
    }

    fn explained(&self, parameter: &Parameter, wrapped: Node<'_>) -> Vec<Violation> {
        let subject = Subject {
            class: ViolationClass::InvalidParameter,
            part: parameter.part,
            name: Some(&parameter.name),
        };
        let most = self
            .rules
            .violations_max
            .saturating_sub(self.violations.len());
        let schemas = self.contract.schemas(Direction::Request);
        explain(schemas, &self.contract.documents, wrapped, subject, most)
    }

    /// A parameter without a schema only has to be there.
    fn presence(&mut self, parameter: &Parameter, source: Source<'_>) {
        let is_there = match source {
            Source::One(_) => true,
            Source::Pairs(pairs, _) => pairs.iter().any(|(name, _)| {
                decoded_query_name(name).is_some_and(|name| name == parameter.name)
            }),
        };
        if !is_there {
            self.absent(parameter, Absent::Missing);
        }
    }

    /// A parameter whose value is JSON text (`content`).
    fn json_parameter(&mut self, parameter: &Parameter, source: Source<'_>) {
        let text = match parameter.text(source) {
            Ok(text) => text,
            Err(absent) => return self.absent(parameter, absent),
        };
        let key = parameter.schema.as_ref().map_or("", |key| key.as_str());
        let limits = Limits {
            depth_max: self.rules.json_depth_max,
            ..Limits::default()
        };
        let mut tape = std::mem::take(self.tape);
        match tape.parse(key, text.as_bytes(), limits) {
            Ok(source) if parameter.schema.is_some() => {
                let wrapped = tape.wrapped(source);
                if !self.contract.schemas(Direction::Request).is_valid(wrapped) {
                    for violation in self.explained(parameter, wrapped) {
                        self.push(violation);
                    }
                }
            }
            Ok(_) => {}
            Err(error) => {
                let message = format!("not JSON: {error}");
                let violation =
                    self.of_parameter(ViolationClass::InvalidParameter, parameter, message);
                self.push(violation.expecting("one JSON value (RFC 8259)"));
            }
        }
        *self.tape = tape;
    }

    fn absent(&mut self, parameter: &Parameter, absent: Absent) {
        let name = &parameter.name;
        let part = parameter.part;
        let (class, message) = match absent {
            Absent::NotJudged => return,
            Absent::Missing if !parameter.required => return,
            Absent::Missing => (
                ViolationClass::MissingParameter,
                format!("the {part} parameter `{name}` is required and absent"),
            ),
            Absent::Repeated => (
                ViolationClass::DuplicateParameter,
                format!("the {part} parameter `{name}` holds one value and came more than once"),
            ),
            Absent::Escapes(error) => (
                ViolationClass::InvalidParameter,
                format!("the {part} parameter `{name}`: {error}"),
            ),
            Absent::Form(error) => (
                ViolationClass::InvalidParameter,
                format!("the {part} parameter `{name}` {error}"),
            ),
        };
        let violation = self.of_parameter(class, parameter, message);
        self.push(violation);
    }

    fn of_parameter(
        &self,
        class: ViolationClass,
        parameter: &Parameter,
        message: String,
    ) -> Violation {
        Violation::new(class, parameter.part, message)
            .named(&parameter.name)
            .declared_at(self.contract.spot(parameter.place))
    }

    fn unknown_query(&mut self) {
        if !self.rules.is_on(ViolationClass::UnknownQuery) || self.operation.takes_any_query {
            return;
        }
        for (raw, _) in self.query.iter() {
            let known = decoded_query_name(raw).is_some_and(|name| {
                let parameters = &self.operation.parameters;
                parameters
                    .iter()
                    .any(|parameter| claims(parameter, &name, Part::Query))
                    || parameters
                        .iter()
                        .any(|parameter| parameter.takes_member(&name))
            });
            if !known {
                self.unknown(ViolationClass::UnknownQuery, Part::Query, raw);
            }
        }
    }

    fn unknown_cookies(&mut self) {
        if !self.rules.is_on(ViolationClass::UnknownCookie) {
            return;
        }
        for (name, _) in self.cookies.iter() {
            let parameters = &self.operation.parameters;
            if !parameters
                .iter()
                .any(|parameter| claims(parameter, name, Part::Cookie))
            {
                self.unknown(ViolationClass::UnknownCookie, Part::Cookie, name);
            }
        }
    }

    fn unknown_headers(&mut self) {
        if !self.rules.is_on(ViolationClass::UnknownHeader) {
            return;
        }
        for name in self.head.headers.keys() {
            let is_declared = self.operation.parameters.iter().any(|parameter| {
                parameter.part == Part::Header && parameter.name.eq_ignore_ascii_case(name.as_str())
            });
            if !is_declared && !is_common_header(name.as_str()) {
                self.unknown(ViolationClass::UnknownHeader, Part::Header, name.as_str());
            }
        }
    }

    fn unknown(&mut self, class: ViolationClass, part: Part, name: &str) {
        let declared: Vec<&str> = self
            .operation
            .parameters
            .iter()
            .filter(|parameter| parameter.part == part)
            .map(|parameter| parameter.name.as_str())
            .collect();
        let shown: String = name.chars().take(100).collect();
        let expected = match declared[..] {
            [] => format!("no {part} parameter"),
            _ => format!("only {}", declared.join(", ")),
        };
        let message = format!("the {part} parameter `{shown}` is not declared");
        let violation = Violation::new(class, part, message)
            .named(&shown)
            .expecting(expected)
            .declared_at(self.contract.spot(self.operation.place));
        self.push(violation);
    }

    /// Decides what happens to the body.
    fn body(&mut self) -> BodyPlan<'c> {
        let (operation, contract) = (self.operation, self.contract);
        let body = match &operation.body {
            BodyRule::Declared(body) => body,
            BodyRule::Ignored => return BodyPlan::Stream,
            BodyRule::Undeclared => {
                if self.head.body != BodyLength::Absent {
                    let message = "the operation declares no body";
                    let violation =
                        Violation::new(ViolationClass::UnexpectedBody, Part::Body, message)
                            .expecting("no body")
                            .declared_at(contract.spot(operation.place));
                    self.push(violation);
                }
                return BodyPlan::Stream;
            }
        };
        if self.head.body == BodyLength::Absent {
            if body.required {
                self.push(missing_body(contract, body));
            }
            return BodyPlan::Stream;
        }
        if body.content.is_empty() {
            return BodyPlan::Stream;
        }
        match self.media_type(body) {
            Ok(media) => self.plan(body, media),
            Err(violation) => {
                self.push(violation);
                BodyPlan::Stream
            }
        }
    }

    fn media_type(&self, body: &'c RequestBody) -> Result<&'c MediaType, Violation> {
        let keys = || body.content.iter().map(|media| media.key.as_str());
        let refuse = |message: String| {
            Violation::new(ViolationClass::UnsupportedMediaType, Part::Body, message)
                .expecting(keys().collect::<Vec<_>>().join(" or "))
                .declared_at(self.contract.spot(body.place))
        };
        let mut lines = self.head.headers.get_all(CONTENT_TYPE).iter();
        let Some(line) = lines.next() else {
            return Err(refuse("the header `content-type` is missing".to_owned()));
        };
        if lines.next().is_some() {
            return Err(refuse(
                "the header `content-type` came more than once".to_owned(),
            ));
        }
        let text = line.to_str().unwrap_or_default();
        // The common case first: exactly the declared key.
        if let Some(media) = body.content.iter().find(|media| media.key == text) {
            return Ok(media);
        }
        let Some(found) = MediaRange::parse(text) else {
            return Err(refuse(
                "the header `content-type` is no media type".to_owned(),
            ));
        };
        let index = best_match(keys(), &found)
            .ok_or_else(|| refuse(format!("the media type `{text}` is not declared")))?;
        let is_utf8 = found.parameter("charset").is_none_or(|charset| {
            ["utf-8", "us-ascii"]
                .iter()
                .any(|known| charset.eq_ignore_ascii_case(known))
        });
        if found.is_json() && !is_utf8 {
            return Err(refuse(
                "JSON is UTF-8 (RFC 8259 section 8.1): send no other charset".to_owned(),
            ));
        }
        Ok(&body.content[index])
    }

    fn plan(&mut self, body: &'c RequestBody, media: &'c MediaType) -> BodyPlan<'c> {
        let is_json = media.is_json || self.is_json_message();
        if media.schema.is_none() || !is_json {
            return BodyPlan::Stream;
        }
        let codings = self.head.headers.get_all(CONTENT_ENCODING);
        let is_encoded = codings.iter().any(|line| {
            !line
                .as_bytes()
                .trim_ascii()
                .eq_ignore_ascii_case(b"identity")
        });
        if is_encoded && self.rules.is_on(ViolationClass::UnsupportedEncoding) {
            let message = "the body is compressed and cannot be judged";
            let violation =
                Violation::new(ViolationClass::UnsupportedEncoding, Part::Body, message)
                    .expecting("no `content-encoding`")
                    .declared_at(self.contract.spot(body.place));
            self.push(violation);
        }
        if is_encoded {
            return BodyPlan::Stream;
        }
        match self.head.body {
            BodyLength::Unknown => BodyPlan::JudgeIfPresent(media, body),
            BodyLength::Absent | BodyLength::Known => BodyPlan::Judge(media),
        }
    }

    /// For a key that is a range: whether the message itself is JSON.
    fn is_json_message(&self) -> bool {
        let line = self
            .head
            .headers
            .get(CONTENT_TYPE)
            .and_then(|line| line.to_str().ok());
        line.and_then(MediaRange::parse)
            .is_some_and(|range| range.is_json())
    }
}

/// Fields that every request may carry without a contract saying so: those of HTTP itself
/// (RFC 9110, 9111, 9112), of browsers, and of the hops in between.
fn is_common_header(name: &str) -> bool {
    const PREFIXES: [&str; 8] = [
        "accept",
        "content-",
        "if-",
        "sec-",
        "x-forwarded-",
        "x-squad-",
        "x-sla-",
        "proxy-",
    ];
    const NAMES: [&str; 29] = [
        "authorization",
        "baggage",
        "cache-control",
        "connection",
        "cookie",
        "date",
        "dnt",
        "expect",
        "forwarded",
        "from",
        "host",
        "keep-alive",
        "max-forwards",
        "origin",
        "pragma",
        "priority",
        "range",
        "referer",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "upgrade-insecure-requests",
        "user-agent",
        "via",
        "x-real-ip",
        "x-request-id",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
