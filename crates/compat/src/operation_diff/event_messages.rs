//! Compares the messages of one channel and action.
//!
//! What the application receives is judged as a request: it must accept what others sent before. What
//! it sends is judged as a response: others must be able to read it. A setting can ask for either or
//! both, whatever the action. Messages match by name. A message that exists in only one revision is
//! judged by all messages of the other together, because consumers and producers need not care under
//! which name an event is described.

use portcullis_contract::{
    BodyDeclaration, EventAction, EventMessage, MediaType, MessageDirection, Operation, essence_of,
};

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compare_options::EventCompatibility;
use super::super::compat_finding::ChangeSubject;
use super::super::containment::{ContainmentVerdict, SchemaBreak, ValueEncoding};
use super::super::containment_checker::SchemaKeyPair;
use super::super::witness::{MessageJudge, Witness, WitnessRequest};
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, OperationPair};
use super::payload_schemas::{PayloadSchemas, payload_schemas, protobuf_payloads};

/// The side of findings about an event.
pub(super) const EVENT: Option<MessageDirection> = Some(MessageDirection::Request);

/// The messages of one channel and action in both contracts.
pub(super) struct EventGroups<'c> {
    pub(super) channel: &'c str,
    /// The numbers of the channel.
    pub(super) channels: [usize; 2],
    /// What the application does, for findings.
    pub(super) action: EventAction,
    /// What each revision says that it does.
    pub(super) actions: [EventAction; 2],
    /// The numbers of the messages.
    pub(super) old: Vec<usize>,
    pub(super) new: Vec<usize>,
}

impl EventGroups<'_> {
    /// The scope of findings about the group or one of its messages.
    pub(super) fn scope(&self, message: Option<&EventMessage>) -> ChangeScope {
        let subject = ChangeSubject::Event {
            channel: self.channel.to_owned(),
            action: Some(self.action),
            message: message.map(|message| message.name.to_string()),
        };
        ChangeScope {
            subject: subject.into(),
            is_outbound: self.action == EventAction::Send,
        }
    }

    /// Whether the newer revision produces the events that are judged; both, if either may.
    fn producers(&self, compatibility: EventCompatibility) -> &'static [bool] {
        match (compatibility, self.action) {
            (EventCompatibility::Full, _)
            | (EventCompatibility::ByAction, EventAction::Undirected) => &[false, true],
            (EventCompatibility::Backward, _)
            | (EventCompatibility::ByAction, EventAction::Receive) => &[false],
            (EventCompatibility::Forward, _)
            | (EventCompatibility::ByAction, EventAction::Send) => &[true],
        }
    }
}

impl<'c> ContractComparison<'c> {
    /// Compares the messages of a channel and action that both contracts have.
    pub(super) fn event_groups(&mut self, groups: &EventGroups<'_>) {
        let (Some(old), Some(new)) = (self.old.events(), self.new.events()) else {
            return;
        };
        let pairs = message_pairs([&old.messages, &new.messages], [&groups.old, &groups.new]);
        for number in &groups.old {
            let message = &old.messages[*number];
            match pairs.iter().find(|(before, _)| before == number) {
                Some((_, other)) => {
                    self.message_pair(groups, (*number, message), (*other, &new.messages[*other]));
                }
                None => self.removed_message(groups, *number, message),
            }
        }
        for number in &groups.new {
            if pairs.iter().all(|(_, after)| after != number) {
                self.added_message(groups, *number, &new.messages[*number]);
            }
        }
    }

    fn message_pair(
        &mut self,
        groups: &EventGroups<'_>,
        (old_number, old): (usize, &EventMessage),
        (new_number, new): (usize, &EventMessage),
    ) {
        // Payloads in Avro and Protobuf are compared apart from the rest of the event.
        let schemas = payload_schemas(old, new);
        let operations = match schemas {
            Some(_) => (
                self.old.event_envelope(old_number),
                self.new.event_envelope(new_number),
            ),
            None => (
                self.old.event_operation(old_number),
                self.new.event_operation(new_number),
            ),
        };
        let (Some(before), Some(after)) = operations else {
            return;
        };
        let scope = groups.scope(Some(old));
        self.message_properties(&scope, [before, after], [old, new]);
        if let Some(PayloadSchemas::Protobuf(schemas)) = schemas {
            let payloads = protobuf_payloads([before, after], schemas, old);
            self.protobuf_numbers(&scope, payloads);
        }
        for new_produces in groups.producers(self.options.events) {
            let scope = ChangeScope {
                is_outbound: *new_produces,
                ..scope.clone()
            };
            let pair = OperationPair {
                old: before,
                new: after,
                is_outbound: *new_produces,
                takeover: None,
            };
            self.request_body(&scope, pair);
            match schemas {
                Some(PayloadSchemas::Avro(schemas)) => {
                    self.avro_payloads(&scope, [before, after], schemas);
                }
                Some(PayloadSchemas::Protobuf(schemas)) => {
                    let message = if *new_produces { new } else { old };
                    let payloads = protobuf_payloads([before, after], schemas, message);
                    self.protobuf_payloads(&scope, payloads);
                }
                None => {}
            }
        }
    }

    /// Compares what messages declare apart from their schemas.
    fn message_properties(
        &mut self,
        scope: &ChangeScope,
        [before, after]: [&Operation; 2],
        [old, new]: [&EventMessage; 2],
    ) {
        let change = || ChangeDetails::default().between(before.node_ref, after.node_ref);
        if old.name != new.name {
            let change = change().from(&old.name).to(&new.name);
            self.push("event.message.renamed", scope, None, change);
        }
        let text =
            |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("none").to_owned();
        if !is_same_type(old.content_type.as_deref(), new.content_type.as_deref()) {
            let change = change()
                .from(text(&old.content_type))
                .to(text(&new.content_type));
            self.push("event.content-type.changed", scope, None, change);
        }
        if old.opaque_format != new.opaque_format {
            let change = change()
                .from(text(&old.opaque_format))
                .to(text(&new.opaque_format));
            self.push("event.schema-format.changed", scope, None, change);
        }
        let correlation = match (&old.correlation_id, &new.correlation_id) {
            (None, Some(new)) => Some(("event.correlation-id.added", change().to(new))),
            (Some(old), None) => Some(("event.correlation-id.removed", change().from(old))),
            (Some(old), Some(new)) if old != new => {
                Some(("event.correlation-id.changed", change().from(old).to(new)))
            }
            _ => None,
        };
        if let Some((rule, change)) = correlation {
            self.push(rule, scope, None, change);
        }
        // The text of a schema can be the same, and what it imports is not there in one revision.
        if old.opaque_format == new.opaque_format
            && old.payload_schema.is_some() != new.payload_schema.is_some()
        {
            self.push("event.protobuf.changed", scope, EVENT, change());
            self.set_unknown("the schema of one revision is not judged");
        }
    }

    fn removed_message(&mut self, groups: &EventGroups<'_>, number: usize, message: &EventMessage) {
        let Some(own) = self.old.event_operation(number) else {
            return;
        };
        let (channel, action) = (groups.channels[1], groups.actions[1]);
        let content_type = message.content_type.as_deref();
        let others = self.new.event_group(channel, action, content_type);
        let change = ChangeDetails::default().between(own.node_ref, others.map(|it| it.node_ref));
        let is_judged = groups.producers(self.options.events).contains(&false);
        let scope = groups.scope(Some(message));
        let scope = ChangeScope {
            is_outbound: !is_judged,
            ..scope
        };
        self.push("event.message.removed", &scope, EVENT, change);
        // Without a message of its content type, any event of it is refused, as the rule says.
        if let Some(others) = others.filter(|_| is_judged) {
            self.judge_message(own, others, false);
        }
    }

    fn added_message(&mut self, groups: &EventGroups<'_>, number: usize, message: &EventMessage) {
        let Some(own) = self.new.event_operation(number) else {
            return;
        };
        let (channel, action) = (groups.channels[0], groups.actions[0]);
        let content_type = message.content_type.as_deref();
        let others = self.old.event_group(channel, action, content_type);
        let change = ChangeDetails::default().between(others.map(|it| it.node_ref), own.node_ref);
        let is_judged = groups.producers(self.options.events).contains(&true);
        let scope = groups.scope(Some(message));
        let scope = ChangeScope {
            is_outbound: is_judged,
            ..scope
        };
        self.push("event.message.added", &scope, EVENT, change);
        if let Some(others) = others.filter(|_| is_judged) {
            self.judge_message(own, others, true);
        }
    }

    /// Judges the last finding: whether any message of the other revision accepts everything that
    /// producers of a message send.
    fn judge_message(&mut self, own: &'c Operation, others: &'c Operation, new_produces: bool) {
        let keys = media_of(own).and_then(|media| media.schema.as_ref());
        let other_keys = media_of(others).and_then(|media| media.schema.as_ref());
        let (Some(own_key), Some(other_key)) = (keys, other_keys) else {
            return self.set_unknown("the message cannot be read from the contract");
        };
        let (old, new) = if new_produces {
            (other_key, own_key)
        } else {
            (own_key, other_key)
        };
        let schemas = SchemaKeyPair {
            old,
            new,
            direction: MessageDirection::Request,
            encoding: ValueEncoding::Json,
        };
        match self.containment.check_first(schemas, new_produces) {
            ContainmentVerdict::Same | ContainmentVerdict::Compatible => {
                self.set_level(ChangeLevel::Info, ChangeCertainty::Proved);
            }
            ContainmentVerdict::Unknown(unknown) => self.set_unknown(&unknown.reason),
            ContainmentVerdict::Breaking(breaks) => {
                let confirmed = breaks
                    .first()
                    .ok_or_else(|| "there is no example".to_owned())
                    .and_then(|found| self.confirmed_event(found, own, others, new_produces));
                match confirmed {
                    Ok(witness) => {
                        self.set_level(ChangeLevel::Breaking, ChangeCertainty::Witnessed);
                        if let Some(finding) = self.findings.last_mut() {
                            finding.witness = Some(witness);
                        }
                    }
                    Err(reason) => self.set_unknown(&reason),
                }
            }
        }
    }

    /// An event that one operation accepts and the other refuses, by the validators of both contracts.
    fn confirmed_event(
        &self,
        found: &SchemaBreak,
        own: &'c Operation,
        others: &'c Operation,
        new_produces: bool,
    ) -> Result<Witness, String> {
        let (sender, receiver) = if new_produces {
            (self.new, self.old)
        } else {
            (self.old, self.new)
        };
        let judge = |contract, operation: &'c Operation| MessageJudge {
            contract,
            operation,
            method: &operation.method,
            is_outbound: true,
            address: None,
        };
        let request = WitnessRequest {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Some(found.witness.to_string()),
        };
        let sent = judge(sender, own).request(&request)?;
        if let Some(violation) = sent.first() {
            let words = violation.sentence(true);
            return Err(format!(
                "the contract that should allow the example refuses it: {words}"
            ));
        }
        let refused = judge(receiver, others).request(&request)?;
        let violation = refused
            .first()
            .ok_or("the contract that should refuse the example allows it")?;
        Ok(Witness {
            value: found.witness.clone(),
            pointer: found.pointer.clone(),
            keyword: found.keyword.clone(),
            refusal: violation.sentence(true),
            ..Witness::default()
        })
    }
}

/// The media type of the event of an operation.
fn media_of(operation: &Operation) -> Option<&MediaType> {
    match &operation.body {
        BodyDeclaration::Declared(body) => body.content.first(),
        BodyDeclaration::Undeclared | BodyDeclaration::Ignored => None,
    }
}

/// Matches messages by name. If each revision has one message, they match whatever their names.
fn message_pairs(messages: [&[EventMessage]; 2], groups: [&[usize]; 2]) -> Vec<(usize, usize)> {
    if let ([old], [new]) = (groups[0], groups[1]) {
        return vec![(*old, *new)];
    }
    let pairs = groups[0].iter().filter_map(|old| {
        let name = &messages[0][*old].name;
        let mut others = groups[1].iter();
        let other = others.find(|new| messages[1][**new].name == *name)?;
        Some((*old, *other))
    });
    pairs.collect()
}

/// Whether two content types are the same without their parameters.
fn is_same_type(one: Option<&str>, other: Option<&str>) -> bool {
    one.map(essence_of) == other.map(essence_of)
}
