//! The objects that AsyncAPI defines, and their fields (AsyncAPI 2.6 and 3.1, Schema).

use super::asyncapi_version::AsyncApiVersion;
use EventObject as O;
use FieldValue::{Any, Integer, List, Map, Nested, NullableText, Schema, Text, Texts, Word};

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum EventObject {
    Document,
    Info,
    Contact,
    License,
    Server,
    ServerVariable,
    Channel,
    Operation,
    OperationTrait,
    Reply,
    ReplyAddress,
    Message,
    MessageTrait,
    MessageExample,
    CorrelationId,
    Parameter,
    Tag,
    ExternalDocs,
    Components,
    SecurityScheme,
    /// An object that is not described here.
    Unread,
    ServerBindings,
    ChannelBindings,
    OperationBindings,
    MessageBindings,
    KafkaServer,
    KafkaChannel,
    KafkaOperation,
    KafkaMessage,
}

/// What the value of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldValue {
    /// Any value.
    Any,
    /// A text.
    Text,
    /// A text, which YAML may read as a number.
    Word,
    /// A text or null.
    NullableText,
    /// A whole number.
    Integer,
    /// A list of texts.
    Texts,
    /// A schema: an object or a boolean.
    Schema,
    /// An object.
    Nested(EventObject),
    /// A list of objects.
    List(EventObject),
    /// An object whose members are objects.
    Map(EventObject),
}

/// A field of an object.
pub(super) type EventObjectField = (&'static str, FieldValue);

impl EventObject {
    /// The name in the specification, with its article.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Document => "the AsyncAPI Object",
            Self::Info => "the Info Object",
            Self::Contact => "the Contact Object",
            Self::License => "the License Object",
            Self::Server => "a Server Object",
            Self::ServerVariable => "a Server Variable Object",
            Self::Channel => "a channel",
            Self::Operation => "an Operation Object",
            Self::OperationTrait => "an Operation Trait Object",
            Self::Reply => "an Operation Reply Object",
            Self::ReplyAddress => "an Operation Reply Address Object",
            Self::Message => "a Message Object",
            Self::MessageTrait => "a Message Trait Object",
            Self::MessageExample => "a Message Example Object",
            Self::CorrelationId => "a Correlation ID Object",
            Self::Parameter => "a Parameter Object",
            Self::Tag => "a Tag Object",
            Self::ExternalDocs => "an External Documentation Object",
            Self::Components => "the Components Object",
            Self::SecurityScheme => "a Security Scheme Object",
            Self::Unread => "this object",
            Self::ServerBindings => "the bindings of a server",
            Self::ChannelBindings => "the bindings of a channel",
            Self::OperationBindings => "the bindings of an operation",
            Self::MessageBindings => "the bindings of a message",
            Self::KafkaServer => "the Kafka binding of a server",
            Self::KafkaChannel => "the Kafka binding of a channel",
            Self::KafkaOperation => "the Kafka binding of an operation",
            Self::KafkaMessage => "the Kafka binding of a message",
        }
    }

    /// Whether it may have fields that are not described.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Unread)
    }

    /// Whether a Reference Object can stand for it.
    pub(super) const fn may_be_reference(self, version: AsyncApiVersion) -> bool {
        let is_whole = matches!(self, Self::Document | Self::Info | Self::Components);
        let is_of_3 = matches!(version, AsyncApiVersion::V3);
        // A schema may be one, too, and is judged elsewhere.
        let is_read = !matches!(self, Self::Unread);
        is_read && !is_whole && (is_of_3 || !matches!(self, Self::Operation))
    }

    /// The fields of an object in a version.
    #[rustfmt::skip]
    pub(super) const fn fields(self, version: AsyncApiVersion) -> &'static [EventObjectField] {
        let is_2 = matches!(version, AsyncApiVersion::V2);
        match self {
            Self::Document if is_2 => &[("asyncapi", Word), ("id", Text), ("info", Nested(O::Info)), ("servers", Map(O::Server)), ("defaultContentType", Text), ("channels", Map(O::Channel)), ("components", Nested(O::Components)), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs))],
            Self::Document => &[("asyncapi", Word), ("id", Text), ("info", Nested(O::Info)), ("servers", Map(O::Server)), ("defaultContentType", Text), ("channels", Map(O::Channel)), ("operations", Map(O::Operation)), ("components", Nested(O::Components))],
            Self::Info if is_2 => &[("title", Word), ("version", Word), ("description", Text), ("termsOfService", Text), ("contact", Nested(O::Contact)), ("license", Nested(O::License))],
            Self::Info => &[("title", Word), ("version", Word), ("description", Text), ("termsOfService", Text), ("contact", Nested(O::Contact)), ("license", Nested(O::License)), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs))],
            Self::Contact => &[("name", Text), ("url", Text), ("email", Text)],
            Self::License => &[("name", Text), ("url", Text)],
            Self::Server if is_2 => &[("url", Text), ("protocol", Text), ("protocolVersion", Word), ("description", Text), ("variables", Map(O::ServerVariable)), ("security", List(O::Unread)), ("tags", List(O::Tag)), ("bindings", Nested(O::ServerBindings))],
            Self::Server => &[("host", Text), ("protocol", Text), ("protocolVersion", Word), ("pathname", Text), ("description", Text), ("title", Text), ("summary", Text), ("variables", Map(O::ServerVariable)), ("security", List(O::SecurityScheme)), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::ServerBindings))],
            Self::ServerVariable => &[("enum", Any), ("default", Word), ("description", Text), ("examples", Any)],
            Self::Channel if is_2 => &[("$ref", Text), ("description", Text), ("servers", Texts), ("subscribe", Nested(O::Operation)), ("publish", Nested(O::Operation)), ("parameters", Map(O::Parameter)), ("bindings", Nested(O::ChannelBindings))],
            Self::Channel => &[("address", NullableText), ("messages", Map(O::Message)), ("title", Text), ("summary", Text), ("description", Text), ("servers", List(O::Server)), ("parameters", Map(O::Parameter)), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::ChannelBindings))],
            Self::Operation if is_2 => &[("operationId", Text), ("summary", Text), ("description", Text), ("security", List(O::Unread)), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::OperationBindings)), ("traits", List(O::OperationTrait)), ("message", Nested(O::Message))],
            Self::Operation => &[("action", Text), ("channel", Nested(O::Channel)), ("title", Text), ("summary", Text), ("description", Text), ("security", List(O::SecurityScheme)), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::OperationBindings)), ("traits", List(O::OperationTrait)), ("messages", List(O::Message)), ("reply", Nested(O::Reply))],
            Self::OperationTrait if is_2 => &[("operationId", Text), ("summary", Text), ("description", Text), ("security", List(O::Unread)), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::OperationBindings))],
            Self::OperationTrait => &[("title", Text), ("summary", Text), ("description", Text), ("security", List(O::SecurityScheme)), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::OperationBindings))],
            Self::Reply => &[("address", Nested(O::ReplyAddress)), ("channel", Nested(O::Channel)), ("messages", List(O::Message))],
            Self::ReplyAddress | Self::CorrelationId => &[("description", Text), ("location", Text)],
            Self::Message if is_2 => &[("oneOf", List(O::Message)), ("messageId", Text), ("headers", Schema), ("payload", Any), ("correlationId", Nested(O::CorrelationId)), ("schemaFormat", Text), ("contentType", Text), ("name", Text), ("title", Text), ("summary", Text), ("description", Text), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::MessageBindings)), ("examples", List(O::MessageExample)), ("traits", List(O::MessageTrait))],
            Self::Message => &[("headers", Schema), ("payload", Schema), ("correlationId", Nested(O::CorrelationId)), ("contentType", Text), ("name", Text), ("title", Text), ("summary", Text), ("description", Text), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::MessageBindings)), ("examples", List(O::MessageExample)), ("traits", List(O::MessageTrait))],
            Self::MessageTrait if is_2 => &[("messageId", Text), ("headers", Schema), ("correlationId", Nested(O::CorrelationId)), ("schemaFormat", Text), ("contentType", Text), ("name", Text), ("title", Text), ("summary", Text), ("description", Text), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::MessageBindings)), ("examples", List(O::MessageExample))],
            Self::MessageTrait => &[("headers", Schema), ("correlationId", Nested(O::CorrelationId)), ("contentType", Text), ("name", Text), ("title", Text), ("summary", Text), ("description", Text), ("tags", List(O::Tag)), ("externalDocs", Nested(O::ExternalDocs)), ("bindings", Nested(O::MessageBindings)), ("examples", List(O::MessageExample))],
            Self::MessageExample => &[("headers", Nested(O::Unread)), ("payload", Any), ("name", Text), ("summary", Text)],
            Self::Parameter if is_2 => &[("description", Text), ("schema", Schema), ("location", Text)],
            Self::Parameter => &[("enum", Texts), ("default", Text), ("description", Text), ("examples", Texts), ("location", Text)],
            Self::Tag => &[("name", Text), ("description", Text), ("externalDocs", Nested(O::ExternalDocs))],
            Self::ExternalDocs => &[("description", Text), ("url", Text)],
            Self::Components if is_2 => &[("schemas", Map(O::Unread)), ("servers", Map(O::Server)), ("serverVariables", Map(O::ServerVariable)), ("channels", Map(O::Channel)), ("messages", Map(O::Message)), ("securitySchemes", Map(O::SecurityScheme)), ("parameters", Map(O::Parameter)), ("correlationIds", Map(O::CorrelationId)), ("operationTraits", Map(O::OperationTrait)), ("messageTraits", Map(O::MessageTrait)), ("serverBindings", Map(O::ServerBindings)), ("channelBindings", Map(O::ChannelBindings)), ("operationBindings", Map(O::OperationBindings)), ("messageBindings", Map(O::MessageBindings))],
            Self::Components => &[("schemas", Map(O::Unread)), ("servers", Map(O::Server)), ("serverVariables", Map(O::ServerVariable)), ("channels", Map(O::Channel)), ("operations", Map(O::Operation)), ("messages", Map(O::Message)), ("securitySchemes", Map(O::SecurityScheme)), ("parameters", Map(O::Parameter)), ("correlationIds", Map(O::CorrelationId)), ("replies", Map(O::Reply)), ("replyAddresses", Map(O::ReplyAddress)), ("externalDocs", Map(O::ExternalDocs)), ("tags", Map(O::Tag)), ("operationTraits", Map(O::OperationTrait)), ("messageTraits", Map(O::MessageTrait)), ("serverBindings", Map(O::ServerBindings)), ("channelBindings", Map(O::ChannelBindings)), ("operationBindings", Map(O::OperationBindings)), ("messageBindings", Map(O::MessageBindings))],
            Self::SecurityScheme => &[("type", Text), ("description", Text), ("name", Text), ("in", Text), ("scheme", Text), ("bearerFormat", Text), ("flows", Nested(O::Unread)), ("openIdConnectUrl", Text), ("scopes", Texts)],
            Self::Unread => &[],
            Self::ServerBindings => const { &bindings(Self::KafkaServer) },
            Self::ChannelBindings => const { &bindings(Self::KafkaChannel) },
            Self::OperationBindings => const { &bindings(Self::KafkaOperation) },
            Self::MessageBindings => const { &bindings(Self::KafkaMessage) },
            Self::KafkaServer => &[("schemaRegistryUrl", Text), ("schemaRegistryVendor", Text), ("bindingVersion", Word)],
            Self::KafkaChannel => &[("topic", Text), ("partitions", Integer), ("replicas", Integer), ("topicConfiguration", Nested(O::Unread)), ("bindingVersion", Word)],
            Self::KafkaOperation => &[("groupId", Schema), ("clientId", Schema), ("bindingVersion", Word)],
            Self::KafkaMessage => &[("key", Schema), ("schemaIdLocation", Text), ("schemaIdPayloadEncoding", Text), ("schemaLookupStrategy", Text), ("bindingVersion", Word)],
        }
    }
}

/// The fields of bindings, one for each protocol. Only that of Kafka is read.
#[rustfmt::skip]
const fn bindings(kafka: EventObject) -> [EventObjectField; 20] {
    let other = Nested(O::Unread);
    [("kafka", Nested(kafka)), ("http", other), ("ws", other), ("amqp", other), ("amqp1", other), ("mqtt", other), ("mqtt5", other), ("nats", other), ("jms", other), ("sns", other), ("solace", other), ("sqs", other), ("stomp", other), ("redis", other), ("mercure", other), ("ibmmq", other), ("googlepubsub", other), ("pulsar", other), ("anypointmq", other), ("ros2", other)]
}
