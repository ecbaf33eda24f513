#!/bin/sh
# Measures what 300 and 1,000 services cost the process, in release: threads, descriptors and memory,
# idle and while all contracts change, and the latency of traffic during that as a multiple of the
# latency before. Prints one line for each state. With a path, another build of the program is
# measured with the same load:
#
#   tests/many_services.sh [path of a portcullis binary]
set -eu
cd "$(dirname "$0")/.."
if [ "${1:-}" ]; then
    PORTCULLIS_TEST_BINARY=$(realpath "$1")
    export PORTCULLIS_TEST_BINARY
fi
PORTCULLIS_TEST_LOAD=full cargo test --release --locked --test it many_services:: -- \
    --nocapture --test-threads=1 2>&1 | grep -oE '\([0-9]+ services\) .*|^test result.*|panicked.*|.*FAILED'
