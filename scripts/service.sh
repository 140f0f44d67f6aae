# Sourced by scripts that need a running service: starts one with a database, a port and a folder
# of its own, and takes all of it away at the end. Sets URL, CONUM (the program) and FOLDER.

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

stop_service() {
    [ -n "${SERVICE_PID-}" ] || return 0
    kill "$SERVICE_PID" 2>/dev/null || true
    wait "$SERVICE_PID" 2>/dev/null || true
    SERVICE_PID=
}

clean_up() {
    status=$?
    trap - EXIT INT TERM
    stop_service
    if [ "$status" != 0 ] && [ -s "$FOLDER/service.log" ]; then
        echo "--- last failures that the service logged:" >&2
        grep -v '"target":"access"' "$FOLDER/service.log" | tail -n 15 >&2 || true
    fi
    rm -rf "$FOLDER"
    exit "$status"
}

# start_service PROGRAM [VARIABLE=VALUE …]
start_service() {
    CONUM=$1
    shift
    # Short, because the path of a socket is limited; open, because PostgreSQL may run as another user.
    FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/conum.XXXXXX")
    chmod 755 "$FOLDER"
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # Nothing of the person's own settings: no shared database, no other issuer.
    for name in $(compgen -e); do
        case $name in CONUM_* | DATABASE_URL | RUST_LOG) unset "$name" ;; esac
    done
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    export CONUM_LISTEN=127.0.0.1:$PORT CONUM_PUBLIC_URL=$URL CONUM_SHUTDOWN_SECONDS=2
    [ $# = 0 ] || export "$@"
    # Its own folder also keeps a .env of the repository out.
    (cd "$FOLDER" && exec "$CONUM" dev ${SERVICE_ARGS-}) >"$FOLDER/service.out" 2>"$FOLDER/service.log" &
    SERVICE_PID=$!
    for _ in $(seq 600); do
        if curl -fs -o "$FOLDER/ready" "$URL/health/ready"; then
            return 0
        fi
        kill -0 "$SERVICE_PID" 2>/dev/null || break
        sleep 0.2
    done
    tail -n 20 "$FOLDER/service.log" >&2
    fail "the service did not start"
}

# token ROLE [OPTION …]: an access token of a demonstration persona.
token() {
    (cd "$FOLDER" && "$CONUM" token --role "$@")
}

# Address of the service's database for psql and pgbench, as its owner.
database_url() {
    socket=$(find "$FOLDER/.data/postgres" -name '.s.PGSQL.*' -type s | head -n 1)
    [ -n "$socket" ] || fail "the socket of the database is not where it was expected"
    echo "postgresql:///conum?host=${socket%/*}&port=${socket##*.}&user=conum"
}

# query [OPTION …]: psql in the database of the service.
query() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 "$(database_url)" "$@"
}
