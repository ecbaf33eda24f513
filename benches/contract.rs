//! The cost to validate a request against its contract, head and body.
//!
//! Orders of 1 KB and 10 KB are validated against the sample contract with the functions that the
//! proxy calls: `head` only, `body` only, and both. An `invalid` order has one violation in its
//! last line, and the time includes explaining it.

#![expect(clippy::panic, reason = "a benchmark stops at the first error")]

mod order;

use std::hint::black_box;
use std::path::Path;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use http::{HeaderMap, HeaderValue, Method};
use portcullis::source::load_contract;
use portcullis_contract::route::{PathCaptures, RouteMatch};
use portcullis_contract::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, CompileOptions, CompiledContract,
    RequestHead, Violation, check_body, check_head, compile,
};
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::EnforcementPolicy;

const PATH: &str = "/orders";

/// The state with which one data core validates requests.
struct RequestValidator {
    contract: CompiledContract,
    policy: EnforcementPolicy,
    headers: HeaderMap,
    captures: PathCaptures,
    scratch: CheckScratch,
}

impl RequestValidator {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = root.join("contracts/payments/orders/openapi.yaml");
        let documents = load_contract(&file, &Limits::default()).expect("a readable contract");
        let contract = compile(documents, &CompileOptions::default()).expect("a valid contract");
        let fields = [
            ("host", "orders.example.com"),
            ("user-agent", "bench/1.0"),
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("idempotency-key", "4f7a1c2e9b"),
        ];
        let headers = fields
            .into_iter()
            .map(|(name, value)| {
                (
                    name.parse().expect("a field name"),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        Self {
            contract,
            policy: EnforcementPolicy::default(),
            headers,
            captures: PathCaptures::default(),
            scratch: CheckScratch::default(),
        }
    }

    fn head(&mut self) -> BodyPlan<'_> {
        let route_match = self
            .contract
            .match_route(&Method::POST, PATH, &mut self.captures);
        let RouteMatch::Found { operation } = route_match else {
            panic!("the contract declares POST {PATH}");
        };
        let head = RequestHead {
            path: PATH,
            query: None,
            headers: black_box(&self.headers),
            captures: &self.captures,
            body: BodyLength::Known,
        };
        let mut violations = Vec::new();
        let plan = check_head(
            &self.contract,
            self.contract.operation(operation),
            head,
            settings(&self.policy),
            &mut self.scratch,
            &mut violations,
        );
        assert!(violations.is_empty(), "{violations:?}");
        plan
    }

    fn body(&mut self, body: &[u8]) -> Vec<Violation> {
        let RouteMatch::Found { operation } =
            self.contract
                .match_route(&Method::POST, PATH, &mut self.captures)
        else {
            panic!("the contract declares POST {PATH}");
        };
        let portcullis_contract::BodyDeclaration::Declared(declared) =
            &self.contract.operation(operation).body
        else {
            panic!("the operation declares a body");
        };
        let mut violations = Vec::new();
        check_body(
            &self.contract,
            BodyPlan::Judge(&declared.content[0]),
            &self.headers,
            black_box(body),
            settings(&self.policy),
            &mut self.scratch,
            &mut violations,
        );
        violations
    }
}

fn settings(policy: &EnforcementPolicy) -> CheckSettings<'_> {
    CheckSettings::new(policy, &Limits::default())
}

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
