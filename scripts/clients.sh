#!/usr/bin/env bash
# Generates clients in TypeScript and Python from the OpenAPI document, compiles them, and takes
# each on a tour of a service that is started for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/service.sh
tools=scripts/openapi-tools
generated=$tools/generated

[ -s openapi/openapi.json ] || fail "openapi/openapi.json is missing: make openapi"
"$tools/install.sh"
python=$(scripts/venv.sh openapi-tools "$tools/requirements.txt")
rm -rf "$generated"
mkdir -p "$generated"

for document in openapi-3.0 openapi; do
    echo "openapi-typescript $document.json"
    "$tools/node_modules/.bin/openapi-typescript" "openapi/$document.json" -o "$generated/schema.d.ts" >"$generated/log" 2>&1 ||
        { cat "$generated/log"; exit 1; }
    "$tools/node_modules/.bin/tsc" -p "$tools/tsconfig.json"
    echo "openapi-python-client $document.json"
    "$python/openapi-python-client" generate --path "openapi/$document.json" --config "$tools/python-client.yaml" \
        --meta none --output-path "$generated/conum_client" --overwrite --fail-on-warning
    "$python/python" -m compileall -q "$generated/conum_client"
done

cargo build --locked --quiet
start_service "$PWD/target/debug/conum"
token=$(token anct)
echo "a tour in TypeScript"
node "$generated/tour.js" "$URL" "$token"
echo "a tour in Python"
PYTHONPATH=$generated "$python/python" "$tools/tour.py" "$URL" "$token"
