#!/bin/sh
# How long `portcullis diff` takes, and how much memory: a large pair and a small one.
#
#   benches/diff.sh OLD NEW [PORTCULLIS]
#
# Bounds: under 5 s and 1 GB on one core for contracts of 13 MB with a thousand operations, under
# 50 ms for small ones.
set -eu
old=$1
new=$2
portcullis=${3:-target/release/portcullis}
small=contracts/payments/orders/openapi.yaml
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
sed 's/maximum: 100/maximum: 20/' "$small" > "$folder/new.yaml"
measure() {
    echo "$1 against $2"
    taskset -c 0 /usr/bin/time -f '%e s, %M kB' "$portcullis" diff "$1" "$2" --format json --fail-on none > /dev/null
}
measure "$old" "$new"
measure "$small" "$folder/new.yaml"
