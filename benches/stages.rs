//! The cost of each stage of a request, for the budgets in `README.md`: `benches/budgets` runs this
//! and compares.
//!
//! Every stage calls the functions that the data plane calls, with the sample contract of orders:
//! `route` checks the path and finds the operation; `parameters` validates two query parameters;
//! `judge` parses and validates a body; `breaker` is a whole admission decision (identity, circuit
//! breakers, a slot); `record` writes the metrics and the inventory.

mod admission;
mod order;
mod validator;

use std::sync::Arc;
use std::time::{Duration, Instant};

use admission::{catalog, decide, headers, service_protection};
use criterion::{Criterion, criterion_group, criterion_main};
use http::Method;
use portcullis_breaker::CoreIndex;
use portcullis_telemetry::{
    Metrics, RequestLabels, RequestMeasurement, RequestOutcome, ServiceRecorder, TrafficInventory,
};
use validator::RequestValidator;

/// The allocator of the measured program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn head(criterion: &mut Criterion) {
    let mut validator = RequestValidator::new();
    let mut group = criterion.benchmark_group("stage");
    group.bench_function("route", |bencher| {
        bencher.iter(|| validator.route(&Method::GET));
    });
    let operation = validator.route(&Method::GET);
    group.bench_function("parameters", |bencher| {
        bencher.iter(|| validator.query_parameters(operation));
    });
    group.finish();
}

fn judge(criterion: &mut Criterion) {
    let mut validator = RequestValidator::new();
    let mut group = criterion.benchmark_group("stage");
    for (name, bytes_min) in [("judge 1 KB", 1_000), ("judge 10 KB", 10_000)] {
        let body = order::order(bytes_min, true);
        group.bench_function(name, |bencher| {
            bencher.iter(|| assert!(validator.body(body.as_bytes()).is_empty()));
        });
    }
    group.finish();
}

fn breaker(criterion: &mut Criterion) {
    let (catalog, headers) = (catalog(), headers());
    let admission = service_protection(&catalog, 1).core_admission(CoreIndex::new(0));
    let now = Instant::now();
    let mut group = criterion.benchmark_group("stage");
    group.bench_function("breaker", |bencher| {
        bencher.iter(|| decide(&admission, &headers, &catalog, now));
    });
    group.finish();
}

fn record(criterion: &mut Criterion) {
    let metrics = Metrics::new();
    let inventory: Arc<_> = TrafficInventory::new("orders", 1);
    let recorder = ServiceRecorder::new(&metrics, &inventory, 0, None);
    let labels = RequestLabels {
        operation: 0,
        operation_name: "listOrders",
        squad: 1,
        squad_name: "checkout",
    };
    let measured = RequestMeasurement {
        took: Duration::from_micros(700),
        own: Duration::from_micros(12),
        judging: Duration::from_micros(1),
        ..RequestMeasurement::default()
    };
    let mut group = criterion.benchmark_group("stage");
    group.bench_function("record", |bencher| {
        bencher.iter(|| {
            recorder.request(labels, RequestOutcome::Answered, measured);
        });
    });
    group.finish();
}

criterion_group!(benches, head, judge, breaker, record);
criterion_main!(benches);
