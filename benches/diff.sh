#!/bin/sh
# Prints the time and memory of `portcullis diff` for a large pair of contracts and a small one.
#
#   benches/diff.sh OLD NEW [PORTCULLIS]
#
# Goals on one core: under 5 s and 1 GB for contracts of 13 MB with a thousand operations, under
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
