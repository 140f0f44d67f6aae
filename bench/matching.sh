#!/usr/bin/env bash
# Measures the matching at the scale of the whole scheme: 100,000 candidates and 4,000 structures over real communes.
# A first run, a second one that must propose nothing, and the peak memory of the service. Appends to bench/RESULTS.md.
#   CONUM_BIN  the program (a release build by default)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/service.sh
if [ -z "${CONUM_BIN-}" ]; then
    cargo build --release --locked --bin conum
    CONUM_BIN=$PWD/target/release/conum
fi
SERVICE_ARGS=--no-demo
start_service "$CONUM_BIN"
echo "seeding 100,000 candidates and 4,000 structures" >&2
query -f bench/matching.sql
token=$(token anct)

# run: seconds, proposals, pairs weighed.
run() {
    curl -fsS -o "$FOLDER/run.json" -w '%{time_total}' -X POST "$URL/api/v1/matching-runs" \
        -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{}' || fail "the run failed"
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print("", r["proposed_count"], r["pairs_count"])' "$FOLDER/run.json"
}
read -r first proposed pairs <<<"$(run)"
read -r second again _ <<<"$(run)"
peak=$(awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$SERVICE_PID/status" 2>/dev/null || echo '?')
letters=$(query -c "select count(*) from emails")
{
    echo
    echo "## Matching the whole country"
    echo
    echo "100,000 candidates and 4,000 structures over real communes, one request each, letters included ($letters); targets: 10 s, nothing the second time, 200 MB."
    echo
    echo "| run | seconds | proposals | pairs weighed |"
    echo "| --- | ---: | ---: | ---: |"
    echo "| first | $first | $proposed | $pairs |"
    echo "| second | $second | $again | |"
    echo
    echo "Peak memory of the service: $peak MB."
} | tee -a bench/RESULTS.md
[ "$again" = 0 ] || fail "the second run proposed $again pairs"
