//! Reads the channels and operations of AsyncAPI 3 (3.0, Channel Object, Operation Object).
//!
//! The answer of an operation (`reply`) goes the other way, on its own channel. Messages of a channel
//! that no operation uses are compared in both directions.

use portcullis_json::JsonNode;

use super::event_contract::{EventAction, EventOperation};
use super::read_events::{EventReading, EventScope};
use crate::openapi::document::NodeRef;
use crate::openapi::reference::resolve;
use crate::openapi::written_node::WrittenNode;

/// A channel, and where it is written.
struct ReadChannel {
    number: usize,
    /// Its place in the entry document, and what that refers to.
    nodes: Vec<NodeRef>,
    /// Its messages, by their names there.
    messages: Vec<(String, WrittenNode)>,
    is_used: bool,
}

impl EventReading<'_> {
    pub(super) fn channels_3(&mut self, root: &WrittenNode) {
        let mut channels = Vec::new();
        if let Some(list) = self.object(root, "channels") {
            for (name, channel) in self.node(&list).members() {
                if !name.starts_with("x-") {
                    channels.extend(self.channel_3(name, &list.at(channel)));
                }
            }
        }
        if let Some(list) = self.object(root, "operations") {
            for (name, operation) in self.node(&list).members() {
                if name.starts_with("x-") {
                    continue;
                }
                let operation = list.at(operation);
                if let Some(operation) = self.target(&operation, "an operation") {
                    self.operation_3(&operation, &mut channels);
                }
            }
        }
        for channel in channels.iter().filter(|channel| !channel.is_used) {
            let scope = EventScope {
                channel: channel.number,
                action: EventAction::Undirected,
                provider: self.channels[channel.number].provider.clone(),
            };
            for (name, message) in &channel.messages {
                self.add_message(&scope, name, message);
            }
        }
    }

    fn channel_3(&mut self, name: &str, written: &WrittenNode) -> Option<ReadChannel> {
        let channel = self.target(written, "a channel")?;
        let address = self.text(&channel, "address");
        let number = self.add_channel(name, address, &channel);
        let list = self.object(&channel, "messages");
        let messages = list.iter().flat_map(|list| {
            let members = self.node(list).members();
            members.map(|(name, message)| (name.to_owned(), list.at(message)))
        });
        Some(ReadChannel {
            number,
            messages: messages
                .filter(|(name, _)| !name.starts_with("x-"))
                .collect(),
            nodes: self.chain(written),
            is_used: false,
        })
    }

    fn operation_3(&mut self, operation: &WrittenNode, channels: &mut [ReadChannel]) {
        let action = match self.text(operation, "action") {
            Some("send") => EventAction::Send,
            Some("receive") => EventAction::Receive,
            _ => {
                let action = operation.get(self.documents, "action");
                let at = action.unwrap_or_else(|| operation.clone());
                return self.problem(&at, "`action` must be `send` or `receive`");
            }
        };
        if operation.get(self.documents, "channel").is_none() {
            let message =
                "`channel` is missing: refer to a channel, as in `$ref: '#/channels/name'`";
            return self.problem(operation, message);
        }
        let provider = self.owner(operation);
        self.messages_3(operation, action, provider.clone(), channels);
        let Some(reply) = operation.get(self.documents, "reply") else {
            return;
        };
        let Some(reply) = self.target(&reply, "a reply") else {
            return;
        };
        // Without a channel, the answer goes where the request asks for it, and may be any message.
        if reply.get(self.documents, "channel").is_some() {
            self.messages_3(&reply, action.reversed(), provider, channels);
        }
    }

    /// Adds the messages of an operation or of its answer.
    fn messages_3(
        &mut self,
        operation: &WrittenNode,
        action: EventAction,
        provider: Option<std::sync::Arc<str>>,
        channels: &mut [ReadChannel],
    ) {
        let Some(reference) = operation.get(self.documents, "channel") else {
            return;
        };
        let Some(target) = self.target(&reference, "a channel") else {
            return;
        };
        let known = channels
            .iter_mut()
            .find(|channel| channel.nodes.contains(&target.node_ref));
        let Some(channel) = known else {
            let message = "the channel is not one of `channels`: refer to it there, as in `$ref: '#/channels/name'`";
            return self.problem(&reference, message);
        };
        channel.is_used = true;
        self.operations.push(EventOperation {
            channel: channel.number,
            action,
            has_reply: operation.get(self.documents, "reply").is_some(),
        });
        let own = self.channels[channel.number].provider.clone();
        let scope = EventScope {
            channel: channel.number,
            action,
            provider: provider.or(own),
        };
        let Some(list) = operation.get(self.documents, "messages") else {
            for (name, message) in &channel.messages {
                self.add_once(&scope, name, message);
            }
            return;
        };
        let elements: Vec<WrittenNode> = self
            .node(&list)
            .elements()
            .map(|element| list.at(element))
            .collect();
        for element in elements {
            let chain = self.chain(&element);
            let messages = channel.messages.iter();
            let declared = messages.filter(|(_, message)| chain.contains(&message.node_ref));
            match declared.collect::<Vec<_>>()[..] {
                [(name, message), ..] => self.add_once(&scope, name, message),
                [] if self.target(&element, "a message").is_some() => {
                    let name = &self.channels[channel.number].name;
                    let message = format!(
                        "the message is not one of the channel `{name}`: refer to it there, as in `$ref: '#/channels/{name}/messages/name'`"
                    );
                    self.problem(&element, message);
                }
                [] => {}
            }
        }
    }

    /// Adds a message, unless another operation of the same action has it already.
    fn add_once(&mut self, scope: &EventScope, name: &str, message: &WrittenNode) {
        let is_known = self.events.iter().any(|event| {
            let known = &event.message;
            (known.channel, known.action, &*known.name) == (scope.channel, scope.action, name)
        });
        if !is_known {
            self.add_message(scope, name, message);
        }
    }

    /// The nodes that a chain of references leads through, from its start to its end.
    fn chain(&self, start: &WrittenNode) -> Vec<NodeRef> {
        let mut nodes = vec![start.node_ref];
        let mut here = start.node_ref;
        loop {
            let node = self.documents.node(here);
            let reference = node.get("$ref").and_then(JsonNode::as_str);
            match reference.map(|text| resolve(self.documents, here, text)) {
                Some(Ok(next)) if !nodes.contains(&next) => {
                    nodes.push(next);
                    here = next;
                }
                _ => return nodes,
            }
        }
    }
}
