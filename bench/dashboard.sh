#!/usr/bin/env bash
# Measures the scheme at its full size: making the reports up, dashboards of the country and of départements over any
# period beside the same sums over the raw rows, the writing of reports as the table grows, and imports. Appends to
# bench/RESULTS.md.
#   BENCH_REPORTS  how many reports ("50000 2400000 5000000")
#   CONUM_BIN      the program (a release build by default)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/service.sh
. bench/writers.sh
if [ -z "${CONUM_BIN-}" ]; then
    cargo build --release --locked --bin conum
    CONUM_BIN=$PWD/target/release/conum
fi
export SERVICE_ARGS=--no-demo
{
    echo
    echo "## Dashboards"
    echo
    echo "Written by \`bench/dashboard.sh\` on $(date -u +%Y-%m-%d), $(getconf _NPROCESSORS_ONLN) cores shared by PostgreSQL, the service and the caller."
} | tee -a bench/RESULTS.md
for reports in ${BENCH_REPORTS:-50000 2400000 5000000}; do
    # Each size in a service and a database of its own.
    (
        start_service "$CONUM_BIN"
        DATABASE_URL=$(database_url)
        export DATABASE_URL
        begun=$(date +%s)
        (cd "$FOLDER" && "$CONUM" demo generate --reports "$reports" --seed 1) >&2
        made=$(($(date +%s) - begun))
        # What follows a load of millions is not what is measured.
        query -c "vacuum analyze" -c checkpoint >&2
        counsellor=$(query -c "select counsellor_id from activity_reports group by 1 order by count(*) desc limit 1")
        TOKENS=$(writers)
        ANCT=$(token anct) COUNSELLOR=$(token counsellor --subject "$counsellor")
        export ANCT COUNSELLOR TOKENS URL DATABASE_URL
        REPORTS=$reports MADE=$made python3 bench/dashboard.py | tee -a bench/RESULTS.md
    )
done
