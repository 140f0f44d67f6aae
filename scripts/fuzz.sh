#!/usr/bin/env bash
# Throws generated requests at a service that is started for it, once as each role, with all of
# schemathesis' checks. Options are handed on to schemathesis.
#   FUZZ_ROLES         roles, separated by spaces; all by default
#   FUZZ_JOBS          roles at a time (2)
#   FUZZ_MAX_EXAMPLES  requests made up for each operation and phase (10)
#   FUZZ_MAX_TIME      seconds for each role, which are then used up; as long as the examples take by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/service.sh
roles=${FUZZ_ROLES-"anct prefecture employer bdt observer candidate counsellor coordinator anonymous"}
jobs=${FUZZ_JOBS:-2}

schemathesis=$(scripts/venv.sh fuzz scripts/fuzz/requirements.txt)/schemathesis
cargo build --locked --quiet
# Public forms are limited by address: all of these calls come from one.
start_service "$PWD/target/debug/conum" CONUM_PUBLIC_FORMS_PER_MINUTE=0

# Those of the demonstration to whom most has happened; whoever is missing is left out.
structure=$(query -c "select id from structures s where status in ('retained', 'registered')
    order by (select count(*) from recruitments r where r.structure_id = s.id) desc, status = 'retained' desc, id limit 1")
candidate=$(query -c "select candidate_id from matches where status in ('proposed', 'mutual') order by status, id limit 1")
counsellor=$(query -c "select id from counsellors where status = 'in_post' order by id limit 1")

fuzz_role() {
    role=$1
    token=
    case $role in
    anonymous) ;;
    prefecture) token=$(token prefecture --departement 24) || return 1 ;;
    employer)
        if [ -z "$structure" ]; then
            echo "fuzz: no structure to be the employer of: employer left out" >&2
            return 0
        fi
        token=$(token employer --structure "$structure") || return 1
        ;;
    coordinator) token=$(token coordinator --departement 24) || return 1 ;;
    candidate | counsellor)
        if [ -z "${!role}" ]; then
            echo "fuzz: nobody to be the $role: left out" >&2
            return 0
        fi
        token=$(token "$role" --subject "${!role}") || return 1
        ;;
    *) token=$(token "$role") || return 1 ;;
    esac
    shift
    [ -z "$token" ] || set -- -H "Authorization: Bearer $token" "$@"
    # Each run finds things that exist by the lists that its caller sees.
    FUZZ_URL=$URL FUZZ_TOKEN=$token PYTHONPATH=scripts/fuzz SCHEMATHESIS_HOOKS=hooks \
        "$schemathesis" --config-file scripts/fuzz/schemathesis.toml \
        run "$URL/openapi.json" --no-color --output-sanitize true --generation-database none \
        --max-examples "${FUZZ_MAX_EXAMPLES:-10}" ${FUZZ_MAX_TIME:+--max-time "$FUZZ_MAX_TIME"} "$@"
}

# Every FUZZ_JOBS-th role, one after the other: schemathesis keeps one core busy.
fuzz_lane() {
    lane=$1
    shift
    rank=0
    for role in $roles; do
        if [ $((rank % jobs)) = "$lane" ]; then
            fuzz_role "$role" "$@" >"$FOLDER/$role.out" 2>&1 || echo "$role" >>"$FOLDER/failed"
            printf '=== %s\n%s\n' "$role" "$(cat "$FOLDER/$role.out")"
        fi
        rank=$((rank + 1))
    done
}

: >"$FOLDER/failed"
lanes=
for lane in $(seq 0 $((jobs - 1))); do
    fuzz_lane "$lane" "$@" &
    lanes="$lanes $!"
done
for lane in $lanes; do
    wait "$lane" || echo "a-lane" >>"$FOLDER/failed"
done
failed=$(tr '\n' ' ' <"$FOLDER/failed")

# A failure of ours that was answered politely is still one; actix' own errors are broken requests.
if grep '"level":"ERROR"' "$FOLDER/service.log" | grep '"target":"conum' >&2; then
    failed="${failed}the-service's-log"
fi
[ -z "$failed" ] || fail "failed: $failed"
