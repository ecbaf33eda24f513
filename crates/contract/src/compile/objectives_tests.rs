//! `x-slo`: what it promises, and what is said about one that cannot be read.

use std::time::Duration;

use portcullis_vocabulary::{Limits, StatedObjectives, Tier};

use crate::{CompileOptions, CompiledContract, compile, parse_single_file};

fn contract(text: &str) -> CompiledContract {
    let documents = parse_single_file("a.yaml", text.into(), &Limits::default()).unwrap();
    let options = CompileOptions {
        outbound_operations: true,
        accepts_events: true,
        ..CompileOptions::default()
    };
    compile(documents, &options).unwrap()
}

/// What a contract says with these members of the document and of `info`, and of its operations `a`
/// and `POST /a`.
fn stated(document: &str, info: &str, operation: &str) -> (StatedObjectives, Vec<String>) {
    let contract = contract(&format!(
        "openapi: 3.1.0\n{document}info: {{title: t, version: '1'{info}}}\npaths:\n  /a:\n    \
         get: {{operationId: a{operation}, responses: {{'200': {{description: d}}}}}}\n    \
         post: {{responses: {{'200': {{description: d}}}}}}\n"
    ));
    let unread = contract.unread_objectives();
    let unread = unread.map(|problem| format!("{} {}", problem.at.line, problem.message));
    (contract.objectives.clone(), unread.collect())
}

#[test]
fn the_document_and_operations_promise_levels() {
    let document = "x-sla-tier: bronze\nx-slo: {availability: 0.99, window: 7d, x-why: a, latency: {le: 300ms, share: 0.9}}\n";
    let operation = ", x-sla-tier: gold, x-slo: {latency: {le: 1s, share: 9e-1}}";
    let (stated, unread) = stated(document, "", operation);
    assert_eq!(unread, Vec::<String>::new());
    assert_eq!(stated.tier, Some(Tier::Bronze));
    assert_eq!(stated.level.availability, Some(0.99));
    assert_eq!(stated.level.window, Some(Duration::from_secs(7 * 86_400)));
    let latency = stated.level.latency.unwrap();
    assert_eq!((latency.bound.as_millis(), latency.share), (300, 0.9));
    let [own] = &stated.operations[..] else {
        panic!("{stated:?}");
    };
    assert_eq!((&*own.operation, own.availability), ("a", None));
    assert_eq!(own.latency.unwrap().bound.as_secs(), 1);
    assert_eq!(stated.operation_tiers, [("a".to_owned(), Tier::Gold)]);
}

#[test]
fn info_wins_over_the_document() {
    let (stated, unread) = stated(
        "x-slo: {availability: 0.5}\n",
        ", x-slo: {availability: 0.9}",
        "",
    );
    assert_eq!(stated.level.availability, Some(0.9));
    assert_eq!(
        unread,
        ["2 `x-slo` is ignored, because `info` has one: remove one"]
    );
}

#[test]
#[rustfmt::skip]
fn what_cannot_be_read_is_named_and_left_out() {
    let check = |x_slo: &str, expected: &str| {
        let (stated, unread) = stated(&format!("x-slo: {x_slo}\n"), "", "");
        assert_eq!(stated, StatedObjectives::default(), "{x_slo}");
        assert_eq!(unread, [format!("2 {expected}")], "{x_slo}");
    };
    check("[]", "`x-slo` must be an object such as {availability: 0.999} and is ignored");
    check("{}", "`x-slo` must be an object such as {availability: 0.999} and is ignored");
    check("null", "`x-slo` must be an object such as {availability: 0.999} and is ignored");
    check("{availability: 99.9}", "`x-slo.availability` must be a share above 0.0 and below 1.0 (at most nine nines), such as 0.999, and is ignored");
    check("{availability: '0.9'}", "`x-slo.availability` must be a share above 0.0 and below 1.0 (at most nine nines), such as 0.999, and is ignored");
    check("{availability: 1}", "`x-slo.availability` must be a share above 0.0 and below 1.0 (at most nine nines), such as 0.999, and is ignored");
    check("{window: 400d}", "`x-slo.window` must be whole hours or days from 7d to 366d, such as 30d, and is ignored");
    check("{window: 30}", "`x-slo.window` must be whole hours or days from 7d to 366d, such as 30d, and is ignored");
    check("{latency: {le: 300ms}}", "`x-slo.latency` must have `le` and `share`, such as {le: 300ms, share: 0.99}, and is ignored");
    check("{latency: 300ms}", "`x-slo.latency` must have `le` and `share`, such as {le: 300ms, share: 0.99}, and is ignored");
    check("{latency: {le: 2m, share: 0.9}}", "`x-slo.latency.le` must be a duration from 1ms to 60s, such as 300ms, and `x-slo.latency` is ignored");
    check("{latency: {le: 1s, share: 2}}", "`x-slo.latency.share` must be a share above 0.0 and below 1.0 (at most nine nines), such as 0.999, and is ignored");
    check("{availabilty: 0.9}", "`availabilty` is not a field of `x-slo` here and is ignored; fields are availability, latency, window");
}

#[test]
fn a_part_that_can_be_read_stays() {
    let (stated, unread) = stated(
        "x-slo: {availability: 0.9, latency: {le: 1s, share: 0.9, p99: 1}}\n",
        "",
        "",
    );
    assert!(stated.level.latency.is_some() && stated.level.availability.is_some());
    assert_eq!(
        unread,
        ["2 `p99` is not a field of `x-slo.latency` here and is ignored; fields are le, share"]
    );
}

#[test]
fn operations_have_no_window_and_other_places_no_objectives() {
    let (stated, unread) = stated("", "", ", x-slo: {window: 7d}");
    assert_eq!(stated, StatedObjectives::default());
    assert_eq!(
        unread,
        [
            "5 `window` is not a field of `x-slo` here and is ignored; fields are availability, latency"
        ]
    );
    let contract = contract(
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    x-slo: {availability: 0.9}\n    \
         get: {responses: {'200': {description: d}}}\nwebhooks:\n  w: {post: {x-slo: {availability: 0.9}, \
         responses: {'200': {description: d}}}}\n",
    );
    assert_eq!(contract.objectives, StatedObjectives::default());
    let unread: Vec<&str> = contract
        .unread_objectives()
        .map(|problem| &*problem.message)
        .collect();
    assert_eq!(
        unread,
        [
            "`x-slo` of a path item is ignored: write it in its operations",
            "`x-slo` is ignored: the service sends this request and does not answer it"
        ]
    );
}

#[test]
fn swagger_promises_as_openapi_does_and_events_promise_nothing() {
    let swagger = contract(
        "swagger: '2.0'\nx-slo: {availability: 0.9}\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    \
         get: {operationId: a, x-slo: {availability: 0.8}, responses: {'200': {description: d}}}\n",
    );
    assert_eq!(swagger.objectives.level.availability, Some(0.9));
    assert_eq!(swagger.objectives.operations[0].availability, Some(0.8));
    let events = contract(
        "asyncapi: 3.0.0\ninfo: {title: t, version: '1', x-slo: {availability: 0.9}}\nchannels: {}\noperations: {}\n",
    );
    assert_eq!(events.objectives, StatedObjectives::default());
    let unread: Vec<&str> = events
        .unread_objectives()
        .map(|problem| &*problem.message)
        .collect();
    assert_eq!(unread, ["`x-slo` is ignored: events are not counted"]);
}
