//! Judges events by an AsyncAPI contract, as a consumer with the same contract would.
//!
//! An event belongs to the channels at its destination. It is valid if a message of one of them
//! accepts it: the named one, if the event names its message.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use portcullis_avro::judge_avro;
use portcullis_protobuf::judge_protobuf;

use portcullis_vocabulary::enforcement::{
    Enforcement, EnforcementCeilings, EnforcementPolicy, ViolationClass,
};
use portcullis_vocabulary::limits::Limits;

use super::recorded_event::RecordedEvent;
use crate::message::route::PathCaptures;
use crate::openapi::document::SourceLocation;
use crate::{
    BodyLength, CheckScratch, CheckSettings, CompiledContract, EventAction, EventMessage,
    Operation, PayloadSchema, RequestHead, Violation, check_body, check_head,
};

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventFault {
    /// No channel of the contract has its destination.
    UnknownChannel,
    /// The channel has no message of its name.
    UnknownMessage,
    /// Its content type is not that of the message.
    ContentType,
    /// Its headers, payload or key do not match their schemas.
    InvalidEvent,
    /// It is unknown whether it is valid.
    Unjudged,
}

impl EventFault {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownChannel => "unknown-channel",
            Self::UnknownMessage => "unknown-message",
            Self::ContentType => "content-type",
            Self::InvalidEvent => "invalid-event",
            Self::Unjudged => "unjudged",
        }
    }
}

/// One way in which an event departs from its contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventViolation {
    /// What is wrong.
    pub fault: EventFault,
    /// JSON Pointer into the event, whose members are `headers`, `payload` and `key`.
    pub pointer: String,
    /// The keyword that the event violates.
    pub keyword: Option<String>,
    /// The description, which may quote values.
    pub message: String,
    /// The description without values.
    pub masked: String,
    /// The location of the rule in the contract.
    pub contract: Option<SourceLocation>,
}

/// The verdict about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventVerdict {
    /// The number of the message that accepts it, or that it resembles most.
    pub message: Option<usize>,
    /// What is wrong; empty if it is valid.
    pub violations: Vec<EventViolation>,
}

/// Which events of a channel are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFlow {
    /// Those that the application sends or receives.
    Any,
    /// Those of one action. Events that no operation mentions count as both.
    Of(EventAction),
    /// Those that an operation of the action sends or receives.
    Operated(EventAction),
}

/// Judges an event.
pub fn judge_event(
    contract: &CompiledContract,
    flow: EventFlow,
    event: &RecordedEvent,
) -> EventVerdict {
    let candidates = match candidates(contract, flow, event) {
        Ok(candidates) => candidates,
        Err((fault, message)) => {
            return EventVerdict {
                message: None,
                violations: vec![EventViolation::new(fault, &message)],
            };
        }
    };
    let mut best: Option<EventVerdict> = None;
    for (number, message) in candidates {
        let violations = violations(contract, number, message, event);
        let is_better = best
            .as_ref()
            .is_none_or(|best| violations.len() < best.violations.len());
        if is_better {
            best = Some(EventVerdict {
                message: Some(number),
                violations,
            });
        }
    }
    best.unwrap_or(EventVerdict {
        message: None,
        violations: Vec::new(),
    })
}

/// The messages that the event can be; never empty. The error is what is wrong.
fn candidates<'c>(
    contract: &'c CompiledContract,
    flow: EventFlow,
    event: &RecordedEvent,
) -> Result<Vec<(usize, &'c EventMessage)>, (EventFault, String)> {
    let is_of_flow = |action: EventAction| match flow {
        EventFlow::Any => true,
        EventFlow::Of(wanted) => action == wanted || action == EventAction::Undirected,
        EventFlow::Operated(wanted) => action == wanted,
    };
    let messages = contract.events().into_iter().flat_map(|events| {
        let messages = events.messages.iter().enumerate();
        messages.filter(|(_, message)| {
            events.channel_of(message).is_at(&event.channel) && is_of_flow(message.action)
        })
    });
    let of_channel: Vec<_> = messages.collect();
    if of_channel.is_empty() {
        let what = match flow {
            EventFlow::Any | EventFlow::Of(_) => "messages".to_owned(),
            EventFlow::Operated(action) => format!("operation to {}", action.as_str()),
        };
        let message = format!(
            "the contract has no {what} for the channel `{}`",
            event.channel
        );
        return Err((EventFault::UnknownChannel, message));
    }
    let Some(name) = &event.message else {
        return Ok(of_channel);
    };
    let named: Vec<_> = of_channel
        .into_iter()
        .filter(|(_, message)| *message.name == **name)
        .collect();
    if named.is_empty() {
        let message = format!("the channel `{}` has no message `{name}`", event.channel);
        return Err((EventFault::UnknownMessage, message));
    }
    Ok(named)
}

fn violations(
    contract: &CompiledContract,
    number: usize,
    message: &EventMessage,
    event: &RecordedEvent,
) -> Vec<EventViolation> {
    let own = event.content_type.as_deref();
    if !message.accepts_type(own) {
        let (own, declared) = (own.unwrap_or("none"), &message.content_type);
        let declared = declared.as_deref().unwrap_or("none");
        let text = format!("the content type is `{own}`, and the contract has `{declared}`");
        return vec![EventViolation::new(EventFault::ContentType, &text)];
    }
    let operation = match message.payload_schema {
        Some(_) => contract.event_envelope(number),
        None => contract.event_operation(number),
    };
    let Some(operation) = operation else {
        let text = "the message cannot be read from the contract";
        return vec![EventViolation::new(EventFault::Unjudged, text)];
    };
    let found = check(contract, operation, event.body.as_bytes());
    let found = found.into_iter().map(EventViolation::from);
    let payload = message.payload_schema.iter().flat_map(|schema| {
        let found = payload_violations(schema, &event.body).into_iter();
        // The message is the place of its schema.
        found.map(|violation| EventViolation {
            contract: Some(contract.documents().location(operation.node_ref)),
            ..violation
        })
    });
    found.chain(payload).collect()
}

/// Judges the payload of an event in Avro's JSON encoding or in ProtoJSON.
fn payload_violations(schema: &PayloadSchema, body: &str) -> Vec<EventViolation> {
    let body: Result<Value, _> = serde_json::from_str(body);
    let Ok(body) = body else {
        let text = "the payload cannot be read as JSON";
        return vec![EventViolation::new(EventFault::Unjudged, text)];
    };
    let violation = |pointer: &str, message: &str| EventViolation {
        pointer: format!("/payload{pointer}"),
        ..EventViolation::new(EventFault::InvalidEvent, message)
    };
    let payload = &body["payload"];
    match schema {
        PayloadSchema::Avro(schema) => {
            let found = judge_avro(schema, payload).into_iter();
            found
                .map(|one| violation(&one.pointer, &one.message))
                .collect()
        }
        PayloadSchema::Protobuf(schema) => {
            let found = judge_protobuf(schema, payload).into_iter();
            found
                .map(|one| violation(&one.pointer, &one.message))
                .collect()
        }
    }
}

/// Checks the event as the body of a request.
fn check(contract: &CompiledContract, operation: &Operation, body: &[u8]) -> Vec<Violation> {
    let ceilings = EnforcementCeilings {
        request: Enforcement::Report,
        response: Enforcement::Report,
    };
    let off = [(ViolationClass::UnknownBodyProperty, Enforcement::Off)];
    let policy = EnforcementPolicy::new(ceilings, off, 1.0);
    let limits = Limits::default();
    let settings = CheckSettings::new(&policy, &limits);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let captures = PathCaptures::default();
    let head = RequestHead {
        path: "/",
        query: None,
        headers: &headers,
        captures: &captures,
        body: BodyLength::Known,
    };
    let (mut scratch, mut found) = (CheckScratch::default(), Vec::new());
    let plan = check_head(
        contract,
        operation,
        head,
        settings,
        &mut scratch,
        &mut found,
    );
    check_body(
        contract,
        plan,
        &headers,
        body,
        settings,
        &mut scratch,
        &mut found,
    );
    found
}

impl EventViolation {
    fn new(fault: EventFault, message: &str) -> Self {
        Self {
            fault,
            pointer: String::new(),
            keyword: None,
            message: message.to_owned(),
            masked: message.to_owned(),
            contract: None,
        }
    }

    /// One sentence: the location, then the description. It quotes values only if `with_values`.
    pub fn sentence(&self, with_values: bool) -> String {
        let message = if with_values {
            &self.message
        } else {
            &self.masked
        };
        match &*self.pointer {
            "" => message.clone(),
            pointer => format!("{pointer}: {message}"),
        }
    }
}

impl From<Violation> for EventViolation {
    fn from(violation: Violation) -> Self {
        let fault = if violation.class.is_unreadable() {
            EventFault::Unjudged
        } else {
            EventFault::InvalidEvent
        };
        let Violation {
            pointer,
            keyword,
            contract,
            message,
            masked,
            ..
        } = violation;
        Self {
            fault,
            pointer,
            keyword,
            message,
            masked,
            contract,
        }
    }
}
