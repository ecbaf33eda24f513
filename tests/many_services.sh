#!/bin/sh
# Measures what 1,000 services cost the process, in release: threads, descriptors and memory, idle
# and while all contracts change. Prints one line for each state.
set -eu
cd "$(dirname "$0")/.."
PORTCULLIS_TEST_LOAD=full cargo test --release --locked --test it many_services:: -- \
    --nocapture --test-threads=1 2>&1 | grep -oE '\([0-9]+ services\) .*|^test result.*|panicked.*|.*FAILED'
