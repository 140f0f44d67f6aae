#!/usr/bin/env bash
# Measures one read and one list through HTTP, and both halves of the limit that the machine sets:
# an actix handler that does nothing, and pgbench with the very statements of the request.
#   BENCH_SECONDS      of each measurement (10)
#   BENCH_CONNECTIONS  of wrk (32)
# Writes bench/RESULTS.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/service.sh
seconds=${BENCH_SECONDS:-10}
connections=${BENCH_CONNECTIONS:-32}

has() { command -v "$1" >/dev/null 2>&1; }
if ! has wrk && has apt-get && [ "$(id -u)" = 0 ]; then
    apt-get install -y -qq wrk >/dev/null </dev/null || true
fi
has wrk || fail "wrk is missing. Debian: apt-get install wrk; macOS: brew install wrk"
pgbench=$(command -v pgbench || ls -d "${PG_BIN_DIR:-/nowhere}"/pgbench /usr/lib/postgresql/*/bin/pgbench \
    /opt/homebrew/opt/postgresql@*/bin/pgbench 2>/dev/null | tail -n 1)
[ -x "$pgbench" ] || fail "pgbench is missing; it comes with PostgreSQL"

load=$(LC_ALL=C uptime | sed 's/.*average[s]*: *\([0-9.]*\).*/\1/')
cargo build --release --locked --bin conum --example empty_handler
# One log line a request is part of the work.
SERVICE_ARGS=--no-demo # the seed is its own data
start_service "$PWD/target/release/conum"
query -f bench/seed.sql
token=$(token anct)
id=$(query -c "select id from posts order by id limit 1 offset 2000")
cores=$(getconf _NPROCESSORS_ONLN)

# http ADDRESS: requests a second, p50, p99, max, statuses other than success, broken connections.
http() {
    wrk -t "$cores" -c "$connections" -d 2 -H "Authorization: Bearer $token" "$1" >"$FOLDER/warm"
    wrk -t "$cores" -c "$connections" -d "$seconds" -s bench/latency.lua -H "Authorization: Bearer $token" "$1" |
        sed -n 's/^BENCH //p'
}

# capture ADDRESS FILE: the statements of one request, as a script of pgbench.
capture() {
    log=$FOLDER/.data/postgres/server.log
    curl -fs -o "$FOLDER/answer" -H "Authorization: Bearer $token" "$1" || fail "$1 does not answer"
    query -c "alter system set log_statement = 'all'" -c "select pg_reload_conf()" >"$FOLDER/reload"
    sleep 1
    before=$(wc -c <"$log")
    curl -fs -o "$FOLDER/answer" -H "Authorization: Bearer $token" "$1"
    sleep 0.3
    tail -c "+$((before + 1))" "$log" | python3 bench/capture.py "from posts " >"$2"
    query -c "alter system reset log_statement" -c "select pg_reload_conf()" >"$FOLDER/reload"
    sleep 0.5
}

# database FILE: transactions a second at the best number of clients, and that number.
database() {
    for clients in 1 2 4 8; do
        rate=$(PGOPTIONS="-c role=conum_app -c default_transaction_read_only=on" "$pgbench" -n -M prepared -f "$1" \
            -c "$clients" -j "$((clients < cores ? clients : cores))" -T "$((seconds / 2 > 2 ? seconds / 2 : 2))" \
            "$(database_url)" 2>"$FOLDER/pgbench" | sed -n 's/^tps = \([0-9.]*\).*/\1/p')
        [ -n "$rate" ] || { cat "$FOLDER/pgbench" >&2; fail "pgbench failed"; }
        echo "$rate $clients"
    done | sort -rn | head -n 1
}

empty_port=$(free_port)
target/release/examples/empty_handler "127.0.0.1:$empty_port" &
empty_pid=$!
sleep 0.5
echo "measuring an empty handler" >&2
empty=$(http "http://127.0.0.1:$empty_port/")
kill "$empty_pid"
wait "$empty_pid" 2>/dev/null || true

{
    echo "# Throughput and latency"
    echo
    echo "Written by \`make bench\` on $(date -u +%Y-%m-%d), commit $(git describe --always --dirty): $(uname -sm), $cores cores"
    echo "($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)),"
    echo "$("$pgbench" --version | sed 's/pgbench (PostgreSQL)/PostgreSQL/'), $(rustc --version | cut -d ' ' -f 1,2), $(wrk -v 2>&1 | head -n 1 | cut -d ' ' -f 1,2)."
    echo "wrk, PostgreSQL and the service share the machine; $connections connections, $seconds s each, signed in, $(query -c 'select count(*) from posts') posts."
    echo "Load of the machine before: $load. Above 0.5, something else took its share: measure again."
    echo
    echo "limit = 1 / (1 / empty handler + 1 / pgbench), pgbench running the request's own statements, prepared, at its best number of clients."
    echo
    echo "| request | requests/s | p50 ms | p99 ms | max ms | failures | pgbench/s (clients) | limit/s | ratio |"
    echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    read -r rate p50 p99 max refused broken <<<"$empty"
    echo "| an empty handler | $rate | $p50 | $p99 | $max | $((refused + broken)) | | | |"
} >"$FOLDER/results.md"

measure() {
    echo "measuring $1" >&2
    capture "$URL$1" "$FOLDER/statements.sql"
    sql=$(database "$FOLDER/statements.sql")
    read -r rate p50 p99 max refused broken <<<"$(http "$URL$1")"
    awk -v name="${1/$id/\{id\}}" -v rate="$rate" -v p50="$p50" -v p99="$p99" -v max="$max" \
        -v failures="$((refused + broken))" -v sql="${sql% *}" -v clients="${sql#* }" -v empty="${empty%% *}" 'BEGIN {
            limit = 1 / (1 / empty + 1 / sql)
            printf "| `GET %s` | %d | %s | %s | %s | %d | %d (%d) | %d | %.2f |\n",
                name, rate, p50, p99, max, failures, sql, clients, limit, rate / limit
        }' >>"$FOLDER/results.md"
    statements="${statements-}$(printf '\n\n`GET %s` runs:\n\n```sql\n%s\n```' "${1/$id/\{id\}}" "$(cat "$FOLDER/statements.sql")")"
}

measure "/api/v1/posts/$id"
measure "/api/v1/posts?limit=50"
echo "$statements" >>"$FOLDER/results.md"
cp "$FOLDER/results.md" bench/RESULTS.md
cat bench/RESULTS.md
