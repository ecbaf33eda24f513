#!/bin/sh
# Measures what tracing costs while the collector is up, stopped, never there and hanging, in
# release: latency, resident memory and the number of spans by result. Prints one line for each.
set -eu
cd "$(dirname "$0")/.."
PORTCULLIS_TEST_LOAD=full cargo test --release --locked --test it tracing_cost:: -- \
    --nocapture --test-threads=1 2>&1 | grep -oE '\(tracing\) .*|^test result.*|panicked.*|.*FAILED'
