//! The cost to validate a request against its contract, head and body.
//!
//! Orders of 1 KB and 10 KB are validated against the sample contract with the functions that the
//! proxy calls: `head` only, `body` only, and both. An `invalid` order has one violation in its
//! last line, and the time includes explaining it.

mod order;
mod validator;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use portcullis_contract::BodyPlan;
use validator::RequestValidator;

fn validate_bodies(
    group: &mut BenchmarkGroup<'_, WallTime>,
    validator: &mut RequestValidator,
    bytes_min: usize,
) {
    let (valid, invalid) = (
        order::order(bytes_min, true),
        order::order(bytes_min, false),
    );
    group.throughput(Throughput::Bytes(valid.len() as u64));
    group.bench_function("body", |bencher| {
        bencher.iter(|| assert!(validator.body(valid.as_bytes()).is_empty()));
    });
    group.bench_function("head and body", |bencher| {
        bencher.iter(|| {
            assert!(matches!(validator.head(), BodyPlan::Judge(_)));
            assert!(validator.body(valid.as_bytes()).is_empty());
        });
    });
    group.bench_function("invalid", |bencher| {
        bencher.iter(|| assert_eq!(validator.body(invalid.as_bytes()).len(), 1));
    });
}

fn validate(criterion: &mut Criterion) {
    let mut validator = RequestValidator::new();
    criterion.bench_function("head", |bencher| {
        bencher.iter(|| assert!(matches!(validator.head(), BodyPlan::Judge(_))));
    });
    for (name, bytes_min) in [("1 KB", 1_000), ("10 KB", 10_000)] {
        let mut group = criterion.benchmark_group(name);
        validate_bodies(&mut group, &mut validator, bytes_min);
        group.finish();
    }
}

criterion_group!(benches, validate);
criterion_main!(benches);
