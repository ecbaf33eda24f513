#!/bin/sh
# Runs the scenarios of traffic protection under full load, one after the other, in release: a
# failing squad, a deploy, an overload, a restart, invented squads. Prints one line for each.
set -eu
cd "$(dirname "$0")/.."
PORTCULLIS_TEST_LOAD=full cargo test --release --locked --test it ${1:-protection::} -- \
    --nocapture --test-threads=1 2>&1 | grep -oE '\([a-e]\) .*|^test result.*|panicked.*|.*FAILED'
