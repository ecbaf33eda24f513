//! The cost of routing by number of operations.
//!
//! Tables of 10, 1,000 and 10,000 ordinary operations route the same kind of requests: `hot` repeats
//! ten paths spread over the table, `cold` a thousand, to measure the effect of CPU caches.
//! `check_path` runs before routing. The baseline `linear` compares every template in turn without
//! a regular expression; the table must be faster.

use std::hint::black_box;
use std::iter;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use http::Method;
use portcullis_contract::route::{PathCaptures, PathTemplate, RouteMatch, RouteTable, check_path};

const SIZES: [usize; 3] = [10, 1_000, 10_000];
const TEMPLATES_PER_RESOURCE: usize = 5;

/// Five templates for each resource, as in ordinary contracts.
fn keys(count: usize) -> Vec<String> {
    let of_resource = |n: usize| {
        let resource = format!("/team-{}/resource-{n}", n % 40);
        [
            resource.clone(),
            format!("{resource}/{{resourceId}}"),
            format!("{resource}/{{resourceId}}/items"),
            format!("{resource}/{{resourceId}}/items/{{itemId}}"),
            format!("{resource}/{{resourceId}}/items/{{itemId}}.json"),
        ]
    };
    (0..count.div_ceil(TEMPLATES_PER_RESOURCE))
        .flat_map(of_resource)
        .take(count)
        .collect()
}

fn table(keys: &[String]) -> RouteTable {
    let base = PathTemplate::parse_base("/v1").expect("a valid base");
    let builder = keys
        .iter()
        .zip(0..)
        .fold(RouteTable::builder(), |builder, (key, id)| {
            builder.add(
                &base,
                &PathTemplate::parse(key).expect("a valid key"),
                &[(Method::GET, id)],
            )
        });
    builder.build()
}

/// Requests spread over the table, an equal share for each of the five templates.
fn requests(keys: &[String], count: usize) -> Vec<String> {
    let fill = |key: &String| {
        key.replace("{resourceId}", "0193f2a7")
            .replace("{itemId}", "42")
    };
    let step = keys.len() / count.min(keys.len()) / TEMPLATES_PER_RESOURCE;
    let spread = (0..).map(|n| n * (step * TEMPLATES_PER_RESOURCE + 1) % keys.len());
    spread
        .take(count)
        .map(|index| format!("/v1{}", fill(&keys[index])))
        .collect()
}

fn find_all(table: &RouteTable, requests: &[String], captures: &mut PathCaptures) {
    for path in requests {
        let route_match = table.find(&Method::GET, black_box(path), captures);
        assert!(matches!(black_box(route_match), RouteMatch::Found { .. }));
    }
}

fn find_linear(keys: &[String], path: &str) -> Option<usize> {
    let path = path.strip_prefix("/v1")?;
    let matches_segment =
        |key: &str, raw: &str| key == raw || key.starts_with('{') && !raw.is_empty();
    keys.iter().position(|key| {
        let (mut expected, mut raw) = (key.split('/'), path.split('/'));
        iter::from_fn(|| match (expected.next(), raw.next()) {
            (None, None) => None,
            (Some(expected), Some(raw)) => Some(matches_segment(expected, raw)),
            _ => Some(false),
        })
        .all(|is_match| is_match)
    })
}

fn find(criterion: &mut Criterion) {
    for (name, count) in [("hot", 10), ("cold", 1_000)] {
        let mut group = criterion.benchmark_group(name);
        for size in SIZES {
            let keys = keys(size);
            let (table, requests) = (table(&keys), requests(&keys, count));
            let mut captures = PathCaptures::default();
            group.throughput(Throughput::Elements(requests.len() as u64));
            group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
                bencher.iter(|| find_all(&table, &requests, &mut captures));
            });
        }
    }
}

fn linear(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("linear");
    for size in SIZES {
        let keys = keys(size);
        let requests = requests(&keys, 10);
        group.throughput(Throughput::Elements(requests.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| {
                for path in &requests {
                    assert!(find_linear(black_box(&keys), black_box(path)).is_some());
                }
            });
        });
    }
}

fn check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check_path");
    for path in [
        "/v1/team-7/resource-7/0193f2a7/items/42",
        "/v1/team-7/resource%2D7/caf%C3%A9",
    ] {
        group.bench_function(BenchmarkId::from_parameter(path), |bencher| {
            bencher.iter(|| check_path(black_box(path)));
        });
    }
}

criterion_group!(benches, find, linear, check);
criterion_main!(benches);
