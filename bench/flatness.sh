#!/usr/bin/env bash
# Measures whether writing slows down as the table of reports grows: a small and a large one side by side, by turns.
# Appends to bench/RESULTS.md.
#   BENCH_SIZES  how many reports each has before ("50000 5000000")
#   CONUM_BIN    the program (a release build by default)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -z "${CONUM_BIN-}" ]; then
    cargo build --release --locked --bin conum
    CONUM_BIN=$PWD/target/release/conum
fi
NOTES=$(mktemp -d)
trap 'touch "$NOTES/stop"; wait; rm -rf "$NOTES"' EXIT

# serve SIZE: a service with that many reports, until the measuring is done.
serve() {
    . scripts/service.sh
    . bench/writers.sh
    SERVICE_ARGS=--no-demo
    start_service "$CONUM_BIN"
    (cd "$FOLDER" && DATABASE_URL=$(database_url) "$CONUM" demo generate --reports "$1" --seed 1) >&2
    query -c "vacuum analyze" -c checkpoint >&2
    {
        echo "$1" "$URL"
        writers
    } >"$NOTES/$1.new"
    mv "$NOTES/$1.new" "$NOTES/$1"
    until [ -e "$NOTES/stop" ]; do sleep 0.2; done
}

FILES=() SERVICES=()
for size in ${BENCH_SIZES:-50000 5000000}; do
    # Not in a condition: there a failure would not end it.
    serve "$size" &
    SERVICES+=($!)
    FILES+=("$NOTES/$size")
done
for file in "${FILES[@]}"; do
    until [ -e "$file" ]; do
        for service in "${SERVICES[@]}"; do kill -0 "$service"; done
        sleep 0.2
    done
done
python3 bench/flatness.py "${FILES[@]}" | tee -a bench/RESULTS.md
