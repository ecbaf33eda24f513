//! Compares the payloads of messages in Avro, by the rules of schema resolution.
//!
//! A break has an event of the writer that a reader of the other schema refuses. The search is
//! complete, because the rules are about types.

use portcullis_avro::{AvroSchema, resolve_avro};
use portcullis_contract::Operation;
use serde_json::json;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::{ChangeLocation, ExchangePart};
use super::super::witness::Witness;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison};
use super::event_messages::EVENT;

impl ContractComparison<'_> {
    /// Compares the schemas of one message, in one direction.
    pub(super) fn avro_payloads(
        &mut self,
        scope: &ChangeScope,
        [before, after]: [&Operation; 2],
        [old, new]: [&AvroSchema; 2],
    ) {
        if old == new {
            return;
        }
        let (writer, reader) = if scope.is_outbound {
            (new, old)
        } else {
            (old, new)
        };
        let resolution = resolve_avro(writer, reader);
        let change = |pointer: &str| ChangeDetails {
            location: ChangeLocation {
                part: ExchangePart::Event.into(),
                pointer: format!("/payload{pointer}").into(),
            },
            ..ChangeDetails::default().between(before.node_ref, after.node_ref)
        };
        for meaning in &resolution.meanings {
            let (one, other) = if scope.is_outbound {
                (&meaning.read, &meaning.written)
            } else {
                (&meaning.written, &meaning.read)
            };
            let field = &meaning.field;
            let change = change("").from(format!("{field}: {one}")).to(other);
            self.push("event.avro.logical-type.changed", scope, EVENT, change);
        }
        if resolution.breaks.is_empty() && resolution.meanings.is_empty() {
            self.push("event.avro.changed", scope, EVENT, change(""));
        }
        for found in resolution.breaks {
            let pointer = format!("/payload{}", found.pointer);
            let change = change(&found.pointer).to(&found.reason);
            self.push("event.avro.unreadable", scope, EVENT, change);
            if !found.is_confirmed {
                self.set_unknown(&format!("{}, but an example was read", found.reason));
                continue;
            }
            self.set_level(ChangeLevel::Breaking, ChangeCertainty::Witnessed);
            if let Some(finding) = self.findings.last_mut() {
                finding.witness = Some(Witness {
                    value: json!({"payload": found.value}),
                    refusal: format!("{pointer}: {}", found.reason),
                    pointer,
                    ..Witness::default()
                });
            }
        }
    }
}
