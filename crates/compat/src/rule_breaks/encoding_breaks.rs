//! Breaks by the encoding of one field of a form.
//!
//! The sender writes values of the field in its encoding. A message shows a break if the receiver
//! refuses it, but accepts the same value in its own encoding: then nothing else of the contract is
//! the cause.

use serde_json::Value;

use super::super::compat_finding::{ChangeLocation, ExchangePart};
use super::super::witness::{
    BodyChoice, BodyText, FieldForm, MessageJudge, RequestChoices, ResponseBodyChoice,
    ResponseChoices, body_with, build_request, build_response, field_content_types, field_values,
    has_required_headers, header_text, part_headers, received, request_content,
};
use super::break_evidence::BreakEvidence;
use super::break_sides::BreakSides;
use super::request_breaks::accepted;
use portcullis_contract::{
    CompiledContract, MediaRange, MediaType, MessageDirection, MessagePart, Parameter, Violation,
};

/// Texts to try for header fields of a part.
const HEADER_TEXTS: [&str; 3] = ["1", "a", "true"];

/// A field of a form in both contracts.
#[derive(Clone, Copy)]
struct EncodedField<'c> {
    sides: BreakSides<'c>,
    /// The status of the response; `None` for a request.
    status: Option<u16>,
    sent: &'c MediaType,
    received: &'c MediaType,
    name: &'c str,
}

/// What happened to one message.
enum TriedField {
    Shown(BreakEvidence),
    /// Both contracts accept it; the message in a line.
    Accepted(String),
    Impossible(String),
}

impl<'c> BreakSides<'c> {
    /// A message that the receiver refuses because it reads a field of a form in another encoding.
    /// `None` if the location is not that of a field.
    /// `headers` are values of header fields of its parts that the receiver's schemas refuse.
    pub(super) fn field_encoding(
        self,
        location: &'c ChangeLocation,
        headers: &[Value],
    ) -> Option<BreakEvidence> {
        let name = location.pointer.strip_prefix('/')?;
        let (key, sent, receivable, status) = match &*location.part {
            ExchangePart::RequestBody(Some(key)) => (
                key,
                request_content(self.sender.operation),
                request_content(self.receiver.operation),
                None,
            ),
            ExchangePart::Response {
                status,
                media: Some(key),
            } => {
                let (status, declared) = self.declared(status)?;
                let receiver = self.receiver.operation.response(status)?;
                (
                    key,
                    &declared.content[..],
                    &receiver.content[..],
                    Some(status),
                )
            }
            _ => return None,
        };
        let field = EncodedField {
            sides: self,
            status,
            sent: best(sent, key)?,
            received: best(receivable, key)?,
            name,
        };
        Some(field.evidence(headers))
    }
}

/// The media type of this key, else one that covers it or that it covers.
fn best<'c>(content: &'c [MediaType], key: &str) -> Option<&'c MediaType> {
    let wanted = MediaRange::parse(key)?;
    let is_near = |media: &&MediaType| {
        MediaRange::parse(&media.key)
            .is_some_and(|own| own.covers(&wanted).or(wanted.covers(&own)).is_some())
    };
    let same = content
        .iter()
        .find(|media| media.key.eq_ignore_ascii_case(key));
    same.or_else(|| content.iter().find(is_near))
}

impl EncodedField<'_> {
    fn evidence(self, headers: &[Value]) -> BreakEvidence {
        let contract = self.sides.sender.contract;
        let direction = match self.status {
            None => MessageDirection::Request,
            Some(_) => MessageDirection::Response,
        };
        let (mut accepted, mut reason) = (None, None);
        for value in field_values(contract, self.sent, self.name, direction) {
            for form in self.forms_with(headers) {
                match self.try_form(&value, &form) {
                    TriedField::Shown(evidence) => return evidence,
                    TriedField::Accepted(line) => accepted = accepted.or(Some(line)),
                    TriedField::Impossible(why) => reason = reason.or(Some(why)),
                }
            }
        }
        let accepted = accepted.map(|line| self.sides.accepted(&line));
        let reason = accepted.or(reason);
        BreakEvidence::Unshown(reason.unwrap_or_else(|| "no message could be built".to_owned()))
    }

    /// The forms of the field that a contract may allow.
    fn forms(self, contract: &CompiledContract, media: &MediaType) -> Vec<FieldForm> {
        let types = field_content_types(contract, media, self.name);
        let texts: &[&str] = if has_required_headers(contract, media, self.name) {
            &HEADER_TEXTS
        } else {
            &HEADER_TEXTS[..1]
        };
        let of_type = |content_type: Option<String>| {
            texts.iter().map(move |header_text| FieldForm {
                name: self.name.to_owned(),
                content_type: content_type.clone(),
                header_text: (*header_text).to_owned(),
                header: None,
            })
        };
        types.into_iter().flat_map(of_type).collect()
    }

    /// The forms of the sender, with and without each of these header fields.
    fn forms_with(self, headers: &[Value]) -> Vec<FieldForm> {
        let forms = self.forms(self.sides.sender.contract, self.sent);
        let declared = self.headers_of(self.sides.sender.contract, self.sent);
        let fields = headers.iter().filter_map(|header| {
            let (name, value) = header.as_object()?.iter().next()?;
            let mut declared = declared.iter();
            let declared = declared.find(|known| known.name.eq_ignore_ascii_case(name))?;
            Some((name.clone(), header_text(declared, value)))
        });
        let fields: Vec<(String, String)> = fields.collect();
        let with_fields = forms.iter().flat_map(|form| {
            fields.iter().map(|field| FieldForm {
                header: Some(field.clone()),
                ..form.clone()
            })
        });
        let with_fields: Vec<FieldForm> = with_fields.collect();
        forms.into_iter().chain(with_fields).collect()
    }

    fn headers_of<'m>(self, contract: &CompiledContract, media: &'m MediaType) -> &'m [Parameter] {
        part_headers(contract, media, self.name)
    }

    fn try_form(self, value: &Value, form: &FieldForm) -> TriedField {
        let sender = self.sides.sender;
        let tried = body_with(
            sender.contract,
            self.sent,
            &self.sent.key,
            value,
            Some(form),
        )
        .and_then(|text| self.exchange(sender, text));
        match tried {
            Err(reason) => TriedField::Impossible(reason),
            Ok((line, None)) => TriedField::Accepted(line),
            Ok((line, Some(evidence))) => {
                if self.accepts_own_encoding(value) {
                    TriedField::Shown(evidence)
                } else {
                    TriedField::Impossible(format!(
                        "the value of {line} is refused in the other encoding, too"
                    ))
                }
            }
        }
    }

    /// Whether the receiver accepts the value as its own encoding writes it.
    fn accepts_own_encoding(self, value: &Value) -> bool {
        let receiver = self.sides.receiver;
        let forms = self.forms(receiver.contract, self.received);
        forms.iter().any(|form| {
            body_with(
                receiver.contract,
                self.received,
                &self.received.key,
                value,
                Some(form),
            )
            .and_then(|text| self.build(receiver, text))
            .is_ok()
        })
    }

    /// Whether a side accepts a message with this body.
    fn build(self, judge: MessageJudge<'_>, text: BodyText) -> Result<(), String> {
        let refusal = match self.status {
            None => build_request(judge, request_choices(text))?.refusal,
            Some(status) => build_response(judge, &response_choices(status, text))?.refusal,
        };
        refusal.map_or(Ok(()), Err)
    }

    /// The message with this body in a line, and the evidence if the receiver refuses its body.
    fn exchange(
        self,
        sender: MessageJudge<'_>,
        text: BodyText,
    ) -> Result<(String, Option<BreakEvidence>), String> {
        let refused = |violations: &[Violation]| {
            let is_of_body = |found: &&Violation| found.part == MessagePart::Body;
            violations.iter().find(is_of_body).cloned()
        };
        let receiver = self.sides.receiver;
        match self.status {
            None => {
                let built = accepted(build_request(sender, request_choices(text))?)?;
                let request = built.request.clone();
                let violation = refused(&received(receiver, built)?);
                let evidence =
                    violation.map(|found| BreakEvidence::of_request(None, request.clone(), &found));
                Ok((request.line(), evidence))
            }
            Some(status) => {
                let built = build_response(sender, &response_choices(status, text))?;
                if let Some(reason) = built.refusal {
                    return Err(format!("no complete example was found: {reason}"));
                }
                let response = built.response;
                let violation = refused(&receiver.response(&response)?);
                let evidence = violation
                    .map(|found| BreakEvidence::of_response(None, response.clone(), &found));
                Ok((response.line(), evidence))
            }
        }
    }
}

fn request_choices<'c>(text: BodyText) -> RequestChoices<'c> {
    RequestChoices {
        body: BodyChoice::Text(text),
        ..RequestChoices::default()
    }
}

fn response_choices<'c>(status: u16, text: BodyText) -> ResponseChoices<'c> {
    ResponseChoices {
        status,
        body: ResponseBodyChoice::Text(text),
        ..ResponseChoices::default()
    }
}
