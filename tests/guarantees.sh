#!/bin/sh
# Measures what squads are guaranteed while others do harm: calls that hang, clients that do not read,
# a flood, shares under overload, a budget. Prints one line for each squad. With a path, another build
# of the program is measured with the same load:
#
#   tests/guarantees.sh [path of a portcullis binary]
set -eu
cd "$(dirname "$0")/.."
if [ "${1:-}" ]; then
    PORTCULLIS_TEST_BINARY=$(realpath "$1")
    export PORTCULLIS_TEST_BINARY
fi
PORTCULLIS_TEST_LOAD=full cargo test --locked --test it guarantees:: -- --nocapture --test-threads=1 2>&1 |
    grep -oE '\([1-9] .*|^test result.*|panicked.*|.*FAILED'
