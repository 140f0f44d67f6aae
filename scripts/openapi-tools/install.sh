#!/usr/bin/env bash
# Installs the pinned npm packages beside their lock file, if they are not there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

stop() {
    echo "openapi-tools: $1" >&2
    exit 1
}

command -v npm >/dev/null || stop "Node.js 20 or newer with npm is missing (https://nodejs.org)"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || stop "$(node --version) is too old: Node.js 20 or newer"
if grep -q '"resolved"' package-lock.json; then
    stop "package-lock.json names a registry: make it again with the .npmrc beside it"
fi
# npm's own copy of the lock file is newer than ours once the installation is complete.
if [ node_modules/.package-lock.json -nt package-lock.json ] && [ node_modules/.package-lock.json -nt package.json ]; then
    exit 0
fi
echo "openapi-tools: installing (npm ci)"
npm ci --ignore-scripts --silent
touch node_modules/.package-lock.json
