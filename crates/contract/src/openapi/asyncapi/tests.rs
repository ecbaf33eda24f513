//! Reads small AsyncAPI documents and looks at their messages and at what these accept.

use crate::recorded::{EventFlow, RecordedEvent, judge_event};
use crate::{CompileOptions, CompiledContract, compile, parse_single_file};
use portcullis_vocabulary::limits::Limits;

fn contract(text: &str) -> CompiledContract {
    try_contract(text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn try_contract(text: &str) -> Result<CompiledContract, Vec<String>> {
    let text = text.as_bytes().to_vec();
    let documents = parse_single_file("t.yaml", text, &Limits::default()).unwrap();
    let options = CompileOptions {
        accepts_events: true,
        ..CompileOptions::default()
    };
    let problems = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect();
    compile(documents, &options).map_err(problems)
}

/// The names of all messages.
fn names(contract: &CompiledContract) -> Vec<String> {
    let events = contract.events().unwrap();
    let messages = events.messages.iter();
    messages.map(|message| events.name_of(message)).collect()
}

#[track_caller]
fn check(contract: &CompiledContract, channel: &str, body: &str, expected: &str) {
    let event = RecordedEvent {
        channel: channel.to_owned(),
        message: None,
        content_type: None,
        body: body.to_owned(),
    };
    let verdict = judge_event(contract, EventFlow::Any, &event);
    let found = verdict.violations.first();
    let found = found.map_or("", |violation| violation.fault.as_str());
    assert_eq!(found, expected, "{body}: {:?}", verdict.violations);
}

const ANSWERS: &str = "\
asyncapi: 3.0.0
info: {title: t, version: '1'}
channels:
  ask: {address: ask, messages: {question: {payload: {$ref: '#/components/schemas/Text'}}}}
  tell: {address: null, messages: {answer: {payload: {type: object, properties: {text: {$ref: '#/components/schemas/Text'}}}}}}
  other: {address: other, messages: {both: {}}}
operations:
  one:
    action: receive
    channel: {$ref: '#/channels/ask'}
    reply: {channel: {$ref: '#/channels/tell'}}
components:
  schemas:
    Text: {schemaFormat: 'application/schema+json;version=draft-07', schema: {type: string}}
";

#[test]
fn answers_go_the_other_way_and_unused_channels_go_both() {
    let contract = contract(ANSWERS);
    let expected = [
        "receive ask question",
        "send tell answer",
        "exchange other both",
    ];
    assert_eq!(names(&contract), expected);
}

/// A reference to a Multi Format Schema Object means its schema, from a message and from a schema.
#[test]
fn references_lead_into_schemas_with_a_language() {
    let contract = contract(ANSWERS);
    check(&contract, "ask", r#"{"headers": {}, "payload": "a"}"#, "");
    check(
        &contract,
        "ask",
        r#"{"headers": {}, "payload": 1}"#,
        "invalid-event",
    );
    check(
        &contract,
        "tell",
        r#"{"headers": {}, "payload": {"text": 1}}"#,
        "invalid-event",
    );
    check(
        &contract,
        "tell",
        r#"{"headers": {}, "payload": {"text": "a"}}"#,
        "",
    );
}

#[test]
fn messages_of_version_2_are_named_by_id_component_or_name() {
    let contract = contract(
        "\
asyncapi: '2.6.0'
info: {title: t, version: '1'}
channels:
  a:
    publish:
      message:
        oneOf:
        - {messageId: x, name: y, payload: {}}
        - {$ref: '#/components/messages/Shared'}
        - {name: z}
        - {payload: {}}
  b: {subscribe: {message: {payload: {}}}}
components: {messages: {Shared: {name: n, payload: {}}}}
",
    );
    let expected = [
        "receive a x",
        "receive a Shared",
        "receive a z",
        "receive a message 4",
        "send b message",
    ];
    assert_eq!(names(&contract), expected);
}

/// A verdict that depends on a schema in another language is unknown, not valid.
#[test]
fn payloads_in_other_languages_are_not_judged() {
    let contract = contract(
        "\
asyncapi: 2.6.0
info: {title: t, version: '1'}
channels: {a: {publish: {message: {schemaFormat: application/raml+yaml;version=1.0, headers: {type: object, required: [h]}, payload: {type: record, name: R, fields: []}}}}}
",
    );
    check(
        &contract,
        "a",
        r#"{"headers": {"h": 1}, "payload": {}}"#,
        "unjudged",
    );
    check(
        &contract,
        "a",
        r#"{"headers": {}, "payload": {}}"#,
        "invalid-event",
    );
}

#[test]
fn draft_07_is_read_as_draft_07() {
    let contract = contract(
        "\
asyncapi: 2.6.0
info: {title: t, version: '1'}
channels: {a: {publish: {message: {payload: {$ref: '#/components/schemas/S'}}}}}
components:
  schemas:
    S:
      type: object
      properties:
        pair: {type: array, items: [{type: string}, {type: integer}], additionalItems: false}
        some: {$ref: '#/components/schemas/S/definitions/Small', maximum: 1}
        dated: {type: string, nullable: true}
      dependencies: {card: [name], code: {required: [zip]}}
      definitions: {Small: {type: integer, exclusiveMaximum: 10}}
",
    );
    let payload = |payload: &str, expected: &str| {
        let body = format!(r#"{{"headers": {{}}, "payload": {payload}}}"#);
        check(&contract, "a", &body, expected);
    };
    payload(r#"{"pair": ["a", 1]}"#, "");
    payload(r#"{"pair": ["a", 1, 2]}"#, "invalid-event");
    payload(r#"{"pair": [1]}"#, "invalid-event");
    payload(r#"{"some": 9}"#, "");
    payload(r#"{"some": 10}"#, "invalid-event");
    payload(r#"{"dated": null}"#, "invalid-event");
    payload(r#"{"card": 1}"#, "invalid-event");
    payload(r#"{"card": 1, "name": 1}"#, "");
    payload(r#"{"code": 1}"#, "invalid-event");
    payload(r#"{"code": 1, "zip": 1}"#, "");
}

/// Mistakes are all reported, with their places.
#[test]
fn mistakes_are_located() {
    let problems = try_contract(
        "\
asyncapi: 3.0.0
info: {version: '1'}
channels:
  a: {messages: {m: {$ref: '#/components/messages/Lost'}, n: 5}}
operations:
  one: {channel: {$ref: '#/channels/a'}}
  two: {action: send}
  three: {action: send, channel: {$ref: '#/channels/a'}, messages: [{$ref: '#/components/messages/Own'}]}
components: {messages: {Own: {payload: {type: 5}}}}
",
    )
    .unwrap_err();
    let all = problems.join("\n");
    for expected in [
        "t.yaml:2: error: `title` is missing: add it as a text [malformed-document] at #/info",
        "t.yaml:6: error: `action` must be `send` or `receive`",
        "t.yaml:7: error: `channel` is missing",
        "t.yaml:8: error: the message is not one of the channel `a`",
    ] {
        assert!(all.contains(expected), "{expected}\n{all}");
    }
}

/// Without the option, nothing that serves HTTP accepts the contract.
#[test]
fn contracts_of_events_are_not_served() {
    let documents = parse_single_file("t.yaml", ANSWERS.into(), &Limits::default()).unwrap();
    let problems = compile(documents, &CompileOptions::default()).unwrap_err();
    assert!(problems[0].message.contains("describes events, not HTTP"));
}

/// Traits with schemas that refer to themselves end.
#[test]
fn recursive_traits_are_refused() {
    let schema = |name: &str| {
        format!(
            "    {name}: {{type: object, properties: {{next: {{$ref: '#/components/schemas/{name}'}}}}}}\n"
        )
    };
    let text = format!(
        "asyncapi: 3.0.0\ninfo: {{title: t, version: '1'}}\n\
         channels: {{a: {{messages: {{m: {{headers: {{$ref: '#/components/schemas/A'}}, traits: [{{headers: {{$ref: '#/components/schemas/B'}}}}]}}}}}}}}\n\
         components:\n  schemas:\n{}{}",
        schema("A"),
        schema("B")
    );
    let problems = try_contract(&text).unwrap_err().join("\n");
    assert!(
        problems.contains("more than 256 schemas to merge"),
        "{problems}"
    );
}

/// Each message reads the schema in its own language, also where the schema refers to others.
#[test]
fn a_schema_that_is_shared_is_read_in_the_language_of_each_message() {
    let contract = contract(
        "\
asyncapi: 2.6.0
info: {title: t, version: '1'}
channels:
  a: {publish: {message: {payload: {$ref: '#/components/schemas/S'}}}}
  b: {publish: {message: {schemaFormat: application/vnd.oai.openapi;version=3.0.3, payload: {$ref: '#/components/schemas/S'}}}}
  c: {publish: {message: {schemaFormat: application/raml+yaml;version=1.0, payload: {$ref: '#/components/schemas/S'}}}}
components:
  schemas:
    S: {type: object, properties: {text: {$ref: '#/components/schemas/S/definitions/T'}}, definitions: {T: {type: string, nullable: true}}}
",
    );
    let event = r#"{"headers": {}, "payload": {"text": null}}"#;
    check(&contract, "a", event, "invalid-event");
    check(&contract, "b", event, "");
    check(&contract, "c", event, "unjudged");
    let other = r#"{"headers": {}, "payload": {"text": 1}}"#;
    check(&contract, "a", other, "invalid-event");
    check(&contract, "b", other, "invalid-event");
}

/// A schema that no message uses has the language of what it is used by.
#[test]
fn shared_schemas_keep_the_language_of_their_message() {
    let contract = contract(
        "\
asyncapi: 2.6.0
info: {title: t, version: '1'}
channels: {a: {publish: {message: {schemaFormat: application/raml+yaml;version=1.0, payload: {$ref: '#/components/schemas/R'}}}}}
components: {schemas: {R: {type: record, name: R, fields: []}, Unused: {$ref: '#/components/schemas/R'}}}
",
    );
    check(
        &contract,
        "a",
        r#"{"headers": {}, "payload": 1}"#,
        "unjudged",
    );
}

fn warnings(text: &str) -> Vec<String> {
    let documents = parse_single_file("t.yaml", text.into(), &Limits::default()).unwrap();
    let warnings = crate::lint_documents(&documents);
    warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn unknown_fields_are_reported_with_what_is_meant() {
    let found = warnings(
        "\
asyncapi: 3.0.0
info: {title: t, version: '1', licence: {name: MIT}}
servers: {s: {host: h, protocol: kafka, hots: x}}
channels:
  a:
    adress: orders
    x-own: 1
    bindings: {kafka: {topics: t}, kafak: {}}
    messages: {m: {schemaFormat: application/vnd.apache.avro, payload: {}, contentTyp: application/json}}
operations: {o: {action: send, channel: {$ref: '#/channels/a'}, retries: 3}}
components: {securitySchemes: {s: {type: plain, schema: x}}, mesages: {}}
",
    );
    let expected = [
        "t.yaml:2: warning: `licence` is not a field of the Info Object in AsyncAPI 3: did you mean `license`? [misspelt-keyword] at #/info/licence",
        "t.yaml:3: warning: `hots` is not a field of a Server Object in AsyncAPI 3: move it to where it belongs, or remove it; only names with `x-` are extensions [unknown-field] at #/servers/s/hots",
        "t.yaml:6: warning: `adress` is not a field of a channel in AsyncAPI 3: did you mean `address`? [misspelt-keyword] at #/channels/a/adress",
        "t.yaml:8: warning: `topics` is not a field of the Kafka binding of a channel in AsyncAPI 3: did you mean `topic`? [misspelt-keyword] at #/channels/a/bindings/kafka/topics",
        "t.yaml:9: warning: `schemaFormat` is not a field of a Message Object in AsyncAPI 3: write `payload: {schemaFormat: …, schema: …}` [unknown-field] at #/channels/a/messages/m/schemaFormat",
        "t.yaml:9: warning: `contentTyp` is not a field of a Message Object in AsyncAPI 3: did you mean `contentType`? [misspelt-keyword] at #/channels/a/messages/m/contentTyp",
        "t.yaml:10: warning: `retries` is not a field of an Operation Object in AsyncAPI 3: move it to where it belongs, or remove it; only names with `x-` are extensions [unknown-field] at #/operations/o/retries",
        "t.yaml:11: warning: `mesages` is not a field of the Components Object in AsyncAPI 3: did you mean `messages`? [misspelt-keyword] at #/components/mesages",
    ];
    for expected in expected {
        assert!(
            found.iter().any(|one| one == expected),
            "{expected}\n{}",
            found.join("\n")
        );
    }
}

/// What has another type is not read, so it is an error.
#[test]
fn values_of_another_type_are_errors() {
    let problems = try_contract(
        "\
asyncapi: 3.0.0
info: {title: t, version: 1.0}
defaultContentType: [application/json]
channels:
  a:
    address: 2024
    bindings: {kafka: {partitions: many}}
    messages: {m: {headers: 5, payload: {$ref: '#/components/schemas/Own'}, traits: {}, tags: [5]}}
components:
  schemas: {Own: {schemaFormat: application/vnd.apache.avro, schema: {$ref: 'lost.avsc'}}}
  parameters: {p: {enum: a}}
",
    )
    .unwrap_err()
    .join("\n");
    for expected in [
        "t.yaml:3: error: `defaultContentType` must be a text, and is an array [malformed-document] at #/defaultContentType",
        "t.yaml:6: error: `address` must be a text or null, and is a number [malformed-document] at #/channels/a/address",
        "t.yaml:7: error: `partitions` must be a whole number that is not negative, and is a string [malformed-document] at #/channels/a/bindings/kafka/partitions",
        "t.yaml:8: error: `headers` must be a schema: an object or a boolean, and is a number [malformed-document] at #/channels/a/messages/m/headers",
        "t.yaml:8: error: `traits` must be a list of objects, and is an object [malformed-document] at #/channels/a/messages/m/traits",
        "t.yaml:8: error: a Tag Object must be an object, and is a number [malformed-document] at #/channels/a/messages/m/tags/0",
        "t.yaml:10: error: `lost.avsc` cannot be loaded",
        "t.yaml:11: error: `enum` must be a list of texts, and is a string [malformed-document] at #/components/parameters/p/enum",
    ] {
        assert!(problems.contains(expected), "{expected}\n{problems}");
    }
    assert!(!problems.contains("`version`"), "{problems}");
}

const AVRO: &str = "\
asyncapi: 3.0.0
info: {title: t, version: '1'}
channels:
  a:
    messages:
      m:
        headers: {type: object, required: [h]}
        payload:
          schemaFormat: application/vnd.apache.avro;version=1.9.0
          schema: {type: record, name: Order, fields: [{name: id, type: string}, {name: total, type: ['null', long]}]}
";

/// A payload in Avro is judged in Avro's JSON encoding, and the rest of the event as always.
#[test]
fn payloads_in_avro_are_judged() {
    let contract = contract(AVRO);
    let judge = |headers: &str, payload: &str, expected: &str| {
        let body = format!(r#"{{"headers": {headers}, "payload": {payload}}}"#);
        check(&contract, "a", &body, expected);
    };
    let headers = r#"{"h": 1}"#;
    judge(headers, r#"{"id": "a", "total": null}"#, "");
    judge(headers, r#"{"id": "a", "total": {"long": 5}}"#, "");
    judge(headers, r#"{"id": "a", "total": 5}"#, "invalid-event");
    judge(headers, r#"{"id": "a"}"#, "invalid-event");
    judge("{}", r#"{"id": "a", "total": null}"#, "invalid-event");
    assert_eq!(warnings(AVRO), Vec::<String>::new());
}

/// A mistake in an Avro schema has its place.
#[test]
fn mistakes_in_avro_are_located() {
    let text = AVRO
        .replace("['null', long]", "['null', lng]")
        .replace("type: string", "typ: string");
    let problems = try_contract(&text).unwrap_err().join("\n");
    for expected in [
        "t.yaml:10: error: `type` is missing: add a schema [malformed-document] at #/channels/a/messages/m/payload/schema/fields/0",
        "t.yaml:10: error: no type is called `lng`: define it before it is used [malformed-document] at #/channels/a/messages/m/payload/schema/fields/1/type/1",
    ] {
        assert!(problems.contains(expected), "{expected}\n{problems}");
    }
}
