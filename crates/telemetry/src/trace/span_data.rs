//! Converts the record of a request to an OpenTelemetry span, with all attribute names.
//!
//! HTTP attributes have the stable names of the semantic conventions ("HTTP server span"). The path
//! and the query are left out because they contain values of the request; `http.route` is the path
//! template of the contract. An unknown method is `_OTHER`, because a client can send any text.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use http::uri::Authority;
use http::{Method, Version};
use opentelemetry::trace::{
    Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::span::{ServiceAttributes, SpanRecord, ViolationEvent};

/// The `error.type` of a response that the upstream did not complete.
const BROKEN_RESPONSE: &str = "broken-response";

/// The name for an unknown method (semantic conventions, "HTTP server span").
const OTHER_METHOD: &str = "_OTHER";

/// Converts a record.
pub(super) fn span_data(record: &SpanRecord, scope: &InstrumentationScope) -> SpanData {
    let attributes = attributes(record);
    let status = match error_type(record) {
        Some(_) => Status::error(""),
        None => Status::Unset,
    };
    let state = record.state.as_deref().map(TraceState::from_str);
    let flags = TraceFlags::new(record.own.flags());
    let mut events = SpanEvents::default();
    events.dropped_count = record.events_lost;
    events.events = record
        .events
        .iter()
        .map(|event| violation(event, record))
        .collect();
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(record.own.trace.to_be_bytes()),
            span_id(record.own.span),
            flags,
            false,
            state.and_then(Result::ok).unwrap_or_default(),
        ),
        parent_span_id: record.parent.map_or(SpanId::INVALID, span_id),
        parent_span_is_remote: record.parent.is_some(),
        span_kind: SpanKind::Server,
        name: name(record),
        start_time: record.started,
        end_time: record.started + record.took,
        attributes,
        dropped_attributes_count: 0,
        events,
        links: SpanLinks::default(),
        status,
        instrumentation_scope: scope.clone(),
    }
}

fn span_id(id: u64) -> SpanId {
    SpanId::from_bytes(id.to_be_bytes())
}

/// `{method} {route}`, or only the method if no operation matched.
fn name(record: &SpanRecord) -> Cow<'static, str> {
    let method = match method(&record.method) {
        OTHER_METHOD => "HTTP",
        method => method,
    };
    let operation = record
        .served
        .as_ref()
        .and_then(|served| served.operation.as_ref());
    match operation {
        Some((_, route)) => format!("{method} {route}").into(),
        None => method.into(),
    }
}

fn attributes(record: &SpanRecord) -> Vec<KeyValue> {
    let mut list = Vec::with_capacity(24);
    let mut add = |name: &'static str, value: Value| list.push(KeyValue::new(name, value));
    add("http.request.method", method(&record.method).into());
    add("url.scheme", "http".into());
    add("network.protocol.version", version(record.version).into());
    let host = record.host.as_ref();
    if let Some(host) = host.and_then(|host| host.parse::<Authority>().ok()) {
        add("server.address", host.host().to_owned().into());
        if let Some(port) = host.port_u16() {
            add("server.port", i64::from(port).into());
        }
    }
    add(
        "portcullis.request_id",
        record.request_id.to_string().into(),
    );
    if let Some(status) = record.status {
        add(
            "http.response.status_code",
            i64::from(status.as_u16()).into(),
        );
    }
    if let Some(error) = record.error {
        add("portcullis.error", error.into());
    }
    if let Some(error) = error_type(record) {
        add("error.type", error.into());
    }
    let (waited, attempts) = record.upstream;
    if attempts > 0 {
        add("portcullis.upstream.duration", waited.as_secs_f64().into());
        add("portcullis.upstream.attempts", i64::from(attempts).into());
    }
    if let Some(classes) = classes(&record.events) {
        add("portcullis.violation.classes", classes);
    }
    if let Some(served) = &record.served {
        add_served(&mut add, served);
    }
    list
}

fn add_served(add: &mut impl FnMut(&'static str, Value), served: &ServiceAttributes) {
    let text = |text: &str| Value::from(text.to_owned());
    add("contract.service", text(&served.service));
    if let Some((operation, route)) = &served.operation {
        add("contract.operation", Arc::clone(operation).into());
        add("http.route", Arc::clone(route).into());
    }
    let (version, revision) = &served.contract;
    add("contract.version", Arc::clone(version).into());
    add("contract.revision", Arc::clone(revision).into());
    add("squad.id", text(&served.squad));
    add("sla.tier", served.tier.as_str().into());
    add("portcullis.outcome", served.outcome.as_str().into());
    if let Some(score) = served.risk_score {
        add("deployment.risk_score", i64::from(score).into());
    }
}

/// The violation classes without duplicates, in the order of their first occurrence.
fn classes(events: &[ViolationEvent]) -> Option<Value> {
    let mut classes: Vec<&'static str> = Vec::new();
    for class in events.iter().map(|event| event.class.as_str()) {
        if !classes.contains(&class) {
            classes.push(class);
        }
    }
    let classes: Vec<StringValue> = classes.into_iter().map(StringValue::from).collect();
    (!classes.is_empty()).then_some(Value::Array(Array::String(classes)))
}

fn violation(event: &ViolationEvent, record: &SpanRecord) -> Event {
    let mut attributes = vec![
        KeyValue::new("portcullis.violation.class", event.class.as_str()),
        KeyValue::new(
            "portcullis.violation.enforcement",
            event.enforcement.as_str(),
        ),
    ];
    if let Some(schema) = &event.schema {
        let name = "portcullis.violation.schema";
        attributes.push(KeyValue::new(name, schema.clone()));
    }
    if let Some(keyword) = &event.keyword {
        let name = "portcullis.violation.keyword";
        attributes.push(KeyValue::new(name, keyword.clone()));
    }
    let at = record.started + event.after;
    Event::new("portcullis.violation", at, attributes, 0)
}

/// Why the span is an error: a status of 500 or above, or a truncated response. Client errors are
/// not errors of a server span.
fn error_type(record: &SpanRecord) -> Option<String> {
    let failed = record.status.filter(|status| status.is_server_error());
    match (failed, record.error) {
        (Some(_), Some(error)) => Some(error.to_owned()),
        (Some(status), None) => Some(status.as_str().to_owned()),
        (None, _) => record.is_truncated.then(|| BROKEN_RESPONSE.to_owned()),
    }
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => OTHER_METHOD,
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}
