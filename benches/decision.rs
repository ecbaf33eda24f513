//! The cost of an admission decision: identity, circuit breakers, a slot.
//!
//! One decision is every call that the data plane makes to `identity` and `breaker` for an answered
//! request: read the squad headers, check the breakers, pass them, acquire a slot, record the
//! outcome and release the slot. `cores/1` and `cores/2` make the same decisions for one service
//! and one squad on one thread and on two at the same time, each with its own admission over the
//! shared limits. The time is that of one decision on each thread, so equal times are perfect
//! scaling. `lock` is the lower bound for any design with one lock: to lock and unlock it twice.

use std::hint::black_box;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderValue};
use portcullis_breaker::{
    CallOutcome, CallResult, CoreAdmission, CoreIndex, ServicePolicy, ServiceProtection,
    SlotOutcome,
};
use portcullis_config::load_catalog;
use portcullis_identity::identity_from_headers;
use portcullis_vocabulary::Catalog;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The default limits are far above the number of requests in flight, so no request waits.
fn service_protection(catalog: &Catalog, cores: usize) -> ServiceProtection {
    ServiceProtection::new(
        "orders",
        ServicePolicy::default(),
        catalog,
        cores,
        Instant::now(),
    )
}

fn catalog() -> Catalog {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/contracts/squads.toml");
    load_catalog(path.as_ref()).expect("the shipped catalog")
}

/// The header fields of an ordinary request, including the squad headers.
fn headers() -> HeaderMap {
    let fields = [
        ("host", "orders.internal"),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("user-agent", "checkout/4.2"),
        ("x-request-id", "0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10"),
        ("x-squad-owner", "checkout"),
        ("x-sla-tier", "silver"),
        ("x-service-version", "4.2.0"),
    ];
    let field = |(name, value)| {
        let name = http::HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    };
    fields.into_iter().map(field).collect()
}

#[inline]
fn decide(admission: &CoreAdmission, headers: &HeaderMap, catalog: &Catalog, now: Instant) {
    let claim = identity_from_headers(black_box(headers), catalog).expect("valid squad headers");
    let caller = claim.caller;
    let now = admission.at(now);
    assert!(admission.peek(caller, now).is_none());
    let mut events = Vec::new();
    let pass = admission
        .admit(caller, now, &mut events)
        .expect("closed circuits");
    admission.charge_budget(caller, || now).expect("no budget");
    let slot = match admission.acquire_slot(caller, now) {
        SlotOutcome::Granted(slot) => slot,
        SlotOutcome::Queued(_) | SlotOutcome::Shed(_) => unreachable!("more slots than requests"),
    };
    let outcome = CallOutcome {
        result: CallResult::Answered,
        took: Some(Duration::from_millis(1)),
        retry_after: None,
    };
    admission.record(caller, pass, now, outcome, &mut events);
    admission.release_slot(slot, || now);
    assert!(events.is_empty());
}

fn identify(c: &mut Criterion) {
    let (catalog, headers) = (catalog(), headers());
    c.bench_function("decision/identify", |b| {
        b.iter(|| identity_from_headers(black_box(&headers), &catalog));
    });
}

fn decide_all(c: &mut Criterion) {
    let (catalog, headers) = (catalog(), headers());
    let admission = service_protection(&catalog, 1).core_admission(CoreIndex::new(0));
    let now = Instant::now();
    c.bench_function("decision/all", |b| {
        b.iter(|| decide(&admission, &headers, &catalog, now));
    });
}

/// Runs `iterations` on each of `threads` that start at the same time; the time of the slowest.
fn run_on_threads(threads: usize, iterations: u64, act: impl Fn(usize) + Sync) -> Duration {
    let barrier = Barrier::new(threads);
    let run = |thread| {
        barrier.wait();
        let started = Instant::now();
        for _ in 0..iterations {
            act(thread);
        }
        started.elapsed()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || run(thread)))
            .collect();
        let ended = running
            .into_iter()
            .map(|thread| thread.join().expect("no panic"));
        ended.max().unwrap_or_default()
    })
}

fn cores(c: &mut Criterion) {
    let (catalog, headers) = (catalog(), headers());
    let mut group = c.benchmark_group("decision/cores");
    for threads in [1, 2] {
        let protection = service_protection(&catalog, threads);
        let admissions: Vec<_> = (0..threads)
            .map(|core| protection.core_admission(CoreIndex::new(core)))
            .collect();
        let now = Instant::now();
        group.bench_function(threads.to_string(), |b| {
            b.iter_custom(|iterations| {
                run_on_threads(threads, iterations, |core| {
                    decide(&admissions[core], &headers, &catalog, now);
                })
            });
        });
    }
    group.finish();
    let mut group = c.benchmark_group("decision/lock");
    for threads in [1, 2] {
        let lock = Arc::new(Mutex::new(0_u64));
        group.bench_function(threads.to_string(), |b| {
            b.iter_custom(|iterations| {
                run_on_threads(threads, iterations, |_| {
                    for _ in 0..2 {
                        *lock.lock().expect("no panic") += 1;
                    }
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, identify, decide_all, cores);
criterion_main!(benches);
