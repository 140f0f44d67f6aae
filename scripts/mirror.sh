#!/usr/bin/env bash
# Builds a copy of the service's lists with the generated Python client, by a first listing and the feed of events, while
# eight writers work; half-way an operator says that the database was restored, and the copy is made anew. Then compares it
# with the source, corrupts three rows, and lets the reconciliation find them.
#   MIRROR_SECONDS  how long the writers work (60)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/service.sh
tools=scripts/openapi-tools
python=$(scripts/venv.sh openapi-tools "$tools/requirements.txt")
generated=$tools/generated
mkdir -p "$generated"
"$python/openapi-python-client" generate --path openapi/openapi.json --config "$tools/python-client.yaml" \
    --meta none --output-path "$generated/conum_client" --overwrite --fail-on-warning
cargo build --locked --quiet
start_service "$PWD/target/debug/conum" CONUM_PUBLIC_FORMS_PER_MINUTE=0 CONUM_POOL_SIZE=8
PYTHONPATH=$generated "$python/python" scripts/mirror.py "$CONUM" "$FOLDER" "$URL" "${MIRROR_SECONDS:-60}" "$(database_url)"
