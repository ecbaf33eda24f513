#!/bin/sh
# Counts the instructions of one decision of each kind among 3, 30 and 300 squads, by callgrind: the
# same from run to run, whatever else the machine does. With a path, another build of the example
# `decision_cost` is counted. Needs valgrind.
#
#   benches/decision_instructions.sh [path of a decision_cost binary]
set -eu
cd "$(dirname "$0")/.."
program=${1:-}
if [ -z "$program" ]; then
    cargo build --quiet --locked --release -p portcullis-breaker --example decision_cost
    program=${CARGO_TARGET_DIR:-target}/release/examples/decision_cost
fi
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1 |
        sed -n 's/.*Collected : //p'
}
for kind in call below above woken shed budget budget-refused; do
    for squads in 3 30 300; do
        few=$(count "$kind" "$squads" 0)
        many=$(count "$kind" "$squads" 1000)
        echo "$kind, $squads squads: $(((many - few) / 1000))"
    done
done
