//! Compares the payloads of messages in Protobuf, by the rules of the wire format, or of ProtoJSON if
//! the content type is JSON.
//!
//! A break has an event of the writer that a reader of the other schema refuses or reads differently.
//! Where the rules call types compatible although values are cut, the finding is a warning and has such
//! an event, too.

use portcullis_protobuf::{ProtobufBreak, ProtobufLoss, compare_protobuf, number_reuse};
use serde_json::json;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::{ChangeLocation, ExchangePart};
use super::super::witness::Witness;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison};
use super::event_messages::EVENT;
use super::payload_schemas::ProtobufPayloads;

impl ProtobufPayloads<'_> {
    fn change(&self, pointer: &str) -> ChangeDetails {
        let [before, after] = self.operations;
        ChangeDetails {
            location: ChangeLocation {
                part: ExchangePart::Event.into(),
                pointer: format!("/payload{pointer}").into(),
            },
            ..ChangeDetails::default().between(before.node_ref, after.node_ref)
        }
    }
}

impl ContractComparison<'_> {
    /// Compares the schemas of one message, in one direction.
    pub(super) fn protobuf_payloads(
        &mut self,
        scope: &ChangeScope,
        payloads: ProtobufPayloads<'_>,
    ) {
        let ProtobufPayloads {
            old, new, encoding, ..
        } = payloads;
        if old == new {
            return;
        }
        let (writer, reader) = if scope.is_outbound {
            (new, old)
        } else {
            (old, new)
        };
        let found = compare_protobuf(writer, reader, encoding);
        for meaning in &found.meanings {
            let (one, other) = if scope.is_outbound {
                (&meaning.read, &meaning.written)
            } else {
                (&meaning.written, &meaning.read)
            };
            let place = &meaning.place;
            let change = payloads
                .change("")
                .from(format!("{place}: {one}"))
                .to(other);
            self.push("event.protobuf.meaning.changed", scope, EVENT, change);
        }
        let is_clean = found.breaks.is_empty() && found.meanings.is_empty();
        if is_clean || !found.unknown.is_empty() {
            let change = payloads.change("");
            self.push("event.protobuf.changed", scope, EVENT, change);
            if !found.unknown.is_empty() {
                let types = found.unknown.join("; ");
                self.set_unknown(&format!("not compared: {types}"));
            }
        }
        for one in found.breaks {
            let change = payloads.change(&one.pointer).to(&one.reason);
            let rule = match one.loss {
                ProtobufLoss::Unreadable => "event.protobuf.unreadable",
                ProtobufLoss::Narrowed => "event.protobuf.narrowed",
            };
            self.push(rule, scope, EVENT, change);
            self.show_protobuf(one);
        }
    }

    /// Adds the event that shows the last finding.
    fn show_protobuf(&mut self, found: ProtobufBreak) {
        let Some(outcome) = found.outcome else {
            return self.set_unknown(&format!("{}, but an example was read", found.reason));
        };
        // Of compatible types the rule decides, and the event says what it means.
        if found.loss == ProtobufLoss::Unreadable {
            self.set_level(ChangeLevel::Breaking, ChangeCertainty::Witnessed);
        }
        let mut value = json!({"payload": found.value});
        if !found.bytes.is_empty() {
            value["payload_hex"] = json!(found.bytes);
        }
        if let Some(finding) = self.findings.last_mut() {
            let pointer = format!("/payload{}", found.pointer);
            finding.witness = Some(Witness {
                value,
                refusal: format!("{pointer}: {outcome}"),
                pointer,
                ..Witness::default()
            });
        }
    }

    /// Compares the numbers of fields and values, which does not depend on the direction.
    pub(super) fn protobuf_numbers(&mut self, scope: &ChangeScope, payloads: ProtobufPayloads<'_>) {
        for one in number_reuse(payloads.old, payloads.new) {
            let name = format!("{} of {} ({})", one.name, one.place, one.number);
            let (rule, change) = if one.is_reused {
                ("event.protobuf.number.reused", payloads.change("").to(name))
            } else {
                (
                    "event.protobuf.number.unreserved",
                    payloads.change("").from(name),
                )
            };
            self.push(rule, scope, None, change);
        }
    }
}
