#!/usr/bin/env bash
# Checks both OpenAPI documents with Spectral and Redocly: no error and no warning passes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=scripts/openapi-tools

for document in openapi/openapi.json openapi/openapi-3.0.json; do
    [ -s "$document" ] || { echo "lint-openapi: $document is missing: make openapi" >&2; exit 1; }
done
"$tools/install.sh"

failed=0
for document in openapi/openapi.json openapi/openapi-3.0.json; do
    echo "Spectral $document"
    "$tools/node_modules/.bin/spectral" lint --ruleset "$tools/spectral.yaml" --fail-severity=hint \
        --fail-on-unmatched-globs "$document" || failed=1
    echo "Redocly $document"
    # Redocly's exit code does not speak of warnings.
    summary=$(REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
        "$tools/node_modules/.bin/redocly" lint --config "$tools/redocly.yaml" --format=json "$document") || failed=1
    node -e '
        const { totals, problems } = JSON.parse(require("fs").readFileSync(0, "utf8"));
        for (const p of problems) {
            console.log(`${p.severity} ${p.ruleId} ${p.location?.[0]?.pointer ?? ""}: ${p.message}`);
        }
        console.log(`${totals.errors} errors, ${totals.warnings} warnings, ${totals.ignored} ignored`);
        process.exit(totals.errors + totals.warnings + totals.ignored ? 1 : 0);
    ' <<<"$summary" || failed=1
done
exit "$failed"
