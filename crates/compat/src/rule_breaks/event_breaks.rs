//! Looks for events that show the breaks of channels and operations.
//!
//! An event of the revision that sends it, which the other revision does not expect: no channel is at
//! its destination any more, or its content type is another one.

use portcullis_contract::recorded::{EventFlow, RecordedEvent, judge_event};
use portcullis_contract::{
    BodyDeclaration, CompiledContract, EventAction, EventMessage, MessageDirection, Operation,
};
use serde_json::{Value, json};

use super::super::compat_finding::{ChangeSubject, CompatFinding};
use super::super::witness::Witness;
use super::break_evidence::BreakEvidence;

/// Judges an event that the finding says is refused now.
pub(super) fn event_break(
    finding: &CompatFinding,
    [old, new]: [&CompiledContract; 2],
) -> Option<BreakEvidence> {
    let ChangeSubject::Event {
        channel,
        action,
        message,
    } = &*finding.first().subject
    else {
        return None;
    };
    if finding.rule.id == "event.reply.removed" {
        return Some(BreakEvidence::unshown(
            "the answer is no longer sent, so no message is refused",
        ));
    }
    // Consumers of the older revision refuse another content type, as the application does.
    let is_retyped = finding.rule.id == "event.content-type.changed";
    let is_new = (is_retyped && *action == Some(EventAction::Send))
        || finding.rule.id == "event.message.added";
    let (sender, receiver) = if is_new { (new, old) } else { (old, new) };
    let contract = sender.events()?;
    let messages = contract.messages.iter().enumerate().filter(|(_, known)| {
        // A message that was renamed has its older name in the finding.
        let is_named =
            message.as_ref().is_none_or(|name| *known.name == **name) || (is_new && is_retyped);
        let own = &contract.channel_of(known).name;
        let is_of_action = action
            .is_none_or(|action| known.action == action || known.action == EventAction::Undirected);
        **own == **channel && is_named && is_of_action
    });
    let flow = match action {
        // Others use a channel without operations, whatever its messages accept.
        Some(action) if finding.rule.id == "event.operation.removed" => {
            EventFlow::Operated(*action)
        }
        Some(action) => EventFlow::Of(*action),
        None => EventFlow::Any,
    };
    let (mut is_known, mut is_accepted) = (false, false);
    for (number, known) in messages {
        is_known = true;
        let destination = contract.channel_of(known).destination();
        let operation = sender.event_operation(number)?;
        for body in samples(sender, operation) {
            let event = recorded(known, destination, &body);
            if !judge_event(sender, flow, &event).violations.is_empty() {
                continue;
            }
            let judged = judge_event(receiver, flow, &event);
            match judged.violations.first() {
                Some(violation) => {
                    return Some(BreakEvidence::Shown(Box::new(Witness {
                        value: shown(&event, body),
                        pointer: violation.pointer.clone(),
                        keyword: violation.keyword.clone().unwrap_or_default(),
                        refusal: violation.sentence(true),
                        ..Witness::default()
                    })));
                }
                None => is_accepted = true,
            }
        }
    }
    // An event of a message without a content type has none, so nothing can refuse it for that.
    let is_refuted = is_accepted && !is_retyped;
    Some(match (is_known, is_refuted) {
        (false, _) => BreakEvidence::unshown(
            "the contract has no message for the channel, so no event shows the change",
        ),
        (true, true) => BreakEvidence::Refuted(
            "another channel of the newer contract has the same events".to_owned(),
        ),
        (true, false) => BreakEvidence::unshown("no event that shows the change was found"),
    })
}

/// Events to try: a generated one, then common ones.
fn samples(contract: &CompiledContract, operation: &Operation) -> Vec<Value> {
    let media = match &operation.body {
        BodyDeclaration::Declared(body) => body.content.first(),
        BodyDeclaration::Undeclared | BodyDeclaration::Ignored => None,
    };
    let generated =
        media.and_then(|media| contract.generated_body(media, MessageDirection::Request));
    let common = [json!({}), json!("a"), json!(1), json!(null)];
    let common = common.map(|payload| json!({"headers": {}, "payload": payload}));
    generated.into_iter().chain(common).collect()
}

fn recorded(message: &EventMessage, destination: &str, body: &Value) -> RecordedEvent {
    // Any text stands for a parameter of the address.
    let mut channel = String::new();
    let mut rest = destination;
    while let Some((literal, after)) = rest.split_once('{') {
        channel.push_str(literal);
        channel.push('1');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    channel.push_str(rest);
    RecordedEvent {
        channel,
        message: None,
        content_type: message.content_type.as_deref().map(str::to_owned),
        body: body.to_string(),
    }
}

/// The event with its destination and content type.
fn shown(event: &RecordedEvent, body: Value) -> Value {
    let mut value = json!({"channel": event.channel});
    if let (Value::Object(members), Value::Object(own)) = (&mut value, body) {
        if let Some(content_type) = &event.content_type {
            members.insert("content_type".to_owned(), json!(content_type));
        }
        members.extend(own);
    }
    value
}
