#!/usr/bin/env bash
# Measures the nightly pull of the Banque des Territoires: 4,000 posts with their recruitments, agreements, instalments
# and enrolments, page by page and as files, and what it costs to learn that nothing changed. Appends to bench/RESULTS.md.
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
echo "seeding 4,000 posts with their money" >&2
query -f bench/pull.sql
BDT=$(token bdt)
export BDT URL
python3 bench/pull.py | tee -a bench/RESULTS.md
{
    peak=$(awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$SERVICE_PID/status" 2>/dev/null || echo '?')
    echo
    echo "Peak memory of the service: $peak MB."
} | tee -a bench/RESULTS.md
