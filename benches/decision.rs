//! The cost of an admission decision: identity, circuit breakers, a slot.
//!
//! One decision is every call that the data plane makes to `identity` and `breaker` for an answered
//! request: read the squad headers, check the breakers, pass them, acquire a slot, record the
//! outcome and release the slot. `cores/1` and `cores/2` make the same decisions for one service
//! and one squad on one thread and on two at the same time, each with its own admission over the
//! shared limits. The time is that of one decision on each thread, so equal times are perfect
//! scaling. `lock` is the lower bound for any design with one lock: to lock and unlock it twice.

mod admission;

use std::hint::black_box;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use admission::{catalog, decide, headers, service_protection};
use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_breaker::CoreIndex;
use portcullis_identity::identity_from_headers;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
