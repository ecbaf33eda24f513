//! Reads the channels of AsyncAPI 2 (2.6, Channel Item Object, Operation Object).
//!
//! `publish` is what others may publish, so the application receives it; `subscribe` is what others
//! may subscribe to, so the application sends it.

use super::event_contract::{EventAction, EventOperation};
use super::read_events::{EventReading, EventScope};
use crate::openapi::written_node::WrittenNode;

/// The name of the only message of an operation, if the document gives it none.
const UNNAMED: &str = "message";

impl EventReading<'_> {
    pub(super) fn channels_2(&mut self, root: &WrittenNode) {
        if root.get(self.documents, "channels").is_none() {
            return self.problem(
                root,
                "`channels` is missing: add it, with one entry for each channel",
            );
        }
        let Some(channels) = self.object(root, "channels") else {
            return;
        };
        for (address, channel) in self.node(&channels).members() {
            if address.starts_with("x-") {
                continue;
            }
            let channel = channels.at(channel);
            let Some(channel) = self.target(&channel, "a channel") else {
                continue;
            };
            let number = self.add_channel(address, Some(address), &channel);
            for (field, action) in [
                ("publish", EventAction::Receive),
                ("subscribe", EventAction::Send),
            ] {
                if let Some(operation) = self.object(&channel, field) {
                    self.operation_2(number, action, &operation);
                }
            }
        }
    }

    fn operation_2(&mut self, channel: usize, action: EventAction, operation: &WrittenNode) {
        let scope = EventScope {
            channel,
            action,
            provider: self
                .owner(operation)
                .or_else(|| self.channels[channel].provider.clone()),
        };
        self.operations.push(EventOperation {
            channel,
            action,
            has_reply: false,
        });
        let Some(message) = operation.get(self.documents, "message") else {
            return;
        };
        let Some(target) = self.target(&message, "a message") else {
            return;
        };
        let Some(list) = target.get(self.documents, "oneOf") else {
            let name = self.name_2(&message);
            return self.add_message(&scope, name.as_deref().unwrap_or(UNNAMED), &message);
        };
        if !self.node(&list).is_array() {
            return self.problem(&list, "`oneOf` must be a list of messages");
        }
        for (number, element) in (1..).zip(self.node(&list).elements()) {
            let element = list.at(element);
            let name = self.name_2(&element);
            let name = name.unwrap_or_else(|| format!("{UNNAMED} {number}"));
            self.add_message(&scope, &name, &element);
        }
    }

    /// `messageId`, the name of the component, or `name`.
    fn name_2(&self, message: &WrittenNode) -> Option<String> {
        let target = message.target(self.documents)?;
        let given = self.text(&target, "messageId").map(str::to_owned);
        given
            .or_else(|| component_name(self.text(message, "$ref")?))
            .or_else(|| self.text(&target, "name").map(str::to_owned))
    }
}

/// The last token of a reference to a component.
fn component_name(reference: &str) -> Option<String> {
    let (_, pointer) = reference.split_once('#')?;
    let (_, name) = pointer.rsplit_once('/')?;
    let name = portcullis_json::pointer::unescape(name);
    (!name.is_empty()).then(|| name.into_owned())
}
