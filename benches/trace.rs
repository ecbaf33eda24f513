//! The cost of tracing on a data core, sampled and unsampled.
//!
//! `unsampled` reads `traceparent` and writes it and `baggage` for the upstream, as every request
//! does if a collector is configured; `root` is a request without a trace. `sampled` also records
//! the span and queues it for export. The queue is full, because nothing takes spans out of it here.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use portcullis_telemetry::{
    Metrics, RequestOutcome, ServiceAttributes, SpanExport, TracedRequest, Tracer, start_tracing,
};
use portcullis_vocabulary::Tier;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A tracer that samples no new traces, and the export side that keeps its queue open.
fn tracer() -> (Tracer, SpanExport) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml");
    let variables = [
        ("PORTCULLIS_TRACING__ENDPOINT", "http://127.0.0.1:4318"),
        ("PORTCULLIS_TRACING__SAMPLE", "0.0"),
    ];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));
    let config = portcullis_config::load(Some(&path), variables, &Default::default());
    let config = config.expect("the shipped configuration");
    let started = start_tracing(&config.tracing, &Metrics::new());
    started.expect("an exporter").expect("an endpoint")
}

fn headers(parent: Option<&'static str>) -> HeaderMap {
    let fields = [
        ("host", "orders.internal"),
        ("accept", "application/json"),
        ("user-agent", "checkout/4.2"),
    ];
    let parent = parent.map(|parent| ("traceparent", parent));
    let field = |(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    fields.into_iter().chain(parent).map(field).collect()
}

fn attributes() -> ServiceAttributes {
    ServiceAttributes {
        service: "orders".to_owned(),
        operation: Some(("fetchOrder".into(), "/orders/{order_id}".into())),
        contract: ("1.4.0".into(), "sha256:0".into()),
        squad: "checkout".to_owned(),
        tier: Tier::Gold,
        risk_score: None,
        outcome: RequestOutcome::Answered,
    }
}

fn trace(c: &mut Criterion) {
    let (tracer, _export) = tracer();
    let request_id = HeaderValue::from_static("0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10");
    let attributes = attributes();
    let mut group = c.benchmark_group("trace");
    for (name, parent) in [
        ("root", None),
        (
            "unsampled",
            Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
        ),
        (
            "sampled",
            Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ),
    ] {
        let headers = headers(parent);
        let mut outgoing = HeaderMap::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let trace = tracer.begin(TracedRequest {
                    method: &Method::GET,
                    version: Version::HTTP_11,
                    headers: black_box(&headers),
                    request_id: &request_id,
                });
                outgoing.remove("baggage");
                trace.propagate(&mut outgoing, Some("checkout"));
                if let Some(span) = trace.span() {
                    span.upstream_took(Duration::from_millis(1));
                    span.answered(StatusCode::OK, None);
                    span.set_service_attributes(attributes.clone());
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, trace);
criterion_main!(benches);
