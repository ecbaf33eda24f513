//! Tests of the W3C header fields, compared with the OpenTelemetry SDK.

use std::collections::HashMap;

use http::{HeaderMap, HeaderValue, Method, Version};
use metrics::Counter;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt, TraceId};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, ShouldSample};
use proptest::prelude::*;
use tokio::sync::mpsc::{self, Receiver};

use portcullis_vocabulary::limits::{BAGGAGE_BYTES_MAX, BAGGAGE_MEMBERS_MAX};

use super::baggage::{BAGGAGE, carry_squad};
use super::span::{SpanRecord, SpanSender};
use super::trace_parent::{TRACEPARENT, TRACESTATE, TraceParent};
use super::traced_request::TracedRequest;
use super::tracer::{RequestTrace, TraceSampler, Tracer};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The result of the SDK for the same field.
fn oracle(field: &str) -> Option<SpanContext> {
    let carrier = HashMap::from([("traceparent".to_owned(), field.to_owned())]);
    let context = TraceContextPropagator::new().extract(&carrier);
    let read = context.span().span_context().clone();
    read.is_valid().then_some(read)
}

fn same(own: TraceParent, read: &SpanContext) -> bool {
    own.trace.to_be_bytes() == read.trace_id().to_bytes()
        && own.span.to_be_bytes() == read.span_id().to_bytes()
        && own.is_sampled == read.is_sampled()
}

#[test]
fn trace_parent_is_parsed_strictly() {
    let check = |field: &str, expected: Option<(bool, bool)>| {
        let read = TraceParent::parse(field.as_bytes());
        let flags = read.map(|read| (read.is_sampled, read.is_random));
        assert_eq!(flags, expected, "{field}");
        if let Some(read) = read {
            assert_eq!(read.trace, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
            assert_eq!(read.span, 0x00f0_67aa_0ba9_02b7);
        }
    };
    let of = |version: &str, flags: &str| {
        format!("{version}-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}")
    };
    check(&of("00", "01"), Some((true, false)));
    check(&of("00", "00"), Some((false, false)));
    check(&of("00", "03"), Some((true, true)));
    check(&of("00", "fe"), Some((false, true)));
    check(&of("cc", "01"), Some((true, false)));
    check(&of("cc", "01-what-comes"), Some((true, false)));
    check(&of("cc", "01-"), Some((true, false)));
    for bad in [
        of("ff", "01"),
        of("0", "01"),
        of("0G", "01"),
        of("CC", "01"),
        of("00", "01-"),
        of("00", "01-what-comes"),
        of("cc", "01.what-comes"),
        of("cc", "010"),
        of("00", "0"),
        of("00", "0x"),
        of("00", "0A"),
        format!(" {PARENT}"),
        format!("{PARENT} "),
        PARENT.replace("4bf92f", "4BF92F"),
        PARENT.replace("00f067", "00F067"),
        PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
        PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
        PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(31)),
        PARENT.replace('-', "_"),
        "ü".repeat(28),
        String::new(),
    ] {
        check(&bad, None);
    }
}

#[test]
fn trace_parent_must_occur_once() {
    let check = |fields: &[&str], is_read: bool| {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(TRACEPARENT, field.parse().unwrap());
        }
        let read = TraceParent::of_headers(&headers);
        assert_eq!(read.is_some(), is_read, "{fields:?}");
    };
    check(&[], false);
    check(&[PARENT], true);
    check(&[PARENT, PARENT], false);
    check(&[&format!("{PARENT},{PARENT}")], false);
}

proptest! {
    #[test]
    fn written_fields_are_read_back_here_and_by_the_sdk(
        trace in 1_u128.., span in 1_u64.., is_sampled: bool, is_random: bool,
    ) {
        let own = TraceParent { trace, span, is_sampled, is_random };
        let value = own.to_value();
        prop_assert_eq!(TraceParent::parse(value.as_bytes()), Some(own));
        let read = oracle(value.to_str().unwrap());
        prop_assert!(read.is_some_and(|read| same(own, &read)), "{:?}", value);
    }

    #[test]
    fn fields_are_read_as_the_sdk_reads_them(
        field in "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[a-z0-9-]{0,8})?",
    ) {
        let (own, read) = (TraceParent::parse(field.as_bytes()), oracle(&field));
        match (own, &read) {
            (Some(own), Some(read)) => prop_assert!(same(own, read), "{}", field),
            // The SDK ignores an empty part at the end of a field of version 00.
            (None, Some(_)) => prop_assert!(field.starts_with("00-") && field.ends_with('-')),
            (Some(_), None) => prop_assert!(false, "the SDK does not read {field}"),
            (None, None) => {}
        }
    }

    #[test]
    fn corrupted_fields_are_not_read_differently_by_the_sdk(
        at in 0_usize..55, with in "[0-9a-fA-FgG_ +.-]{0,3}",
    ) {
        let field = format!("{}{with}{}", &PARENT[..at], &PARENT[at + 1..]);
        if let Some(own) = TraceParent::parse(field.as_bytes()) {
            let read = oracle(&field);
            prop_assert!(read.is_some_and(|read| same(own, &read)), "{}", field);
        }
    }

    #[test]
    fn carried_baggage_is_within_its_bounds_and_readable(
        lengths in prop::collection::vec(0_usize..300, 0..90),
        split in 0_usize..90,
    ) {
        let member = |(at, length): (usize, &usize)| format!("key-{at}={};p=1", "v".repeat(*length));
        let members: Vec<String> = lengths.iter().enumerate().map(member).collect();
        let mut headers = HeaderMap::new();
        let (first, second) = members.split_at(split.min(members.len()));
        for list in [first, second].iter().filter(|list| !list.is_empty()) {
            headers.append(BAGGAGE, list.join(" , ").parse().unwrap());
        }
        carry_squad(&mut headers, Some("checkout"));
        let all: Vec<_> = headers.get_all(BAGGAGE).iter().collect();
        prop_assert_eq!(all.len(), 1);
        let text = all[0].to_str().unwrap();
        let sent: Vec<&str> = text.split(',').collect();
        prop_assert!(text.len() <= BAGGAGE_BYTES_MAX && sent.len() <= BAGGAGE_MEMBERS_MAX);
        prop_assert_eq!(sent[0], "squad-id=checkout");
        // The other entries follow in their order, byte for byte, as many as fit.
        prop_assert_eq!(&sent[1..], &members[..sent.len() - 1]);
        let is_full = sent.len() == BAGGAGE_MEMBERS_MAX;
        let next = members.get(sent.len() - 1);
        prop_assert!(is_full || next.is_none_or(|next| text.len() + 1 + next.len() > BAGGAGE_BYTES_MAX));
    }
}

#[test]
fn squad_entry_is_set_and_other_entries_stay() {
    let check = |fields: &[&str], squad: Option<&str>, expected: &[&str]| {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(BAGGAGE, field.parse().unwrap());
        }
        carry_squad(&mut headers, squad);
        let sent: Vec<&HeaderValue> = headers.get_all(BAGGAGE).iter().collect();
        assert_eq!(sent, expected, "{fields:?} {squad:?}");
    };
    let squad = Some("check.out_1-2");
    check(&[], squad, &["squad-id=check.out_1-2"]);
    check(&["a=1"], squad, &["squad-id=check.out_1-2,a=1"]);
    check(
        &["a=1;p=q , b=%20", "c=3"],
        squad,
        &["squad-id=check.out_1-2,a=1;p=q,b=%20,c=3"],
    );
    check(
        &["squad-id=forged,a=1", "squad-id = other;p=1"],
        squad,
        &["squad-id=check.out_1-2,a=1"],
    );
    check(
        &["squad-id-2=1,Squad-Id=2"],
        squad,
        &["squad-id=check.out_1-2,squad-id-2=1,Squad-Id=2"],
    );
    // Without an identified squad the entry is removed.
    check(&["a=1,squad-id=forged"], None, &["a=1"]);
    check(&["squad-id=forged"], None, &[]);
    check(&["a=1 , b=2", "c=3"], None, &["a=1 , b=2", "c=3"]);
    check(&[], None, &[]);
    let mut headers = HeaderMap::new();
    carry_squad(&mut headers, squad);
    let carrier = [(
        "baggage".to_owned(),
        headers[BAGGAGE].to_str().unwrap().to_owned(),
    )];
    let read = BaggagePropagator::new().extract(&HashMap::from(carrier));
    let baggage = opentelemetry::baggage::BaggageExt::baggage(&read);
    assert_eq!(baggage.get("squad-id").unwrap().as_str(), "check.out_1-2");
}

fn tracer(sample: f64) -> (Tracer, Receiver<SpanRecord>) {
    let (queue, receiver) = mpsc::channel(1);
    let lost = Counter::noop();
    (Tracer::new(sample, SpanSender { queue, lost }), receiver)
}

fn begin(tracer: &Tracer, headers: &HeaderMap) -> RequestTrace {
    tracer.begin(TracedRequest {
        method: &Method::GET,
        version: Version::HTTP_11,
        headers,
        request_id: &HeaderValue::from_static("id"),
    })
}

fn sent(trace: &RequestTrace, mut headers: HeaderMap) -> (TraceParent, Option<HeaderValue>) {
    trace.propagate(&mut headers, None);
    let own = TraceParent::of_headers(&headers).unwrap();
    (own, headers.get(TRACESTATE).cloned())
}

#[test]
fn continued_traces_keep_the_sampling_decision() {
    let check = |field: &str, sample, is_continued: bool, is_sampled: bool| {
        let (tracer, mut spans) = tracer(sample);
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, field.parse().unwrap());
        headers.insert(TRACESTATE, "a=1,b=2".parse().unwrap());
        let trace = begin(&tracer, &headers);
        let (own, state) = sent(&trace, headers);
        let parent = TraceParent::parse(field.as_bytes());
        assert_eq!(
            parent.is_some_and(|parent| parent.trace == own.trace),
            is_continued
        );
        assert!(parent.is_none_or(|parent| parent.span != own.span));
        assert_eq!(state.is_some(), is_continued, "{field}");
        assert_eq!(own.is_sampled, is_sampled, "{field} {sample}");
        assert_eq!(trace.span().is_some(), is_sampled);
        drop(trace);
        let span = spans.try_recv().ok();
        assert_eq!(span.is_some(), is_sampled);
        if let Some(span) = span {
            assert_eq!(span.parent, parent.map(|parent| parent.span));
            assert_eq!(span.state.as_deref(), is_continued.then_some("a=1,b=2"));
        }
    };
    let unsampled = PARENT.replace("-01", "-00");
    check(PARENT, 0.0, true, true);
    check(&unsampled, 1.0, true, false);
    check("nonsense", 1.0, false, true);
    check("nonsense", 0.0, false, false);
    check(&PARENT.replacen("00", "ff", 1), 0.0, false, false);
}

#[test]
fn random_flag_is_kept_and_set_for_new_traces() {
    let (tracer, _spans) = tracer(0.0);
    let mut headers = HeaderMap::new();
    let root = begin(&tracer, &headers);
    assert!(sent(&root, HeaderMap::new()).0.is_random);
    for (flags, is_random) in [("00", false), ("02", true), ("fd", false)] {
        let field = PARENT.replace("-01", &format!("-{flags}"));
        headers.insert(TRACEPARENT, field.parse().unwrap());
        let (own, _) = sent(&begin(&tracer, &headers), headers.clone());
        assert_eq!(own.is_random, is_random, "{flags}");
    }
}

#[test]
fn new_traces_are_sampled_by_the_low_bits_of_their_ids() {
    let check = |sample: f64, low: u64, kept: bool| {
        let trace = u128::from(u64::MAX) << 64 | u128::from(low);
        assert_eq!(
            TraceSampler::new(sample).is_kept(trace),
            kept,
            "{sample} {low:x}"
        );
        let id = TraceId::from_bytes(trace.to_be_bytes());
        let sampler = Sampler::TraceIdRatioBased(sample);
        let expected = sampler.should_sample(None, id, "", &SpanKind::Server, &[], &[]);
        let is_recorded = expected.decision == SamplingDecision::RecordAndSample;
        assert_eq!(is_recorded, kept, "OpenTelemetry, {sample} {low:x}");
    };
    check(0.5, (1 << 63) - 1, true);
    check(0.5, 1 << 63, false);
    check(0.0, 0, false);
    check(1.0, u64::MAX, true);
    check(0.25, (1 << 62) - 1, true);
    check(0.25, 1 << 62, false);
}

#[test]
fn a_full_queue_drops_and_counts_spans() {
    let lost = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let (queue, mut spans) = mpsc::channel(2);
    let counter = Counter::from_arc(std::sync::Arc::clone(&lost));
    let tracer = Tracer::new(
        1.0,
        SpanSender {
            queue,
            lost: counter,
        },
    );
    for _ in 0..5 {
        drop(begin(&tracer, &HeaderMap::new()));
    }
    assert_eq!(lost.load(std::sync::atomic::Ordering::Relaxed), 3);
    assert!(spans.try_recv().is_ok() && spans.try_recv().is_ok());
    assert!(spans.try_recv().is_err());
}

#[test]
fn a_queued_span_is_small() {
    assert!(
        size_of::<SpanRecord>() <= 512,
        "{}",
        size_of::<SpanRecord>()
    );
}
