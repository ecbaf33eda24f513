//! What an AsyncAPI document declares besides schemas: its channels, and the messages that its
//! operations send and receive.

use std::sync::Arc;

use portcullis_avro::AvroSchema;
use portcullis_protobuf::ProtobufSchema;

/// What the application does with the messages of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventAction {
    /// It sends them (`subscribe` in AsyncAPI 2).
    Send,
    /// It receives them (`publish` in AsyncAPI 2).
    Receive,
    /// No operation of the document uses the channel, so other applications do either.
    Undirected,
}

impl EventAction {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Undirected => "exchange",
        }
    }

    /// What the other side of an answer does.
    pub(super) const fn reversed(self) -> Self {
        match self {
            Self::Send => Self::Receive,
            Self::Receive => Self::Send,
            Self::Undirected => Self::Undirected,
        }
    }
}

/// The channels and messages of an AsyncAPI document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventContract {
    /// The version of AsyncAPI, such as `3.0.0`.
    pub version: Arc<str>,
    /// The channels, in the order of the document.
    pub channels: Vec<EventChannel>,
    /// What the application does on its channels.
    pub operations: Vec<EventOperation>,
    /// The messages of every operation.
    pub messages: Vec<EventMessage>,
}

/// Something that the application does on a channel: an operation, or the answer of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventOperation {
    /// The number of its channel.
    pub channel: usize,
    /// What the application does.
    pub action: EventAction,
    /// Whether it declares an answer.
    pub has_reply: bool,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventChannel {
    /// The name by which the document knows it; in AsyncAPI 2 its address.
    pub name: Arc<str>,
    /// The address, with `{parameters}`. `None` if it is known at run time only.
    pub address: Option<Arc<str>>,
    /// The Kafka topic, if it is not the address.
    pub topic: Option<Arc<str>>,
    /// The number of Kafka partitions.
    pub partitions: Option<u64>,
    /// `x-squad-id-key`: the runtime expression of the squad id that is the key.
    pub squad_id_key: Option<Arc<str>>,
    /// `x-squad-owner` of the channel or of the document.
    pub provider: Option<Arc<str>>,
}

impl EventChannel {
    /// Where brokers know the channel: its Kafka topic, its address, or else its name.
    pub fn destination(&self) -> &str {
        let known = self.topic.as_deref().or(self.address.as_deref());
        known.unwrap_or(&self.name)
    }

    /// Whether an event on this channel of a broker belongs to the channel. A parameter of the
    /// address stands for one or more characters other than `/`.
    pub fn is_at(&self, destination: &str) -> bool {
        matches_address(self.destination(), destination)
    }
}

/// The schema of a payload in a language whose values are not those of JSON Schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayloadSchema {
    /// Avro.
    Avro(Arc<AvroSchema>),
    /// Protobuf.
    Protobuf(Arc<ProtobufSchema>),
}

/// A message that an operation sends or receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventMessage {
    /// The number of its channel.
    pub channel: usize,
    /// What the application does with it.
    pub action: EventAction,
    /// The name, unique for the channel and the action.
    pub name: Arc<str>,
    /// The content type, that of the document by default.
    pub content_type: Option<Arc<str>>,
    /// The language of the payload's schema, if it is not one of JSON Schema or OpenAPI.
    pub opaque_format: Option<Arc<str>>,
    /// The schema of the payload, if it is judged apart from the rest of the event.
    pub payload_schema: Option<PayloadSchema>,
    /// The runtime expression of the correlation id.
    pub correlation_id: Option<Arc<str>>,
    /// `x-squad-owner` of the operation, the channel or the document.
    pub provider: Option<Arc<str>>,
}

impl EventContract {
    /// The channel of a message.
    pub fn channel_of(&self, message: &EventMessage) -> &EventChannel {
        &self.channels[message.channel]
    }

    /// The name of a message in the whole document, such as `send orders OrderCreated`.
    pub fn name_of(&self, message: &EventMessage) -> String {
        let EventMessage { action, name, .. } = message;
        let channel = &self.channel_of(message).name;
        format!("{} {channel} {name}", action.as_str())
    }

    /// The name of the webhook for the headers and the key of a message whose payload is judged apart.
    pub(crate) fn envelope_name(message: usize) -> String {
        format!("{message} envelope")
    }

    /// The operations of a channel with an action.
    pub fn operations_of(
        &self,
        channel: usize,
        action: EventAction,
    ) -> impl Iterator<Item = &EventOperation> {
        let operations = self.operations.iter();
        operations.filter(move |known| known.channel == channel && known.action == action)
    }

    /// The name of the webhook for several messages.
    pub(crate) fn group_name(messages: &[usize]) -> String {
        let numbers: Vec<String> = messages.iter().map(usize::to_string).collect();
        numbers.join(" ")
    }

    /// The messages of a channel and an action.
    pub fn group(
        &self,
        channel: usize,
        action: EventAction,
    ) -> impl Iterator<Item = (usize, &EventMessage)> {
        let messages = self.messages.iter().enumerate();
        messages.filter(move |(_, message)| message.channel == channel && message.action == action)
    }

    /// The numbers of the messages of a channel and an action that an event of a content type can be.
    pub(crate) fn group_of_type(
        &self,
        channel: usize,
        action: EventAction,
        content_type: Option<&str>,
    ) -> Vec<usize> {
        let members = self.group(channel, action);
        let members = members.filter(|(_, message)| message.accepts_type(content_type));
        members.map(|(number, _)| number).collect()
    }
}

impl EventMessage {
    /// Whether an event with a content type can be this message. Content types are compared without
    /// their parameters, and only if both are known.
    pub fn accepts_type(&self, content_type: Option<&str>) -> bool {
        let types = self.content_type.as_deref().zip(content_type);
        types.is_none_or(|(own, other)| essence_of(own) == essence_of(other))
    }
}

/// A content type without its parameters.
pub fn essence_of(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn matches_address(template: &str, address: &str) -> bool {
    let Some((literal, rest)) = template.split_once('{') else {
        return template == address;
    };
    let Some((_, rest)) = rest.split_once('}') else {
        return template == address;
    };
    let Some(address) = address.strip_prefix(literal) else {
        return false;
    };
    // The parameter ends before a slash; what follows it decides where.
    let end = address.find('/').unwrap_or(address.len());
    let mut ends = (1..=end).filter(|end| address.is_char_boundary(*end));
    ends.any(|end| matches_address(rest, &address[end..]))
}

#[cfg(test)]
mod tests {
    use super::matches_address;

    #[test]
    fn parameters_stand_for_one_segment() {
        let check = |template, address, expected| {
            assert_eq!(
                matches_address(template, address),
                expected,
                "{template} {address}"
            );
        };
        check("orders", "orders", true);
        check("orders", "orders2", false);
        check("user/{id}/signup", "user/7/signup", true);
        check("user/{id}/signup", "user//signup", false);
        check("user/{id}/signup", "user/7/8/signup", false);
        check("orders.{region}.v1", "orders.eu.west.v1", true);
        check("{a}{b}", "x", false);
        check("{a}", "ü", true);
        check("broken{", "broken{", true);
    }
}
