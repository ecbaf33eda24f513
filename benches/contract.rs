//! What does it cost to judge a request by its contract, head and body?
//!
//! Orders of 1 KB and 10 KB are judged as the proxy does it, by the shipped contract: `head`
//! alone, `body` alone, and both. An `invalid` order has one defect in its last line, and its
//! explanation is part of what is measured.

#![expect(clippy::panic, reason = "a bench stops where something is wrong")]

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

/// What one data core judges with.
struct Judge {
    contract: CompiledContract,
    policy: EnforcementPolicy,
    headers: HeaderMap,
    captures: PathCaptures,
    scratch: CheckScratch,
}

impl Judge {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = root.join("contracts/payments/orders/openapi.yaml");
        let documents = load_contract(&file, &Limits::default()).expect("the contract is there");
        let contract = compile(documents, &CompileOptions::default()).expect("it compiles");
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
                    name.parse().expect("a name"),
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
        let found = self
            .contract
            .match_route(&Method::POST, PATH, &mut self.captures);
        let RouteMatch::Found { operation } = found else {
            panic!("the contract has {PATH}");
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
            rules(&self.policy),
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
            panic!("the contract has {PATH}");
        };
        let portcullis_contract::BodyDeclaration::Declared(declared) =
            &self.contract.operation(operation).body
        else {
            panic!("an order has a body");
        };
        let mut violations = Vec::new();
        check_body(
            &self.contract,
            BodyPlan::Judge(&declared.content[0]),
            &self.headers,
            black_box(body),
            rules(&self.policy),
            &mut self.scratch,
            &mut violations,
        );
        violations
    }
}

fn rules(policy: &EnforcementPolicy) -> CheckSettings<'_> {
    CheckSettings::new(policy, &Limits::default())
}

fn of_size(group: &mut BenchmarkGroup<'_, WallTime>, judge: &mut Judge, bytes_min: usize) {
    let (valid, invalid) = (
        order::order(bytes_min, true),
        order::order(bytes_min, false),
    );
    group.throughput(Throughput::Bytes(valid.len() as u64));
    group.bench_function("body", |bencher| {
        bencher.iter(|| assert!(judge.body(valid.as_bytes()).is_empty()));
    });
    group.bench_function("head and body", |bencher| {
        bencher.iter(|| {
            assert!(matches!(judge.head(), BodyPlan::Judge(_)));
            assert!(judge.body(valid.as_bytes()).is_empty());
        });
    });
    group.bench_function("invalid", |bencher| {
        bencher.iter(|| assert_eq!(judge.body(invalid.as_bytes()).len(), 1));
    });
}

fn judge(criterion: &mut Criterion) {
    let mut judge = Judge::new();
    criterion.bench_function("head", |bencher| {
        bencher.iter(|| assert!(matches!(judge.head(), BodyPlan::Judge(_))));
    });
    for (name, bytes_min) in [("1 KB", 1_000), ("10 KB", 10_000)] {
        let mut group = criterion.benchmark_group(name);
        of_size(&mut group, &mut judge, bytes_min);
        group.finish();
    }
}

criterion_group!(benches, judge);
criterion_main!(benches);
