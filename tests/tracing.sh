#!/bin/sh
# Measures the cost of tracing while the collector is up, stopped, absent and hanging, in a release
# build: latency, resident memory and the outcome of the spans. Prints one line for each.
set -eu
cd "$(dirname "$0")/.."
PORTCULLIS_TEST_LOAD=full cargo test --release --locked --test it tracing_cost:: -- \
    --nocapture --test-threads=1 2>&1 | grep -oE '\(tracing\) .*|^test result.*|panicked.*|.*FAILED'
