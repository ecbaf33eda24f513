//! What does deciding about a request cost: who calls, may it pass, does it have a slot?
//!
//! One decision is everything that the data plane asks of `identity` and `breaker` for a request
//! that is answered: reading the squad headers, a look at the breakers, passing them, a slot,
//! recording the outcome and giving the slot back. `cores/1` and `cores/2` run the same decisions
//! for one service and one squad on as many threads at once, each with its own view of the shared
//! bank; the time is that of one decision on each thread, so equal times are perfect scaling.
//! `lock` is the least that any design with one lock would take: an empty lock and unlock, twice.

use std::hint::black_box;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderValue};
use portcullis::config::load_catalog;
use portcullis::identity::identity_from_headers;
use portcullis_breaker::{
    CallOutcome, CallResult, CoreAdmission, CoreIndex, ServicePolicy, ServiceProtection,
    SlotOutcome,
};
use portcullis_vocabulary::Catalog;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Far above what is in flight at a time, so that nobody waits.
fn guarded(catalog: &Catalog, cores: usize) -> ServiceProtection {
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

/// The header fields of an ordinary request, with those that say who calls.
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
fn decide(turnstile: &CoreAdmission, headers: &HeaderMap, catalog: &Catalog, now: Instant) {
    let claim = identity_from_headers(black_box(headers), catalog).expect("it is well");
    let caller = claim.caller;
    let now = turnstile.at(now);
    assert!(turnstile.peek(caller, now).is_none());
    let mut events = Vec::new();
    let passes = turnstile
        .admit(caller, now, &mut events)
        .expect("it passes");
    turnstile.charge_budget(caller, || now).expect("no budget");
    let slot = match turnstile.acquire_slot(caller, now) {
        SlotOutcome::Granted(slot) => slot,
        SlotOutcome::Queued(_) | SlotOutcome::Shed(_) => unreachable!("slots are plenty"),
    };
    let outcome = CallOutcome {
        result: CallResult::Answered,
        took: Some(Duration::from_millis(1)),
        retry_after: None,
    };
    turnstile.record(caller, passes, now, outcome, &mut events);
    turnstile.release_slot(slot);
    assert!(events.is_empty());
}

fn identify(c: &mut Criterion) {
    let (catalog, headers) = (catalog(), headers());
    c.bench_function("decision/identify", |b| {
        b.iter(|| identity_from_headers(black_box(&headers), &catalog));
    });
}

fn whole(c: &mut Criterion) {
    let (catalog, headers) = (catalog(), headers());
    let turnstile = guarded(&catalog, 1).core_admission(CoreIndex::new(0));
    let now = Instant::now();
    c.bench_function("decision/whole", |b| {
        b.iter(|| decide(&turnstile, &headers, &catalog, now));
    });
}

/// So many iterations on each of so many threads, which begin together.
fn together(threads: usize, iterations: u64, act: impl Fn(usize) + Sync) -> Duration {
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
        let guarded = guarded(&catalog, threads);
        let turnstiles: Vec<_> = (0..threads)
            .map(|core| guarded.core_admission(CoreIndex::new(core)))
            .collect();
        let now = Instant::now();
        group.bench_function(threads.to_string(), |b| {
            b.iter_custom(|iterations| {
                together(threads, iterations, |core| {
                    decide(&turnstiles[core], &headers, &catalog, now);
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
                together(threads, iterations, |_| {
                    for _ in 0..2 {
                        *lock.lock().expect("no panic") += 1;
                    }
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, identify, whole, cores);
criterion_main!(benches);
