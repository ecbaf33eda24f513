//! Checks a witness with the validators of both contracts.
//!
//! The value is written into a whole message, which the sender's contract must accept. If no
//! complete message was found, only the part that carries the value is judged, and no message is
//! shown.

use http::Method;
use serde_json::Value;

use portcullis_contract::{
    CompiledContract, MediaType, MessageDirection, MessagePart, Operation, Parameter, Violation,
};

use super::super::containment::SchemaBreak;
use super::concrete_media_type::{DeclaredContent, concrete_media_type, request_content};
use super::message_judge::MessageJudge;
use super::request_builder::{
    BodyChoice, BuiltRequest, RequestChoices, build_request, is_about, received,
};
use super::response_builder::{
    BuiltResponse, ResponseBodyChoice, ResponseChoices, build_response, usual_statuses,
};
use super::serialise_body::{BodyText, body};
use super::witness_message::{WitnessRequest, WitnessResponse};

/// What carries a value, in one contract.
#[derive(Clone, Copy)]
pub(crate) enum ValueCarrier<'c> {
    Body(&'c MediaType),
    Parameter(&'c Parameter),
    Header(&'c Parameter, u16),
}

/// A message with all of its parts.
pub(crate) enum CompleteMessage {
    Request(WitnessRequest),
    Response(WitnessResponse),
}

/// One contract of a comparison, for checking a witness.
#[derive(Clone, Copy)]
pub(crate) struct ContractSide<'c> {
    pub(crate) contract: &'c CompiledContract,
    pub(crate) operation: &'c Operation,
    /// The method of the requests. `HEAD` requests may be served by a `GET` operation.
    pub(crate) method: &'c Method,
    pub(crate) carrier: ValueCarrier<'c>,
    pub(crate) direction: MessageDirection,
    /// Whether the service calls the operation, which then has no path of this contract.
    pub(crate) is_outbound: bool,
    /// The template of the addresses to use, if they are fewer than those of the operation.
    pub(crate) address: Option<&'c str>,
}

/// Checks the value of a break with both contracts: `sender` must allow it and `receiver` must
/// refuse it. Returns the violation that `receiver` reports, the one of the break if there are
/// several.
///
/// # Errors
///
/// Returns the reason if the value does not demonstrate a break.
pub(crate) fn verify<'c>(
    sender: ContractSide<'c>,
    receiver: ContractSide<'c>,
    found: &SchemaBreak,
) -> Result<String, String> {
    let value = &found.witness;
    let (sent, received) = match sender.direction {
        MessageDirection::Request => {
            let built = sender.request(receiver, value)?;
            let sent = sender.judge().request(&built.request)?;
            (sent, received(receiver.judge(), built)?)
        }
        MessageDirection::Response => {
            let built = sender.response(receiver, value)?;
            let sent = sender.judge().response(&built.response)?;
            (sent, receiver.judge().response(&built.response)?)
        }
    };
    if let Some(violation) = sent.iter().find(|found| sender.is_about(found)) {
        let words = violation.sentence(true);
        return Err(format!(
            "the contract that should allow the example refuses it: {words}"
        ));
    }
    let about = received
        .iter()
        .filter(|violation| receiver.is_about(violation));
    match about.min_by_key(|violation| distance(violation, found)) {
        Some(violation) => Ok(violation.sentence(true)),
        None => Err("the contract that should refuse the example allows it".to_owned()),
    }
}

/// How far a violation is from a break: another place, another keyword, another property.
fn distance(violation: &Violation, found: &SchemaBreak) -> [bool; 3] {
    let is_of_property = found.property.as_ref().is_none_or(|name| {
        violation.message.contains(name.as_str()) || violation.pointer.ends_with(name.as_str())
    });
    [
        !found.pointer.starts_with(&violation.pointer),
        violation.keyword.as_deref() != Some(&found.keyword),
        !is_of_property,
    ]
}

/// The complete message that carries a value.
///
/// # Errors
///
/// Returns the reason if the value cannot be written into a message, or the sender's contract does
/// not allow the rest of the message.
pub(crate) fn complete_message<'c>(
    sender: ContractSide<'c>,
    receiver: ContractSide<'c>,
    value: &Value,
) -> Result<CompleteMessage, String> {
    match sender.direction {
        MessageDirection::Request => {
            let built = sender.request(receiver, value)?;
            match built.refusal {
                None => Ok(CompleteMessage::Request(built.request)),
                Some(reason) => Err(reason),
            }
        }
        MessageDirection::Response => {
            let built = sender.response(receiver, value)?;
            match built.refusal {
                None => Ok(CompleteMessage::Response(built.response)),
                Some(reason) => Err(reason),
            }
        }
    }
}

impl<'c> ContractSide<'c> {
    fn judge(self) -> MessageJudge<'c> {
        MessageJudge {
            contract: self.contract,
            operation: self.operation,
            method: self.method,
            is_outbound: self.is_outbound,
            address: self.address,
        }
    }

    /// The body with a value, in a media type by which both sides select the compared schemas.
    fn body(self, receiver: Self, status: Option<u16>, value: &Value) -> Result<BodyText, String> {
        let declared = |side: ContractSide<'c>| {
            let ValueCarrier::Body(media) = side.carrier else {
                return None;
            };
            let content = match status {
                None => request_content(side.operation),
                Some(status) => &side.operation.response(status)?.content,
            };
            Some(DeclaredContent { content, media })
        };
        let own = declared(self).ok_or("the message has no body")?;
        let both = [Some(own), declared(receiver)].into_iter().flatten();
        let media_type = concrete_media_type(&both.collect::<Vec<_>>());
        body(self.contract, own.media, &media_type, value)
    }

    fn request(self, receiver: Self, value: &Value) -> Result<BuiltRequest, String> {
        let choices = match self.carrier {
            ValueCarrier::Body(_) => RequestChoices {
                body: BodyChoice::Text(self.body(receiver, None, value)?),
                ..RequestChoices::default()
            },
            ValueCarrier::Parameter(parameter) | ValueCarrier::Header(parameter, _) => {
                RequestChoices {
                    parameter: Some((parameter, value.clone())),
                    ..RequestChoices::default()
                }
            }
        };
        build_request(self.judge(), choices)
    }

    fn response(self, receiver: Self, value: &Value) -> Result<BuiltResponse, String> {
        let choices = match self.carrier {
            ValueCarrier::Body(_) => {
                let status = self
                    .common_status(receiver)
                    .ok_or("no status has the body in both contracts")?;
                ResponseChoices {
                    status,
                    header: None,
                    body: ResponseBodyChoice::Text(self.body(receiver, Some(status), value)?),
                }
            }
            ValueCarrier::Header(header, status) => ResponseChoices {
                status: self.usual_status(receiver, status),
                header: Some((header, value.clone())),
                body: ResponseBodyChoice::Absent,
            },
            ValueCarrier::Parameter(_) => return Err("a response has no parameters".to_owned()),
        };
        build_response(self.judge(), &choices)
    }

    /// The most usual status code for which both sides declare the same responses as for `status`.
    fn usual_status(self, other: ContractSide<'_>, status: u16) -> u16 {
        let is_same = |operation: &Operation, code: u16| {
            let pair = operation.response(code).zip(operation.response(status));
            pair.is_some_and(|(one, other)| std::ptr::eq(&**one, &**other))
        };
        usual_statuses()
            .find(|code| is_same(self.operation, *code) && is_same(other.operation, *code))
            .unwrap_or(status)
    }

    /// A status code whose response has the body of each side.
    fn common_status(self, other: ContractSide<'_>) -> Option<u16> {
        let has_body = |side: ContractSide<'_>, status: u16| {
            let ValueCarrier::Body(media) = side.carrier else {
                return false;
            };
            let declared = side.operation.response(status);
            declared.is_some_and(|declared| {
                declared
                    .content
                    .iter()
                    .any(|known| std::ptr::eq(known, media))
            })
        };
        let is_common = |status: &u16| has_body(self, *status) && has_body(other, *status);
        // A proxy does not read the body of a part of a representation (206).
        usual_statuses()
            .filter(|status| *status != 206)
            .find(is_common)
    }

    /// Whether a violation is about the part of the message that carries the value.
    fn is_about(self, violation: &Violation) -> bool {
        match self.carrier {
            ValueCarrier::Body(_) => violation.part == MessagePart::Body,
            ValueCarrier::Parameter(parameter) | ValueCarrier::Header(parameter, _) => {
                is_about(violation, parameter)
            }
        }
    }
}
