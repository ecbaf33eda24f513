//! The cost to parse and validate a JSON body, on the tape and on `serde_json::Value`.

use std::fmt::Write;
use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use portcullis_json::{JsonLimits, Tape, TapeJson};
use serde_json::{Value, json};

/// An order with enough lines to have about `bytes_min` bytes.
fn order(bytes_min: usize) -> String {
    let mut body = String::from(
        r#"{"order_id":"5f0c7d1e-6c0b-4c52-9d53-0e4b4c1a9b7e","customer":{"id":184467,"name":"Ada Example","email":"ada@example.com","address":{"street":"12 Long Street","city":"Lisbon","postcode":"1000-001","country":"PT"}},"currency":"EUR","placed_at":"2026-03-14T09:26:53Z","express":false,"note":null,"total":1249.95,"lines":["#,
    );
    let mut line = 0;
    while line == 0 || body.len() + 2 < bytes_min {
        let comma = if line == 0 { "" } else { "," };
        let _ = write!(
            body,
            r#"{comma}{{"sku":"SKU-{:05}","quantity":{},"price":{}.5,"tags":["new","sale"],"description":"A line of an order"}}"#,
            line * 37 % 99_991,
            line % 9 + 1,
            line % 250
        );
        line += 1;
    }
    body.push_str("]}");
    body
}

fn order_schema() -> Value {
    let text = json!({"type": "string", "minLength": 1, "maxLength": 80});
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["order_id", "customer", "currency", "lines", "total"],
        "properties": {
            "order_id": {"type": "string", "minLength": 36, "maxLength": 36},
            "customer": {
                "type": "object",
                "required": ["id", "name", "address"],
                "properties": {
                    "id": {"type": "integer", "minimum": 1},
                    "name": text,
                    "email": text,
                    "address": {
                        "type": "object",
                        "required": ["street", "city", "country"],
                        "properties": {
                            "street": text, "city": text, "postcode": text,
                            "country": {"type": "string", "minLength": 2, "maxLength": 2},
                        },
                    },
                },
            },
            "currency": {"enum": ["EUR", "USD", "GBP"]},
            "placed_at": text,
            "express": {"type": "boolean"},
            "note": {"type": ["string", "null"]},
            "total": {"type": "number", "minimum": 0},
            "lines": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["sku", "quantity", "price"],
                    "properties": {
                        "sku": text,
                        "quantity": {"type": "integer", "minimum": 1, "maximum": 999},
                        "price": {"type": "number", "minimum": 0},
                        "tags": {"type": "array", "items": text},
                        "description": text,
                    },
                },
            },
        },
    })
}

fn parse(group: &mut BenchmarkGroup<'_, WallTime>, body: &[u8]) {
    let mut tape = Tape::new();
    group.bench_function("parse/tape", |b| {
        b.iter(|| {
            tape.parse("body", black_box(body), JsonLimits::default())
                .map(str::len)
                .ok()
        });
    });
    group.bench_function("parse/value", |b| {
        b.iter(|| serde_json::from_slice::<Value>(black_box(body)).ok());
    });
}

fn parse_and_validate(group: &mut BenchmarkGroup<'_, WallTime>, body: &[u8]) {
    let schema = json!({"properties": {"body": order_schema()}});
    let on_tape = jsonschema::options_for::<TapeJson>()
        .build(&schema)
        .expect("a valid schema");
    let on_value = jsonschema::validator_for(&order_schema()).expect("a valid schema");
    let mut tape = Tape::new();
    group.bench_function("parse and validate/tape", |b| {
        b.iter(|| {
            let text = tape
                .parse("body", black_box(body), JsonLimits::default())
                .expect("JSON");
            assert!(on_tape.is_valid(tape.wrapped(text)));
        });
    });
    group.bench_function("parse and validate/value", |b| {
        b.iter(|| {
            let value: Value = serde_json::from_slice(black_box(body)).expect("JSON");
            assert!(on_value.is_valid(&value));
        });
    });
}

fn bodies(criterion: &mut Criterion) {
    for (name, bytes_min) in [("1 KB", 1_000), ("10 KB", 10_000)] {
        let body = order(bytes_min);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(body.len() as u64));
        parse(&mut group, body.as_bytes());
        parse_and_validate(&mut group, body.as_bytes());
        group.finish();
    }
}

criterion_group!(benches, bodies);
criterion_main!(benches);
