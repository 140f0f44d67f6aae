#!/usr/bin/env bash
# Throws generated requests at a service that is started for it, once as each role, with all of
# schemathesis' checks. Options are handed on to schemathesis.
#   FUZZ_ROLES         roles, separated by spaces; all by default
#   FUZZ_MAX_EXAMPLES  requests made up for each operation and phase (30)
#   FUZZ_MAX_TIME      seconds for each role, which are then used up; as long as the examples take by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/service.sh
roles=${FUZZ_ROLES-"anonymous observer prefecture bdt employer anct"}

schemathesis=$(scripts/venv.sh fuzz scripts/fuzz/requirements.txt)/schemathesis
cargo build --locked --quiet
# Public forms are limited by address: all of these calls come from one.
start_service "$PWD/target/debug/conum" CONUM_PUBLIC_FORMS_PER_MINUTE=0

# A structure that the demo data retained; without one the employer is left out.
structure=$(query -c "select id from structures where status in ('retained', 'registered') order by status = 'retained' desc, id limit 1")

failed=
for role in $roles; do
    case $role in
    anonymous) credentials=() ;;
    prefecture) credentials=(-H "Authorization: Bearer $(token prefecture --departement 82)") ;;
    employer)
        if [ -z "$structure" ]; then
            echo "fuzz: no structure to be the employer of: employer left out" >&2
            continue
        fi
        credentials=(-H "Authorization: Bearer $(token employer --structure "$structure")")
        ;;
    *) credentials=(-H "Authorization: Bearer $(token "$role")") ;;
    esac
    echo "=== $role"
    PYTHONPATH=scripts/fuzz SCHEMATHESIS_HOOKS=hooks "$schemathesis" --config-file scripts/fuzz/schemathesis.toml \
        run "$URL/openapi.json" --no-color --output-sanitize true --generation-database none \
        --max-examples "${FUZZ_MAX_EXAMPLES:-30}" ${FUZZ_MAX_TIME:+--max-time "$FUZZ_MAX_TIME"} \
        "${credentials[@]}" "$@" || failed="$failed $role"
done

# A failure of ours that was answered politely is still one; actix' own errors are broken requests.
if grep '"level":"ERROR"' "$FOLDER/service.log" | grep '"target":"conum' >&2; then
    failed="$failed the-service's-log"
fi
[ -z "$failed" ] || fail "failed:$failed"
