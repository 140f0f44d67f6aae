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
installed=node_modules/.installed.json
cmp -s package-lock.json "$installed" && exit 0
echo "openapi-tools: installing (npm ci)"
npm ci --ignore-scripts --silent
cp package-lock.json "$installed"
