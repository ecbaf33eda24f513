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
            Self::Document if is_2 => &[("asyncapi", Word), ("id", Text), ("info", Nested(Self::Info)), ("servers", Map(Self::Server)), ("defaultContentType", Text), ("channels", Map(Self::Channel)), ("components", Nested(Self::Components)), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs))],
            Self::Document => &[("asyncapi", Word), ("id", Text), ("info", Nested(Self::Info)), ("servers", Map(Self::Server)), ("defaultContentType", Text), ("channels", Map(Self::Channel)), ("operations", Map(Self::Operation)), ("components", Nested(Self::Components))],
            Self::Info if is_2 => &[("title", Word), ("version", Word), ("description", Text), ("termsOfService", Text), ("contact", Nested(Self::Contact)), ("license", Nested(Self::License))],
            Self::Info => &[("title", Word), ("version", Word), ("description", Text), ("termsOfService", Text), ("contact", Nested(Self::Contact)), ("license", Nested(Self::License)), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs))],
            Self::Contact => &[("name", Text), ("url", Text), ("email", Text)],
            Self::License => &[("name", Text), ("url", Text)],
            Self::Server if is_2 => &[("url", Text), ("protocol", Text), ("protocolVersion", Word), ("description", Text), ("variables", Map(Self::ServerVariable)), ("security", List(Self::Unread)), ("tags", List(Self::Tag)), ("bindings", Nested(Self::ServerBindings))],
            Self::Server => &[("host", Text), ("protocol", Text), ("protocolVersion", Word), ("pathname", Text), ("description", Text), ("title", Text), ("summary", Text), ("variables", Map(Self::ServerVariable)), ("security", List(Self::SecurityScheme)), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::ServerBindings))],
            Self::ServerVariable => &[("enum", Any), ("default", Word), ("description", Text), ("examples", Any)],
            Self::Channel if is_2 => &[("$ref", Text), ("description", Text), ("servers", Texts), ("subscribe", Nested(Self::Operation)), ("publish", Nested(Self::Operation)), ("parameters", Map(Self::Parameter)), ("bindings", Nested(Self::ChannelBindings))],
            Self::Channel => &[("address", NullableText), ("messages", Map(Self::Message)), ("title", Text), ("summary", Text), ("description", Text), ("servers", List(Self::Server)), ("parameters", Map(Self::Parameter)), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::ChannelBindings))],
            Self::Operation if is_2 => &[("operationId", Text), ("summary", Text), ("description", Text), ("security", List(Self::Unread)), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::OperationBindings)), ("traits", List(Self::OperationTrait)), ("message", Nested(Self::Message))],
            Self::Operation => &[("action", Text), ("channel", Nested(Self::Channel)), ("title", Text), ("summary", Text), ("description", Text), ("security", List(Self::SecurityScheme)), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::OperationBindings)), ("traits", List(Self::OperationTrait)), ("messages", List(Self::Message)), ("reply", Nested(Self::Reply))],
            Self::OperationTrait if is_2 => &[("operationId", Text), ("summary", Text), ("description", Text), ("security", List(Self::Unread)), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::OperationBindings))],
            Self::OperationTrait => &[("title", Text), ("summary", Text), ("description", Text), ("security", List(Self::SecurityScheme)), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::OperationBindings))],
            Self::Reply => &[("address", Nested(Self::ReplyAddress)), ("channel", Nested(Self::Channel)), ("messages", List(Self::Message))],
            Self::ReplyAddress | Self::CorrelationId => &[("description", Text), ("location", Text)],
            Self::Message if is_2 => &[("oneOf", List(Self::Message)), ("messageId", Text), ("headers", Schema), ("payload", Any), ("correlationId", Nested(Self::CorrelationId)), ("schemaFormat", Text), ("contentType", Text), ("name", Text), ("title", Text), ("summary", Text), ("description", Text), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::MessageBindings)), ("examples", List(Self::MessageExample)), ("traits", List(Self::MessageTrait))],
            Self::Message => &[("headers", Schema), ("payload", Schema), ("correlationId", Nested(Self::CorrelationId)), ("contentType", Text), ("name", Text), ("title", Text), ("summary", Text), ("description", Text), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::MessageBindings)), ("examples", List(Self::MessageExample)), ("traits", List(Self::MessageTrait))],
            Self::MessageTrait if is_2 => &[("messageId", Text), ("headers", Schema), ("correlationId", Nested(Self::CorrelationId)), ("schemaFormat", Text), ("contentType", Text), ("name", Text), ("title", Text), ("summary", Text), ("description", Text), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::MessageBindings)), ("examples", List(Self::MessageExample))],
            Self::MessageTrait => &[("headers", Schema), ("correlationId", Nested(Self::CorrelationId)), ("contentType", Text), ("name", Text), ("title", Text), ("summary", Text), ("description", Text), ("tags", List(Self::Tag)), ("externalDocs", Nested(Self::ExternalDocs)), ("bindings", Nested(Self::MessageBindings)), ("examples", List(Self::MessageExample))],
            Self::MessageExample => &[("headers", Nested(Self::Unread)), ("payload", Any), ("name", Text), ("summary", Text)],
            Self::Parameter if is_2 => &[("description", Text), ("schema", Schema), ("location", Text)],
            Self::Parameter => &[("enum", Texts), ("default", Text), ("description", Text), ("examples", Texts), ("location", Text)],
            Self::Tag => &[("name", Text), ("description", Text), ("externalDocs", Nested(Self::ExternalDocs))],
            Self::ExternalDocs => &[("description", Text), ("url", Text)],
            Self::Components if is_2 => &[("schemas", Map(Self::Unread)), ("servers", Map(Self::Server)), ("serverVariables", Map(Self::ServerVariable)), ("channels", Map(Self::Channel)), ("messages", Map(Self::Message)), ("securitySchemes", Map(Self::SecurityScheme)), ("parameters", Map(Self::Parameter)), ("correlationIds", Map(Self::CorrelationId)), ("operationTraits", Map(Self::OperationTrait)), ("messageTraits", Map(Self::MessageTrait)), ("serverBindings", Map(Self::ServerBindings)), ("channelBindings", Map(Self::ChannelBindings)), ("operationBindings", Map(Self::OperationBindings)), ("messageBindings", Map(Self::MessageBindings))],
            Self::Components => &[("schemas", Map(Self::Unread)), ("servers", Map(Self::Server)), ("serverVariables", Map(Self::ServerVariable)), ("channels", Map(Self::Channel)), ("operations", Map(Self::Operation)), ("messages", Map(Self::Message)), ("securitySchemes", Map(Self::SecurityScheme)), ("parameters", Map(Self::Parameter)), ("correlationIds", Map(Self::CorrelationId)), ("replies", Map(Self::Reply)), ("replyAddresses", Map(Self::ReplyAddress)), ("externalDocs", Map(Self::ExternalDocs)), ("tags", Map(Self::Tag)), ("operationTraits", Map(Self::OperationTrait)), ("messageTraits", Map(Self::MessageTrait)), ("serverBindings", Map(Self::ServerBindings)), ("channelBindings", Map(Self::ChannelBindings)), ("operationBindings", Map(Self::OperationBindings)), ("messageBindings", Map(Self::MessageBindings))],
            Self::SecurityScheme => &[("type", Text), ("description", Text), ("name", Text), ("in", Text), ("scheme", Text), ("bearerFormat", Text), ("flows", Nested(Self::Unread)), ("openIdConnectUrl", Text), ("scopes", Texts)],
            Self::Unread => &[],
            Self::ServerBindings => const { &bindings(Self::KafkaServer) },
            Self::ChannelBindings => const { &bindings(Self::KafkaChannel) },
            Self::OperationBindings => const { &bindings(Self::KafkaOperation) },
            Self::MessageBindings => const { &bindings(Self::KafkaMessage) },
            Self::KafkaServer => &[("schemaRegistryUrl", Text), ("schemaRegistryVendor", Text), ("bindingVersion", Word)],
            Self::KafkaChannel => &[("topic", Text), ("partitions", Integer), ("replicas", Integer), ("topicConfiguration", Nested(Self::Unread)), ("bindingVersion", Word)],
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
