//! What is to be done with a body: decided on the head.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};

use super::super::body::{Coding, Judge, Notation, codings, unreadable_charset};
use super::super::compiled::CompiledContract;
use super::super::dialect::Direction;
use super::super::media::{MediaRange, best_match};
use super::super::operation::{BodyRule, MediaType, RequestBody};
use super::super::violation::{Part, Violation, ViolationClass};
use super::head::HeadJudge;

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

impl<'c> HeadJudge<'_, 'c> {
    /// Decides what happens to the body.
    pub(super) fn body(&mut self) -> BodyPlan<'c> {
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
            return self.absent_body(body);
        }
        if body.content.is_empty() {
            return BodyPlan::Stream;
        }
        match self.media_type(body) {
            Ok(media) => self.plan(body, media),
            Err(message) => {
                let keys: Vec<&str> = body.content.iter().map(|media| &*media.key).collect();
                let class = ViolationClass::UnsupportedMediaType;
                let violation = Violation::new(class, Part::Body, message)
                    .expecting(keys.join(" or "))
                    .declared_at(contract.spot(body.place));
                self.push(violation);
                BodyPlan::Stream
            }
        }
    }

    /// A required body that is not there is missing, unless its media type says that it is an
    /// empty form.
    fn absent_body(&mut self, body: &'c RequestBody) -> BodyPlan<'c> {
        if !body.required {
            return BodyPlan::Stream;
        }
        match self.media_type(body) {
            Ok(media) if is_whole_when_empty(media) => self.plan(body, media),
            Ok(_) | Err(_) => {
                self.push(missing_body(self.contract, body));
                BodyPlan::Stream
            }
        }
    }

    /// The declared media type of the body, or what is wrong with the message's.
    fn media_type(&self, body: &'c RequestBody) -> Result<&'c MediaType, String> {
        let mut lines = self.head.headers.get_all(CONTENT_TYPE).iter();
        let Some(line) = lines.next() else {
            return Err("the header `content-type` is missing".to_owned());
        };
        if lines.next().is_some() {
            return Err("the header `content-type` came more than once".to_owned());
        }
        let text = line.to_str().unwrap_or_default();
        // The common case first: exactly the declared key.
        if let Some(media) = body.content.iter().find(|media| media.key == text) {
            return Ok(media);
        }
        let Some(found) = MediaRange::parse(text) else {
            return Err("the header `content-type` is no media type".to_owned());
        };
        let keys = body.content.iter().map(|media| media.key.as_str());
        let index = best_match(keys, &found)
            .ok_or_else(|| format!("the media type `{text}` is not declared"))?;
        let is_utf8 = found.parameter("charset").is_none_or(|charset| {
            ["utf-8", "us-ascii"]
                .iter()
                .any(|known| charset.eq_ignore_ascii_case(known))
        });
        if found.is_json() && !is_utf8 {
            return Err("JSON is UTF-8 (RFC 8259 section 8.1): send no other charset".to_owned());
        }
        Ok(&body.content[index])
    }

    fn plan(&mut self, body: &'c RequestBody, media: &'c MediaType) -> BodyPlan<'c> {
        if media.schema.is_none() {
            return BodyPlan::Stream;
        }
        let notation = match media.is_json {
            true => Notation::Json,
            false => match self.notation(media) {
                Ok(Some(notation)) => notation,
                Ok(None) => return BodyPlan::Stream,
                Err(message) => {
                    self.push(self.unsupported_encoding(media, message, "charset=utf-8"));
                    return BodyPlan::Stream;
                }
            },
        };
        let codings = match codings(self.head.headers) {
            Ok(codings) => codings,
            Err(name) => {
                let message = format!("the content coding `{name}` cannot be judged");
                self.push(self.unsupported_encoding(media, message, Coding::NAMES));
                return BodyPlan::Stream;
            }
        };
        let length = self.head.headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        match (self.head.body, length) {
            (_, Some(count)) if notation == Notation::Octets && codings.is_empty() => {
                self.octets(media, count);
                BodyPlan::Stream
            }
            (BodyLength::Unknown, _) => BodyPlan::JudgeIfPresent(media, body),
            (BodyLength::Absent | BodyLength::Known, _) => BodyPlan::Judge(media),
        }
    }

    /// The notation of the message's media type; `None` where nothing of it is judged.
    fn notation(&self, media: &MediaType) -> Result<Option<Notation>, String> {
        let line = self.head.headers.get(CONTENT_TYPE);
        let found = line
            .and_then(|line| line.to_str().ok())
            .and_then(MediaRange::parse);
        let Some(found) = found else {
            return Ok(None);
        };
        let notation = Notation::of(&found);
        if !media.judges(notation) {
            return Ok(None);
        }
        match unreadable_charset(notation, &found) {
            Some(message) => Err(message),
            None => Ok(Some(notation)),
        }
    }

    fn octets(&mut self, media: &'c MediaType, count: u64) {
        let mut judge = Judge {
            contract: self.contract,
            direction: Direction::Request,
            media,
            rules: self.rules,
            violations: self.violations,
        };
        judge.octets(count, self.tape);
    }

    fn unsupported_encoding(
        &self,
        media: &MediaType,
        message: String,
        expected: &str,
    ) -> Violation {
        Violation::new(ViolationClass::UnsupportedEncoding, Part::Body, message)
            .expecting(expected)
            .declared_at(self.contract.spot(media.place))
    }
}

/// Whether no octet at all is a value: a form without members.
pub(super) fn is_whole_when_empty(media: &MediaType) -> bool {
    media.schema.is_some()
        && MediaRange::parse(&media.key).is_some_and(|key| Notation::of(&key) == Notation::Form)
}

pub(super) fn missing_body(contract: &CompiledContract, body: &RequestBody) -> Violation {
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
